"""Files that survive a power cut: written aside, synced, moved into place, and the folder synced too."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from schemas.refusals_manifest import DIGEST_MISMATCH
from schemas.refusals_objects import STORAGE_FULL
from storage.objects.values import Body, size_of

_PIECES = 512  # of one writev; the kernel takes at most 1024 (IOV_MAX)
_COPY_BYTES = 64 * 1024 * 1024
_SMALL_BYTES = 4096
_STALE_SECONDS = 24 * 3600
_NO_KERNEL_COPY = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM})


class Desk:
    """The folder where files are written before they move into place, on the same file system.

    A crash at any point leaves a file here, and nothing where readers look; the next start removes those
    older than a day.
    """

    def __init__(self, folder: Path, *, min_free_bytes: int) -> None:
        self.folder = folder
        self._min_free_bytes = min_free_bytes

    def prepare(self) -> None:
        """Make the folder and sweep what dead writers left."""
        make_folder(self.folder)
        oldest = time.time() - _STALE_SECONDS
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                if path.stat().st_mtime < oldest:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    @contextmanager
    def writing(self, size_bytes: int) -> Iterator[tuple[Path, int]]:
        """Give a fresh file and its descriptor; when the block ends well, its bytes are on the disk.

        The smallest files may use the reserve: on a full disk a lock must still be possible.

        Raises:
            StorageFull: the bytes would eat into the room that must stay free.
        """
        self._need_room(size_bytes)
        path = self.folder / uuid.uuid4().hex
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            yield path, file
            os.fsync(file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)

    def write(self, body: Body, *, sha256: bytes) -> Path:
        """Write `body` and return the synced file, which the caller moves into place.

        Raises:
            DigestMismatch: `body` is not what `sha256` says.
        """
        state = hashlib.sha256()
        with self.writing(size_of(body)) as (path, file):
            for begin in range(0, len(body), _PIECES):
                _write_all(file, body[begin : begin + _PIECES], state)
            if state.digest() != sha256:
                raise DIGEST_MISMATCH("the store received other bytes than were declared")
        return path

    def stream(self, bodies: Iterable[Body]) -> tuple[Path, list[bytes]]:
        """Write bodies one after the other into a fresh file; returns it, synced, and the SHA-256 of each.

        Raises:
            StorageFull: the next one would eat into the room that must stay free.
        """
        digests = []
        with self.writing(0) as (path, file):
            for body in bodies:
                self._need_room(size_of(body))
                state = hashlib.sha256()
                for begin in range(0, len(body), _PIECES):
                    _write_all(file, body[begin : begin + _PIECES], state)
                digests.append(state.digest())
        return path, digests

    def _need_room(self, size_bytes: int) -> None:
        if size_bytes > _SMALL_BYTES and free_bytes(self.folder) - size_bytes < self._min_free_bytes:
            raise STORAGE_FULL("the disk has no room above the reserve", reserve_bytes=self._min_free_bytes)

    def replace(self, text: bytes, target: Path) -> None:
        """Put a small file in place of another, durably; readers see the old one or the new one."""
        self.write([text], sha256=hashlib.sha256(text).digest()).replace(target)
        sync_folder(target.parent)

    def join(self, sources: Sequence[Path]) -> Path:
        """Write the files one after the other into a fresh one, inside the kernel, and return it.

        Raises:
            FileNotFoundError: a source is gone.
        """
        with self.writing(sum(source.stat().st_size for source in sources)) as (path, file):
            for source in sources:
                with source.open("rb", buffering=0) as part:
                    _copy(part.fileno(), file)
        return path


def make_folder(path: Path) -> None:
    """Make a folder and its parents, each durable in its parent; 0700, evidence is nobody else's."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames and removals inside a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def free_bytes(path: Path) -> int:
    """Return the room that an ordinary process may still use on the file system of `path`."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against every other writer, thread or process; ends with the process, whatever happens."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _write_all(file: int, pieces: Body, state: "hashlib._Hash") -> None:
    left = [memoryview(piece) for piece in pieces if len(piece)]
    for piece in left:
        state.update(piece)
    while left:
        written = os.writev(file, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]


def _copy(source: int, target: int) -> None:
    left = os.fstat(source).st_size
    try:
        while left:
            copied = os.copy_file_range(source, target, min(left, _COPY_BYTES))
            left -= copied or left
    except OSError as err:
        if err.errno not in _NO_KERNEL_COPY:
            raise
        while os.sendfile(target, source, None, _COPY_BYTES):
            pass
