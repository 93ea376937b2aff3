"""Streams of PDF unpacked to their end, piece by piece (ISO 32000-2, 7.4)."""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from workers.media.work import Work

_PIECE_BYTES = 1 << 20
_BLANK = re.compile(rb"[\x00\t\n\x0c\r ]+")
_END_OF_DATA = 128
_SHORT = {
    "Fl": "FlateDecode",
    "AHx": "ASCIIHexDecode",
    "A85": "ASCII85Decode",
    "RL": "RunLengthDecode",
    "LZW": "LZWDecode",
    "DCT": "DCTDecode",
    "CCF": "CCITTFaxDecode",
}
PICTURES = frozenset({"DCTDecode", "JPXDecode", "CCITTFaxDecode", "JBIG2Decode"})
_LATE = "LZWDecode late"
"""LZW whose codes grow when they have to, and not one code earlier (table 8)."""

_HELD = frozenset({"ASCII85Decode", "ASCIIHexDecode", "RunLengthDecode", "LZWDecode", _LATE})
MOST_HELD_BYTES = 64 * 1024 * 1024
"""Most of a stream that is taken whole, for a filter that is no coder of pieces."""


class DamagedStreamError(Exception):
    """The stream does not unpack to its end."""


class IrregularStreamError(Exception):
    """The stream unpacks, and its checksum or the mark of its end is missing."""


class UnreadFilterError(Exception):
    """Nobody here reads a filter of the stream."""


def filters_of(value: object, parameters: object) -> list[tuple[str, dict[str, Any]]]:
    """Return the filters of a stream in their order, by their long names, each with its parameters."""
    names = value if isinstance(value, list) else [value] if value is not None else []
    given = parameters if isinstance(parameters, list) else [parameters]
    rows = [*given, *([None] * len(names))]
    return [
        (_named(str(name), row), row if isinstance(row, dict) else {})
        for name, row in zip(names, rows, strict=False)
    ]


def _named(name: str, row: object) -> str:
    long = _SHORT.get(name, name)
    is_late = long == "LZWDecode" and isinstance(row, dict) and row.get("EarlyChange") == 0
    return _LATE if is_late else long


def unpack(raw: Iterable[bytes], names: list[str], work: Work) -> Iterator[bytes]:
    """Yield what a stream unpacks to.

    Raises:
        DamagedStreamError: it does not unpack.
        IrregularStreamError: after the last piece, where its end is irregular.
        UnreadFilterError: a filter that is not read here.
        OverBudgetError: it unpacks to more than is left.
    """
    pieces = iter(raw)
    for name in names:
        if name == "FlateDecode":
            pieces = _counted(inflated(pieces), work)
        elif name in _HELD:
            pieces = _counted(_whole(pieces, name), work)
        else:
            raise UnreadFilterError(name)
    return pieces


def _counted(pieces: Iterator[bytes], work: Work) -> Iterator[bytes]:
    for piece in pieces:
        work.unpacked(len(piece))
        yield piece


