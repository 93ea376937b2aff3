"""The documents of a package: what leaves name by a digest, read where it is kept and held against that digest."""

import json
from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.base import Frozen
from schemas.canonical import canonical_bytes
from schemas.digest import sha256_hex
from schemas.intake import row_path
from schemas.leaves_case import CaseSubmit
from schemas.leaves_monitoring import IntakeReceive
from schemas.leaves_recording import ManifestDeclare
from schemas.life_device import DeviceLife
from schemas.life_evidence import RecordingLife
from schemas.opening import Shown
from schemas.package import (
    UNNAMED,
    FileRole,
    RowPath,
    derivative_name,
    evidence_name,
    intake_names,
    key_name,
    manifest_names,
    original_name,
    path_bytes,
    registration_payload,
    row_names,
)
from schemas.package_record import Record
from schemas.record_id import salted_row_hash
from schemas.reference import ident_of
from schemas.refusals_export import PACKAGE_UNFIT
from storage.custody.reading import LogReader
from storage.export.scope import Evidence
from storage.personal import opened_bytes
from storage.tables.device import devices
from storage.tables.monitoring import intakes, monitoring_records
from storage.tables.recording import manifests
from storage.tables.review import reviews


class Document(Frozen):
    """A small file of a package, and to which thing it belongs as what."""

    of: str
    role: FileRole
    name: str
    payload: bytes


class Source(Frozen):
    """A large file: where its bytes lie, and the digest under which they are known (None: not yet)."""

    of: str
    role: FileRole
    name: str
    key: str
    version_id: str
    size_bytes: int
    sha256: str | None


def sources_of(record: Record, recordings: Iterable[str]) -> Iterator[Source]:
    """Yield originals, and what was made from each where its report is shown; all of it as the leaves say.

    Raises:
        IntegrityBroken: a recording is not known from its leaves (`package-unfit`).
    """
    for of in recordings:
        folded = record.folded.get(of)
        life = None if folded is None else folded.life
        if not isinstance(life, RecordingLife):
            raise PACKAGE_UNFIT(f"{of} is not known from its leaves")
        named = life.received.filename
        filename = str(named.value) if isinstance(named, Shown) else UNNAMED
        yield Source(
            of=of,
            role=FileRole.ORIGINAL,
            name=original_name(of, filename),
            key=life.received.object_key,
            version_id=life.received.version_id,
            size_bytes=life.received.size_bytes,
            sha256=life.received.declared_sha256 if life.verified is None else life.verified.sha256,
        )
        yield from _derivatives(of, life)


def _derivatives(of: str, life: RecordingLife) -> Iterator[Source]:
    if life.verified is None or not isinstance(life.verified.report, Shown):
        return
    for made in life.verified.report.value["derivatives"]:
        yield Source(
            of=of,
            role=FileRole.DERIVATIVE,
            name=derivative_name(of, made["kind"], made["media_type"]),
            key=made["object_key"],
            version_id=made["version_id"],
            size_bytes=made["size_bytes"],
            sha256=made["sha256"],
        )


