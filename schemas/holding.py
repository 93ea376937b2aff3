"""Devices as things with a life: what one is, how it was found, and who had it from when to when.

What the register holds are rows with two half-open ranges, as of certificates: for which time something was so, and
from when to when the register said so. An act closes what was known and adds what is known from then on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.checks.holding import HOLDER
from schemas.ids import AccountId, AgencyId, DeviceId
from schemas.integrity import Check, CheckResult, examines
from schemas.leaves_holding import MOST_CHECKED
from schemas.refusals_holding import HOLDING_REASON, HOLDING_TIMES


class DeviceKind(StrEnum):
    """What a device is."""

    BODY_CAMERA = "body_camera"
    PHONE = "phone"
    CAMERA = "camera"
    VIDEO_CAMERA = "video_camera"
    VOICE_RECORDER = "voice_recorder"
    VEHICLE_CAMERA = "vehicle_camera"
    DRONE = "drone"
    DOCKING_STATION = "docking_station"
    OTHER = "other"


class CheckOccasion(StrEnum):
    """When a device is looked at."""

    ISSUE = "issue"
    RETURN = "return"
    BETWEEN = "between"


class CheckPoint(StrEnum):
    """What is looked at. The log holds names: the list may grow, and no name means another thing."""

    BATTERY = "battery"
    STORAGE = "storage"
    CLOCK = "clock"
    PICTURE_SOUND = "picture_sound"
    LENS = "lens"
    BODY = "body"
    HANDED_IN = "handed_in"


_WORKS = (
    CheckPoint.BATTERY,
    CheckPoint.STORAGE,
    CheckPoint.CLOCK,
    CheckPoint.PICTURE_SOUND,
    CheckPoint.LENS,
)
POINTS: Mapping[CheckOccasion, tuple[CheckPoint, ...]] = MappingProxyType(
    {
        CheckOccasion.ISSUE: _WORKS,
        CheckOccasion.RETURN: (CheckPoint.BODY, CheckPoint.PICTURE_SOUND, CheckPoint.HANDED_IN),
        CheckOccasion.BETWEEN: (*_WORKS, CheckPoint.BODY),
    }
)
"""What is asked for on each occasion, in this order; a check of a program may look at other points, too."""

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
"""A name on a plate: maker, model, serial number."""


class DescribeIn(WireIn):
    """What a device is; why, where something else was said of it before."""

    kind: DeviceKind
    maker: Word
    model: Word
    serial: Word
    reason: Reason | None = None


class CheckedIn(WireIn):
    """One point that was looked at."""

    item: CheckPoint
    ok: bool
    remark: Annotated[str, Field(max_length=200)] = ""


class CheckIn(WireIn):
    """Every point that was looked at, once each."""

    items: Annotated[tuple[CheckedIn, ...], Field(min_length=1, max_length=MOST_CHECKED)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.item for one in self.items}) < len(self.items):
            raise ValueError("each point is looked at once")
        return self

    @property
    def passed(self) -> bool:
        """Say whether every point is well."""
        return all(one.ok for one in self.items)


class IssueIn(WireIn):
    """Who is handed a device, since when – now where it is left out –, until when it is to be back, and how it was found.

    A device that did not pass, or was not looked at, is handed out for a reason, which is recorded.
    """

    person_id: AccountId
    from_at: Moment | None = None
    due_at: Moment | None = None
    check: CheckIn | None = None
    reason: Reason | None = None

    def check_reason(self) -> None:
        """Refuse a device without a check that passed, where no reason is said.

        Raises:
            Invalid: there is none (slug `holding-reason`).
        """
        if self.reason is None and (self.check is None or not self.check.passed):
            raise HOLDING_REASON("a device that did not pass its check is handed out for a reason")


class ReturnIn(WireIn):
    """Since when a device is back – now where it is left out – and how it was found; a reason where nobody looked."""

    until_at: Moment | None = None
    check: CheckIn | None = None
    reason: Reason | None = None

    def check_reason(self) -> None:
        """Refuse a device that nobody looked at, where no reason is said.

        Raises:
            Invalid: there is none (slug `holding-reason`).
        """
        if self.reason is None and self.check is None:
            raise HOLDING_REASON("a device comes back with a check, or there is a reason")


class HoldingAmendIn(WireIn):
    """Who really had a device, from when to when, and why that is corrected; what is left out stays.

    `never`: it was never handed out so.
    """

    person_id: AccountId | None = None
    from_at: Moment | None = None
    until_at: Moment | None = None
    never: bool = False
    reason: Reason

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        changes = any(one is not None for one in (self.person_id, self.from_at, self.until_at))
        if changes is self.never:
            raise ValueError("something is corrected, or it never was")
        return self


class Described(Frozen):
    """What a device is, as the register says now."""

    kind: DeviceKind
    maker: str
    model: str
    serial: str


class CheckedPoint(Frozen):
    """One point as it was found."""

    item: CheckPoint
    is_ok: bool
    remark: str | None


class DeviceCheckRow(Frozen):
    """A check as kept; `leaf` is the digest of its leaf, hex."""

    device_id: DeviceId
    occasion: CheckOccasion
    passed: bool
    checked_at: datetime
    checker: str
    leaf: str
    points: tuple[CheckedPoint, ...]


class HoldingFact(Frozen):
    """A row of the register: somebody had a device in [`from_at`, `until_at`), as said in [`known_from`, `known_until`).

    `issue` names the handing out, `leaf` what stated this row: digests, hex.
    """

    device_id: DeviceId
    person_id: AccountId
    person: str
    from_at: datetime
    until_at: datetime | None
    known_from: datetime
    known_until: datetime | None
    due_at: datetime | None
    issue: str
    leaf: str

    @property
    def is_out(self) -> bool:
        """The device is not back."""
        return self.until_at is None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it was to be back by now."""
        return self.is_out and self.due_at is not None and self.due_at < now


