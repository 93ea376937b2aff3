"""What is typed and not sent survives a reload, another language and going back, in a real browser; sending ends it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.deps import COOKIE
from schemas.actor import Role
from storage.store import Store
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving

OPINION = "现场照片与询问笔录一致。" * 400
"""A text of 4,800 characters, as long as an opinion may get."""


@pytest.fixture
def page(browser: Browser, database_url: str, tmp_path: Path) -> Iterator[Page]:
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    token, _ = make_account(store, make_agency(store), Role.HANDLER, Role.OFFICER)
    with closing(store), serving(store) as address, closing(window(browser)) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        opened = context.new_page()
        opened.goto(f"{address}/console/cases/new")
        yield opened


def typed(page: Page) -> dict[str, str]:
    return {name: page.input_value(f"[name={name}]") for name in ("number", "party", "matter", "place")}


def test_typed_text_survives_until_it_is_sent(page: Page) -> None:
    """Reload, English, back: the text stands there with a word that says so; once sent it is gone."""
    texts = {"number": "草-1", "party": "王 & <小明>", "matter": "占道", "place": ""}
    for name, text in texts.items():
        page.fill(f"main [name={name}]", text)
    page.reload()
    assert typed(page) == texts
    expect(page.locator("main .notice.draft")).to_contain_text("没有提交的内容已放回")
    assert barriers(page) == []
    assert not [size for size in widths(page) if overflows(page)]

    page.click("button[name=lang][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert typed(page) == texts
    page.click("button[name=lang][value=zh]")
    page.goto(page.url.replace("/new", ""))
    page.go_back()
    assert typed(page) == texts

    page.fill("main [name=place]", "建军路")
    page.click("main button.primary")
    expect(page.locator("h1")).to_contain_text("草-1")
    page.goto(page.url.rpartition("/")[0] + "/new")
    assert set(typed(page).values()) == {""}


def test_what_is_cleared_stays_cleared(page: Page) -> None:
    """One button gives the empty form back; leaving the product forgets the rest."""
    page.fill("main [name=matter]", "占道")
    page.reload()
    page.get_by_role("button", name="清空").click()
    assert typed(page)["matter"] == ""
    page.reload()
    assert typed(page)["matter"] == ""

    page.fill("main [name=matter]", "占道")
    page.click("form[action='/console/logout'] button")
    page.wait_for_load_state("load")
    assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_a_refusal_shows_what_was_sent_and_not_an_older_draft(page: Page) -> None:
    """The server's own answer counts; a long text stands there whole."""
    page.fill("main [name=number]", "草-2")
    page.fill("main [name=party]", "甲")
    page.fill("main [name=matter]", "占道")
    page.evaluate("document.querySelector('main [name=place]').removeAttribute('required')")
    page.evaluate("document.querySelector('main [name=party]').removeAttribute('maxlength')")
    page.fill("main [name=party]", OPINION)
    page.click("main button.primary")

    expect(page.locator("main [role=alert]")).to_be_visible()
    assert page.input_value("main [name=party]") == OPINION
    assert page.locator("main .notice.draft").count() == 0
