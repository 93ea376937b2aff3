"""Facts to be proven (待证事实) and the evidence that proves them.

Administrative Penalty Law (2021) art. 40: facts must be established; art. 46: evidence must be verified.
"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.acceptance import AcceptanceGround
from schemas.base import Frozen, WireIn
from schemas.ids import FactId, MonitoringId, RecordingId
from schemas.integrity import Verdict
from schemas.recording import RecordingState


def _subject(recording_id: RecordingId | None, monitoring_id: MonitoringId | None) -> str:
    return f"recording/{recording_id}" if recording_id else f"monitoring/{monitoring_id}"


class FactIn(WireIn):
    """A fact to be proven, in the handler's words."""

    text: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class ProofIn(WireIn):
    """One piece of evidence that is linked to the case: a recording or a monitoring record."""

    recording_id: RecordingId | None = None
    monitoring_id: MonitoringId | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.recording_id is None) is (self.monitoring_id is None):
            raise ValueError("a proof names a recording or a monitoring record")
        return self

    @property
    def subject(self) -> str:
        """`noun/uuid`, as leaves and findings name it."""
        return _subject(self.recording_id, self.monitoring_id)


class AcceptanceWhy(WireIn):
    """Why somebody accepts evidence that its checks alone do not carry (art. 46)."""

    ground: AcceptanceGround
    text: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class AcceptanceIn(AcceptanceWhy):
    """Which recording is accepted as evidence of a fact, and why."""

    recording_id: RecordingId


class Acceptance(Frozen):
    """An acceptance as kept: by whom, why, and of which verdict."""

    ground: AcceptanceGround
    text: str
    verdict: Verdict
    accepted_by: str
    accepted_at: datetime


class Proof(Frozen):
    """Evidence of a fact: it `holds` while it is linked, and sealed and verified or accepted, or valid."""

    recording_id: RecordingId | None
    monitoring_id: MonitoringId | None
    name: str
    state: str
    verdict: str
    is_linked: bool
    holds: bool
    added_at: datetime
    acceptance: Acceptance | None = None

    @property
    def concluded(self) -> Verdict | None:
        """What the checks of a recording came to; nothing for a monitoring record."""
        return Verdict(self.verdict) if self.verdict else None

    @property
    def may_be_accepted(self) -> bool:
        """Its bytes stand, and only a person's word is missing."""
        is_sealed = self.recording_id is not None and self.state == RecordingState.SEALED
        return is_sealed and self.is_linked and not self.holds

    @property
    def subject(self) -> str:
        """`noun/uuid`, as leaves and findings name it."""
        return _subject(self.recording_id, self.monitoring_id)


class Fact(Frozen):
    """A fact to be proven with what proves it now."""

    id: FactId
    position: int
    text: str
    added_at: datetime
    proofs: tuple[Proof, ...]

    @property
    def is_proven(self) -> bool:
        """At least one piece of its evidence holds."""
        return any(proof.holds for proof in self.proofs)
