"""Bytes on their way in, outside any long transaction.

What a crash leaves, step by step:
  after the lease        nothing; the next request takes it
  after a part was put   a part that no row names; it is never listed at completion and vanishes with it
  after a part's commit  the offset stands behind that part; the client resumes there
  after a tail was put   a staging object that no row names, swept later; the older tail is still named
  after completion in    the object exists without a recording: completion runs again, the store answers that
  the store              it has these very bytes, and the commit follows
Part numbers are never used twice (S3 allows gaps), so a beaten request that still sends cannot replace one; and a
store has few of them, so only a part that is being stored takes one. Objects and tails are named by the lease.
"""

from typing import Self
from uuid import UUID

from schemas.actor import Actor
from schemas.errors import EvidenceError, Gone, IntegrityBroken
from schemas.ids import UploadId
from schemas.ours import ours
from schemas.refusals_objects import OBJECT_BROKEN, OBJECT_MISSING, PARTS_UNKNOWN
from schemas.refusals_upload import UPLOAD_EXPIRED, UPLOAD_INCOMPLETE, UPLOAD_PREEMPTED
from schemas.upload import Part, Upload, UploadState, check_append
from storage.objects.port import Stored
from storage.objects.values import Body, sha256_of
from storage.store import Store


class Receiving:
    """One request that appends to one upload, under a lease that a newer request ends.

    Not thread-safe: one call at a time. `needed_bytes` says how much to collect before `store`.
    """

    def __init__(self, store: Store, upload: Upload, token: UUID, seed: bytes) -> None:
        self._store = store
        self._token = token
        self._seed = seed
        self._tails = 0
        self.upload = upload

    @classmethod
    def begin(
        cls, store: Store, actor: Actor, upload_id: UploadId, *, offset: int, content_length: int | None
    ) -> Self:
        """Check the request against the upload and take the lease.

        Raises:
            NotFound: no such upload of the actor's.
            Gone, OffsetMismatch, TooLarge: as `schemas.upload.check_append`.
            IntegrityBroken: the tail that the offset counts is not what was kept.
            Unavailable: database or store did not answer.
        """
        with store.begin() as tx:
            upload, token = tx.uploads.lease(actor, upload_id)
            # A refusal rolls back, and the request that holds the upload goes on.
            check_append(upload, offset=offset, content_length=content_length)
        try:
            return cls(store, upload, token, _tail(store, upload))
        except IntegrityBroken as err:
            return cls(store, _ended_meanwhile(store, upload, err), token, b"")

    @property
    def needed_bytes(self) -> int:
        """How many more bytes make a full part, or the rest of the file; 0 when nothing is missing."""
        left = self.upload.length_bytes - self.upload.offset_bytes
        return min(left, self.upload.part_bytes - len(self._seed))

    @property
    def _own_key(self) -> str:
        # By the number of the lease: what a beaten request still writes never meets what we write.
        return f"recordings/{self.upload.id}/{self.upload.leases}"

    def store(self, body: Body) -> int:
        """Store a full part or the end of the file; returns the new offset.

        Raises:
            Conflict: a newer request holds the upload (slug `upload-preempted`).
            Gone: the upload has expired.
            IntegrityBroken: the store has lost the parts that the offset counts.
            Unavailable: the store did not answer; nothing of `body` counts.
        """
        pieces: Body = [self._seed, *body] if self._seed else body
        start = self.upload.offset_bytes - len(self._seed)
        size = sum(map(len, pieces))
        sha256 = sha256_of(pieces)
        if start == 0 and size == self.upload.length_bytes:
            return self._store_whole(pieces, sha256)
        with self._store.begin() as tx:
            number = tx.uploads.next_number(self.upload.id, self._token)
        key, ref = self.upload.object_key, self.upload.parts_ref
        if ref is None:
            key = self._own_key
            ref = self._store.objects.begin_parts(key)
        try:
            etag = self._store.objects.put_part(key, ref, number, pieces, sha256=sha256)
        except Gone as err:
            _ended_meanwhile(self._store, self.upload, err)
            raise UPLOAD_PREEMPTED("a newer request has completed this upload") from err
        part = Part(number=number, start_bytes=start, size_bytes=size, sha256=sha256, etag=etag)
        self._commit_part(part, key=key, ref=ref)
        return self.upload.offset_bytes

    def _commit_part(self, part: Part, *, key: str, ref: str) -> None:
        old_tail = self.upload.tail_key
        with self._store.begin() as tx:
            self.upload = tx.uploads.add_part(self.upload, self._token, part, parts_ref=ref, key=key)
        self._seed = b""
        self._drop_tail(old_tail)

    def _store_whole(self, pieces: Body, sha256: bytes) -> int:
        key = self._own_key
        stored = self._store.objects.put(key, pieces, sha256=sha256)
        old_tail = self.upload.tail_key
        with self._store.begin() as tx:
            self.upload = tx.uploads.complete(self.upload, stored, key=key, token=self._token)
        self._seed = b""
        self._drop_tail(old_tail)
        return self.upload.offset_bytes

    def keep(self, body: Body) -> int:
        """Keep bytes that do not fill a part, so that a broken connection loses nothing; new offset."""
        fresh = sum(map(len, body))
        if fresh == 0:
            return self.upload.offset_bytes
        pieces: Body = [self._seed, *body] if self._seed else body
        self._tails += 1
        key = f"tails/{self.upload.id}/{self.upload.leases}-{self._tails}"
        self._store.objects.put_staging(key, pieces, sha256=sha256_of(pieces))
        old_tail = self.upload.tail_key
        with self._store.begin() as tx:
            self.upload = tx.uploads.set_tail(
                self.upload,
                self._token,
                key=key,
                offset=self.upload.offset_bytes + fresh,
                tail_bytes=len(self._seed) + fresh,
            )
        self._seed = b"".join(pieces)
        self._drop_tail(old_tail)
        return self.upload.offset_bytes

    def _drop_tail(self, key: str | None) -> None:
        if key is not None:
            self._store.objects.delete_staging(key)

    def finish(self) -> Upload:
        """Complete when every byte is here; otherwise return the upload as it stands."""
        if self.upload.state is UploadState.OPEN and self.upload.offset_bytes == self.upload.length_bytes:
            self.upload = _complete(self._store, self.upload)
        return self.upload


