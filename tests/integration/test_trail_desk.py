"""The trail reader's desk, and what reaches the trail through API and console: refusals, links, codes, extracts."""

import base64
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import form_token
from schemas.account import AccountIn
from schemas.actor import Actor, Role
from schemas.trail import TrailEvent, TrailFilter, TrailResult, TrailRow
from schemas.words import Language
from storage.store import Store
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.walk import walk
from tests.web import TRUST
from workers.custody import integrate

LOOPBACK = "127.0.0.1"


@dataclass
class World:
    """One agency with an administrator, a trail reader and a custodian; somebody of another one."""

    store: Store
    url: str
    agency: UUID
    admin: Actor
    admin_token: str
    reader: Actor
    reader_token: str
    other: Actor

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def rows(self, **wanted: object) -> list[TrailRow]:
        with self.store.begin() as tx:
            return list(tx.trail.page(self.reader, TrailFilter(**wanted), limit=200).rows)

    def told(self, **wanted: object) -> list[tuple[TrailEvent, TrailResult, str]]:
        return [(one.event, one.result, one.code) for one in self.rows(**wanted)]


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("trail"))))
    agency = make_agency(store)
    admin_token, admin = make_account(store, agency, Role.ADMIN)
    reader_token, reader = make_account(store, agency, Role.TRAIL_READER)
    other = make_account(store, make_agency(store), Role.OFFICER)[1]
    with serving(store) as url:
        yield World(store, url, agency, admin, admin_token, reader, reader_token, other)
    store.close()


def person(world: World, *roles: Role) -> tuple[str, Actor]:
    return make_account(world.store, world.agency, *roles)


@pytest.mark.parametrize("path", ["/v1/accounts", "/console/accounts"])
def test_a_missing_permission_is_noted(world: World, path: str) -> None:
    """Whoever is refused stands in the trail with permission, address and person, by API and console alike."""
    token, officer = person(world, Role.OFFICER)
    with world.client(token) as client, world.browser(token) as browser:
        answer = (browser if path.startswith("/console") else client).get(path)

    assert answer.status_code == 403
    (row,) = world.rows(person=officer.login, event=TrailEvent.ACCESS)
    assert (row.result, row.code, row.asked) == (
        TrailResult.REFUSED,
        "permission-missing",
        "account:view",
    )
    assert (row.account_id, row.address) == (officer.id, LOOPBACK)


def test_an_id_out_of_reach_is_noted_by_its_pattern(world: World) -> None:
    """Asking for what is another agency's, or nobody's, is noted under the asker, without the address of the page."""
    token, admin = person(world, Role.ADMIN)
    with world.client(token) as client:
        for ident in (world.other.id, uuid4()):
            assert client.get(f"/v1/accounts/{ident}").status_code == 404

    (row,) = world.rows(person=admin.login, event=TrailEvent.ACCESS)
    assert (row.code, row.asked, row.times) == ("account-not-found", "/v1/accounts/{account_id}", 2)


def test_a_refusal_inside_a_form_is_noted(world: World) -> None:
    """A form that is shown again with its refusal leaves a row, too."""
    token, admin = person(world, Role.ADMIN)
    with world.browser(token) as browser:
        given = {"csrf": form_token(token), "role": "head", "from_day": "", "until_day": ""}
        answer = browser.post(f"/console/accounts/{admin.id}/roles", data=given)

    assert answer.status_code == 403
    assert world.told(person=admin.login, event=TrailEvent.ACCESS) == [
        (TrailEvent.ACCESS, TrailResult.REFUSED, "role-own")
    ]


