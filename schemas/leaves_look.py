"""Leaves of who looked: content that was opened, printed or taken away, and how long it was looked at.

Looks stand in no chain: watching never locks or versions evidence. They name the recording, and nothing of a case.
"""

from typing import ClassVar

from schemas.act import Act, Process, Spec
from schemas.actor import Role
from schemas.look import LookWay
from schemas.members import Count, Digest256, LeafDigest, Slug
from schemas.opening import SaltedText
from schemas.reference import RecordingReference
from schemas.words import Words

_WATCHERS = frozenset(
    {
        *(Role.OFFICER, Role.AUXILIARY, Role.HANDLER, Role.HEAD, Role.CUSTODIAN),
        *(Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER, Role.SUPERVISOR, Role.INSPECTOR, Role.PARTY),
    }
)
"""All but administrators and sources, who are never shown content; who else may is the policy's to say."""

_LOOK = {
    "subject": "looks.id",
    "recording": "looks.recording_id",
    "way": "looks.way",
    "reason_code": "looks.reason_code",
    "reason": "looks.reason",
    "address": "looks.address",
    "actor": "looks.account_id",
    "at": "looks.opened_at",
}


class ViewOpen(Act):
    """Content of a recording was asked for, to be looked at; no byte of it was given before this entry stood."""

    spec: ClassVar = Spec(
        event="view:open",
        roles=_WATCHERS,
        words=Words("打开查看", "Content opened"),
        follows="the recording is received",
        columns=_LOOK,
    )
    recording: RecordingReference
    way: LookWay
    reason_code: Slug
    reason: SaltedText | None = None
    address: SaltedText


class ViewDownload(Act):
    """The original of a recording was asked for, to be taken away."""

    spec: ClassVar = Spec(
        event="view:download",
        roles=_WATCHERS,
        words=Words("下载原件", "Original downloaded"),
        follows="the recording is received",
        columns=_LOOK,
    )
    recording: RecordingReference
    way: LookWay
    reason_code: Slug
    reason: SaltedText | None = None
    address: SaltedText


class ViewPrint(Act):
    """The printable form of a recording was asked for: its facts and one picture, to be put on paper."""

    spec: ClassVar = Spec(
        event="view:print",
        roles=_WATCHERS,
        words=Words("打印", "Printed"),
        follows="the recording is received",
        columns=_LOOK,
    )
    recording: RecordingReference
    way: LookWay
    reason_code: Slug
    reason: SaltedText | None = None
    address: SaltedText


class ViewClose(Act):
    """A look has ended; `of` is the leaf that began it, `seconds` from then to the last sign of life."""

    spec: ClassVar = Spec(
        event="view:close",
        by=Process.WORKER,
        actors=("service",),
        words=Words("结束查看", "Look ended"),
        follows="the look is open",
        columns={"of": "looks.leaf", "seconds": "looks.seconds", "at": "looks.closed_at"},
    )
    of: LeafDigest
    seconds: Count


class ExportFetch(Act):
    """A package was asked for, to be taken away; `sha256` is that of its bytes."""

    spec: ClassVar = Spec(
        event="export:fetch",
        roles=_WATCHERS,
        words=Words("取走导出包", "Export package fetched"),
        follows="the package is built",
        columns={name: column for name, column in _LOOK.items() if name not in ("subject", "recording")}
        | {"subject": "looks.export_id"},
    )
    sha256: Digest256
    way: LookWay
    reason_code: Slug
    reason: SaltedText | None = None
    address: SaltedText
