"""The lines of a batch as they arrive: every byte is looked at a fixed number of times, and blank lines are not kept.

The pieces of a body may be cut anywhere. What is refused is refused at the byte that breaks the limit, so that a
sender of 32 MiB of nothing, of one line or of tiny rows costs no more than its bytes.
"""

import re

from schemas.monitoring_row import MAX_BATCH_BYTES, MAX_LINE_BYTES, MAX_ROWS
from schemas.refusals_monitoring import BATCH_TOO_LARGE

_ROW = re.compile(rb"\S[^\n]*")


class BatchLines:
    """Collects lines by their numbers, counted from 1."""

    def __init__(self) -> None:
        self._lines: dict[int, bytes] = {}
        self._open = bytearray()
        self._number = 1
        self._total_bytes = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            TooLarge: more than 32 MiB, more than 1,000 lines that hold something, or a line beyond its limit.
        """
        self._total_bytes += len(piece)
        if self._total_bytes > MAX_BATCH_BYTES:
            raise BATCH_TOO_LARGE("the batch is too large", limit_bytes=MAX_BATCH_BYTES)
        first, end, rest = piece.partition(b"\n")
        self._lengthen(first)
        if end:
            self._close()
            self._cut(rest)

    def end(self) -> dict[int, bytes]:
        """Return the lines that hold something; the last one needs no line feed.

        Raises:
            TooLarge: there are more than 1,000.
        """
        self._close()
        return self._lines

    def _cut(self, rest: bytes) -> None:
        """Take the whole lines of what follows a line feed; what follows the last one stays open."""
        whole, start = rest.rfind(b"\n") + 1, 0
        for found in _ROW.finditer(rest, 0, whole):
            begin = max(start, rest.rfind(b"\n", start, found.start()) + 1)
            self._number += rest.count(b"\n", start, begin)
            self._keep(rest[begin : found.end()])
            start = found.end()
        self._number += rest.count(b"\n", start, whole)
        self._lengthen(rest[whole:])

    def _lengthen(self, piece: bytes) -> None:
        if len(self._open) + len(piece) > MAX_LINE_BYTES:
            raise BATCH_TOO_LARGE("a line is too long", limit_bytes=MAX_LINE_BYTES)
        self._open += piece

    def _close(self) -> None:
        line, self._open = bytes(self._open), bytearray()
        if line.strip():
            self._keep(line)
        self._number += 1

    def _keep(self, line: bytes) -> None:
        if len(line) > MAX_LINE_BYTES:
            raise BATCH_TOO_LARGE("a line is too long", limit_bytes=MAX_LINE_BYTES)
        if len(self._lines) == MAX_ROWS:
            raise BATCH_TOO_LARGE(f"more than {MAX_ROWS} rows", limit_rows=MAX_ROWS)
        self._lines[self._number] = line
