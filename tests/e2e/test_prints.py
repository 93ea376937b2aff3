"""Cases and audits on paper: asked why, entered before a byte, whole on every page, and no more than the page shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import func, select

from api.console.form import size
from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Role
from schemas.annotation import About, NoteIn
from schemas.case import Case, CaseStep
from schemas.errors import Refused
from schemas.ids import AuditId, RecordingId
from schemas.leaves_recusal import RecusalGround
from schemas.look import LookFrom, LookWay, WhyIn
from schemas.monitoring import LinkBasis, NotificationIn, NotifyChannel, NotifyOutcome
from schemas.recusal import RecusalIn
from schemas.standard import ItemScore
from schemas.words import Language
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.custody import custody_entries
from tests.browser import keep, overflows, widths, window
from tests.casework import SUPPLEMENT, Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.integration.test_failing_commit import broken_commits
from tests.leftovers import leftovers
from tests.media import jpeg
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Bureau as Supervision
from tests.supervision import Clock, drain, make_supervision
from tests.walk import next_steps
from tests.web import TRUST
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME, CODE, PROOF = "欧阳標記甲运输有限公司", "91320903MA1DEM001U", "短信 13899990001"
WHY = {"reason_code": "other", "reason": "复议机关调阅"}
DATA = {NAME, CODE, "当事人占道经营"}
A4_PIXELS = {"width": 688, "height": 1000}
"""The width between the margins of a sheet, 182 mm at 96 to the inch."""


@dataclass
class Desk:
    """A case with everything that its page shows, and a drawn and scored audit of the same house."""

    store: Store
    url: str
    bureau: Bureau
    case: Case
    pictured: list[RecordingId]
    supervision: Supervision

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def entries(self) -> int:
        with self.store.begin() as tx:
            return tx.connection.scalar(select(func.count()).select_from(custody_entries)) or 0

    @property
    def sheet(self) -> str:
        return f"/console/cases/{self.case.id}/print"


NOTED = "当场清理完毕，已拍照"


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    clock = Clock()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("paper")))
    store = Store(settings, clock=clock)
    bureau = make_bureau(store, above=make_agency(store, is_supervising=True))
    integrate(store)
    case = bureau.open(party=NAME, party_code=CODE)
    pictured = [
        bureau.device.capture(f"现场{n}.jpg", jpeg(640 + n, 480), context={"case": case.number})
        for n in range(12)
    ]
    drain(store, JobKind.VERIFY)
    plain = bureau.capture(case)
    spare = bureau.capture(case)
    with store.begin() as tx:
        tx.cases.unlink(
            bureau.handler, case.id, spare, "错关联", tx.cases.get(bureau.handler, case.id).version
        )
    record = make_highway(store, agency=bureau.agency).valid(party=NAME)
    with store.begin() as tx:
        seen = tx.cases.get(bureau.handler, case.id).version
        tx.monitoring_links.link(bureau.handler, case.id, record, LinkBasis.MANUAL, seen)
        told = NotificationIn(
            channel=NotifyChannel.SMS, outcome=NotifyOutcome.SENT, proof=PROOF, attempted_at=tx.now
        )
        tx.notifications.add(bureau.handler, record, told)
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        case = bureau.step(bureau.get(case), step)
    bureau.fact(case, plain, text="当事人占道经营")
    case, review = bureau.submit(bureau.get(case))
    bureau.opine(review, SUPPLEMENT)
    with store.begin() as tx:
        barred = RecusalIn(login=bureau.second_reviewer.login, ground=RecusalGround.HEAD, reason="近亲属")
        tx.recusals.bar(bureau.head, case.id, barred)
        for about in (About("case", case.id), About("recording", pictured[0])):
            tx.annotations.note(bureau.head, about, NoteIn(text=NOTED))
    supervision = make_supervision(store, clock, recordings=3)
    integrate(store)
    with serving(store) as url:
        yield Desk(store, url, bureau, bureau.get(case), pictured, supervision)
    store.close()


@pytest.fixture
def head(desk: Desk) -> str:
    """Somebody who sees the case whole and has printed nothing yet."""
    return make_account(desk.store, desk.bureau.agency, Role.HEAD)[0]


def sent(desk: Desk, token: str, pictures: str, **changed: str) -> httpx.Response:
    with desk.browser(token) as browser:
        given = {"csrf": form_token(token), "pictures": pictures, **WHY, **changed}
        return browser.post(desk.sheet, data=given)


def test_a_case_is_printed_without_pictures_and_without_an_entry(desk: Desk, head: str) -> None:
    """Why is asked first; the sheet says who, when and why, and holds what the page does: no picture, and all digests."""
    before = desk.entries()
    with desk.browser(head) as browser:
        asked = browser.get(desk.sheet)
        page = browser.get(f"/console/cases/{desk.case.id}").text
    assert (asked.status_code, "为什么打印" in asked.text, "12 份音像记录的画面" in asked.text) == (
        200,
        True,
        True,
    )
    assert f'href="{desk.sheet}"' in page
    assert sent(desk, head, "without", reason="").status_code == 422
    assert sent(desk, head, "perhaps").status_code == 422
    sheet = sent(desk, head, "without")

    assert sheet.status_code == 200
    wanted = (NAME, CODE, "打印人", "复议机关调阅", "当事人占道经营")
    assert [one for one in wanted if one not in sheet.text] == []
    assert "<img" not in sheet.text
    with desk.store.begin() as tx:
        digests = [one.sha256 for one in tx.recordings.of_case(desk.case.id)]
        names = {one.person for one in tx.recusals.of_case(desk.bureau.head, desk.case.id)}
    assert len(digests) == 13
    assert [
        one for one in (*digests, *names, "近亲属", PROOF, "已解除的关联") if str(one) not in sheet.text
    ] == []
    assert desk.entries() == before
    with desk.store.begin() as tx:
        kept = tx.recordings.of_case(desk.case.id)
    assert (
        f"不计副本合计 {size(Language.ZH, sum(one.size_bytes for one in kept if not one.is_copy))}"
        in sheet.text
    )


def test_a_sheet_speaks_one_language(desk: Desk, head: str) -> None:
    """No slug and no word of the other language stands on it; an export and a notification are said in words."""
    audit = scored(desk)
    supervisor = make_account(desk.store, desk.supervision.supervisor.agency_id, Role.SUPERVISOR)[0]
    with desk.store.begin() as tx:
        tx.exports.request(desk.bureau.handler, desk.case.id)
    for language in Language:
        given = {"csrf": form_token(head), "pictures": "with", "reason_code": "dispute", "reason": ""}
        with desk.browser(head) as browser:
            browser.cookies.set(LANGUAGE, language.value)
            pages = [browser.get(desk.sheet).text, browser.post(desk.sheet, data=given).text]
        with desk.browser(supervisor) as browser:
            browser.cookies.set(LANGUAGE, language.value)
            pages.append(browser.get(f"/console/audits/{audit}/print").text)
        assert [leftovers(page, language, DATA) for page in pages] == [[], [], []]


def test_each_recording_that_is_shown_has_its_entry_first(desk: Desk, head: str) -> None:
    """All in one commit or no sheet; a reload enters nothing; the recording's own page says who printed it."""
    before = desk.entries()
    with broken_commits(desk.store, "custody_entries"):
        assert sent(desk, head, "with").status_code == 500
    assert desk.entries() == before
    first, again = sent(desk, head, "with"), sent(desk, head, "with")

    assert (first.status_code, again.status_code) == (200, 200)
    assert desk.entries() == before + len(desk.pictured)
    assert first.text.count("<img") == again.text.count("<img") == len(desk.pictured)
    assert "12 份音像记录的打印已记入存证日志" in first.text
    with desk.browser(head) as browser:
        for one in desk.pictured:
            assert f"/v1/recordings/{one}/thumbnail" in first.text
        assert browser.get(f"/v1/recordings/{desk.pictured[0]}/thumbnail").status_code == 200
        assert "复议机关调阅" in browser.get(f"/console/recordings/{desk.pictured[0]}/looks").text


