"""The sum of all samples that a FLAC encoder wrote into the file (RFC 9639, 8.2): what was decoded is held against it."""

import hashlib
from typing import Any

import numpy as np

_HEADER_BYTES = 34


class Proof:
    """Sums decoded frames up; `total` are the samples per channel that the header names, 0 where the writer knew none."""

    def __init__(self, streaminfo: bytes) -> None:
        self.total = int.from_bytes(streaminfo[13:18]) & 0xF_FFFF_FFFF
        self._given = streaminfo[18:_HEADER_BYTES]
        self._bits = (streaminfo[12] & 1) << 4 | streaminfo[13] >> 4
        self._sum = hashlib.md5(usedforsecurity=False)

    @property
    def is_given(self) -> bool:
        """The encoder got to the end and wrote its sum."""
        return any(self._given)

    @property
    def holds(self) -> bool:
        """What was decoded is what was encoded."""
        return self.is_given and self._sum.digest() == self._given

    def take(self, frame: Any) -> None:  # noqa: ANN401 - a frame of PyAV, with its samples interleaved
        """Sum one frame up, each sample in the fewest whole bytes that hold it."""
        bits = self._bits + 1
        samples = frame.to_ndarray()
        wide = (samples >> (samples.itemsize * 8 - bits)).astype("<i4").reshape(-1, 1)
        self._sum.update(wide.view(np.uint8)[:, : (bits + 7) // 8].tobytes())


def proof(streaminfo: bytes) -> Proof | None:
    """Return the sum to be made for a file with this header; nothing where it has none."""
    return Proof(streaminfo) if len(streaminfo) >= _HEADER_BYTES else None
