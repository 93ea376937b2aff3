"""What devices are, how they were found, and who had them: facts with two ranges; see `schemas.holding`."""

from sqlalchemy import (
    Boolean,
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
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from schemas.holding import CheckOccasion
from storage.tables.base import ident, metadata, moment, one_of, ref

device_descriptions = Table(
    "device_descriptions",
    metadata,
    ident(),
    ref("device_id", "devices.id"),
    Column("kind", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("reason", Text),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    ref("described_by", "accounts.id"),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    ExcludeConstraint(
        ("device_id", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_device_descriptions_one_word",
        using="gist",
    ),
    ExcludeConstraint(
        (text("lower(maker)"), "="),
        (text("lower(serial)"), "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_device_descriptions_one_thing",
        using="gist",
    ),
)
"""What a device is, from its enrolment until its key is revoked; of one thing there is one device at a time."""

device_checks = Table(
    "device_checks",
    metadata,
    ident(),
    ref("device_id", "devices.id"),
    Column("occasion", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    ref("checked_by", "accounts.id"),
    moment("checked_at", nullable=False),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("occasion", CheckOccasion),
    Index(None, "device_id", "id"),
)
"""How a device was found; `leaf` is the digest of its leaf, by which a handing out or a return names it."""

device_check_items = Table(
    "device_check_items",
    metadata,
    ident(),
    Column("leaf", LargeBinary, ForeignKey("device_checks.leaf"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("item", Text, nullable=False),
    Column("is_ok", Boolean, nullable=False),
    Column("remark", Text),
    UniqueConstraint("leaf", "position"),
)
"""One point of the check that a leaf states, numbered from 1."""

device_holdings = Table(
    "device_holdings",
    metadata,
    ident(),
    ref("device_id", "devices.id"),
    ref("person_id", "accounts.id"),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    moment("due_at"),
    Column("issue", LargeBinary, nullable=False),
    Column("issue_check", LargeBinary),
    Column("issue_reason", Text),
    Column("return_check", LargeBinary),
    Column("return_reason", Text),
    Column("amend_reason", Text),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    ExcludeConstraint(
        ("device_id", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_device_holdings_one_holder",
        using="gist",
    ),
    Index("ix_device_holdings_person_id", "person_id", postgresql_where=text("upper_inf(known_during)")),
    Index("ix_device_holdings_issue", "issue"),
)
"""Who had a device: `issue` names the leaf that handed it out, `leaf` the one that stated this row."""
