"""What is still asked of people about their captures stands in rows of its own, found by certificate.

One pass over what was captured, and over what was handed in late within the last ninety days. Rolling back forgets where to
look; what is asked follows from captures, checks and answers as before.

Revision ID: 20261201_0109
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_0109"
down_revision = "20261130_0096"
branch_labels = None
depends_on = None

_TOGETHER = 1_000

_CAPTURED = """
INSERT INTO questions (about, number, kind, since)
SELECT named.manifest_id, named.number, 'presence', manifests.declared_at
FROM (SELECT DISTINCT manifest_id, unnest(officers) AS number FROM recordings WHERE manifest_id IS NOT NULL) AS named
JOIN manifests ON manifests.id = named.manifest_id
WHERE NOT EXISTS (
    SELECT 1 FROM certificates JOIN presences ON presences.account_id = certificates.account_id
    WHERE certificates.number = named.number AND presences.manifest_id = named.manifest_id)
"""

_UNSENT = """
SELECT id, payload, declared_at FROM manifests
WHERE state = 'declared' AND NOT EXISTS (SELECT 1 FROM recordings WHERE recordings.manifest_id = manifests.id)
"""

_UNSENT_ROW = """
INSERT INTO questions (about, number, kind, since) VALUES (:about, :number, 'presence', :since) ON CONFLICT DO NOTHING
"""

_LATE = """
INSERT INTO questions (about, number, kind, since)
SELECT late.id, unnest(late.officers), 'late', late.received_at FROM (
    SELECT recordings.* FROM checks JOIN recordings ON recordings.id = checks.recording_id
    WHERE checks.name = 'hand_in' AND checks.code IN ('late-handin', 'late-after-duty')
    UNION ALL
    SELECT recordings.* FROM shifts JOIN manifests ON manifests.device_id = shifts.device_id
        AND manifests.captured_at >= shifts.from_at - interval '1 day'
        AND manifests.captured_at < shifts.until_at + interval '1 day'
    JOIN recordings ON recordings.manifest_id = manifests.id
    WHERE shifts.closed_at IS NOT NULL AND manifests.state = 'declared' AND recordings.corrected_at >= shifts.from_at
        AND recordings.corrected_at < shifts.until_at AND recordings.received_at > shifts.due_at
) AS late
WHERE late.received_at > now() - interval '90 days' AND NOT EXISTS (
    SELECT 1 FROM finding_answers AS said
    WHERE said.recording_id = late.id AND said.code IN ('late-handin', 'late-after-duty'))
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Make room for them, and enter what is asked now."""
    op.create_table(
        "questions",
        sa.Column("about", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('presence', 'late')", name=op.f("ck_questions_kind")),
        sa.PrimaryKeyConstraint("about", "number", name=op.f("pk_questions")),
    )
    op.execute(_CAPTURED)
    rows = list(_unsent(op.get_bind()))
    for start in range(0, len(rows), _TOGETHER):
        op.get_bind().execute(sa.text(_UNSENT_ROW), rows[start : start + _TOGETHER])
    op.execute(_LATE)
    op.create_index("ix_questions_number_kind_since", "questions", ["number", "kind", "since"])


def _unsent(connection: sa.Connection) -> Iterator[dict[str, object]]:
    """Yield what is asked once the files arrive that were declared and not sent yet."""
    for row in connection.execute(sa.text(_UNSENT)):
        for number in _officers(row.payload):
            yield {"about": row.id, "number": number, "since": row.declared_at}


def _officers(payload: bytes) -> list[str]:
    """Return whom a manifest names; one that was damaged here names nobody, and no file of it is taken."""
    try:
        return list(json.loads(payload)["officers"])
    except (ValueError, LookupError, TypeError):
        return []


def downgrade() -> None:
    """Forget where to look."""
    op.drop_table("questions")
