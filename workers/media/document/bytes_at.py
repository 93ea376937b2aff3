"""Bytes of a file by their place, and searches through it in blocks: a document of any size is held in pieces only."""

import os
from collections.abc import Iterator

from workers.media.source import Source
from workers.media.work import Work

BLOCK_BYTES = 256 * 1024


class Bytes:
    """A source that is read by offset; every block that is searched or handed on is a piece of work."""

    def __init__(self, source: Source, work: Work) -> None:
        self._descriptor = source.descriptor
        self._work = work
        self.size = source.size_bytes

    def at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` on, fewer at the end of the file."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        return os.pread(self._descriptor, length, offset)

    def blocks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield a stretch block by block."""
        end = min(self.size, offset + length)
        while offset < end:
            self._work.pieces()
            block = self.at(offset, min(BLOCK_BYTES, end - offset))
            if not block:
                return
            yield block
            offset += len(block)

    def rfind(self, mark: bytes, end: int, floor: int = 0) -> int:
        """Return where `mark` stands last before `end` and not before `floor`, -1 where it does not."""
        while end > floor:
            self._work.pieces()
            start = max(floor, end - BLOCK_BYTES)
            found = self.at(start, end - start).rfind(mark)
            if found >= 0:
                return start + found
            if start == floor:
                break
            end = start + len(mark) - 1
        return -1

    def find(self, mark: bytes, start: int, end: int | None = None) -> int:
        """Return where `mark` stands first from `start` on and before `end`, -1 where it does not."""
        end = self.size if end is None else min(end, self.size)
        while start < end:
            self._work.pieces()
            block = self.at(start, min(BLOCK_BYTES, end - start))
            found = block.find(mark)
            if found >= 0:
                return start + found
            if start + len(block) >= end or len(block) < len(mark):
                break
            start += len(block) - len(mark) + 1
        return -1

    def is_filled(self, offset: int) -> bool:
        """Say whether everything from `offset` on is blank: one byte again and again, or line ends and spaces."""
        return all(
            not block.strip(b"\x00\r\n\t \x1a") or not block.strip(b"\xff")
            for block in self.blocks(offset, self.size - offset)
        )
