"""What other nouns ask of the log: the entries about one of their things, and whether one is signed."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from schemas.event import Event
from storage.reads.agency import Query
from storage.tables.custody import checkpoints, custody_entries


def with_entry(query: Query, noun: str, ident: ColumnElement[Any], event: Event) -> Query:
    """Add id, leaf, digest and entry hash of the leaf of an event about the thing behind a column."""
    known = custody_entries.c
    entry = (known.entry_id, known.leaf, known.digest, known.leaf_hash)
    return query.add_columns(*entry).join(
        custody_entries,
        (custody_entries.c.subject == func.concat(f"{noun}/", ident)) & (custody_entries.c.event == event),
    )


def is_signed(connection: Connection, subject: str, event: Event) -> bool:
    """Say whether a signed checkpoint holds an entry of an event about `noun/uuid`."""
    signed = select(func.max(checkpoints.c.size)).scalar_subquery()
    held = exists().where(
        custody_entries.c.subject == subject,
        custody_entries.c.event == event,
        custody_entries.c.leaf_index < signed,
    )
    return bool(connection.scalar(select(held)))
