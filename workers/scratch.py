"""Scratch files: what is hashed and looked at lies in one while it is, and is gone with it.

A full disk is never the recording's fault: it is told apart from bytes that cannot be read, and costs no attempt.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from schemas.refusals_recording import SCRATCH_FULL
from workers.settings import WorkersSettings


@contextmanager
def scratch(settings: WorkersSettings, size_bytes: int = 0) -> Iterator[IO[bytes]]:
    """Open a scratch file of a size that is known; it is gone with the block.

    Raises:
        StorageFull: there is no room for it.
    """
    folder = settings.scratch_dir or Path(tempfile.gettempdir())
    free = _free_bytes(folder)
    if free < size_bytes + settings.scratch_free_bytes:
        raise SCRATCH_FULL(f"the scratch folder lacks room for {size_bytes} bytes")
    with _made(folder) as file:
        yield file


def _made(folder: Path) -> IO[bytes]:
    try:
        return tempfile.NamedTemporaryFile(dir=folder, prefix="quancheng-", suffix=".probe")
    except OSError as err:
        raise SCRATCH_FULL("the scratch folder takes no file") from err


def write_block(copy: IO[bytes], block: memoryview) -> None:
    """Write the scratch copy; a full disk is not the recording's fault and costs no attempt."""
    try:
        while block:
            block = block[copy.write(block) :]  # a disk that is nearly full takes a part
    except OSError as err:
        raise SCRATCH_FULL("the scratch folder is full") from err


def _free_bytes(folder: Path) -> int:
    usage = os.statvfs(folder)
    return usage.f_bavail * usage.f_frsize
