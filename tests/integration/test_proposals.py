"""What a handler proposes at the end of an investigation: what needs a proof then, and how the decision may differ."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.case import Case, CaseState, CaseStep
from schemas.decision import UNPROVEN_OUTCOMES, DecisionOutcome
from schemas.errors import EvidenceError
from schemas.leaves_scope import CaseConcludeProposed
from storage.store import Store
from tests.casework import NONE, PASS, Bureau, decision, make_bureau, take
from tests.factories import acts_of, faults, folder_url, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("proposals"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def refused(slug: str) -> object:
    return pytest.raises(EvidenceError, check=lambda err: err.slug == slug)


def concluded(bureau: Bureau, proposal: DecisionOutcome | None, *, is_proven: bool = False) -> Case:
    case = bureau.investigated(is_proven=is_proven)
    with bureau.store.begin() as tx:
        return take(tx, bureau.handler, case.id, CaseStep.CONCLUDE, answers=NONE, proposal=proposal)


def decide(bureau: Bureau, case: Case, **said: object) -> Case:
    with bureau.store.begin() as tx:
        seen = tx.cases.known(case.id).version
        return tx.decisions.decide(bureau.head, case.id, decision(tx, bureau.head, case.id, **said), seen)


@pytest.mark.parametrize("proposal", [None, *DecisionOutcome])
def test_what_is_proposed_says_what_needs_a_proof(bureau: Bureau, proposal: DecisionOutcome | None) -> None:
    """Where the facts do not stand, or others prove them, a case passes with a fact that nothing proves; no other does."""
    case = concluded(bureau, proposal)
    submitted = bureau.step(case, CaseStep.SUBMIT)
    (review,) = bureau.rounds(submitted)
    if proposal not in UNPROVEN_OUTCOMES:
        with refused("fact-unproven"):
            bureau.opine(review, PASS)
        return
    bureau.opine(review, PASS)
    assert decide(bureau, case, outcome=proposal).state is CaseState.DECIDED
    with bureau.store.begin() as tx:
        scope = tx.cases.scope(case.id)
    assert scope is not None
    assert scope.proposal is proposal
    acts = acts_of(bureau.store, f"case/{case.id}")
    assert [one.proposal for one in acts if isinstance(one, CaseConcludeProposed)] == [proposal]
    assert faults(bureau.store, case.id) == []


def test_a_decision_may_differ_with_a_reason_and_never_without_a_proof(bureau: Bureau) -> None:
    """Silence is refused; a reason is kept; and a penalty needs its proof whatever was proposed."""
    bare = concluded(bureau, DecisionOutcome.NO_FACTS)
    bare = bureau.step(bare, CaseStep.EXEMPT, "案情简单")
    with refused("fact-unproven"):
        decide(bureau, bare, outcome=DecisionOutcome.PENALTY, reason="应予处罚")
    case = bureau.step(
        concluded(bureau, DecisionOutcome.PENALTY, is_proven=True), CaseStep.EXEMPT, "案情简单"
    )
    with refused("decision-differs"):
        decide(bureau, case, outcome=DecisionOutcome.MINOR, reason="  ")
    assert bureau.get(case).state is CaseState.REVIEW_NOT_NEEDED
    decide(bureau, case, outcome=DecisionOutcome.MINOR, reason="当场改正，没有造成危害后果")
    with bureau.store.begin() as tx:
        found = tx.decisions.of_case(bureau.head, case.id)
    assert found is not None
    assert found.outcome is DecisionOutcome.MINOR
    assert faults(bureau.store, case.id) == faults(bureau.store, bare.id) == []


def test_the_last_conclusion_counts(bureau: Bureau) -> None:
    """A case that is investigated again is judged by what is proposed then; what was proposed before stays in its rows."""
    case = bureau.step(concluded(bureau, DecisionOutcome.TRANSFER), CaseStep.REOPEN)
    with bureau.store.begin() as tx:
        case = take(tx, bureau.handler, case.id, CaseStep.CONCLUDE, proposal=DecisionOutcome.MINOR)
    with refused("fact-unproven"):
        bureau.step(case, CaseStep.EXEMPT, "案情简单")
    with bureau.store.begin() as tx:
        scope = tx.cases.scope(case.id)
    assert scope is not None
    assert scope.proposal is DecisionOutcome.MINOR
    assert faults(bureau.store, case.id) == []


def test_reviewer_and_head_are_shown_it(store: Store, bureau: Bureau) -> None:
    """The proposal stands on the page of the round and of the case, and beside the form of the decision."""
    case = bureau.step(concluded(bureau, DecisionOutcome.NO_FACTS), CaseStep.SUBMIT)
    (review,) = bureau.rounds(case)

    def page(who: object, path: str) -> str:
        cookies = {COOKIE: bureau.tokens[who]}
        with httpx.Client(base_url=url, cookies=cookies, timeout=PATIENCE_SECONDS) as client:
            answer = client.get(path)
            assert answer.status_code == 200
            return answer.text

    with serving(store) as url:
        asked = page(bureau.reviewer.id, f"/console/reviews/{review.id}")
        bureau.opine(review, PASS)
        told = page(bureau.head.id, f"/console/cases/{case.id}")
    words = "承办人建议："
    assert words in asked
    assert "承办人建议不予处罚或者移送；1 项待证事实没有证据" in asked
    form = told.partition(f'action="/console/cases/{case.id}/decision"')[2].partition("</form>")[0]
    assert "不予行政处罚（违法事实不能成立）" in form
    assert "决定与建议不同的，在说明中写明理由" in form
    assert words in told.partition('id="scope"')[2].partition("</section>")[0]
