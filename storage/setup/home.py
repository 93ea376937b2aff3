"""The data folder of the embedded default: keys drawn at the first start, demo log-ins, everything 0600."""

import base64
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from storage.setup.embedded import can_unshare

KEY_NAMES = ("log_key", "registry_key", "export_key", "factor_key", "personal_key")
KEY_BEFORE = "personal_key_before"
"""The key that values are moved away from: `personal_key` under this name, so that the next start draws a new one."""

SEED_BYTES = 32
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

    def keys(self) -> dict[str, str]:
        """Return the seeds by setting name."""
        names = (*KEY_NAMES, *([KEY_BEFORE] if self._key_path(KEY_BEFORE).exists() else []))
        return {name: self._key_path(name).read_text(encoding="ascii").strip() for name in names}

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


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file by rename, so that a crash leaves the old content or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    side = path.with_suffix(".new")
    side.unlink(missing_ok=True)
    descriptor = os.open(side, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    side.rename(path)
