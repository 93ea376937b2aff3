"""Examining a sealed recording again: asked for by a person or the operator, done once, beside what was sealed."""

from collections.abc import Collection as Some
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, update

from schemas.act import Process
from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.checks.table import CHECKS
from schemas.examination import AS_OF_RECEIPT, EDITIONS, Examination
from schemas.ids import ExaminationId, RecordingId
from schemas.integrity import CheckResult, Verdict
from schemas.leaves_recording import RecordingExamine
from schemas.policy import Action
from schemas.recording import Recording, RecordingState
from schemas.reference import reference
from schemas.refusals_examination import EXAMINATION_UNSEALED
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.report import report_of
from schemas.scrub import StoreFault, StoreFind, standing
from schemas.verdict import BINDING_CHECKS, verdict
from storage.act import service
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.examination import turned_worse, went_frame_by_frame
from storage.reads.policy import require_within
from storage.reads.recording import check_of
from storage.recording.keeping import enter_examinations, keep_checks, keep_derivatives
from storage.recording.scrub import finds_of, keep_find
from storage.recording.values import Verification
from storage.tables.examination import examinations
from storage.tables.recording import checks, derivatives, recordings


class Examinations(Collection):
    """What was asked to be examined again, and what came of it."""

    def of_recording(self, recording_id: RecordingId) -> tuple[Examination, ...]:
        """Return every examination after the first of a recording that the caller may see, newest first."""
        query = select(examinations).where(examinations.c.recording_id == recording_id)
        rows = self._connection.execute(query.order_by(examinations.c.id.desc())).mappings()
        return tuple(map(Examination.of_row, rows))

    def results(self, recording_id: RecordingId, run: int) -> tuple[CheckResult, ...]:
        """Return the results of one run as they were kept, in their order."""
        query = select(checks).where(checks.c.recording_id == recording_id, checks.c.run == run)
        rows = self._connection.execute(query.order_by(checks.c.position)).mappings()
        return tuple(map(check_of, rows))

    def beside(self, found: Examination) -> tuple[tuple[CheckResult, ...], tuple[CheckResult, ...]]:
        """Return the results before an examination that is done, and its own."""
        run = found.run or 0
        return self.results(found.recording_id, run - 1), self.results(found.recording_id, run)

    def latest_run(self, recording_id: RecordingId) -> int:
        """Return the number of the result that is shown."""
        return int(
            self._connection.execute(
                select(recordings.c.run).where(recordings.c.id == recording_id)
            ).scalar_one()
        )

    def worse_among(self, idents: Some[RecordingId]) -> frozenset[RecordingId]:
        """Return which of these recordings, which the caller may see, were found worse by their latest result."""
        wanted = select(recordings.c.id).where(recordings.c.id.in_(idents), turned_worse())
        return frozenset(self._connection.scalars(wanted) if idents else ())

    def ask(self, actor: Actor, recording_id: RecordingId, *, every_frame: bool = False) -> Examination:
        """Have a recording examined again, a film frame by frame where asked; while one waits, asking again is that one.

        What was decoded frame by frame before is so again.

        Raises:
            Refused: the actor may not have recordings examined.
            NotFound: no such recording within the actor's scope (slug `recording-unknown`).
            TransitionRefused: it is not sealed (slug `examination-unsealed`).
        """
        mine = require_within(actor, Action.RECORDING_EXAMINE, self._now, recordings)
        query = select(recordings.c.state, went_frame_by_frame().label("was_every"))
        row = self._connection.execute(query.where(recordings.c.id == recording_id, mine)).one_or_none()
        if row is None:
            raise RECORDING_UNKNOWN("no such recording")
        if row.state != RecordingState.SEALED:
            raise EXAMINATION_UNSEALED("it is not sealed")
        is_every = every_frame or row.was_every
        self._enter([recording_id], actor.id, actor.id, every_frame=is_every)
        return next(one for one in self.of_recording(recording_id) if one.every_frame is is_every)

    def ask_outdated(self, *, after: RecordingId | None, limit: int) -> tuple[int, RecordingId | None]:
        """Have sealed recordings examined again whose latest result was made by older or fewer checks.

        For the operator: it has no scope. Returns how many were added, and the last recording that was looked at, for
        the next portion; None where none is left.
        """
        wanted = (
            select(recordings.c.id, recordings.c.agency_id, went_frame_by_frame().label("was_every"))
            .where(recordings.c.state == RecordingState.SEALED, _is_outdated(), ~_is_waiting())
            .order_by(recordings.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(
            wanted if after is None else wanted.where(recordings.c.id > after)
        ).all()
        by_agency: dict[tuple[UUID, bool], list[RecordingId]] = {}
        for row in rows:
            by_agency.setdefault((row.agency_id, row.was_every), []).append(RecordingId(row.id))
        # Agencies take turns: what one has asked for stands behind no other's.
        added = sum(
            self._enter(idents, None, agency, every_frame=is_every)
            for (agency, is_every), idents in by_agency.items()
        )
        return added, RecordingId(rows[-1].id) if rows else None

    def outdated(self) -> int:
        """Count what `ask_outdated` would ask for."""
        wanted = (recordings.c.state == RecordingState.SEALED, _is_outdated(), ~_is_waiting())
        return int(
            self._connection.execute(select(func.count()).select_from(recordings).where(*wanted)).scalar_one()
        )

    def _enter(
        self, idents: list[RecordingId], asked_by: UUID | None, sender: UUID, *, every_frame: bool
    ) -> int:
        return enter_examinations(
            self._connection, idents, by=asked_by, sender=sender, at=self._now, every_frame=every_frame
        )

    def waiting(self, ident: ExaminationId) -> Examination | None:
        """Return what a job is about; None where it was done."""
        row = (
            self._connection.execute(select(examinations).where(examinations.c.id == ident)).mappings().one()
        )
        found = Examination.of_row(row)
        return found if found.run is None and found.failure is None else None

    def conclude(self, asked: Examination, found: Verification) -> Examination:
        """Enter the newer result beside the old: checks, verdict, facts, and pictures of kinds that there were none of.

        What people, keys, clocks and duties were judged by stands in `found` as it was kept. A crash before the commit
        leaves what was asked, and pictures in the store under keys that the next try takes again.
        """
        agency_id = self._connection.execute(
            select(recordings.c.agency_id).where(recordings.c.id == asked.recording_id)
        ).scalar_one()
        about = reference("recording", asked.recording_id)
        act = self._begin(service(Process.WORKER), agency_id, about)
        row = (
            self._connection.execute(
                select(recordings)
                .where(recordings.c.id == asked.recording_id)
                .with_for_update(key_share=True)
            )
            .mappings()
            .one()
        )
        there = set(
            self._connection.scalars(
                select(derivatives.c.kind).where(derivatives.c.recording_id == asked.recording_id)
            )
        )
        made = tuple(one for one in found.derivatives if one.kind not in there)
        report = report_of(found.checks, found.facts, made)
        leaf = _leaf_of(asked, row, found, report)
        self._connection.execute(
            update(recordings)
            .where(recordings.c.id == asked.recording_id)
            .values(verdict=leaf.verdict, run=leaf.run, facts=report["facts"], media_type=found.media_type)
        )
        keep_checks(self._connection, act, asked.recording_id, leaf.run, report["checks"])
        keep_derivatives(self._connection, act, asked.recording_id, made)
        self._connection.execute(
            update(examinations)
            .where(examinations.c.id == asked.id)
            .values(run=leaf.run, verdict=leaf.verdict, was=leaf.was, examined_at=act.at)
        )
        act.write(leaf, about, ident=uuid5(asked.id, RecordingExamine.spec.event))
        return self.of_recording(asked.recording_id)[0]

    def fail(self, ident: ExaminationId, failure: str) -> None:
        """Say that it could not be examined again; what was sealed stays as it is."""
        self._connection.execute(
            update(examinations)
            .where(examinations.c.id == ident, examinations.c.run.is_(None))
            .values(failure=failure[:64])
        )

    def fail_on_store(self, asked: Examination, code: StoreFault, sha256: HexDigest | None) -> None:
        """Say, in the log too, that the store gave other bytes than were sealed; the seal stays what it is.

        Args:
            asked: What could not be examined.
            code: What was met.
            sha256: The digest of what the store gave; None where it gave nothing.
        """
        agency_id = self._connection.execute(
            select(recordings.c.agency_id).where(recordings.c.id == asked.recording_id)
        ).scalar_one()
        act = self._begin(service(Process.WORKER), agency_id, reference("recording", asked.recording_id))
        self.fail(asked.id, code)
        keep_find(self._connection, act, asked.recording_id, code, sha256, cause=asked.id)

    def store_find(self, found: Recording) -> StoreFind | None:
        """Return the last difference of a recording that the caller may see, unless its bytes were read as sealed since."""
        return standing(finds_of(self._connection, found.id), self.of_recording(found.id))


def _leaf_of(
    asked: Examination, row: Mapping[Any, Any], found: Verification, report: Mapping[str, Any]
) -> RecordingExamine:
    return RecordingExamine(
        examination=str(asked.id),
        asked_by=None if asked.asked_by is None else reference("account", asked.asked_by),
        sha256=found.sha256,
        size_bytes=row["size_bytes"],
        media_type=found.media_type,
        verdict=verdict(found.checks),
        was=Verdict(row["verdict"]),
        checks={check.name: check.word for check in found.checks if check.name in BINDING_CHECKS},
        checks_count=len(found.checks),
        run=row["run"] + 1,
        report=shown(report),
    )


def _is_waiting() -> ColumnElement[bool]:
    return exists().where(
        examinations.c.recording_id == recordings.c.id,
        examinations.c.run.is_(None),
        examinations.c.failure.is_(None),
    )


def _is_outdated() -> ColumnElement[bool]:
    older = [
        and_(checks.c.name == check.name, checks.c.version < check.version)
        for check in CHECKS.values()
        if check.name not in AS_OF_RECEIPT and check.version > 1
    ]
    latest = and_(checks.c.recording_id == recordings.c.id, checks.c.run == recordings.c.run)
    is_known = func.coalesce(recordings.c.facts["edition"].astext, "").in_(EDITIONS)
    return or_(~is_known, exists().where(latest, or_(false(), *older)))
