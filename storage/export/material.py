"""What a package is made of: one case, its recordings, and their part of the custody log, as of one moment."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, text

from schemas.base import Frozen, HexDigest, parse_rfc3339
from schemas.chain import tree_hash
from schemas.checkpoint import proof_text
from schemas.custody import subject
from schemas.export_desks import PackagedRecord
from schemas.ids import CaseId, DeviceId, EntryId, ManifestId, RecordingId
from schemas.integrity import CheckResult
from schemas.manifest import ManifestState
from schemas.merkle import ReadTile, inclusion_proof, verify_inclusion
from schemas.ours import ours
from schemas.recording import Derivative, Recording, RecordingState
from schemas.refusals_custody import TILE_BROKEN
from storage.export.desks import DesksGathering, DesksMaterial
from storage.recording.recording import Recordings
from storage.tables.actor import accounts, agencies
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.custody import checkpoints, custody_entries, log_tiles
from storage.tables.device import devices
from storage.tables.recording import manifests

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_SUBJECTS_PER_QUERY = 1000


class ManifestMaterial(Frozen):
    """A manifest verbatim. `device_id` is the owner of the registered key; None for a refused one."""

    sha256: HexDigest
    payload: bytes
    signature: str
    state: ManifestState
    problem: str | None
    kid: str | None
    device_id: DeviceId | None


class RecordingMaterial(Frozen):
    """One recording linked to the case now."""

    recording: Recording
    checks: tuple[CheckResult, ...]
    derivatives: tuple[Derivative, ...]
    manifest: ManifestMaterial | None
    linked_at: datetime
    entries: tuple[EntryId, ...]


class KeyMaterial(Frozen):
    """A device key as the registry stated and signed it."""

    kid: str
    registration: dict[str, Any]
    signature: str


class EntryMaterial(Frozen):
    """A custody entry's leaf, its index, and the text of its proof file."""

    entry_id: EntryId
    index: int
    leaf: bytes
    proof: str


class CaseRow(Frozen):
    """The case itself, with the names a reader needs."""

    id: CaseId
    number: str
    agency_name: str
    party: str
    matter: str
    place: str
    state: str
    handlers: tuple[str, ...]
    opened_at: datetime
    occurred_at: datetime | None


class CaseMaterial(Frozen):
    """All of it. `is_logged` is False while an entry is not yet under a signed checkpoint."""

    case: CaseRow
    recordings: tuple[RecordingMaterial, ...]
    keys: tuple[KeyMaterial, ...]
    entries: tuple[EntryMaterial, ...]
    checkpoint: str
    is_logged: bool
    desks: DesksMaterial

    @property
    def is_verified(self) -> bool:
        """Say whether every recording has been concluded."""
        return all(one.recording.state is not RecordingState.RECEIVED for one in self.recordings)


