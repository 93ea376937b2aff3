"""A chain whose last entry the log refuses goes on: the refused ones give up their places, and a leaf lists them.

The chain goes on after its last indexed leaf; what was refused stays in the table and is never indexed. Its rows are named
by `fsck` until the act is logged again, or the rows are gone: a leaf changes no row.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, text

from schemas.errors import Invalid
from schemas.leaf import parse_leaf
from schemas.leaves_log import ChainMend
from schemas.mend import mend_sha256
from schemas.reference import ident_of
from schemas.refusals_custody import CHAIN_SOUND, LOG_BUSY
from storage.custody.chains import stand
from storage.custody.custody import CustodyLog
from storage.custody.telling import SIGNER
from storage.custody.values import shown
from storage.tables.custody import chain_places, chains, custody_entries

_REFUSED = text(
    """
    SELECT one.leaf, one.digest FROM custody_entries AS one JOIN custody_entries AS said ON said.digest = one.refused_by
    WHERE one.refused_by IS NOT NULL AND said.leaf_index IS NOT NULL ORDER BY one.id
    """
)
_WAITS = (
    select(custody_entries.c.id)
    .join(chain_places, chain_places.c.entry == custody_entries.c.id)
    .where(custody_entries.c.leaf_index.is_(None), custody_entries.c.refused_by.is_(None))
)


def mend(custody: CustodyLog, connection: Connection, of: str, approvals: Iterable[str], reason: str) -> int:
    """Let a chain go on; returns how many refused drafts its leaf lists.

    Args:
        custody: The log.
        connection: Its transaction.
        of: The thing whose chain it is, `noun/uuid`.
        approvals: The two persons, `account/uuid`.
        reason: Why, in words.

    Raises:
        Invalid: nothing of this chain is refused and not yet listed (slug `chain-sound`).
        Conflict: an entry of it waits for its index (slug `log-busy`).
        IntegrityBroken: it does not stand where its last leaf does.
    """
    connection.execute(select(chains.c.n).where(chains.c.of == of).with_for_update())
    refused = _refused(connection, of)
    known = sum(one.act.refused for one in custody.chain(of) if isinstance(one.act, ChainMend))
    listed = refused[known:]
    if not listed:
        raise CHAIN_SOUND(f"日志没有拒绝 {of} 的记录 the log refuses nothing of {of} that is not listed yet")
    if connection.scalar(_WAITS.where(chain_places.c.of == of).limit(1)) is not None:
        raise LOG_BUSY(f"{of} 仍有记录等待收录 an entry of it waits for its index: see `quancheng doctor`")
    connection.execute(select(func.free_refused(of)))
    stand(connection, of)
    custody.hold(of)
    act = ChainMend(
        refused=len(listed),
        list_sha256=mend_sha256(listed),
        approvals=tuple(sorted(approvals)),
        reason=shown(reason),
    )
    custody.append(act, f"chain/{ident_of(of)}", of, actor=SIGNER)
    return len(listed)


def stopped(connection: Connection) -> list[str]:
    """Return the chains that stand still, by name: a draft that the log refuses has a place in them."""
    rows = connection.scalars(
        select(chain_places.c.of)
        .join(custody_entries, custody_entries.c.id == chain_places.c.entry)
        .where(custody_entries.c.refused_by.is_not(None))
        .distinct()
        .order_by(chain_places.c.of)
    )
    return list(rows)


def _refused(connection: Connection, of: str) -> list[str]:
    """Return the digests of all drafts of a chain that the log refuses, as their own leaves say, oldest first."""
    found = []
    for row in connection.execute(_REFUSED):
        try:
            leaf = parse_leaf(bytes(row.leaf))
        except Invalid:
            continue
        if leaf.place(of) is not None:
            found.append(bytes(row.digest).hex())
    return found
