"""A copy that every browser plays: VP9 with Opus in WebM, 480 lines, its times and what it is written beneath the picture.

Encoded by libvpx and libopus (BSD), which the decoding library brings; an encoder under the GPL is never asked for. One
frame is in memory, the container is written as it grows.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, BinaryIO

import av
import av.error
import cv2
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

from schemas.derivative import MAKERS, ClockKind, DerivationFailure, DerivativeKind
from workers.media.making.film import PLANES, Film
from workers.media.making.phrases import CONTAINER, CORRECTED, DEVICE, KEYS, MARK
from workers.media.making.wish import CannotError, Made, Until, Wish
from workers.media.making.writing import Band, Item, of_moment, of_seconds
from workers.media.still.picture import stood_upright
from workers.media.streams.upright import orientation

LINES = 480
_LEAST_WIDTH = 320
_MOST_FPS = 30
_RATE, _SOUND_RATE, _BITS, _SOUND_BITS = 1000, 48_000, 800_000, 48_000
_OPTIONS = {"deadline": "realtime", "cpu-used": "8", "row-mt": "0", "threads": "1"}
_CROSSED = 5
"""From this orientation on width and height change places."""

_BLACK, _WHITE, _COLOURLESS = 16, 235, 128
_DRIFT = _SOUND_RATE // 5
_CLOCKS = {ClockKind.CORRECTED: CORRECTED, ClockKind.DEVICE: DEVICE}

Plane = NDArray[np.uint8]


class _Writing:
    """What is written beneath each picture, and where."""

    def __init__(self, wish: Wish, *, of_keys: bool, width: int) -> None:
        self._wish = wish
        self._of_keys = of_keys
        self.band = Band(self._items(99 * 3600.0), width)

    def _items(self, at_s: float) -> Sequence[Item]:
        items: list[Item] = [(CONTAINER, of_seconds(at_s)), (MARK, "")]
        if self._of_keys:
            items.append((KEYS, ""))
        if self._wish.begins_at_ms is not None and self._wish.clock is not None:
            items.append((_CLOCKS[self._wish.clock], of_moment(self._wish.begins_at_ms + round(at_s * 1000))))
        return items

    def at(self, at_s: float) -> Plane:
        """Return the grey levels of the band at a time, in the range of video."""
        grey = self.band.draw(self._items(at_s)).astype(np.uint16)
        return (_BLACK + grey * (_WHITE - _BLACK) // 255).astype(np.uint8)


class _Pictures:
    """Encodes pictures: scaled, upright, with the band beneath. `stands` is the orientation of the first one."""

    def __init__(
        self, film: Film, target: OutputContainer, wish: Wish, stands: int, *, of_keys: bool
    ) -> None:
        self.count = 0
        self._film = film
        self._last_ms = -1
        self._next_s = 0.0
        self.stream = target.add_stream("libvpx-vp9", rate=_MOST_FPS, options=dict(_OPTIONS))
        self.stream.time_base = Fraction(1, _RATE)
        self.stream.codec_context.time_base = Fraction(1, _RATE)
        self.stream.bit_rate = _BITS
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.gop_size = 2 * _MOST_FPS
        context: Any = film.picture.codec_context if film.picture else None
        ratio = float(getattr(film.picture, "sample_aspect_ratio", None) or 1)
        shown = context.width * min(4.0, max(0.25, ratio))
        scale = min(1.0, LINES / min(shown, context.height))
        self._stored = (_even(shown * scale), _even(context.height * scale))
        width, height = self._stored if stands < _CROSSED else self._stored[::-1]
        self._box = (height, width)
        self._writing = _Writing(wish, of_keys=of_keys, width=max(_LEAST_WIDTH, width))
        self.size = (self._writing.band.width, height + _even(self._writing.band.height))
        self.stream.width, self.stream.height = self.size

    def take(self, frame: Any) -> Iterator[Any]:  # noqa: ANN401 - PyAV's frames
        at = self._film.at_s(self._film.picture, frame.pts) if self._film.picture else None
        at_s = self.count / float(self._rate) if at is None else at
        if at_s < self._next_s:
            return
        self._next_s = at_s + 1 / (_MOST_FPS + 1)
        planes = self._planes(frame)
        made = av.VideoFrame.from_ndarray(self._joined(planes, at_s), format="yuv420p")
        self._last_ms = max(self._last_ms + 1, round(at_s * _RATE))
        made.pts, made.time_base = self._last_ms, Fraction(1, _RATE)
        self.count += 1
        yield from self.stream.encode(made)

    @property
    def _rate(self) -> Fraction:
        return getattr(self._film.picture, "average_rate", None) or Fraction(25)

    def _planes(self, frame: Any) -> list[Plane]:  # noqa: ANN401 - as above
        width, height = self._stored
        small = self._film.scaled(frame, width, height, "yuv420p")
        quarter = (height // 2, width // 2)
        flat = small.reshape(-1)
        grey, size = width * height, width * height // 4
        parts = (
            flat[:grey].reshape(height, width),
            flat[grey : grey + size].reshape(quarter),
            flat[grey + size : grey + 2 * size].reshape(quarter),
        )
        turned = orientation(frame)
        return [np.ascontiguousarray(stood_upright(part, turned)) for part in parts]

    def _joined(self, planes: list[Plane], at_s: float) -> Plane:
        width, height = self.size
        tall, wide = self._box
        if planes[0].shape != self._box:  # a stream that turns in the middle
            planes = [
                np.asarray(cv2.resize(one, (wide // part, tall // part)), np.uint8)
                for one, part in zip(planes, (1, 2, 2), strict=True)
            ]
        made = np.full(width * height * 3 // 2, _COLOURLESS, np.uint8)
        grey = made[: width * height].reshape(height, width)
        grey[:] = _BLACK
        grey[:tall, :wide] = planes[0]
        written = self._writing.at(at_s)
        grey[tall : tall + written.shape[0]] = written[: height - tall]
        size = width * height // 4
        for number, plane in enumerate(planes[1:]):
            at = width * height + number * size
            made[at : at + size].reshape(height // 2, width // 2)[: tall // 2, : wide // 2] = plane
        return made.reshape(height * 3 // 2, width)

    def rest(self) -> Iterator[Any]:
        """Yield what the encoder still holds."""
        yield from self.stream.encode(None)


class _Sound:
    """Encodes the first sound, at the places where its container says that it is heard."""

    def __init__(self, film: Film, target: OutputContainer) -> None:
        self._film = film
        self._at = 0
        self._is_begun = False
        self.samples = 0
        self.stream = target.add_stream("libopus", rate=_SOUND_RATE)
        self.stream.layout = "stereo" if _channels(film) > 1 else "mono"
        self.stream.bit_rate = _SOUND_BITS * (2 if _channels(film) > 1 else 1)
        self._resampler = self._fresh()

    def _fresh(self) -> av.AudioResampler:
        return av.AudioResampler(format="flt", layout=self.stream.layout, rate=_SOUND_RATE, frame_size=960)

    def take(self, frame: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
        film = self._film
        channels = frame.layout.nb_channels
        if channels > PLANES or not frame.samples:
            return
        if not film.work.has(samples=frame.samples * channels):
            film.until = Until.WORK
            return
        film.work.samples(frame.samples * channels)
        at_s = film.at_s(film.sound, frame.pts) if film.sound else None
        wanted = self._at if at_s is None else round(at_s * _SOUND_RATE)
        if wanted > self._at + _DRIFT:  # a microphone that was switched off
            self._at = wanted
        frame.pts, self._is_begun = None, True
        try:
            made = self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError):  # another rate, in the middle
            self._resampler, made = self._fresh(), []
            film.lost += 1
        yield from self._encoded(made)

    def rest(self) -> Iterator[Any]:
        """Yield what resampler and encoder still hold."""
        if self._is_begun:
            yield from self._encoded(self._resampler.resample(None))
            yield from self.stream.encode(None)

    def _encoded(self, frames: Sequence[Any]) -> Iterator[Any]:
        for one in frames:
            one.pts, one.time_base = self._at, Fraction(1, _SOUND_RATE)
            self._at += one.samples
            self.samples += one.samples
            yield from self.stream.encode(one)


def _channels(film: Film) -> int:
    context: Any = film.sound.codec_context if film.sound else None
    return context.channels if context else 0


def _even(number: float) -> int:
    return max(2, round(number / 2) * 2)


def make_proxy(film: Film, wish: Wish, out: BinaryIO, stands: int | None) -> Made:
    """Encode pictures and sound into `out`, which is written and sought in, and never read.

    `stands` is the orientation of the first picture, absent where there is none that decodes.

    Of a film that asks for more work than there is, key frames alone are shown, and it says so.

    Raises:
        CannotError: nothing of it could be decoded.
    """
    of_keys = film.expected_pixels > film.work.pixels_left
    if stands is None and film.sound is None:
        raise CannotError(DerivationFailure.NOTHING)
    with av.open(out, "w", format="webm") as target:
        pictures = None if stands is None else _Pictures(film, target, wish, stands, of_keys=of_keys)
        sound = _Sound(film, target) if film.sound else None
        for packet in film.packets(film.picture if pictures else None, film.sound):
            for made in _made(film, packet, pictures, sound, of_keys=of_keys):
                target.mux(made)
            if film.until is not None:
                break
        for one in (pictures, sound):
            if one is not None:
                target.mux(list(one.rest()))
    count, samples = pictures.count if pictures else 0, sound.samples if sound else 0
    if not count and not samples:
        raise CannotError(DerivationFailure.NOTHING)
    width, height = pictures.size if pictures else (0, 0)
    params: dict[str, Any] = {
        "tool": f"{film.tool}, libvpx-vp9, libopus" if pictures else f"{film.tool}, libopus",
        "version": MAKERS[DerivativeKind.PROXY],
        "width": width,
        "height": height,
        "frames": count,
        "length_ms": round(film.shown_s * 1000),
        "sound_ms": samples * 1000 // _SOUND_RATE,
        "settings": "vp9 realtime cpu-used=8 800k; opus 48k a channel; 480 lines, at most 30 a second",
        **({"of": "keyframes"} if of_keys else {}),
        **({} if wish.begins_at_ms is None else {"begins_at_ms": wish.begins_at_ms, "clock": wish.clock}),
        **film.told(),
    }
    return Made(media_type="video/webm" if pictures else "audio/webm", params=params)


def _made(
    film: Film,
    packet: Any,  # noqa: ANN401 - PyAV types packets per stream, a union without base
    pictures: _Pictures | None,
    sound: _Sound | None,
    *,
    of_keys: bool,
) -> Iterator[Any]:
    """Decode one packet and encode what comes of it."""
    if pictures is not None and packet.stream is film.picture:
        if of_keys and packet.size and not packet.is_keyframe:
            return
        if packet.size and not film.spend():
            return
        for frame in film.frames(packet):
            yield from pictures.take(frame)
    elif sound is not None and packet.stream is film.sound:
        for frame in film.frames(packet):
            yield from sound.take(frame)
