"""What the people say whom captures name."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from schemas.leaves_presence import PresenceWay
from schemas.presence import PresenceAnswer
from storage.tables.base import ident, metadata, moment, one_of, ref

presences = Table(
    "presences",
    metadata,
    ident(),
    ref("manifest_id", "manifests.id"),
    ref("account_id", "accounts.id"),
    ref("certificate_id", "certificates.id"),
    Column("state", Text, nullable=False),
    Column("way", Text, nullable=False),
    ref("partner_id", "accounts.id", nullable=True),
    Column("reason", Text),
    moment("answered_at", nullable=False),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    Column("settlement", Text),
    ref("settled_by", "accounts.id", nullable=True),
    moment("settled_at"),
    one_of("state", PresenceAnswer),
    one_of("way", PresenceWay),
    CheckConstraint("(state = 'denied') = (reason IS NOT NULL)", name="explained"),
    CheckConstraint("settled_at IS NULL OR state = 'denied'", name="settles_denials"),
    CheckConstraint("num_nulls(settlement, settled_by, settled_at) IN (0, 3)", name="settled"),
    CheckConstraint("(way = 'scan') = (partner_id IS NOT NULL)", name="partner"),
    CheckConstraint("partner_id <> account_id", name="other_person"),
    CheckConstraint("way = 'login' OR state = 'confirmed'", name="denied_by_login"),
    UniqueConstraint("manifest_id", "account_id", "state"),
    Index(None, "account_id"),
    Index(
        "ix_presences_unsettled",
        "manifest_id",
        postgresql_where=text("state = 'denied' AND settled_at IS NULL"),
    ),
)
"""A row for each answer: the last one of a person counts. `leaf` is the digest of the leaf that gave it.

`partner_id` is whoever showed the code by which it was confirmed on the spot.
"""

partner_codes = Table(
    "partner_codes",
    metadata,
    Column("account_id", UUID(as_uuid=True), ForeignKey("accounts.id"), primary_key=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    moment("made_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("voided_at"),
    Column("used_by", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'")),
    CheckConstraint("expires_at > made_at", name="lasts"),
)
"""The last code that somebody showed, one row a person: in flight, no evidence. `used_by`: each confirms by it once."""

partner_code_tries = Table(
    "partner_code_tries",
    metadata,
    Column("account_id", UUID(as_uuid=True), ForeignKey("accounts.id"), primary_key=True),
    moment("since", nullable=False),
    Column("tries", Integer, nullable=False),
    CheckConstraint("tries >= 0", name="tries"),
)
"""How many codes somebody tried since when, one row a person: each counts before it is looked at, until it was right."""
