"""Devices as things with a life: what they are, how they were found, who has them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import HexDigest, WireOut
from schemas.holding import (
    CheckIn,
    CheckOccasion,
    CheckPoint,
    DescribeIn,
    HoldingAmendIn,
    HoldingFact,
    IssueIn,
    Out,
    ReturnIn,
)
from schemas.ids import AccountId, DeviceId

router = APIRouter(prefix="/v1/devices", tags=["device"], route_class=Route)

Issue = Annotated[HexDigest, Path(pattern=r"^[0-9a-f]{64}$")]


class HoldingOut(WireOut):
    """Somebody had a device from a time on, as the register said from `known_from` on; `issue` names the handing out.

    `until_at` is absent while it is out, `known_until` while the register says so.
    """

    device_id: DeviceId
    person_id: AccountId
    person: str
    from_at: datetime
    until_at: datetime | None
    due_at: datetime | None
    known_from: datetime
    known_until: datetime | None
    issue: str
    leaf: str


class CheckedPointOut(WireOut):
    """One point as it was found."""

    item: CheckPoint
    is_ok: bool
    remark: str | None


class DeviceCheckOut(WireOut):
    """A check; `passed`: every point was well."""

    occasion: CheckOccasion
    passed: bool
    checked_at: datetime
    checker: str
    leaf: str
    points: list[CheckedPointOut]


class HoldingsOut(WireOut):
    """What the register ever said of who had a device, what it learned last stands last; checks, the last first."""

    holdings: list[HoldingOut]
    checks: list[DeviceCheckOut]


class OutOut(WireOut):
    """A device that is out: `is_overdue` now, `is_unfit` where no check before it was handed out passed."""

    device_id: DeviceId
    device_name: str
    is_unfit: bool
    is_revoked: bool
    is_overdue: bool
    holding: HoldingOut


class OutsOut(WireOut):
    """Devices that are out, the first to be back first."""

    devices: list[OutOut]


def _outs(found: tuple[Out, ...], now: datetime) -> OutsOut:
    return OutsOut(
        devices=[
            OutOut(
                device_id=one.fact.device_id,
                device_name=one.device_name,
                is_unfit=one.is_unfit,
                is_revoked=one.is_revoked,
                is_overdue=one.fact.is_overdue(now),
                holding=_holding(one.fact),
            )
            for one in found
        ]
    )


def _holding(found: HoldingFact) -> HoldingOut:
    return HoldingOut.of(found)


@router.get("/out", operation_id="listDevicesOut")
def out(tx: Tx, actor: CurrentActor) -> OutsOut:
    """List the devices of the agency that somebody has."""
    return _outs(tx.holdings.out(actor), tx.now)


@router.get("/own", operation_id="listOwnDevices")
def own(tx: Tx, actor: CurrentActor) -> OutsOut:
    """List the devices that you have."""
    return _outs(tx.holdings.own(actor), tx.now)


@router.get("/{device_id}/holdings", operation_id="listHoldings")
def holdings(tx: Tx, actor: CurrentActor, device_id: DeviceId) -> HoldingsOut:
    """Return who had a device, with every correction, and how it was found."""
    return HoldingsOut(
        holdings=[_holding(one) for one in tx.holdings.facts(actor, device_id)],
        checks=[DeviceCheckOut.of(one) for one in tx.device_checks.of_device(actor, device_id)],
    )


@router.post("/{device_id}/description", operation_id="describeDevice", status_code=204)
def describe(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: DescribeIn) -> Response:
    """Say what a device is, or correct it with a reason."""
    tx.descriptions.describe(actor, device_id, wish)
    return Response(status_code=204)


@router.post("/{device_id}/checks", operation_id="checkDevice", status_code=204)
def check(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: CheckIn) -> Response:
    """Enter how a device was found, in between."""
    tx.device_checks.enter(actor, device_id, wish)
    return Response(status_code=204)


@router.post("/{device_id}/issue", operation_id="issueDevice", status_code=201)
def issue(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: IssueIn) -> HoldingOut:
    """Hand a device out; one that did not pass its check, or was not looked at, for a reason."""
    return _holding(tx.holdings.issue(actor, device_id, wish))


@router.post("/{device_id}/return", operation_id="returnDevice")
def take_back(tx: Tx, actor: CurrentActor, device_id: DeviceId, wish: ReturnIn) -> HoldingOut:
    """Enter that a device is back."""
    return _holding(tx.holdings.take_back(actor, device_id, wish))


@router.post("/{device_id}/holdings/{issue}/amend", operation_id="amendHolding", status_code=204)
def amend(tx: Tx, actor: CurrentActor, device_id: DeviceId, issue: Issue, wish: HoldingAmendIn) -> Response:
    """Correct who had a device, from when to when; without a person nobody had it."""
    tx.holdings.amend(actor, device_id, issue, wish)
    return Response(status_code=204)
