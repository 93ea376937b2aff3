"""What a verification found, as rows: checks of one run, what was made from the file, and what is to be made of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from schemas.derivative import DerivativeKind
from schemas.ids import RecordingId
from schemas.recording import Derivative
from storage.act import Deed, fresh_id
from storage.outbox import JobKind, Outbox
from storage.recording.question import ask_late
from storage.tables.derivative import derivations
from storage.tables.examination import examinations
from storage.tables.recording import checks, derivatives


def keep_checks(
    connection: Connection,
    act: Deed,
    recording_id: RecordingId,
    run: int,
    made: Sequence[Mapping[str, object]],
) -> None:
    """Enter the results of one run, in their order, and ask whomever it names where they say that it came late."""
    rows = [
        {"recording_id": recording_id, "run": run, "position": position, "at": act.at, **check}
        for position, check in enumerate(made)
    ]
    connection.execute(checks.insert(), rows)
    ask_late(connection, recording_id, made)


def keep_derivatives(
    connection: Connection, act: Deed, recording_id: RecordingId, made: Sequence[Derivative]
) -> None:
    """Enter what was made; of each kind the first stays."""
    for derivative in made:
        connection.execute(
            insert(derivatives)
            .values(recording_id=recording_id, made_at=act.at, **derivative.model_dump())
            .on_conflict_do_nothing(index_elements=[derivatives.c.recording_id, derivatives.c.kind])
        )


def enter_examinations(
    connection: Connection,
    idents: Iterable[RecordingId],
    *,
    by: UUID | None,
    sender: UUID,
    at: datetime,
    every_frame: bool,
) -> int:
    """Enter what is to be examined again, with its jobs; what waits already is that one. Returns how many were added."""
    rows = [
        {"id": fresh_id(), "recording_id": ident, "asked_by": by, "asked_at": at, "every_frame": every_frame}
        for ident in idents
    ]
    if not rows:
        return 0
    entered = insert(examinations).on_conflict_do_nothing().returning(examinations.c.id)
    added = connection.scalars(entered, rows).all()
    kind = JobKind.EXAMINE_FRAMES if every_frame else JobKind.EXAMINE
    Outbox(connection).enqueue_all(kind, list(added), sender_id=sender)
    return len(added)


def enter_derivations(
    connection: Connection,
    asked: Iterable[tuple[RecordingId, DerivativeKind]],
    *,
    by: UUID | None,
    sender: UUID,
    at: datetime,
) -> int:
    """Enter copies that are to be made, with their jobs; what waits already is that one. Returns how many were added."""
    rows = [
        {"id": fresh_id(), "recording_id": ident, "kind": kind, "asked_by": by, "asked_at": at}
        for ident, kind in asked
    ]
    if not rows:
        return 0
    entered = insert(derivations).on_conflict_do_nothing().returning(derivations.c.id)
    added = connection.scalars(entered, rows).all()
    Outbox(connection).enqueue_all(JobKind.DERIVE, list(added), sender_id=sender)
    return len(added)