def complete(store: Store, actor: Actor, upload_id: UploadId) -> Upload:
    """Complete an upload; repeating it is success.

    Raises:
        NotFound: no such upload of the actor's.
        Gone: it has expired.
        Conflict: bytes are missing (slug `upload-incomplete`, with the offset).
        IntegrityBroken: the store holds other bytes than the rows say.
    """
    with store.begin() as tx:
        upload = tx.uploads.get(actor, upload_id)
    if upload.state is UploadState.RECEIVED:
        return upload
    if upload.state is UploadState.EXPIRED:
        raise UPLOAD_EXPIRED("the upload has expired")
    if upload.offset_bytes != upload.length_bytes:
        raise UPLOAD_INCOMPLETE("bytes are still missing", offset=upload.offset_bytes)
    return _complete(store, upload)


def complete_left(store: Store, upload: Upload) -> Upload:
    """Complete an upload whose every byte is here and whose sender never came back.

    A client that asks for the offset after our crash is told that all is here and goes away content: without
    this its upload would expire. Completing beside a live request is harmless, because it is idempotent.

    Raises:
        Unavailable: database or store did not answer.
        NotFound, Conflict, Invalid, IntegrityBroken: the store does not hold what the rows say.
    """
    return _complete(store, upload)


def _complete(store: Store, upload: Upload) -> Upload:
    try:
        key, stored = _finish_object(store, upload)
    except (Gone, IntegrityBroken) as err:
        return _ended_meanwhile(store, upload, err)
    with store.begin() as tx:
        done = tx.uploads.complete(upload, stored, key=key)
    if upload.tail_key is not None:
        store.objects.delete_staging(upload.tail_key)
    return done


def _ended_meanwhile(store: Store, upload: Upload, fault: EvidenceError) -> Upload:
    """Return the upload that another caller has completed, and so swept what we were about to read.

    Raises:
        Gone: it has expired.
        IntegrityBroken: it still stands, and what its row names is not in the store.
    """
    with store.begin() as tx:
        now = tx.uploads.known(upload.id)
    if now.state is UploadState.RECEIVED:
        return now
    if now.state is UploadState.EXPIRED:
        raise UPLOAD_EXPIRED("the upload has expired")
    if isinstance(fault, IntegrityBroken):
        raise fault
    raise OBJECT_MISSING(f"the parts of upload {upload.id} are not in the store") from fault


def _finish_object(store: Store, upload: Upload) -> tuple[str, Stored]:
    """Make the evidence object out of parts, or of a tail that a crash left as the whole file."""
    if upload.parts_ref is None:
        body = _tail(store, upload)
        return upload.object_key, store.objects.put(upload.object_key, [body], sha256=sha256_of([body]))
    with store.begin() as tx:
        parts = tx.uploads.parts(upload.id)
    if upload.tail_key is not None:
        parts.append(_tail_as_part(store, upload))
    return upload.object_key, store.objects.finish_parts(upload.object_key, upload.parts_ref, parts)


def _tail_as_part(store: Store, upload: Upload) -> Part:
    """Send a tail that reaches the end of the file as the last part; happens only after a crash.

    Raises:
        Gone: somebody else has completed the upload, or it has expired.
    """
    assert upload.parts_ref is not None  # noqa: S101 - narrows the type; the caller has checked
    body = _tail(store, upload)
    sha256 = sha256_of([body])
    with store.begin() as tx:
        number = tx.uploads.last_number(upload.id)
    if number is None:
        raise PARTS_UNKNOWN("the upload is not open any more")
    etag = store.objects.put_part(upload.object_key, upload.parts_ref, number, [body], sha256=sha256)
    return Part(
        number=number,
        start_bytes=upload.length_bytes - len(body),
        size_bytes=len(body),
        sha256=sha256,
        etag=etag,
    )


def _tail(store: Store, upload: Upload) -> bytes:
    """Return the bytes behind the last part, which the offset already counts.

    Raises:
        IntegrityBroken: they are not there, or not as many: to go on would leave a hole in the file.
    """
    if upload.tail_key is None:
        return b""
    with ours(OBJECT_MISSING, f"the tail of upload {upload.id} is not in the store"):
        tail = store.objects.read_staging(upload.tail_key)
    if len(tail) != upload.tail_bytes:
        raise OBJECT_BROKEN(f"the tail of upload {upload.id} has {len(tail)} bytes of {upload.tail_bytes}")
    return tail
