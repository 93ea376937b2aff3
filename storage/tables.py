"""Every table on one page. PostgreSQL 18 is the only database engine.

Ids of evidence are `uuidv7()`: they sort by time, so a keyset page needs no second column.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[object]:
    return Column("id", UUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))


def _at(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, UUID(as_uuid=True), ForeignKey(target), nullable=nullable)


def _state(*states: str) -> CheckConstraint:
    allowed = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"state IN ({allowed})", name="state")


agencies = Table(
    "agencies",
    metadata,
    _id(),
    _ref("parent_id", "agencies.id", nullable=True),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_supervising", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("kind IN ('agency', 'authorised', 'entrusted')", name="kind"),
)

accounts = Table(
    "accounts",
    metadata,
    _id(),
    _ref("agency_id", "agencies.id"),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    _at("created_at", nullable=False, now=True),
)

certificates = Table(
    "certificates",
    metadata,
    _id(),
    _ref("account_id", "accounts.id"),
    Column("number", Text, nullable=False, unique=True),
    _at("valid_from", nullable=False),
    _at("valid_until", nullable=False),
    CheckConstraint("valid_until > valid_from", name="validity"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _ref("account_id", "accounts.id", nullable=True),
    _ref("device_id", "devices.id", nullable=True),
    _at("created_at", nullable=False, now=True),
    _at("expires_at", nullable=False),
    CheckConstraint("num_nonnulls(account_id, device_id) = 1", name="one_holder"),
)

assertions = Table(
    "assertions",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    _at("expires_at", nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("login_hash", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    _at("last_at", nullable=False),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    _id(),
    _ref("agency_id", "agencies.id"),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    _ref("issued_by", "accounts.id"),
    _at("expires_at", nullable=False),
    _at("used_at"),
)

devices = Table(
    "devices",
    metadata,
    _id(),
    _ref("agency_id", "agencies.id"),
    Column("kid", Text, nullable=False, unique=True),
    Column("jwk", JSONB, nullable=False),
    Column("algs", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("registration", LargeBinary, nullable=False),
    Column("registration_signature", Text, nullable=False),
    _at("enrolled_at", nullable=False),
    _at("revoked_at"),
)

manifests = Table(
    "manifests",
    metadata,
    _id(),
    _ref("agency_id", "agencies.id"),
    _ref("device_id", "devices.id", nullable=True),
    Column("sha256", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("problem", Text),
    Column("kid", Text),
    Column("seq", BigInteger),
    Column("prev", Text),
    Column("captured_at", DateTime(timezone=True)),
    Column("files", JSONB, nullable=False, server_default=text("'[]'")),
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),
    _at("declared_at", nullable=False),
    _state("declared", "refused"),
    UniqueConstraint("agency_id", "sha256", "signature"),
    Index("ix_manifests_sha256", "sha256"),
    Index("ix_manifests_kid_seq", "kid", "seq"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    _ref("agency_id", "agencies.id"),
    _ref("device_id", "devices.id", nullable=True),
    _ref("account_id", "accounts.id", nullable=True),
    _ref("manifest_id", "manifests.id", nullable=True),
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
    _at("opened_at", nullable=False),
    _at("expires_at", nullable=False),
    _state("open", "received", "expired"),
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
    _id(),
    _ref("agency_id", "agencies.id"),
    Column("upload_id", UUID(as_uuid=True), ForeignKey("uploads.id"), nullable=False, unique=True),
    _ref("manifest_id", "manifests.id", nullable=True),
    Column("file_index", Integer),
    _ref("device_id", "devices.id", nullable=True),
    _ref("account_id", "accounts.id", nullable=True),
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
    _at("captured_at"),
    _at("corrected_at"),
    _at("received_at", nullable=False),
    _at("verified_at"),
    _at("retain_until"),
    Column("clock_offset_ms", BigInteger),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("accuracy_cm", BigInteger),
    Column("crs", Text),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("run", Integer, nullable=False, server_default=text("0")),
    _state("received", "sealed", "quarantined"),
    CheckConstraint("verdict IN ('verified', 'doubtful', 'mismatch', 'not_checked')", name="verdict"),
    CheckConstraint("state <> 'sealed' OR (sha256 IS NOT NULL AND retain_until IS NOT NULL)", name="sealed"),
    Index("ix_recordings_agency_id_id", "agency_id", "id"),
    Index("ix_recordings_agency_id_state_id", "agency_id", "state", "id"),
    Index("ix_recordings_agency_id_verdict_id", "agency_id", "verdict", "id"),
    Index("ix_recordings_sha256", "sha256"),
    Index("ix_recordings_officers", "officers", postgresql_using="gin"),
    Index("ix_recordings_device_id_id", "device_id", "id"),
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
    _at("at", nullable=False),
    CheckConstraint("outcome IN ('verified', 'mismatch', 'not_checked')", name="outcome"),
)

derivatives = Table(
    "derivatives",
    metadata,
    _id(),
    _ref("recording_id", "recordings.id"),
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
    _at("made_at", nullable=False),
    UniqueConstraint("recording_id", "kind"),
)

cases = Table(
    "cases",
    metadata,
    _id(),
    _ref("agency_id", "agencies.id"),
    Column("number", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True)),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    _ref("opened_by", "accounts.id"),
    _at("opened_at", nullable=False),
    UniqueConstraint("agency_id", "number"),
    Index("ix_cases_agency_id_id", "agency_id", "id"),
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
    _id(),
    _ref("case_id", "cases.id"),
    _ref("recording_id", "recordings.id"),
    Column("linked_by", Text, nullable=False),
    _at("linked_at", nullable=False),
    Column("unlinked_by", Text),
    _at("unlinked_at"),
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
    _id(),
    _ref("agency_id", "agencies.id"),
    _ref("case_id", "cases.id"),
    _ref("requested_by", "accounts.id"),
    Column("state", Text, nullable=False),
    Column("progress_done", BigInteger, nullable=False, server_default=text("0")),
    Column("progress_total", BigInteger, nullable=False, server_default=text("0")),
    Column("object_key", Text),
    Column("version_id", Text),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("tagmanifest_sha256", Text),
    Column("failure", Text),
    _at("created_at", nullable=False),
    _at("ready_at"),
    _state("building", "ready", "failed"),
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
    _ref("agency_id", "agencies.id", nullable=True),
    _at("at", nullable=False),
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
    _at("signed_at", nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", UUID(as_uuid=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _at("not_before", nullable=False, now=True),
    _at("lease_until"),
    Column("lease_token", UUID(as_uuid=True)),
    Column("last_error", Text),
    _at("created_at", nullable=False, now=True),
    _at("finished_at"),
    _state("ready", "leased", "finished", "failed"),
    UniqueConstraint("kind", "subject_id"),
    Index("ix_jobs_claim", "kind", "not_before", "id", postgresql_where=text("state = 'ready'")),
    Index("ix_jobs_lease_until", "lease_until", postgresql_where=text("state = 'leased'")),
)
