"""Which kinds of art. 58 a case is of, and cases that need no legal review.

Cases concluded before have no answers, and none is made up. Rolling back forgets the answers, and what was exempt stands
at the end of its investigation again.

Revision ID: 20261130_0057
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0057"
down_revision = "20261130_0061"
branch_labels = None
depends_on = None

BEFORE = "'lead', 'filed', 'investigating', 'investigation_closed', 'legal_review', 'decided', 'closed'"
KINDS = "'public_interest', 'major_rights', 'difficult', 'other_law'"


def upgrade() -> None:
    """Keep answers, and let a case need no review."""
    _states(f"{BEFORE}, 'review_not_needed'")
    op.create_table(
        "case_scopes",
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("applies", sa.Boolean(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("answered_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_case_scopes_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_scopes_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["accounts.id"], name=op.f("fk_case_scopes_answered_by_accounts")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", "kind", name=op.f("pk_case_scopes")),
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_scopes"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Forget the answers."""
    op.drop_table("case_scopes")
    op.execute("UPDATE cases SET state = 'investigation_closed' WHERE state = 'review_not_needed'")
    _states(BEFORE)


def _states(allowed: str) -> None:
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    op.create_check_constraint(op.f("ck_cases_state"), "cases", f"state IN ({allowed})")