def test_another_reason_is_another_print(desk: Desk, head: str) -> None:
    """What is entered is what was said: a second reason is entered again."""
    sent(desk, head, "with")
    before = desk.entries()
    assert sent(desk, head, "with", reason="诉讼存档").status_code == 200
    assert desk.entries() == before + len(desk.pictured)


def test_whoever_sees_the_page_prints_it_and_reads_no_more(desk: Desk) -> None:
    """An officer who captured reads the party masked on paper as on the page; a stranger finds no case."""
    officer = desk.bureau.tokens[desk.bureau.officers[0].id]
    sheet = sent(desk, officer, "without")
    assert (sheet.status_code, NAME in sheet.text, CODE in sheet.text) == (200, False, False)
    assert ("已遮蔽" in sheet.text, PROOF in sheet.text) == (True, False)
    stranger, _ = make_account(desk.store, make_agency(desk.store), Role.HEAD)
    with desk.browser(stranger) as browser:
        assert browser.get(desk.sheet).status_code == 404
    assert sent(desk, stranger, "without").status_code == 404


def test_pictures_are_refused_to_who_may_not_watch(desk: Desk) -> None:
    """The act itself asks, whatever its caller found out."""
    stranger = make_account(desk.store, make_agency(desk.store), Role.HEAD)[1]
    before = desk.entries()
    origin = LookFrom(way=LookWay.CONSOLE, address="10.1.2.3")
    with pytest.raises(Refused), desk.store.begin() as tx:
        tx.looks.print_all(stranger, desk.case.agency_id, desk.pictured, WhyIn.model_validate(WHY), origin)
    assert desk.entries() == before


