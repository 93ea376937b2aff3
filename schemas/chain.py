r"""Chains: the numbered leaves of one thing, bound by an accumulated head.

    digest = SHA-256(leaf)              what `sha256sum` prints, and what the log holds
    entry hash = SHA-256(0x00 || digest)                            RFC 6962 section 2.1
    head 0 = SHA-256("quancheng-chain-v1\n" || of || "\n")
    head n = SHA-256("quancheng-chain-v1\n" || head n-1 || digest n || event || "\n")

Heads and digests are 32 raw bytes. The event's name is in the head, so whoever hides a leaf can hide what it
says, never that it stands there and of what kind it is.
"""

import hashlib

from schemas.digest import sha256_hex
from schemas.merkle import leaf_hash

_DOMAIN = b"quancheng-chain-v1\n"


def leaf_digest(payload: bytes) -> str:
    """Return the digest of a leaf's bytes, hex."""
    return sha256_hex(payload)


def entry_hash(digest: str) -> str:
    """Return the hash by which the log's tree holds the leaf of this digest, hex."""
    return leaf_hash(bytes.fromhex(digest)).hex()


def tree_hash(payload: bytes) -> bytes:
    """Return the same for the bytes of a leaf, 32 raw bytes."""
    return leaf_hash(hashlib.sha256(payload).digest())


def genesis(of: str) -> str:
    """Return the head of a chain without leaves, hex."""
    return hashlib.sha256(_DOMAIN + of.encode("ascii") + b"\n").hexdigest()


def step(head: str, digest: str, event: str) -> str:
    """Return the head after one more leaf, hex."""
    joined = _DOMAIN + bytes.fromhex(head) + bytes.fromhex(digest) + event.encode("ascii") + b"\n"
    return hashlib.sha256(joined).hexdigest()
