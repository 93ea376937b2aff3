"""What other nouns ask of monitoring records: how many there are, and which recordings are theirs."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, any_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.ids import MonitoringId, RecordingId
from schemas.monitoring import FIRST_ROUND, MonitoringState
from storage.reads.among import among
from storage.reads.examination import DECIDED, TOLD
from storage.tables.case import cases
from storage.tables.monitoring import monitoring_links, monitoring_media, monitoring_records


def recorded_by(equipment_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return how many records the equipment behind a column has handed in."""
    return select(func.count()).where(monitoring_records.c.equipment_id == equipment_id).scalar_subquery()


def linked_to(case_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return how many records are linked now to the case behind a column."""
    return (
        select(func.count())
        .where(monitoring_links.c.case_id == case_id, monitoring_links.c.unlinked_at.is_(None))
        .scalar_subquery()
    )


def monitored(connection: Connection, recording_ids: Collection[RecordingId]) -> frozenset[RecordingId]:
    """Return those of the recordings that fixed equipment made."""
    return frozenset(
        connection.scalars(
            select(monitoring_media.c.recording_id).where(
                among(monitoring_media.c.recording_id, recording_ids)
            )
        )
    )


def rests_on_reopened(now: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition that a case is decided and rests on a record that was re-opened and is not valid again.

    With `now`, the record still waits, or was found invalid lately.
    """
    told = monitoring_records.c
    lately = [] if now is None else [or_(told.concluded_at.is_(None), told.concluded_at > now - TOLD)]
    linked = exists().where(
        monitoring_links.c.case_id == cases.c.id,
        monitoring_links.c.unlinked_at.is_(None),
        told.id == monitoring_links.c.monitoring_id,
        told.round > FIRST_ROUND,
        told.state != MonitoringState.VALID,
        *lately,
    )
    return and_(cases.c.state.in_(DECIDED), linked)


def resting_on(connection: Connection, idents: Collection[MonitoringId]) -> tuple[int, int]:
    """Return how many cases rest on these records, and how many of those are decided."""
    wanted = any_(literal(list(idents), ARRAY(UUID(as_uuid=True))))
    linked = select(monitoring_links.c.case_id).where(
        monitoring_links.c.monitoring_id == wanted, monitoring_links.c.unlinked_at.is_(None)
    )
    row = connection.execute(
        select(func.count(), func.count().filter(cases.c.state.in_(DECIDED))).where(cases.c.id.in_(linked))
    ).one()
    return row[0], row[1]
