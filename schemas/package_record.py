"""The record that a package holds: its leaves by chain, opened as far as they are shown, and what they fold to.

Built by whoever makes a package and by whoever checks it, from the same lines: so no package has a word of its own.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from schemas.act import ANY_CHAIN
from schemas.actor import Role
from schemas.chain import genesis, step
from schemas.digest import sha256_hex
from schemas.directory import Directory
from schemas.disclosure import WHOLE_LEAF, NotShown
from schemas.errors import Invalid
from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.leaves import LEAVES
from schemas.package_lines import LeafLine, WithheldLine
from schemas.reference import noun_of
from schemas.replay import Folded, Missing, Turn, fold


@dataclass(frozen=True, slots=True)
class Carried:
    """A leaf that is shown, opened as far as the package opens it."""

    index: int
    digest: str
    leaf: Leaf


class OpeningFault(NamedTuple):
    """An opening that opens nothing, or not what its leaf commits to."""

    digest: str
    member: str
    detail: str


@dataclass
class PartDirectory(Directory):
    """What the leaves of a package tell of who and what was there.

    `unsure` says from which index on a thing is not known, because a leaf of its chain is withheld or not understood:
    a directory of parts accuses nobody of what may stand there.
    """

    unsure: dict[str, int] = field(default_factory=dict)

    def is_alive(self, actor: str, index: int | None) -> bool | None:
        """Say whether an account was open, or a device's key alive; services always are."""
        return None if self._is_unsure(actor, index) else super().is_alive(actor, index)

    def has_role(self, account: str, roles: Iterable[Role], at: datetime, index: int | None) -> bool | None:
        """Say whether an account held one of the roles at a time and an index."""
        if self._is_unsure(account, index):
            return None
        return super().has_role(account, frozenset(roles), at, index)

    def is_qualified(self, account: str, digest: str, at: datetime, index: int | None) -> bool | None:
        """Say whether a leaf qualified an account for legal review at a time, as known at an index."""
        return None if self._is_unsure(account, index) else super().is_qualified(account, digest, at, index)

    def is_of(self, actor: str, agency: str, index: int | None) -> bool | None:
        """Say whether an account or a device belonged to an agency at an index."""
        return None if self._is_unsure(actor, index) else super().is_of(actor, agency, index)

    def is_received(self, evidence: str, agency: str, index: int | None) -> bool | None:
        """Say whether a piece of evidence of this agency was there at an index."""
        return None if self._is_unsure(evidence, index) else super().is_received(evidence, agency, index)

    def is_concluded(self, evidence: str, states: Iterable[str], index: int | None) -> bool | None:
        """Say whether a piece of evidence had one of these states at an index."""
        if self._is_unsure(evidence, index):
            return None
        return super().is_concluded(evidence, frozenset(states), index)

    def _is_unsure(self, name: str, index: int | None) -> bool:
        since = self.unsure.get(name)
        return since is not None and (index is None or since < index)


@dataclass(frozen=True)
class Record:
    """Leaves and withheld places of the chains `of`, in order of the log."""

    of: frozenset[str]
    carried: Mapping[str, Carried]
    withheld: tuple[WithheldLine, ...]
    unreadable: tuple[LeafLine, ...] = ()
    opening_faults: tuple[OpeningFault, ...] = ()
    openings: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)

    @cached_property
    def turns(self) -> Mapping[str, tuple[Turn, ...]]:
        """Return chain → its turns by number, doubled ones too."""
        found: dict[str, list[Turn]] = {of: [] for of in self.of}
        for one in self.carried.values():
            for place in one.leaf.chains:
                if place.of in found:
                    found[place.of].append(Turn(place.n, one.digest, one.leaf.event, one.leaf, one.index))
        for line in self.withheld:
            if line.of in found:
                found[line.of].append(Turn(line.n, line.digest, line.event, Missing.WITHHELD, line.index))
        return {
            of: tuple(sorted(turns, key=lambda turn: (turn.n, turn.index))) for of, turns in found.items()
        }

    @cached_property
    def seen(self) -> PartDirectory:
        """Return what one pass over the leaves tells."""
        seen = PartDirectory()
        for one in sorted(self.carried.values(), key=lambda one: one.index):
            seen.learn(one.index, one.digest, one.leaf)
        for of, turns in self.turns.items():
            lost = [turn.index for turn in turns if turn.index is not None and _loses(of, turn)]
            if lost:
                seen.unsure[of] = min(lost)
        return seen

    @cached_property
    def folded(self) -> Mapping[str, Folded]:
        """Return the fold of every chain."""
        return {of: fold(of, turns, self.seen) for of, turns in self.turns.items()}

    def folded_before(self, of: str, index: int) -> tuple[Folded, tuple[Turn, ...]]:
        """Return what a chain said before an index of the log, and its turns up to there."""
        turns = tuple(turn for turn in self.turns[of] if turn.index is not None and turn.index < index)
        return fold(of, turns, self.seen), turns

    def leaves(self, of: str) -> dict[str, Leaf]:
        """Return digest → leaf of a chain's shown leaves, in order."""
        return {turn.digest: turn.leaf for turn in self.turns[of] if isinstance(turn.leaf, Leaf)}

    def head(self, of: str, n: int) -> str | None:
        """Return the head of a chain after its n-th leaf; None where it does not go so far without a gap."""
        head, turns = genesis(of), self.turns[of]
        if [turn.n for turn in turns[:n]] != list(range(1, n + 1)):
            return None
        for turn in turns[:n]:
            head = step(head, turn.digest, turn.event)
        return head

    @cached_property
    def standing_alone(self) -> tuple[Carried, ...]:
        """Return the leaves that stand in no chain of the package: of agencies, manifests, sources."""
        return tuple(
            one for one in self.carried.values() if not any(place.of in self.of for place in one.leaf.chains)
        )


