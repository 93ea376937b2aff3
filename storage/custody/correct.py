"""An entry that is wrong is answered by another, in every chain in which it stands: nothing of it, and no row, changes."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, select

from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.leaves_correction import CorrectionMake, LeafCorrected
from schemas.ours import ours
from schemas.reference import ident_of, noun_of
from schemas.refusals_custody import CORRECTION_MEMBER, CORRECTION_NOWHERE, ENTRY_UNKNOWN, LEAF_BROKEN
from storage.custody.custody import CustodyLog
from storage.custody.telling import SIGNER
from storage.custody.values import shown
from storage.tables.custody import custody_entries

_ENVELOPE: Final = ("actor", "at", "subject")
"""Members that every leaf has, beside those of its event."""


def correct(
    custody: CustodyLog,
    connection: Connection,
    digest: str,
    values: Mapping[str, str],
    *,
    approvals: Iterable[str],
    reason: str,
) -> list[str]:
    """Answer a leaf by what is true; returns the chains in which that stands now.

    Args:
        custody: The log.
        connection: Its transaction.
        digest: Of the leaf, hex.
        values: Member → what it should have said.
        approvals: The two persons, `account/uuid`.
        reason: Why, in words.

    Raises:
        NotFound: the log has no indexed entry of this digest (slug `entry-unknown`).
        Invalid: it has no such member (slug `correction-member`), or stands in no chain that can carry the answer
            (`correction-nowhere`).
        IntegrityBroken: it is no leaf (slug `leaf-broken`), or a chain does not stand where its last leaf does.
    """
    leaf = _leaf(connection, digest)
    unknown = sorted(set(values) - _members(leaf))
    if unknown or not values:
        named = ", ".join(unknown) or "–"
        has = ", ".join(sorted(_members(leaf)))
        raise CORRECTION_MEMBER(f"{leaf.event}: {named}; 可更正 it has: {has}")
    chains = [place.of for place in leaf.chains if noun_of(place.of) != "log"]
    if not chains:
        raise CORRECTION_NOWHERE(f"{leaf.event} 不属于任何编号链 stands in no chain of a thing")
    custody.hold(*chains)
    for of in chains:
        act = CorrectionMake(
            entry=digest,
            members=tuple(
                LeafCorrected(member=member, value=shown(value)) for member, value in sorted(values.items())
            ),
            approvals=tuple(sorted(approvals)),
            reason=shown(reason),
        )
        custody.append(act, f"correction/{ident_of(of)}", of, actor=SIGNER)
    return chains


def _leaf(connection: Connection, digest: str) -> Leaf:
    kept = custody_entries.c
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        wanted = b""
    payload = connection.scalar(select(kept.leaf).where(kept.digest == wanted, kept.leaf_index.is_not(None)))
    if payload is None:
        raise ENTRY_UNKNOWN(f"日志中没有这条记录 the log has no indexed entry of the digest {digest}")
    with ours(LEAF_BROKEN, f"leaf {digest} is no leaf"):
        return parse_leaf(bytes(payload))


def _members(leaf: Leaf) -> set[str]:
    if isinstance(leaf.act, Unknown):
        return set(_ENVELOPE)
    return {*_ENVELOPE, *leaf.act.facts(), *leaf.act.committed()}
