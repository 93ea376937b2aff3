"""Tries of passwords."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from schemas.login import LoginOutcome
from storage.tables.base import ident, metadata, moment, one_of, ref

login_tries = Table(
    "login_tries",
    metadata,
    ident(),
    Column("name_hash", LargeBinary, nullable=False),
    ref("account_id", "accounts.id", nullable=True),
    Column("address", Text, nullable=False),
    Column("browser", LargeBinary),
    Column("outcome", Text, nullable=False),
    Column("times", Integer, nullable=False, server_default=text("1")),
    moment("tried_at", nullable=False),
    one_of("outcome", LoginOutcome),
    Index(None, "name_hash", "tried_at"),
    Index(None, "account_id", "tried_at"),
    Index(None, "tried_at"),
)
