"""The walk over a container: every stream has a reader, every reader says what it went through."""

from pathlib import Path
from typing import Any

import pytest

from schemas.examined import REQUIRED, Examined, Measure, PartKind
from schemas.integrity import Outcome
from tests.media_sound import film, sound
from workers.media.demux import opened
from workers.media.examined import check_examined
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.source import Source
from workers.media.streams.walk import Stamp, StreamReader, Walk
from workers.media.work import SLOW, Work


def look(path: Path, **limits: Any) -> Probe:
    return probe(path, filename=path.name, limits=Limits(**limits))


def rows(found: Probe, part: PartKind) -> list[Examined]:
    return [one for one in found.facts.examined or () if one.part is part]


FILES = {
    "a.mp4": film,
    "a.mov": lambda path: film(path, codec="pcm_alaw", rate=8000),
    "a.mkv": film,
    "a.avi": lambda path: film(path, codec="libmp3lame"),
    "a.m4a": sound,
    "a.wav": sound,
    "a.mp3": sound,
    "a.aac": sound,
    "a.amr": sound,
    "a.mka": sound,
    "a.flac": sound,
    "a.opus": sound,
    "a.ogg": sound,
    "a.3gp": sound,
}


@pytest.mark.parametrize("name", FILES)
def test_every_part_of_a_sound_file_is_examined_and_each_is_needed(tmp_path: Path, name: str) -> None:
    """Nothing is found; and whichever row is taken away, the file was not examined as far as is asked."""
    found = look(FILES[name](tmp_path / name))

    assert [one.code for one in found.checks if one.code] == []
    examined = found.facts.examined or ()
    assert all(one.is_whole for one in examined)
    asked = {(one.part, one.measure) for one in REQUIRED[found.media_type]}
    assert {(one.part, one.measure) for one in examined} - asked <= {(PartKind.VIDEO, Measure.FRAMES)}
    for gone in (one for one in examined if (one.part, one.measure) in asked):
        # of a stream that was not even counted nobody could know: its reader takes the check away, not the row
        left = tuple(
            one if one is not gone else one.model_copy(update={"check": None, "done": 0}) for one in examined
        )
        made = check_examined(
            found.media_type, found.facts.model_copy(update={"examined": left}), found.checks
        )
        assert made is not None
        assert made.outcome is Outcome.NOT_CHECKED


def test_every_stream_of_pictures_and_sound_is_read(tmp_path: Path) -> None:
    """A second camera and a second microphone are streams like the first; posters are of the first."""
    found = look(film(tmp_path / "a.mp4", pictures=2, sounds=2))

    assert [one.code for one in found.checks if one.code] == []
    assert [(one.number, one.measure) for one in rows(found, PartKind.VIDEO)] == [
        (0, Measure.PACKETS),
        (0, Measure.KEYFRAMES),
        (0, Measure.FRAMES),
        (1, Measure.PACKETS),
        (1, Measure.KEYFRAMES),
        (1, Measure.FRAMES),
    ]
    assert [(one.number, one.done) for one in rows(found, PartKind.SOUND)] == [(2, 96_256), (3, 96_256)]
    assert len(found.derivatives) == 3


def test_what_the_second_stream_hides_is_found(tmp_path: Path) -> None:
    """Noise in place of the second stream of pictures is damage, although the first is sound."""
    path = film(tmp_path / "a.mp4", pictures=2)
    with Source.at(path) as source, opened(source, "mov", {}) as container:
        spans = [(one.pos, one.size) for one in container.streams[1].index_entries]
    whole = bytearray(path.read_bytes())
    for start, size in spans:
        whole[start : start + size] = bytes((7 * at) % 251 for at in range(size))
    path.write_bytes(whole)

    assert {one.name: one.code for one in look(path).checks if one.code}["packets"] == "video-packets-damaged"


def test_a_stream_of_data_that_nobody_knows_is_not_checked(tmp_path: Path, media: Path) -> None:
    """What a camera is known to write along is read by name; a kind that is on no list keeps the file unchecked."""
    path = tmp_path / "a.mp4"
    path.write_bytes((media / "max-heromode.mp4").read_bytes().replace(b"gpmd", b"zzzd"))
    found = look(path)

    assert {one.code for one in found.checks if one.code} == {"data-unknown", "parts-not-examined"}
    assert [one.check for one in rows(found, PartKind.DATA)] == ["data_streams", None, "data_streams"]


def test_listeners_are_told_each_packet_of_their_stream(tmp_path: Path) -> None:
    """Times, size and key of every packet are told in the order of the file."""

    class Ear:
        def __init__(self) -> None:
            self.heard: list[Stamp] = []

        def told(self, stamp: Stamp) -> None:
            self.heard.append(stamp)

    ears = [Ear(), Ear()]
    path = film(tmp_path / "a.mp4")
    with Source.at(path) as source, opened(source, "mov", {}) as container:
        walk = Walk(container, lambda stream: StreamReader(stream, [ears[stream.index]]), work=Work(SLOW))
        walk.run()

    seen, heard = (ear.heard for ear in ears)
    assert [len(seen), sum(one.is_keyframe for one in seen)] == [20, 2]
    assert sum(one.duration for one in seen) == 20 * seen[0].duration
    assert all(one.size_bytes for one in (*seen, *heard))
    assert [one.pts for one in heard] == sorted(one.pts or 0 for one in heard)


def test_what_one_stream_says_is_not_held_against_another(tmp_path: Path) -> None:
    """A complaint of the sound decoder is the sound's; pictures and container have nothing to say."""
    path = film(tmp_path / "a.mp4")
    with Source.at(path) as source, opened(source, "mov", {}) as container:
        spans = [(one.pos, one.size) for one in container.streams[1].index_entries]
    whole = bytearray(path.read_bytes())
    for start, size in spans[5:9]:
        whole[start : start + size] = bytes((89 * at) % 251 for at in range(size))
    path.write_bytes(whole)
    found = look(path)

    assert {one.name: one.code for one in found.checks if one.code} == {"sound": "sound-damaged"}
    assert [one.done for one in rows(found, PartKind.SOUND)] == [
        one.of for one in rows(found, PartKind.SOUND)
    ]


def test_sound_beyond_the_last_budget_is_not_called_examined(tmp_path: Path) -> None:
    """Where the last lane has no room the sound is examined in part, and the file is not checked."""
    path = sound(tmp_path / "a.wav")
    found = look(path, slow=SLOW.model_copy(update={"samples": 50_000}))
    (row,) = rows(found, PartKind.SOUND)

    assert {one.code for one in found.checks if one.code} == {"sound-partly", "parts-not-examined"}
    assert row.of is not None
    assert 0 < row.done < row.of
