"""The administrator's desk and everyone's own account, by pages and by program: nothing is reached around their doors."""

import base64
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import FORM_TOKEN, form_token
from schemas.account import AccountIn, RoleIn
from schemas.actor import Actor, Role
from storage.outbox import JobKind
from storage.store import Store
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.tus import bearer
from tests.web import TRUST

WORDS = "每天早上先看一遍待办"


@dataclass
class World:
    """One agency with an administrator, and another agency with somebody."""

    store: Store
    url: str
    agency: UUID
    admin: Actor
    token: str
    other: Actor

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)

    def browser(self, token: str = "") -> httpx.Client:
        cookies = {COOKIE: token} if token else {}
        return httpx.Client(base_url=self.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("people"))))
    agency = make_agency(store)
    token, admin = make_account(store, agency, Role.ADMIN)
    other = make_account(store, make_agency(store), Role.OFFICER)[1]
    with serving(store) as url:
        yield World(store, url, agency, admin, token, other)
    store.close()


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """A form of the browser's own session."""
    token = client.cookies.get(COOKIE) or ""
    return client.post(path, data={"csrf": form_token(token), **fields})


def opened(world: World, **changed: object) -> tuple[str, str]:
    """An account opened by program: its id, and the code of its link."""
    wish = {"login": f"u{uuid4().hex[:10]}", "name": "李明", "agency_id": str(world.agency), **changed}
    with world.client(world.token) as client:
        made = client.post("/v1/accounts", json=wish).raise_for_status().json()
    return made["account"]["id"], made["link"]["code"]


