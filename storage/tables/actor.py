"""Agencies, accounts, their certificates and sessions."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables.base import ident, metadata, moment, ref

agencies = Table(
    "agencies",
    metadata,
    ident(),
    ref("parent_id", "agencies.id", nullable=True),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_supervising", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("kind IN ('agency', 'authorised', 'entrusted')", name="kind"),
)

accounts = Table(
    "accounts",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
)

certificates = Table(
    "certificates",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("number", Text, nullable=False, unique=True),
    moment("valid_from", nullable=False),
    moment("valid_until", nullable=False),
    CheckConstraint("valid_until > valid_from", name="validity"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    ref("account_id", "accounts.id", nullable=True),
    ref("device_id", "devices.id", nullable=True),
    moment("created_at", nullable=False, now=True),
    moment("expires_at", nullable=False),
    CheckConstraint("num_nonnulls(account_id, device_id) = 1", name="one_holder"),
)

assertions = Table(
    "assertions",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    moment("expires_at", nullable=False),
)
