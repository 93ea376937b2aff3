"""Where and when a GPX track begins, read from the beginning of the file. Never fails: it then knows less."""

import re
import xml.parsers.expat
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from mobile_contract.client.place import Fix, fix_of

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_OF_CHINA = {"gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "big5": "big5"}
"""Expat reads no encoding of several bytes but UTF-8 and UTF-16; these are what tracks here are written in."""


class Track(NamedTuple):
    """The first point; `unread` are the texts of a place or time that stood there and could not be used."""

    fix: Fix | None = None
    unread: tuple[str, ...] = ()


def read_track(head: bytes) -> Track:
    """Return the first point of a track with its time.

    `head` may be the beginning of a longer file. A document type or an entity ends the reading.
    """
    reader = _FirstPoint()
    text, encoding = _readable(head)
    parser = xml.parsers.expat.ParserCreate(encoding)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    # ValueError and LookupError: an encoding that nobody here reads.
    with suppress(xml.parsers.expat.ExpatError, ValueError, LookupError, _Enough):
        parser.Parse(text, False)  # noqa: FBT003 - expat takes it by position only
    return Track(reader.fix, tuple(reader.unread))


def _readable(head: bytes) -> tuple[bytes, str | None]:
    """Return bytes that expat reads, and their encoding where it is not for expat to find out."""
    declared = _DECLARED.match(head[:200])
    known = _OF_CHINA.get(declared[1].decode("ascii").lower()) if declared else None
    return (head.decode(known, "replace").encode(), "utf-8") if known else (head, None)


class _Enough(Exception):
    pass


class _FirstPoint:
    """Expat handlers that keep the first trkpt and stop at its end."""

    def __init__(self) -> None:
        self.fix: Fix | None = None
        self.unread: list[str] = []
        self._time: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "trkpt":
            try:
                self.fix = fix_of(float(attributes["lat"]), float(attributes["lon"]), at=None, source="track")
            except (KeyError, ValueError) as err:
                self.unread.append(f"{attributes.get('lat', '')[:40]},{attributes.get('lon', '')[:40]}")
                raise _Enough from err
        self._time = "" if name == "time" and self.fix else None

    def text(self, characters: str) -> None:
        if self._time is not None:
            self._time += characters

    def end(self, name: str) -> None:
        if name == "time" and self._time and self.fix:
            self._take(self._time.strip(), self.fix)
        if name == "trkpt":
            raise _Enough

    def _take(self, text: str, fix: Fix) -> None:
        try:
            at = datetime.fromisoformat(text)
            self.fix = fix._replace(at=at.astimezone(UTC)) if at.tzinfo else fix
        except (ValueError, OverflowError):
            pass
        if self.fix == fix:  # a time without a zone is none: nobody guesses one
            self.unread.append(text[:40])
        self._time = None

    def refuse(self, *_: object) -> None:
        raise _Enough
