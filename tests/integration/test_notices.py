"""What is due, by whom, until when: nothing that waits is left out, and nobody is told what they may not see."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import event, update

from api.deps import COOKIE
from schemas.account import AccountIn, RoleIn
from schemas.actor import Actor, Role
from schemas.case import Case, CaseState
from schemas.holding import IssueIn
from schemas.procedure import TERM_DAYS, days_since
from storage.duties.notice import MOST_NAMED
from storage.store import Store
from storage.tables.case import cases
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST

ROW = re.compile(r'<a class="row" href="([^"]+)">([^<]+)</a>')


@dataclass
class Office:
    """A bureau whose work waits at every desk."""

    bureau: Bureau
    url: str

    def page(self, token: str, path: str = "/console/notices") -> str:
        cookies = {COOKIE: token}
        with httpx.Client(
            base_url=self.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as browser:
            answer = browser.get(path)
        assert answer.status_code == 200
        return answer.text

    def own(self, actor: Actor) -> list[tuple[str, str]]:
        """Address and words of each row of what is theirs to do."""
        text = self.page(self.bureau.tokens[actor.id])
        return ROW.findall(text.partition("等您办理</h2>")[2].partition("</section>")[0])

    def filed(self, at: datetime) -> Case:
        """A case under investigation that was filed at a time."""
        case = self.bureau.at(CaseState.INVESTIGATING)
        with self.bureau.store.begin() as tx:
            tx.connection.execute(update(cases).where(cases.c.id == case.id).values(filed_at=at))
        return case


@pytest.fixture
def office(own_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    store = Store(make_settings(own_database_url, folder_url(tmp_path_factory.mktemp("notices"))))
    bureau = make_bureau(store, above=make_agency(store, is_supervising=True))
    with serving(store) as url:
        yield Office(bureau, url)
    store.close()


def test_the_term_of_a_case_ends_when_its_ninety_days_do(office: Office) -> None:
    """To the second: what the page of a case counts as the ninetieth day is due, and what it counts as more is overdue."""
    for hour in (15, 16):  # the last of a day in UTC+8, and the first of the next
        case = office.filed(datetime(2026, 9, 1, hour, 59, tzinfo=UTC))
        with office.bureau.store.begin() as tx:
            actor = office.bureau.handler
            told = {one.ident: one for one in tx.duties.notices(actor, tx.duties.waiting(actor))}
            filed = tx.cases.get(actor, case.id).filed_at
        due = told[case.id].due_at
        assert due is not None
        assert days_since(filed, due - timedelta(seconds=1)) == TERM_DAYS
        assert days_since(filed, due) == TERM_DAYS + 1


def test_what_is_due_first_stands_first(office: Office) -> None:
    """Overdue before due, due before what has no end; the head line counts the same rows."""
    with office.bureau.store.begin() as tx:
        now = tx.now
    late, soon = (
        office.filed(now - timedelta(days=TERM_DAYS + 3)),
        office.filed(now - timedelta(days=TERM_DAYS - 3)),
    )
    fresh = office.filed(now)
    found = [(href.rpartition("/")[2], words) for href, words in office.own(office.bureau.handler)]
    assert [ident for ident, _ in found] == [str(one.id) for one in (late, soon, fresh)]
    assert [words for _, words in found] == [f"在办案件：{one.number}" for one in (late, soon, fresh)]
    text = office.page(office.bureau.tokens[office.bureau.handler.id])
    assert ("有 3 件事等您处理" in text, "其中 1 件已逾期" in text, text.count("逾期</span>")) == (
        True,
        True,
        2,
    )
    last = (now + timedelta(hours=8)).date() + timedelta(days=TERM_DAYS)
    assert str(last) in text


def test_everything_that_waits_is_on_the_page(office: Office) -> None:
    """Beyond what is named one by one the rest is a number that leads to its list; together they are the head's count."""
    for _ in range(MOST_NAMED + 2):
        office.bureau.open()
    head = office.bureau.head
    rows = office.own(head)
    named = [words for _, words in rows if words.startswith("线索（案源）待立案：")]
    (rest,) = [one for one in rows if one[1] == "线索（案源）待立案 2 件"]
    assert (len(named), len(set(named)), rest[0]) == (MOST_NAMED, MOST_NAMED, "/console/cases?state=lead")
    token = office.bureau.tokens[head.id]
    with office.bureau.store.begin() as tx:
        count = sum(one.count for one in tx.duties.waiting(head))
    assert count == MOST_NAMED + 2
    assert office.page(token, "/console/notices/count").strip() == str(count)
    assert f'<b class="count">{count}</b>' in office.page(token, "/console")


