"""What one sender may have open at once, asked before an upload is opened.

Requests of one sender that ask at the same instant may all be let in: a share keeps others from being shut out and need
not be exact, and nobody waits for somebody else's photo. Only what needs a good part of the room is let in one by one.
"""

from functools import cache

from sqlalchemy import Connection, and_, case, func, select

from schemas.actor import Actor, ActorKind
from schemas.errors import EvidenceError
from schemas.refusals_upload import ROOM_PROMISED, UPLOADS_OPEN
from schemas.upload import UploadState, has_room
from storage.driver import Ready
from storage.reads.recording import own_uploads_of
from storage.settings import StorageSettings
from storage.tables.recording import uploads

_ROOM = 0x51435F524F4F4D
"""The lock under which room is promised."""
_GOOD_PART = 1000
"""A thousandth of the room: as many requests as there are connections take less than the reserve together."""


def share_spent(
    connection: Connection,
    settings: StorageSettings,
    actor: Actor,
    length_bytes: int,
    room_bytes: int | None,
) -> EvidenceError | None:
    """Return why the actor may not open an upload of this length now; None when nothing forbids it.

    `room_bytes` is what the store says is free; None where it does not say, and then no promise is counted.
    """
    if room_bytes is not None and length_bytes * _GOOD_PART > room_bytes:
        connection.execute(select(func.pg_advisory_xact_lock(_ROOM)))
    (open_now,) = _open_now(actor.kind).rows(connection, {"sender_id": actor.id})
    if open_now["uploads"] >= settings.open_uploads:
        return UPLOADS_OPEN("finish the open ones first", limit=settings.open_uploads)
    if room_bytes is not None and not has_room(
        length_bytes,
        own_bytes=int(open_now["promised_bytes"]),
        promised_bytes=lambda: int(connection.scalar(_PROMISED) or 0),
        room_bytes=room_bytes,
        reserve_percent=settings.room_reserve_percent,
    ):
        return ROOM_PROMISED("the open uploads will need the room that is left", room_bytes=room_bytes)
    return None


# Whoever does not know a length yet promises nothing; a piece of a final upload is counted with it.
_LEFT = case((uploads.c.is_deferred, 0), else_=uploads.c.length_bytes - uploads.c.offset_bytes)
_COUNTED = and_(
    uploads.c.state == UploadState.OPEN, uploads.c.is_given_up.is_(False), uploads.c.final_id.is_(None)
)
_PROMISED = select(func.coalesce(func.sum(_LEFT), 0)).where(_COUNTED)
"""Reads every open upload there is, and so is asked only for whoever needs a good part of the room."""


@cache
def _open_now(kind: ActorKind) -> Ready:
    """What is open now of one sender, of whom not many are."""
    promised = func.coalesce(func.sum(_LEFT), 0).label("promised_bytes")
    return Ready(select(func.count().label("uploads"), promised).where(_COUNTED, own_uploads_of(kind)))
