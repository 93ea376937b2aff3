"""GPX tracks, streamed: 10^6 points cost no more memory than ten (GPX 1.0 and 1.1)."""

import re
from datetime import UTC, datetime

from workers.media.track.fixes import NO_TIME, Fixes, e7, micros
from workers.media.track.gpx_runs import run_of
from workers.media.track.xml_text import DEPTH, Elements
from workers.media.work import Work

_MARK, _LINED = "wpt", frozenset({"trkpt", "rtept"})
_LINES = frozenset({"trkseg", "rte"})
_END = b"</trkpt>"
_LONGEST_POINT = 64 * 1024
_LONGEST_TIME = 64
_TIME_PIECES = 8
_LEAP = 60
_SLOPPY = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})[T ](\d{1,2}:\d{1,2}):(\d{1,2})((?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)", re.ASCII
)


class NotATrackError(Exception):
    """The root of the document is none that a track has, or it nests deeper than any track."""


class GpxReader(Elements):
    """Takes a document piece by piece as UTF-8; gives its points to `fixes`."""

    def __init__(self, fixes: Fixes, work: Work) -> None:
        self._fixes = fixes
        self._work = work
        super().__init__()
        self._rest = b""
        self._fed = self._lines = self._depth = 0
        self._ended_at = -1
        self._point_depth = -1
        self._place: tuple[int, int] | None = None
        self._at = NO_TIME
        self._time: list[str] | None = None

    def feed(self, piece: bytes) -> None:
        """Read on.

        Raises:
            BrokenXmlError: the document is not well-formed.
            DocumentTypeError: it declares a type.
            NotATrackError: it is another document.
        """
        text, at = self._rest + piece, 0
        while (end := text.find(_END, at) + len(_END)) >= len(_END):
            run = run_of(text, at) if self._is_between else None
            if run is None:
                self._read_on(text[at:end])
                at = end
            else:
                self._lines += run.lines
                self._fixes.add_many(run.lat, run.lon, run.at)
                at = run.end
        self._rest = text[at:]
        if not self._is_between or len(self._rest) > _LONGEST_POINT:
            self._read_on(self._rest)
            self._rest = b""

    def close(self) -> None:
        """Read what is left; raises as `feed` does."""
        self._read_on(self._rest)
        self._read_on(b"", is_last=True)

    @property
    def _is_between(self) -> bool:
        """The last bytes that were parsed are the end of a point: the next ones are content of its line."""
        return self._ended_at == self._fed - len(_END)

    def _read_on(self, piece: bytes, *, is_last: bool = False) -> None:
        self._fed += len(piece)
        self._parse(piece, is_last=is_last, lines=self._lines)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._work.pieces()
        local = name.rpartition(":")[2]
        if self._depth == 0 and local != "gpx":
            raise NotATrackError(local[:40])
        self._depth += 1
        if self._depth > DEPTH:
            raise NotATrackError("depth")
        if local in _LINES:
            self._fixes.begin()
        elif local in _LINED or local == _MARK:
            self._point_depth = self._depth
            self._place, self._at = _position(attributes), NO_TIME
        elif local == "time" and self._depth == self._point_depth + 1:
            self._time = []

    def _text(self, text: str) -> None:
        self._work.pieces()
        if self._time is not None and len(self._time) < _TIME_PIECES:
            self._time.append(text[:_LONGEST_TIME])

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if self._time is not None and self._depth == self._point_depth + 1:
            self._at, self._time = self._read("".join(self._time)), None
        elif self._depth == self._point_depth:
            self._point(is_mark=local == _MARK)
            self._ended_at = self._parser.CurrentByteIndex if name == "trkpt" else -1
        self._depth -= 1

    def _point(self, *, is_mark: bool) -> None:
        self._point_depth = -1
        if self._place is None:
            (self._fixes.mark_none if is_mark else self._fixes.add_none)()
        else:
            (self._fixes.mark if is_mark else self._fixes.add)(*self._place, self._at)

    def _read(self, text: str) -> int:
        at = time_of(text)
        if at is None:
            self._fixes.bad_times += bool(text.strip())
        return NO_TIME if at is None else at


def time_of(text: str) -> int | None:
    """Return microseconds since 1970 of an ISO 8601 time; without a zone it is UTC, as the schema of GPX says.

    Some loggers leave out leading zeros, and once in some years a minute has a second more.
    """
    sloppy = _SLOPPY.fullmatch(text.strip())
    if sloppy is None:
        return _micros(text.strip())
    day, clock, second, rest = sloppy[1].split("-"), sloppy[2].split(":"), int(sloppy[3]), sloppy[4]
    extra = second == _LEAP
    padded = f"{day[0]}-{day[1]:0>2}-{day[2]:0>2}T{clock[0]:0>2}:{clock[1]:0>2}:{second - extra:02d}{rest}"
    at = _micros(padded)
    return None if at is None else at + extra * 1_000_000


def _micros(text: str) -> int | None:
    try:
        value = datetime.fromisoformat(text)
        return micros((value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _position(attributes: dict[str, str]) -> tuple[int, int] | None:
    lat, lon = e7(attributes.get("lat", "")), e7(attributes.get("lon", ""))
    return None if lat is None or lon is None else (lat, lon)
