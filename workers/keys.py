"""The keys of a server, as the log knows them: shown, exchanged, ended.

A key is exchanged while nothing runs that signs with it. Before it everything that was signed is given its index, so
that no draft of the old key is left; then the old key signs the new one in a leaf, and from that leaf on it is dead.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from schemas.base import rfc3339, whole_milliseconds
from schemas.leaves_log import KeyRole
from schemas.log_keys import LogKey
from schemas.refusals_command import CLAIM_INVALID, KEY_MISSING, KEYS_BUSY
from schemas.refusals_custody import LOG_BUSY
from schemas.ticket import kid_of, public_of
from storage.custody.keys import known_keys, revoke, rotate
from storage.custody.signer import Signer
from storage.settings import StorageSettings, origin, seed, seed_text
from storage.store import Store
from storage.ticket import signer_tickets
from storage.transaction import Transaction
from workers.custody import integrate
from workers.fsck import Teller

OK = 0


class Kind(NamedTuple):
    """What a key is for: its role, and the setting that holds it."""

    role: KeyRole
    setting: str


KINDS: Final[Mapping[str, Kind]] = {
    "ticket:api": Kind(KeyRole.TICKET, "api_ticket_key"),
    "ticket:worker": Kind(KeyRole.TICKET, "worker_ticket_key"),
    "ticket:signer": Kind(KeyRole.TICKET, "signer_ticket_key"),
    "log": Kind(KeyRole.LOG, "log_key"),
    "export": Kind(KeyRole.EXPORT, "export_key"),
    "registry": Kind(KeyRole.REGISTRY, "registry_key"),
}


def show(store: Store, say: Teller) -> int:
    """Say of every key that the log ever had what it is for, since which entry, and whether it is in force.

    Raises:
        NotFound: the log has not begun.
    """
    with store.begin() as tx:
        keys = known_keys(tx.connection)
    say("log", f"日志 log {keys.origin}", origin=keys.origin, vkey=keys.vkey)
    for one in keys.keys:
        name = _name(one)
        until = "" if one.ended is None else f"，止于第 {one.ended} 条 until entry {one.ended}"
        mark = "✓" if one.is_alive else "✗"
        word = "在用 alive" if one.is_alive else "已停用 dead"
        text = f"{mark} {name:13} {one.kid}  {word}，自第 {one.since} 条起 since entry {one.since}{until}"
        say("key", text, role=name, kid=one.kid, since=one.since, ended=one.ended, is_alive=one.is_alive)
    return OK


def _name(key: LogKey) -> str:
    if key.role is not KeyRole.TICKET:
        return key.role.value
    if key.events is None:
        return "ticket:signer"
    return "ticket:worker" if "recording:seal" in key.events else "ticket:api"


class Change(NamedTuple):
    """What is to be exchanged: files with the seeds, base64 of 32 bytes; without one the old is that of the settings."""

    kind: Kind
    old: Path | None
    new: Path | None


def exchange(store: Store, change: Change, say: Teller, keep: Callable[[], None]) -> int:
    """Exchange a key. Done again after a crash it goes on where it stopped.

    Args:
        store: Of the signer: with the log's key and every ticket key, and nothing else running.
        change: Which, and by what.
        say: Who is told.
        keep: Puts the new key in the old one's place, where this command has to.

    Raises:
        Invalid: something that signs still runs, or entries wait (slug `keys-busy`); a file holds no key (`key-missing`);
            or as `storage.custody.keys.rotate`.
        IntegrityBroken, Unavailable: as `workers.custody.integrate`.
    """
    role, name = change.kind
    require_idle(store)
    new = None if change.new is None else _seed(change.new)
    if role is KeyRole.LOG and new is not None and _is_in_force(store, role, new):
        return _kept(role, name, new, say, keep)  # stopped behind the leaf: only the file is left
    integrate(store)
    _require_drained(store)
    if new is None:
        raise KEY_MISSING(
            f"{name.upper()} 来自环境 comes from the environment: name a file with the new one by --new"
        )
    with store.begin() as tx:
        keys = known_keys(tx.connection)
        if all(one.kid != kid_of(public_of(new)) for one in keys.alive(role)):
            rotate(tx.custody, keys, role, _old(store.settings, change), new)
            if role is KeyRole.LOG:
                _sign_by(tx, store.settings, new)
    if role is not KeyRole.LOG:
        integrate(store)
    return _kept(role, name, new, say, keep)


def _is_in_force(store: Store, role: KeyRole, new: bytes) -> bool:
    with store.begin() as tx:
        return any(one.kid == kid_of(public_of(new)) for one in known_keys(tx.connection).alive(role))


def _sign_by(tx: Transaction, settings: StorageSettings, new: bytes) -> None:
    """Index the leaf by which the log's key gives way, under a checkpoint of the next one, in the same commit."""
    signer = Signer(tx.connection, tx.clock)
    if not signer.waits():
        raise LOG_BUSY("a signer is at work: stop every process first")
    signer.sequence(signer_tickets(settings).keys())
    signer.sign(new, origin(settings), at=tx.now)


