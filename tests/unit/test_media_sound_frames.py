"""The walks over files of sound: frames, pages, chunks and tags, whole and broken."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.media_sound import sound
from workers.media.probe import look
from workers.media.result import Limits
from workers.media.sound import ogg, wav
from workers.media.sound.mpeg_audio import adts, amr_narrow, amr_wide, is_free, mpeg
from workers.media.sound.sound_frames import Frame, Gap, Header, View, Walked, walk
from workers.media.sound.tags import ape, id3v2, sound_end, sound_start
from workers.media.source import Source
from workers.media.work import SLOW, Lane, OverBudgetError, Work

MP3 = b"\xff\xfb\x90\x64" + bytes(413)
AMR = b"\x3c" + bytes(31)


def walked(folder: Path, whole: bytes, header: Header = mpeg, start: int = 0) -> Walked:
    path = folder / "a"
    path.write_bytes(whole)
    with Source.at(path) as source:
        return walk(source, start, len(whole), header, Work(SLOW))


@pytest.mark.parametrize(
    ("header", "head", "frame"),
    [
        (mpeg, b"\xff\xfb\x90\x64", (417, 1152, 44_100)),
        (mpeg, b"\xff\xfb\x92\x64", (418, 1152, 44_100)),
        (mpeg, b"\xff\xf3\x48\xc4", (144, 576, 16_000)),
        (mpeg, b"\xff\xe3\x48\xc4", (288, 576, 8_000)),
        (mpeg, b"\xff\xfd\xa4\x00", (576, 1152, 48_000)),
        (mpeg, b"\xff\xff\xe4\x00", (448, 384, 48_000)),
        (mpeg, b"\xff\xeb\x90\x64", None),
        (mpeg, b"\xff\xf9\x90\x64", None),
        (mpeg, b"\xff\xfb\xf0\x64", None),
        (mpeg, b"\xff\xfb\x9c\x64", None),
        (adts, b"\xff\xf1\x4c\x40\x17\x1f\xfc", (184, 1024, 48_000)),
        (adts, b"\xff\xf1\x4c\x40\x17\x1f\xfd", (184, 2048, 48_000)),
        (adts, b"\xff\xf1\x7c\x40\x17\x1f\xfc", None),
        (adts, b"\xff\xf3\x4c\x40\x17\x1f\xfc", None),
        (amr_narrow, b"\x3c", (32, 160, 8000)),
        (amr_narrow, b"\x44", (6, 160, 8000)),
        (amr_narrow, b"\x7c", (1, 160, 8000)),
        (amr_narrow, b"\x38", None),
        (amr_narrow, b"\x4c", None),
        (amr_narrow, b"\x3d", None),
        (amr_wide, b"\x44", (61, 320, 16_000)),
        (amr_wide, b"\x70", (1, 320, 16_000)),
        (amr_wide, b"", None),
    ],
)
def test_headers_say_length_samples_and_rate(
    header: Header, head: bytes, frame: tuple[int, int, int] | None
) -> None:
    """Every layer, rate and mode of the standards; reserved values and frames of bad quality are none."""
    made: Frame | None = header(head)

    assert (made[:3] if made else None) == frame


def test_a_free_bit_rate_says_no_length() -> None:
    """Such a file is not walked, and not called damaged."""
    assert is_free(b"\xff\xfb\x00\x64")
    assert mpeg(b"\xff\xfb\x00\x64") is None
    assert not is_free(MP3)


def test_what_lies_between_frames_is_a_gap(tmp_path: Path) -> None:
    """Bytes before, between and behind frames are told with their place; a frame that is cut lacks bytes."""
    whole = walked(tmp_path, MP3 * 5)
    broken = walked(tmp_path, b"??" + MP3 * 4 + bytes(700) + MP3 * 4 + b"tail")

    assert (whole.frames, whole.samples, whole.gaps, whole.missing_bytes) == (5, 5 * 1152, (), 0)
    assert broken.gaps == (Gap(0, 2, 0), Gap(1670, 700, 4608), Gap(4038, 4, 9216))
    assert broken.frames == 8
    assert walked(tmp_path, (MP3 * 5)[:-10]).missing_bytes == 10


def test_sync_bits_alone_are_no_frame(tmp_path: Path) -> None:
    """A header inside of other bytes counts only where frames go on in a row, and frames of one stream are of one kind."""
    lonely = walked(tmp_path, b"\xff\xfb\x90\x64" + bytes(20) + MP3 * 4)
    mixed = walked(tmp_path, MP3 * 4 + (b"\xff\xfb\x94\x64" + bytes(380)) * 4 + MP3 * 4)

    assert (lonely.frames, lonely.gaps) == (4, (Gap(0, 24, 0),))
    assert (mixed.frames, len(mixed.gaps)) == (8, 1)


def test_speech_frames_without_sync_are_found_again(tmp_path: Path) -> None:
    """AMR has no sync bits: a piece that is gone makes the walk lose its step, and find it again."""
    met = walked(tmp_path, b"#!AMR\n" + AMR * 6 + AMR[7:] + AMR * 6, amr_narrow, 6)

    assert (met.frames, len(met.gaps), met.missing_bytes) == (12, 1, 0)


def test_looking_for_frames_costs_work(tmp_path: Path) -> None:
    """Megabytes that are no frames are counted, and end at the budget."""
    path = tmp_path / "a"
    path.write_bytes(MP3 * 3 + bytes(1_000_000))
    with Source.at(path) as source, pytest.raises(OverBudgetError):
        walk(source, 0, source.size_bytes, mpeg, Work(SLOW.model_copy(update={"pieces": 1000})))


def test_tags_are_stepped_over_from_both_ends(tmp_path: Path) -> None:
    """ID3v2 in front, and behind ID3v1 with its extension, APEv2 with and without header, Lyrics3 of both kinds."""
    front = b"ID3\x04\0\0\0\0\0\x05" + bytes(5) + b"ID3\x03\0\0\0\0\x01\0" + bytes(128)
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, 42, 1, 0x8000_0000) + bytes(8)
    behind = (
        bytes(10) + b"APETAGEX" + struct.pack("<IIII", 1000, 42, 1, 0) + bytes(8)
        + footer + bytes(10) + footer
        + b"LYRICSBEGINabc000014LYRICS200"
        + b"LYRICSBEGINabcLYRICSEND"
        + b"TAG+" + bytes(223) + b"TAG" + bytes(125)
    )  # fmt: skip
    path = tmp_path / "a"
    path.write_bytes(front + MP3 * 3 + behind)
    with Source.at(path) as source:
        view = View(source)
        start = sound_start(view, source.size_bytes)
        end = sound_end(view, start, source.size_bytes)

    assert (start, end) == (len(front), len(front) + 3 * len(MP3))
    assert (id3v2(b"ID3\x04\0\0\0\0\0\x80"), id3v2(front[:10]), ape(footer)) == (0, 15, 0)


def test_pages_are_summed_and_counted(tmp_path: Path) -> None:
    """A page with a wrong sum, one that is gone, a cut one and a stream without end are each told."""
    whole = sound(tmp_path / "a.opus", seconds=6).read_bytes()
    at = [place for place in range(len(whole)) if whole[place : place + 4] == b"OggS"]

    def pages(made: bytes) -> ogg.Pages:
        (tmp_path / "a.opus").write_bytes(made)
        with Source.at(tmp_path / "a.opus") as source:
            return ogg.walk(source, Work(SLOW))

    assert pages(whole) == (len(at), 0, 0, 0, None, 0)
    flipped = bytearray(whole)
    flipped[at[3] + 40] ^= 1
    assert pages(bytes(flipped))[1:5] == (1, 1, 0, at[3])
    assert pages(whole[: at[3]] + whole[at[4] :])[1:5] == (0, 1, 0, at[3])
    assert pages(whole[:-7])[5] == 7
    assert pages(whole[: at[-1]])[3] == 1


@pytest.mark.parametrize(
    ("data", "met"),
    [
        (struct.pack("<4sI", b"data", 8) + bytes(8), (False, True, 0, 0, 44, 52)),
        (struct.pack("<4sI", b"data", 7) + bytes(8) + b"LIST" + bytes(4), (False, True, 0, 0, 44, 51)),
        (struct.pack("<4sI", b"data", 7) + bytes(7) + b"LIST" + bytes(4), (False, True, 0, 0, 44, 51)),
        (struct.pack("<4sI", b"data", 20) + bytes(8), (False, True, 12, 0, 44, 52)),
        (struct.pack("<4sI", b"data", 0) + bytes(8), (True, True, 0, 0, 44, 52)),
        (struct.pack("<4sI", b"data", 0x7FFF_FFDB) + bytes(8), (True, True, 0, 0, 44, 52)),
        (struct.pack("<4sI", b"data", 8) + bytes(8) + b"\x01" * 9, (False, True, 0, 9, 44, 52)),
        (struct.pack("<4sI", b"LIST", 4) + bytes(4), (False, False, 0, 0, 0, 0)),
    ],
)
def test_chunks_are_walked_to_the_end(
    tmp_path: Path, data: bytes, met: tuple[bool, bool, int, int, int, int]
) -> None:
    """Sizes that were never written reach to the end; others are held against the file; odd ones are padded or not."""
    path = tmp_path / "a"
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16)
    path.write_bytes(struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data)
    with Source.at(path) as source:
        assert wav.walk(source, Work(SLOW)) == (*met, wav.Coding(1, 1, 8000, 2))


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    endings = (".mp3", ".aac", ".amr", ".flac", ".opus", ".wav", ".m4a")
    return {ending: sound(folder / f"a{ending}", seconds=0.5).read_bytes() for ending in endings}


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_of_bytes_raises(wholes: dict[str, bytes], tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is overwritten, cut or put in: the look ends, and says what it says."""
    ending = data.draw(st.sampled_from(sorted(wholes)))
    whole = bytearray(wholes[ending])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole)))
        gone = data.draw(st.integers(0, 64))
        whole[at : at + gone] = data.draw(st.binary(max_size=64))
    path = tmp_path / f"a{ending}"
    path.write_bytes(whole)
    with Source.at(path) as source:
        assert look(source, filename=path.name, limits=Limits(), lane=Lane.SLOW).checks
