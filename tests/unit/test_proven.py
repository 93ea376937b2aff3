"""What comes out of a proven read was compared before; anything else comes out as nothing."""

from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.digest import PROOF_BYTES, ChunkDigests
from schemas.errors import StoredAltered
from storage.objects.folder import FolderObjects
from storage.objects.proven import DIGEST_BYTES, Window, proven

SIZE = 3 * PROOF_BYTES + 77
KEY = "recordings/1"


class Shelf:
    """An object of three chunks and a bit, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.body = Random(1).randbytes(SIZE)
        self.objects = FolderObjects(folder, min_free_bytes=0)
        self.version = self.objects.put(KEY, [self.body], sha256=sha256(self.body).digest()).version_id
        digests = ChunkDigests()
        digests.update(self.body)
        self.digests = digests.value
        self.path = self.objects.path(KEY, self.version)
        self.path.chmod(0o600)

    def read(self, start: int, end: int, given: bytearray | None = None) -> bytes:
        window = Window(start, end, SIZE)
        part = self.digests[DIGEST_BYTES * window.first : DIGEST_BYTES * (window.first + window.chunks)]
        out = bytearray() if given is None else given
        for block in proven(self.objects, KEY, self.version, window, part):
            out += block
        return bytes(out)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("proven"))


def test_the_list_is_that_of_plain_hashing(shelf: Shelf) -> None:
    """However the bytes are cut, the list is SHA-256 of each MiB by itself."""
    plain = [sha256(shelf.body[at : at + PROOF_BYTES]).digest() for at in range(0, SIZE, PROOF_BYTES)]
    pieces, at = ChunkDigests(), 0
    for length in (1, PROOF_BYTES - 1, 1, PROOF_BYTES, 12345, SIZE):
        pieces.update(shelf.body[at : at + length])
        at += length

    assert shelf.digests == pieces.value == b"".join(plain)
    assert ChunkDigests().value == b""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_any_window_is_that_part(shelf: Shelf, one: int, other: int) -> None:
    """Every window of an object gives exactly its bytes."""
    start, end = sorted((one, other))
    assert shelf.read(start, end) == shelf.body[start:end]


@pytest.mark.parametrize("chunk", range(4))
def test_a_flipped_bit_gives_nothing_of_its_chunk(tmp_path: Path, chunk: int) -> None:
    """What lies before is given as recorded; of the chunk with the flipped bit not one byte, the asked ones neither."""
    shelf = Shelf(tmp_path)
    at = min(chunk * PROOF_BYTES + 500, SIZE - 1)
    altered = bytearray(shelf.body)
    altered[at] ^= 1
    shelf.path.write_bytes(altered)
    out = bytearray()

    with pytest.raises(StoredAltered, check=lambda err: err.slug == "content-altered"):
        shelf.read(0, SIZE, out)
    assert bytes(out) == shelf.body[: chunk * PROOF_BYTES]
    with pytest.raises(StoredAltered):
        shelf.read(chunk * PROOF_BYTES, chunk * PROOF_BYTES + 1)


@pytest.mark.parametrize("left", [0, 1, PROOF_BYTES, SIZE - 1])
def test_a_shorter_object_is_altered(tmp_path: Path, left: int) -> None:
    """A file that was cut is not what was recorded, wherever the cut is."""
    shelf = Shelf(tmp_path)
    shelf.path.write_bytes(shelf.body[:left])
    with pytest.raises(StoredAltered):
        shelf.read(0, SIZE)


def test_nothing_there_is_said_to_be_missing(tmp_path: Path) -> None:
    """An object that is gone has a name of its own."""
    shelf = Shelf(tmp_path)
    shelf.path.unlink()
    with pytest.raises(StoredAltered, check=lambda err: err.slug == "content-missing"):
        shelf.read(0, 1)


def test_a_list_of_another_length_proves_nothing(tmp_path: Path) -> None:
    """A list that was cut is no reason to send what it does not cover."""
    shelf = Shelf(tmp_path)
    shelf.digests = shelf.digests[:-1]
    assert shelf.read(0, 10) == shelf.body[:10]
    with pytest.raises(StoredAltered):
        shelf.read(SIZE - 1, SIZE)
