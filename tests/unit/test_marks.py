"""Where findings lie: what a check says of a place opens there, and nothing else does."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from api.console.film import WIDTH, film_line
from api.console.places import Wanted, region_of
from api.console.points import points_views
from schemas.checks.table import CHECKS, FINDINGS
from schemas.findings import sentence
from schemas.ids import RecordingId
from schemas.integrity import Check, CheckResult
from schemas.mark import PLACES, TIMES, Mark, MarkKind, mark_of
from schemas.media import Exif, MediaFacts, Stretch, StretchKind, Track, TrackPoint
from storage.act import fresh_id

_PLACED = frozenset({"at_seconds", "from_seconds", "point", "from"})
_BLANK = re.compile(r"\{(\w+)\}")
AT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)


def found(code: str, **params: object) -> CheckResult:
    """A finding by its code alone."""
    check: Check = next(one for one in CHECKS.values() if code in {row.code for row in one.findings})
    return check.found(code, **params)


@pytest.mark.parametrize(
    "code", [code for code, row in FINDINGS.items() if _PLACED & set(_BLANK.findall(row.zh + row.en))]
)
def test_a_place_in_a_sentence_is_one_that_opens(code: str) -> None:
    """Whoever reads a second or a point in a sentence can go there, in both languages the same."""
    blanks = _BLANK.findall(FINDINGS[code].zh)
    params = dict.fromkeys(blanks, 41) | {name: 44 for name in blanks if name.startswith("to")}

    mark = mark_of(found(code, **params), 60_000)

    assert mark is not None
    assert set(_BLANK.findall(FINDINGS[code].en)) == set(blanks)
    assert mark.kind in {MarkKind.TIME, MarkKind.POINTS}
    assert not _BLANK.search(sentence(code, params).zh)


def test_every_code_of_the_lists_is_declared() -> None:
    """A renamed finding would lose its place in silence."""
    assert not (TIMES | PLACES) - FINDINGS.keys()


def test_seconds_are_taken_as_checks_and_reports_write_them() -> None:
    """Whole or with a fraction as text; where something ends too early, the rest is meant; of a silent film all of it."""
    dropped = mark_of(found("sound-dropped", count=1, from_seconds="3.25", to_seconds="3.31"), None)
    stops = mark_of(found("pictures-stop", pictures=8, sound=20), 20_000)
    silent = mark_of(found("sound-silent", seconds=12), 12_400)

    assert dropped == Mark(code="sound-dropped", kind=MarkKind.TIME, start=3250, end=3310)
    assert stops is not None
    assert (stops.start, stops.end) == (8_000, 20_000)
    assert silent is not None
    assert (silent.start, silent.end) == (0, 12_400)
    assert mark_of(found("sound-silent", seconds=12), None) is None


@pytest.mark.parametrize("value", ["", "-3", "1e3", "九", None, True, [3], "3; drop", "9" * 13, "٣"])
def test_what_is_no_number_is_no_place(value: object) -> None:
    """Parameters are kept for ever and come from files: nothing of them is believed to be a number."""
    assert mark_of(found("timing-hole", from_seconds=value, to_seconds=value), None) is None
    assert mark_of(found("track-teleport", point=value), None) is None


def test_a_whole_that_is_sound_opens_nowhere() -> None:
    """A check that held, or a finding about the file as such, has no place."""
    assert mark_of(CHECKS["timing"].held(), 1_000) is None
    assert mark_of(found("zero-bytes"), 1_000) is None


def test_a_line_of_time_holds_all_that_was_met_within_its_width() -> None:
    """Bars keep their order and stay on the line, moments are wide enough to be hit, kinds have a lane each."""
    marks = [Mark(code="content-frozen", kind=MarkKind.TIME, start=8_000, end=20_000)]
    met = [
        Stretch(kind=StretchKind.HOLE, from_ms=0, to_ms=0),
        Stretch(kind=StretchKind.HOLE, from_ms=20_000, to_ms=20_000),
        Stretch(kind=StretchKind.FROZEN, from_ms=8_000, to_ms=20_000),
    ]

    line = film_line(20_000, marks, met)

    assert line is not None
    assert [lane.kind for lane in line.lanes] == [None, StretchKind.HOLE, StretchKind.FROZEN]
    for bar in (bar for lane in line.lanes for bar in lane.bars):
        assert bar.x >= 0
        assert bar.width >= 8
        assert bar.x + bar.width <= WIDTH
    assert line.lanes[0].bars[0].x == 400
    assert line.ticks[-1] == 20
    assert film_line(20_000, [], []) is None
    assert film_line(None, marks, []) is not None  # what nobody measured is as long as what was met in it


def track(*places: int, around: bool = True) -> Track:
    """A track along a meridian, a point a second, at these 10^-7 degrees."""
    points = [
        TrackPoint(number=n, lat_e7=lat, lon_e7=0, at=AT + timedelta(seconds=n))
        for n, lat in enumerate(places, 1)
    ]
    line = tuple((lat, 0) for lat in places)
    return Track(points=len(places), line_e7=line, around=tuple(points) if around else None)


def test_a_leap_is_shown_with_its_neighbours_and_its_speed() -> None:
    """The step that is named is the dashed one; three points on either side stand with it, with times where kept."""
    mark = mark_of(found("track-teleport", point=8, count=1, kmh=40_000), None)
    assert mark is not None
    places = [1000 * n for n in range(1, 8)] + [10_000_000 + 1000 * n for n in range(8, 16)]

    (view,) = points_views(track(*places), [mark])
    (bare,) = points_views(track(*places, around=False), [mark])

    assert [row.point.number for row in view.rows] == list(range(4, 12))
    assert [row.point.number for row in view.rows if row.is_named] == [7, 8]
    (leap,) = view.leaps
    assert leap[1] != leap[3]
    fastest = max(view.rows, key=lambda row: row.kmh or 0)
    assert fastest.point.number == 8
    assert 111_000 < (fastest.metres or 0) < 111_400
    assert (fastest.kmh or 0) > 300_000
    assert [row.kmh for row in bare.rows] == [None] * 8
    assert [row.metres for row in bare.rows] == [row.metres for row in view.rows]


def test_points_that_nobody_kept_open_nothing() -> None:
    """Of a thinned line no number is known: a chart of other points would be a lie."""
    mark = Mark(code="track-teleport", kind=MarkKind.POINTS, start=900, end=901)
    thinned = Track(points=90_000, line_e7=((1, 1), (2, 2)))

    assert points_views(thinned, [mark]) == ()
    assert points_views(None, [mark]) == ()
    assert points_views(track(1, 2, 3), [mark]) == ()


@pytest.mark.parametrize(
    ("orientation", "at"),
    [(1, (0, 75, 100, 25)), (3, (0, 0, 100, 25)), (6, (0, 0, 25, 100)), (8, (75, 0, 25, 100))],
)
def test_rows_are_shown_where_the_turned_picture_has_them(
    orientation: int, at: tuple[float, float, float, float]
) -> None:
    """The last quarter of the stored rows: below, above, on the left, on the right."""
    facts = MediaFacts(width=400, height=200, exif=Exif(orientation=orientation))
    mark = Mark(code="jpeg-damaged", kind=MarkKind.ROWS, start=150, end=199)

    region = region_of(mark, facts)

    assert region is not None
    assert (region.x, region.y, region.width, region.height) == at
    assert region_of(mark, MediaFacts()) is None


@pytest.mark.parametrize("text", ["../x", "a b", "A", "x" * 65, "#", ""])
def test_an_address_opens_on_a_code_or_on_nothing(text: str) -> None:
    """What stands in an address is never repeated unless it is the form of a code."""
    ident = RecordingId(fresh_id())
    wanted = Wanted.model_validate({"finding": text, "second": "x"})

    assert wanted == Wanted()
    assert wanted.address(ident, "player") == f"/console/recordings/{ident}"
    assert Wanted(finding="track-jump").address(ident, "player").endswith("?finding=track-jump#player")
