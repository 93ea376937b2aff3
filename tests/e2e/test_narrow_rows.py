"""Forms in rows of tables on a phone: nothing has to be moved sideways to fill one in."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.deps import COOKIE
from schemas.actor import Role
from schemas.holding import IssueIn
from storage.store import Store
from tests.browser import NARROW, WIDE, overflows, window
from tests.casework import make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.server import serving
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_SIDEWAYS = "() => [...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length"


@pytest.fixture
def out(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, UUID, str]]:
    """A server, a device that is with an officer, and the custodian's token."""
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("rows")))
    with closing(Store(settings)) as store:
        bureau = make_bureau(store)
        token, keeper = make_account(store, bureau.agency, Role.CUSTODIAN)
        with store.begin() as tx:
            wish = IssueIn(person_id=bureau.officers[0].account_id, reason="急用")
            tx.holdings.issue(keeper, bureau.device.id, wish)
        integrate(store)
        with serving(store) as url:
            yield url, bureau.device.id, token


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
