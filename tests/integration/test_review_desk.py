"""Legal review over the real database: who may review, rounds that are kept, two reviewers, no way around a pass."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError

from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.case import Case, CaseState, CaseStep
from schemas.checks.manifest import HAND_IN, SEQUENCE
from schemas.equipment import SuspensionIn
from schemas.errors import (
    Conflict,
    EvidenceError,
    Invalid,
    NotFound,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from schemas.event import Event
from schemas.fact import ProofIn
from schemas.leaf import Leaf
from schemas.leaves_case import CaseSubmit
from schemas.life_of_case import CaseLife
from schemas.monitoring import LinkBasis
from schemas.reference import reference
from schemas.review import (
    AnswerIn,
    EvidenceItem,
    GroundIn,
    GroundItem,
    OpinionWord,
    Review,
    ReviewOpinionIn,
    ReviewState,
    evidence_digest,
)
from schemas.separation import Part
from storage.store import Store
from storage.tables.case import case_handlers
from storage.tables.review import review_grounds, reviews
from tests.casework import GROUND, PASS, REJECT, SUPPLEMENT, Bureau, make_bureau
from tests.chains import chain_of, folded, opened
from tests.factories import events_of, faults, folder_url, make_account, make_agency, make_settings
from tests.monitoring import make_highway
from tests.owner import owning, unguarded
from tests.stand import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("review"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def entries(store: Store, review: Review) -> list[Leaf]:
    return [one for one in chain_of(store, f"case/{review.case_id}") if one.subject == f"review/{review.id}"]


def test_a_case_is_returned_answered_and_passed(bureau: Bureau) -> None:
    """Returned once and passed the second time: both rounds stay, each with its own evidence and log entries."""
    case, first = bureau.submitted(is_proven=False)
    first = bureau.opine(first, SUPPLEMENT)
    assert bureau.get(case).state is CaseState.INVESTIGATING
    bureau.answer(first)
    ident = bureau.capture(case)
    with bureau.store.begin() as tx:
        (fact,) = tx.facts.of_case(case.id)
        seen = tx.cases.get(bureau.handler, case.id).version
        tx.facts.prove(bureau.handler, case.id, fact.id, ProofIn(recording_id=ident), seen=seen)
    case, second = bureau.submit(case)
    second = bureau.opine(second, PASS)
    case = bureau.step(case, CaseStep.DECIDE)

    assert case.state is CaseState.DECIDED
    rounds = bureau.rounds(case)
    assert [(one.round, one.opinion) for one in rounds] == [
        (1, OpinionWord.SUPPLEMENT),
        (2, OpinionWord.PASS),
    ]
    assert rounds[0].evidence_sha256 != rounds[1].evidence_sha256
    assert rounds[0].grounds[0].answer == "已补充"
    assert events_of(bureau.store, reference("review", first.id)) == [
        Event.REVIEW_SUPPLEMENT,
        Event.REVIEW_ANSWER,
    ]
    assert events_of(bureau.store, reference("review", second.id)) == [Event.REVIEW_PASS]


def test_the_log_binds_evidence_and_words(bureau: Bureau) -> None:
    """The submission's leaf holds the digest of the kept snapshot; an opinion's leaf commits to every word of it."""
    case, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT)
    with bureau.store.begin() as tx:
        snapshot = tx.reviews.snapshot(review.id)
        (linked,) = tx.recordings.of_case(case.id)

    (submit,) = [
        one.act for one in chain_of(bureau.store, f"case/{case.id}") if isinstance(one.act, CaseSubmit)
    ]
    assert submit.evidence_sha256 == evidence_digest(snapshot) == review.evidence_sha256
    assert (submit.review, submit.round, submit.due_at) == (f"review/{review.id}", 1, review.due_at)
    item = EvidenceItem(
        subject=f"recording/{linked.id}", sha256=linked.sha256 or "", state="sealed", verdict="verified"
    )
    assert snapshot["evidence"] == [item.model_dump()]
    (entry,) = entries(bureau.store, review)
    assert entry.actor == bureau.reviewer.reference
    told = {"round": 1, "grounds": [{"item": "evidence"}], "case_to": "investigating"}
    with bureau.store.begin() as tx:
        own = [*tx.custody.chain(bureau.reviewer.reference)]
    (qualified,) = [one.digest for one in own if one.event == Event.CERTIFICATE_ISSUE]
    assert entry.act.facts() == {**told, "qualified_by": qualified}
    assert opened(bureau.store, f"case/{case.id}", Event.REVIEW_SUPPLEMENT) == [
        {"statement": SUPPLEMENT.statement, "text.1": GROUND.text}
    ]


def test_fsck_holds_a_round_against_the_log(bureau: Bureau) -> None:
    """A snapshot that was changed behind the guard rails, with its digest made to fit, is found by the log."""
    _, review = bureau.submitted()
    document = {"evidence": [], "facts": []}
    assert faults(bureau.store, review.id) == []
    with unguarded(bureau.store) as tx:
        tx.connection.execute(
            update(reviews)
            .where(reviews.c.id == review.id)
            .values(evidence=document, evidence_sha256=evidence_digest(document))
        )

    assert faults(bureau.store, review.id) == [("review-evidence-altered", f"review/{review.id}")]


@pytest.mark.parametrize("wish", [PASS, SUPPLEMENT, REJECT], ids=lambda wish: wish.opinion)
def test_an_opinion_is_given_once(bureau: Bureau, wish: ReviewOpinionIn) -> None:
    """Whoever knows that the opinion was given cannot give another, and the database keeps it as it was."""
    _, review = bureau.submitted()
    given = bureau.opine(review, wish)
    for again in (PASS, REJECT):
        with pytest.raises(TransitionRefused) as refused:
            bureau.opine(given, again, bureau.second_reviewer)
        assert refused.value.slug == "review-given"
    for statement in (
        update(reviews).where(reviews.c.id == review.id).values(opinion="pass", statement="改"),
        delete(reviews).where(reviews.c.id == review.id),
    ):
        with pytest.raises(IntegrityError), owning(bureau.store) as tx:
            tx.connection.execute(statement)

    with bureau.store.begin() as tx:
        assert tx.reviews.get(bureau.reviewer, review.id) == given


@pytest.mark.parametrize(("one", "other"), [(PASS, REJECT), (PASS, PASS), (SUPPLEMENT, REJECT)])
def test_of_two_reviewers_at_once_one_is_told(
    bureau: Bureau, one: ReviewOpinionIn, other: ReviewOpinionIn
) -> None:
    """Two reviewers decide what both saw at the same moment: one opinion stands whole, the other leaves nothing."""
    case, review = bureau.submitted()
    gate = threading.Barrier(2)

    def opine(actor: Actor, wish: ReviewOpinionIn) -> Review:
        with bureau.store.begin() as tx:
            tx.reviews.get(actor, review.id)
            gate.wait(PATIENCE_SECONDS)
            return tx.reviews.opine(actor, review.id, wish, review.version)

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(opine, bureau.reviewer, one), pool.submit(opine, bureau.second_reviewer, other)]
        outcomes = [task.exception() or task.result() for task in tasks]

    (told,) = [outcome for outcome in outcomes if isinstance(outcome, EvidenceError)]
    (stands,) = [outcome for outcome in outcomes if isinstance(outcome, Review)]
    assert isinstance(told, VersionConflict)
    assert told.facts["version"] == stands.version
    assert bureau.rounds(case) == (stands,)
    assert len(entries(bureau.store, review)) == 1
    expected = CaseState.LEGAL_REVIEW if stands.opinion is OpinionWord.PASS else CaseState.INVESTIGATING
    assert bureau.get(case).state is expected


def reviewing(bureau: Bureau, case: Case, part: Part) -> Actor:
    """A legal reviewer who took part in the case in one way."""
    if part is Part.CAPTURED:
        number = f"9{case.version:03d}{case.id.hex[-6:]}"
        _, actor = make_account(bureau.store, bureau.agency, Role.LEGAL_REVIEWER, certificate=number)
        case_context = {"context": {"case": case.number}, "officers": [number, "10320001002"]}
        bureau.conclude(bureau.device.capture("b.bin", b"bb", **case_context), b"bb")
        return actor
    _, actor = make_account(bureau.store, bureau.agency, Role.LEGAL_REVIEWER, Role.HANDLER)
    with bureau.store.begin() as tx:
        if part is Part.HANDLES:
            tx.connection.execute(insert(case_handlers).values(case_id=case.id, account_id=actor.id))
        else:
            tx.connection.execute(
                update(reviews).where(reviews.c.case_id == case.id).values(submitted_by=actor.id)
            )
    return actor


@pytest.mark.parametrize("part", [Part.CAPTURED, Part.HANDLES, Part.SUBMITTED])
@pytest.mark.parametrize("wish", [PASS, SUPPLEMENT], ids=lambda wish: wish.opinion)
def test_who_took_part_does_not_review(bureau: Bureau, part: Part, wish: ReviewOpinionIn) -> None:
    """A reviewer who captured evidence, handles the case or submitted it is refused, and sees why beforehand."""
    case, review = bureau.submitted()
    actor = reviewing(bureau, case, part)
    with bureau.store.begin() as tx:
        found = tx.reviews.findings(actor, case.id)
        assert tx.reviews.parts(actor, case.id) == (part,)
    assert (reference("case", case.id), "reviewer-took-part") in {(f.subject, f.check.code) for f in found}
    with pytest.raises(Refused) as refused:
        bureau.opine(review, wish, actor)

    assert refused.value.slug == "reviewer-took-part"
    assert refused.value.facts["parts"] == [part.value]
    assert bureau.rounds(case)[0].state is ReviewState.OPEN
    assert entries(bureau.store, review) == []


def test_an_old_certificate_still_counts(bureau: Bureau) -> None:
    """Somebody whose certificate has run out since is still the officer who captured."""
    case, review = bureau.submitted()
    actor = reviewing(bureau, case, Part.CAPTURED)
    with bureau.store.begin() as tx:
        tx.connection.execute(
            text(
                "UPDATE certificates SET valid_until = valid_from + interval '1 day' WHERE account_id = :id"
            ),
            {"id": actor.id},
        )
    with pytest.raises(Refused) as refused:
        bureau.opine(review, PASS, actor)

    assert refused.value.slug == "reviewer-took-part"


@pytest.mark.parametrize(
    "wish",
    [
        ReviewOpinionIn(opinion=OpinionWord.REJECT, statement="不行"),
        ReviewOpinionIn(opinion=OpinionWord.SUPPLEMENT, statement="  ", grounds=[GROUND]),
        ReviewOpinionIn(opinion=OpinionWord.PASS),
    ],
)
def test_an_opinion_without_grounds_changes_nothing(bureau: Bureau, wish: ReviewOpinionIn) -> None:
    """An opinion that does not say why is refused; round, case and log stay as they were."""
    case, review = bureau.submitted()
    with pytest.raises(Invalid) as refused:
        bureau.opine(review, wish)

    assert refused.value.slug == "opinion-without-grounds"
    assert bureau.rounds(case) == (review,)
    assert bureau.get(case) == case
    assert entries(bureau.store, review) == []


def test_a_ground_is_about_this_case(bureau: Bureau) -> None:
    """A ground may name evidence and facts of this case; naming another case's is refused."""
    case, review = bureau.submitted()
    with bureau.store.begin() as tx:
        (fact,) = tx.facts.of_case(case.id)
        (linked,) = tx.recordings.of_case(case.id)
    foreign = bureau.capture()

    def wish(about: str) -> ReviewOpinionIn:
        ground = GroundIn(item=GroundItem.EVIDENCE, subject=about, text="不清楚")
        return SUPPLEMENT.model_copy(update={"grounds": [ground, GROUND]})

    with pytest.raises(Invalid) as refused:
        bureau.opine(review, wish(f"recording/{foreign}"))
    assert refused.value.slug == "ground-subject-unknown"
    assert refused.value.facts["subjects"] == [f"recording/{foreign}"]

    given = bureau.opine(
        review,
        SUPPLEMENT.model_copy(
            update={
                "grounds": [*wish(f"fact/{fact.id}").grounds[:1], *wish(f"recording/{linked.id}").grounds]
            }
        ),
    )
    assert [ground.subject for ground in given.grounds] == [f"fact/{fact.id}", f"recording/{linked.id}", None]
    assert [ground.position for ground in given.grounds] == [1, 2, 3]


