"""The statutory order of a case: no walk, however odd, reaches a decision that the law forbids."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import ValidationError

from schemas.case import (
    EVIDENCE_STATES,
    OPINION_STEPS,
    STEPS,
    SUMMARY_STEPS,
    CaseAmendIn,
    CaseIn,
    CaseState,
    CaseStep,
    check_reason,
    course,
)
from schemas.case_gate import CaseFacts
from schemas.errors import Invalid, TransitionRefused

AT = datetime(2026, 11, 30, tzinfo=UTC)
CASE = {"number": "案-1", "party": "某店", "matter": "占道", "place": "路口"}
FACTS = st.builds(
    CaseFacts,
    is_passed=st.booleans(),
    is_open=st.booleans(),
    unanswered=st.integers(0, 3),
    facts=st.integers(0, 3),
    unproven=st.integers(0, 3),
    is_scoped=st.booleans(),
    applying=st.integers(0, 4),
    is_demanded=st.booleans(),
    is_reviewed=st.booleans(),
    is_exempt=st.booleans(),
    is_summary=st.booleans(),
    is_recorded=st.booleans(),
    is_found=st.booleans(),
)


class Bureau(RuleBasedStateMachine):
    """A case, its facts and its rounds as the tables keep them; every step may be tried at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.state = CaseState.LEAD
        self.facts = [True]
        self.opinion: CaseStep | None = None
        self.is_open = False
        self.unanswered = 0
        self.since_submission: list[CaseStep] = []
        self.rounds = 0
        self.applying: int | None = None
        self.is_demanded = False
        self.next_applying: int | None = 0
        self.is_summary = False
        self.is_recorded = False

    def seen(self) -> CaseFacts:
        return CaseFacts(
            is_passed=self.opinion is CaseStep.PASS,
            is_open=self.is_open,
            unanswered=self.unanswered,
            facts=len(self.facts),
            unproven=self.facts.count(False),
            is_scoped=self.applying is not None,
            applying=self.applying or 0,
            is_demanded=self.is_demanded,
            is_reviewed=self.rounds > 0,
            is_exempt=self.state is CaseState.REVIEW_NOT_NEEDED,
            is_summary=self.is_summary,
            is_recorded=self.is_recorded,
        )

    @rule(step=st.sampled_from(CaseStep), grounds=st.integers(1, 3))
    def try_anything(self, step: CaseStep, grounds: int) -> None:
        self.take(step, grounds)

    @precondition(lambda self: self.state is not CaseState.CLOSED)
    @rule(pick=st.integers(0, 3), grounds=st.integers(1, 3))
    def go_on(self, pick: int, grounds: int) -> None:
        onward = [row.name for row in STEPS.possible(self.state)]
        self.take(onward[pick % len(onward)], grounds)

    def take(self, step: CaseStep, grounds: int) -> None:
        try:
            after = STEPS.after(self.state, step, self.seen())
        except TransitionRefused:
            return
        assert self.state in STEPS[step].starts
        if step is CaseStep.EXEMPT:
            assert self.applying == 0
            assert not self.rounds
            assert not self.is_demanded
            assert self.facts
            assert all(self.facts)
        if step in SUMMARY_STEPS:
            assert self.is_summary is (step is not CaseStep.PENALISE)
            assert not self.is_recorded
            self.is_summary, self.is_recorded = step is not CaseStep.RETRACT, step is CaseStep.RECORD
        if step is CaseStep.CLOSE:
            assert not self.is_summary or self.is_recorded
        if step is CaseStep.CONCLUDE:
            self.applying = self.next_applying
        if step is CaseStep.SUBMIT:
            assert self.facts
            assert not self.unanswered
            self.rounds += 1
            self.since_submission, self.is_open, self.opinion = [], True, None
        if step in OPINION_STEPS:
            assert self.is_open
            self.is_open, self.opinion = False, step
            self.unanswered = 0 if step is CaseStep.PASS else grounds
        self.since_submission.append(step)
        self.state = after

    @precondition(lambda self: self.state in EVIDENCE_STATES)
    @rule(is_proven=st.booleans())
    def add_fact(self, is_proven: bool) -> None:
        self.facts.append(is_proven)

    @precondition(lambda self: self.state in EVIDENCE_STATES and self.facts)
    @rule(is_proven=st.booleans())
    def change_proof(self, is_proven: bool) -> None:
        self.facts[-1] = is_proven

    @precondition(lambda self: self.state in EVIDENCE_STATES and self.facts)
    @rule()
    def withdraw_fact(self) -> None:
        self.facts.pop()

    @precondition(lambda self: self.unanswered)
    @rule()
    def answer(self) -> None:
        self.unanswered -= 1

    @rule(applying=st.none() | st.integers(0, 4), is_demanded=st.booleans())
    def say_otherwise(self, applying: int | None, is_demanded: bool) -> None:
        """What the next conclusion answers, nothing where it was asked by an older version; and what the agency asks."""
        self.next_applying, self.is_demanded = applying, is_demanded

    @invariant()
    def no_decision_without_a_pass_where_one_is_needed(self) -> None:
        if self.state in (CaseState.DECIDED, CaseState.CLOSED):
            opinions = [step for step in self.since_submission if step in OPINION_STEPS]
            assert opinions == ([CaseStep.PASS] if self.rounds else [])
            assert self.rounds or self.applying == 0 or self.is_summary
            assert self.facts
            assert all(self.facts)

    @invariant()
    def a_round_is_open_in_review_only(self) -> None:
        assert not self.is_open or self.state is CaseState.LEGAL_REVIEW


