"""Evidence that a person accepts: ground, text, and the verdict that it was accepted at, beside the naming of the evidence.

Rolling back forgets acceptances; their leaves stay.

Revision ID: 20261130_0063
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0063"
down_revision = "20261130_0057"
branch_labels = None
depends_on = None

_TEXTS = ("acceptance_ground", "acceptance_verdict", "acceptance_text")

_GROUNDS = ["original_seen", "maker_confirms", "party_confirms", "other_evidence", "beside_the_fact", "other"]
_VERDICTS = ("verified", "doubtful", "mismatch", "not_checked")


def upgrade() -> None:
    """Add the columns; of what was named before, nothing is accepted."""
    for name in _TEXTS:
        op.add_column("fact_evidence", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("fact_evidence", sa.Column("accepted_by", postgresql.UUID(as_uuid=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_fact_evidence_accepted_by_accounts"), "fact_evidence", "accounts", ["accepted_by"], ["id"]
    )
    op.add_column("fact_evidence", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_fact_evidence_whole_acceptance"),
        "fact_evidence",
        "num_nulls(acceptance_ground, acceptance_verdict, acceptance_text, accepted_by, accepted_at) IN (0, 5)"
        " AND (accepted_at IS NULL OR recording_id IS NOT NULL)",
    )
    for name, allowed in (("ground", _GROUNDS), ("verdict", _VERDICTS)):
        listed = ", ".join(f"'{one}'" for one in allowed)
        op.create_check_constraint(
            op.f(f"ck_fact_evidence_acceptance_{name}"), "fact_evidence", f"acceptance_{name} IN ({listed})"
        )


def downgrade() -> None:
    """Forget them."""
    for name in ("ground", "verdict"):
        op.drop_constraint(op.f(f"ck_fact_evidence_acceptance_{name}"), "fact_evidence")
    op.drop_constraint(op.f("ck_fact_evidence_whole_acceptance"), "fact_evidence")
    for name in (*_TEXTS, "accepted_by", "accepted_at"):
        op.drop_column("fact_evidence", name)
