"""What other nouns ask of differences in the store: which recordings need somebody who looks into it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, any_, exists, func, or_, select, union

from schemas.recording import RecordingState
from storage.outbox import JobKind
from storage.tables.examination import examinations
from storage.tables.outbox import JobState, jobs
from storage.tables.recording import recordings
from storage.tables.scrub import scrub_finds

TOLD = timedelta(days=90)
"""So long a quarantined one is told of: nothing ends it. Of a sealed one it is told until its bytes are read as sealed."""

_VERIFYING = (JobKind.VERIFY.value, JobKind.VERIFY_SLOW.value)


def has_stopped() -> ColumnElement[bool]:
    """Return the condition that nobody goes on with the verification of a recording: its job ended without a result."""
    ended = exists().where(
        jobs.c.kind.in_(_VERIFYING), jobs.c.subject_id == recordings.c.id, jobs.c.state == JobState.FAILED
    )
    return and_(recordings.c.state == RecordingState.RECEIVED, ended)


def is_at_fault(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the store gives otherwise than was recorded, or that a verification has stopped."""
    since_read = ~exists().where(
        examinations.c.recording_id == recordings.c.id, examinations.c.examined_at > scrub_finds.c.found_at
    )
    found = scrub_finds.c.recording_id == recordings.c.id
    sealed = and_(recordings.c.state == RecordingState.SEALED, exists().where(found, since_read))
    kept_apart = and_(
        recordings.c.state == RecordingState.QUARANTINED,
        exists().where(found, scrub_finds.c.found_at > now - TOLD),
    )
    return or_(sealed, kept_apart, has_stopped())


def among_faults() -> ColumnElement[bool]:
    """Return the condition that a recording stands where `is_at_fault` looks: a find, or a verification that ended so.

    Whoever lists those at fault asks both, so that a look costs what is broken and not what is kept.
    """
    ended = select(jobs.c.subject_id).where(jobs.c.kind.in_(_VERIFYING), jobs.c.state == JobState.FAILED)
    listed = union(select(scrub_finds.c.recording_id), ended)
    return recordings.c.id == any_(func.array(listed.scalar_subquery()))
