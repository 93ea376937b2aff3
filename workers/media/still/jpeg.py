"""Strict JPEG decoding (ITU-T T.81) with libjpeg's warnings graded: a remark, or damage.

libjpeg only warns about broken entropy data and most readers drop the warning: Pillow and OpenCV accept a photo
with 64 KiB of zeros in it (0 of 20 found); libjpeg-turbo at 1/8 with every warning an error finds 20 of 20 and
costs less (design: trap 10).
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import simplejpeg
from PIL import Image

from workers.media.container import Note, note
from workers.media.metadata.exif_text import clean
from workers.media.still.jpeg_walk import SOS, STANDALONE
from workers.media.work import Work

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""Rows of BGR bytes: shape (height, width, 3)."""

_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker")
_END_OF_CODE = re.compile(rb"\xff[\xd0-\xd9]")
_SCAN = bytes((0xFF, SOS))
_FILL = 0xFF
_COLOURS = 3


def jpeg_header(payload: bytes) -> tuple[int, int, str] | Note:
    """Return (width, height, colour space) from the header alone, or what is wrong with it."""
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(payload, strict=False)
    except (ValueError, KeyError) as why:
        # KeyError: a colour space or subsampling that simplejpeg has no name for.
        return _damaged(why)
    return width, height, space


class Scale(NamedTuple):
    """Least size to decode to, in pixels; libjpeg takes the smallest of 1/8, 2/8 … 8/8 that keeps it."""

    min_width: int
    min_height: int


def scale_for(width: int, height: int, *, longest_px: int) -> Scale:
    """Return the scale that leaves about `longest_px` on the longer side, or the picture as it is.

    A little less is taken when 1/8 gives it: a 12 MP photo is then 504 px wide for 512, at a quarter of the
    pixels of 2/8.
    """
    nearly = longest_px * 15 // 16
    least = nearly if max(width, height) // 8 >= nearly else longest_px
    return Scale(min(width, least), 1) if width >= height else Scale(1, min(height, least))


def decode_jpeg(payload: bytes, *, space: str, scale: Scale, work: Work) -> tuple[Note | None, Pixels | None]:
    """Decode scaled down; every entropy-coded byte is read whatever the scale.

    Stray bytes between header segments and zeros before a restart or the end are a remark: they are left out and the
    decode is repeated. Returns what was met, if anything, and BGR pixels; of a damaged photo, what can still be seen.
    """
    kind = colours_of(space)
    first = _strict(payload, kind, scale)
    if not isinstance(first, ValueError):
        return None, _bgr(first)
    for mended in _mended(payload, str(first), work):
        again = _strict(mended, kind, scale)
        if not isinstance(again, ValueError):
            return note("jpeg-stray-bytes"), _bgr(again)
        first = again
    return _damaged(first), salvaged(payload, kind, scale)


def colours_of(space: str) -> str:
    """Return in which colours a photo is decoded."""
    return "CMYK" if space in {"CMYK", "YCCK"} else "BGR"


def complaint_of(payload: bytes, kind: str, scale: Scale) -> str:
    """Return what a strict decode complains of first; empty where it does not."""
    found = _strict(payload, kind, scale)
    return str(found) if isinstance(found, ValueError) else ""


def _mended(payload: bytes, complaint: str, work: Work) -> Iterator[bytes]:
    """Return the photo without what the decoder calls too much, in the ways that cameras write it."""
    told = _EXTRANEOUS.search(complaint)
    if told is None:
        return
    yield without_stray_bytes(payload)
    yield without_padding(payload, work, int(told[1]))
    yield without_padding(payload, work)


def without_padding(payload: bytes, work: Work, count: int | None = None) -> bytes:
    """Copy the photo without zeros that fill a scan up to a restart or the end; with `count`, so many at each.

    A zero behind FF is no filling but a part of the code (T.81, B.1.1.5).
    """
    start = payload.find(_SCAN)
    if start < 0:
        return payload
    kept, at = [payload[:start]], start
    for found in _END_OF_CODE.finditer(payload, start):
        work.pieces()
        piece = payload[at : found.start()]
        zeros = len(piece) - len(piece.rstrip(b"\x00"))
        zeros -= zeros > 0 and piece[: len(piece) - zeros].endswith(b"\xff")
        gone = zeros if count is None else count * (zeros >= count)
        kept.append(piece[: len(piece) - gone])
        at = found.start()
    return b"".join((*kept, payload[at:]))


def without_stray_bytes(payload: bytes) -> bytes:
    """Copy the header segments alone (T.81, B.1.1.4), and from the first scan on the rest as it stands."""
    kept, at = [payload[:2]], 2
    while True:
        at = payload.find(b"\xff", at)
        if at < 0 or at + 4 > len(payload) or payload[at + 1] == SOS:
            break
        marker = payload[at + 1]
        if marker == _FILL or marker in STANDALONE:
            at += 1
            continue
        end = at + 2 + int.from_bytes(payload[at + 2 : at + 4])
        kept.append(payload[at:end])
        at = end
    return b"".join(kept) + (payload[at:] if at >= 0 else b"")


def _strict(payload: bytes, kind: str, scale: Scale) -> Pixels | ValueError:
    """Return the pixels, or what the decoder says is wrong: nothing but its own call is tried."""
    try:
        decoded: Pixels = simplejpeg.decode_jpeg(payload, kind, **scale._asdict(), strict=True)
    except ValueError as why:
        return why
    return decoded


def salvaged(payload: bytes, kind: str, scale: Scale) -> Pixels | None:
    """Return what a forgiving decode still shows.

    The memory is fresh and zeroed, so that no pixel of an earlier picture can show through, as one OpenCV
    release let it (its issue 26488).
    """
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(payload, **scale._asdict(), strict=False)
        room = np.zeros((height, width, 4 if kind == "CMYK" else _COLOURS), dtype=np.uint8)
        simplejpeg.decode_jpeg(payload, kind, **scale._asdict(), buffer=room, strict=False)
    except (ValueError, KeyError):
        return None
    return _bgr(room)


def _bgr(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == _COLOURS:
        return pixels
    # Adobe writes CMYK inverted, and libjpeg hands it over as it stands.
    inverted = Image.fromarray(255 - pixels, mode="CMYK").convert("RGB")
    return np.asarray(inverted)[:, :, ::-1].copy()


def _damaged(why: ValueError | KeyError) -> Note:
    reason = "unreadable header" if isinstance(why, KeyError) else clean(why) or "unreadable"
    if "data precision" in reason or "not implemented" in reason.lower():
        return note("decoder-unsupported", reason=reason)
    return note("jpeg-damaged", reason=reason)
