"""One table of steps per noun: machine, storage and console read it, and nobody keeps another."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import CheckConstraint, Table

from schemas import audit, case, equipment, monitoring, rectification, review
from schemas.actor import Action
from schemas.errors import AlreadySealed, EvidenceError, Gone, TransitionRefused
from schemas.step import Steps
from storage.tables.audit import audits
from storage.tables.case import cases
from storage.tables.equipment import equipment as equipment_table
from storage.tables.monitoring import monitoring_records
from storage.tables.rectification import rectifications
from storage.tables.review import reviews

ROOT = Path(__file__).resolve().parents[2]


class Noun(NamedTuple):
    """A noun's steps, its states, its step names, and the table that keeps it."""

    steps: Steps[Any, Any, Any]
    states: type[StrEnum]
    names: type[StrEnum]
    table: Table


NOUNS = {
    "case": Noun(case.STEPS, case.CaseState, case.CaseStep, cases),
    "review": Noun(review.STEPS, review.ReviewState, review.OpinionWord, reviews),
    "monitoring": Noun(
        monitoring.STEPS, monitoring.MonitoringState, monitoring.MonitoringStep, monitoring_records
    ),
    "audit": Noun(audit.STEPS, audit.AuditState, audit.AuditStep, audits),
    "rectification": Noun(
        rectification.STEPS,
        rectification.RectificationState,
        rectification.RectificationStep,
        rectifications,
    ),
    "equipment": Noun(equipment.STEPS, equipment.EquipmentState, equipment.EquipmentStep, equipment_table),
}
PAIRS = [
    pytest.param(noun, state, name, id=f"{key}-{state}-{name}")
    for key, noun in NOUNS.items()
    for state in noun.states
    for name in noun.names
]
every_noun = pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)


@pytest.mark.parametrize(("noun", "state", "name"), PAIRS)
def test_machine_and_offer_agree(noun: Noun, state: StrEnum, name: StrEnum) -> None:
    """A step starts where its row says and nowhere else; what the console offers is what may start, by permission."""
    row = noun.steps[name]
    offered = noun.steps.offered(state, lambda _: True)
    if state not in row.starts:
        with pytest.raises((TransitionRefused, AlreadySealed, Gone)):
            noun.steps.start(state, name)
        assert row not in noun.steps.possible(state)
        assert row not in offered
        return
    assert noun.steps.start(state, name) is row
    assert row in noun.steps.possible(state)
    assert (row in offered) is (row.action is not None)
    assert row not in noun.steps.offered(state, lambda action: action is not row.action)


@every_noun
def test_every_step_has_a_row_and_every_state_is_reached(noun: Noun) -> None:
    """No step is without a row, no state is an island, and a row without a gate leads to its end."""
    reached = {begin.state for begin in noun.steps.begins}
    while onward := {row.end for row in noun.steps if row.starts & reached} - reached:
        reached |= onward

    assert {row.name for row in noun.steps} == set(noun.names)
    assert reached == set(noun.states)
    for row in noun.steps:
        if row.gate is None:
            assert {noun.steps.after(state, row.name, None) for state in row.starts} == {row.end}


@every_noun
def test_storage_can_keep_what_the_rows_say(noun: Noun) -> None:
    """Every time column stands in the noun's table, and the table allows exactly the noun's states."""
    dated = {row.dated for row in (*noun.steps, *noun.steps.begins)} - {None}
    allowed = next(
        str(one.sqltext)
        for one in noun.table.constraints
        if isinstance(one, CheckConstraint) and one.name == f"ck_{noun.table.name}_state"
    )

    assert dated <= set(noun.table.columns.keys())
    assert set(re.findall(r"'(\w+)'", allowed)) == {state.value for state in noun.states}


@every_noun
def test_every_event_says_one_step(noun: Noun) -> None:
    """Two steps of a noun never enter the log under one event."""
    events = [row.event for row in noun.steps if row.event is not None]

    assert len(events) == len(set(events))
    assert all(isinstance(row.asks, Action) for row in noun.steps if row.action is not None)


def test_a_gate_answers_why_not() -> None:
    """What forbids a step is told before anybody tries it, and nothing is told of a step that may be taken."""
    bare, ready = case.CaseFacts(), case.CaseFacts(facts=1)
    closed, submit = case.CaseState.INVESTIGATION_CLOSED, case.CaseStep.SUBMIT

    why = case.STEPS.why_not(closed, submit, bare)
    assert isinstance(why, EvidenceError)
    assert why.slug == "case-facts-missing"
    assert case.STEPS.why_not(closed, submit, ready) is None
    assert case.STEPS.why_not(case.CaseState.LEAD, submit, ready) is not None


def test_a_step_of_the_system_asks_nobody() -> None:
    """Asking a step for a permission or an event that it does not have is a fault of ours, not a silent None."""
    row = monitoring.STEPS[monitoring.MonitoringStep.OPINE]

    with pytest.raises(LookupError):
        _ = row.asks


def second_tables(source: str, kinds: set[str]) -> Iterator[int]:
    """Lines on which a mapping leads from a state or a step to an event or an action."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                leads = {one.value.id for one in ast.walk(value) if _is_member(one)}
                if (
                    key is not None
                    and _is_member(key)
                    and key.value.id in kinds
                    and leads & {"Event", "Action"}
                ):
                    yield node.lineno


def _is_member(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def test_nobody_keeps_a_second_table() -> None:
    """No module of storage, workers or the console leads from a step or a state to an event or a permission itself."""
    kinds = {kind.__name__ for noun in NOUNS.values() for kind in (noun.states, noun.names)}
    planted = "X = {CaseStep.FILE: Event.CASE_FILE}"
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("storage", "workers", "api", "mobile_contract")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in second_tables(path.read_text(encoding="utf-8"), kinds)
    ]

    assert list(second_tables(planted, kinds)) == [1]
    assert found == []
