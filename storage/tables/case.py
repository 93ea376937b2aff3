"""Cases, their handlers, ties and the facts to be proven; their history is read from their chains."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from schemas.acceptance import AcceptanceGround
from schemas.case import CaseState
from schemas.case_number import number_key
from schemas.declaration import DocumentKind
from schemas.integrity import Verdict
from storage.tables.base import ident, metadata, moment, one_of, ref, sealed, states, words_index

CASE_NUMBER: ColumnElement[str] = literal_column("case_number_fold(cases.number)", Text)
"""A number as it is compared (`schemas.case_number.number_key`), and as words are looked for in it."""


def is_numbered(number: str) -> ColumnElement[bool]:
    """Return the condition that a case has this number, however its brackets, digits and blanks are typed."""
    return CASE_NUMBER.in_([number_key(number)])


cases = Table(
    "cases",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("number", Text, nullable=False),
    sealed("party", nullable=False),
    Column("party_tokens", ARRAY(BigInteger), nullable=False),
    Column("matter", Text, nullable=False),
    Column("place", Text, nullable=False),
    sealed("party_code"),
    Column("party_code_digest", LargeBinary),
    Column("plates", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    moment("occurred_at"),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    ref("opened_by", "accounts.id"),
    moment("opened_at", nullable=False),
    moment("filed_at"),
    moment("decided_at"),
    moment("closed_at"),
    states(CaseState),
    UniqueConstraint("agency_id", "number"),
    Index("uq_cases_agency_id_number_fold", "agency_id", text("case_number_fold(number)"), unique=True),
    Index("ix_cases_number_id", "number", "id"),
    Index("ix_cases_agency_id_id", "agency_id", "id"),
    Index("ix_cases_agency_id_state_id", "agency_id", "state", "id"),
    Index("ix_cases_plates", "plates", postgresql_using="gin"),
    Index("ix_cases_agency_id_party_code_digest", "agency_id", "party_code_digest"),
    Index("ix_cases_party_tokens", "party_tokens", postgresql_using="gin"),
    Index(
        "ix_cases_agency_id_closed_at",
        "agency_id",
        "closed_at",
        postgresql_where=text("closed_at IS NOT NULL"),
    ),
    words_index("ix_cases_words", CASE_NUMBER),
)

case_handlers = Table(
    "case_handlers",
    metadata,
    Column("case_id", UUID(as_uuid=True), ForeignKey("cases.id"), primary_key=True),
    Column("account_id", UUID(as_uuid=True), ForeignKey("accounts.id"), primary_key=True),
)

case_links = Table(
    "case_links",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    ref("recording_id", "recordings.id"),
    Column("linked_by", Text, nullable=False),
    moment("linked_at", nullable=False),
    Column("unlinked_by", Text),
    moment("unlinked_at"),
    Column("reason", Text),
    Column("item", Text),
    Column("document", Text),
    one_of("document", DocumentKind),
    Index(
        "uq_case_links_live",
        "case_id",
        "recording_id",
        unique=True,
        postgresql_include=["item"],
        postgresql_where=text("unlinked_at IS NULL"),
    ),
    Index("ix_case_links_recording_id", "recording_id"),
)

case_facts = Table(
    "case_facts",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    Column("position", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    moment("added_at", nullable=False),
    moment("withdrawn_at"),
    UniqueConstraint("case_id", "position"),
)

fact_evidence = Table(
    "fact_evidence",
    metadata,
    ident(),
    ref("fact_id", "case_facts.id"),
    ref("recording_id", "recordings.id", nullable=True),
    ref("monitoring_id", "monitoring_records.id", nullable=True),
    Column("added_by", Text, nullable=False),
    moment("added_at", nullable=False),
    Column("removed_by", Text),
    moment("removed_at"),
    Column("acceptance_ground", Text),
    Column("acceptance_verdict", Text),
    Column("acceptance_text", Text),
    ref("accepted_by", "accounts.id", nullable=True),
    moment("accepted_at"),
    CheckConstraint("num_nonnulls(recording_id, monitoring_id) = 1", name="one_evidence"),
    CheckConstraint(
        "num_nulls(acceptance_ground, acceptance_verdict, acceptance_text, accepted_by, accepted_at) IN (0, 5)"
        " AND (accepted_at IS NULL OR recording_id IS NOT NULL)",
        name="whole_acceptance",
    ),
    one_of("acceptance_ground", AcceptanceGround),
    one_of("acceptance_verdict", Verdict),
    Index(
        "uq_fact_evidence_live",
        "fact_id",
        "recording_id",
        "monitoring_id",
        unique=True,
        postgresql_where=text("removed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    ),
)
