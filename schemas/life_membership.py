"""The life of a membership inside the person's chain: to which agency they belonged when, and since when it was said."""

from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_account import AccountTransfer
from schemas.life import FaultCode, Here, law, told_until
from schemas.life_inside import Committed


class Belonging(NamedTuple):
    """An agency from a time to another, as told from a time on until another one; `leaf` is the transfer that told it."""

    agency: str
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str
    reason: Committed | None = None


def transferred(
    told: tuple[Belonging, ...],
    leaf: Leaf,
    act: AccountTransfer,
    here: Here,
    *,
    agency: str,
    opened_at: datetime,
) -> tuple[Belonging, ...]:
    """Return what is told of a person after a move; `agency` is where they belonged, since the account was opened at least.

    Raises:
        Unlawful: it lies in the future, or says nothing that was not so.
    """
    law(act.from_ <= leaf.at, FaultCode.FUTURE)
    before = told or (Belonging(agency, None, None, opened_at, None, here.digest),)
    now = [one for one in before if one.known_until is None]
    law(act.agency != agency or not _has_begun(now[-1], act.from_), FaultCode.TWICE)
    after: list[Belonging] = []
    for one in before:
        is_told = one.known_until is None
        if is_told and one.valid_until is not None and one.valid_until <= act.from_:
            after.append(one)
            continue
        after.extend(told_until(one, leaf.at))
        if is_told and _has_begun(one, act.from_, is_before=True):
            after.append(one._replace(valid_until=act.from_, known_from=leaf.at))
    after.append(Belonging(act.agency, act.from_, None, leaf.at, None, here.digest, act.reason))
    return tuple(after)


def _has_begun(one: Belonging, at: datetime, *, is_before: bool = False) -> bool:
    """Say whether one has begun by a time, or before it."""
    return one.valid_from is None or one.valid_from < at or (one.valid_from == at and not is_before)
