"""What every table is made of: the one metadata with its naming rules, and the columns that recur."""

from enum import StrEnum
from functools import reduce
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

PERSONAL: Final = "personal"
"""Marks a column whose values are sealed."""

PERSONAL_SEAL: Final = "personal_seal"
"""The execution option by which the key of personal data goes with every connection of a pool; None where there is none."""

TICKETS: Final = "tickets"
"""The execution option by which what signs tickets goes with every connection of a pool."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def ident() -> Column[object]:
    """Return the key column: a UUID of version 7, which sorts by time."""
    return Column("id", UUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))


def moment(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """Return a column for a time in UTC."""
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def ref(name: str, target: str, *, nullable: bool = False) -> Column[object]:
    """Return a column that refers to another table's id."""
    return Column(name, UUID(as_uuid=True), ForeignKey(target), nullable=nullable)


def sealed(name: str, *, nullable: bool = True) -> Column[object]:
    """Return a column of personal data: `schemas.personal` seals it, and its row's id says to which row it belongs."""
    return Column(name, LargeBinary, nullable=nullable, info={PERSONAL: True})


def states(kind: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that `state` is a member of the enum."""
    return one_of("state", kind)


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds a member of an enum."""
    allowed = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


def words_of(*columns: str) -> ColumnElement[str]:
    """Return columns, each as `table.column`, as one text to look for words in, spelled as PostgreSQL keeps it."""
    spelled = [f"coalesce({column}, '')" for column in columns]
    return literal_column(reduce(lambda left, right: f"({left} || ' ') || {right}", spelled), Text)


def words_index(name: str, words: ColumnElement[str]) -> Index:
    """Index `words` by their characters, singly and in pairs; `storage.words` looks there."""
    return Index(name, func.search_grams(words), postgresql_using="gin")
