"""Export packages."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from schemas.export import ExportState
from storage.tables.base import ident, metadata, moment, ref, states

exports = Table(
    "exports",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("case_id", "cases.id"),
    ref("requested_by", "accounts.id"),
    Column("chains", LargeBinary, nullable=False),
    Column("hidden", LargeBinary, nullable=False),
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
    states(ExportState),
    Index("ix_exports_case_id", "case_id"),
    Index("ix_exports_building", "requested_by", postgresql_where=text("state = 'building'")),
)
"""`chains` and `hidden` are the bytes of `log/chains.txt` and `log/hidden.txt`, whose digests the request's leaf states."""
