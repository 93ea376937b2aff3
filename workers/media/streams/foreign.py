"""Sectors of something else inside pictures of VP8, VP9 and AV1: their decoders take any bits for a picture.

What an arithmetic coder writes looks like noise. So long a run of zeros, of ones or of text is none of it: a sector that
was never written, an erased one, or a piece of another file.
"""

import numpy as np
from numpy.typing import NDArray

CODECS = frozenset({"vp8", "vp9", "av1", "libvpx", "libvpx-vp9", "libdav1d", "libaom-av1"})

_LEAST, _STRIDE = 384, 16
"""Bytes of a run, three quarters of a sector, and every which of them is looked at."""

_ZERO, _ONES, _TEXT = 1, 2, 4
Bytes = NDArray[np.uint8]
_KINDS = np.zeros(256, np.uint8)
_KINDS[[0, 255]] = _ZERO, _ONES
_KINDS[[*b"\t\n\r", *range(0x20, 0x7F)]] = _TEXT


def is_foreign(packet: bytes) -> bool:
    """Say whether a run of zeros, ones or text stands inside one coded picture; zeros and ones at its end are filler."""
    if len(packet) < _LEAST:
        return False
    letters = np.frombuffer(packet.rstrip(b"\x00").rstrip(b"\xff"), np.uint8)
    kinds = _KINDS[letters[::_STRIDE]]
    return any(_has_run(letters, kinds == kind, kind) for kind in (_ZERO, _ONES, _TEXT))


def _has_run(letters: Bytes, is_met: NDArray[np.bool_], kind: int) -> bool:
    """Of a run every byte that is looked at is of that kind, and then each between them."""
    count = _LEAST // _STRIDE
    sums = np.concatenate(([0], np.cumsum(is_met)))
    found = np.flatnonzero(sums[count:] - sums[:-count] == count) if len(is_met) >= count else ()
    return any((_KINDS[letters[at * _STRIDE : (at + count - 1) * _STRIDE]] == kind).all() for at in found)
