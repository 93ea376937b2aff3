"""GPX tracks, streamed: 10^6 points cost no more memory than ten (GPX 1.1; XML through defusedxml).

A document type declaration is refused before a single entity expands: a track never needs one, and it is how
a few hundred bytes become gigabytes.
"""

from datetime import UTC, datetime
from pathlib import Path
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from schemas.agreement import distance_m
from schemas.integrity import CheckResult, Severity, mismatch, not_checked, verified
from schemas.media import MAX_LINE_POINTS, BoundsE7, MediaFacts, Track
from workers.media.result import Probe

READ_BYTES = 256 * 1024
JUMP_KMH = 150
JUMP_M = 200
"""A step faster than this *and* longer than this is a jump; shorter ones are the noise of a receiver."""

_POINTS = frozenset({"trkpt", "rtept", "wpt"})
_LINES = frozenset({"trkseg", "rte"})
_DEPTH = 64


class NotATrackError(Exception):
    """The root of the document is not `gpx`, or it nests deeper than any track."""


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

    def __init__(self) -> None:
        super().__init__()
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

    def findings(self) -> list[CheckResult]:
        """Return what is odd about the points; none of it says the file is damaged."""
        odd: list[CheckResult] = []
        if self.jumps:
            odd.append(verified("track_steps", code="track-jump", severity=Severity.INFO, count=self.jumps))
        if self.backwards:
            count = self.backwards
            odd.append(
                verified("track_times", code="track-time-backwards", severity=Severity.INFO, count=count)
            )
        if self.bad:
            count = self.bad
            odd.append(mismatch("track_points", "track-point-invalid", severity=Severity.WARN, count=count))
        elif not self.points:
            odd.append(not_checked("track_points", "track-empty", severity=Severity.WARN))
        else:
            odd.append(verified("track_points"))
        if self.points > MAX_LINE_POINTS:
            shown = {"points": self.points, "kept": len(self.line.kept)}
            odd.append(verified("track_line", code="track-thinned", severity=Severity.INFO, **shown))
        return odd


def probe_track(path: Path, media_type: str) -> Probe:
    """Read a GPX file to its end.

    Raises:
        OSError: the file cannot be read.
    """
    reader = TrackReader()
    try:
        _stream(path, reader)
        check = verified("container")
    except NotATrackError:
        return Probe(
            media_type=media_type, checks=(not_checked("container", "type-unknown", media_type=media_type),)
        )
    except DefusedXmlException:
        entities = not_checked("container", "xml-entities", severity=Severity.FAIL)
        return Probe(media_type=media_type, checks=(entities,))
    except SAXParseException as why:
        check = mismatch("container", "xml-damaged", line=why.getLineNumber() or 0)
    except LookupError:
        # The declaration on the first line names an encoding that does not exist.
        check = mismatch("container", "xml-damaged", line=1)
    facts = MediaFacts(container="gpx", track=reader.track())
    return Probe(media_type="application/gpx+xml", facts=facts, checks=(check, *reader.findings()))


def _stream(path: Path, reader: TrackReader) -> None:
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(reader)
    with path.open("rb") as source:
        while chunk := source.read(READ_BYTES):
            parser.feed(chunk)
    parser.close()


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
