"""A long sheet in a real browser: the file goes as it is, its page turns by itself, and the links come as a file."""

from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from schemas.actor import Role
from storage.outbox import JobKind
from storage.store import Store
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.supervision import drain

PEOPLE = 4_000
REMARK = "自某日起在本单位从事交通运输行政执法工作，资料已核对。" * 4


def assert_fit(page: Page) -> None:
    """The page stands no barrier in the way, and nothing sticks out, wide and narrow."""
    assert barriers(page) == []
    assert not [size for size in widths(page) if overflows(page)]


def test_a_long_sheet_in_a_browser(browser: Browser, database_url: str, tmp_path: Path) -> None:
    """Chosen, looked at, confirmed; the page says how far it is and turns by itself; a portion of links is downloaded."""
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as store:
        agency = make_agency(store)
        _, admin = make_account(store, agency, Role.ADMIN)
        with store.begin() as tx:
            code = tx.agencies.get(admin, agency).code
        rows = (f"人员{n},br{agency.hex[-6:]}.{n},{code},执法人员,{REMARK}" for n in range(PEOPLE))
        file = tmp_path / "名册.csv"
        file.write_text("\n".join(("姓名,登录名,单位代码,角色,备注", *rows)), encoding="gb18030")
        with serving(store) as address, closing(window(browser)) as context:
            page = context.new_page()
            page.goto(f"{address}/console/accounts/import")
            page.fill("[name=login]", admin.login)
            page.fill("[name=password]", PASSWORD)
            page.click("main button.primary")
            page.wait_for_url(f"{address}/console/accounts/import")
            assert_fit(page)
            page.set_input_files("input[type=file]", file)
            page.click("main button.primary")
            page.wait_for_url(f"{address}/console/rosters/*")
            expect(page.locator("h1")).to_have_text(f"{PEOPLE} 行都可以导入。")
            assert_fit(page)
            page.click("main button.primary")
            expect(page.locator("h1")).to_have_text(f"正在导入 {PEOPLE} 人……")
            drain(store, JobKind.ROSTER)
            expect(page.locator("h1")).to_have_text(f"已开通 {PEOPLE} 个账号。")
            assert_fit(page)
            page.click("main a.primary")
            assert_fit(page)
            with page.expect_download() as given:
                page.click("main button.primary")
            assert given.value.path().read_text(encoding="utf-8-sig").count("/console/link/") == 1_000
