"""Pictures for the tests of likeness: scenes of which each number gives another one, and copies as people make them."""

import io

import numpy as np
from PIL import Image, ImageDraw

from tests.media import exif


def scene(number: int, width: int = 800, height: int = 600) -> Image.Image:
    """A picture of light and dark places, different for each number."""
    chance = np.random.default_rng(number)
    coarse = chance.integers(20, 236, (9, 12, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def captioned(picture: Image.Image) -> Image.Image:
    """A copy with a line of text burnt in at its foot."""
    made = picture.copy()
    width, height = made.size
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, height * 15 // 16, width, height), fill="black")
    draw.text((10, height * 15 // 16 + 6), "2026-11-30 10:12:33 CG-01", fill="white")
    return made


def coded(picture: Image.Image, *, quality: int = 85, taken: str | None = None) -> bytes:
    """A JPEG of a picture."""
    out = io.BytesIO()
    carried = exif(taken=taken) if taken else Image.Exif()
    picture.save(out, "JPEG", quality=quality, exif=carried)
    return out.getvalue()
