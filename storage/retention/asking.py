"""Asking that recordings are kept for what they are tied to now: in the commit of whatever ties or unties them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from schemas.recording import RecordingState
from storage.act import fresh_id
from storage.outbox import JobKind, Outbox
from storage.tables.recording import recordings
from storage.tables.retention import retentions


def enter_retentions(
    connection: Connection,
    of: Iterable[UUID] | Select[Any],
    *,
    sender: UUID,
    at: datetime,
    even_received: bool = False,
) -> None:
    """Ask, with a job for each, that recordings are kept for what they are tied to now; `sender` is what their work is for.

    What is not verified yet is left out: its verification asks behind the chain that it and whoever ties it hold. Whoever
    ties it without that chain asks all the same (`even_received`), and the job looks behind it.
    """
    which = recordings.c.id.in_(of if isinstance(of, Select) else list(of))
    ready = [] if even_received else [recordings.c.state != RecordingState.RECEIVED.value]
    found = connection.scalars(select(recordings.c.id).where(which, *ready).order_by(recordings.c.id)).all()
    rows = [{"id": fresh_id(), "recording_id": ident, "asked_at": at} for ident in found]
    if rows:
        connection.execute(insert(retentions), rows)
        Outbox(connection).enqueue_all(JobKind.RETAIN, [row["id"] for row in rows], sender_id=sender)
