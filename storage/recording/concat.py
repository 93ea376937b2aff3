"""Uploads that are pieces of a file: which of them end, and what else ends with the file (tus 1.0, Concatenation).

A partial upload is an open upload whose bytes all wait as pieces of a tail. A final upload takes over these pieces in
one commit and is from then on an upload whose every byte is here: what completes such a one after a crash completes
it too. Its partial uploads stay, so that their sender hears the same when it asks again, and end with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, update

from schemas.upload import PARTIAL, UploadState
from storage.tables.recording import uploads

JOIN_GRACE = timedelta(minutes=5)
"""So long a final upload is left to the process that was asked to join it; a join beside it comes to the same."""


def may_end() -> ColumnElement[bool]:
    """Return the condition under which an open upload may end without a recording.

    A file that is all here never does; a piece of one does as long as no file was made of it.
    """
    is_free_piece = and_(uploads.c.concat == PARTIAL, uploads.c.final_id.is_(None))
    return or_(uploads.c.offset_bytes < uploads.c.length_bytes, is_free_piece)


def is_left(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which an upload that is all here is a file that nobody completes."""
    is_joined_by_nobody = and_(uploads.c.concat != PARTIAL, uploads.c.opened_at < now - JOIN_GRACE)
    return or_(uploads.c.concat.is_(None), is_joined_by_nobody)


def received_with(connection: Connection, final: Mapping[str, Any]) -> None:
    """End the pieces of an upload with it: they became its recording and none of their own."""
    if final["concat"] is not None:
        connection.execute(
            update(uploads)
            .where(uploads.c.final_id == final["id"])
            .values(state=UploadState.RECEIVED, recording_id=final["recording_id"])
        )
