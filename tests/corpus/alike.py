"""How well copies of a picture are recognised, and how often others are taken for copies: `python -m tests.corpus.alike`.

Every scene of the corpus, drawn several times with other things in it, and the photos of `../shared/media` where they
are present; each in the copies that people make. What is told is what a reader is told: the word, or nothing. Pictures
of one place with other things in it, and sheets of the same form, are the hard cases of the other side: they are alike and
are no copies, and whoever reads a hint judges that.
"""

import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from schemas.likeness import Likeness, distance, likeness
from tests.alike import captioned, scene
from workers.media.still.likeness import code_of, mirrored

MEDIA = Path(__file__).resolve().parents[2].parent / "shared" / "media"
SEEDS = 60

Copy = Callable[[Image.Image], Image.Image]


def _coded(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def _cut(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    dx, dy = round(width * share / 2), round(height * share / 2)
    return picture.crop((dx, dy, width - dx, height - dy))


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    return _cut(picture.rotate(degrees, Image.Resampling.BICUBIC), 0.04)


def _of_a_screen(picture: Image.Image) -> Image.Image:
    """A photo of a screen: rows and columns of light, less contrast, a border, not quite straight."""
    small = np.asarray(picture.resize((800, 600)), np.float32)
    y, x = np.mgrid[:600, :800]
    grid = 1 + 0.12 * np.sin(x * 2.1 + y * 0.3) * np.sin(y * 2.3)
    shown = Image.fromarray(np.clip(small * grid[..., None] * 0.8 + 18, 0, 255).astype(np.uint8))
    corners = (8, 6, 14, 590, 795, 596, 788, 10)
    return shown.transform((800, 600), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


COPIES: Mapping[str, Copy] = {
    "saved anew, quality 30": lambda one: _coded(one, 30),
    "a quarter of the size, quality 40": lambda one: _coded(
        one.resize((one.width // 4, one.height // 4)), 40
    ),
    "brighter by a quarter": lambda one: ImageEnhance.Brightness(one).enhance(1.25),
    "darker by a third": lambda one: ImageEnhance.Brightness(one).enhance(0.67),
    "grey": lambda one: one.convert("L").convert("RGB"),
    "captioned": captioned,
    "cut by 2 %": lambda one: _cut(one, 0.02),
    "cut by 5 %": lambda one: _cut(one, 0.05),
    "cut by 10 %": lambda one: _cut(one, 0.10),
    "turned by a degree": lambda one: _turned(one, 1),
    "photo of a screen": _of_a_screen,
    "mirrored": lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def _crossing(hour: int) -> Image.Image:
    """One crossing by a fixed camera, at another time: other light, and other cars at other places."""
    chance = np.random.default_rng(1_000 + hour)
    made = Image.new("RGB", (800, 600), (150, 170, 190))
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 250, 800, 600), fill=(90, 92, 95))
    for left in (0, 120, 520, 660):
        draw.rectangle((left, 90, left + 100, 260), fill=(120 + left // 10, 110, 100))
    for stripe in range(0, 800, 80):
        draw.rectangle((stripe, 420, stripe + 40, 430), fill=(230, 230, 230))
    for _ in range(5):
        x, y = (int(chance.integers(0, limit)) for limit in (700, 520))
        draw.rectangle(
            (x, max(y, 280), x + 110, max(y, 280) + 55), fill=tuple(map(int, chance.integers(0, 255, 3)))
        )
    return ImageEnhance.Brightness(made).enhance(0.6 + 0.05 * (hour % 14))


def _sheet(number: int) -> Image.Image:
    """A filled form: the same lines, other words."""
    chance = np.random.default_rng(2_000 + number)
    made = Image.new("RGB", (600, 800), (244, 243, 240))
    draw = ImageDraw.Draw(made)
    draw.rectangle((180, 40, 420, 64), fill=(30, 30, 30))
    for row in range(110, 760, 40):
        draw.line((50, row, 550, row), fill=(60, 60, 60), width=2)
        for place in range(60, int(chance.integers(100, 540)), 14):
            draw.rectangle((place, row - 24, place + 10, row - 10), fill=(50, 50, 60))
    return made


def originals() -> Iterator[Image.Image]:
    """Different pictures: made ones, and the photos at hand."""
    yield from (scene(number) for number in range(SEEDS))
    for path in sorted(MEDIA.glob("DSCN*.jpg")) if MEDIA.is_dir() else ():
        yield Image.open(path).convert("RGB")


def code(picture: Image.Image) -> bytes | None:
    """The code of a picture as a worker makes it: made small first."""
    small = picture.copy()
    small.thumbnail((512, 512), Image.Resampling.BOX)
    made = code_of(cv2.cvtColor(np.asarray(small), cv2.COLOR_RGB2BGR))
    return None if made is None else bytes.fromhex(made)


def told(one: bytes | None, other: bytes | None) -> Likeness | None:
    """What a reader is told of two pictures."""
    if one is None or other is None:
        return None
    return likeness(min(distance(one, other), distance(mirrored(one), other)))


def recognised() -> dict[str, list[Likeness | None]]:
    """What is told of each copy, by the kind of copy."""
    all_ = list(originals())
    return {name: [told(code(one), code(copy(one))) for one in all_] for name, copy in COPIES.items()}


def mistaken() -> dict[str, list[Likeness | None]]:
    """What is told of pairs of different pictures."""
    sides = {
        "different scenes": list(originals()),
        "one crossing at other times, fixed camera": [_crossing(hour) for hour in range(14)],
        "filled sheets of one form": [_sheet(number) for number in range(14)],
    }
    made = {name: [code(one) for one in pictures] for name, pictures in sides.items()}
    return {name: [told(*pair) for pair in itertools.combinations(codes, 2)] for name, codes in made.items()}


def main() -> None:
    """Print a line for each kind: of how many, so many told as the same, so many as alike."""
    for title, table in (
        ("copies recognised", recognised()),
        ("different pictures told as alike", mistaken()),
    ):
        print(title)
        for name, said in table.items():
            same, alike = said.count(Likeness.SAME), said.count(Likeness.ALIKE)
            print(f"  {name:45} {same + alike:5} of {len(said):5}  ({same} the same, {alike} alike)")


if __name__ == "__main__":
    main()
