"""The life of a source: the batches of one machine account, one after the other without a gap."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_monitoring import IntakeReceive
from schemas.life import FaultCode, Here, Unlawful, law
from schemas.reference import ident_of


class Batch(NamedTuple):
    """A batch as it was received, and the one before it: a source of many batches is folded without copies."""

    intake: str
    received: IntakeReceive
    by: str
    at: datetime
    before: "Batch | None"


class SourceLife(NamedTuple):
    """The batches of one machine account, gapless; `seq` is that of the last."""

    seq: int = 0
    last: Batch | None = None

    def batches(self) -> Iterator[Batch]:
        """Yield all, the last one first."""
        batch = self.last
        while batch is not None:
            yield batch
            batch = batch.before


def apply_source(life: SourceLife | None, leaf: Leaf, here: Here) -> SourceLife:
    """Return the source after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act, known = leaf.act, life or SourceLife()
    if not isinstance(act, IntakeReceive):
        raise Unlawful(FaultCode.EVENT)
    law(ident_of(leaf.actor) == ident_of(here.of), FaultCode.SEQUENCE)
    law(act.seq == known.seq + 1, FaultCode.SEQUENCE)
    law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
    return SourceLife(act.seq, Batch(leaf.subject, act, leaf.actor, leaf.at, known.last))
