"""No test passes or fails by the clock: every wait polls, with one patience that a busy machine does not use up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = frozenset({"sleep", "monotonic", "perf_counter"})
MAY_LOOK = {
    "compose_walk.py": "says how long each step took, and judges nothing by it",
    "corpus/__main__.py": "says how long it took, and judges nothing by it",
    "cuts.py": "says how long it took, and judges nothing by it",
    "interrupts.py": "the moment of an interrupt is random, what holds after it is not",
    "race.py": "says how long it took, and judges nothing by it",
    "server.py": "waits for as long as the server's thread lives",
    "stand/wait.py": "the one place that polls",
    "integration/test_api_places.py": "a sender that is slow on purpose",
    "integration/test_objects_crash.py": "a store that pauses on purpose",
    "integration/test_workers_real.py": "the moment of a kill is any, what holds after it is not",
}
FILES = {str(path.relative_to(TESTS)): path for path in sorted(TESTS.rglob("*.py"))}


def faults(text: str, *, may_look: bool) -> Iterator[str]:
    """What in a test depends on how fast a machine is."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            said = ast.unparse(node.func)
            yield from (f"{said} {fault}" for fault in _of_call(node, said, may_look=may_look))


def _of_call(call: ast.Call, said: str, *, may_look: bool) -> Iterator[str]:
    named = {one.arg: one.value for one in call.keywords}
    verb = said.rpartition(".")[2]
    asked = call.args[:1] if verb in {"wait", "result"} else []
    is_real = "transport" not in named  # a made-up transport answers at once
    if is_real and any(map(_is_number, [*asked, *(named[one] for one in {"timeout"} & named.keys())])):
        yield "waits by a number of its own"
    if is_real and said in {"httpx.Client", "httpx.get", "httpx.post"} and "timeout" not in named:
        yield "gives up after five seconds"
    if "deadline" in named and not _is_none(named["deadline"]):
        yield "has a deadline"
    if verb in CLOCKS and not said.startswith("asyncio") and not may_look:
        yield "looks at the clock"


def _is_number(node: ast.expr) -> bool:
    """A number of seconds; a fraction of one is the pace of a poll, not its end."""
    return isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value >= 1


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


@pytest.mark.parametrize("name", FILES)
def test_no_test_looks_at_the_clock(name: str) -> None:
    """A wait has the patience of `tests.stand`, a client too; who looks at the clock has a reason."""
    text = FILES[name].read_text(encoding="utf-8")

    assert list(faults(text, may_look=name in MAY_LOOK)) == []


def test_the_reader_sees_what_it_looks_for() -> None:
    """Each kind of fault, planted, is seen."""
    planted = (
        "process.wait(10)\nsubprocess.run(words, timeout=60)\nhttpx.get(url)\ntime.sleep(1)\n"
        "settings(deadline=200)\nfuture.result(5)"
    )
    assert len(list(faults(planted, may_look=False))) == 6
    assert (
        list(faults("process.wait(PATIENCE_SECONDS)\nrun(x, timeout=PATIENCE_SECONDS)", may_look=False)) == []
    )
