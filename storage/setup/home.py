"""The data folder of the embedded default: keys drawn at the first start, demo log-ins, everything 0600."""

import base64
import json
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storage.durable import write_private
from storage.settings import ORIGIN_BEFORE
from storage.setup.embedded import can_unshare

TICKET_KEYS = ("api_ticket_key", "worker_ticket_key", "signer_ticket_key")
KEY_NAMES = ("log_key", "registry_key", "export_key", "factor_key", "personal_key", *TICKET_KEYS)
SIGNER_ALONE = ("log_key", "signer_ticket_key")
"""What a server that has a signer of its own does not read."""
KEY_BEFORE = "personal_key_before"
"""The key that values are moved away from: `personal_key` under this name, so that the next start draws a new one."""
SIGNER_KEYS = ("log_key", "personal_key", KEY_BEFORE, *TICKET_KEYS)
"""What the signer reads."""

SEED_BYTES = 32
_LOCAL = "quancheng.local"
_PRIVATE, _WALKED = 0o700, 0o711


class Home:
    """`QUANCHENG_HOME`. A second start finds the same keys: a new log key would be a new log."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def prepare(self) -> int | None:
        """Make the folder and the keys that are missing; private to the account that runs the server.

        Returns:
            The mode that a folder had which was open to others, and no longer is; None when there was nothing to do.

        Raises:
            OSError: the folder cannot be made, or belongs to somebody else and is open to others.
        """
        self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        was_open = self._tighten()
        if not self._origin_path.exists():
            is_old = self._key_path("log_key").exists()
            write_private(self._origin_path, ORIGIN_BEFORE if is_old else f"{_LOCAL}/{secrets.token_hex(5)}")
        for name in KEY_NAMES:
            if not self._key_path(name).exists():
                seed = base64.b64encode(secrets.token_bytes(SEED_BYTES)).decode()
                write_private(self._key_path(name), seed)
        return was_open

    def _tighten(self) -> int | None:
        mode = stat.S_IMODE(self.path.stat().st_mode)
        # Where `nobody` must run PostgreSQL it has to walk through, and sees nothing on its way.
        wanted = _WALKED if mode & stat.S_IXOTH and os.geteuid() == 0 and not can_unshare() else _PRIVATE
        if not mode & ~wanted:
            return None
        self.path.chmod(wanted)
        return mode

    def _key_path(self, name: str) -> Path:
        return self.path / "keys" / f"{name}.b64"

    def next_key(self, name: str) -> Path:
        """Return the file of a key that is to take another's place, drawn where there is none yet."""
        path = self.path / "keys" / f"{name}.next.b64"
        if not path.exists():
            write_private(path, base64.b64encode(secrets.token_bytes(SEED_BYTES)).decode())
        return path

    def take_next(self, name: str) -> None:
        """Put the next key into its place; the one before is kept beside it for a person to destroy."""
        before = self._key_path(name).read_text(encoding="ascii")
        write_private(self.path / "keys" / f"{name}.before.b64", before)
        self.next_key(name).rename(self._key_path(name))

    @property
    def _origin_path(self) -> Path:
        return self.path / "keys" / "log_origin.txt"

    @property
    def log_origin(self) -> str:
        """The name of the log, drawn with its key; a folder of before names were drawn keeps the one that all had.

        Empty where there is no key either: then the log is none of this folder.
        """
        path = self._origin_path
        if path.exists():
            return path.read_text(encoding="ascii").strip()
        return ORIGIN_BEFORE if self._key_path("log_key").exists() else ""

    def keys(self, names: Iterable[str] = (*KEY_NAMES, KEY_BEFORE)) -> dict[str, str]:
        """Return the seeds that are there, by setting name; no other file is read."""
        paths = {name: self._key_path(name) for name in names}
        return {
            name: path.read_text(encoding="ascii").strip() for name, path in paths.items() if path.exists()
        }

    @property
    def objects_url(self) -> str:
        """Address of the folder store."""
        return (self.path / "objects").as_uri()

    @property
    def database_dir(self) -> Path:
        """Folder of the embedded PostgreSQL."""
        return self.path / "postgres"

    @property
    def tls_dir(self) -> Path:
        """Folder of the server's own certificate authority, where it has one."""
        return self.path / "tls"

    @property
    def listening_path(self) -> Path:
        """Where a running server writes down what it listens on."""
        return self.path / "listening.json"

    def read_demo(self) -> dict[str, Any]:
        """Return what the demo wrote; empty before the first start."""
        path = self.demo_path
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    @property
    def demo_path(self) -> Path:
        """Where the demo's log-ins are kept, readable by the owner alone."""
        return self.path / "demo.json"

    def write_demo(self, demo: dict[str, Any]) -> None:
        """Keep the demo's log-ins and hints for the reference device."""
        write_private(self.demo_path, json.dumps(demo, ensure_ascii=False, indent=2))