def test_an_administrator_comes_in_by_program(world: World) -> None:
    """A link makes an administrator and a session once; a password that is known, or one more use, is told."""
    with world.store.begin() as tx:
        code = tx.links.offer().code
    wish = {"code": code, "login": f"a{uuid4().hex[:8]}", "name": "张管理"}
    with httpx.Client(base_url=world.url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        weak = client.post("/v1/admissions", json={**wish, "password": "password1234"})
        made = client.post("/v1/admissions", json={**wish, "password": WORDS})
        again = client.post("/v1/admissions", json={**wish, "password": WORDS})

    assert [one.status_code for one in (weak, made, again)] == [422, 201, 410]
    assert (weak.json()["slug"], again.json()["slug"]) == ("password-known", "link-used")
    assert made.json()["account"]["roles"] == ["admin", "security"]  # nobody else is
    assert WORDS not in made.text


def test_the_doors_tell_why_a_link_counts_no_more(world: World) -> None:
    """A link that nobody handed out, or that was used, is a page with a next step, in both languages."""
    _, code = opened(world)
    with world.browser() as client:
        door = client.get(f"/console/link/{code}")
        wrong = client.post(f"/console/link/{code}", data={"password": WORDS, "password_again": "x" * 12})
        let_in = client.post(f"/console/link/{code}", data={"password": WORDS, "password_again": WORDS})
        used = client.get(f"/console/link/{code}")
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get("/console/admit/nothing")

    assert (door.status_code, wrong.status_code, let_in.status_code) == (200, 422, 303)
    assert "再输入一次" in wrong.text
    assert WORDS not in wrong.text
    assert let_in.headers["Location"] == "/console"
    assert (used.status_code, english.status_code) == (410, 404)
    assert "链接已使用过" in used.text
    assert "The link is not right" in english.text


def test_the_administrators_pages(world: World) -> None:
    """The desk goes from an empty form to a person with a role, and says what each step did."""
    login = f"p{uuid4().hex[:8]}"
    with world.browser(world.token) as client:
        assert "开通账号" in client.get("/console/accounts").text
        made = send(client, "/console/accounts", name="赵新", login=login, agency_id=str(world.agency))
        (path,) = set(re.findall(r"/console/accounts/[0-9a-f-]{36}(?=/link)", made.text))
        (link,) = re.findall(r'value="(http://[^"]+/console/link/[^"]+)"', made.text)
        twice = send(client, "/console/accounts", name="赵新", login=login, agency_id=str(world.agency))
        granted = send(client, f"{path}/roles", role="officer", until_day="2999-12-31")
        past = send(client, f"{path}/roles", role="head", until_day="2020-01-01")
        page = client.get(path).text
        listed = client.get(f"/console/accounts?q={login}").text
        (ending,) = set(re.findall(rf"{path}/roles/[0-9a-f-]{{36}}/end", page))
        ended = send(client, ending, reason="调离")
        renamed = send(client, path, name="赵欣", login=login, reason="笔误")
        unnamed = send(client, path, name="赵欣", login="Zhao Xin", reason="笔误")
        named = client.get(path).text
        bare = send(client, f"{path}/close", reason="")
        closed = send(client, f"{path}/close", reason="退休")
        after = client.get(path).text

    assert made.status_code == 200
    assert link.startswith(world.url)
    assert (twice.status_code, past.status_code, bare.status_code) == (409, 422, 422)
    assert (granted.status_code, ended.status_code, closed.status_code) == (303, 303, 303)
    assert (renamed.status_code, unnamed.status_code) == (303, 422)
    assert 'value="Zhao Xin"' in unnamed.text
    assert "<h1>赵欣</h1>" in named
    assert "2999-12-31" in page
    assert link.rpartition("/")[2] not in page
    assert "赵新" in listed
    assert "已停用" in after
    assert f"{path}/close" not in after


def test_nobody_else_reaches_the_desk(world: World) -> None:
    """Every page and form of the desk refuses whoever may not keep accounts, and names the permission."""
    account, _ = opened(world)
    token, _ = make_account(world.store, world.agency, Role.HEAD)
    one = f"/console/accounts/{account}"
    with world.browser(token) as client:
        answers = [client.get(path) for path in ("/console/accounts", "/console/accounts/new", one)]
        wish = {"name": "x", "login": "spy", "agency_id": str(world.agency), "reason": "x", "role": "admin"}
        verbs = [f"{one}/{verb}" for verb in ("link", "unlock", "signout", "close", "roles")]
        answers += [send(client, path, **wish) for path in ("/console/accounts", *verbs)]

    assert {answer.status_code for answer in answers} == {403}
    assert all("系统管理员" in answer.text for answer in answers)
    assert "查看账号及其登录情况" in answers[0].text


def test_another_agencys_people_do_not_exist(world: World) -> None:
    """An id of another agency is answered as one that names nothing, on pages too."""
    with world.browser(world.token) as client:
        for account in (world.other.id, uuid4()):
            one = f"/console/accounts/{account}"
            answers = [
                client.get(one),
                *(send(client, f"{one}/{verb}", reason="x", role="head") for verb in ("close", "roles")),
            ]
            assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/v1/accounts", {"login": "mass", "name": "x", "roles": ["admin"]}),
        ("/v1/accounts", {"login": "mass", "name": "x", "password": PASSWORD}),
        ("/v1/accounts", {"login": "mass", "name": "x", "is_active": True, "kind": "machine"}),
        ("/v1/accounts/{id}/roles", {"role": "head", "account_id": "01a213b2-7d3a-7102-89f7-000000000000"}),
        ("/v1/accounts/{id}/roles", {"role": "head", "reach": "agency"}),
        ("/v1/accounts/{id}/close", {"reason": "x", "at": "2020-01-01T00:00:00Z"}),
    ],
)
def test_members_that_nobody_asked_for_are_refused(world: World, path: str, wish: dict[str, object]) -> None:
    """What a request may say is closed: no role, password, time or reach comes in beside it."""
    account, _ = opened(world)
    if path == "/v1/accounts":
        wish = {**wish, "agency_id": str(world.agency)}
    with world.client(world.token) as client:
        answer = client.post(path.replace("{id}", account), json=wish)

    assert (answer.status_code, answer.json()["slug"]) == (422, "request-invalid")


def test_nobody_raises_the_own_rights(world: World) -> None:
    """An administrator neither grants to the own account nor takes a second job; a closed one is out at once."""
    token, second = make_account(world.store, world.agency, Role.ADMIN)
    with world.client(token) as client:
        own = client.post(f"/v1/accounts/{second.id}/roles", json={"role": "legal_reviewer"})
        other = client.post(f"/v1/accounts/{world.admin.id}/roles", json={"role": "head"})
        with world.client(world.token) as first:
            closed = first.post(f"/v1/accounts/{second.id}/close", json={"reason": "离岗"})
        out = client.get("/v1/accounts")

    assert [one.status_code for one in (own, other, closed, out)] == [403, 409, 204, 401]
    assert (own.json()["slug"], other.json()["slug"]) == ("role-own", "role-apart")


