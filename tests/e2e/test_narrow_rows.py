"""Rows of tables: on a phone a form in one is not moved sideways; very many of them are read, ticked and printed."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pypdfium2
import pytest

from api.deps import COOKIE
from schemas.actor import Role
from schemas.case import Case, CaseStep
from schemas.holding import IssueIn
from storage.store import Store
from tests.axe import barriers, small_targets
from tests.browser import NARROW, WIDE, overflows, widths, window
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.long_case import put_recordings
from tests.server import serving
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_SIDEWAYS = "() => [...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length"


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("rows")))
    with closing(Store(settings)) as store:
        yield make_bureau(store)


@pytest.fixture(scope="module")
def url(bureau: Bureau) -> Iterator[str]:
    with serving(bureau.store) as address:
        yield address


@pytest.fixture
def out(bureau: Bureau, url: str) -> tuple[str, UUID, str]:
    """A server, a device that is with an officer, and the custodian's token."""
    token, keeper = make_account(bureau.store, bureau.agency, Role.CUSTODIAN)
    with bureau.store.begin() as tx:
        wish = IssueIn(person_id=bureau.officers[0].account_id, reason="急用")
        tx.holdings.issue(keeper, bureau.device.id, wish)
    integrate(bureau.store)
    return url, bureau.device.id, token


def test_a_form_in_a_row_has_the_width_of_a_phone(out: tuple[str, UUID, str], browser: "Browser") -> None:
    """The correction of a holding is unfolded: the row is a block, and folded again it is a row."""
    url, device, token = out
    with window(browser, size=NARROW) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/console/devices/{device}")
        row = page.locator("table.rows tbody tr").last
        shown = "(one) => getComputedStyle(one).display"
        assert row.evaluate(shown) == "table-row"
        row.get_by_text("更正").first.click()
        page.get_by_label("领用人").last.wait_for()
        assert (row.evaluate(shown), page.evaluate(_SIDEWAYS), overflows(page)) == ("block", 0, False)
        box = row.locator("form").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]
        page.set_viewport_size(WIDE)
        assert row.evaluate(shown) == "table-row"


MANY = 200
HIGHEST = {WIDE["width"]: 7_000, NARROW["width"]: 12_000}
"""Pixels of the page of a case of so many recordings; written out it was 41,000 and 67,000."""

_SHIFTED = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((one) => { if (!one.hadRecentInput) sum += one.value; }))
        .observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
MOST_SHIFT = 0.1

_WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
_DRAWN_BARS = """() => [...document.querySelectorAll(".clock rect.bar")]
    .filter((one) => one.getBoundingClientRect().width > 0).length"""
_HIDDEN = """() => [...document.querySelectorAll("main .among li, main td.opt")].filter((one) => !one.closest(".act")
    && one.getBoundingClientRect().height === 0).length"""


@dataclass
class Long:
    """A bureau with a case of very many recordings under investigation."""

    bureau: Bureau
    url: str
    case: Case
    recordings: list[UUID]

    def opened(self, browser: "Browser", who: str, **options: object) -> "BrowserContext":
        context = window(browser, **options)
        token = self.bureau.tokens[getattr(self.bureau, who).id]
        context.add_cookies([{"name": COOKIE, "value": token, "url": self.url}])
        return context


@pytest.fixture(scope="module")
def long(bureau: Bureau, url: str) -> Long:
    case = bureau.open()
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        case = bureau.step(case, step)
    recordings = put_recordings(bureau, case, MANY)
    bureau.fact(case, recordings[1])
    integrate(bureau.store)
    return Long(bureau, url, case, recordings)


