"""What the corpus is made of: whole files that look odd, and classes of damage with what must be said of them."""

import zlib
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from schemas.integrity import Severity

MEDIA = ("photo", "video", "sound", "track", "document", "metadata")


class Whole(NamedTuple):
    """A file that is sound, however odd: no check may say more than a remark of it."""

    medium: str
    kind: str
    name: str
    make: Callable[[], bytes]


class Broken(NamedTuple):
    """A class of damage to one kind of file: one of `codes` must be said, weighing at least `least`.

    `make` gives another file for every state of chance; `times` files of it are in the whole corpus.
    """

    medium: str
    damage: str
    name: str
    make: Callable[[Random], bytes]
    codes: frozenset[str]
    least: Severity = Severity.WARN
    times: int = 3


def chance(seed: int, words: str) -> Random:
    """Return the same chance for the same seed and words, in every process."""
    return Random(seed * 0x1_0000_0000 + zlib.crc32(words.encode()))