Bureau.TestCase.settings = settings(max_examples=200, stateful_step_count=40)
TestBureau = Bureau.TestCase
TestBureau.__doc__ = (
    "No order of steps, facts and answers decides a case without a pass after its last submission."
)


@given(st.sampled_from(CaseState), st.sampled_from(CaseStep), FACTS)
def test_a_step_leads_where_the_table_says_or_nowhere(
    state: CaseState, step: CaseStep, facts: CaseFacts
) -> None:
    """Whatever the facts, a step from another state than its own is refused, and its end is the table's."""
    row = STEPS[step]
    try:
        after = STEPS.after(state, step, facts)
    except TransitionRefused:
        assert state not in row.starts or step in {
            *(CaseStep.SUBMIT, CaseStep.EXEMPT, CaseStep.DECIDE, CaseStep.CLOSE),
            *SUMMARY_STEPS,
            *OPINION_STEPS,
        }
    else:
        assert state in row.starts
        assert after is row.end


def test_the_straight_path_reaches_the_end() -> None:
    """The lawful walk from lead to closed is never refused."""
    good = CaseFacts(facts=1)
    walk = [
        (CaseStep.FILE, good),
        (CaseStep.INVESTIGATE, good),
        (CaseStep.CONCLUDE, good),
        (CaseStep.SUBMIT, good),
        (CaseStep.PASS, CaseFacts(facts=1, is_open=True)),
        (CaseStep.DECIDE, CaseFacts(facts=1, is_passed=True)),
        (CaseStep.CLOSE, good),
    ]
    state, states = CaseState.LEAD, [CaseState.LEAD]
    for step, facts in walk:
        state = STEPS.after(state, step, facts)
        states.append(state)

    assert state is CaseState.CLOSED
    assert tuple(dict.fromkeys(states)) == course(CaseState.CLOSED, is_exempt=False)
    assert all(a is not b for a, b in pairwise(states) if a is not CaseState.LEGAL_REVIEW)


def test_a_case_of_no_kind_is_decided_without_a_review() -> None:
    """Once the head agrees, the way leads to a decision without a round; its evidence stands as a reviewed one's."""
    none = CaseFacts(facts=1, is_scoped=True)
    state, states = CaseState.INVESTIGATION_CLOSED, [CaseState.INVESTIGATION_CLOSED]
    for step, facts in (
        (CaseStep.EXEMPT, none),
        (CaseStep.DECIDE, none.model_copy(update={"is_exempt": True})),
        (CaseStep.CLOSE, none),
    ):
        state = STEPS.after(state, step, facts)
        states.append(state)

    assert states == list(course(CaseState.CLOSED, is_exempt=True)[3:])
    assert CaseState.REVIEW_NOT_NEEDED not in EVIDENCE_STATES


