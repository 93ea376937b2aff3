from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.console.timeline import BREAK, LEFT, MIN_BAR, MOST_PARTS, PAD, WIDTH, Flag, Span, timeline

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)

moments = st.integers(0, 10**7).map(lambda seconds: NOON + timedelta(seconds=seconds))
lengths = st.integers(0, 10**5).map(lambda seconds: timedelta(seconds=seconds))
spans = st.builds(
    lambda lane, start, length: span(lane, start, start + length),
    st.sampled_from(["记录仪一", "记录仪二", "称重点"]),
    moments,
    lengths,
)
flags = st.builds(Flag, at=moments, label=st.sampled_from(["立案", "提交法制审核", "结案"]))


def span(lane: str, start: datetime, end: datetime, kind: str = "verified") -> Span:
    return Span(lane=lane, start_at=start, end_at=end, label="a.mp4", href="/a", kind=kind)


def test_nothing_with_a_time_is_no_picture() -> None:
    """Without a recording and without a step there is no clock."""
    assert timeline([], []) is None


@given(st.lists(spans, min_size=1, max_size=20), st.lists(flags, max_size=6))
def test_everything_lies_in_the_picture_in_the_order_of_time(many: list[Span], steps: list[Flag]) -> None:
    """Bars and flags stay right of the names, left of the edge; what was earlier is not drawn further right."""
    picture = timeline(many, steps)

    assert picture is not None
    assert all(LEFT <= bar.x <= bar.x + bar.width <= WIDTH for bar in picture.bars)
    assert all(LEFT <= pole.x <= WIDTH for pole in picture.poles)
    ordered = sorted(picture.bars, key=lambda bar: bar.span.start_at)
    assert [bar.x for bar in ordered] == sorted(bar.x for bar in picture.bars)
    heights = dict(picture.lanes)
    assert all(bar.y == heights[bar.span.lane] for bar in picture.bars)
    assert len(set(heights.values())) == len({one.lane for one in many})


@given(st.lists(flags, min_size=1, max_size=8))
def test_texts_of_flags_do_not_cover_each_other(steps: list[Flag]) -> None:
    """Two flags of one row keep at least the width of the first one's text between them."""
    picture = timeline([], steps)

    assert picture is not None
    for row in {pole.row for pole in picture.poles}:
        spots = [
            (pole.x - 14 * len(pole.flag.label) if pole.is_left else pole.x, len(pole.flag.label))
            for pole in picture.poles
            if pole.row == row
        ]
        for (left, letters), (right, _) in pairwise(sorted(spots)):
            assert left + 12 * letters <= right


def test_a_hole_is_drawn_between_the_bars_it_separates() -> None:
    """From the end of the recording before to the start of the one after, in the lane of its device."""
    first = span("记录仪一", NOON, NOON + 600 * SECOND)
    second = span("记录仪一", NOON + 1800 * SECOND, NOON + 1860 * SECOND)
    missing = span("记录仪一", first.end_at, second.start_at, "missing")
    picture = timeline([first, second], [], [missing])

    assert picture is not None
    (hole,) = picture.holes
    before, after = picture.bars
    assert hole.x == before.x + before.width
    assert abs(hole.x + hole.width - after.x) < 0.2
    assert hole.y == before.y


def test_a_moment_is_wide_enough_to_be_hit() -> None:
    """A photo has no length; its bar has."""
    picture = timeline([span("记录仪一", NOON, NOON), span("记录仪一", NOON + 3600 * SECOND, NOON)], [])

    assert picture is not None
    assert all(bar.width == MIN_BAR for bar in picture.bars)


@given(st.lists(spans, min_size=1, max_size=20), st.lists(flags, max_size=6))
def test_idle_times_are_folded_and_say_how_long_they_were(many: list[Span], steps: list[Flag]) -> None:
    """Breaks lie between bars, are few enough to fit, and with what is shown add up to the whole time."""
    picture = timeline(many, steps)

    assert picture is not None
    assert len(picture.breaks) < MOST_PARTS
    for one in picture.breaks:
        assert not any(bar.x < one.x < bar.x + bar.width for bar in picture.bars)
    times = [at for bar in picture.bars for at in (bar.span.start_at, bar.span.end_at)]
    times += [pole.flag.at for pole in picture.poles]
    assert sum((one.length for one in picture.breaks), timedelta()) <= max(times) - min(times)
    ticks = [tick.x for tick in picture.ticks]
    assert ticks == sorted(ticks)
    assert all(right - left >= 2 * PAD + BREAK - 0.2 for left, right in pairwise(ticks))


def test_an_hour_on_site_stays_readable_beside_weeks_of_procedure() -> None:
    """Ten minutes between two recordings are wide enough to see, though the decision came a month later."""
    first = span("记录仪一", NOON, NOON + 300 * SECOND)
    second = span("记录仪一", NOON + 900 * SECOND, NOON + 3600 * SECOND)
    picture = timeline([first, second], [Flag(at=NOON + timedelta(days=30), label="作出决定")])

    assert picture is not None
    before, after = picture.bars
    assert after.x - before.x - before.width > 50
    (fold,) = picture.breaks
    assert fold.length == timedelta(days=30) - 3600 * SECOND


def test_days_and_years_are_written_where_they_are_new() -> None:
    """A picture over New Year names both years; one within a day names its day once."""
    eve = datetime(2025, 12, 31, 15, 30, tzinfo=UTC)
    over = timeline([span("一", eve, eve), span("一", eve + 3600 * SECOND, eve + 3600 * SECOND)], [])
    within = timeline([span("一", NOON, NOON + 3600 * SECOND)], [])

    assert over is not None
    assert within is not None
    assert [tick.has_year for tick in over.ticks if tick.has_day] == [True, True]
    assert [tick.has_day for tick in within.ticks].count(True) == 1
    assert not any(tick.has_year for tick in within.ticks)


def test_ticks_after_the_first_are_round_times_of_beijing() -> None:
    """Where there is room the clock is marked at round minutes, hours or days of UTC+8, never in between."""
    start = NOON + timedelta(minutes=26, seconds=15, microseconds=123_457)
    picture = timeline([span("一", start, start + timedelta(hours=3))], [])

    assert picture is not None
    first, *others = picture.ticks
    assert first.at == start
    assert len(others) >= 3
    assert all((one.at.minute % 10, one.at.second, one.at.microsecond) == (0, 0, 0) for one in others)
    assert not any(one.has_seconds for one in picture.ticks)


def test_two_ticks_never_read_the_same() -> None:
    """Within four minutes the clock is marked every half minute, and then with its seconds."""
    picture = timeline([span("一", NOON, NOON + 240 * SECOND)], [])

    assert picture is not None
    assert len(picture.ticks) > 4
    assert all(one.has_seconds for one in picture.ticks)
