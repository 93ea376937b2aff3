"""Logging in over HTTP: where a request is said to come from, what waits holds, and what a browser is given."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from api.deps import COOKIE
from api.entry import known_cookie
from api.settings import ApiSettings
from schemas.actor import Actor, Role
from schemas.login import LANE_TRIES
from storage.flow.login_queue import LoginQueue
from storage.password import PLACES
from storage.store import Store
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.stand.wait import until
from tests.web import TRUST

QUEUE = 4
PEOPLE = 60
LOGIN = "/console/login"


@dataclass
class World:
    """One server that believes no proxy, and one that believes this machine."""

    store: Store
    agency: UUID
    bare: str
    proxied: str
    queue: LoginQueue

    def officer(self) -> Actor:
        return make_account(self.store, self.agency, Role.OFFICER)[1]


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("login"))))
    apps: list[FastAPI] = []

    def kept(app: ASGIApp) -> ASGIApp:
        assert isinstance(app, FastAPI)
        apps.append(app)
        return app

    bare = ApiSettings(login_queue=QUEUE, login_wait_seconds=PATIENCE_SECONDS)
    proxied = ApiSettings(login_wait_seconds=PATIENCE_SECONDS, proxies="127.0.0.1")  # type: ignore[arg-type] # as the environment gives it
    with serving(store, bare, around=kept) as one, serving(store, proxied) as other:
        yield World(store, make_agency(store), one, other, apps[0].state.login_queue)
    store.close()


def tried(address: str, login: str, password: str = "wrong", **headers: str) -> httpx.Response:
    """One log-in of a program that keeps nothing."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    wish = {"login": login, "password": password}
    return httpx.post(
        f"{address}/v1/sessions", json=wish, headers=named, verify=TRUST, timeout=PATIENCE_SECONDS
    )


def browser(address: str, **headers: str) -> httpx.Client:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Client(base_url=address, headers=named, verify=TRUST, timeout=PATIENCE_SECONDS)


