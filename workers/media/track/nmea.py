"""NMEA 0183 as a receiver says it, line by line: positions of one moment become one point.

Date and time come in different sentences: a moment is complete when the next one begins. Where a sentence carries no
date, midnight is seen by the hours. Two digits of a year are of 1980 to 2079; nothing is set right.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import xor
from typing import NamedTuple

from workers.media.track.fixes import NO_TIME, Fixes, micros
from workers.media.work import Work

SENTENCE = re.compile(rb"[$!]([A-Z][A-Z0-9]{1,9}),([ -)+-~]*)(?:\*([0-9A-Fa-f]{2})(?:[,; \t].*)?)?$")
"""Some loggers write what they know of a sentence behind its checksum, others before its sign."""
_TIME = re.compile(rb"(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?$")
_ANGLE = re.compile(rb"(\d{1,3})(\d\d(?:\.\d{1,12})?)$")
_WORDS = re.compile(rb"[\t -~\x80-\xff]*$")
_TAIL = re.compile(rb",[ -)+-~]*\*[0-9A-F]{2}$")
_TAIL_BYTES = 128
"""A sentence has 82 characters at most (NMEA 0183), so its last comma stands no farther from its end."""
"""The end of a sentence that lost its beginning."""
LONGEST = 1024
_SUMMED = 10
"""A log whose first sentences have checksums has them throughout; only those of a maker's own may lack them."""
_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)
_CENTURY = 80
_HOUR, _MINUTE, _SECOND = 24, 60, 60


Words = list[bytes]
_PARTS: Mapping[bytes, Callable[[Words], tuple[bytes, Words, bool]]] = {
    b"RMC": lambda words: (words[0], words[2:6], words[1] == b"A"),
    b"GGA": lambda words: (words[0], words[1:5], words[5] not in {b"", b"0"}),
    b"GNS": lambda words: (words[0], words[1:5], bool(words[5].strip(b"N"))),
    b"GLL": lambda words: (words[4], words[0:4], words[5] == b"A"),
}
"""Where a sentence says its time and place, and whether the receiver had a fix."""
_NEEDED = {b"RMC": 8, b"GGA": 5, b"GNS": 5, b"GLL": 5, b"ZDA": 3}
"""The place of the last of its words that is read; a shorter sentence says nothing."""


class Place(NamedTuple):
    """A position of one sentence; None where it cannot be read."""

    lat_e7: int | None
    lon_e7: int | None