def test_many_recordings_are_gone_through_and_ticked_by_keys_alone(long: Long, browser: "Browser") -> None:
    """A row, its page, the next one and back; the way to the case; a list is narrowed, ticked and sent."""
    with long.opened(browser, "handler") as context:
        page = context.new_page()
        page.goto(f"{long.url}/console/cases/{long.case.id}")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        place = page.locator("[data-walk] b")
        place.wait_for()
        for key, number in (("j", 3), ("j", 4), ("k", 3)):
            page.keyboard.press(key)
            page.locator("[data-walk] b", has_text=f"{number} / {MANY}").wait_for()
        assert str(long.recordings[2]) in page.url
        page.locator("[data-walk] a").first.press("Enter")
        page.locator("#facts summary", has_text="选择证据").press("Enter")
        box = page.locator("#facts [data-narrows]")
        box.press_sequentially("现场17")
        page.keyboard.press("Enter")  # sends nothing
        ticks = page.locator("#facts .picks input")
        assert ticks.count() == 10
        for at in (0, 3):
            ticks.nth(at).press("Space")
        box.fill("现场199")
        assert ticks.count() == 3  # what is ticked stays
        with page.expect_navigation():
            page.locator("#facts button", has_text="作为证据").press("Enter")
        proofs = page.locator("#facts td").nth(1)
        assert [
            name for name in ("现场002", "现场170", "现场173", "现场199") if name in proofs.inner_text()
        ] == [
            "现场002",
            "现场170",
            "现场173",
        ]


def assert_fit(page: "Page", *, is_long: bool = False) -> None:
    """Nothing keeps anybody from using the page, jumps while it loads, sticks out, or is too small to be hit."""
    assert page.evaluate(_SHIFTED) < MOST_SHIFT
    height = page.evaluate("document.documentElement.scrollHeight")
    assert not is_long or height < HIGHEST[page.viewport_size["width"]]
    assert (barriers(page), overflows(page), small_targets(page)) == ([], False, [])


def test_pages_of_many_recordings_are_for_everybody(long: Long, browser: "Browser") -> None:
    """Case, what is asked before its print, review, a recording on the way, notices and search, loaded at both widths."""
    case, review = long.bureau.submit(long.bureau.get(long.case))
    pages = [
        ("handler", f"/console/cases/{case.id}"),
        ("handler", f"/console/cases/{case.id}/print"),
        ("reviewer", f"/console/reviews/{review.id}"),
        ("reviewer", f"/console/recordings/{long.recordings[3]}?case={case.id}"),
        ("head", "/console/notices"),
        ("handler", "/console/seek?q=现场"),
    ]
    for size in (WIDE, NARROW):
        for who, path in pages:
            with long.opened(browser, who, size=size) as context:
                page = context.new_page()
                page.goto(long.url + path)
                page.wait_for_load_state("networkidle")
                assert_fit(page, is_long="/cases/" in path or "/reviews/" in path)


def test_the_paper_of_many_recordings_has_them_all(long: Long, browser: "Browser", tmp_path: Path) -> None:
    """Each name is in the PDF, each bar in its picture; a page that is printed as it stands unfolds and hides nothing."""
    with long.opened(browser, "handler") as context:
        page = context.new_page()
        page.goto(f"{long.url}/console/cases/{long.case.id}")
        page.emulate_media(media="print")
        for _ in widths(page):
            assert (page.evaluate(_HIDDEN), page.evaluate(_DRAWN_BARS)) == (0, MANY)
        page.emulate_media(media="screen")
        page.goto(f"{long.url}/console/cases/{long.case.id}/print")
        page.locator("main form button").last.click()
        page.locator("table.sheet").wait_for()
        page.emulate_media(media="print")
        assert (page.evaluate(_DRAWN_BARS), page.evaluate(_WIDER), page.locator("details").count()) == (
            MANY,
            False,
            0,
        )
        page.pdf(path=tmp_path / "case.pdf", prefer_css_page_size=True)
    with closing(pypdfium2.PdfDocument(tmp_path / "case.pdf")) as paper:
        text = "".join(one.get_textpage().get_text_bounded() for one in paper)
    assert [n for n in range(1, MANY + 1) if f"{n:03}.jpg" not in text.replace("\r\n", "")] == []
