"""What is shown and heard in the corpus: small scenes as devices meet them. Nothing here is a recording of anybody."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

WIDE, HIGH = 240, 176


@cache
def scene(name: str, wide: int = WIDE, high: int = HIGH) -> np.ndarray:
    """One scene, RGB."""
    chance = np.random.default_rng(sum(name.encode()))
    y, x = np.mgrid[0:high, 0:wide]
    if name == "document":
        return _document(wide, high)
    if name == "wall":
        base = np.full((high, wide, 3), 196.0)
        base[high // 2 :, :, 2] -= 20
        return _byte(base + chance.normal(0, 1.0, base.shape))
    if name == "nothing":
        return np.zeros((high, wide, 3), np.uint8)
    if name == "night":
        base = np.stack([x * 30 / wide, y * 24 / high, (x + y) * 18 / (wide + high)], axis=-1)
        base[high // 3 : high // 3 + 8, wide // 3 : wide // 3 + 8] = 240
        return _byte(base + chance.normal(0, 5, base.shape) + 8)
    if name == "sky":
        base = np.stack([90 + y * 60 / high, 130 + y * 60 / high, 220 - y * 30 / high], axis=-1)
        return _byte(base + chance.normal(0, 0.6, base.shape))
    base = np.stack([x * 255 / wide, y * 255 / high, (x * 2 + y * 3) % 256], axis=-1)
    return _byte(base + chance.integers(-30, 30, base.shape))


def image(name: str = "street", wide: int = WIDE, high: int = HIGH) -> Image.Image:
    """One scene as a picture."""
    return Image.fromarray(scene(name, wide, high))


SCENES = ("street", "document", "wall", "night", "sky")


def _byte(base: np.ndarray) -> np.ndarray:
    return np.clip(base, 0, 255).astype(np.uint8)


def _document(wide: int, high: int) -> np.ndarray:
    paper = Image.new("RGB", (wide, high), (250, 250, 246))
    pen = ImageDraw.Draw(paper)
    for line in range(high // 14):
        pen.text(
            (8, 6 + line * 14),
            f"Art. {line + 1} axle load 49.{line % 10} t plate A{line * 7919 % 9973}",
            (20, 20, 30),
        )
    return np.asarray(paper)


def voice(seconds: float, rate: int, channels: int = 1, kind: str = "speech") -> np.ndarray:
    """16 bit, one row a channel."""
    time = np.arange(int(seconds * rate)) / rate
    chance = np.random.default_rng(len(kind))
    if kind == "nothing":
        heard = np.zeros(len(time))
    elif kind == "quiet":
        heard = chance.normal(0, 0.0004, len(time))
    elif kind == "engine":
        heard = 0.25 * np.sin(2 * np.pi * (70 + 8 * np.sin(time)) * time) + chance.normal(0, 0.05, len(time))
    else:
        heard = (0.3 + 0.2 * np.sin(2 * np.pi * 0.7 * time)) * np.sin(2 * np.pi * 220 * time)
        heard = heard + chance.normal(0, 0.02, len(time))
    row = (heard * 20_000).clip(-32_768, 32_767).astype(np.int16)
    return np.stack([np.roll(row, 7 * one) for one in range(channels)])
