"""The signer of `quancheng serve`: a process of its own that alone reads the log's key (`workers.signing` starts it).

    argv     the data folder
    stdin    one line: where database and evidence store are, and what the log is called; then nothing. Its end is the
             word to end, so it outlives no server, however that ends.
    stdout   one line: that it signs, or the refusal that keeps it from it. Its logs go to stderr.

It has what the scheduler of a deployment has: log, leases, trail and looks in one loop, publications in another. No signal
ends it: a terminal and a supervisor send theirs to the server, and the server says when.
"""

import json
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import ValidationError

from schemas.act import Process
from schemas.errors import EvidenceError
from schemas.refusals_command import SETTING_UNREADABLE
from storage.outbox import JobKind
from storage.settings import StorageSettings, is_set, unreadable
from storage.setup.home import SIGNER_KEYS, Home
from storage.setup.writer import check_writer
from storage.store import Store
from storage.telemetry import configure
from workers.loop import Loops
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings

log = structlog.get_logger()

_BLOCK_BYTES: Final = 4096


def main() -> int:
    """Sign until stdin ends; 1 where a loop ended by itself, or the start was refused."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    configure()
    told = sys.stdin.buffer.readline()
    if not told:
        return 0
    try:
        store = _opened(Home(Path(sys.argv[1])), json.loads(told))
        check_writer(store, Process.SIGNER, announces=True)
    except EvidenceError as err:
        _say(problem=err.slug, detail=err.detail)
        return 1
    except ValueError as err:  # of ours: it names a setting, never a value
        _say(problem=SETTING_UNREADABLE.slug, detail=f"设置无法读取 a setting cannot be read: {err}")
        return 1
    return _sign(store)


def _opened(home: Home, told: dict[str, Any]) -> Store:
    keys = {name: seed for name, seed in home.keys(SIGNER_KEYS).items() if not is_set(name.upper())}
    try:
        chosen: dict[str, Any] = {"quancheng_home": home.path, **keys, **told}
        return Store(StorageSettings(**chosen))
    except ValidationError as err:
        raise SETTING_UNREADABLE(f"设置无法读取 a setting cannot be read: {unreadable(err)}") from None


def _sign(store: Store) -> int:
    stop, ended = threading.Event(), threading.Event()

    def end(name: str) -> None:
        log.critical("loop_ended", loop=name)
        ended.set()
        stop.set()

    scheduler = Scheduler(store, WorkersSettings(), _hint)
    loops = Loops(stop, end)
    loops.add("scheduler", partial(scheduler.run, stop))
    loops.add("publisher", partial(scheduler.run_publishing, stop))
    loops.start()
    threading.Thread(target=_hear_the_end, args=(stop,), daemon=True).start()
    _say(is_ready=True)
    stop.wait()
    loops.join()
    store.close()
    return 1 if ended.is_set() else 0


def _hint(kind: JobKind) -> None:
    """Nobody drains jobs here: what is returned is looked for where they are."""


def _hear_the_end(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), _BLOCK_BYTES):
        pass
    stop.set()


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
