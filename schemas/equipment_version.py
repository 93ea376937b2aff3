"""What the register calls a piece of equipment, and where it says it stands: versions with two ranges of time.

A camera is moved, or its name was mistyped from the beginning: both say from when on something holds instead of what
was said of that time. What is named holds until the next time from which something else of it is said: a corrected site
leaves alone where the equipment was moved to later.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.equipment import Line, Number, Publication, Said
from schemas.manifest import Datum
from schemas.refusals_monitoring import (
    EQUIPMENT_DESCRIBED_REASON,
    EQUIPMENT_DESCRIBED_SAME,
    FACT_IN_FUTURE,
)

TEXTS = ("number", "name", "site", "standard")
POINT = ("lat_e7", "lon_e7", "crs")
VALUES = (*TEXTS, *POINT)


class Version(Said):
    """What was said of equipment in [`known_from`, `known_until`), for the time [`valid_from`, `valid_until`).

    Without `valid_from` always before, without `valid_until` ever since. `leaf` is the digest of the leaf that stated
    it, hex: its registration, or what described it anew.
    """

    number: str
    name: str
    site: str
    standard: str
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    reason: str | None
    leaf: str

    def covers(self, at: datetime) -> bool:
        """Say whether it is said of a time."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )

    def says(self, names: Iterable[str] = VALUES) -> tuple[object, ...]:
        """Return what it says of some values."""
        return tuple(getattr(self, name) for name in names)


class EquipmentDescribeIn(WireIn):
    """What is said of equipment anew; what is left out stays as it is said.

    From `from_at` on, or `always`: it was so from the beginning, and what was entered was wrong. `without_point`: it has
    no position.
    """

    from_at: Moment | None = None
    always: bool = False
    number: Number | None = None
    name: Line | None = None
    site: Line | None = None
    standard: Line | None = None
    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None = None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None = None
    crs: Datum | None = None
    without_point: bool = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _says_from_when(self) -> "EquipmentDescribeIn":
        if (self.from_at is None) is not self.always:
            raise ValueError("from a time on, or always")
        return self

    @model_validator(mode="after")
    def _place_is_whole(self) -> "EquipmentDescribeIn":
        given = [getattr(self, name) is not None for name in POINT]
        if any(given) and not all(given):
            raise ValueError("a position needs latitude, longitude and datum")
        if any(given) and self.without_point:
            raise ValueError("it has a position, or it has none")
        return self


def standing(versions: Iterable[Version], at: datetime, known: datetime | None = None) -> Version | None:
    """Return what is said of equipment at a time, as said now or at another time; None: nothing was said yet."""
    return next((one for one in versions if one.is_said(known) and one.covers(at)), None)


def last_said(versions: Iterable[Version]) -> Version:
    """Return what is said to hold ever since."""
    return next(one for one in versions if one.is_said() and one.valid_until is None)


class Redescribed(Frozen):
    """What an act says anew: the values that it names, and every version from its time on, in order."""

    fields: tuple[str, ...]
    versions: tuple[Version, ...]


def redescribed(versions: Iterable[Version], wish: EquipmentDescribeIn, at: datetime) -> Redescribed:
    """Return what is said of equipment once somebody says it anew at a time.

    The new versions name no leaf yet.

    Raises:
        Invalid: it lies in the future (slug `fact-in-future`), or it corrects what was said of that time and says no
            reason (`equipment-described-reason`).
        Conflict: all of it is what is said (slug `equipment-described-same`).
    """
    since = wish.from_at
    if since is not None and since > at:
        raise FACT_IN_FUTURE("it lies in the future")
    said = sorted(
        (one for one in versions if one.is_said()),
        key=lambda one: (one.valid_from is not None, one.valid_from),
    )
    passing = _from(said, since)
    wanted = _wanted(wish)
    changed = {names: told for names, told in wanted.items() if passing[0].says(names) != told}
    if not changed:
        raise EQUIPMENT_DESCRIBED_SAME("this is what is said")
    is_correction = since is None or any(
        one.valid_from is not None and one.valid_from >= since for one in said
    )
    if is_correction and wish.reason is None:
        raise EQUIPMENT_DESCRIBED_REASON("why it is corrected is not said")
    after = list(passing)
    for names, told in changed.items():
        before = passing[0].says(names)
        for place, one in enumerate(passing):
            if one.says(names) != before:
                break
            after[place] = after[place].model_copy(update=dict(zip(names, told, strict=True)))
    fields = {"point" if names == POINT else names[0] for names in changed}
    return Redescribed(fields=tuple(sorted(fields)), versions=tuple(after))


def _from(said: Sequence[Version], since: datetime | None) -> list[Version]:
    """Return what is said of a time and later, the first beginning there."""
    left = [one for one in said if since is None or one.valid_until is None or one.valid_until > since]
    return [left[0].model_copy(update={"valid_from": since}), *left[1:]]


def _wanted(wish: EquipmentDescribeIn) -> dict[tuple[str, ...], tuple[object, ...]]:
    wanted: dict[tuple[str, ...], tuple[object, ...]] = {
        (name,): (value,) for name in TEXTS if (value := getattr(wish, name)) is not None
    }
    if wish.lat_e7 is not None and wish.crs is not None:
        wanted[POINT] = (wish.lat_e7, wish.lon_e7, wish.crs.value)
    elif wish.without_point:
        wanted[POINT] = (None, None, None)
    return wanted


class PlaceRemark(StrEnum):
    """Why what was published may not be where the equipment stands; a remark, no gate."""

    MOVED = "moved-since-published"
    CORRECTED = "place-corrected-since-published"


def place_remark(versions: Iterable[Version], publications: Iterable[Publication]) -> PlaceRemark | None:
    """Say whether the place of equipment was changed, or said anew, after it was published last; as said now.

    Article 41 asks that the place is published: it asks it of each place.
    """
    told = list(versions)
    published = [one for one in publications if one.is_said()]
    if not published:
        return None
    said = sorted(
        (one for one in told if one.is_said()), key=lambda one: (one.valid_from is not None, one.valid_from)
    )
    place = ("site", *POINT)
    moves = [
        later.valid_from
        for earlier, later in pairwise(said)
        if later.valid_from is not None and earlier.says(place) != later.says(place)
    ]
    last = max(one.published_at for one in published)
    if moves and last < moves[-1]:
        return PlaceRemark.MOVED
    entered = max(one.known_from for one in published)
    then = standing(told, last, entered)
    now = standing(told, last)
    is_same = then is None or now is None or then.says(place) == now.says(place)
    return None if is_same else PlaceRemark.CORRECTED
