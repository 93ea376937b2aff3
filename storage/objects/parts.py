"""Multipart objects of the folder store, until they become one file."""

import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from schemas.errors import Gone
from schemas.refusals_objects import PARTS_DIFFER, PARTS_UNKNOWN
from schemas.upload import Part
from storage.objects.files import Desk, locked, make_folder, sync_folder
from storage.objects.values import Body, check_key


class FolderParts:
    """`<ref>/<number>.<sha256>` in one folder, and `<ref>/key` that binds them to their object.

    The digest is in the name, so a part never passes for another that was sent under its number.
    Methods raise `OSError`; the store above translates.
    """

    def __init__(self, folder: Path, desk: Desk) -> None:
        self._folder = folder
        self._desk = desk

    def begin(self, key: str) -> str:
        """Open a multipart object; a crash here leaves an empty folder."""
        ref = uuid.uuid4().hex
        make_folder(self._folder / ref)
        self._desk.replace(check_key(key).encode(), self._folder / ref / "key")
        return ref

    def put(self, key: str, ref: str, number: int, body: Body, *, sha256: bytes) -> str:
        """Keep a part and return its ETag; what was sent under its number before goes.

        Raises:
            Gone: no such multipart object is open.
            DigestMismatch: `body` is not what `sha256` says.
        """
        folder = self._open(key, ref)
        written = self._desk.write(body, sha256=sha256)
        try:
            with locked(folder):
                sent = folder / _name(number, sha256)
                written.replace(sent)  # a crash here leaves both bodies of the number; either can be finished
                for old in folder.glob(f"{number:05}.*"):
                    if old != sent:
                        old.unlink()
                sync_folder(folder)
        finally:
            written.unlink(missing_ok=True)
        return sha256.hex()

    def files(self, key: str, ref: str, parts: Sequence[Part]) -> list[Path]:
        """Return the parts' files in order.

        Raises:
            Gone: no such multipart object is open.
            Conflict: a part is not what was sent, or the numbers do not ascend.
        """
        folder = self._open(key, ref)
        numbers = [part.number for part in parts]
        found = {path.name: path.stat().st_size for path in folder.iterdir()}
        wanted = [(_name(part.number, part.sha256), part.size_bytes) for part in parts]
        if numbers != sorted(set(numbers)) or any(found.get(name) != size for name, size in wanted):
            raise PARTS_DIFFER("the parts are not those that the store holds")
        return [folder / name for name, _ in wanted]

    def drop(self, key: str, ref: str) -> None:
        """Remove a multipart object; one that is gone is success."""
        try:
            folder = self._open(key, ref)
        except Gone:
            return
        # Out of sight in one step; a crash while emptying it leaves it to the desk's sweep.
        gone = self._desk.folder / ref
        os.rename(folder, gone)  # noqa: PTH104 - the call whose atomicity matters, by its own name
        shutil.rmtree(gone, ignore_errors=True)

    def _open(self, key: str, ref: str) -> Path:
        folder = self._folder / check_key(ref)
        try:
            if (folder / "key").read_text(encoding="ascii") == key:
                return folder
        except FileNotFoundError:
            pass
        raise PARTS_UNKNOWN("the store knows neither parts nor object")


def _name(number: int, sha256: bytes) -> str:
    return f"{number:05}.{sha256.hex()}"
