"""Proof that a log showed two histories: two checkpoints under one key that no log can have signed honestly.

At one size two roots are enough. At two sizes the proof carries the root that the newer tree has over the entries of the
older one, and the hashes that lead from there to the newer root (RFC 6962 section 2.1.2): an honest older checkpoint
would have named that root. Whoever has the log's key checks it, without the log and without whoever found it.
"""

from typing import Literal

from schemas.base import Frozen
from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.merkle import verify_consistency
from schemas.note import decode64
from schemas.refusals_follow import FORK_UNPROVEN


class Fork(Frozen):
    """Both notes as they were signed; `root` and `hashes` in base64, as checkpoints and proof files have them."""

    v: Literal[1] = 1
    vkey: str
    older: str
    newer: str
    root: str
    hashes: tuple[str, ...] = ()


def open_fork(fork: Fork) -> tuple[Checkpoint, Checkpoint]:
    """Return the two checkpoints that contradict each other, the one of fewer entries first.

    Raises:
        Invalid: they do not, or this does not show it (slug `fork-unproven` or what is wrong with a note or the proof).
    """
    older, newer = (open_checkpoint(note, fork.vkey) for note in (fork.older, fork.newer))
    root = decode64(fork.root, FORK_UNPROVEN)
    proof = [decode64(one, FORK_UNPROVEN) for one in fork.hashes]
    if older.size == 0 or root == older.root:
        raise FORK_UNPROVEN("the newer tree begins with the older one")
    verify_consistency(proof, size1=older.size, size2=newer.size, root1=root, root2=newer.root)
    return older, newer
