"""To which agency a person belonged at a time, as part of a query."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from storage.tables.actor import accounts, memberships


def agency_at(at: datetime, known: datetime) -> ColumnElement[Any]:
    """Return the agency of a row of `accounts` at `at`, as known at `known`; whoever never moved was always there."""
    told = memberships.c
    said = select(told.agency_id).where(
        told.account_id == accounts.c.id, told.valid_during.contains(at), told.known_during.contains(known)
    )
    return func.coalesce(said.correlate(accounts).scalar_subquery(), accounts.c.agency_id)
