"""In a browser: an officer begins and ends a duty and explains what came late; an administrator sets the hours."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from api.deps import COOKIE
from schemas.actor import Role
from schemas.base import rfc3339
from storage.outbox import JobKind
from storage.store import Store
from tests.axe import barriers
from tests.browser import keep, overflows, widths, window
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.media import jpeg
from tests.server import serving
from tests.supervision import drain


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("shift-story"))))
    yield make_bureau(store)
    store.close()


@pytest.fixture(scope="module")
def address(bureau: Bureau) -> Iterator[str]:
    with serving(bureau.store) as address:
        yield address


def looked_at(page: Page, name: str) -> None:
    """It fits at both widths and keeps nobody out; a picture of each is kept."""
    assert barriers(page) == [], name
    for size in widths(page):
        assert not overflows(page), (name, size)
        keep(page, f"{name}-{size}")


def test_a_duty_and_what_came_late(browser: Browser, address: str, bureau: Bureau) -> None:
    """Begun with a partner, ended, and the recording of another day explained beside its finding."""
    first, second = bureau.officers
    with bureau.store.begin() as tx:
        at = rfc3339(tx.now - timedelta(hours=40))
    bureau.device.capture("迟交.jpg", jpeg(64, 48), captured_at=at)
    drain(bureau.store, JobKind.VERIFY)
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": bureau.tokens[first.id], "url": address}])
        page = context.new_page()
        page.goto(f"{address}/console")
        page.get_by_role("link", name="迟交的音像记录，等您说明").click()
        page.get_by_label("搭档").select_option(min(second.certificates))
        page.get_by_role("button", name="开始勤务").click()
        expect(page.get_by_text("进行中").last).to_be_visible()
        looked_at(page, "duties")
        page.get_by_label("情况说明").fill("山区没有网络，回到单位后立即上交")
        page.get_by_role("button", name="提交说明").click()
        expect(page.get_by_text("山区没有网络，回到单位后立即上交")).to_be_visible()
        looked_at(page, "duty-explained")
        page.goto(f"{address}/console/duties")
        page.locator("summary", has_text="结束勤务").click()
        page.get_by_role("button", name="结束勤务").click()
        expect(page.get_by_role("heading", name="没有进行中的勤务")).to_be_visible()


def test_a_setting_from_a_day_on(browser: Browser, address: str, bureau: Bureau) -> None:
    """An administrator sets the hours by a document; the head sees it and finds no form."""
    token, _ = make_account(bureau.store, bureau.agency, Role.ADMIN)
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/console/settings")
        form = page.locator('form[action$="/settings"]')
        form.get_by_label("数值", exact=True).fill("48")
        form.get_by_label("从何日起（东八区）").fill("2026-01-01")
        form.get_by_label("依据（文件名称、文号）").fill("盐执法〔2026〕8号 音像记录管理办法")
        form.get_by_role("button", name="登记变更").click()
        expect(page.get_by_role("cell", name="48 小时").first).to_be_visible()
        looked_at(page, "settings")
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Changes", exact=True)).to_be_visible()
        looked_at(page, "settings-en")
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": bureau.tokens[bureau.head.id], "url": address}])
        page = context.new_page()
        page.goto(f"{address}/console/settings")
        expect(page.get_by_role("cell", name="48 小时").first).to_be_visible()
        expect(page.get_by_role("button", name="登记变更")).to_have_count(0)
