"""Processes of the stand: known by pid and start time, ended with everything they started."""

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.stand.wait import wait_until

STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Started:
    """A process of the stand, by pid and start time (jiffies since boot): a pid alone may be reused."""

    name: str
    pid: int
    started: int

    def is_alive(self) -> bool:
        return self.started != 0 and started_at(self.pid) == self.started

    def stop(self) -> None:
        """End the process and everything in its session: politely first, after a minute by force."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self.is_alive():
                _signal_group(self.pid, how)
            if wait_until(lambda: not self.is_alive(), STOP_SECONDS):
                return


def started_at(pid: int) -> int:
    """Return when the process started (proc(5), stat field 22), or 0 when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _signal_group(pid: int, how: signal.Signals) -> None:
    try:
        os.killpg(pid, how)
    except ProcessLookupError:
        return


def read_json(path: Path) -> dict[str, object]:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
