"""How the work of the whole installation stands, across the nouns: each number by an index over what is open."""

from datetime import datetime

from sqlalchemy import Connection, exists, func, literal_column, select

from schemas.event import Event
from schemas.recording import RecordingState
from schemas.retention import Renewal
from schemas.scrub import Scrub
from schemas.work import STEP_TOLD, Heartbeat, Work
from storage.outbox import JobKind
from storage.tables.custody import chain_places, checkpoints, custody_entries
from storage.tables.heartbeat import heartbeats
from storage.tables.outbox import JobState, jobs
from storage.tables.reading import readings, scrubs
from storage.tables.recording import recordings
from storage.tables.retention import renewals

_SAID = custody_entries.alias("said")
_STANDS_STILL = exists(select(chain_places.c.of).where(chain_places.c.entry == custody_entries.c.id))
"""The chain of what is refused was not mended."""

# No verdict waits for every frame, or for copies for viewing: a long line of them is no work that stands still.
_WAITS = jobs.c.state == JobState.READY
_TIMES = select(
    func.now().label("at"),
    select(func.min(jobs.c.created_at))
    .where(_WAITS, jobs.c.kind.not_in((JobKind.EXAMINE_FRAMES, JobKind.DERIVE, JobKind.SCRUB)))
    .scalar_subquery()
    .label("job_since"),
    select(func.min(recordings.c.received_at))
    .where(recordings.c.state == RecordingState.RECEIVED)
    .scalar_subquery()
    .label("arrival_since"),
    select(func.min(readings.c.read_at)).scalar_subquery().label("unread_since"),
    select(func.max(recordings.c.verified_at)).scalar_subquery().label("concluded_at"),
    select(func.min(custody_entries.c.at))
    .where(custody_entries.c.leaf_index.is_(None), custody_entries.c.refused_by.is_(None))
    .scalar_subquery()
    .label("entry_since"),
    select(func.count())
    .select_from(custody_entries)
    .where(custody_entries.c.refused_by.is_not(None), _STANDS_STILL)
    .scalar_subquery()
    .label("refused"),
    select(func.count())
    .select_from(custody_entries.join(_SAID, _SAID.c.digest == custody_entries.c.refused_by))
    .where(custody_entries.c.refused_by.is_not(None), ~_STANDS_STILL, _SAID.c.at > func.now() - STEP_TOLD)
    .scalar_subquery()
    .label("refused_lately"),
    select(custody_entries.c.at)
    .where(custody_entries.c.event == literal_column(f"'{Event.CLOCK_STEP}'"))
    .order_by(custody_entries.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("stepped_at"),
    select(func.min(checkpoints.c.signed_at))
    .where(checkpoints.c.published_at.is_(None))
    .scalar_subquery()
    .label("untold_since"),
    select(checkpoints.c.signed_at)
    .where(checkpoints.c.published_at.is_not(None))
    .order_by(checkpoints.c.size.desc())
    .limit(1)
    .scalar_subquery()
    .label("signed_at"),
)


def work_seen(connection: Connection, *, at: datetime | None = None) -> Work:
    """Return how the work stands; `at` stands in for the database's clock, for a process that lives at another time."""
    times = dict(connection.execute(_TIMES).mappings().one())
    rows = connection.execute(select(heartbeats).order_by(heartbeats.c.place)).mappings()
    counted = connection.execute(
        select(jobs.c.kind, func.count().label("number")).where(_WAITS).group_by(jobs.c.kind)
    )
    night = select(renewals).order_by(renewals.c.night.desc()).limit(1)
    renewal = connection.execute(night).mappings().one_or_none()
    scrub = (
        connection.execute(select(scrubs).order_by(scrubs.c.night.desc()).limit(1)).mappings().one_or_none()
    )
    return Work(
        **(times if at is None else times | {"at": at}),
        heartbeats=tuple(map(Heartbeat.of_row, rows)),
        renewal=None if renewal is None else Renewal.of_row(renewal),
        scrub=None if scrub is None else Scrub.of_row(scrub),
        waiting={row.kind: row.number for row in counted},
    )
