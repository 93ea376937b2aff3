"""Fax coders (ITU-T T.4 and T.6), read strictly: every row must be as wide as the picture, and none may be left over.

Decoders for viewing paint on whatever comes, because a fax line is noisy. A file is not a line: a row that ends too soon or
too late, a code that does not exist, and bytes behind the last row are damage. No picture is made here.
"""

import re
from typing import Final, NamedTuple

from workers.media.still.fax_codes import BLACK, CODE_BITS, MODE_BITS, MODES, WHITE, Mode
from workers.media.work import Work

_EOL_ZEROS = 11
_RTC = 6
_SLACK_BYTES = 2
"""A line end behind the data, as writers of PDF leave it."""

_WRITTEN = re.compile(rb"[^\x00]")
_TURNED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Fax(NamedTuple):
    """How a fax is coded.

    Attributes:
        columns: Width of each row in pixels.
        rows: So many rows are asked for; 0 where the data say where they end.
        k: As in PDF: negative is T.6, 0 rows by themselves, positive rows by themselves and by the one before.
        is_aligned: Rows begin with a byte.
        is_turned: The lowest bit of a byte comes first.
    """

    columns: int
    rows: int = 0
    k: int = 0
    is_aligned: bool = False
    is_turned: bool = False


class _BrokenError(Exception):
    """A row that cannot be; no reader handles it."""


class _Bits:
    """A place in the data, bit by bit; behind the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(8)
        self.size = 8 * len(data)
        self.at = 0

    def peek(self, count: int) -> int:
        word = int.from_bytes(self._data[self.at >> 3 : (self.at >> 3) + 4])
        return word >> 32 - count - (self.at & 7) & (1 << count) - 1

    def align(self) -> None:
        self.at = (self.at + 7) & ~7

    def end_of_line(self) -> bool:
        """Step over the sign of a row's end, and what fills up before it; stay where there is none."""
        if self.peek(_EOL_ZEROS):
            return False
        at = self.at + _EOL_ZEROS
        if not self._data[at >> 3] & 0xFF >> (at & 7):
            filled = _WRITTEN.search(self._data, (at >> 3) + 1)
            if filled is None:
                return False
            at = 8 * filled.start()
        at = (at | 7) + 1 - (self._data[at >> 3] & 0xFF >> (at & 7)).bit_length()
        self.at = at + 1
        return True

    @property
    def rest(self) -> bytes:
        """What was not read, from the next byte on, without the zeros at its end."""
        return self._data[(self.at + 7) >> 3 : self.size >> 3].rstrip(b"\x00")


def fax_fault(packed: bytes, fax: Fax, work: Work) -> str:
    """Return what is wrong with a fax, nothing where it is whole; of a mode that nobody writes, that it cannot be."""
    if fax.columns <= 0:
        return "rows without pixels"
    bits = _Bits(packed.translate(_TURNED) if fax.is_turned else packed)
    try:
        rows, is_ended = _rows(bits, fax, work)
    except _BrokenError as why:
        return str(why)
    if rows < fax.rows:
        return f"{rows} rows instead of {fax.rows}"
    if is_ended:
        return ""  # what stands behind a signed end – Pillow leaves the index of a TIFF there – is no row
    if not fax.rows:
        return f"no end after {rows} rows"
    left = len(bits.rest)
    return f"{left} bytes behind the last row" if left > _SLACK_BYTES else ""


def _rows(bits: _Bits, fax: Fax, work: Work) -> tuple[int, bool]:
    """Read all rows; say how many there were, and whether their end was signed."""
    before: list[int] = []
    rows = 0
    while not fax.rows or rows < fax.rows:
        if fax.is_aligned:
            bits.align()
        is_plain = fax.k >= 0
        ends = _ends(bits) if is_plain else 2 * _is_block_end(bits)
        if ends > 1:
            return rows, True
        if bits.at >= bits.size:
            return rows, False
        if fax.k > 0:
            is_plain = ends == 0 or bool(bits.peek(1))
            bits.at += ends
        try:
            row = _plain(bits, fax.columns) if is_plain else _by(before, bits, fax.columns)
        except _BrokenError as why:
            raise _BrokenError(f"row {rows}: {why}") from None
        work.pieces(1 + len(row))
        before, rows = row, rows + 1
    return rows, _ends(bits) > 1 if fax.k >= 0 else _is_block_end(bits)


def _ends(bits: _Bits) -> int:
    """Step over the signs of ends, and say how many there were: one before a row, several at the end of all."""
    count = 0
    while count < _RTC and bits.end_of_line():
        count += 1
        if count > 1 or bits.peek(_EOL_ZEROS + 2) != (1 << _EOL_ZEROS + 1 | 1):
            continue
        bits.at += 1  # the tag of a row that is no row
    return count


def _is_block_end(bits: _Bits) -> bool:
    """Step over the end of a block of T.6: two ends of a line."""
    if bits.peek(_EOL_ZEROS + 1) != 1:
        return False
    bits.at += _EOL_ZEROS + 1
    if bits.peek(_EOL_ZEROS + 1) != 1:
        raise _BrokenError("half an end")
    bits.at += _EOL_ZEROS + 1
    return True


def _plain(bits: _Bits, columns: int) -> list[int]:
    """Read a row by itself; return where its colour changes."""
    at, is_black = 0, False
    row: list[int] = []
    while at < columns:
        at += _run(bits, is_black=is_black)
        row.append(at)
        is_black = not is_black
    if at > columns:
        raise _BrokenError(f"{at} pixels instead of {columns}")
    return row


def _by(before: list[int], bits: _Bits, columns: int) -> list[int]:
    """Read a row by the one before it (T.6, 2.2); return where its colour changes."""
    beside = [*before, columns, columns, columns]
    at, number, is_black = -1, 0, False
    row: list[int] = []
    while at < columns:
        number += (number & 1) != is_black
        while number > 1 and beside[number - 2] > at:
            number -= 2
        while beside[number] <= at:
            number += 2
        mode, length = MODES[bits.peek(MODE_BITS)]
        bits.at += length
        if mode is Mode.PASSED:
            at = beside[number + 1]
            continue
        if mode is Mode.ALONE:
            first = max(at, 0) + _run(bits, is_black=is_black)
            at = first + _run(bits, is_black=not is_black)
            row += (first, at)
        else:
            if mode is Mode.NONE:
                raise _BrokenError("a code that cannot be")
            after = beside[number] + mode.value
            if after <= at:
                raise _BrokenError("a row that turns back")
            at, is_black = after, not is_black
            row.append(at)
        if at > columns:
            raise _BrokenError(f"{at} pixels instead of {columns}")
    return row


def _run(bits: _Bits, *, is_black: bool) -> int:
    """Read the length of a run: as many parts of 64 and more as there are, and the part below 64."""
    codes, whole = BLACK if is_black else WHITE, 0
    while True:
        run, length = codes[bits.peek(CODE_BITS)]
        if not length or bits.at >= bits.size:
            raise _BrokenError("a code that cannot be")
        bits.at += length
        whole += run
        if run < 64:  # noqa: PLR2004 - T.4, 4.1.1: what is below ends the run
            return whole
