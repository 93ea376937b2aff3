"""A log's own chain, made from its acts: each leaf at its index, with its path to a signed checkpoint."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from schemas.act import Act
from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.checkpoint import Checkpoint, checkpoint_text
from schemas.leaf import Leaf, Place, sealed_bytes
from schemas.leaves_log import KeyRole, LogOpen
from schemas.log_keys import LogKeys
from schemas.merkle import extend, inclusion_proof, root_from_tiles
from schemas.note import encode64, sign_note, vkey_of_seed
from schemas.own_chain import OwnChain, OwnLeaf
from schemas.ticket import kid_of, public_of, sign_ticket

ORIGIN = "law.example.cn/log"
NAME = f"log/{UUID(int=7)}"
FIRST, SECOND, THIRD, TICKET = (bytes([n]) * 32 for n in range(1, 5))
BETWEEN = 3
"""Entries of others between two leaves of the chain."""


def opened(seed: bytes = FIRST, origin: str = ORIGIN) -> LogOpen:
    """The first leaf of a log that this key signs."""
    public = public_of(TICKET)
    return LogOpen(
        origin=origin,
        vkey=vkey_of_seed(origin, seed),
        tickets={kid_of(public): public},
        catalogue_sha256="ab" * 32,
    )


def own_chain(
    acts: Sequence[Act], signer: bytes, *, drop: int | None = None, origin: str = ORIGIN
) -> OwnChain:
    """The chain of these acts, signed by `signer`; without its leaf number `drop`, from 1, where one is named."""
    head, leaves, hashes = genesis(NAME), [], []
    for n, act in enumerate(acts, start=1):
        leaf = Leaf(
            id=str(UUID(int=n)),
            salt=secrets.token_hex(16),
            actor="service/signer",
            subject=NAME if n == 1 else f"key/{UUID(int=n)}",
            at=datetime(2026, 12, 1, tzinfo=UTC),
            chains=(Place(n=n, of=NAME, prev=head),),
            act=act,
        )
        payload, _ = sealed_bytes(leaf, act)
        digest = leaf_digest(payload)
        leaves.append((len(hashes), payload, digest))
        hashes += [bytes.fromhex(entry_hash(digest)), *(secrets.token_bytes(32) for _ in range(BETWEEN))]
        head = step(head, digest, leaf.event)
    tiles = extend(lambda _level, _n: b"", 0, hashes)

    def read(level: int, n: int) -> bytes:
        return tiles[level, n]

    size = len(hashes)
    checkpoint = Checkpoint(origin=origin, size=size, root=root_from_tiles(size, read))
    return OwnChain(
        log=NAME,
        checkpoint=sign_note(checkpoint_text(checkpoint), origin, signer),
        leaves=tuple(
            OwnLeaf(
                index=index,
                leaf=encode64(payload),
                kid=kid_of(public_of(TICKET)),
                ticket=sign_ticket(digest, TICKET),
                hashes=tuple(map(encode64, inclusion_proof(index, size, read))),
            )
            for n, (index, payload, digest) in enumerate(leaves, start=1)
            if n != drop
        ),
    )


def log_seeds(keys: LogKeys) -> list[str]:
    """The public keys of the log itself, oldest first."""
    return [one.public for one in keys.keys if one.role is KeyRole.LOG]
