"""Build the package of a case: read every object once to measure it, write it once into the container.

Order, and what a crash leaves:
  1. the chains that the request names, folded; waits, at no cost, for verdicts and checkpoint building
  2. originals and derivatives read → size, CRC-32, digests compared with what was sealed      building
  3. proofs, documents, bag lists and signature in memory                                      building
  4. container streamed into the store under a key that names its content          an unreferenced object
  5. row, leaf and end of the job in one commit                                       ready
The same case and log give the same bytes and so the same key: repeating step 4 is harmless.
"""

import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from schemas.base import HexDigest
from schemas.container import Member, container_chunks
from schemas.digest import Hasher
from schemas.errors import IntegrityBroken
from schemas.export import ExportState
from schemas.ids import ExportId, RecordingId
from schemas.leaf_catalogue import catalogue_bytes, schema_bytes
from schemas.package import (
    CATALOGUE,
    CHAINS,
    CHECKPOINT,
    HIDDEN,
    LEAVES,
    OPENINGS,
    SCHEMA,
    TREE,
    IndexedFile,
    PackageIndex,
    Packed,
    complete,
    export_key_name,
    packed,
    proof_name,
)
from schemas.reference import ident_of, noun_of
from schemas.refusals_export import EXPORT_KEY_MISSING
from schemas.refusals_objects import OBJECT_BROKEN
from storage.custody.log_keys import log_keys
from storage.export.documents import Source
from storage.export.export import Export
from storage.export.material import CaseMaterial
from storage.objects.hashing import hash_object, object_blocks
from storage.outbox import Job
from storage.settings import origin, seed
from storage.store import Store
from workers.our_store import insisted
from workers.task import concluding

log = structlog.get_logger()

PROGRESS_BYTES = 32 * 1024 * 1024
WAIT_SECONDS = 1.0
"""Pause before looking again whether the log has taken the case's last entries: it signs every second."""

VERDICT_PATIENCE = timedelta(minutes=30)
"""After so long a recording without a verdict goes into the package as received, and says so."""


def build_export(store: Store, job: Job) -> None:
    """Build the package of the export that `job` names.

    Raises:
        Unavailable: database or store did not answer; uses no attempt.
        IntegrityBroken: an object is not what was sealed; the export has failed and a person must look.
        LeaseLost: another worker holds the job; nothing was written.
    """
    with store.begin() as tx:
        export = tx.exports.known(ExportId(job.subject_id))
        if export.state is not ExportState.BUILDING:
            tx.jobs.finish(job)
            return
    try:
        material = _material(store, export)
        if material is None:
            _look_again(store, job)
            return
        _Builder(store, export, material).run(job)
    except IntegrityBroken as err:
        give_up_export(store, job, err.slug)  # no further attempt is made: whoever waits is told now
        raise


def give_up_export(store: Store, job: Job, error: str) -> None:
    """Tell who waits for the package that it will not come.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        # Otherwise somebody else holds the job and may yet finish it, or has.
        if (
            tx.jobs.fail(job, error)
            and tx.exports.known(ExportId(job.subject_id)).state is ExportState.BUILDING
        ):
            tx.exports.fail(ExportId(job.subject_id), error)


def _material(store: Store, export: Export) -> CaseMaterial | None:
    """Return what to pack; None while verdicts or the log's signature are still to come."""
    with store.begin() as tx:
        material = tx.exports.material(export)
        is_patient = tx.now - export.created_at < VERDICT_PATIENCE
    if material is None or (is_patient and not material.is_verified):
        return None
    return material


def _look_again(store: Store, job: Job) -> None:
    with store.begin() as tx:
        tx.jobs.release(job, pause_seconds=WAIT_SECONDS, error="export-waits-for-log")