def test_the_own_account(world: World) -> None:
    """Everyone sees the own sessions, ends them, and changes the password by the old one."""
    token, person = make_account(world.store, world.agency, Role.OFFICER)
    with world.store.begin() as tx:
        tokens = [tx.accounts.open_session(person.account_id, address=f"192.0.2.{n}").token for n in range(3)]
    with world.browser(token) as client:
        page = client.get("/console/account").text
        ends = re.findall(r"/console/account/sessions/[0-9a-f-]{36}/end", page)
        one = send(client, ends[0])
        wrong = send(
            client, "/console/account/password", old_password="x", password=WORDS, password_again=WORDS
        )
        right = send(
            client, "/console/account/password", old_password=PASSWORD, password=WORDS, password_again=WORDS
        )
        after = client.get("/console/account")
    with world.client(token) as program:
        left = program.get("/v1/sessions").json()["sessions"]
        back = program.post("/v1/password", json={"old_password": WORDS, "password": PASSWORD + " again"})
        foreign = program.delete(f"/v1/sessions/{uuid4()}")

    assert "192.0.2.1" in page
    assert len(ends) == 3
    assert (one.status_code, wrong.status_code, right.status_code) == (303, 403, 303)
    assert "原密码不正确" in wrong.text
    assert WORDS not in wrong.text
    assert after.status_code == 200
    assert [session["is_current"] for session in left] == [True]
    assert (back.status_code, foreign.status_code) == (204, 404)
    with world.store.begin() as tx:
        rows = tx.sessions.own(person, tokens[0])
    assert len(rows) == 1


def test_a_session_of_somebody_else_is_not_ended(world: World) -> None:
    """Ids of others' sessions name nothing."""
    token, _ = make_account(world.store, world.agency, Role.OFFICER)
    other_token, other = make_account(world.store, world.agency, Role.OFFICER)
    with world.store.begin() as tx:
        (session,) = tx.sessions.own(other, other_token)
    with world.client(token) as client:
        assert client.delete(f"/v1/sessions/{session.id}").status_code == 404
    with world.client(other_token) as client:
        assert client.get("/v1/sessions/current").status_code == 200


def test_a_machine_has_no_console(world: World) -> None:
    """The account of a machine logs in by program alone, and an administrator gives it neither link nor role."""
    from storage.password import fresh_password  # noqa: PLC0415 - hashed for this test alone

    _, custodian = make_account(world.store, world.agency, Role.CUSTODIAN)
    with world.store.begin() as tx:
        source = tx.equipment.make_source(custodian, "S229 站", fresh_password())
    with world.browser() as client:
        at_the_door = client.post("/console/login", data={"login": source.login, "password": source.password})
        program = client.post("/v1/sessions", json={"login": source.login, "password": source.password})
    with world.browser(program.json()["token"]) as client:
        inside = client.get("/console")
    with world.client(world.token) as client:
        refused = [
            client.post(f"/v1/accounts/{source.account_id}/link"),
            client.post(f"/v1/accounts/{source.account_id}/roles", json={"role": "head"}),
        ]

    assert at_the_door.status_code == 409
    assert "没有控制台" in at_the_door.text
    assert program.status_code == 201
    assert inside.headers["Location"].startswith("/console/login")
    assert [one.json()["slug"] for one in refused] == ["account-machine"] * 2


def test_the_last_administrator_of_the_server_is_told(world: World) -> None:
    """The refusal says what to do first, on the page of the account."""
    with world.store.begin() as tx:
        new = tx.people.open(
            world.admin, AccountIn(login="late", name="晚到", agency_id=world.admin.agency_id)
        )
        tx.people.grant(world.admin, new.account.id, RoleIn(role=Role.ADMIN))
        grants = tx.people.grants(new.account.id)
    with world.browser(world.token) as client:
        page = client.get("/console/accounts").text
        home = client.get("/console").text
        path = f"/console/accounts/{new.account.id}/roles/{grants[0].id}/end"
        ended = send(client, path, reason="误授")

    assert "待本人设置密码" in page
    assert "人员与账号" in home
    assert ended.status_code == 303


def ended(world: World, token: str) -> None:
    """A session ends under its owner."""
    with world.store.begin() as tx:
        tx.accounts.logout(token)


def test_what_was_typed_outlives_its_session(world: World) -> None:
    """A form whose session has ended asks for the log-in, gives the text back, and is sent in the new session."""
    token, admin = make_account(world.store, world.agency, Role.ADMIN)
    login = f"k{uuid4().hex[:8]}"
    typed = {"name": '李"明" & 子\n二行', "login": login, "agency_id": str(world.agency)}
    with world.browser(token) as client:
        ended(world, token)
        asked = send(client, "/console/accounts", **{**typed, "name": "李明 & 子"})
        fields = dict(re.findall(r'name="(kept|to)" value="([^"]*)"', asked.text))
        kept = {name: text.replace("&amp;", "&") for name, text in fields.items()}
        wrong = client.post("/console/login", data={"login": admin.login, "password": "wrong", **kept})
        back = client.post("/console/login", data={"login": admin.login, "password": PASSWORD, **kept})
        again = {
            name: text.replace("&amp;", "&").replace("&#34;", '"')
            for name, text in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', back.text)
            if name in {"csrf", *typed}
        }
        made = client.post("/console/accounts", data=again)

    assert (asked.status_code, wrong.status_code, back.status_code, made.status_code) == (401, 401, 200, 200)
    assert "会话已结束" in asked.text
    assert kept["kept"] in wrong.text.replace("&amp;", "&")
    assert "李明 &amp; 子" in back.text
    assert login in made.text


