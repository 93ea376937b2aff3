"""The custodian's desk: the register of devices, one device with its life, one-time codes, revocation."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Form
from starlette.responses import Response

from api.console.device_form import (
    CheckForm,
    DescribeForm,
    DeviceForms,
    HoldingAmendForm,
    IssueForm,
    RenameForm,
    ReturnForm,
    RevokeForm,
)
from api.console.guard import Acting, Visiting
from api.console.typed import NoFields, Typed, W
from api.console.visit import Mistake, Visit, submit, to
from api.holding import Issue
from api.route import pages
from schemas.device import RevokeReason
from schemas.holding import POINTS, CheckPoint, DeviceKind
from schemas.ids import DeviceId
from schemas.leaves_device import DeviceRename, DeviceRevoke
from schemas.leaves_holding import DeviceAmend, DeviceCheck, DeviceDescribe, DeviceIssue, DeviceReturn
from schemas.opening import Shown
from schemas.policy import Action
from schemas.reference import reference
from storage.custody.values import Logged
from storage.device.enrolment import IssuedCode

router = pages()


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
        out=visit.tx.holdings.out(visit.actor),
        now=visit.tx.now,
        code=code,
        may_enrol=may_enrol,
        codes=visit.tx.enrolments.codes(visit.actor) if may_enrol else (),
    )


@router.post("/devices/codes")
def issue_code(visit: Acting, form: Annotated[NoFields, Form()]) -> Response:
    """Issue a code and show it in the answer itself: it is kept nowhere and never in an address."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.enrolments.issue_code(visit.actor),
        again=lambda mistake: _register(visit, mistake=mistake),
        then=lambda code: _register(visit, code=code),
    )


@router.post("/devices/codes/{code_id}/void")
def void_code(visit: Acting, code_id: UUID, form: Annotated[NoFields, Form()]) -> Response:
    """Take a code back that nobody has used."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.enrolments.void_code(visit.actor, code_id),
        again=lambda mistake: _register(visit, mistake=mistake),
        then=to("/console/devices"),
    )


@router.get("/devices/{device_id}")
def device(visit: Visiting, device_id: DeviceId) -> Response:
    """Show one device: what it is, what may be done, what its chain in the log says of it."""
    return _page(visit, device_id)


class Line(NamedTuple):
    """One entry of a device's life, with what it says beyond its event.

    `text` are the words that it commits to; `words` names of lists: a reason, the points that were not well.
    """

    entry: Logged
    words: tuple[StrEnum, ...] = ()
    text: str = ""
    person: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    due_at: datetime | None = None
    passed: bool | None = None


def _page(visit: Visit, device_id: DeviceId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.devices.get(actor, device_id)
    about = reference("device", device_id)
    entries = tx.custody.entries_for(about)
    opened = tx.custody.openings_of(one.digest for one in entries)
    life = [_line(one, opened.get(one.digest, {})) for one in reversed(entries)]
    people = [one.person for one in life if one.person is not None]
    facts = tx.holdings.facts(actor, device_id)
    may_keep = visit.may(Action.DEVICE_KEEP, found.agency_id)
    return visit.page(
        "device.html",
        forms=DeviceForms,
        mistake=mistake,
        here="devices",
        device=found,
        life=life,
        names=tx.accounts.names(actor, [*people, *(one.leaf.actor for one in entries)]),
        reasons=list(RevokeReason),
        kinds=list(DeviceKind),
        points=POINTS,
        standing=[one for one in reversed(facts) if one.known_until is None],
        corrected=[one for one in reversed(facts) if one.known_until is not None],
        people=tx.holdings.people(actor, device_id) if may_keep else (),
        duty=tx.shifts.of_device(actor, device_id),
        now=tx.now,
        may_keep=may_keep,
        may_rename=found.revoked_at is None and visit.may(Action.DEVICE_ENROL, found.agency_id),
        may_revoke=found.revoked_at is None and visit.may(Action.DEVICE_REVOKE, found.agency_id),
    )


def _line(entry: Logged, openings: dict[str, bytes]) -> Line:
    told = Line(entry)
    match entry.leaf.act:
        case DeviceRename() as act:
            told = told._replace(text=_text(act.revealed(openings).name))
        case DeviceRevoke() as act:
            told = Line(entry, _known(RevokeReason, act.reason_code), _text(act.revealed(openings).reason))
        case DeviceDescribe() as act:
            said = act.revealed(openings)
            plate = (said.maker, said.model, said.serial, said.reason)
            told = Line(entry, _known(DeviceKind, act.kind), " · ".join(filter(None, map(_text, plate))))
        case DeviceCheck() as act:
            bad = [one for one in act.revealed(openings).items if not one.ok]
            words = [word for one in bad for word in _known(CheckPoint, one.item)]
            text = " · ".join(filter(None, (_text(one.remark) for one in bad)))
            told = Line(entry, tuple(words), text, passed=act.passed)
        case DeviceIssue() as act:
            text = _text(act.revealed(openings).reason)
            told = told._replace(text=text, person=act.person, from_at=act.from_, due_at=act.due_at)
        case DeviceReturn() as act:
            told = told._replace(text=_text(act.revealed(openings).reason), until_at=act.until)
        case DeviceAmend() as act:
            text = _text(act.revealed(openings).reason)
            told = told._replace(text=text, person=act.person, from_at=act.from_, until_at=act.until)
        case _:
            pass
    return told


def _known(kind: type[StrEnum], word: str) -> tuple[StrEnum, ...]:
    """Return a name of a list; nothing where a later version knows it alone."""
    return (kind(word),) if word in set(kind) else ()


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


@router.post("/devices/{device_id}/description")
def describe(visit: Acting, device_id: DeviceId, form: Annotated[DescribeForm, Form()]) -> Response:
    """Say what a device is, or correct it."""
    kept = visit.tx.descriptions
    return _change(visit, device_id, form, lambda wish: kept.describe(visit.actor, device_id, wish))


@router.post("/devices/{device_id}/checks")
def check(visit: Acting, device_id: DeviceId, form: Annotated[CheckForm, Form()]) -> Response:
    """Enter how a device was found."""
    kept = visit.tx.device_checks
    return _change(visit, device_id, form, lambda wish: kept.enter(visit.actor, device_id, wish))


@router.post("/devices/{device_id}/issue")
def issue(visit: Acting, device_id: DeviceId, form: Annotated[IssueForm, Form()]) -> Response:
    """Hand a device out."""
    kept = visit.tx.holdings
    return _change(visit, device_id, form, lambda wish: kept.issue(visit.actor, device_id, wish))


@router.post("/devices/{device_id}/return")
def take_back(visit: Acting, device_id: DeviceId, form: Annotated[ReturnForm, Form()]) -> Response:
    """Enter that a device is back."""
    kept = visit.tx.holdings
    return _change(visit, device_id, form, lambda wish: kept.take_back(visit.actor, device_id, wish))


@router.post("/devices/{device_id}/holdings/{issue}/amend")
def amend(
    visit: Acting, device_id: DeviceId, issue: Issue, form: Annotated[HoldingAmendForm, Form()]
) -> Response:
    """Correct who had a device."""
    kept = visit.tx.holdings
    return _change(visit, device_id, form, lambda wish: kept.amend(visit.actor, device_id, issue, wish))
