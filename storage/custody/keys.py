"""What the signer says of keys in leaves of its own, asked by a person: that one gives way to another, that one is dead."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection

from schemas.act import Act
from schemas.key_rotation import rotation
from schemas.leaves_log import KeyRevoke, KeyRole
from schemas.log_keys import LogKey, LogKeys
from schemas.refusals_command import KEY_NOT_ALIVE
from schemas.refusals_custody import LOG_UNSIGNED
from schemas.ticket import kid_of, public_of
from storage.custody.custody import CustodyLog
from storage.custody.log_keys import log_keys
from storage.custody.telling import SIGNER
from storage.custody.values import shown


def known_keys(connection: Connection) -> LogKeys:
    """Return the keys of the log.

    Raises:
        NotFound: it has not begun (slug `log-unsigned`).
    """
    keys = log_keys(connection)
    if keys is None:
        raise LOG_UNSIGNED("日志尚未启用 the log has not begun: start the server first")
    return keys


def rotate(custody: CustodyLog, keys: LogKeys, role: KeyRole, old: bytes, new: bytes) -> None:
    """Write that the key of one seed (32 bytes) gives way to that of another: dead from this leaf on, never earlier.

    Raises:
        Invalid: the old one is not in force in this role, or the new one was used before (slug `key-not-alive`).
        Unavailable: this process has no ticket key of the signer.
    """
    _alive(keys, role, kid_of(public_of(old)))
    act = rotation(role, old, new)
    if any(one.kid == act.new for one in keys.keys):
        raise KEY_NOT_ALIVE(f"新密钥此前已用过 the new key {act.new} was used before: draw another one")
    _say(custody, act)


def revoke(
    custody: CustodyLog, keys: LogKeys, kid: str, *, reason: str, suspect_from: int | datetime | None
) -> LogKey:
    """Write that a key is dead from this leaf on; what it may have signed in other hands is named, never refused.

    Args:
        custody: The log.
        keys: What it says of keys.
        kid: Its id, as `quancheng keys show` tells it.
        reason: Why, in words.
        suspect_from: The index, or the time (UTC, whole milliseconds), since when others may have had it.

    Raises:
        Invalid: no such key is in force (slug `key-not-alive`), or it is the log's own.
        Unavailable: this process has no ticket key of the signer.
    """
    found = _alive(keys, None, kid)
    if found.role is KeyRole.LOG:
        raise KEY_NOT_ALIVE(
            "日志自身的密钥只能更换，不能停用 the log's own key is exchanged, never ended: a log without one signs nothing"
        )
    _say(custody, KeyRevoke(kid=kid, role=found.role, suspect_from=suspect_from, reason=shown(reason)))
    return found


def _alive(keys: LogKeys, role: KeyRole | None, kid: str) -> LogKey:
    for one in keys.keys:
        if one.kid == kid and one.is_alive and role in (None, one.role):
            return one
    raise KEY_NOT_ALIVE(f"日志中没有在用的密钥 no key {kid} is in force: see `quancheng keys show`")


def _say(custody: CustodyLog, act: Act) -> None:
    of = custody.name()
    if of is None:
        raise LOG_UNSIGNED("the log has not begun")
    custody.hold(of)
    custody.append(act, f"key/{uuid4()}", of, actor=SIGNER)
