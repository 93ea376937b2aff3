"""Duties."""

from sqlalchemy import CheckConstraint, Index, Table, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from storage.tables.base import ident, metadata, moment, ref

shifts = Table(
    "shifts",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("device_id", "devices.id"),
    ref("person_id", "accounts.id"),
    ref("partner_id", "accounts.id", nullable=True),
    moment("from_at", nullable=False),
    moment("until_at"),
    moment("due_at"),
    moment("opened_at", nullable=False),
    moment("closed_at"),
    CheckConstraint("until_at > from_at", name="period"),
    CheckConstraint("due_at > until_at", name="due"),
    CheckConstraint("num_nulls(until_at, due_at, closed_at) IN (0, 3)", name="over"),
    CheckConstraint("partner_id <> person_id", name="two_people"),
    ExcludeConstraint(
        ("device_id", "="),
        (text("tstzrange(from_at, until_at)"), "&&"),
        name="ex_shifts_overlap",
        using="gist",
    ),
    Index("ix_shifts_agency_id_id", "agency_id", "id"),
    Index("ix_shifts_person_id", "person_id", "id"),
    Index("ix_shifts_partner_id", "partner_id", "id"),
)
"""One device, one or two people, half-open; a device is on one duty at a time. What is over does not change."""
