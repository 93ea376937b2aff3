"""Pictures made from pixels: shrunk, turned upright, encoded. Derivatives, never evidence (design: trap 7)."""

import cv2
import numpy as np
import simplejpeg

from workers.media.result import Derivative
from workers.media.still.jpeg import Pixels
from workers.media.still.likeness import code_of

TOOL = f"opencv {cv2.__version__}, simplejpeg {simplejpeg.__version__}"

_QUALITY = 80
_TURNS: dict[int, tuple[int | None, int | None]] = {
    2: (None, 1),
    3: (cv2.ROTATE_180, None),
    4: (None, 0),
    5: (cv2.ROTATE_90_CLOCKWISE, 1),
    6: (cv2.ROTATE_90_CLOCKWISE, None),
    7: (cv2.ROTATE_90_COUNTERCLOCKWISE, 1),
    8: (cv2.ROTATE_90_COUNTERCLOCKWISE, None),
}
"""Exif orientation to (turn, then flip) for display; 1 needs neither (Exif 2.32, 4.6.4)."""


def picture(pixels: Pixels, *, kind: str, orientation: int, longest_px: int, tool: str = TOOL) -> Derivative:
    """Shrink BGR pixels to `longest_px` on the longer side, turn them upright and encode them as JPEG.

    `orientation` is Exif's, 1 to 8; any other value leaves the picture as it stands. What was decoded gives its code here,
    too: nothing is decoded twice.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(width, height))
    box = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, box, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    small = stood_upright(np.asarray(small, np.uint8), orientation)
    payload = simplejpeg.encode_jpeg(
        np.ascontiguousarray(small), quality=_QUALITY, colorspace="BGR", colorsubsampling="420"
    )
    return Derivative(
        kind=kind,
        width=small.shape[1],
        height=small.shape[0],
        tool=tool,
        payload=payload,
        code=code_of(small),
    )


def stood_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels, or one plane of them, as Exif's orientation says."""
    turn, flip = _TURNS.get(orientation, (None, None))
    turned = pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), np.uint8)
    return turned if flip is None else np.asarray(cv2.flip(turned, flip), np.uint8)