def test_nothing_passes_with_a_fact_unproven(bureau: Bureau) -> None:
    """A pass is refused while a fact has no evidence that holds, for nothing could be added afterwards (art. 40)."""
    case, review = bureau.submitted(is_proven=False)
    with pytest.raises(TransitionRefused) as refused:
        bureau.opine(review, PASS)

    assert refused.value.slug == "fact-unproven"
    assert bureau.get(case).state is CaseState.LEGAL_REVIEW
    assert bureau.opine(review, REJECT).opinion is OpinionWord.REJECT


def test_every_ground_is_answered_before_the_next_round(bureau: Bureau) -> None:
    """With one of two grounds unanswered the case cannot be submitted again; an answer never changes."""
    case, review = bureau.submitted()
    review = bureau.opine(review, SUPPLEMENT.model_copy(update={"grounds": [GROUND, GROUND]}))
    review = bureau.answer(review, 2)
    bureau.step(case, CaseStep.CONCLUDE)
    with pytest.raises(TransitionRefused) as refused:
        bureau.step(case, CaseStep.SUBMIT)
    assert (refused.value.slug, refused.value.facts["unanswered"]) == ("case-grounds-unanswered", 1)

    with pytest.raises(Conflict) as again:
        bureau.answer(review, 2)
    assert again.value.slug == "ground-answered"
    with pytest.raises(NotFound) as unknown:
        bureau.answer(review, 3)
    assert unknown.value.slug == "ground-unknown"
    with pytest.raises(IntegrityError), bureau.store.begin() as tx:
        tx.connection.execute(
            update(review_grounds).where(review_grounds.c.review_id == review.id).values(answer="改")
        )

    bureau.answer(review, 1)
    assert bureau.step(case, CaseStep.SUBMIT).state is CaseState.LEGAL_REVIEW
    assert [one.round for one in bureau.rounds(case)] == [1, 2]


