"""Noting: one row in the transaction of what is noted, or one more in the count of a row of the same minute.

Whoever notes holds a lock that all who note share, so that nobody waits for another; only the seal of a day holds it
alone, to be sure that no row of that day is still on its way (`storage.trail.seal`). The chain of a day is made at its
seal, not here: a chain made with each row would put every log-in behind the one before it, and would stop nobody who
can write to the database before the day was sealed, for its digests need no secret.
"""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import UUID, insert

from schemas.login import ELSEWHERE
from schemas.trail import Noted, day_of, fold_key, name_digest
from storage.act import fresh_id
from storage.collection import Unit
from storage.reads.account import agency_of_account
from storage.reads.device import agency_of_device
from storage.settings import seed
from storage.tables.trail import trail_rows, trail_seals

LOCK = 0x5143_5452
"""Advisory lock of the trail; any constant that nothing else of ours uses."""

STRANGERS_TIME = timedelta(minutes=1)
_LOCKED = text("SELECT pg_advisory_xact_lock_shared(:lock), clock_timestamp()")


def note(unit: Unit, noted: Noted, *, address: str | None = None) -> None:
    """Note one thing in the caller's transaction, from the address of that, or another one.

    Of strangers there are only so many rows a minute; beyond them their names and addresses are not kept, their number is.
    """
    locked = unit.connection.execute(_LOCKED, {"lock": LOCK}).one()
    at: datetime = locked.clock_timestamp if unit.clock is None else unit.clock()
    named = _named(unit, noted)
    where = unit.address if address is None else address
    if noted.is_strangers and _are_many(unit, at):
        named, where = None, ELSEWHERE
    unit.connection.execute(
        _put(),
        {
            "id": fresh_id(),
            "own_day": day_of(at),
            "event": noted.event,
            "result": noted.result,
            "code": noted.code,
            "asked": noted.asked,
            "about": noted.about,
            "address": where,
            "account": noted.account_id,
            "device": noted.device_id,
            "name_digest": named,
            "at": at,
            "last_at": at,
            "fold": fold_key(noted, named, where, at),
        },
    )


def _named(unit: Unit, noted: Noted) -> bytes | None:
    """A name is kept where a key is: a process without one notes that somebody was there."""
    key = unit.settings.registry_key
    if not noted.name or key is None:
        return None
    return name_digest(seed(key, "REGISTRY_KEY"), noted.name)


def _are_many(unit: Unit, at: datetime) -> bool:
    most = unit.settings.trail_strangers
    rows = trail_rows.c
    lately = select(rows.id).where(
        rows.account_id.is_(None), rows.device_id.is_(None), rows.at > at - STRANGERS_TIME
    )
    found = unit.connection.scalar(select(func.count()).select_from(lately.limit(most).subquery()))
    return (found or 0) >= most


@cache
def _put() -> Insert:
    """A row belongs to the day of its time, or where the clock went back into a sealed one, to the first that is not."""
    account_id, device_id = (bindparam(name, type_=UUID(as_uuid=True)) for name in ("account", "device"))
    open_from = select(func.max(trail_seals.c.day) + 1).scalar_subquery()
    put = insert(trail_rows).values(
        account_id=account_id,
        device_id=device_id,
        day=func.greatest(cast(bindparam("own_day"), trail_rows.c.day.type), open_from),
        agency_id=func.coalesce(agency_of_account(account_id), agency_of_device(device_id)),
    )
    return put.on_conflict_do_update(
        index_elements=[trail_rows.c.fold],
        set_={"times": trail_rows.c.times + 1, "last_at": put.excluded.last_at},
    )


def lock_alone(connection: Connection) -> None:
    """Wait until nobody is noting, and keep others from it until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
