"""Reading an object once, block by block, and its digests. Everything that hashes what is stored goes through here."""

from collections.abc import Callable, Iterator

from schemas.digest import CHUNK_BYTES, Hasher
from schemas.ours import ours
from schemas.refusals_objects import OBJECT_MISSING
from storage.objects.port import Objects


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
    also: Callable[[memoryview], object] | None = None,
) -> Hasher:
    """Return digests and size of one version, read once; `also` is given every block on the way.

    Raises:
        IntegrityBroken, Unavailable: as `object_blocks`.
    """
    hasher = Hasher(with_sm3=with_sm3)
    for block in object_blocks(objects, key, version_id):
        hasher.update(block)
        if also is not None:
            also(block)
    return hasher
