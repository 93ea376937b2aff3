"""The resumable transfer: pure rules of offsets, parts and Upload-Metadata (tus 1.0)."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.base import Frozen
from schemas.event import Event
from schemas.ids import AgencyId, RecordingId, UploadId
from schemas.refusals_concat import CONCAT_FINAL
from schemas.refusals_objects import PARTS_DISORDERED
from schemas.refusals_upload import (
    METADATA_INVALID,
    OFFSET_MISMATCH,
    UPLOAD_COMPLETE,
    UPLOAD_EXPIRED,
    UPLOAD_PAST_LENGTH,
)
from schemas.step import Begin, Step, Steps

MIB = 1024 * 1024
SMALL_PART_BYTES = 8 * MIB
LARGE_PART_BYTES = 32 * MIB
LARGE_UPLOAD_BYTES = 256 * MIB
PART_NUMBERS = 10_000
"""What S3 allows to one object. A number is never used twice, and only a part that is being stored takes one."""
LAST_NUMBERS = 100
"""Of these, what only a completion may use: bytes that are all here must not wait for a number."""
USABLE_PARTS = 8_000
"""Parts of the largest upload: the other numbers are for parts that are sent again."""

PARTIAL, FINAL = "partial", "final;"
"""Upload-Concat of a piece of a file that is sent beside others, and how that of the file made of them begins."""

_METADATA_KEY = re.compile(r"[!-+\--~]+")
_SEPARATORS = re.compile(r"[\x00-\x1f\x7f/\\]+")


class UploadState(StrEnum):
    """open → received; an open upload that nobody finishes expires."""

    OPEN = "open"
    RECEIVED = "received"
    EXPIRED = "expired"


class UploadStep(StrEnum):
    """What ends a transfer."""

    COMPLETE = "complete"
    EXPIRE = "expire"


STEPS: Steps[UploadStep, UploadState, None] = Steps(
    begins=(Begin(UploadState.OPEN, dated="opened_at"),),
    refused=UPLOAD_COMPLETE,
    refused_from={UploadState.EXPIRED: UPLOAD_EXPIRED},
    rows=(
        Step(
            name=UploadStep.COMPLETE,
            starts=frozenset({UploadState.OPEN}),
            end=UploadState.RECEIVED,
            event=Event.RECORDING_RECEIVE,
        ),
        Step(
            name=UploadStep.EXPIRE,
            starts=frozenset({UploadState.OPEN}),
            end=UploadState.EXPIRED,
            event=Event.UPLOAD_EXPIRE,
        ),
    ),
)
"""A complete transfer is evidence from then on: the log speaks of the recording."""


class Upload(Frozen):
    """A transfer as the database knows it.

    While its length is deferred (tus 1.0, Upload-Defer-Length), `length_bytes` is the most that an upload may have.
    `concat` is its Upload-Concat as it came; `final_id` names the upload that a partial one became a piece of.
    """

    id: UploadId
    agency_id: AgencyId
    state: UploadState
    filename: str
    metadata: str
    length_bytes: int
    is_deferred: bool = False
    offset_bytes: int
    part_bytes: int
    object_key: str
    parts_ref: str | None
    tail_bytes: int
    next_part: int
    leases: int
    is_given_up: bool = False
    concat: str | None = None
    final_id: UploadId | None = None
    recording_id: RecordingId | None
    opened_at: datetime
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether it ended without becoming a recording: it expired, or its sender gave it up."""
        return self.state is UploadState.EXPIRED or self.is_given_up

    @property
    def is_partial(self) -> bool:
        """Whether it is a piece of a file and never one by itself (tus 1.0, Concatenation)."""
        return self.concat == PARTIAL

    @property
    def is_final(self) -> bool:
        """Whether it is made of partial uploads and takes no bytes of its own."""
        return self.concat is not None and not self.is_partial


class Hold(Frozen):
    """How far the request that sends an upload has come with what newer ones ask of it; asks are numbered."""

    upload_id: UploadId
    lease_token: UUID | None
    asks: int
    heard: int
    answered: int
    is_end_asked: bool


class Part(Frozen):
    """One stored part. Numbers ascend and may have gaps; `start_bytes` is where it begins in the file."""

    number: int
    start_bytes: int
    size_bytes: int
    sha256: bytes
    etag: str


class Tail(Frozen):
    """A piece of what waits to become a part, written once: under a key of the staging bucket, or `body` itself."""

    start_bytes: int
    size_bytes: int
    sha256: bytes | None
    key: str | None
    body: bytes | None


