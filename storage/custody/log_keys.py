"""By which name and keys the log of a database goes, and whether they are those of this process."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Result, select

from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.errors import IntegrityBroken, Invalid
from schemas.journal import anchor_name
from schemas.leaves_log import KeyRole
from schemas.log_keys import LogKeys, said_keys
from schemas.log_signers import LogSigners
from schemas.note import parse_vkey, vkey_of_seed
from schemas.ours import ours
from schemas.refusals_custody import (
    LEAF_BROKEN,
    LOG_BEHIND_FILE,
    LOG_KEY_DIFFERS,
    LOG_ORIGIN_DIFFERS,
    LOG_UNSIGNED,
)
from storage.custody.tree import last_signed
from storage.custody.values import Logged, logged
from storage.settings import StorageSettings, seed
from storage.tables.custody import chain_places, custody_entries

_NAME = select(custody_entries.c.subject).where(custody_entries.c.leaf_index == 0).scalar_subquery()
_ENTRY = custody_entries.c
_OWN = (
    select(
        *(_ENTRY.entry_id, _ENTRY.leaf, _ENTRY.digest, _ENTRY.leaf_hash, _ENTRY.leaf_index),
        *(_ENTRY.ticket, _ENTRY.ticket_kid),
    )
    .join(chain_places, chain_places.c.entry == custody_entries.c.id)
    .where(chain_places.c.of == _NAME, custody_entries.c.leaf_index.is_not(None))
    .order_by(chain_places.c.n)
)


def log_keys(connection: Connection) -> LogKeys | None:
    """Return what the log says of its name and keys, in leaves that have their index; None before its first.

    Raises:
        IntegrityBroken: a leaf of its own chain is none, or names a key that is none (`leaf-broken`).
    """
    with ours(LEAF_BROKEN, "the log was opened with a key that is none"):
        return said_keys((one.leaf_index, one.act) for one in _own(connection))


def dead_tickets(connection: Connection) -> set[str]:
    """Return the ids of the ticket keys that the log has ended; raises as `log_keys`."""
    keys = log_keys(connection)
    found = () if keys is None else keys.keys
    return {one.kid for one in found if one.role is KeyRole.TICKET and not one.is_alive}


def log_name(connection: Connection) -> str | None:
    """Return the name of the log's own chain, as its first leaf says; None before it has its index."""
    name: str | None = connection.scalar(select(_NAME))
    return name


def own_rows(connection: Connection) -> Result[Any]:
    """Return the rows of the log's own chain that have their index, in its order."""
    return connection.execute(_OWN)


def _own(connection: Connection) -> Iterator[Logged]:
    return map(logged, own_rows(connection))


def require_log(connection: Connection, settings: StorageSettings) -> None:
    """Refuse a log of another name or key than this process is set up for; one that has not begun is everybody's.

    A process that was told no name, or holds no key, is bound by neither.

    Raises:
        IntegrityBroken: `LOG_ORIGIN` is not its name (`log-origin-differs`); `LOG_KEY` is not its key, or its last
            checkpoint is not signed by the key that it names (`log-key-differs`); or as `log_keys`. A database of before
            the log was given this key is behind the signer's own file (`log-behind-file`).
        ValueError: `LOG_KEY` is malformed.
    """
    keys = log_keys(connection)
    if keys is None:
        return
    if settings.log_origin and keys.origin != settings.log_origin:
        raise LOG_ORIGIN_DIFFERS(
            f"数据库中的日志名为 {keys.origin}，LOG_ORIGIN 为 {settings.log_origin}："
            f"把 LOG_ORIGIN 设为 {keys.origin}，或连接该日志的数据库 · the log in this database is named {keys.origin}, "
            f"LOG_ORIGIN says {settings.log_origin}: set LOG_ORIGIN={keys.origin}, or name the database of that log"
        )
    last = last_signed(connection)
    if settings.log_key is not None:
        mine = vkey_of_seed(keys.origin, seed(settings.log_key, "LOG_KEY"))
        if keys.vkey != mine:
            _require_newer(keys, mine, settings.quancheng_home, 0 if last is None else last.size)
        _require_same(keys.vkey, mine)
    else:
        _require_signers(keys, settings.quancheng_home)
    if last is not None:
        open_head(last.note, keys)


