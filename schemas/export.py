"""The export of a case: asked for by a person, built and ended by the exporter. What a package holds: `package`."""

from enum import StrEnum

from schemas.event import Event
from schemas.refusals_export import EXPORT_NOT_READY
from schemas.step import Begin, Step, Steps


class ExportState(StrEnum):
    """building → ready | failed."""

    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class ExportStep(StrEnum):
    """What ends the building of a package."""

    BUILD = "build"
    FAIL = "fail"


STEPS: Steps[ExportStep, ExportState, None] = Steps(
    begins=(Begin(ExportState.BUILDING, Event.EXPORT_REQUEST, dated="created_at"),),
    refused=EXPORT_NOT_READY,
    rows=(
        Step(
            name=ExportStep.BUILD,
            starts=frozenset({ExportState.BUILDING}),
            end=ExportState.READY,
            event=Event.EXPORT_BUILD,
            dated="ready_at",
        ),
        Step(
            name=ExportStep.FAIL,
            starts=frozenset({ExportState.BUILDING}),
            end=ExportState.FAILED,
            event=Event.EXPORT_FAIL,
        ),
    ),
)
"""Nobody takes these steps by hand: the exporter ends what was asked for."""
