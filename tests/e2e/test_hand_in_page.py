"""Files handed in from a browser: from the file dialogue to the sealed recording of a case, and on through every break."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import delete

from api.deps import COOKIE
from schemas.actor import Actor
from schemas.digest import sha256_hex
from schemas.ids import RecordingId
from schemas.integrity import Verdict
from schemas.recording import Recording, RecordingState
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.actor import sessions
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.casework import Bureau, make_bureau
from tests.factories import PASSWORD, faults, folder_url, make_settings
from tests.media import jpeg
from tests.media_documents import report
from tests.server import serving
from tests.supervision import drain
from tests.tus import BODY, VERSION, bearer
from tests.web import TRUST
from workers.custody import integrate

FIPS = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu": (
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    "a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
"""The examples of FIPS 180-4 and of NIST's vectors (SHA256ShortMsg, long message of a million)."""

HASHES = """async ([text, cut]) => {
    const { Sha256 } = await import("/console/static/sha256.js");
    const bytes = new TextEncoder().encode(text);
    const sha = new Sha256();
    for (let at = 0; at < bytes.length; at += cut) sha.update(bytes.subarray(at, at + cut));
    return sha.hex();
}"""

FOCUSED = "(({ id, name, className }) => id || name || className)(document.activeElement)"

TOO_LARGE = {
    "slug": "upload-too-large",
    "zh": {"title": "文件过大", "next": "分段录制后再交"},
    "en": {"title": "too large", "next": "cut it"},
}


@dataclass
class Desk:
    store: Store
    url: str
    bureau: Bureau
    person: Actor
    context: BrowserContext
    heard: list[str]

    @property
    def token(self) -> str:
        return self.bureau.tokens[self.person.id]  # type: ignore[index]

    def page(self, path: str = "/console/hand-in") -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.goto(self.url + path)
        expect(page.locator("#hand-in")).to_be_visible()
        return page

    def recording(self, row: "Row") -> Recording:
        href = row.link.get_attribute("href")
        assert href is not None
        with self.store.begin() as tx:
            return tx.recordings.known(RecordingId(href.rsplit("/", 1)[1]))  # type: ignore[arg-type]


class Row:
    """A file of the page's list."""

    def __init__(self, page: Page, name: str) -> None:
        self.node = page.locator("li.piece", has_text=name)
        self.link = self.node.locator(".to")

    def waits_for(self, state: str) -> None:
        expect(self.node).to_have_attribute("data-state", state)


@pytest.fixture(scope="module")
def served(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, str, Bureau]]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("hand-in"))))
    bureau = make_bureau(store)
    integrate(store)
    with serving(store) as url:
        yield store, url, bureau
    store.close()


@pytest.fixture
def desk(served: tuple[Store, str, Bureau], browser: Browser) -> Iterator[Desk]:
    store, url, bureau = served
    with closing(window(browser)) as context:
        token = bureau.tokens[bureau.handler.id]  # type: ignore[index]
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        made = Desk(store, url, bureau, bureau.handler, context, [])
        yield made
        assert made.heard == []


def written(folder: Path, name: str, payload: bytes) -> Path:
    path = folder / name
    path.write_bytes(payload)
    return path


def choose(page: Page, *paths: Path, origin: str = "taken") -> None:
    page.set_input_files("#pick", list(paths))
    page.check(f"[name=origin][value={origin}]")


def assert_fit(page: Page) -> None:
    assert barriers(page) == []
    assert not [size for size in widths(page) if overflows(page)]


@pytest.mark.parametrize("text", FIPS, ids=lambda text: str(len(text)))
def test_our_sha256_gives_what_the_standard_gives(desk: Desk, text: str) -> None:
    """Whole, and cut at odd places."""
    page = desk.page()
    for cut in (len(text) or 1, 1 if len(text) < 1_000 else 65_537, 63, 64, 8_191):
        assert page.evaluate(HASHES, [text, cut]) == FIPS[text]


def test_our_sha256_is_the_servers_at_every_length(desk: Desk) -> None:
    """Around the ends of blocks, where padding is decided."""
    page = desk.page()
    for length in (*range(50, 70), *range(115, 130), 4_095, 4_096):
        text = "x" * length
        assert page.evaluate(HASHES, [text, 13]) == hashlib.sha256(text.encode()).hexdigest()