def test_an_answer_is_no_new_version_of_the_round(bureau: Bureau) -> None:
    """Two handlers answer two grounds on the same page; one who saw the round before its opinion is told."""
    case, before = bureau.submitted()
    review = bureau.opine(before, SUPPLEMENT.model_copy(update={"grounds": [GROUND, GROUND]}))
    bureau.answer(review, 1)
    assert bureau.answer(review, 2).version == review.version
    with pytest.raises(VersionConflict):
        bureau.answer(before, 1)

    assert folded(bureau.store, f"case/{case.id}").faults == []
    assert opened(bureau.store, f"case/{case.id}", Event.REVIEW_ANSWER) == [{"answer": "已补充"}] * 2


def test_a_reviewer_neither_answers_nor_decides(bureau: Bureau) -> None:
    """The reviewer has no part in running or deciding; the handler has none in reviewing."""
    case, review = bureau.submitted()
    with pytest.raises(Refused) as opined:
        bureau.opine(review, PASS, bureau.handler)
    given = bureau.opine(review, SUPPLEMENT)
    with pytest.raises(Refused) as answered, bureau.store.begin() as tx:
        tx.reviews.answer(bureau.reviewer, review.id, 1, AnswerIn(text="x"), seen=given.version)
    with pytest.raises(Refused) as decided, bureau.store.begin() as tx:
        tx.cases.step(bureau.reviewer, case.id, CaseStep.CONCLUDE, "", tx.cases.known(case.id).version)

    permissions = [refusal.value.facts["permission"] for refusal in (opined, answered, decided)]
    assert permissions == ["case:review", "case:run", "case:run"]


