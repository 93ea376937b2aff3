"""The folder store's own promises: reserve, desk, leftovers of a crash, damaged side files, pure arithmetic."""

import errno
import os
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Conflict, Gone, IntegrityBroken, NotFound, StorageFull, Unavailable
from schemas.health import Health
from schemas.upload import Part
from storage.objects.errors import translated_os
from storage.objects.folder import FolderObjects
from storage.objects.s3 import S3Objects
from storage.objects.values import composite, in_parts

BODY = b"evidence" * 1000


def _digest(body: bytes) -> bytes:
    return sha256(body).digest()


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path, min_free_bytes=0)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_layout_is_the_documented_one(objects: FolderObjects, tmp_path: Path) -> None:
    """Bytes under key and version, the side file beside them, nothing left on the desk."""
    stored = objects.put("recordings/1", [BODY], sha256=_digest(BODY))
    place = f"evidence/recordings/1/@{stored.version_id}"
    assert _files(tmp_path) == [place, f"{place}.json"]
    assert (tmp_path / place).read_bytes() == BODY


def test_evidence_is_read_only_and_nobody_elses(objects: FolderObjects, tmp_path: Path) -> None:
    """Files have mode 0400 and folders 0700."""
    stored = objects.put("recordings/1", [BODY], sha256=_digest(BODY))
    path = objects.path("recordings/1", stored.version_id)
    assert path.stat().st_mode & 0o777 == 0o400
    assert {parent.stat().st_mode & 0o777 for parent in path.parents[:3]} == {0o700}


def test_a_key_may_go_on_below_another(objects: FolderObjects) -> None:
    """`a` and `a/b` are two objects, as on S3."""
    upper = objects.put("a", [b"upper"], sha256=_digest(b"upper"))
    lower = objects.put("a/b", [b"lower"], sha256=_digest(b"lower"))
    assert objects.stat("a", upper.version_id).size_bytes == 5
    assert objects.stat("a/b", lower.version_id).size_bytes == 5


def test_uploads_never_eat_the_reserve(tmp_path: Path) -> None:
    """Below the reserve a body is refused and leaves nothing; a lock is still possible, and doctor says it."""
    roomy = FolderObjects(tmp_path, min_free_bytes=0)
    stored = roomy.put("recordings/1", [BODY], sha256=_digest(BODY))
    tight = FolderObjects(tmp_path, min_free_bytes=1 << 60)
    before = _files(tmp_path)
    for act in (
        lambda: tight.put("recordings/2", [BODY], sha256=_digest(BODY)),
        lambda: tight.put_staging("tails/1", [BODY], sha256=_digest(BODY)),
        tight.reach,
        lambda: tight.put_stream("exports/1", [BODY]),
    ):
        with pytest.raises(StorageFull):
            act()
    assert _files(tmp_path) == before
    until = roomy.stat("recordings/1", stored.version_id).retain_until
    tight.retain("recordings/1", stored.version_id, _at(2040))
    assert (until, tight.stat("recordings/1", stored.version_id).retain_until) == (None, _at(2040))
    assert [one.code for one in tight.check()] == [Health.ROOM_SHORT]


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.ENOENT, NotFound),
        (errno.EIO, Unavailable), (errno.EROFS, Unavailable), (errno.EACCES, Unavailable),
    ],
)  # fmt: skip
def test_what_the_system_says_becomes_one_of_our_errors(number: int, wanted: type[Exception]) -> None:
    """A full disk and a full quota are one error, every other refusal is another, and the path is not told."""
    with pytest.raises(wanted) as caught, translated_os():
        raise OSError(number, os.strerror(number), "secret-path")
    assert type(caught.value) is wanted
    assert "secret-path" not in str(caught.value)


def test_a_crash_before_the_commit_point_leaves_no_object(objects: FolderObjects, tmp_path: Path) -> None:
    """A side file without bytes is no object: it is not found, and the key is free."""
    stored = objects.put("recordings/1", [BODY], sha256=_digest(BODY))
    objects.path("recordings/1", stored.version_id).unlink()
    with pytest.raises(NotFound):
        objects.stat("recordings/1", stored.version_id)
    assert objects.put("recordings/1", [b"other"], sha256=_digest(b"other")).size_bytes == 5


def test_a_crash_between_object_and_parts_is_finished_by_the_repeat(
    objects: FolderObjects, tmp_path: Path
) -> None:
    """When the object is in place and its parts are still there, finishing again removes them."""
    ref = objects.begin_parts("recordings/1")
    etag = objects.put_part("recordings/1", ref, 2, [BODY], sha256=_digest(BODY))
    part = Part(number=2, start_bytes=0, size_bytes=len(BODY), sha256=_digest(BODY), etag=etag)
    kept = {path: path.read_bytes() for path in (tmp_path / "parts" / ref).iterdir()}
    stored = objects.finish_parts("recordings/1", ref, [part])
    (tmp_path / "parts" / ref).mkdir()
    for path, body in kept.items():
        path.write_bytes(body)
    assert objects.finish_parts("recordings/1", ref, [part]) == stored
    assert _files(tmp_path / "parts") == []


def test_parts_belong_to_their_key(objects: FolderObjects) -> None:
    """A reference opened for one key takes no part, finish or abort of another."""
    ref = objects.begin_parts("recordings/1")
    etag = objects.put_part("recordings/1", ref, 1, [BODY], sha256=_digest(BODY))
    part = Part(number=1, start_bytes=0, size_bytes=len(BODY), sha256=_digest(BODY), etag=etag)
    with pytest.raises(Gone):
        objects.put_part("recordings/2", ref, 2, [BODY], sha256=_digest(BODY))
    with pytest.raises(Gone):
        objects.finish_parts("recordings/2", ref, [part])
    objects.abort_parts("recordings/2", ref)
    assert objects.finish_parts("recordings/1", ref, [part]).size_bytes == len(BODY)


