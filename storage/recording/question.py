"""What people are asked of their captures, entered and ended by the acts that ask and answer.

A question that stands too long costs a look and asks nobody: whoever reads them judges by capture, checks and answers.
One that is missing is never asked, so it is entered with what it asks about, in the same commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from schemas.checks.manifest import HAND_IN
from schemas.hand_in import LATE_CODES
from schemas.ids import ManifestId, RecordingId, ShiftId
from storage.reads.among import among
from storage.reads.shift import late_in
from storage.tables.question import QuestionKind, questions
from storage.tables.recording import recordings


def ask_presence(
    connection: Connection, manifest_id: ManifestId, numbers: Iterable[str], since: datetime
) -> None:
    """Ask whoever holds one of the certificates that a manifest names whether they were there."""
    rows = [
        {"about": manifest_id, "number": one, "kind": QuestionKind.PRESENCE, "since": since}
        for one in sorted(set(numbers))
    ]
    if rows:
        connection.execute(insert(questions).on_conflict_do_nothing(), rows)


def end_presence(connection: Connection, manifest_ids: Sequence[ManifestId], numbers: Iterable[str]) -> None:
    """End the question of captures, to which whoever holds these certificates has said whether they were there."""
    mine = questions.c.number.in_(sorted(numbers))
    connection.execute(delete(questions).where(among(questions.c.about, manifest_ids), mine))


def ask_late(connection: Connection, recording_id: RecordingId, made: Iterable[Mapping[str, object]]) -> None:
    """Ask whomever a recording names why it came late, where its checks say that it did."""
    if any(one["name"] == HAND_IN.name and one["code"] in LATE_CODES for one in made):
        _ask_late(connection, recordings.c.id == recording_id)


def ask_late_of(connection: Connection, shift_id: ShiftId) -> None:
    """Ask of the recordings of a duty that was ended, and that came after they were due by its end."""
    _ask_late(connection, recordings.c.id.in_(late_in(shift_id)))


def _ask_late(connection: Connection, which: ColumnElement[bool]) -> None:
    late = select(
        recordings.c.id,
        func.unnest(recordings.c.officers),
        literal(QuestionKind.LATE.value),
        recordings.c.received_at,
    ).where(which)
    columns = ("about", "number", "kind", "since")
    connection.execute(insert(questions).from_select(columns, late).on_conflict_do_nothing())


def end_late(connection: Connection, recording_id: RecordingId) -> None:
    """End the question why a recording came late: one explanation is enough."""
    late = questions.c.kind == QuestionKind.LATE
    connection.execute(delete(questions).where(questions.c.about == recording_id, late))
