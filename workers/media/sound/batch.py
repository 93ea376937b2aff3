"""Decoded frames of sound, put together before they are made numbers: each costs more than its thousand samples do."""

from typing import Any

import av
import numpy as np

_BATCH = 16_384


class Batch:
    """Holds frames of one format back until they are many samples; another format begins anew."""

    def __init__(self) -> None:
        self._held = av.AudioFifo()
        self._kind: tuple[str, int, int] | None = None

    def take(self, frame: Any) -> tuple[np.ndarray, ...]:  # noqa: ANN401 - a frame of PyAV
        """Return what is enough by now, each channels by samples from -1 to 1; the frame loses its time."""
        frame.pts = None  # a hole in the sound is no matter of its samples
        before: tuple[np.ndarray, ...] = ()
        kind = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
        # The queue itself does not compare the channels, and reads beyond those of a frame that has fewer.
        if kind != self._kind:
            before, self._held, self._kind = self.rest(), av.AudioFifo(), kind
        self._held.write(frame)
        return (*before, *self.rest()) if self._held.samples >= _BATCH else before

    def rest(self) -> tuple[np.ndarray, ...]:
        """Return what was held back, if anything was."""
        return (unit(self._held.read()),) if self._held.samples else ()


def unit(frame: Any) -> np.ndarray:  # noqa: ANN401 - a frame of PyAV
    """Return samples as channels by samples from -1 to 1."""
    rows: np.ndarray = frame.to_ndarray()
    if not frame.format.is_planar:
        rows = rows.reshape(frame.samples, -1).T
    if rows.dtype == np.uint8:
        return (rows.astype(np.float32) - 128) / 128
    if rows.dtype.kind == "i":
        return rows.astype(np.float32) / float(1 << (8 * rows.dtype.itemsize - 1))
    return rows.astype(np.float32, copy=False)
