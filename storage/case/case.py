"""Cases, their handlers and steps, and the dated ties to recordings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, select
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.case import (
    OPINION_STEPS,
    OVER_STATES,
    STEPS,
    SUMMARY_STEPS,
    Case,
    CaseAmendIn,
    CaseIn,
    CaseLink,
    CaseState,
    CaseStep,
    check_reason,
)
from schemas.case_change import CaseChange
from schemas.case_gate import CaseFacts
from schemas.case_number import check_usual
from schemas.decision import DecisionOutcome
from schemas.errors import EvidenceError, Refused
from schemas.ids import AccountId, AgencyId, CaseId, MonitoringId, RecordingId
from schemas.leaves import newest
from schemas.leaves_case import CaseAmend, CaseAppoint, CaseOpen, TieBasis
from schemas.party_code import check_party_code
from schemas.policy import Action, Subject, require
from schemas.procedure import LISTING
from schemas.reference import reference
from schemas.refusals_case import ACCOUNT_UNKNOWN, CASE_NUMBER_TAKEN, CASE_STEP_REFUSED
from schemas.refusals_procedure import CASE_STEP_LISTED
from schemas.refusals_summary import SUMMARY_APART
from schemas.review_scope import ScopeAnswerIn
from schemas.separation import Charge, check_charge
from schemas.setting import Setting
from schemas.setting_list import Items, ListSetting
from storage.act import Deed, fresh_id
from storage.case.history import history_of
from storage.case.link import (
    link_recording,
    links_where,
    require_loose,
    require_tieable,
    unlink_recording,
)
from storage.case.reading import CaseReading
from storage.case.scope import keep_answers, keep_proposal
from storage.case.submission import submit_round
from storage.case.values import (
    columns_of,
    fields_of,
    kept_columns,
    members_of,
    require_open,
)
from storage.custody.values import shown
from storage.reads.account import handler_of, handlers_in
from storage.reads.gate import gate_facts
from storage.reads.participation import parts_of
from storage.reads.recording import require_of_agency
from storage.reads.retention import tied_to
from storage.reads.scope import is_demanded
from storage.reads.setting import list_at, setting_at
from storage.retention.asking import enter_retentions
from storage.tables.case import case_handlers, case_links, cases
from storage.version import change_to, require_version

_CHARGES = {CaseStep.EXEMPT: Charge.EXEMPT, CaseStep.RECORD: Charge.RECORD}


class OfferedHandler(NamedTuple):
    """Somebody who may be named a handler: who they are to the log-in, and to people."""

    login: str
    name: str


class Cases(CaseReading):
    """The matters evidence serves."""

    def open(self, actor: Actor, wish: CaseIn) -> Case:
        """Open a case as a lead; who opens it becomes its first handler.

        Raises:
            Refused: the actor may not open cases.
            Invalid: the party's code is none (slug `party-code-wrong`), or the number unlike those of the agency
                (`case-number-unusual`).
            Conflict: the agency has a case of this number (slug `case-number-taken`).
        """
        self.require_opening(actor)
        check_party_code(wish.party_code)
        self.check_number(actor, wish)
        case_id = CaseId(fresh_id())
        self.opened(self._begin(actor, actor.agency_id, reference("case", case_id)), actor, case_id, wish)
        return self.get(actor, case_id)

    def number_patterns(self, actor: Actor) -> Items:
        """Return how the actor's agency writes its numbers now; empty where it has not said so."""
        name = ListSetting.CASE_NUMBERS
        return list_at(self._connection, self._unit.settings, actor.agency_id, name, self._now)

    def check_number(self, actor: Actor, wish: CaseIn) -> None:
        """Refuse a number that is like none of the agency's, unless who typed it is sure.

        Raises:
            Invalid: slug `case-number-unusual`.
        """
        check_usual(wish.number, self.number_patterns(actor), is_sure=wish.number_is_sure)

    def require_opening(self, actor: Actor) -> None:
        """Refuse whoever may not open cases.

        Raises:
            Refused: the permission is missing.
        """
        require(actor, Action.CASE_OPEN, Subject(agency_id=actor.agency_id), self._now)

    def opened(
        self,
        deed: Deed,
        actor: Actor,
        case_id: CaseId,
        wish: CaseIn,
        *,
        monitoring_id: MonitoringId | None = None,
    ) -> None:
        """Enter a lead in an act that holds its chain; `monitoring_id` is the record it is opened from.

        Raises:
            Conflict: the agency has a case of this number (slug `case-number-taken`).
        """
        about, entered = reference("case", case_id), columns_of(wish.model_dump(exclude={"number_is_sure"}))
        kept = kept_columns(self._connection, case_id, entered)
        made = self._connection.scalar(
            insert(cases)
            .values(
                id=case_id,
                agency_id=actor.agency_id,
                state=STEPS.begin.state,
                version=deed.next_number(about),
                opened_by=actor.id,
                opened_at=deed.at,
                **kept,
            )
            .on_conflict_do_nothing()
            .returning(cases.c.id)
        )
        if made is None:
            raise CASE_NUMBER_TAKEN("a case of this number is open already")
        self._name_handler(case_id, actor.account_id)
        members = {
            "agency": reference("agency", actor.agency_id),
            "monitoring": None if monitoring_id is None else reference("monitoring", monitoring_id),
            "to": STEPS.begin.state,
            **members_of(entered),
        }
        deed.write(CaseOpen.model_validate(members), about)

    def _name_handler(self, case_id: CaseId, account_id: AccountId) -> None:
        self._connection.execute(insert(case_handlers).values(case_id=case_id, account_id=account_id))

    def assign(self, actor: Actor, case_id: CaseId, login: str, seen: int) -> Case:
        """Name one more handler, by login, of the case's own agency; naming one twice changes nothing.

        Raises:
            NotFound: no such case in scope, or no handler of that login in the agency (slug `account-unknown`).
            Refused: the actor decides no cases here, or the handler gave a legal review of it (`handler-reviewed`).
            TransitionRefused: the case is closed (slug `case-step-refused`).
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_DECIDE)
        handler = reference("account", self._handler(case.agency_id, login))
        deed, case = self.changing(actor, case_id, Action.CASE_DECIDE, seen, relies=(handler,))
        account_id = self._handler(case.agency_id, login)
        if case.state in OVER_STATES:
            raise CASE_STEP_REFUSED("a closed case is handled by nobody new", state=case.state)
        check_charge(Charge.HANDLE, parts_of(self._connection, case_id, account_id))
        if not self._is_handled(case_id, account_id):
            about = reference("case", case_id)
            change_to(self._connection, cases, case_id, seen, deed.next_number(about))
            self._name_handler(case_id, account_id)
            deed.write(CaseAppoint(handler=handler), about)
        return self.get(actor, case_id)

    def offered(self, actor: Actor, case: Case) -> tuple[OfferedHandler, ...]:
        """Return who may be named a handler of a case, by name: handlers of its agency who are none of it yet.

        Raises:
            Refused, NotFound: as for naming one.
        """
        self.writable(actor, case.id, Action.CASE_DECIDE)
        handling = select(case_handlers.c.account_id).where(case_handlers.c.case_id == case.id)
        rows = handlers_in(self._connection, case.agency_id, self._moment, without=handling)
        return tuple(OfferedHandler(row["login"], row["name"]) for row in rows)

    def _handler(self, agency_id: AgencyId, login: str) -> AccountId:
        account_id = handler_of(self._connection, agency_id, login, self._moment)
        if account_id is None:
            raise ACCOUNT_UNKNOWN("no such handler in the agency of the case")
        return account_id

    def amend(self, actor: Actor, case_id: CaseId, wish: CaseAmendIn, seen: int) -> Case:
        """Correct what was entered; what stood before stays in the leaves before this one.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case.
            Invalid: the party's code is none (slug `party-code-wrong`).
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        deed, case = self.changing(actor, case_id, Action.CASE_RUN, seen)
        require_open(case)
        check_party_code(wish.party_code)
        about = reference("case", case_id)
        entered = columns_of(wish.model_dump(exclude_unset=True, exclude={"reason"}))
        kept = kept_columns(self._connection, case_id, entered)
        change_to(self._connection, cases, case_id, seen, deed.next_number(about), **kept)
        members = {"fields": fields_of(entered), "reason": shown(wish.reason), **members_of(entered)}
        deed.write(CaseAmend.model_validate(members), about)
        return self.get(actor, case_id)

    def step(
        self,
        actor: Actor,
        case_id: CaseId,
        step: CaseStep,
        reason: str,
        seen: int,
        *,
        answers: Sequence[ScopeAnswerIn] = (),
        proposal: DecisionOutcome | None = None,
    ) -> Case:
        """Take one step of those that no opinion takes. Deciding and closing list their duties: `decision`.

        A submission opens a review round with a snapshot of the evidence, whose digest enters the log. A conclusion
        keeps the `answers` of art. 58, and the `proposal` of an outcome.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not take this step here, or agrees with answers of their own (`exempter-concluded`).
            Invalid: the step needs a reason (slug `step-reason-missing`), or answers (`scope-unanswered`).
            TransitionRefused: the state or a gate does not allow it.
            VersionConflict: somebody else changed the case.
        """
        if step in OPINION_STEPS:
            raise CASE_STEP_REFUSED(f"{step} is taken by a review's opinion")
        if step in SUMMARY_STEPS:
            raise SUMMARY_APART(f"{step} says more than a reason")
        deed, case = self.changing(actor, case_id, STEPS[step].asks, seen)
        if step in LISTING:
            STEPS.start(case.state, step)
            raise CASE_STEP_LISTED(f"{step} lists its duties of procedure")
        about, told = reference("case", case_id), reason.strip()
        members: dict[str, object] = {"to": self.advance(deed, case, step), "reason": shown(told)}
        check_reason(step, told)
        if step is CaseStep.CONCLUDE:
            members["answers"] = keep_answers(self._connection, deed, case_id, actor, answers)
            members["proposal"] = keep_proposal(self._connection, deed, case_id, actor, proposal)
        if step is CaseStep.EXEMPT:
            check_charge(Charge.EXEMPT, parts_of(self._connection, case_id, actor.account_id))
        if step is CaseStep.SUBMIT:
            settings = self._unit.settings
            days = setting_at(self._connection, settings, case.agency_id, Setting.LEGAL_REVIEW_DAYS, deed.at)
            due_at = settings.calendar.after(deed.at, days)
            # State, round and snapshot in one commit, under the case's chain: a crash leaves the case as it was.
            members |= submit_round(self._connection, deed, case, actor, due_at=due_at)._asdict()
        deed.write(newest(STEPS[step].logs).model_validate(members), about)
        return self.get(actor, case_id)

    def advance(self, deed: Deed, case: Case, step: CaseStep, facts: CaseFacts | None = None) -> CaseState:
        """Move the case in an act that holds its chain, to the version of the next leaf; returns the state.

        `facts` is what the gate looks at, where the step says something of it; else it is read now.

        Raises:
            TransitionRefused: the state or a gate does not allow it.
        """
        row, number = STEPS[step], deed.next_number(reference("case", case.id))
        after = STEPS.after(case.state, step, facts or self.gate_facts(case, deed.at))
        change_to(self._connection, cases, case.id, case.version, number, state=after, **row.stamp(deed.at))
        if OVER_STATES & {case.state, after}:  # what it rests on has an end from now on, or none any more
            enter_retentions(self._connection, tied_to(case.id), sender=case.id, at=deed.at)
        return after

    def changing(
        self,
        actor: Actor,
        case_id: CaseId,
        action: Action,
        seen: int,
        *more: str,
        relies: Iterable[str] = (),
    ) -> tuple[Deed, Case]:
        """Begin an act on a case: its chain and those of `more` are held, and it is read as it stands then.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not do `action` in this case.
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, action)
        deed = self._begin(actor, case.agency_id, reference("case", case_id), *more, relies=relies)
        self.lock(case_id)
        case = self.writable(actor, case_id, action)
        require_version(case.version, seen)
        return deed, case

    def lock(self, case_id: CaseId) -> None:
        """Lock the row in an act that holds its chain."""
        self._connection.execute(
            select(cases.c.id).where(cases.c.id == case_id).with_for_update(key_share=True)
        )

    def gate_facts(self, case: Case, at: datetime | None = None) -> CaseFacts:
        """Return what the gates of a case's steps look at, by the rules of a time; the caller has checked the case."""
        asks = is_demanded(self._connection, self._unit.settings, case.agency_id, at or self._now)
        return gate_facts(self._connection, case.id).model_copy(update={"is_demanded": asks})

    def why_not(self, actor: Actor, case: Case, step: CaseStep, facts: CaseFacts) -> EvidenceError | None:
        """Return what forbids a step that the actor has the permission for, before they try it."""
        forbids = STEPS.why_not(case.state, step, facts)
        charge = _CHARGES.get(step)
        if forbids is not None or charge is None:
            return forbids
        try:
            check_charge(charge, parts_of(self._connection, case.id, actor.account_id))
        except Refused as err:
            return err
        return None

    def link(self, actor: Actor, case_id: CaseId, recording_id: RecordingId, seen: int) -> CaseLink:
        """Tie a recording to a case; doing it twice gives the tie that stands.

        Raises:
            NotFound: case or recording is not of one agency within the actor's scope.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review (slug `case-under-review`), or decided and it is no paper that
                comes after that (`tie-not-later`).
            VersionConflict: somebody else changed the case.
        """
        case = self.writable(actor, case_id, Action.CASE_LINK)
        require_of_agency(self._connection, recording_id, case.agency_id)
        deed, case = self._tying(actor, case_id, recording_id, seen)
        paper = require_tieable(self._connection, case, recording_id, deed.at)
        basis = TieBasis.MANUAL
        link_recording(
            self._connection, deed, case_id=case_id, recording_id=recording_id, basis=basis, paper=paper
        )
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
        """End a tie by a dated counter-entry; its leaf commits to the reason.

        Raises:
            NotFound: no such tie stands.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review, or decided and was so when it was tied (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        deed, case = self._tying(actor, case_id, recording_id, seen)
        require_loose(self._connection, case, recording_id, deed.at)
        unlink_recording(self._connection, deed, case_id=case_id, recording_id=recording_id, reason=reason)

    def _tying(
        self, actor: Actor, case_id: CaseId, recording_id: RecordingId, seen: int
    ) -> tuple[Deed, Case]:
        """Begin an act on a tie. A tie is no new version of the case, but whoever makes one has seen the last."""
        return self.changing(actor, case_id, Action.CASE_LINK, seen, reference("recording", recording_id))

    def history(self, case: Case) -> tuple[CaseChange, ...]:
        """Return every act in the case's chain, oldest first, as whoever was given the case reads it.

        Raises:
            IntegrityBroken: a leaf is none, or an opening is not what its leaf commits to (`leaf-broken`).
        """
        about = reference("case", case.id)
        return history_of(self._connection, self._unit.custody, about, is_masked=case.is_masked)

    def _is_handled(self, case_id: CaseId, account_id: AccountId) -> bool:
        handled = exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == account_id)
        return bool(self._connection.scalar(select(handled)))
