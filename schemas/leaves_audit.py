"""Leaves of a supervision audit up to its draw: its definition, and the order of its randomness."""

from typing import ClassVar, Literal

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.audit import AuditKind, AuditState
from schemas.members import Count, Digest256, Ordinal, Root, Time
from schemas.opening import SaltedText
from schemas.reference import AgencyReference
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


class AuditAmend(Act):
    """A draft is defined anew, whole; what it said stands in the leaf before."""

    spec: ClassVar = Spec(
        event="audit:amend",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("修改评查方案", "Audit amended"),
        follows="the audit is defined and not frozen",
        columns={
            "target": "audits.target_agency_id audit_amendments.target_agency_id",
            "kind": "audits.kind audit_amendments.kind",
            "from_at": "audits.from_at audit_amendments.from_at",
            "until_at": "audits.until_at audit_amendments.until_at",
            "defect_permille": "audits.defect_permille audit_amendments.defect_permille",
            "confidence_permille": "audits.confidence_permille audit_amendments.confidence_permille",
            "size": "audits.size audit_amendments.size",
            "standard_sha256": "audits.standard_id",
            "sources_sha256": "audits.sources audit_amendments.sources",
            "to": "audits.state",
            "n": "audits.version",
            "title": "audits.title audit_amendments.title",
            "subject": "audit_amendments.audit_id",
            "reason": "audit_amendments.reason",
            "actor": "audit_amendments.amended_by",
            "at": "audit_amendments.amended_at",
        },
    )
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
    reason: SaltedText | None = None


class AuditDrop(Act):
    """A draft is given up; nothing was fixed by it."""

    spec: ClassVar = Spec(
        event="audit:drop",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("放弃评查", "Audit dropped"),
        follows="the audit is defined and not frozen",
        columns={
            "to": "audits.state",
            "n": "audits.version",
            "reason": "audits.drop_reason",
            "actor": "audits.dropped_by",
            "at": "audits.dropped_at",
        },
    )
    to: Literal[AuditState.DROPPED]
    reason: SaltedText


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
            "values_sha256": "audits.values audit_entries.typed",
            "subject": "audit_entries.audit_id",
            "to": "audits.state audit_entries.step",
            "n": "audits.version",
            "actor": "audits.entered_by audit_entries.said_by",
            "at": "audits.entered_at audit_entries.said_at",
        },
    )
    values_sha256: Digest256
    to: Literal[AuditState.ENTERED]


class AuditRetract(Act):
    """Who entered the values takes them back before anybody confirmed them; they are entered again."""

    spec: ClassVar = Spec(
        event="audit:retract",
        chains=("audit",),
        roles=_SUPERVISOR,
        versions=("audit",),
        words=Words("撤回录入的随机值", "Public value taken back"),
        follows="the values are entered by the same person, and not confirmed",
        columns={
            "to": "audits.state audit_entries.step",
            "n": "audits.version",
            "reason": "audit_entries.reason",
            "actor": "audit_entries.said_by",
            "at": "audit_entries.said_at",
        },
    )
    to: Literal[AuditState.FROZEN]
    reason: SaltedText


class AuditMismatch(Act):
    """Another person reads other values: neither is believed, and both enter again."""

    spec: ClassVar = Spec(
        event="audit:mismatch",
        chains=("audit",),
        roles=_CONFIRMING,
        versions=("audit",),
        words=Words("两次录入不一致，均作废", "The two values differ, neither counts"),
        follows="the values are entered by somebody else, and are others",
        columns={
            "values_sha256": "audit_entries.typed",
            "to": "audits.state audit_entries.step",
            "n": "audits.version",
            "actor": "audit_entries.said_by",
            "at": "audit_entries.said_at",
        },
    )
    values_sha256: Digest256
    to: Literal[AuditState.FROZEN]


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
            "values_sha256": "audit_entries.typed",
            "to": "audits.state audit_entries.step",
            "n": "audits.version",
            "actor": "audits.confirmed_by audit_entries.said_by",
            "at": "audits.confirmed_at audit_entries.said_at",
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
