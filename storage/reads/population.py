"""What an audit may draw, and which recordings belong to what it drew: rows of other nouns, by their ids."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, SelectBase, func, select, text

from schemas.audit import AuditKind, RecheckOutcome
from schemas.case import CaseState
from schemas.ids import AgencyId, AuditId
from schemas.recording import RecordingState
from storage.reads.copies import is_copy
from storage.reads.examination import went_frame_by_frame
from storage.tables.audit import audit_rechecks, audit_sample
from storage.tables.case import case_links, cases
from storage.tables.monitoring import monitoring_links, monitoring_media
from storage.tables.recording import recordings


def eligible(
    kind: AuditKind, agency_ids: Collection[AgencyId], *, from_at: datetime, until_at: datetime
) -> Select[tuple[UUID]]:
    """Select closed cases, or sealed recordings without further copies, of some agencies in a period."""
    table, at, state = (
        (cases, cases.c.closed_at, CaseState.CLOSED.value)
        if kind is AuditKind.CLOSED_CASES
        else (recordings, recordings.c.received_at, RecordingState.SEALED.value)
    )
    found = select(table.c.id).where(
        table.c.agency_id.in_(agency_ids),
        table.c.state == state,
        at >= from_at,
        at < until_at,
    )
    return found if table is cases else found.where(~is_copy())


def drawn_recordings(kind: AuditKind, audit_id: AuditId) -> SelectBase:
    """Select audit, member, recording and the waiting outcome, for every recording of what an audit drew."""
    waiting = text(f"'{RecheckOutcome.WAITING.value}'")
    drawn = audit_sample.c.audit_id == audit_id
    if kind is AuditKind.SEALED_RECORDINGS:
        return (
            select(audit_sample.c.audit_id, audit_sample.c.member_id, recordings.c.id, waiting)
            .join(recordings, recordings.c.id == audit_sample.c.member_id)
            .where(drawn)
        )
    linked = (
        select(audit_sample.c.audit_id, audit_sample.c.member_id, case_links.c.recording_id, waiting)
        .join(case_links, case_links.c.case_id == audit_sample.c.member_id)
        .where(drawn, case_links.c.unlinked_at.is_(None))
    )
    monitored = (
        select(audit_sample.c.audit_id, audit_sample.c.member_id, monitoring_media.c.recording_id, waiting)
        .join(monitoring_links, monitoring_links.c.case_id == audit_sample.c.member_id)
        .join(monitoring_media, monitoring_media.c.monitoring_id == monitoring_links.c.monitoring_id)
        .where(drawn, monitoring_links.c.unlinked_at.is_(None))
    )
    return linked.union(monitored)


def drawn_films(audit_id: AuditId, longest: timedelta) -> Select[tuple[UUID]]:
    """Select the films of what an audit drew, up to a length, that nobody has decoded frame by frame."""
    milliseconds = func.coalesce(recordings.c.facts["duration_ms"].as_integer(), 0)
    return select(recordings.c.id).where(
        recordings.c.id.in_(
            select(audit_rechecks.c.recording_id).where(audit_rechecks.c.audit_id == audit_id)
        ),
        recordings.c.state == RecordingState.SEALED,
        recordings.c.media_type.startswith("video/"),
        milliseconds < longest // timedelta(milliseconds=1),
        ~went_frame_by_frame(),
    )
