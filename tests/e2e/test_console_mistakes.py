"""A form that is shown again, in a real browser: the field at fault is seen at once, at both widths."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from api.deps import COOKIE
from api.form_token import form_token
from tests.axe import barriers
from tests.browser import NARROW, WIDE, keep, window
from tests.factories import folder_url, make_settings
from tests.forms import BreakingStore, Controls, Place, Scene, Texts, make_scene, routes
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.web import TRUST

TYPED = sorted(route for route, form in routes().items() if form.model_fields)

LONG = "长" * 2500
"""Longer than any field takes, and none of any choices."""

SENTENCE = "one => document.getElementById(one.getAttribute('aria-describedby')).innerText"
SEND = """([action, texts]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action});
  for (const [name, text] of texts)
    form.append(Object.assign(document.createElement("textarea"), {name, value: text}));
  document.body.append(form);
  form.submit();
}"""
"""Sends what no page of ours would let somebody send."""


@pytest.fixture(scope="module")
def scene(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    clock = Clock()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("mistakes")))
    store = BreakingStore(settings, clock=clock)
    yield make_scene(store, clock)
    store.close()


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:
    with serving(scene.store) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One window for all forms: who is logged in is set anew for each."""
    with window(browser) as context:
        yield context.new_page()


def offered(address: str, scene: Scene, place: Place) -> list[str]:
    """The names of the fields that a form shows when it was sent with nothing."""
    token = scene.tokens.get(place.who, "")
    cookies = {COOKIE: token} if token else {}
    answer = httpx.post(
        address + place.path,
        data={"csrf": form_token(token)},
        cookies=cookies,
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )
    return list(Controls(place.path, answer.text).found)


def sent(page: Page, address: str, scene: Scene, place: Place, texts: Texts) -> None:
    """Send a form from a page of the same site."""
    token = scene.tokens.get(place.who, "")
    page.context.clear_cookies()
    if token:
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    page.goto(f"{address}/console/login")
    rows = [
        (name, text)
        for name, typed in texts.items()
        for text in ([typed] if isinstance(typed, str) else typed)
    ]
    with page.expect_navigation():
        page.evaluate(SEND, [place.path, [("csrf", form_token(token)), *rows]])


@pytest.mark.parametrize("route", TYPED)
def test_the_field_at_fault_is_seen(page: Page, address: str, scene: Scene, route: str) -> None:
    """It is unfolded, marked, focused and described by its sentence; the page fits, and what is new keeps nobody out."""
    place, texts = scene.places[route], scene.texts(route)
    shown = [name for name in offered(address, scene, place) if name in texts]
    name = shown[0] if shown else next(iter(texts))
    typed = texts[name]
    long = [LONG, *typed[1:]] if isinstance(typed, list) else LONG
    page.set_viewport_size(WIDE)
    sent(page, address, scene, place, {**texts, name: long})

    assert page.get_by_role("alert").is_visible()
    if shown:
        fault = page.locator("[aria-invalid=true]")
        assert fault.count() == 1
        assert fault.is_visible()
        assert fault.evaluate("one => one === document.activeElement")
        assert fault.evaluate(SENTENCE)
    stem = re.sub(r"[^a-z]+", "-", route.removeprefix("/console/")).strip("-")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        keep(page, f"mistake-{stem}-{size['width']}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert barriers(page, '[role="alert"]', *['form:has([aria-invalid="true"])'] * bool(shown)) == []
