"""Re-hash what an audit drew, before a human opens it: bytes from the store, proof from the log.

One streamed read of the version that the *log* names, compared with the digest in the seal's leaf and with the
row; then the seal's inclusion under the signed checkpoint. A crash anywhere leaves the recheck waiting, and the
next run comes to the same answer.
"""

import structlog

from schemas.audit import RecheckOutcome
from schemas.base import HexDigest
from schemas.chain import tree_hash
from schemas.digest import Hasher
from schemas.errors import IntegrityBroken, Invalid, Level
from schemas.ids import RecheckId
from schemas.recording import Recording
from schemas.refusals_objects import OBJECT_MISSING
from schemas.refusals_recording import SEAL_PENDING
from storage.audit.recheck import Seal
from storage.custody.log_keys import log_signers
from storage.objects.hashing import hash_object
from storage.outbox import Job
from storage.store import Store
from workers.task import concluding

log = structlog.get_logger()


def recheck(store: Store, job: Job) -> None:
    """Re-hash the recording of `job` and keep what was found.

    Raises:
        Unavailable: database or store did not answer, or the log has not signed the seal yet; uses no attempt.
        LeaseLost: another worker holds the job; nothing was written.
    """
    with store.begin() as tx:
        task = tx.rechecks.get(RecheckId(job.subject_id))
        recording = tx.recordings.known(task.recording_id)
        seal = tx.rechecks.seal_of(task.recording_id)
    outcome, code, sha256 = _examine(store, recording, seal)
    with concluding(store, job) as tx:
        tx.rechecks.conclude(task, outcome, code=code, sha256=sha256)
    # A difference is an outcome and no error, so that the job ends; a person must hear of it all the same.
    level = Level.CRITICAL if outcome is RecheckOutcome.MISMATCH else Level.INFO
    log.log(level, "recheck_concluded", recording_id=str(recording.id), outcome=outcome.value, code=code)


def give_up_recheck(store: Store, job: Job, error: str) -> None:
    """Say that the recording could not be re-hashed: its member opens, and fixity counts as not checked.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
            task = tx.rechecks.get(RecheckId(job.subject_id))
            tx.rechecks.conclude(task, RecheckOutcome.NOT_CHECKED, code="recheck-gave-up")


def _examine(
    store: Store, recording: Recording, seal: Seal | None
) -> tuple[RecheckOutcome, str, HexDigest | None]:
    if seal is None:
        return RecheckOutcome.NOT_CHECKED, "never-sealed", None
    try:
        hasher = hash_object(store.objects, seal.object_key, seal.version_id)
    except IntegrityBroken as err:  # elsewhere this stops the task; here finding it out is the task
        code = "object-missing" if err.refusal is OBJECT_MISSING else "bytes-differ"
        return RecheckOutcome.MISMATCH, code, None
    code = _difference(store, recording, seal, hasher)
    outcome = RecheckOutcome.MISMATCH if code else RecheckOutcome.VERIFIED
    return outcome, code, hasher.sha256.value


def _difference(store: Store, recording: Recording, seal: Seal, hasher: Hasher) -> str:
    """Return how bytes, row and log disagree; empty when they agree."""
    if (hasher.sha256.value, hasher.size_bytes) != (seal.sha256, seal.size_bytes):
        return "bytes-differ"
    row = (recording.sha256, recording.object_key, recording.version_id)
    if row != (seal.sha256, seal.object_key, seal.version_id):
        return "row-differs"
    return "" if _is_proven(store, seal) else "proof-invalid"


def _is_proven(store: Store, seal: Seal) -> bool:
    try:
        with store.begin() as tx:
            signers = log_signers(tx.connection, store.settings)
            leaf, proof = tx.custody.leaf(seal.entry_id), tx.custody.proof(seal.entry_id)
        if proof is None:
            raise SEAL_PENDING("no checkpoint holds the seal yet")
        signers.verify_proof(proof, leaf=tree_hash(leaf))
    except (Invalid, IntegrityBroken):
        return False
    return True