def test_parts_that_do_not_ascend_are_refused(objects: FolderObjects) -> None:
    """The order of the list is the order of the file: a list out of order, or a number twice, is a conflict."""
    ref = objects.begin_parts("recordings/1")
    parts = []
    for number in (1, 2):
        etag = objects.put_part("recordings/1", ref, number, [BODY], sha256=_digest(BODY))
        parts.append(
            Part(number=number, start_bytes=0, size_bytes=len(BODY), sha256=_digest(BODY), etag=etag)
        )
    for wrong in (parts[::-1], [parts[0], parts[0]]):
        with pytest.raises(Conflict):
            objects.finish_parts("recordings/1", ref, wrong)


def test_a_broken_stream_leaves_nothing(objects: FolderObjects, tmp_path: Path) -> None:
    """When the producer of a stream fails, nothing of it is left."""

    def broken():
        yield BODY
        raise RuntimeError("the producer broke")

    with pytest.raises(RuntimeError):
        objects.put_stream("exports/1", broken(), part_bytes=100)
    assert _files(tmp_path) == []


def test_a_stream_is_written_once(objects: FolderObjects, tmp_path: Path) -> None:
    """A stream grows in one file on the desk and is moved into place: it needs its own room and no more."""
    seen = []

    def telling():
        for _ in range(3):
            yield BODY
            seen.append(_files(tmp_path))

    objects.put_stream("recordings/1", telling(), part_bytes=len(BODY))

    assert [len(files) for files in seen] == [1] * 3
    assert {Path(name).parent.name for files in seen for name in files} == {"desk"}


def test_the_desk_is_swept_of_what_dead_writers_left(objects: FolderObjects, tmp_path: Path) -> None:
    """The next start removes files and folders older than a day, and leaves those of living writers."""
    old, young, folder = (tmp_path / "desk" / name for name in ("old", "young", "folder"))
    folder.mkdir()
    for path in (old, young, folder / "00001"):
        path.write_bytes(b"")
    long_ago = time.time() - 2 * 24 * 3600
    for path in (old, folder):
        os.utime(path, (long_ago, long_ago))
    FolderObjects(tmp_path, min_free_bytes=0)
    assert _files(tmp_path / "desk") == ["young"]
    assert not folder.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"size_bytes": 1}', b"[]"])
def test_a_damaged_side_file_is_never_taken_for_unlocked(objects: FolderObjects, damage: bytes) -> None:
    """Where the side file is damaged the version cannot be described, and never counts as free of locks."""
    stored = objects.put("recordings/1", [BODY], sha256=_digest(BODY))
    path = objects.path("recordings/1", stored.version_id)
    side = path.with_name(f"{path.name}.json")
    side.unlink()
    side.write_bytes(damage)
    with pytest.raises(IntegrityBroken, check=lambda err: err.slug == "objects-damaged"):
        objects.stat("recordings/1", stored.version_id)


def test_a_body_of_very_many_pieces_is_written_whole(objects: FolderObjects) -> None:
    """More pieces than one system call takes, empty ones among them, still make one object."""
    pieces = [bytes([n % 256]) * (n % 5) for n in range(3000)]
    stored = objects.put("recordings/1", pieces, sha256=_digest(b"".join(pieces)))
    assert objects.path("recordings/1", stored.version_id).read_bytes() == b"".join(pieces)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(min_value=1, max_value=25))
def test_a_stream_is_cut_the_same_however_it_arrives(chunks: list[bytes], part_bytes: int) -> None:
    """Every part but the last has the full size, none is empty unless the stream is, and no byte is lost."""
    whole = b"".join(chunks)
    parts = [b"".join(body) for body in in_parts(chunks, part_bytes)]
    assert b"".join(parts) == whole
    assert parts == [b"".join(body) for body in in_parts([whole], part_bytes)]
    assert all(len(part) == part_bytes for part in parts[:-1])
    assert parts == [b""] if not whole else all(parts)


def test_the_composite_is_that_of_s3() -> None:
    """The value that MinIO gave for these two parts (five mebibytes of zeros, and `tail`)."""
    bodies = (bytes(5 * 1024 * 1024), b"tail")
    parts = [
        Part(number=number, start_bytes=0, size_bytes=len(body), sha256=_digest(body), etag="")
        for number, body in ((3, bodies[0]), (7, bodies[1]))
    ]
    assert composite(parts) == "t8tl1anI+FOMozS3HJdTBQ70eEZECA6gtL7SpDrtWhA=-2"


def _at(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def test_the_room_that_is_told_is_above_the_reserve(tmp_path: Path) -> None:
    """A folder tells what its file system has left for uploads; where the reserve is all there is, nothing."""
    assert (FolderObjects(tmp_path, min_free_bytes=0).free_bytes() or 0) > 0
    assert FolderObjects(tmp_path, min_free_bytes=2**62).free_bytes() == 0


def test_a_store_that_does_not_tell_its_room_says_so() -> None:
    """An S3 store tells its room to administrators alone: None, and nothing is counted against a guess."""
    assert S3Objects.from_url("s3+http://KEY:SECRET@127.0.0.1:1/evidence?staging=tails").free_bytes() is None
