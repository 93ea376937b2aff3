"""Papers that come after a decision are tied to a decided case; two more kinds of paper: of payment, and of enforcement.

Rolling back takes away as what a tie was made and leaves the tie; the log keeps it. A declaration of a new kind is kept as
`other`, and the log as what it was.

Revision ID: 20261201_0103
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0103"
down_revision = "20261201_0110"
branch_labels = None
depends_on = None

_FIRST = (
    *("notice", "scene_record", "inspection_record", "interview_record", "plea_record", "hearing_record"),
    *("appraisal", "decision", "service_receipt", "rectification_report", "verification_certificate"),
    *("identity", "other"),
)
_ALL = (*_FIRST, "payment_receipt", "enforcement")


def _limit(table: str, kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f(f"ck_{table}_document"), table, f"document IN ({allowed})")


def upgrade() -> None:
    """Make room for them."""
    op.drop_constraint(op.f("ck_declarations_document"), "declarations")
    _limit("declarations", _ALL)
    op.add_column("case_links", sa.Column("document", sa.Text(), nullable=True))
    _limit("case_links", _ALL)


def downgrade() -> None:
    """Forget them."""
    op.drop_column("case_links", "document")
    op.drop_constraint(op.f("ck_declarations_document"), "declarations")
    op.execute(
        "UPDATE declarations SET document = 'other' WHERE document IN ('payment_receipt', 'enforcement')"
    )
    _limit("declarations", _FIRST)
