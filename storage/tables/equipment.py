"""The register of fixed equipment, with the facts that article 41 asks for."""

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.schema import SchemaItem

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
    Index("ix_equipment_number_id", "number", "id"),
    Index("ix_equipment_name_id", "name", "id"),
    Index("ix_equipment_source_id", "source_id"),
)
"""Number, name, site, standard and position are the last of what is said (`equipment_descriptions`)."""

equipment_descriptions = Table(
    "equipment_descriptions",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    ref("agency_id", "agencies.id"),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("standard", Text, nullable=False),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("crs", Text),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    Column("reason", Text),
    ref("described_by", "accounts.id"),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    Index("ix_equipment_descriptions_equipment_id", "equipment_id"),
    ExcludeConstraint(
        ("equipment_id", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_equipment_descriptions_one_word",
        using="gist",
    ),
    ExcludeConstraint(
        ("agency_id", "="),
        ("number", "="),
        ("valid_during", "&&"),
        name="ex_equipment_descriptions_one_thing",
        using="gist",
        where=text("upper_inf(known_during)"),
    ),
)
"""What equipment is called, where it stands and which standard it follows: for which time, and since when it was said.

The registration says it of always. A number of one time means one thing of its agency, by what is said now.
"""


def _told(table: str) -> Iterator[SchemaItem]:
    """What every dated fact has: both ranges, who said it and by which leaf; one word of one time as known at one."""
    yield Column("valid_during", TSTZRANGE, nullable=False)
    yield Column("known_during", TSTZRANGE, nullable=False)
    yield Column("amend_reason", Text)
    yield ref("recorded_by", "accounts.id")
    yield Column("entry", LargeBinary, nullable=False)
    yield Column("leaf", LargeBinary, nullable=False, unique=True)
    yield CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts")
    yield Index(f"ix_{table}_equipment_id", "equipment_id")
    yield ExcludeConstraint(
        ("entry", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name=f"ex_{table}_one_word",
        using="gist",
    )


equipment_certificates = Table(
    "equipment_certificates",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("number", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("scan", Text),
    *_told("equipment_certificates"),
)
"""From when to when a certificate is valid, and from when to when that was said.

In this and the next three `entry` is the digest of the leaf that entered the fact, `leaf` of the one that said this.
"""

equipment_annulments = Table(
    "equipment_annulments",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    moment("void_from"),
    Column("reason", Text, nullable=False),
    ref("annulled_by", "accounts.id"),
    moment("annulled_at", nullable=False),
    Index("ix_equipment_annulments_equipment_id", "equipment_id"),
)
"""Certificates that were annulled: `entry` is the leaf that entered one, `leaf` the one that annulled it.

Without `void_from` it was void from the beginning.
"""

equipment_reviews = Table(
    "equipment_reviews",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("kind", Text, nullable=False),
    Column("document", Text, nullable=False),
    *_told("equipment_reviews"),
    CheckConstraint("kind IN ('technical', 'legal')", name="kind"),
)
"""Since when equipment is reviewed: a review has no end."""

equipment_publications = Table(
    "equipment_publications",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("url", Text, nullable=False),
    *_told("equipment_publications"),
)
"""Since when the place of equipment is public."""

equipment_suspensions = Table(
    "equipment_suspensions",
    metadata,
    ident(),
    ref("equipment_id", "equipment.id"),
    Column("reason", Text, nullable=False),
    *_told("equipment_suspensions"),
    Index(
        "uq_equipment_suspensions_open",
        "equipment_id",
        unique=True,
        postgresql_where=text("upper_inf(valid_during) AND upper_inf(known_during)"),
    ),
)
"""From when to when equipment was out of service; its return is a word of its own."""
