"""Stills: a gate on dimensions, then a strict decode, then facts and a thumbnail.

Pillow reads Exif and the formats whose own checks suffice (PNG carries a CRC per chunk); JPEG goes through
`jpeg.py`, HEIC through pi_heif (libheif and libde265, without the encoder that other builds ship).
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
import pi_heif
from PIL import Image, UnidentifiedImageError

from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from workers.media.boxes import read_heif
from workers.media.container import Note, check_container, note
from workers.media.content import check_content, of_photo
from workers.media.exif import EXIF_ERRORS, UNREADABLE, ExifSeen, clean, exif_checks, read_exif
from workers.media.jpeg import Pixels, count_work, decode_jpeg, jpeg_header, scale_for
from workers.media.picture import picture
from workers.media.result import Limits, Probe
from workers.media.source import Source
from workers.media.tiles import check_tiles
from workers.media.work import Work

# Pillow's own bomb check warns and raises in two steps; our gate decides before any decode.
Image.MAX_IMAGE_PIXELS = None

PILLOW_FORMATS = {
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
HEIF_TYPES = frozenset({"image/heic", "image/heif"})
STILL_TYPES = frozenset({"image/jpeg", *PILLOW_FORMATS, *HEIF_TYPES})

_DECODE_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    TypeError,
    KeyError,
)
"""What Pillow raises on broken pixels; a MemoryError is none of them and ends the child. Only calls of the decoders are
tried for it: a fault of ours is no finding about a file."""


class _Seen(NamedTuple):
    """What a decoder answered: size as stored, what it met, pixels in BGR when there are any."""

    width: int = 0
    height: int = 0
    met: Note | None = None
    pixels: Pixels | None = None
    exif: ExifSeen | None = None
    tiles: CheckResult | None = None


def probe_still(source: Source, media_type: str, *, limits: Limits, work: Work) -> Probe:
    """Check one still and read its facts.

    Raises:
        MemoryError: the decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    if source.size_bytes > limits.still_bytes:
        too_long = note("file-too-large", limit_bytes=limits.still_bytes)
        return Probe(media_type=media_type, checks=(check_container([too_long]),))
    if media_type == "image/jpeg":
        seen = _jpeg(source, limits, work)
    elif media_type in HEIF_TYPES:
        seen = _heif(source, limits, work)
    else:
        seen = _pillow(source, PILLOW_FORMATS[media_type], limits, work)
    return _conclude(media_type, seen, limits)


def _conclude(media_type: str, seen: _Seen, limits: Limits) -> Probe:
    exif, gps = (seen.exif.exif, seen.exif.gps) if seen.exif else (None, None)
    facts = MediaFacts(
        width=seen.width or None,
        height=seen.height or None,
        container=media_type.removeprefix("image/"),
        exif=exif,
        gps=gps,
    )
    # libheif applies the container's own rotation while decoding; turning again would tip the picture over.
    orientation = (exif.orientation if exif and media_type not in HEIF_TYPES else None) or 1
    pictures = (
        ()
        if seen.pixels is None
        else (
            picture(seen.pixels, kind="thumbnail", orientation=orientation, longest_px=limits.thumbnail_px),
        )
    )
    return Probe(media_type=media_type, facts=facts, checks=_checks(seen), derivatives=pictures)


def _checks(seen: _Seen) -> tuple[CheckResult, ...]:
    container = check_container([seen.met] if seen.met else [])
    stated = exif_checks(seen.exif) if seen.exif else []
    shown = check_content(None if seen.pixels is None else of_photo(seen.pixels))
    return (container, *stated, *([seen.tiles] if seen.tiles else []), *([shown] if shown else []))


def _gate(width: int, height: int, limits: Limits) -> Note | None:
    if width * height <= limits.pixels:
        return None
    return note(
        "image-too-large",
        width=width,
        height=height,
        megapixels=width * height // 1_000_000,
        limit_megapixels=limits.pixels // 1_000_000,
    )


