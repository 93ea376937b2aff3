"""What agencies set, as dated rows; see `schemas.setting`."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables.base import ident, metadata, moment, ref

agency_settings = Table(
    "agency_settings",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("name", Text, nullable=False),
    Column("value", Integer),
    Column("items", ARRAY(Text)),
    moment("valid_from", nullable=False),
    moment("known_at", nullable=False),
    ref("set_by", "accounts.id"),
    Column("source", Text, nullable=False),
    CheckConstraint("value >= 0", name="value"),
    CheckConstraint("num_nonnulls(value, items) < 2", name="one_kind"),
    UniqueConstraint("agency_id", "name", "valid_from", "known_at"),
)
"""A row is never changed: of those with the same beginning the one known last counts. Neither value nor items: as above."""
