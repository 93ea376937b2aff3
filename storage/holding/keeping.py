"""What every act about a device's life begins with, and how the register is told anew."""

from typing import Any

from sqlalchemy import Row

from schemas.actor import Actor
from schemas.ids import AccountId, DeviceId
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_actor import DEVICE_ENDED, DEVICE_UNKNOWN
from storage.act import Deed
from storage.collection import Collection
from storage.reads.account import people_of
from storage.reads.device import seen_device


class Keeping(Collection):
    """Acts of whoever keeps devices."""

    def _keeping(self, actor: Actor, device_id: DeviceId, *people: AccountId) -> tuple[Deed, Row[Any]]:
        """Hold the chain of a device, rely on people of its agency, and return the device as it stands then."""
        agency_id = self._known(actor, device_id).agency_id
        require(actor, Action.DEVICE_KEEP, Subject(agency_id=agency_id), self._now)
        ours = {one for one, _ in people_of(self._connection, agency_id)} if people else set()
        relies = [reference("account", one) for one in people if one in ours]
        act = self._begin(actor, agency_id, reference("device", device_id), relies=relies)
        return act, self._known(actor, device_id)

    def _known(self, actor: Actor, device_id: DeviceId) -> Row[Any]:
        row = seen_device(self._connection, actor, device_id, self._now)
        if row is None:
            raise DEVICE_UNKNOWN("no such device")
        return row


def require_alive(device: Row[Any]) -> None:
    """Refuse a device whose key is dead.

    Raises:
        Conflict: it is (slug `device-ended`).
    """
    if device.revoked_at is not None:
        raise DEVICE_ENDED("the device was revoked")
