"""Leaves of a supervision audit behind its draw: who scores, the scores, the files hashed again, and its end."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Element, Process, Spec
from schemas.actor import Role
from schemas.audit import AuditState
from schemas.integrity import Outcome
from schemas.members import Count, Digest256, ItemCode, Slug
from schemas.opening import SaltedText
from schemas.reference import AccountReference, DrawnReference, RecordingReference
from schemas.words import Words

_SUPERVISOR = frozenset({Role.SUPERVISOR})


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


class AuditThird(Act):
    """A third inspector is named for one file whose totals lie too far apart."""

    spec: ClassVar = Spec(
        event="audit:third",
        chains=("audit",),
        roles=_SUPERVISOR,
        words=Words("指派第三名评查员", "Third inspector named"),
        follows="the member is scored by all inspectors, and no third is named for it",
        columns={
            "member": "audit_thirds.member_id",
            "inspector": "audit_thirds.account_id audit_inspectors.account_id",
            "actor": "audit_thirds.assigned_by audit_inspectors.assigned_by",
            "at": "audit_thirds.assigned_at audit_inspectors.assigned_at",
        },
    )
    member: DrawnReference
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


class AuditCloseTold(Act):
    """As version 1; says all that is missing: scores, members whose totals lie too far apart, rectifications open."""

    spec: ClassVar = replace(
        AuditClose.spec,
        ev=2,
        columns={
            "missing": "audits.close_missing",
            "wide": "audits.close_wide",
            "unmended": "audits.close_unmended",
            "reason": "audits.close_reason",
            "to": "audits.state",
            "n": "audits.version",
            "actor": "audits.closed_by",
            "at": "audits.closed_at",
        },
    )
    missing: Count
    wide: Count
    unmended: Count
    to: Literal[AuditState.CLOSED]
    reason: SaltedText | None = None
