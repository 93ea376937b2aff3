"""Legal review before the decision (法制审核): rounds, opinions, grounds, and what a case gives away by itself.

Administrative Penalty Law (2021) art. 58: without a passed review no decision; art. 40: facts must be
established; art. 42: not fewer than two officers. The reviewer is nobody who took part in the investigation.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from schemas.base import Frozen, WireIn
from schemas.canonical import canonical_bytes
from schemas.digest import sha256_hex
from schemas.integrity import CheckResult, Severity, Verdict, mismatch, not_checked, verified
from schemas.refusals_case import OPINION_WITHOUT_GROUNDS, REVIEWER_TOOK_PART


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
    """One round. `evidence` is the snapshot of what the case rested on when it was submitted."""

    id: UUID
    case_id: UUID
    case_number: str
    agency_id: UUID
    agency_name: str
    matter: str
    round: int
    state: ReviewState
    submitted_by: str
    submitted_at: datetime
    due_at: datetime
    evidence_sha256: str
    opinion: OpinionWord | None
    statement: str | None
    reviewer: str | None
    given_at: datetime | None
    version: int
    grounds: tuple[Ground, ...]


class EvidenceItem(Frozen):
    """One thing a case rests on, as it stood at a submission: `noun/uuid`, digest, state and verdict."""

    subject: str
    sha256: str
    state: str
    verdict: str = ""


def evidence_document(items: Iterable[EvidenceItem], facts: Sequence[UUID]) -> dict[str, Any]:
    """Return the snapshot whose digest enters the log with the submission; order of arrival plays no part."""
    return {
        "evidence": [one.model_dump() for one in sorted(items, key=lambda one: one.subject)],
        "facts": sorted(str(one) for one in facts),
    }


def evidence_digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 of the snapshot's RFC 8785 bytes, hex."""
    return sha256_hex(canonical_bytes(document))


class Part(StrEnum):
    """How a person took part in what is under review."""

    CAPTURED = "captured"
    HANDLES = "handles"
    SUBMITTED = "submitted"


def check_reviewer(parts: Iterable[Part]) -> None:
    """Refuse a reviewer who took part in the investigation.

    Raises:
        Refused: slug `reviewer-took-part`, with how.
    """
    taken = sorted({part.value for part in parts})
    if taken:
        raise REVIEWER_TOOK_PART(
            f"the reviewer took part in the investigation: {', '.join(taken)}", parts=taken
        )


def check_opinion(wish: ReviewOpinionIn) -> None:
    """Refuse an opinion that does not say why.

    Raises:
        Invalid: no statement, or no ground for an opinion other than pass (slug `opinion-without-grounds`).
    """
    if not wish.statement.strip():
        raise OPINION_WITHOUT_GROUNDS("an opinion needs a statement")
    if wish.opinion is not OpinionWord.PASS and not wish.grounds:
        raise OPINION_WITHOUT_GROUNDS("supplement and reject need at least one ground")


class SeenRecording(Frozen):
    """What the case's findings need to know of a linked recording."""

    subject: str
    state: str
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    linked_at: datetime


class SeenRecord(Frozen):
    """What the case's findings need to know of a linked monitoring record."""

    subject: str
    faults: tuple[str, ...]
    is_recorded_later: bool
    linked_at: datetime


class SeenFact(Frozen):
    """A fact to be proven and how many pieces of evidence that hold it has."""

    subject: str
    proofs: int


class Finding(Frozen):
    """One thing a reviewer should look at: `subject` names it, `check` says what and how much it weighs."""

    subject: str
    check: CheckResult


_TELLING = frozenset(
    {"manifest_sequence", "officers", "hand_in", "digest", "size", "manifest_signature", "device_key"}
    | {"capture_time", "place", "place_agrees", "time_agrees", "clock", "container", "verification"}
)
"""Checks of which a reviewer sees remarks too; of all others, what weighs at least `warn`."""


def case_findings(
    case: str,
    *,
    recordings: Sequence[SeenRecording],
    records: Sequence[SeenRecord],
    facts: Sequence[SeenFact],
    submitted_at: datetime | None = None,
    decided_at: datetime | None = None,
    parts: Sequence[Part] = (),
) -> list[Finding]:
    """Return what the case gives away, worst first: every reviewer sees the same list.

    Args:
        case: `case/uuid`.
        recordings: Linked recordings with the checks of their latest run.
        records: Linked monitoring records.
        facts: Facts to be proven.
        submitted_at: When the last round was submitted; what was linked later is named.
        decided_at: When the case was decided; what was linked later is named as that.
        parts: How the person who looks took part, if they did.
    """
    found = [*_of_recordings(recordings), *_of_records(records), *_of_facts(facts)]
    found += _late_evidence([*recordings, *records], submitted_at, decided_at)
    if parts:
        check = mismatch("reviewer", "reviewer-took-part", parts=", ".join(part.value for part in parts))
        found.append(Finding(subject=case, check=check))
    if not recordings and not records:
        found.append(
            Finding(
                subject=case, check=not_checked("evidence", "case-without-evidence", severity=Severity.WARN)
            )
        )
    return sorted(found, key=lambda one: (-one.check.severity.rank, one.subject, one.check.name))


def _of_recordings(recordings: Sequence[SeenRecording]) -> Iterable[Finding]:
    for one in recordings:
        for check in one.checks:
            is_remark = check.name in _TELLING and check.code
            if check.severity.rank >= Severity.WARN.rank or is_remark:
                yield Finding(subject=one.subject, check=check)
        if one.state == "received":
            waiting = not_checked("digest", "recording-not-verified-yet", severity=Severity.WARN)
            yield Finding(subject=one.subject, check=waiting)


def _of_records(records: Sequence[SeenRecord]) -> Iterable[Finding]:
    for one in records:
        if one.faults:
            check = mismatch("gate", "gate-closed", missing=", ".join(one.faults))
            yield Finding(subject=one.subject, check=check)
        elif one.is_recorded_later:
            check = verified("gate", code="gate-recorded-later", severity=Severity.WARN)
            yield Finding(subject=one.subject, check=check)


def _of_facts(facts: Sequence[SeenFact]) -> Iterable[Finding]:
    for one in facts:
        if not one.proofs:
            check = mismatch("proof", "fact-without-evidence", severity=Severity.WARN)
            yield Finding(subject=one.subject, check=check)


def _late_evidence(
    linked: Sequence[SeenRecording | SeenRecord], submitted_at: datetime | None, decided_at: datetime | None
) -> Iterable[Finding]:
    for one in linked:
        code = ""
        if decided_at is not None and one.linked_at > decided_at:
            code = "evidence-after-decision"
        elif submitted_at is not None and one.linked_at > submitted_at:
            code = "evidence-after-submission"
        if code:
            check = verified("evidence", code=code, severity=Severity.WARN)
            yield Finding(subject=one.subject, check=check)
