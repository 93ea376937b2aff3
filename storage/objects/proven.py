"""Reading a part of an object so that every byte which comes out was compared before: whole chunks, one in memory."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from schemas.digest import PROOF_BYTES
from schemas.errors import NotFound
from schemas.refusals_objects import CONTENT_ALTERED, CONTENT_MISSING
from storage.objects.port import Objects, Readable

DIGEST_BYTES = 32


class Window(NamedTuple):
    """Bytes `start` to `end` of an object of `size_bytes`, and the chunks that hold them."""

    start: int
    end: int
    size_bytes: int

    @property
    def first(self) -> int:
        """The number of the first chunk, from 0."""
        return self.start // PROOF_BYTES

    @property
    def chunks(self) -> int:
        """How many chunks hold the window."""
        return -(-self.end // PROOF_BYTES) - self.first


def proven(objects: Objects, key: str, version_id: str, window: Window, digests: bytes) -> Iterator[bytes]:
    """Yield the bytes of a window, chunk by chunk, each compared with its digest before any of it is given.

    Args:
        objects: The store.
        key: The object.
        version_id: Its version.
        window: What is wanted.
        digests: Those of the window's chunks, one behind the other.

    Raises:
        StoredAltered: a chunk is not what was recorded, or nothing is there; what was given before is as recorded.
        Unavailable: the store broke off.
    """
    if window.end <= window.start:
        return
    if len(digests) != window.chunks * DIGEST_BYTES:
        raise CONTENT_ALTERED(f"the list of digests of {key} has another length")
    at = window.first * PROOF_BYTES
    length = min((window.first + window.chunks) * PROOF_BYTES, window.size_bytes) - at
    buffer = memoryview(bytearray(min(PROOF_BYTES, length)))
    try:
        with objects.open(key, version_id, start=at, length=length) as source:
            for number in range(window.chunks):
                chunk = _filled(source, buffer)
                if (
                    hashlib.sha256(chunk).digest()
                    != digests[DIGEST_BYTES * number : DIGEST_BYTES * (number + 1)]
                ):
                    raise CONTENT_ALTERED(f"{key} is not what was recorded, from byte {at}")
                yield bytes(chunk[max(0, window.start - at) : window.end - at])
                at += PROOF_BYTES
    except NotFound as err:
        raise CONTENT_MISSING(f"{key} is not in the store") from err


def _filled(source: Readable, buffer: memoryview) -> memoryview:
    """Return as much of the buffer as the store gives; less than a chunk is the end of the object."""
    filled = 0
    while filled < len(buffer) and (count := source.readinto(buffer[filled:])):
        filled += count
    return buffer[:filled]
