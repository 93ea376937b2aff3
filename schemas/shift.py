"""Duties 勤务: one device, one or two people, from – to.

The log calls it `duty`; in code it is a *shift*, because `schemas.duty` is what waits for a person. A duty is open until
somebody ends it; it may be entered afterwards with its end. Over, it does not change any more.
"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.ids import AccountId, AgencyId, DeviceId, ShiftId
from schemas.leaves_shift import MOST_PERSONS
from schemas.refusals_shift import DUTY_TIMES

Number = Annotated[str, Field(min_length=1, max_length=64)]
"""A certificate number, as a manifest names it."""

Numbers = Annotated[tuple[Number, ...], Field(max_length=MOST_PERSONS)]


class ShiftIn(WireIn):
    """A duty begins: with which device, by whose certificates beside one's own; since now, going on, if nothing is said.

    A device opens its own and names everybody who is on it.
    """

    device_id: DeviceId | None = None
    officers: Numbers = ()
    from_at: Moment | None = None
    until_at: Moment | None = None


class ShiftAmendIn(WireIn):
    """Of an open duty: who is on it, or since when, and why that is corrected; what is left out stays."""

    officers: Numbers | None = None
    from_at: Moment | None = None
    reason: Reason

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.officers and self.from_at is None:
            raise ValueError("people or beginning are corrected")
        return self


class ShiftCloseIn(WireIn):
    """A duty is over: now, or since a time before."""

    until_at: Moment | None = None


class Shift(Frozen):
    """A duty as kept, with the names of its people and its device; `recordings` were captured in it and received."""

    id: ShiftId
    agency_id: AgencyId
    agency_name: str
    device_id: DeviceId
    device_name: str
    person_id: AccountId
    person: str
    partner_id: AccountId | None
    partner: str | None
    from_at: datetime
    until_at: datetime | None
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    recordings: int
    late: int

    @property
    def is_open(self) -> bool:
        """It goes on."""
        return self.until_at is None

    @property
    def people(self) -> tuple[AccountId, ...]:
        """Who is on it."""
        return (self.person_id, *(() if self.partner_id is None else (self.partner_id,)))


def check_times(from_at: datetime, until_at: datetime | None, now: datetime) -> None:
    """Refuse a duty that begins or ends in the future, or ends before it begins.

    Raises:
        Invalid: it does (slug `duty-times`).
    """
    if from_at > now or (until_at is not None and not from_at < until_at <= now):
        raise DUTY_TIMES("a duty begins before it ends, and neither lies in the future")
