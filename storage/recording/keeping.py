"""What a verification found, as rows: checks of one run, and what was made from the file."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from schemas.ids import RecordingId
from schemas.recording import Derivative
from storage.act import Deed
from storage.tables.recording import checks, derivatives


def keep_checks(
    connection: Connection,
    act: Deed,
    recording_id: RecordingId,
    run: int,
    made: Sequence[Mapping[str, object]],
) -> None:
    """Enter the results of one run, in their order."""
    rows = [
        {"recording_id": recording_id, "run": run, "position": position, "at": act.at, **check}
        for position, check in enumerate(made)
    ]
    connection.execute(checks.insert(), rows)


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
