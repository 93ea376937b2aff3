"""A film or a sound opened for a copy: its demuxer named, its streams chosen, and packet after packet decoded.

What does not decode is passed over and counted: a copy shows what can be seen, and judges nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from schemas.derivative import DerivationFailure
from workers.media.demux import UnreadableError, opened, packets
from workers.media.making.wish import CannotError, Until
from workers.media.probe import kind_of
from workers.media.source import Source
from workers.media.streams.upright import orientation
from workers.media.streams.video import DEMUXERS, OPTIONS
from workers.media.work import OverBudgetError, Work

PLANES = 8
"""Channels that a frame holds by itself: PyAV reads beyond them, where noise was decoded to dozens, and crashes."""


_FIRST_PACKETS = 1000
"""Of so many packets none decodes: then there is no picture to be shown."""


class Film:
    """An open container, read once from its beginning to its end."""

    def __init__(self, container: InputContainer, work: Work) -> None:
        self.container = container
        self.work = work
        self.picture = next((one for one in container.streams if _is_film(one)), None)
        self.sound = next((one for one in container.streams if _is_sound(one)), None)
        self.start_s = (container.start_time or 0) / av.time_base
        self.length_s = (container.duration or 0) / av.time_base
        self.until: Until | None = None
        self.lost = 0
        self._scaler = VideoReformatter()
        self.shown_s = 0.0
        for one in (self.picture, self.sound):
            if one is not None:
                one.codec_context.thread_type = "NONE"

    tool = f"pyav {av.__version__}"

    @property
    def expected_pixels(self) -> int:
        """Pixels of all pictures, as far as the container says how many there are."""
        stream: Any = self.picture
        if stream is None:
            return 0
        return int((stream.frames or round(self.length_s * float(stream.average_rate or 0))) * self.pixels)

    def spend(self) -> bool:
        """Spend one picture that is about to be decoded; False where there is no room for it."""
        if not self.work.has(self.pixels):
            self.until = Until.WORK
            return False
        self.work.pixels(self.pixels)
        return True

    @property
    def pixels(self) -> int:
        """Pixels of one picture."""
        context: Any = self.picture.codec_context if self.picture else None
        return context.width * context.height if context else 0

    def at_s(self, stream: Stream, pts: int | None) -> float | None:
        """Return a time from the beginning of the file on; its clock may begin anywhere."""
        if pts is None or stream.time_base is None:
            return None
        at_s = max(0.0, float(pts * stream.time_base) - self.start_s)
        self.shown_s = max(self.shown_s, at_s)
        return at_s

    def packets(self, *streams: Stream | None) -> Iterator[Any]:
        """Yield the packets of these streams, and one of nothing for each at the end; what cannot be read on ends."""
        chosen = [one for one in streams if one is not None]
        try:
            for packet in packets(self.container, *chosen):
                self.work.packets()
                yield packet
        except UnreadableError:
            self.until = self.until or Until.UNREADABLE
        except OverBudgetError:
            self.until = Until.WORK

    def scaled(self, frame: Any, width: int, height: int, form: str) -> NDArray[np.uint8]:  # noqa: ANN401 - PyAV's
        """Return a picture scaled, as pixels. One scaler serves the film, in this thread: a frame's own has others."""
        made = self._scaler.reformat(
            frame, width=width, height=height, format=form, interpolation="AREA", threads=1
        )
        return np.asarray(made.to_ndarray(), np.uint8)

    def frames(self, packet: Any) -> list[Any]:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Decode one packet; nothing comes of one that the decoder refuses.

        Raises:
            MemoryError: the decoder needed more than the child may have.
        """
        try:
            return list(packet.decode())
        except MemoryError:
            raise
        except av.error.EOFError:
            return []
        except (av.error.FFmpegError, ValueError):
            self.lost += 1
            return []

    def first_stands(self) -> int | None:
        """Return the orientation of the first picture that decodes; None where none of the first many does."""
        for number, packet in enumerate(self.packets(self.picture)):
            if number > _FIRST_PACKETS or (packet.size and not self.spend()):
                return None
            for frame in self.frames(packet):
                return orientation(frame)
        return None

    def told(self) -> dict[str, Any]:
        """Return how far the copy goes, where it does not show all."""
        told: dict[str, Any] = {} if self.until is None else {"until": self.until.value}
        return told | ({"lost": self.lost} if self.lost else {})


@contextmanager
def film_of(source: Source, work: Work) -> Iterator[Film]:
    """Open the file by the demuxer of its kind.

    Raises:
        CannotError: it is no film and no sound, or cannot be opened.
        MemoryError: the demuxer needed more than the child may have.
    """
    kind = kind_of(source)
    if kind not in DEMUXERS:
        raise CannotError(DerivationFailure.NOTHING)
    try:
        container = opened(source, DEMUXERS[kind], OPTIONS)
    except UnreadableError as why:
        raise CannotError(DerivationFailure.UNREADABLE) from why
    with container:
        yield Film(container, work)


def _is_film(stream: Stream) -> bool:
    is_cover = bool(stream.disposition & Disposition.attached_pic)
    return isinstance(stream, VideoStream) and stream.codec_context is not None and not is_cover


def _is_sound(stream: Stream) -> bool:
    return isinstance(stream, AudioStream) and stream.codec_context is not None