def test_the_queue_begins_with_what_is_due_first(bureau: Bureau) -> None:
    """Open rounds come by due date, page by page, each once; given ones leave, other agencies' never come."""
    made = [bureau.submitted()[1] for _ in range(4)]
    with bureau.store.begin() as tx:
        for days, review in zip((3, 1, 2, 1), made, strict=True):
            due = tx.now - timedelta(days=100 - days)
            tx.connection.execute(update(reviews).where(reviews.c.id == review.id).values(due_at=due))
    bureau.opine(bureau.submitted()[1], REJECT)
    _, stranger = make_account(bureau.store, make_agency(bureau.store), Role.LEGAL_REVIEWER)

    with bureau.store.begin() as tx:
        first = tx.reviews.queue(bureau.reviewer, limit=3)
        rest = tx.reviews.queue(bureau.reviewer, after=first.next, limit=200)
        assert tx.reviews.queue(stranger).rows == ()
        with pytest.raises(Refused):
            tx.reviews.queue(bureau.handler)
    seen = [one.id for one in (*first.rows, *rest.rows)]
    assert seen[:4] == [made[1].id, made[3].id, made[2].id, made[0].id]
    assert len(seen) == len(set(seen))
    assert all(one.state is ReviewState.OPEN for one in (*first.rows, *rest.rows))


