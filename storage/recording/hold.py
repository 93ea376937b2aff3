"""Who sends an upload just now, and what a newer request asks of it: across processes, through the row."""

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, update

from schemas.actor import Actor
from schemas.ids import UploadId
from schemas.upload import Hold, Upload, UploadState
from storage.reads.recording import own_uploads
from storage.recording.transfer import Transfers
from storage.tables.recording import uploads


class Holds(Transfers):
    """Requests that hold an upload, and requests that wait for them to store what they hold in memory.

    A crash of the process that holds one leaves the row saying so: whoever asks is not heard, and goes on alone.
    """

    def lease_free(self, actor: Actor, upload_id: UploadId) -> tuple[Upload, UUID | None]:
        """Take the upload as `lease` does, unless a request holds it that is not over: then there is no token.

        Raises:
            NotFound: no such upload, or somebody else's.
        """
        return self._lease(actor, upload_id, takes=False)

    def ask(self, actor: Actor, upload_id: UploadId, *, ends: bool) -> Hold | None:
        """Ask the request that holds the upload to store what it has, and to end if `ends`; None when none does."""
        held = (own_uploads(actor), uploads.c.is_held, uploads.c.state == UploadState.OPEN)
        return self._changed(
            upload_id, *held, asks=uploads.c.asks + 1, is_end_asked=uploads.c.is_end_asked | ends
        )

    def hold(self, upload_id: UploadId, token: UUID | None) -> Hold | None:
        """Return how the request stands that holds the upload under `token`; None when it is over."""
        row = self._connection.execute(
            uploads.select().where(
                uploads.c.id == upload_id, uploads.c.lease_token == token, uploads.c.is_held
            )
        )
        return _hold(row.mappings().one_or_none())

    def hear(self, tokens: AnyOf[UUID], upload_ids: AnyOf[UploadId]) -> Sequence[Hold]:
        """Return what is newly asked of the requests under these tokens, and say that it was heard."""
        rows = self._connection.execute(
            update(uploads)
            .where(
                uploads.c.id.in_(upload_ids),
                uploads.c.lease_token.in_(tokens),
                uploads.c.heard < uploads.c.asks,
            )
            .values(heard=uploads.c.asks)
            .returning(uploads)
        ).mappings()
        return [Hold.of_row(row, upload_id=row["id"]) for row in rows]

    def answer(self, upload_id: UploadId, token: UUID, ask: int) -> None:
        """Say that everything is durable which had arrived when `ask` was heard."""
        self._changed(upload_id, uploads.c.lease_token == token, answered=ask)

    def give_up(self, hold: Hold) -> None:
        """Wait no more, nor let others wait, for a request that does not hear: its process is gone.

        Were it alive after all, it may still store under its lease until a newer request takes the upload.
        """
        theirs = (uploads.c.lease_token == hold.lease_token, uploads.c.heard < hold.asks)
        self._changed(hold.upload_id, *theirs, is_held=False)

    def release(self, upload_id: UploadId, token: UUID) -> None:
        """Say that the request is over and holds nothing."""
        self._changed(upload_id, uploads.c.lease_token == token, is_held=False)

    def _changed(self, upload_id: UploadId, *where: ColumnElement[bool], **values: object) -> Hold | None:
        row = self._connection.execute(
            update(uploads).where(uploads.c.id == upload_id, *where).values(**values).returning(uploads)
        )
        return _hold(row.mappings().one_or_none())


def _hold(row: RowMapping | None) -> Hold | None:
    return None if row is None else Hold.of_row(row, upload_id=row["id"])
