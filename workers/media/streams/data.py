"""Data beside pictures and sound: what cameras are known to write along, as time code or telemetry, is read by name."""

from collections.abc import Mapping
from typing import Any

from av.stream import Discard, Stream

from schemas.checks.streams import DATA
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.source import Source
from workers.media.streams.walk import StreamReader, Walk, entries
from workers.media.track.gpmf import GpmfReader
from workers.media.work import Work

KNOWN = frozenset(
    {
        "tmcd",  # time code (Apple)
        "gpmd",  # telemetry of action cameras (GoPro)
        "fdsc",  # what lies where in the file (GoPro)
        "mebx",  # timed metadata of phones (Apple)
        "camm",  # motion of the camera (Google)
        "rtmd",  # lens and exposure (Sony)
        "djmd",  # telemetry of drones (DJI)
        "dbgi",  # the drone's own log (DJI)
        "text",  # titles and chapters
    }
)
"""Sample entries (ISO/IEC 14496-12, 8.5.2) of data that cameras and phones write beside their pictures."""

_TELEMETRY = "gpmd"
_LONGEST_TELEMETRY = 4 * 1024 * 1024
"""A packet holds about a second of measurements: some kilobytes."""


class DataReader(StreamReader):
    """Reads one stream of data; `kind` names what it is. What libav passes over by itself is read by the index."""

    def __init__(self, stream: Stream, kind: str, source: Source, work: Work) -> None:
        super().__init__(stream)
        self.is_known = stream.type == "subtitle" or kind in KNOWN
        self.missing = 0
        self.telemetry = GpmfReader(work) if kind == _TELEMETRY else None
        self._is_passed_over = stream.discard == Discard.all
        self._source = source
        self._work = work

    def take(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Count a packet, unless the index will be gone through."""
        if not self._is_passed_over:
            super().take(packet)

    def read(self, packet: Any) -> None:  # noqa: ANN401 - as above
        """Read the places out of a packet of telemetry; of other kinds that it is there is all that is known."""
        if self.telemetry is not None:
            self.telemetry.packet(bytes(packet))

    def drain(self) -> None:
        """Go through the index of a stream that libav passes over."""
        if not (self._is_passed_over and self.is_known):
            return
        with self._source.open() as reader:
            for entry in self.stream.index_entries:
                self._work.packets()
                reader.seek(max(0, entry.pos))
                self.packets += 1
                payload = reader.read(min(entry.size, self._source.size_bytes))
                self.missing += len(payload) < entry.size
                if self.telemetry is not None and len(payload) <= _LONGEST_TELEMETRY:
                    self.telemetry.packet(payload)

    def examined(self) -> tuple[Examined, ...]:
        """Return the packets; of a kind that nobody here knows none was read."""
        return (
            Examined(
                part=PartKind.DATA,
                number=self.number,
                measure=Measure.PACKETS,
                done=self.packets if self.is_known else 0,
                of=max(self.packets, entries(self.stream)),
                check=DATA.name if self.is_known else None,
            ),
        )


@examines(DATA)
def check_data(check: Check, walk: Walk) -> CheckResult | None:
    """Say whether the data beside pictures and sound is there, and whether any of it is of no known kind."""
    readers = [one for one in walk.readers.values() if isinstance(one, DataReader)]
    missing = sum(one.missing for one in readers)
    if missing:
        return check.found("data-missing", count=missing)
    broken = sum(one.telemetry.broken for one in readers if one.telemetry is not None)
    if broken:
        return check.found("data-broken", count=broken)
    if not all(one.is_known for one in readers):
        return check.found("data-unknown", count=sum(not one.is_known for one in readers))
    return check.held() if readers else None


def kinds(source: Source, work: Work) -> Mapping[int, str]:
    """Return the first sample entry of each track of an MP4 file, by track number (ISO/IEC 14496-12, 8.3.2 and 8.5.2)."""
    reader, found = source.raw(work), {}
    for start, end in _inside(reader, 0, source.size_bytes, b"moov"):
        for track in _inside(reader, start, end, b"trak"):
            number, kind = _track(reader, *track)
            if number is not None:
                found[number] = kind
    return found


def _track(reader: Any, start: int, end: int) -> tuple[int | None, str]:  # noqa: ANN401 - a reader of bytes
    number = None
    for at, _ in _inside(reader, start, end, b"tkhd"):
        reader.seek(at)
        head = reader.read(24)
        offset = 20 if head[:1] == b"\x01" else 12
        number = int.from_bytes(head[offset : offset + 4])
    spans = [(start, end)]
    for name in (b"mdia", b"minf", b"stbl", b"stsd"):
        spans = [inner for outer in spans for inner in _inside(reader, *outer, name)]
    if not spans:
        return number, ""
    reader.seek(spans[0][0] + 12)
    return number, reader.read(4).decode("latin-1")


def _inside(reader: Any, start: int, end: int, name: bytes) -> list[tuple[int, int]]:  # noqa: ANN401 - as above
    """Return where the contents of the boxes of one name inside a stretch begin and end."""
    found = []
    while start + 8 <= end:
        reader.seek(start)
        head = reader.read(16)
        size, header = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header = int.from_bytes(head[8:16]), 16
        elif size == 0:
            size = end - start
        if size < header:
            break
        if head[4:8] == name:
            found.append((start + header, min(start + size, end)))
        start += size
    return found
