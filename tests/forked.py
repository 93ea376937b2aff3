"""The command from a process that has it loaded: a run costs a fork, not an import of everything.

For tests of what the command says and how it ends, a dozen at a time. A run is a process of its own all the same, with
its own environment, output and exit code; that the program itself starts is seen wherever `tests.command` is used.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, NoReturn

from tests.stand import ROOT

LOADED = ("api.app", "quancheng", "quancheng_parts", "workers.doctor", "workers.fsck")


class Forked:
    """The loaded process."""

    def __init__(self, asked: IO[str], told: IO[str]) -> None:
        self._asked = asked
        self._told = told

    def ended(self, words: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run the command to its end; returns its exit code and all that it printed."""
        self._asked.write(json.dumps({"words": words, "environment": dict(environment)}) + "\n")
        self._asked.flush()
        told = json.loads(self._told.readline())
        return told["code"], told["printed"]


@contextmanager
def forked() -> Iterator[Forked]:
    """The command, loaded for the length of a block."""
    words = [sys.executable, "-m", "tests.forked"]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Forked(process.stdin, process.stdout)
        process.stdin.close()


def main() -> None:
    """Load the command; then fork for every line that asks for a run."""
    for name in LOADED:
        __import__(name)
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if child == 0:
                _run(asked["words"], asked["environment"], output.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            printed = output.read().decode()
        print(json.dumps({"code": code, "printed": printed}), flush=True)


def _run(words: list[str], environment: dict[str, str], output: int) -> NoReturn:
    import quancheng  # noqa: PLC0415 - loaded by `main`

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        code = quancheng.main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter ends a program: with a trace, which a test looks for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
