"""Which events move the state of a thing, from where and to where: one row for each, joined from the nouns' tables.

The fold judges by these rows, and the published catalogue prints them; storage moves rows by the nouns' own.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from schemas.audit import STEPS as AUDIT_STEPS
from schemas.audit import AuditState
from schemas.case import OPINION_STEPS, CaseState
from schemas.case import STEPS as CASE_STEPS
from schemas.equipment import EquipmentState, EquipmentStep
from schemas.equipment import state_after as equipment_after
from schemas.errors import TransitionRefused
from schemas.monitoring import MonitoringState
from schemas.recording import RecordingState
from schemas.rectification import RectificationState, RectificationStep, rectification_after


class StateStep(NamedTuple):
    """An event that moves the state of a `noun`: no start at all means that it begins the thing."""

    event: str
    noun: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]


def _of_cases() -> Iterable[StateStep]:
    yield StateStep("case:open", "case", (), (CaseState.LEAD,))
    for step, (start, end) in CASE_STEPS.items():
        noun = "review" if step in OPINION_STEPS else "case"
        yield StateStep(f"{noun}:{step}", "case", (start,), (end,))


def _of_recordings() -> Iterable[StateStep]:
    yield StateStep("recording:receive", "recording", (), (RecordingState.RECEIVED,))
    for event, end in (("seal", RecordingState.SEALED), ("quarantine", RecordingState.QUARANTINED)):
        yield StateStep(f"recording:{event}", "recording", (RecordingState.RECEIVED,), (end,))


def _of_monitoring() -> Iterable[StateStep]:
    starts = (MonitoringState.RECEIVED, MonitoringState.REVIEWING)
    ends = (MonitoringState.REVIEWING, MonitoringState.VALID, MonitoringState.INVALID)
    yield StateStep("monitoring:opine", "monitoring", starts, ends)


def _of_equipment() -> Iterable[StateStep]:
    yield StateStep("equipment:register", "equipment", (), (EquipmentState.IN_SERVICE,))
    for step in EquipmentStep:
        found = [(start, end) for start in EquipmentState if (end := _equipment_after(start, step))]
        for start, end in found:
            yield StateStep(f"equipment:{step}", "equipment", (start,), (end,))


def _equipment_after(start: EquipmentState, step: EquipmentStep) -> EquipmentState | None:
    try:
        return equipment_after(start, step)
    except TransitionRefused:
        return None


def _of_audits() -> Iterable[StateStep]:
    yield StateStep("audit:define", "audit", (), (AuditState.DEFINED,))
    for step, (start, end) in AUDIT_STEPS.items():
        yield StateStep(f"audit:{step}", "audit", (start,), (end,))


def _of_rectifications() -> Iterable[StateStep]:
    yield StateStep("rectification:raise", "rectification", (), (RectificationState.RAISED,))
    for step in RectificationStep:
        pairs = [(start, end) for start in RectificationState if (end := _mended(start, step))]
        yield StateStep(
            f"rectification:{step}",
            "rectification",
            tuple(start for start, _ in pairs),
            tuple(dict.fromkeys(end for _, end in pairs)),
        )


def _mended(start: RectificationState, step: RectificationStep) -> RectificationState | None:
    try:
        return rectification_after(start, step)
    except TransitionRefused:
        return None


STATE_STEPS: Mapping[str, StateStep] = MappingProxyType(
    {
        step.event: step
        for steps in (
            _of_cases(),
            _of_recordings(),
            _of_monitoring(),
            _of_equipment(),
            _of_audits(),
            _of_rectifications(),
            (StateStep("export:build", "export", ("building",), ("ready",)),),
            (StateStep("export:fail", "export", ("building",), ("failed",)),),
        )
        for step in steps
    }
)
"""Event → the step it is."""
