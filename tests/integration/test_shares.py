"""Nobody shuts out others: what one sender may open, one person may order, and one account may hold."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from schemas.actor import Actor, Role
from schemas.case import CaseIn
from schemas.digest import sha256_hex
from schemas.errors import NotAuthenticated, ShareSpent
from schemas.leaves_review import ExportPurpose
from storage.export.export import Export
from storage.recording.upload import NewUpload
from storage.settings import StorageSettings
from storage.store import Store
from storage.tables.custody import custody_entries
from storage.tables.recording import uploads
from tests.factories import (
    TestDevice,
    append,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer, declared, metadata, offset_of, opened, patched, sent
from tests.web import TRUST
from workers.custody import integrate

FEW = 3
"""How many uploads a sender of these tests may have open, and sessions an account."""
ANY_LENGTH = 2**60


@dataclass(frozen=True)
class House:
    """A store of small shares, its server, and how to come by a device of another agency."""

    store: Store
    url: str

    def device(self) -> TestDevice:
        agency = make_agency(self.store)
        return enrol_device(self.store, make_account(self.store, agency, Role.CUSTODIAN)[1])

    def client(self, device: TestDevice) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = folder_url(tmp_path_factory.mktemp("shares"))
    shares = {"open_uploads": FEW, "sessions_per_account": FEW, "max_upload_bytes": ANY_LENGTH}
    store = Store(make_settings(database_url, folder, **shares))
    make_agency(store)
    integrate(store)  # opens the log
    with serving(store) as url:
        yield House(store, url)
    store.close()


@pytest.fixture
def device(house: House) -> TestDevice:
    return house.device()


@pytest.fixture
def client(house: House, device: TestDevice) -> Iterator[httpx.Client]:
    with house.client(device) as made:
        yield made


def refused(client: httpx.Client, length: int) -> tuple[int, str]:
    """What one is told who may not open an upload; it always says when to ask again."""
    answer = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": str(length)})
    assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code, answer.json()["slug"]


def leaves(store: Store) -> int:
    with store.begin() as tx:
        return tx.connection.scalar(select(func.count()).select_from(custody_entries)) or 0


def test_the_defaults_are_the_published_ones() -> None:
    """200 open uploads, a reserve of a tenth, two exports, ten sessions."""
    fields = StorageSettings.model_fields
    names = ("open_uploads", "room_reserve_percent", "waiting_exports", "sessions_per_account")

    assert [fields[name].default for name in names] == [200, 10, 2, 10]


def test_a_sender_opens_so_many_and_goes_on_with_them(client: httpx.Client) -> None:
    """Beyond its share a sender is told 429; offsets and bytes go on, and what is finished makes room."""
    urls = [opened(client, 2) for _ in range(FEW)]

    assert refused(client, 2) == (429, "uploads-open")
    assert [offset_of(client, url) for url in urls] == [0] * FEW
    assert patched(client, urls[0], b"ok").status_code == 204
    assert opened(client, 2)


def test_a_creation_with_its_bytes_is_refused_in_words(client: httpx.Client) -> None:
    """A refused sender that sends its file with the creation reads why, and its line is not reset."""
    for _ in range(FEW):
        opened(client, 2)
    answer = client.post(
        "/v1/uploads", headers={**VERSION, **BODY, "Upload-Length": str(2**22)}, content=b"a" * 2**22
    )

    assert (answer.status_code, answer.json()["slug"]) == (429, "uploads-open")


def test_an_open_file_of_a_manifest_is_found_again(client: httpx.Client, device: TestDevice) -> None:
    """Opening the same file of a manifest again gives it, also to a sender whose share is spent."""
    payload = b"photo"
    manifest = device.manifest({"p.jpg": payload})
    assert declared(client, device, manifest).status_code == 201
    names = {"manifest": sha256_hex(manifest), "sha256": sha256_hex(payload)}
    first = opened(client, len(payload), **names)
    for _ in range(FEW - 1):
        opened(client, 1)

    assert refused(client, 1) == (429, "uploads-open")
    assert opened(client, len(payload), **names) == first


def test_one_senders_open_uploads_are_nobody_elses(house: House, client: httpx.Client) -> None:
    """Forty openings at once of one sender leave another agency's device able to finish."""
    with ThreadPoolExecutor(8) as pool, house.client(house.device()) as other:
        wish = {**VERSION, "Upload-Length": "5"}
        statuses = [pool.submit(client.post, "/v1/uploads", headers=wish) for _ in range(40)]
        assert sent(other, b"meanwhile")
        told = {one.result().status_code for one in statuses}

    assert told == {201, 429}


def test_an_upload_without_a_byte_leaves_no_leaf(house: House, device: TestDevice) -> None:
    """What was opened and never begun ends without a word of the record; what was begun is said to have ended."""
    with house.store.begin() as tx:
        begun, *_ = [
            tx.uploads.open(device.actor, NewUpload(length_bytes=9, filename="n")).id for _ in range(FEW)
        ]
    append(house.store, device.actor, begun, b"a")
    before = leaves(house.store)
    with house.store.begin() as tx:
        mine = uploads.c.device_id == device.id
        past = tx.now - timedelta(seconds=1)
        tx.connection.execute(update(uploads).where(mine).values(expires_at=past))
        ended = tx.uploads.expire(limit=100)
        (leaf,) = tx.custody.entries_for(f"upload/{begun}")

    assert len(ended) == FEW
    assert leaves(house.store) == before + 1
    assert leaf.act.offset_bytes == 1


