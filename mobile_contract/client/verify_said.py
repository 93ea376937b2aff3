"""A word of a package that is committed to, and what is told of a file that a person handed in."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.base import Frozen, rfc3339
from schemas.leaves_recording import Declared
from schemas.life_account import AccountLife
from schemas.life_inside import Committed
from schemas.opening import Erased, Shown
from schemas.package_record import Record

Grounds = Mapping[tuple[str, str], str]
"""(digest, member) → why it is not shown."""


class Said(Frozen):
    """A committed value: shown, or not shown on a ground, or erased."""

    value: Any = None
    not_shown: str | None = None
    erased: bool = False


class Teller:
    """Says what is committed to in the leaves of a package."""

    def __init__(self, record: Record, grounds: Grounds) -> None:
        self._record = record
        self._by_commitment = {
            digest: grounds[one.digest, member]
            for one in record.carried.values()
            for member, digest in one.leaf.act.commitments().items()
            if (one.digest, member) in grounds
        }

    def said(self, value: Committed | None) -> Said:
        """Return what is committed to."""
        if value is None:
            return Said()
        if isinstance(value, Shown):
            return Said(value=value.value)
        return Said(erased=isinstance(value, Erased), not_shown=self._by_commitment.get(value.digest, ""))

    def name(self, account: str) -> Said:
        """Return what somebody is called; where the package does not say, the name of the account."""
        folded = self._record.folded.get(account)
        life = None if folded is None else folded.life
        return self.said(life.name) if isinstance(life, AccountLife) else Said(value=account)


class DeclaredTold(Frozen):
    """What its bringer declared of a recording: their word, beside what the file says of itself."""

    way: str
    origin: str
    source: Said
    maker: Said
    made_at: str | None
    method: Said
    document: str | None


def declared_told(made: Declared | None, said: Callable[[Committed | None], Said]) -> DeclaredTold | None:
    """Return what was declared of a recording; None where its bringer declared nothing."""
    if made is None:
        return None
    return DeclaredTold(
        way=made.way.value,
        origin=made.origin.value,
        source=said(made.source),
        maker=said(made.maker),
        made_at=None if made.made_at is None else rfc3339(made.made_at),
        method=said(made.method),
        document=None if made.document is None else made.document.value,
    )
