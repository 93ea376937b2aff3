"""CPU seconds and peak memory of processes and all their children, read from /proc."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """Samples named process trees; `cpu_seconds` and `peak_rss_mb` are per process."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots
        self._stop = threading.Event()
        self.cpu_seconds: dict[str, float] = {}
        self.peak_rss_mb: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._sample()
            if self._stop.wait(0.2):
                self._sample()
                return

    def _sample(self) -> None:
        children: dict[int, list[int]] = {}
        stats: dict[int, tuple[str, float]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (one := _stat(entry)) is not None:
                parent, command, cpu = one
                children.setdefault(parent, []).append(int(entry.name))
                stats[int(entry.name)] = (command, cpu)
        for name, root in self._roots.items():
            for pid in _tree(root, children):
                if pid in stats:
                    self._note(
                        f"{name}:{'decoder' if 'sandbox.child' in _command(pid) else pid}", pid, stats[pid][1]
                    )

    def _note(self, label: str, pid: int, cpu: float) -> None:
        key = f"{label}/{pid}"
        self._first.setdefault(key, cpu)
        self.cpu_seconds[key] = cpu - self._first[key]
        self.peak_rss_mb[key] = max(self.peak_rss_mb.get(key, 0), _peak(pid))


def _tree(root: int, children: Mapping[int, list[int]]) -> list[int]:
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def _stat(entry: Path) -> tuple[int, str, float] | None:
    try:
        fields = (entry / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return int(fields[1]), "", (int(fields[11]) + int(fields[12])) / TICK


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _peak(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
