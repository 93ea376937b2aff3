"""A double click in a real browser: one account, and its link is shown."""

from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from api.deps import COOKIE
from schemas.actor import Role
from storage.store import Store
from storage.tables.actor import accounts
from tests.browser import window
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving


def test_a_double_click_opens_one_account_whose_link_is_shown(
    browser: Browser, database_url: str, tmp_path: Path
) -> None:
    """The second click of two is not sent: the answer to the first arrives, with the secret that is told once."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    token, _ = make_account(store, make_agency(store), Role.ADMIN)
    with closing(store), serving(store) as address, closing(window(browser)) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/console/accounts/new")
        page.fill("[name=name]", "王小明")
        page.fill("[name=login]", "twice")
        page.dblclick("main button.primary", delay=25)
        page.wait_for_selector("input.secret")

        with store.begin() as tx:
            opened = select(func.count()).where(accounts.c.login == "twice")
            assert tx.connection.scalar(opened) == 1
        page.reload()
        expect(page.locator("main")).to_contain_text("已经提交过")
        expect(page.locator(".bar nav")).to_be_visible()
