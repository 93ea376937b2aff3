"""Sound and films by the encoders at hand, each coded once in a process."""

import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np

from tests.corpus.scenes import scene, voice

os.environ.setdefault("SVT_LOG", "0")  # it writes a page about itself for every film, past all settings

Options = tuple[tuple[str, str], ...]
NONE: Options = ()
SIZE = (176, 144)
"""Every coder here knows it, H.263 few others."""
FAST: dict[str, dict[str, str]] = {
    "libx264": {"crf": "26", "preset": "veryfast", "threads": "1"},
    "libx265": {"crf": "28", "preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "36"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "600k"},
    "libsvtav1": {"preset": "12", "crf": "40"},
}
OF_TELEVISION = frozenset({"mpeg1video"})
"""Coders that know the rates of television only."""
PIXELS = {"mjpeg": "yuvj420p", "prores": "yuv422p10le"}


@cache
def sound(
    form: str, codec: str, rate: int = 48_000, *, channels: int = 1, seconds: float = 3, kind: str = "speech",
    options: Options = NONE,
) -> bytes:  # fmt: skip
    """A sound file."""
    av.logging.set_level(None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", format=form, options=dict(options)) as made:
            stream = _heard(made, codec, rate, channels)
            for packet in _coded(stream, voice(seconds, rate, channels, kind), rate):
                made.mux(packet)
        return path.read_bytes()


@cache
def film(
    form: str, codec: str = "libx264", sound_codec: str = "", rate: int = 48_000, *, seconds: float = 2,
    sound_s: float = 0, fps: int = 12, every: int = 12, shown: str = "street", options: Options = NONE,
    coder: Options = NONE, times: tuple[int, ...] = (), metadata: Options = NONE, silent: bool = False,
    still: tuple[int, int] = (0, 0),
) -> bytes:  # fmt: skip
    """A film of a scene that moves, a key frame every so many frames; `times` are places in time, in frames.

    Between the two frames of `still` the picture stands. With a codec of sound a voice goes along, for as long as the
    pictures unless said otherwise.
    """
    av.logging.set_level(None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", format=form, options=dict(options)) as made:
            made.metadata.update(dict(metadata))
            fps = 25 if codec in OF_TELEVISION else fps
            seen = made.add_stream(
                codec, rate=fps, options={"g": str(every), **FAST.get(codec, {}), **dict(coder)}
            )
            seen.width, seen.height = SIZE
            seen.pix_fmt = PIXELS.get(codec, "yuv420p")
            heard = _heard(made, sound_codec, rate, 1) if sound_codec else None
            places = times or tuple(range(round(seconds * fps)))
            packets = list(_pictures(seen, places, shown, still))
            if heard is not None:
                long_s = sound_s or (places[-1] + 1) / fps
                said = voice(long_s, rate, heard.layout.nb_channels)
                packets += _coded(heard, said * 0 if silent else said, rate)
                packets.sort(key=lambda one: float((one.dts or 0) * one.time_base))
            for packet in packets:
                made.mux(packet)
        return path.read_bytes()


def _pictures(stream: Any, places: tuple[int, ...], shown: str, still: tuple[int, int]) -> Iterator[Any]:
    base = scene(shown, *SIZE)
    chance = np.random.default_rng(9)
    for number, at in enumerate(places):
        moved = still[0] if still[0] <= number < still[1] else number
        picture = np.roll(base, moved * 4, axis=1)
        if moved == number:
            grain = chance.integers(-6, 7, picture.shape)
            picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
            kept = picture
        frame = av.VideoFrame.from_ndarray(kept, format="rgb24")
        frame.pts = at
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _heard(made: Any, codec: str, rate: int, channels: int) -> Any:
    channels = 2 if codec == "vorbis" else channels
    layout = "mono" if channels == 1 else "stereo"
    return made.add_stream(codec, rate=rate, layout=layout, options={"strict": "experimental"})


def _coded(stream: Any, heard: np.ndarray, rate: int) -> Iterator[Any]:
    if heard.shape[0] < stream.layout.nb_channels:
        heard = np.repeat(heard, stream.layout.nb_channels, axis=0)
    resampler = av.AudioResampler(format=stream.format, layout=stream.layout, rate=rate)
    fifo = av.AudioFifo()
    for at in range(0, heard.shape[1], 1024):
        piece = np.ascontiguousarray(heard[:, at : at + 1024].T.reshape(1, -1)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        for ready in resampler.resample(frame):
            fifo.write(ready)
    stream.codec_context.open(strict=False)
    size = stream.codec_context.frame_size or 1024
    while (ready := fifo.read(size, partial=True)) is not None:
        yield from stream.encode(ready)
    yield from stream.encode(None)