class Documents:
    """Reads the documents of one package within its transaction."""

    def __init__(self, connection: Connection, record: Record, held: Evidence) -> None:
        self._connection = connection
        self._record = record
        self._held = held
        self._log = LogReader(connection)
        self._batches: dict[UUID, tuple[dict[int, bytes], list[bytes]]] = {}
        self._alone = {one.leaf.subject: one.leaf.act for one in record.standing_alone}

    def all(self, case: str) -> Iterator[Document]:
        """Yield every document.

        Raises:
            IntegrityBroken: one is gone, or is not what its leaf names (`package-unfit`).
        """
        for manifest in self._held.manifests:
            yield from self._manifest(manifest)
        for device in self._held.devices:
            yield self._key(device)
        for intake in self._held.intakes:
            yield from self._intake(intake)
        for record in self._held.records:
            yield from self._row(record)
        for leaf in self._record.leaves(case).values():
            if isinstance(leaf.act, CaseSubmit):
                yield self._evidence(leaf.act)

    def _manifest(self, of: str) -> Iterator[Document]:
        act = self._alone.get(of)
        row = self._connection.execute(
            select(manifests.c.payload, manifests.c.signature).where(manifests.c.id == _ident(of))
        ).one()
        if not isinstance(act, ManifestDeclare):
            raise PACKAGE_UNFIT(f"no leaf declares {of}")
        name, signature_name = manifest_names(act.sha256)
        yield _named(of, FileRole.MANIFEST, name, bytes(row.payload), act.sha256)
        signature = row.signature.encode()
        yield _named(of, FileRole.MANIFEST_SIGNATURE, signature_name, signature, act.signature_sha256)

    def _key(self, of: str) -> Document:
        folded = self._record.folded.get(of)
        life = None if folded is None else folded.life
        row = self._connection.execute(
            select(devices.c.registration, devices.c.registration_signature).where(devices.c.id == _ident(of))
        ).one()
        if not isinstance(life, DeviceLife) or sha256_hex(row.registration) != life.registration_sha256:
            raise PACKAGE_UNFIT(f"the registration of {of} is not the one its leaf names")
        payload = registration_payload(json.loads(row.registration), row.registration_signature)
        return Document(of=of, role=FileRole.KEY, name=key_name(life.kid), payload=payload)

    def _intake(self, of: str) -> Iterator[Document]:
        act = self._alone.get(of)
        row = self._connection.execute(
            select(intakes.c.payload, intakes.c.signature).where(intakes.c.id == _ident(of))
        ).one()
        if not isinstance(act, IntakeReceive):
            raise PACKAGE_UNFIT(f"no leaf receives {of}")
        name, signature_name = intake_names(act.sha256)
        yield _named(of, FileRole.INTAKE, name, bytes(row.payload), act.sha256)
        signature = row.signature.encode()
        yield _named(of, FileRole.INTAKE_SIGNATURE, signature_name, signature, act.signature_sha256)

    def _row(self, of: str) -> Iterator[Document]:
        """A row with its salt and its path: whoever reads it learns nothing of its neighbours."""
        known = monitoring_records.c
        row = self._connection.execute(
            select(known.raw, known.intake_id, known.intake_index).where(known.id == _ident(of))
        ).one()
        salts, hashes = self._batch(row.intake_id)
        path = RowPath(
            intake=f"intake/{row.intake_id}",
            position=row.intake_index,
            salt=salts[row.intake_index].hex(),
            path=[one.hex() for one in row_path(hashes, row.intake_index)],
        )
        name, path_name = row_names(of)
        payload = opened_bytes(self._connection, known.raw, _ident(of), row.raw)
        yield Document(of=of, role=FileRole.ROW, name=name, payload=payload)
        yield Document(of=of, role=FileRole.ROW_PATH, name=path_name, payload=path_bytes(path))

    def _batch(self, ident: UUID) -> tuple[dict[int, bytes], list[bytes]]:
        """Return the salts of a batch by position, and the hashes of its rows; each batch is read once."""
        if ident not in self._batches:
            known, salts = monitoring_records.c, self._log.row_salts(f"intake/{ident}")
            rows = self._connection.execute(
                select(known.id, known.intake_index, known.raw)
                .where(known.intake_id == ident)
                .order_by(known.intake_index)
            ).all()
            if [*sorted(salts)] != [one.intake_index for one in rows]:
                raise PACKAGE_UNFIT(f"rows or salts of intake/{ident} are missing")
            hashes = [
                salted_row_hash(
                    salts[one.intake_index], opened_bytes(self._connection, known.raw, one.id, one.raw)
                )
                for one in rows
            ]
            self._batches[ident] = salts, hashes
        return self._batches[ident]

    def _evidence(self, act: CaseSubmit) -> Document:
        document = self._connection.execute(
            select(reviews.c.evidence).where(reviews.c.id == _ident(act.review))
        ).scalar_one()
        name, payload = evidence_name(act.review), canonical_bytes(document)
        return _named(act.review, FileRole.EVIDENCE, name, payload, act.evidence_sha256)


def _named(of: str, role: FileRole, name: str, payload: bytes, sha256: str) -> Document:
    if sha256_hex(payload) != sha256:
        raise PACKAGE_UNFIT(f"the {role} of {of} is not what its leaf names")
    return Document(of=of, role=role, name=name, payload=payload)


def _ident(name: str) -> UUID:
    return UUID(ident_of(name))
