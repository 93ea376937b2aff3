"""What other nouns ask of equipment: its name and number, who hands in for it, its versions and its dated facts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.equipment import (
    Certificate,
    EquipmentFacts,
    EquipmentKind,
    EquipmentReview,
    Publication,
    ReviewKind,
    Suspension,
)
from schemas.equipment_amend import Fact
from schemas.equipment_annul import Annulled
from schemas.equipment_version import VALUES, Version
from schemas.ids import AccountId, EquipmentId
from storage.reads.account import with_name
from storage.reads.agency import Query
from storage.tables.equipment import (
    equipment,
    equipment_annulments,
    equipment_certificates,
    equipment_descriptions,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)


def with_equipment(query: Query, equipment_id: ColumnElement[Any]) -> Query:
    """Add number, name and kind of the equipment behind a column."""
    named = [equipment.c[name].label(f"equipment_{name}") for name in ("number", "name", "kind")]
    return query.add_columns(*named).join(equipment, equipment.c.id == equipment_id)


def with_annulment(query: Query, leaf: ColumnElement[Any]) -> Query:
    """Add why a certificate was annulled by the leaf behind a column."""
    annulled = equipment_annulments.c
    return query.add_columns(annulled.reason).join(equipment_annulments, annulled.leaf == leaf)


def annulled_of(connection: Connection, ident: EquipmentId) -> tuple[Annulled, ...]:
    """Return the certificates of one piece of equipment that are void, in the order in which that was said."""
    void, told = equipment_annulments.c, equipment_certificates.c
    query = (
        select(void.void_from, void.reason, void.annulled_at, told.number, told.issuer)
        .join(equipment_certificates, (told.entry == void.entry) & (told.equipment_id == void.equipment_id))
        .where(void.equipment_id == ident)
        .ext(distinct_on(void.annulled_at, void.leaf))
        .order_by(void.annulled_at, void.leaf, told.id.desc())
    )
    rows = connection.execute(with_name(query, void.annulled_by, "annuller")).mappings()
    return tuple(Annulled.of_row(row) for row in rows)


def bound_to(connection: Connection, source_id: AccountId) -> dict[EquipmentId, tuple[Version, ...]]:
    """Return the equipment that a source hands in for, with what was ever said of each."""
    idents = connection.scalars(select(equipment.c.id).where(equipment.c.source_id == source_id))
    return versions_of(connection, [EquipmentId(ident) for ident in idents])


def kinds_of(connection: Connection, idents: Collection[EquipmentId]) -> dict[EquipmentId, EquipmentKind]:
    """Return of which kind several pieces of equipment are."""
    rows = connection.execute(select(equipment.c.id, equipment.c.kind).where(equipment.c.id.in_(idents)))
    return {row.id: EquipmentKind(row.kind) for row in rows}


def versions_of(
    connection: Connection, idents: Collection[EquipmentId]
) -> dict[EquipmentId, tuple[Version, ...]]:
    """Return what several pieces of equipment were ever said to be, in the order in which it was said, by one query."""
    told = equipment_descriptions.c
    rows = connection.execute(
        select(equipment_descriptions)
        .where(told.equipment_id.in_(idents))
        .order_by(func.lower(told.known_during), told.valid_during, told.id)
    ).mappings()
    found: dict[EquipmentId, list[Version]] = {ident: [] for ident in idents}
    for row in rows:
        valid, known = row["valid_during"], row["known_during"]
        found[row["equipment_id"]].append(
            Version(
                **{name: row[name] for name in VALUES},
                valid_from=valid.lower,
                valid_until=valid.upper,
                known_from=known.lower,
                known_until=known.upper,
                reason=row["reason"],
                leaf=bytes(row["leaf"]).hex(),
            )
        )
    return {ident: tuple(said) for ident, said in found.items()}


def certified_until(equipment_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the end of the latest certificate of the equipment behind a column, by what is said now."""
    told = equipment_certificates.c
    return (
        select(func.max(func.upper(told.valid_during)))
        .where(told.equipment_id == equipment_id, func.upper_inf(told.known_during))
        .scalar_subquery()
    )


def facts_of(connection: Connection, idents: Iterable[EquipmentId]) -> dict[EquipmentId, EquipmentFacts]:
    """Return what was ever said of several pieces of equipment, in the order in which it was, four queries in all."""
    found: dict[EquipmentId, dict[str, list[Fact]]] = {ident: {} for ident in idents}
    for name, (table, fact) in FACTS.items():
        told = table.c
        rows = connection.execute(
            select(table)
            .where(told.equipment_id.in_(found))
            .order_by(func.lower(told.known_during), told.valid_during, told.id)
        ).mappings()
        for row in rows:
            found[row["equipment_id"]].setdefault(name, []).append(fact(row))
    return {ident: EquipmentFacts.model_validate(known, strict=False) for ident, known in found.items()}


def _told(row: RowMapping) -> dict[str, Any]:
    known = row["known_during"]
    return {
        "entry": bytes(row["entry"]).hex(),
        "leaf": bytes(row["leaf"]).hex(),
        "known_from": known.lower,
        "known_until": known.upper,
        "amend_reason": row["amend_reason"],
    }


def _certificate(row: RowMapping) -> Certificate:
    valid, papers = row["valid_during"], {name: row[name] for name in ("number", "issuer", "scan")}
    return Certificate(valid_from=valid.lower, valid_until=valid.upper, **papers, **_told(row))


def _review(row: RowMapping) -> EquipmentReview:
    at, kind = row["valid_during"].lower, ReviewKind(row["kind"])
    return EquipmentReview(kind=kind, document=row["document"], reviewed_at=at, **_told(row))


def _publication(row: RowMapping) -> Publication:
    return Publication(url=row["url"], published_at=row["valid_during"].lower, **_told(row))


def _suspension(row: RowMapping) -> Suspension:
    valid = row["valid_during"]
    return Suspension(from_at=valid.lower, until_at=valid.upper, reason=row["reason"], **_told(row))


FACTS: Mapping[str, tuple[Table, Callable[[RowMapping], Fact]]] = MappingProxyType(
    {
        "certificates": (equipment_certificates, _certificate),
        "reviews": (equipment_reviews, _review),
        "publications": (equipment_publications, _publication),
        "suspensions": (equipment_suspensions, _suspension),
    }
)
"""Kind of a dated fact → its table, and what a row of it is."""
