"""A third inspector where the others lie too far apart: who that may be is of the policy, whose points count stands here.

Rules 8 asks for a third reviewer of a wide gap and says nothing of whose points count then: the supervising agency does, by
a setting as of the freeze. Assumed is the mean of the third's and of the nearer one, as marked exams are settled; one that
lies as near on either side leaves both.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum


class ScoreOfThree(StrEnum):
    """Whose points count once a third person has scored: their mean is what the file has."""

    THIRD = "third"
    NEARER = "nearer"
    FARTHER = "farther"


ASSUMED = (ScoreOfThree.THIRD, ScoreOfThree.NEARER)


def is_wide(totals: Sequence[int], gap_most: int) -> bool:
    """Say whether the totals of a file lie further apart than an agency lets stand."""
    return max(totals) - min(totals) > gap_most


def counted(totals: Sequence[int], third: int | None, rule: Collection[str]) -> tuple[bool, ...]:
    """Return of each total whether it counts, that of the third one last; without a third all do.

    A rule that leaves nobody – only the farther one, where both are as near – takes the third's alone.
    """
    if third is None:
        return (True,) * len(totals)
    nearest = min(abs(one - third) for one in totals)
    near = [abs(one - third) == nearest for one in totals]
    kept = [(ScoreOfThree.NEARER if one else ScoreOfThree.FARTHER) in rule for one in near]
    own = ScoreOfThree.THIRD in rule or not any(kept)
    return (*kept, own)
