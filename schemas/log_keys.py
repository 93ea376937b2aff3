"""What a log says of its own name and of the keys of its servers: one pass over its own chain, in the log's order."""

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from schemas.act import Act
from schemas.key_rotation import is_proven
from schemas.leaf import Unknown
from schemas.leaves_log import KeyAnnounce, KeyRevoke, KeyRole, KeyRotate, LogOpen
from schemas.log_signers import LogSigners
from schemas.note import parse_vkey, vkey
from schemas.ticket import kid_of

Said = Iterable[tuple[int | None, Act | Unknown]]
"""Index and act of each leaf of a log's own chain; None: committed, and not yet in the tree."""


class LogKey(NamedTuple):
    """A key from the leaf at index `since` on; dead from the one at `ended` on, never earlier."""

    kid: str
    role: KeyRole
    public: str
    since: int | None
    events: tuple[str, ...] | None = None
    ended: int | None = None
    suspect_from: int | datetime | None = None
    """Since which entry, or time, others may have had it; None where nobody said so."""

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self.ended is None


class LogKeys(NamedTuple):
    """Name and keys of a log, oldest first. `vkey_opened` is the key that its first leaf names."""

    origin: str
    vkey_opened: str
    keys: tuple[LogKey, ...]

    def alive(self, role: KeyRole) -> tuple[LogKey, ...]:
        """Return the keys of a role that have not ended, oldest first."""
        return tuple(one for one in self.keys if one.role is role and one.is_alive)

    def in_force(self, role: KeyRole) -> LogKey | None:
        """Return the newest key of a role that has not ended; None where there is none."""
        return next(reversed(self.alive(role)), None)

    @property
    def is_whole(self) -> bool:
        """Whether every key that a trust file holds is named: that of the registry and that of packages."""
        return {KeyRole.REGISTRY, KeyRole.EXPORT} <= {one.role for one in self.keys}

    @property
    def log_vkeys(self) -> tuple[str, ...]:
        """Every key that the log itself ever signed with, oldest first: what one signed while it was in force holds."""
        return tuple(self._named(one) for one in self.keys if one.role is KeyRole.LOG)

    @property
    def signers(self) -> LogSigners:
        """Which of them signs checkpoints of which sizes."""
        own = [one for one in self.keys if one.role is KeyRole.LOG and one.since is not None]
        later = ((one.since + 1, self._named(one)) for one in own[1:] if one.since is not None)
        return LogSigners(((0, self.vkey_opened), *later))

    @property
    def vkey(self) -> str:
        """The key by which the log signs now; the last one that it had where all have ended."""
        own = [one for one in self.keys if one.role is KeyRole.LOG]
        found = self.in_force(KeyRole.LOG) or own[-1]
        return self._named(found)

    def _named(self, key: LogKey) -> str:
        return vkey(self.origin, base64.b64decode(key.public))


def said_keys(said: Said) -> LogKeys | None:
    """Return what a log says of its name and keys; None before its first leaf.

    Raises:
        Invalid: the key that the log was opened with is none (slug `vkey-invalid`).
    """
    found: LogKeys | None = None
    for index, act in said:
        if isinstance(act, LogOpen):
            found = _opened(index, act)
        elif found is not None:
            found = found._replace(keys=_learned(found.keys, index, act))
    return found


def _opened(index: int | None, act: LogOpen) -> LogKeys:
    public = base64.b64encode(parse_vkey(act.vkey).public).decode()
    own = LogKey(kid_of(public), KeyRole.LOG, public, index)
    tickets = (LogKey(kid, KeyRole.TICKET, one, index) for kid, one in sorted(act.tickets.items()))
    return LogKeys(act.origin, act.vkey, (own, *tickets))


def _learned(keys: tuple[LogKey, ...], index: int | None, act: Act | Unknown) -> tuple[LogKey, ...]:
    match act:
        case KeyAnnounce():
            events = act.events
            known = [one for one in keys if one.kid == act.kid]
            if known:  # a release lets it write other events
                return tuple(one._replace(events=events) if one.kid == act.kid else one for one in keys)
            return (*keys, LogKey(act.kid, act.role, act.public, index, events))
        case KeyRotate():
            before = next((one for one in keys if one.kid == act.old), None)
            if act.role is KeyRole.LOG and (before is None or not is_proven(act, before.public)):
                return keys  # the log's own key gives way by its signature alone
            events = None if before is None else before.events
            return (*_ended(keys, index, act.old), LogKey(act.new, act.role, act.public, index, events))
        case KeyRevoke():
            since = act.suspect_from
            suspect = (
                one._replace(suspect_from=since) if one.kid == act.kid and one.is_alive else one
                for one in keys
            )
            return _ended(tuple(suspect), index, act.kid)
        case _:
            return keys


def _ended(keys: tuple[LogKey, ...], index: int | None, kid: str) -> tuple[LogKey, ...]:
    return tuple(one._replace(ended=index) if one.kid == kid and one.is_alive else one for one in keys)
