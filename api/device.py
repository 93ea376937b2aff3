"""Devices: enrolment by a one-time code, the register, revocation."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.device import RenameIn, RevokeIn
from schemas.holding import DeviceKind
from schemas.ids import AccountId, DeviceId
from storage.device.enrolment import EnrolIn, Enrolled, IssuedCode

router = APIRouter(prefix="/v1", tags=["device"], route_class=Route)


class DeviceOut(WireOut):
    """One device of the register: what enrolled, what its plate says – absent until it is entered –, who has it."""

    id: DeviceId
    name: str
    model: str
    kid: str
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


class DevicesOut(WireOut):
    """The register, newest first."""

    devices: list[DeviceOut]


class OpenCodeOut(WireOut):
    """A code that counts: its id, the device it would enrol, and who handed it out."""

    id: UUID
    device_id: DeviceId
    issued_by: str
    expires_at: datetime


class OpenCodesOut(WireOut):
    """The codes that count, the first to end first."""

    codes: list[OpenCodeOut]


@router.post("/enrolment-codes", operation_id="issueEnrolmentCode", status_code=201)
def issue_code(tx: Tx, actor: CurrentActor) -> IssuedCode:
    """Issue a one-time code; it is shown once."""
    return tx.enrolments.issue_code(actor)


@router.get("/enrolment-codes", operation_id="listEnrolmentCodes")
def codes(tx: Tx, actor: CurrentActor) -> OpenCodesOut:
    """List the codes by which a device may still enrol; what they are is told once, when they are issued."""
    return OpenCodesOut(codes=[OpenCodeOut.of(one) for one in tx.enrolments.codes(actor)])


@router.delete("/enrolment-codes/{code_id}", operation_id="voidEnrolmentCode", status_code=204)
def void_code(tx: Tx, actor: CurrentActor, code_id: UUID) -> Response:
    """Take a code back."""
    tx.enrolments.void_code(actor, code_id)
    return Response(status_code=204)


@router.post("/devices", operation_id="enrolDevice", status_code=201)
def enrol(tx: Tx, wish: EnrolIn) -> Enrolled:
    """Register the key of a device that holds a code."""
    return tx.enrolments.enrol(wish)


@router.get("/devices", operation_id="listDevices")
def devices(tx: Tx, actor: CurrentActor) -> DevicesOut:
    """List the devices of the actor's agencies."""
    return DevicesOut(devices=[DeviceOut.of(row) for row in tx.devices.seen_by(actor)])


@router.post("/devices/{device_id}/name", operation_id="renameDevice", status_code=204)
def rename(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: RenameIn) -> Response:
    """Call a device otherwise."""
    tx.devices.rename(actor, device_id, wish.name)
    return Response(status_code=204)


@router.post("/devices/{device_id}/revoke", operation_id="revokeDevice", status_code=204)
def revoke(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: RevokeIn) -> Response:
    """Revoke a key, and say why: its tokens end at once, what it signed before stays signed."""
    tx.devices.revoke(actor, device_id, wish)
    return Response(status_code=204)
