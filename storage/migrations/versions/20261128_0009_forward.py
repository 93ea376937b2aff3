"""Uploads that always get forward: leases with numbers of their own, and tails that are added to.

A lease takes no part number any more. What waits to become a part is kept piece by piece, each written once: an
object of the staging bucket, or its bytes in the row where they are few. Open uploads go on: their leases are counted
from their part numbers, so that no name of an object is used twice, and the one tail of each is its first piece; its
digest is not known, its length is. Whether a request holds an upload, and what newer ones ask of it, stands in the
row, where every process of the API sees it.

Rolling back asks that no open upload has more than one piece, or one in a row: let them finish, or expire, first.

Revision ID: 20261128_0009
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0009"
down_revision = "20261128_0008"
branch_labels = None
depends_on = None

_MOVE = """
INSERT INTO upload_tails (upload_id, start_bytes, size_bytes, key)
SELECT id, offset_bytes - tail_bytes, tail_bytes, tail_key FROM uploads WHERE tail_key IS NOT NULL AND state = 'open'
"""
_MOVE_BACK = """
UPDATE uploads SET tail_key = (SELECT key FROM upload_tails WHERE upload_id = uploads.id) WHERE tail_bytes > 0
"""
_ONE_PIECE = "ck_uploads_one_piece"
_OF_ONE_PIECE = "num_nonnulls(tail_key) = 1 OR tail_bytes = 0 OR state <> 'open'"


def upgrade() -> None:
    """Count the leases, and give each tail its row."""
    op.add_column("uploads", sa.Column("leases", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.execute("UPDATE uploads SET leases = next_part")
    for name in ("is_held", "is_end_asked"):
        op.add_column(
            "uploads", sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
    for name in ("asks", "heard", "answered"):
        op.add_column("uploads", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "upload_tails",
        sa.Column("upload_id", sa.UUID(), nullable=False),
        sa.Column("start_bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("num_nonnulls(key, body) = 1", name=op.f("ck_upload_tails_one_place")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_tails_upload_id_uploads")
        ),
        sa.PrimaryKeyConstraint("upload_id", "start_bytes", name=op.f("pk_upload_tails")),
    )
    op.create_index("ix_upload_tails_key", "upload_tails", ["key"])
    op.execute(_MOVE)
    op.drop_column("uploads", "tail_key")


def downgrade() -> None:
    """Give each upload its one tail back, and count by the part numbers, from where no name is used twice."""
    op.add_column("uploads", sa.Column("tail_key", sa.Text(), nullable=True))
    op.execute(_MOVE_BACK)
    op.create_check_constraint(op.f(_ONE_PIECE), "uploads", _OF_ONE_PIECE)  # or the rollback would lose bytes
    op.drop_constraint(op.f(_ONE_PIECE), "uploads")
    op.drop_table("upload_tails")
    op.execute("UPDATE uploads SET next_part = GREATEST(next_part, leases) WHERE state = 'open'")
    for name in ("leases", "is_held", "is_end_asked", "asks", "heard", "answered"):
        op.drop_column("uploads", name)