def test_a_case_is_decided_on_the_spot_filed_and_closed() -> None:
    """The way of arts 51 and 52 leads from lead to decided, and an entry that is taken back leaves a lead."""
    good, unfiled = CaseFacts(facts=1), CaseFacts(facts=1, is_summary=True)
    state, states = CaseState.LEAD, [CaseState.LEAD]
    for step, facts in (
        (CaseStep.PENALISE, good),
        (CaseStep.RETRACT, unfiled),
        (CaseStep.PENALISE, good),
        (CaseStep.RECORD, unfiled),
        (CaseStep.CLOSE, unfiled.model_copy(update={"is_recorded": True})),
    ):
        state = STEPS.after(state, step, facts)
        states.append(state)

    way = course(CaseState.CLOSED, is_exempt=False, is_summary=True)
    assert tuple(dict.fromkeys(states)) == way == (CaseState.LEAD, CaseState.DECIDED, CaseState.CLOSED)
    assert states[2] is CaseState.LEAD
    assert STEPS[CaseStep.RETRACT].stamp(AT) == {"decided_at": None}


@pytest.mark.parametrize("state", [CaseState.INVESTIGATION_CLOSED, CaseState.REVIEW_NOT_NEEDED])
def test_there_is_a_way_back_and_a_way_to_a_review(state: CaseState) -> None:
    """Whoever runs a case takes it back to its investigation before the decision, or submits it though nobody must."""
    assert STEPS.after(state, CaseStep.REOPEN, CaseFacts()) is CaseState.INVESTIGATING
    assert STEPS.after(state, CaseStep.SUBMIT, CaseFacts(facts=1, is_scoped=True)) is CaseState.LEGAL_REVIEW


def test_what_is_proposed_as_not_found_is_reviewed_without_a_proof() -> None:
    """Arts 40 and 57: a case whose facts do not stand passes, and is exempt, with a fact that nothing proves."""
    none = CaseFacts(facts=1, unproven=1, is_found=False)
    under_review = none.model_copy(update={"is_open": True})
    assert STEPS.after(CaseState.LEGAL_REVIEW, CaseStep.PASS, under_review) is CaseState.LEGAL_REVIEW
    scoped = none.model_copy(update={"is_scoped": True})
    assert STEPS.after(CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, scoped) is CaseState.REVIEW_NOT_NEEDED


@pytest.mark.parametrize("step", CaseStep)
def test_a_step_that_needs_a_reason_has_one(step: CaseStep) -> None:
    """To agree, to go back and to end without a decision needs a reason; nothing else of a case's steps does."""
    check_reason(step, "补充证据")
    if step not in (CaseStep.EXEMPT, CaseStep.REOPEN, CaseStep.REFUSE, CaseStep.ANNUL, CaseStep.RESTORE):
        check_reason(step, "")
        return
    with pytest.raises(Invalid) as refused:
        check_reason(step, "")
    assert refused.value.slug == "step-reason-missing"


_NONE = {"facts": 1, "is_scoped": True}


