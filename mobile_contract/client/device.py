"""The device's own memory: one folder with its key and one state file, replaced as a whole and fsync'd.

A device that signs two manifests with one `seq` looks like a copied key. Hence the state file is the commit
point: the manifest, its signature, the advanced `seq` and `prev` are written in one rename *before* anything
is sent. A crash before the rename leaves the old state; after it, an unfinished capture that is sent again.
"""

import base64
import fcntl
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from mobile_contract.client.durable import write_durably
from mobile_contract.client.promise import Promise, SeenLog, merged
from schemas.base import Frozen, Sha256Hex, UtcDatetime
from schemas.device import Thumbprint
from schemas.errors import Conflict
from schemas.manifest import Clock
from schemas.refusals_command import DEVICE_BUSY, DEVICE_MEMORY_DAMAGED

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Pending(Frozen):
    """A capture that was signed and is not yet known to be received. `payload` is the manifest's text.

    `raw_path` is the path's bytes in base64 where they are no UTF-8; `path` then only shows it.
    """

    seq: int
    path: str
    raw_path: str | None = None
    payload: str
    signature: str
    sha256: Sha256Hex
    upload_url: str | None = None

    @classmethod
    def of(cls, path: Path, **others: object) -> Self:
        """Return the capture of the file at `path`, whatever encoding its name is in."""
        raw = os.fsencode(path)
        try:
            return cls.model_validate({**others, "path": raw.decode()})
        except UnicodeDecodeError:
            shown = raw.decode(errors="backslashreplace")
            return cls.model_validate({**others, "path": shown, "raw_path": base64.b64encode(raw).decode()})

    @property
    def file(self) -> Path:
        """Where the file is."""
        if self.raw_path is None:
            return Path(self.path)
        return Path(os.fsdecode(base64.b64decode(self.raw_path)))


class MemoryUnwritableError(OSError):
    """The device cannot keep what it knows: nothing more may be signed."""


class DeviceState(Frozen):
    """All the device knows beside its key. `seq` and `prev` are those of the last signed manifest.

    `promises` are leaves that the server has signed for and that the log was not yet seen to hold.
    """

    device_id: str
    kid: Thumbprint
    agency_id: str
    seq: int
    prev: Sha256Hex
    clock_offset_ms: int
    clock_uncertainty_ms: int
    clock_synced_at: UtcDatetime
    officers: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()
    promises: tuple[Promise, ...] = ()
    log: SeenLog | None = None

    @property
    def clock(self) -> Clock:
        """The clock facts as a manifest states them."""
        return Clock(
            source="server",
            offset_ms=self.clock_offset_ms,
            uncertainty_ms=self.clock_uncertainty_ms,
            synced_at=self.clock_synced_at,
        )

    def find(self, path: Path, sha256: str) -> Pending | None:
        """Return the unfinished capture of this very file with these very bytes, if there is one."""
        found = [each for each in self.pending if (each.file, each.sha256) == (path, sha256)]
        return found[0] if found else None

    def with_pending(self, changed: Pending) -> Self:
        """Return the state with one capture added or replaced, by `seq`."""
        others = [each for each in self.pending if each.seq != changed.seq]
        return self.model_copy(update={"pending": (*others, changed)})

    def with_promises(self, new: Iterable[Promise]) -> Self:
        """Return the state with what the server has promised since."""
        return self.model_copy(update={"promises": merged(self.promises, new)})

    def without(self, done: Pending) -> Self:
        """Return the state once a capture is received."""
        return self.model_copy(
            update={"pending": tuple(each for each in self.pending if each.seq != done.seq)}
        )


class DeviceFolder:
    """`key.pem` (0600) and `state.json` in a 0700 folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path / "state.json"
        self._key = path / "key.pem"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this program alone: two at once would sign the same `seq`.

        Raises:
            Conflict: another program holds it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                raise DEVICE_BUSY(
                    f"另一个 record 正在使用此设备 another recording is running on {self.path}"
                ) from err
            yield

    def load(self) -> DeviceState | None:
        """Return the state, None before enrolment.

        Raises:
            Conflict: the file is damaged. An older copy would sign a `seq` twice, so none is advised.
        """
        if not self._state.exists():
            return None
        try:
            return DeviceState.model_validate_json(self._state.read_bytes())
        except ValidationError as err:
            raise _damaged(self._state) from err

    def save(self, state: DeviceState) -> DeviceState:
        """Replace the state durably and return it.

        Raises:
            MemoryUnwritableError: it cannot be written; the old state stands.
        """
        try:
            write_durably(self._state, state.model_dump_json(indent=1).encode())
        except OSError as err:
            raise MemoryUnwritableError(err.errno, err.strerror, str(self._state)) from err
        return state

    def new_key(self) -> ec.EllipticCurvePrivateKey:
        """Make and keep a P-256 key; a key left by an enrolment that got no answer is replaced."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_durably(self._key, pem)
        return key

    def key(self) -> ec.EllipticCurvePrivateKey:
        """Return the key.

        Raises:
            Conflict: the file is gone, damaged, or holds another kind of key.
        """
        try:
            key = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm) as err:
            raise _damaged(self._key) from err
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise _damaged(self._key)
        return key


def _damaged(path: Path) -> Conflict:
    return DEVICE_MEMORY_DAMAGED(
        f"设备的记忆已损坏 the device's memory is damaged: {path}\n"
        "请勿用旧备份恢复（序号会重复），用新的注册码在空文件夹重新注册 · "
        "do not restore an old copy (it would repeat a number); enrol anew: --enrol CODE --state EMPTY_FOLDER"
    )


def boot() -> tuple[str, int]:
    """Return this boot's id and the milliseconds of the monotonic clock."""
    ident = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(uuid.uuid4())
    return ident, time.monotonic_ns() // 1_000_000


def utc_now() -> datetime:
    """Return the device's own time."""
    return datetime.now(UTC)
