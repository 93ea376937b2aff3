"""Which chains the package of a case must hold: derived from the leaves, as whoever checks it derives them.

The log's own and the case's; every recording and record that a tie in the case ever named, and the pictures of each
record; the equipment of each record; the device of each manifest; and every account and device that acts in a leaf
of these. Whoever acted on an account is not followed further: that would never end.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.disclosure import ChainHead
from schemas.leaves_case import CaseLink, MonitoringLink
from schemas.reference import ident_of, noun_of, reference
from storage.custody.custody import CustodyLog
from storage.tables.monitoring import monitoring_media, monitoring_records
from storage.tables.recording import manifests, recordings

_ACTORS = frozenset({"account", "device"})


def package_chains(connection: Connection, log: CustodyLog, case: str) -> tuple[ChainHead, ...]:
    """Return the chains of the package of `case/uuid` with how far they go at this moment, sorted.

    Raises:
        IntegrityBroken: a leaf is none (`leaf-broken`), or a chain does not stand where its last leaf does.
    """
    own = log.name()
    names = {case, *(() if own is None else (own,))}
    names |= set(_tied(log, case))
    names |= set(_of_records(connection, names))
    names |= set(_of_recordings(connection, names))
    names |= {one.leaf.actor for of in names for one in log.chain(of) if noun_of(one.leaf.actor) in _ACTORS}
    return log.heads(names)


def _tied(log: CustodyLog, case: str) -> Iterator[str]:
    """Yield every piece of evidence that a tie ever named, ended ones too."""
    for one in log.chain(case):
        match one.act:
            case CaseLink() as tie:
                yield tie.recording
            case MonitoringLink() as tie:
                yield tie.monitoring


def _of_records(connection: Connection, names: Iterable[str]) -> Iterator[str]:
    """Yield the equipment of monitoring records, and their pictures."""
    idents = _idents("monitoring", names)
    of = select(monitoring_records.c.equipment_id).where(monitoring_records.c.id.in_(idents))
    pictures = select(monitoring_media.c.recording_id).where(monitoring_media.c.monitoring_id.in_(idents))
    yield from (reference("equipment", ident) for ident in connection.scalars(of))
    yield from (reference("recording", ident) for ident in connection.scalars(pictures))


def _of_recordings(connection: Connection, names: Iterable[str]) -> Iterator[str]:
    """Yield the devices whose manifests declared recordings."""
    devices = (
        select(manifests.c.device_id)
        .join(recordings, recordings.c.manifest_id == manifests.c.id)
        .where(recordings.c.id.in_(_idents("recording", names)), manifests.c.device_id.is_not(None))
    )
    yield from (reference("device", ident) for ident in connection.scalars(devices))


def _idents(noun: str, names: Iterable[str]) -> list[UUID]:
    return [UUID(ident_of(name)) for name in names if noun_of(name) == noun]
