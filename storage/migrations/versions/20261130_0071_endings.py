"""Cases that end without a decision: leads that are not filed, and cases that are annulled.

Rolling back gives them back to whoever works on them: as leads, and as cases under investigation.

Revision ID: 20261130_0071
"""

from alembic import op

revision = "20261130_0071"
down_revision = "20261130_0064"
branch_labels = None
depends_on = None

BEFORE = "'lead', 'filed', 'investigating', 'investigation_closed', 'legal_review', 'review_not_needed', 'decided', 'closed'"


def upgrade() -> None:
    """Let a case end so."""
    _states(f"{BEFORE}, 'not_filed', 'annulled'")


def downgrade() -> None:
    """Give the cases back."""
    op.execute("UPDATE cases SET state = 'lead', closed_at = NULL WHERE state = 'not_filed'")
    op.execute("UPDATE cases SET state = 'investigating', closed_at = NULL WHERE state = 'annulled'")
    _states(BEFORE)


def _states(allowed: str) -> None:
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    op.create_check_constraint(op.f("ck_cases_state"), "cases", f"state IN ({allowed})")
