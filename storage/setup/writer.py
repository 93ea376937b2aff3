"""Whether a process of ours may begin: asked once, at its start."""

from sqlalchemy.exc import ProgrammingError

from schemas.act import Process
from schemas.errors import IntegrityBroken, Misconfigured, Unavailable
from schemas.refusals_command import HOME_UNUSABLE
from schemas.refusals_custody import (
    LOG_BEHIND_FILE,
    LOG_KEY_DIFFERS,
    LOG_ORIGIN_DIFFERS,
    SERVER_KEY_DIFFERS,
    SERVER_KEY_MISSING,
    TICKET_KEY_UNKNOWN,
)
from storage.custody.known import require_known
from storage.custody.log_keys import require_log
from storage.custody.offers import offer, require_announced
from storage.settings import StorageSettings, origin, seed
from storage.store import Store
from storage.ticket import signer_tickets

_STOPPING = frozenset(
    {LOG_BEHIND_FILE, LOG_KEY_DIFFERS, LOG_ORIGIN_DIFFERS, SERVER_KEY_DIFFERS, TICKET_KEY_UNKNOWN}
)


def require_writer(store: Store, process: Process) -> None:
    """End a process, in one sentence, that lacks a key, or whose log has another name, or does not know its keys.

    Raises:
        SystemExit: as `check_writer` refuses.
    """
    try:
        check_writer(store, process)
    except (IntegrityBroken, Misconfigured, Unavailable) as err:
        raise SystemExit(f"{err.refusal.zh} {err.refusal.en}: {err.detail}") from None
    except ValueError as err:
        raise SystemExit(f"设置无法读取 a setting cannot be read: {err}") from None


def check_writer(store: Store, process: Process, *, announces: bool = False) -> None:
    """Refuse to begin without a key that is needed, and as `check_log`; leave the public keys of those held for the signer.

    Raises:
        Misconfigured: one is missing or malformed (slug `server-key-missing`).
        Unavailable: the folder of public keys takes nothing (slug `home-unusable`).
        IntegrityBroken, Unavailable: as `check_log`.
    """
    _require_held(store.settings, process)
    try:
        offer(store.settings)
    except OSError as err:
        raise HOME_UNUSABLE(
            f"公钥目录不可写 the folder of public keys takes nothing: {err.filename} ({err.strerror})"
        ) from err
    check_log(store, process, announces=announces)


def check_log(store: Store, process: Process, *, announces: bool = False) -> None:
    """Refuse to write to a log of another name or key than is set up, or that has announced other keys than are held.

    A database that is away, or not migrated yet, is not waited for: what is asked of it later says so. Neither is
    anything else that is wrong with the log: it is the signer's to tell, and receiving goes on.

    Raises:
        IntegrityBroken: slug `log-key-differs`, `log-origin-differs`, or `log-behind-file`: a backup of before that key.
        Misconfigured: slug `server-key-differs`.
        Unavailable: slug `ticket-key-unknown`.
        ValueError: a key is malformed.
    """
    try:
        with store.begin() as tx:
            require_log(tx.connection, store.settings)
            require_announced(tx.connection, store.settings)
            require_known(tx.connection, process, announces=announces)
    except ProgrammingError:
        return
    except (IntegrityBroken, Misconfigured, Unavailable) as err:
        if err.refusal in _STOPPING:
            raise


def _require_held(settings: StorageSettings, process: Process) -> None:
    """Whoever signs needs its keys from the first moment on: not a receipt may be given that nobody signs."""
    try:
        if process is Process.API:
            seed(settings.registry_key, "REGISTRY_KEY")
        elif process is Process.EXPORTER:
            seed(settings.export_key, "EXPORT_KEY")
        elif process is Process.SIGNER:
            seed(settings.log_key, "LOG_KEY")
            origin(settings)
            signer_tickets(settings)
    except ValueError as err:
        raise SERVER_KEY_MISSING(str(err)) from None
