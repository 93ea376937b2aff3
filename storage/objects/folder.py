"""The object store in a folder: the embedded default, same contract as S3, nothing to install.

    DIR/evidence/<key>/@<version>        the bytes, read-only; this name is the commit point
    DIR/evidence/<key>/@<version>.json   size, checksum, lock and legal hold
    DIR/staging/<key>                    tails
    DIR/parts/<ref>/<number>             parts of a multipart object, and the key it is for
    DIR/desk/                            files being written

Life of an object: written on the desk and synced; the side file moves into place, then the bytes, then the
folder is synced. A crash before the bytes move leaves a side file and a file on the desk, and no object.
`finish_parts` copies the parts into one file first and removes them last: a crash leaves parts, or object and
parts, and the repeat ends the same. It needs the room twice for that moment.
The locks here are kept by this program only: whoever owns the folder can remove files. A store with object
lock is the choice for evidence that must withstand its own administrator.
"""

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from schemas.base import Frozen
from schemas.health import Health
from schemas.refusals_objects import (
    OBJECT_EXISTS,
    OBJECT_NOT_FOUND,
    OBJECTS_DAMAGED,
    RETENTION_SHORTEN,
    STORAGE_FULL,
)
from schemas.upload import Part
from storage.objects.errors import translated_os
from storage.objects.fault import Fault, fault
from storage.objects.files import Desk, free_bytes, locked, make_folder, sync_folder
from storage.objects.parts import FolderParts
from storage.objects.values import (
    COMPLIANCE,
    GOVERNANCE,
    PART_BYTES,
    Body,
    Limits,
    Readable,
    Stat,
    Stored,
    b64,
    check_key,
    composite,
    composite_of,
    in_parts,
    sha256_of,
    size_of,
    whole_seconds_up,
)

_LIMITS = Limits(least_part_bytes=4096, row_bytes=0)
"""A file may be of any size; below a block it is worth less than its name."""
MIN_FREE_BYTES = 512 * 1024 * 1024
"""Room that uploads must leave: the database of the embedded default lives on the same disk."""


class SideFile(Frozen):
    """What stands beside the bytes of one version."""

    size_bytes: int
    checksum_sha256_b64: str
    retention_mode: str | None = None
    retain_until: datetime | None = None
    legal_hold: bool = False


