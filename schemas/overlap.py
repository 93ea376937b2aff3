"""Before a case is filed: other cases of the agency that may be about the same act (art. 29: no double fine).

It is a hint and no finding: whoever files compares them. Nothing is refused, nothing enters the log.
"""

import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from schemas.agreement import distance_m
from schemas.base import Frozen
from schemas.case import CaseState
from schemas.ids import CaseId

LOOK_BACK = timedelta(days=2 * 365)
"""Art. 36: what was not discovered within two years is not punished any more; few acts are met again after that."""

MOST_SHOWN = 20
"""So many are shown, those that share most first; all are counted."""


class Overlap(StrEnum):
    """What two cases have in common."""

    PARTY = "party"
    PLATE = "plate"
    MATTER = "matter"
    PLACE = "place"


class Traits(NamedTuple):
    """What a case says of itself; `point` is latitude and longitude in degrees times 10^7."""

    party: str
    party_code: str | None
    plates: tuple[str, ...]
    matter: str
    place: str
    point: tuple[int, int] | None


class OverlapCase(Frozen):
    """Another case, and what it shares; whoever may not see it learns neither its number nor which it is.

    `metres` is how far apart the two places lie, where both have a position.
    """

    id: CaseId | None
    number: str | None
    state: CaseState
    opened_at: datetime
    overlaps: tuple[Overlap, ...]
    metres: int | None


class Overlapping(Frozen):
    """How many there are, and those that share most; with `is_more` there are candidates that were not compared."""

    count: int
    is_more: bool = False
    cases: tuple[OverlapCase, ...]


def shared(mine: Traits, other: Traits, *, metres: int) -> tuple[tuple[Overlap, ...], int | None]:
    """Return what two cases have in common, and how far apart they lie.

    Places are one within `metres`, or where they are written alike.
    """
    apart = None
    if mine.point is not None and other.point is not None:
        apart = round(distance_m(mine.point, other.point))
    found = {
        Overlap.PARTY: _is_one_party(mine, other),
        Overlap.PLATE: bool(set(mine.plates) & set(other.plates)),
        Overlap.MATTER: _folded(mine.matter) == _folded(other.matter),
        Overlap.PLACE: apart <= metres if apart is not None else _folded(mine.place) == _folded(other.place),
    }
    return tuple(one for one, holds in found.items() if holds), apart


def is_told(overlaps: tuple[Overlap, ...]) -> bool:
    """Say whether that is enough to be told: who or what it was, or what was done and where."""
    return bool({Overlap.PARTY, Overlap.PLATE} & set(overlaps)) or {Overlap.MATTER, Overlap.PLACE} <= set(
        overlaps
    )


def _is_one_party(mine: Traits, other: Traits) -> bool:
    if mine.party_code and other.party_code:
        return mine.party_code == other.party_code
    return _folded(mine.party) == _folded(other.party)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())
