"""What other nouns ask of devices: their names and registered keys."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, and_, bindparam, func, select

from schemas.actor import Actor, ActorKind
from schemas.ids import AgencyId, DeviceId
from schemas.policy import Action
from schemas.refusals_actor import DEVICE_REVOKED
from storage.driver import Ready
from storage.reads.agency import Query
from storage.reads.policy import require_within
from storage.tables.device import devices

_TRUSTED = select(devices).where(devices.c.id == bindparam("device_id"), devices.c.revoked_at.is_(None))
_STANDS = Ready(_TRUSTED.with_only_columns(devices.c.id))
"""Asked with every file."""


def with_device(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add the name of the device behind a column, which may name none."""
    return query.add_columns(devices.c.name.label("device_name")).outerjoin(
        devices, devices.c.id == device_id
    )


def with_capturer(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add id and name of the device that a column names beside the one of `with_device`; it may name none."""
    capturer = devices.alias("capturer")
    named = (capturer.c.id.label("captured_by"), capturer.c.name.label("captured_by_name"))
    return query.add_columns(*named).outerjoin(capturer, capturer.c.id == device_id)


def with_key(query: Query, kid: ColumnElement[Any]) -> Query:
    """Add the key behind a column and when it was revoked; all NULL for a stranger's."""
    key = (devices.c.jwk, devices.c.algs, devices.c.revoked_at)
    return query.add_columns(*key).outerjoin(devices, devices.c.kid == kid)


def with_trusted(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add what an actor is made of where a column names a device whose key was not revoked; else all NULL."""
    made_of = (
        devices.c.id.label("trusted_id"),
        devices.c.agency_id.label("device_agency_id"),
        devices.c.name.label("device_name"),
    )
    stands = and_(devices.c.id == device_id, devices.c.revoked_at.is_(None))
    return query.add_columns(*made_of).outerjoin(devices, stands)


def registered(connection: Connection, kid: str) -> Row[Any] | None:
    """Return the device that registered a key; None for a stranger's."""
    return connection.execute(select(devices).where(devices.c.kid == kid)).one_or_none()


def kid_of(device_id: UUID) -> ScalarSelect[Any]:
    """Return the key of a device, as part of a query."""
    return select(devices.c.kid).where(devices.c.id == device_id).scalar_subquery()


def trusted(connection: Connection, device_id: DeviceId) -> Row[Any] | None:
    """Return a device whose key was not revoked."""
    return connection.execute(_TRUSTED, {"device_id": device_id}).one_or_none()


def is_trusted(connection: Connection, device_id: DeviceId) -> bool:
    """Say whether a device is known whose key was not revoked."""
    return _STANDS.row(connection, {"device_id": device_id}) is not None


def devices_seen(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Return the condition that an actor sees a device.

    Raises:
        Refused: they see none (slug `permission-missing`).
    """
    return require_within(actor, Action.DEVICE_VIEW, at, devices)


def seen_device(connection: Connection, actor: Actor, device_id: DeviceId, at: datetime) -> Row[Any] | None:
    """Return a device that an actor sees, revoked or not.

    Raises:
        Refused: they see none (slug `permission-missing`).
    """
    mine = and_(devices.c.id == device_id, devices_seen(actor, at))
    return connection.execute(select(devices).where(mine)).one_or_none()


def with_registration(query: Query, device_id: ColumnElement[Any]) -> Query:
    """Add name, agency and end of the device behind a column."""
    told = (devices.c.name.label("device_name"), devices.c.agency_id, devices.c.revoked_at)
    return query.add_columns(*told).join(devices, devices.c.id == device_id)


def require_alive(connection: Connection, sender: str) -> None:
    """Refuse an act of a device whose key was revoked; asked behind `hold`, so that the answer stays what it is.

    Raises:
        NotAuthenticated: the key of the device `device/uuid` was revoked (slug `device-revoked`).
    """
    noun, _, ident = sender.partition("/")
    if noun == ActorKind.DEVICE and not is_trusted(connection, DeviceId(UUID(ident))):
        raise DEVICE_REVOKED("the device's key was revoked")


def names(connection: Connection, idents: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of those of the ids that are devices."""
    rows = connection.execute(select(devices.c.id, devices.c.name).where(devices.c.id.in_(idents)))
    return {row.id: row.name for row in rows}


def in_use(connection: Connection, agency_id: AgencyId) -> tuple[tuple[DeviceId, str], ...]:
    """Return id and name of the devices of an agency whose keys were not revoked, by name."""
    rows = connection.execute(
        select(devices.c.id, devices.c.name)
        .where(devices.c.agency_id == agency_id, devices.c.revoked_at.is_(None))
        .order_by(devices.c.name, devices.c.id)
    )
    return tuple((DeviceId(row.id), row.name) for row in rows)


def agency_of_device(device_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the agency of the device behind an expression, as part of a query."""
    return select(devices.c.agency_id).where(devices.c.id == device_id).scalar_subquery()


def name_of_device(device_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the name of the device behind an expression, which may name none, as part of a query."""
    return select(devices.c.name).where(devices.c.id == device_id).scalar_subquery()


def devices_named(text: str) -> Select[tuple[Any]]:
    """Return the ids of all devices whose name holds a text, as a part of a query: an agency has some dozens."""
    return select(devices.c.id).where(func.strpos(devices.c.name, text) > 0)
