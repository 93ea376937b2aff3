"""How bytes come to be counted: the lease of one request, the numbers of its parts, and what waits to become one."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, delete, select, update

from schemas.actor import Actor, ActorKind
from schemas.errors import Conflict
from schemas.ids import UploadId
from schemas.refusals_upload import UPLOAD_NUMBERS_USED_UP, UPLOAD_PREEMPTED, UPLOAD_UNKNOWN
from schemas.upload import LAST_NUMBERS, PART_NUMBERS, Part, Tail, Upload, UploadState
from storage.collection import Collection
from storage.driver import Ready
from storage.reads.recording import own_uploads_of
from storage.tables.recording import upload_parts, upload_tails, uploads

TOLD = tuple(uploads.c[name] for name in Upload.model_fields)
"""What an `Upload` is made of."""

# With every request: spelled once, because making a statement costs more than sending it.


@cache
def _own(kind: ActorKind) -> Ready:
    return Ready(select(*TOLD).where(uploads.c.id == bindparam("upload_id"), own_uploads_of(kind)))


@cache
def _leasing(kind: ActorKind, *, takes: bool) -> Ready:
    is_open = and_(uploads.c.state == UploadState.OPEN, uploads.c.is_given_up.is_(False))
    where = (uploads.c.id == bindparam("upload_id"), own_uploads_of(kind), is_open)
    return Ready(
        update(uploads)
        .where(*where, *(() if takes else (~uploads.c.is_held,)))
        .values(
            lease_token=bindparam("token"),
            leases=uploads.c.leases + 1,
            is_held=True,
            heard=uploads.c.asks,
            answered=uploads.c.asks,
            is_end_asked=False,
        )
        .returning(*TOLD)
    )


class Transfers(Collection):
    """Open transfers: the database is the truth about offsets, parts and tails."""

    def get(self, actor: Actor, upload_id: UploadId) -> Upload:
        """Return an upload of the actor's own.

        Raises:
            NotFound: no such upload, or somebody else's.
        """
        row = _own(actor.kind).row(self._connection, {"upload_id": upload_id, "sender_id": actor.id})
        if row is None:
            raise UPLOAD_UNKNOWN("no such upload")
        return Upload.of_row(row)

    def known(self, upload_id: UploadId) -> Upload:
        """Return an upload for the system itself, which has no scope."""
        query = select(uploads).where(uploads.c.id == upload_id)
        return Upload.of_row(self._connection.execute(query).mappings().one())

    def lease(self, actor: Actor, upload_id: UploadId) -> tuple[Upload, UUID]:
        """Take the upload for one request; the newest request wins.

        One statement takes it and reads it: what is returned holds every commit of the beaten request, and
        none can follow. Each lease has a number of its own, by which it names its objects; it takes no part
        number, of which a store has few. An upload that is not open is returned as it stands, and the token
        holds nothing.

        Raises:
            NotFound: no such upload, or somebody else's.
        """
        upload, token = self._lease(actor, upload_id)
        return upload, token or uuid4()

    def _lease(self, actor: Actor, upload_id: UploadId, *, takes: bool = True) -> tuple[Upload, UUID | None]:
        token = uuid4()  # a crash while it is held leaves nothing to undo: the next request takes the upload
        given = {"upload_id": upload_id, "sender_id": actor.id, "token": token}
        row = _leasing(actor.kind, takes=takes).row(self._connection, given)
        return (self.get(actor, upload_id), None) if row is None else (Upload.of_row(row), token)

    def is_leased(self, upload_id: UploadId, token: UUID) -> bool:
        """Say whether this request still holds the upload."""
        query = select(uploads.c.lease_token).where(uploads.c.id == upload_id)
        return self._connection.scalar(query) == token

    def next_number(self, upload_id: UploadId, token: UUID) -> int:
        """Allocate the number of a part that is about to be stored, under the lease.

        It is never given again: a part which a beaten request still sends carries a number that no list of
        parts will name, and can replace none of ours.

        Raises:
            Conflict: a newer request holds the upload.
            Gone: the store's numbers are used up; nothing can be added any more.
        """
        number = self._numbered(upload_id, uploads.c.lease_token == token, PART_NUMBERS - LAST_NUMBERS)
        if number is None:
            raise preempted()
        return number

    def last_number(self, upload_id: UploadId) -> int | None:
        """Allocate the number of the part that a completion makes of the tail; None when it is complete already.

        A completion holds no lease. Whoever completes beside it takes another number, and the same bytes make
        the same object.

        Raises:
            Gone: as `next_number`.
        """
        return self._numbered(upload_id, uploads.c.state == UploadState.OPEN, PART_NUMBERS)

    def _numbered(self, upload_id: UploadId, is_allowed: ColumnElement[bool], last: int) -> int | None:
        # A crash behind this leaves a gap in the numbers, or a part under one that no row names: both are harmless.
        number: int | None = self._connection.scalar(
            update(uploads)
            .where(uploads.c.id == upload_id, is_allowed)
            .values(next_part=uploads.c.next_part + 1)
            .returning(uploads.c.next_part)
        )
        if number is not None and number > last:
            raise UPLOAD_NUMBERS_USED_UP(f"the store numbers {PART_NUMBERS} parts and none are left")
        return number

    def parts(self, upload_id: UploadId) -> list[Part]:
        """Return the stored parts, in order."""
        rows = self._connection.execute(
            select(upload_parts).where(upload_parts.c.upload_id == upload_id).order_by(upload_parts.c.number)
        ).mappings()
        return [Part.of_row(row) for row in rows]

    def tails(self, upload_id: UploadId, *, start_bytes: int = 0, limit: int | None = None) -> list[Tail]:
        """Return the pieces behind the last part, in order, from `start_bytes` on."""
        rows = self._connection.execute(
            select(upload_tails)
            .where(upload_tails.c.upload_id == upload_id, upload_tails.c.start_bytes >= start_bytes)
            .order_by(upload_tails.c.start_bytes)
            .limit(limit)
        ).mappings()
        return [Tail.of_row(row) for row in rows]

    def add_part(
        self, upload: Upload, token: UUID, part: Part, *, parts_ref: str, key: str, is_last: bool = False
    ) -> Upload:
        """Record a stored part; the tail it swallowed is forgotten in the same commit.

        `is_last`: the request brings nothing more, and its hold ends with it.
        """
        # A crash before this commit leaves the part in the store and the old offset: its bytes are sent again.
        advanced = self._advance(
            upload,
            token,
            offset_bytes=part.start_bytes + part.size_bytes,
            parts_ref=parts_ref,
            object_key=key,
            tail_bytes=0,
            is_held=not is_last,
        )
        self._connection.execute(upload_parts.insert().values(upload_id=upload.id, **part.model_dump()))
        if upload.tail_bytes:
            self.forget_tails([upload.id])
        return advanced

    def add_tail(self, upload: Upload, token: UUID, tail: Tail, *, is_last: bool = False) -> Upload:
        """Record a piece behind the last part, durable under its key or in its row; `is_last` as in `add_part`."""
        # A crash before this commit leaves a staging object that no row names; the offset counts none of it.
        advanced = self._advance(
            upload,
            token,
            offset_bytes=tail.start_bytes + tail.size_bytes,
            # What a partial upload keeps is never read back into a part of its own.
            tail_bytes=0 if upload.is_partial else upload.tail_bytes + tail.size_bytes,
            is_held=not is_last,
        )
        self._connection.execute(upload_tails.insert().values(upload_id=upload.id, **tail.model_dump()))
        return advanced

    def _advance(self, upload: Upload, token: UUID, **values: object) -> Upload:
        row = (
            self._connection.execute(
                update(uploads)
                .where(
                    uploads.c.id == upload.id,
                    uploads.c.lease_token == token,
                    uploads.c.state == UploadState.OPEN,
                )
                .values(**values)
                .returning(uploads)
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise preempted()
        return Upload.of_row(row)

    def forget_tails(self, upload_ids: Sequence[UploadId]) -> list[str]:
        """Forget what waited; returns the keys that the caller drops after the commit."""
        # A crash between leaves staging objects that no row names: they are swept.
        gone = self._connection.scalars(
            delete(upload_tails).where(upload_tails.c.upload_id.in_(upload_ids)).returning(upload_tails.c.key)
        )
        return [key for key in gone if key is not None]

    def named_tails(self, keys: Sequence[str]) -> frozenset[str]:
        """Return those of `keys` that a row names as a tail; the others belong to nobody."""
        query = select(upload_tails.c.key).where(upload_tails.c.key.in_(keys))
        return frozenset(key for key in self._connection.scalars(query) if key is not None)


def preempted() -> Conflict:
    """Return what is told to a request that a newer one has beaten."""
    return UPLOAD_PREEMPTED("a newer request continues this upload")
