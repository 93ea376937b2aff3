"""Which cases need legal review: answers to art. 58, an agency's rule, and what the fold makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.actor import Role
from schemas.case import CaseState
from schemas.decision import UNPROVEN_OUTCOMES, DecisionOutcome
from schemas.errors import Invalid
from schemas.leaves_case import CaseConclude, CaseDecide, CaseSubmit
from schemas.leaves_procedure import CaseDecideListed
from schemas.leaves_review import FactAdd, ReviewSupplement
from schemas.leaves_scope import CaseConcludeProposed, CaseConcludeScoped, CaseExempt, CaseReopen
from schemas.life import FaultCode
from schemas.life_of_case import CaseLife
from schemas.procedure import Formality
from schemas.replay import fold
from schemas.review_scope import ReviewRule, ScopeAnswerIn, ScopeKind, demands, ordered
from schemas.setting import SettingIn
from schemas.setting_list import LISTS, ListSetting
from tests.leaf_examples import AT, members_of
from tests.leaf_history import World, answered, begin
from tests.unit.test_separation_rules import grant, opened, opine


def answers(*kinds: ScopeKind, applying: tuple[ScopeKind, ...] = ()) -> list[ScopeAnswerIn]:
    return [ScopeAnswerIn(kind=kind, applies=kind in applying, ground="理由") for kind in kinds]


@given(st.lists(st.sampled_from(ScopeKind), max_size=8))
def test_each_kind_is_answered_once(kinds: list[ScopeKind]) -> None:
    """Whatever the order, four answers to four kinds stand in the order of the statute; anything else is refused."""
    told = answers(*kinds)
    if sorted(kinds) == sorted(ScopeKind):
        assert [one.kind for one in ordered(told)] == list(ScopeKind)
        return
    with pytest.raises(Invalid) as refused:
        ordered(told)
    assert refused.value.slug == "scope-unanswered"
    assert refused.value.facts["missing"] == [kind.value for kind in ScopeKind if kind not in kinds]


@pytest.mark.parametrize("ground", ["", " ", "x" * 501])
def test_an_answer_says_why(ground: str) -> None:
    """No answer stands without a reason."""
    with pytest.raises(ValidationError):
        ScopeAnswerIn(kind=ScopeKind.DIFFICULT, applies=False, ground=ground)


def test_a_leaf_answers_each_kind_in_the_order_of_the_statute() -> None:
    """Three answers, or four in another order, are no leaf."""
    given = members_of(CaseConcludeScoped, is_full=True)
    for wrong in (answered()[:3], answered()[::-1], (*answered()[:3], answered()[0])):
        with pytest.raises(ValidationError):
            CaseConcludeScoped(**{**given, "answers": wrong})


def test_nothing_is_asked_beyond_the_law_unless_somebody_says_so() -> None:
    """The list is empty by default, and holds nothing but what the law knows."""
    assert LISTS[ListSetting.REVIEW_SCOPE].default == ()
    assert not demands(())
    assert demands((ReviewRule.ORDINARY,))
    wish = SettingIn(name=ListSetting.REVIEW_SCOPE, items=("everything",), from_at=AT, source="x")
    with pytest.raises(Invalid):
        wish.check_range()


def life(world: World, case: str) -> tuple[CaseLife, list[FaultCode]]:
    folded = fold(case, world.history.turns[case], world.history.directory())
    assert isinstance(folded.life, CaseLife)
    return folded.life, [one.code for one in folded.faults]


def conclude(world: World, case: str, *applying: ScopeKind, by: str | None = None) -> None:
    who = by or world.people[Role.HANDLER]
    world.history.write(CaseConcludeScoped, case, who, answers=answered(*applying))


def test_the_fold_lets_a_case_of_no_kind_be_decided() -> None:
    """Answers, agreement and decision are lawful, and stand in the life of the case."""
    world = begin(21)
    case, _ = opened(world)
    conclude(world, case)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    told, faults = life(world, case)
    assert (told.state, faults) == (CaseState.REVIEW_NOT_NEEDED, [])
    assert told.exemption is not None
    assert told.exemption.by == world.people[Role.HEAD]
    assert told.scope is not None
    assert [one.kind for one in told.scope.act.answers] == list(ScopeKind)
    world.history.write(CaseDecide, case, world.people[Role.HEAD])
    assert life(world, case)[1] == []


def test_the_fold_reads_no_answer_into_an_older_leaf() -> None:
    """A conclusion of version 1 answered nothing: an agreement behind it is named and moves nothing."""
    world = begin(22)
    case, _ = opened(world)
    conclude(world, case)
    world.history.write(CaseReopen, case, world.people[Role.HANDLER])
    world.history.write(CaseConclude, case, world.people[Role.HANDLER])
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    told, faults = life(world, case)
    assert faults == [FaultCode.SCOPE]
    assert told.state == CaseState.INVESTIGATION_CLOSED
    assert told.scope is None
    assert len(told.scopes) == 1


@pytest.mark.parametrize("kind", ScopeKind)
def test_the_fold_names_an_agreement_against_the_answers(kind: ScopeKind) -> None:
    """Where the case is of any kind of art. 58, nobody may agree that no review is needed."""
    world = begin(23)
    case, _ = opened(world)
    conclude(world, case, kind)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    assert life(world, case)[1] == [FaultCode.SCOPE]


def test_the_fold_names_an_agreement_behind_a_review() -> None:
    """A case that was returned by a reviewer is not decided around them."""
    world = begin(24)
    case, _ = opened(world)
    conclude(world, case)
    review = world.history.thing("review")
    world.history.write(CaseSubmit, case, world.people[Role.HANDLER], review=review, round=1)
    grounds = members_of(ReviewSupplement, is_full=True)["grounds"]
    reviewer = world.people[Role.LEGAL_REVIEWER]
    world.history.write(ReviewSupplement, review, reviewer, of=(case,), round=1, grounds=grounds)
    conclude(world, case)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    assert life(world, case)[1] == [FaultCode.SCOPE]


def test_the_fold_names_an_agreement_with_oneself() -> None:
    """A head who answered does not agree; another one does."""
    for who, expected in ((Role.HEAD, [FaultCode.SAME_PERSON]), (None, [])):
        world = begin(25)
        case, _ = opened(world)
        head = world.people[Role.HEAD]
        conclude(world, case, by=head)
        other = world.seconds[Role.HEAD] if who is None else head
        world.history.write(CaseExempt, case, other)
        assert life(world, case)[1] == expected


def test_the_fold_names_an_agreement_on_what_is_not_proven() -> None:
    """Art. 40 holds without a review, too: an unproven fact is named at the agreement."""
    world = begin(26)
    case, _ = opened(world)
    fact = world.history.thing("fact")
    world.history.write(FactAdd, fact, world.people[Role.HANDLER], of=(case,), position=2)
    conclude(world, case)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    assert life(world, case)[1] == [FaultCode.UNPROVEN]


def test_an_exempt_case_takes_no_more_evidence_and_goes_back_as_a_whole() -> None:
    """Its facts stand until the investigation is reopened; then the agreement is gone."""
    world = begin(27)
    case, _ = opened(world)
    handler = world.people[Role.HANDLER]
    conclude(world, case)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    world.history.write(FactAdd, world.history.thing("fact"), handler, of=(case,), position=7)
    assert life(world, case)[1] == [FaultCode.CLOSED]
    world.history.write(CaseReopen, case, handler)
    world.history.write(FactAdd, world.history.thing("fact"), handler, of=(case,), position=7)
    told, faults = life(world, case)
    assert faults == [FaultCode.CLOSED]
    assert told.exemption is None


@pytest.mark.parametrize("role", [Role.HANDLER, Role.HEAD])
def test_who_answered_or_agreed_gives_no_review_of_it(role: Role) -> None:
    """If the case is reviewed after all, it is by somebody who did neither."""
    world = begin(28)
    case, _ = opened(world, opener=world.seconds[Role.HANDLER])
    who, head = world.people[role], world.people[Role.HEAD]
    grant(world, who, Role.LEGAL_REVIEWER)
    conclude(world, case)
    world.history.write(CaseExempt, case, head)
    review = world.history.thing("review")
    world.history.write(CaseSubmit, case, world.seconds[Role.HANDLER], review=review, round=1)
    opine(world, case, review, who)
    told, faults = life(world, case)
    assert faults == [FaultCode.SAME_PERSON]
    assert told.exemption is None


def proposed(world: World, case: str, proposal: DecisionOutcome | None) -> None:
    handler = world.people[Role.HANDLER]
    world.history.write(CaseConcludeProposed, case, handler, answers=answered(), proposal=proposal)


@pytest.mark.parametrize("proposal", [None, *DecisionOutcome])
def test_the_fold_asks_no_proof_of_what_is_proposed_as_not_found(proposal: DecisionOutcome | None) -> None:
    """Arts 40 and 57: only where a penalty, or a minor act, is proposed, or nothing is said, each fact needs its proof."""
    world = begin(29)
    case, _ = opened(world)
    fact = world.history.thing("fact")
    world.history.write(FactAdd, fact, world.people[Role.HANDLER], of=(case,), position=2)
    proposed(world, case, proposal)
    world.history.write(CaseExempt, case, world.people[Role.HEAD])
    expected = [] if proposal in UNPROVEN_OUTCOMES else [FaultCode.UNPROVEN]
    assert life(world, case)[1] == expected


def test_the_fold_names_another_decision_without_a_reason() -> None:
    """What was proposed is not decided otherwise in silence; with a reason it is, and proof is asked by the outcome."""
    world = begin(30)
    case, _ = opened(world)
    head = world.people[Role.HEAD]
    proposed(world, case, DecisionOutcome.NO_FACTS)
    world.history.write(CaseExempt, case, head)
    lines = members_of(CaseDecideListed, is_full=True)["formalities"]
    named = [
        lines[0].model_copy(
            update={"formality": one, "documents": 1 if one is not Formality.TERM else 0, "why": None}
        )
        for one in tuple(Formality)[:6]
    ]
    told = {"outcome": DecisionOutcome.MINOR, "penalties": (), "fine_fen": None, "formalities": tuple(named)}
    world.history.write(CaseDecideListed, case, head, **told, reason=None)
    assert FaultCode.DIFFERS in life(world, case)[1]
    assert life(world, case)[0].state == CaseState.REVIEW_NOT_NEEDED
