"""One evidence media object: received, then sealed or quarantined – and never anything else."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from schemas.base import Frozen, HexDigest
from schemas.declaration import Declaration, DocumentKind
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, DeviceId, ManifestId, RecordingId, UploadId
from schemas.integrity import CheckResult, Verdict
from schemas.media import MediaFacts
from schemas.refusals_recording import ALREADY_SEALED, RECORDING_QUARANTINED
from schemas.retention import RetentionClass, months_after
from schemas.step import Begin, Step, Steps
from schemas.verdict import must_quarantine


class RecordingState(StrEnum):
    """received → sealed | quarantined; both ends are final."""

    RECEIVED = "received"
    SEALED = "sealed"
    QUARANTINED = "quarantined"


class RecordingStep(StrEnum):
    """What a verification concludes; the value is the verb of its custody entry."""

    SEAL = "seal"
    QUARANTINE = "quarantine"


class Place(Frozen):
    """A position as the device stated it: 1e-7 degrees, accuracy in centimetres, and the datum it is in."""

    lat_e7: int
    lon_e7: int
    accuracy_cm: int | None
    crs: str


class Derivative(Frozen):
    """A thumbnail or poster frame: its own digest, and the digest of the recording it was made from."""

    kind: str
    media_type: str
    width: int
    height: int
    tool: str
    object_key: str
    version_id: str
    size_bytes: int
    sha256: HexDigest
    parent_sha256: HexDigest


class Recording(Frozen):
    """A recording as kept. The three times are separate facts; none overwrites another.

    `retain_until` is what was said when it was concluded, and stays; `retention` and `kept_until` are what holds now, no
    end where that is absent; `locked_until` is how far the store's lock was set.

    `device_id` and `account_id` sent it; `captured_by` signed the manifest that lists it. `copy_of` is the recording
    that meets the manifest's file in its place. `remarks` counts the rows of its checks that are remarks. `declaration` is
    what a person said of it who handed it in.
    """

    id: RecordingId
    agency_id: AgencyId
    agency_name: str
    upload_id: UploadId
    manifest_id: ManifestId | None
    manifest_sha256: HexDigest | None
    file_index: int | None
    device_id: DeviceId | None
    device_name: str | None
    account_id: AccountId | None
    state: RecordingState
    verdict: Verdict
    filename: str
    media_type: str
    size_bytes: int
    declared_sha256: HexDigest | None
    sha256: HexDigest | None
    sm3: HexDigest | None
    object_key: str
    version_id: str
    officers: tuple[str, ...]
    stated_case: str | None
    captured_at: datetime | None
    corrected_at: datetime | None
    received_at: datetime
    verified_at: datetime | None
    retain_until: datetime | None
    retention: RetentionClass | None
    kept_until: datetime | None
    locked_until: datetime | None
    clock_offset_ms: int | None
    place: Place | None
    facts: MediaFacts
    run: int
    has_thumbnail: bool
    copy_of: RecordingId | None
    captured_by: DeviceId | None
    captured_by_name: str | None
    remarks: int
    declaration: Declaration | None = None

    @property
    def item(self) -> tuple[ManifestId, int] | None:
        """Which file of which manifest it claims to be; what was quarantined is none."""
        if self.manifest_id is None or self.file_index is None or self.state is RecordingState.QUARANTINED:
            return None
        return self.manifest_id, self.file_index

    @property
    def document(self) -> DocumentKind | None:
        """Which kind of paper it is, as its bringer says; None where it was not declared to be one."""
        return None if self.declaration is None else self.declaration.document

    @property
    def is_copy(self) -> bool:
        """Another recording meets the same file of the same manifest: this one is kept, and not counted."""
        return self.copy_of is not None

    @property
    def is_handed_in(self) -> bool:
        """Somebody else than the device that captured it sent it: a person, or another device."""
        return self.captured_by is not None and self.captured_by != self.device_id

    @property
    def source_name(self) -> str | None:
        """The device that captured it, or at least the one that sent it."""
        return self.captured_by_name or self.device_name


MAX_SHOWN_PIXELS = 50_000_000
MAX_SHOWN_BYTES = 64 * 1024 * 1024
"""A browser decodes a picture whole, four bytes a pixel: beyond this a page that shows it stops the reader's machine."""


class Sight(StrEnum):
    """Whether a page may let a browser decode an original: `unknown` before the picture's size was measured."""

    WHOLE = "whole"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


def sight_of(found: Recording) -> Sight:
    """Return how an original may be shown; video and sound are read piece by piece, so any size is shown."""
    if not found.media_type.startswith("image/"):
        return Sight.WHOLE
    if found.size_bytes > MAX_SHOWN_BYTES:
        return Sight.TOO_LARGE
    width, height = found.facts.width, found.facts.height
    if width is None or height is None:
        return Sight.UNKNOWN
    return Sight.WHOLE if width * height <= MAX_SHOWN_PIXELS else Sight.TOO_LARGE


def counted_once(rows: Iterable[Recording]) -> tuple[Recording, ...]:
    """Return of each file of a manifest one recording, the one that meets it where it is among them."""
    kept: dict[object, Recording] = {}
    for row in rows:
        of = row.item or row.id
        if of not in kept or (kept[of].is_copy and not row.is_copy):
            kept[of] = row
    return tuple(kept.values())


class RecordingFilter(Frozen):
    """What a list of recordings is narrowed by; None means any.

    `officer`: a certificate number, or the whole name of somebody within the reader's agencies.
    `at_fault`: only those of which the store gives otherwise than was recorded, or whose verification has stopped.
    `is_paper`: only those that were declared to be a document, of one of the kinds of `papers` or, without them, of any.
    `tag`: only those on which this word stands. `is_remarked`: only those with a remark.
    `sort`: in which order, a key of the list's sorts, downwards behind a minus.
    """

    state: RecordingState | None = None
    verdict: Verdict | None = None
    case_number: str | None = None
    officer: str | None = None
    device_id: DeviceId | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    text: str | None = None
    at_fault: bool = False
    document: DocumentKind | None = None
    is_paper: bool = False
    papers: tuple[DocumentKind, ...] = ()
    tag: str | None = None
    is_remarked: bool = False
    sort: str | None = None


def conclusion(checks: Iterable[CheckResult]) -> RecordingStep:
    """Return what the checks conclude: a broken claim, or nothing verified at all, keeps a recording apart."""
    kept_apart = any(must_quarantine(check) for check in checks)
    return RecordingStep.QUARANTINE if kept_apart else RecordingStep.SEAL


STEPS: Steps[RecordingStep, RecordingState, None] = Steps(
    begins=(Begin(RecordingState.RECEIVED, Event.RECORDING_RECEIVE, dated="received_at"),),
    refused=RECORDING_QUARANTINED,
    refused_from={RecordingState.SEALED: ALREADY_SEALED},
    rows=(
        Step(
            name=RecordingStep.SEAL,
            starts=frozenset({RecordingState.RECEIVED}),
            end=RecordingState.SEALED,
            event=Event.RECORDING_SEAL,
            dated="verified_at",
        ),
        Step(
            name=RecordingStep.QUARANTINE,
            starts=frozenset({RecordingState.RECEIVED}),
            end=RecordingState.QUARANTINED,
            event=Event.RECORDING_QUARANTINE,
            dated="verified_at",
        ),
    ),
)
"""A sealed recording never changes; a quarantined one is not verified again by itself."""


def retain_until(received_at: datetime, *, months: int) -> datetime:
    """Return the end of the shortest retention: `months` calendar months after receipt (rules 3, R0)."""
    return months_after(received_at, months)
