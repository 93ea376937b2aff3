"""GPX tracks, streamed: 10^6 points cost no more memory than ten (GPX 1.1; XML through defusedxml).

A document type declaration is refused before a single entity expands: a track never needs one, and it is how
a few hundred bytes become gigabytes.
"""

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from schemas.agreement import distance_m
from schemas.checks.tracks import TRACK_LINE, TRACK_POINTS, TRACK_STEPS, TRACK_TIMES
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MAX_LINE_POINTS, BoundsE7, MediaFacts, Track
from workers.media.container import Note, check_container, note
from workers.media.result import Probe
from workers.media.source import Source
from workers.media.work import Work

READ_BYTES = 256 * 1024
JUMP_KMH = 150
JUMP_M = 200
"""A step faster than this *and* longer than this is a jump; shorter ones are the noise of a receiver."""

_POINTS = frozenset({"trkpt", "rtept", "wpt"})
_LINES = frozenset({"trkseg", "rte"})
_DEPTH = 64
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHINESE = {
    **dict.fromkeys((b"gb2312", b"gbk", b"gb18030", b"cp936"), "gb18030"),
    **dict.fromkeys((b"big5", b"big5-hkscs", b"cp950"), "big5hkscs"),
}
"""What Chinese programs declare, and the encoding that holds all they write (GB 18030 holds the three before it)."""


class NotATrackError(Exception):
    """The root of the document is not `gpx`, or it nests deeper than any track."""


class NotTextError(Exception):
    """The bytes are not text in the encoding that they declare, or nobody here reads that encoding."""


class _Line:
    """Keeps an evenly thinned line: every 1st point, then every 2nd, 4th … as the track grows."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, int]] = []
        self._step = 1
        self._seen = 0

    def add(self, point: tuple[int, int]) -> None:
        if self._seen % self._step == 0:
            if len(self.kept) == MAX_LINE_POINTS:
                del self.kept[1::2]
                self._step *= 2
            if self._seen % self._step == 0:
                self.kept.append(point)
        self._seen += 1


class TrackReader(ContentHandler):
    """Collects counts, bounds, length and jumps; holds one point and the thinned line, never the document."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.has_begun = False
        self._work = work
        self.points = self.segments = self.jumps = self.backwards = self.bad = 0
        self.metres = self.fastest = 0.0
        self.start_at: datetime | None = None
        self.end_at: datetime | None = None
        self.line = _Line()
        self._bounds = [900_000_000, 1_800_000_000, -900_000_000, -1_800_000_000]
        self._depth = 0
        self._here: tuple[int, int] | None = None
        self._before: tuple[tuple[int, int], datetime | None] | None = None
        self._time: list[str] | None = None
        self._at: datetime | None = None

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - the SAX interface
        self.has_begun = True
        self._work.pieces()
        local = name.rpartition(":")[2]
        if self._depth == 0 and local != "gpx":
            raise NotATrackError(local[:40])
        self._depth += 1
        if self._depth > _DEPTH:
            raise NotATrackError("depth")
        if local in _LINES:
            self.segments += 1
            self._before = None
        elif local in _POINTS:
            self._here, self._at = _position(attrs), None
        elif local == "time" and self._here is not None:
            self._time = []

    def characters(self, content: str) -> None:
        self._work.pieces()
        if self._time is not None and len(self._time) < 8:  # noqa: PLR2004 - a time is 20–30 characters
            self._time.append(content[:64])

    def endElement(self, name: str) -> None:  # noqa: N802 - the SAX interface
        self._depth -= 1
        local = name.rpartition(":")[2]
        if local == "time" and self._time is not None:
            self._at, self._time = _time("".join(self._time)), None
        elif local in _POINTS:
            self._point(is_line=local != "wpt")

    def _point(self, *, is_line: bool) -> None:
        here, self._here = self._here, None
        if here is None:
            self.bad += 1
            return
        self.points += 1
        low_lat, low_lon, high_lat, high_lon = self._bounds
        lat, lon = here
        self._bounds = [min(low_lat, lat), min(low_lon, lon), max(high_lat, lat), max(high_lon, lon)]
        if not is_line:
            return
        self.line.add(here)
        if self._before is not None:
            self._step(self._before, here)
        self._before = (here, self._at)
        if self._at is not None:
            self.start_at = self._at if self.start_at is None else min(self.start_at, self._at)
            self.end_at = self._at if self.end_at is None else max(self.end_at, self._at)

    def _step(self, before: tuple[tuple[int, int], datetime | None], here: tuple[int, int]) -> None:
        metres = distance_m(before[0], here)
        self.metres += metres
        if before[1] is None or self._at is None:
            return
        seconds = (self._at - before[1]).total_seconds()
        if seconds < 0:
            self.backwards += 1
            return
        kmh = 3.6 * metres / max(seconds, 0.001)
        if metres > JUMP_M and kmh > JUMP_KMH:
            self.jumps += 1
        if seconds >= 1:
            self.fastest = max(self.fastest, kmh)

    def track(self) -> Track:
        """Return the facts; lengths are whole metres."""
        south, west, north, east = self._bounds
        return Track(
            points=self.points,
            segments=self.segments,
            start_at=self.start_at,
            end_at=self.end_at,
            bounds_e7=BoundsE7(south=south, west=west, north=north, east=east) if self.points else None,
            length_m=round(self.metres),
            max_kmh=round(self.fastest) if self.start_at else None,
            line_e7=tuple(self.line.kept),
        )


