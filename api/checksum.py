"""The checksum extension of tus 1.0: the bytes of a request count only when their digest is the one it names.

Until the last byte is here nobody knows whether any of them counts, so they wait in a file that has no name: a process
that dies leaves nothing, and memory holds one block. The upload's offset moves after the digest was compared.
"""

import asyncio
import base64
import binascii
import hashlib
import tempfile
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, cast

from anyio.to_thread import run_sync
from starlette.requests import Request

from api.budget import READ_BYTES
from api.receive import Streaming
from api.tus import header
from schemas.refusals_recording import SCRATCH_FULL
from schemas.refusals_upload import (
    CHECKSUM_ALGORITHM,
    CHECKSUM_DIFFERS,
    CHECKSUM_INVALID,
    CHECKSUM_TOO_LARGE,
    RECEIVE_TIMEOUT,
)
from schemas.upload import MIB

ALGORITHMS = ("sha1", "sha256")
"""tus 1.0 section Checksum: SHA-1 must be understood, for a single request it finds what a network damages."""
LIMIT_BYTES = 64 * MIB


@dataclass(frozen=True)
class Checksum:
    """What `Upload-Checksum` names: an algorithm and the digest of this request's bytes."""

    algorithm: str
    digest: bytes

    @classmethod
    def of(cls, request: Request, content_length: int | None) -> "Checksum | None":
        """Return what a request names, None when it names nothing; refused before its body when that is too long.

        Raises:
            Malformed: as `parse`.
            TooLarge: the body is longer than what may wait.
        """
        given = header(request, "Upload-Checksum")
        if not given:
            return None
        if content_length is not None and content_length > LIMIT_BYTES:
            raise CHECKSUM_TOO_LARGE("a request with Upload-Checksum carries at most 64 MiB")
        return cls.parse(given)

    @classmethod
    def parse(cls, header: str) -> "Checksum":
        """Read the header: the algorithm, a blank, the digest in base64.

        Raises:
            Malformed: another form, or an algorithm that is not offered.
        """
        algorithm, _, text = header.partition(" ")
        if algorithm not in ALGORITHMS:
            raise CHECKSUM_ALGORITHM(f"the algorithms of Upload-Checksum are {', '.join(ALGORITHMS)}")
        try:
            digest = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError) as err:
            raise CHECKSUM_INVALID("the digest of Upload-Checksum is not base64") from err
        if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
            raise CHECKSUM_INVALID(f"the digest of Upload-Checksum has not the length of {algorithm}")
        return cls(algorithm, digest)


class Checked:
    """A request body that was read to its end and compared; it can be read again from the first byte."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = cast("RawIOBase", file)

    async def readinto(self, view: memoryview) -> int:
        """Read the next bytes into `view`; returns their number, 0 behind the last."""
        return await run_sync(self._file.readinto, view) or 0


async def checked(body: Streaming, checksum: Checksum, *, file: IO[bytes], timeout_seconds: float) -> Checked:
    """Read a body into `file` and compare it.

    Raises:
        TooLarge: it is longer than what may wait (64 MiB).
        ChecksumMismatch: its digest is another.
        Busy: the sender stalled; nothing of the body counts.
        StorageFull: the scratch disk has no room for it.
    """
    digest, size_bytes = hashlib.new(checksum.algorithm, usedforsecurity=False), 0
    block = memoryview(bytearray(READ_BYTES))
    while size := await _next(body, block, timeout_seconds):
        size_bytes += size
        if size_bytes > LIMIT_BYTES:
            raise CHECKSUM_TOO_LARGE("a request with Upload-Checksum carries at most 64 MiB")
        digest.update(block[:size])
        await run_sync(_write, file, block[:size])
    if digest.digest() != checksum.digest:
        raise CHECKSUM_DIFFERS("the bytes that arrived have another digest")
    await run_sync(file.seek, 0)
    return Checked(file)


async def _next(body: Streaming, block: memoryview, timeout_seconds: float) -> int:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await body.readinto(block)
    except TimeoutError as err:
        raise RECEIVE_TIMEOUT("no bytes arrived in time") from err


def _write(file: IO[bytes], view: memoryview) -> None:
    try:
        while view:
            view = view[file.write(view) :]  # a disk that is nearly full takes a part
    except OSError as err:
        raise SCRATCH_FULL("the scratch disk has no room for a body under a checksum") from err


def unnamed_file() -> IO[bytes]:
    """A file without a name on the scratch disk; what is written is written, or refused, at once."""
    return tempfile.TemporaryFile(prefix="quancheng-", buffering=0)
