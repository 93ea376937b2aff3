"""How devices were found: every point that was looked at, on what occasion, and by whom."""

from collections import defaultdict

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.holding import CheckedPoint, CheckIn, CheckOccasion, DeviceCheckRow
from schemas.ids import DeviceId
from schemas.leaves_holding import CheckedItem, DeviceCheck
from schemas.reference import reference
from storage.act import Deed
from storage.custody.values import shown
from storage.holding.keeping import Keeping
from storage.reads.account import with_name
from storage.tables.holding import device_check_items, device_checks


class DeviceChecks(Keeping):
    """Checks of devices."""

    def enter(self, actor: Actor, device_id: DeviceId, wish: CheckIn) -> None:
        """Enter how a device was found while nobody hands it out or brings it back.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor does not keep devices.
        """
        act, _ = self._keeping(actor, device_id)
        enter_check(self._connection, act, actor, device_id, (CheckOccasion.BETWEEN, wish))

    def of_device(self, actor: Actor, device_id: DeviceId) -> tuple[DeviceCheckRow, ...]:
        """Return every check of a device, the last first.

        Raises:
            NotFound: no such device in the actor's agencies.
            Refused: the actor may not see devices.
        """
        self._known(actor, device_id)
        known, points = device_checks.c, device_check_items.c
        query = with_name(select(device_checks), known.checked_by, "checker")
        query = query.where(known.device_id == device_id).order_by(known.checked_at.desc(), known.id.desc())
        rows = self._connection.execute(query).mappings().all()
        of: dict[bytes, list[CheckedPoint]] = defaultdict(list)
        found = self._connection.execute(
            select(device_check_items)
            .where(points.leaf.in_([row["leaf"] for row in rows]))
            .order_by(points.leaf, points.position)
        ).mappings()
        for row in found:
            of[bytes(row["leaf"])].append(CheckedPoint.of_row(row))
        return tuple(
            DeviceCheckRow.of_row(row, leaf=bytes(row["leaf"]).hex(), points=tuple(of[bytes(row["leaf"])]))
            for row in rows
        )


def enter_check(
    connection: Connection,
    act: Deed,
    actor: Actor,
    device_id: DeviceId,
    found: tuple[CheckOccasion, CheckIn],
) -> str:
    """Enter a check within an act that holds the device's chain; returns the digest of its leaf, hex."""
    occasion, wish = found
    items = tuple(
        CheckedItem(item=one.item.value, ok=one.ok, remark=shown(one.remark.strip())) for one in wish.items
    )
    checked = DeviceCheck(occasion=occasion.value, passed=wish.passed, items=items)
    leaf = act.write(checked, reference("device", device_id))
    digest = bytes.fromhex(leaf.digest)
    connection.execute(
        insert(device_checks).values(
            device_id=device_id,
            occasion=occasion,
            passed=wish.passed,
            checked_by=actor.account_id,
            checked_at=act.at,
            leaf=digest,
        )
    )
    rows = [
        {
            "leaf": digest,
            "position": position,
            "item": one.item,
            "is_ok": one.ok,
            "remark": one.remark.strip() or None,
        }
        for position, one in enumerate(wish.items, start=1)
    ]
    connection.execute(insert(device_check_items), rows)
    return leaf.digest