def open_head(note: str, keys: LogKeys) -> Checkpoint:
    """Return the checkpoint that the log signed with the key that it names.

    Raises:
        IntegrityBroken: it did not (slug `log-key-differs`).
    """
    try:
        return keys.signers.checkpoint(note)
    except Invalid as err:
        raise LOG_KEY_DIFFERS(
            f"最近的检查点不是由日志公布的密钥 {_short(keys.vkey)} 签署的："
            f"运行 quancheng fsck · the last checkpoint is not signed by {_short(keys.vkey)}, the key that the log names: "
            "run quancheng fsck"
        ) from err


def log_signers(connection: Connection, settings: StorageSettings) -> LogSigners:
    """Return the keys by which checkpoints are checked: those that the log names, where this process holds no other.

    A process that holds another one believes no log but its own: all that is signed by others is none of it.

    Raises:
        NotFound: it holds none, and the log has not begun (slug `log-unsigned`).
        IntegrityBroken: as `log_keys`.
        ValueError: `LOG_KEY` is malformed.
    """
    own = None
    if settings.log_key is not None and settings.log_origin:
        own = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
    try:
        keys = log_keys(connection)
    except IntegrityBroken:
        if own is None:
            raise
        keys = None  # what is wrong with its own chain is named where the chain is read
    if keys is not None and (own is None or own in keys.log_vkeys):
        return keys.signers
    if own is None:
        raise LOG_UNSIGNED("the log has not begun, and LOG_KEY is not set")
    return LogSigners.one(own)


def log_fault(connection: Connection, settings: StorageSettings) -> str | None:
    """Return the slug of what `require_log` refuses; None where name and key are those of this process."""
    try:
        require_log(connection, settings)
    except IntegrityBroken as err:
        return err.slug
    return None


def _require_same(of_log: str, mine: str) -> None:
    if of_log != mine:
        raise LOG_KEY_DIFFERS(
            f"数据库中的日志由 {_short(of_log)} 签署，LOG_KEY 是 {_short(mine)}：恢复原来的 LOG_KEY · "
            f"the log in this database is signed by {_short(of_log)}, LOG_KEY is {_short(mine)}: "
            "bring back the LOG_KEY that it began with"
        )


def _require_newer(keys: LogKeys, mine: str, home: Path, size: int) -> None:
    """A key that signed more of this log than the database has is none of another log: the database is an older backup."""
    path = home / "signer" / f"{anchor_name(keys.vkey_opened)}.checkpoint"
    with suppress(OSError, ValueError, Invalid):  # no such file, or of another key
        told = open_checkpoint(path.read_text("utf-8"), mine)
        if told.size > size:
            raise LOG_BEHIND_FILE(
                f"数据库有 {size} 条，换用现在的 LOG_KEY 之后已公布 {told.size} 条：这是换密钥之前的旧备份，"
                "停止全部进程后运行 quancheng log rebuild · "
                f"the database has {size} entries, {told.size} were published since LOG_KEY took the place of the key "
                "that it names: this is a backup of before; stop every process and run quancheng log rebuild"
            )


def _require_signers(keys: LogKeys, home: Path) -> None:
    """Whoever does not hold the key sees which log it is by the signer's own file, where that folder is given to it.

    So a database that was exchanged whole, with a key of its own, is none that is believed.
    """
    names = {path.stem for path in (home / "signer").glob("*.checkpoint")}
    if names and anchor_name(keys.vkey_opened) not in names:
        raise LOG_KEY_DIFFERS(
            f"签署进程的记录文件不是 {_short(keys.vkey_opened)} 的：检查 DATABASE_URL · the signer's own file is not of "
            f"{_short(keys.vkey_opened)}, with which the log in this database was opened: look at DATABASE_URL"
        )


def _short(text: str) -> str:
    """The name of a key and its id: what signature lines of a note begin with."""
    key = parse_vkey(text)
    return f"{key.name}+{key.key_id.hex()}"