def _loses(of: str, turn: Turn) -> bool:
    """Say whether what a chain's thing is cannot be told behind this place."""
    if isinstance(turn.leaf, Leaf):
        return isinstance(turn.leaf.act, Unknown)
    return not _NEUTRAL.get(turn.event, frozenset()) & {noun_of(of), ANY_CHAIN}


_NEUTRAL = {event: frozenset(kind.spec.neutral) for (event, _), kind in LEAVES.items()}


def record_of(
    of: Iterable[str],
    shown: Iterable[LeafLine],
    withheld: Iterable[WithheldLine],
    openings: Mapping[str, Mapping[str, bytes]],
) -> Record:
    """Return the record of these lines; what cannot be read or does not open is kept as a fault, never raised."""
    carried: dict[str, Carried] = {}
    unreadable: list[LeafLine] = []
    faults = []
    for line in shown:
        try:
            leaf = parse_leaf(line.leaf)
        except Invalid:
            unreadable.append(line)
            continue
        told, wrong = _opened(leaf, openings.get(line.digest, {}))
        carried[line.digest] = Carried(line.index, line.digest, told)
        faults += [OpeningFault(line.digest, member, detail) for member, detail in wrong]
    faults += [
        OpeningFault(digest, member, "no leaf of the package")
        for digest in openings.keys() - carried.keys()
        for member in openings[digest]
    ]
    return Record(
        of=frozenset(of),
        carried=carried,
        withheld=tuple(withheld),
        unreadable=tuple(unreadable),
        opening_faults=tuple(sorted(faults)),
        openings=openings,
    )


def _opened(leaf: Leaf, openings: Mapping[str, bytes]) -> tuple[Leaf, list[tuple[str, str]]]:
    """Return the leaf with all that opens, and what does not with the reason."""
    wrong: list[tuple[str, str]] = []
    act = leaf.act
    if isinstance(
        act, Unknown
    ):  # nobody knows of what type its members are; the digest binds them all the same
        bound = act.committed
        wrong += [
            (member, "another opening")
            for member, one in openings.items()
            if bound.get(member) != sha256_hex(one)
        ]
        return leaf, wrong
    try:
        return leaf.telling(act.revealed(openings)), wrong
    except Invalid:
        for member, opening in openings.items():
            try:
                act = act.revealed({member: opening})
            except Invalid as err:
                wrong.append((member, err.detail))
    return leaf.telling(act), wrong


class Disclosed(NamedTuple):
    """The lines of a package: what is shown, what is withheld, and what opens it."""

    shown: tuple[LeafLine, ...]
    withheld: tuple[WithheldLine, ...]
    openings: Mapping[str, Mapping[str, bytes]]


def disclosed(
    of: Container[str],
    lines: Iterable[LeafLine],
    openings: Mapping[str, Mapping[str, bytes]],
    hidden: Iterable[NotShown],
) -> Disclosed:
    """Return what is left of these leaves and openings when these things are not shown.

    Raises:
        Invalid: a leaf that is to be withheld is none; nobody can say then where it stands.
    """
    grounds = {(one.digest, one.member): one.ground for one in hidden}
    shown, withheld = [], []
    for line in lines:
        ground = grounds.get((line.digest, WHOLE_LEAF))
        if ground is None:
            shown.append(line)
            continue
        leaf = parse_leaf(line.leaf)
        withheld += [
            WithheldLine(line.index, place.of, place.n, line.digest, leaf.event, ground)
            for place in leaf.chains
            if place.of in of
        ]
    digests = {line.digest for line in shown}
    opened = {
        digest: kept
        for digest, members in openings.items()
        if digest in digests
        and (kept := {one: payload for one, payload in members.items() if (digest, one) not in grounds})
    }
    return Disclosed(tuple(shown), tuple(withheld), opened)
