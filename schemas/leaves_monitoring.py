"""Leaves of monitoring records: batches as they arrive, opinions, attempts to tell the party."""

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import Act, Element, Spec
from schemas.actor import Role
from schemas.equipment import EquipmentKind
from schemas.members import Digest256, LeafDigest, Ordinal, Root, Time
from schemas.monitoring import (
    InvalidReason,
    MonitoringState,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewStage,
)
from schemas.opening import SaltedText
from schemas.reference import AgencyReference, RecordingReference
from schemas.words import Words


class IntakeReceive(Act):
    """A batch of a source: `root` over its rows proves each; ids of its records follow from this leaf."""

    spec: ClassVar = Spec(
        event="intake:receive",
        chains=("source",),
        roles=frozenset({Role.SOURCE}),
        words=Words("接收非现场监管记录", "Monitoring records received"),
        follows="equipment is bound to the source",
        columns={
            "subject": "intakes.id monitoring_records.intake_id",
            "agency": "intakes.agency_id monitoring_records.agency_id",
            "actor": "intakes.source_id",
            "seq": "intakes.seq",
            "sha256": "intakes.sha256 intakes.payload",
            "signature_sha256": "intakes.signature",
            "rows": "intakes.rows",
            "root": "monitoring_records.raw",
            "due_at": "monitoring_records.due_at",
            "at": "intakes.received_at monitoring_records.received_at",
        },
    )
    agency: AgencyReference
    seq: Ordinal
    sha256: Digest256
    signature_sha256: Digest256
    rows: Ordinal
    root: Root
    due_at: Time


class CertificateKinds(Element):
    """The kinds of equipment that need a verification certificate from a time on; without a time before all others."""

    since: Time | None = None
    kinds: tuple[EquipmentKind, ...] = Field(max_length=len(EquipmentKind))


class IntakeReceiveRuled(IntakeReceive):
    """As version 1, where `certificates` is by which lists the gate of its rows was asked at their captures.

    Version 1 was asked of a certificate whatever the kind.
    """

    spec: ClassVar = replace(
        IntakeReceive.spec,
        ev=2,
        columns={**IntakeReceive.spec.columns, "certificates": "monitoring_records.gate_faults"},
    )
    certificates: tuple[CertificateKinds, ...] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [one.since for one in self.certificates[1:]]
        if self.certificates[0].since is not None or None in times:
            raise ValueError("the first list alone holds since ever")
        if times != sorted(set(filter(None, times))):
            raise ValueError("lists stand in order of their times")
        return self


class MonitoringOpine(Act):
    """One of the two people who look at a record says what they think of it."""

    spec: ClassVar = Spec(
        event="monitoring:opine",
        chains=("monitoring",),
        roles=frozenset({Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER}),
        versions=("monitoring",),
        words=Words("给出审核意见", "Opinion given"),
        follows="no opinion of this stage or this person stands, none ended it, its recordings are sealed",
        columns={
            "stage": "monitoring_opinions.stage",
            "opinion": "monitoring_opinions.opinion",
            "reason_code": "monitoring_opinions.reason_code",
            "reason": "monitoring_opinions.reason",
            "actor": "monitoring_opinions.reviewer_id",
            "at": "monitoring_opinions.given_at monitoring_records.concluded_at",
            "to": "monitoring_records.state",
            "n": "monitoring_records.version",
        },
    )
    stage: ReviewStage
    opinion: OpinionWord
    reason_code: InvalidReason | None = None
    to: Literal[MonitoringState.REVIEWING, MonitoringState.VALID, MonitoringState.INVALID]
    reason: SaltedText | None = None


class MonitoringReopen(Act):
    """A record that was found valid waits for both reviewers again: what its equipment needed was annulled.

    `annulment` is the digest of the leaf that annulled it, `round` the one that begins, `due_at` when it is to be judged.
    """

    spec: ClassVar = Spec(
        event="monitoring:reopen",
        chains=("monitoring",),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("monitoring",),
        words=Words("重新审核记录", "Record re-opened"),
        follows="the record was found valid; the round is the next",
        columns={
            "annulment": "monitoring_reopenings.annulment",
            "round": "monitoring_reopenings.round monitoring_records.round monitoring_opinions.round",
            "due_at": "monitoring_reopenings.due_at monitoring_records.due_at",
            "actor": "monitoring_reopenings.reopened_by",
            "at": "monitoring_reopenings.reopened_at",
            "to": "monitoring_records.state",
            "n": "monitoring_records.version",
        },
    )
    annulment: LeafDigest
    round: Ordinal
    due_at: Time
    to: Literal[MonitoringState.RECHECK]


class MonitoringNotify(Act):
    """The party was told, or an attempt was made (art. 41)."""

    spec: ClassVar = Spec(
        event="monitoring:notify",
        chains=("monitoring",),
        roles=frozenset({Role.HANDLER}),
        versions=("monitoring",),
        words=Words("告知当事人", "Party notified"),
        follows="the attempt is not in the future",
        columns={
            "channel": "notifications.channel",
            "outcome": "notifications.outcome",
            "attempted_at": "notifications.attempted_at",
            "proof_recording": "notifications.proof_recording_id",
            "proof": "notifications.proof",
            "actor": "notifications.recorded_by",
            "at": "notifications.recorded_at",
            "n": "monitoring_records.version",
        },
    )
    channel: NotifyChannel
    outcome: NotifyOutcome
    attempted_at: Time
    proof_recording: RecordingReference | None = None
    proof: SaltedText
