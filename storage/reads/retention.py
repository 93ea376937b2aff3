"""What recordings are tied to, for how long they are kept: directly, or as pictures of a monitoring record that is."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    exists,
    literal_column,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on

from schemas.ids import CaseId, MonitoringId, RecordingId
from schemas.retention import Tie
from schemas.setting import Setting
from storage.outbox import JobKind
from storage.reads.setting import setting_at
from storage.reads.summary import is_summary
from storage.settings import StorageSettings
from storage.tables.case import case_links, cases
from storage.tables.monitoring import monitoring_links, monitoring_media
from storage.tables.outbox import JobState, jobs
from storage.tables.retention import retention_marks, retentions


def _direct() -> Select[Any]:
    return select(case_links.c.recording_id, case_links.c.case_id).where(case_links.c.unlinked_at.is_(None))


def _as_pictures() -> Select[Any]:
    return (
        select(monitoring_media.c.recording_id, monitoring_links.c.case_id)
        .join(monitoring_links, monitoring_links.c.monitoring_id == monitoring_media.c.monitoring_id)
        .where(monitoring_links.c.unlinked_at.is_(None))
    )


def ties_of(connection: Connection, settings: StorageSettings, recording_id: RecordingId) -> tuple[Tie, ...]:
    """Return the cases that a recording is tied to now; what an agency sets is asked as of a case's closing."""
    tied = union(
        _direct().where(case_links.c.recording_id == recording_id),
        _as_pictures().where(monitoring_media.c.recording_id == recording_id),
    ).subquery()
    rows = connection.execute(
        select(cases.c.id, cases.c.agency_id, cases.c.closed_at, is_summary(cases.c.id).label("is_summary"))
        .join(tied, tied.c.case_id == cases.c.id)
        .order_by(cases.c.id)
    ).all()
    return tuple(Tie(CaseId(row.id), row.closed_at, _months(connection, settings, row)) for row in rows)


def _months(connection: Connection, settings: StorageSettings, row: Row[Any]) -> int:
    """Return how long what a case rests on is kept from its closing on: R3 where it was decided on the spot, else R2."""
    if row.closed_at is None:
        return 0
    name = Setting.SUMMARY_RETENTION_MONTHS if row.is_summary else Setting.CASE_RETENTION_MONTHS
    return setting_at(connection, settings, row.agency_id, name, row.closed_at)


def tied_to(case_id: CaseId) -> Select[Any]:
    """Return the ids of the recordings that are tied to a case now."""
    both = union(
        _direct().where(case_links.c.case_id == case_id),
        _as_pictures().where(monitoring_links.c.case_id == case_id),
    ).subquery()
    return select(both.c.recording_id)


def pictures_of(ident: MonitoringId) -> Select[Any]:
    """Return the ids of the pictures of a monitoring record."""
    return select(monitoring_media.c.recording_id).where(monitoring_media.c.monitoring_id == ident)


def standing_ties() -> FromClause:
    """Return every tie that stands: `recording_id`, and `closed_at` of its case."""
    both = union(_direct(), _as_pictures()).subquery()
    return select(both.c.recording_id, cases.c.closed_at).join(cases, cases.c.id == both.c.case_id).subquery()


def is_tied(recording_id: ColumnElement[Any], *, to_open: bool) -> ColumnElement[bool]:
    """Return the condition that a recording is tied to a case now, or to one that is not over."""
    over = [cases.c.closed_at.is_(None)] if to_open else []
    direct = (
        select(literal_column("1"))
        .select_from(case_links.join(cases, cases.c.id == case_links.c.case_id))
        .where(case_links.c.recording_id == recording_id, case_links.c.unlinked_at.is_(None), *over)
        .exists()
    )
    as_picture = (
        select(literal_column("1"))
        .select_from(
            monitoring_media.join(
                monitoring_links, monitoring_links.c.monitoring_id == monitoring_media.c.monitoring_id
            ).join(cases, cases.c.id == monitoring_links.c.case_id)
        )
        .where(
            monitoring_media.c.recording_id == recording_id, monitoring_links.c.unlinked_at.is_(None), *over
        )
        .exists()
    )
    return direct | as_picture


def is_asked(recording_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a job will look at for how long a recording is kept."""
    return exists().where(
        retentions.c.recording_id == recording_id,
        retentions.c.raised_at.is_(None),
        jobs.c.kind == JobKind.RETAIN.value,
        jobs.c.subject_id == retentions.c.id,
        jobs.c.state.in_((JobState.READY.value, JobState.LEASED.value)),
    )


def is_marked(connection: Connection, recording_id: RecordingId) -> bool:
    """Say whether somebody in office said, and nobody took it back, that a recording is kept for ever."""
    newest = retention_marks.c.marked_at.desc(), retention_marks.c.id.desc()
    query = select(retention_marks.c.stands).where(retention_marks.c.recording_id == recording_id)
    return bool(connection.scalar(query.order_by(*newest).limit(1)))


def newest_marks() -> FromClause:
    """Return the mark that counts of every recording that was ever marked: `recording_id` and `stands`."""
    of = retention_marks.c.recording_id
    newest = of, retention_marks.c.marked_at.desc(), retention_marks.c.id.desc()
    return select(of, retention_marks.c.stands).ext(distinct_on(of)).order_by(*newest).subquery()
