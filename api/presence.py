"""Whoever a capture names says whether they were there; the head settles a denial."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.deps import CurrentActor, Tx, store_of, token_of
from api.origin import origin_of
from api.route import Route
from schemas.base import WireOut
from schemas.ids import ManifestId, RecordingId
from schemas.leaves_presence import PresenceWay
from schemas.presence import PresenceIn, PresencesIn, PresenceState, SettlementIn
from schemas.presence_code import PartnerCodeIn, ScanIn
from storage.recording.presence_code import Try

router = APIRouter(prefix="/v1", tags=["presence"], route_class=Route)


class QuestionOut(WireOut):
    """A capture that names you and asks whether you were there; `is_within`: it is of your own agency."""

    manifest_id: ManifestId
    certificate: str
    at: datetime
    device_name: str
    agency_name: str
    is_within: bool
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    recording_id: RecordingId
    filename: str
    files: int


class QuestionsOut(WireOut):
    """The newest fifty, the newest first."""

    questions: list[QuestionOut]


class ConfirmedOut(WireOut):
    """How many captures were confirmed."""

    confirmed: int


class PartnerCodeOut(WireOut):
    """A code, shown once. `page` is where a phone's browser confirms by it: show it as a QR code."""

    code: str
    expires_at: datetime
    page: str


class ScanOut(WireOut):
    """What a code would confirm, the newest first.

    `partner` is a certificate of whoever shows it, `name` theirs within your reach.
    """

    partner: str
    name: str | None
    expires_at: datetime
    questions: list[QuestionOut]


class NamedOut(WireOut):
    """A certificate that a capture names, and what its holder says; `name` only within your reach.

    `way`: by own log-in, or by the code that a colleague showed on the spot. Who is no officer – an auxiliary – is told,
    and never counts as one of two.
    """

    certificate: str
    name: str | None
    is_officer: bool
    state: PresenceState
    way: PresenceWay | None
    answered_at: datetime | None
    reason: str | None
    settlement: str | None


class AttendanceOut(WireOut):
    """Who was at the capture of a recording; nobody where fixed equipment captured it."""

    named: list[NamedOut]


class DenialOut(WireOut):
    """A denial that waits for the head."""

    id: UUID
    recording_id: RecordingId
    filename: str
    person: str
    at: datetime
    reason: str
    answered_at: datetime


class DenialsOut(WireOut):
    """The oldest first."""

    denials: list[DenialOut]


def scan_page(code: str) -> str:
    """Return the address of the page at which a partner confirms by a code."""
    return f"/console/presence/scan?{urlencode({'code': code})}"


def counted_try(request: Request) -> Try:
    """Return a try that is counted and committed: it stands before the request's transaction among the arguments.

    Raises:
        NotAuthenticated, Conflict, Refused: as for whoever is asking, and as for one try more.
    """
    with store_of(request).begin(origin_of(request)) as tx:
        return tx.partner_codes.count(tx.accounts.actor_of(token_of(request)))


Tried = Annotated[Try, Depends(counted_try)]


@router.get("/presence", operation_id="listPresenceQuestions")
def questions(tx: Tx, actor: CurrentActor) -> QuestionsOut:
    """List the captures that name you and that you have not answered."""
    return QuestionsOut(questions=[QuestionOut.of(one) for one in tx.presences.questions(actor)])


@router.post("/manifests/{manifest_id}/presence", operation_id="answerPresence", status_code=204)
def answer(tx: Tx, actor: CurrentActor, manifest_id: ManifestId, wish: PresenceIn) -> Response:
    """Say whether you were there. Once; what was confirmed may yet be denied."""
    tx.presences.answer(actor, manifest_id, wish)
    return Response(status_code=204)


@router.post("/presence/confirmations", operation_id="confirmPresences")
def confirm(tx: Tx, actor: CurrentActor, wish: PresencesIn) -> ConfirmedOut:
    """Say that you were at several captures: all of them, or none."""
    return ConfirmedOut(confirmed=tx.presences.confirm(actor, wish))


@router.post("/presence/codes", operation_id="showPartnerCode", status_code=201)
def show_code(tx: Tx, actor: CurrentActor) -> PartnerCodeOut:
    """Make a code for your partner, who scans or types it; an earlier one of yours counts no more."""
    made = tx.partner_codes.show(actor)
    return PartnerCodeOut.of(made, page=scan_page(made.code))


@router.delete("/presence/codes", operation_id="voidPartnerCode", status_code=204)
def void_code(tx: Tx, actor: CurrentActor) -> Response:
    """Take your code back."""
    tx.partner_codes.void(actor)
    return Response(status_code=204)


@router.post("/presence/scans/preview", operation_id="previewScan")
def preview(tried: Tried, tx: Tx, actor: CurrentActor, wish: PartnerCodeIn) -> ScanOut:
    """Say which captures a code of your partner would confirm: of your duty together, or else of 24 hours."""
    found = tx.partner_codes.scan(tried, wish.code)
    names = tx.accounts.names(actor, [found.partner])
    asked = [QuestionOut.of(one) for one in found.questions]
    return ScanOut(
        partner=found.partner,
        name=names.get(found.partner),
        expires_at=found.expires_at,
        questions=asked,
    )


@router.post("/presence/scans", operation_id="confirmByCode")
def scan(tried: Tried, tx: Tx, _: CurrentActor, wish: ScanIn) -> ConfirmedOut:
    """Say by your partner's code that you were at captures that name both of you: all of them, or none. Once a code."""
    return ConfirmedOut(confirmed=tx.partner_codes.confirm(tried, wish))


@router.get("/recordings/{recording_id}/presence", operation_id="getRecordingPresence")
def attendance(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> AttendanceOut:
    """Say who was at the capture, as the people say whom it names."""
    found = tx.presences.of_recording(tx.recordings.get(actor, recording_id))
    if found is None:
        return AttendanceOut(named=[])
    names = tx.accounts.names(actor, [one.certificate for one in found.named])
    shown = found.within(names).named
    return AttendanceOut(named=[NamedOut.of(one, name=names.get(one.certificate)) for one in shown])


@router.get("/denials", operation_id="listDenials")
def denials(tx: Tx, actor: CurrentActor) -> DenialsOut:
    """List the denials that wait for the head of the agency."""
    return DenialsOut(denials=[DenialOut.of(one) for one in tx.presences.denials(actor)])


@router.post("/denials/{denial_id}/settlement", operation_id="settleDenial", status_code=204)
def settle(tx: Tx, actor: CurrentActor, denial_id: UUID, wish: SettlementIn) -> Response:
    """Say what came of a denial; nothing that was sealed changes by it."""
    tx.presences.settle(actor, denial_id, wish)
    return Response(status_code=204)
