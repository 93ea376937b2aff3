"""Whether a case needs legal review (art. 58): answers, an agency's rule, the head's agreement, and the way back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count as numbers
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, select, update

from api.deps import COOKIE
from api.form_token import form_token
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_speech import sentences
from schemas.actor import Actor, Role
from schemas.case import Case, CaseState, CaseStep
from schemas.duty import Duty
from schemas.errors import EvidenceError
from schemas.event import Event
from schemas.fact import FactIn
from schemas.integrity import Outcome
from schemas.leaves_case import CaseConclude
from schemas.life_of_case import CaseLife
from schemas.policy import Action
from schemas.reference import reference
from schemas.review_scope import ReviewRule, ScopeAnswerIn, ScopeKind
from schemas.setting import SettingIn
from schemas.setting_list import ListSetting
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.case import cases
from storage.tables.scope import case_scopes
from tests.casework import NONE, PASS, SUPPLEMENT, Bureau, make_bureau, take
from tests.chains import chain_events, folded, opened
from tests.factories import faults, folder_url, make_account, make_agency, make_settings
from tests.owner import owning, unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.trust import trust_of
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

_NUMBERS = numbers(1)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("scope"))))
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(
        store, above=make_agency(store), officers=(f"法-{next(_NUMBERS)}", f"法-{next(_NUMBERS)}")
    )


def of(kind: ScopeKind) -> tuple[ScopeAnswerIn, ...]:
    """Yes to one kind, no to the others."""
    return tuple(one.model_copy(update={"applies": one.kind is kind}) for one in NONE)


def concluded(bureau: Bureau, answers: Sequence[ScopeAnswerIn] = NONE) -> Case:
    return bureau.step(bureau.investigated(), CaseStep.CONCLUDE, answers=answers)


def refused(bureau: Bureau, case: Case, step: CaseStep, actor: Actor | None = None) -> str:
    """The slug with which a step is refused; nothing of it stays."""
    before = chain_events(bureau.store, f"case/{case.id}")
    with pytest.raises(EvidenceError) as met, bureau.store.begin() as tx:
        take(tx, actor or bureau.who(step), case.id, step)
    assert chain_events(bureau.store, f"case/{case.id}") == before
    return met.value.slug


def rule(bureau: Bureau, items: tuple[str, ...] | None, *, ago: timedelta = timedelta()) -> None:
    """An administrator of the tree sets the rule of the agency."""
    _, admin = make_account(bureau.store, bureau.agency, Role.ADMIN)
    with bureau.store.begin() as tx:
        wish = SettingIn(
            name=ListSetting.REVIEW_SCOPE, items=items, from_at=tx.now - ago, source="本局法制审核目录"
        )
        tx.agency_settings.change(admin, bureau.agency, wish)


def test_a_case_of_no_kind_is_decided_without_a_review(bureau: Bureau) -> None:
    """Answers, the head's agreement and the decision stand in rows, leaves and fold, and fsck finds no difference."""
    case = bureau.exempt()
    assert case.state is CaseState.REVIEW_NOT_NEEDED
    case = bureau.step(case, CaseStep.DECIDE)
    assert case.decided_at is not None
    about = f"case/{case.id}"
    assert Event.CASE_SUBMIT not in chain_events(bureau.store, about)
    assert opened(bureau.store, about, Event.CASE_CONCLUDE) == [
        {f"ground.{k}": "不属于该情形" for k in range(1, 5)}
    ]
    assert opened(bureau.store, about, Event.CASE_EXEMPT) == [{"reason": "案情简单，四种情形均不属于"}]
    with bureau.store.begin() as tx:
        scope = tx.cases.scope(case.id)
    assert scope is not None
    assert [(one.kind, one.applies, one.ground) for one in scope.answers] == [
        (kind, False, "不属于该情形") for kind in ScopeKind
    ]
    assert (scope.answered_by, scope.applying) == (bureau.handler.name, ())
    told = folded(bureau.store, about)
    assert isinstance(told.life, CaseLife)
    assert (told.faults, told.life.state) == ([], CaseState.DECIDED)
    assert faults(bureau.store, case.id) == []


