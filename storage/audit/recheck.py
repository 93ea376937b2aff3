"""Re-hashing what was drawn: which recordings wait, what was sealed, and what was found."""

from sqlalchemy import select, update

from schemas.actor import SYSTEM
from schemas.audit import RecheckOutcome
from schemas.base import Frozen, HexDigest
from schemas.custody import parse_leaf, subject
from schemas.event import Event
from schemas.ids import AgencyId, AuditId, EntryId, RecheckId, RecordingId
from schemas.ours import ours
from schemas.refusals_audit import RECHECK_UNKNOWN
from schemas.refusals_custody import LEAF_BROKEN
from storage.collection import Collection
from storage.reads.custody import newest_entry
from storage.tables.audit import audit_rechecks, audits


class RecheckTask(Frozen):
    """One recording to be re-hashed for one drawn member."""

    id: RecheckId
    audit_id: AuditId
    agency_id: AgencyId
    recording_id: RecordingId
    outcome: RecheckOutcome


class Seal(Frozen):
    """What the log says a recording was when it was sealed."""

    entry_id: EntryId
    sha256: HexDigest
    size_bytes: int
    object_key: str
    version_id: str


class Rechecks(Collection):
    """The re-hashes of drawn recordings, for the system itself."""

    def get(self, ident: RecheckId) -> RecheckTask:
        """Return what a job is about.

        Raises:
            NotFound: no such recheck.
        """
        query = (
            select(audit_rechecks, audits.c.agency_id)
            .join(audits, audits.c.id == audit_rechecks.c.audit_id)
            .where(audit_rechecks.c.id == ident)
        )
        return self._one(query, RecheckTask.of_row, RECHECK_UNKNOWN("no such recheck"))

    def seal_of(self, recording_id: RecordingId) -> Seal | None:
        """Return what the log says, read from the leaf's bytes and from no column of the recording."""
        row = newest_entry(self._connection, subject("recording", recording_id), Event.RECORDING_SEAL)
        if row is None:
            return None
        with ours(LEAF_BROKEN, f"leaf of entry {row.entry_id} is no custody entry"):
            facts = parse_leaf(bytes(row.leaf)).facts
        return Seal(
            entry_id=row.entry_id,
            sha256=facts["sha256"],
            size_bytes=facts["size_bytes"],
            object_key=facts["object_key"],
            version_id=facts["version_id"],
        )

    def conclude(
        self, task: RecheckTask, outcome: RecheckOutcome, *, code: str = "", sha256: HexDigest | None = None
    ) -> None:
        """Keep what was found, once; a second conclusion changes nothing."""
        changed = self._connection.execute(
            update(audit_rechecks)
            .where(audit_rechecks.c.id == task.id, audit_rechecks.c.outcome == RecheckOutcome.WAITING)
            .values(outcome=outcome, code=code, sha256=sha256, checked_at=self._now)
        )
        if changed.rowcount:
            self._act(SYSTEM, task.agency_id).record(
                Event.AUDIT_RECHECK,
                subject("audit", task.audit_id),
                recording=str(task.recording_id),
                outcome=outcome.value,
                code=code or None,
                sha256=sha256,
            )
