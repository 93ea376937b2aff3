"""The keys by which a log signed its checkpoints: each from a size on, and never beside another.

A key gives way by a leaf (`key:rotate`) that it signed itself. The checkpoint that covers this leaf, and every later
one, is signed by the next; what the old one signs from there on is no checkpoint of the log.
"""

import base64
from collections.abc import Iterable
from typing import NamedTuple, Self

from schemas.act import Act
from schemas.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_proof, verify_proof
from schemas.key_rotation import is_proven
from schemas.leaf import Unknown
from schemas.leaves_log import KeyRole, KeyRotate
from schemas.note import encode64, parse_vkey, vkey


class LogSigners(NamedTuple):
    """From which size on each key signs, oldest first; there is one at least."""

    keys: tuple[tuple[int, str], ...]

    @classmethod
    def one(cls, key: str) -> Self:
        """Return those of a log that had one key, as far as is known."""
        return cls(((0, key),))

    @property
    def opened(self) -> str:
        """The first one: by it the log is named outside its database."""
        return self.keys[0][1]

    @property
    def newest(self) -> str:
        """The one that signs now."""
        return self.keys[-1][1]

    def at(self, size: int) -> str:
        """Return the key that signs a tree of so many entries."""
        return next(key for since, key in reversed(self.keys) if since <= max(size, self.keys[0][0]))

    def checkpoint(self, note: str) -> Checkpoint:
        """Return the checkpoint that the log signed, with the key of its size.

        Raises:
            SignatureInvalid, Invalid: as `open_checkpoint`.
        """
        said = parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
        return open_checkpoint(note, self.at(said.size))

    def verify_proof(self, text: str, *, leaf: bytes) -> Checkpoint:
        """Check a proof file against a leaf hash; raises as `schemas.checkpoint.verify_proof`."""
        said = parse_checkpoint(parse_proof(text).note.rpartition("\n\n")[0] + "\n")
        return verify_proof(text, leaf=leaf, vkey=self.at(said.size))

    def following(self, said: Iterable[tuple[int, Act | Unknown]]) -> Self:
        """Return them with what leaves say: of each that the newest key signed, the next. Others say nothing.

        Args:
            said: Index and act of leaves, in the order of the log.
        """
        keys = list(self.keys)
        for index, act in said:
            if isinstance(act, KeyRotate) and act.role is KeyRole.LOG:
                newest = parse_vkey(keys[-1][1])
                if index >= keys[-1][0] and is_proven(act, encode64(newest.public)):
                    keys.append((index + 1, vkey(newest.name, base64.b64decode(act.public))))
        return self._replace(keys=tuple(keys))
