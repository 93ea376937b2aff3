"""A session that ends under a half-typed form, in a real browser: it is said, and what was typed comes back."""

from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from api.deps import COOKIE
from schemas.actor import Role
from storage.store import Store
from storage.tables.actor import accounts
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving


def test_what_was_typed_comes_back_after_the_log_in(
    browser: Browser, database_url: str, tmp_path: Path
) -> None:
    """The page says that the session has ended and that nothing is lost; after the log-in the text stands there, is sent
    by its sender, and was sent by nobody before."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    token, admin = make_account(store, make_agency(store), Role.ADMIN)
    with closing(store), serving(store) as address, closing(window(browser)) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/console/accounts/new")
        page.fill("[name=name]", "王 & <小明>")
        page.fill("[name=login]", "xiaoming")
        with store.begin() as tx:
            tx.accounts.logout(token)
        page.click("main button.primary")

        expect(page.get_by_role("status")).to_contain_text("会话已结束，您填写的内容没有丢")
        assert barriers(page) == []
        assert not [size for size in widths(page) if overflows(page)]
        page.fill("[name=login]", admin.login)
        page.fill("[name=password]", "wrong")
        page.click("main button.primary")
        expect(page.get_by_role("status")).to_contain_text(
            "没有丢"
        )  # a mistyped password loses nothing either
        page.fill("[name=password]", PASSWORD)
        page.click("main button.primary")

        expect(page.locator("main")).to_contain_text("王 & <小明>")
        assert barriers(page) == []
        assert not [size for size in widths(page) if overflows(page)]
        with store.begin() as tx:
            sent = select(accounts.c.id).where(accounts.c.login == "xiaoming")
            assert tx.connection.scalar(sent) is None
        page.click("main button.primary")
        page.wait_for_selector("input.secret")
        expect(page.locator("main")).to_contain_text("王 & <小明>")
