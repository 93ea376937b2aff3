"""Bytes on their way in, outside any long transaction.

What a crash leaves, step by step:
  after the lease        nothing; the next request takes it
  after a part was put   a part that no row names; it is never listed at completion and vanishes with it
  after a part's commit  the offset stands behind that part; the client resumes there
  after a tail was put   a staging object that no row names, swept later; the pieces before it are still named
  after completion in    the object exists without a recording: completion runs again, the store answers that
  the store              it has these very bytes, and the commit follows
Part numbers are never used twice (S3 allows gaps), so a beaten request that still sends cannot replace one; and a
store has few of them, so only a part that is being stored takes one. Objects and tails are named by the lease.
"""

from collections.abc import Sequence
from typing import Self
from uuid import UUID, uuid4

from schemas.actor import Actor
from schemas.errors import EvidenceError, Gone, IntegrityBroken
from schemas.ids import UploadId
from schemas.refusals_concat import CONCAT_JOINING, CONCAT_PARTIAL
from schemas.refusals_objects import OBJECT_MISSING, PARTS_UNKNOWN
from schemas.refusals_upload import UPLOAD_EXPIRED, UPLOAD_INCOMPLETE, UPLOAD_PREEMPTED
from schemas.upload import Part, Tail, Upload, UploadState, check_append, check_parts, makes_part
from storage.flow.join import GoesOn, always, join
from storage.flow.tail import drop_keys, drop_tails, read_tails
from storage.objects.port import Stored
from storage.objects.values import Body, sha256_of, size_of
from storage.store import Store


