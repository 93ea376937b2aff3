"""Cases, their handlers and steps, and the dated ties to recordings."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Action, Actor, Subject, require, require_scope
from schemas.case import (
    OPINION_STEPS,
    STEPS,
    Case,
    CaseAmendIn,
    CaseChange,
    CaseFacts,
    CaseIn,
    CaseLink,
    CaseState,
    CaseStep,
)
from schemas.custody import subject
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, CaseId, RecordingId
from schemas.page import Cursor, Page
from schemas.refusals_case import ACCOUNT_UNKNOWN, CASE_NUMBER_TAKEN, CASE_STEP_REFUSED, CASE_UNKNOWN
from storage.case.link import link_recording, links_where, unlink_recording
from storage.case.submission import submit_round
from storage.case.values import cases_within, require_open, select_cases
from storage.collection import Collection, Order
from storage.custody.values import committed
from storage.reads.account import handler_of
from storage.reads.gate import gate_facts
from storage.reads.recording import require_of_agency
from storage.tables.case import CASE_WORDS, case_changes, case_handlers, case_links, cases
from storage.version import change, require_version
from storage.words import matching

_NEWEST = Order(cases.c.id)


class Cases(Collection):
    """The matters evidence serves."""

    def open(self, actor: Actor, wish: CaseIn) -> Case:
        """Open a case as a lead; who opens it becomes its first handler.

        Raises:
            Refused: the actor may not open cases.
            Conflict: the agency has a case of this number (slug `case-number-taken`).
        """
        require(actor, Action.CASE_OPEN, Subject(agency_id=actor.agency_id), self._now)
        case_id: CaseId | None = self._connection.scalar(
            insert(cases)
            .values(
                agency_id=actor.agency_id,
                state=STEPS.begin.state,
                opened_by=actor.id,
                opened_at=self._now,
                **wish.model_dump(),
            )
            .on_conflict_do_nothing()
            .returning(cases.c.id)
        )
        if case_id is None:
            raise CASE_NUMBER_TAKEN("a case of this number is open already")
        self._name_handler(case_id, actor.account_id)
        self._log(STEPS.begin.logs, case_id, actor.agency_id, actor)
        return self.get(actor, case_id)

    def _name_handler(self, case_id: CaseId, account_id: AccountId) -> None:
        self._connection.execute(
            insert(case_handlers).values(case_id=case_id, account_id=account_id).on_conflict_do_nothing()
        )

    def assign(self, actor: Actor, case_id: CaseId, login: str, seen: int) -> Case:
        """Name one more handler, by login, of the case's own agency; naming one twice changes nothing.

        Raises:
            NotFound: no such case in scope, or no handler of that login in the agency (slug `account-unknown`).
            Refused: the actor decides no cases here.
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_DECIDE)
        account_id = handler_of(self._connection, case.agency_id, login)
        if account_id is None:
            raise ACCOUNT_UNKNOWN("no such handler in the agency of the case")
        change(self._connection, cases, case_id, seen)
        self._name_handler(case_id, account_id)
        self._changed(Event.CASE_AMEND, case, actor, "", handler=f"account/{account_id}")
        return self.get(actor, case_id)

    def amend(self, actor: Actor, case_id: CaseId, wish: CaseAmendIn, seen: int) -> Case:
        """Correct what was entered; what stood before is kept, the log says which fields changed.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case.
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_RUN)
        require_open(case)
        changed = wish.model_dump(exclude_unset=True, exclude={"reason"})
        change(self._connection, cases, case_id, seen, **changed)
        before = case.model_dump(mode="json", include=set(changed))
        self._changed(Event.CASE_AMEND, case, actor, wish.reason, before=before, fields=sorted(changed))
        return self.get(actor, case_id)

    def step(self, actor: Actor, case_id: CaseId, step: CaseStep, reason: str, seen: int) -> Case:
        """Take one step: file, investigate, conclude, submit, decide, close.

        A submission opens a review round with a snapshot of the evidence, whose digest enters the log.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not take this step here.
            TransitionRefused: the state or a gate does not allow it.
            VersionConflict: somebody else changed the case.
        """
        if step in OPINION_STEPS:
            raise CASE_STEP_REFUSED(f"{step} is taken by a review's opinion")
        case = self.writable(actor, case_id, STEPS[step].asks)
        self.advance(case, step, seen)
        facts: dict[str, Any] = {}
        if step is CaseStep.SUBMIT:
            due_at = self._unit.settings.calendar.after(self._now, self._unit.settings.legal_review_days)
            # State, round and snapshot in one commit, under the case's lock: a crash leaves the case as it was.
            made = submit_round(self._connection, case, actor, at=self._now, due_at=due_at)
            facts = {
                "review": str(made.review_id),
                "round": made.round,
                "evidence_sha256": made.evidence_sha256,
            }
        self._changed(STEPS[step].logs, case, actor, reason.strip(), **facts)
        return self.get(actor, case_id)

    def _changed(
        self,
        event: Event,
        case: Case,
        actor: Actor,
        reason: str,
        *,
        before: Mapping[str, Any] | None = None,
        **facts: object,
    ) -> None:
        """Keep the words beside the case and a commitment to them in the log."""
        why = committed(reason)
        self._connection.execute(
            insert(case_changes).values(
                case_id=case.id,
                verb=event.value.partition(":")[2],
                before=before or {},
                reason=why.text,
                reason_salt=why.salt,
                changed_by=actor.reference,
                changed_at=self._now,
            )
        )
        commitment = why.commitment if why.text else None
        self._log(event, case.id, case.agency_id, actor, reason=commitment, **facts)

    def advance(self, case: Case, step: CaseStep, seen: int | None) -> None:
        """Move the case under its own lock; `seen` None is for a review, which has a version of its own.

        Raises:
            TransitionRefused: the state or a gate does not allow it.
            VersionConflict: somebody else changed the case.
        """
        self._connection.execute(select(cases.c.id).where(cases.c.id == case.id).with_for_update())
        now = self._connection.execute(
            select(cases.c.state, cases.c.version).where(cases.c.id == case.id)
        ).one()
        if seen is not None:
            require_version(now.version, seen)
        after = STEPS.after(CaseState(now.state), step, self.gate_facts(case.id))
        change(self._connection, cases, case.id, now.version, state=after, **STEPS[step].stamp(self._now))

    def gate_facts(self, case_id: CaseId) -> CaseFacts:
        """Return what the gates of a case's steps look at now; the caller has checked the case."""
        return gate_facts(self._connection, case_id)

    def touch(self, case_id: CaseId, seen: int) -> None:
        """Count a change of what the case holds beside its row: a tie, a fact, a proof.

        Raises:
            VersionConflict: somebody else changed the case.
        """
        change(self._connection, cases, case_id, seen)

    def page(
        self,
        actor: Actor,
        *,
        number: str | None = None,
        state: CaseState | None = None,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Case]:
        """List cases the actor may see, newest first.

        Raises:
            Refused: the actor may not see cases at all.
        """
        require_scope(actor, Action.CASE_VIEW)
        wanted = select_cases().where(cases_within(actor, Action.CASE_VIEW))
        if number:
            wanted = wanted.where(matching(self._connection, cases.c.id, CASE_WORDS, number))
        if state:
            wanted = wanted.where(cases.c.state == state)
        return self._page(wanted, _NEWEST, after=after, limit=limit).each(Case.of_row)

    def get(self, actor: Actor, case_id: CaseId) -> Case:
        """Return one case.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not see cases at all.
        """
        require_scope(actor, Action.CASE_VIEW)
        return self._case(cases.c.id == case_id, cases_within(actor, Action.CASE_VIEW))

    def numbered(self, actor: Actor, agency_id: AgencyId, number: str) -> Case | None:
        """Return the case of exactly this number in an agency, when it is within the actor's scope."""
        row = (
            self._connection.execute(
                select_cases().where(
                    cases.c.agency_id == agency_id,
                    cases.c.number == number,
                    cases_within(actor, Action.CASE_VIEW),
                )
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else Case.of_row(row)

    def is_visible(self, actor: Actor, case_id: CaseId) -> bool:
        """Say whether the case is within the actor's scope.

        Raises:
            Refused: the actor may not see cases at all.
        """
        require_scope(actor, Action.CASE_VIEW)
        inside = and_(cases.c.id == case_id, cases_within(actor, Action.CASE_VIEW))
        return bool(self._connection.scalar(select(exists().where(inside))))

    def visible(self, actor: Actor, idents: Iterable[CaseId]) -> frozenset[CaseId]:
        """Return which of these cases the actor may open: a link to another would lead nowhere."""
        inside = and_(cases.c.id.in_(list(idents)), cases_within(actor, Action.CASE_VIEW))
        return frozenset(self._connection.scalars(select(cases.c.id).where(inside)))

    def known(self, case_id: CaseId) -> Case:
        """Return a case for the system itself, which has no scope.

        Raises:
            NotFound: no such case.
        """
        return self._case(cases.c.id == case_id)

    def _case(self, *conditions: ColumnElement[bool]) -> Case:
        query = select_cases().where(*conditions)
        return self._one(query, Case.of_row, CASE_UNKNOWN("no such case"))

    def links(self, case_id: CaseId) -> tuple[CaseLink, ...]:
        """Return every tie of a case, past ones included, oldest first."""
        return links_where(self._connection, case_links.c.case_id == case_id)

    def link(self, actor: Actor, case_id: CaseId, recording_id: RecordingId, seen: int) -> CaseLink:
        """Tie a recording to a case; doing it twice gives the tie that stands.

        Raises:
            NotFound: case or recording is not of one agency within the actor's scope.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_LINK)
        require_open(case)
        require_of_agency(self._connection, recording_id, case.agency_id)
        change(self._connection, cases, case_id, seen)
        act = self._act(actor, case.agency_id)
        link_recording(self._connection, act, case_id=case_id, recording_id=recording_id)
        return links_where(
            self._connection,
            and_(
                case_links.c.case_id == case_id,
                case_links.c.recording_id == recording_id,
                case_links.c.unlinked_at.is_(None),
            ),
        )[0]

    def unlink(
        self, actor: Actor, case_id: CaseId, recording_id: RecordingId, reason: str, seen: int
    ) -> None:
        """End a tie by a dated counter-entry; the log keeps a salted commitment of the reason.

        Raises:
            NotFound: no such tie stands.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_LINK)
        require_open(case)
        change(self._connection, cases, case_id, seen)
        act = self._act(actor, case.agency_id)
        unlink_recording(self._connection, act, case_id=case_id, recording_id=recording_id, reason=reason)

    def changes(self, case_id: CaseId) -> tuple[CaseChange, ...]:
        """Return steps, corrections and assignments, oldest first; the caller has checked the case."""
        rows = self._connection.execute(
            select(case_changes).where(case_changes.c.case_id == case_id).order_by(case_changes.c.id)
        ).mappings()
        return tuple(map(CaseChange.of_row, rows))

    def writable(self, actor: Actor, case_id: CaseId, action: Action) -> Case:
        """Return a case in which the actor may do `action`.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor lacks the permission in this case.
        """
        case = self.get(actor, case_id)
        require(
            actor, action, Subject(agency_id=case.agency_id, is_own=self._handles(actor, case_id)), self._now
        )
        return case

    def exportable(self, actor: Actor, case_id: CaseId) -> Case:
        """Return a case the actor may export.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not export it.
        """
        return self.writable(actor, case_id, Action.CASE_EXPORT)

    def _handles(self, actor: Actor, case_id: CaseId) -> bool:
        return bool(
            self._connection.scalar(
                select(
                    exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == actor.id)
                )
            )
        )

    def _log(self, event: Event, case_id: CaseId, agency_id: AgencyId, actor: Actor, **facts: object) -> None:
        self._act(actor, agency_id).record(event, subject("case", case_id), **facts)
