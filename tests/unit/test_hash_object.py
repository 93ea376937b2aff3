"""One loop reads and hashes whatever is stored."""

import threading
from hashlib import new, sha256
from pathlib import Path
from random import Random
from typing import Self, cast

import pytest

from schemas.digest import CHUNK_BYTES
from schemas.errors import IntegrityBroken, Unavailable
from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from storage.objects.folder import FolderObjects
from storage.objects.hashing import hash_object
from storage.objects.port import Objects

SIZES = [*(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES), *(many * CHUNK_BYTES + 7 for many in (2, 8, 17))]


@pytest.mark.parametrize("size", SIZES)
def test_an_object_is_read_once_and_whole(tmp_path: Path, size: int) -> None:
    """Digest and size are those of the stored bytes, and a listener is given every one of them in order."""
    body = Random(size).randbytes(size)
    objects = FolderObjects(tmp_path, min_free_bytes=0)
    stored = objects.put("recordings/1", [body], sha256=sha256(body).digest())
    heard = bytearray()

    hasher = hash_object(objects, "recordings/1", stored.version_id, with_sm3=True, also=heard.extend)

    assert (hasher.sha256.value, hasher.size_bytes) == (sha256(body).hexdigest(), size)
    assert hasher.sm3 is not None
    assert hasher.sm3.value == new("sm3", body).hexdigest()
    assert heard == body


def test_what_is_not_there_has_no_digest(tmp_path: Path) -> None:
    """A missing version is said to be missing: it never hashes like an empty file."""
    with pytest.raises(IntegrityBroken, check=lambda err: err.slug == "object-missing"):
        hash_object(FolderObjects(tmp_path, min_free_bytes=0), "recordings/1", "0" * 32)


class Broken:
    """A store that breaks off in the middle of a large object."""

    def __init__(self) -> None:
        self.left = 12

    def open(self, *_: object, **__: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def readinto(self, buffer: memoryview) -> int:
        self.left -= 1
        if not self.left:
            raise OBJECTS_UNAVAILABLE("the store broke off")
        return len(buffer)


def test_a_store_that_breaks_off_is_said_and_gives_no_digest() -> None:
    """While what came is still hashed the reading fails: the caller is told, and every thread has ended."""
    before = threading.active_count()
    with pytest.raises(Unavailable):
        hash_object(cast("Objects", Broken()), "recordings/1", "0" * 32, with_sm3=True)

    assert threading.active_count() == before
