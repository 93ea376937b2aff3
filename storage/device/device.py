"""Devices and their keys: short tokens by signed assertion, names, revocation."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.device import STEPS, DeviceStep, RevokeIn
from schemas.errors import SignatureInvalid
from schemas.holding import DeviceKind
from schemas.ids import AccountId, AgencyId, DeviceId
from schemas.jws import parse_header, thumbprint, verify_compact
from schemas.leaves_device import DeviceRename, DeviceRevoke
from schemas.ours import ours
from schemas.policy import Action, Subject, require
from schemas.refusals_actor import (
    ASSERTION_INVALID,
    ASSERTION_KEY_UNKNOWN,
    DEVICE_ENDED,
    DEVICE_UNKNOWN,
    KEY_BROKEN,
)
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.actor.actor import Accounts
from storage.actor.assertion import spend_assertion
from storage.actor.session import Session, new_session
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.holding.description import end_description
from storage.reads.agency import with_agency
from storage.reads.device import registered
from storage.reads.holding import with_description, with_holder
from storage.reads.policy import require_within
from storage.reads.recording import last_seq
from storage.tables.device import devices
from storage.trail.note import note

DEVICE_SESSION = timedelta(hours=1)
ASSERTION_TYP = "JWT"


class DeviceRow(Frozen):
    """A device as lists show it: what enrolled, what the register says that it is, and who has it."""

    id: DeviceId
    name: str
    model: str
    kid: str
    agency_id: AgencyId
    agency_name: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_seq: int | None
    kind: DeviceKind | None
    maker: str | None
    plate_model: str | None
    serial: str | None
    holder_id: AccountId | None
    holder: str | None
    held_since: datetime | None
    due_at: datetime | None

    @property
    def is_described(self) -> bool:
        """Somebody entered what it is."""
        return self.kind is not None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it was to be back by now."""
        return self.holder_id is not None and self.due_at is not None and self.due_at < now


def kept_key(kid: str, jwk: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a registered key, by which a sender may be judged: the one that its thumbprint names.

    Raises:
        IntegrityBroken: the row holds another key.
    """
    with ours(KEY_BROKEN, f"the key registered as {kid} cannot be read"):
        is_same = thumbprint(jwk) == kid
    if not is_same:
        raise KEY_BROKEN(f"the key registered as {kid} is another one")
    return jwk


class Devices(Collection):
    """Capturing hardware with its own key."""

    def __init__(self, unit: Unit, accounts: Accounts) -> None:
        super().__init__(unit)
        self._accounts = accounts

    def token(self, assertion: str) -> Session:
        """Exchange a signed assertion for a token of one hour (RFC 7523 section 3).

        Raises:
            NotAuthenticated: unknown or revoked key, wrong signature, audience, lifetime, or a used `jti`.
        """
        try:
            kid = parse_header(assertion).kid
            row = registered(self._connection, kid)
            if row is None:
                raise ASSERTION_KEY_UNKNOWN("no device has registered this key")
            claims = verify_compact(
                assertion, jwk=kept_key(kid, row.jwk), algs=frozenset(row.algs), typ=ASSERTION_TYP
            )
        except SignatureInvalid as err:
            raise ASSERTION_INVALID(err.detail) from err
        spend_assertion(self._connection, kid, claims, self._now)
        actor = self._accounts.device_actor(row.id)
        note(self._unit, Noted(TrailEvent.TOKEN, TrailResult.DONE, device_id=row.id))
        return new_session(self._unit, actor=actor, lifetime=DEVICE_SESSION)

    def seen_by(self, actor: Actor) -> tuple[DeviceRow, ...]:
        """Return every device the actor may see, newest first: an agency has some dozens.

        Raises:
            Refused: the actor may not see devices.
        """
        inside = require_within(actor, Action.DEVICE_VIEW, self._now, devices)
        query = select(devices, last_seq(devices.c.id).label("last_seq"))
        query = with_holder(with_description(query, devices.c.id), devices.c.id)
        rows = self._connection.execute(
            with_agency(query, devices.c.agency_id).where(inside).order_by(devices.c.enrolled_at.desc())
        )
        return tuple(map(DeviceRow.of_row, rows.mappings()))

    def get(self, actor: Actor, device_id: DeviceId) -> DeviceRow:
        """Return one device.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor may not see devices.
        """
        found = next((one for one in self.seen_by(actor) if one.id == device_id), None)
        if found is None:
            raise DEVICE_UNKNOWN("no such device")
        return found

    def rename(self, actor: Actor, device_id: DeviceId, name: str) -> None:
        """Call a device otherwise; nothing happens where that is its name.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor may not enrol devices.
            Conflict: it was revoked (slug `device-ended`).
        """
        agency_id = self._known(actor, device_id).agency_id
        require(actor, Action.DEVICE_ENROL, Subject(agency_id=agency_id), self._now)
        about = f"device/{device_id}"
        act = self._begin(actor, agency_id, about)
        changed = self._connection.execute(
            update(devices)
            .where(devices.c.id == device_id, devices.c.revoked_at.is_(None), devices.c.name != name)
            .values(name=name)
        )
        if changed.rowcount:
            act.write(DeviceRename(name=shown(name)), about)
        elif self.get(actor, device_id).revoked_at is not None:
            raise DEVICE_ENDED("the device was revoked")

    def _known(self, actor: Actor, device_id: DeviceId) -> Row[AgencyId, str]:
        row = self._connection.execute(
            select(devices.c.agency_id, devices.c.kid).where(
                devices.c.id == device_id, devices.c.agency_id.in_(sorted(actor.agency_ids))
            )
        ).one_or_none()
        if row is None:
            raise DEVICE_UNKNOWN("no such device")
        return row

    def revoke(self, actor: Actor, device_id: DeviceId, wish: RevokeIn) -> None:
        """Revoke a device's key: it is dead from the place of this entry in the log on, what it signed before stays.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor may not revoke devices.
        """
        row = self._known(actor, device_id)
        step = STEPS[DeviceStep.REVOKE]
        require(actor, step.asks, Subject(agency_id=row.agency_id), self._now)
        about = f"device/{device_id}"
        act = self._begin(actor, row.agency_id, about)
        changed = self._connection.execute(
            update(devices)
            .where(devices.c.id == device_id, devices.c.revoked_at.is_(None))
            .values(**step.stamp(act.at))
        )
        if changed.rowcount:
            self._accounts.end_sessions_of_device(device_id)
            end_description(self._connection, device_id, act.at)
            revoked = DeviceRevoke(kid=row.kid, reason_code=wish.reason_code, reason=shown(wish.reason))
            act.write(revoked, about)
