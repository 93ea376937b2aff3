"""What is asked about looks: who handles the case of a recording, what was looked at by name, how often."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from schemas.actor import Actor
from schemas.ids import CaseId, ExportId, RecordingId
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.custody import custody_entries
from storage.tables.export import exports
from storage.tables.look import looks
from storage.tables.recording import recordings


def is_handled(actor: Actor, recording_id: ColumnElement[Any] | RecordingId) -> ColumnElement[bool]:
    """Return the condition that a recording is tied now to a case that the actor handles."""
    return exists().where(
        case_links.c.recording_id == recording_id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.case_id == case_handlers.c.case_id,
        case_handlers.c.account_id == actor.id,
    )


def read_so_far(connection: Connection, recording_ids: Iterable[UUID], case_id: CaseId) -> tuple[str, ...]:
    """Return the digests, hex, of the looks that the log holds at some recordings and at the packages of a case.

    In the order of the log, as far as the signer has given indices: so the first n of them stay the first n.
    """
    packages = select(exports.c.id).where(exports.c.case_id == case_id)
    looked_at = or_(looks.c.recording_id.in_(list(recording_ids)), looks.c.export_id.in_(packages))
    query = (
        select(looks.c.leaf)
        .join(custody_entries, custody_entries.c.digest == looks.c.leaf)
        .where(looked_at, custody_entries.c.leaf_index.is_not(None))
        .order_by(custody_entries.c.leaf_index)
    )
    return tuple(bytes(leaf).hex() for leaf in connection.scalars(query))


def names_of_things(
    connection: Connection, recording_ids: Sequence[RecordingId], export_ids: Sequence[ExportId]
) -> dict[UUID, str]:
    """Return the file names of recordings, and the numbers of the cases of packages."""
    files = select(recordings.c.id, recordings.c.filename).where(recordings.c.id.in_(recording_ids))
    packages = (
        select(exports.c.id, cases.c.number)
        .join(cases, cases.c.id == exports.c.case_id)
        .where(exports.c.id.in_(export_ids))
    )
    asked = [query for query, idents in ((files, recording_ids), (packages, export_ids)) if idents]
    return {row[0]: row[1] for query in asked for row in connection.execute(query)}
