"""Leaves of a supervision audit: its definition, the order of its draw, its scores and its end."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Element, Process, Spec
from schemas.actor import Role
from schemas.audit import AuditKind, AuditState
from schemas.integrity import Outcome
from schemas.members import Count, Digest256, ItemCode, Ordinal, Root, Slug, Time
from schemas.opening import SaltedText
from schemas.reference import AccountReference, AgencyReference, DrawnReference, RecordingReference
from schemas.words import Words

_SUPERVISOR = frozenset({Role.SUPERVISOR})
_CONFIRMING = frozenset({Role.SUPERVISOR, Role.INSPECTOR})


class AuditDefine(Act):
    """An audit is defined: what is drawn from, how large the sample must be, where its randomness comes from."""

    spec: ClassVar = Spec(
        event="audit:define",
        chains=("audit",),
        opens=True,
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("案卷评查立项", "Audit defined"),
        follows="the agency supervises the target",
        columns={
            "subject": "audits.id",
            "agency": "audits.agency_id",
            "target": "audits.target_agency_id",
            "kind": "audits.kind",
            "from_at": "audits.from_at",
            "until_at": "audits.until_at",
            "defect_permille": "audits.defect_permille",
            "confidence_permille": "audits.confidence_permille",
            "size": "audits.size",
            "standard_sha256": "audits.standard_id",
            "sources_sha256": "audits.sources",
            "to": "audits.state",
            "n": "audits.version",
            "title": "audits.title",
            "actor": "audits.defined_by",
            "at": "audits.defined_at",
        },
    )
    agency: AgencyReference
    target: AgencyReference
    kind: AuditKind
    from_at: Time
    until_at: Time
    defect_permille: Count
    confidence_permille: Count
    size: Ordinal | None = None
    standard_sha256: Digest256
    sources_sha256: Digest256
    to: Literal[AuditState.DEFINED]
    title: SaltedText


class AuditFreeze(Act):
    """Population and plan are fixed; the public event that gives the randomness is still to come."""

    spec: ClassVar = Spec(
        event="audit:freeze",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("冻结抽查范围", "Population frozen"),
        follows="the audit is defined, its events lie ahead",
        columns={
            "plan_sha256": "audits.plan audits.plan_sha256",
            "root": "audits.population_root audit_population.member_id",
            "count": "audits.population_count",
            "to": "audits.state",
            "n": "audits.version",
            "at": "audits.frozen_at",
        },
    )
    plan_sha256: Digest256
    root: Root
    count: Ordinal
    size: Ordinal
    to: Literal[AuditState.FROZEN]


class AuditEnter(Act):
    """One person enters the public values."""

    spec: ClassVar = Spec(
        event="audit:enter",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("录入公开随机值", "Public value entered"),
        follows="the population is frozen under a checkpoint, the events are past",
        columns={
            "values_sha256": "audits.values",
            "to": "audits.state",
            "n": "audits.version",
            "actor": "audits.entered_by",
            "at": "audits.entered_at",
        },
    )
    values_sha256: Digest256
    to: Literal[AuditState.ENTERED]


class AuditConfirm(Act):
    """Another person enters the same values."""

    spec: ClassVar = Spec(
        event="audit:confirm",
        chains=("audit",),
        roles=_CONFIRMING,
        versions=("audit",),
        words=Words("核对公开随机值", "Public value confirmed"),
        follows="the values are entered by somebody else",
        columns={
            "to": "audits.state",
            "n": "audits.version",
            "actor": "audits.confirmed_by",
            "at": "audits.confirmed_at",
        },
    )
    values_sha256: Digest256
    to: Literal[AuditState.CONFIRMED]


class AuditDraw(Act):
    """The sample follows from population and values; anybody can draw it again."""

    spec: ClassVar = Spec(
        event="audit:draw",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("抽样", "Sample drawn"),
        follows="the values are confirmed under a checkpoint",
        columns={
            "seed": "audits.seed",
            "sample_sha256": "audit_sample.member_id audit_sample.ticket",
            "to": "audits.state",
            "n": "audits.version",
            "at": "audits.drawn_at",
        },
    )
    seed: Digest256
    size: Ordinal
    sample_sha256: Digest256
    to: Literal[AuditState.DRAWN]


class AuditAssign(Act):
    """An inspector is named."""

    spec: ClassVar = Spec(
        event="audit:assign",
        chains=("audit",),
        roles=_SUPERVISOR,
        words=Words("指派评查员", "Inspector assigned"),
        follows="the audit is not closed",
        columns={
            "inspector": "audit_inspectors.account_id",
            "actor": "audit_inspectors.assigned_by",
            "at": "audit_inspectors.assigned_at",
        },
    )
    inspector: AccountReference


class LeafScore(Element):
    """Points for one item; a remark is committed as `remark.k`."""

    code: ItemCode
    points: Count
    remark: SaltedText | None = None


class AuditScore(Act):
    """An inspector scores one drawn member, once."""

    spec: ClassVar = Spec(
        event="audit:score",
        chains=("audit",),
        roles=frozenset({Role.INSPECTOR}),
        words=Words("案卷评查打分", "Scored"),
        follows="the sample is drawn, the inspector is assigned and has not scored this member",
        columns={
            "member": "audit_scores.member_id",
            "scores": "audit_scores.item_code audit_scores.points",
            "remark": "audit_scores.remark",
            "actor": "audit_scores.inspector_id",
            "at": "audit_scores.given_at",
        },
    )
    member: DrawnReference
    scores: tuple[LeafScore, ...] = Field(min_length=1, max_length=99)
    total: Count


class AuditRecheck(Act):
    """A drawn recording was hashed again."""

    spec: ClassVar = Spec(
        event="audit:recheck",
        chains=("audit",),
        by=Process.WORKER,
        actors=("service",),
        words=Words("抽中记录复验", "Drawn recording rechecked"),
        follows="the sample is drawn",
        columns={
            "member": "audit_rechecks.member_id",
            "recording": "audit_rechecks.recording_id",
            "outcome": "audit_rechecks.outcome",
            "code": "audit_rechecks.code",
            "sha256": "audit_rechecks.sha256",
            "at": "audit_rechecks.checked_at",
        },
    )
    member: DrawnReference
    recording: RecordingReference
    outcome: Outcome
    code: Slug | None = None
    sha256: Digest256 | None = None


class AuditClose(Act):
    """The audit ends; `missing` scores were never given."""

    spec: ClassVar = Spec(
        event="audit:close",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("案卷评查结束", "Audit closed"),
        follows="the sample is drawn",
        columns={"to": "audits.state", "n": "audits.version", "at": "audits.closed_at"},
    )
    missing: Count
    to: Literal[AuditState.CLOSED]
    reason: SaltedText | None = None