@pytest.mark.parametrize("kind", ScopeKind)
def test_a_case_of_any_kind_is_reviewed(bureau: Bureau, kind: ScopeKind) -> None:
    """One yes is enough: nobody may agree that no review is needed, and the review leads to the decision."""
    case = concluded(bureau, of(kind))
    assert refused(bureau, case, CaseStep.EXEMPT) == "review-needed"
    assert refused(bureau, case, CaseStep.DECIDE) == "case-step-refused"
    case = bureau.step(case, CaseStep.SUBMIT)
    bureau.opine(bureau.rounds(case)[-1], PASS)
    assert bureau.step(case, CaseStep.DECIDE).state is CaseState.DECIDED


@pytest.mark.parametrize("given", [(), NONE[:3], (*NONE, NONE[0]), (*NONE[:3], NONE[0])])
def test_nobody_concludes_without_four_answers(bureau: Bureau, given: tuple[ScopeAnswerIn, ...]) -> None:
    """None, three, or one twice: the case stays where it is, and nothing is kept."""
    case = bureau.investigated()
    with pytest.raises(EvidenceError) as met:
        bureau.step(case, CaseStep.CONCLUDE, answers=given)
    assert met.value.slug == "scope-unanswered"
    assert bureau.get(case).state is CaseState.INVESTIGATING
    with bureau.store.begin() as tx:
        assert tx.cases.scope(case.id) is None


def test_to_agree_needs_a_reason(bureau: Bureau) -> None:
    """So does to go back; blanks are none."""
    case = concluded(bureau)
    for step in (CaseStep.EXEMPT, CaseStep.REOPEN):
        with pytest.raises(EvidenceError) as met, bureau.store.begin() as tx:
            tx.cases.step(bureau.who(step), case.id, step, "  ", bureau.get(case).version)
        assert met.value.slug == "step-reason-missing"


def test_a_case_that_was_concluded_before_the_questions_has_no_answers(bureau: Bureau) -> None:
    """A leaf of version 1 answers nothing: the review is open, or the way back and the questions; no 'no' is made up."""
    case = bureau.investigated()
    with bureau.store.begin() as tx:
        deed, now = tx.cases.changing(
            bureau.handler, case.id, Action.CASE_RUN, tx.cases.known(case.id).version
        )
        about = reference("case", case.id)
        tx.connection.execute(
            update(cases)
            .where(cases.c.id == case.id)
            .values(state=CaseState.INVESTIGATION_CLOSED, version=deed.next_number(about))
        )
        deed.write(CaseConclude(to=CaseState.INVESTIGATION_CLOSED), about)
        assert now.state is CaseState.INVESTIGATING
    assert refused(bureau, case, CaseStep.EXEMPT) == "scope-unknown"
    with bureau.store.begin() as tx:
        assert tx.cases.scope(case.id) is None
    case = bureau.step(bureau.get(case), CaseStep.REOPEN)
    case = bureau.step(case, CaseStep.CONCLUDE)
    assert bureau.step(case, CaseStep.EXEMPT).state is CaseState.REVIEW_NOT_NEEDED
    assert folded(bureau.store, f"case/{case.id}").faults == []
    assert faults(bureau.store, case.id) == []


def test_a_returned_case_is_not_decided_around_its_reviewer(bureau: Bureau) -> None:
    """Once a round was submitted, it is the review that leads to a decision."""
    case, review = bureau.submitted()
    bureau.answer(bureau.opine(review, SUPPLEMENT))
    case = bureau.step(bureau.get(case), CaseStep.CONCLUDE)
    assert refused(bureau, case, CaseStep.EXEMPT) == "review-begun"


def test_an_exempt_case_may_be_reviewed_after_all(bureau: Bureau) -> None:
    """The handler submits it though nobody must; then only a pass leads on."""
    case = bureau.step(bureau.exempt(), CaseStep.SUBMIT)
    assert refused(bureau, case, CaseStep.DECIDE) == "case-not-passed"
    bureau.opine(bureau.rounds(case)[-1], PASS)
    assert bureau.step(case, CaseStep.DECIDE).state is CaseState.DECIDED
    assert folded(bureau.store, f"case/{case.id}").faults == []


