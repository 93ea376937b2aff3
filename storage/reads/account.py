"""What other nouns ask of accounts: names, roles and certificates."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    RowMapping,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause, ScalarSelect

from schemas.actor import Actor, Role
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind
from schemas.refusals_actor import NOT_AUTHENTICATED
from storage.reads.agency import Query, tree_above, with_agency
from storage.tables.actor import ACCOUNT_WORDS, accounts, role_grants
from storage.words import matching

TOLD_OR_NOW = func.coalesce(bindparam("at", type_=DateTime(timezone=True)), func.clock_timestamp())
"""`moment_of` in a statement that is made once: its parameter `at` is what the clock tells, None where there is none."""


def standing(
    at: ColumnElement[datetime] | datetime, known: ColumnElement[datetime] | datetime | None = None
) -> ColumnElement[bool]:
    """Say of a grant whether its role is held at a time, as known at another; as known now where none is given."""
    told = role_grants.c
    is_known = func.upper_inf(told.known_during) if known is None else told.known_during.contains(known)
    return and_(is_known, told.valid_during.contains(at))


def roles_of(account_id: ColumnElement[Any], at: ColumnElement[datetime] | datetime) -> ScalarSelect[Any]:
    """Return the roles that the account behind a column holds at a time, as one sorted array."""
    ranked = aggregate_order_by(role_grants.c.role, role_grants.c.role)
    return (
        select(func.coalesce(func.array_agg(ranked), cast([], ARRAY(Text))))
        .where(role_grants.c.account_id == account_id, standing(at))
        .scalar_subquery()
    )


def grants_of(account_id: ColumnElement[Any], at: ColumnElement[datetime] | datetime) -> LateralFromClause:
    """Return one row for the account behind a column: its roles at a time, since when and until when each, side by side."""
    known = role_grants.c
    columns = {
        "roles": known.role,
        "since": func.lower(known.valid_during),
        "until": func.upper(known.valid_during),
    }
    return (
        select(
            *(
                func.array_agg(aggregate_order_by(one, known.role)).label(name)
                for name, one in columns.items()
            )
        )
        .where(known.account_id == account_id, standing(at))
        .lateral("held")
    )


def joins_security(
    connection: Connection, held: Collection[str], agency_id: AgencyId, at: datetime | None
) -> bool:
    """Say whether an account of an agency is security administrator because it is administrator and nobody else is.

    Somebody is, where an account that can log in holds that role in the same agency or in one above it. None is now.
    """
    if Role.ADMIN not in held or Role.SECURITY in held:
        return False
    return not connection.scalar(_SECURITY_STANDS, {"agency_id": agency_id, "at": at})


def has_role(
    role: Role,
    at: ColumnElement[datetime] | datetime,
    known: ColumnElement[datetime] | datetime | None = None,
) -> ColumnElement[bool]:
    """Say of an account whether it holds a role at a time, as known at another; as known now where none is given."""
    return exists().where(
        role_grants.c.account_id == accounts.c.id, role_grants.c.role == role.value, standing(at, known)
    )


_SECURITY_STANDS = select(
    exists().where(
        accounts.c.is_active,
        accounts.c.password_hash.is_not(None),
        accounts.c.agency_id.in_(tree_above(bindparam("agency_id"))),
        has_role(Role.SECURITY, TOLD_OR_NOW),
    )
)


def lasting(now: datetime) -> ColumnElement[bool]:
    """Say of a grant and an account whether the account holds that role, or will."""
    known = role_grants.c
    return and_(
        known.account_id == accounts.c.id,
        func.upper_inf(known.known_during),
        or_(func.upper_inf(known.valid_during), func.upper(known.valid_during) > now),
    )


def names_holding(
    connection: Connection,
    agency_id: AgencyId,
    role: Role,
    at: ColumnElement[datetime] | datetime,
    *,
    besides: Actor,
) -> tuple[str, ...]:
    """Return the names of those of an agency, but for one, who hold a role at a time, sorted."""
    held = select(accounts.c.name).where(
        accounts.c.agency_id == agency_id,
        accounts.c.id != besides.id,
        accounts.c.is_active,
        has_role(role, at),
    )
    return tuple(connection.scalars(held.order_by(accounts.c.name)))


def is_roleless(now: datetime) -> ColumnElement[bool]:
    """Say of an account whether it holds no role, and will hold none."""
    return ~exists().where(lasting(now))


def ends_soon(now: datetime, soon: datetime) -> ColumnElement[bool]:
    """Say of a grant and an account whether that role of it ends before `soon`."""
    return and_(lasting(now), func.upper(role_grants.c.valid_during) < soon)


def moment_of(clock: Callable[[], datetime] | None) -> ColumnElement[datetime] | datetime:
    """Return the time by which roles are held: that of the acts, which may be later than the transaction's."""
    return func.clock_timestamp() if clock is None else clock()


