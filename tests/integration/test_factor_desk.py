"""The second factor by pages and by program: no cookie before the code, codes shown once, what was typed is not lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from uuid import UUID

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from storage.store import Store
from tests.authenticator import STEP, code_of, secret_of
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import bearer
from tests.web import TRUST

SECRET = re.compile(r'<code class="break">([A-Z2-7 ]+)</code>')
RECOVERY = re.compile(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>")


@dataclass
class World:
    """One agency: an administrator, who needs a second factor, and officers, who do not."""

    store: Store
    url: str
    agency: UUID
    clock: Clock

    def browser(self, token: str = "") -> httpx.Client:
        cookies = {COOKIE: token} if token else {}
        return httpx.Client(base_url=self.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS)

    def program(self, token: str = "") -> httpx.Client:
        headers = bearer(token) if token else {}
        return httpx.Client(base_url=self.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS)

    def code(self, secret: bytes) -> str:
        """The next code: each is good once."""
        self.clock.ahead += STEP
        return code_of(secret, self.clock())


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    folder = folder_url(tmp_path_factory.mktemp("factor-desk"))
    store = Store(make_settings(database_url, folder, second_factor_roles="admin,security"), clock=clock)
    agency = make_agency(store)
    with serving(store) as url:
        yield World(store, url, agency, clock)
    store.close()


def person(world: World, *roles: Role) -> tuple[str, Actor]:
    return make_account(world.store, world.agency, *roles)


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    token = client.cookies.get(COOKIE) or ""
    return client.post(path, data={"csrf": form_token(token), **fields})


def hidden(page: str, name: str) -> str:
    """The value of a hidden field, below the bar."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.partition("<main>")[2])
    assert found is not None, name
    return unescape(found.group(1))


def secret_on(page: str) -> bytes:
    found = SECRET.search(page)
    assert found is not None
    return secret_of(found.group(1))


def set_up(world: World, token: str) -> tuple[bytes, list[str]]:
    """Set up a second factor on the own page."""
    with world.browser(token) as client:
        page = client.get("/console/account/factor").text
        secret = secret_on(page)
        fields = {"offer": hidden(page, "offer"), "factor_code": world.code(secret), "password": PASSWORD}
        answer = send(client, "/console/account/factor", **fields)
    assert answer.status_code == 200, answer.text
    return secret, RECOVERY.findall(answer.text)


def begin(client: httpx.Client, actor: Actor, **also: str) -> httpx.Response:
    return client.post("/console/login", data={"login": actor.login, "password": PASSWORD, **also})


def test_a_second_factor_from_the_own_page_to_the_next_log_in(world: World) -> None:
    """Set up with a picture and a code; then the log-in has two pages, and the cookie comes with the second."""
    token, officer = person(world, Role.OFFICER)
    with world.browser(token) as client:
        page = client.get("/console/account/factor").text
        assert 'src="data:image/svg+xml' in page
        assert "/console/account/factor" in client.get("/console/account").text
    secret, codes = set_up(world, token)
    assert len(codes) == len(set(codes)) == 10

    with world.browser() as client:
        first = begin(client, officer, back="/console/recordings")
        assert first.status_code == 200
        assert COOKIE not in client.cookies
        waiting = hidden(first.text, "halfway")
        with world.browser(waiting) as other:
            assert other.get("/console").status_code == 303, "the wait is no session"
        onward = {"halfway": waiting, "back": hidden(first.text, "back")}
        wrong = client.post("/console/login/code", data={**onward, "factor_code": "000000"})
        assert wrong.status_code == 401
        assert "验证码不正确" in wrong.text
        assert COOKIE not in client.cookies
        assert hidden(wrong.text, "halfway") == waiting
        right = client.post("/console/login/code", data={**onward, "factor_code": world.code(secret)})
        assert (right.status_code, right.headers["Location"]) == (303, "/console/recordings")
        own = client.get("/console/account").text
        assert "凭密码和验证码" in own
        assert codes[0] not in own
        assert codes[0] not in client.get("/console/account/factor").text


def test_what_was_typed_is_kept_through_both_pages(world: World) -> None:
    """A form whose session ended comes back behind the code, too."""
    token, officer = person(world, Role.OFFICER)
    secret, _ = set_up(world, token)
    with world.browser() as client:
        page = begin(client, officer, kept="statement=%E4%BA%8B%E5%AE%9E", to="/console/cases")
        fields = {name: hidden(page.text, name) for name in ("halfway", "back", "kept", "to")}
        wrong = client.post("/console/login/code", data={**fields, "factor_code": "12"})
        fields = {name: hidden(wrong.text, name) for name in fields}
        answer = client.post("/console/login/code", data={**fields, "factor_code": world.code(secret)})

    assert answer.status_code == 200
    assert 'name="statement" value="事实"' in answer.text


def test_a_wait_that_is_over_begins_again_with_the_password(world: World) -> None:
    """A token that nobody waits under leads back to the first page, in words."""
    with world.browser() as client:
        answer = client.post("/console/login/code", data={"halfway": "x", "factor_code": "123456"})
    assert answer.status_code == 401
    assert "从密码开始重新登录" in answer.text
    assert 'name="password"' in answer.text


def test_a_foreign_site_finishes_no_log_in(world: World) -> None:
    """The second page is for our own pages alone, like the first."""
    with world.browser() as client:
        answer = client.post(
            "/console/login/code",
            data={"halfway": "x", "factor_code": "1"},
            headers={"Origin": "https://x.example"},
        )
    assert answer.status_code == 403


