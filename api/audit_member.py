"""What an audit drew, one member at a time: rechecks, pre-checks, and the scores of its inspectors."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AliasPath, Field

from api.audit import AssignIn, InspectorOut
from api.deps import CurrentActor, Tx
from api.etag import SeenVersion
from api.manifest import FindingOut, finding_out
from api.office import OfficeOut
from api.route import Route
from schemas.audit import RecheckOutcome
from schemas.base import WireIn, WireOut
from schemas.ids import AuditId, MemberId, RecordingId
from schemas.separation import Part
from schemas.standard import ItemScore
from storage.audit.values import Member

router = APIRouter(prefix="/v1/audits", tags=["audit"], route_class=Route)


class ScoresIn(WireIn):
    """All points of one member."""

    scores: Annotated[list[ItemScore], Field(max_length=20)]


class RecheckOut(WireOut):
    """What re-hashing a drawn recording gave."""

    recording_id: RecordingId = Field(validation_alias=AliasPath("recording", "id"))
    filename: str = Field(validation_alias=AliasPath("recording", "filename"))
    outcome: RecheckOutcome
    code: str
    sha256: str | None
    checked_at: datetime | None


class PreCheckOut(WireOut):
    """What the system found out for an item of the standard."""

    item: str
    check: FindingOut


class GivenScoreOut(WireOut):
    """What one inspector gave; the other's is shown once both are given."""

    inspector: str
    is_own: bool
    points: dict[str, int]
    remarks: dict[str, str]
    total: int
    given_at: datetime
    given_as: list[OfficeOut]
    is_third: bool
    counts: bool


class MemberOut(WireOut):
    """A drawn member with rechecks, pre-checks and scores.

    Where the totals lie further apart than `gap_most`, a third person scores it, who sees nothing of the others before;
    `mean` is that of the scores that count, once nobody is waited for.
    """

    member_id: MemberId
    label: str
    rank: int
    rechecks: list[RecheckOut]
    pre_checks: list[PreCheckOut]
    scores: list[GivenScoreOut]
    gap: int | None
    gap_most: int
    third: InspectorOut | None
    mean: float | None
    kept_by: list[Part]
    may_score: bool


def _member(member: Member) -> MemberOut:
    pre_checks = [PreCheckOut.of(one, check=finding_out(one.check)) for one in member.pre_checks]
    return MemberOut.of(member, pre_checks=pre_checks)


class ShareOut(WireOut):
    """How many of the scored files conform, and between which shares of the population that lies, with 95 %."""

    count: int
    scored: int
    low: float
    high: float


class FileResultOut(WireOut):
    """A drawn file that every inspector has scored; `counted` are the totals that make its mean, a third's last."""

    member_id: MemberId
    rank: int
    label: str
    totals: list[int]
    third: int | None
    counted: list[int]
    mean: float
    is_passed: bool | None
    deducted: list[str]
    gap: int
    is_wide: bool


class ItemResultOut(WireOut):
    """One item of the standard: its mean points, and from how many files nobody took a point of it."""

    code: str
    zh: str
    en: str
    points: int
    mean: float | None
    whole: ShareOut


class AuditResultOut(WireOut):
    """The result of an audit; final once it is closed. `passed` is null where the standard says no `passing` points."""

    is_final: bool
    population: int
    drawn: int
    scored: int
    inspectors: int
    total: int
    passing: int | None
    mean: float | None
    passed: ShareOut | None
    wide: int
    unsettled: int
    items: list[ItemResultOut]
    files: list[FileResultOut]


@router.get("/{audit_id}/result", operation_id="getAuditResult")
def result(tx: Tx, actor: CurrentActor, audit_id: AuditId) -> AuditResultOut:
    """Return points by file and item, and shares with exact intervals; to the audited agency once it is closed."""
    return AuditResultOut.of(tx.audit_results.of(actor, audit_id))


@router.get("/{audit_id}/members/{member_id}", operation_id="getMember")
def member(tx: Tx, actor: CurrentActor, audit_id: AuditId, member_id: MemberId) -> MemberOut:
    """Return a drawn member; not before every recording of it was re-hashed."""
    return _member(tx.audit_scores.member(actor, audit_id, member_id))


@router.post("/{audit_id}/members/{member_id}/scores", operation_id="scoreMember", status_code=201)
def score(tx: Tx, actor: CurrentActor, audit_id: AuditId, member_id: MemberId, wish: ScoresIn) -> MemberOut:
    """Give all points of a member, once."""
    return _member(tx.audit_scores.score(actor, audit_id, member_id, wish.scores))


@router.post("/{audit_id}/members/{member_id}/third", operation_id="nameThirdInspector", status_code=201)
def name_third(
    tx: Tx, actor: CurrentActor, audit_id: AuditId, member_id: MemberId, *, wish: AssignIn, seen: SeenVersion
) -> MemberOut:
    """Name a third inspector for a member whose totals lie too far apart."""
    return _member(tx.audit_thirds.name(actor, audit_id, member_id, wish.account_id, seen))