def test_from_the_file_dialogue_to_a_sealed_recording_of_the_case(desk: Desk, tmp_path: Path) -> None:
    """From a case's page: two files, a paper without its kind is not begun, then receipts, verdicts and the tie."""
    case = desk.bureau.open()
    page = desk.context.new_page()
    page.goto(f"{desk.url}/console/cases/{case.id}")
    page.click("text=交来材料")
    expect(page.locator("#hand-in")).to_be_visible()
    assert page.locator("[name=case]").input_value() == case.number
    assert_fit(page)
    photo, paper = written(tmp_path, "照片一.jpg", jpeg()), written(tmp_path, "询问笔录.pdf", report())
    choose(page, photo, paper, origin="copied")
    page.fill("[name=source]", "当事人手机")
    page.fill("[name=maker]", "王执法")
    rows = Row(page, photo.name), Row(page, paper.name)
    for row in rows:
        row.waits_for("ready")
    assert_fit(page)
    page.click("#start")
    assert [row.node.get_attribute("data-state") for row in rows] == ["ready", "ready"]
    rows[1].node.locator("select").select_option("interview_record")
    page.locator("#start").dblclick()
    for row in rows:
        row.waits_for("received")
    drain(desk.store, JobKind.VERIFY)
    expect(rows[1].node.locator(".verdict .is-verified")).to_be_visible()
    expect(rows[0].node.locator(".verdict .is-remarked")).to_have_text("通过，提示 1")
    for row, file in zip(rows, (photo, paper), strict=True):
        expect(row.node.locator(".tied")).to_have_text(f"已关联案件 {case.number}")
        found = desk.recording(row)
        assert (found.state, found.verdict) == (RecordingState.SEALED, Verdict.VERIFIED)
        assert found.sha256 == sha256_hex(file.read_bytes())
    assert_fit(page)
    with desk.store.begin() as tx:
        assert len(tx.cases.links(case.id)) == 2, "a double click is one hand-in"
    rows[1].link.click()
    assert "当事人手机" in page.content()
    assert_fit(page)
    page.goto(f"{desk.url}/console/cases/{case.id}")
    assert photo.name in page.content()
    assert faults(desk.store) == []


def _cut(desk: Desk, page: Page, after: int) -> list[str]:
    """Let the first body arrive by so many bytes only, and the line break then; returns the offsets of all bodies."""
    offsets: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        offsets.append(route.request.headers["upload-offset"])
        if len(offsets) > 1:
            route.fallback()
            return
        said = {**VERSION, **BODY, **bearer(desk.token), "Upload-Offset": "0"}
        payload = (route.request.post_data_buffer or b"")[:after]
        assert httpx.patch(route.request.url, content=payload, headers=said, verify=TRUST).status_code == 204
        route.abort()

    page.route("**/v1/uploads/*", answer)
    return offsets


def test_a_broken_line_is_tried_again_from_the_servers_offset(desk: Desk, tmp_path: Path) -> None:
    """What arrived counts; nobody presses anything."""
    page, payload = desk.page(), jpeg(401, 300)
    offsets = _cut(desk, page, 1_000)
    choose(page, written(tmp_path, "断.jpg", payload))
    page.click("#start")
    row = Row(page, "断.jpg")
    row.waits_for("received")
    assert offsets == ["0", "1000"]
    drain(desk.store, JobKind.VERIFY)
    assert desk.recording(row).sha256 == sha256_hex(payload)


def test_after_a_reload_the_same_file_goes_on_and_the_text_is_there(desk: Desk, tmp_path: Path) -> None:
    """The page remembers which files were left, and the address by the digest; the file is chosen again."""
    page, payload = desk.page(), jpeg(402, 300)
    file = written(tmp_path, "重载.jpg", payload)
    offsets = _cut(desk, page, 2_000)
    choose(page, file, origin="copied")
    page.fill("[name=source]", "行车记录仪")
    page.click("#start")
    row = Row(page, file.name)
    row.waits_for("waiting")
    row.node.locator(".hold").click()
    row.waits_for("held")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#none")).to_contain_text(file.name)
    assert page.locator("[name=source]").input_value() == "行车记录仪"
    assert page.locator("[name=origin][value=copied]").is_checked()
    page.set_input_files("#pick", file)
    page.click("#start")
    Row(page, file.name).waits_for("received")
    assert offsets == ["0", "2000"]


