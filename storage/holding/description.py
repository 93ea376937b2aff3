"""What devices are: kind, maker, model, serial number, as the plate says; corrected with a reason, never overwritten."""

from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, and_, func, select, text
from sqlalchemy.dialects.postgresql import Range, insert

from schemas.actor import Actor
from schemas.holding import DescribeIn
from schemas.ids import DeviceId
from schemas.leaves_holding import DeviceDescribe
from schemas.reference import reference
from schemas.refusals_holding import DEVICE_REASON, DEVICE_SERIAL_TAKEN
from schemas.register_agreement import Described
from storage.custody.values import shown
from storage.holding.keeping import Keeping, require_alive
from storage.tables.holding import device_descriptions
from storage.told import close_told, tell_from

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Descriptions(Keeping):
    """What the register says that devices are."""

    def describe(self, actor: Actor, device_id: DeviceId, wish: DescribeIn) -> None:
        """Say what a device is, or correct what was said; nothing happens where that is what it is.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor does not keep devices.
            Conflict: it was revoked (`device-ended`), or the thing is registered already (`device-serial-taken`).
            Invalid: what was said before is corrected without a reason (`device-reason`).
        """
        # Two devices have two chains: those who describe one thing twice wait for each other here.
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:thing, 42))"),
            {"thing": f"{wish.maker.strip()}\n{wish.serial.strip()}".lower()},
        )
        act, device = self._keeping(actor, device_id)
        require_alive(device)
        told, known = device_descriptions.c, self._described(device_id)
        said = {name: getattr(wish, name).strip() for name in ("kind", "maker", "model", "serial")}
        if known is not None and all(known[name] == value for name, value in said.items()):
            return
        reason = None if wish.reason is None else wish.reason.strip()
        if known is not None and reason is None:
            raise DEVICE_REASON("why it is corrected is not said")
        since = max(device.enrolled_at, self._free_since(device_id, said["maker"], said["serial"]))
        committed = {name: shown(said[name]) for name in ("maker", "model", "serial")}
        described = DeviceDescribe(kind=said["kind"], from_=since, reason=shown(reason), **committed)
        leaf = act.write(described, reference("device", device_id))
        close_told(self._connection, device_descriptions, told.device_id == device_id, act.at)
        self._connection.execute(
            insert(device_descriptions).values(
                device_id=device_id,
                **said,
                reason=reason,
                valid_during=Range(since, None),
                known_during=Range(act.at, None),
                described_by=actor.account_id,
                leaf=bytes.fromhex(leaf.digest),
            )
        )

    def known_of(self, device_id: DeviceId, at: datetime, known_at: datetime) -> Described | None:
        """Return what a device was at a time, as the register said at another; for the product itself, not for a reader."""
        told = device_descriptions.c
        row = self._connection.execute(
            select(told.maker, told.model, told.serial).where(
                told.device_id == device_id,
                told.valid_during.contains(at),
                told.known_during.contains(known_at),
            )
        ).one_or_none()
        return None if row is None else Described(row.maker, row.model, row.serial)

    def _described(self, device_id: DeviceId) -> RowMapping | None:
        told = device_descriptions.c
        now = and_(told.device_id == device_id, func.upper_inf(told.known_during))
        return self._connection.execute(select(device_descriptions).where(now)).mappings().one_or_none()

    def _free_since(self, device_id: DeviceId, maker: str, serial: str) -> datetime:
        """Return since when no other device is the thing of a maker's number: one that enrolled anew was another before.

        Raises:
            Conflict: another one is (slug `device-serial-taken`).
        """
        told = device_descriptions.c
        others = self._connection.scalars(
            select(told.valid_during).where(
                told.device_id != device_id,
                func.lower(told.maker) == func.lower(maker),
                func.lower(told.serial) == func.lower(serial),
                func.upper_inf(told.known_during),
            )
        )
        ends = [span.upper for span in others]
        if None in ends:
            raise DEVICE_SERIAL_TAKEN("another device in use has this maker and serial number")
        return max(ends, default=_LONG_AGO)


def end_description(connection: Connection, device_id: DeviceId, at: datetime) -> None:
    """Say that a device is what it is until now: its key is dead, and another one may be the same thing."""
    mine = device_descriptions.c.device_id == device_id
    tell_from(connection, device_descriptions, mine, since=at, at=at, row=None)
