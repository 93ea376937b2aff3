"""Devices and the one-time codes that enrol them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from storage.tables.base import ident, metadata, moment, ref

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("device_id", UUID(as_uuid=True), nullable=False, unique=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    ref("issued_by", "accounts.id"),
    moment("expires_at", nullable=False),
    moment("used_at"),
    moment("voided_at"),
    CheckConstraint("num_nonnulls(used_at, voided_at) < 2", name="ended_once"),
)
"""Each ends by being used, taken back, or at its time."""

devices = Table(
    "devices",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("kid", Text, nullable=False, unique=True),
    Column("jwk", JSONB, nullable=False),
    Column("algs", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("registration", LargeBinary, nullable=False),
    Column("registration_signature", Text, nullable=False),
    moment("enrolled_at", nullable=False),
    moment("revoked_at"),
)
