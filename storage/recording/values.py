"""Recordings as they are shown: the query, its filters, its rows as values, and what a worker hands in."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, RowMapping, Select, case, exists, func, select

from schemas.base import Frozen, HexDigest
from schemas.integrity import CheckResult
from schemas.manifest import ManifestState
from schemas.media import MediaFacts
from schemas.recording import (
    Derivative,
    Place,
    Recording,
    RecordingFilter,
)
from schemas.scrub import StoreFault
from storage.collection import By
from storage.reads.agency import with_agency
from storage.reads.annotation import is_tagged
from storage.reads.case import is_linked_to_number
from storage.reads.copies import copy_of
from storage.reads.device import with_capturer, with_device
from storage.reads.shift import remark_count
from storage.recording.declaration import LABEL, MEMBERS, declaration_of, is_document
from storage.tables.declaration import declarations
from storage.tables.recording import derivatives, manifests, recordings

CAPTURED = func.coalesce(recordings.c.captured_at, recordings.c.received_at)
"""When it was captured; of what says nothing of that, when it came."""

SORTS: Mapping[str, By | None] = {
    "received": None,
    "captured": By(CAPTURED, datetime.fromisoformat),
    "size": By(recordings.c.size_bytes, int),
}
"""By what a reader may sort recordings."""


class CheckRow(Frozen):
    """One check of the latest run, and when it ran."""

    check: CheckResult
    at: datetime


class Verification(Frozen):
    """What a worker found out about one recording; all of it enters with the state it leads to.

    `sha256` and `retain_until` are absent where the store gave nothing that could be hashed or locked; `store_fault` is
    there where it gave otherwise than what was received.
    `chunks` are the digests of the chunks of the bytes, by which whoever is sent a part of them is sent these.
    `codes` are those of its pictures, by which others that look like it are found.
    """

    checks: tuple[CheckResult, ...]
    sha256: HexDigest | None
    sm3: HexDigest | None
    media_type: str
    facts: MediaFacts
    derivatives: tuple[Derivative, ...]
    codes: tuple[bytes, ...] = ()
    chunks: bytes | None = None
    retain_until: datetime | None
    store_fault: StoreFault | None = None


@cache  # making it costs as much as reading a page by it
def select_recordings() -> Select[tuple[object, ...]]:
    """Return the query behind every recording that is shown."""
    thumbnail = exists().where(
        derivatives.c.recording_id == recordings.c.id, derivatives.c.kind.in_(("thumbnail", "poster"))
    )
    query = select(
        recordings,
        thumbnail.label("has_thumbnail"),
        copy_of().label("copy_of"),
        remark_count().label("remarks"),
    )
    query = with_device(with_agency(query, recordings.c.agency_id), recordings.c.device_id)
    query = query.add_columns(manifests.c.sha256.label("manifest_sha256")).outerjoin(
        manifests, manifests.c.id == recordings.c.manifest_id
    )
    said = (declarations.c[name].label(f"{LABEL}{name}") for name in MEMBERS)
    query = query.add_columns(*said).outerjoin(declarations, declarations.c.recording_id == recordings.c.id)
    # What was refused says nothing of who captured: its row names the sender.
    signer = case((manifests.c.state == ManifestState.DECLARED.value, manifests.c.device_id))
    return with_capturer(query, signer)


def conditions_of(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    """Return what a filter asks for, but for its words, its officer and its remarks."""
    simple = {
        recordings.c.state: wanted.state,
        recordings.c.verdict: wanted.verdict,
        recordings.c.device_id: wanted.device_id,
    }
    found = [column == value for column, value in simple.items() if value is not None]
    if wanted.from_at is not None:
        found.append(wanted.from_at <= CAPTURED)
    if wanted.until_at is not None:
        found.append(wanted.until_at > CAPTURED)
    if wanted.document is not None:
        found.append(is_document(wanted.document))
    if wanted.is_paper:
        found.append(is_document(*wanted.papers))
    if wanted.case_number:
        found.append(is_linked_to_number(recordings.c.id, wanted.case_number))
    if wanted.tag:
        found.append(is_tagged("recording", recordings.c.id, wanted.tag))
    return found


def recording_of(row: RowMapping) -> Recording:
    """Return a row of `select_recordings` as a value."""
    is_placed = row["lat_e7"] is not None and row["lon_e7"] is not None
    place = Place.of_row(row) if is_placed else None
    return Recording.of_row(row, place=place, declaration=declaration_of(row))
