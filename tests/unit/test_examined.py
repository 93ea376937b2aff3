"""Verified means examined: what the verdict asks of each part of a file, and what keeps it from being given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.examined import REQUIRED, Examined, Extent, Measure, PartKind, Required, missing
from schemas.integrity import CheckResult, Outcome, Verdict
from schemas.media import MediaFacts
from schemas.verdict import BINDING_CHECKS, verdict
from workers.media.container import check_container, note
from workers.media.examined import check_examined

HELD = [CheckResult(name=name, version=1, outcome=Outcome.VERIFIED) for name in sorted(BINDING_CHECKS)]


def row(required: Required, number: int = 0, *, done: int = 7, of: int | None = 7) -> Examined:
    return Examined(
        part=required.part, number=number, measure=required.measure, done=done, of=of, check="container"
    )


def extent(media_type: str, rows: list[Examined]) -> CheckResult | None:
    return check_examined(media_type, MediaFacts(examined=tuple(rows)), [check_container([])])


def all_of(media_type: str) -> list[Examined]:
    return [row(required) for required in REQUIRED[media_type]]


@pytest.mark.parametrize("media_type", sorted(REQUIRED))
def test_each_part_of_the_list_is_needed(media_type: str) -> None:
    """With every part examined nothing is missing; without any one of those that are always there something is."""
    whole = all_of(media_type)
    assert missing(media_type, whole) == ()

    for required in REQUIRED[media_type]:
        others = [one for one in whole if (one.part, one.measure) != (required.part, required.measure)]
        is_left = any(one.part is required.part for one in others)
        assert bool(missing(media_type, others)) is (required.is_always or is_left)


@pytest.mark.parametrize("media_type", sorted(REQUIRED))
def test_nothing_done_of_nobody_knows_how_much_is_nothing(media_type: str) -> None:
    """A reader that cannot say how many units there are and looked at none has not examined the part."""
    for required in REQUIRED[media_type]:
        others = [
            one for one in all_of(media_type) if (one.part, one.measure) != (required.part, required.measure)
        ]

        assert missing(media_type, [*others, row(required, done=1, of=None)]) == ()
        (lack,) = missing(media_type, [*others, row(required, done=0, of=None)])
        assert (lack.part, lack.measure, lack.done) == (required.part, required.measure, 0)


def test_a_stream_that_was_found_is_asked_for_in_every_measure() -> None:
    """A second sound stream whose packets nobody decoded is named by its number, however well the first was read."""
    rows = [
        *all_of("video/mp4"),
        Examined(part=PartKind.SOUND, number=4, measure=Measure.PACKETS, done=3, of=3, check="packets"),
    ]

    (lack,) = missing("video/mp4", rows)

    assert (lack.part, lack.number, lack.measure, lack.done) == (PartKind.SOUND, 4, Measure.SAMPLES, 0)


def test_a_sample_suffices_where_the_list_says_so_and_nowhere_else() -> None:
    """Key frames of a long film are a sample; half of its sound is half of it."""
    (keyframes,) = (one for one in REQUIRED["video/mp4"] if one.extent is Extent.SAMPLE)
    (sound,) = (one for one in REQUIRED["video/mp4"] if one.part is PartKind.SOUND)
    others = [one for one in all_of("video/mp4") if one.measure not in {keyframes.measure, sound.measure}]

    assert missing("video/mp4", [*others, row(keyframes, done=1), row(sound)]) == ()
    assert [one.done for one in missing("video/mp4", [*others, row(keyframes), row(sound, done=3)])] == [3]
    assert len(missing("video/mp4", [*others, row(keyframes, done=0), row(sound)])) == 1


@given(st.sampled_from(sorted(REQUIRED)), st.data())
def test_a_part_without_a_reader_is_never_verified(media_type: str, data: st.DataObject) -> None:
    """Whatever else was examined: a row without a check counts for nothing, and the verdict says not checked."""
    whole = all_of(media_type)
    at = data.draw(st.integers(0, len(whole) - 1))
    unread = [*whole[:at], whole[at].model_copy(update={"check": None, "done": 0}), *whole[at + 1 :]]

    made = extent(media_type, unread)

    assert made is not None
    assert (made.outcome, made.code) == (Outcome.NOT_CHECKED, "parts-not-examined")
    assert verdict([*HELD, check_container([]), made]) is Verdict.NOT_CHECKED


def test_the_whole_list_gives_verified() -> None:
    """The same recording with everything examined is verified: the test before can fail."""
    made = extent("image/jpeg", all_of("image/jpeg"))

    assert made is not None
    assert made.outcome is Outcome.VERIFIED
    assert verdict([*HELD, check_container([]), made]) is Verdict.VERIFIED


def test_what_ended_early_is_said_once() -> None:
    """Of a file that is cut, and of one that nobody reads, the container check has said why reading ended."""
    cut = check_container([note("mp4-truncated", box="mdat", missing_bytes=4)])

    assert check_examined("video/mp4", MediaFacts(), [cut]) is None
    assert check_examined("application/x-7z-compressed", MediaFacts(), [check_container([])]) is None
