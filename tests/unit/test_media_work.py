"""Work is counted, never timed: what is too much for one lane is said by the file alone."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.integrity import CheckResult, Outcome
from tests.media import gpx, jpeg, mp4, png, scan_bomb
from tests.media_sound import sound
from workers.media.probe import probe
from workers.media.result import Limits, Probe, Stop
from workers.media.work import QUICK, SLOW, Budget, Lane, OverBudgetError, Work

LITTLE = Budget(pixels=3_000_000, packets=300, pieces=300, samples=3_000)
Make = Callable[[Path], Path]


def container(found: Probe) -> CheckResult:
    return next(check for check in found.checks if check.name == "container")


def look(path: Path, lane: Lane, limits: Limits | None = None) -> Probe:
    return probe(path, filename=path.name, limits=limits or Limits(), lane=lane)


def written(name: str, payload: bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(payload)
        return path

    return make


def boxes(count: int) -> bytes:
    return struct.pack(">I4s4s4x", 16, b"ftyp", b"isom") + struct.pack(">I4s", 8, b"free") * count


def chunks(count: int) -> bytes:
    """A sound PNG with so many empty text chunks before its end."""
    whole, empty = png(8, 8), struct.pack(">I4sI", 0, b"tEXt", zlib.crc32(b"tEXt"))
    at = whole.rindex(b"IEND") - 4
    return whole[:at] + empty * count + whole[at:]


HEAVY: dict[str, Make] = {
    "scans of a photo": written("a.jpg", scan_bomb(40, side=500)),
    "pixels of a photo": written("b.jpg", jpeg(2000, 1600)),
    "segments of a photo": written("c.jpg", jpeg(64, 64)[:2] + b"\xff\xfe\x00\x02" * 400 + jpeg(64, 64)[2:]),
    "chunks of a picture": written("a.png", chunks(400)),
    "boxes of a video": written("a.mp4", boxes(400)),
    "elements of a track": written("a.gpx", gpx(400)),
    "texts of a track": written("b.gpx", b"<gpx>" + b"<a>\n\n</a>" * 200 + b"</gpx>"),
    "key frames of a video": lambda folder: mp4(folder / "c.mp4", size=(640, 480), options={"g": "1"}),
    "key frames without an index": lambda folder: mp4(folder / "c.mkv", size=(640, 480), options={"g": "1"}),
    "packets of a video": lambda folder: mp4(folder / "d.mp4", seconds=31, size=(32, 32)),
    "samples of a sound": lambda folder: sound(folder / "e.m4a"),
    "samples without an index": lambda folder: sound(folder / "e.mp3"),
    "packets without an index": lambda folder: mp4(folder / "d.mkv", seconds=31, size=(32, 32)),
}


@pytest.mark.parametrize("make", HEAVY.values(), ids=HEAVY.keys())
def test_what_asks_for_too_much_is_left_to_the_other_lane(tmp_path: Path, make: Make) -> None:
    """Whatever is counted, the quick lane stops there, says so, and shows nothing; with room it goes on."""
    path = make(tmp_path)
    found = look(path, Lane.QUICK, Limits(quick=LITTLE))

    assert (found.stopped, container(found).code) == (Stop.WORK, "work-too-large")
    assert container(found).outcome is Outcome.NOT_CHECKED
    assert found.derivatives == ()
    assert look(path, Lane.QUICK).stopped is None
    assert look(path, Lane.SLOW, Limits(quick=LITTLE)) == look(path, Lane.QUICK)


def test_a_scan_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """A hundred kilobytes that ask for twenty thousand megapixels are counted in both lanes of verdicts, never decoded."""
    path = written("bomb.jpg", scan_bomb(6_000))(tmp_path)

    assert path.stat().st_size < 1_000_000
    for lane in (Lane.QUICK, Lane.SLOW):
        found = look(path, lane)
        assert container(found).code == "work-too-large"
        assert container(found).params["kind"] == "pixels"


def test_a_large_progressive_photo_is_heavy_and_sound(tmp_path: Path) -> None:
    """Fifty megapixels in ten scans are for the slow lane, which decodes them to the last byte."""
    path = written("large.jpg", scan_bomb(0, side=6_500))(tmp_path)

    assert look(path, Lane.QUICK).stopped is Stop.WORK
    assert container(look(path, Lane.SLOW)).outcome is Outcome.VERIFIED


def test_what_the_last_lane_has_no_room_for_is_sampled(tmp_path: Path) -> None:
    """Key frames beyond the last budget are left out by their number, and the check says how many of how many."""
    path = HEAVY["key frames of a video"](tmp_path)
    room = SLOW.model_copy(update={"pixels": 10 * 640 * 480})
    found = look(path, Lane.SLOW, Limits(slow=room))
    check = next(one for one in found.checks if one.name == "keyframes")

    assert (check.outcome, check.code) == (Outcome.VERIFIED, "keyframes-sampled")
    assert check.params == {"decoded": 10, "keyframes": 40}


def test_every_real_recording_is_quick(media: Path) -> None:
    """Photos, videos and tracks of real devices stay within the quick budget."""
    for path in sorted(path for path in media.iterdir() if path.suffix != ".md"):
        assert look(path, Lane.QUICK).stopped is None, path.name


def test_spending_ends_at_the_budget() -> None:
    """The last unit is given, the next is not; looking ahead spends nothing and stops only where there is a lane."""
    work = Work(Budget(pixels=10, packets=1, pieces=2, samples=4), is_last=False)
    work.pixels(10)
    work.packets()
    work.pieces(2)
    work.samples(4)
    for spend in (work.pixels, work.packets, work.pieces, work.samples):
        with pytest.raises(OverBudgetError):
            spend(1)
    with pytest.raises(OverBudgetError):
        Work(QUICK, is_last=False).expect(packets=QUICK.packets + 1)
    with pytest.raises(OverBudgetError):
        Work(QUICK, is_last=False).expect(samples=QUICK.samples + 1)
    Work(QUICK).expect(samples=QUICK.samples + 1, packets=QUICK.packets + 1, pixels=QUICK.pixels + 1)
