"""The life of a device beside its key, inside its chain: what it is, its checks, and who had it as told when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_holding import DeviceAmend, DeviceCheck, DeviceDescribe, DeviceIssue, DeviceReturn
from schemas.life import FaultCode, Here, Unlawful, is_hidden, law, told_until
from schemas.life_inside import Committed


class DescribedLife(NamedTuple):
    """What a device is, for which time, and from when to when it was told; `leaf` said it."""

    said: DeviceDescribe
    by: str
    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str


class CheckLife(NamedTuple):
    """A check: who looked, and when."""

    check: DeviceCheck
    by: str
    at: datetime


class HoldingLife(NamedTuple):
    """Who had a device from when to when, as told from a time to another; `issue` handed it out, `leaf` said this."""

    issued: DeviceIssue
    issue: str
    person: str
    since: datetime
    until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str
    returned: DeviceReturn | None = None
    amend_reason: Committed | None = None

    def meets(self, since: datetime, until: datetime | None) -> bool:
        """Say whether it is told, and shares a time with another one; what is long over is told first: it is the most."""
        if self.until is not None and self.until <= since:
            return False
        return self.known_until is None and (until is None or self.since < until)


def described(
    told: tuple[DescribedLife, ...], leaf: Leaf, act: DeviceDescribe, here: Here, *, since: datetime
) -> tuple[DescribedLife, ...]:
    """Return what a device is after it was said, or corrected with a reason.

    Raises:
        Unlawful: it is corrected without one, or the time cannot be.
    """
    law(since <= act.from_ <= leaf.at, FaultCode.PERIOD)
    law(act.reason is not None or not told, FaultCode.VALUES)
    new = DescribedLife(act, leaf.actor, act.from_, None, leaf.at, None, here.digest)
    return (*_closed(told, leaf.at), new)


def described_until(told: tuple[DescribedLife, ...], leaf: Leaf) -> tuple[DescribedLife, ...]:
    """Return what a device is once its key is dead: it is so until then, and another one may be it from then on."""
    standing = [one for one in told if one.known_until is None]
    new = [one._replace(valid_until=leaf.at, known_from=leaf.at) for one in standing]
    return (*_closed(told, leaf.at), *(one for one in new if one.valid_from < leaf.at))


def _closed(told: Iterable[DescribedLife], at: datetime) -> list[DescribedLife]:
    """Close what is told."""
    return [kept for one in told for kept in told_until(one, at)]


def issued(
    told: tuple[HoldingLife, ...],
    checks: Mapping[str, CheckLife],
    leaf: Leaf,
    act: DeviceIssue,
    here: Here,
) -> tuple[HoldingLife, ...]:
    """Return who had a device after it was handed out.

    Raises:
        Unlawful: somebody has it, the times cannot be, or it was found unfit and no reason is said.
    """
    passed = _passed(checks, act.check, "issue", here)
    law(act.reason is not None or passed is not False, FaultCode.VALUES)
    law(act.from_ <= leaf.at, FaultCode.FUTURE)
    law(act.due_at is None or act.due_at > act.from_, FaultCode.PERIOD)
    _check_free(told, act.from_, None, here)
    new = HoldingLife(act, here.digest, act.person, act.from_, None, leaf.at, None, here.digest)
    return (*told, new)


def returned(
    told: tuple[HoldingLife, ...],
    checks: Mapping[str, CheckLife],
    leaf: Leaf,
    act: DeviceReturn,
    here: Here,
) -> tuple[HoldingLife, ...]:
    """Return who had a device after it came back.

    Raises:
        Unlawful: it was not out, the times cannot be, or nobody looked at it and no reason is said.
    """
    passed = _passed(checks, act.check, "return", here)
    law(act.reason is not None or act.check is not None or passed is None, FaultCode.VALUES)
    known = _standing(told, act.issue, here)
    if known is None:
        return told
    law(known.until is None or not here.is_whole, FaultCode.CLOSED)
    law(act.until <= leaf.at, FaultCode.FUTURE)
    law(known.since < act.until or not here.is_whole, FaultCode.PERIOD)
    return _restated(told, leaf, here, known, known._replace(until=act.until, returned=act))


def amended(
    told: tuple[HoldingLife, ...], leaf: Leaf, act: DeviceAmend, here: Here
) -> tuple[HoldingLife, ...]:
    """Return who had a device after that was corrected.

    Raises:
        Unlawful: it was never handed out so, somebody else had it, or the times cannot be.
    """
    known = _standing(told, act.issue, here)
    if known is None:
        return told
    if act.person is None or act.from_ is None:
        return _restated(told, leaf, here, known, None)
    law(act.from_ <= leaf.at and (act.until is None or act.until <= leaf.at), FaultCode.FUTURE)
    law(act.until is None or act.from_ < act.until, FaultCode.PERIOD)
    _check_free([one for one in told if one.issue != known.issue], act.from_, act.until, here)
    corrected = known._replace(person=act.person, since=act.from_, until=act.until, amend_reason=act.reason)
    return _restated(told, leaf, here, known, corrected)


def _check_free(told: Iterable[HoldingLife], since: datetime, until: datetime | None, here: Here) -> None:
    """Refuse two who have one device at a time; where a leaf is withheld nobody can tell when the other brought it back."""
    is_free = not any(one.meets(since, until) for one in told)
    law(is_free or not here.is_whole, FaultCode.TWICE)


def _passed(checks: Mapping[str, CheckLife], digest: str | None, occasion: str, here: Here) -> bool | None:
    """Return whether the check that a leaf names passed; None where it may be withheld.

    Raises:
        Unlawful: there is no such check of that occasion.
    """
    if digest is None:
        return False
    known = checks.get(digest)
    if is_hidden(known, here):
        return None
    if known is None or known.check.occasion != occasion:
        raise Unlawful(FaultCode.VALUES)
    return known.check.passed


def _standing(told: tuple[HoldingLife, ...], issue: str, here: Here) -> HoldingLife | None:
    known = next((one for one in reversed(told) if one.issue == issue and one.known_until is None), None)
    if known is None and not is_hidden(known, here):
        raise Unlawful(FaultCode.NOT_BEGUN)
    return known


def _restated(
    told: tuple[HoldingLife, ...], leaf: Leaf, here: Here, known: HoldingLife, new: HoldingLife | None
) -> tuple[HoldingLife, ...]:
    """Close what is told of one handing out, and tell it anew."""
    kept = tuple(
        left for one in told for left in (told_until(one, leaf.at) if one.issue == known.issue else (one,))
    )
    if new is None:
        return kept
    return (*kept, new._replace(known_from=leaf.at, known_until=None, leaf=here.digest))
