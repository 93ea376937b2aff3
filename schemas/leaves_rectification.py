"""Leaves of what an audit asks an agency to put right; they stand in the audit's chain."""

from dataclasses import replace
from typing import ClassVar, Literal

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Count, ItemCode, Time
from schemas.opening import SaltedText
from schemas.rectification import RectificationState
from schemas.reference import AgencyReference, DrawnReference, RecordingReference
from schemas.words import Words

_RAISING = frozenset({Role.SUPERVISOR, Role.INSPECTOR})
_MENDING = frozenset({Role.HANDLER, Role.HEAD})
_VERIFYING = frozenset({Role.SUPERVISOR})
_STEP = {
    "to": "rectifications.state",
    "n": "rectifications.version",
    "subject": "rectification_steps.rectification_id",
    "text": "rectification_steps.text",
    "proof": "rectification_steps.proof_recording_id",
    "actor": "rectification_steps.taken_by",
    "at": "rectification_steps.taken_at",
}


class RectificationRaise(Act):
    """Something is to be put right until a day."""

    spec: ClassVar = Spec(
        event="rectification:raise",
        chains=("audit",),
        roles=_RAISING,
        versions=("rectification",),
        words=Words("提出整改", "Rectification raised"),
        follows="the member is drawn",
        columns={
            "subject": "rectifications.id",
            "agency": "rectifications.agency_id",
            "member": "rectifications.member_id",
            "item": "rectifications.item_code",
            "due_at": "rectifications.due_at",
            "to": "rectifications.state",
            "n": "rectifications.version",
            "text": "rectifications.text",
            "actor": "rectifications.raised_by",
            "at": "rectifications.raised_at",
        },
    )
    agency: AgencyReference
    member: DrawnReference
    item: ItemCode
    due_at: Time
    proof: RecordingReference | None = None
    to: Literal[RectificationState.RAISED]
    text: SaltedText


class RectificationRaisePlaced(Act):
    """As version 1; may name the recording in which it was found, and a second of that."""

    spec: ClassVar = replace(
        RectificationRaise.spec,
        ev=2,
        columns={
            **RectificationRaise.spec.columns,
            "recording": "rectifications.recording_id",
            "at_second": "rectifications.at_second",
        },
    )
    agency: AgencyReference
    member: DrawnReference
    item: ItemCode
    due_at: Time
    recording: RecordingReference | None = None
    at_second: Count | None = None
    to: Literal[RectificationState.RAISED]
    text: SaltedText


class RectificationAnswer(Act):
    """The agency answers; a recording may show it."""

    spec: ClassVar = Spec(
        event="rectification:answer",
        chains=("audit",),
        roles=_MENDING,
        versions=("rectification",),
        words=Words("答复整改", "Rectification answered"),
        follows="the rectification is raised or returned",
        columns=_STEP,
    )
    to: Literal[RectificationState.ANSWERED]
    proof: RecordingReference | None = None
    text: SaltedText


class RectificationReturn(Act):
    """The answer does not do."""

    spec: ClassVar = Spec(
        event="rectification:return",
        chains=("audit",),
        roles=_VERIFYING,
        versions=("rectification",),
        words=Words("退回整改", "Rectification returned"),
        follows="it is answered, by somebody else",
        columns=_STEP,
    )
    to: Literal[RectificationState.RETURNED]
    proof: RecordingReference | None = None
    text: SaltedText


class RectificationVerify(Act):
    """The answer holds."""

    spec: ClassVar = Spec(
        event="rectification:verify",
        chains=("audit",),
        roles=_VERIFYING,
        versions=("rectification",),
        words=Words("整改核实", "Rectification verified"),
        follows="it is answered, by somebody else",
        columns=_STEP,
    )
    to: Literal[RectificationState.VERIFIED]
    proof: RecordingReference | None = None
    text: SaltedText


class RectificationClose(Act):
    """The rectification ends."""

    spec: ClassVar = Spec(
        event="rectification:close",
        chains=("audit",),
        roles=_VERIFYING,
        versions=("rectification",),
        words=Words("整改销号", "Rectification closed"),
        follows="it is verified, by somebody else",
        columns={**_STEP, "at": "rectification_steps.taken_at rectifications.closed_at"},
    )
    to: Literal[RectificationState.CLOSED]
    proof: RecordingReference | None = None
    text: SaltedText
