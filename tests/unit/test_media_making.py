"""Copies for viewing by their pixels and samples: what is shown, when, how it stands, and how far it goes."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest

from schemas.derivative import ClockKind, DerivationFailure, DerivativeKind
from tests.media import wav
from tests.viewing import film
from workers.media.making.make import make
from workers.media.making.phrases import CONTAINER, CORRECTED, DEVICE, KEYS, MARK
from workers.media.making.wish import CannotError, Made, Wish
from workers.media.making.writing import of_moment, of_seconds
from workers.media.result import Limits
from workers.media.source import Source
from workers.media.work import LATER

SHEET, WAVE, PROXY = DerivativeKind.SHEET, DerivativeKind.WAVE, DerivativeKind.PROXY
AT_MS = 1_764_468_000_250
"""2025-11-30 10:00:00.250 +08:00."""


def made(path: Path, wish: Wish, limits: Limits | None = None) -> tuple[Made, bytes]:
    out = io.BytesIO()
    with Source.at(path) as source:
        answer = make(source, wish, limits or Limits(), cast("Any", out))
    return answer, out.getvalue()


def frames(payload: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(payload)) as container:
        return [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def avi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("making") / "a.avi")


def test_a_sheet_shows_the_film_from_its_beginning_to_its_end(avi: Path) -> None:
    """Pictures at even distances, each with its time, brighter by the second as the film is; the mark above them."""
    answer, payload = made(avi, Wish(kind=SHEET))
    times = answer.params["times_ms"]
    steps = np.diff(times)

    assert (answer.media_type, answer.params["of"]) == ("image/jpeg", "frames")
    assert times[0] == 0
    assert 3_600 <= times[-1] < 4_000
    assert steps.max() <= 300
    shown = frames(payload)[0][1]
    assert shown.shape == (answer.params["height"], answer.params["width"])
    first, last = shown[26 + 200, 160], shown[-26 - 40, 160]
    assert abs(int(first)) < 12
    assert abs(int(last) - 120) < 12 or answer.params["pictures"] % answer.params["columns"]
    assert shown[4:22, 2:158].max() > 200


def test_a_wave_is_still_where_it_was_silent(avi: Path) -> None:
    """Nothing in the first half, a tone in the second, to scale."""
    answer, payload = made(avi, Wish(kind=WAVE))

    shown = frames(payload)[0][1][:160]
    ink = (shown < 128).sum(axis=0)
    assert (answer.media_type, answer.params["length_ms"] // 100) == ("image/png", 40)
    assert ink[:540].max() <= 4
    assert ink[660:1180].min() > 100


def test_a_preview_copy_plays_the_film_with_its_times_beneath(avi: Path) -> None:
    """VP9 and Opus in WebM, every frame at its time, the picture untouched and rows of text beneath it."""
    answer, payload = made(avi, Wish(kind=PROXY, begins_at_ms=AT_MS, clock=ClockKind.CORRECTED))

    with av.open(io.BytesIO(payload)) as container:
        codecs = [stream.codec_context.name for stream in container.streams]
    shown = frames(payload)
    assert (answer.media_type, codecs, answer.params["frames"]) == ("video/webm", ["vp9", "opus"], 40)
    assert [round(at, 2) for at, _ in shown] == [round(number / 10, 2) for number in range(40)]
    assert abs(answer.params["sound_ms"] - 4_000) < 60
    assert answer.params["clock"] == "corrected"
    for at, picture in (shown[0], shown[35]):
        assert picture.shape[1] == 320
        assert picture.shape[0] > 240 + 26
        assert abs(int(picture[60, 160]) - 255) < 20
        assert abs(int(picture[180, 160]) - 40 * int(at)) < 20
        assert (picture[240:] > 180).mean() > 0.02
    assert np.abs(shown[0][1][240:].astype(int) - shown[35][1][240:]).max() > 100


def test_beyond_the_work_of_a_copy_key_frames_are_shown(avi: Path) -> None:
    """A film that asks for more pictures than there is work: one of each second, and it says so."""
    limits = Limits(later=LATER.model_copy(update={"pixels": 20 * 320 * 240}))

    answer, payload = made(avi, Wish(kind=PROXY), limits)

    assert (answer.params["of"], answer.params["frames"]) == ("keyframes", 4)
    assert [round(at) for at, _ in frames(payload)] == [0, 1, 2, 3]
    fewer = Limits(later=LATER.model_copy(update={"pixels": 2 * 320 * 240}))
    ended, _ = made(avi, Wish(kind=PROXY), fewer)
    assert (ended.params["until"], ended.params["frames"]) == ("work", 2)


def test_sound_alone_is_copied_as_sound(tmp_path: Path) -> None:
    """No picture is made up for it."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav(2))

    answer, payload = made(path, Wish(kind=PROXY))

    assert (answer.media_type, answer.params["frames"]) == ("audio/webm", 0)
    with av.open(io.BytesIO(payload)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["opus"]
    assert abs(answer.params["sound_ms"] - 2_000) < 60


@pytest.mark.parametrize("kind", [SHEET, PROXY])
def test_a_film_that_is_cut_is_shown_as_far_as_it_goes(
    tmp_path: Path, avi: Path, kind: DerivativeKind
) -> None:
    """Half of a transport stream has half of the film."""
    path = tmp_path / "a.ts"
    whole = film(tmp_path / "b.ts", form="mpegts", codec="mpeg2video").read_bytes()
    path.write_bytes(whole[: len(whole) // 2 // 188 * 188])
    del avi

    answer, _ = made(path, Wish(kind=kind))

    assert answer.params.get("pictures", answer.params.get("frames")) >= 5


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        (b"RIFF\x00\x00\x00\x00AVI LIST", DerivationFailure.UNREADABLE),
        (b"\xff\xd8\xff\xe0" + bytes(64), DerivationFailure.NOTHING),
    ],
)
def test_what_shows_nothing_says_why(tmp_path: Path, payload: bytes, failure: DerivationFailure) -> None:
    """A container that cannot be opened, and what is no film."""
    path = tmp_path / "a"
    path.write_bytes(payload)

    with pytest.raises(CannotError) as said:
        made(path, Wish(kind=PROXY))
    assert said.value.failure in {failure, DerivationFailure.NOTHING}


def test_a_film_without_sound_has_no_wave(tmp_path: Path, avi: Path) -> None:
    """It is said, not drawn as silence."""
    path = tmp_path / "silent.avi"
    with av.open(str(path), "w", format="avi") as out:
        video: Any = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    del avi

    with pytest.raises(CannotError) as said:
        made(path, Wish(kind=WAVE))
    assert said.value.failure is DerivationFailure.NOTHING


def test_times_are_written_as_people_read_them() -> None:
    """Hours from the beginning on; a moment in the zone of the country, with its zone."""
    assert of_seconds(3_723.46) == "01:02:03.4"
    assert of_moment(AT_MS) == "2025-11-30 10:00:00.2 +08:00"


def test_words_are_pictures_of_their_own() -> None:
    """None is empty and none is another."""
    words = (MARK, CONTAINER, CORRECTED, DEVICE, KEYS)
    assert all(one.shape[0] == 24 and one.max() == 255 for one in words)
    assert len({one.tobytes() for one in words}) == len(words)