def test_the_reviewer_sees_what_is_wrong(bureau: Bureau) -> None:
    """What the checks of linked recordings found reaches the reviewer, with the recording it is about."""
    case = bureau.at(CaseState.INVESTIGATING)
    gap = SEQUENCE.found("sequence-gap", seq=4, missing=2)
    late = HAND_IN.found("late-handin", hours=30)
    ident, sound = bureau.capture(case, gap, late), bureau.capture(case)
    bureau.fact(case)
    with bureau.store.begin() as tx:
        found = tx.reviews.findings(bureau.reviewer, case.id)

    told = {(one.subject, one.check.code) for one in found}
    assert told >= {(f"recording/{ident}", "sequence-gap"), (f"recording/{ident}", "late-handin")}
    assert {code for about, code in told if about == f"recording/{sound}"} == {"presence-not-confirmed"}
    assert "fact-without-evidence" in {code for _, code in told}


def test_monitoring_records_are_evidence_too(store: Store) -> None:
    """A valid record that is linked proves a fact, enters the snapshot, and a gate closed afterwards is a finding."""
    highway = make_highway(store)
    office = make_bureau_of(store, highway.agency)
    case = office.at(CaseState.INVESTIGATING)
    ident = highway.valid()
    with store.begin() as tx:
        seen = tx.cases.get(office.handler, case.id).version
        tx.monitoring_links.link(office.handler, case.id, ident, LinkBasis.MANUAL, seen)
    fact = office.fact(case)
    with store.begin() as tx:
        seen = tx.cases.get(office.handler, case.id).version
        fact = tx.facts.prove(office.handler, case.id, fact.id, ProofIn(monitoring_id=ident), seen=seen)
    case, review = office.submit(case)
    with store.begin() as tx:
        snapshot = tx.reviews.snapshot(review.id)
        version = tx.equipment.get(highway.custodian, highway.equipment_id).version
        stopped = SuspensionIn(from_at=tx.now - timedelta(days=2), reason="线圈损坏")
        tx.equipment.suspend(highway.custodian, highway.equipment_id, stopped, version)
        found = tx.reviews.findings(office.reviewer, case.id)

    assert fact.is_proven
    assert [one["subject"] for one in snapshot["evidence"]] == [f"monitoring/{ident}"]
    assert (f"monitoring/{ident}", "gate-closed") in {(one.subject, one.check.code) for one in found}
    assert office.opine(review, PASS).opinion is OpinionWord.PASS


def make_bureau_of(store: Store, agency: UUID) -> Bureau:
    """People of an agency that exists; recordings play no part."""

    def person(role: Role) -> Actor:
        return make_account(store, agency, role)[1]

    made = [person(role) for role in (Role.HANDLER, Role.HEAD, Role.LEGAL_REVIEWER, Role.LEGAL_REVIEWER)]
    return Bureau(store, agency, *made, officers=(made[0], made[1]), device=None, tokens={})


