from datetime import UTC, datetime, timedelta
from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.picture import (
    COURSE_WIDTH,
    MAP_HEIGHT,
    MAP_WIDTH,
    METRES_PER_DEGREE,
    MapPoint,
    course,
    map_picture,
)

POINT = MapPoint(lat_e7=333_472_810, lon_e7=1_201_614_110, accuracy_cm=1250, crs="CGCS2000", source="device")
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)

latitudes = st.integers(-899_000_000, 899_000_000)
longitudes = st.integers(-1_799_000_000, 1_799_000_000)


def test_nothing_to_draw_is_no_map() -> None:
    """Without a position and without a track there is no map."""
    assert map_picture([]) is None


def test_a_lone_position_is_in_the_middle_with_its_accuracy_to_scale() -> None:
    """One position sits in the middle; its circle has the accuracy as radius, in the scale that is written."""
    picture = map_picture([POINT])

    assert picture is not None
    (mark,) = picture.marks
    assert (mark.x, mark.y) == pytest.approx((MAP_WIDTH / 2, MAP_HEIGHT / 2), abs=0.2)
    assert mark.radius / picture.scale_pixels == pytest.approx(12.5 / picture.scale_metres, rel=0.02)


def test_the_datum_of_every_position_is_written_and_none_is_converted() -> None:
    """Positions in two datums are both drawn where they say they are, and both datums are named."""
    picture = map_picture([POINT, POINT.model_copy(update={"crs": "GCJ02", "source": "file"})])

    assert picture is not None
    assert picture.datums == ("CGCS2000", "GCJ02")
    assert picture.marks[0].x == picture.marks[1].x


@given(lat=latitudes, lon=longitudes, accuracy=st.integers(0, 10_000_000))
def test_marks_and_accuracy_stay_on_the_map(lat: int, lon: int, accuracy: int) -> None:
    """Whatever the position and its accuracy, the whole circle is on the map."""
    picture = map_picture(
        [MapPoint(lat_e7=lat, lon_e7=lon, accuracy_cm=accuracy, crs="WGS84", source="device")]
    )

    assert picture is not None
    (mark,) = picture.marks
    assert mark.radius <= mark.x <= MAP_WIDTH - mark.radius
    assert mark.radius <= mark.y <= MAP_HEIGHT - mark.radius


@given(st.lists(st.tuples(latitudes, st.integers(0, 1_000_000_000)), min_size=2, max_size=30))
def test_every_point_of_a_track_is_on_the_map(line: list[tuple[int, int]]) -> None:
    """A track of any extent is drawn whole."""
    picture = map_picture([], line)

    assert picture is not None
    for pair in picture.line.split():
        x, y = (float(number) for number in pair.split(","))
        assert -0.1 <= x <= MAP_WIDTH + 0.1
        assert -0.1 <= y <= MAP_HEIGHT + 0.1


def test_north_is_up_and_east_is_right() -> None:
    """A point further north is higher, one further east is further right."""
    there = POINT.model_copy(update={"lat_e7": POINT.lat_e7 + 1000, "lon_e7": POINT.lon_e7 + 1000})
    picture = map_picture([POINT, there])

    assert picture is not None
    here, other = picture.marks
    assert other.y < here.y
    assert other.x > here.x


def test_a_metre_is_as_long_eastwards_as_northwards() -> None:
    """At 60° north a degree of longitude is half a degree of latitude, so circles are circles."""
    line = [(600_000_000, 100_000_000), (600_010_000, 100_000_000), (600_000_000, 100_020_000)]
    picture = map_picture([], line)

    assert picture is not None
    start, north, east = ([float(n) for n in pair.split(",")] for pair in picture.line.split())
    up = hypot(north[0] - start[0], north[1] - start[1])
    right = hypot(east[0] - start[0], east[1] - start[1])
    assert right == pytest.approx(up, rel=0.01)


def test_the_graticule_names_degrees_where_they_are() -> None:
    """Each line of the graticule runs where its label says, at three lines or more each way."""
    picture = map_picture([POINT])

    assert picture is not None
    assert min(len(picture.meridians), len(picture.parallels)) >= 3
    (mark,) = picture.marks
    lat = POINT.lat_e7 / 1e7
    pixels_per_metre = picture.scale_pixels / picture.scale_metres
    for line in picture.parallels:
        degrees = float(line.text.removesuffix("°N"))
        metres = (lat - degrees) * METRES_PER_DEGREE
        assert line.at - mark.y == pytest.approx(metres * pixels_per_metre, abs=1)


def test_the_course_is_in_the_order_of_time_with_its_gaps() -> None:
    """Moments are drawn in order, evenly spaced, each with the time since the one before."""
    stations = course(
        [("received", NOON + timedelta(minutes=3)), ("captured", NOON), ("verified", None)],
    )

    assert [one.name for one in stations] == ["captured", "received"]
    assert [one.since for one in stations] == [None, timedelta(minutes=3)]
    assert 0 < stations[0].x < stations[1].x < COURSE_WIDTH


def test_a_wrong_clock_is_drawn_as_it_is() -> None:
    """A capture that claims to be later than its receipt stands after it."""
    stations = course([("captured", NOON + timedelta(days=1)), ("received", NOON)])

    assert [one.name for one in stations] == ["received", "captured"]