class Receiving:
    """One request that appends to one upload, under a lease that a newer request ends.

    Not thread-safe: one call at a time, but for `send`, which may run beside others of its kind and one call more.
    `needed_bytes` says how much to collect before `store`.
    """

    def __init__(self, store: Store, upload: Upload, token: UUID) -> None:
        self._store = store
        self._kept = 0
        self.is_over = upload.state is not UploadState.OPEN
        self.token = token
        self.upload = upload

    @classmethod
    def begin(
        cls, store: Store, actor: Actor, upload_id: UploadId, *, offset: int, content_length: int | None
    ) -> Self:
        """Check the request against the upload and take the lease.

        Raises:
            NotFound: no such upload of the actor's.
            Gone, OffsetMismatch, TooLarge: as `schemas.upload.check_append`.
            Unavailable: the database did not answer.
        """
        with store.begin() as tx:
            upload, token = tx.uploads.lease(actor, upload_id)
            # A refusal rolls back, and the request that holds the upload goes on.
            check_append(upload, offset=offset, content_length=content_length)
        return cls(store, upload, token)

    @classmethod
    def begin_as(
        cls,
        store: Store,
        token: str,
        upload_id: UploadId,
        *,
        offset: int,
        content_length: int | None,
        takes: bool,
    ) -> Self | None:
        """As `begin` for whoever holds `token`, in one transaction, when the store would take a body at all.

        Without `takes` the lease is left to a request that holds it and is not over: None then.

        Raises:
            NotAuthenticated: nobody holds the token.
            NotFound, Gone, OffsetMismatch, TooLarge: as `begin`.
            StorageFull, Unavailable: the store would not take the body.
        """
        store.objects.reach()
        with store.begin() as tx:
            actor = tx.accounts.actor_of(token)
            lease = tx.uploads.lease if takes else tx.uploads.lease_free
            upload, lease_token = lease(actor, upload_id)
            check_append(upload, offset=offset, content_length=content_length)
        if lease_token is None and upload.state is UploadState.OPEN:
            return None
        return cls(store, upload, lease_token or uuid4())

    @property
    def needed_bytes(self) -> int:
        """How many more bytes are worth a part, or the rest of the file; 0 when nothing is missing."""
        return min(self.upload.length_bytes - self.upload.offset_bytes, self.upload.part_bytes)

    @property
    def _own_key(self) -> str:
        # By the number of the lease: what a beaten request still writes never meets what we write.
        return f"recordings/{self.upload.id}/{self.upload.leases}"

    def state_length(self, length_bytes: int) -> None:
        """Fix the length of an upload that was opened without one.

        Raises:
            Conflict, TooLarge: as `Uploads.state_length`.
        """
        if self.upload.is_deferred or self.upload.length_bytes != length_bytes:
            with self._store.begin() as tx:
                self.upload = tx.uploads.state_length(self.upload, self.token, length_bytes)

    def store(self, body: Body) -> int:
        """Store a full part or the end of the file, with the tail before it; returns the new offset.

        Raises:
            Conflict: a newer request holds the upload (slug `upload-preempted`).
            Gone: the upload has expired, or the store's part numbers are used up.
            IntegrityBroken: the store has lost parts, or the tail, that the offset counts.
            Unavailable: the store did not answer; nothing of `body` counts.
        """
        if self.upload.is_partial:
            return self._keep_tail(body, is_last=False)
        return self._add(body, is_last=False)

    @property
    def runs_ahead(self) -> bool:
        """Whether a full part may be sent while those before it are on their way; `add` then counts them in order."""
        return self.upload.parts_ref is not None and not self.upload.tail_bytes and not self.upload.is_partial

    def next_number(self) -> int:
        """Allocate the number of the next part to be sent. The store joins by numbers: one call for a part, in order.

        Raises:
            Conflict, Gone, Unavailable: as `store`.
        """
        with self._store.begin() as tx:
            return tx.uploads.next_number(self.upload.id, self.token)

    def send(self, body: Body, *, number: int, start_bytes: int) -> Part:
        """Send a full part that begins at `start_bytes` to the store; nothing of it counts before `add`.

        Raises:
            Conflict, Gone, IntegrityBroken, Unavailable: as `store`.
        """
        # A crash behind this, or a part before it that fails, leaves a part that no row names: it is sent again.
        part, _, _ = self._sent(body, sha256_of(body), number=number, start_bytes=start_bytes)
        return part

    def add(self, part: Part) -> int:
        """Count a part that was sent, behind all those before it; returns the new offset.

        Raises:
            Conflict: a newer request holds the upload (slug `upload-preempted`).
            Unavailable: the database did not answer; nothing of the part counts.
        """
        ref = self.upload.parts_ref
        if ref is None or not self.runs_ahead or part.start_bytes != self.upload.offset_bytes:
            raise RuntimeError("a part that ran ahead does not follow what is counted")  # it would lose bytes
        self._count(part, self.upload.object_key, ref, is_last=False)
        return self.upload.offset_bytes

    def _add(self, body: Body, *, is_last: bool) -> int:
        tails = _tails_of(self._store, self.upload)
        pieces: Body = [*self._seed(tails), *body]
        start = self.upload.offset_bytes - self.upload.tail_bytes
        sha256 = sha256_of(pieces)
        if start == 0 and size_of(pieces) == self.upload.length_bytes:
            self._store_whole(pieces, sha256)
        else:
            self._store_part(pieces, sha256, start_bytes=start, is_last=is_last)
        drop_tails(self._store, tails)
        return self.upload.offset_bytes

    def _store_part(self, pieces: Body, sha256: bytes, *, start_bytes: int, is_last: bool) -> None:
        part, key, ref = self._sent(pieces, sha256, number=self.next_number(), start_bytes=start_bytes)
        self._count(part, key, ref, is_last=is_last)

    def _sent(self, pieces: Body, sha256: bytes, *, number: int, start_bytes: int) -> tuple[Part, str, str]:
        key, ref = self.upload.object_key, self.upload.parts_ref
        if ref is None:
            key = self._own_key
            ref = self._store.objects.begin_parts(key)
        try:
            etag = self._store.objects.put_part(key, ref, number, pieces, sha256=sha256)
        except Gone as err:
            _ended_meanwhile(self._store, self.upload, err)
            raise UPLOAD_PREEMPTED("a newer request has completed this upload") from err
        part = Part(
            number=number, start_bytes=start_bytes, size_bytes=size_of(pieces), sha256=sha256, etag=etag
        )
        return part, key, ref

    def _count(self, part: Part, key: str, ref: str, *, is_last: bool) -> None:
        with self._store.begin() as tx:
            self.upload = tx.uploads.add_part(
                self.upload, self.token, part, parts_ref=ref, key=key, is_last=is_last
            )
        self.is_over = is_last

    def _store_whole(self, pieces: Body, sha256: bytes) -> None:
        key = self._own_key
        stored = self._store.objects.put(key, pieces, sha256=sha256)
        with self._store.begin() as tx:
            self.upload = tx.uploads.complete(self.upload, stored, key=key, token=self.token)
        self.is_over = True

    def keep(self, body: Body, *, is_last: bool = False) -> int:
        """Make bytes durable that fill no part, so that nothing is lost when no more come; returns the new offset.

        With the tail before them they become a part where the store takes so small a one; else they are a further
        piece of the tail. Either way they are written once here, and a tail once more with its part. `is_last`: the
        request brings nothing more, and newer ones need not wait for it.

        Raises:
            Conflict, Gone, IntegrityBroken, Unavailable: as `store`.
        """
        fresh = size_of(body)
        if fresh == 0:
            return self.upload.offset_bytes
        limits = self._store.objects.limits()
        if makes_part(self.upload, self.upload.tail_bytes + fresh, least_bytes=limits.least_part_bytes):
            return self._add(body, is_last=is_last)
        return self._keep_tail(body, is_last=is_last)

    def _keep_tail(self, body: Body, *, is_last: bool) -> int:
        fresh = size_of(body)
        sha256, key, row = sha256_of(body), None, None
        if fresh <= self._store.objects.limits().row_bytes:
            row = b"".join(body)
        else:
            self._kept += 1
            key = f"tails/{self.upload.id}/{self.upload.leases}-{self._kept}"
            self._store.objects.put_staging(key, body, sha256=sha256)
        tail = Tail(start_bytes=self.upload.offset_bytes, size_bytes=fresh, sha256=sha256, key=key, body=row)
        with self._store.begin() as tx:
            self.upload = tx.uploads.add_tail(self.upload, self.token, tail, is_last=is_last)
        self.is_over = is_last
        return self.upload.offset_bytes

    def _seed(self, tails: Sequence[Tail]) -> list[bytes]:
        try:
            return read_tails(self._store, self.upload, tails)
        except IntegrityBroken as err:
            _ended_meanwhile(self._store, self.upload, err, token=self.token)
            raise UPLOAD_PREEMPTED("a newer request continues this upload") from err

    def answer(self, ask: int) -> None:
        """Tell who asked that everything is durable which had arrived."""
        with self._store.begin() as tx:
            tx.uploads.answer(self.upload.id, self.token, ask)

    def release(self) -> None:
        """End the hold, so that newer requests need not wait; a crash before it costs them a moment."""
        if not self.is_over:
            with self._store.begin() as tx:
                tx.uploads.release(self.upload.id, self.token)
            self.is_over = True

    def finish(self) -> Upload:
        """Complete when every byte is here; otherwise, or when it is a piece of a file, return it as it stands."""
        if self.upload.is_partial:
            return self.upload
        if self.upload.state is UploadState.OPEN and self.upload.offset_bytes == self.upload.length_bytes:
            self.upload = _complete(self._store, self.upload)
            self.is_over = True
        return self.upload


