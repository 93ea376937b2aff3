"""Every page shows rows whose optional members are all absent, and rows that have them all; so does every role's."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.monitoring import ReviewStage
from schemas.monitoring_row import MonitoringIn, ValueIn
from schemas.words import Language
from storage.store import Store
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.leftovers import leftovers
from tests.media import jpeg
from tests.members import members
from tests.monitoring import make_highway
from tests.rows import Rows
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.walk import shape, walk
from tests.web import TRUST

EVERYBODY = frozenset(Role) - {Role.PARTY, Role.SOURCE}
PAGES = {
    "audits": "/console/audits/{}",
    "cases": "/console/cases/{}",
    "equipment": "/console/equipment/{}",
    "exports": "/console/exports/{}",
    "monitoring_records": "/console/monitoring/{}",
    "recordings": "/console/recordings/{}",
    "rectifications": "/console/rectifications/{}",
    "reviews": "/console/reviews/{}",
}
LISTS = [
    "/console",
    "/console/audits",
    "/console/audits/new",
    "/console/cases",
    "/console/cases/new",
    "/console/custody",
    "/console/devices",
    "/console/equipment",
    "/console/monitoring",
    "/console/notices",
    *(f"/console/monitoring/queue?stage={stage}" for stage in ReviewStage),
    "/console/recordings",
    "/console/rectifications",
    "/console/rectifications?closed=yes",
    "/console/reviews",
]


@dataclass
class Office:
    """An agency full of rows, and somebody with every role in it."""

    store: Store
    address: str
    agency: UUID
    token: str
    rows: Rows

    def paths(self) -> list[str]:
        return LISTS + [page.format(ident) for table, page in PAGES.items() for ident in self.rows.ids[table]]


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    one = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("pages"))))
    yield one
    one.close()


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module", params=[False, True], ids=["absent", "present"])
def office(store: Store, address: str, request: pytest.FixtureRequest) -> Office:
    agency = make_agency(store, is_supervising=True)
    token, actor = make_account(store, agency, *EVERYBODY)
    colleague = make_account(store, agency, Role.SUPERVISOR)[1].id
    known = {"agencies": agency, "accounts": actor.id, "colleague": colleague}
    payload = jpeg(64, 64)
    key = f"recordings/{agency}/1"
    stored = store.objects.put(key, [payload], sha256=hashlib.sha256(payload).digest())
    kept = {"version_id": stored.version_id, "size_bytes": len(payload)}
    for table in ("recordings", "derivatives", "derivations", "exports"):
        kept |= {f"{table}.object_key": key, f"{table}.sha256": sha256_hex(payload)}
    with store.begin() as tx:
        rows = Rows(tx.connection, known, is_full=request.param, **kept)
        rows.put_all()
    return Office(store, address, agency, token, rows)


def test_every_page_is_shown(office: Office) -> None:
    """In either language no page fails, and none shows what only code says."""
    failed, left = {}, {}
    for language in Language:
        cookies = {COOKIE: office.token, LANGUAGE: language.value}
        with httpx.Client(
            base_url=office.address, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            for path in office.paths():
                answer = client.get(path)
                if answer.status_code != 200:
                    failed[path] = answer.status_code
                elif said := leftovers(answer.text, language):
                    left[language, path] = said

    assert failed == {}
    assert left == {}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_no_role_is_led_where_it_may_not_go(office: Office, role: Role) -> None:
    """A link that its reader may not follow is plain text until the right is given."""
    token, _ = make_account(office.store, office.agency, role)
    met = list(walk(office.address, token, Language.ZH))

    assert {(shape(one.path), one.status, shape(one.found_on)) for one in met if one.status >= 400} == set()


@pytest.mark.parametrize("is_full", [False, True], ids=["absent", "present"])
def test_a_row_of_the_equipment_is_kept_and_shown(store: Store, address: str, is_full: bool) -> None:
    """From the wire to the page a row, and each of its values, may leave out whatever it may leave out."""
    highway = make_highway(store)
    given = {"equipment": highway.number, "media": [], "values": [members(ValueIn, is_full=is_full)]}
    (result,) = highway.send(members(MonitoringIn, is_full=is_full, **given)).results
    token, _ = make_account(store, highway.agency, *EVERYBODY)
    with httpx.Client(
        base_url=address, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        shown = client.get(f"/console/monitoring/{result.id}")

    assert shown.status_code == 200
    assert "vibration" in shown.text
