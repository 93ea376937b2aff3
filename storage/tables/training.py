"""Training that people attended."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, LargeBinary, Table, Text

from schemas.leaves_training import TrainingKind
from storage.tables.base import ident, metadata, moment, one_of, ref

trainings = Table(
    "trainings",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("kind", Text, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("topic", Text, nullable=False),
    ref("entered_by", "accounts.id"),
    moment("entered_at", nullable=False),
    ref("withdrawn_by", "accounts.id", nullable=True),
    moment("withdrawn_at"),
    Column("reason", Text),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("kind", TrainingKind),
    CheckConstraint("hours > 0", name="hours"),
    CheckConstraint("num_nulls(withdrawn_by, withdrawn_at, reason) IN (0, 3)", name="withdrawn"),
    CheckConstraint("withdrawn_at >= entered_at", name="period"),
    Index(None, "account_id", "held_on"),
)
"""An entry a row, for the one day that it says; what was known of it since `entered_at` ends at `withdrawn_at`.

Nothing is changed or dropped: a wrong entry is withdrawn, and the right one is another row. `leaf` is the digest of the
leaf that entered it.
"""