class _Builder:
    """One attempt at one package."""

    def __init__(self, store: Store, export: Export, material: CaseMaterial) -> None:
        self._store = store
        self._export = export
        self._material = material
        self._sources = {source.name: source for source in material.sources}
        self._done = 0
        self._told = 0

    def run(self, job: Job) -> None:
        measured = {name: self._measure(name, source) for name, source in self._sources.items()}
        files, tag_manifest_sha256 = self._complete(measured)
        key = f"exports/{self._export.id}/{tag_manifest_sha256[:16]}.zip"
        read = Hasher(with_sm3=False, with_chunks=True)
        stored = self._store.objects.put_stream(key, self._container(files, read))
        with concluding(self._store, job) as tx:
            tx.exports.ready(
                self._export,
                stored,
                key=key,
                sha256=read.sha256.value,
                tagmanifest_sha256=tag_manifest_sha256,
                chunks=read.chunks,
            )
        log.info("export_ready", export_id=str(self._export.id), size_bytes=stored.size_bytes)

    def _measure(self, name: str, source: Source) -> Packed:
        """Read one file.

        Raises:
            IntegrityBroken: it is not what was recorded, not there, or cannot be read while the store answers; a recording
                is then read by itself, and its own record says so.
            Unavailable: the store does not answer.
        """
        try:
            return insisted(self._store.objects, partial(self._read_once, name, source))
        except IntegrityBroken:
            if noun_of(source.of) == "recording":
                with self._store.begin() as tx:
                    tx.readings.ask(RecordingId(UUID(ident_of(source.of))))
            raise

    def _read_once(self, name: str, source: Source) -> Packed:
        crc = 0

        def also(block: memoryview) -> None:
            nonlocal crc
            crc = zlib.crc32(block, crc)
            self._progress(len(block))

        read = hash_object(self._store.objects, source.key, source.version_id, also=also)
        sha256 = read.sha256.value
        if read.size_bytes != source.size_bytes or source.sha256 not in (None, sha256):
            raise OBJECT_BROKEN(f"{source.key} is not what was recorded", key=source.key)
        return Packed(name=name, size_bytes=read.size_bytes, crc32=crc, sha256=sha256)

    def _complete(self, measured: Mapping[str, Packed]) -> tuple[list[Packed], HexDigest]:
        signer = export_key_name(self._origin())
        given = [*measured.values(), *_small_files(self._material)]
        return complete(_index(self._material), given, signer=signer, seed=self._seed())

    def _origin(self) -> str:
        with self._store.begin() as tx:
            keys = log_keys(tx.connection)
        return origin(self._store.settings) if keys is None else keys.origin

    def _seed(self) -> bytes:
        try:
            return seed(self._store.settings.export_key, "EXPORT_KEY")
        except ValueError as err:
            raise EXPORT_KEY_MISSING(str(err)) from err

    def _container(self, files: list[Packed], read: Hasher) -> Iterator[bytes]:
        by_name = {file.name: file for file in files}

        def content(member: Member) -> Iterator[bytes]:
            payload = by_name[member.name].payload
            return iter([payload]) if payload is not None else self._read(self._sources[member.name])

        for chunk in container_chunks(files, content):
            read.update(chunk)
            yield chunk

    def _read(self, source: Source) -> Iterator[bytes]:
        for block in object_blocks(self._store.objects, source.key, source.version_id):
            self._progress(len(block))
            yield bytes(block)  # the store keeps pieces until a part is full

    def _progress(self, count: int) -> None:
        self._done += count
        if self._done - self._told < PROGRESS_BYTES:
            return
        self._told = self._done
        total = 2 * sum(source.size_bytes for source in self._sources.values())
        with self._store.begin() as tx:
            tx.exports.progress(self._export.id, done=self._done, total=total)


def _index(material: CaseMaterial) -> PackageIndex:
    """Return which file belongs to what; nothing else is said by it."""
    files = [IndexedFile(file=one.name, of=one.of, role=one.role) for one in material.documents]
    files += [IndexedFile(file=one.name, of=one.of, role=one.role) for one in material.sources]
    return PackageIndex(
        case=material.case,
        export=material.export,
        request=material.request,
        files=files,
    )


def _small_files(material: CaseMaterial) -> list[Packed]:
    files = {
        CHECKPOINT: material.checkpoint.encode(),
        TREE: material.tree.encode(),
        LEAVES: material.leaves,
        OPENINGS: material.openings,
        CHAINS: material.chains,
        HIDDEN: material.hidden,
        CATALOGUE: catalogue_bytes(),
        SCHEMA: schema_bytes(),
        **{proof_name(digest): proof.encode() for digest, proof in material.proofs.items()},
        **{one.name: one.payload for one in material.documents},
    }
    return [packed(name, payload) for name, payload in files.items()]
