"""Files that are there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def write_durably(path: Path, payload: bytes, *, mode: int = 0o600) -> None:
    """Replace a file as a whole; once this returns, no power cut takes it back.

    Raises:
        OSError: it cannot be written; what stood there before stands.
    """
    beside = path.with_name(path.name + ".new")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(opened, "wb") as file:  # writes on after a short write, or raises
        file.write(payload)
        file.flush()
        os.fsync(opened)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # without it a power cut may bring the old name back
    finally:
        os.close(folder)
