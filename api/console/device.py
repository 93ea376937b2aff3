"""The custodian's desk: the register of devices, one-time codes, revocation."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.typed import NoFields
from api.console.visit import Mistake, Visit, submit, to
from api.route import Route
from schemas.actor import Action
from schemas.ids import DeviceId
from storage.device import IssuedCode

router = APIRouter(route_class=Route)


@router.get("/devices")
def devices(visit: Visiting) -> Response:
    """Show the register."""
    return _register(visit)


def _register(visit: Visit, *, code: IssuedCode | None = None, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "devices.html",
        mistake=mistake,
        here="devices",
        rows=visit.tx.devices.seen_by(visit.actor),
        code=code,
        may_enrol=visit.may(Action.DEVICE_ENROL),
        may_revoke=visit.may(Action.DEVICE_REVOKE),
    )


@router.post("/devices/codes")
def issue_code(visit: Acting, form: Annotated[NoFields, Form()]) -> Response:
    """Issue a code and show it in the answer itself: it is kept nowhere and never in an address."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.devices.issue_code(visit.actor),
        again=lambda mistake: _register(visit, mistake=mistake),
        then=lambda code: _register(visit, code=code),
    )


@router.post("/devices/{device_id}/revoke")
def revoke(visit: Acting, device_id: DeviceId, form: Annotated[NoFields, Form()]) -> Response:
    """Revoke a device's key."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.devices.revoke(visit.actor, device_id),
        again=lambda mistake: _register(visit, mistake=mistake),
        then=to("/console/devices"),
    )
