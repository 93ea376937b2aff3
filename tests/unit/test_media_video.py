"""Video and sound: whole, cut, zeroed, without index; facts and posters."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from schemas.integrity import CheckResult, Outcome
from tests.media import cut, jpeg, mp4, wav, without_moov, zeroed
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.structure.boxes import Box, walk
from workers.media.structure.nal import nal_lengths_fit
from workers.media.work import SLOW, Work

FASTSTART = {"movflags": "faststart"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def look(path: Path, **limits: Any) -> Probe:
    return probe(path, filename=path.name, limits=Limits(**limits))


def named(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


def codes(found: Probe) -> dict[str, str]:
    return {check.name: check.code for check in found.checks if check.code}


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("b.mp4", "mpeg4"),
        ("c.mkv", "libx264"),
        ("d.webm", "libvpx-vp9"),
        ("e.avi", "mpeg4"),
    ],
)
def test_a_sound_video_passes_with_three_posters(tmp_path: Path, name: str, codec: str) -> None:
    """Every usual container is walked and its key frames decoded; posters come from its thirds."""
    found = look(mp4(tmp_path / name, codec=codec))

    assert codes(found) == {}
    assert named(found, "keyframes").outcome is named(found, "packets").outcome is Outcome.VERIFIED
    assert (found.facts.width, found.facts.height, found.facts.duration_ms) == (320, 240, 4000)
    assert (found.facts.fps_milli, found.facts.frames) == (10_000, 40)
    assert [one.kind for one in found.derivatives] == ["poster"] * 3
    assert Image.open(io.BytesIO(found.derivatives[0].payload)).size == (320, 240)


@pytest.mark.parametrize("name", ["open.mp4", "open.mkv"])
def test_open_groups_of_pictures_are_no_damage(tmp_path: Path, name: str) -> None:
    """What a decoder says because it was fed key frames only is not held against the file."""
    options = {"x264-params": "open-gop=1:bframes=3:keyint=10:scenecut=0"}

    assert codes(look(mp4(tmp_path / name, seconds=6, options=options))) == {}


def test_a_video_without_index_is_found(tmp_path: Path) -> None:
    """A camera whose battery ended left no moov box."""
    found = look(without_moov(mp4(tmp_path / "a.mp4")))

    assert codes(found) == {"container": "mp4-no-moov"}
    assert named(found, "container").outcome is Outcome.MISMATCH


@pytest.mark.parametrize("layout", [FASTSTART, FRAGMENTED], ids=["faststart", "fragmented"])
@pytest.mark.parametrize("keep", [0.6, 0.999])
def test_a_cut_video_is_found(tmp_path: Path, layout: dict[str, str], keep: float) -> None:
    """A video with its index in front, or in fragments, that was cut later is found by the box walk."""
    found = look(cut(mp4(tmp_path / "a.mp4", container_options=layout), keep=keep))

    assert codes(found)["container"] == "mp4-truncated"


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_cut_containers_without_boxes_are_found(tmp_path: Path, name: str, codec: str) -> None:
    """Matroska and AVI that end early are found as well."""
    assert codes(look(cut(mp4(tmp_path / name, codec=codec), keep=0.5)))["container"] == "media-truncated"


def test_zeros_inside_are_found(tmp_path: Path) -> None:
    """64 KiB of zeros between sound packets break the length walk and the key frame they hit."""
    path = zeroed(mp4(tmp_path / "a.mp4", size=(640, 480), options={"crf": "18"}), start=0.3, zeros=65_536)
    found = codes(look(path))

    assert found["packets"] == "video-packets-damaged"
    assert found["keyframes"] == "video-frames-damaged"


def test_a_long_video_is_sampled_and_says_so(tmp_path: Path) -> None:
    """Over the limit only evenly spaced key frames are decoded, and the result says how many of how many."""
    check = named(
        look(mp4(tmp_path / "a.mp4", seconds=8), keyframes_all_seconds=2, keyframes_sampled=4), "keyframes"
    )

    assert (check.outcome, check.code) == (Outcome.VERIFIED, "keyframes-sampled")
    assert check.params == {"decoded": 4, "keyframes": 8}


def test_without_room_no_key_frame_passes_as_checked(tmp_path: Path) -> None:
    """A budget of nothing means not checked, never verified."""
    check = named(look(mp4(tmp_path / "a.mp4"), slow=SLOW.model_copy(update={"pixels": 0})), "keyframes")

    assert (check.outcome, check.code) == (Outcome.NOT_CHECKED, "keyframes-none")


def test_bytes_behind_the_last_box_are_remarked_on(tmp_path: Path) -> None:
    """Padding zeros are a remark; anything else behind a video makes it doubtful."""
    path = mp4(tmp_path / "a.mp4")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(5000))
    padded = named(look(path), "container_end")
    path.write_bytes(whole + jpeg(64, 64))
    glued = named(look(path), "container_end")

    assert (padded.code, padded.severity.value) == ("mp4-padding", "info")
    assert (glued.code, glued.severity.value) == ("mp4-trailing-bytes", "warn")


def test_a_playlist_dressed_as_video_is_not_followed(tmp_path: Path) -> None:
    """Text that libav could follow to other files is text, whatever its name."""
    path = tmp_path / "list.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/hostname\n")

    assert codes(look(path)) == {"media_type": "type-name-conflict", "container": "type-unknown"}


def test_sound_alone_gives_container_facts(tmp_path: Path) -> None:
    """A sound file has a container, a codec and a length, and no picture checks."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav(seconds=2))
    found = look(path)

    assert codes(found) == {}
    assert (found.facts.audio_codec, found.facts.duration_ms) == ("pcm_s16le", 2000)
    assert {check.name for check in found.checks} == {
        "media_type",
        "container",
        "demuxer",
        "sound_frames",
        "sound",
        "sound_content",
        "examined",
    }
    path.write_bytes(wav()[:-100])
    assert codes(look(path)) == {"container": "media-truncated"}