def test_a_session_that_ends_in_the_middle_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    """The page says so, keeps text and progress, and goes on under the next log-in of the same person."""
    page, payload = desk.page(), jpeg(403, 300)
    page.fill("[name=maker]", "王执法")
    choose(page, written(tmp_path, "断登.jpg", payload))
    row = Row(page, "断登.jpg")
    row.waits_for("ready")
    with desk.store.begin() as tx:
        tx.connection.execute(delete(sessions).where(sessions.c.account_id == desk.person.id))
    page.click("#start")
    row.waits_for("session")
    expect(page.locator("#logged-out")).to_be_visible()
    assert_fit(page)
    page.click("#go-on")
    expect(page.locator("#logged-out")).to_be_visible()
    with desk.context.expect_page() as opened:
        page.click("#logged-out a")
    door = opened.value
    door.fill("[name=login]", desk.person.login)
    door.fill("[name=password]", PASSWORD)
    door.click("main button.primary")
    door.wait_for_url("**/console/account")
    page.click("#go-on")
    row.waits_for("received")
    assert page.locator("[name=maker]").input_value() == "王执法"
    declared = desk.recording(row).declaration
    assert declared is not None
    assert declared.maker == "王执法"
    (cookie,) = (one for one in desk.context.cookies() if one["name"] == COOKIE)
    desk.bureau.tokens[desk.person.id] = cookie["value"]  # type: ignore[index]


def test_two_tabs_make_one_recording_of_one_file(desk: Desk, tmp_path: Path) -> None:
    """The second waits for the first, and shows its receipt."""
    first, second = desk.page(), desk.page()
    held: list[Route] = []
    first.route("**/v1/uploads/*", lambda r: held.append(r) if r.request.method == "PATCH" else r.fallback())
    file = written(tmp_path, "两页.jpg", jpeg(404, 300))
    for page in (first, second):
        choose(page, file)
    with first.expect_request(lambda sent: sent.method == "PATCH"):
        first.click("#start")
    Row(first, file.name).waits_for("sending")
    second.click("#start")
    Row(second, file.name).waits_for("other-tab")
    held[0].fallback()
    for page in (first, second):
        Row(page, file.name).waits_for("received")
    assert desk.recording(Row(first, file.name)).id == desk.recording(Row(second, file.name)).id


def test_a_file_that_was_altered_after_hashing_is_not_sent(desk: Desk, tmp_path: Path) -> None:
    """The browser gives no byte of it any more; the page says what to do."""
    page = desk.page()
    file = written(tmp_path, "改.jpg", jpeg(405, 300))
    choose(page, file)
    row = Row(page, file.name)
    row.waits_for("ready")
    file.write_bytes(jpeg(406, 301))
    page.click("#start")
    row.waits_for("changed")
    expect(row.node.locator(".why")).to_contain_text("请重新选择这个文件")


def test_the_same_bytes_are_not_sent_twice_from_one_list(desk: Desk, tmp_path: Path) -> None:
    """Of two names of one content the second says so."""
    page = desk.page()
    one, other = (written(tmp_path, name, jpeg(407, 300)) for name in ("甲.jpg", "乙.jpg"))
    choose(page, one, other)
    Row(page, one.name).waits_for("ready")
    Row(page, other.name).waits_for("twice")


def test_a_refusal_is_told_in_the_servers_words(desk: Desk, tmp_path: Path) -> None:
    """What the server says of a file stands beside that file, in the language of the page."""
    page = desk.page()
    page.route("**/v1/uploads", lambda r: r.fulfill(status=413, json=TOO_LARGE))
    choose(page, written(tmp_path, "大.jpg", jpeg(408, 300)))
    page.click("#start")
    row = Row(page, "大.jpg")
    row.waits_for("refused")
    expect(row.node.locator(".why")).to_have_text("文件过大。分段录制后再交。")
    assert_fit(page)


def test_by_keyboard_alone(desk: Desk, tmp_path: Path) -> None:
    """Every control of the page is reached by Tab and shows where the focus is."""
    page = desk.page()
    page.set_input_files("#pick", written(tmp_path, "键.pdf", report()))
    Row(page, "键.pdf").waits_for("ready")
    met = []
    for _ in range(40):
        page.keyboard.press("Tab")
        met.append(page.evaluate(FOCUSED))
        if met[-1] == "start":
            break
    for name in (
        "pick",
        "camera",
        "film",
        "origin",
        "maker",
        "made_at",
        "method",
        "case",
        "drop-it",
        "start",
    ):
        assert name in met, met


def test_without_scripts_the_page_says_what_to_do_instead(desk: Desk, browser: Browser) -> None:
    """A sentence, and no form that does nothing."""
    with closing(window(browser, java_script_enabled=False)) as context:
        context.add_cookies([{"name": COOKIE, "value": desk.token, "url": desk.url}])
        page = context.new_page()
        page.goto(f"{desk.url}/console/hand-in")
        assert page.locator("noscript .notice").is_visible()
        assert not page.locator("#hand-in").is_visible()
        assert re.search("设备保管员", page.content())