def test_promises_of_one_do_not_fill_the_house(house: House, client: httpx.Client) -> None:
    """Lengths are promised up to the free room but for a reserve, 507; another's photo still finds its place."""
    room = house.store.objects.free_bytes()
    assert room is not None
    wish = {**VERSION, "Upload-Length": str(room * 4 // 10)}
    with ThreadPoolExecutor(FEW) as pool:
        told = list(pool.map(lambda _: client.post("/v1/uploads", headers=wish), range(FEW)))
    promised = [one.headers["Location"] for one in told if one.status_code == 201]
    assert len(promised) == 2
    with house.client(house.device()) as other:
        assert refused(client, room * 4 // 10) == (507, "room-promised")
        assert refused(other, room * 4 // 10) == (507, "room-promised")
        assert sent(other, b"a photo")
    with house.store.begin() as tx:  # they end, and their promises with them
        idents = [UUID(url.rsplit("/", 1)[1]) for url in promised]
        past = tx.now - timedelta(seconds=1)
        tx.connection.execute(update(uploads).where(uploads.c.id.in_(idents)).values(expires_at=past))
        tx.uploads.expire(limit=100)
    assert opened(client, room * 4 // 10)


def test_one_session_too_many_ends_the_oldest(house: House) -> None:
    """A new session is never refused; of an account's others the oldest ends for it."""
    first, actor = make_account(house.store, make_agency(house.store), Role.OFFICER)
    for _ in range(FEW):
        with house.store.begin() as tx:
            session = tx.accounts.open_session(actor.id)
    with house.store.begin() as tx:
        assert tx.accounts.actor_of(session.token).id == actor.id
        with pytest.raises(NotAuthenticated):
            tx.accounts.actor_of(first)


@pytest.fixture
def handler(house: House) -> Actor:
    return make_account(house.store, make_agency(house.store), Role.HANDLER)[1]


@pytest.fixture
def cases(house: House, handler: Actor) -> Callable[[], UUID]:
    """Open another case."""
    numbers = iter(range(100))

    def made() -> UUID:
        number = f"{handler.login}-{next(numbers)}"
        with house.store.begin() as tx:
            return tx.cases.open(handler, CaseIn(number=number, party="某店", matter="占道", place="路口")).id

    return made


def ordered(house: House, actor: Actor, case_id: UUID, *purpose: ExportPurpose) -> Export:
    with house.store.begin() as tx:
        return tx.exports.request(actor, case_id, *purpose)


def test_asking_again_gives_the_package_that_is_built(
    house: House, handler: Actor, cases: Callable[[], UUID]
) -> None:
    """Twenty requests at once for one case order one package, by one leaf."""
    case_id = cases()
    before = leaves(house.store)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ordered(house, handler, case_id), range(20)))

    assert len({one.id for one in made}) == 1
    assert leaves(house.store) == before + 1


def test_a_case_that_went_on_is_another_package(
    house: House, handler: Actor, cases: Callable[[], UUID]
) -> None:
    """While a package is built a photo comes: the next request is for the case as it stands now."""
    case_id = cases()
    device = enrol_device(house.store, make_account(house.store, handler.agency_id, Role.CUSTODIAN)[1])
    first = ordered(house, handler, case_id)
    device.capture("p.jpg", b"photo", context={"case": f"{handler.login}-0"})
    second = ordered(house, handler, case_id)

    assert second.id != first.id
    assert ordered(house, handler, case_id).id == second.id


def test_another_purpose_is_another_package(house: House, handler: Actor, cases: Callable[[], UUID]) -> None:
    """The record says for whom each package was made: nobody is given one that was made for another."""
    case_id = cases()
    first = ordered(house, handler, case_id)
    other = ordered(house, handler, case_id, ExportPurpose.ARCHIVE)

    assert other.id != first.id
    assert ordered(house, handler, case_id).id == first.id
    assert ordered(house, handler, case_id, ExportPurpose.ARCHIVE).id == other.id


def test_two_packages_of_one_person_wait_at_once(
    house: House, handler: Actor, cases: Callable[[], UUID]
) -> None:
    """The third is refused with 429 until one has ended; another person orders theirs."""
    first, _ = ordered(house, handler, cases()), ordered(house, handler, cases())
    third = cases()
    colleague = make_account(house.store, handler.agency_id, Role.HANDLER)[1]
    with pytest.raises(ShareSpent) as caught:
        ordered(house, handler, third)
    with house.store.begin() as tx:
        own = tx.cases.open(
            colleague, CaseIn(number=f"{colleague.login}-0", party="某店", matter="占道", place="路口")
        ).id
    assert caught.value.slug == "exports-waiting"
    assert ordered(house, colleague, own)
    with house.store.begin() as tx:
        tx.exports.fail(first.id, "index-invalid")
    assert ordered(house, handler, third)


def test_metadata_of_a_refused_opening_is_nowhere(house: House, client: httpx.Client) -> None:
    """A refused opening leaves no row."""
    for _ in range(FEW):
        opened(client, 2)
    name = metadata(filename="nowhere")
    client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "1", "Upload-Metadata": name})
    with house.store.begin() as tx:
        kept = tx.connection.scalar(
            select(func.count()).select_from(uploads).where(uploads.c.metadata == name)
        )
    assert kept == 0
