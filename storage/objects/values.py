"""What the object stores take and give, and the arithmetic both share."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from schemas.base import Frozen
from schemas.refusals_objects import OBJECT_KEY_INVALID
from schemas.upload import Part

Body = Sequence[bytes | memoryview]
"""The bytes of one request in pieces, sent one after the other: never joined, never copied."""

PART_BYTES = 16 * 1024 * 1024
"""Part size of streams whose length nobody knows."""

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
"""Retention modes of S3 object lock: the first yields to a keeper's bypass, the second to nobody."""

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_KEY_CHARACTERS = 512


class Stored(Frozen):
    """An object that is durable; `version_id` names these bytes for ever, the key alone does not."""

    version_id: str
    size_bytes: int


class Stat(Frozen):
    """What the store says of one version.

    `checksum_sha256_b64` is base64 of the SHA-256 of the bytes, or for a multipart object the composite
    form `base64(SHA-256 of the parts' digests)-N`, which is not the digest of the file.
    """

    size_bytes: int
    version_id: str
    retain_until: datetime | None
    legal_hold: bool
    checksum_sha256_b64: str | None


class Limits(Frozen):
    """What is worth an object of its own: `least_part_bytes` a part (except the last), `row_bytes` a tail.

    A tail of at most `row_bytes` waits in its row, where that costs less than an object.
    """

    least_part_bytes: int
    row_bytes: int


class Readable(Protocol):
    """An open object."""

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the front of `buffer`; returns the number of bytes, 0 at the end."""


def check_key(key: str) -> str:
    """Return `key` when it is of our grammar: plain ASCII segments, none empty, none beginning with a dot.

    Raises:
        Invalid: it is not (slug `object-key-invalid`); nothing a client sends may reach a path.
    """
    if len(key) > _KEY_CHARACTERS or not _KEY.fullmatch(key):
        raise OBJECT_KEY_INVALID("an object key is of plain ASCII segments")
    return key


def size_of(body: Body) -> int:
    """Return the number of bytes in `body`."""
    return sum(map(len, body))


def sha256_of(body: Body) -> bytes:
    """Return the raw SHA-256 of `body`."""
    state = hashlib.sha256()
    for piece in body:
        state.update(piece)
    return state.digest()


def b64(digest: bytes) -> str:
    """Return base64 of a raw digest, the form of S3's checksum headers."""
    return base64.b64encode(digest).decode("ascii")


def composite(parts: Sequence[Part]) -> str:
    """Return S3's composite SHA-256 of a multipart object: `base64(SHA-256(d1 ‖ … ‖ dN))-N`."""
    return composite_of([part.sha256 for part in parts])


def composite_of(digests: Sequence[bytes]) -> str:
    """As `composite`, by the raw digests of the parts."""
    return f"{b64(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"


def whole_seconds_up(until: datetime) -> datetime:
    """Return `until` in UTC, rounded up to a second: stores cut fractions off, which would shorten the lock."""
    until = until.astimezone(UTC)
    return until.replace(microsecond=0) + timedelta(seconds=1 if until.microsecond else 0)


def in_parts(chunks: Iterable[bytes], part_bytes: int) -> Iterator[list[bytes | memoryview]]:
    """Cut a stream into bodies of exactly `part_bytes`; the last may be shorter, an empty stream gives one.

    The same bytes give the same cuts however they arrive, so a repeated stream has the same composite.
    """
    pieces: list[bytes | memoryview] = []
    room = part_bytes
    for chunk in chunks:
        rest = memoryview(chunk)
        while len(rest) > room:
            yield [*pieces, rest[:room]]
            rest, pieces, room = rest[room:], [], part_bytes
        pieces.append(rest)
        room -= len(rest)
    yield pieces
