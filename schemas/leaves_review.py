"""Leaves inside a case: facts to be proven, opinions of legal review, packages. All stand in the case's chain."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.acceptance import AcceptanceGround
from schemas.act import Act, Element, Part, Process, Spec
from schemas.actor import Role
from schemas.case import CaseState
from schemas.integrity import Verdict
from schemas.members import Count, Digest256, LeafDigest, ObjectKey, Ordinal, Slug, VersionId
from schemas.opening import SaltedText
from schemas.reference import EvidenceReference, GroundReference, RecordingReference
from schemas.review import GroundItem
from schemas.words import Words

_HANDLERS = frozenset({Role.HANDLER, Role.HEAD})
_REVIEWERS = frozenset({Role.LEGAL_REVIEWER})
_FACTS_OPEN = "the case is open and not under review"
_ROUND_OPEN = "the round is open and its reviewer took no part in the case"
_QUALIFIED = ", who was qualified at that time (art. 58), as the leaf that is named says"
_OPINION = {
    "case_to": "cases.state",
    "n": "cases.version reviews.version",
    "actor": "reviews.reviewer_id",
    "at": "reviews.given_at",
    "statement": "reviews.statement",
    "grounds": "review_grounds.position review_grounds.item review_grounds.subject",
    "text": "review_grounds.text",
}


class FactAdd(Act):
    """A fact to be proven (待证事实) is named."""

    spec: ClassVar = Spec(
        event="fact:add",
        chains=("case",),
        roles=_HANDLERS,
        versions=("fact",),
        words=Words("增加待证事实", "Fact to be proven added"),
        follows=_FACTS_OPEN,
        columns={
            "subject": "case_facts.id",
            "position": "case_facts.position",
            "text": "case_facts.text",
            "actor": "case_facts.added_by",
            "at": "case_facts.added_at",
        },
    )
    position: Ordinal
    text: SaltedText


class FactWithdraw(Act):
    """A fact is no longer to be proven."""

    spec: ClassVar = Spec(
        event="fact:withdraw",
        chains=("case",),
        roles=_HANDLERS,
        versions=("fact",),
        words=Words("撤回待证事实", "Fact to be proven withdrawn"),
        follows=_FACTS_OPEN,
        columns={"at": "case_facts.withdrawn_at"},
    )


class FactProve(Act):
    """A piece of evidence is named for a fact."""

    spec: ClassVar = Spec(
        event="fact:prove",
        chains=("case",),
        roles=_HANDLERS,
        words=Words("以证据证明事实", "Evidence named for a fact"),
        follows=_FACTS_OPEN + ", the evidence is tied",
        columns={
            "subject": "fact_evidence.fact_id",
            "evidence": "fact_evidence.recording_id fact_evidence.monitoring_id",
            "actor": "fact_evidence.added_by",
            "at": "fact_evidence.added_at",
        },
    )
    evidence: EvidenceReference


class FactAccept(Act):
    """A recording that its checks alone do not carry is accepted as evidence of a fact; `verdict` is what they came to."""

    spec: ClassVar = Spec(
        event="fact:accept",
        chains=("case",),
        roles=_HANDLERS,
        words=Words("采信证据", "Evidence accepted"),
        follows=_FACTS_OPEN + ", the evidence is named for the fact and was not accepted at this verdict",
        columns={
            "evidence": "fact_evidence.recording_id",
            "ground": "fact_evidence.acceptance_ground",
            "verdict": "fact_evidence.acceptance_verdict",
            "text": "fact_evidence.acceptance_text",
            "actor": "fact_evidence.accepted_by",
            "at": "fact_evidence.accepted_at",
        },
    )
    evidence: RecordingReference
    ground: AcceptanceGround
    verdict: Verdict
    text: SaltedText


class FactUnprove(Act):
    """A piece of evidence no longer stands for a fact."""

    spec: ClassVar = Spec(
        event="fact:unprove",
        chains=("case",),
        roles=_HANDLERS,
        words=Words("撤回证据", "Evidence withdrawn from a fact"),
        follows=_FACTS_OPEN + ", the evidence was named",
        columns={"actor": "fact_evidence.removed_by", "at": "fact_evidence.removed_at"},
    )
    evidence: EvidenceReference


class LeafGround(Element):
    """One ground of an opinion; its words are committed as `text.k`."""

    item: GroundItem
    subject: GroundReference | None = None
    text: SaltedText


class ReviewPass(Act):
    """The round passes: the case may be decided."""

    spec: ClassVar = Spec(
        event="review:pass",
        chains=("case",),
        roles=_REVIEWERS,
        versions=("case", "review"),
        words=Words("法制审核通过", "Legal review: pass"),
        follows=_ROUND_OPEN + ", every fact is proven",
        columns=_OPINION,
    )
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(max_length=50)
    case_to: Literal[CaseState.LEGAL_REVIEW]
    statement: SaltedText


class ReviewPassQualified(Act):
    """As version 1; `qualified_by` is the digest of the leaf that says what qualifies the reviewer."""

    spec: ClassVar = replace(
        ReviewPass.spec, ev=2, follows=_ROUND_OPEN + ", every fact is proven" + _QUALIFIED
    )
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(max_length=50)
    case_to: Literal[CaseState.LEGAL_REVIEW]
    statement: SaltedText
    qualified_by: LeafDigest


class ReviewSupplement(Act):
    """The round asks for more: the case goes back to investigation."""

    spec: ClassVar = Spec(
        event="review:supplement",
        chains=("case",),
        roles=_REVIEWERS,
        versions=("case", "review"),
        words=Words("法制审核退回补充（补正）", "Legal review: supplement"),
        follows=_ROUND_OPEN,
        columns=_OPINION,
    )
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(min_length=1, max_length=50)
    case_to: Literal[CaseState.INVESTIGATING]
    statement: SaltedText


class ReviewSupplementQualified(Act):
    """As version 1; `qualified_by` is the digest of the leaf that says what qualifies the reviewer."""

    spec: ClassVar = replace(ReviewSupplement.spec, ev=2, follows=_ROUND_OPEN + _QUALIFIED)
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(min_length=1, max_length=50)
    case_to: Literal[CaseState.INVESTIGATING]
    statement: SaltedText
    qualified_by: LeafDigest


class ReviewReject(Act):
    """The round does not agree: the case goes back to investigation."""

    spec: ClassVar = Spec(
        event="review:reject",
        chains=("case",),
        roles=_REVIEWERS,
        versions=("case", "review"),
        words=Words("法制审核不同意", "Legal review: reject"),
        follows=_ROUND_OPEN,
        columns=_OPINION,
    )
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(min_length=1, max_length=50)
    case_to: Literal[CaseState.INVESTIGATING]
    statement: SaltedText


class ReviewRejectQualified(Act):
    """As version 1; `qualified_by` is the digest of the leaf that says what qualifies the reviewer."""

    spec: ClassVar = replace(ReviewReject.spec, ev=2, follows=_ROUND_OPEN + _QUALIFIED)
    round: Ordinal
    grounds: tuple[LeafGround, ...] = Field(min_length=1, max_length=50)
    case_to: Literal[CaseState.INVESTIGATING]
    statement: SaltedText
    qualified_by: LeafDigest


class ReviewAnswer(Act):
    """A ground of a round is answered, once."""

    spec: ClassVar = Spec(
        event="review:answer",
        chains=("case",),
        roles=_HANDLERS,
        words=Words("答复审核意见", "Review answered"),
        follows="the round is given, the ground is not answered yet",
        columns={
            "answer": "review_grounds.answer",
            "actor": "review_grounds.answered_by",
            "at": "review_grounds.answered_at",
        },
    )
    round: Ordinal
    position: Ordinal
    answer: SaltedText


class ExportPurpose(StrEnum):
    """For whom a package is made."""

    COURT = "court"
    RECONSIDERATION = "reconsideration"
    SUPERVISION = "supervision"
    PARTY = "party"
    TRANSFER = "transfer"
    ARCHIVE = "archive"


class LeafReads(Part):
    """How many looks at the case there were, and the root over them."""

    count: Count
    sha256: Digest256


class ExportRequest(Act):
    """The last leaf a package covers: which chains stand in it at which heads, and what of it is hidden."""

    spec: ClassVar = Spec(
        event="export:request",
        chains=("case",),
        roles=frozenset({Role.HANDLER, Role.HEAD, Role.LEGAL_REVIEWER}),
        neutral=("case",),
        words=Words("申请导出包", "Export package requested"),
        follows="the case is there",
        columns={
            "subject": "exports.id",
            "actor": "exports.requested_by",
            "at": "exports.created_at",
        },
    )
    for_: ExportPurpose = Field(alias="for")
    chains: Count
    chains_sha256: Digest256
    hidden: Count
    hidden_sha256: Digest256
    reads: LeafReads | None = None
    reason: SaltedText | None = None


class ExportBuild(Act):
    """A package was built from the record as it stood at the request."""

    spec: ClassVar = Spec(
        event="export:build",
        chains=("case",),
        by=Process.EXPORTER,
        actors=("service",),
        neutral=("case",),
        words=Words("生成导出包", "Export package built"),
        follows="the request stands and has no end",
        columns={
            "to": "exports.state",
            "sha256": "exports.sha256",
            "size_bytes": "exports.size_bytes",
            "tagmanifest_sha256": "exports.tagmanifest_sha256",
            "object_key": "exports.object_key",
            "version_id": "exports.version_id",
            "at": "exports.ready_at",
        },
    )
    request: LeafDigest
    sha256: Digest256
    size_bytes: Count
    tagmanifest_sha256: Digest256
    object_key: ObjectKey
    version_id: VersionId
    to: Literal["ready"]


class ExportFail(Act):
    """A package could not be built."""

    spec: ClassVar = Spec(
        event="export:fail",
        chains=("case",),
        by=Process.EXPORTER,
        actors=("service",),
        neutral=("case",),
        words=Words("导出包未能生成", "Export package failed"),
        follows="the request stands and has no end",
        columns={"to": "exports.state", "code": "exports.failure"},
    )
    request: LeafDigest
    code: Slug
    to: Literal["failed"]
