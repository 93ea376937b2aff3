"""A sheet of training in a real browser: a file is chosen, looked at, corrected and entered; a repeat is told."""

from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from schemas.actor import Role
from storage.store import Store
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.server import serving

TOPIC = "新修订行政处罚法和行政执法监督条例集中轮训（含证据规则、音像记录和非现场监管）"


def assert_fit(page: Page) -> None:
    """The page stands no barrier in the way, and nothing sticks out, wide and narrow."""
    assert barriers(page) == []
    assert not [size for size in widths(page) if overflows(page)]


def test_a_sheet_of_training_in_a_browser(browser: Browser, database_url: str, tmp_path: Path) -> None:
    """Chosen from the list of people, told what is wrong with its row, then entered; the same file again enters nothing."""
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as store:
        agency = make_agency(store)
        _, keeper = make_account(store, agency, Role.CUSTODIAN)
        officers = [make_account(store, agency, Role.OFFICER)[1].login for _ in range(3)]
        right = "\n".join(
            (
                "登录名,培训日期,培训类别,学时,培训内容",
                *(f"{one},2026/03/05,业务,16,{TOPIC}" for one in officers),
            )
        )
        wrong = f"{right}\n{'w' * 32},三月五日,英语,一天,{TOPIC}"
        with serving(store) as address, closing(window(browser)) as context:
            page = context.new_page()
            page.goto(f"{address}/console/training")
            page.fill("[name=login]", keeper.login)
            page.fill("[name=password]", PASSWORD)
            page.click("main button.primary")
            page.wait_for_url(f"{address}/console/training")
            page.click("a[href='/console/training/sheet']")
            assert_fit(page)
            for text, said in ((wrong, "1 行需要改正，一行也没有登记。"), (right, "3 行可以登记。")):
                page.set_input_files(
                    "input[type=file]",
                    {"name": "培训.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")},
                )
                page.click("main form button.primary")
                expect(page.locator("h1")).to_have_text(said)
                assert_fit(page)
                if text is wrong:
                    expect(page.locator("tbody tr").first).to_contain_text("培训日期写法不对")
                    page.click("main a.button:text('换一份培训表')")
            page.click("main button.primary")
            expect(page.locator("h1")).to_have_text("已登记 3 条培训。")
            assert_fit(page)
            page.click("main a.button:text('换一份培训表')")
            page.fill("[name=sheet]", right)
            page.click("main form button.primary")
            expect(page.locator("h1")).to_have_text("没有要登记的：3 行以前都已登记。")
            assert_fit(page)