def inflated(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate (RFC 1950). A stream without its checksum is irregular; with a wrong one it is damaged."""
    unpacker, tail, is_begun = zlib.decompressobj(), b"", False
    for block in raw:
        fed = block if is_begun else block.lstrip(b"\r\n")
        is_begun = is_begun or bool(fed)
        while fed and not unpacker.eof:
            try:
                piece = unpacker.decompress(fed, _PIECE_BYTES)
            except zlib.error as why:
                raise DamagedStreamError(str(why)) from why
            if piece:
                yield piece
            fed = unpacker.unconsumed_tail
        if unpacker.eof:
            return
        tail = (tail + block)[-16:]
    if not is_begun:
        return  # nothing at all is an empty stream that somebody declared compressed
    rest = _rest(unpacker)
    if rest:
        yield rest
    if not unpacker.eof:
        raise IrregularStreamError


def _rest(unpacker: "zlib._Decompress") -> bytes:
    try:
        return unpacker.flush()
    except zlib.error as why:
        raise DamagedStreamError(str(why)) from why


def _whole(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > MOST_HELD_BYTES:
            raise UnreadFilterError(name)
    if name == "ASCII85Decode":
        yield ascii85(bytes(held))
    elif name == "ASCIIHexDecode":
        yield _hex(bytes(held))
    elif name == "RunLengthDecode":
        yield from _runs(bytes(held))
    else:
        yield from lzw(bytes(held), early=name != _LATE)


def ascii85(raw: bytes) -> bytes:
    """Read base 85; its end mark may be missing."""
    text = raw.strip(b"\x00\t\n\x0c\r ").removeprefix(b"<~")
    end = text.find(b"~")
    try:
        return base64.a85decode(text if end < 0 else text[:end])
    except ValueError as why:
        raise DamagedStreamError(str(why)) from why


def _hex(raw: bytes) -> bytes:
    digits = _BLANK.sub(b"", raw).partition(b">")[0]
    try:
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError as why:
        raise DamagedStreamError(str(why)) from why


def _runs(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        length = raw[at]
        if length == _END_OF_DATA:
            return
        if length < _END_OF_DATA:
            piece, step = raw[at + 1 : at + 2 + length], 2 + length
        else:
            piece, step = raw[at + 1 : at + 2] * (257 - length), 2
        if at + step > len(raw):
            raise DamagedStreamError("a run is cut")
        yield piece
        at += step


def lzw(raw: bytes, *, early: bool = True) -> Iterator[bytes]:
    """Read LZW with codes of 9 to 12 bits (7.4.4), which grow one code early or not."""
    table, width, held, bits, before = _fresh(), 9, 0, 0, b""
    for byte in raw:
        held, bits = (held << 8 | byte) & 0xFF_FFFF, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits & (1 << width) - 1
        if code == 257:  # noqa: PLR2004 - end of data
            return
        if code == 256:  # noqa: PLR2004 - clear
            table, width, before = _fresh(), 9, b""
            continue
        if code > len(table) or (code == len(table) and not before):
            raise DamagedStreamError("a code that is not in the table")
        entry = table[code] if code < len(table) else before + before[:1]
        yield entry
        if before and len(table) < 4096:  # noqa: PLR2004 - twelve bits
            table.append(before + entry[:1])
        before = entry
        width = next((one for one in (9, 10, 11) if len(table) + early < 1 << one), 12)


def _fresh() -> list[bytes]:
    return [*(bytes((one,)) for one in range(256)), b"", b""]


def unpredicted(raw: bytes, parameters: dict[str, Any]) -> bytes:
    """Undo the predictor of an index or an object stream (7.4.4.4): rows of PNG, or nothing.

    Raises:
        DamagedStreamError: a row has a kind that there is not.
    """
    if int(parameters.get("Predictor", 1) or 1) < 10:  # noqa: PLR2004 - the predictors of PNG
        return raw
    width = max(
        1,
        int(parameters.get("Columns", 1))
        * int(parameters.get("Colors", 1))
        * int(parameters.get("BitsPerComponent", 8))
        // 8,
    )
    made, before = bytearray(), bytes(width)
    for at in range(0, len(raw), width + 1):
        row = bytearray(raw[at + 1 : at + 1 + width])
        before = bytes(_row(raw[at], row, before))
        made += before
    return bytes(made)


def _row(kind: int, row: bytearray, above: bytes) -> bytearray:
    if kind == 0:
        return row
    if kind == 2:  # noqa: PLR2004 - up, which nearly all writers take
        return bytearray((one + other) & 0xFF for one, other in zip(row, above, strict=False))
    for at, byte in enumerate(row):
        left, up, corner = (row[at - 1] if at else 0), above[at], (above[at - 1] if at else 0)
        guess = {1: left, 3: (left + up) // 2, 4: _paeth(left, up, corner)}.get(kind)
        if guess is None:
            raise DamagedStreamError("a row of no kind")
        row[at] = (byte + guess) & 0xFF
    return row


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))
