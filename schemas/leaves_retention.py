"""Leaves of how long a recording is kept: its class, whenever that changes."""

from typing import ClassVar

from pydantic import Field

from schemas.act import Act, Process, Spec
from schemas.actor import Role
from schemas.members import Flag, Time
from schemas.opening import SaltedText
from schemas.reference import CaseReference
from schemas.retention import RetentionClass
from schemas.words import Words


class RetentionRaise(Act):
    """A recording is kept for another reason or time from now on; what its seal said of that stays what it was.

    `until` is absent while there is no end, `because` where no case is the reason. `locked_until` is how far the store's
    lock stood when this was written: first the lock, then the leaf. A class may also become shorter, where a tie was
    undone; no lock ever does. Nightly renewals of a lock are in no leaf: they change nothing of what is promised here.
    """

    spec: ClassVar = Spec(
        event="retention:raise",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        neutral=("recording",),
        words=Words("保存期限变更", "Retention changed"),
        follows="the recording is verified, and tied to the case that is the reason",
        columns={
            "subject": "retentions.id",
            "class": "retentions.retention recordings.retention",
            "until": "retentions.until recordings.kept_until",
            "because": "retentions.case_id",
            "locked_until": "retentions.locked_until",
            "at": "retentions.raised_at",
        },
    )
    class_: RetentionClass = Field(alias="class")
    until: Time | None = None
    because: CaseReference | None = None
    locked_until: Time | None = None


class RetentionMark(Act):
    """Somebody in office says that a recording is kept for ever (R4: major, in litigation), or takes it back."""

    spec: ClassVar = Spec(
        event="retention:mark",
        chains=("recording",),
        roles=frozenset({Role.HEAD}),
        neutral=("recording",),
        words=Words("永久保存标记", "Marked to be kept for ever"),
        follows="the last mark of the recording says otherwise, or it has none",
        columns={
            "subject": "retention_marks.id",
            "stands": "retention_marks.stands",
            "reason": "retention_marks.reason",
            "actor": "retention_marks.marked_by",
            "at": "retention_marks.marked_at",
        },
    )
    stands: Flag
    reason: SaltedText
