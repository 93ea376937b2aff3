"""The custodian's desk: the register of devices, one device with its life, one-time codes, revocation."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.typed import Forms, NoFields, Typed, W, into, label
from api.console.visit import Mistake, Visit, submit, to
from api.route import Route
from schemas.device import RenameIn, RevokeIn, RevokeReason
from schemas.ids import DeviceId
from schemas.leaves_device import DeviceRename, DeviceRevoke
from schemas.opening import Shown
from schemas.policy import Action
from schemas.reference import reference
from storage.custody.values import Logged
from storage.device import IssuedCode

router = APIRouter(route_class=Route)


class RenameForm(Typed[RenameIn]):
    """What a device is called from now on."""

    name: str = label("设备名称")

    def wish(self) -> RenameIn:
        return into(self, RenameIn)


class RevokeForm(Typed[RevokeIn]):
    """Why a device is revoked."""

    reason_code: str = label("原因")
    reason: str = label("说明")

    def wish(self) -> RevokeIn:
        return into(self, RevokeIn)


class DeviceForms(Forms):
    """The forms of one device."""

    rename: RenameForm = RenameForm()
    revoke: RevokeForm = RevokeForm()


@router.get("/devices")
def devices(visit: Visiting) -> Response:
    """Show the register."""
    return _register(visit)


def _register(visit: Visit, *, code: IssuedCode | None = None, mistake: Mistake | None = None) -> Response:
    may_enrol = visit.may(Action.DEVICE_ENROL)
    return visit.page(
        "devices.html",
        mistake=mistake,
        here="devices",
        rows=visit.tx.devices.seen_by(visit.actor),
        code=code,
        may_enrol=may_enrol,
        codes=visit.tx.devices.codes(visit.actor) if may_enrol else (),
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


@router.post("/devices/codes/{code_id}/void")
def void_code(visit: Acting, code_id: UUID, form: Annotated[NoFields, Form()]) -> Response:
    """Take a code back that nobody has used."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.devices.void_code(visit.actor, code_id),
        again=lambda mistake: _register(visit, mistake=mistake),
        then=to("/console/devices"),
    )


@router.get("/devices/{device_id}")
def device(visit: Visiting, device_id: DeviceId) -> Response:
    """Show one device: what it is, what may be done, what its chain in the log says of it."""
    return _page(visit, device_id)


def _page(visit: Visit, device_id: DeviceId, mistake: Mistake | None = None) -> Response:
    tx = visit.tx
    found = tx.devices.get(visit.actor, device_id)
    about = reference("device", device_id)
    entries = tx.custody.entries_for(about)
    opened = tx.custody.openings_of(one.digest for one in entries)
    return visit.page(
        "device.html",
        forms=DeviceForms,
        mistake=mistake,
        here="devices",
        device=found,
        life=[(one, _said(one, opened.get(one.digest, {}))) for one in reversed(entries)],
        names=tx.accounts.names(visit.actor, [one.leaf.actor for one in entries]),
        reasons=list(RevokeReason),
        may_rename=found.revoked_at is None and visit.may(Action.DEVICE_ENROL, found.agency_id),
        may_revoke=found.revoked_at is None and visit.may(Action.DEVICE_REVOKE, found.agency_id),
    )


def _said(entry: Logged, openings: dict[str, bytes]) -> tuple[RevokeReason | None, str]:
    """Return what an entry says beyond its event: the reason of a revocation, and the words that it commits to."""
    match entry.leaf.act:
        case DeviceRename() as act:
            return None, _text(act.revealed(openings).name)
        case DeviceRevoke() as act:
            code = RevokeReason(act.reason_code) if act.reason_code in set(RevokeReason) else None
            return code, _text(act.revealed(openings).reason)
        case _:
            return None, ""


def _text(committed: object) -> str:
    """Return the words behind a commitment; nothing where they are not kept any more."""
    return str(committed.value) if isinstance(committed, Shown) else ""


def _change(visit: Visit, device_id: DeviceId, form: Typed[W], act: Callable[[W], object]) -> Response:
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, device_id, mistake),
        then=to(f"/console/devices/{device_id}"),
    )


@router.post("/devices/{device_id}/name")
def rename(visit: Acting, device_id: DeviceId, form: Annotated[RenameForm, Form()]) -> Response:
    """Call a device otherwise."""
    return _change(
        visit, device_id, form, lambda wish: visit.tx.devices.rename(visit.actor, device_id, wish.name)
    )


@router.post("/devices/{device_id}/revoke")
def revoke(visit: Acting, device_id: DeviceId, form: Annotated[RevokeForm, Form()]) -> Response:
    """Revoke a device's key, and say why."""
    return _change(visit, device_id, form, lambda wish: visit.tx.devices.revoke(visit.actor, device_id, wish))