def require_still(connection: Connection, actor: Actor, at: datetime) -> None:
    """Refuse an account that was closed, or lost a role, since it was found out who asks.

    Asked once its chain is held: from here on whatever ends its rights comes after the act.

    Raises:
        NotAuthenticated: it has other rights by now.
    """
    row = connection.execute(
        select(roles_of(accounts.c.id, at).label("roles"), accounts.c.agency_id).where(
            accounts.c.id == actor.id, accounts.c.is_active
        )
    ).one_or_none()
    lost = actor.roles if row is None else actor.roles - set(row.roles)
    if lost == {Role.SECURITY} and row is not None:
        lost = frozenset() if joins_security(connection, row.roles, row.agency_id, at) else lost
    if row is None or lost:
        raise NOT_AUTHENTICATED("the account was closed or lost a role meanwhile")


def is_open(account_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say of the account behind a column whether it was not closed."""
    known = accounts.alias()
    return exists().where(known.c.id == account_id, known.c.is_active)


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


def names_among(idents: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the names behind a column that holds several ids, by name."""
    named = accounts.alias()
    names = func.array_agg(aggregate_order_by(named.c.name, named.c.name, named.c.id))
    return select(names).where(named.c.id == any_(idents)).scalar_subquery()


def accounts_of(agency_ids: Iterable[AgencyId]) -> Select[tuple[AccountId]]:
    """Return the ids of all accounts of some agencies, as a part of a query."""
    return select(accounts.c.id).where(accounts.c.agency_id.in_(sorted(agency_ids)))


def handler_of(
    connection: Connection, agency_id: AgencyId, login: str, at: ColumnElement[datetime] | datetime
) -> AccountId | None:
    """Return the active account of this login in an agency that is a handler at a time."""
    found: AccountId | None = connection.scalar(
        select(accounts.c.id).where(
            accounts.c.login == login,
            accounts.c.agency_id == agency_id,
            accounts.c.is_active,
            has_role(Role.HANDLER, at),
        )
    )
    return found


def handlers_in(
    connection: Connection,
    agency_id: AgencyId,
    at: ColumnElement[datetime] | datetime,
    *,
    without: Select[tuple[AccountId]],
) -> Sequence[RowMapping]:
    """Return log-in and name of the active handlers of an agency at a time, but some, by name."""
    found = select(accounts.c.login, accounts.c.name).where(
        accounts.c.agency_id == agency_id,
        accounts.c.is_active,
        has_role(Role.HANDLER, at),
        accounts.c.id.not_in(without),
    )
    return connection.execute(found.order_by(accounts.c.name, accounts.c.id)).mappings().all()


def sources_of(
    connection: Connection, agency_id: AgencyId, at: ColumnElement[datetime] | datetime
) -> Sequence[RowMapping]:
    """Return id, login and name of the accounts of an agency that are sources at a time, by name."""
    return (
        connection.execute(
            select(accounts.c.id, accounts.c.login, accounts.c.name)
            .where(accounts.c.agency_id == agency_id, has_role(Role.SOURCE, at))
            .order_by(accounts.c.name, accounts.c.id)
        )
        .mappings()
        .all()
    )


def people(connection: Connection, account_ids: Select[tuple[AccountId]]) -> Sequence[RowMapping]:
    """Return id, name and agency of some accounts, by name."""
    return _people(connection, accounts.c.id.in_(account_ids))


def inspectors_outside(
    connection: Connection,
    agency_ids: Iterable[AgencyId],
    audited: AgencyId,
    at: ColumnElement[datetime] | datetime,
) -> Sequence[RowMapping]:
    """Return id, name and agency of the inspectors at a time, of some agencies but the audited one, by name."""
    return _people(
        connection,
        has_role(Role.INSPECTOR, at),
        accounts.c.agency_id.in_(sorted(agency_ids)),
        accounts.c.agency_id != audited,
        accounts.c.is_active,
    )


def holding(
    connection: Connection, role: Role, idents: Collection[AccountId], at: ColumnElement[datetime] | datetime
) -> frozenset[AccountId]:
    """Return of several accounts those that hold a role at a time."""
    rows = connection.scalars(select(accounts.c.id).where(accounts.c.id.in_(idents), has_role(role, at)))
    return frozenset(map(AccountId, rows))


def people_of(
    connection: Connection, agency_id: AgencyId, *, is_open: bool = False
) -> tuple[tuple[AccountId, str], ...]:
    """Return id and name of the people of an agency, by name; those alone whose accounts are open where that is asked."""
    query = select(accounts.c.id, accounts.c.name).where(
        accounts.c.agency_id == agency_id, accounts.c.kind == AccountKind.PERSON.value
    )
    if is_open:
        query = query.where(accounts.c.is_active)
    rows = connection.execute(query.order_by(accounts.c.name, accounts.c.id))
    return tuple((AccountId(row.id), row.name) for row in rows)


def _people(connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[RowMapping]:
    query = with_agency(select(accounts.c.id, accounts.c.name), accounts.c.agency_id)
    return connection.execute(query.where(*conditions).order_by(accounts.c.name)).mappings().all()


def is_machine(connection: Connection, account_id: AccountId) -> bool:
    """Say whether an account is a machine's."""
    kind = connection.scalar(select(accounts.c.kind).where(accounts.c.id == account_id))
    return bool(kind == AccountKind.MACHINE)


def agency_of_account(account_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the agency of the account behind an expression, as part of a query."""
    return select(accounts.c.agency_id).where(accounts.c.id == account_id).scalar_subquery()


def name_of(account_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the name of the account behind an expression, which may name none, as part of a query."""
    return select(accounts.c.name).where(accounts.c.id == account_id).scalar_subquery()


def login_of(account_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the log-in name of the account behind an expression, which may name none, as part of a query."""
    return select(accounts.c.login).where(accounts.c.id == account_id).scalar_subquery()


def account_called(connection: Connection, login: str) -> AccountId | None:
    """Return the account of a log-in name, closed or not; None where nobody has it."""
    found: AccountId | None = connection.scalar(select(accounts.c.id).where(accounts.c.login == login))
    return found


def person_called(
    connection: Connection, login: str, agency_id: AgencyId, *, or_among: Select[tuple[AccountId]]
) -> AccountId | None:
    """Return the person of a log-in name in an agency or in one above it, or among some; None where nobody has it."""
    near = or_(accounts.c.agency_id.in_(tree_above(agency_id)), accounts.c.id.in_(or_among))
    is_person = accounts.c.kind == AccountKind.PERSON.value
    found: AccountId | None = connection.scalar(
        select(accounts.c.id).where(accounts.c.login == login, is_person, near)
    )
    return found


def persons_near(
    connection: Connection, agency_id: AgencyId, *, or_among: Select[tuple[AccountId]], limit: int
) -> Sequence[RowMapping]:
    """Return log-in and name of those whom `person_called` finds, by name: those of `or_among` first."""
    is_among = accounts.c.id.in_(or_among)
    near = or_(accounts.c.agency_id.in_(tree_above(agency_id)), is_among)
    found = select(accounts.c.login, accounts.c.name).where(
        accounts.c.kind == AccountKind.PERSON.value, accounts.c.is_active, near
    )
    ranked = found.order_by(is_among.desc(), accounts.c.name, accounts.c.id)
    return connection.execute(ranked.limit(limit)).mappings().all()


def accounts_named(connection: Connection, text: str) -> Select[tuple[AccountId]]:
    """Return the ids of all accounts whose name or log-in holds every word of a text, as a part of a query."""
    return select(accounts.c.id).where(matching(connection, accounts.c.id, ACCOUNT_WORDS, text))
