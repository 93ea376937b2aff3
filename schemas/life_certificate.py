"""The life of a certificate inside its holder's chain: what the register said of it, for which time and since when."""

from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateState,
    CertificateSuspend,
    CertificateVerify,
    CertificateWithdraw,
)
from schemas.leaves_certificate_issue import CertificateIssue, CertificateIssueNamed
from schemas.life import FaultCode, Here, check_step, law, told_until
from schemas.life_inside import Committed

Restating = CertificateSuspend | CertificateRestore | CertificateWithdraw | CertificateCancel
_VERIFIABLE = (CertificateState.VALID, CertificateState.SUSPENDED)


class Told(NamedTuple):
    """A state from a time to another, as told from a time on until another one; `leaf` stated it."""

    state: str
    valid_from: datetime
    valid_until: datetime
    known_from: datetime
    known_until: datetime | None
    leaf: str
    reason: Committed | None = None


class CertificateLife(NamedTuple):
    """A certificate; `n` is the number of its last leaf in its holder's chain."""

    issued: CertificateIssue | CertificateIssueNamed
    n: int
    state: str
    told: tuple[Told, ...]
    verified_at: datetime | None = None


def issued(leaf: Leaf, act: CertificateIssue | CertificateIssueNamed, here: Here) -> CertificateLife:
    """Return a certificate that begins.

    Raises:
        Unlawful: it ends before it begins.
    """
    law(act.until > act.from_, FaultCode.PERIOD)
    valid = CertificateState.VALID
    first = Told(valid, act.from_, act.until, leaf.at, None, here.digest)
    return CertificateLife(act, here.n, valid, (first,))


def restated(life: CertificateLife, leaf: Leaf, act: Restating, here: Here) -> CertificateLife:
    """Return a certificate of which something else is said from a time on: what was said before is closed, not lost.

    Raises:
        Unlawful: no such step, or the time lies outside its dates or in the future.
    """
    check_step(leaf, life.state, act.to)
    since, until = act.from_, life.issued.until
    law(since <= leaf.at, FaultCode.FUTURE)
    law(since >= life.issued.from_, FaultCode.PERIOD)
    law(since < until or type(act) is CertificateCancel, FaultCode.PERIOD)
    told: list[Told] = []
    for one in life.told:
        is_told = one.known_until is None
        if is_told and one.valid_until <= since:
            told.append(one)
            continue
        told.extend(told_until(one, leaf.at))
        if is_told and one.valid_from < since:
            told.append(one._replace(valid_until=since, known_from=leaf.at))
    if since < until:
        told.append(Told(act.to, since, until, leaf.at, None, here.digest, act.reason))
    return life._replace(n=here.n, state=act.to, told=tuple(told))


def verified(life: CertificateLife, leaf: Leaf, act: CertificateVerify, here: Here) -> CertificateLife:
    """Return a certificate that passed its annual verification.

    Raises:
        Unlawful: it is withdrawn or cancelled, or the time lies before its first or in the future.
    """
    law(life.state in _VERIFIABLE, FaultCode.STEP)
    law(act.verified_at <= leaf.at, FaultCode.FUTURE)
    law(act.verified_at >= life.issued.from_, FaultCode.PERIOD)
    return life._replace(n=here.n, verified_at=act.verified_at)
