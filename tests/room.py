"""A small disk of a test's own, that can be filled and emptied: a tmpfs in a mount namespace, without root.

The namespace belongs to a process that only waits for our end; what it has mounted is seen through `/proc/PID/root`, and
goes with it. Where the kernel forbids user namespaces there is no such disk, and the caller is told.
"""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.stand import MissingPartError

_BLOCK = b"\0" * 256 * 1024


class Room:
    """A disk under `folder`; `inside` is where its own namespace sees it."""

    def __init__(self, holder: int, inside: Path) -> None:
        self.holder = holder
        self.inside = inside
        self.folder = Path(f"/proc/{holder}/root{inside}")
        self._filler = self.folder / "filler"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (len(_BLOCK), 1):  # at last byte by byte to the end of a page
                while _takes(file, _BLOCK[:size]):
                    pass

    def empty(self) -> None:
        """Give back what `fill` has taken."""
        self._filler.unlink()

    def entered(self, *words: str) -> list[str]:
        """The words of a command that sees the disk at `inside`."""
        return [
            "nsenter",
            "--target",
            str(self.holder),
            "--user",
            "--mount",
            "--preserve-credentials",
            *words,
        ]


def _takes(file: IO[bytes], block: bytes) -> bool:
    try:
        file.write(block)
    except OSError as err:
        if err.errno != errno.ENOSPC:
            raise
        return False
    return True


@contextmanager
def small_room(folder: Path, *, megabytes: int) -> Iterator[Room]:
    """A disk of so many megabytes, mounted on an empty folder for its namespace alone.

    Raises:
        MissingPartError: user namespaces are forbidden here.
    """
    folder.mkdir()
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=0700 tmpfs '{folder}' && echo ready && exec cat"
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount]
    pipe = subprocess.PIPE
    holder = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ)
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stderr is not None
    try:
        if holder.stdout.readline() != b"ready\n":
            why = holder.stderr.read().decode(errors="replace").strip()
            raise MissingPartError(f"no small disk can be made here: {why}")
        yield Room(holder.pid, folder)
    finally:
        holder.kill()
        holder.wait()
        for one in (holder.stdin, holder.stdout, holder.stderr):
            one.close()