def _jpeg(source: Source, limits: Limits, work: Work) -> _Seen:
    payload = source.read_all()
    header = jpeg_header(payload)
    if isinstance(header, Note):
        return _Seen(met=header)
    width, height, space = header
    gate = _gate(width, height, limits)
    count_work(payload, 0 if gate else width * height, work)
    seen = _Seen(width, height, exif=_jpeg_exif(payload))
    if gate is not None:
        return seen._replace(met=gate)
    scale = scale_for(width, height, longest_px=limits.thumbnail_px)
    met, pixels = decode_jpeg(payload, space=space, scale=scale)
    return seen._replace(met=met, pixels=pixels)


def _jpeg_exif(payload: bytes) -> ExifSeen:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(payload), formats=("JPEG", "MPO")) as image:
                exif = image.getexif()
        except EXIF_ERRORS:
            return UNREADABLE
    return read_exif(exif)


def _pillow(source: Source, fmt: str, limits: Limits, work: Work) -> _Seen:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            opened = Image.open(source.raw(work), formats=(fmt,))
        except UnidentifiedImageError:
            return _Seen(met=_broken("unreadable header"))
        except _DECODE_ERRORS as why:
            return _Seen(met=_broken(why))
        with opened as image:
            return _opened(source, image, limits, work)


def _opened(source: Source, image: Image.Image, limits: Limits, work: Work) -> _Seen:
    seen = _Seen(image.width, image.height)
    gate = _gate(image.width, image.height, limits)
    if gate is not None:
        # No Exif either: Pillow decodes a whole PNG to look for the chunk behind the pixels.
        return seen._replace(met=gate)
    work.pixels(image.width * image.height)
    try:
        if image.format == "PNG":
            # Decoding skips the CRC of some chunks; verifying reads them all and needs a file of its own.
            with Image.open(source.raw(work), formats=("PNG",)) as again:
                again.verify()
        small, exif = _shrunk(image, limits.thumbnail_px), image.getexif()
    except _DECODE_ERRORS as why:
        return seen._replace(met=_broken(why))
    return seen._replace(pixels=_bgr(small), exif=read_exif(exif))


def _shrunk(image: Image.Image, longest_px: int) -> Image.Image:
    """Decode fully, then shrink by a whole factor before any conversion, so no second full-size copy is made."""
    image.load()
    factor = max(1, max(image.size) // (2 * longest_px))
    small = image.convert("RGB") if image.mode in {"P", "1", "I;16"} else image
    small = small.reduce(factor) if factor > 1 else small
    return small.convert("RGB")


def _bgr(image: Image.Image) -> Pixels:
    return np.asarray(image)[:, :, ::-1].copy()


def _broken(why: Exception | str) -> Note:
    return note("image-damaged", reason=clean(why) or "unreadable")


def _heif(source: Source, limits: Limits, work: Work) -> _Seen:
    seen = _Seen(met=read_heif(source, work))
    try:
        heif = pi_heif.open_heif(source.read_all(), convert_hdr_to_8bit=True)
        (width, height), stated = heif.size, heif.info.get("exif")
    except _DECODE_ERRORS as why:
        return _heif_failed(seen, why)
    seen = seen._replace(width=width, height=height, exif=_heif_exif(stated))
    gate = _gate(width, height, limits)
    if gate is not None:
        return seen._replace(met=gate)
    work.pixels(width * height)
    seen = seen._replace(tiles=check_tiles(source, work))
    try:
        small = _shrunk(heif.to_pillow(), limits.thumbnail_px)
    except _DECODE_ERRORS as why:
        return _heif_failed(seen, why)
    return seen._replace(pixels=_bgr(small))


def _heif_failed(seen: _Seen, why: Exception) -> _Seen:
    """A file cut short is that before anything else; SyntaxError is how pi_heif says "not supported"."""
    if seen.met is not None:
        return seen
    if isinstance(why, SyntaxError):
        return seen._replace(met=note("decoder-unsupported", reason=clean(why) or "heif"))
    return seen._replace(met=_broken(why))


def _heif_exif(raw: bytes | None) -> ExifSeen:
    exif = Image.Exif()
    try:
        exif.load(raw or b"")
    except EXIF_ERRORS:
        return UNREADABLE
    return read_exif(exif)