class Gathering:
    """Reads one moment of a case and its log; its transaction must have run no statement before."""

    def __init__(self, connection: Connection, recordings: Recordings) -> None:
        self._connection = connection
        self._recordings = recordings

    def run(self, case_id: CaseId) -> CaseMaterial:
        """Return everything about the case.

        Raises:
            IntegrityBroken: the tiles do not lead from an entry to the signed root.
        """
        self._connection.execute(_SNAPSHOT)
        desks = DesksGathering(self._connection, case_id).run()
        linked = self._with_media(self._recordings.of_case(case_id), desks)
        sources = self._manifests([one.manifest_id for one in linked if one.manifest_id])
        rows = self._entries([*_subjects(case_id, linked, sources), *desks.subjects])
        head = self._head()
        size = 0 if head is None else head["size"]
        is_logged = bool(rows) and all(
            row["leaf_index"] is not None and row["leaf_index"] < size for row in rows
        )
        return CaseMaterial(
            case=self._case(case_id),
            recordings=self._linked(case_id, desks, linked, sources, rows=rows),
            keys=self._keys(sources),
            entries=self._proved(rows, head) if head is not None and is_logged else (),
            checkpoint="" if head is None else head["note"],
            is_logged=is_logged,
            desks=desks,
        )

    def _with_media(self, linked: Sequence[Recording], desks: DesksMaterial) -> tuple[Recording, ...]:
        """Add the media of linked monitoring records: they belong to the case through their record."""
        known = {one.id for one in linked}
        media = dict.fromkeys(
            RecordingId(UUID(ident)) for record in desks.desks.records for ident in record.media
        )
        return (*linked, *(self._recordings.known(one) for one in media if one not in known))

    def _linked(
        self,
        case_id: CaseId,
        desks: DesksMaterial,
        linked: Sequence[Recording],
        sources: Mapping[ManifestId, ManifestMaterial],
        *,
        rows: Sequence[RowMapping],
    ) -> tuple[RecordingMaterial, ...]:
        entries: dict[str, list[EntryId]] = defaultdict(list)
        for row in rows:
            entries[row["subject"]].append(row["entry_id"])
        through = {
            RecordingId(UUID(one)): at for record in desks.desks.records for one, at in _media_times(record)
        }
        times = through | self._link_times(case_id)
        return tuple(
            RecordingMaterial(
                recording=one,
                checks=tuple(row.check for row in self._recordings.checks(one.id)),
                derivatives=self._recordings.derivatives(one.id),
                manifest=sources.get(one.manifest_id) if one.manifest_id else None,
                linked_at=times[one.id],
                entries=tuple(entries[subject("recording", one.id)]),
            )
            for one in linked
        )

    def _case(self, case_id: CaseId) -> CaseRow:
        row = (
            self._connection.execute(
                select(cases, agencies.c.name.label("agency_name"))
                .join(agencies, agencies.c.id == cases.c.agency_id)
                .where(cases.c.id == case_id)
            )
            .mappings()
            .one()
        )
        handlers = self._connection.scalars(
            select(accounts.c.name)
            .join(case_handlers, case_handlers.c.account_id == accounts.c.id)
            .where(case_handlers.c.case_id == case_id)
            .order_by(accounts.c.name)
        )
        return CaseRow.of_row(row, handlers=tuple(handlers))

    def _link_times(self, case_id: CaseId) -> dict[RecordingId, datetime]:
        rows = self._connection.execute(
            select(case_links.c.recording_id, case_links.c.linked_at).where(
                case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None)
            )
        )
        return {row.recording_id: row.linked_at for row in rows}

    def _manifests(self, manifest_ids: Sequence[ManifestId]) -> dict[ManifestId, ManifestMaterial]:
        rows = self._connection.execute(
            select(manifests, devices.c.id.label("owner_id"))
            .outerjoin(devices, devices.c.kid == manifests.c.kid)
            .where(manifests.c.id.in_(set(manifest_ids)))
        ).mappings()
        return {
            row["id"]: ManifestMaterial(
                device_id=row["owner_id"],
                state=ManifestState(row["state"]),
                **{name: row[name] for name in ("sha256", "payload", "signature", "problem", "kid")},
            )
            for row in rows
        }

    def _keys(self, sources: Mapping[ManifestId, ManifestMaterial]) -> tuple[KeyMaterial, ...]:
        kids = sorted({source.kid for source in sources.values() if source.kid is not None})
        rows = self._connection.execute(select(devices).where(devices.c.kid.in_(kids))).mappings()
        return tuple(
            KeyMaterial(
                kid=row["kid"],
                registration=json.loads(row["registration"]),
                signature=row["registration_signature"],
            )
            for row in rows
        )

    def _head(self) -> RowMapping | None:
        newest = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
        return self._connection.execute(newest).mappings().one_or_none()

    def _entries(self, subjects: Sequence[str]) -> list[RowMapping]:
        found: list[RowMapping] = []
        for start in range(0, len(subjects), _SUBJECTS_PER_QUERY):
            some = subjects[start : start + _SUBJECTS_PER_QUERY]
            found += self._connection.execute(
                select(custody_entries).where(custody_entries.c.subject.in_(some))
            ).mappings()
        return sorted(found, key=lambda row: row["id"])

    def _proved(self, rows: Sequence[RowMapping], head: RowMapping) -> tuple[EntryMaterial, ...]:
        read_tile = cache(self._tile)
        return tuple(_prove(row, head, read_tile) for row in rows)

    def _tile(self, level: int, n: int) -> bytes:
        stored = self._connection.scalar(
            select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.n == n)
        )
        return b"" if stored is None else bytes(stored)


def _media_times(record: PackagedRecord) -> list[tuple[str, datetime]]:
    at = parse_rfc3339(record.linked_at)
    return [(one, at) for one in record.media]


def _subjects(
    case_id: CaseId, linked: Sequence[Recording], sources: Mapping[ManifestId, ManifestMaterial]
) -> list[str]:
    owners = {source.device_id for source in sources.values() if source.device_id is not None}
    return [
        subject("case", case_id),
        *(subject("recording", one.id) for one in linked),
        *(subject("manifest", manifest_id) for manifest_id in sources),
        *(subject("device", device_id) for device_id in owners),
    ]


def _prove(row: RowMapping, head: RowMapping, read_tile: ReadTile) -> EntryMaterial:
    index, size = row["leaf_index"], head["size"]
    path = inclusion_proof(index, size, read_tile)
    with ours(TILE_BROKEN, f"entry {row['entry_id']} does not lead to the signed root"):
        verify_inclusion(path, index=index, size=size, leaf=tree_hash(row["leaf"]), root=head["root"])
    return EntryMaterial(
        entry_id=row["entry_id"],
        index=index,
        leaf=bytes(row["leaf"]),
        proof=proof_text(index, path, head["note"]),
    )
