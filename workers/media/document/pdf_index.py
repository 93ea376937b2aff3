"""The index of a PDF: tables and streams of references, from the last back to the first (ISO 32000-2, 7.5.4–8)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from workers.media.document.bytes_at import Bytes
from workers.media.document.pdf_filters import DamagedStreamError, UnreadFilterError
from workers.media.document.pdf_lexer import CutShort, Lexer, SyntaxFault, Value
from workers.media.document.pdf_objects import OFFSET, PACKED, Entry, Objects
from workers.media.work import Work

_EOF = b"%%EOF"
_START = re.compile(rb"startxref[\x00\t\n\x0c\r ]*(\d{1,20})")
_TABLE = re.compile(rb"[\x00\t\n\x0c\r ]*xref(?=[\x00\t\n\x0c\r ])")
_PART = re.compile(
    rb"[\x00\t\n\x0c\r ]*(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,10})(?=[\x00\t\n\x0c\r ])[\x00\t\x0c\r ]*\n?"
)
_ROW = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+([nf])")
_TRAILER = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+trailer")
_ROW_BYTES, _LEAST_ROW = 20, 17
_TAIL_BYTES = 2048
_TRAILER_BYTES = 1 << 20
_MOST_SECTIONS = 10_000


class IndexLostError(Exception):
    """The index, or a part of it, cannot be read."""


class Section(NamedTuple):
    """One part of the index: where it stands, its entries, and what its trailer says."""

    offset: int
    entries: dict[int, Entry]
    trailer: dict[str, Value]


class Index(NamedTuple):
    """The whole index, newest part first. `base` is where offsets are counted from; `end` is where the file ends."""

    sections: list[Section]
    base: int
    end: int
    irregular: int

    @property
    def trailer(self) -> dict[str, Value]:
        """What the newest trailer says; of the older ones, what it leaves out."""
        made: dict[str, Value] = {}
        for one in reversed(self.sections):
            made.update(one.trailer)
        return made

    def entries(self, before: int | None = None) -> dict[int, Entry]:
        """Return the entries that hold; with `before`, those of the parts that stand in front of that byte."""
        made: dict[int, Entry] = {}
        for one in reversed(self.sections):
            if before is None or one.offset < before:
                made.update(one.entries)
        return made


class _Last(NamedTuple):
    """Where the file ends, the offset of the index as it says there, and whether that is irregular."""

    end: int
    start: int
    irregular: int


def read_index(data: Bytes, header: int, work: Work) -> Index:
    """Read every part of the index.

    Raises:
        IndexLostError: it cannot be read.
    """
    last = _last_start(data)
    for base in dict.fromkeys((0, header)):
        if _stands(data, base + last.start):
            return _chain(data, base, last.start, last, work)
    at = data.rfind(b"xref", last.end)
    while at >= 0 and data.at(at - 5, 5) == b"start":
        at = data.rfind(b"xref", at)
    if at < 0 or not _stands(data, at):
        raise IndexLostError
    return _chain(data, 0, at, last._replace(irregular=last.irregular + 1), work)


def _last_start(data: Bytes) -> _Last:
    """Find the end of the file, and what it says there."""
    at = data.rfind(_EOF, data.size)
    end = data.size if at < 0 else at + len(_EOF)
    tail = data.at(max(0, end - _TAIL_BYTES), min(end, _TAIL_BYTES))
    found = list(_START.finditer(tail))
    if not found:
        raise IndexLostError
    start = int(found[-1][1])
    if at < 0:
        return _Last(end, start, 1)
    eol = data.at(end, 2)
    return _Last(end + (2 if eol == b"\r\n" else int(eol[:1] in {b"\n", b"\r"})), start, 0)


def _stands(data: Bytes, at: int) -> bool:
    head = data.at(at, 64)
    return _TABLE.match(head) is not None or re.match(rb"\s*\d+\s+\d+\s+obj", head) is not None


def _chain(data: Bytes, base: int, start: int, last: _Last, work: Work) -> Index:
    irregular = last.irregular
    sections: list[Section] = []
    seen, waits = set[int](), [start]
    while waits:
        work.pieces()
        place = waits.pop(0)
        if place in seen or len(sections) >= _MOST_SECTIONS:
            raise IndexLostError
        seen.add(place)
        section, odd = _section(data, base, place, work)
        sections.append(section)
        irregular += odd
        hybrid, before = (section.trailer.get(one) for one in ("XRefStm", "Prev"))
        if isinstance(hybrid, int) and hybrid not in seen:
            seen.add(hybrid)
            inner = _stream(data, base, hybrid, work)
            sections[-1] = section._replace(entries={**inner.entries, **_used(section.entries)})
        if isinstance(before, int) and before > 0:
            waits.append(before)
    return Index(sections, base, last.end, irregular)


def _used(entries: dict[int, Entry]) -> dict[int, Entry]:
    """Leave out what a table calls free because only the stream beside it says where it is (7.5.8.4)."""
    return {number: one for number, one in entries.items() if one[0]}


def _section(data: Bytes, base: int, place: int, work: Work) -> tuple[Section, int]:
    head = data.at(base + place, 64)
    if _TABLE.match(head) is None:
        return _stream(data, base, place, work), 0
    return _table(data, base + place, work)


def _table(data: Bytes, at: int, work: Work) -> tuple[Section, int]:
    entries: dict[int, Entry] = {}
    place, irregular = at + (_match(_TABLE, data.at(at, 64)).end()), 0
    while True:
        found = _PART.match(data.at(place, 64))
        if found is None:
            break
        first, count = int(found[1]), int(found[2])
        place += found.end()
        if count * _LEAST_ROW > data.size - place:
            raise IndexLostError
        work.pieces(count)
        buffer = data.at(place, count * (_ROW_BYTES + 4) + 64)
        rows, length = _rows(buffer, count)
        if first == 1 and rows and rows[0] == (0, 0, 65535):
            first, irregular = 0, irregular + 1
        entries.update(zip(range(first, first + count), rows, strict=True))
        place += length
    trailer = _TRAILER.match(data.at(place, 512))
    if trailer is None:
        raise IndexLostError
    lexer = Lexer(data.at(place + trailer.end(), _TRAILER_BYTES))
    try:
        said = lexer.value()
    except (SyntaxFault, CutShort) as why:
        raise IndexLostError from why
    work.pieces(lexer.tokens)
    if not isinstance(said, dict):
        raise IndexLostError
    return Section(at, entries, said), irregular


def _rows(buffer: bytes, count: int) -> tuple[list[Entry], int]:
    rows: list[Entry] = []
    at = 0
    for _ in range(count):
        found = _match(_ROW, buffer, at)
        at = found.end()
        rows.append((OFFSET if found[3] == b"n" else 0, int(found[1]), int(found[2])))
    return rows, at


def _match(pattern: "re.Pattern[bytes]", buffer: bytes, at: int = 0) -> "re.Match[bytes]":
    found = pattern.match(buffer, at)
    if found is None:
        raise IndexLostError
    return found


def _stream(data: Bytes, base: int, place: int, work: Work) -> Section:
    objects = Objects(data, base, {}, work)
    try:
        found = objects.at(base + place)
        raw = objects.whole(found)
    except (SyntaxFault, DamagedStreamError, UnreadFilterError) as why:
        raise IndexLostError from why
    said = found.value
    widths, size = said.get("W"), said.get("Size")
    if said.get("Type") != "XRef" or not _is_whole(widths, 3) or not isinstance(size, int):
        raise IndexLostError
    parts = said.get("Index", [0, size])
    if not _is_whole(parts, 2) or any(one > 8 for one in widths):  # noqa: PLR2004 - bytes of a number
        raise IndexLostError
    entries = dict(_packed_rows(raw, widths, parts, work))
    return Section(base + place, entries, said)


def _is_whole(values: Value, least: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) >= least
        and all(isinstance(one, int) and one >= 0 for one in values)
    )


def _packed_rows(raw: bytes, widths: list[int], parts: list[int], work: Work) -> Iterator[tuple[int, Entry]]:
    a, b, c = widths[:3]
    step, at = a + b + c, 0
    if not step:
        raise IndexLostError
    for first, count in zip(parts[::2], parts[1::2], strict=False):
        if at + count * step > len(raw):
            raise IndexLostError
        work.pieces(count)
        for number in range(first, first + count):
            kind = int.from_bytes(raw[at : at + a]) if a else OFFSET
            place = int.from_bytes(raw[at + a : at + a + b])
            inner = int.from_bytes(raw[at + a + b : at + step])
            at += step
            yield number, (kind if kind in {OFFSET, PACKED} else 0, place, inner)
