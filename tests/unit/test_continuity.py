"""What lies between the recordings of one device, in whatever order they came, and what their names say."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from schemas.continuity import Course, SeamKind, Segment, SegmentState, course_of
from schemas.ids import RecordingId
from schemas.integrity import Severity
from schemas.name_profile import SHIPPED, is_profile, profiles, read_name
from schemas.words import Language
from schemas.words_continuity import seam_words

NINE = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def segment(number: int, minute: float, length: float | None = 300, **changed: object) -> Segment:
    given: dict[str, object] = {
        "recording_id": RecordingId(UUID(int=number)),
        "filename": f"{number:04}.mp4",
        "begins_at": NINE + timedelta(minutes=minute),
        "length_seconds": length,
        "received_at": NINE + timedelta(hours=9),
        "number": number,
        "series": "one",
    }
    return Segment.model_validate(given | changed)


def kinds(*segments: Segment, tolerance: int = 2) -> list[tuple[SeamKind, int, int]]:
    made = course_of(segments, tolerance_seconds=tolerance)
    return [(one.kind, one.before.int, one.after.int) for one in made.seams]


FIVE = [segment(number, 5 * (number - 1)) for number in range(1, 6)]


def test_what_follows_has_no_seam_in_whatever_order_it_came() -> None:
    """A docking station brings five segments in any order: they stand in the order of the capture."""
    for some in permutations(FIVE):
        made = course_of(some, tolerance_seconds=2)
        assert [one.number for one in made.segments] == [1, 2, 3, 4, 5]
        assert made.seams == ()
    assert course_of(FIVE, tolerance_seconds=2).covered_seconds == 1500


def test_a_missing_segment_is_told_and_closes_by_itself() -> None:
    """The third has not come: the camera went on by itself, so that is a doubt; with it nothing is left."""
    without = [one for one in FIVE if one.number != 3]

    made = course_of(without, tolerance_seconds=2)

    assert [one.kind for one in made.seams] == [SeamKind.CUT, SeamKind.NUMBER_MISSING]
    assert [(one.seconds, one.missing) for one in made.seams] == [(300, 0), (0, 1)]
    assert {one.severity for one in made.seams} == {Severity.WARN}
    assert course_of([*without, FIVE[2]], tolerance_seconds=2).seams == ()


def test_whoever_stops_recording_leaves_a_gap_and_no_doubt() -> None:
    """A segment that is shorter than those the camera ends by itself was ended by a person."""
    stopped = [segment(1, 0), segment(2, 5), segment(3, 10, 120), segment(4, 30)]

    made = course_of(stopped, tolerance_seconds=2)

    assert [(one.kind, one.severity) for one in made.seams] == [(SeamKind.GAP, Severity.INFO)]
    assert (made.seams[0].seconds, made.seams[0].from_at) == (1080, NINE + timedelta(minutes=12))


@pytest.mark.parametrize(("apart", "found"), [(2, []), (3, [(SeamKind.GAP, 1, 2)])])
def test_the_tolerance_decides(apart: int, found: list[object]) -> None:
    """So many seconds still follow, one more does not."""
    assert kinds(segment(1, 0, 60), segment(2, 1 + apart / 60, 60)) == found


def test_two_at_a_time_overlap_and_count_once() -> None:
    """One device does not record twice at a time."""
    both = [segment(1, 0), segment(2, 4), segment(3, 9)]
    made = course_of(both, tolerance_seconds=2)
    assert [(one.kind, one.seconds) for one in made.seams] == [(SeamKind.OVERLAP, 60)]
    assert made.covered_seconds == 840
    inside = course_of([segment(1, 0, 600), segment(2, 2, 60), segment(3, 10)], tolerance_seconds=2)
    assert [(one.kind, one.seconds) for one in inside.seams] == [(SeamKind.OVERLAP, 60)]


def test_numbers_that_begin_anew_and_a_clock_that_went_back() -> None:
    """From one again is a card that was changed; a higher number at an earlier time is a clock that was set."""
    anew = [segment(8, 0), segment(9, 5), segment(1, 10)]
    assert kinds(*anew) == [(SeamKind.NUMBER_ANEW, 9, 1)]
    back = [segment(5, 60), segment(6, 10), segment(7, 15)]
    assert (SeamKind.CLOCK_BACK, 7, 5) in kinds(*back)


def test_what_is_apart_closes_nothing_and_what_waits_opens_nothing() -> None:
    """A quarantined segment is no evidence; one that nobody looked into yet has no end."""
    apart = [FIVE[0], FIVE[1].model_copy(update={"state": SegmentState.APART}), FIVE[2]]
    assert kinds(*apart) == [(SeamKind.GAP, 1, 3)]
    waits = [
        FIVE[0],
        FIVE[1].model_copy(update={"state": SegmentState.WAITING, "length_seconds": None}),
        FIVE[3],
    ]
    assert kinds(*waits) == [(SeamKind.NUMBER_MISSING, 2, 4)]


def test_photos_have_their_numbers_and_no_length() -> None:
    """A camera counts photos and films in one: a photo closes a hole of numbers and makes none of time."""
    assert kinds(segment(1, 0), segment(2, 2, None), segment(3, 5)) == []


def test_neighbours_are_those_beside() -> None:
    """The one before and the one after; what is not in it has none."""
    made: Course = course_of(FIVE, tolerance_seconds=2)
    before, after = made.around(FIVE[2].recording_id)
    assert (before, after) == (FIVE[1], FIVE[3])
    assert made.around(FIVE[0].recording_id) == (None, FIVE[1])
    assert made.around(RecordingId(UUID(int=99))) == (None, None)


def test_every_seam_has_a_sentence_with_its_number() -> None:
    """In both languages, no brace left."""
    made = course_of([segment(1, 0), segment(2, 4), segment(9, 30), segment(1, 60)], tolerance_seconds=2)
    for one in made.seams:
        for language in Language:
            said = seam_words(one).spoken(language)
            assert said
            assert "{" not in said


@pytest.mark.parametrize(
    ("name", "profile", "seq", "at"),
    [
        ("4320001_123456_20261102090000_0007_IMP.MP4", "ga-t-947-usual", 7, NINE),
        ("20261102090000_0007.mp4", "time-number", 7, NINE),
        ("20261102_090000_0007.mp4", "date-clock-number", 7, NINE),
        ("VID_20261102_090000.mp4", "android-video", None, NINE),
        ("IMG_20261102_090000_1.jpg", "android-photo", None, NINE),
    ],
)
def test_names_are_read_by_profiles(name: str, profile: str, seq: int | None, at: datetime) -> None:
    """Number and wall clock of UTC+8, whatever the ending."""
    found = read_name(name)
    assert found is not None
    assert (found.profile, found.seq, found.at) == (profile, seq, at)


@pytest.mark.parametrize(
    "name", ["scene.jpg", "20261302090000_0007.mp4", "photo-3.mp4", "", "录像.mp4", "1_2_3"]
)
def test_other_names_say_nothing(name: str) -> None:
    """Digits that are no time, and names of people's own, are no profile's."""
    assert read_name(name) is None


def test_an_agency_has_profiles_of_its_own_before_the_shipped() -> None:
    """A pattern of named fields; its own are tried first."""
    known = profiles(["dock={device:8}-{seq}[-{mark}]", "broken={nothing}"])
    found = read_name("ABCD1234-17-IMP.mp4", known)
    assert found is not None
    assert (found.profile, found.device, found.seq, found.mark) == ("dock", "ABCD1234", 17, "IMP")
    assert known[1:] == SHIPPED


@pytest.mark.parametrize(
    "item", ["", "a", "a=", "a={", "a={foo}", "a=(x+)+", "a=x.*", "a=[x]", "a={seq}{seq}", "a={time:13}", "A={seq}",
             "a={device:99}", "a=[{seq}", "a={seq}]", "a=" + "x" * 200]
)  # fmt: skip
def test_what_is_no_pattern_cannot_be_set(item: str) -> None:
    """No regular expression, no field twice, nothing unclosed."""
    assert not is_profile(item)


def test_a_long_name_is_read_at_once() -> None:
    """No pattern takes a match back: a name made to be slow is not."""
    slow = "a=" + "_".join(f"{{{name}}}" for name in ("device", "officer", "any", "seq"))
    assert is_profile(slow)
    assert read_name("a" * 100_000 + "!", profiles([slow])) is None
