"""What a `chain:mend` lists: the drafts of its chain that the log refuses and no earlier one listed, oldest first."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from schemas.actor import Role

MENDERS: Final = frozenset({Role.ADMIN, Role.SECURITY, Role.HEAD})
"""One of these roles each of the two persons holds."""


def mend_list(digests: Iterable[str]) -> bytes:
    """Return the list whose SHA-256 the leaf names: a line a draft, its digest in hex."""
    return "".join(f"{one}\n" for one in digests).encode("ascii")


def mend_sha256(digests: Iterable[str]) -> str:
    """Return the digest of the list, hex."""
    return hashlib.sha256(mend_list(digests)).hexdigest()


def settled(refused: Sequence[str], mends: Iterable[tuple[int, str]]) -> frozenset[str]:
    """Return those of a chain's refused drafts that a leaf lists as it should.

    Args:
        refused: Their digests, oldest first.
        mends: Count and digest of the list of each `chain:mend`, in the order of the chain.
    """
    found: set[str] = set()
    start = 0
    for count, list_sha256 in mends:
        some = refused[start : start + count]
        start += count
        if len(some) == count and mend_sha256(some) == list_sha256:
            found.update(some)
    return frozenset(found)
