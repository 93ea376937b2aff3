"""Stills that Pillow reads – PNG, GIF, WebP, TIFF, AVIF –, every frame and every page of them."""

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from workers.media.container import Note, note
from workers.media.metadata.exif import read_exif
from workers.media.metadata.exif_text import clean
from workers.media.result import Limits
from workers.media.still.gif_walk import walk_gif
from workers.media.still.jpeg import Pixels
from workers.media.still.layout import Layout
from workers.media.still.png_walk import walk_png
from workers.media.still.still import Decoded, Seen
from workers.media.still.webp_walk import walk_webp
from workers.media.work import Work

FORMATS: Mapping[str, str] = {
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
WALKS: Mapping[str, Callable[[bytes, Work], Layout]] = {
    "image/png": walk_png,
    "image/gif": walk_gif,
    "image/webp": walk_webp,
}

DECODE_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    TypeError,
    KeyError,
    IndexError,
)
"""What Pillow raises on broken pixels; a MemoryError is none of them and ends the child. Only calls of the decoders are
tried for it: a fault of ours is no finding about a file."""

_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
_DEEP_MAX = 65_535


def gate(width: int, height: int, limits: Limits) -> Note | None:
    """Say that a header claims more pixels than are decoded."""
    if width * height <= limits.pixels:
        return None
    return note(
        "image-too-large",
        width=width,
        height=height,
        megapixels=width * height // 1_000_000,
        limit_megapixels=limits.pixels // 1_000_000,
    )


def broken(why: object) -> Note:
    """Say that a decoder met damage, in its own words."""
    return note("image-damaged", reason=clean(why) or "unreadable")


def read_frames(payload: bytes, media_type: str, layout: Layout, limits: Limits, work: Work) -> Seen:
    """Decode every frame; the first is what is shown. What the walk met explains what a decoder stumbles over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            opened = Image.open(io.BytesIO(payload), formats=(FORMATS[media_type],))
        except UnidentifiedImageError:
            return Seen(met=_said(layout.met, broken("unreadable header")), layout=layout)
        except DECODE_ERRORS as why:
            return Seen(met=_said(layout.met, broken(why)), layout=layout)
        with opened as image:
            return _read(image, layout, limits, work)


def _read(image: Image.Image, layout: Layout, limits: Limits, work: Work) -> Seen:
    seen = Seen(image.width, image.height, layout=layout)
    over = gate(image.width, image.height, limits)
    if over is not None:
        # No Exif either: Pillow decodes a whole PNG to look for the chunk behind the pixels.
        return seen._replace(met=over)
    work.pixels(image.width * image.height)
    try:
        stated = image.getexif()
        small = shrunk(image, limits.thumbnail_px)
        count = getattr(image, "n_frames", 1)
    except DECODE_ERRORS as why:
        return seen._replace(met=_said(layout.met, broken(why)))
    first = seen.width * seen.height
    xmp = image.info.get("xmp")
    seen = seen._replace(
        pixels=bgr(small),
        exif=read_exif(stated),
        xmp=xmp if isinstance(xmp, bytes) else None,
        met=layout.met,
        is_upright=image.format == "TIFF",
        decoded=(Decoded(first, first),),
    )
    return _others(image, seen, count, limits, work)


def _said(walked: Note | None, decoded: Note) -> Note:
    """What the walk met explains what a decoder stumbles over; a doubt of the walk does not."""
    return decoded if walked is None or walked.code == "image-long-zero-run" else walked


def _others(image: Image.Image, seen: Seen, count: int, limits: Limits, work: Work) -> Seen:
    """Decode the frames or pages behind the first one."""
    done = seen.decoded[0].done
    for met, pixels in _each(image, count, limits, work):
        if met is not None:
            return seen._replace(met=_said(seen.met, met), decoded=(Decoded(done, done + max(pixels, 1)),))
        done += pixels
    return seen._replace(decoded=(Decoded(done, done),))


def _each(image: Image.Image, count: int, limits: Limits, work: Work) -> Iterator[tuple[Note | None, int]]:
    for number in range(1, count):
        try:
            image.seek(number)
            width, height = image.size
        except DECODE_ERRORS as why:
            yield broken(why), 0
            return
        over = gate(width, height, limits)
        if over is not None:
            yield over, width * height
            return
        work.pixels(width * height)
        try:
            image.load()
        except DECODE_ERRORS as why:
            yield broken(why), width * height
            return
        yield None, width * height


def shrunk(image: Image.Image, longest_px: int) -> Image.Image:
    """Decode fully, then shrink by a whole factor before any conversion, so no second full-size copy is made."""
    image.load()
    factor = max(1, max(image.size) // (2 * longest_px))
    if image.mode in _DEEP:
        return _eight_bits(image, factor)
    small = image.convert("RGB") if image.mode in {"P", "1"} else image
    small = small.reduce(factor) if factor > 1 else small
    return small.convert("RGB") if small.mode != "RGB" else small


def _eight_bits(image: Image.Image, factor: int) -> Image.Image:
    """Take the upper eight of sixteen bits; deeper and floating samples are spread from the least to the most."""
    values: np.ndarray[Any, np.dtype[Any]] = np.asarray(image)[::factor, ::factor].astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (0.0, float(_DEEP_MAX)) if image.mode.startswith("I;") else (values.min(), values.max())
    if image.mode == "I" and low >= 0 and high <= _DEEP_MAX:
        low, high = 0.0, float(_DEEP_MAX)
    scaled = (values - low) * (255 / (high - low)) if high > low else values * 0
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8)).convert("RGB")


def bgr(image: Image.Image) -> Pixels:
    """Return the pixels in the order that OpenCV expects."""
    return np.asarray(image)[:, :, ::-1].copy()