def test_a_stranger_asks_for_nothing_that_is_noted(world: World) -> None:
    """Without a session nothing is refused to anybody: pages lead to the log-in, and no row is written."""
    before = len(world.rows(event=TrailEvent.ACCESS))
    with httpx.Client(base_url=world.url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        assert client.get("/v1/accounts").status_code == 401
        assert client.get("/console/accounts").status_code == 303

    assert len(world.rows(event=TrailEvent.ACCESS)) == before


def test_links_leave_their_rows(world: World) -> None:
    """A link that was handed out, used, and tried once more: made by whom for whom, used by its owner, then in vain."""
    wish = AccountIn(login=f"u{uuid4().hex[:8]}", name="新人", agency_id=world.agency)
    with world.store.begin() as tx:
        new = tx.people.open(world.admin, wish)
    with httpx.Client(base_url=world.url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        given = {"code": new.link.code, "password": "每天早上先看一遍待办"}
        assert client.post("/v1/links", json=given).status_code == 201
        assert client.post("/v1/links", json=given).status_code == 410

    made = [one for one in world.rows(event=TrailEvent.LINK_MADE) if one.about == f"account/{new.account.id}"]
    assert [(one.account_id, one.about_name) for one in made] == [(world.admin.id, "新人")]
    used = world.rows(event=TrailEvent.LINK_USE)
    assert [(one.result, one.account_login, one.code) for one in used[:2]] == [
        (TrailResult.FAILED, None, "link-used"),
        (TrailResult.DONE, wish.login, ""),
    ]
    with world.store.begin() as tx:
        owner = tx.accounts.account_actor(new.account.id)
        assert TrailEvent.LINK_MADE in {one.event for one in tx.trail.own(owner)}


def test_enrolment_codes_leave_their_rows(world: World) -> None:
    """A code that was handed out is noted under whoever did it; a wrong one under nobody."""
    token, custodian = person(world, Role.CUSTODIAN)
    with world.client(token) as client:
        client.post("/v1/enrolment-codes").raise_for_status()
        wish = {"code": "AAAA-BBBB-CCCC", "jwk": {}, "model": "m", "name": "n", "proof": "x"}
        assert client.post("/v1/devices", json=wish).status_code == 403

    assert world.told(person=custodian.login, event=TrailEvent.CODE_MADE) == [
        (TrailEvent.CODE_MADE, TrailResult.DONE, "")
    ]
    assert (TrailEvent.CODE_USE, TrailResult.FAILED, "enrolment-code-invalid") in world.told(
        event=TrailEvent.CODE_USE
    )


def test_an_unlocked_account_is_noted(world: World) -> None:
    """Who let wrong passwords of whom count no more stands in the trail, and on the owner's page."""
    _, officer = person(world, Role.OFFICER)
    with world.client(world.admin_token) as client:
        client.post(f"/v1/accounts/{officer.id}/unlock").raise_for_status()

    (row,) = [one for one in world.rows(event=TrailEvent.UNLOCK) if one.about == f"account/{officer.id}"]
    assert (row.account_id, row.address) == (world.admin.id, LOOPBACK)
    with world.store.begin() as tx:
        assert [one.event for one in tx.trail.own(officer)] == [TrailEvent.UNLOCK]


def test_the_owner_sees_failed_tries(world: World) -> None:
    """The own account page and the API list log-ins that failed under the own name, and nobody else's."""
    token, officer = person(world, Role.OFFICER)
    wish = {"login": officer.login, "password": "wrong"}
    assert (
        httpx.post(f"{world.url}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS).status_code
        == 401
    )

    with world.browser(token) as browser, world.client(token) as client:
        page = browser.get("/console/account").text
        rows = client.get("/v1/trail/own").raise_for_status().json()["rows"]
    assert "登录名或密码" in page or "失败" in page
    assert [(one["event"], one["result"], one["account_id"]) for one in rows] == [
        ("login", "failed", str(officer.id))
    ]


def test_the_reader_searches_and_changes_nothing(world: World) -> None:
    """The page finds by person, address, event, result and day; the reader may do nothing else."""
    _, officer = person(world, Role.OFFICER)
    wish = {"login": officer.login, "password": PASSWORD}
    httpx.post(
        f"{world.url}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS
    ).raise_for_status()

    with world.browser(world.reader_token) as browser, world.client(world.reader_token) as client:
        found = browser.get("/console/trail", params={"person": officer.login, "event": "login"})
        none = browser.get("/console/trail", params={"person": officer.login, "result": "failed"})
        gone = browser.get("/console/trail", params={"person": officer.login, "to": "2020-01-01"})
        listed = client.get("/v1/trail", params={"address": LOOPBACK, "limit": 1}).raise_for_status().json()
        refused = [client.get(path).status_code for path in ("/v1/accounts", "/v1/recordings", "/v1/cases")]
    assert found.status_code == 200
    assert "登录" in found.text
    assert LOOPBACK in found.text
    assert "没有符合条件的访问记录" in none.text
    assert "没有符合条件的访问记录" in gone.text
    assert len(listed["rows"]) == 1
    assert listed["next"]
    assert refused == [403, 403, 403]


def test_an_extract_is_noted(world: World) -> None:
    """Taking the CSV, or a page by program, is itself a row of the trail; its cells run nothing."""
    with world.store.begin("=1+1") as tx:
        tx.trail.login("nobody-at-all", TrailResult.FAILED, "login-failed")
    token, reader = person(world, Role.TRAIL_READER)
    with world.browser(token) as browser:
        answer = browser.get("/console/trail.csv", params={"person": "nobody-at-all"})

    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 2
    assert "'=1+1" in rows[1]
    assert "没有这个账号" in rows[1]
    assert [one.event for one in world.rows(person=reader.login)] == [TrailEvent.EXPORT]
    with world.client(world.admin_token) as client, world.browser(world.admin_token) as browser:
        assert client.get("/v1/trail").status_code == 403
        assert browser.get("/console/trail").status_code == 403
        assert browser.get("/console/trail.csv").status_code == 403


def test_security_apart_takes_roles_and_locks_from_the_administrator(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Alone, an administrator grants roles, too; a security administrator above takes that over, and keeps no accounts.

    When the last of them is gone, the administrator is both again.
    """
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("apart"))))
    top = make_agency(store)
    below = make_agency(store, parent=top)
    admin_token, admin = make_account(store, below, Role.ADMIN)
    officer = make_account(store, below)[1]
    role, path = {"role": "officer"}, f"/v1/accounts/{officer.id}"
    with (
        serving(store) as url,
        httpx.Client(
            base_url=url, headers=bearer(admin_token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        granted = client.post(f"{path}/roles", json=role).raise_for_status().json()["id"]
        client.post(f"{path}/roles/{granted}/end", json={"reason": "改由他人授予"}).raise_for_status()
        token, security = make_account(store, top, Role.SECURITY)
        with httpx.Client(
            base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as apart:
            refused = [
                client.post(f"{path}/roles", json=role),
                client.post(f"{path}/unlock"),
                apart.post(f"{path}/signout", json={"reason": "无权"}),
                apart.post("/v1/accounts", json={"login": "x1", "name": "某", "agency_id": str(below)}),
            ]
            apart.post(f"{path}/roles", json=role).raise_for_status()
            apart.post(f"{path}/unlock").raise_for_status()
        sheet = base64.b64encode("姓名,登录名,单位代码,角色\n某,apart-1,x,执法人员".encode()).decode()
        refused.append(client.post("/v1/rosters", json={"sheet": sheet}))
        integrate(store)  # before that no trust file is there to be led to
        steps = [one.path for one in walk(url, token, Language.ZH) if one.status >= 400]
        above = make_account(store, top, Role.ADMIN)[1]
        with store.begin() as tx:
            tx.people.close(above, security.account_id, "离岗")
        client.post(f"{path}/unlock").raise_for_status()
    assert [(one.status_code, one.json()["permission"]) for one in refused] == [
        (403, "role:grant"),
        (403, "account:unlock"),
        (403, "account:keep"),
        (403, "account:keep"),
        (403, "role:grant"),
    ]
    assert steps == []
    assert admin.roles == {Role.ADMIN, Role.SECURITY}
    store.close()


def test_one_account_that_joins_what_should_be_apart_is_told(world: World) -> None:
    """A small site may join the three administrators; the page says so. With a role of the work nobody joins them."""
    token, joined = person(world, Role.ADMIN, Role.TRAIL_READER)
    with world.browser(token) as browser:
        page = browser.get("/console/trail").text
    assert "这个账号兼任：" in page

    with world.client(world.admin_token) as client:
        grant = client.post(f"/v1/accounts/{joined.id}/roles", json={"role": "head"})
    assert (grant.status_code, grant.json()["slug"]) == (409, "role-apart")
