"""Place and time of a recording beside those of its case: graded, and only what both sides say."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.media import Gps, MediaFacts, Track
from schemas.scene import Scene, Spots, scene_findings, spots_of

AT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
HERE = (333_380_000, 1_201_540_000)
DEGREE_M = 111_195


def north(metres: float) -> tuple[int, int]:
    return HERE[0] + round(metres / DEGREE_M * 10_000_000), HERE[1]


def codes(spots: Spots, at: datetime | None = AT, **changed: object) -> list[str]:
    scene = Scene(HERE, AT, 500)._replace(**changed)
    return [one.code for one in scene_findings(spots, at, scene)]


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "code"),
    [(0, 0, ""), (490, 0, ""), (900, 450, ""), (900, 0, "scene-apart"), (9_000, 0, "scene-apart"),
     (60_000, 0, "scene-far")],
)  # fmt: skip
def test_the_distance_is_graded(metres: int, accuracy_m: int, code: str) -> None:
    """Near by the agency's setting and the accuracy that is stated; elsewhere; far."""
    assert codes(Spots((north(metres),), accuracy_m)) == [code, ""]


def test_a_track_that_passes_the_scene_is_of_the_scene() -> None:
    """The nearest point counts, wherever it began and ended."""
    line = tuple(north(metres) for metres in (30_000, 10_000, 100, 20_000))
    facts = MediaFacts(track=Track(points=4, line_e7=line))
    assert codes(spots_of(None, None, None, None, facts)) == ["", ""]
    assert codes(spots_of(None, None, None, None, MediaFacts(track=Track(points=1, line_e7=line[:1])))) == [
        "scene-far", "",
    ]  # fmt: skip


def test_places_of_device_and_file_count_and_shifted_ones_do_not() -> None:
    """In GCJ-02 half a kilometre would be told that is none; without a datum a file's place is WGS 84 by the standard."""
    assert spots_of(*HERE, 500, "GCJ02", MediaFacts()).points == ()
    assert spots_of(*HERE, 500, "CGCS2000", MediaFacts()) == Spots((HERE,), 5)
    gps = Gps(lat_e7=HERE[0], lon_e7=HERE[1], acc_cm=4_000)
    assert spots_of(None, None, None, None, MediaFacts(gps=gps)) == Spots((HERE,), 40)
    assert (
        spots_of(None, None, None, None, MediaFacts(gps=gps.model_copy(update={"datum": "GCJ-02"}))).points
        == ()
    )


@pytest.mark.parametrize(
    ("early", "code"), [(timedelta(0), ""), (timedelta(days=-90), ""), (timedelta(hours=24), ""),
                        (timedelta(hours=50), "scene-before")]
)  # fmt: skip
def test_only_what_was_captured_long_before_is_told(early: timedelta, code: str) -> None:
    """A hearing is months later, and a day without an hour is up to a day off."""
    assert codes(Spots(), AT - early) == [code]


def test_what_is_not_said_is_not_compared() -> None:
    """No place or no time on either side gives no result."""
    assert codes(Spots((HERE,)), None) == [""]
    assert codes(Spots((HERE,)), place=None, occurred_at=None) == []
    assert codes(Spots(), None) == []
