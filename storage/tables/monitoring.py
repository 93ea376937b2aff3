"""Batches, monitoring records, their media, opinions, ties and notifications."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from schemas.monitoring import MonitoringState
from storage.tables.base import ident, metadata, moment, ref, sealed, states, words_index, words_of

MONITORING_WORDS = words_of("monitoring_records.plate")

intakes = Table(
    "intakes",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("source_id", "accounts.id"),
    Column("seq", BigInteger, nullable=False),
    Column("prev", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    moment("received_at", nullable=False),
    UniqueConstraint("source_id", "seq"),
)

monitoring_records = Table(
    "monitoring_records",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("equipment_id", "equipment.id"),
    Column("record_id", Text, nullable=False),
    ref("intake_id", "intakes.id"),
    Column("intake_index", Integer, nullable=False),
    sealed("raw", nullable=False),
    Column("content_digest", LargeBinary, nullable=False),
    moment("captured_at", nullable=False),
    moment("received_at", nullable=False),
    Column("matter", Text, nullable=False),
    Column("plate", Text),
    sealed("party_code"),
    Column("party_code_digest", LargeBinary),
    sealed("party"),
    Column("party_tokens", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("place", Text, nullable=False),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("crs", Text),
    Column("values", JSONB, nullable=False, server_default=text("'[]'")),
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),
    Column("gate_faults", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False),
    # 0 until its own chain begins, with the first opinion or the first attempt to tell the party.
    Column("version", Integer, nullable=False, server_default=text("0")),
    moment("due_at", nullable=False),
    moment("concluded_at"),
    # Both stages are given in a round; a re-opening begins another.
    Column("round", Integer, nullable=False, server_default=text("1")),
    # Ties that stand. Counted here so that the queue of what waits to be linked does not grow with history.
    Column("links", Integer, nullable=False, server_default=text("0")),
    states(MonitoringState),
    UniqueConstraint("record_id", "equipment_id"),
    Index("ix_monitoring_records_captured_at_id", "captured_at", "id"),
    Index("ix_monitoring_records_agency_id_id", "agency_id", "id"),
    Index("ix_monitoring_records_agency_id_state_id", "agency_id", "state", "id"),
    Index(
        "ix_monitoring_records_due",
        "agency_id",
        "due_at",
        "id",
        postgresql_where=text("state IN ('received', 'reviewing', 'recheck')"),
    ),
    Index(
        "ix_monitoring_records_unlinked",
        "agency_id",
        "id",
        postgresql_where=text("state = 'valid' AND links = 0"),
    ),
    Index("ix_monitoring_records_agency_id_plate", "agency_id", "plate"),
    Index("ix_monitoring_records_agency_id_party_code_digest", "agency_id", "party_code_digest"),
    Index("ix_monitoring_records_reopened", "id", postgresql_where=text("round > 1")),
    Index("ix_monitoring_records_party_tokens", "party_tokens", postgresql_using="gin"),
    Index("ix_monitoring_records_equipment_id_id", "equipment_id", "id"),
    Index("ix_monitoring_records_intake_id", "intake_id"),
    words_index("ix_monitoring_records_words", MONITORING_WORDS),
)

monitoring_media = Table(
    "monitoring_media",
    metadata,
    Column("monitoring_id", UUID(as_uuid=True), ForeignKey("monitoring_records.id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    ref("recording_id", "recordings.id"),
    Index("ix_monitoring_media_recording_id", "recording_id"),
)

monitoring_opinions = Table(
    "monitoring_opinions",
    metadata,
    ident(),
    ref("monitoring_id", "monitoring_records.id"),
    Column("stage", Text, nullable=False),
    ref("reviewer_id", "accounts.id"),
    Column("opinion", Text, nullable=False),
    Column("reason_code", Text),
    Column("reason", Text, nullable=False),
    moment("given_at", nullable=False),
    Column("round", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("stage IN ('first', 'second')", name="stage"),
    CheckConstraint("opinion IN ('valid', 'invalid')", name="opinion"),
    CheckConstraint("opinion = 'valid' OR reason_code IS NOT NULL", name="reasoned"),
    UniqueConstraint("monitoring_id", "round", "stage"),
    UniqueConstraint("monitoring_id", "round", "reviewer_id"),
)

monitoring_reopenings = Table(
    "monitoring_reopenings",
    metadata,
    ident(),
    ref("monitoring_id", "monitoring_records.id"),
    Column("round", Integer, nullable=False),
    Column("annulment", LargeBinary, ForeignKey("equipment_annulments.leaf"), nullable=False),
    moment("due_at", nullable=False),
    ref("reopened_by", "accounts.id"),
    moment("reopened_at", nullable=False),
    UniqueConstraint("monitoring_id", "round"),
    Index("ix_monitoring_reopenings_annulment", "annulment"),
)
"""Which round of a record began because which certificate was annulled: `annulment` is the leaf that said it."""

monitoring_links = Table(
    "monitoring_links",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    ref("monitoring_id", "monitoring_records.id"),
    Column("basis", Text, nullable=False),
    Column("linked_by", Text, nullable=False),
    moment("linked_at", nullable=False),
    Column("unlinked_by", Text),
    moment("unlinked_at"),
    Column("reason", Text),
    CheckConstraint("basis IN ('manual', 'opened', 'plate', 'party_code', 'place_time')", name="basis"),
    Index(
        "uq_monitoring_links_live",
        "case_id",
        "monitoring_id",
        unique=True,
        postgresql_where=text("unlinked_at IS NULL"),
    ),
    Index("ix_monitoring_links_monitoring_id", "monitoring_id"),
)

notifications = Table(
    "notifications",
    metadata,
    ident(),
    ref("monitoring_id", "monitoring_records.id"),
    Column("channel", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    sealed("proof", nullable=False),
    ref("proof_recording_id", "recordings.id", nullable=True),
    moment("attempted_at", nullable=False),
    ref("recorded_by", "accounts.id"),
    moment("recorded_at", nullable=False),
    CheckConstraint("outcome IN ('delivered', 'sent', 'failed', 'refused')", name="outcome"),
    Index("ix_notifications_monitoring_id", "monitoring_id"),
)
