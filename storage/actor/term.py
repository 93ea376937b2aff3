"""The rows of a person's roles: from when to when each was held, and from when to when that was said."""

from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.dialects.postgresql import Range

from schemas.actor import Reach, Role
from schemas.ids import AccountId
from schemas.refusals_role import ROLE_UNKNOWN
from schemas.role import Grant, RoleFact
from storage.tables.actor import role_grants
from storage.told import close_told


def grants_told(connection: Connection, account_id: AccountId) -> tuple[Grant, ...]:
    """Return every role that an account was ever given with all that was said of it, the newest first."""
    told = role_grants.c
    rows = connection.execute(
        select(role_grants)
        .where(told.account_id == account_id)
        .order_by(told.grant_id.desc(), func.lower(told.known_during).desc())
    ).mappings()
    return tuple(_grant(list(of_one)) for _, of_one in groupby(rows, lambda row: row["grant_id"]))


def grant_told(connection: Connection, account_id: AccountId, grant_id: UUID) -> Grant:
    """Return one role of an account.

    Raises:
        NotFound: no such grant (slug `role-unknown`).
    """
    found = next((one for one in grants_told(connection, account_id) if one.id == grant_id), None)
    if found is None:
        raise ROLE_UNKNOWN("no such grant")
    return found


def say_term(
    connection: Connection,
    account_id: AccountId,
    grant: Grant,
    at: datetime,
    term: tuple[datetime, datetime | None] | None,
    *,
    leaf: str,
    reason: str,
) -> None:
    """Say from `at` on from when to when a role is held, None where it never is; what was said before is closed."""
    close_told(connection, role_grants, role_grants.c.grant_id == grant.id, at)
    if term is None:
        return
    connection.execute(
        insert(role_grants).values(
            grant_id=grant.id,
            account_id=account_id,
            role=grant.role,
            reach=grant.reach,
            valid_during=Range(*term),
            known_during=Range(at, None),
            reason=reason,
            grant_leaf=bytes.fromhex(grant.leaf),
            leaf=bytes.fromhex(leaf),
        )
    )


def _grant(rows: list[RowMapping]) -> Grant:
    last = rows[0]
    return Grant(
        id=last["grant_id"],
        role=Role(last["role"]),
        reach=Reach(last["reach"]),
        leaf=bytes(last["grant_leaf"]).hex(),
        facts=tuple(map(_fact, rows)),
    )


def _fact(row: RowMapping) -> RoleFact:
    valid, known = row["valid_during"], row["known_during"]
    return RoleFact(
        valid_from=valid.lower,
        valid_until=valid.upper,
        known_from=known.lower,
        known_until=known.upper,
        reason=row["reason"],
        leaf=bytes(row["leaf"]).hex(),
    )
