"""Recusal from the word to its end: what a barred person can do, is offered and told, and what the package says."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.case import Case, CaseAmendIn, CaseState, CaseStep
from schemas.errors import EvidenceError
from schemas.fact import FactIn
from schemas.leaves_recusal import RecusalBar, RecusalGround, RecusalLift
from schemas.policy import Action
from schemas.recusal import Recusal, RecusalIn
from schemas.review import AnswerIn
from storage.store import Store
from storage.transaction import Transaction
from tests.casework import PASS, SUPPLEMENT, Bureau, make_bureau, take
from tests.factories import acts_of, faults, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("recusal"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def refused(slug: str) -> object:
    return pytest.raises(EvidenceError, check=lambda err: err.slug == slug)


def bar(bureau: Bureau, case: Case, who: Actor, *, by: Actor | None = None) -> Recusal:
    ground = RecusalGround.PARTY if by else RecusalGround.OWN
    wish = RecusalIn(login=who.login if by else None, ground=ground, reason="与当事人有利害关系")
    with bureau.store.begin() as tx:
        return tx.recusals.bar(by or who, case.id, wish)


def lift(bureau: Bureau, found: Recusal, by: Actor) -> Recusal:
    with bureau.store.begin() as tx:
        return tx.recusals.lift(by, found.case_id, found.id, "查明没有利害关系")


Act = Callable[[Transaction, Actor, Case, int], object]
ACTS: dict[str, Act] = {
    "amend": lambda tx, who, case, seen: tx.cases.amend(
        who, case.id, CaseAmendIn(party="某店二", reason="写错"), seen
    ),
    "step": lambda tx, who, case, seen: take(tx, who, case.id, CaseStep.CONCLUDE, seen=seen),
    "fact": lambda tx, who, case, seen: tx.facts.add(who, case.id, FactIn(text="另一事实"), seen),
    "export": lambda tx, who, case, seen: tx.exports.request(who, case.id),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_barred_handler_can_do_nothing_until_it_is_lifted(bureau: Bureau, act: str) -> None:
    """Every act in the case is refused with one name, leaves nothing, and goes again once the head has lifted the bar."""
    case = bureau.at(CaseState.INVESTIGATING)
    bureau.fact(case, bureau.capture(case))
    found = bar(bureau, case, bureau.handler)
    seen = bureau.get(case).version
    with refused("recused"), bureau.store.begin() as tx:
        ACTS[act](tx, bureau.handler, case, seen)
    with bureau.store.begin() as tx:
        assert tx.cases.granted(bureau.handler, case.id) == frozenset()
        assert tx.cases.visible(bureau.handler, [case.id], Action.CASE_LINK) == frozenset()
        assert tx.cases.visible(bureau.handler, [case.id]) == {case.id}
    lift(bureau, found, bureau.head)
    with bureau.store.begin() as tx:
        ACTS[act](tx, bureau.handler, case, seen)
    assert faults(bureau.store, case.id) == []


def test_a_barred_reviewer_is_offered_no_round(bureau: Bureau) -> None:
    """Not in the queue, not counted as waiting, refused at the opinion; another gives it."""
    case, review = bureau.submitted()
    other, _ = bureau.submitted()
    bar(bureau, case, bureau.reviewer, by=bureau.head)
    with bureau.store.begin() as tx:
        queue = {one.case_id for one in tx.reviews.queue(bureau.reviewer).rows}
        waiting = {one.duty.value: one.count for one in tx.duties.waiting(bureau.reviewer)}
        parts = tx.reviews.parts(bureau.reviewer, case.id)
    assert queue == {other.id}
    assert waiting["review-case"] == 1
    assert [part.value for part in parts] == ["barred"]
    with refused("recused"):
        bureau.opine(review, PASS, bureau.reviewer)
    assert bureau.opine(review, PASS, bureau.second_reviewer).opinion is not None


def test_a_barred_handler_answers_no_ground_and_is_not_appointed_again(bureau: Bureau) -> None:
    """What a round asks waits for another handler; the head cannot name the barred one."""
    case, review = bureau.submitted()
    given = bureau.opine(review, SUPPLEMENT)
    bar(bureau, case, bureau.handler)
    with refused("recused"), bureau.store.begin() as tx:
        tx.reviews.answer(bureau.handler, given.id, 1, AnswerIn(text="已补充"), seen=given.version)
    spare = make_account(bureau.store, bureau.agency, Role.HANDLER)[1]
    bar(bureau, case, spare, by=bureau.head)
    with refused("recused"), bureau.store.begin() as tx:
        tx.cases.assign(bureau.head, case.id, spare.login, tx.cases.get(bureau.head, case.id).version)


def test_who_may_bar_and_lift_whom(bureau: Bureau) -> None:
    """Only the head bars others, only people of the case; nobody lifts their own; once each."""
    case = bureau.at(CaseState.INVESTIGATING)
    stranger = make_account(bureau.store, make_agency(bureau.store), Role.HANDLER)[1]
    second = make_account(bureau.store, bureau.agency, Role.HEAD)[1]
    handler, head = bureau.handler, bureau.head
    tries = [
        ("permission-missing", handler, RecusalIn(login=head.login, ground=RecusalGround.HEAD, reason="x")),
        ("recusal-own-word", head, RecusalIn(login=handler.login, ground=RecusalGround.OWN, reason="x")),
        ("recusal-own-word", head, RecusalIn(ground=RecusalGround.PARTY, reason="x")),
        (
            "recusal-person-unknown",
            head,
            RecusalIn(login=stranger.login, ground=RecusalGround.HEAD, reason="x"),
        ),
        ("case-unknown", stranger, RecusalIn(reason="x")),
    ]
    for slug, who, wish in tries:
        with refused(slug), bureau.store.begin() as tx:
            tx.recusals.bar(who, case.id, wish)
    own = bar(bureau, case, head)
    with refused("recusal-stands"):
        bar(bureau, case, head)
    with refused("recused"):
        bar(bureau, case, handler, by=head)
    with refused("recused"):
        lift(bureau, own, head)
    with refused("permission-missing"):
        lift(bureau, own, handler)
    assert lift(bureau, own, second).lifter is not None
    with refused("recusal-over"):
        lift(bureau, own, second)
    with refused("recusal-unknown"), bureau.store.begin() as tx:
        tx.recusals.lift(second, case.id, uuid4(), "x")
    kinds = [type(one) for one in acts_of(bureau.store, f"recusal/{own.id}")]
    assert kinds == [RecusalBar, RecusalLift]


def test_the_page_says_why_and_who_may_lift_it(store: Store, bureau: Bureau) -> None:
    """The barred person sees the case, the reason and the other heads, and no button; the head sees the form to lift it."""
    case = bureau.at(CaseState.INVESTIGATING)
    bureau.fact(case, bureau.capture(case))
    bar(bureau, case, bureau.handler)

    def page(url: str, who: UUID) -> str:
        cookies = {COOKIE: bureau.tokens[who]}
        with httpx.Client(base_url=url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
            answer = client.get(f"/console/cases/{case.id}")
            assert answer.status_code == 200
            return answer.text

    with serving(store) as url:
        own, heads = page(url, bureau.handler.id), page(url, bureau.head.id)
    assert "您已回避本案（与当事人有利害关系" in own
    assert "可由 测试 写明理由解除" in own
    for action in ("facts", "recusals", "exports", "steps/conclude"):
        address = f'action="/console/cases/{case.id}/{action}"'
        assert address not in own
    assert f'action="/console/cases/{case.id}/recusals"' in heads
    assert "解除回避" in heads


def test_who_may_be_barred_is_offered_by_name(store: Store, bureau: Bureau) -> None:
    """The head chooses among the case's handlers, who stand first, and the agency's people; nobody else's are named."""
    case = bureau.at(CaseState.INVESTIGATING)
    stranger = make_account(store, make_agency(store), Role.HANDLER)[1]
    with store.begin() as tx:
        offered = [one.login for one in tx.recusals.offered(bureau.head, case)]

    assert offered[0] == bureau.handler.login
    assert {bureau.head.login, bureau.second_reviewer.login} <= set(offered)
    assert stranger.login not in offered
    with pytest.raises(EvidenceError, match="permission"), store.begin() as tx:
        tx.recusals.offered(bureau.handler, case)
    with serving(store) as url:
        cookies = {COOKIE: bureau.tokens[bureau.head.id]}
        with httpx.Client(base_url=url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
            page = client.get(f"/console/cases/{case.id}").text
    assert f'<option value="{bureau.handler.login}">{bureau.handler.name}' in page