def _kept(role: KeyRole, name: str, new: bytes, say: Teller, keep: Callable[[], None]) -> int:
    kid = kid_of(public_of(new))
    keep()
    then = "请启动各进程，先启动调度程序 start every process, the scheduler first"
    say("rotated", f"✓ {name.upper()} 已更换，新密钥 the new key is {kid}；{then}", role=role.value, kid=kid)
    return OK


def end(store: Store, kid: str, reason: str, suspect_from: int | datetime | None, say: Teller) -> int:
    """End a key, beside a running server: what it signs from now on is refused.

    Raises:
        Invalid: as `storage.custody.keys.revoke`.
        IntegrityBroken, Unavailable: as `workers.custody.integrate`.
    """
    with store.begin() as tx:
        keys = known_keys(tx.connection)
        found = revoke(tx.custody, keys, kid, reason=reason, suspect_from=suspect_from)
    integrate(store)
    since = rfc3339(suspect_from) if isinstance(suspect_from, datetime) else suspect_from
    text = f"✓ {_name(found)} {kid} 已停用，此后以它签署的不再收录 dead: what it signs from now on is refused"
    say("revoked", text, role=_name(found), kid=kid, suspect_from=since)
    return OK


def parse_when(text: str | None) -> int | datetime | None:
    """Return the index or the time that a person names.

    Raises:
        Invalid: it is neither (slug `claim-invalid`).
    """
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - refused below, as it has no zone
    if at.tzinfo is None:
        raise CLAIM_INVALID(
            f"{text!r} 既不是序号也不是带时区的时刻 is neither a number nor a time with its zone"
        )
    return whole_milliseconds(at.astimezone(UTC))


def require_idle(store: Store) -> None:
    """Refuse what is done while nothing else runs.

    Raises:
        Invalid: a loop lives (slug `keys-busy`), named with its machine.
    """
    with store.begin() as tx:
        work = tx.heartbeats.work()
    living = sorted(one.place for one in work.heartbeats if one.due_at >= work.at and not one.has_ended)
    if living:
        raise KEYS_BUSY(
            f"仍在运行 still running: {', '.join(living)}; 请先停止全部进程 stop every process first"
        )


def _require_drained(store: Store) -> None:
    with store.begin() as tx:
        since = tx.heartbeats.work().entry_since
    if since is not None:
        raise KEYS_BUSY("仍有存证记录等待收录 entries still wait for their index: see `quancheng doctor`")


def _old(settings: StorageSettings, change: Change) -> bytes:
    if change.old is not None:
        return _seed(change.old)
    name = change.kind.setting
    try:
        return seed(getattr(settings, name), name.upper())
    except ValueError as err:
        raise KEY_MISSING(
            f"缺少在用的密钥 the key in force is missing: {err}; name a file by --old"
        ) from None


def _seed(path: Path) -> bytes:
    try:
        return seed_text(path.read_text("ascii").strip(), str(path))
    except (OSError, ValueError) as err:
        raise KEY_MISSING(f"文件中没有密钥 no key in the file: {err}") from None
