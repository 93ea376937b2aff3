"""What other nouns ask of equipment: its name and number, who hands in for it, and its dated facts."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from schemas.equipment import Certificate, EquipmentFacts, EquipmentReview, Publication, Suspension
from schemas.ids import AccountId, EquipmentId
from storage.reads.agency import Query
from storage.tables.equipment import (
    equipment,
    equipment_certificates,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)


def with_equipment(query: Query, equipment_id: ColumnElement[Any]) -> Query:
    """Add number and name of the equipment behind a column."""
    named = (equipment.c.number.label("equipment_number"), equipment.c.name.label("equipment_name"))
    return query.add_columns(*named).join(equipment, equipment.c.id == equipment_id)


def bound_to(connection: Connection, source_id: AccountId) -> list[Row[Any]]:
    """Return id and number of the equipment that a source hands in for."""
    bound = select(equipment.c.id, equipment.c.number).where(equipment.c.source_id == source_id)
    return list(connection.execute(bound))


def facts_of(connection: Connection, idents: Iterable[EquipmentId]) -> dict[EquipmentId, EquipmentFacts]:
    """Return the dated facts of several pieces of equipment, four queries in all."""
    found: dict[EquipmentId, dict[str, list[Any]]] = {ident: {} for ident in idents}
    for name, table, shape in (
        ("certificates", equipment_certificates, Certificate),
        ("reviews", equipment_reviews, EquipmentReview),
        ("publications", equipment_publications, Publication),
        ("suspensions", equipment_suspensions, Suspension),
    ):
        rows = connection.execute(
            select(table).where(table.c.equipment_id.in_(found)).order_by(table.c.id)
        ).mappings()
        for row in rows:
            found[row["equipment_id"]].setdefault(name, []).append(shape.of_row(row))
    return {ident: EquipmentFacts.model_validate(known, strict=False) for ident, known in found.items()}
