"""Legal hold and disposal: what only the keeping jobs may do, with a credential of their own.

A legal hold stops every deletion, also one that bypasses governance. Nothing that receives, verifies or
shows recordings holds this credential.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from schemas.refusals_objects import OBJECT_LOCKED
from storage.objects.errors import error_of, translated_os
from storage.objects.files import sync_folder
from storage.objects.folder import FolderObjects, side_path
from storage.objects.s3_errors import translated
from storage.objects.sign import Address, Link, error_code
from storage.objects.values import COMPLIANCE, check_key

_LOCKED = frozenset({"AccessDenied", "ObjectLocked", "InvalidRequest"})


class Keeping(Protocol):
    """The keeper's rights over single versions. Every method may raise `NotFound` and `Unavailable`."""

    def hold(self, key: str, version_id: str) -> None:
        """Put a legal hold on a version; holding it again is success."""

    def release(self, key: str, version_id: str) -> None:
        """Lift the legal hold; one that is not there is success."""

    def dispose(self, key: str, version_id: str, *, is_bypass: bool = False) -> None:
        """Delete one version for ever; `is_bypass` overrides a governance lock, never a legal hold.

        Raises:
            Conflict: a lock or a legal hold forbids it (slug `object-locked`).
        """


def open_keeping(url: str) -> Keeping:
    """Open the store with the keeper's credential; `url` as for `open_objects`, `staging` may be missing.

    Raises:
        ValueError: the address is of neither form.
    """
    if urlsplit(url).scheme == "file":
        return FolderKeeping(FolderObjects.from_url(url))
    return S3Keeping(Address.parse(url))


class S3Keeping:
    """`Keeping` over S3; made, used and dropped by one job in one process."""

    def __init__(self, address: Address) -> None:
        self._bucket = address.evidence
        self._link = Link(address)

    def hold(self, key: str, version_id: str) -> None:
        with translated():
            self._link.client.enable_object_legal_hold(self._bucket, check_key(key), version_id=version_id)

    def release(self, key: str, version_id: str) -> None:
        with translated():
            self._link.client.disable_object_legal_hold(self._bucket, check_key(key), version_id=version_id)

    def dispose(self, key: str, version_id: str, *, is_bypass: bool = False) -> None:
        headers = {"x-amz-bypass-governance-retention": "true"} if is_bypass else {}
        with translated():
            answer = self._link.send(
                "DELETE", self._bucket, check_key(key), query={"versionId": version_id}, headers=headers
            )
        code = error_code(answer)
        if code in _LOCKED:
            raise OBJECT_LOCKED("a lock or a legal hold forbids it")
        if code is not None:
            raise error_of(code)


class FolderKeeping:
    """`Keeping` over a folder store."""

    def __init__(self, objects: FolderObjects) -> None:
        self._objects = objects

    def hold(self, key: str, version_id: str) -> None:
        self._set_hold(key, version_id, is_on=True)

    def release(self, key: str, version_id: str) -> None:
        self._set_hold(key, version_id, is_on=False)

    def dispose(self, key: str, version_id: str, *, is_bypass: bool = False) -> None:
        with self._objects.changing(key, version_id) as (path, side):
            is_locked = side.retain_until is not None and side.retain_until > datetime.now(UTC)
            is_bypassed = is_bypass and side.retention_mode != COMPLIANCE
            if side.legal_hold or (is_locked and not is_bypassed):
                raise OBJECT_LOCKED("a lock or a legal hold forbids it")
            _remove(path)

    def _set_hold(self, key: str, version_id: str, *, is_on: bool) -> None:
        with self._objects.changing(key, version_id) as (path, side):
            self._objects.write_side(path, side.model_copy(update={"legal_hold": is_on}))


def _remove(path: Path) -> None:
    with translated_os():
        path.unlink()  # first the bytes: a crash after this leaves a side file that names nothing
        side_path(path).unlink()
        sync_folder(path.parent)
