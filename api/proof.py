"""By what stored bytes are proven before they are sent, and what is done where they are not the recorded ones.

Of an object of one chunk the digest of the whole is the proof; of a larger one the list of its chunks' digests. What was
verified before there were such lists is read whole at the first request, up to `FIRST_READ_BYTES`, which makes its list;
what is larger is sent without a tag, hashed on its way where all of it is asked for and broken off before its last block
where it differs, and read whole by a worker at once, which makes the list for the next request.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import structlog

from schemas.base import HexDigest
from schemas.digest import PROOF_BYTES
from schemas.errors import EvidenceError, IntegrityBroken, StoredAltered
from schemas.ids import RecordingId
from schemas.ours import ours
from schemas.refusals_objects import CONTENT_ALTERED, CONTENT_MISSING
from storage.objects.hashing import hash_object
from storage.objects.proven import DIGEST_BYTES, Window, proven
from storage.store import Store

log = structlog.get_logger()

BLOCK_BYTES = 256 * 1024
FIRST_READ_BYTES = 64 * 1024 * 1024
"""Up to so many bytes are hashed while somebody waits: a tenth of a second from a disk."""


REMEMBERED = 64
REMEMBERED_BYTES = 64 * 1024
"""So many lists are remembered, each of an object of 2 GiB at most: a player asks for one film a hundred times."""


class Lists:
    """The lists of objects that were asked for last, 4 MiB at most; stored versions never change, nor do their lists."""

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = Lock()

    def of(self, store: Store, kept: "Kept", window: Window) -> bytes | None:
        """Return the digests of a window's chunks; None where no list is kept."""
        name = (kept.key, kept.version_id)
        with self._lock:
            listed = self._lists.get(name)
        first, end = DIGEST_BYTES * window.first, DIGEST_BYTES * (window.first + window.chunks)
        if listed is not None:
            return listed[first:end]
        is_long = -(-kept.size_bytes // PROOF_BYTES) * DIGEST_BYTES > REMEMBERED_BYTES
        with store.begin() as tx:
            if is_long:
                return tx.chunks.of(*name, window.first, window.chunks)
            listed = tx.chunks.whole(*name)
        if listed is None:
            return None
        with self._lock:
            self._lists[name] = listed
            while len(self._lists) > REMEMBERED:
                self._lists.popitem(last=False)
        return listed[first:end]

    def forget(self, kept: "Kept") -> None:
        """Forget a list: bytes were refused by it, and it may be the list that was altered."""
        with self._lock:
            self._lists.pop((kept.key, kept.version_id), None)


_LISTS = Lists()


class Kept(NamedTuple):
    """One stored version and what is recorded of it; `sha256` is None before its verification.

    `recording_id` is there where they are the bytes of a recording itself: it is read by a worker where they differ.
    """

    key: str
    version_id: str
    size_bytes: int
    sha256: HexDigest | None
    recording_id: RecordingId | None = None


class Reading(NamedTuple):
    """The bytes that are sent, and whether each of them was compared before."""

    blocks: Iterator[bytes]
    is_proven: bool


def read_kept(store: Store, kept: Kept, start: int, end: int) -> Reading:
    """Read bytes `start` to `end` of a stored version; nothing of the store is opened before the first block is asked for.

    Raises:
        StoredAltered: what was read whole to make its list is not what was recorded.
        Unavailable: database or store did not answer.
    """
    window = Window(start, end, kept.size_bytes)
    digests = _digests(store, kept, window)
    if digests is not None:
        blocks = proven(store.objects, kept.key, kept.version_id, window, digests)
    else:
        blocks = _unproven(store, kept, window)
    return Reading(_telling(store, kept, blocks), is_proven=digests is not None)


def _digests(store: Store, kept: Kept, window: Window) -> bytes | None:
    """Return the digests of the window's chunks; None where there is no list and none can be made while somebody waits."""
    if kept.sha256 is None:
        return None
    if kept.size_bytes <= PROOF_BYTES:
        return bytes.fromhex(kept.sha256) * window.chunks
    found = _LISTS.of(store, kept, window)
    if found is not None:
        return found
    if kept.size_bytes > FIRST_READ_BYTES:
        _ask(store, kept)
        return None
    listed = _listed(store, kept)
    return listed[window.first * DIGEST_BYTES : (window.first + window.chunks) * DIGEST_BYTES]


def _listed(store: Store, kept: Kept) -> bytes:
    """Read an object whole, and keep the digests of its chunks.

    Raises:
        StoredAltered: it is not what was recorded.
    """
    try:
        with ours(CONTENT_MISSING, f"{kept.key} is not in the store"):
            read = hash_object(store.objects, kept.key, kept.version_id, with_chunks=True)
        if read.sha256.value != kept.sha256 or read.chunks is None:
            raise CONTENT_ALTERED(f"{kept.key} is not what was recorded")
    except IntegrityBroken as err:
        _alarm(store, kept, err)
        raise
    with store.begin() as tx:
        tx.chunks.keep(kept.key, kept.version_id, read.chunks)
    return read.chunks


def _unproven(store: Store, kept: Kept, window: Window) -> Iterator[bytes]:
    """Yield bytes of which no digest is known in advance; the whole is hashed, and its last block waits for the end."""
    is_whole = (window.start, window.end) == (0, kept.size_bytes) and kept.sha256 is not None
    state, held = hashlib.sha256(), b""
    buffer = memoryview(bytearray(BLOCK_BYTES))
    length = window.end - window.start
    with (
        ours(CONTENT_MISSING, f"{kept.key} is not in the store"),
        store.objects.open(kept.key, kept.version_id, start=window.start, length=length) as source,
    ):
        while length and (count := source.readinto(buffer)):
            length -= count
            if held:
                yield held
            held = bytes(buffer[:count])
            if is_whole:
                state.update(held)
    if length or (is_whole and state.hexdigest() != kept.sha256):
        raise CONTENT_ALTERED(f"{kept.key} is not what was recorded")
    if held:
        yield held


def _telling(store: Store, kept: Kept, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass blocks on; where they end by a difference somebody is called, whatever was sent before."""
    try:
        yield from blocks
    except StoredAltered as err:
        _alarm(store, kept, err)
        raise


def _alarm(store: Store, kept: Kept, err: IntegrityBroken) -> None:
    """Call a person, and have a worker read the recording: the leaf that says so is written by whoever has read it all."""
    _LISTS.forget(kept)
    log.critical("content_refused", key=kept.key, problem=err.slug, recording_id=str(kept.recording_id))
    _ask(store, kept)


def _ask(store: Store, kept: Kept) -> None:
    if kept.recording_id is None:
        return
    try:
        with store.begin() as tx:
            tx.readings.ask(kept.recording_id)
    except EvidenceError as err:  # the refusal stands without it; the scrub comes to it in its turn
        log.exception("reading_not_asked", recording_id=str(kept.recording_id), problem=err.slug)
