"""How a film stands upright: its display matrix, turned or mirrored, as one of Exif's eight orientations."""

import struct
from collections.abc import Mapping
from typing import Any

_MATRIX = "DISPLAYMATRIX"

_STRAIGHT = {(1, 1): 1, (-1, 1): 2, (-1, -1): 3, (1, -1): 4}
_CROSSED = {(1, 1): 5, (1, -1): 6, (-1, -1): 7, (-1, 1): 8}
"""Exif orientation by the signs of a and d, or of b and c (ISO/IEC 14496-12, 6.2.2: x' = ax + cy, y' = bx + dy)."""

TURNS: Mapping[int, int] = {3: -180, 4: -180, 5: 90, 6: -90, 7: -90, 8: 90}
"""Degrees counter-clockwise that stand a picture upright, after mirroring where it is mirrored."""


def orientation(frame: Any) -> int:  # noqa: ANN401 - PyAV's frames; tests hand in their own
    """Return the orientation of a decoded frame, 1 where nothing is said."""
    said = next((bytes(one) for one in frame.side_data if one.type.name == _MATRIX), b"")
    return of_matrix(struct.unpack("=9i", said)) if len(said) == struct.calcsize("=9i") else 1


def of_matrix(matrix: tuple[int, ...]) -> int:
    """Return the orientation of a matrix in rows of three, a b u c d v x y w; one between two goes to the nearer."""
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _STRAIGHT[_sign(a), _sign(d)]
    return _CROSSED[_sign(b), _sign(c)]


def _sign(number: int) -> int:
    return -1 if number < 0 else 1
