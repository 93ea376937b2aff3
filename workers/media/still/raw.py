"""Raw photos (DNG 1.7 and what is built like it): the picture that the sensor read, never the stamp before it.

LibRaw reads whatever is there and reports no empty rows: they are counted here. A sensor's black is above zero and
noisy, so that a stretch of exact zeros is nothing that it saw.
"""

import io
from typing import Any

import numpy as np
import rawpy

from schemas.checks.stills import RAW_PIXELS
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import note
from workers.media.metadata.exif import EXIF_HEAD, read_block
from workers.media.metadata.exif_text import clean
from workers.media.result import Limits
from workers.media.still.frames import gate
from workers.media.still.jpeg import Pixels
from workers.media.still.still import Decoded, Seen
from workers.media.still.tiff_walk import Tiff
from workers.media.work import Work

_STRETCH_PIXELS = 512
_COLOURS = 3
_ROWS_FOR_MEDIAN = 256
_DARK = 4
"""A picture whose middle is below this many steps above zero may hold true zeros."""

Raw = np.ndarray[Any, np.dtype[Any]]


def read_raw(payload: bytes, tiff: Tiff, limits: Limits, work: Work) -> Seen:
    """Read the sensor's data whole, and make an upright picture of them at half the size."""
    # A raw photo is built like a block of Exif.
    exif = read_block(EXIF_HEAD + payload)
    seen = Seen(layout=tiff.layout, met=tiff.layout.met, exif=exif, is_upright=True)
    width, height = tiff.raw.size if tiff.raw else (0, 0)
    over = gate(width, height, limits)
    if over is not None:
        return seen._replace(width=width, height=height, met=over)
    work.pixels(2 * width * height)
    try:
        with rawpy.imread(io.BytesIO(payload)) as opened:
            whole = opened.sizes.raw_width * opened.sizes.raw_height
            seen = seen._replace(width=opened.sizes.width, height=opened.sizes.height)
            black = min(opened.black_level_per_channel)
            values, shown = opened.raw_image_visible.copy(), _developed(opened)
    except rawpy.LibRawFileUnsupportedError as why:
        return seen._replace(met=seen.met or note("decoder-unsupported", reason=clean(why) or "raw"))
    except (rawpy.LibRawError, ValueError, OSError) as why:
        return seen._replace(met=seen.met or note("image-damaged", reason=clean(why) or "raw"))
    return seen._replace(
        pixels=shown, decoded=(Decoded(whole, whole),), checks=(check_raw_pixels(values, black),)
    )


@examines(RAW_PIXELS)
def check_raw_pixels(check: Check, values: Raw, black: int) -> CheckResult:
    """Count rows of nothing but zeros, then the longest stretch of zeros where black is above zero.

    One row alone may be empty in a picture of one colour: its filters lie in the rows beside it.
    """
    rows: Raw = values.reshape(values.shape[0], -1)
    if float(np.median(rows[:: max(1, len(rows) // _ROWS_FOR_MEDIAN)])) < _DARK:
        return check.held()
    is_empty: Raw = np.logical_not(rows.any(axis=1))
    first, beside = _stretch(is_empty)
    if beside > 1:
        return check.found(
            "raw-rows-empty",
            count=int(is_empty.sum()),
            of=len(rows),
            first=first,
            first_row=first,
            last_row=first + beside - 1,
        )
    start, length = _stretch(rows.reshape(-1) == 0)
    if black > 0 and length >= _STRETCH_PIXELS:
        first, last = (at // rows.shape[1] for at in (start, start + length - 1))
        return check.found("raw-stretch-empty", count=length, first=first, first_row=first, last_row=last)
    return check.held()


def _developed(opened: Any) -> Pixels:  # noqa: ANN401 - the library is without types
    shown: Pixels = opened.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
    if shown.shape[2] != _COLOURS:
        shown = np.repeat(shown[:, :, :1], _COLOURS, axis=2)
    return np.ascontiguousarray(shown[:, :, ::-1])


def _stretch(is_zero: Raw) -> tuple[int, int]:
    """Return where the longest run of true values begins and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_zero, [False])).astype(np.int8)))
    if not len(edges):
        return 0, 0
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(starts[longest]), int(lengths[longest])