HEADING = re.compile(r"<h2>([^<]+)</h2>")
ACTS = frozenset({"关联音像记录", "导出", "承办人", "键盘", "结论"})
"""Headings of pages with nothing but forms, or help, below them."""


def test_what_has_a_heading_on_a_page_has_it_on_paper(desk: Desk, head: str) -> None:
    """Of a case and of a recording; whatever a correction replaced, and a kind of document, are on paper as on the page."""
    recording = f"/console/recordings/{desk.pictured[0]}"
    with desk.browser(head) as browser:
        page = browser.get(f"/console/cases/{desk.case.id}").text
        of_recording = browser.get(recording).text
        why = {"csrf": form_token(head), "kind": "print", **WHY}
        printed = browser.post(f"{recording}/looks", data=why)
        on_paper = browser.get(printed.headers["location"]).text
    sheet = sent(desk, head, "without").text
    assert set(HEADING.findall(page)) - ACTS - set(HEADING.findall(sheet)) == set()
    assert set(HEADING.findall(of_recording)) - ACTS - set(HEADING.findall(on_paper)) == set()
    facts = {re.sub("<[^>]+>", "", one) for one in re.findall(r"<tr><th>(.*?)</th>", of_recording)}
    assert [one for one in facts if one not in on_paper] == []
    assert (next_steps(page), next_steps(of_recording)) == (next_steps(sheet), next_steps(on_paper))
    assert len(next_steps(sheet) + next_steps(on_paper)) == 2
    assert [NOTED in one for one in (page, sheet, of_recording, on_paper)] == [True] * 4
    assert "<details" not in on_paper


