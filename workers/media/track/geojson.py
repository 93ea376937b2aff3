"""GeoJSON (RFC 7946): lines and marks, in any order of members. Places are longitude, latitude, height.

Times are no part of the standard; `coordTimes` or `times` among the properties hold one for each place of a line, as
the exporters of loggers write them. What a feature holds stands in memory as numbers until it ends.
"""

import json
from array import array

from workers.media.track.fixes import NO_TIME, Fixes, e7
from workers.media.track.gpx import time_of
from workers.media.track.json_tokens import DEPTH, Tokens
from workers.media.work import Work

_LINES = frozenset({"LineString", "MultiLineString"})
_TIMES = frozenset({"coordTimes", "times"})
_MOMENTS = frozenset({"time", "timestamp"})
_WITHIN = frozenset({"geometry", "geometries", "properties", "coordinateProperties"})
_BAD = NO_TIME


class Shape:
    """The places of one geometry, and where in them its lines begin."""

    def __init__(self) -> None:
        self.type = ""
        self.lat, self.lon = array("q"), array("q")
        self.starts: list[int] = []

    def add(self, place: list[float]) -> None:
        """Take one place, also one that is none."""
        lon, lat = (e7(place[0]), e7(place[1])) if len(place) > 1 else (None, None)
        is_small = lon is not None and lat is not None and max(abs(lon), abs(lat)) < -_BAD
        self.lat.append(lat if is_small and lat is not None else _BAD)
        self.lon.append(lon if is_small and lon is not None else _BAD)


class Found:
    """What one object holds, with all within it."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.times = array("q")
        self.moment = NO_TIME


class GeoJsonReader:
    """Takes the tokens of a file; gives its points to `fixes`."""

    def __init__(self, fixes: Fixes, tokens: Tokens, work: Work) -> None:
        self._fixes = fixes
        self._tokens = tokens
        self._work = work

    def read(self) -> None:
        """Read to the end.

        Raises:
            BrokenJsonError: the text is no JSON.
        """
        while self._tokens.peek() is not None:
            self._give(self._value(0))

    def _value(self, depth: int) -> Found:
        """Take any value; an array holds what its elements hold."""
        found = Found()
        kind = self._tokens.take().kind
        if depth > DEPTH or kind in {"]", "}", ",", ":"}:
            raise self._tokens.broken()
        if kind == "{":
            self._members(found, depth)
        elif kind == "[":
            while self._more("]"):
                if self._tokens.peek_kind() == "[[":
                    self._tokens.take()
                else:
                    self._join(found, self._value(depth + 1))
        return found

    def _members(self, found: Found, depth: int) -> None:
        shape = Shape()
        while self._more("}"):
            name = self._tokens.take('"').text
            self._tokens.take(":")
            self._member(found, shape, name, depth + 1)
        if shape.lat:
            found.shapes.append(shape)

    def _member(self, found: Found, shape: Shape, name: str, depth: int) -> None:
        kind = self._tokens.peek_kind()
        if name == "coordinates" and kind == "[":
            self._tokens.take()
            self._coordinates(shape, depth)
        elif name in _TIMES and kind == "[":
            self._tokens.take()
            self._moments(found.times, depth)
        elif name in _MOMENTS and kind == '"':
            found.moment = self._moment()
        elif name == "type" and kind == '"':
            shape.type = self._tokens.take().text
        elif name == "features" and kind == "[":
            self._tokens.take()
            while self._more("]"):
                self._give(self._value(depth + 1))
        elif name in _WITHIN:
            self._join(found, self._value(depth))
        else:
            self._value(depth)

    def _coordinates(self, shape: Shape, depth: int) -> None:
        """Take the places of an array that was opened; the innermost arrays of arrays are lines."""
        if depth > DEPTH:
            raise self._tokens.broken()
        numbers: list[float] = []
        is_line = False
        while self._more("]"):
            kind = self._tokens.peek_kind()
            if kind in {"[", "[["} and not is_line:
                shape.starts.append(len(shape.lat))
                is_line = True
            if kind == "[[":
                self._run(shape, self._tokens.take().text)
            elif kind == "[":
                self._tokens.take()
                self._coordinates(shape, depth + 1)
            else:
                numbers.append(_number(self._tokens.take("0").text))
        if numbers:
            shape.add(numbers)

    def _run(self, shape: Shape, text: str) -> None:
        for place in json.loads(f"[{text.rstrip()[:-1]}]"):
            self._work.pieces()
            shape.add(place)

    def _moments(self, times: "array[int]", depth: int) -> None:
        if depth > DEPTH:
            raise self._tokens.broken()
        while self._more("]"):
            kind = self._tokens.peek_kind()
            if kind == "[":
                self._tokens.take()
                self._moments(times, depth + 1)
            elif kind == "[[":
                self._tokens.take()
            elif kind == '"':
                times.append(self._moment())
            else:
                self._tokens.take("0")
                times.append(NO_TIME)

    def _moment(self) -> int:
        text = self._tokens.take('"').text
        at = time_of(text)
        if at is None:
            self._fixes.bad_times += bool(text)
        return NO_TIME if at is None else at

    def _more(self, end: str) -> bool:
        """Say whether another element or member follows; takes the comma before it or the end."""
        return self._tokens.goes_on(end)

    def _join(self, found: Found, other: Found) -> None:
        found.shapes += other.shapes
        found.times.extend(other.times)
        if other.moment != NO_TIME:
            found.moment = other.moment

    def _give(self, found: Found) -> None:
        """Give away what a feature holds, or a text that is no collection."""
        count = sum(len(shape.lat) for shape in found.shapes if shape.type in _LINES)
        times = found.times
        if times and len(times) != count:
            self._fixes.bad_times += abs(len(times) - count)
            times = array("q")
        at = 0
        for shape in found.shapes:
            if shape.type in _LINES:
                self._line(shape, times[at : at + len(shape.lat)])
                at += len(shape.lat)
            elif shape.type in {"Point", "MultiPoint"}:
                for lat, lon in zip(shape.lat, shape.lon, strict=True):
                    self._fixes.mark_none() if lat == _BAD else self._fixes.mark(lat, lon, found.moment)

    def _line(self, shape: Shape, times: "array[int]") -> None:
        starts = set(shape.starts)
        for number, (lat, lon) in enumerate(zip(shape.lat, shape.lon, strict=True)):
            if number in starts:
                self._fixes.begin()
            self._fixes.add_none() if lat == _BAD else self._fixes.add(
                lat, lon, times[number] if times else NO_TIME
            )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