def test_a_codec_nobody_knows_is_not_checked(tmp_path: Path) -> None:
    """A video whose codec has no decoder here keeps its container checks, and its picture did not pass."""
    path = mp4(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))
    check = named(look(path), "keyframes")

    assert (check.outcome, check.code) == (Outcome.NOT_CHECKED, "codec-unsupported")


def test_a_start_that_is_no_container_is_damaged(tmp_path: Path) -> None:
    """A Matroska signature over nonsense is damage, not an error of ours."""
    path = tmp_path / "a.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 8)

    assert codes(look(path))["container"] == "media-damaged"


def test_boxes_of_every_size_form_are_walked() -> None:
    """32-bit, 64-bit and to-the-end sizes are read; a size below a header ends the walk (14496-12, 4.2)."""
    free, media, index = b"\x00\x00\x00\x08free", b"\x00\x00\x00\x01mdat", b"\x00\x00\x00\x00moov"
    payload = b"".join((free, media, (20).to_bytes(8), bytes(4), index, bytes(9)))
    boxes, end = walk(io.BytesIO(payload), len(payload), Work(SLOW))

    assert boxes == [Box(b"free", 0, 8), Box(b"mdat", 8, 20), Box(b"moov", 28, 17)]
    assert end == len(payload)
    assert walk(io.BytesIO(b"\x00\x00\x00\x03free"), 8, Work(SLOW)) == ([], 0)


@pytest.mark.parametrize(
    ("packet", "fits"),
    [
        (b"\x00\x00\x00\x02\x65\x88", True),
        (b"\x00\x00\x00\x02\x65\x88\x00\x00\x00\x01\x41", True),
        (b"\x00\x00\x00\x03\x65\x88", False),
        (b"\x00\x00\x00\x00", False),
        (b"\x00\x00\x00\x02\xe5\x88", False),
        (b"\x00\x00", False),
    ],
    ids=["one", "two", "past-the-end", "empty-unit", "forbidden-bit", "half-a-length"],
)
def test_units_fill_a_packet_exactly(packet: bytes, fits: bool) -> None:
    """Length-prefixed units must add up to their packet."""
    assert nal_lengths_fit(memoryview(packet), 4, Work(SLOW)) is fits


def test_a_real_action_camera_video(media: Path) -> None:
    """A GoPro file with five streams passes, and gives its place and the time it claims."""
    found = look(media / "max-heromode.mp4")

    assert codes(found) == {}
    assert found.facts.frames == 315
    assert found.facts.created_raw == "2019-11-18T15:45:32.000000Z"
    assert found.facts.gps is not None
    assert (found.facts.gps.lat_e7, found.facts.gps.lon_e7) == (331_268_000, -1_173_273_000)
