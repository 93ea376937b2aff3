"""The structure of every container by its bytes: sound ones pass whole, and what is lost, doubled or swapped is found."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from schemas.examined import REQUIRED, Examined, missing
from schemas.integrity import CheckResult, Outcome, Severity
from tests.media import SHARED
from tests.media_containers import (
    CORNERS,
    FRAGMENTED,
    avi,
    boxes,
    corners,
    film,
    fragments,
    late_clock,
    surveillance,
    with_matrix,
)
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.source import Source
from workers.media.structure.kinds import read_structure
from workers.media.work import SLOW, Work

CASES = SHARED.parent / "cases" / "files"
KINDS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "a.mp4": ("mp4", "libx264", "video/mp4", {}),
    "front.mp4": ("mp4", "libx264", "video/mp4", {"movflags": "faststart"}),
    "fragments.mp4": ("mp4", "libx264", "video/mp4", FRAGMENTED),
    "hybrid.mp4": ("mp4", "libx264", "video/mp4", {"movflags": "frag_keyframe"}),
    "dash.mp4": ("mp4", "libx264", "video/mp4", {"movflags": "frag_keyframe+dash+global_sidx"}),
    "a.mkv": ("matroska", "libx264", "video/x-matroska", {}),
    "live.mkv": ("matroska", "libx264", "video/x-matroska", {"live": "1"}),
    "a.avi": ("avi", "mjpeg", "video/x-msvideo", {}),
    "b.avi": ("avi", "libx264", "video/x-msvideo", {}),
    "a.ts": ("mpegts", "libx264", "video/mp2t", {}),
    "a.MTS": ("mpegts", "libx264", "video/mp2t", {"mpegts_m2ts_mode": "1"}),
    "a.ps": ("vob", "libx264", "video/mpeg", {}),
    "a.mpg": ("vob", "mpeg2video", "video/mpeg", {}),
}


def made(folder: Path, name: str) -> Path:
    form, codec, _, options = KINDS[name]
    return film(folder / name, form=form, codec=codec, options=options, sound=True)


def look(path: Path) -> Probe:
    return probe(path, filename=path.name, limits=Limits())


def alarms(found: Probe) -> dict[str, str]:
    return {one.name: one.code for one in found.checks if one.severity.rank >= Severity.WARN.rank}


def named(found: Probe, name: str) -> CheckResult:
    return next(one for one in found.checks if one.name == name)


def written(path: Path, payload: bytes) -> Path:
    path.write_bytes(payload)
    return path


@pytest.mark.parametrize("name", KINDS)
def test_a_sound_film_is_examined_whole(tmp_path: Path, name: str) -> None:
    """Type, ending, length, posters, and every part that the verdict asks for; not a word against it."""
    found = look(made(tmp_path, name))

    assert found.media_type == KINDS[name][2]
    assert [(one.name, one.code) for one in found.checks if one.code] == []
    assert named(found, "examined").outcome is Outcome.VERIFIED
    assert found.derivatives
    assert name == "live.mkv" or abs((found.facts.duration_ms or 0) - 4000) < 150


@pytest.mark.parametrize("name", KINDS)
def test_without_one_of_its_parts_a_film_is_not_examined(tmp_path: Path, name: str) -> None:
    """Each reported row is asked for: without it something is missing."""
    found = look(made(tmp_path, name))
    rows = found.facts.examined or ()
    asked = [one for one in rows if _is_asked(found.media_type, one)]

    assert len(asked) >= 5
    for one in asked:
        rest = [_undone(other) if other is one else other for other in rows]
        assert missing(found.media_type, rest), one


def _is_asked(media_type: str, one: Examined) -> bool:
    return any((one.part, one.measure) == (row.part, row.measure) for row in REQUIRED[media_type])


def _undone(one: Examined) -> Examined:
    return one.model_copy(update={"done": 0, "of": max(1, one.of or 0), "check": None})


Damage = Callable[[bytes], bytes]


def without(start: float, length: int) -> Damage:
    return lambda whole: whole[: int(len(whole) * start)] + whole[int(len(whole) * start) + length :]


def blank(start: float, length: int) -> Damage:
    def damage(whole: bytes) -> bytes:
        at = int(len(whole) * start)
        return whole[:at] + bytes(length) + whole[at + length :]

    return damage


def packets_lost(whole: bytes) -> bytes:
    return whole[: 188 * 300] + whole[188 * 303 :]


def packets_swapped(whole: bytes) -> bytes:
    a, b, c = 188 * 300, 188 * 320, 188 * 340
    return whole[:a] + whole[b:c] + whole[a:b] + whole[c:]


def marked(whole: bytes) -> bytes:
    at = 188 * 300 + 1
    return whole[:at] + bytes([whole[at] | 0x80]) + whole[at + 1 :]


DAMAGED: dict[str, tuple[str, Damage, str, str]] = {
    "packets lost": ("a.ts", packets_lost, "continuity_counters", "stream-packets-missing"),
    "packets swapped": ("a.ts", packets_swapped, "continuity_counters", "stream-packets-missing"),
    "packet marked": ("a.ts", marked, "continuity_counters", "stream-packets-faulty"),
    "step lost": ("a.ts", without(0.5, 100), "continuity_counters", "stream-sync-lost"),
    "zeros in packets": ("a.MTS", blank(0.5, 5000), "continuity_counters", "stream-sync-lost"),
    "cut in a packet": ("a.ts", lambda whole: whole[:-100], "continuity_counters", "stream-cut-off"),
    "bytes lost in packs": ("a.ps", without(0.5, 100), "continuity_counters", "stream-sync-lost"),
    "zeros in packs": ("a.mpg", blank(0.5, 5000), "continuity_counters", "stream-sync-lost"),
    "a cluster damaged": ("a.mkv", blank(0.5, 4), "index", "elements-damaged"),
    "elements torn": ("live.mkv", without(0.5, 40), "container", "media-truncated"),
    "chunks torn": ("b.avi", blank(0.5, 4096), "index", "boxes-torn"),
}


@pytest.mark.parametrize(("name", "damage", "check", "code"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_of_the_structure_is_found(
    tmp_path: Path, name: str, damage: Damage, check: str, code: str
) -> None:
    """What is cut out, zeroed, swapped or marked is found by the walk over the bytes, and is no remark."""
    path = made(tmp_path, name)
    found = look(written(path, damage(path.read_bytes())))

    assert alarms(found).get(check) == code


def test_a_stream_that_ends_at_a_packet_or_repeats_one_is_sound(tmp_path: Path) -> None:
    """Power fails at the edge of a packet, filler follows, a packet is sent twice: none of it is an alarm."""
    whole = made(tmp_path, "a.ts").read_bytes()
    twice = 188 * 301
    for odd in (
        whole[: 188 * (len(whole) // 188 * 2 // 3)],
        whole + bytes(5000),
        whole[:twice] + whole[twice - 188 : twice] + whole[twice:],
        whole[100:],
    ):
        found = look(written(tmp_path / "odd.ts", odd))
        assert found.media_type == "video/mp2t"
        assert {name for name in alarms(found) if name in {"continuity_counters", "container_end"}} == set()


@pytest.mark.parametrize("name", ["a.ts", "a.MTS", "a.ps"])
def test_a_stream_that_ends_anywhere_is_sound(tmp_path: Path, name: str) -> None:
    """A recorder was switched off: the last picture and the last sound are cut, and that is no damage of what is there."""
    whole = made(tmp_path, name).read_bytes()
    step = {"a.ts": 188, "a.MTS": 192, "a.ps": 2048}[name]
    for ends in range(len(whole) // step // 2, len(whole) // step, 61 if step < 2048 else 7):
        found = look(written(tmp_path / f"cut{Path(name).suffix}", whole[: ends * step]))
        assert alarms(found) == {}, ends
        assert named(found, "examined").outcome is Outcome.VERIFIED


def test_what_a_surveillance_platform_writes_is_sound(tmp_path: Path) -> None:
    """H.264 and G.711 in a programme stream, told apart by its map alone, and filler between packs."""
    whole = surveillance(film(tmp_path / "a.h264", form="h264").read_bytes())
    second = whole.index(b"\x00\x00\x01\xba", 8)
    odd = whole[:second] + bytes(300) + whole[second:]
    for payload in (whole, odd):
        found = look(written(tmp_path / "20260504.ps", payload))

        assert (found.media_type, found.facts.codec, found.facts.audio_codec) == (
            "video/mpeg",
            "h264",
            "pcm_alaw",
        )
        assert alarms(found) == {}
        assert named(found, "examined").outcome is Outcome.VERIFIED
        assert abs((found.facts.duration_ms or 0) - 4000) < 150


def test_fragments_that_are_lost_doubled_or_swapped_are_found(tmp_path: Path) -> None:
    """By their numbers and their clock; the finding names the seconds."""
    head, parts = fragments(made(tmp_path, "fragments.mp4").read_bytes())
    broken = {
        "fragments-missing": parts[:1] + parts[2:],
        "fragments-doubled": parts[:2] + parts[1:],
        "fragments-swapped": [parts[0], parts[2], parts[1], parts[3]],
    }
    assert len(parts) == 4
    for code, order in broken.items():
        found = named(look(written(tmp_path / "b.mp4", head + b"".join(order))), "fragments")
        assert found.severity is Severity.WARN, code
        assert found.code == code
        assert found.params["to_seconds"] >= found.params["from_seconds"] >= 0


def test_a_clock_that_begins_at_eleven_hours_is_sound(tmp_path: Path) -> None:
    """The length is that of the film, all key frames are decoded, and posters are made."""
    whole = film(tmp_path / "a.mp4", form="mp4", options=FRAGMENTED).read_bytes()
    found = look(written(tmp_path / "late.mp4", late_clock(whole, 39_600)))

    assert [(one.name, one.code) for one in found.checks if one.code] == []
    assert abs((found.facts.duration_ms or 0) - 4000) < 100
    assert len(found.derivatives) == 3


def test_a_fragment_whose_clock_jumps_but_not_its_number_was_a_pause(tmp_path: Path) -> None:
    """Somebody paused the recording: said, and no alarm."""
    head, parts = fragments(film(tmp_path / "a.mp4", form="mp4", options=FRAGMENTED).read_bytes())
    late = fragments(late_clock(head + b"".join(parts), 30))[1]
    found = look(written(tmp_path / "paused.mp4", head + b"".join(parts[:2] + late[2:])))

    assert named(found, "fragments").code == "fragments-clock-jump"
    assert alarms(found) == {}


def test_tables_that_contradict_each_other_or_the_file_are_found(tmp_path: Path) -> None:
    """A count too many, a chunk behind the end, a chunk in the index itself."""
    whole = made(tmp_path, "a.mp4").read_bytes()
    chunks, per = whole.index(b"stco") + 12, whole.index(b"stsc")
    places = {
        "index-outside": whole[:chunks] + b"\x7f\x00\x00\x00" + whole[chunks + 4 :],
        "index-astray": whole[:chunks] + b"\x00\x00\x00\x04" + whole[chunks + 4 :],
        "index-disagrees": whole[: per + 19] + bytes([whole[per + 19] + 5]) + whole[per + 20 :],
    }
    for code, broken in places.items():
        assert named(look(written(tmp_path / "b.mp4", broken)), "index").code == code


def test_a_table_without_room_for_what_it_counts_is_handed_to_no_demuxer(tmp_path: Path) -> None:
    """It would be asked for memory by the gigabyte; the file is damaged, and says which table."""
    whole = made(tmp_path, "a.mp4").read_bytes()
    for table, place in (("stts", 8), ("stsz", 16)):
        at = whole.index(table.encode()) + place
        found = look(written(tmp_path / "b.mp4", whole[:at] + b"\x10" + whole[at + 1 :]))

        assert alarms(found) == {"container": "media-damaged"}
        assert str(named(found, "container").params["reason"]).startswith(table)


def test_sound_whose_samples_are_empty_is_found(tmp_path: Path) -> None:
    """Sizes of a table that were zeroed: nothing is left of the sound there."""
    whole = made(tmp_path, "a.mp4").read_bytes()
    at = whole.rindex(b"stsz") + 16 + 4 * 20
    found = look(written(tmp_path / "b.mp4", whole[:at] + bytes(40) + whole[at + 40 :]))

    assert alarms(found)["index"] == "index-empty"


def test_boxes_that_nobody_knows_or_that_are_empty_are_sound(tmp_path: Path) -> None:
    """Makers write boxes of their own; an empty one, and an edge box of zeros, is allowed anywhere at the top."""
    rows = boxes(made(tmp_path, "front.mp4").read_bytes())
    odd = b"\x00\x00\x00\x08free" + b"\x00\x00\x00\x0czzzzabcd"
    whole = b"".join(box for _, box in rows) + odd

    assert alarms(look(written(tmp_path / "odd.mp4", whole))) == {}


def test_pictures_that_did_not_come_in_time_are_no_damage(tmp_path: Path) -> None:
    """An AVI counts chunks of length 0 as frames; its index names them or not."""
    found = look(written(tmp_path / "a.avi", avi(empty=(4, 7))))

    assert [(one.name, one.code) for one in found.checks if one.code] == []
    assert (found.facts.frames, found.facts.duration_ms) == (10, 1200)


@pytest.mark.parametrize("place", range(1, 11))
def test_zeros_in_a_picture_of_motion_jpeg_are_found(tmp_path: Path, place: int) -> None:
    """The chunk is whole, and libav paints on; the strict decoder does not."""
    whole = avi()
    starts = [at for at in range(len(whole)) if whole[at : at + 4] == b"00dc"][:12]
    at = (starts[place] + starts[place + 1]) // 2
    found = look(written(tmp_path / "a.avi", whole[:at] + bytes(2048) + whole[at + 2048 :]))

    assert alarms(found) == {"keyframes": "video-frames-damaged"}


@pytest.mark.parametrize(("cut_bytes", "code"), [(0, "avi-not-closed"), (3000, "avi-cut")])
def test_an_avi_that_was_not_closed_is_found(tmp_path: Path, cut_bytes: int, code: str) -> None:
    """Sizes and frame count are 0, the index is missing, and perhaps the last picture is cut."""
    found = look(written(tmp_path / "a.avi", avi(is_closed=False, cut_bytes=cut_bytes)))

    assert named(found, "index").code == code
    assert found.derivatives


def test_an_index_of_an_avi_that_names_other_chunks_is_found(tmp_path: Path) -> None:
    """Each entry is held against the chunk at its place."""
    whole = avi()
    at = whole.rindex(b"idx1") + 8 + 16 * 5 + 8
    broken = whole[:at] + b"\x01\x02" + whole[at + 2 :]

    assert alarms(look(written(tmp_path / "a.avi", broken))) == {"index": "index-astray"}


@pytest.mark.parametrize(
    ("matrix", "turned"),
    [
        ((1, 0, 0, 1), (0, 1, 2, 3)),
        ((-1, 0, 0, 1), (1, 0, 3, 2)),
        ((-1, 0, 0, -1), (3, 2, 1, 0)),
        ((1, 0, 0, -1), (2, 3, 0, 1)),
        ((0, 1, 1, 0), (0, 2, 1, 3)),
        ((0, 1, -1, 0), (2, 0, 3, 1)),
        ((0, -1, -1, 0), (3, 1, 2, 0)),
        ((0, -1, 1, 0), (1, 3, 0, 2)),
    ],
)
def test_a_poster_stands_as_the_matrix_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], turned: tuple[int, ...]
) -> None:
    """Turned and mirrored in all eight ways: `turned` are the colours in the corners as a person sees them."""
    whole = film(tmp_path / "a.mp4", frame=corners, seconds=1).read_bytes()
    found = look(written(tmp_path / "b.mp4", with_matrix(whole, matrix)))
    shown = Image.open(io.BytesIO(found.derivatives[0].payload)).convert("RGB")
    wide, high = shown.size

    assert (wide > high) == (matrix[0] != 0)
    for place, colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), turned, strict=True):
        seen = shown.getpixel((place[0] * (wide - 20) + 10, place[1] * (high - 20) + 10))
        assert max(abs(a - b) for a, b in zip(seen, CORNERS[colour], strict=True)) < 60


@pytest.mark.parametrize("name", KINDS)
def test_no_walk_raises_whatever_it_meets(tmp_path: Path, name: str) -> None:
    """Bytes changed, cut out and doubled anywhere: a walk says what it met, and never breaks."""
    chance = random.Random(7)
    whole = made(tmp_path, name).read_bytes()
    media_type = KINDS[name][2]
    for _ in range(60):
        broken = bytearray(whole[:20_000] + whole[-4000:])
        for _ in range(chance.choice([1, 8, 64])):
            broken[chance.randrange(len(broken))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        at = chance.randrange(len(broken))
        broken[at : at + chance.choice([0, 3, 500])] = b""
        path = written(tmp_path / "broken", bytes(broken))
        with Source.at(path) as source:
            assert read_structure(source, media_type, Work(SLOW)).size_bytes >= 0


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
@pytest.mark.parametrize(
    ("case", "seconds"),
    [
        ("video-ts", 4.08),
        ("video-avi-null-frames", None),
        ("video-mirrored", None),
        ("video-fragment-offset", 2.08),
    ],
)
def test_cases_of_sound_films(case: str, seconds: float | None) -> None:
    """What once failed elsewhere: below a warning, with a picture, and as long as it is."""
    for path in sorted((CASES / case).iterdir()):
        found = look(path)
        assert alarms(found) == {}
        assert named(found, "examined").outcome is Outcome.VERIFIED
        assert found.derivatives
        assert seconds is None or abs((found.facts.duration_ms or 0) / 1000 - seconds) <= 0.15


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
def test_the_case_of_an_avi_that_was_not_closed() -> None:
    """Found, with the pictures that are there."""
    for path in sorted((CASES / "video-avi-unclosed").iterdir()):
        assert alarms(look(path)) == {"index": "avi-cut"}


def _largest_between(path: Path) -> tuple[int, int]:
    """Place and size of the largest packet that is no key frame."""
    with av.open(str(path)) as opened:
        rows = [(one.size, one.pos) for one in opened.demux(video=0) if one.size and not one.is_keyframe]
    size, at = max(rows)
    assert size > 400
    return at, size


def test_a_hole_inside_one_frame_is_found(tmp_path: Path) -> None:
    """Zeros that fill no whole unit, between key frames: lengths fit, and no coder writes them."""
    path = film(tmp_path / "a.mp4", options={"movflags": "faststart"})
    at, size = _largest_between(path)
    whole, hole = path.read_bytes(), at + size // 2
    found = look(written(path, whole[:hole] + bytes(100) + whole[hole + 100 :]))

    assert alarms(found)["packets"] == "video-packets-damaged"


def test_every_frame_of_a_short_film_is_decoded(tmp_path: Path) -> None:
    """Damage between key frames is found in a short film; of a longer one only key frames are decoded, and it says so."""
    path = film(tmp_path / "a.mp4", options={"movflags": "faststart"})
    sound, (at, size) = look(path), _largest_between(path)
    long = probe(path, filename="a.mp4", limits=Limits(frames_all_pixels=1))
    frames = [one for one in sound.facts.examined or () if one.measure == "frames"]
    whole, noise = path.read_bytes(), random.Random(3).randbytes(size // 5).replace(b"\0", b"\1")
    start = at + size * 3 // 4
    path = written(path, whole[:start] + noise + whole[start + len(noise) :])

    assert [(one.done, one.of) for one in frames] == [(100, 100)]
    assert alarms(sound) == alarms(long) == {}
    assert alarms(look(path)) == {"keyframes": "video-frames-damaged"}
    left = [one for one in long.facts.examined or () if one.measure == "frames"]
    assert [(one.done, one.of, one.check) for one in left] == [(0, 100, None)]


def test_packets_that_were_reserved_and_not_written_are_found(tmp_path: Path) -> None:
    """Zeros that begin inside a packet, at the edge of a sector, are no filler behind it."""
    for name, step in {"a.ts": 188, "a.mpg": 2048}.items():
        path = made(tmp_path, name)
        whole = path.read_bytes()
        edges = range(len(whole) // 2 // 512 * 512, len(whole), 512)
        edge = next(at for at in edges if step // 4 < at % step < step * 3 // 4)
        found = look(written(path, whole[:edge] + bytes(len(whole) - edge)))
        assert alarms(found)["continuity_counters"] == "stream-cut-off"
