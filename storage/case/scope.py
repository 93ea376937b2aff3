"""Keeping what the end of an investigation answers of the four kinds of art. 58, and which outcome it proposes."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from schemas.actor import Actor
from schemas.decision import DecisionOutcome
from schemas.ids import CaseId
from schemas.leaves_scope import LeafAnswer
from schemas.reference import reference
from schemas.review_scope import ScopeAnswerIn, ordered
from storage.act import Deed
from storage.custody.values import shown
from storage.tables.scope import case_proposals, case_scopes


def keep_answers(
    connection: Connection, deed: Deed, case_id: CaseId, actor: Actor, answers: Sequence[ScopeAnswerIn]
) -> tuple[LeafAnswer, ...]:
    """Keep the answers in an act that holds the case's chain; returns them as its next leaf has them.

    Raises:
        Invalid: a kind has no answer, or more than one (slug `scope-unanswered`).
    """
    told = [(one, one.ground.strip()) for one in ordered(answers)]
    number = deed.next_number(reference("case", case_id))
    rows = [
        {
            "case_id": case_id,
            "number": number,
            "kind": one.kind,
            "applies": one.applies,
            "ground": ground,
            "answered_by": actor.account_id,
            "answered_at": deed.at,
        }
        for one, ground in told
    ]
    connection.execute(insert(case_scopes), rows)
    return tuple(LeafAnswer(kind=one.kind, applies=one.applies, ground=shown(ground)) for one, ground in told)


def keep_proposal(
    connection: Connection, deed: Deed, case_id: CaseId, actor: Actor, proposal: DecisionOutcome | None
) -> DecisionOutcome | None:
    """Keep which outcome is proposed, if any, in an act that holds the case's chain; returns it."""
    if proposal is not None:
        about = {"case_id": case_id, "number": deed.next_number(reference("case", case_id))}
        said = {"outcome": proposal, "proposed_by": actor.account_id, "proposed_at": deed.at}
        connection.execute(insert(case_proposals).values(**about, **said))
    return proposal
