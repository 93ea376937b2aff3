"""Upload sessions: the database is the truth about offsets and parts, never the store's listing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from sqlalchemy import RowMapping, Uuid, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.act import Process
from schemas.actor import Actor, ActorKind
from schemas.base import Frozen, HexDigest, whole_milliseconds
from schemas.declaration import Declaration
from schemas.event import Event
from schemas.ids import DeviceId, EntryId, ManifestId, RecordingId, UploadId
from schemas.policy import Action, Relation, Subject, require
from schemas.refusals_actor import DEVICE_KEY_REVOKED
from schemas.refusals_concat import CONCAT_MANIFEST
from schemas.refusals_upload import (
    DECLARATION_OF_DEVICE,
    SIZE_DISAGREES,
    UPLOAD_COMPLETE,
    UPLOAD_EXPIRED,
    UPLOAD_INCOMPLETE,
    UPLOAD_JUST_ENDED,
    UPLOAD_LENGTH_DIFFERS,
    UPLOAD_TOO_LARGE,
)
from schemas.upload import (
    STEPS,
    Upload,
    UploadState,
    UploadStep,
    clean_filename,
    part_size,
)
from storage.act import Deed, fresh_id, service
from storage.driver import Ready
from storage.objects.port import Stored
from storage.outbox import JobKind
from storage.reads.custody import with_entry
from storage.reads.device import is_trusted
from storage.reads.recording import own_uploads
from storage.recording.concat import is_left, may_end, received_with
from storage.recording.hold import Holds
from storage.recording.receipt import arrival_of, expiry_of, receive_recording, sender_of
from storage.recording.share import share_spent
from storage.recording.transfer import TOLD, preempted
from storage.tables.recording import manifests, recordings, uploads

# With every file: spelled once, because making a statement costs more than sending it.
_OPENING = Ready(insert(uploads).on_conflict_do_nothing().returning(*TOLD))
_TOKEN = bindparam("token", type_=Uuid())
_RECEIVED = Ready(
    update(uploads)
    .where(
        uploads.c.id == bindparam("upload_id"),
        uploads.c.state == UploadState.OPEN,
        uploads.c.length_bytes == bindparam("size"),
        or_(_TOKEN.is_(None), uploads.c.lease_token == _TOKEN),
    )
    .values(
        state=STEPS[UploadStep.COMPLETE].end,
        offset_bytes=uploads.c.length_bytes,
        object_key=bindparam("key"),
        lease_token=None,
        is_held=False,
        recording_id=bindparam("recording"),
    )
    .returning(uploads)
)


class NewUpload(Frozen):
    """What a client declares when it opens an upload. `metadata` and `concat` are the headers, verbatim.

    Where it does not know the length yet, `length_bytes` is the most that it may be. A file that is made of
    `partial_ids` states none: its length is theirs.
    """

    length_bytes: int
    is_deferred: bool = False
    filename: str
    metadata: str = ""
    declared_sha256: HexDigest | None = None
    manifest_sha256: HexDigest | None = None
    concat: str | None = None
    partial_ids: tuple[UploadId, ...] = ()
    case_number: str | None = None
    declaration: Declaration | None = None


class Receipt(Frozen):
    """Sent only after store, size and commit agree.

    The log will hold `digest`, the SHA-256 of `leaf`, in its tree by `leaf_hash`, the SHA-256 of a zero byte and it.
    `ticket` is the signature over it by the process that wrote it; None for what was received before there were tickets.
    """

    upload_id: UploadId
    recording_id: RecordingId
    received_at: datetime
    size_bytes: int
    declared_sha256: HexDigest | None
    entry_id: EntryId
    leaf: bytes
    digest: bytes
    leaf_hash: bytes
    ticket: bytes | None
    ticket_kid: str | None


class Uploads(Holds):
    """Open transfers and the parts they consist of."""

    def open(
        self, actor: Actor, wish: NewUpload, *, room_bytes: int | None = None, ident: UUID | None = None
    ) -> Upload:
        """Open an upload, or return the one that is open already for the same file of the same manifest.

        A manifest or a case number that does not exist is not refused here: the bytes are kept first and
        the verdict says what is wrong. `room_bytes` is what the store says is free, `ident` an id that was drawn.

        Raises:
            Refused: the actor may not submit recordings, or is a device that declares something (`declaration-of-device`).
            TooLarge: longer than the largest upload.
            Invalid: a file of a manifest is to be sent in pieces (slug `concat-manifest`).
            ShareSpent, StorageFull: as `storage.recording.share`; never for a file that is open already.
        """
        own = Subject(agency_id=actor.agency_id, related=Relation.OWN)
        require(actor, Action.RECORDING_SUBMIT, own, self._now)
        if wish.length_bytes > self._unit.settings.max_upload_bytes:
            raise UPLOAD_TOO_LARGE(f"the largest upload is {self._unit.settings.max_upload_bytes} bytes")
        if wish.concat is not None and wish.manifest_sha256 is not None:
            raise CONCAT_MANIFEST("a manifest's file is one upload")
        if wish.declaration is not None and actor.kind is not ActorKind.ACCOUNT:
            raise DECLARATION_OF_DEVICE("a device says where a file comes from by its manifest")
        manifest_id, file_index = self._manifest_file(actor, wish)
        promised = 0 if wish.is_deferred else wish.length_bytes
        spent = share_spent(self._connection, self._unit.settings, actor, promised, room_bytes)
        if spent is not None and file_index is None:
            raise spent
        ident = ident or uuid4()
        given = {
            "id": ident,
            "agency_id": actor.agency_id,
            "device_id": actor.id if actor.kind is ActorKind.DEVICE else None,
            "account_id": actor.id if actor.kind is ActorKind.ACCOUNT else None,
            "manifest_id": manifest_id,
            "manifest_sha256": wish.manifest_sha256,
            "file_index": file_index,
            "filename": clean_filename(wish.filename),
            "declared_sha256": wish.declared_sha256,
            "case_number": wish.case_number,
            "metadata": wish.metadata,
            "declaration": wish.declaration and wish.declaration.model_dump(mode="json", exclude_none=True),
            "concat": wish.concat,
            "state": STEPS.begin.state,
            "length_bytes": wish.length_bytes,
            "is_deferred": wish.is_deferred,
            "part_bytes": part_size(wish.length_bytes),
            "object_key": f"recordings/{ident}/1",
            "opened_at": whole_milliseconds(self._now),
            "expires_at": self._now + timedelta(seconds=self._unit.settings.upload_lifetime_seconds),
        }
        row = _OPENING.row(self._connection, given)
        if row is None:
            return self._opened_before(actor, wish, file_index)
        if spent is not None:
            raise spent
        # A crash before the answer leaves an open session: opening again gives it, or it expires.
        return Upload.of_row(row)

    def _manifest_file(self, actor: Actor, wish: NewUpload) -> tuple[ManifestId | None, int | None]:
        if wish.manifest_sha256 is None:
            return None, None
        row = self._connection.execute(
            select(manifests.c.id, manifests.c.files)
            .where(manifests.c.sha256 == wish.manifest_sha256, manifests.c.agency_id == actor.agency_id)
            .order_by(manifests.c.state, manifests.c.id)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None, None
        names = [
            index
            for index, file in enumerate(row.files)
            if file["sha256"] == wish.declared_sha256
            or (wish.declared_sha256 is None and file["name"] == wish.filename)
        ]
        return row.id, (names[0] if names else None)

    def _opened_before(self, actor: Actor, wish: NewUpload, file_index: int | None) -> Upload:
        row = (
            self._connection.execute(
                select(uploads).where(
                    uploads.c.device_id == actor.id,
                    uploads.c.manifest_sha256 == wish.manifest_sha256,
                    uploads.c.file_index == file_index,
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is None:  # it expired between the insert and this look: opening again will succeed
            raise UPLOAD_JUST_ENDED("the earlier upload of this file has just ended")
        is_known = not (row["is_deferred"] or wish.is_deferred)
        if is_known and row["length_bytes"] != wish.length_bytes:
            raise UPLOAD_LENGTH_DIFFERS("this file was opened with another length")
        return Upload.of_row(row)

    def state_length(self, upload: Upload, token: UUID, length_bytes: int) -> Upload:
        """Fix the length of an upload that was opened without one, under the lease of the request that states it.

        Raises:
            Conflict: it has another length already, or more bytes than that; or a newer request holds the upload.
            TooLarge: longer than the largest upload.
        """
        if length_bytes > self._unit.settings.max_upload_bytes:
            raise UPLOAD_TOO_LARGE(f"the largest upload is {self._unit.settings.max_upload_bytes} bytes")
        if not upload.is_deferred and upload.length_bytes == length_bytes:
            return upload
        if not upload.is_deferred or length_bytes < upload.offset_bytes:
            raise UPLOAD_LENGTH_DIFFERS("the upload has another length, or more bytes")
        # A crash behind this leaves the length fixed: the request is repeated, and states it again.
        return self._advance(upload, token, length_bytes=length_bytes, is_deferred=False)

    def terminate(self, actor: Actor, upload_id: UploadId) -> None:
        """End an upload that its sender gives up (tus 1.0, Termination); the sweep logs it and drops what came.

        Raises:
            NotFound: no such upload of the actor's.
            Gone: it has ended before.
            Refused: every byte is here, and evidence is never deleted by its sender.
        """
        ended = self._connection.scalar(
            update(uploads)
            .where(
                uploads.c.id == upload_id,
                own_uploads(actor),
                uploads.c.state == UploadState.OPEN,
                uploads.c.is_given_up.is_(False),
                may_end(),
            )
            # Without its index the row does not stand in the way of sending the same file anew.
            .values(is_given_up=True, expires_at=self._now, lease_token=None, is_held=False, file_index=None)
            .returning(uploads.c.id)
        )
        if ended is None:
            if self.get(actor, upload_id).is_over:
                raise UPLOAD_EXPIRED("the upload has ended")
            raise UPLOAD_COMPLETE("evidence is never deleted by its sender")

    def complete(self, upload: Upload, stored: Stored, *, key: str, token: UUID | None = None) -> Upload:
        """Turn the finished transfer into a received recording: state, leaf and job in this transaction.

        Repeating it is success: the row lock lets one caller through, the next one finds it received. `token`
        is the lease under which bytes were sent that no part or tail names yet.

        Raises:
            Gone: the upload expired meanwhile.
            Conflict: a newer request holds the upload.
            SignatureInvalid: the device that sent it was revoked meanwhile (slug `device-key-revoked`).
            IntegrityBroken: the store holds another number of bytes than the length.
        """
        given = {
            "upload_id": upload.id,
            "size": stored.size_bytes,
            "token": token,
            "key": key,
            "recording": fresh_id(),
        }
        row = _RECEIVED.row(self._connection, given)
        if row is None:
            return self._received_before(upload, stored, token)
        arrival = arrival_of(self._connection, row)
        # A crash before this commit leaves the finished object and an open upload: completion runs again, the store
        # answers that it holds these bytes. After it everything is there, and the receipt can be asked for.
        # What names no chain comes before the hold: others who state the same case wait for what stands behind it.
        sender_id = row["device_id"] or row["account_id"]
        self._unit.jobs.enqueue(JobKind.VERIFY, arrival.recording_id, sender_id=sender_id)
        if row["tail_bytes"]:
            self._forget_tail(upload.id)
        received_with(self._connection, row)
        act = self._begin(sender_of(row), row["agency_id"], *arrival.chains)
        self._refuse_revoked(row["device_id"])
        receive_recording(self._connection, act, arrival, stored=stored, key=key)
        return Upload.of_row(row, tail_bytes=0)

    def _received_before(self, upload: Upload, stored: Stored, token: UUID | None) -> Upload:
        """Return what somebody else has received meanwhile, or say why this is received by nobody: as `complete`."""
        now = select(uploads).where(uploads.c.id == upload.id).with_for_update()
        row = self._connection.execute(now).mappings().one()
        if row["state"] == UploadState.RECEIVED:
            return Upload.of_row(row)
        STEPS.after(UploadState(row["state"]), UploadStep.COMPLETE, None)
        is_preempted = token is not None and row["lease_token"] != token
        if not is_preempted and stored.size_bytes != row["length_bytes"]:
            raise SIZE_DISAGREES("the stored object has another size than the upload")
        raise preempted()

    def _forget_tail(self, upload_id: UploadId) -> None:
        self.forget_tails([upload_id])
        self._connection.execute(update(uploads).where(uploads.c.id == upload_id).values(tail_bytes=0))

    def _refuse_revoked(self, device_id: DeviceId | None) -> None:
        # A dead key hands in nothing. Bytes that were all here before are kept with their open transfer, which never
        # expires: the sweep names it until a person decides.
        if device_id is not None and not is_trusted(self._connection, device_id):
            raise DEVICE_KEY_REVOKED("the device was revoked before the transfer was complete")

    def receipt(self, actor: Actor, upload_id: UploadId) -> Receipt:
        """Return the receipt of a completed upload.

        Raises:
            NotFound: no such upload of the actor's.
            Conflict: it is not complete yet (slug `upload-incomplete`, with the offset).
        """
        upload = self.get(actor, upload_id)
        if upload.recording_id is None:
            raise UPLOAD_INCOMPLETE("the upload is not complete", offset=upload.offset_bytes)
        row = (
            self._connection.execute(
                with_entry(select(recordings), "recording", recordings.c.id, Event.RECORDING_RECEIVE).where(
                    recordings.c.id == upload.recording_id
                )
            )
            .mappings()
            .one()
        )
        return Receipt.of_row(row, recording_id=row["id"])

    def expire(self, *, limit: int) -> Sequence[Upload]:
        """End open uploads past their lifetime and return them; never a file that is all here.

        Their bytes were never evidence, and their files may be opened anew. One that never got a byte enters no leaf:
        opening is free, and the record is not to be filled by it.
        """
        rows = (
            self._connection.execute(
                select(uploads)
                .where(
                    uploads.c.state == UploadState.OPEN,
                    uploads.c.expires_at < self._now,
                    may_end(),
                )
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            .mappings()
            .all()
        )
        act = self._begin(service(Process.WORKER), None)
        for row in rows:
            self._expire(replace(act, agency_id=row["agency_id"]), row)
        return [Upload.of_row(row) for row in rows]

    def _expire(self, act: Deed, row: RowMapping) -> None:
        # The caller drops parts and tails after the commit: a crash between leaves them to the store's own sweep.
        self._connection.execute(
            update(uploads)
            .where(uploads.c.id == row["id"])
            # Without its index the row no longer stands in the way of sending the same file again.
            .values(state=STEPS[UploadStep.EXPIRE].end, lease_token=None, is_held=False, file_index=None)
        )
        if row["offset_bytes"] == 0:
            return
        ended = expiry_of(row)
        act.write(ended, f"upload/{row['id']}", ident=uuid5(row["id"], ended.spec.event))

    def full(self, *, limit: int, after: UploadId | None = None) -> Sequence[Upload]:
        """Return open uploads whose every byte is here, by id: a crash came before their completion."""
        all_here = uploads.c.offset_bytes == uploads.c.length_bytes
        query = select(uploads).where(uploads.c.state == UploadState.OPEN, all_here, is_left(self._now))
        if after is not None:
            query = query.where(uploads.c.id > after)
        rows = self._connection.execute(query.order_by(uploads.c.id).limit(limit)).mappings()
        return [Upload.of_row(row) for row in rows]
