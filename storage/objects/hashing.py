"""Reading an object once, block by block, and its digests. Everything that hashes what is stored goes through here."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

from schemas.digest import CHUNK_BYTES, Hasher
from schemas.ours import ours
from schemas.refusals_objects import OBJECT_MISSING
from storage.objects.port import Objects, Readable

_INLINE_BYTES = 8 * 1024 * 1024
"""Of a smaller object threads would cost more than they save: there are many of them, and several workers."""

_RING = 6
"""Blocks in memory while reading and hashing go on beside each other."""

Also = Callable[[memoryview], object]


def object_blocks(objects: Objects, key: str, version_id: str) -> Iterator[memoryview]:
    """Yield the bytes of one version in order; a block is void as soon as the next one is asked for.

    Raises:
        IntegrityBroken: no such version; whoever asks for one has it from a row or the log.
        Unavailable: the store broke off; a short read never looks like the end.
    """
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with ours(OBJECT_MISSING, f"{key} is not in the store"), objects.open(key, version_id) as source:
        while count := source.readinto(buffer):
            yield buffer[:count]


def hash_object(
    objects: Objects,
    key: str,
    version_id: str,
    *,
    with_sm3: bool = False,
    with_chunks: bool = False,
    also: Also | None = None,
) -> Hasher:
    """Return digests and size of one version, read once; `also` is given every block on the way.

    Of a large object the next block is read while those before it are hashed.

    Raises:
        IntegrityBroken, Unavailable: as `object_blocks`.
    """
    hasher = Hasher(with_sm3=with_sm3, with_chunks=with_chunks)
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with ours(OBJECT_MISSING, f"{key} is not in the store"), objects.open(key, version_id) as source:
        while hasher.size_bytes < _INLINE_BYTES:
            count = source.readinto(buffer)
            if not count:
                return hasher
            hasher.update(buffer[:count])
            if also is not None:
                also(buffer[:count])
        _hash_beside(source, hasher, also)
    return hasher


def _hash_beside(source: Readable, hasher: Hasher, also: Also | None) -> None:
    """Read to the end; each algorithm has a thread of its own, and a buffer is filled again when all are done with it."""
    free: Sequence[Future[None]] = ()
    ring = deque((memoryview(bytearray(CHUNK_BYTES)), free) for _ in range(_RING))
    with ExitStack() as threads:
        lanes = [(threads.enter_context(ThreadPoolExecutor(1)), take) for take in hasher.lanes]
        while True:
            buffer, taken = ring.popleft()
            for one in taken:
                one.result()
            block = buffer[: source.readinto(buffer)]
            if not block:
                break
            ring.append((buffer, [thread.submit(take, block) for thread, take in lanes]))
            if also is not None:
                also(block)
        for _, taken in ring:
            for one in taken:
                one.result()
