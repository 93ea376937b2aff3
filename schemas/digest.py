"""A digest is an algorithm and a value; comparison takes constant time."""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Self

from cryptography.hazmat.primitives import hashes as _ossl

from schemas.base import Frozen, HexDigest

CHUNK_BYTES = 1024 * 1024
"""Read size for hashing: at 1 MiB SHA-256 runs at its ceiling and the interpreter lock is released."""

PROOF_BYTES = 1024 * 1024
"""Of so many bytes of a stored object one digest is kept, and no read sends less than it has compared.

Smaller ones would make a seek cheaper and the list longer: 32 bytes a MiB are 320 kB for 10 GiB, and a MiB is hashed in
half a millisecond. It is a part of what is kept: another size would need another list.
"""

_HEX = re.compile(r"[0-9a-f]{64}")


class Digest(Frozen):
    """`alg` is sha256 (FIPS 180-4) or sm3 (GB/T 32905-2016); `value` is 64 lower-case hex digits."""

    alg: str
    value: HexDigest

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `alg:hex`.

        Raises:
            ValueError: unknown algorithm or malformed value. An absent or malformed digest never passes.
        """
        alg, _, value = text.partition(":")
        if alg not in ("sha256", "sm3") or not _HEX.fullmatch(value):
            raise ValueError("a digest is sha256:<64 hex> or sm3:<64 hex>")
        return cls(alg=alg, value=HexDigest(value))

    def __str__(self) -> str:
        return f"{self.alg}:{self.value}"

    def same(self, other: "Digest") -> bool:
        """Compare in constant time; different algorithms are never the same."""
        return self.alg == other.alg and hmac.compare_digest(self.value, other.value)


def _sm3() -> "hashlib._Hash | _OsslSm3":
    try:
        return hashlib.new("sm3")
    except ValueError:  # the system OpenSSL was built without SM3
        return _OsslSm3()


class _OsslSm3:
    """SM3 from the OpenSSL inside `cryptography`, with hashlib's two methods."""

    def __init__(self) -> None:
        self._state = _ossl.Hash(_ossl.SM3())

    def update(self, block: bytes | memoryview) -> None:
        self._state.update(block)

    def hexdigest(self) -> str:
        return self._state.copy().finalize().hex()


class ChunkDigests:
    """SHA-256 of every `PROOF_BYTES` of a stream, in their order; the last may be of fewer bytes."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._state = hashlib.sha256()
        self._filled = 0

    def update(self, block: bytes | memoryview) -> None:
        """Take the next bytes, however they were cut."""
        rest = memoryview(block)
        while rest:
            piece = rest[: PROOF_BYTES - self._filled]
            self._state.update(piece)
            self._filled += len(piece)
            rest = rest[len(piece) :]
            if self._filled == PROOF_BYTES:
                self._done += self._state.digest()
                self._state, self._filled = hashlib.sha256(), 0

    @property
    def value(self) -> bytes:
        """The digests of all bytes so far, 32 bytes each, one behind the other."""
        return bytes(self._done) + (self._state.digest() if self._filled else b"")


class Hasher:
    """SHA-256 and, unless the profile drops it, SM3 over one pass of bytes; with `with_chunks` that of each chunk, too."""

    def __init__(self, *, with_sm3: bool = True, with_chunks: bool = False) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = _sm3() if with_sm3 else None
        self._chunks = ChunkDigests() if with_chunks else None
        self.size_bytes = 0

    def update(self, block: bytes | memoryview) -> None:
        """Take the next bytes of the file."""
        for take in self.lanes:
            take(block)

    @property
    def lanes(self) -> tuple[Callable[[bytes | memoryview], None], ...]:
        """One call for each algorithm: each takes every block in its order, and they may do so beside each other."""
        others = (one.update for one in (self._sm3, self._chunks) if one is not None)
        return (self._counted, *others)

    def _counted(self, block: bytes | memoryview) -> None:
        self._sha256.update(block)
        self.size_bytes += len(block)

    @property
    def sha256(self) -> Digest:
        """The SHA-256 of all bytes so far."""
        return Digest(alg="sha256", value=HexDigest(self._sha256.hexdigest()))

    @property
    def sm3(self) -> Digest | None:
        """The SM3 of all bytes so far; None when the profile drops it."""
        return None if self._sm3 is None else Digest(alg="sm3", value=HexDigest(self._sm3.hexdigest()))

    @property
    def chunks(self) -> bytes | None:
        """The digests of the chunks so far; None where nobody asked for them."""
        return None if self._chunks is None else self._chunks.value


def sha256_hex(payload: bytes) -> HexDigest:
    """Return the SHA-256 of `payload` as lower-case hex."""
    return HexDigest(hashlib.sha256(payload).hexdigest())
