"""The 0700 folder of the embedded server's Unix socket: it makes the server's address, so a restart keeps it."""

import os
import shutil
import tempfile
from pathlib import Path

from schemas.refusals_objects import DATABASE_UNAVAILABLE

SOCKET_PORT = 5432
MAX_SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path holds 108 bytes with its final zero (unix(7))


def make_socket_dir() -> Path:
    """Make a 0700 folder whose socket path the kernel can hold.

    Raises:
        Unavailable: every temporary folder's path is too long.
    """
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes an own 0700 folder
        longest = Path(parent, "qc-pg-12345678", f".s.PGSQL.{SOCKET_PORT}0")
        if len(os.fsencode(longest)) < MAX_SOCKET_PATH_BYTES and Path(parent).is_dir():
            return Path(tempfile.mkdtemp(prefix="qc-pg-", dir=parent))
    raise DATABASE_UNAVAILABLE("no temporary folder has a path short enough for a Unix socket: set TMPDIR")


def remove_socket_dir(socket_dir: Path) -> None:
    """Remove the folder of a server that has ended."""
    # Only a folder that make_socket_dir named; the pid file of a foreign server may name /run/postgresql.
    if socket_dir.name.startswith("qc-pg-"):
        shutil.rmtree(socket_dir, ignore_errors=True)


def renew_socket_dir(socket_dir: Path) -> None:
    """Make the folder of a server that died anew, under the same name and empty.

    Raises:
        Unavailable: somebody else has taken the name meanwhile, or the folder cannot be made.
    """
    remove_socket_dir(socket_dir)
    try:
        socket_dir.mkdir(mode=0o700)
    except OSError as err:
        raise DATABASE_UNAVAILABLE(f"{socket_dir} cannot be made again: {err.strerror}") from err
