"""The object store as a port: an evidence bucket of immutable versions, and a staging bucket of tails.

Two adapters keep the same contract and pass the same tests: a folder (`storage/objects/folder.py`) and any
S3 store with versioning and object lock (`storage/objects/s3.py`). Every write is durable on return, carries
the SHA-256 that the store must confirm, and may be repeated: the same bytes under the same key are success.
Nothing here deletes evidence; that right is the keeper's (`storage/objects/keeping.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from schemas.upload import Part
from storage.objects.fault import Fault
from storage.objects.folder import FolderObjects
from storage.objects.values import PART_BYTES, Body, Limits, Readable, Stat, Stored

__all__ = ["PART_BYTES", "Body", "Objects", "Readable", "Stat", "Stored", "open_objects"]


class Objects(Protocol):
    """Both buckets. Every method may raise `Unavailable` (and its `StorageFull`); keys are ours, not clients'.

    Digests are raw 32-byte SHA-256, sizes bytes, times UTC.
    """

    def put(self, key: str, body: Body, *, sha256: bytes, if_absent: bool = True) -> Stored:
        """Write one evidence object in one request.

        Raises:
            DigestMismatch: the store received other bytes than `sha256` says; nothing was kept.
            Conflict: the key holds other bytes (slug `object-exists`); the same bytes are success.
        """

    def put_stream(self, key: str, chunks: Iterable[bytes], *, part_bytes: int = PART_BYTES) -> Stored:
        """Write an evidence object of unknown size with one part in memory.

        Raises:
            Conflict: the key holds other bytes.
        """

    def limits(self) -> Limits:
        """Return from which size on bytes are worth an object here."""

    def reach(self) -> None:
        """Do nothing when the store answers and has room for more: asked before a body is read for it.

        Raises:
            StorageFull, Unavailable: it would be read in vain.
        """

    def begin_parts(self, key: str) -> str:
        """Open a multipart object and return its reference; keep it, no listing is ever relied on."""

    def put_part(self, key: str, ref: str, number: int, body: Body, *, sha256: bytes) -> str:
        """Write part `number` (1 to 10 000, gaps allowed); a repeat replaces it. Returns an opaque ETag.

        Raises:
            DigestMismatch: the store received other bytes than `sha256` says.
            Gone: no such multipart object is open (slug `parts-unknown`).
        """

    def finish_parts(self, key: str, ref: str, parts: Sequence[Part]) -> Stored:
        """Make one object of the parts, ascending by number; repeating it after success gives the same.

        Raises:
            Conflict: the parts are not those that were sent, or the key holds other bytes.
        """

    def abort_parts(self, key: str, ref: str) -> None:
        """Drop a multipart object; one that is gone already is success."""

    def put_staging(self, key: str, body: Body, *, sha256: bytes) -> None:
        """Write or replace a piece of a tail.

        Raises:
            DigestMismatch: the store received other bytes than `sha256` says.
        """

    def read_staging(self, key: str) -> bytes:
        """Read a tail.

        Raises:
            NotFound: no such tail.
        """

    def delete_staging(self, key: str) -> None:
        """Drop a tail; one that is gone already is success."""

    def old_staging(self, before: datetime) -> Iterator[str]:
        """Yield the keys of tails written before a time; only to clear away what no row names.

        The answer is never trusted for anything else: the rows alone say which tail counts.
        """

    def old_evidence(self, before: datetime) -> Iterator[str]:
        """Yield the keys under which evidence stands that was written before a time, in any order, a page in memory.

        Only to find what no row names: what rows and log name is asked for by name, and never missed by a listing.
        """

    def stat(self, key: str, version_id: str) -> Stat:
        """Look at one version.

        Raises:
            NotFound: no such version.
        """

    def newest(self, key: str) -> str | None:
        """Return the version that the bare key shows; None when nothing does, or a delete marker hides it.

        Evidence has one version per key: any other answer means that somebody wrote or deleted outside.
        """

    def open(
        self, key: str, version_id: str, *, start: int = 0, length: int | None = None
    ) -> AbstractContextManager[Readable]:
        """Open one version from byte `start`, for at most `length` bytes or to the end.

        Raises:
            NotFound: no such version.
            Unavailable: the store broke off; a short read never looks like the end.
        """

    def retain(self, key: str, version_id: str, until: datetime) -> None:
        """Lock one version against deletion until a time; an equal or later time is accepted.

        Raises:
            Conflict: the lock lasts longer already (slug `retention-shorten`).
            NotFound: no such version.
        """

    def free_bytes(self) -> int | None:
        """Return how many bytes uploads may still fill; None where the store does not say.

        MinIO tells its room to administrators alone, and our credential is none.
        """

    def check(self) -> list[Fault]:
        """Return what is wrong and what to do; empty is good. Changes nothing."""


def open_objects(url: str) -> Objects:
    """Open the store behind `OBJECTS_URL`.

    Args:
        url: `file:///DIR[?min_free_bytes=N]` or
            `s3+http(s)://KEY:SECRET@HOST/EVIDENCE_BUCKET?staging=BUCKET[&region=R][&pool=N]`; both take
            `retention_mode=COMPLIANCE` (default `GOVERNANCE`).

    Raises:
        ValueError: neither form; the message never contains the address, which holds a secret.
    """
    if urlsplit(url).scheme == "file":
        return FolderObjects.from_url(url)
    from storage.objects.s3 import S3Objects  # noqa: PLC0415 - a folder needs no S3 client

    return S3Objects.from_url(url)
