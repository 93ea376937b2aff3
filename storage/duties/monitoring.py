"""Lines of monitoring: records to review and to link, equipment whose verification ends."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_

from schemas.actor import Actor
from schemas.duty import Duty
from schemas.equipment import EquipmentState
from schemas.monitoring import OPEN_STATES, STAGE_ACTIONS, MonitoringState, ReviewStage
from schemas.policy import Action
from schemas.setting_list import Items
from storage.duties.line import Certified, Item, Line, Lines, inside
from storage.reads.equipment import certified_until
from storage.tables.equipment import equipment
from storage.tables.monitoring import monitoring_opinions as opinions
from storage.tables.monitoring import monitoring_records as records


def _record(due: ColumnElement[Any] | None = None) -> Item:
    called = func.coalesce(records.c.plate, records.c.record_id)
    return Item(records.c.id, called, records.c.agency_id, due=due)


def _unreviewed(stage: ReviewStage) -> Callable[[Actor, datetime], Line]:
    def line(actor: Actor, now: datetime) -> Line:
        taken = exists().where(
            opinions.c.monitoring_id == records.c.id,
            opinions.c.round == records.c.round,
            or_(opinions.c.stage == stage, opinions.c.reviewer_id == actor.id),
        )
        is_open = records.c.state.in_(OPEN_STATES)
        return Line(
            source=records,
            where=and_(inside(records.c.agency_id, actor), is_open, ~taken),
            overdue=records.c.due_at < now,
            since=records.c.received_at,
            item=_record(due=records.c.due_at),
        )

    return line


def _unlinked(actor: Actor, now: datetime) -> Line:
    del now
    return Line(
        source=records,
        where=and_(
            inside(records.c.agency_id, actor),
            records.c.state == MonitoringState.VALID,
            records.c.links == 0,
            records.c.gate_faults == [],
        ),
        overdue=false(),
        since=records.c.concluded_at,
        item=_record(),
    )


def _expiring(actor: Actor, now: datetime, until: datetime, kinds: Items) -> Line:
    """Without the verification certificate that its kind needs nothing that equipment records is evidence."""
    ends = func.coalesce(certified_until(equipment.c.id), equipment.c.registered_at)
    return Line(
        source=equipment,
        where=and_(
            inside(equipment.c.agency_id, actor),
            equipment.c.state == EquipmentState.IN_SERVICE,
            equipment.c.kind.in_(kinds),
            ends < until,
        ),
        overdue=ends < now,
        item=Item(equipment.c.id, equipment.c.name, equipment.c.agency_id, due=ends),
    )


MONITORING: Lines = MappingProxyType(
    {
        Duty.REVIEW_FIRST: (STAGE_ACTIONS[ReviewStage.FIRST], _unreviewed(ReviewStage.FIRST)),
        Duty.REVIEW_SECOND: (STAGE_ACTIONS[ReviewStage.SECOND], _unreviewed(ReviewStage.SECOND)),
        Duty.LINK_RECORD: (Action.MONITORING_LINK, _unlinked),
        Duty.RENEW_CERTIFICATE: (Action.EQUIPMENT_KEEP, Certified(_expiring)),
    }
)
