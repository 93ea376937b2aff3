"""One loop reads and hashes whatever is stored."""

from hashlib import sha256
from pathlib import Path

import pytest

from schemas.digest import CHUNK_BYTES
from schemas.errors import IntegrityBroken
from storage.objects.folder import FolderObjects
from storage.objects.hashing import hash_object


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7])
def test_an_object_is_read_once_and_whole(tmp_path: Path, size: int) -> None:
    """Digest and size are those of the stored bytes, and a listener is given every one of them in order."""
    body = (b"evidence" * (size // 8 + 1))[:size]
    objects = FolderObjects(tmp_path, min_free_bytes=0)
    stored = objects.put("recordings/1", [body], sha256=sha256(body).digest())
    heard = bytearray()

    hasher = hash_object(objects, "recordings/1", stored.version_id, with_sm3=True, also=heard.extend)

    assert (hasher.sha256.value, hasher.size_bytes) == (sha256(body).hexdigest(), size)
    assert hasher.sm3 is not None
    assert heard == body


def test_what_is_not_there_has_no_digest(tmp_path: Path) -> None:
    """A missing version is said to be missing: it never hashes like an empty file."""
    with pytest.raises(IntegrityBroken, check=lambda err: err.slug == "object-missing"):
        hash_object(FolderObjects(tmp_path, min_free_bytes=0), "recordings/1", "0" * 32)
