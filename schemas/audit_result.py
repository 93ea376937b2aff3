"""What an audit found: points by file and by item, and which share of the whole population that speaks for.

The files are drawn without replacement from a population that is counted, so the count of conforming files among them is
hypergeometric, and the interval is the exact one of that distribution: every number of conforming files in the population
is kept under which what was found, or less, or more, has more than half of the allowed chance (the two-sided inversion
that is Clopper and Pearson's for the binomial, which would be too wide here). A population that is drawn whole has an
interval of one point. A drawn file that was not scored by everybody is no guess: the lower end takes it for one that
does not conform, the upper end for one that does.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import NamedTuple

from schemas.base import Frozen
from schemas.ids import MemberId
from schemas.standard import Standard
from schemas.third import ASSUMED, counted, is_wide

CONFIDENCE_PERMILLE = 950
_PERMILLE = 1000
_SIDES = 2


class Drawn(NamedTuple):
    """How many were drawn, of how many, and how many of those were scored whole."""

    population: int
    size: int
    scored: int


class Share(Frozen):
    """How many of the scored files conform, and between which shares of the population that lies (0 to 1)."""

    count: int
    scored: int
    low: float
    high: float

    @property
    def rate(self) -> float | None:
        """The share among those that were scored; None where none was."""
        return self.count / self.scored if self.scored else None


class FileResult(Frozen):
    """One drawn file that every inspector has scored, and a third where they lay too far apart.

    `totals` are the inspectors'; `counted` those that make the mean, the third's last.
    """

    member_id: MemberId
    rank: int
    label: str
    totals: tuple[int, ...]
    third: int | None
    counted: tuple[int, ...]
    mean: float
    is_passed: bool | None
    deducted: tuple[str, ...]
    gap: int
    is_wide: bool


class ItemResult(Frozen):
    """One item of the standard over all scored files; `whole` are those from which nobody took a point."""

    code: str
    zh: str
    en: str
    points: int
    mean: float | None
    whole: Share


class AuditResult(Frozen):
    """The result; final once the audit is closed. `passed` needs a standard that says when a file passes.

    `wide` are the files whose totals lie too far apart, `unsettled` those of them that no third person has scored.
    """

    is_final: bool
    population: int
    drawn: int
    scored: int
    inspectors: int
    total: int
    passing: int | None
    mean: float | None
    passed: Share | None
    wide: int
    unsettled: int
    items: tuple[ItemResult, ...]
    files: tuple[FileResult, ...]


class Scored(NamedTuple):
    """A drawn file and the points that each inspector gave, by item, and those of a third."""

    member_id: MemberId
    rank: int
    label: str
    points: Sequence[Mapping[str, int]]
    third: Mapping[str, int] | None = None

    def making(self, of_three: Collection[str]) -> list[Mapping[str, int]]:
        """Return the points that make the result, by the rule of the audit."""
        if self.third is None:
            return list(self.points)
        totals = [sum(one.values()) for one in self.points]
        flags = counted(totals, sum(self.third.values()), of_three)
        return [one for one, counts in zip((*self.points, self.third), flags, strict=True) if counts]


def _at_least(population: int, conforming: int, size: int, found: int) -> int:
    """Return in how many of the equally likely samples at least `found` conform."""
    most = min(size, conforming)
    least = max(found, size - (population - conforming))
    if least > most:
        return 0
    ways = comb(conforming, least) * comb(population - conforming, size - least)
    told = ways
    for taken in range(least, most):
        ways = ways * (conforming - taken) * (size - taken)
        ways //= (taken + 1) * (population - conforming - size + taken + 1)
        told += ways
    return told


@lru_cache(maxsize=1024)
def least_conforming(
    population: int, size: int, found: int, confidence_permille: int = CONFIDENCE_PERMILLE
) -> int:
    """Return the smallest number of conforming files in the population that what was found leaves possible."""
    allowed = (_PERMILLE - confidence_permille) * comb(population, size)
    low, high = found, population - (size - found)
    while low < high:
        middle = (low + high) // 2
        if _SIDES * _PERMILLE * _at_least(population, middle, size, found) > allowed:
            high = middle
        else:
            low = middle + 1
    return low


def interval(population: int, size: int, found: int, unknown: int = 0) -> tuple[Fraction, Fraction]:
    """Return between which shares of the population the conforming files lie, with 95 %.

    `unknown` of the drawn were not scored: they count as not conforming for the lower end, as conforming for the upper.
    """
    if not 0 < size <= population:
        return Fraction(0), Fraction(1)
    low = least_conforming(population, size, found)
    # The upper end is the lower one of what does not conform.
    high = population - least_conforming(population, size, size - found - unknown)
    return Fraction(low, population), Fraction(high, population)


def _share(drawn: Drawn, count: int) -> Share:
    low, high = interval(drawn.population, drawn.size, count, drawn.size - drawn.scored)
    return Share(count=count, scored=drawn.scored, low=float(low), high=float(high))


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _file(one: Scored, standard: Standard, gap_most: int, of_three: Collection[str]) -> FileResult:
    totals = tuple(sum(points.values()) for points in one.points)
    making = one.making(of_three)
    made = tuple(sum(points.values()) for points in making)
    lost = [item.code for item in standard.items if any(each[item.code] < item.points for each in making)]
    # Compared without rounding: a file passes by the mean of the totals that count.
    passed = None if standard.passing is None else sum(made) >= standard.passing * len(made)
    gap = max(totals) - min(totals)
    return FileResult(
        member_id=one.member_id,
        rank=one.rank,
        label=one.label,
        totals=totals,
        third=None if one.third is None else sum(one.third.values()),
        counted=made,
        mean=sum(made) / len(made),
        is_passed=passed,
        deducted=tuple(lost),
        gap=gap,
        is_wide=is_wide(totals, gap_most),
    )


def result_of(
    standard: Standard,
    drawn: Drawn,
    files: Sequence[Scored],
    *,
    inspectors: int,
    gap_most: int,
    of_three: Collection[str] = ASSUMED,
    is_final: bool,
) -> AuditResult:
    """Sum up the files that every inspector has scored; `files` are those and no others."""
    told = tuple(_file(one, standard, gap_most, of_three) for one in files)
    items = tuple(
        ItemResult(
            code=item.code,
            zh=item.zh,
            en=item.en,
            points=item.points,
            mean=_mean([each[item.code] for one in files for each in one.making(of_three)]),
            whole=_share(drawn, sum(item.code not in one.deducted for one in told)),
        )
        for item in standard.items
    )
    return AuditResult(
        is_final=is_final,
        population=drawn.population,
        drawn=drawn.size,
        scored=drawn.scored,
        inspectors=inspectors,
        total=standard.total,
        passing=standard.passing,
        mean=_mean([total for one in told for total in one.counted]),
        passed=None if standard.passing is None else _share(drawn, sum(bool(one.is_passed) for one in told)),
        wide=sum(one.is_wide for one in told),
        unsettled=sum(one.is_wide and one.third is None for one in told),
        items=items,
        files=told,
    )
