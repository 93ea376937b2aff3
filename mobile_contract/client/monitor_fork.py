"""`quancheng monitor --fork FILE`: the proof of a fork that a follower kept, or that somebody was sent, is checked.

Nothing is asked of anybody: both notes must be signed by one key, and the newer tree must begin with another root than the
older note names. Whose key it is only whoever has it from another way can say.
"""

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from mobile_contract.client.misuse import regular_file
from schemas.checkpoint import Checkpoint
from schemas.errors import Invalid
from schemas.fork import Fork, open_fork
from schemas.note import encode64, parse_vkey
from schemas.refusals_custody import VKEY_INVALID
from schemas.refusals_follow import FORK_UNPROVEN, LOG_FOREIGN

MOST_BYTES = 1024 * 1024


class Proven(NamedTuple):
    """Two checkpoints that contradict each other, the one of fewer entries first, and the key that signed both."""

    vkey: str
    older: Checkpoint
    newer: Checkpoint
    begins: str
    """The root, in base64, that the newer tree has over the older one's number of entries."""

    @property
    def lines(self) -> list[str]:
        """What a person reads: both heads, and where they part."""
        heads = [f"  {one.size} 条 entries: {encode64(one.root)}" for one in (self.older, self.newer)]
        begins = f"  后者的前 {self.older.size} 条 the first {self.older.size} of the latter: {self.begins}"
        return [f"  密钥 key {self.vkey}", *heads, *([begins] if self.older.size < self.newer.size else [])]


def read_fork(path: Path, vkey: str | None) -> Proven:
    """Check a file that is said to prove a fork.

    Args:
        path: The file.
        vkey: The log's key, obtained another way; None where nobody has it.

    Raises:
        OSError: it cannot be read.
        Invalid: it proves none (slug `fork-unproven`, or what is wrong with a note or the proof).
        IntegrityBroken: it is signed by another key than is given (slug `log-foreign`).
    """
    regular_file(path)
    with path.open("rb") as stream:
        payload = stream.read(MOST_BYTES + 1)
    try:
        fork = Fork.model_validate_json(payload if len(payload) <= MOST_BYTES else b"")
    except (ValidationError, ValueError) as err:
        raise FORK_UNPROVEN(f"不是分叉证明 no proof of a fork: {path}") from err
    if vkey is not None and parse_vkey(vkey) != parse_vkey(fork.vkey):
        raise LOG_FOREIGN(f"证明由另一密钥签署 the proof is of another key: {fork.vkey}")
    try:
        older, newer = open_fork(fork)
    except Invalid as err:
        if err.refusal is VKEY_INVALID:
            raise FORK_UNPROVEN(err.detail) from err
        raise
    return Proven(fork.vkey, older, newer, fork.root)
