"""The file of a final upload, made of the pieces that its partial uploads brought (tus 1.0, Concatenation).

Each piece is read back whole and compared with its digest, and the file is written in parts of its own: an S3 store
copies no part below 5 MiB, where a partial upload may end anywhere, and a copy inside the store would prove nothing.
Memory holds one part and one piece, whatever the size of the file. What a crash leaves, step by step:
  while parts are put    parts that no row names, dropped by the store's own clean-up; the pieces stand, and joining
                         begins anew
  after completion in    the object without a recording: joining again, the store answers that it has these very bytes,
  the store              because the same pieces give the same parts
  after the commit       staging objects that no row names, swept later
"""

from collections.abc import Callable, Iterator

from schemas.refusals_concat import CONCAT_JOINING
from schemas.refusals_objects import OBJECT_MISSING
from schemas.upload import Upload
from storage.flow.tail import read_tail
from storage.objects.port import Stored
from storage.store import Store

GoesOn = Callable[[], bool]
_PAGE = 64
"""So many rows at once: a small piece stands in its row."""


def always() -> bool:
    """Go on."""
    return True


def join(store: Store, upload: Upload, goes_on: GoesOn) -> tuple[Stored, list[str]]:
    """Write the evidence object of a final upload; returns it and the staging keys that it makes needless.

    Raises:
        Busy: `goes_on` said no at a piece; nothing is lost.
        IntegrityBroken: a piece is not there, or not what was kept.
        Unavailable: database or store did not answer.
    """
    keys: list[str] = []
    pieces = _pieces(store, upload, goes_on, keys)
    return store.objects.put_stream(upload.object_key, pieces, part_bytes=upload.part_bytes), keys


def _pieces(store: Store, upload: Upload, goes_on: GoesOn, keys: list[str]) -> Iterator[bytes]:
    reached = 0
    while reached < upload.length_bytes:
        with store.begin() as tx:
            page = tx.uploads.tails(upload.id, start_bytes=reached, limit=_PAGE)
        if not page:
            raise OBJECT_MISSING(f"the pieces of upload {upload.id} end at {reached}")
        for tail in page:
            if tail.start_bytes != reached:
                raise OBJECT_MISSING(f"the pieces of upload {upload.id} have a gap at {reached}")
            if not goes_on():
                raise CONCAT_JOINING("the server is being stopped; ask again")
            yield read_tail(store, upload, tail)
            reached += tail.size_bytes
            if tail.key is not None:
                keys.append(tail.key)
