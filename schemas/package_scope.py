"""What belongs into the package of a case: which chains must stand, and what of them others may not see.

Both are derived from leaves, by whoever asks for the package and by whoever checks it. The chains of a package are
the log's own and the case's; of every recording and record that a tie ever named; of the pictures and the equipment
of a record that is tied; of the device that declared a recording; and of every account and device that acts in a
leaf of these, and of whoever handles the case, decided it on the spot or is barred from it. Who acted on an account is
not followed: that would never end.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from schemas.disclosure import WHOLE_LEAF, NotShown
from schemas.leaf import Leaf, Unknown
from schemas.leaves_account import AccountClose, AccountOpen
from schemas.leaves_case import CaseAppoint, CaseLink, CaseUnlink, MonitoringLink, MonitoringUnlink
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateSuspend,
    CertificateVerify,
    CertificateWithdraw,
)
from schemas.leaves_certificate_issue import CertificateIssue, CertificateIssueNamed
from schemas.leaves_correction import CorrectionMake
from schemas.leaves_holding import DeviceAmend, DeviceCheck, DeviceIssue, DeviceReturn
from schemas.leaves_recording import RecordingReceive
from schemas.leaves_recusal import RecusalBar
from schemas.leaves_retention import RetentionRaise
from schemas.leaves_role import RoleAmend, RoleEnd, RoleEndApart, RoleGrant, RoleGrantNamed
from schemas.leaves_summary import CasePenalise
from schemas.opening import Shown
from schemas.reference import noun_of

Ties = CaseLink | CaseUnlink | MonitoringLink | MonitoringUnlink

_ACTORS = frozenset({"account", "device"})
_PEOPLE = frozenset({"account", "agency"})
_GRANTS = (RoleGrant, RoleGrantNamed, RoleEnd, RoleEndApart, RoleAmend)
_STAFF_SHOWN = (
    *(AccountOpen, AccountClose, *_GRANTS),
    *(
        CertificateIssue,
        CertificateIssueNamed,
        CertificateSuspend,
        CertificateRestore,
        CertificateWithdraw,
        CertificateCancel,
    ),
    CertificateVerify,
)
_STAFF_MEMBERS = frozenset({"name", "number"})
_STAFF_WITH = (DeviceCheck, DeviceIssue, DeviceReturn, DeviceAmend)
"""Who had a device at which other time is nobody's in a case: what it says of the capture stands in the report."""


class Ground(StrEnum):
    """Why something of a package is committed and not shown."""

    OTHER_CASE = "other-case"
    TIE_ENDED = "tie-ended"
    STAFF_RECORD = "staff-record"


def evidence_of(leaves: Iterable[Leaf]) -> dict[str, bool]:
    """Return every recording and record that a tie in these leaves ever named, and whether it stands at their end."""
    ties: dict[str, bool] = {}
    for leaf in leaves:
        match leaf.act:
            case CaseLink(recording=name) | MonitoringLink(monitoring=name):
                ties[name] = True
            case CaseUnlink(recording=name) | MonitoringUnlink(monitoring=name):
                ties[name] = False
            case _:
                pass
    return ties


def actors_of(leaves: Iterable[Leaf]) -> set[str]:
    """Return every account and device that acts in a leaf, and every account that one appoints, bars or names as acting."""
    found: set[str] = set()
    for leaf in leaves:
        if noun_of(leaf.actor) in _ACTORS:
            found.add(leaf.actor)
        if isinstance(leaf.act, CaseAppoint):
            found.add(leaf.act.handler)
        if isinstance(leaf.act, RecusalBar):
            found.add(leaf.act.person)
        if isinstance(leaf.act, CasePenalise):
            found.update(leaf.act.officers)
        if isinstance(leaf.act, CorrectionMake):
            found.update(leaf.act.approvals)
    return found


def is_followed(of: str) -> bool:
    """Say whether who acts in the leaves of a chain has a chain of their own in the package."""
    return noun_of(of) not in _PEOPLE


def not_shown(case: str, number: str | None, chains: Mapping[str, Mapping[str, Leaf]]) -> list[NotShown]:
    """Return what of these chains is committed and not shown, each with its ground, sorted.

    Args:
        case: The case, `case/uuid`.
        number: Its number: a recording may have been sent with another one's.
        chains: Chain → digest → leaf, opened.
    """
    ties = evidence_of(chains.get(case, {}).values())
    shown_in_case = chains.get(case, {}).keys()
    lines: dict[tuple[str, str], NotShown] = {}
    for of, leaves in chains.items():
        for digest, leaf in leaves.items():
            if digest not in shown_in_case:
                for line in _hidden(case, number, of, digest, leaf, has_ended=ties.get(of) is False):
                    lines[digest, line.member] = line
    return sorted(lines.values())


def _hidden(
    case: str, number: str | None, of: str, digest: str, leaf: Leaf, *, has_ended: bool
) -> Iterator[NotShown]:
    if isinstance(leaf.act, Ties) and leaf.act.case != case:
        yield NotShown(digest, WHOLE_LEAF, Ground.OTHER_CASE)
        return
    if isinstance(leaf.act, RetentionRaise) and leaf.act.because not in (None, case):
        yield NotShown(digest, WHOLE_LEAF, Ground.OTHER_CASE)
        return
    members = () if isinstance(leaf.act, Unknown) else leaf.act.committed()
    if noun_of(of) == "account":
        if not isinstance(leaf.act, _STAFF_SHOWN):
            yield NotShown(digest, WHOLE_LEAF, Ground.STAFF_RECORD)
            return
        yield from (
            NotShown(digest, one, Ground.STAFF_RECORD) for one in members if one not in _STAFF_MEMBERS
        )
    elif isinstance(leaf.act, _STAFF_WITH):
        yield NotShown(digest, WHOLE_LEAF, Ground.STAFF_RECORD)
    elif has_ended:
        yield from (NotShown(digest, one, Ground.TIE_ENDED) for one in members)
    elif _is_of_another(leaf.act, number):
        yield NotShown(digest, "stated_case", Ground.OTHER_CASE)


def _is_of_another(act: Any, number: str | None) -> bool:  # noqa: ANN401 - any act
    if not isinstance(act, RecordingReceive) or act.stated_case is None:
        return False
    return not (isinstance(act.stated_case, Shown) and act.stated_case.value == number)