def test_the_evidence_of_an_exempt_case_stands(bureau: Bureau) -> None:
    """No fact and no tie is changed by hand until the investigation is reopened; the last answers count."""
    case = bureau.exempt()
    other = bureau.capture()
    with pytest.raises(EvidenceError) as met:
        bureau.fact(case)
    assert met.value.slug == "case-under-review"
    with pytest.raises(EvidenceError) as met, bureau.store.begin() as tx:
        tx.cases.link(bureau.handler, case.id, other, bureau.get(case).version)
    assert met.value.slug == "case-under-review"
    case = bureau.step(case, CaseStep.REOPEN, "发现新证据")
    with bureau.store.begin() as tx:
        tx.facts.add(bureau.handler, case.id, FactIn(text="另一事实"), bureau.get(case).version)
    case = bureau.step(bureau.get(case), CaseStep.CONCLUDE, answers=of(ScopeKind.DIFFICULT))
    assert refused(bureau, case, CaseStep.EXEMPT) == "review-needed"
    with bureau.store.begin() as tx:
        scope = tx.cases.scope(case.id)
    assert scope is not None
    assert scope.applying == (ScopeKind.DIFFICULT,)


def test_a_fact_without_proof_keeps_a_case_from_it(bureau: Bureau) -> None:
    """Art. 40 holds without a review, too: for the agreement, and for a case of no fact at all."""
    case = bureau.step(bureau.investigated(is_proven=False), CaseStep.CONCLUDE)
    assert refused(bureau, case, CaseStep.EXEMPT) == "fact-unproven"
    bare = bureau.step(bureau.at(CaseState.INVESTIGATING), CaseStep.CONCLUDE)
    assert refused(bureau, bare, CaseStep.EXEMPT) == "case-facts-missing"


def test_an_agency_may_ask_for_more_than_the_law(bureau: Bureau) -> None:
    """Its rule counts from its day on, by the time of the agreement, and is taken back by a later row."""
    case, before = concluded(bureau), bureau.exempt()
    rule(bureau, (ReviewRule.ORDINARY,))
    assert refused(bureau, case, CaseStep.EXEMPT) == "review-demanded"
    assert bureau.step(before, CaseStep.DECIDE).state is CaseState.DECIDED  # was agreed before the rule
    rule(bureau, ())
    assert bureau.step(case, CaseStep.EXEMPT).state is CaseState.REVIEW_NOT_NEEDED


def test_who_answered_does_not_agree(bureau: Bureau) -> None:
    """A head who closed the investigation themselves is told so before and behind the button; another head agrees."""
    case = bureau.investigated()
    with bureau.store.begin() as tx:
        case = take(tx, bureau.head, case.id, CaseStep.CONCLUDE)
    assert refused(bureau, case, CaseStep.EXEMPT) == "exempter-concluded"
    _, other = make_account(bureau.store, bureau.agency, Role.HEAD)
    with bureau.store.begin() as tx:
        facts = tx.cases.gate_facts(case)
        err = tx.cases.why_not(bureau.head, case, CaseStep.EXEMPT, facts)
        assert err is not None
        assert err.slug == "exempter-concluded"
        assert tx.cases.why_not(other, case, CaseStep.EXEMPT, facts) is None
        assert Duty.EXEMPT_CASE not in {line.duty for line in tx.duties.waiting(bureau.head)}
        assert Duty.EXEMPT_CASE in {line.duty for line in tx.duties.waiting(other)}
        assert take(tx, other, case.id, CaseStep.EXEMPT).state is CaseState.REVIEW_NOT_NEEDED


@pytest.mark.parametrize("who", ["handler", "reviewer"])
def test_nobody_but_the_head_agrees(bureau: Bureau, who: str) -> None:
    """It is a decision of the head."""
    case = concluded(bureau)
    with pytest.raises(EvidenceError) as met, bureau.store.begin() as tx:
        take(tx, getattr(bureau, who), case.id, CaseStep.EXEMPT)
    assert met.value.slug in {"permission-missing", "case-unknown"}


