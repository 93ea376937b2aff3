"""Which leaves move the state of a thing, from where and to where: the rows of all nouns' tables, by event.

The fold judges by these rows, and the published catalogue prints them.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.audit import STEPS as AUDIT_STEPS
from schemas.case import OPINION_STEPS
from schemas.case import STEPS as CASE_STEPS
from schemas.certificate import STEPS as CERTIFICATE_STEPS
from schemas.equipment import STEPS as EQUIPMENT_STEPS
from schemas.leaves import LEAVES
from schemas.monitoring import STEPS as MONITORING_STEPS
from schemas.recording import RecordingState
from schemas.rectification import STEPS as RECTIFICATION_STEPS
from schemas.step import Step, Steps


class StateStep(NamedTuple):
    """One row: an event that moves a `noun` from one of `starts` to `end`; no start at all: it begins the thing."""

    event: str
    noun: str
    starts: tuple[str, ...]
    end: str


_TABLES: Mapping[str, Steps[Any, Any, Any]] = MappingProxyType(
    {
        "case": CASE_STEPS,
        "certificate": CERTIFICATE_STEPS,
        "monitoring": MONITORING_STEPS,
        "equipment": EQUIPMENT_STEPS,
        "audit": AUDIT_STEPS,
        "rectification": RECTIFICATION_STEPS,
    }
)


def _event(noun: str, row: Step[Any, Any, Any]) -> str:
    """Return the event of a step: opinions are a round's, and of a record their leaf says what they did."""
    if noun == "monitoring":
        return row.logs
    return f"{'review' if row.name in OPINION_STEPS and noun == 'case' else noun}:{row.name}"


def _of_tables() -> Iterable[StateStep]:
    for noun, table in _TABLES.items():
        for row in table:
            starts = tuple(state for state in type(row.end) if state in row.starts)
            yield StateStep(_event(noun, row), noun, starts, row.end)


def _of_beginnings() -> Iterable[StateStep]:
    """What begins a thing says in its leaf to which state; a record is begun by its batch, which has no state."""
    for (event, _), kind in LEAVES.items():
        noun = kind.spec.noun
        if noun in _TABLES and (kind.spec.opens or event == "rectification:raise"):
            yield StateStep(event, noun, (), _TABLES[noun].begin.state)


def _of_recordings() -> Iterable[StateStep]:
    yield StateStep("recording:receive", "recording", (), RecordingState.RECEIVED)
    for verb, end in (("seal", RecordingState.SEALED), ("quarantine", RecordingState.QUARANTINED)):
        yield StateStep(f"recording:{verb}", "recording", (RecordingState.RECEIVED,), end)


def _of_exports() -> Iterable[StateStep]:
    yield StateStep("export:request", "export", (), "building")
    yield StateStep("export:build", "export", ("building",), "ready")
    yield StateStep("export:fail", "export", ("building",), "failed")


def _by_event() -> dict[str, tuple[StateStep, ...]]:
    found: dict[str, tuple[StateStep, ...]] = {}
    for rows in (_of_beginnings(), _of_tables(), _of_recordings(), _of_exports()):
        for row in rows:
            found[row.event] = (*found.get(row.event, ()), row)
    return found


STATE_STEPS: Mapping[str, tuple[StateStep, ...]] = MappingProxyType(_by_event())
"""Event → its rows."""
