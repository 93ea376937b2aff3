"""Legal review before the decision (法制审核): rounds, opinions, grounds, and what a case gives away by itself.

Administrative Penalty Law (2021) art. 58: without a passed review no decision; art. 40: facts must be
established; art. 42: not fewer than two officers. The reviewer is nobody who took part in the investigation.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.base import Frozen, HexDigest, WireIn
from schemas.canonical import canonical_bytes
from schemas.case import STEPS as CASE_STEPS
from schemas.case import CaseStep
from schemas.certificate import Qualification
from schemas.digest import sha256_hex
from schemas.event import Event
from schemas.ids import AgencyId, CaseId, FactId, ReviewId
from schemas.office import Held
from schemas.refusals_case import OPINION_WITHOUT_GROUNDS, REVIEW_GIVEN, REVIEWER_UNQUALIFIED
from schemas.separation import Charge, Part, check_charge
from schemas.step import Begin, Step, Steps


class OpinionWord(StrEnum):
    """The opinion of a round."""

    PASS = "pass"  # noqa: S105 - an opinion, not a password
    SUPPLEMENT = "supplement"
    REJECT = "reject"


class GroundItem(StrEnum):
    """What a ground is about; the list of art. 58 and 国办发〔2018〕118号."""

    FACTS = "facts"
    EVIDENCE = "evidence"
    PROCEDURE = "procedure"
    COMPETENCE = "competence"
    LAW = "law"
    DISCRETION = "discretion"
    DOCUMENTS = "documents"
    OTHER = "other"


class ReviewState(StrEnum):
    """open → given; a further round is a review of its own."""

    OPEN = "open"
    GIVEN = "given"


Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
SubjectName = Annotated[str, Field(pattern=r"^(recording|monitoring|fact)/[0-9a-f-]{36}$")]


class GroundIn(WireIn):
    """One ground; `subject` names the recording, monitoring record or fact it is about."""

    item: GroundItem
    subject: SubjectName | None = None
    text: Text


class ReviewOpinionIn(WireIn):
    """An opinion with its statement and grounds."""

    opinion: OpinionWord
    statement: Annotated[str, Field(max_length=2000)] = ""
    grounds: Annotated[list[GroundIn], Field(max_length=50)] = Field(default_factory=list)


class AnswerIn(WireIn):
    """The handler's answer to one ground."""

    text: Text


class Ground(Frozen):
    """A ground as kept, with its answer when there is one."""

    position: int
    item: GroundItem
    subject: str | None
    text: str
    answer: str | None
    answered_at: datetime | None


class Review(Frozen):
    """One round. `evidence` is the snapshot of what the case rested on when it was submitted.

    `submitted_as` and `given_as` are the roles by which that was done, `qualification` what art. 58 asks, as known then.
    """

    id: ReviewId
    case_id: CaseId
    case_number: str
    agency_id: AgencyId
    agency_name: str
    matter: str
    round: int
    state: ReviewState
    submitted_by: str
    submitted_at: datetime
    due_at: datetime
    evidence_sha256: HexDigest
    opinion: OpinionWord | None
    statement: str | None
    reviewer: str | None
    given_at: datetime | None
    version: int
    grounds: tuple[Ground, ...]
    submitted_as: Held = ()
    given_as: Held = ()
    qualification: Qualification | None = None


class EvidenceItem(Frozen):
    """One thing a case rests on, as it stood at a submission: `noun/uuid`, digest or nothing, state and verdict."""

    subject: str
    sha256: str
    state: str
    verdict: str = ""


def evidence_document(items: Iterable[EvidenceItem], facts: Sequence[FactId]) -> dict[str, Any]:
    """Return the snapshot whose digest enters the log with the submission; order of arrival plays no part."""
    return {
        "evidence": [one.model_dump() for one in sorted(items, key=lambda one: one.subject)],
        "facts": sorted(str(one) for one in facts),
    }


def evidence_digest(document: dict[str, Any]) -> HexDigest:
    """Return the SHA-256 of the snapshot's RFC 8785 bytes, hex."""
    return sha256_hex(canonical_bytes(document))


def check_opinion(wish: ReviewOpinionIn) -> None:
    """Refuse an opinion that does not say why.

    Raises:
        Invalid: no statement, or no ground for an opinion other than pass (slug `opinion-without-grounds`).
    """
    if not wish.statement.strip():
        raise OPINION_WITHOUT_GROUNDS("an opinion needs a statement")
    if wish.opinion is not OpinionWord.PASS and not wish.grounds:
        raise OPINION_WITHOUT_GROUNDS("supplement and reject need at least one ground")


class OpinionFacts(Frozen):
    """What the gate of an opinion looks at: what it says, how its giver took part, and by which leaf they are qualified."""

    wish: ReviewOpinionIn
    parts: tuple[Part, ...]
    qualified_by: str | None


def _check_given(facts: OpinionFacts) -> None:
    check_charge(Charge.REVIEW, facts.parts)
    if facts.qualified_by is None:
        raise REVIEWER_UNQUALIFIED("no qualification of the legal profession is in the register")
    check_opinion(facts.wish)


STEPS: Steps[OpinionWord, ReviewState, OpinionFacts] = Steps(
    begins=(Begin(ReviewState.OPEN, Event.CASE_SUBMIT, dated="submitted_at"),),
    refused=REVIEW_GIVEN,
    rows=tuple(
        Step(
            name=word,
            starts=frozenset({ReviewState.OPEN}),
            end=ReviewState.GIVEN,
            action=CASE_STEPS[step].action,
            event=CASE_STEPS[step].event,
            gate=_check_given,
            dated="given_at",
        )
        for word, step in (
            (OpinionWord.PASS, CaseStep.PASS),
            (OpinionWord.SUPPLEMENT, CaseStep.SUPPLEMENT),
            (OpinionWord.REJECT, CaseStep.REJECT),
        )
    ),
)
"""An opinion closes its round and moves the case: one event for both."""
