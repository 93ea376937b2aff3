"""The register of fixed equipment, with the facts that article 41 asks for."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from schemas.equipment import EquipmentState
from storage.tables.base import ident, metadata, moment, ref, states

equipment = Table(
    "equipment",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("source_id", "accounts.id", nullable=True),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("standard", Text, nullable=False),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("crs", Text),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    ref("registered_by", "accounts.id"),
    moment("registered_at", nullable=False),
    states(EquipmentState),
    UniqueConstraint("agency_id", "number"),
    Index("ix_equipment_source_id", "source_id"),
)

equipment_certificates = Table(
    "equipment_certificates",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("number", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    moment("valid_from", nullable=False),
    moment("valid_until", nullable=False),
    ref("recorded_by", "accounts.id"),
    moment("recorded_at", nullable=False),
    CheckConstraint("valid_until > valid_from", name="validity"),
    Index("ix_equipment_certificates_equipment_id", "equipment_id"),
)

equipment_reviews = Table(
    "equipment_reviews",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("kind", Text, nullable=False),
    Column("document", Text, nullable=False),
    moment("reviewed_at", nullable=False),
    ref("recorded_by", "accounts.id"),
    moment("recorded_at", nullable=False),
    CheckConstraint("kind IN ('technical', 'legal')", name="kind"),
    Index("ix_equipment_reviews_equipment_id", "equipment_id"),
)

equipment_publications = Table(
    "equipment_publications",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("url", Text, nullable=False),
    moment("published_at", nullable=False),
    ref("recorded_by", "accounts.id"),
    moment("recorded_at", nullable=False),
    Index("ix_equipment_publications_equipment_id", "equipment_id"),
)

equipment_suspensions = Table(
    "equipment_suspensions",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    moment("from_at", nullable=False),
    moment("until_at"),
    Column("reason", Text, nullable=False),
    ref("recorded_by", "accounts.id"),
    moment("recorded_at", nullable=False),
    CheckConstraint("until_at IS NULL OR until_at >= from_at", name="span"),
    Index(
        "uq_equipment_suspensions_open",
        "equipment_id",
        unique=True,
        postgresql_where=text("until_at IS NULL"),
    ),
    Index("ix_equipment_suspensions_equipment_id", "equipment_id"),
)
