"""The supervisor's mistakes on the pages: a draft amended and dropped, a value misread, an audit that ends unfinished."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.audit import AuditState
from schemas.ids import AuditId
from schemas.rectification import RectificationIn
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.store import Store
from tests.axe import barriers
from tests.browser import keep, overflows, widths, window
from tests.factories import folder_url, make_account, make_settings
from tests.server import serving
from tests.supervision import VALUE, Bureau, Clock, make_supervision
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FULL = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]


class World(NamedTuple):
    """A server and its bureau."""

    url: str
    bureau: Bureau


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    folder = tmp_path_factory.mktemp("audit-page")
    with closing(Store(make_settings(database_url, folder_url(folder)), clock=clock)) as store:
        bureau = make_supervision(store, clock)
        with serving(store) as url:
            yield World(url, bureau)


@pytest.fixture
def enter(browser: "Browser", world: World) -> "Iterator[object]":
    """What opens a window for a person of the bureau."""
    windows = []

    def opened(actor: Actor) -> "Page":
        context = window(browser)
        windows.append(context)
        with world.bureau.store.begin() as tx:
            token = tx.accounts.open_session(actor.id).token
        context.add_cookies([{"name": COOKIE, "value": token, "url": world.url}])
        return context.new_page()

    yield opened
    for one in windows:
        one.close()


def picture(page: "Page", name: str) -> None:
    """Keep the page at both widths; nothing sticks out, and nothing keeps anybody out."""
    for width in widths(page):
        keep(page, f"audit-{name}-{width}")
        assert not overflows(page), (name, width)
        assert barriers(page) == [], name


def press(page: "Page", name: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def test_a_draft_is_amended_and_dropped(world: World, enter) -> None:
    """The form comes filled in; what it said before stands on the page; dropped with a reason it stays listed."""
    made = world.bureau.defined()
    page = enter(world.bureau.supervisor)
    page.goto(f"{world.url}/console/audits/{made.id}")
    picture(page, "draft")
    page.get_by_role("link", name="修改方案").click()
    assert page.get_by_label("名称", exact=True).input_value() == "三季度抽查"
    assert page.get_by_label("公开随机事件的名称").input_value() == "双色球第 2026137 期"
    picture(page, "edit")
    page.get_by_label("名称", exact=True).fill("四季度抽查")
    page.get_by_label("修改理由（可不填）").fill("改季度")
    press(page, "保存修改")
    assert "四季度抽查" in page.locator("h1").inner_text()
    told = page.locator("main").inner_text()
    assert "方案的修改" in told
    assert "改季度" in told
    with world.bureau.store.begin() as tx:
        kept = tx.audits.get(world.bureau.supervisor, made.id)
    assert (kept.from_at, kept.until_at, kept.sources) == (made.from_at, made.until_at, made.sources)
    page.locator("summary", has_text="放弃评查").click()
    page.get_by_label("放弃的理由").fill("另行安排")
    picture(page, "amended")
    press(page, "放弃评查")
    told = page.locator("main").inner_text()
    assert "没有冻结，也没有抽样" in told
    assert "另行安排" in told
    assert page.locator("main").get_by_role("button").count() == 0
    picture(page, "dropped")
    page.goto(f"{world.url}/console/audits")
    assert "已放弃" in page.locator("tr", has_text="四季度抽查").inner_text()


def test_a_draft_whose_event_is_over_says_what_to_do(world: World, enter) -> None:
    """No button that can only fail: the page leads to the form that names a later event."""
    made = world.bureau.defined()
    world.bureau.clock.ahead += world.bureau.wish().sources[0].happens_at - world.bureau.clock()
    page = enter(world.bureau.supervisor)
    page.goto(f"{world.url}/console/audits/{made.id}")
    assert page.get_by_role("button", name="冻结抽查范围").count() == 0
    assert "请先改选更晚的公开事件" in page.locator(".next-step").inner_text()
    picture(page, "event-over")


def test_a_misread_value_is_entered_again_by_both(world: World, enter) -> None:
    """The page says what happened and who does what next, and shows no value before two agree."""
    made = world.bureau.frozen_and_over()
    wu, chen = enter(world.bureau.supervisor), enter(world.bureau.colleague)
    address = f"{world.url}/console/audits/{made.id}"
    _type(world, wu, address, "03 07 12 21 29 + 06", "录入")
    picture(wu, "entered")
    _type(world, chen, address, VALUE, "核对")
    told = chen.locator(".next-step").inner_text()
    assert "不一致，两次都不算数" in told
    assert "先由一人在此重新录入，再由另一人独立核对" in told
    assert not re.search(r"21\W+29\W+0", chen.locator("main").inner_text())
    picture(chen, "misread")
    _type(world, chen, address, VALUE, "录入")
    chen.locator("summary", has_text="撤回录入的值").click()
    chen.get_by_label("撤回的理由").fill("看错期号")
    picture(chen, "retract")
    press(chen, "撤回录入的值")
    assert "撤回了自己录入的值：看错期号" in chen.locator(".next-step").inner_text()
    integrate(world.bureau.store)
    _type(world, chen, address, "3,7,12,21,29+5", "录入")
    _type(world, wu, address, VALUE, "核对")
    press(wu, "抽样")
    told = wu.locator("main").inner_text()
    assert "3,7,12,21,29+5" in told
    assert "3 7 12 21 29 5" in told
    picture(wu, "drawn-again")


def _type(world: World, page: "Page", address: str, value: str, button: str) -> None:
    integrate(world.bureau.store)
    page.goto(address)
    page.locator(".next-step input[name=value]").fill(value)
    press(page, button)
    integrate(world.bureau.store)


def test_an_end_asks_why(world: World, enter) -> None:
    """Two steps: what is missing with links, then the reason, which page and print show."""
    ident = _scored(world.bureau)
    page = enter(world.bureau.supervisor)
    page.goto(f"{world.url}/console/audits/{ident}")
    page.get_by_role("link", name="结束评查").click()
    assert "还有事项没有完成" in page.locator("h1").inner_text()
    picture(page, "close")
    page.get_by_label("仍然结束的理由").fill("评查期限已到")
    press(page, "结束评查")
    for address in (f"/console/audits/{ident}", f"/console/audits/{ident}/print"):
        page.goto(world.url + address)
        told = page.locator("main").inner_text()
        assert "未给出的评分 4 份" in told
        assert "未销号的整改 1 项" in told
        assert "评查期限已到" in told
        picture(page, "closed-print" if address.endswith("print") else "closed")
    with world.bureau.store.begin() as tx:
        assert tx.audits.get(world.bureau.supervisor, ident).state is AuditState.CLOSED


def test_the_result_is_told_with_its_interval(world: World, enter) -> None:
    """Points and shares on one page; a mark opens its list; the audited agency is told once the audit is closed."""
    ident = _scored(world.bureau)
    address = f"{world.url}/console/audits/{ident}"
    page, head = enter(world.bureau.supervisor), enter(world.bureau.head)
    page.goto(address)
    page.get_by_role("link", name="评查结果").click()
    assert "已评完的 1 件中合格 1 件，合格率 100.0%" in page.locator("h1").inner_text()
    told = page.locator("main").inner_text()
    assert "评查尚未结束" in told
    assert "未评完 2 件" in told
    assert "（95% 置信区间）" in told
    picture(page, "result")
    page.locator(".shares a").first.click()
    assert "A1 扣分的案卷：1 件" in page.locator("#files").inner_text()
    picture(page, "result-item")
    head.goto(address)
    assert "评查结束后，您可以在此看评查结果。" in head.locator("main").inner_text()
    assert "下一步由评查员评分" in head.locator(".next-step").inner_text()
    assert head.get_by_role("link", name="评查结果").count() == 0
    answer = head.goto(f"{address}/result")
    assert answer.status == 409
    head.goto(f"{address}/print")
    assert "合格率" not in head.locator("main").inner_text()
    world.bureau.close(world.bureau.audit(ident))
    head.goto(address)
    head.get_by_role("link", name="评查结果").click()
    assert "合格率 100.0%" in head.locator("h1").inner_text()
    picture(head, "result-closed")
    head.goto(f"{address}/print")
    assert "合格率 100.0%" in head.locator("main").inner_text()
    picture(head, "result-print")


def test_the_agency_is_led_to_what_was_found(world: World, enter) -> None:
    """The inspector says in which recording and at what second; who answers opens exactly that, and the look is noted."""
    made = world.bureau.assigned()
    with world.bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(world.bureau.supervisor, made.id)[0].member_id
    handler = make_account(world.bureau.store, world.bureau.agency, Role.HANDLER)[1]
    page, reader = enter(world.bureau.inspectors[0]), enter(handler)
    page.goto(f"{world.url}/console/audits/{made.id}/members/{member}")
    page.locator("select[name=item_code]").select_option("B1")
    page.get_by_label("发现的问题").fill("未亮明身份")
    assert page.locator("select[name=recording_id]").input_value() == str(member)
    page.get_by_label("位置（分:秒，可不填）").fill("1:2x")
    press(page, "提出整改")
    assert "写法不符合要求" in page.get_by_role("alert").inner_text()
    page.get_by_label("位置（分:秒，可不填）").fill("1：23")
    picture(page, "member-found")
    press(page, "提出整改")
    assert "1:23" in page.locator("main").inner_text()
    reader.goto(f"{world.url}/console/rectifications")
    assert "B1 未亮明身份" in reader.locator("tr", has_text="1:23").inner_text()
    picture(reader, "rectifications")
    reader.goto(page.url)
    picture(reader, "rectification")
    link = reader.get_by_role("link", name="1:23")
    assert link.get_attribute("href").endswith(f"/console/recordings/{member}?second=83#player")
    with reader.expect_navigation():
        link.click()
    assert "查看" in reader.locator("main").inner_text()
    with world.bureau.store.begin() as tx:
        assert tx.recordings.watchable(handler, member).id == member


def _scored(bureau: Bureau) -> AuditId:
    """An audit of three files, of which one is scored by both, with totals far apart and a rectification."""
    made = bureau.assigned()
    low = [FULL[0].model_copy(update={"points": 0, "remark": "缺"}), *FULL[1:]]
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(bureau.inspectors[0], made.id)[0].member_id
    for who, scores in zip(bureau.inspectors, (FULL, low), strict=True):
        with bureau.store.begin() as tx:
            tx.audit_scores.score(who, made.id, member, scores)
    with bureau.store.begin() as tx:
        found = RectificationIn(member_id=member, item_code="B1", text="未亮明身份")
        tx.rectifications.raise_(bureau.inspectors[0], made.id, found)
    return made.id