class NmeaReader:
    """Takes a log piece by piece; gives its points to `fixes`, and counts what was wrong with its sentences."""

    def __init__(self, fixes: Fixes, work: Work) -> None:
        self._fixes = fixes
        self._work = work
        self._rest = b""
        self.sentences = self.wrong = self.strange = self.bare = self.voids = 0
        self.first_wrong = self.first_strange = 0
        self._zeros = 0
        self._said: set[bytes] = set()
        self.cut_line = 0
        self._line = 0
        self._clock: timedelta | None = None
        self._day: date | None = None
        self._place: Place | None = None
        fixes.begin()

    def feed(self, piece: bytes) -> None:
        """Read on."""
        lines = (self._rest + piece).splitlines(keepends=True)
        # A line that ends in CR may go on with LF in the next piece.
        self._rest = b"" if not lines or lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            self._take(line)
        if len(self._rest) > LONGEST:
            self._take(self._rest)
            self._rest = b""

    def close(self) -> None:
        """Read the last line, which was cut if it is not whole."""
        before = self.wrong, self.first_wrong
        if self._rest:
            self._take(self._rest)
        if self.wrong > before[0] and not self._rest.endswith(b"\r"):
            self.wrong, self.first_wrong = before
            self.cut_line = self._line
        self._moment()

    def _take(self, line: bytes) -> None:
        self._work.pieces()
        self._line += 1
        bare = line.strip(b" \t\r\n\0")
        if self.sentences and b"\0" in line:
            self._zeros = self._zeros or self._line
        if bare:
            self._read(bare)

    def _read(self, line: bytes) -> None:
        found = SENTENCE.match(line[max(0, line.find(b"$")) :] if line[:1].isalnum() else line)
        if found is None:
            self._other(line)
            return
        name, body, stated = found.groups()
        if stated is None and self._is_summed and not name.startswith(b"P"):
            self._is_wrong()
            return
        if stated is None:
            self.bare += 1
        elif reduce(xor, found.string[1 : found.end(2)]) != int(stated, 16):
            self._is_wrong()
            return
        self.sentences += 1
        if self._zeros:
            self._is_strange(self._zeros)
            self._zeros = 0
        self._say(name, body.split(b","))

    @property
    def _is_summed(self) -> bool:
        """Every sentence so far had a checksum, so that one without it lost its end."""
        return self.sentences >= _SUMMED and not self.bare

    def _other(self, line: bytes) -> None:
        """A line that is no sentence: a logger's header is text; after a sentence, what is no text was none of it."""
        if line[:1] in {b"$", b"!"} or (self.sentences and _TAIL.search(line[-_TAIL_BYTES:])):
            self._is_wrong()
        elif self.sentences and not _WORDS.match(line):
            self._is_strange(self._line)

    def _is_strange(self, line: int) -> None:
        self.strange += 1
        self.first_strange = self.first_strange or line

    def _is_wrong(self) -> None:
        self.wrong += 1
        self.first_wrong = self.first_wrong or self._line

    def _say(self, name: bytes, words: list[bytes]) -> None:
        kind = name[-3:]
        if name.startswith(b"P") or len(words) <= _NEEDED.get(kind, len(words)):
            return
        if kind == b"ZDA":
            if words[1]:
                self._date(_date(words[1] + words[2] + words[3][-2:]))
            return
        at, place, is_valid = _PARTS[kind](words)
        self._begin(name, at)
        if kind == b"RMC" and words[8] and is_valid:
            self._date(_date(words[8]))
        if not is_valid:
            self.voids += 1
        elif self._place is None:
            lat, north, lon, east = place
            self._place = Place(_degrees_e7(lat, north, b"NS"), _degrees_e7(lon, east, b"EW"))

    def _begin(self, name: bytes, time: bytes) -> None:
        """Begin another moment where the time is another, or where the same sentence is said again."""
        clock = _clock(time)
        if clock is None:
            self._fixes.bad_times += bool(time)
        if name in self._said or (clock is not None and clock != self._clock):
            self._moment()
        if clock is not None:
            self._turn(clock)
        self._said.add(name)

    def _date(self, day: date | None) -> None:
        if day is None:
            self._fixes.bad_times += 1
        else:
            self._day = day

    def _turn(self, clock: timedelta) -> None:
        """Go on to another moment, over midnight where the hours say so."""
        if self._day is not None and self._clock is not None and self._clock - clock > _HALF_DAY:
            self._day = self._day + _DAY if self._day < date.max else self._day
        self._clock = clock

    def _moment(self) -> None:
        """Give away the point of the moment that ends."""
        place, self._place = self._place, None
        self._said.clear()
        if place is None:
            return
        if place.lat_e7 is None or place.lon_e7 is None:
            self._fixes.add_none()
            return
        at = NO_TIME
        if self._day is not None and self._clock is not None:
            at = micros(datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC) + self._clock)
        self._fixes.add(place.lat_e7, place.lon_e7, at)


def _clock(text: bytes) -> timedelta | None:
    found = _TIME.match(text)
    if found is None:
        return None
    hour, minute, second = (int(found[part]) for part in (1, 2, 3))
    if hour >= _HOUR or minute >= _MINUTE or second > _SECOND:
        return None
    fraction = (found[4] or b"").ljust(6, b"0")[:6]
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(fraction))


def _date(text: bytes) -> date | None:
    """Read day, month and the two digits of the year."""
    try:
        day, month, year = int(text[:2]), int(text[2:4]), int(text[4:6])
        return date(year + (1900 if year >= _CENTURY else 2000), month, day)
    except ValueError:
        return None


def _degrees_e7(text: bytes, side: bytes, sides: bytes) -> int | None:
    """Read degrees and minutes: the minutes are the two digits before the point and all after it."""
    found = _ANGLE.match(text)
    if found is None or len(side) != 1 or side not in sides or float(found[2]) >= _MINUTE:
        return None
    value = round((int(found[1]) + float(found[2]) / 60) * 1e7)
    return -value if side == sides[1:] else value
