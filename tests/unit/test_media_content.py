"""What can be seen: black, white, blurred and frozen pictures are told; night, fog, tunnels and parked cameras are not."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from schemas.integrity import CheckResult, Severity
from tests.media import SHARED, pixels
from tests.media_containers import film
from workers.media.probe import probe
from workers.media.result import Limits
from workers.media.still.content import Content, check_content, of_photo

CHANCE = np.random.default_rng(5)


def street(light: float = 1.0, noise: float = 1.5) -> np.ndarray:
    """A scene with edges, a few lamps and the noise of a sensor; grey."""
    y, x = np.mgrid[0:90, 0:160]
    base = 60 + 40 * ((x // 20 + y // 15) % 2) + 30 * (y / 90)
    base = base * light
    base[10:13, 40:43] = base[20:23, 120:123] = 230
    return np.clip(base + CHANCE.normal(0, noise, base.shape), 0, 255).astype(np.uint8)


def film_of(frames: list[np.ndarray], every_s: float = 2.0) -> str:
    content = Content()
    for number, frame in enumerate(frames):
        content.take(frame, number * every_s)
    return said(content).code


def said(content: Content) -> CheckResult:
    made = check_content(content.met())
    assert made is not None
    return made


def test_a_parked_camera_at_any_light_is_sound() -> None:
    """Its sensor is never quiet, and lamps, sky and road differ."""
    for light, noise in ((1.0, 0.8), (0.5, 1.5), (0.1, 1.0), (0.02, 0.7)):
        assert film_of([street(light, noise) for _ in range(40)]) == ""


def test_fog_and_a_tunnel_are_below_a_warning() -> None:
    """Little contrast, and a dark stretch between two light ones."""
    fog = [(150 + street() / 40 + CHANCE.normal(0, 1, (90, 160))).astype(np.uint8) for _ in range(20)]
    dark = [np.clip(CHANCE.normal(18, 2, (90, 160)), 0, 255).astype(np.uint8) for _ in range(8)]
    content = Content()
    for number, frame in enumerate([street(), street(), *dark, street()]):
        content.take(frame, number * 2.0)

    assert film_of(fog) in {"", "content-even"}
    assert said(content).severity.rank < Severity.WARN.rank


@pytest.mark.parametrize("level", range(0, 32, 4))
def test_a_covered_lens_is_found(level: int) -> None:
    """Black from beginning to end, whatever black is, with a sensor's noise on it."""
    frames = [np.clip(CHANCE.normal(level, 0.8, (90, 160)), 0, 255).astype(np.uint8) for _ in range(3)]

    assert film_of(frames) == "content-black"


def test_a_black_stretch_and_a_white_film_are_remarks() -> None:
    """Said with the seconds; the rest of the film shows something."""
    content = Content()
    black, white = np.zeros((90, 160), np.uint8), np.full((90, 160), 254, np.uint8)
    for number, frame in enumerate([street()] * 2 + [black] * 8 + [street()]):
        content.take(frame, number * 2.0)

    assert (said(content).code, said(content).severity) == ("content-black-part", Severity.REMARK)
    assert dict(said(content).params) == {"from_seconds": 4, "to_seconds": 18, "count": 8}
    assert film_of([white] * 4) == "content-blown"
    assert film_of([np.full((90, 160), 120, np.uint8)] * 4) == "content-even"


@pytest.mark.parametrize("start", range(20))
def test_a_frozen_picture_is_found_with_its_seconds(start: int) -> None:
    """An encoder repeats its last picture while the stream goes on."""
    content = Content()
    still = street()
    frames = [*(street() for _ in range(start)), *[still] * 7, *(street() for _ in range(5))]
    for number, frame in enumerate(frames):
        content.take(frame, number * 2.0)

    assert (said(content).code, said(content).severity) == ("content-frozen", Severity.WARN)
    assert dict(said(content).params) == {"from_seconds": start * 2, "to_seconds": start * 2 + 12, "count": 7}


def test_a_still_of_some_seconds_is_none() -> None:
    """Two or three equal key frames are no broken camera."""
    assert film_of([street(), *[street()] * 3, street(), street()]) == ""


def photo(kind: str) -> np.ndarray:
    """BGR pixels of one kind."""
    sharp = pixels(512, 384)
    blots = cv2.resize(CHANCE.integers(0, 255, (4, 5, 3)).astype(np.uint8), (512, 384))
    return {
        "sharp": sharp,
        "black": np.zeros_like(sharp),
        "covered": np.full_like(sharp, 20),
        "white": np.full_like(sharp, 255),
        "wall": np.full_like(sharp, 140),
        "blurred": cv2.GaussianBlur(blots, (0, 0), 12),
        "night": (sharp // 12).astype(np.uint8),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("sharp", []),
        ("night", []),
        ("black", ["content-black"]),
        ("covered", ["content-black"]),
        ("white", ["content-blown"]),
        ("wall", ["content-even"]),
        ("blurred", ["content-blurred"]),
    ],
)
def test_a_photo_that_shows_nothing_is_told(kind: str, codes: list[str]) -> None:
    """Black is a warning, the rest a remark; a night with any light is nothing."""
    assert [one.code for one in of_photo(photo(kind))] == codes


def test_files_say_it_too(tmp_path: Path) -> None:
    """A black photo, a black film and a frozen one, through the whole look."""
    out = io.BytesIO()
    Image.new("RGB", (400, 300), (3, 3, 3)).save(out, "JPEG")
    (tmp_path / "a.jpg").write_bytes(out.getvalue())
    film(tmp_path / "black.mp4", frame=lambda _: np.full((240, 320, 3), 5, np.uint8), seconds=2)
    film(tmp_path / "frozen.mkv", form="matroska", frame=stopping, seconds=28, rate=5)

    found = {path.name: content(path) for path in tmp_path.iterdir()}
    assert {name: one.code for name, one in found.items()} == {
        "a.jpg": "content-black",
        "black.mp4": "content-black",
        "frozen.mkv": "content-frozen",
    }


def stopping(number: int) -> np.ndarray:
    """Stripes that move for two seconds and then stand."""
    return np.roll(pixels(320, 240), min(number, 10) * 4, axis=1)


def content(path: Path) -> CheckResult:
    return next(
        one for one in probe(path, filename=path.name, limits=Limits()).checks if one.name == "content"
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_real_recordings_show_something() -> None:
    """Photos and a film of real devices have nothing said about what they show."""
    for path in sorted(SHARED.iterdir()):
        if path.suffix.lower() in {".jpg", ".heic", ".mp4"} and "adobe" not in path.name:
            assert content(path).code == "", path.name
