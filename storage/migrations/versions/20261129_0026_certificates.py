"""What the register says of a certificate has two ranges: for which time it holds, and from when to when it was said.

Every certificate begins with the one row that its issue states. Rolling back keeps what was issued, and forgets what
came after; the leaves keep it.

Revision ID: 20261129_0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0026"
down_revision = "20261129_0022"
branch_labels = None
depends_on = None

_STATES = "state IN ('valid', 'suspended', 'withdrawn', 'cancelled')"
_VERSIONS = """
UPDATE certificates SET state = 'valid', version = (
  SELECT max(place.n) FROM chain_places AS place JOIN custody_entries AS issued ON issued.id = place.entry
  WHERE issued.event = 'certificate:issue' AND issued.subject = 'certificate/' || certificates.id)
"""
_FACTS = """
INSERT INTO certificate_facts (certificate_id, state, valid_during, known_during, leaf)
SELECT certificates.id, 'valid', tstzrange(valid_from, valid_until), tstzrange(issued.at, NULL), issued.digest
FROM certificates JOIN custody_entries AS issued
  ON issued.event = 'certificate:issue' AND issued.subject = 'certificate/' || certificates.id
"""
_ONE_WORD = """
ALTER TABLE certificate_facts ADD CONSTRAINT ex_certificate_facts_one_word EXCLUDE USING gist (
  certificate_id WITH =, valid_during WITH &&, known_during WITH &&)
"""


def upgrade() -> None:
    """Give certificates their states, and the register its rows of two ranges."""
    op.add_column("certificates", sa.Column("state", sa.Text(), nullable=True))
    op.add_column("certificates", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("certificates", sa.Column("version", sa.Integer(), nullable=True))
    op.execute(_VERSIONS)
    op.alter_column("certificates", "state", nullable=False)
    op.alter_column("certificates", "version", nullable=False)
    op.create_check_constraint(op.f("ck_certificates_state"), "certificates", _STATES)
    op.create_index("ix_certificates_account_id", "certificates", ["account_id"])
    op.create_table(
        "certificate_facts",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("certificate_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("known_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(_STATES, name=op.f("ck_certificate_facts_state")),
        sa.CheckConstraint(
            "NOT isempty(valid_during) AND NOT isempty(known_during)", name=op.f("ck_certificate_facts_lasts")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_certificate_facts_certificate_id_certificates"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_facts")),
    )
    op.execute(_FACTS)
    op.execute(_ONE_WORD)


def downgrade() -> None:
    """Forget all but what was issued."""
    op.drop_table("certificate_facts")
    op.drop_index("ix_certificates_account_id", "certificates")
    for name in ("version", "verified_at", "state"):
        op.drop_column("certificates", name)
