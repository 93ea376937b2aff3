"""The tables of the line on one page; those of the three desks stand beside. PostgreSQL 18 is the only engine.

Ids of evidence are `uuidv7()`: they sort by time, so a keyset page needs no second column.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
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

from storage import tables_audit, tables_monitoring, tables_review  # noqa: F401 - the metadata is whole with them
from storage.tables_base import ident, metadata, moment, ref, states, words_index, words_of

RECORDING_WORDS = words_of("recordings.filename")
CASE_WORDS = words_of("cases.number", "cases.party")

agencies = Table(
    "agencies",
    metadata,
    ident(),
    ref("parent_id", "agencies.id", nullable=True),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_supervising", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("kind IN ('agency', 'authorised', 'entrusted')", name="kind"),
)

accounts = Table(
    "accounts",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
)

certificates = Table(
    "certificates",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("number", Text, nullable=False, unique=True),
    moment("valid_from", nullable=False),
    moment("valid_until", nullable=False),
    CheckConstraint("valid_until > valid_from", name="validity"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    ref("account_id", "accounts.id", nullable=True),
    ref("device_id", "devices.id", nullable=True),
    moment("created_at", nullable=False, now=True),
    moment("expires_at", nullable=False),
    CheckConstraint("num_nonnulls(account_id, device_id) = 1", name="one_holder"),
)

assertions = Table(
    "assertions",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    moment("expires_at", nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("login_hash", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("last_at", nullable=False),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    ref("issued_by", "accounts.id"),
    moment("expires_at", nullable=False),
    moment("used_at"),
)

devices = Table(
    "devices",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("kid", Text, nullable=False, unique=True),
    Column("jwk", JSONB, nullable=False),
    Column("algs", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("registration", LargeBinary, nullable=False),
    Column("registration_signature", Text, nullable=False),
    moment("enrolled_at", nullable=False),
    moment("revoked_at"),
)

manifests = Table(
    "manifests",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("device_id", "devices.id", nullable=True),
    Column("sha256", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("problem", Text),
    Column("kid", Text),
    Column("seq", BigInteger),
    Column("prev", Text),
    moment("captured_at"),
    Column("files", JSONB, nullable=False, server_default=text("'[]'")),
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),
    moment("declared_at", nullable=False),
    states("declared", "refused"),
    UniqueConstraint("agency_id", "sha256", "signature"),
    Index("ix_manifests_sha256", "sha256"),
    Index("ix_manifests_kid_seq", "kid", "seq"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    ref("agency_id", "agencies.id"),
    ref("device_id", "devices.id", nullable=True),
    ref("account_id", "accounts.id", nullable=True),
    ref("manifest_id", "manifests.id", nullable=True),
    Column("manifest_sha256", Text),
    Column("file_index", Integer),
    Column("filename", Text, nullable=False),
    Column("declared_sha256", Text),
    Column("case_number", Text),
    Column("metadata", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("length_bytes", BigInteger, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("part_bytes", BigInteger, nullable=False),
    Column("next_part", Integer, nullable=False, server_default=text("1")),
    Column("object_key", Text, nullable=False, unique=True),
    Column("parts_ref", Text),
    Column("tail_key", Text),
    Column("tail_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_token", UUID(as_uuid=True)),
    Column("recording_id", UUID(as_uuid=True)),
    moment("opened_at", nullable=False),
    moment("expires_at", nullable=False),
    states("open", "received", "expired"),
    CheckConstraint("offset_bytes BETWEEN 0 AND length_bytes", name="offset"),
    CheckConstraint("num_nonnulls(account_id, device_id) = 1", name="one_sender"),
    UniqueConstraint("device_id", "manifest_sha256", "file_index"),
    Index("ix_uploads_expires_at", "expires_at", postgresql_where=text("state = 'open'")),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", UUID(as_uuid=True), ForeignKey("uploads.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start_bytes", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("etag", Text, nullable=False),
)

recordings = Table(
    "recordings",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("upload_id", UUID(as_uuid=True), ForeignKey("uploads.id"), nullable=False, unique=True),
    ref("manifest_id", "manifests.id", nullable=True),
    Column("file_index", Integer),
    ref("device_id", "devices.id", nullable=True),
    ref("account_id", "accounts.id", nullable=True),
    Column("state", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("declared_sha256", Text),
    Column("sha256", Text),
    Column("sm3", Text),
    Column("object_key", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("officers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("stated_case", Text),
    moment("captured_at"),
    moment("corrected_at"),
    moment("received_at", nullable=False),
    moment("verified_at"),
    moment("retain_until"),
    Column("clock_offset_ms", BigInteger),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("accuracy_cm", BigInteger),
    Column("crs", Text),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("run", Integer, nullable=False, server_default=text("0")),
    states("received", "sealed", "quarantined"),
    CheckConstraint("verdict IN ('verified', 'doubtful', 'mismatch', 'not_checked')", name="verdict"),
    CheckConstraint("state <> 'sealed' OR (sha256 IS NOT NULL AND retain_until IS NOT NULL)", name="sealed"),
    Index("ix_recordings_agency_id_id", "agency_id", "id"),
    Index("ix_recordings_agency_id_state_id", "agency_id", "state", "id"),
    Index("ix_recordings_agency_id_verdict_id", "agency_id", "verdict", "id"),
    Index("ix_recordings_sha256", "sha256"),
    Index("ix_recordings_officers", "officers", postgresql_using="gin"),
    Index("ix_recordings_device_id_id", "device_id", "id"),
    words_index("ix_recordings_words", RECORDING_WORDS),
)

checks = Table(
    "checks",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    Column("run", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    moment("at", nullable=False),
    CheckConstraint("outcome IN ('verified', 'mismatch', 'not_checked')", name="outcome"),
)

derivatives = Table(
    "derivatives",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("tool", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("parent_sha256", Text, nullable=False),
    moment("made_at", nullable=False),
    UniqueConstraint("recording_id", "kind"),
)

cases = Table(
    "cases",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("number", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("party_code", Text),
    Column("plates", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    moment("occurred_at"),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    ref("opened_by", "accounts.id"),
    moment("opened_at", nullable=False),
    moment("filed_at"),
    moment("decided_at"),
    moment("closed_at"),
    states(
        "lead",
        "filed",
        "investigating",
        "investigation_closed",
        "legal_review",
        "decided",
        "closed",
    ),
    UniqueConstraint("agency_id", "number"),
    Index("ix_cases_agency_id_id", "agency_id", "id"),
    Index("ix_cases_agency_id_state_id", "agency_id", "state", "id"),
    Index("ix_cases_plates", "plates", postgresql_using="gin"),
    Index("ix_cases_agency_id_party_code", "agency_id", "party_code"),
    Index(
        "ix_cases_agency_id_closed_at",
        "agency_id",
        "closed_at",
        postgresql_where=text("closed_at IS NOT NULL"),
    ),
    words_index("ix_cases_words", CASE_WORDS),
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
    Column("reason_salt", LargeBinary),
    Column("reason", Text),
    Index(
        "uq_case_links_live",
        "case_id",
        "recording_id",
        unique=True,
        postgresql_where=text("unlinked_at IS NULL"),
    ),
    Index("ix_case_links_recording_id", "recording_id"),
)

exports = Table(
    "exports",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("case_id", "cases.id"),
    ref("requested_by", "accounts.id"),
    Column("state", Text, nullable=False),
    Column("progress_done", BigInteger, nullable=False, server_default=text("0")),
    Column("progress_total", BigInteger, nullable=False, server_default=text("0")),
    Column("object_key", Text),
    Column("version_id", Text),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("tagmanifest_sha256", Text),
    Column("failure", Text),
    moment("created_at", nullable=False),
    moment("ready_at"),
    states("building", "ready", "failed"),
    Index("ix_exports_case_id", "case_id"),
)

custody_entries = Table(
    "custody_entries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("entry_id", UUID(as_uuid=True), nullable=False, unique=True),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    ref("agency_id", "agencies.id", nullable=True),
    moment("at", nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, unique=True),
    Index("ix_custody_entries_subject_id", "subject", "id"),
    Index("ix_custody_entries_pending", "id", postgresql_where=text("leaf_index IS NULL")),
)

log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    moment("signed_at", nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", UUID(as_uuid=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("not_before", nullable=False, now=True),
    moment("lease_until"),
    Column("lease_token", UUID(as_uuid=True)),
    Column("last_error", Text),
    moment("created_at", nullable=False, now=True),
    moment("finished_at"),
    states("ready", "leased", "finished", "failed"),
    UniqueConstraint("kind", "subject_id"),
    Index("ix_jobs_claim", "kind", "not_before", "id", postgresql_where=text("state = 'ready'")),
    Index("ix_jobs_lease_until", "lease_until", postgresql_where=text("state = 'leased'")),
)
