"""Public keys on their way to the log: whoever holds a private one leaves the public one where the signer reads it.

`QUANCHENG_HOME/public/registry.pub` and `export.pub`, base64 of 32 bytes; nothing secret. The signer announces the first
one of a role and no other: another key gets into the log by a rotation alone, which the key before it signed. So whoever
can write to the folder, and to nothing else, takes no key's place, and the database is asked for none.
"""

import base64
import binascii
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from schemas.leaves_log import KeyRole
from schemas.refusals_custody import SERVER_KEY_DIFFERS
from schemas.ticket import kid_of, public_of
from storage.custody.log_keys import log_keys
from storage.durable import write_private
from storage.settings import StorageSettings, seed

_OFFERED: Final = (KeyRole.REGISTRY, KeyRole.EXPORT)
_KEY_BYTES = 32


def held(settings: StorageSettings) -> dict[KeyRole, str]:
    """Return the public keys of the registry's and the exporter's private keys that this process holds.

    Raises:
        ValueError: one is malformed; the message names the variable, never the value.
    """
    secrets = {
        KeyRole.REGISTRY: ("REGISTRY_KEY", settings.registry_key),
        KeyRole.EXPORT: ("EXPORT_KEY", settings.export_key),
    }
    return {role: public_of(seed(key, name)) for role, (name, key) in secrets.items() if key is not None}


def offer(settings: StorageSettings) -> None:
    """Leave the public keys of what this process holds where the signer reads them.

    Raises:
        OSError: the folder takes nothing.
        ValueError: as `held`.
    """
    for role, public in held(settings).items():
        path = _path(settings.quancheng_home, role)
        if not path.exists() or path.read_text("ascii", errors="replace").strip() != public:
            write_private(path, f"{public}\n")


def offered(settings: StorageSettings) -> dict[KeyRole, str]:
    """Return the public keys that other processes have left for this one to tell the log of."""
    found = {}
    for role in _OFFERED:
        with suppress(OSError, ValueError, binascii.Error):  # not there yet, or no key
            text = _path(settings.quancheng_home, role).read_text("ascii").strip()
            if len(base64.b64decode(text, validate=True)) == _KEY_BYTES:
                found[role] = text
    return found


def require_announced(connection: Connection, settings: StorageSettings) -> None:
    """Refuse a private key of which the log has announced another one: what it signs would hold nowhere.

    Raises:
        Misconfigured: it has (slug `server-key-differs`).
        IntegrityBroken: as `log_keys`.
        ValueError: as `held`.
    """
    keys = log_keys(connection)
    if keys is None:
        return
    for role, public in held(settings).items():
        alive = [one.public for one in keys.alive(role)]
        if alive and public not in alive:
            name = f"{role.value.upper()}_KEY"
            raise SERVER_KEY_DIFFERS(
                f"日志公布的 {name} 公钥是 {kid_of(alive[-1])}，本进程的是 {kid_of(public)}：恢复原来的 {name} · "
                f"the log has announced {kid_of(alive[-1])}, {name} of this process is {kid_of(public)}: "
                "bring back the one before"
            )


def _path(home: Path, role: KeyRole) -> Path:
    return home / "public" / f"{role.value}.pub"
