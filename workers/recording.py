"""Verify one recording: read it once, check every claim, look at what it is, then lock and conclude.

Order, and what a crash leaves:
  1. one streamed read of the stored version → digests, size, a scratch copy for the decoders   received
  2. manifest, signature, key and sequence, from the bytes that were kept verbatim              received
  3. container, facts, derivatives in a child with limits                                       received
  4. derivatives put into the store (same bytes, same key: repeating is harmless)               received
  5. retention lock on the stored version                                           received, already locked
  6. checks, state, custody entry and end of the job in one commit                sealed or quarantined
Any run from any point comes to the same answer. A file that asks for more work than the quick lane has is left to the
slow one after step 3, with nothing of it kept: this job ends and the next begins in one commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from schemas.agreement import agreement
from schemas.base import HexDigest
from schemas.checks.claims import CLAIMS, DIGEST, SIZE, VERIFICATION, not_reached
from schemas.digest import Hasher, sha256_hex
from schemas.document_time import document_time
from schemas.errors import IntegrityBroken, NotFound
from schemas.examination import edition_of
from schemas.ids import RecordingId
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MediaFacts
from schemas.recording import Derivative, Recording, RecordingState, retain_until
from schemas.refusals_objects import OBJECT_BROKEN, OBJECT_MISSING
from schemas.register_agreement import register_agreement
from schemas.scene import Spots, check_area, spots_of
from schemas.scrub import StoreFault
from schemas.setting import Setting
from schemas.setting_list import ListSetting
from schemas.stated_time import stated_time
from schemas.tolerance import Tolerances
from schemas.unsigned import unsigned
from schemas.weight import weighed
from storage.objects.hashing import hash_object
from storage.outbox import MAX_ATTEMPTS, Job, JobKind
from storage.recording.values import Verification
from storage.store import Store
from storage.transaction import Transaction
from workers.manifest import Claims, manifest_claims, unnamed
from workers.media.result import Probe, Stop
from workers.media.sandbox.parent import Sandbox
from workers.media.work import Lane
from workers.our_store import require_ours
from workers.scratch import scratch, write_block
from workers.settings import WorkersSettings
from workers.task import concluding

log = structlog.get_logger()

_LANES = {JobKind.VERIFY: Lane.QUICK, JobKind.VERIFY_SLOW: Lane.SLOW}

_SMALL = ("thumbnail", "poster")


@dataclass(frozen=True)
class Verifier:
    """What a verification needs; one per thread, because the sandbox serves one file at a time."""

    store: Store
    sandbox: Sandbox
    settings: WorkersSettings

    def run(self, job: Job) -> None:
        """Verify the recording of `job` and conclude it.

        Raises:
            Unavailable: database or store did not answer; uses no attempt.
            LeaseLost: another worker holds the job; nothing was written.
        """
        with self.store.begin() as tx:
            recording = tx.recordings.known(RecordingId(job.subject_id))
            if recording.state is not RecordingState.RECEIVED:
                tx.jobs.finish(job)
                return
            claims = manifest_claims(tx, recording)
            kept_until = _kept_until(tx, recording)
            weights = tx.agency_settings.listed(
                ListSetting.FINDING_WEIGHTS, recording.agency_id, recording.received_at
            )
        try:
            hasher, probe = self.look(recording, _LANES[job.kind], claims.allowed)
        except IntegrityBroken as err:  # elsewhere this stops the task; here nothing may wait for ever
            self._kept_apart(job, recording, kept_until, err)
            return
        if self._postponed(job, recording, probe):
            return
        found = self._found(recording, claims, hasher, probe, kept_until)
        found = found.model_copy(update={"checks": weighed(found.checks, weights)})
        self.store.objects.retain(recording.object_key, recording.version_id, kept_until)
        with concluding(self.store, job) as tx:
            state = tx.recordings.conclude(recording.id, found)
        log.info("recording_concluded", recording_id=str(recording.id), state=state.value)

    def look(self, recording: Recording, lane: Lane, allowed: Tolerances) -> tuple[Hasher, Probe]:
        """Read every stored byte once, and look into the file in the lane's child, by what its agency allows.

        Raises:
            Unavailable: the store did not answer, or there is no room for a copy.
            IntegrityBroken: the store no longer holds what was received.
        """
        with self.copied(recording) as (hasher, path):
            probe = self.sandbox.probe(path, filename=recording.filename, lane=lane, allowed=allowed)
            return hasher, _dated(probe)

    @contextmanager
    def copied(self, recording: Recording) -> Iterator[tuple[Hasher, Path]]:
        """Read every stored byte once into a scratch file, which stands for as long as the block lasts.

        Raises:
            Unavailable: the store did not answer, or there is no room for a copy.
            IntegrityBroken: the store no longer holds what was received.
        """
        with scratch(self.settings, recording.size_bytes) as file:
            path = Path(file.name)
            yield self._copied(recording, path), path

    def give_up(self, job: Job, error: str) -> None:
        """Quarantine a recording that could not be verified: kept, locked, logged, and no claim counts as checked.

        A crash between lock and commit leaves a received recording that is locked; the job is still leased, and
        the next claim comes here again.

        Raises:
            Unavailable: database or store did not answer; the job may come here again.
        """
        with self.store.begin() as tx:
            recording = tx.recordings.known(RecordingId(job.subject_id))
            if recording.state is not RecordingState.RECEIVED:
                tx.jobs.fail(job, error)
                return
            kept_until = _kept_until(tx, recording)
        found = self._unverified(recording, error, kept_until)
        with self.store.begin() as tx:
            if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
                tx.recordings.conclude(recording.id, found)

    def _kept_apart(self, job: Job, recording: Recording, kept_until: datetime, met: IntegrityBroken) -> None:
        """Quarantine what the store gave otherwise than it was received: what is left of it locked, logged, and told.

        Where nothing is left and nothing else is there either, it is another store, and nothing is judged by it.

        A crash between lock and commit leaves a received recording; the next run comes here again, or finds the bytes
        as they were.

        Raises:
            Unavailable: database or store did not answer; uses no attempt.
            LeaseLost: another worker holds the job; nothing was written.
        """
        if met.refusal is OBJECT_MISSING:
            require_ours(self.store, recording)
        found = self._unverified(recording, met.slug, kept_until, StoreFault(met.slug))
        with concluding(self.store, job) as tx:
            tx.recordings.conclude(recording.id, found)
        log.critical("received_bytes_differ", recording_id=str(recording.id), problem=met.slug)

    def _unverified(
        self, recording: Recording, error: str, kept_until: datetime, fault: StoreFault | None = None
    ) -> Verification:
        """Lock what the store holds, and say so; the custody entry names the digest of the bytes that are kept."""
        hasher = self.held(recording)
        if hasher is None or hasher.size_bytes != recording.size_bytes:
            fault = fault or (StoreFault.MISSING if hasher is None else StoreFault.BROKEN)
        is_locked = hasher is not None and self._locked(recording, kept_until)
        return Verification(
            checks=(
                check_verification(error, is_store=fault is not None),
                *(not_reached(claim, error) for claim in CLAIMS if claim.is_binding),
            ),
            sha256=hasher.sha256.value if hasher else None,
            sm3=hasher.sm3.value if hasher and hasher.sm3 else None,
            media_type=recording.media_type,
            facts=MediaFacts(),
            derivatives=(),
            chunks=hasher.chunks if hasher else None,
            retain_until=kept_until if is_locked else None,
            store_fault=fault,
        )

    def _locked(self, recording: Recording, kept_until: datetime) -> bool:
        """Lock what there is, and say whether that could be done: what is damaged beside its bytes takes no lock."""
        try:
            self.store.objects.retain(recording.object_key, recording.version_id, kept_until)
        except (IntegrityBroken, NotFound):
            return False
        return True

    def held(self, recording: Recording) -> Hasher | None:
        """Return digests and size of what the store holds in place of a recording; None where it gives nothing.

        Raises:
            Unavailable: the store did not answer.
        """
        try:
            return self._read(recording)
        except IntegrityBroken:
            return None

    def _postponed(self, job: Job, recording: Recording, probe: Probe) -> bool:
        """Say whether another lane or another try decides: how much work, or how long it took, is no verdict.

        Raises:
            LeaseLost: another worker holds the job; nothing was written.
        """
        if probe.stopped is None:
            return False
        if job.kind is JobKind.VERIFY:
            with concluding(self.store, job) as tx:
                tx.jobs.enqueue(JobKind.VERIFY_SLOW, recording.id, sender_id=job.sender_id)
            log.info("recording_is_heavy", recording_id=str(recording.id), stopped=probe.stopped.value)
            return True
        if probe.stopped is Stop.WORK or job.attempts >= MAX_ATTEMPTS:
            return False
        with self.store.begin() as tx:
            tx.jobs.retry(job, "decoder-timeout")
        return True

    def _found(
        self, recording: Recording, claims: Claims, hasher: Hasher, probe: Probe, kept_until: datetime
    ) -> Verification:
        derivatives = self.keep_derivatives(recording, hasher.sha256.value, probe.derivatives)
        return Verification(
            checks=(
                check_digest(recording, hasher, claims),
                check_size(hasher, claims),
                *claims.checks,
                *unnamed(claims, probe.media_type),
                *of_content(recording, claims, probe),
            ),
            sha256=hasher.sha256.value,
            sm3=hasher.sm3.value if hasher.sm3 else None,
            media_type=probe.media_type,
            facts=probe.facts,
            derivatives=derivatives,
            codes=codes_of(probe),
            chunks=hasher.chunks,
            retain_until=kept_until,
        )

    def codes_of_kept(self, recording: Recording) -> tuple[bytes, ...]:
        """Make the codes of a recording that was sealed before there were any, from its kept thumbnail or poster.

        Raises:
            Unavailable: database or store did not answer, or there is no room for a copy.
            IntegrityBroken: the store no longer holds the picture that was made.
        """
        with self.store.begin() as tx:
            made = tx.recordings.derivatives(recording.id)
        kept = next((one for one in made if one.kind in _SMALL), None)
        if kept is None:
            return ()
        with scratch(self.settings, kept.size_bytes) as file:
            path = Path(file.name)
            with path.open("wb", buffering=0) as copy:
                hasher = hash_object(
                    self.store.objects, kept.object_key, kept.version_id, also=partial(write_block, copy)
                )
            if hasher.sha256.value != kept.sha256:
                raise OBJECT_BROKEN("the store gave another picture", recording_id=str(recording.id))
            return codes_of(self.sandbox.probe(path, filename="kept.jpg", lane=Lane.SLOW))

    def _copied(self, recording: Recording, path: Path) -> Hasher:
        # Unbuffered: a full disk is met by the write that it refuses, and not once more while closing.
        with path.open("wb", buffering=0) as copy:
            return self._hashed(recording, partial(write_block, copy))

    def _read(self, recording: Recording, also: Callable[[memoryview], None] | None = None) -> Hasher:
        return hash_object(
            self.store.objects,
            recording.object_key,
            recording.version_id,
            with_sm3=self.store.settings.with_sm3,
            with_chunks=True,
            also=also,
        )

    def _hashed(self, recording: Recording, also: Callable[[memoryview], None] | None = None) -> Hasher:
        hasher = self._read(recording, also)
        if hasher.size_bytes != recording.size_bytes:
            raise OBJECT_BROKEN(
                f"the store gave {hasher.size_bytes} bytes of a recording of {recording.size_bytes}",
                recording_id=str(recording.id),
            )
        return hasher

    def keep_derivatives(
        self, recording: Recording, parent_sha256: HexDigest, made: tuple[Any, ...]
    ) -> tuple[Derivative, ...]:
        """Keep one of each kind, the first: a reader is shown that one, and its report lists nothing else."""
        first = {one.kind: one for one in reversed(made)}
        return tuple(self._keep(recording.id, parent_sha256, one) for one in first.values())

    def _keep(self, recording_id: RecordingId, parent_sha256: HexDigest, made: Any) -> Derivative:  # noqa: ANN401
        digest = sha256_hex(made.payload)
        key = f"derivatives/{recording_id}/{made.kind}-{digest[:16]}"
        stored = self.store.objects.put(key, [made.payload], sha256=bytes.fromhex(digest))
        return Derivative(
            kind=made.kind,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
            tool=made.tool,
            object_key=key,
            version_id=stored.version_id,
            size_bytes=len(made.payload),
            sha256=digest,
            parent_sha256=parent_sha256,
        )


def _dated(probe: Probe) -> Probe:
    """Say in the facts by which list of checks they were made; also of a file that no decoder got through."""
    facts = probe.facts.model_copy(update={"edition": edition_of(probe.media_type)})
    return probe.model_copy(update={"facts": facts})


def codes_of(probe: Probe) -> tuple[bytes, ...]:
    """Return the codes of the pictures that were made, each once: a camera that stands still gives one."""
    return tuple(dict.fromkeys(bytes.fromhex(one.code) for one in probe.derivatives if one.code))


def of_content(recording: Recording, claims: Claims, probe: Probe) -> Iterator[CheckResult]:
    """Yield what a look at the file found, and what the file says against manifest and receipt."""
    yield from probe.checks
    if claims.manifest is not None:
        yield from agreement(probe.facts, claims.manifest, claims.allowed)
        yield from register_agreement(probe.facts, recording.filename, claims.manifest, claims.known)
    elif claims.is_unsigned:
        yield from unsigned(probe.facts, probe.media_type)
    inside = check_area(probe.facts, _spots(recording, probe.facts), claims.area)
    if inside is not None:
        yield inside
    yield from stated_time(probe.facts, claims.manifest, recording.received_at)
    yield from document_time(probe.facts, claims.manifest, recording.received_at)


def _spots(recording: Recording, facts: MediaFacts) -> Spots:
    place = recording.place
    if place is None:
        return spots_of(None, None, None, None, facts)
    return spots_of(place.lat_e7, place.lon_e7, place.accuracy_cm, place.crs, facts)


@examines(DIGEST)
def check_digest(check: Check, recording: Recording, hasher: Hasher, claims: Claims) -> CheckResult:
    """Compare the digest of the bytes with the declared one, and see that a manifest lists the file.

    The signed manifest's digest is the stronger claim and is taken before the one of the upload's metadata.
    """
    actual = hasher.sha256.value
    declared = claims.file.sha256 if claims.file is not None else recording.declared_sha256
    if declared is not None and declared != actual:
        return check.found("digest-mismatch", declared=declared, actual=actual)
    if claims.is_unlisted:
        return check.found("file-not-in-manifest")
    return check.held() if declared is not None else check.found("declared-digest-absent")


@examines(SIZE)
def check_size(check: Check, hasher: Hasher, claims: Claims) -> CheckResult:
    """Compare the number of bytes with the manifest's; the upload's own length was compared at receipt."""
    actual, file = hasher.size_bytes, claims.file
    if file is not None and file.size != actual:
        return check.found("size-mismatch", declared=file.size, actual=actual)
    return check.held(bytes=actual)


@examines(VERIFICATION)
def check_verification(check: Check, error: str, *, is_store: bool = False) -> CheckResult:
    """Say that the verification gave up, and whether the store was why; one that came to its end has no such result."""
    return check.found("stored-bytes-differ" if is_store else "verification-failed", reason=error)


def _kept_until(tx: Transaction, recording: Recording) -> datetime:
    """Return the end of the shortest retention: so many months as its agency sets, as of the receipt."""
    months = tx.agency_settings.value(Setting.RETENTION_MONTHS, recording.agency_id, recording.received_at)
    return retain_until(recording.received_at, months=months)
