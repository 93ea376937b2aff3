"""Many recordings are linked to a case at once: looked for by words and day, ticked, tied in one commit or not at all."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from api.console.guard import form_token
from api.deps import COOKIE
from schemas.case import CaseState
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("ties"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


@pytest.fixture(scope="module")
def client(store: Store, bureau: Bureau) -> Iterator[httpx.Client]:
    cookies = {COOKIE: bureau.tokens[bureau.head.id]}
    with (
        serving(store) as url,
        httpx.Client(base_url=url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS) as made,
    ):
        yield made


def send(client: httpx.Client, bureau: Bureau, case: object, idents: list[object]) -> httpx.Response:
    found = bureau.get(case)  # type: ignore[arg-type] # a case
    form = {
        "csrf": form_token(client.cookies[COOKIE]),
        "version": str(found.version),
        "recording_id": [str(one) for one in idents],
    }
    return client.post(f"/console/cases/{found.id}/link", data=form)


def test_twenty_are_linked_at_once(client: httpx.Client, bureau: Bureau) -> None:
    """What is ticked is tied, each once, whatever the order; what stands already stays."""
    case = bureau.open()
    idents = [bureau.capture() for _ in range(20)]
    assert send(client, bureau, case, [*idents, idents[0]]).status_code == 303
    assert bureau.get(case).recordings == 20
    assert send(client, bureau, case, idents[:3]).status_code == 303
    assert bureau.get(case).recordings == 20


def test_all_or_none(client: httpx.Client, bureau: Bureau) -> None:
    """One that is not there undoes the others, and says so."""
    case = bureau.open()
    answer = send(client, bureau, case, [bureau.capture(), uuid4()])
    assert answer.status_code == 404
    assert bureau.get(case).recordings == 0


@pytest.mark.parametrize("idents", [[], ["x"], ["x"] * 5000])
def test_nothing_ticked_and_nonsense_are_told(
    client: httpx.Client, bureau: Bureau, idents: list[object]
) -> None:
    """No tick, a tick of nothing, and thousands of them: a sentence, and no fault."""
    case = bureau.open()
    assert send(client, bureau, case, idents).status_code in (400, 422)


def test_what_a_decision_rests_on_takes_none(client: httpx.Client, bureau: Bureau) -> None:
    """Under review nothing is added by hand."""
    case = bureau.at(CaseState.LEGAL_REVIEW)
    assert send(client, bureau, case, [bureau.capture()]).status_code == 409


def test_they_are_found_by_day_and_by_words(store: Store, client: httpx.Client, bureau: Bureau) -> None:
    """Either narrows; nothing typed lists nothing; what is linked is not offered again."""
    case = bureau.open()
    ident = bureau.capture()
    with store.begin() as tx:
        found = tx.recordings.get(bureau.head, ident)
    at = found.captured_at or found.received_at
    day = (at + timedelta(hours=8)).strftime("%Y-%m-%d")
    path = f"/console/cases/{case.id}/candidates"
    assert str(ident) in client.get(path, params={"day": day}).text
    assert str(ident) in client.get(path, params={"day": day, "find": found.filename}).text
    assert str(ident) not in client.get(path, params={"day": "2020-01-01"}).text
    for nothing in ({}, {"day": "nonsense"}):
        assert "checkbox" not in client.get(path, params=nothing).text
    send(client, bureau, case, [ident])
    assert str(ident) not in client.get(path, params={"day": day}).text