def test_what_waits_is_told_to_whoever_goes_on(bureau: Bureau) -> None:
    """To agree and to decide waits for the head; what the head decides waits for no handler."""

    def lines(actor: Actor) -> dict[Duty, int]:
        with bureau.store.begin() as tx:
            return {line.duty: line.count for line in tx.duties.waiting(actor)}

    case = concluded(bureau)
    concluded(bureau, of(ScopeKind.OTHER_LAW))
    assert lines(bureau.head)[Duty.EXEMPT_CASE] == 1
    assert lines(bureau.handler)[Duty.RUN_CASE] == 2
    bureau.step(case, CaseStep.EXEMPT)
    assert Duty.EXEMPT_CASE not in lines(bureau.head)
    assert lines(bureau.head)[Duty.DECIDE_EXEMPT] == 1
    assert lines(bureau.handler)[Duty.RUN_CASE] == 1


def test_an_answer_that_was_changed_behind_our_back_is_found(bureau: Bureau) -> None:
    """Rows and leaves are held against each other, both ways; the table itself refuses a change."""
    case = bureau.exempt()
    for change in (
        update(case_scopes).where(case_scopes.c.case_id == case.id).values(applies=True),
        delete(case_scopes).where(case_scopes.c.case_id == case.id),
    ):
        with pytest.raises(Exception, match="append-only"), owning(bureau.store) as tx:
            tx.connection.execute(change)
        with unguarded(bureau.store) as tx:
            kept = [dict(row) for row in tx.connection.execute(select(case_scopes)).mappings()]
            tx.connection.execute(change)
        assert faults(bureau.store, case.id) != []
        with unguarded(bureau.store) as tx:
            tx.connection.execute(delete(case_scopes))
            tx.connection.execute(case_scopes.insert(), kept)
    assert faults(bureau.store, case.id) == []


def test_the_package_of_an_exempt_case_tells_who_agreed(bureau: Bureau, tmp_path: Path) -> None:
    """An outsider reads answers and agreement with their authors, and every claim of the chain is verified."""
    store, case = bureau.store, bureau.step(bureau.exempt(), CaseStep.DECIDE)
    integrate(store)
    with store.begin() as tx:
        ordered = tx.exports.request(bureau.handler, case.id)
    integrate(store)
    with Sandbox() as sandbox:
        Runner(store, sandbox, WorkersSettings()).drain(JobKind.EXPORT)
    with store.begin() as tx:
        built = tx.exports.known(ordered.id)
    assert built.state == "ready", built.failure
    payload = bytearray(built.size_bytes or 0)
    view, at = memoryview(payload), 0
    with store.objects.open(built.object_key or "", built.version_id or "") as source:
        while count := source.readinto(view[at:]):
            at += count
    (tmp_path / "case.zip").write_bytes(payload)
    report = verify_package(tmp_path / "case.zip", Trust.parse(trust_of(store.settings)))
    told = report.story
    assert told is not None
    assert told.case is not None
    assert told.exemption is not None
    assert (told.case.state, told.rounds) == ("decided", ())
    assert told.exemption.reason.value == "案情简单，四种情形均不属于"
    assert told.exemption.person.value == bureau.head.name
    assert any("认定无须法制审核 no legal review needed" in line for line in sentences(told))
    states = [one for one in report.claims if one.claim in {"chain", "state", "review_logged"}]
    assert {one.outcome for one in states} == {Outcome.VERIFIED}


