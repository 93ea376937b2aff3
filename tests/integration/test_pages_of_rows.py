"""Every page shows a row whose optional members are all absent as well as one that has them all."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from api.console.language import COOKIE as LANGUAGE
from api.console.language import Language
from api.deps import COOKIE
from schemas.actor import Role
from schemas.media import MediaFacts
from schemas.monitoring import ReviewStage
from schemas.monitoring_row import MonitoringIn, ValueIn
from storage.store import Store
from tests.casework import Bureau, conclusion, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.members import made, members
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS

EVERYBODY = frozenset(Role) - {Role.PARTY, Role.SOURCE}
both_ways = pytest.mark.parametrize("is_full", [False, True], ids=["absent", "present"])


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    one = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("pages"))))
    yield one
    one.close()


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def answers(store: Store, address: str, agency: UUID, *paths: str) -> dict[str, int]:
    """What the pages answer, in either language, to somebody with every role in the agency."""
    token, _ = make_account(store, agency, *EVERYBODY)
    found = {}
    for language in Language:
        with httpx.Client(
            base_url=address, cookies={COOKIE: token, LANGUAGE: language.value}, timeout=PATIENCE_SECONDS
        ) as client:
            found |= {f"{language} {path}": client.get(path).status_code for path in paths}
    return found


@both_ways
def test_a_monitoring_record_is_shown(store: Store, address: str, is_full: bool) -> None:
    """A row of fixed equipment, and each of its values, may leave out whatever it may leave out."""
    highway = make_highway(store)
    given = {"equipment": highway.number, "media": [], "values": [members(ValueIn, is_full=is_full)]}
    (result,) = highway.send(members(MonitoringIn, is_full=is_full, **given)).results
    queues = [f"/console/monitoring/queue?stage={stage}" for stage in ReviewStage]
    shown = answers(
        store, address, highway.agency, "/console/monitoring", f"/console/monitoring/{result.id}", *queues
    )

    assert set(shown.values()) == {200}, shown


@both_ways
def test_a_recording_is_shown(store: Store, address: str, bureau: Bureau, is_full: bool) -> None:
    """A file may say nothing at all of itself."""
    ident = bureau.device.capture("a.bin", b"bytes")
    with store.begin() as tx:
        found = conclusion(b"bytes", at_retain=tx.now)
        tx.recordings.conclude(ident, found.model_copy(update={"facts": made(MediaFacts, is_full=is_full)}))
    shown = answers(store, address, bureau.agency, "/console/recordings", f"/console/recordings/{ident}")

    assert set(shown.values()) == {200}, shown
