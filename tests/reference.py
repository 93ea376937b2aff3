"""The slow, obvious twin of the log's tree: RFC 6962 section 2.1 word by word."""

import hashlib
from collections.abc import Sequence


def mth(leaf_hashes: Sequence[bytes]) -> bytes:
    """MTH(D[n]) over leaf hashes."""
    n = len(leaf_hashes)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return leaf_hashes[0]
    k = _largest_power_of_two_below(n)
    return hashlib.sha256(b"\x01" + mth(leaf_hashes[:k]) + mth(leaf_hashes[k:])).digest()


def path(m: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    n = len(leaf_hashes)
    if n == 1:
        return []
    k = _largest_power_of_two_below(n)
    if m < k:
        return [*path(m, leaf_hashes[:k]), mth(leaf_hashes[k:])]
    return [*path(m - k, leaf_hashes[k:]), mth(leaf_hashes[:k])]


def proof(m: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) for 0 < m <= n."""
    return _subproof(m, leaf_hashes, is_whole=True)


def _subproof(m: int, leaf_hashes: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    n = len(leaf_hashes)
    if m == n:
        return [] if is_whole else [mth(leaf_hashes)]
    k = _largest_power_of_two_below(n)
    if m <= k:
        return [*_subproof(m, leaf_hashes[:k], is_whole=is_whole), mth(leaf_hashes[k:])]
    return [*_subproof(m - k, leaf_hashes[k:], is_whole=False), mth(leaf_hashes[:k])]


def _largest_power_of_two_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
