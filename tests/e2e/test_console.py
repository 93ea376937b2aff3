"""The console in a real browser, over a served application with its workers, in the stand's database."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from api.deps import COOKIE
from quancheng_demo import found
from schemas.actor import Actor
from schemas.errors import NotAuthenticated
from schemas.recording import RecordingState
from storage.flow.login import actor_of_password
from storage.settings import StorageSettings
from storage.store import Store
from tests import media as made
from tests.axe import barriers
from tests.browser import keep, overflows, widths, window
from tests.factories import TestDevice, enrol_device, folder_url, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, until
from tests.web import TRUST
from workers.embedded import EmbeddedWorkers
from workers.settings import WorkersSettings

OFFICERS = ["10320001001", "10320001002"]
CASE = "示城管立字〔2026〕第001号"


@dataclass(frozen=True)
class Bureau:
    """A served product with the demo organisation and recordings of four kinds."""

    address: str
    store: Store
    passwords: dict[str, str]
    photo: str
    video: str
    broken: str
    foreign: str
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, login: str) -> str:
        """The session of who has this login: logged in once, as the form does it."""
        if login not in self.tokens:
            wish = {"login": login, "password": self.passwords[login]}
            answer = httpx.post(
                f"{self.address}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS
            )
            self.tokens[login] = str(answer.raise_for_status().json()["token"])
        return self.tokens[login]

    def actor(self, login: str) -> Actor:
        """Who has this login."""
        return _actor(self.store, self.passwords, login)


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    folder = tmp_path_factory.mktemp("console")
    settings: StorageSettings = make_settings(database_url, folder_url(folder))
    store = Store(settings)
    passwords = found(store)
    with ExitStack() as started:
        started.callback(store.close)
        workers = EmbeddedWorkers(store, WorkersSettings())
        workers.start()
        started.callback(workers.stop)
        address = started.enter_context(serving(store))
        yield _filled(store, passwords, address, folder)


def _filled(store: Store, passwords: dict[str, str], address: str, folder: Path) -> Bureau:
    device, stranger = (_device(store, passwords, login) for login in ("sun", "he"))
    clip = made.mp4(folder / "现场.mp4", seconds=2)
    sent = {
        "photo": device.capture("现场照片.jpg", made.jpeg(800, 600), officers=OFFICERS),
        "video": device.capture("现场.mp4", clip.read_bytes(), officers=OFFICERS, context={"case": CASE}),
        "broken": device.send("改动.jpg", made.jpeg(640, 480), declared_sha256="0" * 64),
        "foreign": stranger.capture("外单位.jpg", made.jpeg(320, 240)),
    }
    device.capture("巡查.gpx", made.gpx(), officers=OFFICERS)
    for ident in sent.values():
        until(lambda ident=ident: _state(store, ident) is not RecordingState.RECEIVED, "it is verified")
    return Bureau(address, store, passwords, **{name: str(ident) for name, ident in sent.items()})


def _device(store: Store, passwords: dict[str, str], login: str) -> TestDevice:
    return enrol_device(store, _actor(store, passwords, login))


def _actor(store: Store, passwords: dict[str, str], login: str) -> Actor:
    actor = actor_of_password(store, login, passwords[login])
    assert actor is not None
    return actor


def _state(store: Store, ident: object) -> RecordingState:
    with store.begin() as tx:
        return tx.recordings.known(ident).state


@dataclass(frozen=True)
class Desk:
    """A browser window of one person; whatever the browser complains about is kept."""

    page: Page
    address: str
    complaints: list[str]

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def shoot(self, name: str) -> None:
        """Keep pictures of the whole page at both widths; nothing sticks out sideways or keeps anybody out."""
        for width in widths(self.page):
            keep(self.page, f"console-{name}-{width}")
            assert not overflows(self.page), name
            assert barriers(self.page) == [], name


@pytest.fixture
def desk(browser: Browser, bureau: Bureau) -> Iterator[Callable[..., Desk]]:
    """Open a window, logged in as somebody of the demo; no test may leave a complaint behind."""
    opened = []

    def sit(login: str | None = "qian", **options: object) -> Desk:
        context = window(browser, **options)
        if login is not None:
            seat = {"name": COOKIE, "value": bureau.token(login), "url": bureau.address}
            context.add_cookies([seat])
        one = Desk(context.new_page(), bureau.address, [])

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                one.complaints.append(message.text)

        one.page.on("console", note)
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        opened.append((context, one))
        one.open("/console")
        return one

    yield sit
    for context, one in opened:
        context.close()
        assert one.complaints == []


def _log_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("用户名").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_every_desk_fits_both_screens(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """Each page of each desk is drawn at both widths without sticking out, and is kept as a picture."""
    pages = {
        "qian": {
            "home": "/console",
            "recordings": "/console/recordings",
            "photo": f"/console/recordings/{bureau.photo}",
            "video": f"/console/recordings/{bureau.video}",
            "quarantined": f"/console/recordings/{bureau.broken}",
            "empty": "/console/recordings?q=nothing-like-this",
            "custody": "/console/custody",
        },
        "wang": {"cases": "/console/cases", "case-new": "/console/cases/new"},
        "sun": {"devices": "/console/devices"},
    }
    desk(None).shoot("login")
    for login, named in pages.items():
        one = desk(login)
        for name, path in named.items():
            one.open(path)
            one.shoot(name)


def test_a_wrong_password_is_told_and_the_right_one_leads_back(
    desk: Callable[..., Desk], bureau: Bureau
) -> None:
    """A page asked for before log-in is the page shown after it."""
    one = desk(None)
    one.open("/console/recordings?verdict=verified")
    _log_in(one.page, "qian", "wrong")
    expect(one.page.get_by_role("alert")).to_be_visible()
    one.complaints.clear()  # the browser reports the 401 that the form is answered with

    _log_in(one.page, "qian", bureau.passwords["qian"])
    one.page.wait_for_url("**/console/recordings?verdict=verified")
    cookies = {cookie["name"]: cookie for cookie in one.page.context.cookies()}
    assert cookies["qc_session"]["httpOnly"]
    assert cookies["qc_session"]["sameSite"] == "Strict"


def test_a_reviewer_finds_and_opens_a_recording_by_keys(desk: Callable[..., Desk]) -> None:
    """`/` finds, `j` walks, Enter opens, `?` helps: no mouse is needed."""
    one = desk()
    one.open("/console/recordings")
    one.page.keyboard.press("?")
    expect(one.page.locator("#help")).to_be_visible()
    one.page.keyboard.press("?")
    one.page.keyboard.press("/")
    one.page.keyboard.type("现场照片")
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**q=*")
    expect(one.page.locator("tbody tr")).to_have_count(1)
    one.page.keyboard.press("j")
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/console/recordings/*-*")
    expect(one.page.get_by_role("heading", level=1)).to_contain_text("已封存")


def test_a_video_plays_from_where_one_wants(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """The player seeks by ranges into the sealed bytes."""
    one = desk()
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.headers.get("range", "")))
    one.open(f"/console/recordings/{bureau.video}")
    expect(one.page.locator("video")).to_have_count(0)
    one.page.get_by_role("button", name="打开查看").click()
    position = one.page.evaluate(
        """async () => {
            const video = document.querySelector("video");
            if (video.readyState < 1) await new Promise((done) => (video.onloadedmetadata = done));
            video.currentTime = 1;
            await new Promise((done) => (video.onseeked = done));
            return [video.currentTime, video.duration, video.seekable.length];
        }"""
    )
    assert position[0] == 1
    assert position[1] == pytest.approx(2, abs=0.3)
    assert position[2] == 1
    assert any(text.startswith("bytes=") for text in asked)


def test_a_look_asks_why_and_is_seen_by_its_owner(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """One click with the usual reason opens the picture; reloading adds nothing; the owner of the look finds it."""
    one = desk()
    page = one.page
    one.open(f"/console/recordings/{bureau.photo}")
    expect(page.locator("img[src*='/media']")).to_have_count(0)
    expect(page.get_by_label("查看事由")).to_have_value("case-handling")
    page.get_by_role("button", name="打开查看").click()
    expect(page.locator("img[src*='/media?look=']")).to_be_visible()
    for _ in range(2):
        page.reload()
        expect(page.locator("img[src*='/media?look=']")).to_be_visible()
    one.shoot("photo-open")
    with page.expect_download() as coming:
        page.get_by_role("button", name=re.compile("下载原件")).click()
    assert coming.value.path().read_bytes().startswith(b"\xff\xd8")
    page.get_by_role("button", name="结束查看").click()
    expect(page.locator("img[src*='/media']")).to_have_count(0)
    one.open("/console/account/looks")
    expect(page.locator("tbody tr", has_text="现场照片")).to_have_count(2)
    one.shoot("looks-own")


def test_one_recording_shows_what_is_known_and_what_proves_it(
    desk: Callable[..., Desk], bureau: Bureau
) -> None:
    """Times, checks, place with its datum, custody and proof stand on the page; the proof downloads."""
    one = desk()
    page = one.page
    until(lambda: _is_signed(one, bureau.photo), "the seal is signed")
    expect(page.locator("svg.map")).to_contain_text("WGS84")
    expect(page.locator(".chain")).to_contain_text(["核验后封存"])
    expect(page.get_by_text("设备可以删除本地副本")).to_be_visible()
    expect(page.locator("time").first).to_have_attribute("title", re.compile(r"Z \(UTC\)$"))
    with page.expect_download() as coming:
        page.get_by_role("link", name="下载存证证明").click()
    assert coming.value.path().read_text().startswith("c2sp.org/tlog-proof@v1")
    cited = page.locator("section", has=page.get_by_role("heading", name="拍摄时的执法证"))
    assert [row.inner_text().count("登记册从") for row in cited.locator("tbody tr").all()] == [1, 1]


def _is_signed(one: Desk, recording: str) -> bool:
    one.open(f"/console/recordings/{recording}")
    return one.page.get_by_role("link", name="下载存证证明").count() == 1


def test_a_quarantined_recording_says_why_and_what_to_do(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """The first line is the verdict; the reason and the next step follow; the device keeps its original."""
    one = desk()
    one.open(f"/console/recordings/{bureau.broken}")
    expect(one.page.locator(".answer .verdict")).to_have_text("不符")
    expect(one.page.locator(".notice.bad")).to_contain_text("完整性校验值（哈希值）不一致")
    expect(one.page.locator(".notice.bad")).to_contain_text("请勿删除设备上的原件")


def test_reading_needs_no_script(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """With JavaScript off, lists, filters, one recording and the help are all there."""
    one = desk("qian", java_script_enabled=False)
    one.open("/console/recordings")
    one.page.get_by_label("结论").select_option("mismatch")
    one.page.get_by_role("button", name="筛选").click()
    expect(one.page.locator("tbody tr")).to_have_count(1)
    one.page.locator("a.row").click()
    expect(one.page.locator("table.checks")).to_contain_text("完整性校验值（哈希值）")
    one.page.get_by_role("button", name="打开查看").click()
    expect(one.page.get_by_role("button", name="结束查看")).to_be_visible()
    one.page.get_by_role("button", name="帮助").click()
    expect(one.page.locator("#help")).to_be_visible()


def test_a_handler_runs_a_case_from_number_to_package(desk: Callable[..., Desk]) -> None:
    """Register, find and link, unlink with a reason, link again, export, download: all on one page."""
    one = desk("wang")
    page = one.page
    one.open("/console/cases/new")
    for label, text in {
        "案号": "示城管立字〔2026〕第777号",
        "当事人": "某甲",
        "案由": "占道",
        "地点": "路口",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="登记").click()
    page.wait_for_url("**/console/cases/*-*")
    _link(page)
    page.locator("summary", has_text="解除关联").click()
    page.get_by_label("理由", exact=True).fill("关联有误")
    page.get_by_role("button", name="解除关联").click()
    expect(page.get_by_role("heading", name="已解除的关联")).to_be_visible()
    _link(page)
    page.get_by_role("button", name="生成导出包").click()
    ready = page.locator("#exports summary", has_text="下载")
    expect(ready).to_be_visible()
    one.shoot("case")
    ready.click()
    with page.expect_download() as coming:
        page.locator("#exports").get_by_role("button", name="下载").click()
    assert coming.value.path().read_bytes().startswith(b"PK")


def _link(page: Page) -> None:
    page.get_by_label("文件名或哈希值", exact=True).press_sequentially("现场照片")
    page.locator("#candidates [data-all]").check()
    page.locator("#candidates").get_by_role("button", name="关联所选").click()
    expect(page.locator("table.rows a.row", has_text="现场照片")).to_be_visible()


def test_a_case_number_is_taken_once_and_what_was_typed_stays(desk: Callable[..., Desk]) -> None:
    """A number that exists is told on the form, with every other field as it was."""
    one = desk("wang")
    one.open("/console/cases/new")
    for label, text in {"案号": CASE, "当事人": "某乙", "案由": "占道", "地点": "路口"}.items():
        one.page.get_by_label(label, exact=True).fill(text)
    one.page.get_by_role("button", name="登记").click()
    expect(one.page.get_by_role("alert")).to_be_visible()
    expect(one.page.get_by_label("当事人")).to_have_value("某乙")
    one.complaints.clear()  # the browser reports the 409 that the form is answered with


def test_a_code_is_shown_once_and_a_device_is_revoked_for_good(
    desk: Callable[..., Desk], bureau: Bureau
) -> None:
    """The code stands in one answer only; a revoked device says so and offers no second revocation."""
    one = desk("sun")
    page = one.page
    one.open("/console/devices")
    page.get_by_role("button", name="发放注册码").click()
    code = page.locator(".secret").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    one.shoot("devices-code")
    one.open("/console/devices")
    assert code not in page.content()
    with bureau.store.begin() as tx:
        enrolled = len(tx.devices.seen_by(bureau.actor("sun")))
    spare = enrol_device(bureau.store, bureau.actor("sun"))
    one.open("/console/devices")
    page.locator(f'a.row[href$="{spare.id}"]').wait_for()
    shown = {
        row.get_attribute("href") for row in page.locator("a.row").all()
    }  # one that is out stands there twice
    assert len(shown) == enrolled + 1
    page.locator(f'a.row[href$="{spare.id}"]').click()
    page.locator("summary", has_text="注销").click()
    page.locator('select[name="reason_code"]').select_option(index=1)
    page.locator('form[action$="/revoke"] input[name="reason"]').fill("遗失")
    page.locator('form[action$="/revoke"] button').click()
    expect(page.locator(".answer")).to_contain_text("已注销")
    expect(page.locator("summary", has_text="注销")).to_have_count(0)
    one.open("/console/devices")
    expect(page.locator("tr", has=page.locator(f'a.row[href$="{spare.id}"]'))).to_contain_text("已注销")
    with bureau.store.begin() as tx, pytest.raises(NotAuthenticated):
        tx.accounts.actor_of(spare.token)


def test_who_may_not_watch_sees_facts_only(desk: Callable[..., Desk], bureau: Bureau) -> None:
    """A custodian reads the verdict and is told why there is no picture; no media is even asked for."""
    one = desk("sun")
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    one.open(f"/console/recordings/{bureau.photo}")
    one.page.wait_for_load_state("networkidle")
    expect(one.page.get_by_text("不能看内容")).to_be_visible()
    assert not [url for url in asked if "/media" in url or "/thumbnail" in url]


def test_the_language_is_kept(desk: Callable[..., Desk]) -> None:
    """English chosen once stays for the next page, and nothing on it is Chinese but what people wrote."""
    one = desk("sun")
    one.page.get_by_role("button", name="English").click()
    one.open("/console/devices")
    expect(one.page.get_by_role("button", name="Issue an enrolment code")).to_be_visible()
    one.shoot("devices-en")


@contextmanager
def _session(bureau: Bureau, login: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bureau.address, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        client.post("/console/login", data={"login": login, "password": bureau.passwords[login]})
        yield client


def test_a_form_without_its_token_does_nothing(bureau: Bureau) -> None:
    """A post with the cookie alone, or from another site, is refused and changes nothing."""
    with _session(bureau, "sun") as client:
        bare = client.post("/console/devices/codes")
        foreign = client.post("/console/devices/codes", headers={"Sec-Fetch-Site": "cross-site"})

        assert bare.status_code == foreign.status_code == 403
        assert "没有执行" in bare.text


def test_what_is_out_of_scope_is_not_found(bureau: Bureau) -> None:
    """Another agency's recording answers as if it did not exist; a page without permission says so."""
    with _session(bureau, "qian") as client:
        assert client.get(f"/console/recordings/{bureau.photo}").status_code == 200
        assert client.get(f"/console/recordings/{bureau.foreign}").status_code == 404
        assert client.get("/console/devices").status_code == 403


def test_no_page_is_open_without_log_in(bureau: Bureau) -> None:
    """Every page but the log-in form sends a stranger there."""
    pages = ("", "/recordings", "/recordings.csv", "/cases", "/cases/new", "/devices", "/custody")
    with httpx.Client(base_url=bureau.address, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        for page in (*pages, f"/recordings/{bureau.photo}", f"/recordings/{bureau.photo}/state"):
            answer = client.get(f"/console{page}")
            assert answer.status_code == 303, page
            assert answer.headers["Location"].startswith("/console/login?back=")


def test_the_csv_holds_what_the_filters_show(bureau: Bureau) -> None:
    """The file has the rows of the filtered list and no others."""
    with _session(bureau, "qian") as client:
        everything = client.get("/console/recordings.csv").text
        broken = client.get("/console/recordings.csv?verdict=mismatch").text

    assert everything.count("\r\n") == 6  # heads, rows, and what they come to
    assert bureau.foreign not in everything
    assert broken.count("\r\n") == 3
    assert bureau.broken in broken
