"""The log's own chain as it publishes it: its name and keys, proven from the key that somebody knows of it.

Its leaves tell of the log alone: opened, upgraded, keys, witnesses. Each stands with its path in the tree of one
checkpoint, so whoever knows one key of the log – of any time – learns the one in force, and every other, and believes
nobody for it.
What the newest leaves say could be kept back, as could a checkpoint: that takes a second witness.
"""

import base64
import binascii

from schemas.base import Frozen
from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.checkpoint import Checkpoint
from schemas.key_rotation import is_proven
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_log import KeyRole, KeyRotate, LogOpen
from schemas.log_keys import LogKeys, said_keys
from schemas.merkle import MAX_PROOF_HASHES, verify_inclusion
from schemas.note import decode64, parse_vkey
from schemas.refusals_custody import LEAF_INVALID, PROOF_INVALID


class OwnLeaf(Frozen):
    """A leaf of the chain, its bytes in base64, its ticket, and the hashes from it to the root."""

    index: int
    leaf: str
    kid: str
    ticket: str
    hashes: tuple[str, ...]


class OwnChain(Frozen):
    """The chain up to a checkpoint, oldest first; `log` is its name, `log/uuid`."""

    v: int = 1
    log: str
    checkpoint: str
    leaves: tuple[OwnLeaf, ...]


def proven_keys(chain: OwnChain, known: str) -> tuple[LogKeys, Checkpoint]:
    """Return what the log says of its keys, and how far it is signed, from one of its keys that was known before.

    Args:
        chain: What it publishes.
        known: A verifier key of the log, of any time.

    Raises:
        Invalid: a leaf is none, is not the next one of its chain or not in the tree; a key of the log gave way without
            signing the next; the key that is known is none of its keys; the checkpoint is not signed by the one in force.
    """
    read = _leaves(chain)
    keys = said_keys((one.index, leaf.act) for one, leaf in zip(chain.leaves, read, strict=True))
    if keys is None or not isinstance(read[0].act, LogOpen):
        raise LEAF_INVALID("the chain does not begin with the opening of a log")
    _require_handed_on(keys, read)
    if parse_vkey(known) not in map(parse_vkey, keys.log_vkeys):
        raise LEAF_INVALID("the key that is known is none of this log's")
    checkpoint = keys.signers.checkpoint(chain.checkpoint)
    for one in chain.leaves:
        verify_inclusion(
            tuple(decode64(each, PROOF_INVALID) for each in one.hashes[: MAX_PROOF_HASHES + 1]),
            index=one.index,
            size=checkpoint.size,
            leaf=bytes.fromhex(entry_hash(leaf_digest(_bytes(one)))),
            root=checkpoint.root,
        )
    return keys, checkpoint


def _leaves(chain: OwnChain) -> list[Leaf]:
    """Return the leaves of a chain without a hole, in the log's order."""
    head, last, read = genesis(chain.log), -1, []
    for n, one in enumerate(chain.leaves, start=1):
        leaf = parse_leaf(_bytes(one))
        place = leaf.place(chain.log)
        if place is None or (place.n, place.prev) != (n, head) or one.index <= last:
            raise LEAF_INVALID(f"leaf {n} is not the next one of {chain.log}")
        head, last = step(head, leaf_digest(_bytes(one)), leaf.event), one.index
        read.append(leaf)
    if not read:
        raise LEAF_INVALID("the chain has no leaf")
    return read


def _require_handed_on(keys: LogKeys, read: list[Leaf]) -> None:
    publics = {one.kid: one.public for one in keys.keys if one.role is KeyRole.LOG}
    for leaf in read:
        act = leaf.act
        if (
            isinstance(act, KeyRotate)
            and act.role is KeyRole.LOG
            and not is_proven(act, publics.get(act.old, ""))
        ):
            raise LEAF_INVALID("a key of the log gave way to one that it has not signed")


def _bytes(one: OwnLeaf) -> bytes:
    try:
        return base64.b64decode(one.leaf, validate=True)
    except (binascii.Error, ValueError) as err:
        raise LEAF_INVALID("a leaf is not base64") from err
