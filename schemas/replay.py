"""The fold: from the numbered leaves of one thing to its life, its head, and every fault on the way.

Nothing stops it. A hole, a leaf that does not follow, a leaf that is no JSON, a leaf of a version this program
does not know, a leaf against the rules: each is a fault at its number, and the chain goes on. What is withheld or
erased is bound by digest and event name; the life is unknown from there, unless the catalogue says that this
event leaves it alone. No claim that rests on an unknown life may read "holds".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.act import ANY_CHAIN, Act
from schemas.chain import genesis, leaf_digest, step
from schemas.directory import Directory
from schemas.errors import Invalid
from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.leaves import LEAVES
from schemas.leaves_correction import CorrectionMake
from schemas.leaves_log import ChainMend
from schemas.life import FaultCode, Here, Unlawful, law
from schemas.life_account import AccountLife, apply_account
from schemas.life_agency import AgencyLife, apply_agency
from schemas.life_audit import AuditLife, apply_audit
from schemas.life_case import apply_case
from schemas.life_device import DeviceLife, apply_device
from schemas.life_equipment import EquipmentLife, apply_equipment
from schemas.life_evidence import (
    ManifestLife,
    RecordingLife,
    apply_manifest,
    apply_recording,
)
from schemas.life_log import LogLife, apply_log
from schemas.life_monitoring import MonitoringLife, apply_monitoring
from schemas.life_of_case import CaseLife
from schemas.life_shift import DutyLife, apply_duty
from schemas.life_source import SourceLife, apply_source
from schemas.reference import noun_of

Life = (
    AccountLife
    | AgencyLife
    | AuditLife
    | CaseLife
    | DeviceLife
    | DutyLife
    | EquipmentLife
    | LogLife
    | ManifestLife
    | MonitoringLife
    | RecordingLife
    | SourceLife
)
Reducer = Callable[[Any, Leaf, Here], Life]

APPLY: Mapping[str, Reducer] = MappingProxyType(
    {
        "account": apply_account,
        "agency": apply_agency,
        "audit": apply_audit,
        "case": apply_case,
        "device": apply_device,
        "duty": apply_duty,
        "equipment": apply_equipment,
        "log": apply_log,
        "manifest": apply_manifest,
        "monitoring": apply_monitoring,
        "recording": apply_recording,
        "source": apply_source,
    }
)
"""Noun of a chain → its reducer."""

_NEUTRAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {event: frozenset(kind.spec.neutral) for (event, _), kind in LEAVES.items()}
)


class Missing(StrEnum):
    """Why a leaf is not there to read."""

    WITHHELD = "withheld"
    ERASED = "erased"
    UNREADABLE = "unreadable"


@dataclass(slots=True)
class Turn:
    """One number of a chain: a leaf, or why there is none. Digest and event bind it all the same.

    Not frozen, for the reason that `Here` is not.
    """

    n: int
    digest: str
    event: str
    leaf: Leaf | Missing
    index: int | None = None


class Fault(NamedTuple):
    """What is wrong at a number of a chain."""

    of: str
    n: int
    code: FaultCode


class Absent(NamedTuple):
    """A number whose leaf is not there to read."""

    n: int
    event: str
    why: Missing


@dataclass(slots=True)
class Folded:
    """What a chain says. `life` is the last lawful value, and known only up to `unknown_from`."""

    of: str
    head: str
    n: int = 0
    life: Life | None = None
    unknown_from: int | None = None
    not_understood_from: int | None = None
    absent: list[Absent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    at: datetime | None = None
    digests: set[str] = field(default_factory=set, repr=False, compare=False)
    """Of the leaves so far, shown or not: what a correction may answer."""

    @property
    def is_known(self) -> bool:
        """The life is that of the whole chain, nothing in it withheld, missing or not understood."""
        return self.unknown_from is None and self.not_understood_from is None

    def lose(self, n: int) -> None:
        """Note that the life is not known from a number on."""
        if self.unknown_from is None:
            self.unknown_from = n

    def fault(self, n: int, code: FaultCode) -> None:
        """Note what is wrong at a number."""
        self.faults.append(Fault(self.of, n, code))


def turn_of(payload: bytes, *, n: int, event: str, index: int | None = None) -> Turn:
    """Return the turn of a leaf's bytes; bytes that are no leaf are unreadable and keep number and event."""
    digest = leaf_digest(payload)
    try:
        return Turn(n, digest, event, parse_leaf(payload), index)
    except Invalid:
        return Turn(n, digest, event, Missing.UNREADABLE, index)


