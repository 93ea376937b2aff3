"""A wave form: the loudest and the quietest of each moment of the first sound, drawn to scale."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.derivative import MAKERS, DerivationFailure, DerivativeKind
from workers.media.making.film import PLANES, Film
from workers.media.making.wish import CannotError, Made, Until
from workers.media.making.writing import of_seconds
from workers.media.sound.batch import unit

_WIDTH, _HEIGHT, _TICKS_PX = 1200, 160, 22
_FIRST_BLOCK = 256
_BLOCKS = 4 * _WIDTH
_INK, _PAPER, _SOFT = (110, 60, 20), (255, 255, 255), (200, 200, 200)
_EVERY_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 10

Blocks = NDArray[np.float32]


class Peaks:
    """Least and greatest of blocks of samples; twice as long blocks, whenever there are too many."""

    def __init__(self) -> None:
        self.samples = 0
        self._block = _FIRST_BLOCK
        self._rows: list[Blocks] = []
        self._count = 0
        self._rest: Blocks = np.zeros(0, np.float32)

    def take(self, channels: Blocks) -> None:
        """Take samples of one moment, channels by samples from -1 to 1; what is beyond is drawn at the edge."""
        self.samples += channels.shape[1]
        # Of several channels the one that is farthest from silence is drawn: none hides another.
        loudest = channels[np.abs(channels).argmax(axis=0), np.arange(channels.shape[1])]
        joined = np.concatenate((self._rest, np.nan_to_num(loudest)))
        whole = len(joined) // self._block * self._block
        self._rest = joined[whole:]
        if whole:
            self._add(joined[:whole].reshape(-1, self._block))

    def _add(self, blocks: Blocks) -> None:
        self._rows.append(np.stack((blocks.min(axis=1), blocks.max(axis=1))))
        self._count += len(blocks)
        if self._count <= _BLOCKS:
            return
        self._rows = [_halved(np.concatenate(self._rows, axis=1))]
        self._count = self._rows[0].shape[1]
        self._block *= 2

    def columns(self) -> Blocks:
        """Return (2, n) least and greatest, at most one column a pixel."""
        rest = [np.array([[self._rest.min()], [self._rest.max()]], np.float32)] if len(self._rest) else []
        made = np.concatenate([*self._rows, *rest], axis=1)
        edges = np.unique(
            np.linspace(0, made.shape[1], min(_WIDTH, made.shape[1]), endpoint=False).astype(int)
        )
        return np.stack((np.minimum.reduceat(made[0], edges), np.maximum.reduceat(made[1], edges)))


def _halved(made: Blocks) -> Blocks:
    """Join neighbours; a last one alone stays."""
    even = made.shape[1] // 2 * 2
    pairs = made[:, :even].reshape(2, -1, 2)
    joined = np.stack((pairs[0].min(axis=1), pairs[1].max(axis=1)))
    return np.concatenate((joined, made[:, even:]), axis=1)


def make_wave(film: Film) -> tuple[Made, bytes]:
    """Decode the first sound to its end and draw it.

    Raises:
        CannotError: there is no sound, or not one sample could be decoded.
    """
    if film.sound is None:
        raise CannotError(DerivationFailure.NOTHING)
    peaks, heard_s, first_s = Peaks(), 0.0, None
    for packet in film.packets(film.sound):
        for frame in film.frames(packet):
            channels = frame.layout.nb_channels
            if not film.work.has(samples=frame.samples * channels):
                film.until = Until.WORK
                break
            film.work.samples(frame.samples * channels)
            if first_s is None:
                first_s = film.at_s(film.sound, frame.pts)
            if frame.samples and channels <= PLANES:
                heard_s += frame.samples / (frame.sample_rate or 1)
                peaks.take(unit(frame))
        if film.until is not None:
            break
    if not peaks.samples:
        raise CannotError(DerivationFailure.NOTHING)
    drawn = _drawn(peaks.columns(), heard_s)
    _, payload = cv2.imencode(".png", drawn, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    params: dict[str, Any] = {
        "tool": f"{film.tool}, opencv {cv2.__version__}",
        "version": MAKERS[DerivativeKind.WAVE],
        "width": drawn.shape[1],
        "height": drawn.shape[0],
        "length_ms": round(heard_s * 1000),
        "from_ms": round((first_s or 0.0) * 1000),
        "channels": "loudest",
        **film.told(),
    }
    return Made(media_type="image/png", params=params), payload.tobytes()


def _drawn(columns: Blocks, length_s: float) -> NDArray[np.uint8]:
    made = np.full((_HEIGHT + _TICKS_PX, _WIDTH, 3), _PAPER, np.uint8)
    middle = _HEIGHT // 2
    scale = _WIDTH / columns.shape[1]
    made[middle] = _SOFT
    tops = middle - np.clip(columns[1], -1, 1) * (middle - 1)
    ends = middle - np.clip(columns[0], -1, 1) * (middle - 1)
    for number, (top, end) in enumerate(zip(tops, ends, strict=True)):
        made[
            int(top) : int(end) + 1,
            int(number * scale) : max(int(number * scale) + 1, int((number + 1) * scale)),
        ] = _INK
    step = next((one for one in _EVERY_S if length_s / one <= _MOST_TICKS), _EVERY_S[-1])
    for second in range(0, int(length_s) + 1, step):
        x = min(_WIDTH - 1, int(second / max(length_s, 1e-9) * _WIDTH))
        made[_HEIGHT : _HEIGHT + 5, x] = _INK
        cv2.putText(
            made,
            of_seconds(second)[:-2],
            (x + 3, _HEIGHT + 16),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.42,
            _INK,
            1,
            cv2.LINE_AA,
        )
    return made
