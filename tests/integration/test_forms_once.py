"""A form that is sent twice is done once: a double click, a reload, a second tab; and what is refused loses no menu."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Role
from schemas.refusals_request import FORM_SENT
from storage.store import Store
from storage.tables.actor import accounts
from storage.tables.case import cases
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST

DRAWN = re.compile(r'name="once" value="([0-9a-f]{32})"')


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("sent-once"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def browser_of(address: str, token: str) -> httpx.Client:
    cookies = {COOKIE: token}
    return httpx.Client(base_url=address, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS)


@pytest.fixture
def handler(address: str, store: Store, bureau: Bureau) -> Iterator[httpx.Client]:
    with browser_of(address, make_account(store, bureau.agency, Role.HANDLER, Role.OFFICER)[0]) as client:
        yield client


@pytest.fixture
def admin(address: str, store: Store, bureau: Bureau) -> Iterator[httpx.Client]:
    with browser_of(address, make_account(store, bureau.agency, Role.ADMIN)[0]) as client:
        yield client


def form(client: httpx.Client, page: str, **texts: str) -> dict[str, str]:
    """A form as this page gives it."""
    (once, *_) = DRAWN.findall(client.get(page).text)
    return {"csrf": form_token(client.cookies[COOKIE]), "once": once, **texts}


def case_form(client: httpx.Client, **texts: str) -> dict[str, str]:
    lawful = {"number": f"案-{uuid4().hex[:8]}", "party": "某店", "matter": "占道", "place": "建军路"}
    return form(client, "/console/cases/new", **{**lawful, **texts})


def cases_of(store: Store, number: str) -> int:
    with store.begin() as tx:
        return tx.connection.scalar(select(func.count()).where(cases.c.number == number)) or 0


def test_a_form_sent_twice_acts_once(store: Store, handler: httpx.Client) -> None:
    """The second sending leads where the first one led, and makes nothing."""
    sent = case_form(handler)
    first, second = (handler.post("/console/cases", data=sent) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert cases_of(store, sent["number"]) == 1
    assert handler.get(second.headers["Location"]).status_code == 200


def test_a_form_sent_eight_times_at_once_acts_once(store: Store, handler: httpx.Client) -> None:
    """Who comes while the first is under way waits for its end, and is led where it leads."""
    sent, together = case_form(handler), Barrier(8)

    def send(_: int) -> httpx.Response:
        together.wait()
        return handler.post("/console/cases", data=sent)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert cases_of(store, sent["number"]) == 1


def test_another_text_is_another_form(store: Store, handler: httpx.Client) -> None:
    """Whoever goes back and types something else has not sent that before."""
    sent = case_form(handler)
    other = {**sent, "number": f"案-{uuid4().hex[:8]}"}
    answers = [handler.post("/console/cases", data=one) for one in (sent, other)]

    assert len({answer.headers["Location"] for answer in answers}) == 2
    assert cases_of(store, sent["number"]) == cases_of(store, other["number"]) == 1


def test_what_was_refused_may_be_sent_again(handler: httpx.Client) -> None:
    """A refusal is not kept: the same texts are judged anew, and the corrected ones act."""
    taken = case_form(handler)
    handler.post("/console/cases", data=taken)
    sent = case_form(handler, number=taken["number"])
    answers = [handler.post("/console/cases", data=sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert FORM_SENT.zh not in answers[1].text
    assert handler.post("/console/cases", data={**sent, "number": f"{sent['number']}-2"}).status_code == 303


def test_a_page_that_shows_a_secret_once_says_so(store: Store, bureau: Bureau, admin: httpx.Client) -> None:
    """A reloaded page of a one-time link makes no second account and no second link, and says where to look."""
    wish = {"name": "王小明", "login": f"ming-{uuid4().hex[:6]}", "agency_id": str(bureau.agency)}
    sent = form(admin, "/console/accounts/new", **wish)
    first, second = (admin.post("/console/accounts", data=sent) for _ in range(2))

    assert first.status_code == 200
    assert second.status_code == 409
    assert FORM_SENT.zh in second.text
    assert FORM_SENT.next_zh in second.text
    assert 'href="/console/accounts"' in second.text
    with store.begin() as tx:
        made = select(func.count()).where(accounts.c.login == sent["login"])
        assert tx.connection.scalar(made) == 1


def test_another_person_sends_the_same_key(
    store: Store, handler: httpx.Client, address: str, bureau: Bureau
) -> None:
    """A key belongs to who sends it: nobody learns, or stops, what another has sent."""
    sent = case_form(handler)
    handler.post("/console/cases", data=sent)
    with browser_of(address, make_account(store, bureau.agency, Role.HANDLER, Role.OFFICER)[0]) as other:
        theirs = {**sent, "csrf": form_token(other.cookies[COOKIE])}
        assert other.post("/console/cases", data=theirs).status_code == 409

    assert cases_of(store, sent["number"]) == 1


@pytest.mark.parametrize("once", ["", "!", "é" * 32, "x" * 64])
def test_a_key_that_is_none_stops_nothing(handler: httpx.Client, once: str) -> None:
    """A form without a key, or with one that no page drew, acts as it always did."""
    assert handler.post("/console/cases", data={**case_form(handler), "once": once}).status_code == 303


def test_a_sheet_that_was_only_looked_at_may_be_looked_at_again(admin: httpx.Client) -> None:
    """What changed nothing is shown again by a reload."""
    sent = form(admin, "/console/accounts/import", sheet="姓名,登录名,单位代码\n李四,lisi,无此单位")
    answers = [admin.post("/console/accounts/import", data=sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_the_answer_to_a_form_can_be_opened_again(handler: httpx.Client) -> None:
    """The address of a form alone leads to the page that it stands on, never to 405."""
    made = handler.post("/console/cases", data=case_form(handler)).headers["Location"]
    answer = handler.get(f"{made}/handlers")

    assert (answer.status_code, answer.headers.get("Location")) == (303, made)
    assert handler.get(f"{made}/no-such-thing").status_code == 404


def test_an_error_keeps_the_menu(handler: httpx.Client) -> None:
    """A page of a problem has the navigation and the name of whoever is logged in, and leads back to where it arose."""
    answer = handler.get(f"/console/cases/{uuid4()}")

    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert 'href="/console/recordings"' in answer.text
    assert 'href="/console/account"' in answer.text
