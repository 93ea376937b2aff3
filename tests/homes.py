"""Data folders as a first start leaves them: made once in a run, copied for every test that begins after it.

What makes one is the product alone, by its own command; nothing is kept from one run to the next. A folder is copied
only after the command has ended and nothing names it any more, so a copy is what a second start finds on disk.
"""

import fcntl
import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.command import left_over, serving
from tests.stand import free_port


class Homes:
    """The made folders of one run, below a folder that its test processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._founded = folder / "founded"
        self._filled = folder / "filled"

    def founded(self, home: Path) -> None:
        """Put a home where the demo's people are made, and nobody was told or has handed in anything."""
        with self._alone():
            self._make_founded()
        _copy(self._founded, home)

    def filled(self, home: Path) -> dict[str, str]:
        """Put a home where the demo's recordings are in and verified; returns login → password as it was printed."""
        with self._alone():
            self._make_filled()
        _copy(self._filled, home)
        return dict(json.loads(_printed(self._filled).read_text(encoding="utf-8")))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Whoever comes first makes it, the other test processes wait."""
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_founded(self) -> None:
        _make(self._founded, lambda _: None, until="demo")

    def _make_filled(self) -> None:
        self._make_founded()
        _make(self._filled, lambda home: _copy(self._founded, home), until="demo_sent")


def _make(made: Path, begin: Callable[[Path], None], *, until: str) -> None:
    """Serve from where `begin` puts a home until it says so; what is half made never gets the name."""
    if made.exists():
        return
    home = made.with_suffix(".new")
    shutil.rmtree(home, ignore_errors=True)
    begin(home)
    with serving(home, free_port()) as one:
        one.wait_for(until)
        assert one.end(signal.SIGINT) == 0, one.said()
    assert left_over(home) == []
    printed = {str(said["login"]): said["password"] for said in one.events if said["event"] == "login"}
    _printed(made).write_text(json.dumps(printed), encoding="utf-8")
    home.rename(made)


def _printed(made: Path) -> Path:
    return made.with_suffix(".json")


def _copy(made: Path, home: Path) -> None:
    # By `cp`: owner and mode stay as they are, and where the file system can share blocks, nothing is copied.
    subprocess.run(["cp", "-a", "--reflink=auto", str(made), str(home)], check=True)
