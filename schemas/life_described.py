"""The life of what equipment is called and where it stands, inside its chain: for which time, since when it was said."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_device import EquipmentRegister
from schemas.leaves_equipment import EquipmentDescribe
from schemas.life import FaultCode, Here, law, told_until
from schemas.life_inside import Committed
from schemas.opening import Shown

FIELDS = ("number", "name", "site", "standard", "point")


class DescribedLife(NamedTuple):
    """Values from a time to another, as told from a time on until another one; `leaf` told it, `by` somebody."""

    values: Mapping[str, Committed | None]
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str
    by: str
    reason: Committed | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether it is told of a time."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )


def registered(leaf: Leaf, act: EquipmentRegister, here: Here) -> tuple[DescribedLife, ...]:
    """Return what is told of equipment once it is registered: it always was so."""
    values = {name: getattr(act, name) for name in FIELDS}
    return (DescribedLife(values, None, None, leaf.at, None, here.digest, leaf.actor),)


def redescribed(
    told: tuple[DescribedLife, ...], leaf: Leaf, act: EquipmentDescribe, here: Here
) -> tuple[DescribedLife, ...]:
    """Return what is told of equipment once it is described anew.

    Raises:
        Unlawful: it lies in the future, corrects without a reason, or names what was said so before.
    """
    law(act.from_ is None or act.from_ <= leaf.at, FaultCode.FUTURE)
    now = sorted((one for one in told if one.known_until is None), key=_begins)
    passing = [one for one in now if not _is_over(one, act.from_)]
    is_correction = act.from_ is None or any(one.valid_from and one.valid_from >= act.from_ for one in now)
    law(act.reason is not None or not is_correction, FaultCode.VALUES)
    for name in act.fields:
        law(_are_alike(passing[0].values[name], getattr(act, name)) is not True, FaultCode.TWICE)
    earlier = [one for one in now if _is_over(one, act.from_)]
    kept = [left for one in told if one not in earlier for left in told_until(one, leaf.at)]
    cut = [
        one._replace(valid_until=act.from_, known_from=leaf.at)
        for one in passing
        if act.from_ is not None and (one.valid_from is None or one.valid_from < act.from_)
    ]
    return (*earlier, *kept, *cut, *_anew(passing, leaf, act, here))


def _begins(one: DescribedLife) -> tuple[bool, datetime | None]:
    return one.valid_from is not None, one.valid_from


def _is_over(one: DescribedLife, since: datetime | None) -> bool:
    """Say whether it is told of an earlier time alone."""
    return since is not None and one.valid_until is not None and one.valid_until <= since


def _anew(
    passing: list[DescribedLife], leaf: Leaf, act: EquipmentDescribe, here: Here
) -> list[DescribedLife]:
    """Return what is told of the time from the act's on: each value up to where something else of it was told."""
    reach: dict[str, int] = {name: _reach(passing, name) for name in act.fields}
    return [
        DescribedLife(
            {name: getattr(act, name) if place < reach.get(name, 0) else one.values[name] for name in FIELDS},
            act.from_ if place == 0 else one.valid_from,
            one.valid_until,
            leaf.at,
            None,
            here.digest,
            leaf.actor,
            act.reason,
        )
        for place, one in enumerate(passing)
    ]


def _reach(passing: list[DescribedLife], name: str) -> int:
    first = passing[0].values[name]
    ends = (place for place, one in enumerate(passing) if _are_alike(one.values[name], first) is False)
    return next(ends, len(passing))


def _are_alike(one: Committed | None, other: Committed | None) -> bool | None:
    """Say whether two values are the same; None where one is withheld."""
    if one is None or other is None:
        return one is None and other is None
    if isinstance(one, Shown) and isinstance(other, Shown):
        return bool(one.value == other.value)
    return None


def number_told(told: tuple[DescribedLife, ...], at: datetime | None, number: object) -> bool | None:
    """Say whether equipment was ever told to have a number at a time, at any where none is given; None: withheld."""
    found = [one.values["number"] for one in told if at is None or one.covers(at)]
    if any(isinstance(one, Shown) and one.value == number for one in found):
        return True
    return False if all(isinstance(one, Shown) for one in found) else None
