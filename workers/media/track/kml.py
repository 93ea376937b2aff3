"""KML: lines, marks and tracks with times, streamed (OGC 12-007r2, with `gx:Track`).

Places are longitude, latitude, height.

Areas are drawn by people and say nothing about a way; nothing that a document links to is read.
"""

import re
from array import array

from workers.media.track.fixes import NO_TIME, Fixes, e7
from workers.media.track.gpx import NotATrackError, time_of
from workers.media.track.xml_text import DEPTH, Elements
from workers.media.work import Work

_LINE, _POINT, _TRACK = "LineString", "Point", "Track"
_SHAPES = frozenset({_LINE, _POINT, _TRACK, "LinearRing"})
_TEXTS = frozenset({"coordinates", "when", "coord", "begin"})
_COARSE = re.compile(r"\d{4}(?:-\d\d)?", re.ASCII)
_LONGEST = 256
"""Characters of one place or time; longer ones are none."""


class KmlReader(Elements):
    """Takes a document piece by piece as UTF-8; gives its points to `fixes`."""

    def __init__(self, fixes: Fixes, work: Work) -> None:
        self._fixes = fixes
        self._work = work
        super().__init__()
        self._depth = 0
        self._shape = self._reading = self._left = ""
        self._at = NO_TIME
        self._whens = array("q")
        self._coords = 0

    def feed(self, piece: bytes) -> None:
        """Read on.

        Raises:
            BrokenXmlError: the document is not well-formed.
            DocumentTypeError: it declares a type.
            NotATrackError: it is another document.
        """
        self._parse(piece)

    def close(self) -> None:
        """Read what is left; raises as `feed` does."""
        self._parse(b"", is_last=True)

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._work.pieces()
        local = name.rpartition(":")[2]
        if self._depth == 0 and local != "kml":
            raise NotATrackError(local[:40])
        self._depth += 1
        if self._depth > DEPTH:
            raise NotATrackError("depth")
        if local == "Placemark":
            self._at = NO_TIME
        elif local in _SHAPES:
            self._shape = local
            self._whens, self._coords = array("q"), 0
            if local in {_LINE, _TRACK}:
                self._fixes.begin()
        elif local in _TEXTS:
            self._reading, self._left = local, ""

    def _text(self, text: str) -> None:
        self._work.pieces()
        if not self._reading:
            return
        self._left += text
        if self._reading == "coordinates":
            self._places(self._left[: (cut := _last_space(self._left))])
            self._left = self._left[cut:]
        self._left = self._left[: _LONGEST + 1]

    def _end(self, name: str) -> None:
        self._depth -= 1
        local = name.rpartition(":")[2]
        if local == self._shape:
            self._fixes.bad_times += max(0, len(self._whens) - self._coords)
            self._shape = ""
        if local != self._reading:
            return
        self._reading, text = "", self._left.strip()
        if local == "coordinates":
            self._places(text)
        elif local == "coord":
            self._coord(text)
        else:
            self._when(text)

    def _places(self, text: str) -> None:
        for one in text.split():
            self._work.pieces()
            place = _place(one.split(","))
            if self._shape == _LINE:
                self._fixes.add_none() if place is None else self._fixes.add(*place)
            elif self._shape == _POINT:
                self._fixes.mark_none() if place is None else self._fixes.mark(*place, self._at)

    def _coord(self, text: str) -> None:
        """Take a place of a track; an empty one stands for a moment without a fix."""
        at = self._whens[self._coords] if self._coords < len(self._whens) else NO_TIME
        self._coords += 1
        if not text:
            return
        place = _place(text.split())
        self._fixes.add_none() if place is None else self._fixes.add(*place, at)

    def _when(self, text: str) -> None:
        at = time_of(text)
        if at is None:
            # A year or a month alone is a time in KML, and none of a point.
            self._fixes.bad_times += bool(text) and _COARSE.fullmatch(text) is None
        if self._shape == _TRACK:
            self._whens.append(NO_TIME if at is None else at)
        else:
            self._at = NO_TIME if at is None else at


def _last_space(text: str) -> int:
    """Return where that begins which may go on in the next text."""
    return len(text) - len(text.rsplit(maxsplit=1)[-1]) if text and not text[-1].isspace() else len(text)


def _place(parts: list[str]) -> tuple[int, int] | None:
    if len(parts) not in {2, 3}:
        return None
    lon, lat = e7(parts[0]), e7(parts[1])
    return None if lat is None or lon is None else (lat, lon)
