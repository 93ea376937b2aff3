"""The tools as an outsider runs them: each ends in the set of stable codes that it gave."""

import argparse
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from mobile_contract.client import monitor, redraw, verify
from schemas.errors import EvidenceError
from schemas.words import Words

AT_ONCE = ("--once", "--patience", "0", "--json")


def told(command: ModuleType, *words: str) -> tuple[int, str]:
    """Run a command of the product with these words; returns its exit code and what it printed."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with redirect_stdout(io.StringIO()) as printed:
        code: int = command.run(parser.parse_args(words))
    return code, printed.getvalue()


def verified(package: Path, trust: Path, *words: str) -> frozenset[str]:
    """The code of every claim that `quancheng verify` found broken; none where it says that the package holds."""
    code, said = _verified(package, trust, *words)
    broken = frozenset(one["code"] for one in said["claims"] if _is_broken(one))
    assert (code == 0) is not bool(broken), (code, broken)
    return broken


def _is_broken(claim: dict[str, Any]) -> bool:
    return claim["outcome"] == "mismatch" or (claim["is_required"] and claim["outcome"] != "verified")


def limits_of(package: Path, trust: Path) -> dict[str, Words]:
    """What `quancheng verify` prints of this package as not proven: slug → sentence."""
    _, said = _verified(package, trust)
    return {one["slug"]: Words(one["zh"], one["en"]) for one in said["not_proven"]}


def _verified(package: Path, trust: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code, printed = told(verify, str(package), "--trust", str(trust), "--json", *words)
    found: dict[str, Any] = json.loads(printed)
    return code, found


def monitored(url: str, state: Path, trust: Path) -> frozenset[str]:
    """How `quancheng monitor` calls what it saw of a log at one look; nothing where that goes on from what it knew."""
    code, printed = told(monitor, url, "--state", str(state), "--trust", str(trust), *AT_ONCE)
    events = [json.loads(line) for line in printed.splitlines()]
    problems = frozenset(one["problem"] for one in events if one.get("problem"))
    assert (code == 0) is not bool(problems), (code, printed)
    return problems


def redrawn(draw: Path, trust: Path) -> frozenset[str]:
    """The code of every claim that `quancheng redraw` found broken."""
    code, printed = told(redraw, str(draw), "--trust", str(trust), "--json")
    broken = frozenset(one["code"] for one in json.loads(printed)["claims"] if one["outcome"] == "mismatch")
    assert (code == 0) is not bool(broken), printed
    return broken


def refused(act: Callable[[], object]) -> frozenset[str]:
    """The slug by which the product refuses an act; none where it does not."""
    try:
        act()
    except EvidenceError as err:
        return frozenset({err.slug})
    return frozenset()
