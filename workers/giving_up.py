"""What happens when every attempt of a job has failed: its subject is told, so that nothing waits for ever.

A recording that could not be verified is quarantined like one whose claims broke: kept, locked, logged, and
no claim of it counts as checked. A crash between lock and commit leaves a received recording that is locked;
the job is still leased, and the next claim comes here again.
"""

from schemas.audit import RecheckOutcome
from schemas.checks.claims import CLAIMS, VERIFICATION, not_reached
from schemas.digest import CHUNK_BYTES, Hasher
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MediaFacts
from schemas.recording import Recording, RecordingState, retain_until
from schemas.refusals_objects import OBJECT_BROKEN
from storage.outbox import Job, JobKind
from storage.recording.values import Verification
from storage.store import Store


def give_up(store: Store, job: Job, error: str) -> None:
    """End `job` and what it was about, in one commit; `error` is the slug of the last failure.

    Raises:
        Unavailable: database or store did not answer; the job may come here again.
        NotFound, IntegrityBroken: the store no longer holds what was received; nothing was concluded.
    """
    if job.kind is JobKind.VERIFY:
        _quarantine(store, job, error)
        return
    if job.kind is JobKind.RECHECK:
        with store.begin() as tx:
            if tx.jobs.fail(job, error):
                task = tx.rechecks.get(job.subject_id)
                tx.rechecks.conclude(task, RecheckOutcome.NOT_CHECKED, code="recheck-gave-up")
        return
    with store.begin() as tx:
        if tx.jobs.fail(job, error) and tx.exports.known(job.subject_id).state == "building":
            tx.exports.fail(job.subject_id, error)


def _quarantine(store: Store, job: Job, error: str) -> None:
    with store.begin() as tx:
        recording = tx.recordings.known(job.subject_id)
    if recording.state is not RecordingState.RECEIVED:
        with store.begin() as tx:
            tx.jobs.fail(job, error)
        return
    found = _unverified(store, recording, error)
    store.objects.retain(recording.object_key, recording.version_id, found.retain_until)
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
            tx.recordings.conclude(recording.id, found)


def _unverified(store: Store, recording: Recording, error: str) -> Verification:
    hasher = _read(store, recording)
    return Verification(
        checks=(
            check_verification(error),
            *(not_reached(claim, error) for claim in CLAIMS if claim.is_binding),
        ),
        sha256=hasher.sha256.value,
        sm3=hasher.sm3.value if hasher.sm3 else None,
        media_type=recording.media_type,
        facts=MediaFacts(),
        derivatives=(),
        retain_until=retain_until(recording.received_at, months=store.settings.retention_months),
    )


@examines(VERIFICATION)
def check_verification(check: Check, error: str) -> CheckResult:
    """Say that the verification gave up; one that came to its end has no such result."""
    return check.found("verification-failed", reason=error)


def _read(store: Store, recording: Recording) -> Hasher:
    """Hash what is locked: the custody entry names the digest of the bytes that are kept."""
    hasher = Hasher(with_sm3=store.settings.with_sm3)
    view = memoryview(bytearray(CHUNK_BYTES))
    with store.objects.open(recording.object_key, recording.version_id) as source:
        while count := source.readinto(view):
            hasher.update(view[:count])
    if hasher.size_bytes != recording.size_bytes:
        raise OBJECT_BROKEN(
            f"the store gave {hasher.size_bytes} bytes of a recording of {recording.size_bytes}",
            recording_id=str(recording.id),
        )
    return hasher
