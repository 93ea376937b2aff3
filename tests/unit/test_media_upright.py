"""Thumbnails stand upright where a picture is deep, large, or one of two in its file."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.media.probe import probe
from workers.media.result import Limits

WIDE, HIGH = 320, 240
LARGE = (16_320, 12_240)
"""A little below 200 megapixels, the largest sensor that is sold in a phone."""


def stated() -> Image.Exif:
    """Turned: the stored left edge is shown on top."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def marked(width: int = WIDE, height: int = HIGH) -> np.ndarray:
    """Black, with a white field in the stored upper left corner."""
    made = np.zeros((height, width), np.uint8)
    made[: height // 3, : width // 3] = 255
    return made


def deep(form: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(marked().astype(np.uint16) * 257).save(out, form, exif=stated())
    return out.getvalue()


def with_gain_map() -> bytes:
    """A photo of high range as phones write it: the picture, and a small map of its light behind it."""
    picture, gains = Image.fromarray(marked()).convert("RGB"), Image.new("RGB", (80, 60), "grey")
    out = io.BytesIO()
    picture.save(out, "MPO", save_all=True, append_images=[gains], exif=stated(), quality=90)
    return out.getvalue()


def large() -> bytes:
    out = io.BytesIO()
    Image.fromarray(marked(*LARGE)).save(out, "JPEG", exif=stated(), quality=70)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.png", lambda: deep("PNG")),
        ("a.tif", lambda: deep("TIFF")),
        ("a.jpg", with_gain_map),
        ("b.jpg", large),
    ],
)
def test_the_stored_corner_is_shown_where_the_orientation_puts_it(
    tmp_path: Path, name: str, made: Callable[[], bytes]
) -> None:
    """On the right side, in a picture that stands: sixteen bits, a gain map behind it, 200 megapixels."""
    path = tmp_path / name
    path.write_bytes(made())

    (thumbnail,) = probe(path, filename=name, limits=Limits()).derivatives

    shown = np.asarray(Image.open(io.BytesIO(thumbnail.payload)).convert("L"))
    height, width = shown.shape
    assert height > width
    assert (thumbnail.width, thumbnail.height) == (width, height)
    bright = {(x, y): int(shown[y * (height - 9) + 4, x * (width - 9) + 4]) for x in (0, 1) for y in (0, 1)}
    assert bright[1, 0] > 200
    assert max(value for at, value in bright.items() if at != (1, 0)) < 60
