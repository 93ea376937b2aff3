"""The demo as it is shipped, walked by each of its people: every page and link they can reach holds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from quancheng_demo import AGENCIES, PEOPLE, PUBLISHED
from schemas.words import Language
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.command import serving
from tests.homes import Homes
from tests.leftovers import leftovers
from tests.stand import PATIENCE_SECONDS, free_port
from tests.walk import Step, shape, walk
from tests.web import TRUST

GIVEN = frozenset(
    {
        *(one.login for one in PEOPLE),
        *(one.name for one in PEOPLE),
        *(name for name, _, _ in AGENCIES.values()),
        PUBLISHED,
    }
)
"""What people are called is shown as it is."""


@dataclass(frozen=True)
class Walked:
    """The served demo, everybody's token, and everything that everybody met in both languages."""

    address: str
    tokens: dict[str, str]
    steps: dict[tuple[str, Language], list[Step]]

    def shapes(self) -> set[str]:
        return {shape(one.path) for met in self.steps.values() for one in met}

    def one_of_each(self) -> dict[str, list[str]]:
        """One address of every shape of page, under whoever met it first."""
        met: set[str] = set()
        chosen: dict[str, list[str]] = {}
        for (login, _), taken in self.steps.items():
            for one in taken:
                kind = shape(one.path).partition("?")[0]
                if one.is_whole and kind not in met:
                    met.add(kind)
                    chosen.setdefault(login, []).append(one.path)
        return chosen


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, homes: Homes) -> Iterator[Walked]:
    home = tmp_path_factory.mktemp("walk") / "home"
    printed = homes.filled(home)
    with serving(home, free_port()) as one:
        one.wait_for("enrolment_code")
        tokens = logged_in(one.address, printed)
        yield Walked(one.address, tokens, dict(everywhere(one.address, tokens)))


def logged_in(address: str, printed: dict[str, str]) -> dict[str, str]:
    """Everybody logs in with what `make run` prints."""
    found = {}
    for login, password in printed.items():
        wish = {"login": login, "password": password}
        answer = httpx.post(f"{address}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS)
        found[login] = str(answer.raise_for_status().json()["token"])
    assert found.keys() == {one.login for one in PEOPLE}
    return found


def everywhere(address: str, tokens: dict[str, str]) -> Iterator[tuple[tuple[str, Language], list[Step]]]:
    """Walk as everybody in both languages; what speaks none is asked for in the first alone."""
    for login, token in tokens.items():
        silent: set[str] = set()
        for language in Language:
            met = list(walk(address, token, language, known=silent))
            silent |= {one.path for one in met if one.is_silent}
            yield (login, language), met


def test_every_link_may_be_followed(walked: Walked) -> None:
    """No page answers 4xx or 5xx, and none leads where its reader may not go."""
    bad = {
        (login, shape(one.path), one.status, shape(one.found_on))
        for (login, _), met in walked.steps.items()
        for one in met
        if one.status >= 400
    }

    assert bad == set()


def test_the_walk_reaches_every_desk(walked: Walked) -> None:
    """What the walk holds, it holds of something: each desk of the demo is met by somebody."""
    assert walked.shapes() >= {
        "/console/recordings/…",
        "/console/monitoring/…",
        "/console/monitoring/queue?stage=first",
        "/console/monitoring/queue?stage=second",
        "/console/cases/…",
        "/console/equipment/…",
        "/console/audits/new",
        "/console/audits/…",
        "/console/audits/…/members/…",
        "/console/audits/…/result",
        "/console/rectifications/…",
        "/console/devices",
        "/console/custody",
        "/console/account/looks",
        "/console/recordings/…/looks",
        "/v1/recordings/…/media?look=",
        "/v1/recordings/…/thumbnail",
        "/v1/recordings/…/proof",
        "/v1/monitoring/records/…/raw",
    }


def test_the_demo_shows_what_the_desks_can_do(walked: Walked) -> None:
    """An audit closed with something to put right beside a draft; a case after its review, and two that needed none;
    a camera without a certificate, and a record that waits for both reviewers again."""

    def states(login: str, path: str, of: str) -> Counter[str]:
        answer = httpx.get(
            walked.address + path,
            cookies={COOKIE: walked.tokens[login]},
            verify=TRUST,
            timeout=PATIENCE_SECONDS,
        )
        return Counter(one["state"] for one in answer.raise_for_status().json()[of])

    assert states("wu", "/v1/audits", "audits") == {"closed": 1, "defined": 1}
    assert states("qian", "/v1/rectifications", "rectifications") == {"raised": 1}
    assert states("wang", "/v1/cases", "cases") == {"investigating": 1, "decided": 1, "closed": 3}
    assert states("chen", "/v1/monitoring/records", "records")["recheck"] == 1


def test_no_page_shows_a_slug_or_the_other_language(walked: Walked) -> None:
    """A page in Chinese is Chinese, a page in English is English, and no page says what only code says."""
    bad = {
        (language.value, shape(one.path), text)
        for (_, language), met in walked.steps.items()
        for one in met
        if one.is_page
        for text in leftovers(one.text, language, GIVEN)
    }

    assert bad == set()


def test_every_page_of_a_thing_says_what_is_next(walked: Walked) -> None:
    """One sentence on each: what is to be done and who does it, or that nothing is; in the language of the page."""
    pages = [one for met in walked.steps.values() for one in met if one.is_of_a_thing]

    assert len({shape(one.path).partition("?")[0] for one in pages}) > 8
    assert {(shape(one.path), one.path) for one in pages if len(one.next_steps) != 1} == set()


def test_every_list_adds_up_its_page(walked: Walked) -> None:
    """A last line under the rows, on each of the six lists; none where there are no rows."""
    lists = {
        f"/console/{one}" for one in ["cases", "recordings", "monitoring", "equipment", "audits", "accounts"]
    }
    pages = [
        one
        for (_, language), met in walked.steps.items()
        for one in met
        if language is Language.ZH and one.is_whole and one.path in lists
    ]
    added_up = {one.path for one in pages if "本页合计" in one.text}

    assert added_up >= lists - {"/console/audits"}
    assert {one.path for one in pages if ("本页合计" in one.text) is not ('class="row"' in one.text)} == set()


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_the_browser_has_nothing_to_complain_about(
    walked: Walked, browser: Browser, language: Language
) -> None:
    """One page of every shape at both widths: nothing on the browser's console, nothing fails, sticks out or bars."""
    faults: list[str] = []
    for login, paths in walked.one_of_each().items():
        with closing(window(browser)) as context:
            page = seated(context, walked, login, language, faults)
            for path in paths:
                page.goto(walked.address + path)
                for size in widths(page):
                    faults += [f"{path} sticks out at {size}"] if overflows(page) else []
                    faults += [f"{path} at {size}: {one}" for one in barriers(page)]

    assert faults == []


def seated(
    context: BrowserContext, walked: Walked, login: str, language: Language, faults: list[str]
) -> Page:
    """A window of somebody who is logged in; whatever the browser complains about is kept."""
    given = {COOKIE: walked.tokens[login], LANGUAGE: language.value}
    context.add_cookies(
        [{"name": name, "value": value, "url": walked.address} for name, value in given.items()]
    )
    page = context.new_page()
    page.on("console", lambda said: faults.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda got: got.status < 400 or faults.append(f"{got.status} {got.url}"))
    return page
