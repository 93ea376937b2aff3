"""A handler meets evidence that proves nothing by itself, and says why it is true."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from api.deps import COOKIE
from schemas.actor import Actor
from schemas.case import Case, CaseState
from storage.outbox import JobKind
from storage.store import Store
from tests.browser import overflows, widths, window
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_settings
from tests.media import jpeg
from tests.server import serving
from tests.supervision import drain
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


class World(NamedTuple):
    """A server and its bureau."""

    url: str
    bureau: Bureau


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("accept-page")
    with closing(Store(make_settings(database_url, folder_url(folder / "objects")))) as store:
        bureau = make_bureau(store)
        with serving(store) as url:
            yield World(url, bureau)


def _case(world: World) -> Case:
    """A case whose fact names one photo that somebody brought, verified by the worker itself."""
    bureau = world.bureau
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.device.send("现场照片.jpg", jpeg())
    with bureau.store.begin() as tx:
        tx.cases.link(bureau.handler, case.id, ident, tx.cases.get(bureau.handler, case.id).version)
    drain(bureau.store, JobKind.VERIFY)
    integrate(bureau.store)
    bureau.fact(case, ident)
    return case


def _entered(context: "BrowserContext", world: World, actor: Actor) -> "Page":
    context.add_cookies([{"name": COOKIE, "value": world.bureau.tokens[actor.id], "url": world.url}])
    return context.new_page()


def test_evidence_is_accepted_with_a_reason(browser: "Browser", world: World) -> None:
    """The page says that the photo proves nothing yet, takes ground and text, and shows both with the name."""
    case = _case(world)
    with closing(window(browser)) as context:
        page = _entered(context, world, world.bureau.handler)
        page.goto(f"{world.url}/console/cases/{case.id}")
        facts = page.locator("#facts")
        assert "不能证明" in facts.inner_text()
        facts.get_by_text("写明理由采信").click()
        assert facts.locator("select[name=ground]").input_value() == ""
        facts.locator("select[name=ground]").select_option("original_seen")
        facts.locator("details input[name=text]").fill("照片原件在执法记录仪中，逐张核对无误")
        for width in widths(page):
            assert not overflows(page), width
        facts.get_by_role("button", name="采信", exact=True).click()
        told = page.locator("#facts .accepted").inner_text()
        assert "人工采信" in told
        assert "已与原件、原物核对无误：照片原件在执法记录仪中，逐张核对无误" in told
        assert "采信时核验结果：未检查" in told
        for width in widths(page):
            assert not overflows(page), width
