"""The area of an agency: how its corners are written, what encloses nothing, and how far outside a place lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.agreement import distance_m
from schemas.area import Area, area_of, check_ring, corner, corner_meant, corners_of, metres_outside
from schemas.errors import Invalid
from schemas.media import Gps, MediaFacts, Track
from schemas.scene import Spots, check_area, spots_of
from schemas.setting_list import LISTS, ListSetting, check_items

SQUARE = ("119.90,30.20", "120.10,30.20", "120.10,30.40", "119.90,30.40")
HOOK = ("119.90,30.20", "120.10,30.20", "120.10,30.40", "120.08,30.40", "120.08,30.22", "119.90,30.22")
INSIDE = (302_100_000, 1_200_000_000)
NORTH_OF_HOOK = (303_000_000, 1_200_000_000)


@pytest.mark.parametrize(
    "written",
    [
        "119.9612,30.2385",
        "119.9612，30.2385",
        " 119.9612, 30.2385 ",
        "30.2385,119.9612",
        "１１９.9612、30.2385",
    ],
)
def test_a_corner_is_read_as_people_type_it(written: str) -> None:
    """Wide signs, blanks and the other order are one place."""
    assert corner(written) == (302_385_000, 1_199_612_000)
    assert corner_meant(written) == "119.9612,30.2385"


@pytest.mark.parametrize(
    "written",
    ["", "119.9", "119.9,30.2,5", "东经119,北纬30", "200,30", "119,95", "nan,30", "119.9 30.2", "inf,30"],
)
def test_what_is_no_place_is_refused(written: str) -> None:
    """It names itself in the answer."""
    assert corner(written) is None
    assert corner_meant(written) == written
    with pytest.raises(Invalid) as caught:
        check_items(LISTS[ListSetting.AREA], (*SQUARE, written))
    assert caught.value.slug == "setting-item"


@pytest.mark.parametrize(
    "items",
    [SQUARE[:1], SQUARE[:2], (SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), (*SQUARE, SQUARE[0]),
     (*SQUARE, "120.10,30.300")],
)  # fmt: skip
def test_corners_that_enclose_nothing_are_refused(items: tuple[str, ...]) -> None:
    """Too few, in a wrong order, one twice, and one on a side that is not its own."""
    with pytest.raises(Invalid) as caught:
        check_items(LISTS[ListSetting.AREA], items)
    assert caught.value.slug == "setting-area"


def test_none_at_all_is_no_area() -> None:
    """An agency may take its border back."""
    check_items(LISTS[ListSetting.AREA], ())
    check_ring(SQUARE)
    check_ring(HOOK)


def found(
    spots: Spots, items: tuple[str, ...] = SQUARE, facts: MediaFacts | None = None, near_m: int = 500
) -> str | None:
    made = check_area(facts or MediaFacts(), spots, area_of(items, near_m))
    return None if made is None else made.code


def test_only_what_lies_outside_is_told() -> None:
    """Within, in a bay of the border, near by, by its own accuracy, and far."""
    beyond = (304_100_000, 1_200_000_000)  # 1,112 m to the north
    assert found(Spots((INSIDE,))) == ""
    assert found(Spots((INSIDE,)), HOOK) == ""
    assert found(Spots((NORTH_OF_HOOK,))) == ""
    assert found(Spots((NORTH_OF_HOOK,)), HOOK) == "place-outside-area"
    assert found(Spots((beyond,))) == "place-outside-area"
    assert found(Spots((beyond,)), near_m=1_200) == ""
    assert found(Spots((beyond,), 700)) == ""


def test_without_an_area_or_a_place_nothing_is_said() -> None:
    """Neither is guessed."""
    assert found(Spots((INSIDE,)), ()) is None
    assert found(Spots()) is None
    assert check_area(MediaFacts(), Spots((INSIDE,)), Area()) is None


def test_of_a_track_the_farthest_point_counts() -> None:
    """It was inside for the most part, and left the area once."""
    line = (INSIDE, (306_000_000, 1_200_000_000), INSIDE)
    facts = MediaFacts(track=Track(points=3, line_e7=line))
    made = check_area(facts, spots_of(None, None, None, None, facts), area_of(SQUARE, 500))
    assert made is not None
    assert (made.code, made.params) == ("track-outside-area", {"kilometres": "22.2"})


def test_a_place_in_a_shifted_datum_is_not_measured() -> None:
    """Half a kilometre would be told that is none."""
    gps = Gps(lat_e7=320_000_000, lon_e7=1_200_000_000, datum="GCJ-02")
    assert found(spots_of(None, None, None, None, MediaFacts(gps=gps))) is None


@given(st.integers(-900_000, 900_000), st.integers(-900_000, 900_000))
def test_a_corner_is_no_nearer_than_its_side(north: int, east: int) -> None:
    """By the way round the world it is no shorter, to a hundredth: the map is flat; within it is nothing."""
    place = (303_000_000 + north * 10, 1_200_000_000 + east * 10)
    corners = corners_of(SQUARE)
    metres = metres_outside(place, corners)
    inside = abs(north) < 100_000 and abs(east) < 100_000
    assert (metres == 0) is inside or metres < 1
    assert metres <= min(distance_m(place, one) for one in corners) * 1.01
