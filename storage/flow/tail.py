"""What waits to become a part: read back whole, or refused; and dropped when it has become one."""

from collections.abc import Sequence
from contextlib import suppress

from schemas.errors import Unavailable
from schemas.ours import ours
from schemas.refusals_objects import OBJECT_BROKEN, OBJECT_MISSING
from schemas.upload import Tail, Upload
from storage.objects.values import sha256_of
from storage.store import Store


def read_tails(store: Store, upload: Upload, tails: Sequence[Tail]) -> list[bytes]:
    """Return the bytes behind the last part, which the offset already counts, piece by piece.

    Raises:
        IntegrityBroken: they are not there, or not what was kept: to go on would leave a hole in the file.
        Unavailable: the store did not answer.
    """
    reached = upload.offset_bytes - upload.tail_bytes
    pieces = []
    for tail in tails:
        if tail.start_bytes != reached:
            break
        pieces.append(read_tail(store, upload, tail))
        reached += tail.size_bytes
    if reached != upload.offset_bytes:
        raise OBJECT_MISSING(f"the tail of upload {upload.id} ends at {reached} and not at its offset")
    return pieces


def read_tail(store: Store, upload: Upload, tail: Tail) -> bytes:
    """Return one piece.

    Raises:
        IntegrityBroken, Unavailable: as `read_tails`.
    """
    if tail.key is None:
        body = tail.body or b""
    else:
        with ours(OBJECT_MISSING, f"the tail of upload {upload.id} is not in the store"):
            body = store.objects.read_staging(tail.key)
    if len(body) != tail.size_bytes or (tail.sha256 is not None and sha256_of([body]) != tail.sha256):
        raise OBJECT_BROKEN(f"the tail of upload {upload.id} at {tail.start_bytes} is not what was kept")
    return body


def drop_tails(store: Store, tails: Sequence[Tail]) -> None:
    """Drop the staging objects of a tail that no row names any more; what is left of them is swept later."""
    drop_keys(store, [tail.key for tail in tails if tail.key is not None])


def drop_keys(store: Store, keys: Sequence[str]) -> None:
    """As `drop_tails`, by their keys."""
    with suppress(Unavailable):
        for key in keys:
            store.objects.delete_staging(key)