class Out(NamedTuple):
    """A device that somebody has: which one of which agency, whether it was found unfit, and whether it was revoked."""

    fact: HoldingFact
    device_name: str
    agency_id: AgencyId
    is_unfit: bool
    is_revoked: bool


class CitedHolder(NamedTuple):
    """Who had the device of a capture at its corrected time: as known when it was declared, and now.

    `is_unchecked`: its clock was never compared, so that nobody can tell the time.
    """

    then: HoldingFact | None
    now: HoldingFact | None
    is_unchecked: bool = False

    @property
    def facts(self) -> tuple[HoldingFact, ...]:
        """Return what was said then and what is said now, where that is another."""
        told = (self.then, self.now) if self.has_changed else (self.then,)
        return tuple(one for one in told if one is not None)

    @property
    def has_changed(self) -> bool:
        """The register says something else of that time by now."""
        return (self.then and self.then.person_id) != (self.now and self.now.person_id)


def check_span(from_at: datetime, until_at: datetime | None, now: datetime) -> None:
    """Refuse a time with a device that begins or ends in the future, or ends before it begins.

    Raises:
        Invalid: it does (slug `holding-times`).
    """
    if from_at > now or (until_at is not None and not from_at < until_at <= now):
        raise HOLDING_TIMES("somebody has a device from a time to a later one, neither in the future")


@examines(HOLDER)
def check_holder(
    check: Check,
    named: Iterable[AccountId],
    having: Iterable[AccountId],
    *,
    is_unchecked: bool,
) -> CheckResult | None:
    """Say whether somebody whom a capture names had its device at that time, by the register or by its duty.

    Where nobody is known to have had it, or no known person is named, there is nothing to compare.

    Args:
        check: The declaration.
        named: The people behind the certificates that it names.
        having: Who had the device at the corrected time: its holder, and the people on its duty.
        is_unchecked: Its clock was never compared, so that nobody can tell the time.
    """
    people, holders = set(named), set(having)
    if not people or not holders:
        return None
    if is_unchecked:
        return check.found("holder-clock-unchecked")
    return check.found("holder-not-named") if people.isdisjoint(holders) else check.held()
