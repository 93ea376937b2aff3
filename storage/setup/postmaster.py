"""The processes of a PostgreSQL server over a folder: the first one, and those that outlived it."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ORPHAN_SECONDS = 10.0
ORPHAN_POLL_SECONDS = 0.05


class Postmaster(NamedTuple):
    """What `postmaster.pid` says: process, TCP and socket port, folder of the Unix socket."""

    pid: int
    port: int
    socket_dir: Path


def read_postmaster(cluster_dir: Path) -> Postmaster | None:
    """Read the server's own pid file (pid, folder, start, port, socket folder, …); None without one."""
    try:
        lines = (cluster_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Postmaster(int(lines[0]), int(lines[3]), Path(lines[4]))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_ours(pid: int, cluster_dir: Path) -> bool:
    """Tell whether the process is the server of this folder: a pid may belong to somebody else by now."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(cluster_dir)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def end_orphans(cluster_dir: Path) -> None:
    """Wait until the processes of a server whose first one died have ended, and end those that do not.

    They leave by themselves when they next look; one that is busy may still write, and no new server may start beside
    it. What it had not committed is undone by crash recovery, as with any kill.
    """
    ends = time.monotonic() + ORPHAN_SECONDS
    while left := [
        int(entry.name) for entry in Path("/proc").glob("[0-9]*") if is_ours(int(entry.name), cluster_dir)
    ]:
        if time.monotonic() > ends:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(ORPHAN_POLL_SECONDS)
