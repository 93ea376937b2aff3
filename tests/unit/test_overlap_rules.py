"""What two cases have in common, and when that is enough to be told."""

import pytest

from schemas.overlap import Overlap, Traits, is_told, shared

MINE = Traits(
    party="某某运输公司",
    party_code="91320903MA1DEM001U",
    plates=("苏J8K213",),
    matter="超限运输",
    place="省道 S229 K12",
    point=(333_475_000, 1_201_626_000),
)
OTHER = Traits(party="另一公司", party_code=None, plates=(), matter="占道经营", place="建军路", point=None)
PARTY, PLATE, MATTER, PLACE = Overlap


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (OTHER, ()),
        (OTHER._replace(party="某某运输公司 "), (PARTY,)),
        (OTHER._replace(party="某某运输公司", party_code="91320903MA1DEM002Y"), ()),
        (OTHER._replace(party="改名后", party_code="91320903MA1DEM001U"), (PARTY,)),
        (OTHER._replace(plates=("苏J00001", "苏J8K213")), (PLATE,)),
        (OTHER._replace(matter="超限运输"), (MATTER,)),
        (OTHER._replace(place="省道Ｓ229　K12"), (PLACE,)),
        (OTHER._replace(place="别处", point=(333_475_000, 1_201_630_000)), (PLACE,)),
        (OTHER._replace(place="省道 S229 K12", point=(334_475_000, 1_201_626_000)), ()),
    ],
)
def test_what_is_shared_is_named(other: Traits, found: tuple[Overlap, ...]) -> None:
    """A code decides over a name; positions decide over words; widths and spaces are none."""
    assert shared(MINE, other, metres=200)[0] == found


def test_the_distance_is_said_where_both_have_a_position() -> None:
    """In whole metres, also beyond the radius."""
    assert shared(MINE, MINE._replace(point=(333_484_000, 1_201_626_000)), metres=10)[1] == 100
    assert shared(MINE, OTHER, metres=10)[1] is None


@pytest.mark.parametrize(
    ("overlaps", "told"),
    [
        ((), False),
        ((MATTER,), False),
        ((PLACE,), False),
        ((PARTY,), True),
        ((PLATE,), True),
        ((MATTER, PLACE), True),
    ],
)
def test_a_matter_alone_is_no_overlap(overlaps: tuple[Overlap, ...], told: bool) -> None:
    """Half the cases of an agency have the same matter, and a road has many."""
    assert is_told(overlaps) is told
