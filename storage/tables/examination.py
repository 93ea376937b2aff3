"""What was asked to be examined again, and what came of it."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from schemas.integrity import Verdict
from storage.tables.base import ident, metadata, moment, one_of, ref

examinations = Table(
    "examinations",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    ref("asked_by", "accounts.id", nullable=True),
    moment("asked_at", nullable=False),
    Column("every_frame", Boolean, nullable=False, server_default=false()),
    Column("run", Integer),
    Column("verdict", Text),
    Column("was", Text),
    moment("examined_at"),
    Column("failure", Text),
    one_of("verdict", Verdict),
    one_of("was", Verdict),
    CheckConstraint(
        "num_nonnulls(run, verdict, was, examined_at) IN (0, 4) AND (run IS NULL OR failure IS NULL)",
        name="done",
    ),
    UniqueConstraint("recording_id", "run"),
    Index(
        "uq_examinations_waiting",
        "recording_id",
        "every_frame",
        unique=True,
        postgresql_where=text("run IS NULL AND failure IS NULL"),
    ),
    Index("ix_examinations_changed", "examined_at", postgresql_where=text("was <> verdict")),
)
"""Of one recording one examination of a kind waits at a time; what is done is numbered by its run."""
