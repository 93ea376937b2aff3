"""What other nouns ask of monitoring records: how many there are, and which recordings are theirs."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.ids import RecordingId
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
            select(monitoring_media.c.recording_id).where(monitoring_media.c.recording_id.in_(recording_ids))
        )
    )
