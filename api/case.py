"""Cases, their steps, and the recordings linked to them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.deps import After, CurrentActor, Limit, Tx, Words
from api.etag import SeenVersion, done, tag, tagged
from api.office import OfficeOut
from api.recording import RecordingOut
from api.route import Route
from schemas.base import WireIn, WireOut
from schemas.case import CaseAmendIn, CaseIn, CaseState, CaseStep
from schemas.decision import DecisionOutcome
from schemas.declaration import DocumentKind
from schemas.event import Event
from schemas.ids import AgencyId, CaseId, RecordingId
from schemas.review_scope import ScopeAnswerIn, ScopeKind

router = APIRouter(prefix="/v1/cases", tags=["case"], route_class=Route)


class CaseOut(WireOut):
    """A case; `is_masked`: who asks does not need to see who the party is."""

    id: CaseId
    agency_id: AgencyId
    agency_name: str
    number: str
    party: str
    is_masked: bool
    matter: str
    place: str
    occurred_at: datetime | None
    party_code: str | None
    plates: list[str]
    lat_e7: int | None
    lon_e7: int | None
    state: CaseState
    version: int
    handlers: list[str]
    opened_at: datetime
    filed_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    recordings: int
    records: int


class CasesOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    cases: list[CaseOut]
    next: str | None


class ChangeOut(WireOut):
    """An act in the case's chain; `before` holds corrected fields as they were, null for an empty one.

    `offices` are the roles by which it was done, as known then.
    """

    n: int
    event: Event
    subject: str
    before: dict[str, Any]
    reason: str
    changed_by: str
    changed_at: datetime
    leaf_index: int | None
    offices: list[OfficeOut]


class ScopeAnswerOut(WireOut):
    """Whether the case is of one kind of art. 58, and why."""

    kind: ScopeKind
    applies: bool
    ground: str


class ScopeOut(WireOut):
    """What the last conclusion of the investigation answered of art. 58, and the outcome that it proposed, if any."""

    answered_by: str
    answered_at: datetime
    answers: list[ScopeAnswerOut]
    proposal: DecisionOutcome | None


class CaseDetailOut(WireOut):
    """A case, the recordings linked to it now, and what was done to it, oldest first.

    `scope`: null where no conclusion was asked of which kinds of art. 58 the case is.
    """

    case: CaseOut
    scope: ScopeOut | None
    recordings: list[RecordingOut]
    changes: list[ChangeOut]


class LinkIn(WireIn):
    """The recording to link."""

    recording_id: RecordingId


class UnlinkIn(WireIn):
    """Why a link ends; the log keeps a salted commitment of it only."""

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class LinkOut(WireOut):
    """A dated tie between a recording and a case; `document` is the paper that it was tied as after the decision."""

    id: UUID
    case_id: CaseId
    recording_id: RecordingId
    linked_at: datetime
    document: DocumentKind | None


class AssignIn(WireIn):
    """The login of one more handler."""

    login: str = Field(min_length=1, max_length=64)


class StepIn(WireIn):
    """One step of the case, and why; the log keeps a salted commitment of the reason only.

    `conclude` asks for an answer to each of the four kinds of art. 58, and takes the outcome of art. 57 that is proposed.
    """

    step: CaseStep
    reason: str = Field(default="", max_length=500)
    answers: list[ScopeAnswerIn] = Field(default_factory=list, max_length=8)
    proposal: DecisionOutcome | None = None


@router.post("", operation_id="openCase", status_code=201)
def open_case(tx: Tx, actor: CurrentActor, wish: CaseIn, response: Response) -> CaseOut:
    """Open a case as a lead; who opens it becomes its handler."""
    return tagged(response, CaseOut.of(tx.cases.open(actor, wish)))


class CaseQuery(BaseModel):
    """What a list of cases is narrowed by; `number` also finds names of parties."""

    number: Words = None
    state: CaseState | None = None
    tag: Words = None


@router.get("", operation_id="listCases")
def cases(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[CaseQuery, Query()], limit: Limit = 50
) -> CasesOut:
    """List the cases the actor may see, newest first; `number` also finds names of parties."""
    page = tx.cases.page(
        actor, number=asked.number, state=asked.state, tag=asked.tag, after=after, limit=limit
    )
    return CasesOut(cases=[CaseOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/{case_id}", operation_id="getCase")
def case(tx: Tx, actor: CurrentActor, case_id: CaseId, response: Response) -> CaseDetailOut:
    """Return a case and its recordings; the ETag is the version that changes must name."""
    found = tx.cases.get(actor, case_id)
    linked, scope = tx.recordings.of_case(case_id), tx.cases.scope(case_id)
    return CaseDetailOut(
        case=tagged(response, CaseOut.of(found)),
        scope=scope and ScopeOut.of(scope),
        recordings=[RecordingOut.of(row) for row in linked],
        changes=[ChangeOut.of(one) for one in tx.cases.history(found)],
    )


@router.patch("/{case_id}", operation_id="amendCase")
def amend(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: CaseAmendIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Correct what was entered; what stood before is kept."""
    return tagged(response, CaseOut.of(tx.cases.amend(actor, case_id, wish, seen)))


@router.post("/{case_id}/handlers", operation_id="assignHandler", status_code=201)
def assign(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: AssignIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Name one more handler of the case's own agency."""
    return tagged(response, CaseOut.of(tx.cases.assign(actor, case_id, wish.login, seen)))


@router.post("/{case_id}/steps", operation_id="stepCase", status_code=201)
def step(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: StepIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Take one step of those that need no more than a reason, or answers. Deciding and closing have their own addresses."""
    made = tx.cases.step(
        actor, case_id, wish.step, wish.reason, seen, answers=wish.answers, proposal=wish.proposal
    )
    return tagged(response, CaseOut.of(made))


@router.post("/{case_id}/recordings", operation_id="linkRecording", status_code=201)
def link(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: LinkIn, seen: SeenVersion, response: Response
) -> LinkOut:
    """Link a recording to a case; linking it twice gives the link that stands."""
    tx.recordings.get(actor, wish.recording_id)
    made = tx.cases.link(actor, case_id, wish.recording_id, seen)
    tag(response, tx.cases.get(actor, case_id).version)
    return LinkOut.of(made)


@router.post("/{case_id}/recordings/{recording_id}/unlink", operation_id="unlinkRecording", status_code=204)
def unlink(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    recording_id: RecordingId,
    *,
    wish: UnlinkIn,
    seen: SeenVersion,
) -> Response:
    """End a link by a dated counter-entry; nothing is deleted."""
    tx.cases.unlink(actor, case_id, recording_id, wish.reason, seen)
    return done(tx.cases.get(actor, case_id).version)
