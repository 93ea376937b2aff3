"""What other nouns ask of the log: the entries about one of their things, and whether one is signed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.event import Event
from storage.reads.agency import Query
from storage.tables.custody import chain_places, checkpoints, custody_entries


def with_entry(query: Query, noun: str, ident: ColumnElement[Any], event: Event) -> Query:
    """Add id, leaf, digest, entry hash and ticket of the leaf of an event about the thing behind a column."""
    known = custody_entries.c
    entry = (known.entry_id, known.leaf, known.digest, known.leaf_hash, known.ticket, known.ticket_kid)
    return query.add_columns(*entry).join(
        custody_entries,
        (custody_entries.c.subject == func.concat(f"{noun}/", ident))
        & (custody_entries.c.event == event)
        & custody_entries.c.refused_by.is_(None),  # a second one that somebody put there is none
    )


def is_signed(connection: Connection, subject: str, event: Event) -> bool:
    """Say whether a signed checkpoint holds an entry of an event about `noun/uuid`."""
    told = checkpoints.c.published_at.is_not(None)
    signed = select(func.max(checkpoints.c.size)).where(told).scalar_subquery()
    held = exists().where(
        custody_entries.c.subject == subject,
        custody_entries.c.event == event,
        custody_entries.c.leaf_index < signed,
    )
    return bool(connection.scalar(select(held)))


def version_in(of: ColumnElement[Any], events: Iterable[Event]) -> ScalarSelect[int]:
    """Return the version of the thing whose chain a column names: the number of its last leaf of these events."""
    entries = custody_entries.c
    return (
        select(func.max(chain_places.c.n))
        .join(custody_entries, entries.id == chain_places.c.entry)
        .where(chain_places.c.of == of, entries.event.in_([event.value for event in events]))
        .scalar_subquery()
    )