def test_an_audit_is_printed_with_what_its_pages_show(desk: Desk) -> None:
    """Population, draw, members with their scores, findings; scores that one may not see are not on it."""
    audit = scored(desk)
    with desk.store.begin() as tx:
        drawn = tx.audit_scores.drawn(desk.supervision.supervisor, audit)
    token = make_account(desk.store, desk.supervision.supervisor.agency_id, Role.SUPERVISOR)[0]
    with desk.browser(token) as browser:
        page = browser.get(f"/console/audits/{audit}").text
        sheet = browser.get(f"/console/audits/{audit}/print")
    assert len(next_steps(page)) == 1
    assert next_steps(page) == next_steps(sheet.text)
    assert (sheet.status_code, f'href="/console/audits/{audit}/print"' in page) == (200, True)
    assert [one.ticket for one in drawn if one.ticket not in sheet.text] == []
    assert [one for one in ("打印人", "种子", "抽查范围的根值", "系统预检") if one not in sheet.text] == []
    assert "只评了一份" not in sheet.text
    assert f"抽中 {len(drawn)} 件，每件 2 人评分，评完 0 件" in sheet.text

    other = desk.supervision.inspectors[1]
    with desk.store.begin() as tx:
        standard = tx.audit_scores.standard(tx.audits.get(desk.supervision.supervisor, audit))
        full = [ItemScore(code=item.code, points=item.points) for item in standard.items]
        tx.audit_scores.score(other, audit, drawn[0].member_id, full)
    with desk.browser(token) as browser:
        whole = browser.get(f"/console/audits/{audit}/print").text
    lost = standard.items[0].points
    assert "评完 1 件" in whole
    assert f"{standard.total - lost / 2:.1f} / {standard.total}" in whole
    assert "只评了一份" in whole


def scored(desk: Desk) -> AuditId:
    """An audit of which one inspector has scored one member; nobody else sees that score yet."""
    made = desk.supervision.assigned()
    one = desk.supervision.inspectors[0]
    with desk.store.begin() as tx:
        member = tx.audit_scores.drawn(desk.supervision.supervisor, made.id)[0].member_id
        standard = tx.audit_scores.standard(made)
        points = [
            ItemScore(
                code=item.code, points=0 if n == 0 else item.points, remark="只评了一份" if n == 0 else ""
            )
            for n, item in enumerate(standard.items)
        ]
        tx.audit_scores.score(one, made.id, member, points)
    return made.id


def test_on_screen_and_on_paper_nothing_sticks_out(desk: Desk, head: str, browser: "Browser") -> None:
    """At both widths and at that of a sheet, in both languages' page; every page of the paper has its head and foot."""
    audit = scored(desk)
    supervisor = make_account(desk.store, desk.supervision.supervisor.agency_id, Role.SUPERVISOR)[0]
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": head, "url": desk.url}])
        page = context.new_page()
        page.goto(desk.url + desk.sheet)
        for _ in widths(page):
            assert not overflows(page)
        page.get_by_label("查看事由").select_option("other")
        page.get_by_label("说明").fill("复议机关调阅")
        page.get_by_role("button", name="份音像记录的画面").click()
        page.locator("table.sheet").wait_for()
        assert_fits(page, "case")
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": supervisor, "url": desk.url}])
        page = context.new_page()
        page.goto(f"{desk.url}/console/audits/{audit}/print")
        assert_fits(page, "audit")


_CLIPPED = """() => [...document.querySelectorAll('.sheet *')].filter((one) => {
    const style = getComputedStyle(one);
    return style.display === 'none' && !one.closest('title, defs')
        || one instanceof HTMLElement && style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1;
}).map((one) => one.outerHTML.slice(0, 120))"""


def assert_fits(page: "Page", name: str) -> None:
    for width in widths(page):
        keep(page, f"print-{name}-{width}")
        assert not overflows(page)
    page.emulate_media(media="print")
    page.set_viewport_size(A4_PIXELS)
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert page.evaluate(_CLIPPED) == []
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.sheet > thead')).display")
        == "table-header-group"
    )
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.sheet > tfoot')).display")
        == "table-footer-group"
    )
    page.emulate_media(media="screen")
