"""One open file, read by position: a decoder is handed a descriptor and never a path."""

import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self, cast

from workers.media.work import Work


class Gaps(NamedTuple):
    """Stretches of a file that are passed over: where each begins, ascending, and how long all of them are, in bytes."""

    places: tuple[int, ...]
    size_bytes: int


class Source:
    """A regular file behind a descriptor. Several readers at once do not move each other's place."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size_bytes = os.lseek(descriptor, 0, os.SEEK_END)

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[Self]:
        """Open the file at `path` for as long as the block lasts.

        Raises:
            OSError: it cannot be read.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    def open(self) -> BinaryIO:
        """Return a reader of its own, at the beginning."""
        return io.BufferedReader(Window(self, None))

    def raw(self, work: Work | None = None) -> BinaryIO:
        """Return an unbuffered reader of its own; with `work` each read is a piece of it."""
        return cast("BinaryIO", Window(self, work))

    def without(self, gaps: Gaps) -> BinaryIO:
        """Return a reader of its own to which the gaps are not there."""
        return cast("BinaryIO", Shortened(self, gaps))

    def head(self, length: int) -> bytes:
        """Return the first bytes, at most `length`."""
        return os.pread(self.descriptor, length, 0)

    def read_all(self) -> bytes:
        """Return the whole file."""
        whole = os.pread(self.descriptor, self.size_bytes, 0)
        if len(whole) == self.size_bytes:
            return whole
        with self.open() as reader:  # the kernel gives less than 2 GiB at once
            return reader.read()


class Window(io.RawIOBase):
    """A place in a source; it has no descriptor to give away, so that no library reads around it."""

    def __init__(self, source: Source, work: Work | None) -> None:
        super().__init__()
        self._work = work
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override] # what callers pass
        if self._work is not None:
            self._work.pieces()
        read = os.pread(self._source.descriptor, len(buffer), self._at)
        buffer[: len(read)] = read
        self._at += len(read)
        return len(read)

    def readall(self) -> bytes:
        rest = os.pread(self._source.descriptor, max(0, self._source.size_bytes - self._at), self._at)
        self._at += len(rest)
        return rest

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size_bytes}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


class Shortened(Window):
    """A place in a source as it would be without its gaps."""

    def __init__(self, source: Source, gaps: Gaps) -> None:
        super().__init__(source, None)
        self._gap_bytes = gaps.size_bytes
        self._before = [place - number * gaps.size_bytes for number, place in enumerate(gaps.places)]
        self._size_bytes = source.size_bytes - len(gaps.places) * gaps.size_bytes

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override] # as above
        view, done = memoryview(buffer), 0
        while done < len(view):
            passed = bisect_right(self._before, self._at)
            ends = self._before[passed] if passed < len(self._before) else self._size_bytes
            wanted = min(len(view) - done, ends - self._at)
            read = os.pread(self._source.descriptor, max(0, wanted), self._at + passed * self._gap_bytes)
            if not read:
                break
            view[done : done + len(read)] = read
            done += len(read)
            self._at += len(read)
        return done

    def readall(self) -> bytes:
        rest = bytearray(max(0, self._size_bytes - self._at))
        return bytes(rest[: self.readinto(rest)])

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        is_from_end = whence == os.SEEK_END
        return super().seek(*((self._size_bytes + offset, os.SEEK_SET) if is_from_end else (offset, whence)))