class FolderObjects:
    """`storage.objects.Objects` over a folder; threads and processes may share it.

    Args:
        folder: Made when the store is opened.
        min_free_bytes: Writes that would leave less are refused with `StorageFull`.
        retention_mode: `GOVERNANCE` or `COMPLIANCE`, written with every lock.
    """

    def __init__(
        self, folder: Path, *, min_free_bytes: int = MIN_FREE_BYTES, retention_mode: str = GOVERNANCE
    ) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._retention_mode = retention_mode
        self._desk = Desk(folder / "desk", min_free_bytes=min_free_bytes)
        with translated_os():
            for name in ("evidence", "staging", "parts"):
                make_folder(folder / name)
            self._desk.prepare()
        self._parts = FolderParts(folder / "parts", self._desk)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `file:///DIR[?min_free_bytes=N][&retention_mode=M]`.

        Raises:
            ValueError: the folder is not absolute.
        """
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        folder = Path(unquote(parts.path))
        if parts.netloc or not folder.is_absolute():
            raise ValueError("a folder store is file:///ABSOLUTE/FOLDER")
        if asked.get("retention_mode", GOVERNANCE) not in (GOVERNANCE, COMPLIANCE):
            raise ValueError(f"retention_mode is {GOVERNANCE} or {COMPLIANCE}")
        return cls(
            folder,
            min_free_bytes=int(asked.get("min_free_bytes", MIN_FREE_BYTES)),
            retention_mode=asked.get("retention_mode", GOVERNANCE),
        )

    def put(self, key: str, body: Body, *, sha256: bytes, if_absent: bool = True) -> Stored:
        with translated_os():
            side = SideFile(size_bytes=size_of(body), checksum_sha256_b64=b64(sha256))
            written = self._desk.write(body, sha256=sha256)
            try:
                with self._key_locked(key) as folder:
                    taken = self._same(folder, side) if if_absent else None
                    return taken or self._publish(written, folder, side)
            finally:
                written.unlink(missing_ok=True)

    def put_stream(self, key: str, chunks: Iterable[bytes], *, part_bytes: int = PART_BYTES) -> Stored:
        # One file, written once; its checksum is that of the same bytes in parts.
        with translated_os():
            written, digests = self._desk.stream(in_parts(chunks, part_bytes))
            try:
                side = SideFile(size_bytes=written.stat().st_size, checksum_sha256_b64=composite_of(digests))
                with self._key_locked(key) as folder:
                    return self._same(folder, side) or self._publish(written, folder, side)
            finally:
                written.unlink(missing_ok=True)

    def limits(self) -> Limits:
        return _LIMITS

    def reach(self) -> None:
        with translated_os():
            if free_bytes(self._folder) < self._min_free_bytes:
                raise STORAGE_FULL("the disk has no room that may be used")

    def begin_parts(self, key: str) -> str:
        with translated_os():
            return self._parts.begin(key)

    def put_part(self, key: str, ref: str, number: int, body: Body, *, sha256: bytes) -> str:
        with translated_os():
            return self._parts.put(key, ref, number, body, sha256=sha256)

    def finish_parts(self, key: str, ref: str, parts: Sequence[Part]) -> Stored:
        size_bytes = sum(part.size_bytes for part in parts)
        side = SideFile(size_bytes=size_bytes, checksum_sha256_b64=composite(parts))
        with translated_os(), self._key_locked(key) as folder:
            stored = self._same(folder, side) or self._join(folder, self._parts.files(key, ref, parts), side)
            self._parts.drop(key, ref)
            return stored

    def _join(self, folder: Path, sources: Sequence[Path], side: SideFile) -> Stored:
        written = self._desk.join(sources)
        try:
            return self._publish(written, folder, side)
        finally:
            written.unlink(missing_ok=True)

    def abort_parts(self, key: str, ref: str) -> None:
        with translated_os():
            self._parts.drop(key, ref)

    def put_staging(self, key: str, body: Body, *, sha256: bytes) -> None:
        target = self._folder / "staging" / check_key(key)
        with translated_os():
            written = self._desk.write(body, sha256=sha256)
            try:
                make_folder(target.parent)
                written.replace(target)
                sync_folder(target.parent)
            finally:
                written.unlink(missing_ok=True)

    def read_staging(self, key: str) -> bytes:
        with translated_os():
            return (self._folder / "staging" / check_key(key)).read_bytes()

    def delete_staging(self, key: str) -> None:
        with translated_os():
            (self._folder / "staging" / check_key(key)).unlink(missing_ok=True)

    def old_staging(self, before: datetime) -> Iterator[str]:
        folder = self._folder / "staging"
        with translated_os():
            for path in sorted(folder.rglob("*")):
                try:
                    is_old = path.is_file() and path.stat().st_mtime < before.timestamp()
                except FileNotFoundError:  # its upload went on meanwhile and dropped it
                    continue
                if is_old:
                    yield path.relative_to(folder).as_posix()

    def old_evidence(self, before: datetime) -> Iterator[str]:
        root = self._folder / "evidence"
        with translated_os():
            for folder, _, names in os.walk(root, onerror=_raise):
                found = Path(folder)
                version = _newest(found) if names else None
                if version is not None and (found / f"@{version}").lstat().st_mtime < before.timestamp():
                    yield found.relative_to(root).as_posix()

    def stat(self, key: str, version_id: str) -> Stat:
        path = self.path(key, version_id)
        with translated_os():
            size_bytes = path.stat().st_size
            side = read_side(path)
        return Stat(
            size_bytes=size_bytes,
            version_id=version_id,
            retain_until=side.retain_until,
            legal_hold=side.legal_hold,
            checksum_sha256_b64=side.checksum_sha256_b64,
        )

    def newest(self, key: str) -> str | None:
        with translated_os():
            return _newest(self._folder / "evidence" / check_key(key))

    @contextmanager
    def open(
        self, key: str, version_id: str, *, start: int = 0, length: int | None = None
    ) -> Iterator[Readable]:
        with translated_os():
            file = self.path(key, version_id).open("rb", buffering=0)
        with file:
            file.seek(start)
            yield _Reading(file, length)

    def retain(self, key: str, version_id: str, until: datetime) -> None:
        until = whole_seconds_up(until)
        with self.changing(key, version_id) as (path, side):
            if side.retain_until is not None and side.retain_until > until:
                raise RETENTION_SHORTEN("the lock lasts longer already")
            if side.retain_until != until:
                mode = side.retention_mode or self._retention_mode
                self.write_side(path, side.model_copy(update={"retain_until": until, "retention_mode": mode}))

    def free_bytes(self) -> int | None:
        with translated_os():
            return max(free_bytes(self._folder) - self._min_free_bytes, 0)

    def check(self) -> list[Fault]:
        with translated_os():
            room = free_bytes(self._folder)
            if room < self._min_free_bytes:
                return [fault(Health.ROOM_SHORT, room=room, least=self._min_free_bytes)]
            self._desk.write([b""], sha256=sha256_of([])).unlink()
        return []

    def path(self, key: str, version_id: str) -> Path:
        """Return where the bytes of a version are, or would be.

        Raises:
            NotFound: `version_id` is none of ours.
        """
        folder = self._folder / "evidence" / check_key(key)
        if not (version_id.isascii() and version_id.isalnum()):
            raise OBJECT_NOT_FOUND("no such object")
        return folder / f"@{version_id}"

    @contextmanager
    def changing(self, key: str, version_id: str) -> Iterator[tuple[Path, SideFile]]:
        """Give path and side file of a version while nobody else changes them.

        Raises:
            NotFound: no such version.
        """
        path = self.path(key, version_id)
        with translated_os(), locked(path.parent):
            path.stat()
            yield path, read_side(path)

    def write_side(self, path: Path, side: SideFile) -> None:
        """Put a new side file in place of the old one."""
        self._desk.replace(side.model_dump_json().encode(), side_path(path))

    @contextmanager
    def _key_locked(self, key: str) -> Iterator[Path]:
        folder = self._folder / "evidence" / check_key(key)
        make_folder(folder)
        with locked(folder):
            yield folder

    def _same(self, folder: Path, wanted: SideFile) -> Stored | None:
        version_id = _newest(folder)
        if version_id is None:
            return None
        side = read_side(folder / f"@{version_id}")
        if (side.size_bytes, side.checksum_sha256_b64) != (wanted.size_bytes, wanted.checksum_sha256_b64):
            raise OBJECT_EXISTS("the key holds other bytes")
        return Stored(version_id=version_id, size_bytes=side.size_bytes)

    def _publish(self, written: Path, folder: Path, side: SideFile) -> Stored:
        # Ascending in time, so the newest version is the last by name.
        version_id = f"{time.time_ns():016x}{uuid.uuid4().hex[:8]}"
        path = folder / f"@{version_id}"
        self.write_side(path, side)
        written.replace(path)  # the commit point
        sync_folder(folder)
        return Stored(version_id=version_id, size_bytes=side.size_bytes)


class _Reading:
    """A window of a file."""

    def __init__(self, file: FileIO, length: int | None) -> None:
        self._file = file
        self._left = os.fstat(file.fileno()).st_size if length is None else length

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        with translated_os():
            count = self._file.readinto(memoryview(buffer)[: self._left])
        self._left -= count
        return count


def _raise(err: OSError) -> None:
    raise err


def _newest(folder: Path) -> str | None:
    return max((path.name[1:] for path in folder.glob("@*") if path.suffix != ".json"), default=None)


def read_side(path: Path) -> SideFile:
    """Return what stands beside a version.

    Raises:
        IntegrityBroken: the side file is missing or not ours; somebody else has been in the folder.
    """
    try:
        return SideFile.model_validate_json(side_path(path).read_bytes())
    except (FileNotFoundError, ValueError) as err:
        raise OBJECTS_DAMAGED("a side file is missing or damaged: run `fsck`") from err


def side_path(path: Path) -> Path:
    """Return where the side file of a version is."""
    return path.with_name(f"{path.name}.json")
