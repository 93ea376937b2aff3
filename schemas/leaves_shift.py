"""Leaves of duties 勤务: who has which device, from when to when. Each duty has a chain of its own, `duty/…`.

In code a duty is a *shift*: `schemas.duty` is what waits for a person.
"""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Time
from schemas.opening import SaltedText
from schemas.reference import AccountReference, AgencyReference, DeviceReference
from schemas.words import Words

_OPENERS = frozenset({Role.OFFICER, Role.AUXILIARY, Role.CUSTODIAN})
_ACTORS = ("account", "device")
MOST_PERSONS = 2


def _check_persons(persons: tuple[str, ...] | None) -> None:
    if persons is None:
        return
    if not 1 <= len(persons) <= MOST_PERSONS or list(persons) != sorted(set(persons)):
        raise ValueError("one or two persons, each named once, sorted")


class DutyOpen(Act):
    """One or two people have a device from a time on. Entered afterwards, it says its end and until when to hand in."""

    spec: ClassVar = Spec(
        event="duty:open",
        chains=("duty",),
        opens=True,
        actors=_ACTORS,
        roles=_OPENERS,
        words=Words("开始勤务", "Duty opened"),
        follows="the device is alive; whoever opens it is on it, or keeps the devices",
        columns={
            "subject": "shifts.id",
            "agency": "shifts.agency_id",
            "device": "shifts.device_id",
            "persons": "shifts.person_id shifts.partner_id",
            "from": "shifts.from_at",
            "until": "shifts.until_at",
            "due_at": "shifts.due_at",
            "at": "shifts.opened_at shifts.closed_at",
        },
    )
    agency: AgencyReference
    device: DeviceReference
    persons: tuple[AccountReference, ...] = Field(max_length=MOST_PERSONS)
    from_: Time = Field(alias="from")
    until: Time | None = None
    due_at: Time | None = None

    @model_validator(mode="after")
    def _says_its_end(self) -> Self:
        _check_persons(self.persons)
        if (self.until is None) is not (self.due_at is None):
            raise ValueError("an end and the time to hand in are said together")
        return self


class DutyAmend(Act):
    """Of a duty that goes on: other people, or another beginning; members that are left out stay."""

    spec: ClassVar = Spec(
        event="duty:amend",
        chains=("duty",),
        actors=_ACTORS,
        roles=_OPENERS,
        words=Words("更正勤务", "Duty amended"),
        follows="the duty is open; whoever amends it is on it, or keeps the devices",
        columns={"persons": "shifts.person_id shifts.partner_id", "from": "shifts.from_at"},
    )
    persons: tuple[AccountReference, ...] | None = None
    from_: Time | None = Field(default=None, alias="from")
    reason: SaltedText

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _check_persons(self.persons)
        return self


class DutyClose(Act):
    """A duty is over since a time; its recordings are handed in until another. Nothing of it changes any more."""

    spec: ClassVar = Spec(
        event="duty:close",
        chains=("duty",),
        actors=_ACTORS,
        roles=_OPENERS,
        words=Words("结束勤务", "Duty ended"),
        follows="the duty is open; whoever ends it is on it, or keeps the devices",
        columns={"until": "shifts.until_at", "due_at": "shifts.due_at", "at": "shifts.closed_at"},
    )
    until: Time
    due_at: Time
