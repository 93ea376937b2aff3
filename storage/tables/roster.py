"""Long sheets of people, from the look at them to their end."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from schemas.roster import RosterState
from storage.tables.base import ident, metadata, moment, ref, states

rosters = Table(
    "rosters",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("sent_by", "accounts.id"),
    Column("state", Text, nullable=False),
    Column("sheet", LargeBinary),
    Column("sha256", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("wrong", JSONB, nullable=False),
    Column("failure", Text),
    moment("sent_at", nullable=False),
    moment("asked_at"),
    moment("ended_at"),
    states(RosterState),
    Index("ix_rosters_sent_by", "sent_by"),
    Index("ix_rosters_sheets", "sent_at", postgresql_where=text("sheet IS NOT NULL")),
)
"""`sheet` is dropped when its people are taken, or nobody came back to it; `wrong` lists its wrong rows.

`done` of `people` rows are entered while it is taken. No evidence: what came of a sheet stands in its own leaf, whose
subject has the row's id.
"""
