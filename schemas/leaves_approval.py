"""Leaves of approvals: one recording is opened to one named person, for a time, by the head of the agency that holds it.

They stand in the chain of the person: as with roles, what somebody may is read there, by index and time. The recording's
own chain is left alone, as by looks.
"""

from typing import ClassVar

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest, Time
from schemas.opening import SaltedText
from schemas.reference import AgencyReference, RecordingReference
from schemas.words import Words

_HEAD = frozenset({Role.HEAD})
_ASKERS = frozenset(
    {
        Role.OFFICER,
        Role.AUXILIARY,
        Role.HANDLER,
        Role.CUSTODIAN,
        Role.EVIDENCE_REVIEWER,
        Role.LEGAL_REVIEWER,
        Role.SUPERVISOR,
    }
)


class ApprovalAsk(Act):
    """Somebody asks to see one recording until a time, and says why."""

    spec: ClassVar = Spec(
        event="approval:ask",
        chains=("account",),
        roles=_ASKERS,
        neutral=("account",),
        words=Words("申请查看音像记录", "Approval asked for"),
        follows="the account is open and asks for itself",
        columns={
            "subject": "approvals.id",
            "agency": "approvals.agency_id",
            "recording": "approvals.recording_id",
            "until": "approvals.until_at",
            "at": "approvals.asked_at",
            "reason": "approvals.reason",
        },
    )
    agency: AgencyReference
    recording: RecordingReference
    until: Time
    reason: SaltedText


class ApprovalGrant(Act):
    """The head grants what was asked for; `ask` is the digest of the leaf that did."""

    spec: ClassVar = Spec(
        event="approval:grant",
        chains=("account",),
        roles=_HEAD,
        neutral=("account",),
        words=Words("批准查看音像记录", "Approval granted"),
        follows="it was asked for, by somebody else, and is not over",
        columns={"ask": "approvals.leaf", "actor": "approvals.granted_by", "at": "approvals.granted_at"},
    )
    ask: LeafDigest


class ApprovalEnd(Act):
    """What was asked for is refused, withdrawn or given back before its time."""

    spec: ClassVar = Spec(
        event="approval:end",
        chains=("account",),
        roles=_HEAD,
        by_itself=True,
        neutral=("account",),
        words=Words("终止查看批准", "Approval ended"),
        follows="it was asked for and is not over",
        columns={
            "ask": "approvals.leaf",
            "actor": "approvals.ended_by",
            "at": "approvals.ended_at",
            "reason": "approvals.end_reason",
        },
    )
    ask: LeafDigest
    reason: SaltedText
