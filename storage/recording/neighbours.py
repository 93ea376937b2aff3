"""What was recorded beside a recording: by the same device just before and after it, and in the same cases about then."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, tuple_

from schemas.ids import CaseId
from schemas.manifest import ManifestState
from schemas.recording import Recording, counted_once
from storage.reads.case import is_linked
from storage.recording.values import recording_of, select_recordings
from storage.tables.recording import manifests, recordings

_NEAREST = 4
"""Recordings of a case that are shown beside one; copies of one file are looked past within as many."""


class Neighbour(NamedTuple):
    """A recording beside another, and the time between them: what lies before the later one; negative, they overlap.

    `apart` is absent where one of them states no time.
    """

    recording: Recording
    apart: timedelta | None


class Neighbours(NamedTuple):
    """What the device recorded before and after, and what the cases hold from about then, the nearest first."""

    before: Neighbour | None = None
    after: Neighbour | None = None
    of_cases: tuple[Neighbour, ...] = ()


def neighbours_of(
    connection: Connection, found: Recording, cases: Iterable[CaseId], visible: ColumnElement[bool]
) -> Neighbours:
    """Return what may be seen beside a recording; the caller has checked it and the cases."""
    before, after = (
        _of_device(connection, found, visible, is_before=is_before) for is_before in (True, False)
    )
    taken = {one.id for one in (found, before, after) if one is not None}
    beside = [one for one in _of_cases(connection, found, cases, visible) if one.id not in taken]
    return Neighbours(
        None if before is None else Neighbour(before, apart(before, found)),
        None if after is None else Neighbour(after, apart(found, after)),
        tuple(Neighbour(one, _between(found, one)) for one in beside),
    )


def apart(earlier: Recording, later: Recording) -> timedelta | None:
    """Return the time from the end of one recording to the beginning of the next, by clocks of one kind."""
    if earlier.corrected_at is not None and later.corrected_at is not None:
        return later.corrected_at - _end(earlier, earlier.corrected_at)
    if earlier.captured_at is None or later.captured_at is None:
        return None
    return later.captured_at - _end(earlier, earlier.captured_at)


def _between(one: Recording, other: Recording) -> timedelta | None:
    """Return the time between two whichever is first; while both run it is negative."""
    spans = [span for span in (apart(one, other), apart(other, one)) if span is not None]
    return max(spans, default=None)


def _end(one: Recording, start: datetime) -> datetime:
    return start + timedelta(milliseconds=one.facts.duration_ms or 0)


def _of_device(
    connection: Connection, found: Recording, visible: ColumnElement[bool], *, is_before: bool
) -> Recording | None:
    if found.captured_by is None or found.captured_at is None:
        return None
    place: Any = tuple_(manifests.c.captured_at, recordings.c.file_index)
    here = tuple_(found.captured_at, found.file_index or 0)
    near = (
        and_(manifests.c.captured_at <= found.captured_at, place < here)
        if is_before
        else and_(manifests.c.captured_at >= found.captured_at, place > here)
    )
    order = [manifests.c.captured_at, recordings.c.file_index, recordings.c.id]
    rows = connection.execute(
        select_recordings()
        .where(
            manifests.c.device_id == found.captured_by,
            manifests.c.state == ManifestState.DECLARED,
            near,
            visible,
        )
        .order_by(*(one.desc() if is_before else one for one in order))
        .limit(_NEAREST)
    ).mappings()
    others = [one for one in map(recording_of, rows) if one.item != found.item or one.item is None]
    return next(iter(counted_once(others)), None)


def _of_cases(
    connection: Connection, found: Recording, cases: Iterable[CaseId], visible: ColumnElement[bool]
) -> tuple[Recording, ...]:
    here = found.corrected_at or found.captured_at or found.received_at
    when = func.coalesce(recordings.c.corrected_at, recordings.c.captured_at, recordings.c.received_at)
    rows: dict[Any, Recording] = {}
    for case_id in cases:
        nearest = (
            select_recordings()
            .where(is_linked(recordings.c.id, case_id), recordings.c.id != found.id, visible)
            .order_by(func.abs(func.extract("epoch", when - here)), recordings.c.id)
            .limit(_NEAREST)
        )
        rows |= {row["id"]: recording_of(row) for row in connection.execute(nearest).mappings()}
    return counted_once(rows.values())[:_NEAREST]
