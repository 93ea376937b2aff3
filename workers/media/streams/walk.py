"""One pass over all packets of a container, each handed to the reader of its stream, with what libav says about it."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import av
import av.error
import av.logging
from av.container import InputContainer
from av.stream import Stream

from schemas.examined import Examined
from workers.media.container import Note, note
from workers.media.demux import UnreadableError, packets
from workers.media.metadata.exif_text import clean
from workers.media.work import Work

_ENDED = re.compile(r"ended prematurely|[Tt]runcat|Packet corrupt|partial file")
_MAX_SAID = 200


class Stamp(NamedTuple):
    """What a container says of one packet.

    `pts`, `dts` and `duration` count units of the stream's time base; times are absent where none is given, a duration
    of 0 is none. A packet of 0 bytes stands where no picture came in time.
    """

    pts: int | None
    dts: int | None
    duration: int
    size_bytes: int
    is_keyframe: bool


class Listener(Protocol):
    """Somebody who is told each packet of one stream, in the order of the file, and decodes nothing."""

    def told(self, stamp: Stamp) -> None:
        """Take notice of the next packet."""


class StreamReader:
    """What every reader of a stream does: it counts packets, tells its listeners, and collects complaints about itself."""

    def __init__(self, stream: Stream, listeners: Sequence[Listener] = ()) -> None:
        self.stream = stream
        self.number = stream.index
        self.listeners = listeners
        self.start_s = 0.0
        self._tick_s = float(stream.time_base or 0)
        self.packets = 0
        self._first: int | None = None
        self._last = 0
        self.complaints: list[str] = []
        self.judged = 0
        self._last_said = slice(0, 0)
        self.context: Any = stream.codec_context

    @cached_property
    def codec(self) -> str | None:
        """Name of the codec, where libav knows one."""
        return self.context.name if self.context else None

    def seconds(self, units: int | None) -> float:
        """Turn units of the stream's time base into seconds."""
        return (units or 0) * self._tick_s

    def at_s(self, units: int | None) -> float:
        """Return the time of a picture or sound from the beginning of the file on; its clock may begin anywhere."""
        return max(0.0, self.seconds(units) - self.start_s) if units is not None else 0.0

    def expect(self, work: Work) -> None:
        """Look ahead by what the index promises."""

    def take(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Count one packet and tell who listens, then read it."""
        self.packets += 1
        stamp = Stamp(packet.pts, packet.dts, packet.duration or 0, packet.size, bool(packet.is_keyframe))
        self._time(stamp)
        for listener in self.listeners:
            listener.told(stamp)
        if packet.size:
            self.read(packet)

    @property
    def length_s(self) -> float:
        """From the earliest packet to the end of the latest, in seconds."""
        return self.seconds(self._last - (self._first or 0))

    def _time(self, stamp: Stamp) -> None:
        at = stamp.dts if stamp.pts is None else stamp.pts
        if at is not None:
            self._first = at if self._first is None else min(self._first, at)
            self._last = max(self._last, at + stamp.duration) if self.packets > 1 else at + stamp.duration

    def read(self, packet: Any) -> None:  # noqa: ANN401 - as above
        """Read one packet that holds something."""

    def complain(self, said: str) -> None:
        """Take one complaint of libav about this stream."""
        if len(self.complaints) < _MAX_SAID:
            self.complaints.append(said)

    forgiven: tuple[str, ...] = ()
    """What the last packet of a stream that ends anywhere may not change."""

    def finish(self, packet: Any | None, *, may_be_cut: bool) -> None:  # noqa: ANN401 - as above
        """Take the packet that was held back, if one was, and what the decoder still holds."""
        before = {name: getattr(self, name) for name in self.forgiven}
        if packet is not None:
            self.take(packet)
        self.drain()
        if may_be_cut:
            vars(self).update(before)
            del self.complaints[self._last_said]

    def mark(self) -> None:
        """Remember what was said while the packet came that has just come: it may be the last."""
        self._last_said = slice(self.judged, len(self.complaints))

    def drain(self) -> None:
        """Take what the decoder still holds back."""

    def examined(self) -> tuple[Examined, ...]:
        """Return the parts that were gone through, and how far."""
        return ()

    def decoded(self, packet: Any) -> list[Any] | None:  # noqa: ANN401 - as above
        """Decode one packet, `None` the rest; nothing comes back where the decoder refused it.

        Raises:
            MemoryError: the decoder needed more than the child may have.
        """
        try:
            return list(packet.decode() if packet is not None else self.context.decode(None))
        except MemoryError:
            raise
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            return None


class Walk:
    """One pass over all packets of a container, with one reader for each stream."""

    def __init__(
        self,
        container: InputContainer,
        reader: Callable[[Stream], StreamReader],
        *,
        work: Work,
        may_be_cut: bool = False,
    ) -> None:
        """`may_be_cut`: the container is a stream that ends anywhere, so that the last packets may not be whole."""
        self.container = container
        self.read_error = ""
        self.remarks: list[str] = []
        self.readers: Mapping[int, StreamReader] = {
            stream.index: reader(stream) for stream in container.streams
        }
        self._work = work
        self._may_be_cut = may_be_cut
        self._held: dict[int, Any] = {}

    def run(self) -> None:
        """Demux everything; libav's own error log is evidence of damage and is kept, bounded."""
        self._work.expect(packets=sum(entries(stream) for stream in self.container.streams))
        for reader in self.readers.values():
            reader.expect(self._work)
        av.logging.set_level(av.logging.ERROR)
        try:
            with av.logging.Capture() as logs:
                self._demux(logs)
                for number, reader in self.readers.items():
                    reader.finish(self._held.get(number), may_be_cut=self._may_be_cut)
                    if self._may_be_cut:
                        logs.clear()
                    self._route(logs, reader)
        finally:
            av.logging.set_level(None)

    def notes(self) -> list[Note]:
        """Return what keeps the container from being whole, as far as reading it showed."""
        met = [note("media-damaged", reason=self.read_error)] if self.read_error else []
        return [*met, note("media-truncated", missing_bytes="?")] if self.ended_early else met

    @property
    def ended_early(self) -> bool:
        """The demuxer complained that bytes are missing at the end."""
        return any(_ENDED.search(remark) for remark in self.remarks)

    def _demux(self, logs: list[tuple[int, str, str]]) -> None:
        try:
            for packet in packets(self.container):
                if logs:
                    self._route(logs, None)
                if _is_flush(packet):
                    continue
                self._work.packets()
                self._hand_over(packet, logs)
        except UnreadableError as why:
            self.read_error = clean(why) or "unreadable"
        self._route(logs, None)

    def _hand_over(self, packet: Any, logs: list[tuple[int, str, str]]) -> None:  # noqa: ANN401 - as above
        """Give a packet to its reader; where the last may be cut, each waits until another has followed."""
        reader = self.readers.get(packet.stream_index)
        now = packet
        if self._may_be_cut:
            if reader is not None:
                reader.mark()
            now = self._held.get(packet.stream_index)
            self._held[packet.stream_index] = packet
        if reader is not None and now is not None:
            reader.take(now)
            if logs:
                self._route(logs, reader)
            reader.judged = len(reader.complaints)

    def _route(self, logs: list[tuple[int, str, str]], during: StreamReader | None) -> None:
        """What is said while a reader decodes is about its stream, and what a codec says by name about one that has it."""
        for level, source, message in logs:
            said = clean(message) or ""
            if level > av.logging.ERROR:
                continue
            about = during or next((one for one in self.readers.values() if one.codec == source), None)
            if about is not None:
                about.complain(said)
            elif len(self.remarks) < _MAX_SAID:
                self.remarks.append(said)
        logs.clear()


def entries(stream: Stream) -> int:
    """Return how many packets the index of the container names for a stream; 0 where it keeps none."""
    return len(getattr(stream, "index_entries", ()))


def _is_flush(packet: Any) -> bool:  # noqa: ANN401 - as above
    """PyAV ends each stream with a packet of nothing, for its decoder."""
    return packet.size == 0 and packet.pts is None and packet.dts is None
