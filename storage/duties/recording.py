"""Lines of recordings and of those who made them: presence, lateness, duties that nobody ended, requests to watch."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select, true
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.actor import Actor
from schemas.duty import Duty
from schemas.policy import Action
from storage.duties.line import Item, Line, Lines, inside
from storage.reads.presence import unanswered, unsettled
from storage.reads.scrub import among_faults, is_at_fault
from storage.reads.shift import goes_on_long, is_unexplained
from storage.tables.approval import approvals
from storage.tables.presence import presences
from storage.tables.recording import manifests, recordings
from storage.tables.shift import shifts

_RECORDING = Item(recordings.c.id, recordings.c.filename, recordings.c.agency_id)


def _called(recording_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the file name of the recording behind a column."""
    return select(recordings.c.filename).where(recordings.c.id == recording_id).scalar_subquery()


def _unconfirmed(actor: Actor, now: datetime) -> Line:
    """Captures, not files; whoever holds no certificate is named by none."""
    del now
    asked = (
        select(recordings.c.manifest_id, func.min(recordings.c.corrected_at).label("at"))
        .where(unanswered(actor))
        .group_by(recordings.c.manifest_id)
        .subquery("asked")
    )
    return Line(source=asked, where=true(), overdue=false(), since=asked.c.at)


def _denied(actor: Actor, now: datetime) -> Line:
    del now
    return Line(
        source=presences.join(manifests, manifests.c.id == presences.c.manifest_id),
        where=and_(unsettled(), inside(manifests.c.agency_id, actor)),
        overdue=false(),
        since=presences.c.answered_at,
    )


def _unexplained(actor: Actor, now: datetime) -> Line:
    return Line(
        source=recordings,
        where=is_unexplained(actor, now),
        overdue=false(),
        since=recordings.c.received_at,
        item=_RECORDING,
    )


def _at_fault(actor: Actor, now: datetime) -> Line:
    return Line(
        source=recordings,
        where=and_(among_faults(), inside(recordings.c.agency_id, actor), is_at_fault(now)),
        overdue=true(),
        since=recordings.c.received_at,
        item=_RECORDING,
    )


def _never_ended(actor: Actor, now: datetime) -> Line:
    return Line(source=shifts, where=goes_on_long(actor.id, now), overdue=false(), since=shifts.c.from_at)


def _asked_approvals(actor: Actor, now: datetime) -> Line:
    waiting = and_(
        approvals.c.granted_at.is_(None), approvals.c.ended_at.is_(None), approvals.c.until_at > now
    )
    return Line(
        source=approvals,
        where=and_(inside(approvals.c.agency_id, actor), waiting, approvals.c.account_id != actor.id),
        overdue=false(),
        since=approvals.c.asked_at,
        item=Item(
            approvals.c.id, _called(approvals.c.recording_id), approvals.c.agency_id, due=approvals.c.until_at
        ),
    )


RECORDING: Lines = MappingProxyType(
    {
        Duty.CONFIRM_PRESENCE: (Action.RECORDING_VIEW, _unconfirmed),
        Duty.SETTLE_DENIAL: (Action.CASE_DECIDE, _denied),
        Duty.EXPLAIN_LATE: (Action.FINDING_ANSWER, _unexplained),
        Duty.STORE_FAULT: (Action.DUTY_VIEW, _at_fault),
        Duty.END_DUTY: (Action.DUTY_KEEP, _never_ended),
        Duty.GRANT_APPROVAL: (Action.APPROVAL_GIVE, _asked_approvals),
    }
)
