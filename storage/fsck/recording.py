"""The check of recordings: rows against the log and the signed manifests, then their objects, a page at a time.

Reading objects again takes hours, and no snapshot of the database is held that long: every page has its own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from schemas.base import parse_rfc3339
from schemas.custody import CustodyEntry, subject
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.recording import STEPS, RecordingState
from storage.fsck.manifest import broken_claims
from storage.fsck.objects import Derived, Named, ObjectCheck
from storage.fsck.reading import Facts, Leaves, Record, facts_of, leaves_about, moment_of, snapshot
from storage.tables.recording import derivatives, recordings

PAGE = 200

_CONCLUSIONS: Mapping[str, Event] = {row.end: row.logs for row in STEPS}
_RECEIVED = ("size_bytes", "object_key", "version_id")
"""Columns that the receipt logs."""
_CONCLUDED = (*_RECEIVED, "sha256", "sm3", "retain_until")
"""Columns that the conclusion logs."""

_ROWS = select(
    *(recordings.c[name] for name in ("id", "state", "size_bytes", "sha256", "sm3")),
    *(recordings.c[name] for name in ("object_key", "version_id")),
    moment_of(recordings.c.retain_until).label("retain_until"),
)


class _Page(NamedTuple):
    rows: Sequence[Record]
    leaves: Leaves
    broken: Mapping[UUID, str]
    derived: Mapping[UUID, Sequence[Record]]


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
    return _Page(
        rows=rows,
        leaves=leaves_about(connection, [subject("recording", one) for one in idents]),
        broken=broken_claims(connection, idents),
        derived=_derived(connection, idents),
    )


def _derived(connection: Connection, idents: Collection[UUID]) -> dict[UUID, list[Record]]:
    found: dict[UUID, list[Record]] = defaultdict(list)
    for row in connection.execute(
        select(
            *(derivatives.c[name] for name in ("recording_id", "kind", "object_key", "version_id")),
            *(derivatives.c[name] for name in ("sha256", "parent_sha256")),
        )
        .where(derivatives.c.recording_id.in_(idents))
        .order_by(derivatives.c.recording_id, derivatives.c.kind)
    ):
        found[row.recording_id].append(row)
    return found


def _recording(row: Record, page: _Page, objects: ObjectCheck) -> Iterator[Found]:
    about = subject("recording", row.id)
    received = facts_of(page.leaves[about], Event.RECORDING_RECEIVE)
    concluded = [entry for entry in page.leaves[about] if entry.event in _CONCLUSIONS.values()]
    logged = dict(concluded[0].facts) if concluded else {}
    made = page.derived.get(row.id, ())
    if not received:
        yield Fault(code=FaultCode.RECEIPT_ENTRY_MISSING, subject=about)
    yield from _state_faults(row, about, received, concluded)
    if row.state == RecordingState.SEALED:
        yield from _seal_faults(row, about, received, page.broken.get(row.id, ""))
    for one in made:
        if one.parent_sha256 != row.sha256:
            yield Fault(code=FaultCode.DERIVATIVE_PARENT_DIFFERS, subject=about, detail=one.kind)
    yield Checked(part=Part.RECORDINGS, count=1)
    yield from objects.original(_named(row, about, logged))
    for one in made:
        yield from objects.derivative(Derived(about, one.kind, one.object_key, one.version_id, one.sha256))


def _state_faults(
    row: Record, about: str, received: Sequence[Facts], concluded: Sequence[CustodyEntry]
) -> Iterator[Fault]:
    wanted = _CONCLUSIONS.get(row.state)
    events = [entry.event for entry in concluded]
    if events != ([wanted] if wanted else []) or row.state not in set(RecordingState):
        yield Fault(code=FaultCode.STATE_DIFFERS_FROM_LOG, subject=about, detail=row.state)
        return
    said = [(facts, _RECEIVED) for facts in received] + [(entry.facts, _CONCLUDED) for entry in concluded]
    differing = {name for facts, names in said for name in names if getattr(row, name) != facts.get(name)}
    for name in sorted(differing):
        yield Fault(code=FaultCode.ROW_DIFFERS_FROM_LOG, subject=about, detail=name)


def _seal_faults(row: Record, about: str, received: Sequence[Facts], broken: str) -> Iterator[Fault]:
    if broken:
        yield Fault(code=FaultCode.SEALED_WITH_BROKEN_CLAIM, subject=about, detail=broken)
    declared = {facts.get("declared_sha256") for facts in received}
    if declared - {None, row.sha256}:
        yield Fault(code=FaultCode.SEALED_WITH_OTHER_BYTES, subject=about)


def _named(row: Record, about: str, logged: Facts) -> Named:
    """Return what the object must be: by the log where it speaks of it, else by the row."""
    is_concluded = row.state != RecordingState.RECEIVED
    return Named(
        about=about,
        key=row.object_key,
        version_id=row.version_id,
        size_bytes=row.size_bytes,
        sha256=logged.get("sha256", row.sha256) if is_concluded else None,
        retain_until=_parsed(logged.get("retain_until", row.retain_until)) if is_concluded else None,
    )


def _parsed(moment: object) -> datetime | None:
    try:
        return parse_rfc3339(str(moment))
    except ValueError:
        return None
