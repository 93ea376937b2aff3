"""The check of recordings: rows against the log and the signed manifests, then their objects, a page at a time.

Reading objects again takes hours, and no snapshot of the database is held that long: every page has its own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select, tuple_

from schemas.base import HexDigest
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import Leaf
from schemas.leaves_recording import RecordingQuarantine, RecordingSeal
from schemas.leaves_retention import RetentionRaise
from schemas.recording import RecordingState
from schemas.reference import reference
from schemas.retention import demanded
from storage.fsck.manifest import broken_claims
from storage.fsck.objects import Derived, Named, ObjectCheck
from storage.fsck.reading import Record, acts_of, leaves_about, snapshot
from storage.tables.chunk import object_chunks
from storage.tables.derivative import derivations
from storage.tables.recording import derivatives, recordings
from storage.tables.retention import retentions

PAGE = 200

Verified = RecordingSeal | RecordingQuarantine

_ROWS = select(
    *(recordings.c[name] for name in ("id", "state", "size_bytes", "sha256", "declared_sha256")),
    *(recordings.c[name] for name in ("object_key", "version_id")),
)


class _Page(NamedTuple):
    rows: Sequence[Record]
    verified: Mapping[str, Verified]
    broken: Mapping[UUID, str]
    derived: Mapping[UUID, Sequence[Record]]
    demanded: Mapping[UUID, datetime]
    chunks: Mapping[tuple[str, str], bytes]


def check_recordings(engine: Engine, objects: ObjectCheck) -> Iterator[Found]:
    """Yield what differs for every recording and its objects."""
    after: UUID | None = None
    while True:
        with snapshot(engine) as connection:
            page = _page(connection, after)
        if not page.rows:
            return
        for row in page.rows:
            yield from _recording(row, page, objects)
        after = page.rows[-1].id


def _page(connection: Connection, after: UUID | None) -> _Page:
    query = _ROWS if after is None else _ROWS.where(recordings.c.id > after)
    rows = connection.execute(query.order_by(recordings.c.id).limit(PAGE)).all()
    idents = [row.id for row in rows]
    derived = _derived(connection, idents)
    named = [(one.object_key, one.version_id) for one in (*rows, *chain.from_iterable(derived.values()))]
    return _Page(
        rows=rows,
        verified=_verified(connection, [reference("recording", one) for one in idents]),
        broken=broken_claims(connection, idents),
        derived=derived,
        demanded=_demanded(connection, idents),
        chunks=chunks_of(connection, named),
    )


def chunks_of(connection: Connection, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Return the kept digests of chunks by key and version; nothing says them but the bytes themselves."""
    place = tuple_(object_chunks.c.object_key, object_chunks.c.version_id)
    rows = connection.execute(select(object_chunks).where(place.in_(named)))
    return {(row.object_key, row.version_id): bytes(row.digests) for row in rows}


def _demanded(connection: Connection, idents: Collection[UUID]) -> dict[UUID, datetime]:
    """Return how far locks must stand now by the leaves of classes: as far as one ever said, and as the last one asks.

    What has no such leaf is kept as its seal says.
    """
    of_leaf = {
        reference("retention", row.id): row.recording_id
        for row in connection.execute(
            select(retentions.c.id, retentions.c.recording_id).where(
                retentions.c.recording_id.in_(idents), retentions.c.raised_at.is_not(None)
            )
        )
    }
    now = connection.execute(select(func.now())).scalar_one()
    said: dict[UUID, list[Leaf]] = defaultdict(list)
    for subject, leaves in leaves_about(connection, list(of_leaf), (RetentionRaise,)).items():
        said[of_leaf[subject]] += leaves
    found: dict[UUID, datetime] = {}
    for ident, leaves in said.items():
        ordered = sorted(leaves, key=lambda leaf: max(place.n for place in leaf.chains))
        acts = acts_of(ordered, RetentionRaise)
        wanted = [one.locked_until for one in acts] + [demanded(one.until, now) for one in acts[-1:]]
        if known := [at for at in wanted if at is not None]:
            found[ident] = max(known)
    return found


def _derived(connection: Connection, idents: Collection[UUID]) -> dict[UUID, list[Record]]:
    """Return what was made of each: with the verdict, and afterwards."""
    found: dict[UUID, list[Record]] = defaultdict(list)
    for table in (derivatives, derivations):
        named = ("recording_id", "kind", "object_key", "version_id", "sha256", "parent_sha256")
        query = select(*(table.c[name] for name in named)).where(table.c.recording_id.in_(idents))
        made = query.where(table.c.sha256.is_not(None)).order_by(
            table.c.recording_id, table.c.kind, table.c.id
        )
        for row in connection.execute(made):
            found[row.recording_id].append(row)
    return found


def _recording(row: Record, page: _Page, objects: ObjectCheck) -> Iterator[Found]:
    about = reference("recording", row.id)
    made = page.derived.get(row.id, ())
    if row.state == RecordingState.SEALED:
        yield from _seal_faults(row, about, page.broken.get(row.id, ""))
    for one in made:
        if one.parent_sha256 != row.sha256:
            yield Fault(code=FaultCode.DERIVATIVE_PARENT_DIFFERS, subject=about, detail=one.kind)
    yield Checked(part=Part.RECORDINGS, count=1)
    named = _named(row, about, page.verified.get(about), page.demanded.get(row.id))
    yield from objects.original(named._replace(chunks=page.chunks.get((named.key, named.version_id))))
    for one in made:
        listed = page.chunks.get((one.object_key, one.version_id))
        yield from objects.derivative(
            Derived(about, one.kind, one.object_key, one.version_id, one.sha256, listed)
        )


def _verified(connection: Connection, subjects: Sequence[str]) -> dict[str, Verified]:
    """Return what the log says was concluded of each recording."""
    concluded: dict[str, Verified] = {}
    for about, leaves in leaves_about(connection, subjects, (RecordingSeal, RecordingQuarantine)).items():
        acts: tuple[Verified, ...] = (
            *acts_of(leaves, RecordingSeal),
            *acts_of(leaves, RecordingQuarantine),
        )
        if acts:
            concluded[about] = acts[-1]
    return concluded


def _seal_faults(row: Record, about: str, broken: str) -> Iterator[Fault]:
    if broken:
        yield Fault(code=FaultCode.SEALED_WITH_BROKEN_CLAIM, subject=about, detail=broken)
    if row.declared_sha256 not in (None, row.sha256):
        yield Fault(code=FaultCode.SEALED_WITH_OTHER_BYTES, subject=about)


def _named(row: Record, about: str, verified: Verified | None, locked: datetime | None) -> Named:
    """Return what the object must be: by the log where it speaks of it, else by the row."""
    return Named(
        about=about,
        key=row.object_key,
        version_id=row.version_id,
        size_bytes=row.size_bytes,
        sha256=None if verified is None or verified.sha256 is None else HexDigest(verified.sha256),
        retain_until=None if verified is None else verified.retain_until,
        demanded=locked,
    )
