"""Makers of sound for tests: a voice-like tone by itself, or beside moving stripes; and what may happen to its bytes."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np

from tests.media import pixels

SOUND_CODECS = {
    ".m4a": "aac",
    ".aac": "aac",
    ".mp3": "libmp3lame",
    ".flac": "flac",
    ".opus": "libopus",
    ".ogg": "vorbis",
    ".wav": "pcm_s16le",
    ".amr": "libopencore_amrnb",
    ".3gp": "libopencore_amrnb",
    ".mka": "libopus",
}
"""The codec that recorders put into files of an ending."""


def voice(seconds: float, rate: int, *, channels: int = 1, seed: int = 1) -> np.ndarray:
    """A tone that rises and falls over noise, 16 bit, one row a channel: no stretch of it is silent."""
    time = np.arange(int(seconds * rate)) / rate
    loud = 0.3 + 0.2 * np.sin(2 * np.pi * 0.7 * time)
    tone = loud * np.sin(2 * np.pi * 220 * time) + np.random.default_rng(seed).normal(0, 0.02, len(time))
    return np.tile((tone * 20_000).clip(-32_768, 32_767).astype(np.int16), (channels, 1))


def sound(
    path: Path, *, seconds: float = 4, codec: str = "", rate: int = 0, channels: int = 1,
    samples: np.ndarray | None = None, options: dict[str, str] | None = None, container: str | None = None,
    **settings: Any,
) -> Path:  # fmt: skip
    """A sound file; its ending chooses container and codec."""
    codec = codec or SOUND_CODECS[path.suffix]
    channels = 2 if codec == "vorbis" else channels  # the encoder at hand knows no other number
    rate = rate or (8000 if "amr" in codec or "law" in codec else 48_000)
    av.logging.set_level(None)
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        layout = "mono" if channels == 1 else "stereo"
        stream = out.add_stream(codec, rate=rate, layout=layout, options={"strict": "experimental"})
        for name, value in settings.items():
            setattr(stream, name, value)
        heard = voice(seconds, rate, channels=channels) if samples is None else samples
        for packet in _encoded(stream, heard, rate):
            out.mux(packet)
    return path


def film(
    path: Path, *, seconds: float = 2, sound_s: float | None = None, codec: str = "aac", rate: int = 48_000,
    pictures: int = 1, sounds: int = 1, samples: np.ndarray | None = None, options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """Moving stripes with sound beside them: so many streams of each, the sound as long as `sound_s`."""
    av.logging.set_level(None)
    with av.open(str(path), "w", options=options or {}) as out:
        seen = [_pictures(out) for _ in range(pictures)]
        heard = [out.add_stream(codec, rate=rate, layout="mono") for _ in range(sounds)]
        made = voice(seconds if sound_s is None else sound_s, rate) if samples is None else samples
        for number in range(int(seconds * 10)):
            frame = np.roll(pixels(320, 240), number * 4, axis=1)
            for stream in seen:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        for stream in seen:
            out.mux(stream.encode(None))
        for stream in heard:
            for packet in _encoded(stream, made, rate):
                out.mux(packet)
    return path


def _pictures(out: Any) -> Any:
    stream = out.add_stream("libx264", rate=10, options={"g": "10", "crf": "28", "preset": "veryfast"})
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
    return stream


def _encoded(stream: Any, heard: np.ndarray, rate: int) -> Iterator[Any]:
    resampler = av.AudioResampler(format=stream.format, layout=stream.layout, rate=rate)
    step = 1024
    fifo = av.AudioFifo()
    for at in range(0, heard.shape[1], step):
        piece = np.ascontiguousarray(heard[:, at : at + step].T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        for ready in resampler.resample(frame):
            fifo.write(ready)
    stream.codec_context.open(strict=False)
    size = stream.codec_context.frame_size or step
    while (ready := fifo.read(size, partial=True)) is not None:
        yield from stream.encode(ready)
    yield from stream.encode(None)