@examines(TRACK_POINTS)
def check_points(check: Check, reader: TrackReader) -> CheckResult:
    """Say whether there are points, and all of them on the earth."""
    if reader.bad:
        return check.found("track-point-invalid", count=reader.bad)
    return check.held() if reader.points else check.found("track-empty")


@examines(TRACK_STEPS)
def check_steps(check: Check, reader: TrackReader) -> CheckResult | None:
    """Count the steps that no car could have made; without times there is no speed to judge."""
    if reader.start_at is None:
        return None
    return check.found("track-jump", count=reader.jumps) if reader.jumps else check.held()


@examines(TRACK_TIMES)
def check_times(check: Check, reader: TrackReader) -> CheckResult | None:
    """Count the steps back in time; a track without times claims none."""
    if reader.start_at is None:
        return None
    back = reader.backwards
    return check.found("track-time-backwards", count=back) if back else check.held()


@examines(TRACK_LINE)
def check_line(check: Check, reader: TrackReader) -> CheckResult | None:
    """Say when the line on the map shows fewer points than the track has."""
    if not reader.points:
        return None
    if reader.points > MAX_LINE_POINTS:
        return check.found("track-thinned", points=reader.points, kept=len(reader.line.kept))
    return check.held()


_CHECKS = (check_points, check_steps, check_times, check_line)


def probe_track(source: Source, media_type: str, work: Work) -> Probe:
    """Read a GPX file to its end.

    Raises:
        OSError: the file cannot be read.
    """
    reader = TrackReader(work)
    met: list[Note] = []
    try:
        _stream(source, reader)
    except NotATrackError:
        return _unread(media_type, note("type-unknown", media_type=media_type))
    except DefusedXmlException:
        return _unread(media_type, note("xml-entities"))
    except SAXParseException as why:
        met = [note("xml-damaged", line=why.getLineNumber() or 0)]
    except NotTextError:
        met = [note("xml-damaged", line=1)]  # where the encoding is declared
    facts = MediaFacts(container="gpx", track=reader.track())
    made = [check_container(met), *(check(reader) for check in _CHECKS)]
    checks = tuple(one for one in made if one is not None)
    return Probe(media_type="application/gpx+xml", facts=facts, checks=checks)


def _unread(media_type: str, met: Note) -> Probe:
    return Probe(media_type=media_type, checks=(check_container([met]),))


def _stream(source: Source, reader: TrackReader) -> None:
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(reader)
    try:
        for text in _texts(source):
            parser.feed(text)
        parser.close()
    except DefusedXmlException:
        raise
    except (LookupError, ValueError) as why:
        # An encoding that does not exist, or that expat does not take, is met before the first element. Later it is no
        # file's doing, and ends the look.
        if reader.has_begun:
            raise
        raise NotTextError(str(why)) from why


def _texts(source: Source) -> Iterator[bytes | str]:
    """Yield the file piece by piece, as text where expat cannot read its encoding.

    Raises:
        NotTextError: it is not in the encoding that it declares.
    """
    with source.open() as stream:
        chunk = stream.read(READ_BYTES)
        decoder = _decoder(chunk)
        while chunk:
            # Text instead of bytes makes expat pass over the declaration.
            yield chunk if decoder is None else _decoded(decoder, chunk)
            chunk = stream.read(READ_BYTES)
    if decoder is not None:
        yield _decoded(decoder, b"", is_last=True)


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool = False) -> str:
    try:
        return decoder.decode(chunk, final=is_last)
    except UnicodeDecodeError as why:
        raise NotTextError(why.reason) from why


def _decoder(head: bytes) -> codecs.IncrementalDecoder | None:
    """Return what reads an encoding of several bytes that expat does not know; None where it reads the bytes itself."""
    declared = _DECLARED.match(head)
    name = _CHINESE.get(declared[1].lower()) if declared else None
    return codecs.getincrementaldecoder(name)() if name else None


def _position(attrs: AttributesImpl) -> tuple[int, int] | None:
    try:
        lat, lon = round(float(attrs["lat"]) * 1e7), round(float(attrs["lon"]) * 1e7)
    except (KeyError, ValueError, OverflowError):
        return None
    return (lat, lon) if abs(lat) <= 900_000_000 and abs(lon) <= 1_800_000_000 else None  # noqa: PLR2004


def _time(text: str) -> datetime | None:
    """ISO 8601 with a zone (GPX 1.1 asks for UTC); a time without zone is taken as UTC as the schema says."""
    try:
        value = datetime.fromisoformat(text.strip())
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
