"""Export packages: requested, built by a worker, kept with the digest under which they were logged."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import func, select, update

from schemas.act import Process
from schemas.actor import Actor
from schemas.base import Frozen, HexDigest
from schemas.digest import sha256_hex
from schemas.disclosure import chains_text, hidden_text, parse_chains
from schemas.event import Event
from schemas.export import STEPS, ExportState, ExportStep
from schemas.ids import AccountId, AgencyId, CaseId, ExportId
from schemas.leaves_review import ExportBuild, ExportFail, ExportPurpose, ExportRequest, LeafReads
from schemas.look import reads_sha256
from schemas.policy import Action
from schemas.reference import ident_of, noun_of, reference
from schemas.refusals_custody import LEAF_BROKEN
from schemas.refusals_export import EXPORT_UNKNOWN, EXPORTS_WAITING
from storage.act import Deed, fresh_id, service
from storage.case.case import Cases
from storage.chunk import keep_chunks
from storage.collection import Collection, Unit
from storage.export.material import CaseMaterial, Gathering
from storage.export.scope import scope_of
from storage.objects.port import Stored
from storage.outbox import JobKind
from storage.reads.look import read_so_far
from storage.reads.policy import require_within, within
from storage.tables.export import exports

_OF_PACKAGES = frozenset({Event.EXPORT_REQUEST, Event.EXPORT_BUILD, Event.EXPORT_FAIL})


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

    def __init__(self, unit: Unit, cases: Cases) -> None:
        super().__init__(unit)
        self._cases = cases

    def request(self, actor: Actor, case_id: CaseId, purpose: ExportPurpose = ExportPurpose.COURT) -> Export:
        """Order the package of a case; row, leaf and job commit together.

        The leaf says which chains the package holds and how far, and what of them is not shown and why: it is the word
        of whoever asked, never of whoever builds.

        Asking again while that package is being built, and nothing has been added to what it is about, gives it.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not export it.
            ShareSpent: the actor waits for as many as one may (`exports-waiting`).
            Busy: the log is not open yet (`log-not-open`).
        """
        case, about = self._cases.exportable(actor, case_id), reference("case", case_id)
        deed = self._begin(actor, case.agency_id, about)
        self._cases.exportable(actor, case_id)  # whoever is barred meanwhile comes before this in the log
        waiting = self._waiting_for(actor)
        for one in waiting:
            if one.case_id == case_id and self._is_asked_again(one, purpose):
                return one
        if len(waiting) >= self._unit.settings.waiting_exports:
            raise EXPORTS_WAITING("wait for one of them", limit=self._unit.settings.waiting_exports)
        heads, not_shown = scope_of(self._connection, self._unit.custody, about)
        chains, hidden = chains_text(heads), hidden_text(not_shown)
        export_id = ExportId(fresh_id())
        self._connection.execute(
            exports.insert().values(
                id=export_id,
                agency_id=case.agency_id,
                case_id=case_id,
                requested_by=actor.id,
                chains=chains,
                hidden=hidden,
                state=STEPS.begin.state,
                created_at=deed.at,
            )
        )
        asked = ExportRequest(
            for_=purpose,
            chains=len(heads),
            chains_sha256=sha256_hex(chains),
            hidden=len(not_shown),
            hidden_sha256=sha256_hex(hidden),
            reads=self._reads([head.of for head in heads], case_id),
        )
        deed.write(asked, reference("export", export_id), about)
        self._unit.jobs.enqueue(JobKind.EXPORT, export_id, sender_id=actor.id)
        return self.known(export_id)

    def _reads(self, names: Iterable[str], case_id: CaseId) -> LeafReads:
        """Return how many looks the log holds at what the package is about, and the digest over them."""
        recordings = [UUID(ident_of(of)) for of in names if noun_of(of) == "recording"]
        read = read_so_far(self._connection, recordings, case_id)
        return LeafReads(count=len(read), sha256=reads_sha256(read))

    def _waiting_for(self, actor: Actor) -> list[Export]:
        """Return what is being built for a person, one request of whom is let in at a time."""
        mine = func.hashtextextended(f"exports of {actor.reference}", 0)
        self._connection.execute(select(func.pg_advisory_xact_lock(mine)))
        rows = self._connection.execute(
            select(exports).where(exports.c.requested_by == actor.id, exports.c.state == ExportState.BUILDING)
        ).mappings()
        return list(map(Export.of_row, rows))

    def _is_asked_again(self, export: Export, purpose: ExportPurpose) -> bool:
        """Say whether a package now asked for would be this one: for the same, and of chains that have not gone on.

        The case's own chain goes on by its packages; those leaves change nothing that a package is about.
        """
        if self._request_of(export)[1].for_ is not purpose:
            return False
        kept = self._connection.scalars(select(exports.c.chains).where(exports.c.id == export.id)).one()
        then = {head.of: head.n for head in parse_chains(kept)}
        case = reference("case", export.case_id)
        added = list(self._unit.custody.chain(case))[then.pop(case) :]
        now = {head.of: head.n for head in self._unit.custody.heads(then)}
        return now == then and all(one.event in _OF_PACKAGES for one in added)

    def get(self, actor: Actor, export_id: ExportId) -> Export:
        """Return an export whose case the actor may export.

        Raises:
            NotFound: no such export within the actor's scope.
        """
        inside = require_within(actor, Action.CASE_EXPORT, self._now, exports)
        query = select(exports).where(exports.c.id == export_id, inside)
        return self._one(query, Export.of_row, EXPORT_UNKNOWN("no such export"))

    def known(self, export_id: ExportId) -> Export:
        """Return an export for the system itself.

        Raises:
            NotFound: no such export.
        """
        query = select(exports).where(exports.c.id == export_id)
        return self._one(query, Export.of_row, EXPORT_UNKNOWN("no such export"))

    def of_case(self, actor: Actor, case_id: CaseId) -> tuple[Export, ...]:
        """Return the packages of a case that the actor may download, newest first; the caller has checked the case."""
        inside = within(actor, Action.CASE_EXPORT, self._now, exports)
        rows = self._connection.execute(
            select(exports)
            .where(exports.c.case_id == case_id, inside)
            .order_by(exports.c.id.desc())
            .limit(50)
        ).mappings()
        return tuple(map(Export.of_row, rows))

    def material(self, export: Export) -> CaseMaterial | None:
        """Return everything that goes into a package, as of one moment; None while the log has not signed all of it.

        Must be the first statement of its transaction.

        Raises:
            IntegrityBroken: the record contradicts itself or the request (`package-unfit`), or the tiles do not lead
                from a leaf to the signed root.
        """
        return Gathering(self._connection).run(export.id)

    def progress(self, export_id: ExportId, *, done: int, total: int) -> None:
        """Keep how many bytes are written; survives the page that watches it.

        A crash of the builder leaves the last number told; the next attempt tells its own.
        """
        self._connection.execute(
            update(exports).where(exports.c.id == export_id).values(progress_done=done, progress_total=total)
        )

    def ready(
        self,
        export: Export,
        stored: Stored,
        *,
        key: str,
        sha256: HexDigest,
        tagmanifest_sha256: HexDigest,
        chunks: bytes | None = None,
    ) -> None:
        """Record the finished package, the digests of its chunks and its leaf in one transaction.

        A crash before the commit leaves the object under a key that names its content: building again gives it.

        Raises:
            Conflict: the package has ended (slug `export-not-ready`).
        """
        deed, after = self._ending(export, ExportStep.BUILD)
        self._connection.execute(
            update(exports)
            .where(exports.c.id == export.id)
            .values(
                state=after,
                progress_done=stored.size_bytes,
                progress_total=stored.size_bytes,
                object_key=key,
                version_id=stored.version_id,
                size_bytes=stored.size_bytes,
                sha256=sha256,
                tagmanifest_sha256=tagmanifest_sha256,
                **STEPS[ExportStep.BUILD].stamp(deed.at),
            )
        )
        keep_chunks(self._connection, key, stored.version_id, chunks)
        built = ExportBuild(
            request=self._request_of(export)[0],
            sha256=sha256,
            size_bytes=stored.size_bytes,
            tagmanifest_sha256=tagmanifest_sha256,
            object_key=key,
            version_id=stored.version_id,
            to=ExportState.READY.value,
        )
        self._write(deed, built, export)

    def fail(self, export_id: ExportId, failure: str) -> None:
        """Record that the package cannot be built, and why, by the slug of what failed.

        Raises:
            NotFound: no such export.
            Conflict: the package has ended (slug `export-not-ready`).
        """
        export = self.known(export_id)
        deed, after = self._ending(export, ExportStep.FAIL)
        self._connection.execute(
            update(exports).where(exports.c.id == export_id).values(state=after, failure=failure)
        )
        failed = ExportFail(request=self._request_of(export)[0], code=failure, to=ExportState.FAILED.value)
        self._write(deed, failed, export)

    def _ending(self, export: Export, step: ExportStep) -> tuple[Deed, ExportState]:
        """Begin the exporter's act on a package, which lives in its case's chain; returns its state after it."""
        deed = self._begin(service(Process.EXPORTER), export.agency_id, reference("case", export.case_id))
        held = select(exports.c.state).where(exports.c.id == export.id).with_for_update(key_share=True)
        now = ExportState(self._connection.execute(held).scalar_one())
        return deed, STEPS.after(now, step, None)

    def _request_of(self, export: Export) -> tuple[str, ExportRequest]:
        """Return digest and act of the leaf by which a package was asked for.

        Raises:
            IntegrityBroken: there is none (slug `leaf-broken`).
        """
        for one in self._unit.custody.entries_for(reference("export", export.id)):
            if isinstance(one.act, ExportRequest):
                return one.digest, one.act
        raise LEAF_BROKEN(f"no leaf asks for the package {export.id}")

    @staticmethod
    def _write(deed: Deed, act: ExportBuild | ExportFail, export: Export) -> None:
        about = reference("export", export.id)
        ident = uuid5(UUID(str(export.id)), act.spec.event)  # a retry cannot say the end twice
        deed.write(act, about, reference("case", export.case_id), ident=ident)
