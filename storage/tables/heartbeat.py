"""Which loops live: one row a place, written by the loop that has it. No evidence, and as many rows as places."""

from sqlalchemy import Boolean, Column, Table, Text

from schemas.work import LoopPart
from storage.tables.base import metadata, moment, one_of

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("place", Text, primary_key=True),
    Column("part", Text, nullable=False),
    moment("started_at", nullable=False),
    moment("beat_at", nullable=False),
    moment("due_at", nullable=False),
    moment("worked_at", nullable=False),
    Column("problem", Text),
    Column("has_ended", Boolean, nullable=False),
    one_of("part", LoopPart),
)
