"""Indirect objects of a PDF, read where they stand (ISO 32000-2, 7.3.10) or inside of object streams (7.5.7)."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from workers.media.document.bytes_at import Bytes
from workers.media.document.pdf_cipher import Key, opened
from workers.media.document.pdf_filters import (
    DamagedStreamError,
    IrregularStreamError,
    UnreadFilterError,
    filters_of,
    unpack,
    unpredicted,
)
from workers.media.document.pdf_lexer import CutShort, Lexer, Ref, SyntaxFault, Value, Word
from workers.media.work import Work

_HEAD = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,10})[\x00\t\n\x0c\r ]+obj")
_STREAM = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+stream(\r\n|\n|\r|[ ]*\r?\n)?")
_END_STREAM = re.compile(rb"[\x00\t\n\x0c\r ]*endstream")
_END_OBJECT = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+endobj")
_FIRST_BYTES, _GROWTH, _MOST_BYTES = 2048, 8, 64 * 1024 * 1024
_NEAR_BYTES = 320
_MOST_HELD_BYTES = 128 * 1024 * 1024
_KEPT = 4

OFFSET, PACKED = 1, 2
Entry = tuple[int, int, int]
"""Kind of an entry, then offset and generation, or number of the object stream and place in it; kind 0 is free."""


class Extent(NamedTuple):
    """Bytes of a stream, as stored. `is_regular`: its length is the one that it states."""

    begin: int
    length: int
    is_regular: bool


class Indirect(NamedTuple):
    """An object with its number, its value, the extent of its stream if it has one, and where it ends."""

    number: int
    generation: int
    value: Value
    stream: Extent | None
    end: int
    is_closed: bool


class Objects:
    """Objects by number, as one state of the index says where they are."""

    def __init__(self, data: Bytes, base: int, entries: Mapping[int, Entry], work: Work) -> None:
        self.data, self.base, self.entries, self.work = data, base, entries, work
        self._packed: OrderedDict[int, list[tuple[int, Value]]] = OrderedDict()
        self._open: set[int] = set()
        self.key: Key | None = None

    def get(self, value: Value) -> Value:
        """Return what a value stands for: itself, or the object that it refers to; None where that cannot be read."""
        seen = 0
        while isinstance(value, Ref):
            seen += 1
            if seen > 32:  # noqa: PLR2004 - references that lead in a ring
                return None
            value = self.by_number(value.number)
        return value

    def by_number(self, number: int) -> Value:
        """Return an object, None where there is none or it cannot be read."""
        kind, place, _inner = self.entries.get(number, (0, 0, 0))
        try:
            if kind == OFFSET:
                found = self.at(self.base + place)
                return found.value if found.number == number else None
            if kind == PACKED:
                return next((value for one, value in self.packed(place) if one == number), None)
        except (SyntaxFault, DamagedStreamError, UnreadFilterError, RecursionError):
            return None
        return None

    def at(self, offset: int) -> Indirect:
        """Read the object that stands at an offset of the file.

        Raises:
            SyntaxFault: there is none, or it is not whole.
        """
        size = _FIRST_BYTES
        while True:
            buffer = self.data.at(offset, size)
            is_all = len(buffer) < size or size >= _MOST_BYTES
            lexer = Lexer(buffer)
            try:
                return self._read(lexer, offset, is_all=is_all)
            except CutShort as why:
                if is_all:
                    raise SyntaxFault("the file ends inside of an object") from why
            except SyntaxFault:
                if is_all or lexer.at < len(buffer) - _NEAR_BYTES:
                    raise
            finally:
                self.work.pieces(1 + lexer.tokens)
            size *= _GROWTH

    def _read(self, lexer: Lexer, offset: int, *, is_all: bool) -> Indirect:
        head = _HEAD.match(lexer.buffer)
        if head is None:
            raise SyntaxFault("no object stands here")
        lexer.at = head.end()
        value = None if _END_OBJECT.match(lexer.buffer, lexer.at) else lexer.value()
        if not is_all and lexer.at > len(lexer.buffer) - 32:  # a keyword and its blanks
            raise CutShort
        number, generation = int(head[1]), int(head[2])
        stream, end = None, offset + lexer.at
        opened = _STREAM.match(lexer.buffer, lexer.at) if isinstance(value, dict) else None
        if opened is not None and isinstance(value, dict):
            stream = self._extent(value, offset + opened.end(), number)
            end = stream.begin + stream.length
            tail = self.data.at(end, 64)
            closing = _END_STREAM.match(tail)
            at = closing.end() if closing else 0
            closed = _END_OBJECT.match(tail, at)
            return Indirect(
                number, generation, value, stream, end + (closed.end() if closed else at), closed is not None
            )
        closed = _END_OBJECT.match(lexer.buffer, lexer.at)
        if isinstance(value, Word):
            raise SyntaxFault(f"{value!r} for an object")
        return Indirect(
            number,
            generation,
            value,
            None,
            offset + (closed.end() if closed else lexer.at),
            closed is not None,
        )

    def _extent(self, said: dict[str, Value], begin: int, number: int) -> Extent:
        """Find where a stream ends: as it says, else where `endstream` stands next.

        Raises:
            SyntaxFault: it has no end.
        """
        length = said.get("Length")
        if isinstance(length, Ref):
            length = None if number in self._open else self._length(length, number)
        if (
            isinstance(length, int)
            and 0 <= length <= self.data.size - begin
            and _END_STREAM.match(self.data.at(begin + length, 32))
        ):
            return Extent(begin, length, is_regular=True)
        end = self.data.find(b"endstream", begin)
        if end < 0:
            raise SyntaxFault("a stream without an end")
        eol = self.data.at(max(begin, end - 2), min(2, end - begin))
        shorter = 2 if eol == b"\r\n" else 1 if eol[-1:] in {b"\n", b"\r"} else 0
        return Extent(begin, end - begin - shorter, is_regular=False)

    def _length(self, ref: Ref, number: int) -> Value:
        self._open.add(number)
        try:
            return self.get(ref)
        finally:
            self._open.discard(number)

    def raw(self, found: Indirect) -> Iterator[bytes]:
        """Yield a stream as it is stored, without its cipher where the document has one."""
        if found.stream is None:
            return iter(())
        pieces = self.data.blocks(found.stream.begin, found.stream.length)
        if self.key is None or found.value.get("Type") == "XRef":
            return pieces
        return opened(pieces, self.key, found.number, found.generation)

    def unpacked(self, found: Indirect) -> Iterator[bytes]:
        """Yield what a stream unpacks to; raises as `unpack`."""
        names = [name for name, _ in self.filters(found.value)]
        return unpack(self.raw(found), names, self.work)

    def filters(self, said: dict[str, Value]) -> list[tuple[str, dict[str, Value]]]:
        """Return the filters of a stream with their parameters, references followed."""
        names, given = (
            self.get(said.get("Filter", said.get("F"))),
            self.get(said.get("DecodeParms", said.get("DP"))),
        )
        names = [self.get(one) for one in names] if isinstance(names, list) else names
        given = [self.get(one) for one in given] if isinstance(given, list) else given
        rows = filters_of(names, given)
        return [(name, {key: self.get(one) for key, one in row.items()}) for name, row in rows]

    def whole(self, found: Indirect) -> bytes:
        """Return what the stream of an index or of packed objects unpacks to.

        Raises:
            DamagedStreamError: it does not unpack.
            UnreadFilterError: by a filter that is not read here, or to more than is held.
        """
        if found.stream is None:
            raise DamagedStreamError("no stream")
        made = bytearray()
        try:
            for piece in self.unpacked(found):
                made += piece
                if len(made) > _MOST_HELD_BYTES:
                    raise UnreadFilterError("too large")
        except IrregularStreamError:
            pass
        last = self.filters(found.value)
        return unpredicted(bytes(made), last[-1][1]) if last else bytes(made)

    def packed(self, number: int) -> list[tuple[int, Value]]:
        """Return the objects of an object stream with their numbers, in their order.

        Raises:
            SyntaxFault: it holds something else.
            DamagedStreamError, UnreadFilterError: it does not unpack.
        """
        if number not in self._packed:
            kind, place, _ = self.entries.get(number, (0, 0, 0))
            if kind != OFFSET:
                raise SyntaxFault("packed objects that are nowhere")
            found = self.at(self.base + place)
            if found.number != number or not isinstance(found.value, dict):
                raise SyntaxFault("packed objects that are elsewhere")
            self._packed[number] = self._unpacked(found.value, self.whole(found))
            if len(self._packed) > _KEPT:
                self._packed.popitem(last=False)
        return self._packed[number]

    def _unpacked(self, said: dict[str, Value], raw: bytes) -> list[tuple[int, Value]]:
        count, first = self.get(said.get("N")), self.get(said.get("First"))
        if not isinstance(count, int) or not isinstance(first, int) or not 0 <= 2 * count <= len(raw):
            raise SyntaxFault("packed objects without a count")
        lexer = Lexer(raw[:first], has_refs=False)
        made = []
        try:
            pairs = [(lexer.value(), lexer.value()) for _ in range(count)]
            for number, at in pairs:
                if not isinstance(number, int) or not isinstance(at, int):
                    raise SyntaxFault("a head that is no number")
                inner = Lexer(raw, first + at)
                made.append((number, inner.value()))
                self.work.pieces(1 + inner.tokens)
        except CutShort as why:
            raise SyntaxFault("packed objects are cut") from why
        return made
