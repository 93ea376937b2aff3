"""The test stand: the product's real parts on free loopback ports, without root and without Docker.

    python -m tests.stand run -- CMD…      bring everything up, run CMD with its addresses, stop everything
    python -m tests.stand up --state DIR   bring everything up and leave it; prints `export NAME=…` lines
    python -m tests.stand down --state DIR stop what `up` started
    python -m tests.stand stop DIR         stop an embedded PostgreSQL that nobody uses any more

`DATABASE_URL`, `OBJECTS_URL` (with `KEEPER_URL`) and `BROKER_URL` are respected when they are set. A part
that cannot be had is said loudly: tests that need it are skipped with the reason, and under `CI=true` it is
a failure. Every process is recorded by pid and start time: the next start stops what a killed stand left.
"""

import argparse
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from schemas.errors import Unavailable
from storage.setup.embedded import EmbeddedPostgres
from tests.stand.program import MissingPartError, find_binaries, say
from tests.stand.stand import ADDRESSES, ATTACH, ROOT, Stand, temporary_stand
from tests.stand.wait import PATIENCE_SECONDS


def run(command: Sequence[str], *, durable: bool = False, parts: Sequence[str] = tuple(ADDRESSES)) -> int:
    """Bring everything up, run the command with its addresses, stop everything; returns its exit code."""
    signal.signal(signal.SIGTERM, _end)
    with temporary_stand(durable=durable) as stand:
        env = stand.up(parts) | {ATTACH: str(stand.state)}
        child = subprocess.Popen([*command], env={**os.environ, **env})
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal gave it to the child too: let it end in its own way
            return child.wait(PATIENCE_SECONDS)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit 3 when a part is not to be had under `CI=true`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down"):
        verbs.add_parser(verb).add_argument("--state", type=Path, default=ROOT / ".stand")
    verbs.add_parser("stop").add_argument("folder", type=Path)
    runs = verbs.add_parser("run")
    runs.add_argument("--durable", action="store_true", help="PostgreSQL with fsync, for measurements")
    runs.add_argument("--parts", nargs="+", default=list(ADDRESSES), help="besides: second_objects")
    runs.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    try:
        return _obey(asked)
    except (MissingPartError, Unavailable) as why:
        say(str(why))
        return 3


def _obey(asked: argparse.Namespace) -> int:
    if asked.verb == "run":
        words = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
        return run(words, durable=asked.durable, parts=asked.parts)
    if asked.verb == "stop":
        EmbeddedPostgres(find_binaries(), asked.folder).stop()
        return 0
    Stand(asked.state).down()  # `up` begins with a clean folder, whatever a killed one left
    if asked.verb == "up":
        for name, text in Stand(asked.state).up().items():
            print(f"export {name}={shlex.quote(text)}")
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