def fold(of: str, turns: Iterable[Turn], seen: Directory) -> Folded:
    """Return the life of `of` from its turns in order of n.

    The head is compared by the caller with the one that `export:request` or the table states: a chain that was
    cut at its end has no fault of its own.
    """
    told = Folded(of, genesis(of))
    for turn in turns:
        if turn.n <= told.n:  # doubled or out of place: named, and passed over
            told.fault(turn.n, FaultCode.ORDER)
            continue
        follows = turn.n == told.n + 1
        if not follows:
            told.fault(turn.n, FaultCode.HOLE)
            told.lose(told.n + 1)
        told.n = turn.n
        if isinstance(turn.leaf, Missing):
            _pass_over(told, turn, turn.leaf)
        else:
            _take(told, turn, turn.leaf, seen, follows=follows)
        told.head = step(told.head, turn.digest, turn.event)
        told.digests.add(turn.digest)
    return told


def _pass_over(told: Folded, turn: Turn, why: Missing) -> None:
    told.absent.append(Absent(turn.n, turn.event, why))
    if why is Missing.UNREADABLE:
        told.fault(turn.n, FaultCode.UNREADABLE)
    neutral = _NEUTRAL.get(turn.event, frozenset())
    if why is Missing.UNREADABLE or not neutral & {noun_of(told.of), ANY_CHAIN}:
        told.lose(turn.n)


def _take(told: Folded, turn: Turn, leaf: Leaf, seen: Directory, *, follows: bool) -> None:
    place = leaf.place(told.of)
    is_here = place is not None and place.n == turn.n and leaf.event == turn.event
    if place is None or not is_here or (follows and place.prev != told.head):
        told.fault(turn.n, FaultCode.BROKEN)
        told.lose(turn.n)
        told.head = told.head if place is None else place.prev  # what follows is judged from what it says
        return
    told.head = place.prev
    here = Here(told.of, turn.n, turn.digest, turn.index, seen, is_whole=not told.absent)
    if told.at is not None and leaf.at < told.at and seen.is_bounded(turn.index) is False:
        told.fault(turn.n, FaultCode.TIME_BACK)
    told.at = leaf.at
    if leaf.chains[0].of == told.of:  # a leaf in two chains is judged once
        try:
            check_actor(leaf, turn.index, seen)
        except Unlawful as fault:
            told.fault(turn.n, fault.code)
    if isinstance(leaf.act, Unknown):
        told.not_understood_from = told.not_understood_from or turn.n
    elif told.unknown_from is None and told.not_understood_from is None:
        _apply(told, leaf, leaf.act, here)


def _apply(told: Folded, leaf: Leaf, act: Act, here: Here) -> None:
    try:
        if type(act) is CorrectionMake:
            law(act.entry in told.digests, FaultCode.NOT_BEGUN)
        elif type(act) is not ChainMend:
            told.life = APPLY[noun_of(told.of)](told.life, leaf, here)
    except Unlawful as fault:
        told.fault(here.n, fault.code)
        return
    for noun in act.spec.versions:
        told.versions[_thing(leaf, act, noun)] = here.n


def check_actor(leaf: Leaf, index: int | None, seen: Directory) -> None:
    """Check that whoever acts was there and might do this; of leaves without a chain, too.

    Raises:
        Unlawful: the account was closed, the key dead, or no role asked for was held.
    """
    act, actor = leaf.act, leaf.actor
    law(seen.is_alive(actor, index), FaultCode.ACTOR)
    if isinstance(act, Unknown) or not actor.startswith("account/"):
        return
    is_about_itself = act.spec.by_itself and leaf.place(actor) is not None
    if not is_about_itself:
        law(seen.has_role(actor, act.spec.roles, leaf.at, index), FaultCode.ROLE)


def _thing(leaf: Leaf, act: Act, noun: str) -> str:
    if noun == act.spec.noun:
        return leaf.subject
    named: str | None = getattr(act, noun, None)
    return named or next(place.of for place in leaf.chains if noun_of(place.of) == noun)
