"""Build the package of a case: read every object once to measure it, write it once into the container.

Order, and what a crash leaves:
  1. one moment of case and log; waits, at no cost, for verdicts and for the checkpoint       building
  2. originals and derivatives read → size, CRC-32, digests compared with what was sealed      building
  3. index, proofs, bag lists and signature in memory                                          building
  4. container streamed into the store under a key that names its content          an unreferenced object
  5. row, custody entry and end of the job in one commit                                       ready
The same case and log give the same bytes and so the same key: repeating step 4 is harmless.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from schemas.base import HexDigest
from schemas.container import Member, container_chunks
from schemas.errors import IntegrityBroken
from schemas.export import (
    CHECKPOINT,
    ENTRIES,
    ExportState,
    Packed,
    complete,
    derivative_name,
    entries_bytes,
    export_key_name,
    key_name,
    original_name,
    packed,
    proof_name,
    registration_payload,
)
from schemas.ids import ExportId
from schemas.refusals_export import EXPORT_KEY_MISSING
from schemas.refusals_objects import OBJECT_BROKEN
from storage.export.export import Export
from storage.export.material import CaseMaterial
from storage.objects.hashing import hash_object, object_blocks
from storage.outbox import Job
from storage.settings import seed
from storage.store import Store
from workers.export_index import manifest_names, package_index
from workers.task import concluding

log = structlog.get_logger()

PROGRESS_BYTES = 32 * 1024 * 1024
WAIT_SECONDS = 1.0
"""Pause before looking again whether the log has taken the case's last entries: it signs every second."""

VERDICT_PATIENCE = timedelta(minutes=30)
"""After so long a recording without a verdict goes into the package as received, and says so."""


@dataclass(frozen=True)
class Source:
    """Where the bytes of a large file lie, and the digest under which they are known (None: not yet)."""

    key: str
    version_id: str
    size_bytes: int
    sha256: HexDigest | None


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
        waits = not material.is_verified and tx.now - export.created_at < VERDICT_PATIENCE
    return material if material.is_logged and not waits else None


def _look_again(store: Store, job: Job) -> None:
    with store.begin() as tx:
        tx.jobs.release(job, pause_seconds=WAIT_SECONDS, error="export-waits-for-log")


class _Builder:
    """One attempt at one package."""

    def __init__(self, store: Store, export: Export, material: CaseMaterial) -> None:
        self._store = store
        self._export = export
        self._material = material
        self._sources = _sources(material)
        self._done = 0
        self._told = 0

    def run(self, job: Job) -> None:
        measured = {name: self._measure(name, source) for name, source in self._sources.items()}
        files, tag_manifest_sha256 = self._complete(measured)
        key = f"exports/{self._export.id}/{tag_manifest_sha256[:16]}.zip"
        digest = hashlib.sha256()
        stored = self._store.objects.put_stream(key, self._container(files, digest))
        with concluding(self._store, job) as tx:
            tx.exports.ready(
                self._export,
                stored,
                key=key,
                sha256=HexDigest(digest.hexdigest()),
                tagmanifest_sha256=tag_manifest_sha256,
            )
        log.info("export_ready", export_id=str(self._export.id), size_bytes=stored.size_bytes)

    def _measure(self, name: str, source: Source) -> Packed:
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
        index = package_index(self._export, self._material, measured)
        signer = export_key_name(self._store.settings.log_origin)
        given = [*measured.values(), *_small_files(self._material)]
        return complete(index, given, signer=signer, seed=self._seed())

    def _seed(self) -> bytes:
        try:
            return seed(self._store.settings.export_key, "EXPORT_KEY")
        except ValueError as err:
            raise EXPORT_KEY_MISSING(str(err)) from err

    def _container(self, files: list[Packed], digest: "hashlib._Hash") -> Iterator[bytes]:
        by_name = {file.name: file for file in files}

        def content(member: Member) -> Iterator[bytes]:
            payload = by_name[member.name].payload
            return iter([payload]) if payload is not None else self._read(self._sources[member.name])

        for chunk in container_chunks(files, content):
            digest.update(chunk)
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


def _sources(material: CaseMaterial) -> dict[str, Source]:
    sources = {}
    for one in material.recordings:
        recording = one.recording
        sources[original_name(str(recording.id), recording.filename)] = Source(
            recording.object_key, recording.version_id, recording.size_bytes, recording.sha256
        )
        for made in one.derivatives:
            sources[derivative_name(str(recording.id), made.kind, made.media_type)] = Source(
                made.object_key, made.version_id, made.size_bytes, made.sha256
            )
    return sources


def _small_files(material: CaseMaterial) -> list[Packed]:
    files = {
        CHECKPOINT: material.checkpoint.encode(),
        ENTRIES: entries_bytes((e.index, str(e.entry_id), e.leaf) for e in material.entries),
        **material.desks.files,
    }
    for entry in material.entries:
        files[proof_name(str(entry.entry_id))] = entry.proof.encode()
    for key in material.keys:
        files[key_name(key.kid)] = registration_payload(key.registration, key.signature)
    for manifest in (one.manifest for one in material.recordings if one.manifest is not None):
        name, signature_name = manifest_names(manifest)
        files[name] = manifest.payload
        files[signature_name] = manifest.signature.encode()
    return [packed(name, payload) for name, payload in files.items()]
