"""Run every injector and print the table: `python -m tests.tamper [NUMBER …]` on the stand, `--table en|zh` without.

A class counts as named only where its injector ran in this run, the code that it declares was in the output of the tool,
and the same tool had no fault with what nobody had tampered with. Anything else ends the command with 1.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from tests.tamper.asking import limits_of
from tests.tamper.classes import CLASSES
from tests.tamper.ground import Ground, prepared
from tests.tamper.table import (
    Naming,
    Probe,
    TamperClass,
    Unseen,
    counted,
    limits_of_product,
    markdown,
    row_of,
)


def main(words: list[str]) -> int:
    """Returns 0 where every injector that was run was named as declared."""
    parser = argparse.ArgumentParser(
        prog="tests.tamper", description="Tamper with the stack and see what names it."
    )
    parser.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="these classes alone")
    parser.add_argument(
        "--table", choices=("en", "zh"), help="print the table as the README has it, and run nothing"
    )
    args = parser.parse_args(words)
    if args.table:
        print(markdown(CLASSES, limits_of_product(), args.table), end="")
        return 0
    wanted = [one for one in CLASSES if not args.numbers or one.number in args.numbers]
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-tamper-") as folder,
        apart(Path(folder) / "log") as out,
        prepared(Path(folder)) as ground,
    ):
        return run(ground, wanted, out)


@contextmanager
def apart(log: Path) -> Iterator[TextIO]:
    """What the product's processes and commands say goes to a file; yields where the table goes."""
    kept = [os.dup(one) for one in (1, 2)]
    with log.open("wb") as file, os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        try:
            for one in (1, 2):
                os.dup2(file.fileno(), one)
            yield out
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for one, before in zip((1, 2), kept, strict=True):
                os.dup2(before, one)
                os.close(before)


def run(ground: Ground, wanted: list[TamperClass], out: TextIO) -> int:
    """Run the injectors of these classes, print what came of each, and return the exit code."""
    limits = limits_of(ground.package, ground.trust)
    broken = 0
    tell = partial(print, sep="\n", flush=True, file=out)
    for one in wanted:
        said = [_said(ground, naming) for naming in one.named]
        said += [] if one.silent is None else [_silent(ground, one.silent)]
        said += [f"the package does not say {one.rest.limit}"] if _is_unsaid(one, limits) else []
        wrong = [each for each in said if each]
        broken += bool(wrong)
        cells = row_of(one, limits) if not _is_unsaid(one, limits) else (str(one.number), one.words.en)
        tell(f"{'✗' if wrong else '✓'} {' | '.join(cells)}", *(f"    ✗ {each}" for each in wrong))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in counted(wanted).items() if count)
    tell(f"\n{len(wanted)} classes: {counts}; {broken} not as declared")
    return 1 if broken else 0


def _is_unsaid(one: TamperClass, limits: dict[str, object]) -> bool:
    return isinstance(one.rest, Unseen) and one.rest.limit.value not in limits


def _said(ground: Ground, naming: Naming) -> str:
    """What is wrong with a naming that was held to the stack; nothing where it names."""
    try:
        seen = naming.probe(ground)
    except Exception as err:  # noqa: BLE001 - one injector that breaks must not hide what the others come to
        return f"{naming.said}: the injector broke: {type(err).__name__}: {err}"
    if seen.names(naming.code):
        return ""
    return f"{naming.said}: control {sorted(seen.control)}, found {sorted(seen.found)}"


def _silent(ground: Ground, probe: Probe) -> str:
    """What names a tampering that is declared to be named by nothing; nothing where that is so."""
    try:
        seen = probe(ground)
    except Exception as err:  # noqa: BLE001 - as above
        return f"the injector broke: {type(err).__name__}: {err}"
    return f"it is seen after all: {sorted(seen.found)}" if seen.found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
