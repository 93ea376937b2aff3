"""The life of the log itself: its catalogue, its keys by index, its witnesses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from schemas.key_rotation import is_proven
from schemas.leaf import Leaf
from schemas.leaves_log import (
    KeyAnnounce,
    KeyRevoke,
    KeyRole,
    KeyRotate,
    LogOpen,
    LogUpgrade,
    WitnessAdd,
    WitnessDrop,
)
from schemas.life import FaultCode, Here, Takes, Unlawful, law, taken
from schemas.note import public_of_vkey
from schemas.ticket import kid_of


class KeyLife(NamedTuple):
    """A key: alive from leaf `n` on, until `ended_n`; `events` is what its process may write, None: all."""

    role: str
    public: str
    n: int
    events: frozenset[str] | None = None
    ended_n: int | None = None
    suspect_from: object = None

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self.ended_n is None


class LogLife(NamedTuple):
    """A log. `catalogue_sha256` is that of the file in force."""

    origin: str
    vkey: str
    catalogue_sha256: str
    keys: Mapping[str, KeyLife]
    witnesses: frozenset[str] = frozenset()


def apply_log(life: LogLife | None, leaf: Leaf, here: Here) -> LogLife:
    """Return the log after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is LogOpen:
        law(life is None, FaultCode.BEGUN_TWICE)
        own = public_of_vkey(act.vkey)
        keys = {kid: KeyLife(KeyRole.TICKET, public, here.n) for kid, public in act.tickets.items()}
        if own is not None:
            keys[kid_of(own)] = KeyLife(KeyRole.LOG, own, here.n)
        return LogLife(act.origin, act.vkey, act.catalogue_sha256, keys)
    return taken(LOG_TAKES, life, leaf, here)


def _upgraded(life: LogLife, leaf: Leaf, act: LogUpgrade, here: Here) -> LogLife:
    del leaf, here
    return life._replace(catalogue_sha256=act.catalogue_sha256)


def _announced(life: LogLife, leaf: Leaf, act: KeyAnnounce, here: Here) -> LogLife:
    del leaf
    before = life.keys.get(act.kid)
    events = None if act.events is None else frozenset(act.events)
    if before is None:
        return _with_key(life, act.kid, KeyLife(act.role, act.public, here.n, events))
    # A release may let a process write other events with the key that it has: nothing else of a key is said twice.
    same = before.is_alive and (before.role, before.public) == (act.role, act.public)
    law(same and act.role is KeyRole.TICKET and events != before.events, FaultCode.KEY)
    return _with_key(life, act.kid, before._replace(events=events))


def _revoked(life: LogLife, leaf: Leaf, act: KeyRevoke, here: Here) -> LogLife:
    del leaf
    ended = _alive(life, act.kid)._replace(ended_n=here.n, suspect_from=act.suspect_from)
    return _with_key(life, act.kid, ended)


def _witnessed(life: LogLife, leaf: Leaf, act: WitnessAdd, here: Here) -> LogLife:
    del leaf, here
    law(act.key not in life.witnesses, FaultCode.TWICE)
    return life._replace(witnesses=life.witnesses | {act.key})


def _dropped(life: LogLife, leaf: Leaf, act: WitnessDrop, here: Here) -> LogLife:
    del leaf, here
    law(act.key in life.witnesses, FaultCode.KEY)
    return life._replace(witnesses=life.witnesses - {act.key})


def _rotated(life: LogLife, leaf: Leaf, act: KeyRotate, here: Here) -> LogLife:
    del leaf
    old = _alive(life, act.old)
    law(old.role == act.role and act.new not in life.keys, FaultCode.KEY)
    law(act.role is not KeyRole.LOG or is_proven(act, old.public), FaultCode.KEY)
    ended = _with_key(life, act.old, old._replace(ended_n=here.n))
    return _with_key(ended, act.new, KeyLife(act.role, act.public, here.n, old.events))


def _alive(life: LogLife, kid: str) -> KeyLife:
    key = life.keys.get(kid)
    if key is None or not key.is_alive:
        raise Unlawful(FaultCode.KEY)
    return key


def _with_key(life: LogLife, kid: str, key: KeyLife) -> LogLife:
    return life._replace(keys={**life.keys, kid: key})


LOG_TAKES: Takes[LogLife] = MappingProxyType(
    {
        LogUpgrade: _upgraded,
        KeyAnnounce: _announced,
        KeyRotate: _rotated,
        KeyRevoke: _revoked,
        WitnessAdd: _witnessed,
        WitnessDrop: _dropped,
    }
)
