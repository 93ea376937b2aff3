"""A bureau with a case: handler, head, two reviewers, a device, and the shortest lawful way to any state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from schemas.actor import Actor, Role
from schemas.case import REASONED, STEPS, Case, CaseIn, CaseState, CaseStep
from schemas.checks.claims import DIGEST
from schemas.checks.table import CHECKS
from schemas.decision import ClosingIn, DecisionIn, DecisionOutcome, PenaltyKind, UnrecordedIn
from schemas.digest import sha256_hex
from schemas.examination import edition_of
from schemas.fact import Fact, FactIn, ProofIn
from schemas.ids import CaseId
from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from schemas.policy import Action
from schemas.review import (
    AnswerIn,
    GroundIn,
    GroundItem,
    OpinionWord,
    Review,
    ReviewOpinionIn,
)
from schemas.review_scope import ScopeAnswerIn, ScopeKind
from schemas.scrub import StoreFault
from schemas.summary import PartyKind, PenaliseIn
from storage.recording.values import Verification
from storage.store import Store
from storage.transaction import Transaction
from tests.factories import OFFICERS, TestDevice, enrol_device, make_account, make_agency

NONE = tuple(ScopeAnswerIn(kind=kind, applies=False, ground="不属于该情形") for kind in ScopeKind)
"""Of no kind of art. 58."""
GROUND = GroundIn(item=GroundItem.EVIDENCE, text="只有一名执法人员出镜")
PASS = ReviewOpinionIn(opinion=OpinionWord.PASS, statement="事实清楚，同意")
SUPPLEMENT = ReviewOpinionIn(opinion=OpinionWord.SUPPLEMENT, statement="请补充", grounds=[GROUND])
REJECT = ReviewOpinionIn(opinion=OpinionWord.REJECT, statement="证据不足，不能认定", grounds=[GROUND])
_numbers = count(1)


@dataclass
class Bureau:
    """One agency and those of its people that a case needs; tokens are of the same people."""

    store: Store
    agency: UUID
    handler: Actor
    head: Actor
    reviewer: Actor
    second_reviewer: Actor
    officers: tuple[Actor, Actor]
    device: TestDevice
    tokens: dict[UUID, str]

    def open(self, **changed: object) -> Case:
        """A new lead of the handler."""
        entered = {"number": f"案-{next(_numbers)}", "party": "某店", "matter": "占道经营", "place": "建军路"}
        with self.store.begin() as tx:
            return tx.cases.open(self.handler, CaseIn.model_validate({**entered, **changed}))

    def get(self, case: Case) -> Case:
        with self.store.begin() as tx:
            return tx.cases.get(self.handler, case.id)

    def who(self, step: CaseStep) -> Actor:
        """Whoever takes a step lawfully."""
        return self.head if STEPS[step].asks is Action.CASE_DECIDE else self.handler

    def step(
        self, case: Case, step: CaseStep, reason: str = "", answers: Sequence[ScopeAnswerIn] = NONE
    ) -> Case:
        """Take a step now, by whoever takes it lawfully; a conclusion says that the case is of no kind of art. 58."""
        actor = self.who(step)
        with self.store.begin() as tx:
            return take(tx, actor, case.id, step, reason=reason, answers=answers)

    def capture(self, case: Case | None = None, *checks: CheckResult) -> UUID:
        """A recording of the device, concluded with `checks`, linked to the case when one is given."""
        payload = uuid4().bytes
        context = {"context": {"case": case.number}} if case else {}
        ident = self.device.capture("a.bin", payload, **context)
        self.conclude(ident, payload, *checks)
        return ident

    def conclude(self, recording_id: UUID, payload: bytes, *checks: CheckResult) -> None:
        """Seal or quarantine as a worker would."""
        with self.store.begin() as tx:
            tx.recordings.conclude(recording_id, conclusion(payload, *checks, at_retain=tx.now))

    def fact(self, case: Case, *evidence: UUID, text: str = "当事人占道经营") -> Fact:
        """A fact to be proven, with recordings of the case as its evidence."""
        with self.store.begin() as tx:
            fact = tx.facts.add(self.handler, case.id, FactIn(text=text), version(tx, self.handler, case))
            for ident in evidence:
                proof = ProofIn(recording_id=ident)
                seen = version(tx, self.handler, case)
                fact = tx.facts.prove(self.handler, case.id, fact.id, proof, seen=seen)
            return fact

    def submitted(self, *, is_proven: bool = True) -> tuple[Case, Review]:
        """A case under review: one recording, one fact, one open round."""
        return self.submit(self.investigated(is_proven=is_proven))

    def investigated(self, *, is_proven: bool = True) -> Case:
        """A case under investigation with one recording and one fact."""
        case = self.open()
        for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
            case = self.step(case, step)
        ident = self.capture(case)
        self.fact(case, *([ident] if is_proven else []))
        return case

    def exempt(self) -> Case:
        """A case that needs no legal review, as the head agreed."""
        case = self.step(self.investigated(), CaseStep.CONCLUDE)
        return self.step(case, CaseStep.EXEMPT, "案情简单，四种情形均不属于")

    def found(self) -> Case:
        """A lead with one recording that proves one fact: what may be decided on the spot."""
        case = self.open()
        self.fact(case, self.capture(case))
        return self.get(case)

    def submit(self, case: Case) -> tuple[Case, Review]:
        self.step(case, CaseStep.CONCLUDE)
        case = self.step(case, CaseStep.SUBMIT)
        return case, self.rounds(case)[-1]

    def rounds(self, case: Case) -> tuple[Review, ...]:
        with self.store.begin() as tx:
            return tx.reviews.of_case(case.id)

    def opine(self, review: Review, wish: ReviewOpinionIn, actor: Actor | None = None) -> Review:
        with self.store.begin() as tx:
            return tx.reviews.opine(actor or self.reviewer, review.id, wish, review.version)

    def answer(self, review: Review, position: int = 1) -> Review:
        with self.store.begin() as tx:
            return tx.reviews.answer(
                self.handler, review.id, position, AnswerIn(text="已补充"), seen=review.version
            )

    def at(self, state: CaseState) -> Case:
        """A case in this state, lawfully."""
        walk = {
            CaseState.LEAD: [],
            CaseState.FILED: [CaseStep.FILE],
            CaseState.INVESTIGATING: [CaseStep.FILE, CaseStep.INVESTIGATE],
            CaseState.INVESTIGATION_CLOSED: [CaseStep.FILE, CaseStep.INVESTIGATE, CaseStep.CONCLUDE],
        }
        if state is CaseState.ANNULLED:
            return self.step(self.investigated(), CaseStep.ANNUL, "违法事实不成立")
        if state is CaseState.NOT_FILED:
            case = self.open()
            self.capture(case)
            return self.step(self.get(case), CaseStep.REFUSE, "违法事实不成立")
        if state in walk:
            case = self.open()
            for step in walk[state]:
                case = self.step(case, step)
            return case
        if state is CaseState.REVIEW_NOT_NEEDED:
            return self.exempt()
        case, review = self.submitted()
        if state is CaseState.LEGAL_REVIEW:
            return case
        self.opine(review, PASS)
        case = self.step(case, CaseStep.DECIDE)
        return case if state is CaseState.DECIDED else self.step(case, CaseStep.CLOSE)


UNRECORDED = "测试中没有文书"


def take(
    tx: Transaction,
    actor: Actor,
    case_id: UUID,
    step: CaseStep,
    *,
    reason: str = "",
    seen: int | None = None,
    answers: Sequence[ScopeAnswerIn] = NONE,
    proposal: DecisionOutcome | None = None,
) -> Case:
    """Take a step with all that it asks for: answers, a reason, lines; on the version of now or `seen`."""
    ident = CaseId(case_id)
    told = answers if step is CaseStep.CONCLUDE else ()
    because = reason or ("情况属实" if step in REASONED else "")
    at = tx.cases.known(ident).version if seen is None else seen
    if step is CaseStep.DECIDE:
        return tx.decisions.decide(actor, ident, decision(tx, actor, case_id, reason=reason), at)
    if step is CaseStep.PENALISE:
        return tx.summaries.penalise(actor, ident, penalty(tx, actor, case_id, reason=reason), at)
    if step is CaseStep.RECORD:
        return tx.summaries.record(actor, ident, reason, at)
    if step is CaseStep.RETRACT:
        return tx.summaries.retract(actor, ident, because or "登记有误", at)
    if step is CaseStep.CLOSE:
        wish = ClosingIn(unrecorded=unrecorded(tx, actor, case_id, step), reason=reason)
        return tx.decisions.close(actor, ident, wish, at)
    return tx.cases.step(actor, ident, step, because, at, answers=told, proposal=proposal)


def decision(tx: Transaction, actor: Actor, case_id: UUID, **said: object) -> DecisionIn:
    """A warning, and a reason for every duty that is not recorded; `said` stands as it is."""
    lines = unrecorded(tx, actor, case_id, CaseStep.DECIDE)
    given = {"outcome": DecisionOutcome.PENALTY, "unrecorded": lines, **said}
    if given["outcome"] == DecisionOutcome.PENALTY:
        given = {"penalties": [PenaltyKind.WARNING], **given}
    return DecisionIn.model_validate(given)


def penalty(tx: Transaction, actor: Actor, case_id: UUID, **said: object) -> PenaliseIn:
    """A fine of 200 yuan on the spot by two officers of the agency; `said` stands as it is."""
    numbers = [number for number, _ in tx.summaries.officers(tx.cases.known(CaseId(case_id)))][:2]
    lines = [
        UnrecordedIn(formality=one.formality, reason=UNRECORDED)
        for one in tx.procedures.of_summary(actor, CaseId(case_id))
        if not one.is_recorded
    ]
    given = {
        "party_kind": PartyKind.CITIZEN,
        "penalties": [PenaltyKind.FINE],
        "fine_fen": 20_000,
        "basis": "城市市容和环境卫生管理条例第三十六条",
        "number": f"当罚〔2026〕{next(_numbers)}号",
        "made_at": tx.now - timedelta(minutes=1),
        "place": "建军路",
        "officers": numbers,
        "is_refused": False,
        "unrecorded": lines,
        **said,
    }
    return PenaliseIn.model_validate(given)


def unrecorded(tx: Transaction, actor: Actor, case_id: UUID, step: CaseStep) -> list[UnrecordedIn]:
    """A reason for every duty that is done by a step and not recorded now."""
    return [
        UnrecordedIn(formality=one.formality, reason=UNRECORDED)
        for one in tx.procedures.of_case(actor, case_id)
        if one.rule.by is step and not one.is_recorded
    ]


def version(tx: Transaction, actor: Actor, case: Case) -> int:
    return tx.cases.get(actor, case.id).version


STORE_DIFFERS = "stored-bytes-differ"


def conclusion(payload: bytes, *checks: CheckResult, at_retain: datetime) -> Verification:
    """What a worker hands over when every binding claim held, but for `checks`."""
    named = {check.name for check in checks}
    held = [
        CHECKS[name].held()
        for name in ("digest", "size", "manifest_signature", "device_key", "container", "examined")
        if name not in named
    ]
    return Verification(
        checks=(*held, *checks),
        sha256=sha256_hex(payload),
        sm3=None,
        media_type="application/octet-stream",
        facts=MediaFacts(edition=edition_of("application/octet-stream")),
        derivatives=(),
        retain_until=at_retain + timedelta(days=200),
        store_fault=next(
            (StoreFault(one.params["reason"]) for one in checks if one.code == STORE_DIFFERS), None
        ),
    )


def swapped() -> CheckResult:
    """A binding claim that did not hold: the recording is quarantined."""
    return DIGEST.found("digest-mismatch")


def make_bureau(store: Store, *, above: UUID | None = None, officers: tuple[str, str] = OFFICERS) -> Bureau:
    """An agency with one of everybody, below another where one is named; its two officers hold these certificates."""
    agency = make_agency(store, parent=above)
    tokens: dict[UUID, str] = {}

    def person(*roles: Role, certificate: str | None = None) -> Actor:
        token, actor = make_account(store, agency, *roles, certificate=certificate)
        tokens[actor.id] = token
        return actor

    return Bureau(
        store=store,
        agency=agency,
        handler=person(Role.HANDLER),
        head=person(Role.HEAD),
        reviewer=person(Role.LEGAL_REVIEWER),
        second_reviewer=person(Role.LEGAL_REVIEWER),
        officers=(
            person(Role.OFFICER, certificate=officers[0]),
            person(Role.OFFICER, certificate=officers[1]),
        ),
        device=enrol_device(store, person(Role.CUSTODIAN)),
        tokens=tokens,
    )
