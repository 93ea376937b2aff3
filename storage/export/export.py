"""Export packages: requested, built by a worker, kept with the digest under which they were logged."""

from datetime import datetime

from sqlalchemy import select, update

from schemas.actor import Action, Actor, require_scope
from schemas.base import Frozen, HexDigest
from schemas.custody import subject
from schemas.export import STEPS, ExportState, ExportStep
from schemas.ids import AccountId, AgencyId, CaseId, ExportId
from schemas.refusals_export import EXPORT_UNKNOWN
from storage.case.case import Cases
from storage.collection import Collection, Unit
from storage.export.material import CaseMaterial, Gathering
from storage.objects.port import Stored
from storage.outbox import JobKind
from storage.recording.recording import Recordings
from storage.tables.export import exports


class Export(Frozen):
    """A package of a case; `progress_done` of `progress_total` bytes are written while it is building."""

    id: ExportId
    agency_id: AgencyId
    case_id: CaseId
    requested_by: AccountId
    state: ExportState
    progress_done: int
    progress_total: int
    object_key: str | None
    version_id: str | None
    size_bytes: int | None
    sha256: HexDigest | None
    tagmanifest_sha256: HexDigest | None
    failure: str | None
    created_at: datetime
    ready_at: datetime | None


class Exports(Collection):
    """Packages and how far they have come."""

    def __init__(self, unit: Unit, cases: Cases, recordings: Recordings) -> None:
        super().__init__(unit)
        self._cases = cases
        self._recordings = recordings

    def request(self, actor: Actor, case_id: CaseId) -> Export:
        """Order the package of a case; row and job commit together.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not export it.
        """
        case = self._cases.exportable(actor, case_id)
        row = (
            self._connection.execute(
                exports.insert()
                .values(
                    agency_id=case.agency_id,
                    case_id=case_id,
                    requested_by=actor.id,
                    state=STEPS.begin.state,
                    created_at=self._now,
                )
                .returning(exports)
            )
            .mappings()
            .one()
        )
        self._unit.jobs.enqueue(JobKind.EXPORT, row["id"])
        return Export.of_row(row)

    def get(self, actor: Actor, export_id: ExportId) -> Export:
        """Return an export whose case the actor may export.

        Raises:
            NotFound: no such export within the actor's scope.
        """
        allowed = require_scope(actor, Action.CASE_EXPORT)
        found = self.known(export_id)
        if found.agency_id not in allowed.agency_ids:
            raise EXPORT_UNKNOWN("no such export")
        if allowed.own_only and found.requested_by != actor.id:
            raise EXPORT_UNKNOWN("no such export")
        return found

    def known(self, export_id: ExportId) -> Export:
        """Return an export for the system itself.

        Raises:
            NotFound: no such export.
        """
        query = select(exports).where(exports.c.id == export_id)
        return self._one(query, Export.of_row, EXPORT_UNKNOWN("no such export"))

    def of_case(self, case_id: CaseId) -> tuple[Export, ...]:
        """Return the packages of a case, newest first; the caller has checked the case."""
        rows = self._connection.execute(
            select(exports).where(exports.c.case_id == case_id).order_by(exports.c.id.desc()).limit(50)
        ).mappings()
        return tuple(map(Export.of_row, rows))

    def material(self, export: Export) -> CaseMaterial:
        """Return everything about the case that goes into its package, as of one moment.

        Must be the first statement of its transaction.

        Raises:
            IntegrityBroken: the tiles do not lead from an entry to the signed root.
        """
        return Gathering(self._connection, self._recordings).run(export.case_id)

    def progress(self, export_id: ExportId, *, done: int, total: int) -> None:
        """Keep how many bytes are written; survives the page that watches it.

        A crash of the builder leaves the last number told; the next attempt tells its own.
        """
        self._connection.execute(
            update(exports).where(exports.c.id == export_id).values(progress_done=done, progress_total=total)
        )

    def ready(
        self, export: Export, stored: Stored, *, key: str, sha256: HexDigest, tagmanifest_sha256: HexDigest
    ) -> None:
        """Record the finished package and its custody entry in one transaction.

        A crash before the commit leaves the object under a key that names its content: building again gives it.
        """
        self._connection.execute(
            update(exports)
            .where(exports.c.id == export.id)
            .values(
                state=STEPS[ExportStep.BUILD].end,
                progress_done=stored.size_bytes,
                progress_total=stored.size_bytes,
                object_key=key,
                version_id=stored.version_id,
                size_bytes=stored.size_bytes,
                sha256=sha256,
                tagmanifest_sha256=tagmanifest_sha256,
                **STEPS[ExportStep.BUILD].stamp(self._now),
            )
        )
        self._act(f"account/{export.requested_by}", export.agency_id).record(
            STEPS[ExportStep.BUILD].logs,
            subject("export", export.id),
            case=str(export.case_id),
            sha256=sha256,
            size_bytes=stored.size_bytes,
            tagmanifest_sha256=tagmanifest_sha256,
        )

    def fail(self, export_id: ExportId, failure: str) -> None:
        """Record that the package cannot be built, and why."""
        self._connection.execute(
            update(exports)
            .where(exports.c.id == export_id)
            .values(state=STEPS[ExportStep.FAIL].end, failure=failure[:500])
        )