def test_no_password_and_no_foreign_form_is_kept(world: World) -> None:
    """What another site sends leads to the plain log-in; a password stands in no page."""
    with world.browser("made up") as client:
        foreign = client.post(
            "/console/accounts", data={"name": "x"}, headers={"Origin": "https://elsewhere.example"}
        )
        password = client.post("/console/account/password", data={"old_password": WORDS, "password": WORDS})
        nothing = client.post("/console/logout", data={"csrf": "x"})

    assert [one.status_code for one in (foreign, password, nothing)] == [303] * 3


def test_a_roster_by_pages_and_by_program(world: World) -> None:
    """A pasted sheet is looked at row by row, and taken when its sender is sure; its links are shown once."""
    mark = uuid4().hex[:6]
    with world.store.begin() as tx:
        code = tx.agencies.get(world.admin, world.agency).code
    text = f"姓名\t登录名\t单位代码\t角色\n甲\tp{mark}1\t{code}\t执法人员\n乙\tp{mark}2\t{code}\t皇帝\n"
    right = text.replace("皇帝", "承办人")
    with world.browser(world.token) as client:
        assert "导入人员" in client.get("/console/accounts/import").text
        none = send(client, "/console/accounts/import", sheet="姓名,电话")
        wrong = send(client, "/console/accounts/import", sheet=text, is_sure="yes")
        looked = send(client, "/console/accounts/import", sheet=right)
        taken = send(client, "/console/accounts/import", sheet=right, is_sure="yes")
        again = send(client, "/console/accounts/import", sheet=right, is_sure="yes")
    gb18030 = base64.b64encode(f"姓名,登录名,单位代码\n丙,p{mark}3,{code}".encode("gb18030")).decode()
    with world.client(world.token) as program:
        dry = program.post("/v1/rosters", json={"sheet": gb18030}).json()
        made = program.post("/v1/rosters", json={"sheet": gb18030, "is_sure": True}).json()
        refused = program.post("/v1/rosters", json={"sheet": "！"})

    assert (none.status_code, wrong.status_code, looked.status_code, taken.status_code) == (
        422,
        200,
        200,
        200,
    )
    assert "角色不认识" in wrong.text
    assert "1 行需要改正" in wrong.text
    assert "2 行都可以导入" in looked.text
    assert len(re.findall(r"/console/link/", looked.text)) == 0
    assert len(re.findall(r"/console/link/", taken.text)) == 2
    assert "登录名已被使用" in again.text
    assert (dry["taken"], dry["faulty"], dry["rows"][0]["code"]) == (0, 0, None)
    assert (made["taken"], made["rows"][0]["name"]) == (1, "丙")
    assert (refused.status_code, refused.json()["slug"]) == (422, "roster-unreadable")


def test_whoever_has_no_role_is_told_so(world: World) -> None:
    """After a move, or before the first grant: the page says what is missing and who gives it, not that all is done."""
    who = make_account(world.store, world.agency, Role.OFFICER)[1].account_id
    with world.store.begin() as tx:
        (held,) = tx.people.grants(who)
        tx.people.end_role(world.admin, who, held.id, "调离")
        token = tx.accounts.open_session(who).token
    with world.browser(token) as client:
        home = client.get("/console")
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get("/console")
    assert "您还没有角色。" in home.text
    assert "没有等您处理的事" not in home.text
    assert "</b> · · " not in home.text
    assert "you have no role yet" in english.text


def long_sheet(world: World, count: int) -> list[str]:
    """A sheet of more people than are taken while somebody waits."""
    mark = uuid4().hex[:6]
    with world.store.begin() as tx:
        code = tx.agencies.get(world.admin, world.agency).code
    return ["姓名,登录名,单位代码,角色", *(f"人员{n},l{mark}.{n},{code},执法人员" for n in range(count))]


