"""What a case ends in: the decision and the closing, each with every duty of procedure that is done by then."""

from sqlalchemy import insert, select

from schemas.actor import Actor
from schemas.case import STEPS, Case, CaseStep
from schemas.decision import PROVEN_OUTCOMES, ClosingIn, Decision, DecisionIn, Listed, check_proposed, listed
from schemas.ids import CaseId
from schemas.leaves_procedure import CaseCloseListed, CaseDecideListed, ListedFormality
from schemas.procedure import days_since
from schemas.reference import reference
from storage.act import Deed
from storage.case.case import Cases
from storage.case.procedure import Procedures
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.scope import proposal_of
from storage.tables.case import cases
from storage.tables.procedure import case_decisions, case_formalities


class Decisions(Collection):
    """The steps of a case that list their duties."""

    def __init__(self, unit: Unit, cases_: Cases, procedures: Procedures) -> None:
        super().__init__(unit)
        self._cases = cases_
        self._procedures = procedures

    def of_case(self, actor: Actor, case_id: CaseId) -> Decision | None:
        """Return what a case ended in; None before its decision, and where that said nothing of it (version 1).

        Raises:
            NotFound: no such case within the actor's scope.
        """
        self._cases.get(actor, case_id)
        asked = [case_decisions.c[name] for name in ("outcome", "penalties", "fine_fen")]
        asked.append(cases.c.decided_at)
        query = select(*asked).join(cases, cases.c.id == case_decisions.c.case_id)
        query = with_name(query, case_decisions.c.decided_by, "decider")
        row = (
            self._connection.execute(query.where(case_decisions.c.case_id == case_id))
            .mappings()
            .one_or_none()
        )
        return None if row is None else Decision.of_row(row)

    def decide(self, actor: Actor, case_id: CaseId, wish: DecisionIn, seen: int) -> Case:
        """Decide a case (art. 57), and say of each duty that is done by then that it is recorded, or why it is not.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not decide here.
            TransitionRefused: the state or a gate does not allow it.
            Invalid: a duty is not recorded and no reason is given (`formality-unsaid`), or none is given for another
                outcome than was proposed (`decision-differs`).
            Conflict: a reason is given for one that is recorded (`formality-recorded`).
            VersionConflict: somebody else changed the case.
        """
        deed, case = self._cases.changing(actor, case_id, STEPS[CaseStep.DECIDE].asks, seen)
        facts = self._cases.gate_facts(case, deed.at)
        facts = facts.model_copy(update={"is_found": wish.outcome in PROVEN_OUTCOMES})
        after = self._cases.advance(deed, case, CaseStep.DECIDE, facts)
        check_proposed(wish.outcome, proposal_of(self._connection, case_id), wish.reason)
        lines = self.listed(deed, case, CaseStep.DECIDE, wish)
        act = CaseDecideListed.model_validate(
            {
                "to": after,
                "outcome": wish.outcome,
                "penalties": wish.kinds,
                "fine_fen": wish.fine_fen,
                "formalities": elements(lines),
                "reason": shown(wish.reason.strip()),
            }
        )
        deed.write(act, reference("case", case_id))
        self._connection.execute(
            insert(case_decisions).values(
                case_id=case_id,
                outcome=wish.outcome,
                penalties=list(wish.kinds),
                fine_fen=wish.fine_fen,
                decided_by=actor.account_id,
            )
        )
        return self._cases.get(actor, case_id)

    def close(self, actor: Actor, case_id: CaseId, wish: ClosingIn, seen: int) -> Case:
        """Close a case, and say of each duty that is done after the decision that it is recorded, or why it is not.

        Raises: as for `decide`.
        """
        deed, case = self._cases.changing(actor, case_id, STEPS[CaseStep.CLOSE].asks, seen)
        facts = self._cases.gate_facts(case, deed.at)
        after = self._cases.advance(deed, case, CaseStep.CLOSE, facts)
        lines = self.listed(deed, case, CaseStep.CLOSE, wish, is_summary=facts.is_summary)
        act = CaseCloseListed.model_validate(
            {"to": after, "formalities": elements(lines), "reason": shown(wish.reason.strip())}
        )
        deed.write(act, reference("case", case_id))
        return self._cases.get(actor, case_id)

    def listed(
        self, deed: Deed, case: Case, step: CaseStep, wish: ClosingIn, *, is_summary: bool = False
    ) -> tuple[Listed, ...]:
        """Keep what a step says of its duties in an act that holds the case's chain, and return it.

        Raises:
            Invalid: a duty is not recorded and no reason is given (`formality-unsaid`).
            Conflict: a reason is given for one that is recorded (`formality-recorded`).
        """
        documents, days = self._procedures.standing(case.id), days_since(case.filed_at, deed.at)
        lines = listed(step, deed.at, documents, days, wish.reasons, is_summary=is_summary)
        if lines:
            self._connection.execute(
                insert(case_formalities), [{"case_id": case.id, **one._asdict()} for one in lines]
            )
        return lines


def elements(lines: tuple[Listed, ...]) -> tuple[ListedFormality, ...]:
    """Return what a step says of its duties as its leaf has it."""
    return tuple(
        ListedFormality(formality=one.formality, documents=one.documents, why=shown(one.reason))
        for one in lines
    )
