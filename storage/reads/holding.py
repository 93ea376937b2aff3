"""What other nouns ask of a device's life: what it is, and who had it at a time, as known at another."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, select

from schemas.holding import HoldingFact, Out
from schemas.ids import AccountId, DeviceId, ManifestId
from storage.reads.account import with_name
from storage.reads.agency import Query
from storage.reads.device import with_registration
from storage.tables.actor import certificates
from storage.tables.holding import device_checks, device_descriptions, device_holdings
from storage.tables.recording import manifests
from storage.tables.shift import shifts

_CLOCK_CODE = "clock-never-checked"


def is_out() -> ColumnElement[bool]:
    """Say of a row of the register whether it says, now, that the device is not back."""
    held = device_holdings.c
    return and_(func.upper_inf(held.known_during), func.upper_inf(held.valid_during))


def with_description(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add what the register says now that the device behind a column is; all NULL where nobody said."""
    told = device_descriptions.c
    of = and_(told.device_id == device_id, func.upper_inf(told.known_during))
    columns = (told.kind, told.maker, told.model.label("plate_model"), told.serial)
    return query.add_columns(*columns).outerjoin(device_descriptions, of)


def with_holder(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add who has the device behind a column, since when and until when; all NULL where nobody has."""
    held = device_holdings.c
    columns = (
        held.person_id.label("holder_id"),
        func.lower(held.valid_during).label("held_since"),
        held.due_at,
    )
    query = query.add_columns(*columns).outerjoin(
        device_holdings, and_(held.device_id == device_id, is_out())
    )
    return with_name(query, held.person_id, "holder", is_optional=True)


def facts_where(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[HoldingFact, ...]:
    """Return rows of the register that hold conditions: what it learned last stands last."""
    held = device_holdings.c
    query = with_name(select(device_holdings), held.person_id, "person").where(*conditions)
    rows = connection.execute(query.order_by(func.lower(held.known_during), held.valid_during)).mappings()
    return tuple(
        HoldingFact(
            device_id=DeviceId(row["device_id"]),
            person_id=AccountId(row["person_id"]),
            person=row["person"],
            from_at=row["valid_during"].lower,
            until_at=row["valid_during"].upper,
            known_from=row["known_during"].lower,
            known_until=row["known_during"].upper,
            due_at=row["due_at"],
            issue=bytes(row["issue"]).hex(),
            leaf=bytes(row["leaf"]).hex(),
        )
        for row in rows
    )


def holder_at(
    connection: Connection, device_id: DeviceId, at: datetime, known: datetime
) -> HoldingFact | None:
    """Return who had a device at `at`, as the register said at `known`; one at most, by a constraint."""
    held = device_holdings.c
    found = facts_where(
        connection,
        held.device_id == device_id,
        held.valid_during.contains(at),
        held.known_during.contains(known),
    )
    return found[0] if found else None


def having(connection: Connection, device_id: DeviceId, at: datetime, known: datetime) -> set[AccountId]:
    """Return everybody who had a device at `at`: its holder by the register, and the people on its duty."""
    holder = holder_at(connection, device_id, at, known)
    during = func.tstzrange(shifts.c.from_at, shifts.c.until_at)
    rows = connection.execute(
        select(shifts.c.person_id, shifts.c.partner_id).where(
            shifts.c.device_id == device_id, during.bool_op("@>")(literal(at, shifts.c.from_at.type))
        )
    )
    on_duty = {AccountId(one) for row in rows for one in row if one is not None}
    return on_duty if holder is None else {holder.person_id, *on_duty}


def people_named(connection: Connection, numbers: Collection[str]) -> set[AccountId]:
    """Return the people behind certificates."""
    known = certificates.c
    found = connection.scalars(select(known.account_id).where(known.number.in_(numbers)))
    return set(map(AccountId, found))


def is_clock_unchecked(connection: Connection, manifest_id: ManifestId) -> bool:
    """Say whether a device said in its manifest that its clock was never compared."""
    told = manifests.c.findings.contains([{"code": _CLOCK_CODE}])
    return bool(connection.scalar(select(exists().where(manifests.c.id == manifest_id, told))))


def held_by(connection: Connection, account_id: AccountId) -> list[str]:
    """Return the names of the devices that a person has, by name."""
    held = device_holdings.c
    query = with_registration(select(held.leaf), held.device_id).where(is_out(), held.person_id == account_id)
    return sorted(row.device_name for row in connection.execute(query))


def out_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[Out, ...]:
    """Return every device that is out and holds a condition, the first to be back first."""
    held = device_holdings.c
    passed = select(device_checks.c.passed).where(device_checks.c.leaf == held.issue_check)
    query = with_registration(select(held.leaf, passed.scalar_subquery().label("passed")), held.device_id)
    rows = connection.execute(
        query.where(is_out(), condition).order_by(
            held.due_at.asc().nulls_last(), func.lower(held.valid_during)
        )
    ).all()
    told = {one.leaf: one for one in facts_where(connection, held.leaf.in_([row.leaf for row in rows]))}
    return tuple(
        Out(
            fact=told[bytes(row.leaf).hex()],
            device_name=row.device_name,
            agency_id=row.agency_id,
            is_unfit=row.passed is not True,
            is_revoked=row.revoked_at is not None,
        )
        for row in rows
    )
