"""Sound of every kind: whole, odd, and damaged; alone in a file and beside pictures."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from schemas.integrity import CheckResult, Outcome, Severity
from tests.media import SHARED
from tests.media_sound import film, sound, voice
from workers.media.probe import probe
from workers.media.result import Limits, Probe

CASES = SHARED.parent / "cases" / "files"
ID3 = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048)
ID3V1 = b"TAG" + b"x" * 125
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 500, 1, 0x8000_0000) + bytes(8) + b"y" * 468
APE += b"APETAGEX" + struct.pack("<IIII", 2000, 500, 1, 0x8000_0000) + bytes(8)
LYRICS = b"LYRICSBEGIN" + b"IND00003000" + b"LYR00004abcd"
LYRICS += f"{len(LYRICS):06d}".encode() + b"LYRICS200"
FORMATS = ("a.m4a", "a.aac", "a.mp3", "a.flac", "a.opus", "a.ogg", "a.amr", "a.3gp", "a.wav")


def look(path: Path) -> Probe:
    return probe(path, filename=path.name, limits=Limits())


def codes(found: Probe) -> dict[str, str]:
    return {check.name: check.code for check in found.checks if check.code}


def named(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


def gravest(found: Probe) -> Severity:
    return max((check.severity for check in found.checks), key=lambda one: one.rank)


def changed(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def zeros(whole: bytes) -> bytes:
    """A stretch of nothing in the middle."""
    at, length = len(whole) // 2, min(4096, len(whole) // 8)
    return whole[:at] + bytes(length) + whole[at + length :]


def noise(whole: bytes) -> bytes:
    at, length = len(whole) // 2, min(2048, len(whole) // 8)
    return whole[:at] + np.random.default_rng(5).bytes(length) + whole[at + length :]


def swapped(whole: bytes) -> bytes:
    third, length = len(whole) // 3, len(whole) // 8 // 7 * 7 + 3
    a, b = whole[third : third + length], whole[2 * third : 2 * third + length]
    return whole[:third] + b + whole[third + length : 2 * third] + a + whole[2 * third + length :]


def dropped(whole: bytes) -> bytes:
    at = len(whole) // 2
    return whole[:at] + whole[at + len(whole) // 9 + 1 :]


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) * 3 // 5 + 1]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("damage", [zeros, noise, swapped, dropped, cut])
def test_damaged_sound_is_found(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    """Zeros, noise, swapped blocks, a block that is gone and a missing end are found in every kind of file."""
    if name == "a.wav" and damage in {noise, swapped}:
        pytest.skip("samples that nothing is said of: any value is one")
    found = look(changed(sound(tmp_path / name, seconds=20), damage))

    assert gravest(found).rank >= Severity.WARN.rank


ODD: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "ID3v1": ("a.mp3", lambda whole: whole + ID3V1, ""),
    "APE": ("a.mp3", lambda whole: whole + APE, ""),
    "Lyrics3 and ID3v1": ("a.mp3", lambda whole: whole + LYRICS + ID3V1, ""),
    "two tags in front": ("a.mp3", lambda whole: ID3 + whole, ""),
    "padding behind the tag": ("a.mp3", lambda whole: ID3 + bytes(700) + whole[45:], "frames-lead"),
    "taken from a longer one": ("a.mp3", lambda whole: whole[5000:], "frames-lead"),
    "joined": ("a.mp3", lambda whole: whole + whole, "frames-joined"),
    "joined with their tags": ("a.mp3", lambda whole: (whole + ID3V1) * 2, "frames-joined"),
    "room behind": ("a.mp3", lambda whole: whole + bytes(5000), "frames-padding"),
    "AAC behind a tag": ("a.aac", lambda whole: ID3 + whole, ""),
    "AAC before a tag": ("a.aac", lambda whole: whole + ID3V1, ""),
    "FLAC behind a tag": ("a.flac", lambda whole: ID3 + whole, ""),
    "FLAC before a tag": ("a.flac", lambda whole: whole + ID3V1, ""),
    "FLAC of a stream": ("a.flac", lambda whole: whole[:22] + bytes(20) + whole[42:], ""),
    "Ogg without end": ("a.opus", lambda whole: whole[: whole.rindex(b"OggS")], "sound-open"),
    "WAV of a stream": ("a.wav", lambda whole: _sizes(whole, b"\xff" * 4), "sound-open"),
    "WAV of a small stream": ("a.wav", lambda whole: _sizes(whole, b"\xff\xff\xff\x7f"), "sound-open"),
    "WAV never closed": ("a.wav", lambda whole: _sizes(whole, bytes(4)), "sound-open"),
    "WAV before a tag": ("a.wav", lambda whole: whole + ID3V1, ""),
    "WAV with room behind": ("a.wav", lambda whole: whole + bytes(4096), "frames-padding"),
    "WAV of odd chunks": ("a.wav", lambda whole: whole + b"LIST\x05\0\0\0INFOx\0id3 \x02\0\0\0xx", ""),
}


def _sizes(whole: bytes, size: bytes) -> bytes:
    at = whole.index(b"data") + 4
    return whole[:4] + size + whole[8:at] + size + whole[at + 4 :]


@pytest.mark.parametrize("odd", ODD)
def test_odd_but_sound_is_examined_and_no_alarm(tmp_path: Path, odd: str) -> None:
    """Tags, padding, pieces and joins of recordings are named where there is something to say, and whole."""
    name, change, code = ODD[odd]
    path = changed(sound(tmp_path / name), change)
    found = look(path)

    assert codes(found) == ({"sound_frames": code} if code else {})
    assert gravest(found).rank <= Severity.REMARK.rank
    assert named(found, "examined").outcome is Outcome.VERIFIED
    length_s = (
        8
        if odd.startswith("joined")
        else 4 - (len(path.read_bytes()) < 30_000 and code == "frames-lead") * 0.6
    )
    assert abs((found.facts.duration_ms or 0) / 1000 - length_s) < 0.15


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_alaw", 8000),
        ("a.wav", "pcm_mulaw", 8000),
        ("a.wav", "pcm_u8", 8000),
        ("a.wav", "pcm_s24le", 48_000),
        ("a.wav", "pcm_f32le", 48_000),
        ("a.wav", "adpcm_ms", 16_000),
        ("a.wav", "adpcm_ima_wav", 16_000),
        ("a.mp3", "libmp3lame", 16_000),
        ("a.m4a", "alac", 48_000),
        ("a.mka", "flac", 48_000),
    ],
)
def test_what_recorders_write_is_no_alarm(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    """Telephone codecs, old compressions and studio formats decode to their last sample."""
    found = look(sound(tmp_path / name, codec=codec, rate=rate))

    assert codes(found) == {}
    assert abs((found.facts.duration_ms or 0) - 4000) < 150


def test_a_block_of_adpcm_whose_head_cannot_be_is_found(tmp_path: Path) -> None:
    """Any bits behind it are sound; a writer that fills the byte without meaning everywhere is only odd."""
    path = sound(tmp_path / "a.wav", codec="adpcm_ima_wav", rate=16_000)
    whole = bytearray(path.read_bytes())
    block = int.from_bytes(whole[32:34], "little")
    start = whole.index(b"data") + 8
    heads = range(start, len(whole) - block, block)
    broken = whole.copy()
    broken[heads[7] + 3] = 1
    path.write_bytes(broken)
    check = next(one for one in look(path).checks if one.code)
    assert (check.code, check.params["count"], check.params["bytes"]) == ("frames-broken", 1, block)
    assert check.params["at_seconds"] == 7 * (block - 4) * 2 // 16_000

    for at in heads:
        whole[at + 3] = 0x7F
    path.write_bytes(whole)
    assert codes(look(path)) == {}


def test_a_large_wave_file_keeps_its_sizes_elsewhere(tmp_path: Path) -> None:
    """RF64 leaves the sizes of RIFF at their largest by design; one that is cut is found by its own size."""
    path = sound(tmp_path / "a.wav", options={"rf64": "always"})

    assert codes(look(path)) == {}
    assert codes(look(changed(path, lambda whole: whole[:-1000])))["container"] == "media-truncated"


def test_bytes_behind_a_wave_file_are_not_called_examined(tmp_path: Path) -> None:
    """What follows the sound that the header names is no part of it: it is said, and the file is not checked."""
    path = changed(sound(tmp_path / "a.wav"), lambda whole: whole + b"\x01\x02" * 3000)
    found = look(path)

    assert codes(found) == {"sound_frames": "bytes-behind", "examined": "parts-not-examined"}


@pytest.mark.parametrize(
    ("channels", "bits", "rest"), [(1, 16, 1), (2, 16, 1), (2, 16, 2), (2, 16, 3), (1, 24, 2)]
)
def test_a_recorder_may_stop_in_the_middle_of_a_sample(
    tmp_path: Path, channels: int, bits: int, rest: int
) -> None:
    """The bytes of half a sample at the end are no damage, and no sound."""
    data = voice(3, 8000, channels=channels).astype("<i4").T.copy().view(np.uint8).reshape(-1, 4)
    stored = data[:, : bits // 8].tobytes() + bytes(rest)
    block = channels * bits // 8
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, 8000, 8000 * block, block, bits)
    body = b"WAVE" + fmt + struct.pack("<4sI", b"data", len(stored)) + stored
    path = tmp_path / "a.wav"
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    found = look(path)

    assert codes(found) == {}
    assert found.facts.duration_ms == 3000


def test_speech_with_pauses_that_were_not_sent_is_whole(tmp_path: Path) -> None:
    """Frames of comfort noise and of nothing stand for time; of wide band every mode is known."""
    chance = np.random.default_rng(1)
    speech = b"".join(b"\x3c" + chance.bytes(31) for _ in range(50))
    narrow, wide = tmp_path / "a.amr", tmp_path / "a.awb"
    narrow.write_bytes(b"#!AMR\n" + speech + b"\x44abcde" * 5 + b"\x7c" * 95 + speech)
    wide.write_bytes(b"#!AMR-WB\n" + b"".join(b"\x1c" + chance.bytes(36) for _ in range(200)))

    for path, media_type in ((narrow, "audio/amr"), (wide, "audio/amr-wb")):
        found = look(path)
        assert (found.media_type, codes(found)) == (media_type, {})
        assert found.facts.duration_ms == 4000
    assert codes(look(changed(wide, lambda whole: whole[:-9])))["container"] == "media-truncated"


def test_the_sum_of_a_flac_encoder_is_held_against_what_was_decoded(tmp_path: Path) -> None:
    """Frames that are right one by one and belong to another recording are found by the sum in the header."""
    whole = sound(tmp_path / "a.flac").read_bytes()
    path = changed(tmp_path / "a.flac", lambda one: one[:26] + bytes(15) + b"\x01" + one[42:])

    assert named(look(path), "sound").code == "sound-sum-differs"
    path.write_bytes(whole)
    assert codes(look(path)) == {}


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_alaw", "pcm_mulaw", "pcm_s24le", "flac"])
def test_a_lost_block_of_exact_sound_is_found_with_its_place(tmp_path: Path, codec: str) -> None:
    """A stretch that breaks off and sets in abruptly is data that were lost, in whatever bytes it was kept."""
    rate = 8000
    heard = voice(4, rate)
    heard[:, 2 * rate : 2 * rate + 2000] = 0
    name = "a.flac" if codec == "flac" else "a.wav"
    check = named(look(sound(tmp_path / name, codec=codec, rate=rate, samples=heard)), "sound_content")

    assert (check.code, check.severity) == ("sound-dropped", Severity.WARN)
    assert check.params == {"count": 1, "from_seconds": "2.00", "to_seconds": "2.25"}


def test_a_quiet_room_and_a_gated_pause_are_no_alarm(tmp_path: Path) -> None:
    """Noise of two steps is a quiet room; pauses that fade to nothing are a device's way to record."""
    rate = 16_000
    quiet = np.random.default_rng(3).normal(0, 1.5, (1, 10 * rate)).astype(np.int16)
    gated = voice(10, rate)
    for at in range(rate // 2, 10 * rate, rate):
        gated[:, at : at + 400] = (gated[:, at : at + 400] * np.linspace(1, 0, 400)).astype(np.int16)
        gated[:, at + 400 : at + 6000] = 0

    assert codes(look(sound(tmp_path / "a.wav", rate=rate, samples=quiet))) == {}
    assert codes(look(sound(tmp_path / "b.wav", rate=rate, samples=gated))) == {}


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a"])
def test_a_silent_recording_is_no_recording(tmp_path: Path, name: str) -> None:
    """Digital silence from beginning to end asks for another recording."""
    check = named(look(sound(tmp_path / name, samples=np.zeros((1, 96_000), np.int16))), "sound_content")

    assert (check.code, check.severity) == ("sound-silent", Severity.WARN)


def test_a_film_without_microphone_is_remarked_on(tmp_path: Path) -> None:
    """A microphone that is off is a setting of a camera, and no alarm; so is one that was off for a while."""
    off = np.zeros((1, 96_000), np.int16)
    late = voice(20, 48_000)
    late[:, : 12 * 48_000] = 0
    silent = named(look(film(tmp_path / "a.mp4", samples=off)), "sound_content")
    paused = named(look(sound(tmp_path / "a.wav", samples=late)), "sound_content")

    assert (silent.code, silent.severity) == ("sound-off", Severity.REMARK)
    assert (paused.code, paused.severity) == ("sound-pauses", Severity.REMARK)
    assert paused.params == {"from_seconds": "0.00", "to_seconds": "12.00"}


def test_overdriven_sound_is_remarked_on(tmp_path: Path) -> None:
    """Samples at the limit in a row are said, with their share."""
    loud = np.clip(voice(4, 16_000).astype(int) * 6, -32_768, 32_767).astype(np.int16)

    assert (
        named(look(sound(tmp_path / "a.wav", rate=16_000, samples=loud)), "sound_content").code
        == "sound-clipped"
    )


@pytest.mark.parametrize(
    ("seconds", "sound_s", "code", "severity"),
    [
        (2, 8, "pictures-stop", Severity.WARN),
        (4, 6, "pictures-shorter", Severity.REMARK),
        (6, 2, "sound-shorter", Severity.REMARK),
        (4, 4.6, "", Severity.NONE),
        (4, 3.4, "", Severity.NONE),
    ],
)
def test_pictures_and_sound_of_different_length(
    tmp_path: Path, seconds: int, sound_s: float, code: str, severity: Severity
) -> None:
    """A picture that stops while sound goes on is graded by how much is missing; small tails are normal."""
    check = named(look(film(tmp_path / "a.mp4", seconds=seconds, sound_s=sound_s)), "sound_length")

    assert (check.code, check.severity) == (code, severity)


def test_noise_for_sound_beside_whole_pictures_is_found(tmp_path: Path) -> None:
    """Every packet of the sound overwritten at its own place: the pictures are whole, the sound is not."""
    path = film(tmp_path / "a.mp4", options={"movflags": "faststart"})
    whole = bytearray(path.read_bytes())
    half = whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 2
    path.write_bytes(whole[:half] + np.random.default_rng(2).bytes(len(whole) - half))
    found = look(path)

    assert codes(found)["sound"] == "sound-damaged"
    assert named(found, "sound").severity is Severity.FAIL


@pytest.mark.parametrize("damage", [zeros, swapped, dropped])
def test_sound_that_a_container_lost_is_found_by_its_clock(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """A reader that finds the next block again says little of what it passed over; the clock says how much is gone."""
    check = named(look(changed(sound(tmp_path / "a.mka", seconds=20), damage)), "sound")

    assert (check.code, check.severity) == ("sound-gap", Severity.WARN)


def test_sound_in_a_container_that_gives_it_any_time_is_as_long_as_it_is(tmp_path: Path) -> None:
    """An AVI whose header names a wrong rate has pictures and sound of one length."""
    found = look(film(tmp_path / "a.avi", codec="adpcm_g726", rate=8000))

    assert named(found, "sound_length").code == ""


def test_a_container_of_sound_alone_is_no_film(tmp_path: Path) -> None:
    """A voice note in a container of films is sound: it has no key frames to miss and no posters."""
    voice_note, matroska = look(sound(tmp_path / "a.3gp")), look(sound(tmp_path / "a.mka"))

    assert (voice_note.media_type, matroska.media_type) == ("audio/3gpp", "audio/x-matroska")
    for found in (voice_note, matroska):
        assert codes(found) == {}
        assert {"keyframes", "packets", "sound_length"}.isdisjoint(check.name for check in found.checks)


@pytest.mark.parametrize("tracks", [b"", b"\x00\x00\x00\x08free"])
def test_a_movie_without_anything_is_empty(tmp_path: Path, tracks: bytes) -> None:
    """A regular movie without a track holds nothing, and says so."""
    header = bytes(4) + bytes(8) + struct.pack(">II", 1000, 0) + b"\x00\x01\x00\x00" + bytes(76)
    moov = struct.pack(">I4s", 8 + len(header) + len(tracks), b"mvhd") + header
    path = tmp_path / "a.mp4"
    path.write_bytes(
        struct.pack(">I4s4s4x4s", 20, b"ftyp", b"isom", b"isom")
        + struct.pack(">I4s", 8 + len(moov), b"moov")
        + moov
    )
    check = named(look(path), "container")

    assert (check.code, check.severity) == ("media-empty", Severity.FAIL)


def test_noise_that_decodes_to_dozens_of_channels_does_not_end_the_look(tmp_path: Path) -> None:
    """What a decoder makes of noise may have more channels than a frame holds; it is counted and never touched."""
    whole = sound(tmp_path / "a.m4a", seconds=8).read_bytes()
    for seed in range(30):
        chance = np.random.default_rng(seed)
        at = int(chance.integers(len(whole) // 10, len(whole) * 8 // 10))
        path = changed(tmp_path / "a.m4a", lambda _: whole[:at] + chance.bytes(2048) + whole[at + 2048 :])  # noqa: B023
        assert codes(look(path))["sound"] == "sound-damaged"


@pytest.mark.skipif(not CASES.is_dir(), reason="no cases")
@pytest.mark.parametrize(
    ("name", "media_type", "length_ms", "code", "severity"),
    [
        ("audio-3gp-amr/voice-003.3gp", "audio/3gpp", 5000, "", Severity.NONE),
        ("audio-aac-adts/voice_20260504.aac", "audio/aac", 5060, "", Severity.NONE),
        ("audio-alaw/law.wav", "audio/wav", 3000, "", Severity.NONE),
        ("audio-alaw/body.mov", "video/quicktime", 2080, "", Severity.NONE),
        ("audio-wav-open/all-ones.wav", "audio/wav", 1536, "sound-open", Severity.REMARK),
        ("audio-wav-open/int-max.wav", "audio/wav", 1536, "sound-open", Severity.REMARK),
        ("video-sound-damaged/noise-for-sound.mp4", "video/mp4", 2080, "sound-damaged", Severity.FAIL),
        ("video-sound-goes-on/picture-stops.mp4", "video/mp4", 8021, "pictures-stop", Severity.WARN),
        ("video-empty-movie/no-track.mp4", "video/mp4", 0, "media-empty", Severity.FAIL),
        ("video-empty-movie/no-sample.mp4", "video/mp4", 0, "media-empty", Severity.FAIL),
    ],
)
def test_cases_from_the_field(
    name: str, media_type: str, length_ms: int, code: str, severity: Severity
) -> None:
    """What other products took for broken is whole, and what they took for whole is found."""
    found = look(CASES / name)

    assert (found.media_type, gravest(found)) == (media_type, severity)
    assert code in {*codes(found).values(), ""}
    assert abs((found.facts.duration_ms or 0) - length_ms) <= 150


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_u8", "pcm_alaw", "pcm_s24le"])
def test_room_that_was_reserved_and_never_written_is_found(tmp_path: Path, codec: str) -> None:
    """Zeros from the edge of a sector to the end are no pause; a microphone that was switched off is one."""
    whole = sound(tmp_path / "a.wav", codec=codec).read_bytes()
    edge = len(whole) // 2 // 512 * 512
    lost = look(changed(tmp_path / "a.wav", lambda _: whole[:edge] + bytes(len(whole) - edge)))
    off = look(changed(tmp_path / "a.wav", lambda _: whole[: edge + 12] + bytes(len(whole) - edge - 12)))

    assert named(lost, "sound_frames").code == "sound-unwritten"
    assert named(off, "sound_frames").code == ""


def test_zeros_that_begin_inside_the_last_frame_are_no_padding(tmp_path: Path) -> None:
    """The frame was begun and not finished."""
    whole = sound(tmp_path / "a.aac").read_bytes()
    edge = len(whole) // 2 // 512 * 512
    path = changed(tmp_path / "a.aac", lambda _: whole[:edge] + bytes(len(whole) - edge))

    assert named(look(path), "sound_frames").code == "frames-broken"


def test_amr_that_was_sent_as_text_is_found(tmp_path: Path) -> None:
    """Its first line grew by a byte, and its frames are none."""
    found = look(changed(sound(tmp_path / "a.amr"), lambda whole: whole.replace(b"\n", b"\r\n")))

    assert found.media_type == "audio/amr"
    assert gravest(found) is Severity.FAIL
