"""The code of a picture by which others that look like it are found; its form is that of `schemas.likeness`.

Chosen by measurement among codes by cosines (8 × 8 and 16 × 16) and by differences (8 to 16 cells a side, along one axis
and both): at a distance where codes of different photos are six standard deviations away, this one finds captions,
photos of a screen, cuts and turns of a degree that the others lose.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.likeness import CODE_BYTES

_CELLS = 11
_LEAST_PX = 64
"""A smaller picture is an icon: its code is that of many."""

_LEAST_CONTRAST = 3.5
"""Mean difference in grey levels of neighbouring cells below which a code is made of noise: sky, a wall, the night."""

_EVEN_LEVELS = 1
"""Differences of neighbours up to so many grey levels are none."""

_EVEN_SHARE = 0.5
"""Where more of the neighbours are even, the picture is a blank sheet or a sky, and its code that of many."""

ORDER = np.arange(8 * CODE_BYTES).reshape(4, -1).T.ravel()
"""Where each comparison stands: neighbours in four columns by turns, so that each column samples the whole picture.

Two pictures that differ then differ in every column, and a search that looks at one column at a time has little left over.
"""


def code_of(pixels: NDArray[Any]) -> str | None:
    """Return the code of an upright picture in BGR, made smaller before, as hex; nothing where it would say nothing."""
    if min(pixels.shape[:2]) < _LEAST_PX:
        return None
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    across, down = _cells(grey, _CELLS + 1, _CELLS), _cells(grey, _CELLS, _CELLS + 1)
    steps = np.concatenate([np.diff(across, axis=1).ravel(), np.diff(down, axis=0).ravel()])
    sizes = np.abs(steps)
    if sizes.mean() < _LEAST_CONTRAST or (sizes <= _EVEN_LEVELS).mean() > _EVEN_SHARE:
        return None
    bits = np.zeros(8 * CODE_BYTES, bool)
    bits[ORDER[: len(steps)]] = steps > 0
    return np.packbits(bits).tobytes().hex()


def mirrored(code: bytes) -> bytes:
    """Return the code of a picture as seen in a mirror, from its code alone.

    Left and right change places, and what grew brighter to the right grows darker. Neighbours that are quite even have no
    bit of their own and are read as growing brighter: of what is smooth a mirrored copy lies some bits further away.
    """
    bits = np.unpackbits(np.frombuffer(code, np.uint8)).astype(bool)
    across, down = bits[ORDER[: 2 * _CELLS**2]].reshape(2, _CELLS, _CELLS)
    turned = np.zeros_like(bits)
    turned[ORDER[: 2 * _CELLS**2]] = np.concatenate([~across[:, ::-1].ravel(), down[:, ::-1].ravel()])
    return np.packbits(turned).tobytes()


def _cells(grey: NDArray[Any], width: int, height: int) -> NDArray[np.int16]:
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.int16)
