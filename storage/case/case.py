"""Cases, their handlers and steps, and the dated ties to recordings."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, exists, select, true
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.case import (
    OPINION_STEPS,
    STEPS,
    Case,
    CaseAmendIn,
    CaseChange,
    CaseIn,
    CaseLink,
    CaseState,
    CaseStep,
    check_reason,
    is_code,
)
from schemas.case_gate import CaseFacts
from schemas.errors import EvidenceError, Refused
from schemas.ids import AccountId, AgencyId, CaseId, MonitoringId, RecordingId
from schemas.leaves import newest
from schemas.leaves_case import CaseAmend, CaseAppoint, CaseOpen, TieBasis
from schemas.page import Cursor, Page
from schemas.party_code import check_party_code
from schemas.policy import Action, Subject, require
from schemas.procedure import LISTING
from schemas.reference import reference
from schemas.refusals_case import ACCOUNT_UNKNOWN, CASE_NUMBER_TAKEN, CASE_STEP_REFUSED
from schemas.refusals_procedure import CASE_STEP_LISTED
from schemas.review_scope import Scope, ScopeAnswerIn
from schemas.separation import Charge, check_charge
from schemas.setting import Setting
from storage.act import Deed, fresh_id
from storage.case.access import CaseAccess
from storage.case.history import history_of
from storage.case.link import link_recording, links_where, unlink_recording
from storage.case.scope import keep_answers
from storage.case.submission import submit_round
from storage.case.values import (
    case_of,
    columns_of,
    fields_of,
    kept_columns,
    members_of,
    require_open,
)
from storage.collection import Order
from storage.custody.values import shown
from storage.personal import asked_digests
from storage.reads.account import handler_of
from storage.reads.examination import is_doubted
from storage.reads.gate import gate_facts
from storage.reads.monitoring import rests_on_reopened
from storage.reads.participation import parts_of
from storage.reads.policy import require_within
from storage.reads.recording import require_of_agency
from storage.reads.retention import tied_to
from storage.reads.scope import is_demanded, scope_of
from storage.reads.setting import setting_at
from storage.retention.asking import enter_retentions
from storage.tables.case import CASE_WORDS, case_handlers, case_links, cases
from storage.version import change_to, require_version
from storage.words import Party, Sought, matching_party

_NEWEST = Order(cases.c.id)


class Cases(CaseAccess):
    """The matters evidence serves."""

    def open(self, actor: Actor, wish: CaseIn) -> Case:
        """Open a case as a lead; who opens it becomes its first handler.

        Raises:
            Refused: the actor may not open cases.
            Invalid: the party's code is none (slug `party-code-wrong`).
            Conflict: the agency has a case of this number (slug `case-number-taken`).
        """
        self.require_opening(actor)
        check_party_code(wish.party_code)
        case_id = CaseId(fresh_id())
        self.opened(self._begin(actor, actor.agency_id, reference("case", case_id)), actor, case_id, wish)
        return self.get(actor, case_id)

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
        about, entered = reference("case", case_id), columns_of(wish.model_dump())
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
        if case.state is CaseState.CLOSED:
            raise CASE_STEP_REFUSED("a closed case is handled by nobody new", state=case.state)
        check_charge(Charge.HANDLE, parts_of(self._connection, case_id, account_id))
        if not self._is_handled(case_id, account_id):
            about = reference("case", case_id)
            change_to(self._connection, cases, case_id, seen, deed.next_number(about))
            self._name_handler(case_id, account_id)
            deed.write(CaseAppoint(handler=handler), about)
        return self.get(actor, case_id)

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
    ) -> Case:
        """Take one step of those that no opinion takes. Deciding and closing list their duties: `decision`.

        A submission opens a review round with a snapshot of the evidence, whose digest enters the log. A conclusion
        keeps the `answers` of art. 58.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not take this step here, or agrees with answers of their own (`exempter-concluded`).
            Invalid: the step needs a reason (slug `step-reason-missing`), or answers (`scope-unanswered`).
            TransitionRefused: the state or a gate does not allow it.
            VersionConflict: somebody else changed the case.
        """
        if step in OPINION_STEPS:
            raise CASE_STEP_REFUSED(f"{step} is taken by a review's opinion")
        deed, case = self.changing(actor, case_id, STEPS[step].asks, seen)
        if step in LISTING:
            STEPS.start(case.state, step)
            raise CASE_STEP_LISTED(f"{step} lists its duties of procedure")
        about, told = reference("case", case_id), reason.strip()
        members: dict[str, object] = {"to": self.advance(deed, case, step), "reason": shown(told)}
        check_reason(step, told)
        if step is CaseStep.CONCLUDE:
            members["answers"] = keep_answers(self._connection, deed, case_id, actor, answers)
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
        if row.dated == "closed_at":  # what it rests on has an end from now on
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
        if forbids is not None or step is not CaseStep.EXEMPT:
            return forbids
        try:
            check_charge(Charge.EXEMPT, parts_of(self._connection, case.id, actor.account_id))
        except Refused as err:
            return err
        return None

    def scope(self, case_id: CaseId) -> Scope | None:
        """Return what the last conclusion answered of art. 58, where it was asked; the caller has checked the case."""
        return scope_of(self._connection, case_id)

    def page(
        self,
        actor: Actor,
        *,
        number: str | None = None,
        state: CaseState | None = None,
        is_worse: bool = False,
        is_reopened: bool = False,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Case]:
        """List cases the actor may see, newest first; with `is_worse` those decided whose evidence was found worse since.

        With `is_reopened` those decided that rest on a monitoring record to be judged anew, or found invalid then.

        Raises:
            Refused: the actor may not see cases at all.
        """
        wanted = self._select(actor).where(require_within(actor, Action.CASE_VIEW, self._now, cases))
        sought = self._sought(actor, number) if number else Sought(true())
        wanted = wanted.add_columns(*sought.columns).where(sought.condition)
        if state:
            wanted = wanted.where(cases.c.state == state)
        if is_worse:
            wanted = wanted.where(is_doubted())
        if is_reopened:
            wanted = wanted.where(rests_on_reopened())
        page = self._page(wanted, _NEWEST, after=after, limit=limit, keep=sought.keep)
        return page.each(case_of(self._connection))

    def _sought(self, actor: Actor, wanted: str) -> Sought:
        """Look for words of number and party, or for a whole code; in parties only where the actor reads them whole."""
        is_whole = self._is_whole(actor)
        party = Party(cases.c.id, cases.c.number, cases.c.party, cases.c.party_tokens, is_whole)
        others = []
        if is_code(code := wanted.strip().upper()):
            digests = asked_digests(self._connection, cases.c.party_code, code)
            others.append(and_(cases.c.party_code_digest.in_(digests), is_whole))
        return matching_party(self._connection, party, CASE_WORDS, wanted, *others)

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
        require_of_agency(self._connection, recording_id, case.agency_id)
        deed = self._tying(actor, case_id, recording_id, seen)
        link_recording(
            self._connection, deed, case_id=case_id, recording_id=recording_id, basis=TieBasis.MANUAL
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
            TransitionRefused: the case is under review or decided (slug `case-under-review`).
            VersionConflict: somebody else changed the case.
        """
        deed = self._tying(actor, case_id, recording_id, seen)
        unlink_recording(self._connection, deed, case_id=case_id, recording_id=recording_id, reason=reason)

    def _tying(self, actor: Actor, case_id: CaseId, recording_id: RecordingId, seen: int) -> Deed:
        """Begin an act on a tie. A tie is no new version of the case, but whoever makes one has seen the last."""
        recording = reference("recording", recording_id)
        deed, case = self.changing(actor, case_id, Action.CASE_LINK, seen, recording)
        require_open(case)
        return deed

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
