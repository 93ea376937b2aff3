"""One search over all that somebody may find, as people type; filters that mean nothing are told; ends are days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.console import seek
from api.console.form import first_day, last_day
from api.console.sought import SOUGHT, may_seek
from api.deps import COOKIE
from schemas.actor import Role
from schemas.case import CaseIn
from schemas.recording import RecordingFilter
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import OFFICERS, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("seek"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def get(address: str, token: str, path: str, **query: str) -> httpx.Response:
    with httpx.Client(
        base_url=address, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        return client.get(path, params=query)


@pytest.fixture(scope="module")
def handler(store: Store, bureau: Bureau) -> str:
    token, actor = make_account(store, bureau.agency, Role.HANDLER, Role.OFFICER)
    with store.begin() as tx:
        tx.cases.open(
            actor, CaseIn(number="苏查[2026]9号", party="王大锤饭店", matter="占道", place="建军路")
        )
    return token


@pytest.mark.parametrize("words", ["苏查〔2026〕9号", "苏查（2026） 9 号", "王大锤", "[2026]9"])
def test_a_case_is_found_as_people_type(address: str, handler: str, words: str) -> None:
    """By number in any writing, by party, by a part of either."""
    found = get(address, handler, "/console/seek", q=words)

    assert found.status_code == 200
    assert "苏查[2026]9号" in found.text


def test_nothing_found_says_where_was_looked(address: str, handler: str) -> None:
    """No hit names the kinds that were looked through and how to type; an empty search does, too."""
    for words in ("绝无此词", ""):
        page = get(address, handler, "/console/seek", q=words).text
        assert "查找范围" in page
        assert "案件" in page


def test_another_agency_finds_nothing(store: Store, address: str, handler: str) -> None:
    """The search is the lists' own: nobody finds what no list shows them."""
    token, _ = make_account(store, make_agency(store), Role.HANDLER, Role.OFFICER)

    assert "王大锤饭店" not in get(address, token, "/console/seek", q="王大锤").text


def test_recordings_are_found_by_the_officers_name(store: Store, bureau: Bureau, address: str) -> None:
    """A name within reach stands for that person's certificates; the same name elsewhere finds nothing."""
    recording = bureau.capture()
    with store.begin() as tx:
        names = tx.accounts.names(bureau.head, OFFICERS)
        name = names[OFFICERS[0]]
        by_name = tx.recordings.page(bureau.head, RecordingFilter(officer=name)).rows
        by_number = tx.recordings.page(bureau.head, RecordingFilter(officer=OFFICERS[0])).rows
        assert tx.recordings.page(bureau.head, RecordingFilter(officer="无此人")).rows == ()
    assert recording in {one.id for one in by_name}
    assert [one.id for one in by_name] == [one.id for one in by_number]


def test_every_role_that_has_a_list_has_the_search(store: Store, bureau: Bureau, address: str) -> None:
    """The field stands on every page of whoever may find anything, and its page opens for them."""
    assert [kind.name for kind in seek.KINDS] == list(SOUGHT)
    for role in set(Role) - {Role.PARTY, Role.SOURCE, Role.AUXILIARY}:
        token, actor = make_account(store, bureau.agency, role)
        home = get(address, token, "/console").text
        with store.begin() as tx:
            assert ('action="/console/seek"' in home) == may_seek(actor, tx.now), role
        assert get(address, token, "/console/seek", q="王").status_code == 200, role


def test_unknown_filters_are_told(address: str, handler: str) -> None:
    """A filter that narrows nothing is named on the page, and never silently ignored."""
    told = get(address, handler, "/console/cases", state="nowhere", colour="red").text
    assert "没有采用：state、colour" in told
    assert "没有采用" not in get(address, handler, "/console/cases", state="lead", number="9").text


def test_ends_are_days_as_people_say_them() -> None:
    """What ends at a midnight ended the day before; what begins at one begins on that day; other times stay."""
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)

    assert ">2026-12-31<" in last_day(midnight)
    assert ">2027-01-01<" in first_day(midnight)
    for shown in (first_day, last_day):
        assert ">2027-01-01 00:01:00<" in shown(midnight + timedelta(minutes=1))
        assert shown(None) == ""
