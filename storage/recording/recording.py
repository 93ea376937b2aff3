"""Recordings: received with the upload's completion, then sealed or quarantined once and for all."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid5

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select, update

from schemas.act import Process
from schemas.actor import Actor
from schemas.base import whole_milliseconds
from schemas.case import CaseLink
from schemas.derivative import wanted
from schemas.event import Event
from schemas.examination import asks_every_frame
from schemas.ids import CaseId, RecordingId
from schemas.integrity import CheckResult, Severity
from schemas.leaves_recording import RecordingQuarantine, RecordingSeal
from schemas.media import SEEN, medium_of
from schemas.page import Cursor, Page
from schemas.policy import Action, missing
from schemas.recording import (
    STEPS,
    Derivative,
    Recording,
    RecordingFilter,
    RecordingState,
    RecordingStep,
    conclusion,
)
from schemas.reference import reference
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.report import report_of
from schemas.retention import RetentionClass
from schemas.verdict import BINDING_CHECKS, verdict
from storage.act import service
from storage.case.link import count_alone, links_of_recording
from storage.chunk import keep_chunks
from storage.collection import Collection, sorted_order
from storage.custody.values import shown
from storage.outbox import JobKind
from storage.reads.account import is_machine
from storage.reads.among import among
from storage.reads.case import is_linked
from storage.reads.custody import is_signed
from storage.reads.gaps import SequenceGap, gaps_of
from storage.reads.officer import certificates_of
from storage.reads.policy import require_within, within
from storage.reads.recording import check_of
from storage.reads.retention import is_marked, ties_of
from storage.reads.scrub import among_faults, has_stopped, is_at_fault
from storage.reads.shift import rejudged, with_rejudged
from storage.recording.keeping import (
    enter_derivations,
    enter_examinations,
    keep_checks,
    keep_derivatives,
)
from storage.recording.likeness import ask_likeness
from storage.recording.neighbours import Neighbours, neighbours_of
from storage.recording.reading import enter_reading
from storage.recording.scrub import keep_find
from storage.recording.values import (
    SORTS,
    CheckRow,
    Verification,
    conditions_of,
    recording_of,
    select_recordings,
)
from storage.retention.asking import enter_retentions
from storage.tables.recording import RECORDING_WORDS, checks, derivatives, recordings, uploads
from storage.words import matching

SAME_BYTES = 50
"""How many recordings of the same bytes are named: more are a sender out of order, whom the list finds by digest."""


def _is_remarked(row: RowMapping) -> bool:
    return bool(row["remarks"])


class Recordings(Collection):
    """Evidence media, scoped by agency and role on every query."""

    def page(
        self,
        actor: Actor,
        wanted: RecordingFilter,
        *,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Recording]:
        """List recordings the actor may see, newest first, or as the filter says.

        Raises:
            Refused: the actor may not see recordings at all.
        """
        query = select_recordings().where(self._visible(actor, Action.RECORDING_VIEW), *conditions_of(wanted))
        if wanted.at_fault:
            query = query.where(among_faults(), is_at_fault(self._now))
        if wanted.text:
            query = query.where(self._holds(wanted.text))
        if wanted.officer:
            numbers = [wanted.officer, *certificates_of(self._connection, actor.agency_ids, wanted.officer)]
            query = query.where(recordings.c.officers.overlap(numbers))
        order = sorted_order(recordings.c.id, SORTS, wanted.sort)
        # No index knows of remarks: a page is sifted, and a request ends where it has looked at many in vain.
        keep = _is_remarked if wanted.is_remarked else None
        return self._page(query, order, after=after, limit=limit, keep=keep).each(recording_of)

    def _holds(self, wanted: str) -> ColumnElement[bool]:
        digest, others = wanted.strip().lower(), []
        if re.fullmatch("[0-9a-f]{4,64}", digest):
            # A range, as a pattern would find no index outside the C locale.
            others = [recordings.c.sha256.between(digest, digest + "g")]
        return matching(self._connection, recordings.c.id, RECORDING_WORDS, wanted, *others)

    def _visible(self, actor: Actor, action: Action) -> ColumnElement[bool]:
        return require_within(actor, action, self._now, recordings)

    def get(self, actor: Actor, recording_id: RecordingId) -> Recording:
        """Return one recording.

        Raises:
            NotFound: no such recording within the actor's scope.
        """
        visible = self._visible(actor, Action.RECORDING_VIEW)
        return self._recording(recordings.c.id == recording_id, visible)

    def watchable(self, actor: Actor, recording_id: RecordingId) -> Recording:
        """Return a recording whose media the actor may see or hear.

        Raises:
            NotFound: no such recording within the actor's scope.
            Refused: the actor may see the facts but not the media.
        """
        found = self.get(actor, recording_id)
        if not self.watched(actor, [recording_id]):
            raise missing(Action.RECORDING_WATCH)
        return found

    def visible(self, actor: Actor, idents: Iterable[RecordingId]) -> frozenset[RecordingId]:
        """Return which of these recordings the actor may open: a link to another would lead nowhere."""
        return self.reached(actor, Action.RECORDING_VIEW, idents)

    def watched(self, actor: Actor, idents: Iterable[RecordingId]) -> frozenset[RecordingId]:
        """Return those of the recordings whose media the actor may see or hear."""
        return self.reached(actor, Action.RECORDING_WATCH, idents)

    def reached(self, actor: Actor, action: Action, idents: Iterable[RecordingId]) -> frozenset[RecordingId]:
        """Return those of the recordings to which the actor may do `action`."""
        wanted = list(idents)
        inside = and_(among(recordings.c.id, wanted), within(actor, action, self._now, recordings))
        return frozenset(self._connection.scalars(select(recordings.c.id).where(inside)) if wanted else ())

    def known(self, recording_id: RecordingId) -> Recording:
        """Return a recording for the system itself, which has no scope.

        Raises:
            NotFound: no such recording.
        """
        return self._recording(recordings.c.id == recording_id)

    def newest_kept(self, recording_id: RecordingId, *, limit: int) -> tuple[tuple[str, str], ...]:
        """Return key and version of the newest objects but this recording's: by them a store is told from another."""
        rows = self._connection.execute(
            select(recordings.c.object_key, recordings.c.version_id)
            .where(recordings.c.id != recording_id)
            .order_by(recordings.c.id.desc())
            .limit(limit)
        )
        return tuple((row.object_key, row.version_id) for row in rows)

    def of_case(self, case_id: CaseId) -> tuple[Recording, ...]:
        """Return the recordings linked to a case now, oldest first; the caller has checked the case."""
        linked = select_recordings().where(is_linked(recordings.c.id, case_id)).order_by(recordings.c.id)
        rows = self._connection.execute(linked).mappings()
        return tuple(recording_of(row) for row in rows)

    def openable_of_case(self, actor: Actor, case_id: CaseId) -> tuple[RecordingId, ...]:
        """Return which recordings linked to a case now the actor may open, in the order of `of_case`."""
        mine = and_(is_linked(recordings.c.id, case_id), self._visible(actor, Action.RECORDING_VIEW))
        return tuple(self._connection.scalars(select(recordings.c.id).where(mine).order_by(recordings.c.id)))

    def same_bytes(self, actor: Actor, recording: Recording) -> tuple[Recording, ...]:
        """Return the other recordings of the same bytes that the actor may see, oldest first, at most 50."""
        if recording.sha256 is None:
            return ()
        query = select_recordings().where(
            self._visible(actor, Action.RECORDING_VIEW),
            recordings.c.sha256 == recording.sha256,
            recordings.c.id != recording.id,
        )
        rows = self._connection.execute(query.order_by(recordings.c.id).limit(SAME_BYTES)).mappings()
        return tuple(map(recording_of, rows))

    def neighbours(self, actor: Actor, recording: Recording, cases: Iterable[CaseId]) -> Neighbours:
        """Return what the actor may see beside a recording; the caller has checked it and the cases."""
        visible = self._visible(actor, Action.RECORDING_VIEW)
        return neighbours_of(self._connection, recording, cases, visible)

    def gaps_of_case(self, case_id: CaseId) -> tuple[SequenceGap, ...]:
        """Return the holes in the sequences of a case's devices; the caller has checked the case."""
        return gaps_of(self._connection, case_id)

    def _recording(self, *conditions: ColumnElement[bool]) -> Recording:
        query = select_recordings().where(*conditions)
        return self._one(query, recording_of, RECORDING_UNKNOWN("no such recording"))

    def checks(self, recording_id: RecordingId) -> tuple[CheckRow, ...]:
        """Return the checks of the latest run, in order; the hand-in as the end of its duty judges it."""
        latest = select(recordings.c.run).where(recordings.c.id == recording_id).scalar_subquery()
        rows = self._connection.execute(
            select(checks)
            .where(checks.c.recording_id == recording_id, checks.c.run == latest)
            .order_by(checks.c.position)
        ).mappings()
        later = rejudged(self._connection, [recording_id]).get(recording_id)
        made = [CheckRow(check=check_of(row), at=row["at"]) for row in rows]
        if later is None:
            return tuple(made)
        again = CheckRow(check=later[0], at=later[1])
        return tuple(again if one.check.name == again.check.name else one for one in made)

    def findings(self, idents: Iterable[RecordingId]) -> dict[RecordingId, list[CheckResult]]:
        """Return what weighs at least a remark in the latest runs of recordings, in the order of their checks."""
        weighty = [one.value for one in Severity if one.rank >= Severity.REMARK.rank]
        rows = self._connection.execute(
            select(checks)
            .join(
                recordings, and_(recordings.c.id == checks.c.recording_id, recordings.c.run == checks.c.run)
            )
            .where(among(checks.c.recording_id, idents), checks.c.severity.in_(weighty))
            .order_by(checks.c.recording_id, checks.c.position)
        ).mappings()
        made: dict[RecordingId, list[CheckResult]] = {}
        for row in rows:
            made.setdefault(row["recording_id"], []).append(check_of(row))
        return with_rejudged(self._connection, made)

    def derivatives(self, recording_id: RecordingId) -> tuple[Derivative, ...]:
        """Return thumbnails and poster frames."""
        rows = self._connection.execute(
            select(derivatives).where(derivatives.c.recording_id == recording_id).order_by(derivatives.c.kind)
        ).mappings()
        return tuple(map(Derivative.of_row, rows))

    def links(self, recording_id: RecordingId) -> tuple[CaseLink, ...]:
        """Return every tie of a recording to a case, past ones included."""
        return links_of_recording(self._connection, recording_id)

    def has_stopped(self, recording_id: RecordingId) -> bool:
        """Say whether nobody goes on with its verification: what we hold of its manifest is broken."""
        stopped = select(recordings.c.id).where(recordings.c.id == recording_id, has_stopped())
        return self._connection.scalar(stopped) is not None

    def verify_stopped(self) -> int:
        """Have those verified again whose verification has stopped; for the operator, who mended what was in the way.

        Returns:
            How many.
        """
        stopped = self._connection.scalars(select(recordings.c.id).where(has_stopped())).all()
        return self._unit.jobs.begin_anew((JobKind.VERIFY, JobKind.VERIFY_SLOW), stopped)

    def names_manifest(self, recording_id: RecordingId) -> bool:
        """Say whether the sender named a manifest, known to us or not."""
        named = select(uploads.c.manifest_sha256).where(uploads.c.recording_id == recording_id)
        return self._connection.scalar(named) is not None

    def is_by_machine(self, recording: Recording) -> bool:
        """Say whether a machine's account sent it: no officer captures what fixed equipment records."""
        sender = recording.account_id
        return sender is not None and is_machine(self._connection, sender)

    def counts(self, actor: Actor) -> dict[str, int]:
        """Count by state and by verdict what the actor may see or count; the home page's first line."""
        visible = or_(
            self._visible(actor, Action.RECORDING_VIEW),
            within(actor, Action.RECORDING_COUNT, self._now, recordings),
        )
        counted: dict[str, int] = {}
        for column in (recordings.c.state, recordings.c.verdict):
            rows = self._connection.execute(
                select(column.label("word"), func.count().label("number")).where(visible).group_by(column)
            )
            counted |= {row.word: row.number for row in rows}
        return counted

    def may_delete_local(self, recording: Recording) -> bool:
        """Say whether the device may forget its copy: sealed, in a signed checkpoint, and still given by the store."""
        if recording.state is not RecordingState.SEALED or self._is_at_fault(recording.id):
            return False
        about = reference("recording", recording.id)
        return is_signed(self._connection, about, Event.RECORDING_SEAL)

    def _is_at_fault(self, recording_id: RecordingId) -> bool:
        broken = select(recordings.c.id).where(recordings.c.id == recording_id, is_at_fault(self._now))
        return self._connection.scalar(broken) is not None

    def conclude(self, recording_id: RecordingId, found: Verification) -> RecordingState:
        """Seal or quarantine, with every check, in this transaction.

        The retention lock must stand in the store before: a crash in between leaves a received recording
        that is already locked, and the next run comes to the same answer.

        Raises:
            AlreadySealed, TransitionRefused: it was concluded before.
        """
        agency_id = self._connection.execute(
            select(recordings.c.agency_id).where(recordings.c.id == recording_id)
        ).scalar_one()
        report = report_of(found.checks, found.facts, found.derivatives)
        about = f"recording/{recording_id}"
        act = self._begin(service(Process.WORKER), agency_id, about)
        row = (
            self._connection.execute(
                select(recordings).where(recordings.c.id == recording_id).with_for_update(key_share=True)
            )
            .mappings()
            .one()
        )
        step = conclusion(found.checks)
        state = STEPS.after(RecordingState(row["state"]), step, None)
        concluded = _leaf_of(row, found, report, step)
        self._connection.execute(
            update(recordings)
            .where(recordings.c.id == recording_id)
            .values(
                state=state,
                verdict=concluded.verdict,
                run=concluded.run,
                **STEPS[step].stamp(act.at),
                facts=report["facts"],
                **found.model_dump(include={"sha256", "sm3", "media_type"}),
                **dict.fromkeys(("retain_until", "kept_until", "locked_until"), concluded.retain_until),
                retention=RetentionClass.ROUTINE,
            )
        )
        if is_marked(self._connection, recording_id) or ties_of(
            self._connection, self._unit.settings, recording_id
        ):
            enter_retentions(self._connection, [recording_id], sender=recording_id, at=act.at)
        if state is RecordingState.QUARANTINED:
            count_alone(self._connection, recording_id)
        keep_checks(self._connection, act, recording_id, concluded.run, report["checks"])
        keep_derivatives(self._connection, act, recording_id, found.derivatives)
        keep_chunks(self._connection, row["object_key"], row["version_id"], found.chunks)
        if found.sha256 is not None:
            enter_reading(self._connection, act, recording_id)
        if state is RecordingState.SEALED and medium_of(found.media_type) in SEEN:
            ask_likeness(self._unit, recording_id, found.codes, row["device_id"] or row["account_id"])
        act.write(concluded, about, ident=uuid5(recording_id, f"{concluded.spec.event} {concluded.run}"))
        if found.store_fault is not None:
            keep_find(
                self._connection, act, recording_id, found.store_fault, found.sha256, cause=recording_id
            )
        if state is RecordingState.SEALED and asks_every_frame(found.media_type, found.facts, found.checks):
            enter_examinations(
                self._connection, [recording_id], by=None, sender=agency_id, at=act.at, every_frame=True
            )
        copies = ((recording_id, kind) for kind in wanted(found.media_type, found.facts))
        enter_derivations(self._connection, copies, by=None, sender=agency_id, at=act.at)
        return state


def _leaf_of(
    row: RowMapping, found: Verification, report: Mapping[str, Any], step: RecordingStep
) -> RecordingSeal | RecordingQuarantine:
    """Return what the log says of a conclusion: a digest of the report, and the binding claims in clear."""
    members: dict[str, Any] = {
        "sha256": found.sha256,
        "sm3": found.sm3,
        "size_bytes": row["size_bytes"],
        "media_type": found.media_type,
        "captured_at": _stated(row["captured_at"]),
        "corrected_at": _stated(row["corrected_at"]),
        "verdict": verdict(found.checks),
        "checks": {check.name: check.word for check in found.checks if check.name in BINDING_CHECKS},
        "checks_count": len(found.checks),
        "run": row["run"] + 1,
        "retain_until": _stated(found.retain_until),
        "report": shown(report),
    }
    if step is RecordingStep.SEAL:
        return RecordingSeal(to=RecordingState.SEALED, **members)
    return RecordingQuarantine(to=RecordingState.QUARANTINED, **members)


def _stated(at: datetime | None) -> datetime | None:
    return None if at is None else whole_milliseconds(at)
