"""Second factors of accounts, their recovery codes, and log-ins that wait for one."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import ident, metadata, moment, ref

second_factors = Table(
    "second_factors",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("method", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    moment("enrolled_at", nullable=False),
    moment("ended_at"),
    CheckConstraint("method = 'totp'", name="method"),
    CheckConstraint("ended_at >= enrolled_at", name="period"),
    Index(None, "account_id"),
    Index("uq_second_factors_standing", "account_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)
"""What a person has beside the password: the sealed secret, and the last time step of which a code was used.

Of one account one stands; the others have ended.
"""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("factor_id", UUID(as_uuid=True), ForeignKey("second_factors.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    moment("used_at"),
)
"""Keyed digests of one-time codes for whoever has lost the authenticator."""

halfways = Table(
    "halfways",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    ref("account_id", "accounts.id"),
    Column("address", Text, nullable=False),
    Column("browser", LargeBinary),
    Column("password_digest", LargeBinary, nullable=False),
    Column("try_id", UUID(as_uuid=True)),
    moment("expires_at", nullable=False),
)
"""Log-ins whose password was right, and that wait for the second factor. They open nothing by themselves.

`try_id`: the counted try of the password, none where it was set by a link; tries are forgotten before this is.
"""
