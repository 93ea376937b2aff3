"""In which role somebody acted: what the register said when they did, and whether it still says so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TIMESTAMP, Connection, Select, and_, cast, column, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.leaf import Leaf, Unknown
from schemas.office import Held, Office, carrying
from schemas.reference import ident_of, noun_of
from storage.tables.actor import role_grants

_TIME, _IDENT = TIMESTAMP(timezone=True), role_grants.c.account_id.type


class Moment(NamedTuple):
    """An account, the time for which its roles are asked, and the time as known at which."""

    account_id: UUID
    at: datetime
    known: datetime


def acted(account_id: UUID, at: datetime) -> Moment:
    """Return the moment of an act: it is judged by what was known when it was done."""
    return Moment(account_id, at, at)


def offices_at(connection: Connection, asked: Iterable[Moment]) -> Mapping[Moment, Held]:
    """Return the roles that accounts held, sorted by name, each at a time and as known at one; one query for all."""
    found: dict[Moment, list[Office]] = defaultdict(list)
    wanted = set(asked)
    if wanted:
        for row in connection.execute(_held(wanted)).mappings():
            found[Moment(row["account_id"], row["at"], row["known"])].append(Office.of_row(row))
    return defaultdict(tuple, {moment: tuple(told) for moment, told in found.items()})


def offices_of(connection: Connection, leaves: Iterable[Leaf]) -> Mapping[str, Held]:
    """Return id of a leaf → the roles that its actor held then, of those that carry the act.

    Nothing for what devices and the product itself did, and for an act that asks for no role.
    """
    by_people = [one for one in leaves if noun_of(one.actor) == "account"]
    moments = {one.id: acted(UUID(ident_of(one.actor)), one.at) for one in by_people}
    held = offices_at(connection, moments.values())
    return defaultdict(
        tuple,
        {
            one.id: carrying(held[moments[one.id]], one.act.spec.roles)
            for one in by_people
            if not isinstance(one.act, Unknown)
        },
    )


def _held(wanted: Iterable[Moment]) -> Select[tuple[Any, ...]]:
    accounts, ats, knowns = (list(some) for some in zip(*wanted, strict=True))
    arrays = (cast(accounts, ARRAY(_IDENT)), cast(ats, ARRAY(_TIME)), cast(knowns, ARRAY(_TIME)))
    named = (column("account_id", _IDENT), column("at", _TIME), column("known", _TIME))
    asked = func.unnest(*arrays).table_valued(*named, name="asked").render_derived()
    told, now = role_grants.c, role_grants.alias("now").c
    is_said = exists().where(
        now.account_id == told.account_id,
        now.role == told.role,
        func.upper_inf(now.known_during),
        now.valid_during.contains(asked.c.at),
    )
    then = and_(
        told.account_id == asked.c.account_id,
        told.valid_during.contains(asked.c.at),
        told.known_during.contains(asked.c.known),
    )
    return (
        select(
            *asked.c,
            told.role,
            func.lower(told.valid_during).label("valid_from"),
            func.upper(told.valid_during).label("valid_until"),
            func.lower(told.known_during).label("known_from"),
            is_said.label("is_said"),
        )
        .join_from(asked, role_grants, then)
        .order_by(told.role)
    )
