"""The demo as it is shipped, walked by each of its people: every page and link they can reach holds."""

from collections.abc import Iterator

import httpx
import pytest

from quancheng_demo import AGENCIES, PEOPLE
from schemas.words import Language
from tests.command import Serving, serving
from tests.leftovers import leftovers
from tests.stand import PATIENCE_SECONDS, free_port
from tests.walk import Step, shape, walk

GIVEN = frozenset(
    {
        *(one.login for one in PEOPLE),
        *(one.name for one in PEOPLE),
        *(name for name, _, _ in AGENCIES.values()),
    }
)
"""What people are called is shown as it is."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("walk") / "home", free_port()) as one:
        one.wait_for("demo_sent")
        yield one


@pytest.fixture(scope="module")
def tokens(demo: Serving) -> dict[str, str]:
    """Everybody logs in with what `make run` prints."""
    found = {}
    for one in demo.events:
        if one["event"] == "login":
            wish = {"login": one["login"], "password": one["password"]}
            answer = httpx.post(f"{demo.address}/v1/sessions", json=wish, timeout=PATIENCE_SECONDS)
            found[str(one["login"])] = str(answer.raise_for_status().json()["token"])
    assert found.keys() == {one.login for one in PEOPLE}
    return found


@pytest.fixture(scope="module")
def steps(demo: Serving, tokens: dict[str, str]) -> dict[tuple[str, Language], list[Step]]:
    """Everything that everybody met, in both languages."""
    return {
        (login, language): list(walk(demo.address, token, language))
        for login, token in tokens.items()
        for language in Language
    }


def test_every_link_may_be_followed(steps: dict[tuple[str, Language], list[Step]]) -> None:
    """No page answers 4xx or 5xx, and none leads where its reader may not go."""
    bad = {
        (login, shape(one.path), one.status, shape(one.found_on))
        for (login, _), met in steps.items()
        for one in met
        if one.status >= 400
    }

    assert bad == set()


def test_the_walk_reaches_every_desk(steps: dict[tuple[str, Language], list[Step]]) -> None:
    """What the walk holds, it holds of something: each desk of the demo is met by somebody."""
    met = {shape(one.path) for met in steps.values() for one in met}

    assert met >= {
        "/console/recordings/…",
        "/console/monitoring/…",
        "/console/monitoring/queue?stage=first",
        "/console/monitoring/queue?stage=second",
        "/console/cases/…",
        "/console/equipment/…",
        "/console/audits/new",
        "/console/devices",
        "/console/custody",
        "/v1/recordings/…/media",
        "/v1/recordings/…/thumbnail",
        "/v1/recordings/…/proof",
        "/v1/monitoring/records/…/raw",
    }


def test_no_page_shows_a_slug_or_the_other_language(
    steps: dict[tuple[str, Language], list[Step]],
) -> None:
    """A page in Chinese is Chinese, a page in English is English, and no page says what only code says."""
    bad = {
        (language.value, shape(one.path), text)
        for (_, language), met in steps.items()
        for one in met
        if one.is_page
        for text in leftovers(one.text, language, GIVEN)
    }

    assert bad == set()
