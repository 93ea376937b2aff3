"""The custodian's desk: the register of devices, one-time codes, revocation."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.console.guard import Acting, Visiting, Visitor, go
from api.deps import Tx
from schemas.actor import Action, holds
from schemas.ids import DeviceId
from storage.device import IssuedCode
from storage.store import Transaction

router = APIRouter()


@router.get("/devices")
def devices(request: Request, tx: Tx, who: Visiting) -> Response:
    """Show the register."""
    return _register(request, tx, who, None)


def _register(request: Request, tx: Transaction, who: Visitor, code: IssuedCode | None) -> Response:
    return who.page(
        request,
        "devices.html",
        here="devices",
        rows=tx.devices.page(who.actor),
        code=code,
        may_enrol=holds(who.actor, Action.DEVICE_ENROL),
        may_revoke=holds(who.actor, Action.DEVICE_REVOKE),
    )


@router.post("/devices/codes")
def issue_code(request: Request, tx: Tx, who: Acting) -> Response:
    """Issue a code and show it in the answer itself: it is kept nowhere and never in an address."""
    return _register(request, tx, who, tx.devices.issue_code(who.actor))


@router.post("/devices/{device_id}/revoke")
def revoke(tx: Tx, who: Acting, device_id: DeviceId) -> Response:
    """Revoke a device's key."""
    tx.devices.revoke(who.actor, device_id)
    return go("/console/devices")
