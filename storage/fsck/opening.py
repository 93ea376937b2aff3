"""What opens the commitments of leaves, as it is kept beside them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from schemas.errors import Invalid
from schemas.fsck import Fault, FaultCode
from schemas.leaf import Leaf, Unknown
from schemas.leaves_monitoring import IntakeReceive
from schemas.personal import is_personal
from storage.fsck.personal import State, opening, seal_over
from storage.tables.custody import custody_entries, openings

READ_ROWS = 1000


class One(NamedTuple):
    """What is kept of one member.

    Attributes:
        shown: Its opening; None where it was erased, or is sealed and does not open.
        erased: The digest of the leaf that says it was erased.
        state: How it is kept; None where it was erased.
    """

    shown: bytes | None
    erased: str | None
    state: State | None

    @property
    def is_there(self) -> bool:
        """Whether an opening is kept, readable or not."""
        return self.state is not None


Kept = Mapping[str, One]
"""Member → what is kept of it."""
Opened = Mapping[str, Kept]
"""Digest of a leaf → what is kept for it."""


def openings_by(connection: Connection, digests: Collection[bytes]) -> Opened:
    """Return what is kept for each of these leaves."""
    found: dict[str, dict[str, One]] = defaultdict(dict)
    seal = seal_over(connection)
    for row in connection.execute(select(openings).where(openings.c.digest.in_(digests))):
        digest = bytes(row.digest)
        erased = None if row.erased_by is None else bytes(row.erased_by).hex()
        if row.opening is None:
            found[digest.hex()][row.member] = One(None, erased, None)
        else:
            told = opening(seal, digest, row.member, bytes(row.opening))
            found[digest.hex()][row.member] = One(told.value, erased, told.state)
    return found


def opened_leaf(leaf: Leaf, kept: Kept) -> Leaf:
    """Return the leaf with all that can be shown of it; what does not open stays hidden, and is named elsewhere."""
    act = leaf.act
    if isinstance(act, (Unknown, IntakeReceive)) or not kept:
        return leaf
    try:
        return leaf.telling(act.revealed(*_parted(kept)))
    except Invalid:
        for member, one in kept.items():
            with suppress(Invalid):
                act = act.revealed(*_parted({member: one}))
        return leaf.telling(act)


def _parted(kept: Kept) -> tuple[dict[str, bytes], dict[str, str]]:
    shown = {member: one.shown for member, one in kept.items() if one.shown is not None}
    return shown, {member: one.erased for member, one in kept.items() if one.erased is not None}


def opening_faults(leaf: Leaf, kept: Kept, name: str) -> Iterator[Fault]:
    """Yield every commitment of a leaf that nothing opens, and every opening that opens none of them.

    What is sealed, and could not be looked at without the key, is counted as not checked elsewhere.
    """
    members = set(leaf.act.commitments() if isinstance(leaf.act, Unknown) else leaf.act.committed())
    if isinstance(leaf.act, IntakeReceive):  # its rows are committed to by their root, with a salt for each
        members = {f"row.{k}" for k in range(1, leaf.act.rows + 1)}
    # No leaf can say yet that an opening was erased: one that is kept as erased is missing.
    there = {member for member, one in kept.items() if one.is_there}
    if members == there == kept.keys() and _opens_whole(leaf, kept):
        return
    for member in sorted(members - there):
        yield Fault(code=FaultCode.OPENING_MISSING, subject=name, detail=member)
    for member, one in sorted(kept.items()):
        if member not in members or (one.is_there and one.erased is not None):
            yield Fault(code=FaultCode.OPENING_UNEXPECTED, subject=name, detail=member)
        elif one.is_there and not _is_kept_well(leaf, member, one):
            yield Fault(code=FaultCode.PERSONAL_UNREADABLE, subject=name, detail=member)
        elif one.shown is not None and not _opens(leaf, member, one.shown):
            yield Fault(code=FaultCode.OPENING_DIFFERS, subject=name, detail=member)


def _is_kept_well(leaf: Leaf, member: str, one: One) -> bool:
    """Say whether what is personal is sealed and opens, and what is not is in clear."""
    if one.state is State.UNREADABLE:
        return False
    if isinstance(leaf.act, Unknown):
        return True
    return (one.state is State.CLEAR) is not is_personal(type(leaf.act), member)


def _opens_whole(leaf: Leaf, kept: Kept) -> bool:
    """Say whether everything opens and nothing is erased; where not, each is looked at alone."""
    shown, erased = _parted(kept)
    if erased or isinstance(leaf.act, (Unknown, IntakeReceive)) or len(shown) < len(kept):
        return False
    if not all(_is_kept_well(leaf, member, one) for member, one in kept.items()):
        return False
    try:
        leaf.act.revealed(shown)
    except Invalid:
        return False
    return True


def _opens(leaf: Leaf, member: str, payload: bytes) -> bool:
    if isinstance(leaf.act, (Unknown, IntakeReceive)):  # a salt is judged by the root that it helps to make
        return True
    try:
        leaf.act.revealed({member: payload})
    except Invalid:
        return False
    return True


def orphaned_openings(connection: Connection) -> Iterator[Fault]:
    """Yield every opening of a leaf that is not there."""
    is_there = exists(select(custody_entries.c.id).where(custody_entries.c.digest == openings.c.digest))
    rows = connection.execute(
        select(openings.c.digest, openings.c.member).where(~is_there).execution_options(yield_per=READ_ROWS)
    )
    for row in rows:
        yield Fault(
            code=FaultCode.OPENING_UNEXPECTED, subject=f"leaf/{bytes(row.digest).hex()}", detail=row.member
        )
