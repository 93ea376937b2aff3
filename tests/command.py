"""The command `quancheng` as a program of its own: served until it is told to stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stand import FIRST_SECONDS, PATIENCE_SECONDS, ROOT, until

Event = dict[str, object]


def environment(home: Path, **more: str) -> dict[str, str]:
    named = ("LOG_ORIGIN",)  # a data folder has a name for its log of its own
    kept = {
        name: text for name, text in os.environ.items() if not name.endswith("_URL") and name not in named
    }
    return {**kept, "QUANCHENG_HOME": str(home), **more}


class Serving:
    """One run of the command, and what it has said so far."""

    def __init__(self, home: Path, port: int, *words: str, **more: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._log = home.with_suffix(f".{time.monotonic_ns()}.log")
        called = [sys.executable, "quancheng.py", "serve", "--json", "--port", str(port), *words]
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                called,
                cwd=ROOT,
                env=environment(home, **more),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def events(self) -> list[Event]:
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def has_said(self, event: str) -> bool:
        return any(one["event"] == event for one in self.events)

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, event: str) -> Event:
        # At one pace: whoever waits for a step mostly wants to be there while it lasts.
        until(lambda: self.has_said(event) or self.has_ended, self.said, slowest_seconds=FIRST_SECONDS)
        return next(one for one in self.events if one["event"] == event)

    def wait_until_heard(self) -> None:
        """Wait until the command hears the signals: until then the interpreter is starting, and nothing of ours."""
        status = Path(f"/proc/{self.process.pid}/status")
        until(lambda: self.has_ended or _catches(status.read_text(), signal.SIGTERM), self.said)

    def end(self, *signals: signal.Signals) -> int:
        for one in signals:
            self.process.send_signal(one)
        return self.process.wait(timeout=PATIENCE_SECONDS)


def _catches(status: str, one: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal (proc(5), `SigCgt`)."""
    mask = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return bool(int(mask, 16) >> (one - 1) & 1)


@contextmanager
def serving(home: Path, port: int, *words: str, **more: str) -> Iterator[Serving]:
    one = Serving(home, port, *words, **more)
    try:
        yield one
    finally:
        if not one.has_ended:
            one.end(signal.SIGINT)


def left_over(home: Path) -> list[str]:
    """Processes that still name the data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if str(home) in words:
            found.append(words)
    return found