def complete(store: Store, actor: Actor, upload_id: UploadId) -> Upload:
    """Complete an upload; repeating it is success.

    Raises:
        NotFound: no such upload of the actor's.
        Gone: it has expired.
        Conflict: bytes are missing (slug `upload-incomplete`, with the offset), or it is a piece of a file.
        Busy: it is made of pieces and is being joined.
        IntegrityBroken: the store holds other bytes than the rows say.
    """
    with store.begin() as tx:
        upload = tx.uploads.get(actor, upload_id)
    if upload.state is UploadState.RECEIVED:
        return upload
    if upload.is_over:
        raise UPLOAD_EXPIRED("the upload has ended")
    if upload.is_partial:
        raise CONCAT_PARTIAL("a partial upload becomes a recording with its final upload")
    if upload.is_final:  # it takes its time, and whoever opened it waits for it already
        raise CONCAT_JOINING("the partial uploads are being joined")
    if upload.offset_bytes != upload.length_bytes:
        raise UPLOAD_INCOMPLETE("bytes are still missing", offset=upload.offset_bytes)
    return _complete(store, upload)


def complete_left(store: Store, upload: Upload, goes_on: GoesOn = always) -> Upload:
    """Complete an upload whose every byte is here and whose sender never came back.

    A client that asks for the offset after our crash is told that all is here and goes away content: without
    this its upload would expire. Completing beside a live request is harmless, because it is idempotent. The join of a
    final upload asks `goes_on` at every piece.

    Raises:
        Busy: `goes_on` said no.
        Unavailable: database or store did not answer.
        NotFound, Conflict, Invalid, IntegrityBroken: the store does not hold what the rows say.
    """
    return _complete(store, upload, goes_on)


