"""Leaves of a case: its life, its ties, the facts to be proven, opinions of legal review, and its packages."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.case import CaseState
from schemas.declaration import DocumentKind
from schemas.members import Digest256, Flag, Ordinal, Time
from schemas.opening import SaltedPoint, SaltedText, SaltedTexts, SaltedTime
from schemas.reference import (
    AccountReference,
    AgencyReference,
    CaseReference,
    MonitoringReference,
    RecordingReference,
    ReviewReference,
)
from schemas.words import Words

HANDLERS = frozenset({Role.HANDLER, Role.HEAD})
_SENDERS = frozenset({Role.OFFICER, Role.AUXILIARY})
"""Who hands in a recording may name the case that it belongs to."""

_OPEN = "the case is open"


class CaseField(StrEnum):
    """What of a case may be corrected; its number stays."""

    MATTER = "matter"
    OCCURRED_AT = "occurred_at"
    PARTY = "party"
    PARTY_CODE = "party_code"
    PLACE = "place"
    PLATES = "plates"
    POINT = "point"


class TieBasis(StrEnum):
    """Why a piece of evidence and a case belong together."""

    STATED = "stated"
    MANUAL = "manual"
    OPENED = "opened"
    PLATE = "plate"
    PARTY_CODE = "party_code"
    PLACE_TIME = "place_time"


class CaseOpen(Act):
    """A lead is registered; who opens it handles it."""

    spec: ClassVar = Spec(
        event="case:open",
        chains=("case",),
        opens=True,
        roles=HANDLERS,
        versions=("case",),
        words=Words("线索（案源）登记", "Lead registered"),
        follows="the agency is open",
        columns={
            "subject": "cases.id",
            "agency": "cases.agency_id",
            "to": "cases.state",
            "n": "cases.version",
            "actor": "cases.opened_by case_handlers.account_id",
            "at": "cases.opened_at",
            "number": "cases.number",
            "party": "cases.party",
            "matter": "cases.matter",
            "place": "cases.place",
            "party_code": "cases.party_code",
            "plates": "cases.plates",
            "point": "cases.lat_e7 cases.lon_e7",
            "occurred_at": "cases.occurred_at",
        },
    )
    agency: AgencyReference
    principal: AgencyReference | None = None
    monitoring: MonitoringReference | None = None
    to: Literal[CaseState.LEAD]
    number: SaltedText
    party: SaltedText
    matter: SaltedText
    place: SaltedText
    party_code: SaltedText | None = None
    plates: SaltedTexts | None = None
    point: SaltedPoint | None = None
    occurred_at: SaltedTime | None = None


class CaseAmend(Act):
    """Values of a case are corrected; a field that is named and not committed to is taken away."""

    spec: ClassVar = Spec(
        event="case:amend",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("变更案件登记", "Case entry corrected"),
        follows=_OPEN,
        columns={
            "n": "cases.version",
            "party": "cases.party",
            "matter": "cases.matter",
            "place": "cases.place",
            "party_code": "cases.party_code",
            "plates": "cases.plates",
            "point": "cases.lat_e7 cases.lon_e7",
            "occurred_at": "cases.occurred_at",
        },
    )
    fields: tuple[CaseField, ...] = Field(min_length=1, max_length=7)
    party: SaltedText | None = None
    matter: SaltedText | None = None
    place: SaltedText | None = None
    party_code: SaltedText | None = None
    plates: SaltedTexts | None = None
    point: SaltedPoint | None = None
    occurred_at: SaltedTime | None = None
    reason: SaltedText

    @model_validator(mode="after")
    def _names_what_it_changes(self) -> Self:
        named = [field.value for field in self.fields]
        if named != sorted(set(named)):
            raise ValueError("fields are sorted and stand once")
        if not set(self.committed()) <= {*named, "reason"}:
            raise ValueError("a value of a field that is not named")
        if any(getattr(self, name) is None for name in ("party", "matter", "place") if name in named):
            raise ValueError("party, matter and place cannot be taken away")
        return self


class CaseAppoint(Act):
    """One more person handles the case."""

    spec: ClassVar = Spec(
        event="case:appoint",
        chains=("case",),
        roles=frozenset({Role.HEAD}),
        versions=("case",),
        words=Words("指派承办人", "Handler appointed"),
        follows=_OPEN,
        columns={"n": "cases.version", "handler": "case_handlers.account_id"},
    )
    handler: AccountReference


class CaseFile(Act):
    """The lead becomes a case."""

    spec: ClassVar = Spec(
        event="case:file",
        chains=("case",),
        roles=frozenset({Role.HEAD}),
        versions=("case",),
        words=Words("立案", "Case filed"),
        follows="the case is a lead",
        columns={"to": "cases.state", "n": "cases.version", "at": "cases.filed_at"},
    )
    to: Literal[CaseState.FILED]
    reason: SaltedText | None = None


class CaseInvestigate(Act):
    """The investigation begins."""

    spec: ClassVar = Spec(
        event="case:investigate",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("开始调查", "Investigation begun"),
        follows="the case is filed",
        columns={"to": "cases.state", "n": "cases.version"},
    )
    to: Literal[CaseState.INVESTIGATING]
    reason: SaltedText | None = None


class CaseConclude(Act):
    """The investigation ends."""

    spec: ClassVar = Spec(
        event="case:conclude",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("调查终结", "Investigation closed"),
        follows="the case is under investigation",
        columns={"to": "cases.state", "n": "cases.version"},
    )
    to: Literal[CaseState.INVESTIGATION_CLOSED]
    reason: SaltedText | None = None


class CaseSubmit(Act):
    """A round of legal review opens on what the case rests on now."""

    spec: ClassVar = Spec(
        event="case:submit",
        chains=("case",),
        roles=HANDLERS,
        versions=("case", "review"),
        words=Words("提交法制审核", "Submitted to legal review"),
        follows="the investigation is closed, facts are named, grounds of the last round answered",
        columns={
            "to": "cases.state",
            "n": "cases.version reviews.version",
            "subject": "reviews.case_id",
            "review": "reviews.id",
            "round": "reviews.round",
            "due_at": "reviews.due_at",
            "evidence_sha256": "reviews.evidence_sha256",
            "actor": "reviews.submitted_by",
            "at": "reviews.submitted_at",
        },
    )
    review: ReviewReference
    round: Ordinal
    due_at: Time
    evidence_sha256: Digest256
    to: Literal[CaseState.LEGAL_REVIEW]
    reason: SaltedText | None = None


class CaseDecide(Act):
    """The penalty decision is made."""

    spec: ClassVar = Spec(
        event="case:decide",
        chains=("case",),
        roles=frozenset({Role.HEAD}),
        versions=("case",),
        words=Words("作出决定", "Decision made"),
        follows="the last round passed, or the head agreed that none is needed (art. 58); every fact is proven (art. 40)",
        columns={"to": "cases.state", "n": "cases.version", "at": "cases.decided_at"},
    )
    to: Literal[CaseState.DECIDED]
    reason: SaltedText | None = None


class CaseClose(Act):
    """The case ends."""

    spec: ClassVar = Spec(
        event="case:close",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("结案", "Case closed"),
        follows="the case is decided",
        columns={"to": "cases.state", "n": "cases.version", "at": "cases.closed_at"},
    )
    to: Literal[CaseState.CLOSED]
    reason: SaltedText | None = None


class CaseLink(Act):
    """A recording is tied to the case."""

    spec: ClassVar = Spec(
        event="case:link",
        chains=("case", "recording"),
        actors=("account", "device"),
        roles=HANDLERS | _SENDERS,
        neutral=("recording",),
        words=Words("关联案件", "Linked to a case"),
        follows="the recording is received, of the same agency, and the case is open;"
        " only a handler or head ties by another basis than stated",
        columns={
            "case": "case_links.case_id",
            "recording": "case_links.recording_id",
            "actor": "case_links.linked_by",
            "at": "case_links.linked_at",
        },
    )
    case: CaseReference
    recording: RecordingReference
    basis: TieBasis | None = None
    reason: SaltedText | None = None


class CaseLinkPaper(CaseLink):
    """As version 1, of a paper that comes after the decision: `document` is what its bringer declared it to be."""

    spec: ClassVar = replace(
        CaseLink.spec,
        ev=2,
        actors=("account",),
        follows="the recording is received, of the same agency, and declared to be this paper; the case is decided and not"
        " closed, and the law has such a paper made after the decision (arts 28, 59, 61, 66, 67, 70 and 72)",
        columns={**CaseLink.spec.columns, "document": "case_links.document"},
    )
    document: DocumentKind


class CaseUnlink(Act):
    """The tie of a recording ends."""

    spec: ClassVar = Spec(
        event="case:unlink",
        chains=("case", "recording"),
        roles=HANDLERS,
        neutral=("recording",),
        words=Words("解除关联", "Unlinked from a case"),
        follows="the tie stands and the case is open",
        columns={
            "actor": "case_links.unlinked_by",
            "at": "case_links.unlinked_at",
            "reason": "case_links.reason",
        },
    )
    case: CaseReference
    recording: RecordingReference
    basis: TieBasis | None = None
    reason: SaltedText | None = None


class MonitoringLink(Act):
    """A monitoring record is tied to the case as evidence."""

    spec: ClassVar = Spec(
        event="monitoring:link",
        chains=("case", "monitoring"),
        roles=HANDLERS,
        neutral=("monitoring",),
        words=Words("非现场监管记录关联案件", "Monitoring record linked"),
        follows="the record is valid and its gate was open (art. 41), of the same agency, the case is open",
        columns={
            "case": "monitoring_links.case_id",
            "monitoring": "monitoring_links.monitoring_id",
            "basis": "monitoring_links.basis",
            "actor": "monitoring_links.linked_by",
            "at": "monitoring_links.linked_at",
        },
    )
    case: CaseReference
    monitoring: MonitoringReference
    basis: TieBasis | None = None
    reason: SaltedText | None = None


class MonitoringLinkRuled(MonitoringLink):
    """As version 1, where `needs_certificate` says by which rule the gate was asked (计量法 art. 9).

    Version 1 was asked of a certificate whatever the kind.
    """

    spec: ClassVar = replace(
        MonitoringLink.spec,
        ev=2,
        follows="as version 1, where a certificate is asked of the kinds that need one by the agency's list of then",
    )
    needs_certificate: Flag


class MonitoringUnlink(Act):
    """The tie of a monitoring record ends."""

    spec: ClassVar = Spec(
        event="monitoring:unlink",
        chains=("case", "monitoring"),
        roles=HANDLERS,
        neutral=("monitoring",),
        words=Words("非现场监管记录解除关联", "Monitoring record unlinked"),
        follows="the tie stands and the case is open",
        columns={
            "actor": "monitoring_links.unlinked_by",
            "at": "monitoring_links.unlinked_at",
            "reason": "monitoring_links.reason",
        },
    )
    case: CaseReference
    monitoring: MonitoringReference
    basis: TieBasis | None = None
    reason: SaltedText | None = None
