"""Re-hashing what was drawn: which recordings wait, what was sealed, and what was found."""

from uuid import uuid5

from sqlalchemy import select, update

from schemas.act import Process
from schemas.audit import AuditKind, RecheckOutcome
from schemas.base import Frozen, HexDigest
from schemas.ids import AgencyId, AuditId, EntryId, MemberId, RecheckId, RecordingId
from schemas.integrity import Outcome
from schemas.leaves_recording import RecordingReceive, RecordingSeal
from schemas.leaves_scoring import AuditRecheck
from schemas.reference import reference
from schemas.refusals_audit import RECHECK_UNKNOWN
from storage.act import service
from storage.audit.values import audit_name, drawn_name
from storage.collection import Collection
from storage.tables.audit import audit_rechecks, audits


class RecheckTask(Frozen):
    """One recording to be re-hashed for one drawn member."""

    id: RecheckId
    audit_id: AuditId
    agency_id: AgencyId
    kind: AuditKind
    member_id: MemberId
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
            select(audit_rechecks, audits.c.agency_id, audits.c.kind)
            .join(audits, audits.c.id == audit_rechecks.c.audit_id)
            .where(audit_rechecks.c.id == ident)
        )
        return self._one(query, RecheckTask.of_row, RECHECK_UNKNOWN("no such recheck"))

    def seal_of(self, recording_id: RecordingId) -> Seal | None:
        """Return what the log says, read from the leaves' bytes and from no column of the recording."""
        leaves = self._unit.custody.entries_for(reference("recording", recording_id))
        received = next((one.act for one in leaves if isinstance(one.act, RecordingReceive)), None)
        for one in reversed(leaves):
            if isinstance(one.act, RecordingSeal) and received is not None:
                return Seal(
                    entry_id=one.entry_id,
                    sha256=HexDigest(one.act.sha256),
                    size_bytes=one.act.size_bytes,
                    object_key=received.object_key,
                    version_id=received.version_id,
                )
        return None

    def conclude(
        self, task: RecheckTask, outcome: RecheckOutcome, *, code: str = "", sha256: HexDigest | None = None
    ) -> None:
        """Keep what was found, once; a second conclusion changes nothing."""
        about = audit_name(task.audit_id)
        deed = self._begin(service(Process.WORKER), task.agency_id, about)
        changed = self._connection.execute(
            update(audit_rechecks)
            .where(audit_rechecks.c.id == task.id, audit_rechecks.c.outcome == RecheckOutcome.WAITING)
            .values(outcome=outcome, code=code, sha256=sha256, checked_at=deed.at)
        )
        if not changed.rowcount:
            return
        rechecked = AuditRecheck(
            member=drawn_name(task.kind, task.member_id),
            recording=reference("recording", task.recording_id),
            outcome=Outcome(outcome.value),
            code=code or None,
            sha256=sha256,
        )
        deed.write(rechecked, about, ident=uuid5(task.id, AuditRecheck.spec.event))