class Desks(RuleBasedStateMachine):
    """Handler, head and reviewers at one real case, each trying whatever comes to mind."""

    bureau: Bureau

    @initialize()
    def begin(self) -> None:
        self.case = self.bureau.open()
        self.evidence = self.bureau.capture(self.case)

    def attempt(self, act) -> None:
        try:
            act()
        except EvidenceError:
            return

    @rule(step=st.sampled_from(CaseStep))
    def step(self, step: CaseStep) -> None:
        self.attempt(lambda: self.bureau.step(self.case, step))

    @rule()
    def go_on(self) -> None:
        for step in (CaseStep.FILE, CaseStep.INVESTIGATE, CaseStep.CONCLUDE, CaseStep.SUBMIT):
            self.attempt(lambda step=step: self.bureau.step(self.case, step))

    @rule(is_proven=st.booleans())
    def add_fact(self, is_proven: bool) -> None:
        evidence = [self.evidence] if is_proven else []
        self.attempt(lambda: self.bureau.fact(self.case, *evidence))

    @rule()
    def withdraw(self) -> None:
        def act() -> None:
            with self.bureau.store.begin() as tx:
                fact = tx.facts.of_case(self.case.id)[-1:]
                if fact:
                    seen = tx.cases.known(self.case.id).version
                    tx.facts.withdraw(self.bureau.handler, self.case.id, fact[0].id, seen)

        self.attempt(act)

    @rule(
        wish=st.sampled_from([PASS, SUPPLEMENT, REJECT]),
        who=st.sampled_from(["reviewer", "second_reviewer", "head", "handler"]),
    )
    def opine(self, wish: ReviewOpinionIn, who: str) -> None:
        rounds = self.bureau.rounds(self.case)
        if rounds:
            self.attempt(lambda: self.bureau.opine(rounds[-1], wish, getattr(self.bureau, who)))

    @rule()
    def answer(self) -> None:
        rounds = self.bureau.rounds(self.case)
        if rounds:
            self.attempt(lambda: self.bureau.answer(rounds[-1]))

    @rule()
    def unlink(self) -> None:
        def act() -> None:
            with self.bureau.store.begin() as tx:
                seen = tx.cases.known(self.case.id).version
                tx.cases.unlink(self.bureau.handler, self.case.id, self.evidence, "试", seen)
                tx.cases.link(self.bureau.handler, self.case.id, self.evidence, seen)

        self.attempt(act)

    @invariant()
    def the_law_holds(self) -> None:
        case, rounds = self.bureau.get(self.case), self.bureau.rounds(self.case)
        told = folded(self.bureau.store, f"case/{self.case.id}")
        assert told.faults == []
        assert isinstance(told.life, CaseLife)
        assert (told.life.state, told.versions[told.of]) == (case.state, case.version)
        assert [one.round for one in rounds] == list(range(1, len(rounds) + 1))
        is_open = [one.state is ReviewState.OPEN for one in rounds]
        assert not any(is_open[:-1])
        assert all(g.answer for one in rounds[:-1] for g in one.grounds)
        in_review = case.state is CaseState.LEGAL_REVIEW
        assert not rounds or (is_open[-1] or rounds[-1].opinion is OpinionWord.PASS) == (
            in_review or case.state in (CaseState.DECIDED, CaseState.CLOSED)
        )
        if case.state in (CaseState.DECIDED, CaseState.CLOSED) and told.life.summary is None:
            assert rounds[-1].opinion is OpinionWord.PASS
            with self.bureau.store.begin() as tx:
                assert all(fact.is_proven for fact in tx.facts.of_case(case.id))


def test_no_way_leads_around_the_review(bureau: Bureau) -> None:
    """Whatever the people try in whatever order, a case is decided only on a pass of its last submission."""
    machine = type("Desks", (Desks,), {"bureau": bureau})

    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=12, stateful_step_count=20),
    )


def test_place_and_time_are_held_against_those_of_the_case(bureau: Bureau) -> None:
    """A recording of another place, two days before the matter, is told to whoever reviews; one of the scene is not."""
    with bureau.store.begin() as tx:
        now = tx.now
    scene = {"lat_e7": 333_400_000, "lon_e7": 1_201_500_000, "occurred_at": now - timedelta(hours=1)}
    case = bureau.open(**scene)
    before = rfc3339(now - timedelta(hours=50))
    place = {
        "lat_e7": 340_000_000,
        "lon_e7": 1_201_500_000,
        "acc_cm": 500,
        "crs": "WGS84",
        "src": "gnss",
        "mock": False,
    }
    context = {"context": {"case": case.number}}
    there = bureau.capture(case)
    away = bureau.device.capture(
        "away.bin", b"away", captured_at=before, loc={**place, "fix_at": before}, **context
    )
    bureau.conclude(away, b"away")

    with bureau.store.begin() as tx:
        found = tx.reviews.findings(bureau.head, case.id)

    told = {(one.subject, one.check.code) for one in found if one.check.code.startswith("scene")}
    assert told == {(f"recording/{away}", "scene-far"), (f"recording/{away}", "scene-before")}
    assert all(one.subject != f"recording/{there}" for one in found if one.check.name.startswith("scene"))
