"""What other nouns ask of accounts: names, roles and certificates."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.actor import Role
from schemas.ids import AccountId, AgencyId
from storage.reads.agency import Query, with_agency
from storage.tables.actor import accounts, certificates


def with_name(
    query: Query, account_id: ColumnElement[Any], label: str, *, is_optional: bool = False
) -> Query:
    """Add the name of the account behind a column."""
    named = accounts.alias(f"{label}_account")
    return query.add_columns(named.c.name.label(label)).join(
        named, named.c.id == account_id, isouter=is_optional
    )


def names_of(account_id: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return the names behind a column as one array; NULL when there are none."""
    return (
        select(func.array_agg(accounts.c.name))
        .select_from(accounts)
        .join(account_id.table, account_id == accounts.c.id)
        .where(*conditions)
        .scalar_subquery()
    )


def accounts_of(agency_ids: Iterable[AgencyId]) -> Select[tuple[AccountId]]:
    """Return the ids of all accounts of some agencies, as a part of a query."""
    return select(accounts.c.id).where(accounts.c.agency_id.in_(sorted(agency_ids)))


def handler_of(connection: Connection, agency_id: AgencyId, login: str) -> AccountId | None:
    """Return the active handler of this login in an agency."""
    found: AccountId | None = connection.scalar(
        select(accounts.c.id).where(
            accounts.c.login == login,
            accounts.c.agency_id == agency_id,
            accounts.c.is_active,
            accounts.c.roles.contains([Role.HANDLER.value]),
        )
    )
    return found


def sources_of(connection: Connection, agency_id: AgencyId) -> Sequence[RowMapping]:
    """Return id, login and name of an agency's machine accounts, by name."""
    return (
        connection.execute(
            select(accounts.c.id, accounts.c.login, accounts.c.name)
            .where(accounts.c.agency_id == agency_id, accounts.c.roles.contains([Role.SOURCE.value]))
            .order_by(accounts.c.name, accounts.c.id)
        )
        .mappings()
        .all()
    )


def people(connection: Connection, account_ids: Select[tuple[AccountId]]) -> Sequence[RowMapping]:
    """Return id, name and agency of some accounts, by name."""
    return _people(connection, accounts.c.id.in_(account_ids))


def inspectors_outside(
    connection: Connection, agency_ids: Iterable[AgencyId], audited: AgencyId
) -> Sequence[RowMapping]:
    """Return id, name and agency of the active inspectors of some agencies but the audited one, by name."""
    return _people(
        connection,
        accounts.c.roles.contains([Role.INSPECTOR.value]),
        accounts.c.agency_id.in_(sorted(agency_ids)),
        accounts.c.agency_id != audited,
        accounts.c.is_active,
    )


def _people(connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[RowMapping]:
    query = with_agency(select(accounts.c.id, accounts.c.name), accounts.c.agency_id)
    return connection.execute(query.where(*conditions).order_by(accounts.c.name)).mappings().all()


def valid_certificates(connection: Connection, numbers: Iterable[str], at: datetime) -> frozenset[str]:
    """Return those of the certificates that were valid at a time."""
    return frozenset(
        connection.scalars(
            select(certificates.c.number).where(
                certificates.c.number.in_(numbers),
                certificates.c.valid_from <= at,
                certificates.c.valid_until > at,
            )
        )
    )
