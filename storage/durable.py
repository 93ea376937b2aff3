"""Small files that are whole or not there, whatever is cut."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file by rename, so that a crash leaves the old content or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    side = path.with_name(
        f".{path.name}.{secrets.token_hex(4)}"
    )  # two that write it at once each have their own
    descriptor = os.open(side, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    side.rename(path)