def _complete(store: Store, upload: Upload, goes_on: GoesOn = always) -> Upload:
    if upload.is_final:
        return _joined(store, upload, goes_on)
    tails = _tails_of(store, upload)
    try:
        key, stored = _finish_object(store, upload, tails)
    except (Gone, IntegrityBroken) as err:
        return _ended_meanwhile(store, upload, err)
    with store.begin() as tx:
        done = tx.uploads.complete(upload, stored, key=key)
    drop_tails(store, tails)
    return done


def _joined(store: Store, upload: Upload, goes_on: GoesOn) -> Upload:
    try:
        stored, keys = join(store, upload, goes_on)
    except (Gone, IntegrityBroken) as err:
        return _ended_meanwhile(store, upload, err)
    with store.begin() as tx:
        done = tx.uploads.complete(upload, stored, key=upload.object_key)
    drop_keys(store, keys)
    return done


def _tails_of(store: Store, upload: Upload) -> list[Tail]:
    if upload.tail_bytes == 0:
        return []
    with store.begin() as tx:
        return tx.uploads.tails(upload.id)


def _ended_meanwhile(
    store: Store, upload: Upload, fault: EvidenceError, *, token: UUID | None = None
) -> Upload:
    """Return the upload that another caller has taken further, and so swept what we were about to read.

    Raises:
        Gone: it has expired.
        IntegrityBroken: it still stands, `token` holds it, and what its row names is not in the store.
    """
    with store.begin() as tx:
        now = tx.uploads.known(upload.id)
        is_ours = token is None or tx.uploads.is_leased(upload.id, token)
    if now.state is UploadState.RECEIVED or not is_ours:
        return now
    if now.is_over:
        raise UPLOAD_EXPIRED("the upload has ended")
    if isinstance(fault, IntegrityBroken):
        raise fault
    raise OBJECT_MISSING(f"the parts of upload {upload.id} are not in the store") from fault


def _finish_object(store: Store, upload: Upload, tails: Sequence[Tail]) -> tuple[str, Stored]:
    """Make the evidence object out of parts, or of a tail that a crash left as the whole file."""
    if upload.parts_ref is None:
        body = read_tails(store, upload, tails)
        return upload.object_key, store.objects.put(upload.object_key, body, sha256=sha256_of(body))
    with store.begin() as tx:
        parts = tx.uploads.parts(upload.id)
    if tails:
        parts.append(_tail_as_part(store, upload, upload.parts_ref, read_tails(store, upload, tails)))
    check_parts(parts, upload.length_bytes)
    return upload.object_key, store.objects.finish_parts(upload.object_key, upload.parts_ref, parts)


def _tail_as_part(store: Store, upload: Upload, ref: str, body: Body) -> Part:
    """Send a tail that reaches the end of the file as the last part; happens only after a crash.

    Raises:
        Gone: somebody else has completed the upload, or it has expired.
    """
    with store.begin() as tx:
        number = tx.uploads.last_number(upload.id)
    if number is None:
        raise PARTS_UNKNOWN("the upload is not open any more")
    sha256, size = sha256_of(body), size_of(body)
    etag = store.objects.put_part(upload.object_key, ref, number, body, sha256=sha256)
    return Part(
        number=number, start_bytes=upload.length_bytes - size, size_bytes=size, sha256=sha256, etag=etag
    )
