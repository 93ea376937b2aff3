"""The life of an entry of training inside its person's chain."""

from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_training import TrainingEnter, TrainingWithdraw
from schemas.life import FaultCode, Unlawful, law
from schemas.life_inside import Committed
from schemas.trail import day_of


class TrainingLife(NamedTuple):
    """An entry, by the digest of its leaf; `name` is `training/…`. Who entered and withdrew it, and when."""

    entry: TrainingEnter
    name: str
    by: str
    at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    reason: Committed | None = None


def entered(leaf: Leaf, act: TrainingEnter) -> TrainingLife:
    """Return an entry that begins.

    Raises:
        Unlawful: its day lies in the future.
    """
    law(act.on <= day_of(leaf.at).isoformat(), FaultCode.FUTURE)  # days of one spelling sort as they follow
    return TrainingLife(act, leaf.subject, leaf.actor, leaf.at)


def withdrawn(known: TrainingLife | None, leaf: Leaf, act: TrainingWithdraw) -> TrainingLife:
    """Return an entry that counts no more.

    Raises:
        Unlawful: there is no such entry, or it was withdrawn.
    """
    if known is None or known.name != leaf.subject:
        raise Unlawful(FaultCode.NOT_BEGUN)
    law(known.withdrawn_at is None, FaultCode.TWICE)
    return known._replace(withdrawn_by=leaf.actor, withdrawn_at=leaf.at, reason=act.reason)
