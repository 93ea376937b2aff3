"""The clock of a film: holes, jumps back and short films are found; odd but sound rates are not."""

from pathlib import Path

import pytest

from schemas.integrity import CheckResult, Severity
from tests.media_containers import film
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.streams.timing import Timing, check_timing
from workers.media.streams.walk import Stamp
from workers.media.structure.walked import Length, Structure


def look(path: Path) -> Probe:
    return probe(path, filename=path.name, limits=Limits())


def named(found: Probe, name: str) -> CheckResult:
    return next(one for one in found.checks if one.name == name)


def told(times: list[int], *, unit_s: float = 0.001, with_sent: bool = False) -> Timing:
    """A stream whose packets come with these times."""
    timing = Timing(unit_s, 0.0, is_picture=True)
    for at in times:
        timing.told(Stamp(at, at if with_sent else None, 40, 100, False))
    return timing


def said(*timings: Timing, structure: Structure | None = None) -> CheckResult:
    made = check_timing(timings, structure or Structure())
    assert made is not None
    return made


STEADY = [n * 40 for n in range(250)]


@pytest.mark.parametrize(
    "times",
    [
        STEADY,
        [n * 1001 * 1000 // 30_000 for n in range(300)],
        [at for n in range(0, 240, 4) for at in (n * 40, n * 40 + 120, n * 40 + 80, n * 40 + 40)],
        STEADY[:100] + [at + 120 for at in STEADY[100:]],
        [0, *[2000 + at for at in STEADY]],
        [sum((33, 50, 66, 100)[n * 7 % 4] for n in range(k)) for k in range(200)],
        [n * 1000 for n in range(60)],
        [n * 60_000 for n in range(60)],
        [at + 39_600_000 for at in STEADY],
        [n * 17 if n < 100 else 1700 + (n - 100) * 1500 for n in range(200)],
    ],
    ids=[
        "25",
        "29.97",
        "B-frames",
        "some dropped",
        "late second",
        "phone",
        "one a second",
        "lapse",
        "late",
        "screen",
    ],
)
def test_sound_clocks_are_below_a_warning(times: list[int]) -> None:
    """Rates of phones, films and recorders of screens, reordered pictures, a clock that begins late."""
    assert said(told(times)).severity.rank < Severity.WARN.rank


@pytest.mark.parametrize("at", range(20, 240, 10))
@pytest.mark.parametrize("gap_ms", [1000, 4000])
def test_a_hole_is_found_with_its_seconds(at: int, gap_ms: int) -> None:
    """Wherever pictures of a steady film are missing for a second."""
    found = said(told(STEADY[:at] + [one + gap_ms for one in STEADY[at:]]))

    assert (found.code, found.severity) == ("timing-hole", Severity.WARN)
    assert found.params["from_seconds"] <= (at - 1) * 0.04 < found.params["to_seconds"]


@pytest.mark.parametrize("at", range(60, 240, 9))
def test_a_clock_that_runs_back_is_found(at: int) -> None:
    """A part that is there again, or in the wrong place."""
    assert said(told(STEADY[:at] + STEADY[at - 50 :])).code == "timing-runs-back"
    assert said(told(STEADY[:at] + STEADY[at - 10 :], with_sent=True)).code == "timing-runs-back"


def test_times_that_are_there_twice_are_a_remark() -> None:
    """Said, with how many."""
    found = said(told(sorted(STEADY + STEADY[:20])))

    assert (found.code, found.severity, found.params["count"]) == ("timing-doubled", Severity.REMARK, 20)


def test_a_pause_that_the_format_marks_is_a_remark() -> None:
    """The same hole, where the container says that its clock jumps."""
    holed = told(STEADY[:100] + [at + 9000 for at in STEADY[100:]])

    assert said(holed, structure=Structure(has_pauses=True)).code == "timing-pause"


@pytest.mark.parametrize(
    ("promised", "found", "code"),
    [
        (60, 60, ""),
        (60, 57.5, ""),
        (60, 30, "timing-length-short"),
        (10, 8.5, "timing-length-short"),
        (10, 30, "timing-length-differs"),
        (10, 264, "timing-length-absurd"),
    ],
)
def test_a_header_that_promises_more_is_found(promised: float, found: float, code: str) -> None:
    """Less than promised is missing; more was not brought up to date."""
    assert said(told(STEADY), structure=Structure(lengths=(Length(promised, found),))).code == code


def test_without_pictures_nothing_is_said() -> None:
    """A sound has no pictures whose time could be looked at."""
    assert check_timing((), Structure()) is None


@pytest.mark.parametrize(("name", "form"), [("a.mp4", "mp4"), ("a.mkv", "matroska"), ("a.ts", "mpegts")])
def test_a_film_with_dropped_pictures_is_found_in_every_container(
    tmp_path: Path, name: str, form: str
) -> None:
    """Three seconds of pictures are missing while the sound goes on."""
    times = [*range(50), *range(125, 175)]
    found = look(film(tmp_path / name, form=form, times=times, sound=True))

    assert named(found, "timing").code == "timing-hole"
    assert (named(found, "timing").params["from_seconds"], named(found, "timing").params["to_seconds"]) == (
        1,
        5,
    )


def test_a_lost_cluster_of_a_live_writer_is_found(tmp_path: Path) -> None:
    """No number and no size tells of it; the clock does."""
    whole = film(
        tmp_path / "a.mkv", form="matroska", options={"live": "1", "cluster_time_limit": "1000"}
    ).read_bytes()
    mark = b"\x1f\x43\xb6\x75"
    first, second = whole.index(mark), 0
    second = whole.index(mark, first + 4)
    third = whole.index(mark, second + 4)
    (tmp_path / "b.mkv").write_bytes(whole[:second] + whole[third:])

    assert named(look(tmp_path / "b.mkv"), "timing").code == "timing-hole"
