"""What each conclusion of an investigation answered of the four kinds of art. 58, and which outcome it proposed."""

from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, Table, Text

from schemas.decision import DecisionOutcome
from schemas.review_scope import ScopeKind
from storage.tables.base import metadata, moment, one_of, ref

case_scopes = Table(
    "case_scopes",
    metadata,
    ref("case_id", "cases.id"),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("applies", Boolean, nullable=False),
    Column("ground", Text, nullable=False),
    ref("answered_by", "accounts.id"),
    moment("answered_at", nullable=False),
    PrimaryKeyConstraint("case_id", "number", "kind"),
    one_of("kind", ScopeKind),
)
"""`number` is that of the leaf in the chain of the case: an investigation may be closed again."""

case_proposals = Table(
    "case_proposals",
    metadata,
    ref("case_id", "cases.id"),
    Column("number", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    ref("proposed_by", "accounts.id"),
    moment("proposed_at", nullable=False),
    PrimaryKeyConstraint("case_id", "number"),
    one_of("outcome", DecisionOutcome),
)
"""The outcome of art. 57 that a conclusion proposed; `number` as above. One that proposed none has no row."""
