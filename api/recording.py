"""Recordings: the list, one with everything known of it, its media, thumbnail and proof."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.deps import After, CurrentActor, Limit, OpenStore, StreamActor, Tx, Words
from api.look import look_from
from api.manifest import FindingOut, finding_out
from api.media import stored_bytes
from api.office import OfficeOut
from api.proof import Kept
from api.route import Route
from schemas.actor import Actor
from schemas.base import HexOut, WireOut
from schemas.declaration import DocumentKind, HandInWay, Origin
from schemas.ids import AgencyId, DeviceId, EntryId, LookId, RecordingId
from schemas.integrity import Verdict
from schemas.office import Held
from schemas.officer_word import OfficerWord, officer_word
from schemas.recording import Place, RecordingFilter, RecordingState, Sight, sight_of
from schemas.reference import reference
from schemas.refusals_custody import PROOF_PENDING
from schemas.refusals_recording import DERIVATIVE_UNKNOWN
from schemas.retention import RetentionClass
from storage.custody.values import Logged
from storage.store import Store
from storage.transaction import Transaction

router = APIRouter(prefix="/v1/recordings", tags=["recording"], route_class=Route)
SAFE_INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif", "video/", "audio/")
"""Types a browser may show by itself; everything else is a download without a type: pages run scripts."""


class RecordingOut(WireOut):
    """A recording as lists show it. Device time, corrected time and server time are separate facts.

    `device_id` sent it and `captured_by` signed its manifest: they differ where somebody else handed it in. `is_copy`:
    another recording meets the same file of the manifest; this one is kept and not counted. `remarks` counts findings of
    conduct or form beside the verdict: one that is verified with remarks is shown as 通过，提示 n.

    `retention` says for what it is kept now, null before its verdict; `retain_until` is the end of that, null where there
    is none; `locked_until` is how far the store's lock stands, which rolls while it is kept and is never shortened.

    `document` is the kind of paper that it was declared to be at its hand-in.
    """

    id: RecordingId
    agency_id: AgencyId
    agency_name: str
    state: RecordingState
    verdict: Verdict
    remarks: int
    filename: str
    media_type: str
    size_bytes: int
    declared_sha256: str | None
    sha256: str | None
    sm3: str | None
    officers: list[str]
    device_id: DeviceId | None
    device_name: str | None
    captured_by: DeviceId | None
    captured_by_name: str | None
    is_copy: bool
    captured_at: datetime | None
    corrected_at: datetime | None
    received_at: datetime
    verified_at: datetime | None
    retention: RetentionClass | None
    retain_until: datetime | None = Field(validation_alias="kept_until")
    locked_until: datetime | None
    place: Place | None
    case: str | None = Field(validation_alias="stated_case")
    document: DocumentKind | None
    has_thumbnail: bool


class RecordingsOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    recordings: list[RecordingOut]
    next: str | None


class EntryOut(WireOut):
    """A leaf of the log by its clear members, and the roles by which a person acted, as known then.

    `digest` is the SHA-256 of its bytes, `leaf_hash` that by which the log's tree holds the digest; `leaf_index` is
    null until the signer has given it.
    """

    entry_id: EntryId
    event: str
    at: datetime
    actor: str
    leaf_index: int | None
    digest: str
    leaf_hash: HexOut
    facts: dict[str, Any]
    offices: list[OfficeOut]


class DerivativeOut(WireOut):
    """A thumbnail or poster frame, never evidence itself."""

    kind: str
    media_type: str
    width: int
    height: int
    sha256: str
    parent_sha256: str
    size_bytes: int


class StoreFindOut(WireOut):
    """The store gave otherwise than was recorded; `sha256` is that of what it gave, null where it gave nothing."""

    code: str
    found_at: datetime
    sha256: str | None


class DeclarationOut(WireOut):
    """What a person said of it who handed it in: their word, beside what the file says of itself."""

    way: HandInWay
    origin: Origin
    source: str | None
    maker: str | None
    made_at: datetime | None
    method: str | None
    document: DocumentKind | None
    media_type: str | None


class RecordingDetailOut(RecordingOut):
    """Everything known of one recording. `copy_of` and `same_bytes` name what the reader may see.

    `store_find` is there while the store gives otherwise than was recorded; `has_stopped`: nobody goes on verifying it.
    `retained_for` is the number of the case that is the reason for which it is kept.
    `officer_word` is what whoever captured it is told, with the finding that asks it where something is to be done.
    """

    copy_of: RecordingId | None
    declaration: DeclarationOut | None
    same_bytes: list[RecordingId]
    officer_word: OfficerWord
    officer_finding: FindingOut | None
    facts: dict[str, Any]
    clock_offset_ms: int | None
    manifest_sha256: str | None
    checks: list[FindingOut]
    custody: list[EntryOut]
    derivatives: list[DerivativeOut]
    cases: list[str]
    retained_for: str | None
    store_find: StoreFindOut | None
    has_stopped: bool
    may_delete_local: bool
    media_url: str
    proof_url: str


class RecordingQuery(BaseModel):
    """What a list of recordings is narrowed by."""

    state: RecordingState | None = None
    verdict: Verdict | None = None
    case: str | None = None
    officer: str | None = None
    device: DeviceId | None = None
    from_at: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until_at: Annotated[AwareDatetime | None, Field(alias="to")] = None
    q: Words = None
    at_fault: bool = False
    document: DocumentKind | None = None
    tag: Words = None

    def wanted(self) -> RecordingFilter:
        """Return the filter."""
        return RecordingFilter(
            state=self.state,
            verdict=self.verdict,
            case_number=self.case,
            officer=self.officer,
            device_id=self.device,
            from_at=self.from_at,
            until_at=self.until_at,
            text=self.q,
            at_fault=self.at_fault,
            document=self.document,
            tag=self.tag,
        )


@router.get("", operation_id="listRecordings")
def recordings(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[RecordingQuery, Query()], limit: Limit = 50
) -> RecordingsOut:
    """List what the actor may see, newest first."""
    page = tx.recordings.page(actor, asked.wanted(), after=after, limit=limit)
    return RecordingsOut(recordings=[RecordingOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/{recording_id}", operation_id="getRecording")
def recording(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> RecordingDetailOut:
    """Return one recording with its checks, custody and derivatives."""
    found = tx.recordings.get(actor, recording_id)
    links = tx.recordings.links(recording_id)
    checks = [row.check for row in tx.recordings.checks(recording_id)]
    said = officer_word(found.state, checks)
    differing = tx.examinations.store_find(found)
    met_by = [] if found.copy_of is None else [found.copy_of]
    entries = tx.custody.entries_for(reference("recording", recording_id))
    offices = tx.offices.of(entries)
    return RecordingDetailOut.of(
        found,
        copy_of=next(iter(tx.recordings.visible(actor, met_by)), None),
        same_bytes=[one.id for one in tx.recordings.same_bytes(actor, found)],
        officer_word=said.word,
        officer_finding=None if said.check is None else finding_out(said.check),
        facts=found.facts.model_dump(mode="json", exclude_none=True),
        checks=[finding_out(check) for check in checks],
        custody=[entry_out(one, offices[one.leaf.id]) for one in entries],
        derivatives=[DerivativeOut.of(one) for one in tx.recordings.derivatives(recording_id)],
        cases=[link.case_number for link in links if link.unlinked_at is None],
        retained_for=next((one.case_number for one in tx.retentions.of_recording(recording_id)), None),
        store_find=None if differing is None else StoreFindOut.of(differing),
        has_stopped=tx.recordings.has_stopped(recording_id),
        may_delete_local=tx.recordings.may_delete_local(found),
        media_url=f"/v1/recordings/{recording_id}/media",
        proof_url=f"/v1/recordings/{recording_id}/proof",
    )


def entry_out(one: Logged, offices: Held) -> EntryOut:
    """Return the wire form of a leaf."""
    leaf = one.leaf
    return EntryOut.of(one, at=leaf.at, actor=leaf.actor, facts=one.act.facts(), offices=offices)


@router.head("/{recording_id}/media", include_in_schema=False)
@router.get("/{recording_id}/media", operation_id="getMedia", response_class=Response)
def media(
    request: Request,
    store: OpenStore,
    actor: StreamActor,
    recording_id: RecordingId,
    look: LookId | None = None,
) -> Response:
    """Stream the original bytes under a look; the transaction has ended before the first of them.

    What a browser may not show by itself, and what is asked for with `download`, is given under a look of that kind.
    """
    return watch(request, store, actor, recording_id, look)


def watch(
    request: Request, store: Store, actor: Actor, recording_id: RecordingId, look: LookId | None
) -> Response:
    """Answer with the original bytes of a recording the actor may watch, where a look at it stands.

    Raises:
        PreconditionRequired: no look is named (slug `look-needed`), or it has ended (`look-ended`).
    """
    with store.begin() as tx:
        found = tx.recordings.watchable(actor, recording_id)
        is_safe = found.media_type.startswith(SAFE_INLINE)
        is_still = found.media_type.startswith("image/")
        is_taken = "download" in request.query_params or not is_safe or sight_of(found) is Sight.TOO_LARGE
        tx.looks.require(actor, look, recording_id, look_from(request), taken=is_taken, still=is_still)
    return stored_bytes(
        request,
        store,
        Kept(found.object_key, found.version_id, found.size_bytes, found.sha256, recording_id),
        media_type=found.media_type if is_safe else "application/octet-stream",
        filename=found.filename,
        is_attachment=is_taken,
    )


@router.get("/{recording_id}/thumbnail", operation_id="getThumbnail", response_class=Response)
def thumbnail(request: Request, store: OpenStore, actor: StreamActor, recording_id: RecordingId) -> Response:
    """Return the thumbnail, or the first poster frame."""
    return picture(request, store, actor, recording_id, "thumbnail")


def picture(request: Request, store: Store, actor: Actor, recording_id: RecordingId, kind: str) -> Response:
    """Answer with a derivative of a recording the actor may watch.

    Raises:
        NotFound: there is no such derivative.
    """
    with store.begin() as tx:
        tx.recordings.watchable(actor, recording_id)
        made = {one.kind: one for one in tx.recordings.derivatives(recording_id)}
    one = made.get(kind) or made.get("poster")
    if one is None:
        raise DERIVATIVE_UNKNOWN("no such derivative")
    return stored_bytes(
        request,
        store,
        Kept(one.object_key, one.version_id, one.size_bytes, one.sha256),
        media_type=one.media_type,
        filename=f"{kind}.jpg",
    )


@router.get("/{recording_id}/proof", operation_id="getProof", response_class=PlainTextResponse)
def proof(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> PlainTextResponse:
    """Return the inclusion proof of the newest entry about the recording (C2SP tlog-proof)."""
    return PlainTextResponse(proof_of(tx, actor, recording_id))


def proof_of(tx: Transaction, actor: Actor, recording_id: RecordingId) -> str:
    """Return the text of the newest proof.

    Raises:
        NotFound: no such recording, or no checkpoint holds its entry yet (slug `proof-pending`).
    """
    tx.recordings.get(actor, recording_id)
    for one in reversed(tx.custody.entries_for(reference("recording", recording_id))):
        text = tx.custody.proof(one.entry_id)
        if text is not None:
            return text
    raise PROOF_PENDING("no checkpoint holds the entry yet")
