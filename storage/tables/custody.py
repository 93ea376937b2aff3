"""The custody log: entries, the chains they stand in, openings, tiles, checkpoints."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import metadata, moment, ref

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
    Column("ev", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("ticket", LargeBinary),
    Column("ticket_kid", Text),
    Column("refused_by", LargeBinary),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, unique=True),
    Index("ix_custody_entries_subject_id", "subject", "id"),
    Index("ix_custody_entries_steps", "id", postgresql_where=text("event = 'clock:step'")),
    Index("ix_custody_entries_refused", "id", postgresql_where=text("refused_by IS NOT NULL")),
    Index(
        "ix_custody_entries_pending", "id", postgresql_where=text("leaf_index IS NULL AND refused_by IS NULL")
    ),
)

"""`ticket` and `ticket_kid`: the signature of the process that wrote the leaf, and by which key. `refused_by`: the
digest of the leaf by which the signer says that it never indexes this one."""

chains = Table(
    "chains",
    metadata,
    Column("of", Text(collation="C"), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    moment("last_at"),
)
"""Where each chain stands: a convenience for the next act, which believes the chain's last leaf and not this row."""

chain_places = Table(
    "chain_places",
    metadata,
    Column("of", Text(collation="C"), primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("entry", BigInteger, ForeignKey("custody_entries.id"), nullable=False),
    Index("ix_chain_places_entry", "entry"),
)
"""Which entry is number `n` of a chain; every leaf says it itself."""

openings = Table(
    "openings",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("opening", LargeBinary),
    Column("erased_by", LargeBinary),
    CheckConstraint("num_nonnulls(opening, erased_by) = 1", name="open_or_erased"),
)
"""What opens the commitments of a leaf, by its digest; erased ones keep the digest of the leaf that says so."""

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
    moment("published_at"),
    Column("published_from", BigInteger),
    Column("bundles", BigInteger),
    Index("ix_checkpoints_untold", "size", postgresql_where=text("published_at IS NULL")),
)
"""`published_at`: since when it is told, being kept outside the database too; `published_from`: where the piece of the log
begins that the evidence store keeps up to it, of one that ends a piece; `bundles`: so many full bundles of entries stood
there then, with the tiles over them; NULL of what was told before there were any."""