def typed(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    return client.post(LOGIN, data={"login": login, "password": password, "back": "/console"})


def test_log_ins_that_wait_hold_no_connection(world: World) -> None:
    """Sixty strangers at once: few wait, the rest hears to come again, pages are shown and the database is free."""
    with ExitStack() as held, ThreadPoolExecutor(PEOPLE) as people:
        for _ in range(PLACES):
            held.enter_context(world.queue.place("held", is_known=False))
        answers = [people.submit(tried, world.bare, f"nobody {number}") for number in range(PEOPLE)]
        until(lambda: sum(one.done() for one in answers) == PEOPLE - QUEUE, "all but the queue are answered")

        assert world.queue.waiting == QUEUE
        until(lambda: world.store.engine.pool.checkedout() == 0, "no connection is held")  # type: ignore[attr-defined] # of a queue pool
        assert httpx.get(world.bare + LOGIN, verify=TRUST, timeout=PATIENCE_SECONDS).status_code == 200
        turned_away = [one.result() for one in answers if one.done()]
        held.close()
        looked_at = [one.result() for one in answers if one.result() not in turned_away]

    assert {(one.status_code, one.json()["slug"], one.headers["Retry-After"]) for one in turned_away} == {
        (503, "login-busy", "2")
    }
    assert [one.json()["slug"] for one in looked_at] == ["login-failed"] * QUEUE


def test_a_full_queue_is_said_on_the_page(world: World) -> None:
    """A person who finds no room sees why, and the browser is told when to come again; nothing was counted."""
    officer = world.officer()
    with ExitStack() as held, browser(world.bare) as client, ThreadPoolExecutor(QUEUE) as people:
        for _ in range(PLACES):
            held.enter_context(world.queue.place("held", is_known=False))
        waiting = [people.submit(tried, world.bare, f"nobody {number}") for number in range(QUEUE)]
        until(lambda: world.queue.waiting == QUEUE, "the queue is full")
        answer = typed(client, officer.login)
        held.close()
        assert {one.result().status_code for one in waiting} == {401}
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "登录人数过多" in answer.text
        assert typed(client, officer.login).status_code == 303


def test_no_header_of_a_stranger_gives_new_tries(world: World) -> None:
    """Whatever addresses a peer makes up, its tries are counted together, and another peer's are not."""
    officer = world.officer()
    slugs = [
        tried(world.bare, officer.login, X_Forwarded_For=f"192.0.2.{number}", X_Real_IP=f"192.0.2.{number}")
        for number in range(LANE_TRIES + 1)
    ]

    assert [one.json()["slug"] for one in slugs] == ["login-failed"] * LANE_TRIES + ["login-locked"]
    assert tried(world.proxied, officer.login, PASSWORD, X_Forwarded_For="192.0.2.1").status_code == 201


def test_a_proxy_of_ours_names_the_address(world: World) -> None:
    """The last hop counts, whatever was written before it; and no log line tells an address, a name or a password."""
    officer = world.officer()
    with capture_logs() as lines:
        slugs = [
            tried(world.proxied, officer.login, X_Forwarded_For=f"192.0.2.{number}, 203.0.113.77")
            for number in range(LANE_TRIES + 1)
        ]
        entered = tried(world.proxied, officer.login, PASSWORD, X_Forwarded_For="203.0.113.77, 192.0.2.9")

    assert [one.json()["slug"] for one in slugs] == ["login-failed"] * LANE_TRIES + ["login-locked"]
    assert entered.status_code == 201
    written = str(lines)
    assert "login-locked" in written
    assert not [word for word in ("203.0.113", "192.0.2", officer.login, PASSWORD) if word in written]


def test_a_browser_is_let_in_where_others_are_kept_out(world: World) -> None:
    """Behind the address of a guesser, a browser that logged in before logs in again, on the page and by program."""
    officer = world.officer()
    with browser(world.bare) as client:
        assert typed(client, officer.login).status_code == 303
        client.cookies.delete(COOKIE)
        assert (
            client.post("/v1/sessions", json={"login": officer.login, "password": PASSWORD}).status_code
            == 201
        )
        for _ in range(LANE_TRIES + 1):
            answer = tried(world.bare, officer.login)
        assert answer.json()["slug"] == "login-locked"
        assert tried(world.bare, officer.login, PASSWORD).json()["slug"] == "login-locked"

        assert typed(client, officer.login).status_code == 303
        assert (
            client.post("/v1/sessions", json={"login": officer.login, "password": PASSWORD}).status_code
            == 201
        )


def test_what_a_browser_keeps_opens_nothing_by_itself(world: World) -> None:
    """The proof of a log-in is for the log-in alone: no script, no other site and no other page sees it, and no page
    opens by it."""
    officer = world.officer()
    name = known_cookie(officer.login)
    with browser(world.proxied, X_Forwarded_Proto="https") as client:
        given = [one for one in typed(client, officer.login).headers.get_list("set-cookie") if name in one]
    with browser(world.bare, X_Forwarded_Proto="https") as client:
        plain = [one for one in typed(client, officer.login).headers.get_list("set-cookie") if name in one]

    words = {word.strip().lower() for word in given[0].split(";")[1:]}
    assert {"httponly", "samesite=strict", f"path={LOGIN}", "secure"} <= words
    assert given[0].startswith(f"__Secure-{name}=")
    assert "secure" not in plain[0].lower()
    value = given[0].split(";")[0].partition("=")[2]
    for cookies in ({name: value}, {COOKIE: value}):
        with httpx.Client(
            base_url=world.bare, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            assert client.get("/console").headers["Location"].startswith(LOGIN)
            assert client.get("/v1/sessions/current").status_code == 401


def test_the_page_shows_who_tried(world: World) -> None:
    """The home page says that tries failed, and leads to where they came from; nobody else's are shown."""
    officer, colleague = world.officer(), world.officer()
    for _ in range(3):
        tried(world.proxied, officer.login, X_Forwarded_For="203.0.113.99")
    with browser(world.bare) as client:
        typed(client, officer.login)
        assert "有 3 次登录您账号的尝试没有成功" in client.get("/console").text
        assert "203.0.113.99" in client.get("/console/logins").text
    with browser(world.bare) as client:
        typed(client, colleague.login)
        assert "尝试没有成功" not in client.get("/console").text
        assert "203.0.113.99" not in client.get("/console/logins").text


def test_over_tls_the_session_is_kept_to_tls_and_to_this_host(world: World) -> None:
    """Behind a proxy of ours its cookie can be set and read over TLS alone; one that a plain page has set opens nothing;
    logging out takes it back."""
    officer = world.officer()
    with browser(world.proxied, X_Forwarded_Proto="https") as client:
        entered = typed(client, officer.login)
        name, _, rest = next(
            one for one in entered.headers.get_list("set-cookie") if COOKIE in one
        ).partition("=")
        token = rest.partition(";")[0]
        assert name == f"__Host-{COOKIE}"
        words = {word.strip().lower() for word in rest.split(";")[1:]}
        assert {"path=/", "secure", "httponly", "samesite=strict"} <= words
        assert not [word for word in words if word.startswith("domain")]
    secure, plain = {"Cookie": f"__Host-{COOKIE}={token}"}, {"Cookie": f"{COOKIE}={token}"}
    with browser(world.proxied, X_Forwarded_Proto="https") as client:
        assert client.get("/console", headers=plain).headers["Location"].startswith(LOGIN)
        assert client.get("/v1/sessions/current", headers=plain).status_code == 401
        page = client.get("/console", headers=secure)
        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"].startswith("max-age=")
        csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        left = client.post("/console/logout", data={"csrf": csrf}, headers=secure)
        taken = next(one for one in left.headers.get_list("set-cookie") if COOKIE in one)
        assert taken.startswith(f'__Host-{COOKIE}=""')
        assert "Max-Age=0" in taken
        assert "Secure" in taken
        assert client.get("/console", headers=secure).status_code == 303
    with browser(world.bare, X_Forwarded_Proto="https") as client:
        assert client.get("/console", headers=secure).headers["Location"].startswith(LOGIN)
        assert f"\n{COOKIE}=" in "\n" + "\n".join(typed(client, officer.login).headers.get_list("set-cookie"))