def test_what_waits_is_counted_by_one_statement(office: Office) -> None:
    """Whatever somebody's duties are; what their agency has set is asked for once, and only where a line goes by it."""
    bureau = office.bureau
    bureau.open()
    _, everybody = make_account(bureau.store, bureau.agency, *Role)
    asked: list[str] = []
    event.listen(bureau.store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for who, statements in ((bureau.handler, 1), (bureau.head, 1), (everybody, 2)):
        with bureau.store.begin() as tx:
            asked.clear()
            tx.duties.waiting(who)
            assert len(asked) == statements


def test_whoever_sees_the_cases_is_told_what_others_have_to_do(office: Office) -> None:
    """The head is told of an open review and whose it is; the reviewer has it as their own; a stranger hears nothing."""
    case, review = office.bureau.submitted()
    others = office.page(office.bureau.tokens[office.bureau.head.id]).partition("由其他人办理，有期限")[2]
    assert ROW.findall(others) == [(f"/console/cases/{case.id}", f"案件待法制审核：{case.number}")]
    assert "法制审核人员" in others
    assert office.own(office.bureau.reviewer) == [
        (f"/console/reviews/{review.id}", f"案件待法制审核：{case.number}")
    ]
    stranger, _ = make_account(office.bureau.store, make_agency(office.bureau.store), Role.HEAD)
    assert case.number not in office.page(stranger)


def test_a_device_is_given_back_by_whoever_has_it(office: Office) -> None:
    """Its holder and the custodian are told until when; nobody else is."""
    token, keeper = make_account(office.bureau.store, office.bureau.agency, Role.CUSTODIAN)
    officer = office.bureau.officers[0]
    with office.bureau.store.begin() as tx:
        due = tx.now + timedelta(days=2)
        wish = IssueIn(person_id=officer.account_id, reason="急用", due_at=due)
        tx.holdings.issue(keeper, office.bureau.device.id, wish)
    rows = office.own(officer)
    assert ("/console#own-devices", "归还领用的设备：测试设备") in rows
    assert f"/console/devices/{office.bureau.device.id}" in office.page(token).partition("由其他人办理")[2]
    assert "归还领用的设备" not in office.page(office.bureau.tokens[office.bureau.officers[1].id])


def test_who_has_nothing_to_do_is_told_so(office: Office) -> None:
    """An empty list says what will stand there, and the count is nothing."""
    token, _ = make_account(office.bureau.store, office.bureau.agency, Role.OFFICER)
    text = office.page(token)
    assert ("现在没有等您办理的事" in text, ROW.findall(text)) == (True, [])
    assert office.page(token, "/console/notices/count").strip() == ""


def test_the_list_is_narrowed_by_role_and_agency(office: Office) -> None:
    """What is typed that is none of them leaves an empty list, and no fault."""
    bureau = office.bureau
    token, both = make_account(bureau.store, bureau.agency, Role.HEAD, Role.LEGAL_REVIEWER)
    lead, (case, _) = bureau.open(), bureau.submitted()
    bureau.tokens[both.id] = token

    def told(query: str) -> set[str]:
        return {words for _, words in ROW.findall(office.page(token, f"/console/notices{query}"))}

    lead_words, review_words = f"线索（案源）待立案：{lead.number}", f"案件待法制审核：{case.number}"
    assert {lead_words, review_words} <= told("")
    assert told("?role=head") == {lead_words}
    assert told("?role=legal_reviewer") == {review_words}
    assert told("?role=nonsense&agency=%00") == set()


def test_an_administrator_is_told_of_each_account(office: Office) -> None:
    """A role that ends soon by its day, an account without a role by its name; each leads to the page of the account."""
    bureau = office.bureau
    token, admin = make_account(bureau.store, bureau.agency, Role.ADMIN)
    bureau.tokens[admin.id] = token
    with bureau.store.begin() as tx:
        wish = AccountIn(login="roleless", name="无岗", agency_id=bureau.agency)
        bare = tx.people.open(admin, wish).account
        ends = tx.now + timedelta(days=3)
        held = tx.people.open(admin, AccountIn(login="ending", name="将满", agency_id=bureau.agency)).account
        tx.people.grant(admin, held.id, RoleIn(role=Role.OFFICER, valid_until=ends))
    rows = office.own(admin)
    assert (f"/console/accounts/{bare.id}", "账号没有任何角色：无岗") in rows
    assert rows[0] == (f"/console/accounts/{held.id}", "角色即将到期：将满")
    assert {href for href, _ in rows} <= {f"/console/accounts/{one.id}" for one in (bare, held)}
