"""What is asked about looks: who handles the case of a recording, what was looked at by name, how often."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, select

from schemas.actor import Actor
from schemas.ids import ExportId, RecordingId
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.export import exports
from storage.tables.recording import recordings


def is_handled(actor: Actor, recording_id: ColumnElement[Any] | RecordingId) -> ColumnElement[bool]:
    """Return the condition that a recording is tied now to a case that the actor handles."""
    return exists().where(
        case_links.c.recording_id == recording_id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.case_id == case_handlers.c.case_id,
        case_handlers.c.account_id == actor.id,
    )


def names_of_things(
    connection: Connection, recording_ids: Iterable[RecordingId], export_ids: Iterable[ExportId]
) -> dict[UUID, str]:
    """Return the file names of recordings, and the numbers of the cases of packages."""
    files = select(recordings.c.id, recordings.c.filename).where(recordings.c.id.in_(list(recording_ids)))
    packages = (
        select(exports.c.id, cases.c.number)
        .join(cases, cases.c.id == exports.c.case_id)
        .where(exports.c.id.in_(list(export_ids)))
    )
    return {row[0]: row[1] for query in (files, packages) for row in connection.execute(query)}
