"""Every frame of a film, where it was asked for: what is found between key frames, at which frame, and how far it went."""

from pathlib import Path

import av
import pytest

from schemas.checks.content import CONTENT
from schemas.checks.streams import FRAMES, KEYFRAMES
from schemas.examination import asks_every_frame, is_of_every_frame
from schemas.examined import Examined, Measure
from schemas.integrity import CheckResult
from tests.viewing import film
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.work import LATER, Lane

COUNT, DAMAGED = 40, 25


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("frames") / "a.avi")


@pytest.fixture(scope="module")
def damaged(whole: Path) -> Path:
    """A frame that leans on others has a tenth of its bytes overwritten."""
    with av.open(str(whole)) as container:
        packets = [one for one in container.demux(video=0) if one.size]
        one = packets[DAMAGED]
        assert not one.is_keyframe
        start, size = one.pos, one.size
    payload = bytearray(whole.read_bytes())
    at = payload.index(b"00dc", start) + 8 if payload[start : start + 4] != b"00dc" else start + 8
    payload[at + size // 3 : at + size] = b"\xff" * (size - size // 3)
    path = whole.parent / "b.avi"
    path.write_bytes(payload)
    return path


def look(path: Path, lane: Lane, limits: Limits | None = None) -> Probe:
    """A film that is long for the other lanes."""
    limits = limits or Limits()
    return probe(path, filename="a.avi", limits=limits.model_copy(update={"frames_all_pixels": 0}), lane=lane)


def said(found: Probe) -> CheckResult | None:
    return next((one for one in found.checks if one.name == FRAMES.name), None)


def frames(found: Probe) -> Examined:
    (row,) = (one for one in found.facts.examined or () if one.measure is Measure.FRAMES)
    return row


def test_all_of_a_sound_film_is_examined(whole: Path) -> None:
    """Forty of forty frames, by the check of every frame; in another lane none, and it says so."""
    every, sampled = look(whole, Lane.LATER), look(whole, Lane.SLOW)

    assert (frames(every).done, frames(every).of, frames(every).check) == (COUNT, COUNT, "frames")
    assert said(every) == FRAMES.held(frames=COUNT)
    assert is_of_every_frame(every.facts)
    assert (frames(sampled).done, frames(sampled).of, frames(sampled).check) == (0, COUNT, None)
    assert said(sampled) is None
    assert not is_of_every_frame(sampled.facts)


def test_damage_between_key_frames_is_told_by_its_frame(damaged: Path) -> None:
    """Key frames are sound; the frame that is not is named, with its time."""
    every, sampled = look(damaged, Lane.LATER), look(damaged, Lane.SLOW)

    assert not any(one.name == KEYFRAMES.name and one.code for one in sampled.checks)
    met = said(every)
    assert met is not None
    assert (met.code, met.params["frames"]) == ("frames-damaged", COUNT)
    assert abs(int(str(met.params["first"])) - 1 - DAMAGED) <= 1
    assert abs(float(str(met.params["at_seconds"])) - DAMAGED / 10) < 0.15
    assert frames(every).done == COUNT


def test_beyond_the_work_it_says_how_far_it_went(whole: Path) -> None:
    """Ten frames of forty: coverage, and a check that did not run to its end."""
    limits = Limits(later=LATER.model_copy(update={"pixels": 10 * 320 * 240}))

    found = look(whole, Lane.LATER, limits)

    assert (frames(found).done, frames(found).of) == (10, COUNT)
    assert said(found) == FRAMES.found("frames-partly", done=10, frames=COUNT)
    assert not is_of_every_frame(found.facts)


def test_a_doubt_about_frames_asks_for_every_frame(whole: Path) -> None:
    """Of a film that was not decoded frame by frame, for a doubt of its streams or of what is seen; for nothing less."""
    every, sampled = look(whole, Lane.LATER).facts, look(whole, Lane.SLOW).facts
    doubt = KEYFRAMES.found("video-frames-damaged", count=1, reason="x")
    black = CONTENT.found("content-black")
    remark = KEYFRAMES.found("keyframes-sampled", decoded=1, keyframes=2)

    assert asks_every_frame("video/x-msvideo", sampled, [doubt])
    assert asks_every_frame("video/x-msvideo", sampled, [remark, black])
    assert not asks_every_frame("video/x-msvideo", sampled, [remark])
    assert not asks_every_frame("video/x-msvideo", every, [doubt])
    assert not asks_every_frame("audio/mp4", sampled, [doubt])