@pytest.mark.parametrize(
    ("state", "step", "facts", "slug"),
    [
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(facts=1), "scope-unknown"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(**_NONE, applying=1), "review-needed"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(**_NONE, is_demanded=True), "review-demanded"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(**_NONE, is_reviewed=True), "review-begun"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(is_scoped=True), "case-facts-missing"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(**_NONE, unproven=1), "fact-unproven"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.DECIDE, CaseFacts(**_NONE), "case-step-refused"),
        (CaseState.REVIEW_NOT_NEEDED, CaseStep.DECIDE, CaseFacts(**_NONE, is_exempt=True, unproven=1), "fact-unproven"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.SUBMIT, CaseFacts(), "case-facts-missing"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.SUBMIT, CaseFacts(facts=1, unanswered=1), "case-grounds-unanswered"),
        (CaseState.LEGAL_REVIEW, CaseStep.DECIDE, CaseFacts(facts=1, is_open=True), "case-not-passed"),
        (CaseState.LEGAL_REVIEW, CaseStep.DECIDE, CaseFacts(facts=1, is_open=True, is_passed=True), "case-not-passed"),
        (CaseState.LEGAL_REVIEW, CaseStep.DECIDE, CaseFacts(facts=1, is_passed=True, unproven=1), "fact-unproven"),
        (CaseState.LEGAL_REVIEW, CaseStep.PASS, CaseFacts(facts=1, is_open=True, unproven=1), "fact-unproven"),
        (CaseState.LEGAL_REVIEW, CaseStep.REJECT, CaseFacts(facts=1, is_passed=True), "review-given"),
        (CaseState.LEGAL_REVIEW, CaseStep.PASS, CaseFacts(facts=1, unproven=1, is_found=False), "review-given"),
        (CaseState.INVESTIGATION_CLOSED, CaseStep.EXEMPT, CaseFacts(is_scoped=True, is_found=False), "case-facts-missing"),
        (CaseState.LEAD, CaseStep.DECIDE, CaseFacts(facts=1, is_passed=True), "case-step-refused"),
        (CaseState.FILED, CaseStep.PENALISE, CaseFacts(facts=1), "case-step-refused"),
        (CaseState.LEAD, CaseStep.PENALISE, CaseFacts(), "case-facts-missing"),
        (CaseState.LEAD, CaseStep.PENALISE, CaseFacts(facts=2, unproven=1), "fact-unproven"),
        (CaseState.DECIDED, CaseStep.RECORD, CaseFacts(facts=1), "summary-none"),
        (CaseState.DECIDED, CaseStep.RETRACT, CaseFacts(facts=1), "summary-none"),
        (CaseState.DECIDED, CaseStep.RECORD, CaseFacts(is_summary=True, is_recorded=True), "summary-recorded"),
        (CaseState.DECIDED, CaseStep.RETRACT, CaseFacts(is_summary=True, is_recorded=True), "summary-recorded"),
        (CaseState.DECIDED, CaseStep.CLOSE, CaseFacts(is_summary=True), "summary-unrecorded"),
        (CaseState.CLOSED, CaseStep.RETRACT, CaseFacts(is_summary=True), "case-step-refused"),
    ],
)  # fmt: skip
def test_every_gate_names_itself(state: CaseState, step: CaseStep, facts: CaseFacts, slug: str) -> None:
    """Each gate refuses with a slug of its own, so that a screen can say which one it was."""
    with pytest.raises(TransitionRefused) as refused:
        STEPS.after(state, step, facts)

    assert refused.value.slug == slug


@pytest.mark.parametrize(
    "changed",
    [
        {"party": " "},
        {"number": "\t"},
        {"occurred_at": "2026-11-25T08:00:00"},
        {"occurred_at": "2026-11-25T08:00:00+08:00"},
        {"lat_e7": 333_000_000},
        {"lat_e7": 900_000_001, "lon_e7": 0},
        {"plates": ["苏J 12345"]},
        {"plates": ["苏J12345"] * 9},
        {"party_code": "9132-0900"},
        {"surprise": 1},
    ],
)
def test_a_case_is_entered_whole_or_not(changed: dict[str, object]) -> None:
    """Blank words, half positions, times without the UTC zone and unknown fields are refused."""
    with pytest.raises(ValidationError):
        CaseIn.model_validate({**CASE, **changed})


@pytest.mark.parametrize(
    "wish", [{}, {"party": None}, {"plates": None}, {"lat_e7": 1}, {"lat_e7": 1, "lon_e7": None}]
)
def test_an_amendment_amends_something(wish: dict[str, object]) -> None:
    """A correction without a field, or one that takes away what must stand, is refused."""
    with pytest.raises(ValidationError):
        CaseAmendIn.model_validate({**wish, "reason": "笔误"})


def test_what_may_be_empty_can_be_emptied() -> None:
    """Party code, time and position can be taken away by a correction."""
    wish = CaseAmendIn.model_validate(
        {"party_code": None, "occurred_at": None, "lat_e7": None, "lon_e7": None, "reason": "误填"}
    )

    assert wish.model_dump(exclude_unset=True, exclude={"reason"}) == dict.fromkeys(
        ("party_code", "occurred_at", "lat_e7", "lon_e7")
    )