def test_whoever_needs_a_factor_sets_it_up_at_the_log_in(world: World) -> None:
    """The administrator is led from the password to the picture, and sees the recovery codes behind it once."""
    _, admin = person(world, Role.ADMIN)
    with world.browser() as client:
        page = begin(client, admin).text
        assert COOKIE not in client.cookies
        secret, fields = secret_on(page), {name: hidden(page, name) for name in ("halfway", "offer", "back")}
        wrong = client.post("/console/login/code", data={**fields, "factor_code": "000000"}).text
        assert secret_on(wrong) == secret, "nobody scans twice"
        answer = client.post("/console/login/code", data={**fields, "factor_code": world.code(secret)})
        assert len(RECOVERY.findall(answer.text)) == 10
        assert client.get("/console").status_code == 200
        kept = client.get("/console/account/factor").text
    assert "必须启用两步验证" in kept
    with world.program() as client:
        told = client.post("/v1/sessions", json={"login": admin.login, "password": PASSWORD})
        assert told.json()["slug"] == "login-code-needed"


def test_an_administrators_link_leads_to_the_second_page(world: World) -> None:
    """A link that sets the password opens no session where a code is asked for; the API says to use the console."""
    token, officer = person(world, Role.OFFICER)
    secret, _ = set_up(world, token)
    _, admin = person(world, Role.ADMIN)
    with world.store.begin() as tx:
        link = tx.people.hand_out_link(admin, officer.account_id).code
    words = "每天早上先看一遍待办"
    with world.program() as client:
        told = client.post("/v1/links", json={"code": link, "password": words})
        assert (told.status_code, told.json()["slug"]) == (409, "link-in-console")
    with world.browser() as client:
        page = client.post(f"/console/link/{link}", data={"password": words, "password_again": words})
        assert COOKIE not in client.cookies
        fields = {"halfway": hidden(page.text, "halfway"), "factor_code": world.code(secret)}
        assert client.post("/console/login/code", data=fields).status_code == 303


def test_an_administrator_takes_a_lost_factor_away(world: World) -> None:
    """On the page of the account, with a reason; the chain of the account says so, and the own page says who did it."""
    token, officer = person(world, Role.OFFICER)
    set_up(world, token)
    admin_token, _ = person(world, Role.ADMIN)
    path = f"/console/accounts/{officer.id}"
    with world.browser(admin_token) as client:
        assert f"{path}/factor/end" in client.get(path).text
        assert send(client, f"{path}/factor/end", reason="").status_code == 422
        assert send(client, f"{path}/factor/end", reason="手机遗失").status_code == 303
        page = client.get(path).text
        assert f"{path}/factor/end" not in page
        assert "停用两步验证" in page
    with world.browser() as client:
        assert begin(client, officer).status_code == 303
        assert "两步验证" in client.get("/console/account").text


def test_the_whole_by_program(world: World) -> None:
    """Status, offer, set up, log in with the code, replace, give up: each of the API's answers."""
    token, officer = person(world, Role.OFFICER)
    with world.program(token) as client:
        assert client.get("/v1/factor").json() == {
            "is_set": False, "enrolled_at": None, "codes_left": 0, "is_demanded": False,
        }  # fmt: skip
        offer = client.post("/v1/factor/offer").json()
        secret = secret_of(offer["secret"])
        asked = {"password": PASSWORD, "offer": offer["offer"], "new_code": world.code(secret)}
        wrong = client.post("/v1/factor", json={**asked, "new_code": "000000"})
        assert (wrong.status_code, wrong.json()["slug"]) == (403, "factor-code-wrong")
        made = client.post("/v1/factor", json=asked)
        assert made.status_code == 201
        codes = made.json()["recovery_codes"]
        assert client.get("/v1/factor").json()["codes_left"] == 10
    with world.program() as client:
        login = {"login": officer.login, "password": PASSWORD}
        assert client.post("/v1/sessions", json=login).json()["slug"] == "login-code-needed"
        entered = client.post("/v1/sessions", json={**login, "code": codes[0]})
        assert entered.status_code == 201
        again = client.post("/v1/sessions", json={**login, "code": codes[0]})
        assert again.json()["slug"] == "login-code-used"
    with world.program(entered.json()["token"]) as client:
        assert client.get("/v1/factor").json()["codes_left"] == 9
        end = {"password": PASSWORD, "code": world.code(secret)}
        assert client.post("/v1/factor/end", json=end).status_code == 204
        assert client.post("/v1/factor/end", json=end).json()["slug"] == "factor-absent"


def test_an_administrator_by_program(world: World) -> None:
    """The account says that it has a factor; taking it away asks a reason and happens once."""
    token, officer = person(world, Role.OFFICER)
    set_up(world, token)
    admin_token, admin = person(world, Role.ADMIN)
    with world.program(admin_token) as client:
        path = f"/v1/accounts/{officer.id}"
        assert client.get(path).json()["has_factor"] is True
        assert client.post(f"{path}/factor/end", json={"reason": "遗失"}).status_code == 204
        assert client.post(f"{path}/factor/end", json={"reason": "遗失"}).json()["slug"] == "factor-absent"
        own = client.post(f"/v1/accounts/{admin.id}/factor/end", json={"reason": "遗失"})
        assert own.json()["slug"] == "factor-own"
        assert client.get(path).json()["has_factor"] is False
