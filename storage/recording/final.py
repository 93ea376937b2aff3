"""The opening of a final upload: it takes over the bytes of its partial uploads (tus 1.0, Concatenation)."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from sqlalchemy import RowMapping, select, update

from schemas.actor import Actor
from schemas.ids import UploadId
from schemas.refusals_concat import CONCAT_INVALID, CONCAT_UNFINISHED, CONCAT_USED
from schemas.refusals_upload import UPLOAD_EXPIRED, UPLOAD_UNKNOWN
from schemas.upload import PARTIAL, Upload, UploadState
from storage.collection import Collection, Unit
from storage.reads.recording import own_uploads
from storage.recording.upload import NewUpload, Uploads
from storage.tables.recording import upload_tails, uploads


class Finals(Collection):
    """Final uploads and what they are made of."""

    def __init__(self, unit: Unit, uploads: Uploads) -> None:
        super().__init__(unit)
        self._uploads = uploads

    def open(self, actor: Actor, wish: NewUpload) -> Upload:
        """Open an upload of `partial_ids` in their order, or return the one that was opened of them by the same wish.

        It counts as one upload with them, so no share is asked for. A crash behind the commit leaves an upload that is
        all here: repeating the request joins it, and if nobody does the sweep.

        Raises:
            NotFound: a piece is no upload of the actor's.
            Gone: a piece has ended.
            Malformed: one is no partial upload.
            Conflict: one is not complete (slug `concat-unfinished`), or was used, or stands twice (`concat-used`).
            Refused, TooLarge: as `Uploads.open`.
        """
        rows = self._held(actor, wish.partial_ids)
        if (before := self._opened_before(actor, wish, rows)) is not None:
            return before
        pieces = [_usable(rows[ident]) for ident in wish.partial_ids]
        ident = UploadId(uuid4())
        self._connection.execute(
            update(uploads)
            .where(uploads.c.id.in_(wish.partial_ids))
            .values(final_id=ident, lease_token=None, is_held=False)
        )
        length = sum(piece["length_bytes"] for piece in pieces)
        self._uploads.open(actor, wish.model_copy(update={"length_bytes": length}), ident=ident)
        self._take_over(ident, pieces)
        row = self._connection.execute(
            update(uploads)
            .where(uploads.c.id == ident)
            .values(offset_bytes=length, tail_bytes=length)
            .returning(uploads)
        )
        return Upload.of_row(row.mappings().one())

    def _held(self, actor: Actor, partial_ids: Sequence[UploadId]) -> Mapping[UploadId, RowMapping]:
        if len(set(partial_ids)) < len(partial_ids):
            raise CONCAT_USED("a partial upload stands twice")
        found = self._connection.execute(
            select(uploads)
            .where(uploads.c.id.in_(partial_ids), own_uploads(actor))
            .order_by(uploads.c.id)
            .with_for_update()
        ).mappings()
        rows = {UploadId(row["id"]): row for row in found}
        if len(rows) < len(partial_ids):
            raise UPLOAD_UNKNOWN("no such partial upload")
        return rows

    def _opened_before(
        self, actor: Actor, wish: NewUpload, rows: Mapping[UploadId, RowMapping]
    ) -> Upload | None:
        finals = {row["final_id"] for row in rows.values()}
        if finals == {None}:
            return None
        if len(finals) == 1:
            before = self._uploads.get(actor, finals.pop())
            if (before.concat, before.metadata) == (wish.concat, wish.metadata):
                return before
        raise CONCAT_USED("a partial upload is a piece of another upload")

    def _take_over(self, ident: UploadId, pieces: Sequence[RowMapping]) -> None:
        start_bytes = 0
        for piece in pieces:
            self._connection.execute(
                update(upload_tails)
                .where(upload_tails.c.upload_id == piece["id"])
                .values(upload_id=ident, start_bytes=upload_tails.c.start_bytes + start_bytes)
            )
            start_bytes += piece["length_bytes"]


def _usable(row: RowMapping) -> RowMapping:
    if row["concat"] != PARTIAL:
        raise CONCAT_INVALID("an upload that was not opened as a partial one is a file by itself")
    if row["state"] == UploadState.EXPIRED or row["is_given_up"]:
        raise UPLOAD_EXPIRED("a partial upload has ended")
    if row["is_deferred"] or row["offset_bytes"] != row["length_bytes"]:
        raise CONCAT_UNFINISHED("a partial upload is not complete", partial=str(row["id"]))
    return row
