"""Which recording meets a manifest's file, and which are further copies of it: kept, receipted, and counted once.

The first one that was sealed meets the file, for good: a sealed recording has the digest that the manifest states.
While none is sealed the first that arrived stands for it. A quarantined one is no copy: its bytes are others.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Tuple, distinct, exists, func, select, tuple_
from sqlalchemy.sql.selectable import FromClause, ScalarSelect

from schemas.ids import RecordingId
from schemas.recording import RecordingState
from storage.tables.case import case_links
from storage.tables.recording import recordings

_MEETING = (RecordingState.SEALED.value, RecordingState.RECEIVED.value)


def is_copy() -> ColumnElement[bool]:
    """Return the condition that another recording than this row of `recordings` meets its manifest's file."""
    return exists(_before())


def copy_of() -> ScalarSelect[RecordingId]:
    """Return the recording that meets the manifest's file in place of this row of `recordings`; NULL if this does."""
    return _before().scalar_subquery()


def item_of(recording_id: RecordingId) -> ScalarSelect[str | None]:
    """Return which manifest's file a recording meets or copies, as its ties repeat it; NULL if it stands for itself."""
    return (
        select(func.concat(recordings.c.manifest_id, "/", recordings.c.file_index))
        .where(
            recordings.c.id == recording_id,
            recordings.c.file_index.is_not(None),
            recordings.c.state.in_(_MEETING),
        )
        .scalar_subquery()
    )


def recordings_of(case_id: ColumnElement[Any]) -> ScalarSelect[int]:
    """Return how many recordings are linked to a case now, each file of a manifest once (`counted_once`).

    It is asked for every line of a list: the live ties and their index hold all it needs.
    """
    alone = func.count().filter(case_links.c.item.is_(None))
    return (
        select(alone + func.count(distinct(case_links.c.item)))
        .where(case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None))
        .scalar_subquery()
    )


@cache
def _before() -> Select[tuple[RecordingId]]:
    first = recordings.alias("first_copy")
    return (
        select(first.c.id)
        .where(
            first.c.manifest_id == recordings.c.manifest_id,
            first.c.file_index == recordings.c.file_index,
            first.c.state.in_(_MEETING),
            recordings.c.state.in_(_MEETING),
            _rank(first) < _rank(recordings),
        )
        .order_by(_rank(first))
        .limit(1)
        .correlate(recordings)
    )


def _rank(one: FromClause) -> Tuple:
    is_waiting = one.c.state == RecordingState.RECEIVED.value
    return tuple_(is_waiting, func.coalesce(one.c.verified_at, one.c.received_at), one.c.id)