def test_a_long_sheet_by_pages(world: World) -> None:
    """A file goes as it is; its page names what is wrong, asks once, says how far it is, and links come as a file, once."""
    rows = long_sheet(world, 600)
    wrong = [f",,{row}" if n % 5 == 1 else row for n, row in enumerate(rows)]
    token = {FORM_TOKEN: form_token(world.token)}
    with world.browser(world.token) as client:

        def sent(payload: bytes, headers: dict[str, str]) -> httpx.Response:
            return client.post("/console/rosters", content=payload, headers=headers)

        foreign = sent(b"x", {FORM_TOKEN: "x"})
        none = sent(b"\xff\xff", token).json()["address"]
        told = client.get(none)
        faulty = sent("\n".join(wrong).encode("gb18030"), token).json()["address"]
        listed, whole = client.get(faulty), client.get(f"{faulty}/wrong.csv")
        refused = send(client, f"{faulty}/take")
        pasted = send(client, "/console/accounts/import", sheet="\n".join(rows))
        address = pasted.headers["Location"]
        looked = client.get(address)
        asked = send(client, f"{address}/take")
        waiting = client.get(address)
        drain(world.store, JobKind.ROSTER)
        taken, overview = client.get(address), client.get("/console/accounts/import")
        before = client.get("/console/accounts/links")
        links = send(client, "/console/accounts/links", agency=str(world.agency))
        after = client.get("/console/accounts/links")
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get(address)
    with world.browser(make_account(world.store, world.agency, Role.ADMIN)[0]) as another:
        hidden = another.get(address)

    assert foreign.status_code == 403
    assert "无法读取这个文件" in told.text
    assert "120 行需要改正，一个人也没有导入" in listed.text
    assert (listed.text.count("姓名缺失或过长"), whole.text.count("姓名缺失或过长")) == (100, 120)
    assert len(whole.text.splitlines()) == 121
    assert (refused.status_code, "有的行不合要求" in refused.text) == (422, True)
    assert "600 行都可以导入" in looked.text
    assert (pasted.status_code, asked.status_code) == (303, 303)
    assert "hx-get" in waiting.text
    assert "正在导入 600 人" in waiting.text
    assert "已开通 600 个账号" in taken.text
    assert "hx-get" not in taken.text
    assert "已导入" in overview.text
    assert (links.status_code, links.text.count("/console/link/")) == (200, links.text.count("\n") - 1)
    assert links.headers["Content-Disposition"] == 'attachment; filename="links.csv"'
    assert links.text.count(rows[1].split(",")[1]) == 1
    assert "人还没有密码" in before.text
    assert "每个人都已有密码" in after.text
    assert "Accounts opened: 600" in english.text
    assert hidden.status_code == 404


def announced(world: World, size: int) -> int:
    """The status of a sheet that is only announced: it is refused before a byte of it came."""
    with closing(HTTPConnection(world.url.partition("//")[2], timeout=PATIENCE_SECONDS)) as line:
        line.putrequest("POST", "/v1/rosters/sheets")
        for name, value in {**bearer(world.token), "Content-Length": str(size)}.items():
            line.putheader(name, value)
        line.endheaders()
        return line.getresponse().status


def test_a_long_sheet_by_program(world: World) -> None:
    """Looked at, asked for, taken and linked: each step says where it stands, and a repeat changes nothing."""
    rows = long_sheet(world, 501)
    payload, short = "\n".join(rows).encode(), base64.b64encode("\n".join(rows).encode()).decode()
    with world.client(world.token) as program:
        many = program.post("/v1/rosters", json={"sheet": short})
        sent = program.post("/v1/rosters/sheets", content=payload)
        again = program.post("/v1/rosters/sheets", content=payload)
        at = f"/v1/rosters/sheets/{sent.json()['id']}"
        asked = [program.post(f"{at}/take") for _ in range(2)]
        drain(world.store, JobKind.ROSTER)
        done, faults = program.get(at).json(), program.get(f"{at}/wrong").json()
        links = program.post("/v1/accounts/links", json={"agency_id": str(world.agency)})
    with world.client(make_account(world.store, world.agency, Role.OFFICER)[0]) as officer:
        refused = officer.post("/v1/rosters/sheets", content=payload)

    assert (many.status_code, many.json()["slug"]) == (422, "roster-many")
    assert (sent.status_code, sent.json()["state"], sent.json()["people"]) == (201, "looked", 501)
    assert again.json()["id"] == sent.json()["id"]
    assert [(one.status_code, one.json()["state"]) for one in asked] == [(202, "taking")] * 2
    assert (done["state"], done["done"], done["faulty"], faults["rows"]) == ("taken", 501, 0, [])
    assert (announced(world, 17 * 1024 * 1024), refused.status_code) == (413, 403)
    assert links.status_code == 201
    assert {row.split(",")[1] for row in rows[1:]} <= {one["login"] for one in links.json()["links"]}
    assert links.json()["waiting"] == 0
