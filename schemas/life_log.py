"""The life of the log itself: its catalogue, its keys by index, its witnesses."""

from collections.abc import Mapping
from typing import NamedTuple

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
from schemas.life import FaultCode, Here, Unlawful, law


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
    if isinstance(act, LogOpen):
        law(life is None, FaultCode.BEGUN_TWICE)
        keys = {kid: KeyLife(KeyRole.TICKET, public, here.n) for kid, public in act.tickets.items()}
        return LogLife(act.origin, act.vkey, act.catalogue_sha256, keys)
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    match act:
        case LogUpgrade():
            after = life._replace(catalogue_sha256=act.catalogue_sha256)
        case KeyAnnounce():
            law(act.kid not in life.keys, FaultCode.KEY)
            events = None if act.events is None else frozenset(act.events)
            after = _with_key(life, act.kid, KeyLife(act.role, act.public, here.n, events))
        case KeyRotate():
            after = _rotated(life, act, here)
        case KeyRevoke():
            ended = _alive(life, act.kid)._replace(ended_n=here.n, suspect_from=act.suspect_from)
            after = _with_key(life, act.kid, ended)
        case WitnessAdd():
            law(act.key not in life.witnesses, FaultCode.TWICE)
            after = life._replace(witnesses=life.witnesses | {act.key})
        case WitnessDrop():
            law(act.key in life.witnesses, FaultCode.KEY)
            after = life._replace(witnesses=life.witnesses - {act.key})
        case _:
            raise Unlawful(FaultCode.EVENT)
    return after


def _rotated(life: LogLife, act: KeyRotate, here: Here) -> LogLife:
    old = _alive(life, act.old)
    law(old.role == act.role and act.new not in life.keys, FaultCode.KEY)
    ended = _with_key(life, act.old, old._replace(ended_n=here.n))
    return _with_key(ended, act.new, KeyLife(act.role, act.public, here.n, old.events))


def _alive(life: LogLife, kid: str) -> KeyLife:
    key = life.keys.get(kid)
    if key is None or not key.is_alive:
        raise Unlawful(FaultCode.KEY)
    return key


def _with_key(life: LogLife, kid: str, key: KeyLife) -> LogLife:
    return life._replace(keys={**life.keys, kid: key})