@dataclass
class Office:
    """A served bureau."""

    bureau: Bureau
    url: str

    def client(self, actor: Actor) -> httpx.Client:
        headers = bearer(self.bureau.tokens[actor.id])
        return httpx.Client(
            base_url=f"{self.url}/v1", headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def browser(self, actor: Actor) -> httpx.Client:
        cookies = {COOKIE: self.bureau.tokens[actor.id]}
        return httpx.Client(base_url=self.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS)


@pytest.fixture
def office(bureau: Bureau) -> Iterator[Office]:
    with serving(bureau.store) as url:
        yield Office(bureau, url)


def send(client: httpx.Client, case: Case, verb: str, version: int, **fields: str) -> httpx.Response:
    token = client.cookies.get(COOKIE) or ""
    data = {"csrf": form_token(token), "version": str(version), **fields}
    return client.post(f"/console/cases/{case.id}/{verb}", data=data)


def typed(**changed: str) -> dict[str, str]:
    told = {kind.value: "no" for kind in ScopeKind}
    grounds = {f"{kind.value}_ground": "不属于" for kind in ScopeKind}
    return {**told, **grounds, "proposal": "penalty", **changed}


def test_answers_are_given_and_read_over_http(office: Office) -> None:
    """A program concludes with answers, the head agrees with a reason, and everybody reads both."""
    bureau = office.bureau
    case = bureau.investigated()
    told = [one.model_dump(mode="json") for one in NONE]
    with office.client(bureau.handler) as handler, office.client(bureau.head) as head:
        steps, at = f"/cases/{case.id}/steps", {"If-Match": f'"v{bureau.get(case).version}"'}
        bare = handler.post(steps, json={"step": "conclude"}, headers=at)
        assert (bare.status_code, bare.json()["slug"]) == (422, "scope-unanswered")
        done = handler.post(steps, json={"step": "conclude", "answers": told}, headers=at)
        assert done.status_code == 201, done.text
        at = {"If-Match": done.headers["ETag"]}
        done = head.post(steps, json={"step": "exempt", "reason": "均不属于"}, headers=at)
        assert done.json()["state"] == "review_not_needed", done.text
        page = handler.get(f"/cases/{case.id}").json()
    assert page["scope"]["answers"] == told
    assert page["scope"]["answered_by"] == bureau.handler.name
    assert [one["reason"] for one in page["changes"] if one["event"] == "case:exempt"] == ["均不属于"]


def test_the_page_asks_and_keeps_what_was_typed(office: Office) -> None:
    """No answer stands there before; one that is missing is named, and the others are kept."""
    bureau = office.bureau
    case = bureau.get(bureau.investigated())
    with office.browser(bureau.handler) as browser:
        page = browser.get(f"/console/cases/{case.id}").text
        form = page.partition(f'action="/console/cases/{case.id}/conclude"')[2].partition("</form>")[0]
        assert form.count('type="radio"') == 2 * len(ScopeKind)
        assert "checked" not in form
        for wrong, named in (
            ({"difficult": ""}, "案件情况疑难复杂、涉及多个法律关系"),
            ({"difficult_ground": ""}, "理由：案件情况疑难复杂"),
            ({"difficult": "maybe"}, "案件情况疑难复杂、涉及多个法律关系"),
        ):
            again = send(browser, case, "conclude", case.version, **typed(**wrong, public_interest="yes"))
            assert again.status_code == 422
            assert named in again.text.partition('role="alert"')[2].partition("</div>")[0]
            assert 'name="public_interest" value="yes" required checked' in again.text
        assert send(browser, case, "conclude", case.version, **typed()).status_code == 303
        page = browser.get(f"/console/cases/{case.id}").text
    told = page.partition('id="scope"')[2].partition("</section>")[0]
    assert told.count("<td>否</td>") == len(ScopeKind)
    assert bureau.handler.name in told
    assert "由负责人写明理由认定无须法制审核" in told


def test_the_head_agrees_on_the_page_and_takes_it_back(office: Office) -> None:
    """The reason stands on the page and on the print with its author; reopening takes the agreement away."""
    bureau = office.bureau
    case = concluded(bureau)
    with office.browser(bureau.head) as browser:
        bare = send(browser, case, "exempt", case.version, reason="")
        assert bare.status_code == 422
        assert "没有填写" in bare.text
        assert send(browser, case, "exempt", case.version, reason="案情简单").status_code == 303
        page = browser.get(f"/console/cases/{case.id}").text
        told = page.partition('id="scope"')[2].partition("</section>")[0]
        assert "案情简单" in told
        assert bureau.head.name in told
        course = page.partition("course-of-case")[2].partition("</ol>")[0]
        assert "无须法制审核" in course
        assert "<b>法制审核</b>" not in course
        sheet = send(
            browser, case, "print", case.version, pictures="without", reason_code="dispute", reason="复议"
        )
        assert sheet.status_code == 200, sheet.text[:500]
        assert "案情简单" in sheet.text.partition('id="scope"')[2].partition("</section>")[0]
        assert send(browser, case, "reopen", bureau.get(case).version, reason="补证").status_code == 303
        page = browser.get(f"/console/cases/{case.id}").text
    assert bureau.get(case).state is CaseState.INVESTIGATING
    assert "案情简单" not in page.partition('id="scope"')[2].partition("</section>")[0]