def part_size(length_bytes: int) -> int:
    """Return the part size for a declared length: 8 MiB for phones, 32 MiB from 256 MiB on, never too many."""
    chosen = LARGE_PART_BYTES if length_bytes >= LARGE_UPLOAD_BYTES else SMALL_PART_BYTES
    while chosen * USABLE_PARTS < length_bytes:
        chosen *= 2
    return chosen


def has_room(
    length_bytes: int,
    *,
    own_bytes: int,
    promised_bytes: Callable[[], int],
    room_bytes: int,
    reserve_percent: int,
) -> bool:
    """Say whether an upload may be opened, by what open uploads still have to send (the sender's, and all of them).

    Together they may promise what is free but for a reserve. The reserve is for senders with little open, a tenth of it
    each: whoever has promised all the rest keeps nobody from handing in a photo. So `promised_bytes` is asked, and
    everybody's uploads are counted, only for a sender with more than that.
    """
    reserve = room_bytes * reserve_percent // 100
    if own_bytes + length_bytes <= reserve // 10:
        return True
    return promised_bytes() + length_bytes <= room_bytes - reserve


def makes_part(upload: Upload, size_bytes: int, *, least_bytes: int) -> bool:
    """Say whether `size_bytes` behind the last part may be stored as one, or wait for more as a tail.

    A part that is short, because its sender paused, costs a number; what is left of the file in full parts keeps
    twice the numbers that it needs.
    """
    if upload.is_partial:  # its bytes become parts with those of its neighbours
        return False
    if size_bytes >= upload.part_bytes:
        return True
    left_bytes = upload.length_bytes - upload.offset_bytes
    spare = PART_NUMBERS - LAST_NUMBERS - upload.next_part - 2 * -(-left_bytes // upload.part_bytes)
    return size_bytes >= least_bytes and spare > 0


def check_parts(parts: Sequence[Part], length_bytes: int) -> None:
    """Hold the parts, in the order of their numbers, in which a store joins them, against the file that they are to be.

    Raises:
        IntegrityBroken: one does not begin where the one before it ends, or they end elsewhere than the file.
    """
    reached = 0
    for part in sorted(parts, key=lambda one: one.number):
        if part.start_bytes != reached:
            raise PARTS_DISORDERED(f"part {part.number} begins at {part.start_bytes}, not at {reached}")
        reached += part.size_bytes
    if reached != length_bytes:
        raise PARTS_DISORDERED(f"the parts end at {reached}, the file at {length_bytes}")


def check_append(upload: Upload, *, offset: int, content_length: int | None) -> None:
    """Refuse a PATCH that does not continue the upload (tus 1.0, PATCH).

    Raises:
        Refused: it is a final upload.
        Gone: the upload has expired.
        OffsetMismatch: the client's offset is not the server's; `facts` carry the right one.
        TooLarge: the body would pass the declared length.
    """
    if upload.is_final:
        raise CONCAT_FINAL("the bytes of a final upload are those of its partial uploads")
    if upload.is_over:
        raise UPLOAD_EXPIRED("the upload has ended")
    if offset != upload.offset_bytes:
        raise OFFSET_MISMATCH(
            f"the upload stands at {upload.offset_bytes}, not {offset}", offset=upload.offset_bytes
        )
    if content_length is not None and offset + content_length > upload.length_bytes:
        raise UPLOAD_PAST_LENGTH("more bytes than the declared length")


def parse_metadata(header: str) -> dict[str, str]:
    """Parse an Upload-Metadata header (tus 1.0, Creation): pairs of key and base64 value.

    An empty header is allowed: stock clients send one. A name in the encoding of an old Chinese system is read as
    such, and bytes in no encoding by their numbers: no name is worth refusing a file for.

    Raises:
        Malformed: a key is empty, not ASCII or repeated, or a value is not base64.
    """
    pairs: dict[str, str] = {}
    for field in header.split(",") if header.strip() else ():
        key, _, value = field.strip().partition(" ")
        if not _METADATA_KEY.fullmatch(key) or key in pairs:
            raise METADATA_INVALID(f"metadata key {key[:40]!r} is malformed or stands twice")
        try:
            pairs[key] = _text(base64.b64decode(value.strip(), validate=True))
        except (binascii.Error, ValueError) as err:
            raise METADATA_INVALID(f"the value of {key!r} is not base64") from err
    return pairs


def _text(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def clean_filename(name: str) -> str:
    """Return a name that is safe to show and to write: no folders, no control characters, ≤ 200 characters."""
    cleaned = _SEPARATORS.sub("_", name).strip(" .")
    return cleaned[-200:] or "unnamed"
