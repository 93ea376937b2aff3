"""One table of steps per noun: machine, storage and console read it, and nobody keeps another."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import CheckConstraint, Table

from schemas import (
    audit,
    case,
    device,
    equipment,
    export,
    leaves_recording,
    manifest,
    monitoring,
    recording,
    rectification,
    review,
    upload,
)
from schemas.errors import Conflict, EvidenceError, Gone, Refused
from schemas.policy import Action
from schemas.step import Begin, Step, Steps
from storage.tables.audit import audits
from storage.tables.case import cases
from storage.tables.device import devices
from storage.tables.equipment import equipment as equipment_table
from storage.tables.export import exports
from storage.tables.monitoring import monitoring_records
from storage.tables.recording import manifests, recordings, uploads
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
    "recording": Noun(recording.STEPS, recording.RecordingState, recording.RecordingStep, recordings),
    "upload": Noun(upload.STEPS, upload.UploadState, upload.UploadStep, uploads),
    "export": Noun(export.STEPS, export.ExportState, export.ExportStep, exports),
    "device": Noun(device.STEPS, device.DeviceState, device.DeviceStep, devices),
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
        with pytest.raises((Conflict, Gone, Refused)):
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
    assert dated <= set(noun.table.columns.keys())
    if "state" in noun.table.columns:
        assert allowed_states(noun.table) == {state.value for state in noun.states}


def allowed_states(table: Table) -> set[str]:
    """What the table's own constraint lets into its column `state`."""
    (rule,) = (one for one in table.constraints if one.name == f"ck_{table.name}_state")
    assert isinstance(rule, CheckConstraint)
    return set(re.findall(r"'(\w+)'", str(rule.sqltext)))


def test_a_manifest_is_declared_or_refused_for_good() -> None:
    """A manifest has two beginnings and no step: each has its leaf, its time column and its place in the table."""
    begins = {
        manifest.ManifestState.DECLARED: leaves_recording.ManifestDeclare,
        manifest.ManifestState.REFUSED: leaves_recording.ManifestRefuse,
    }
    assert begins.keys() == set(manifest.ManifestState)
    assert allowed_states(manifests) == {state.value for state in manifest.ManifestState}
    for kind in begins.values():
        assert kind.spec.noun == "manifest"
        assert kind.spec.columns["at"].removeprefix("manifests.") in manifests.columns


@every_noun
def test_every_event_says_one_step(noun: Noun) -> None:
    """Two steps of a noun never enter the log under one event with one state after it, which the leaf states too."""
    events = [(row.event, row.end) for row in noun.steps if row.event is not None]

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
    with pytest.raises(LookupError):
        _ = Step(name=export.ExportStep.FAIL, starts=frozenset(), end=export.ExportState.FAILED).logs
    with pytest.raises(LookupError):
        _ = Begin(export.ExportState.BUILDING).logs


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


def bare_states(source: str) -> Iterator[int]:
    """Lines on which a state is named by a text: compared, looked for, or written."""
    for node in ast.walk(ast.parse(source)):
        written = isinstance(node, ast.keyword) and node.arg == "state" and _texts(node.value)
        compared = (
            isinstance(node, ast.Compare) and _is_state(node.left) and any(map(_texts, node.comparators))
        )
        sought = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _is_state(node.func.value)
            and any(map(_texts, node.args))
        )
        kept = isinstance(node, ast.Dict) and any(
            isinstance(key, ast.Constant) and key.value == "state" and _texts(value)
            for key, value in zip(node.keys, node.values, strict=True)
        )
        if written or compared or sought or kept:
            yield getattr(node, "lineno", 0)


def _is_state(node: ast.AST) -> bool:
    named = isinstance(node, ast.Attribute) and node.attr == "state"
    looked_up = (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == "state"
    )
    return named or looked_up


def _texts(node: ast.AST) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(_texts, node.elts))
    if isinstance(node, ast.IfExp):
        return _texts(node.body) or _texts(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_no_state_is_named_by_a_text() -> None:
    """Storage, workers and the API name a state by its enum: a word that no enum has cannot be written or sought."""
    planted = (
        "f(state='open')\nx.state == 'open'\nt.c.state.in_(('a',))\n{'state': 'open'}\nrow['state'] != 'a'"
    )
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("storage", "workers", "api")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
        for line in bare_states(path.read_text(encoding="utf-8"))
    ]

    assert len(list(bare_states(planted))) == 5
    assert found == []
