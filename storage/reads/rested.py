"""Which records of fixed equipment rest on one certificate alone, by the rule that was known when each was concluded."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from schemas.equipment import Certificate, Equipment
from schemas.equipment_annul import Judged, Void, is_touched
from schemas.ids import MonitoringId
from schemas.monitoring import MonitoringState
from storage.reads.certificate_rule import rules_of
from storage.settings import StorageSettings
from storage.tables.monitoring import monitoring_records


class Rested(NamedTuple):
    """A record that rests on a certificate alone."""

    id: MonitoringId
    version: int
    round: int


def rested_on(
    connection: Connection,
    installed: StorageSettings,
    of: Equipment,
    void: Collection[Void],
    others: Collection[Certificate],
) -> list[Rested]:
    """Return the valid records of one piece of equipment that only what covers a time no longer covered.

    Args:
        connection: The transaction; whoever changes the register holds the equipment, so that nobody concludes meanwhile.
        installed: What holds where an agency says nothing.
        of: The equipment.
        void: The times that are covered no longer.
        others: The certificates that are said beside it.
    """
    if not void:
        return []
    told = monitoring_records.c
    times = [and_(told.captured_at >= one.since, told.captured_at < one.until) for one in void]
    rows = connection.execute(
        select(told.id, told.version, told.round, told.state, told.captured_at, told.concluded_at)
        .where(told.equipment_id == of.id, told.state == MonitoringState.VALID, or_(*times))
        .order_by(told.id)
    ).all()
    rules = rules_of(connection, installed, [of.agency_id])
    found = []
    for row in rows:
        needs = rules.needs(of.agency_id, of.kind, row.captured_at, row.concluded_at)
        judged = Judged(MonitoringState(row.state), row.captured_at, needs)
        if any(is_touched(judged, one, others) for one in void):
            found.append(Rested(row.id, row.version, row.round))
    return found
