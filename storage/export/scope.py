"""What the package of a case is about, found when it is asked for: its chains, how far they go, what is not shown.

Whoever checks the package derives the same from its leaves and its rows: `schemas.package_scope`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.chain import genesis, step
from schemas.disclosure import ChainHead, NotShown
from schemas.leaf import Leaf, Unknown
from schemas.leaves_case import CaseOpen
from schemas.manifest import ManifestState
from schemas.opening import Shown
from schemas.ours import ours
from schemas.package_scope import actors_of, evidence_of, is_followed, not_shown
from schemas.reference import ident_of, noun_of, reference
from schemas.refusals_export import LOG_NOT_OPEN, PACKAGE_UNFIT
from storage.custody.reading import LogReader
from storage.custody.values import Logged
from storage.tables.monitoring import monitoring_media, monitoring_records
from storage.tables.recording import manifests, recordings


class Scope(NamedTuple):
    """The chains of a package with their heads, and what of them is not shown."""

    heads: tuple[ChainHead, ...]
    hidden: tuple[NotShown, ...]


class Evidence(NamedTuple):
    """What a case holds now: recordings with the pictures of its records among them, records, and what they rest on."""

    recordings: tuple[str, ...]
    records: tuple[str, ...]
    equipment: tuple[str, ...]
    manifests: tuple[str, ...]
    devices: tuple[str, ...]
    intakes: tuple[str, ...]


def scope_of(connection: Connection, log: LogReader, case: str) -> Scope:
    """Return what the package of `case/uuid` is about at this moment.

    Raises:
        Busy: the log is not open yet (`log-not-open`); it is within a second.
        IntegrityBroken: a leaf is none (`leaf-broken`), or an opening opens nothing (`package-unfit`).
    """
    own = log.name()
    if own is None:
        raise LOG_NOT_OPEN("the log has not been opened yet")
    read = _Chains(log)
    ties = evidence_of(read.leaves(case).values())
    held = evidence_held(connection, [name for name, stands in ties.items() if stands])
    names = {own, case, *ties, *held.recordings, *held.equipment, *held.devices}
    known: set[str] = set()
    while names - known:  # a device that acts brings whoever revoked it
        known = set(names)
        names |= read.actors(case, known)
    names |= actors_of(_senders(log, held))
    number = _number(read.leaves(case).values())
    hidden = not_shown(case, number, {of: read.leaves(of) for of in sorted(names)})
    return Scope(tuple(sorted(map(read.head, names))), tuple(hidden))


def evidence_held(connection: Connection, standing: Iterable[str]) -> Evidence:
    """Return what belongs to the evidence that is tied now: pictures, equipment, manifests, devices, batches."""
    names = list(standing)
    records, tied = _idents("monitoring", names), _idents("recording", names)
    pictures = connection.scalars(
        select(monitoring_media.c.recording_id).where(monitoring_media.c.monitoring_id.in_(records))
    ).all()
    own = sorted({*tied, *pictures})
    of_records = connection.execute(
        select(monitoring_records.c.equipment_id, monitoring_records.c.intake_id).where(
            monitoring_records.c.id.in_(records)
        )
    ).all()
    declared = connection.execute(
        select(manifests.c.id, manifests.c.device_id)
        .join(recordings, recordings.c.manifest_id == manifests.c.id)
        .where(recordings.c.id.in_(own), manifests.c.state == ManifestState.DECLARED)
    ).all()
    return Evidence(
        recordings=_named("recording", own),
        records=_named("monitoring", records),
        equipment=_named("equipment", (row.equipment_id for row in of_records)),
        manifests=_named("manifest", (row.id for row in declared)),
        devices=_named("device", (row.device_id for row in declared)),
        intakes=_named("intake", (row.intake_id for row in of_records)),
    )


class _Chains:
    """Reads each chain once, opened; heads are made from what was read, so both are of one moment."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._read: dict[str, dict[str, Leaf]] = {}

    def leaves(self, of: str) -> dict[str, Leaf]:
        """Return digest → leaf of a chain, in order."""
        if of not in self._read:
            self._read[of] = opened(self._log, self._log.chain(of))
        return self._read[of]

    def head(self, of: str) -> ChainHead:
        """Return how far a chain goes."""
        head, n = genesis(of), 0
        for digest, leaf in self.leaves(of).items():
            head, n = step(head, digest, leaf.event), n + 1
        return ChainHead(of, n, head)

    def actors(self, case: str, names: Iterable[str]) -> set[str]:
        """Return who acts in the leaves that are shown."""
        followed = {of: self.leaves(of) for of in names if is_followed(of)}
        withheld = {line.digest for line in not_shown(case, None, followed) if line.member == "*"}
        return actors_of(
            leaf for leaves in followed.values() for digest, leaf in leaves.items() if digest not in withheld
        )


def opened(log: LogReader, entries: Iterable[Logged]) -> dict[str, Leaf]:
    """Return digest → leaf with all that opens it.

    Raises:
        IntegrityBroken: an opening is not what its leaf commits to (`package-unfit`).
    """
    rows = [one for one in entries if isinstance(one.leaf, Leaf)]
    openings = log.openings_of(one.digest for one in rows)
    told: dict[str, Leaf] = {}
    for one in rows:
        leaf = one.leaf
        if isinstance(leaf, Leaf) and not isinstance(leaf.act, Unknown):
            with ours(PACKAGE_UNFIT, f"an opening of {one.digest} is not what its leaf commits to"):
                leaf = leaf.telling(leaf.act.revealed(openings.get(one.digest, {})))
        if isinstance(leaf, Leaf):
            told[one.digest] = leaf
    return told


def _senders(log: LogReader, held: Evidence) -> Iterator[Leaf]:
    """Yield the leaves by which manifests and batches came: who sent them has a chain in the package."""
    for name in (*held.manifests, *held.intakes):
        yield from (one.leaf for one in log.entries_for(name) if isinstance(one.leaf, Leaf))


def _number(leaves: Iterable[Leaf]) -> str | None:
    for leaf in leaves:
        if isinstance(leaf.act, CaseOpen) and isinstance(leaf.act.number, Shown):
            return str(leaf.act.number.value)
    return None


def _idents(noun: str, names: Iterable[str]) -> list[UUID]:
    return [UUID(ident_of(name)) for name in names if noun_of(name) == noun]


def _named(noun: str, idents: Iterable[UUID | None]) -> tuple[str, ...]:
    return tuple(sorted({reference(noun, ident) for ident in idents if ident is not None}))
