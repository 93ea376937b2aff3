import asyncio
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from api import problems
from api.console import mount
from api.console.guard import own_address
from api.console.view import ASSETS, HEADERS
from api.form_token import form_token, same_origin
from schemas.errors import Refused
from schemas.refusals_actor import NOT_AUTHENTICATED

TEMPLATES = Path(__file__).resolve().parents[2] / "api" / "console" / "templates"


class Browser:
    """Asks the application directly, over no socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, address: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
                return await client.get(address, headers=headers)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def client() -> Browser:
    """The pages that need no store, beside one route that is not the console's."""
    app = FastAPI()
    problems.install(app, lambda _, err: err)
    mount(app)
    app.state.provider = None

    @app.get("/v1/broken")
    def broken() -> None:
        raise NOT_AUTHENTICATED("nobody")

    @app.get("/console/broken")
    def broken_page() -> None:
        raise ZeroDivisionError

    return Browser(app)


def sent(**headers: str) -> Request:
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/console", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "bureau.local", "Origin": "https://elsewhere.example"},
        {"Host": "bureau.local", "Origin": "null"},
        {"Host": "bureau.local", "Origin": "https://elsewhere.example", "Sec_Fetch_Site": "same-origin"},
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    """Either header is enough to tell that the form is not ours."""
    with pytest.raises(Refused) as caught:
        same_origin(sent(**headers))

    assert caught.value.slug == "form-foreign"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "same-origin"},
        {"Host": "bureau.local:8080", "Origin": "http://bureau.local:8080"},
        {"Host": "bureau.local", "Origin": "https://bureau.local", "Sec_Fetch_Site": "same-origin"},
    ],
)
def test_a_form_of_ours_is_taken(headers: dict[str, str]) -> None:
    """Behind a proxy that ends TLS the scheme differs, the host does not."""
    same_origin(sent(**headers))


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/console",
        "//elsewhere.example/console",
        "/\\elsewhere.example",
        "/console\\..\\x",
        "/consolex",
        "/v1/recordings",
        "javascript:alert(1)",
        "",
    ],
)
def test_after_log_in_nobody_is_sent_elsewhere(address: str) -> None:
    """The way back leads to a page of the console or home, never to another site."""
    assert own_address(address) == "/console"


def test_the_way_back_keeps_page_and_filters() -> None:
    """A page of the console is come back to as it was."""
    assert own_address("/console/recordings?state=sealed") == "/console/recordings?state=sealed"


def test_form_tokens_differ_by_session_and_do_not_give_it_away() -> None:
    """The token of a form is of one session and is not the session's own token."""
    assert form_token("a") != form_token("b")
    assert "secret" not in form_token("secret")


def test_errors_are_pages_here_and_problem_documents_elsewhere(client: Browser) -> None:
    """Under /console a person reads a page with a reference; everywhere else the problem stays JSON."""
    page, document = client.get("/console/nothing"), client.get("/v1/nothing")

    assert page.status_code == document.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert re.search(r'class="mono">[0-9a-f]{12}<', page.text)
    assert "没有找到" in page.text
    assert document.headers["Content-Type"] == "application/problem+json"


def test_a_fault_is_a_page_that_says_nothing_of_its_cause(client: Browser) -> None:
    """A crash answers 500 with a reference and without a trace."""
    answer = client.get("/console/broken")

    assert answer.status_code == 500
    assert "系统内部错误" in answer.text
    assert "ZeroDivision" not in answer.text


def test_the_api_says_401_and_does_not_redirect(client: Browser) -> None:
    """Only pages lead to the log-in form."""
    assert client.get("/v1/broken").status_code == 401


def test_pages_forbid_foreign_and_inline_script(client: Browser) -> None:
    """The policy allows our own files alone, and no page needs more."""
    answer = client.get("/console/login")

    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for path in TEMPLATES.iterdir():
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", source
        ), path


def test_static_files_are_a_closed_table(client: Browser) -> None:
    """A current address may be kept for a year; an old one is asked again; nothing else exists."""
    page = client.get("/console/login").text
    (address,) = re.findall(r'href="(/console/static/console\.css\?v=[0-9a-f]+)"', page)

    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert client.get("/console/static/console.css?v=0").headers["Cache-Control"] == "no-cache"
    for name in ("../view.py", "%2e%2e/view.py", "view.py"):
        assert client.get(f"/console/static/{name}").status_code == 404


def test_what_others_wrote_carries_its_licence() -> None:
    """The one vendored file names its version and its licence beside it."""
    notice = ASSETS["htmx.LICENSE.txt"][0].decode()

    assert "htmx 4.0.1" in notice
    assert "Zero-Clause BSD" in notice


def test_english_pages_are_english(client: Browser) -> None:
    """The cookie turns the whole page, errors included."""
    answer = client.get("/console/login", Cookie="qc_lang=en")

    assert '<html lang="en">' in answer.text
    assert re.findall("[一-鿿]+", answer.text) == ["中文"]
