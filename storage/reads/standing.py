"""What stands in an agency and keeps it from being closed: people, devices, codes, open cases, units."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Text, cast, func, select

from schemas.agency import Standing, StandingThere
from schemas.case import OVER_STATES
from schemas.ids import AgencyId
from storage.tables.actor import accounts, agencies
from storage.tables.case import cases
from storage.tables.device import devices, enrolment_codes

NAMED = 5
"""So many of each kind are named; the count says how many there are."""

_Lines = Mapping[Standing, tuple[FromClause, ColumnElement[Any], tuple[ColumnElement[bool], ...]]]


def standing_in(connection: Connection, agency_id: AgencyId, now: datetime) -> tuple[StandingThere, ...]:
    """Return what stands in an agency, by kinds; empty: it may be closed."""
    lines: _Lines = {
        Standing.PEOPLE: (
            accounts,
            accounts.c.name,
            (accounts.c.agency_id == agency_id, accounts.c.is_active),
        ),
        Standing.DEVICES: (
            devices,
            devices.c.name,
            (devices.c.agency_id == agency_id, devices.c.revoked_at.is_(None)),
        ),
        Standing.CODES: (
            enrolment_codes,
            cast(enrolment_codes.c.id, Text),
            (
                enrolment_codes.c.agency_id == agency_id,
                enrolment_codes.c.used_at.is_(None),
                enrolment_codes.c.voided_at.is_(None),
                enrolment_codes.c.expires_at > now,
            ),
        ),
        Standing.CASES: (
            cases,
            cases.c.number,
            (cases.c.agency_id == agency_id, cases.c.state.not_in(sorted(OVER_STATES))),
        ),
        Standing.UNITS: (
            agencies,
            agencies.c.name,
            (agencies.c.parent_id == agency_id, agencies.c.closed_at.is_(None)),
        ),
        Standing.ENTRUSTED: (
            agencies,
            agencies.c.name,
            (agencies.c.principal_id == agency_id, agencies.c.closed_at.is_(None)),
        ),
    }
    found = []
    for kind, (source, name, conditions) in lines.items():
        there = select(func.count()).select_from(source).where(*conditions)
        count = connection.execute(there).scalar_one()
        if count:
            names = connection.scalars(select(name).where(*conditions).order_by(name).limit(NAMED))
            found.append(StandingThere(kind=kind, count=count, names=tuple(names)))
    return tuple(found)
