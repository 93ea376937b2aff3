"""Looks over HTTP: no byte of content before its entry, at the API and on the pages; and the pages of who looked."""

import base64
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from api.deps import COOKIE
from api.form_token import form_token
from api.settings import ApiSettings
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.actor import Role
from schemas.case import Case
from schemas.look import LookFrom, LookIn, LookReason, LookWay
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.custody import custody_entries
from storage.tables.look import looks
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.integration.test_failing_commit import broken_commits
from tests.looks import WHY, looked, taken
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.trust import trust_of
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

PHOTO = jpeg(640, 480)


@dataclass
class House:
    """A server that believes this machine as a proxy; a photo of a case, and its people."""

    store: Store
    url: str
    bureau: Bureau
    case: Case
    photo: UUID

    @property
    def thing(self) -> str:
        return f"/v1/recordings/{self.photo}"

    @property
    def page(self) -> str:
        return f"/console/recordings/{self.photo}"

    def client(self, token: str, *, address: str = "10.1.2.3") -> httpx.Client:
        headers = {**bearer(token), "X-Forwarded-For": address}
        return httpx.Client(base_url=self.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS)

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def count(self) -> int:
        with self.store.begin() as tx:
            return tx.connection.scalar(select(func.count()).select_from(looks)) or 0

    def entries(self) -> int:
        with self.store.begin() as tx:
            return tx.connection.scalar(select(func.count()).select_from(custody_entries)) or 0


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("looks"))))
    bureau = make_bureau(store)
    integrate(store)
    case = bureau.open()
    photo = bureau.device.capture("现场.jpg", PHOTO, context={"case": case.number})
    drain(store, JobKind.VERIFY)
    settings = ApiSettings(proxies="127.0.0.1")  # type: ignore[arg-type] # as the environment gives it
    with serving(store, settings) as url:
        yield House(store, url, bureau, case, photo)
    store.close()


@pytest.fixture
def token(house: House) -> str:
    """Somebody who may watch, and has not looked yet."""
    return make_account(house.store, house.bureau.agency, Role.HEAD)[0]


@pytest.fixture
def client(house: House, token: str) -> Iterator[httpx.Client]:
    with house.client(token) as made:
        yield made


@pytest.mark.parametrize(
    "query", ["", "?look=", "?look=6f1d2c3b-0a4e-4d5f-8a9b-1c2d3e4f5a6b", "?look=nonsense", "?download"]
)
def test_without_a_look_no_byte_is_given(house: House, client: httpx.Client, query: str) -> None:
    """GET, a range, a condition and HEAD are answered with what to do, and with nothing of the content."""
    address = f"{house.thing}/media{query}"
    answers = [
        client.get(address),
        client.get(address, headers={"Range": "bytes=0-9"}),
        client.get(address, headers={"If-None-Match": "*"}),
        client.head(address),
    ]
    before = house.count()

    for answer in answers:
        assert answer.status_code == (422 if "nonsense" in query or query == "?look=" else 428)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "ETag" not in answer.headers
        assert b"\xff\xd8" not in answer.content
    if answers[0].status_code == 428:
        assert answers[0].json()["slug"] == "look-needed"
        assert "looks" in answers[0].json()["en"]["next"]
    assert house.count() == before


def test_where_the_log_cannot_commit_no_byte_is_given(house: House, client: httpx.Client) -> None:
    """A look whose entry does not become true has no id that gives content, by API and page alike."""
    before = house.count()
    with broken_commits(house.store, "custody_entries"):
        answer = client.post(f"{house.thing}/looks", json=WHY)
        content = client.get(f"{house.thing}/media")

    assert answer.status_code == 500
    assert "id" not in answer.json()
    assert content.status_code == 428
    assert house.count() == before
    assert client.get(looked(client, house.thing)).content == PHOTO


def test_ranges_and_reloads_are_one_entry(house: House, client: httpx.Client) -> None:
    """However often content is asked for under a look, and the look asked for again: one row, one entry."""
    before = house.entries()
    address = looked(client, house.thing)
    for start in range(0, 2000, 100):
        part = client.get(address, headers={"Range": f"bytes={start}-{start + 99}"})
        assert (part.status_code, part.content) == (206, PHOTO[start : start + 100])
    assert client.head(address).status_code == 200
    assert client.get(address, headers={"If-None-Match": "*"}).status_code == 304
    assert looked(client, house.thing) == address

    assert house.entries() == before + 1


def test_thumbnails_and_lists_are_no_looks(house: House, client: httpx.Client, token: str) -> None:
    """What floods a list enters no log."""
    before = house.entries()
    with house.browser(token) as browser:
        for path in ("/console/recordings", house.page):
            assert browser.get(path).status_code == 200
    assert client.get(f"{house.thing}/thumbnail").status_code == 200
    assert client.get("/v1/recordings").status_code == 200

    assert house.entries() == before


def test_taking_away_is_an_entry_of_its_own(house: House, client: httpx.Client) -> None:
    """A look shows; what is saved needs a look of that kind, and the refusal names it."""
    address = looked(client, house.thing)
    answer = client.get(f"{address}&download")

    assert (answer.status_code, answer.json()["slug"]) == (428, "look-needed")
    assert answer.json()["kind"] == "download"
    saved = taken(client, house.thing)
    assert saved.content == PHOTO
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_print_is_an_entry_of_its_own(house: House, token: str) -> None:
    """Why is asked first, then one entry, then the sheet: picture, digests, checks, custody, who prints and why."""
    integrate(house.store)
    before = house.entries()
    page = f"{house.page}/print"
    sent = {"csrf": form_token(token), "kind": "print", "reason_code": "other", "reason": "复议案卷存档"}
    with house.browser(token) as browser:
        for query in ("", f"?look={uuid4()}"):
            asked = browser.get(page + query)
            assert (asked.status_code, "为什么打印" in asked.text) == (200, True)
            assert "保管链" not in asked.text
        assert browser.get(f"{page}?look=nonsense").status_code == 422
        assert house.entries() == before
        unsaid = browser.post(f"{house.page}/looks", data={**sent, "reason": ""})
        assert (unsaid.status_code, house.entries()) == (422, before)
        with broken_commits(house.store, "custody_entries"):
            assert browser.post(f"{house.page}/looks", data=sent).status_code == 500
        assert house.entries() == before
        led = browser.post(f"{house.page}/looks", data=sent).headers["Location"]
        sheet = browser.get(led).text
        again = browser.post(f"{house.page}/looks", data=sent).headers["Location"]
        picture = browser.get(
            sheet.partition('<figure><img src="')[2].partition('"')[0].replace("&amp;", "&")
        )
        listed = browser.get(f"{house.page}/looks").text
    with house.store.begin() as tx:
        recording = tx.recordings.known(house.photo)
        last = tx.custody.entries_for(f"recording/{house.photo}")[-1]

    assert led == again == f"{page}?look={led.rpartition('=')[2]}"
    assert house.entries() == before + 1
    assert picture.content == PHOTO
    wanted = (
        recording.sha256,
        recording.manifest_sha256,
        last.leaf_hash.hex(),
        "复议案卷存档",
        "打印人",
        "SHA-256",
    )
    assert [one for one in wanted if one not in sheet] == []
    assert "打印 · " in listed


def test_a_program_prints_under_a_look(house: House, client: httpx.Client) -> None:
    """A program says so, too, and is given the picture; the original is another thing."""
    made = client.post(f"{house.thing}/looks", json={**WHY, "kind": "print"}).json()

    assert (made["kind"], client.get(made["content_url"]).content) == ("print", PHOTO)
    assert client.get(f"{made['content_url']}&download").json()["slug"] == "look-needed"


def test_a_package_is_taken_away_under_a_look(house: House, client: httpx.Client, tmp_path: Path) -> None:
    """A package that is not ready cannot be looked at; ready, it is given to whoever said why. It carries no look, and
    says how many the log held."""
    bureau = house.bureau
    looked(client, house.thing)
    integrate(house.store)
    with house.store.begin() as tx:
        held = tx.lookers.count(house.photo)
    with house.store.begin() as tx:
        export = tx.exports.request(bureau.handler, house.case.id)
    with house.client(bureau.tokens[bureau.handler.id]) as owner:
        early = owner.post(f"/v1/exports/{export.id}/looks", json=WHY)
        integrate(house.store)
        drain(house.store, JobKind.EXPORT)
        bare = owner.get(f"/v1/exports/{export.id}/package")
        made = owner.post(f"/v1/exports/{export.id}/looks", json=WHY).json()
        package = owner.get(made["content_url"])
        other = owner.get(f"{house.thing}/media?look={made['id']}")

    file = tmp_path / "case.zip"
    file.write_bytes(package.content)
    report = verify_package(file, Trust.parse(trust_of(house.store.settings)))
    with zipfile.ZipFile(file) as bag:
        lines = [json.loads(line) for line in bag.read("log/leaves.jsonl").splitlines()]
    events = {json.loads(base64.b64decode(one["leaf"]))["event"] for one in lines if one.get("leaf")}
    assert report.holds
    assert report.story is not None
    assert report.story.looks == held > 0
    assert not {one for one in events if one.startswith("view:") or one == "export:fetch"}
    assert (early.status_code, early.json()["slug"]) == (409, "export-not-ready")
    assert (bare.status_code, bare.json()["slug"]) == (428, "look-needed")
    assert package.content.startswith(b"PK")
    assert (made["kind"], made["export_id"]) == ("fetch", str(export.id))
    assert other.status_code == 428


def test_who_may_not_watch_opens_no_look(house: House, client: httpx.Client) -> None:
    """A device, a source, a custodian and somebody from elsewhere are refused as they always were."""
    bureau = house.bureau
    people = {
        bureau.device.token: (403, "permission-missing"),
        make_account(house.store, bureau.agency, Role.SOURCE)[0]: (404, "recording-unknown"),
        make_account(house.store, bureau.agency, Role.CUSTODIAN)[0]: (403, "permission-missing"),
        make_account(house.store, make_agency(house.store), Role.HEAD)[0]: (404, "recording-unknown"),
    }
    for token, told in people.items():
        with house.client(token) as one:
            answer = one.post(f"{house.thing}/looks", json=WHY)
            assert (answer.status_code, answer.json()["slug"]) == told
    mine = looked(client, house.thing)
    with house.client(bureau.tokens[bureau.head.id]) as head:
        assert head.get(mine).json()["slug"] == "look-needed"


def test_a_look_is_of_one_place(house: House, token: str) -> None:
    """The same token from another address needs a look of its own: the entry says from where."""
    with house.client(token) as here, house.client(token, address="10.1.2.4") as there:
        address = looked(here, house.thing)
        assert here.get(address).status_code == 200
        assert there.get(address).json()["slug"] == "look-needed"
        assert there.get(looked(there, house.thing)).status_code == 200
        own = there.get("/v1/looks").json()["looks"]

    assert [one["address"] for one in own] == ["10.1.2.4", "10.1.2.3"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"reason_code": "curiosity"},
        {"reason_code": "other"},
        {"reason_code": "other", "reason": " x "},
        {"reason_code": "dispute", "reason": "长" * 501},
        {"reason_code": "dispute", "kind": "fetch"},
        {"reason_code": "dispute", "kind": "watch"},
        {"reason_code": "dispute", "seconds": 10**12},
        {"reason_code": "dispute", "account_id": "6f1d2c3b-0a4e-4d5f-8a9b-1c2d3e4f5a6b"},
        {"reason_code": "dispute", "address": "1.2.3.4"},
    ],
    ids=str,
)
def test_a_wish_that_means_nothing_opens_nothing(
    house: House, client: httpx.Client, wish: dict[str, object]
) -> None:
    """No reason, none of the list, another without words, and anything that is not the client's to say: 422."""
    before = house.count()
    answer = client.post(f"{house.thing}/looks", json=wish)

    assert (answer.status_code, answer.json()["slug"]) == (422, "request-invalid")
    assert house.count() == before


@pytest.mark.parametrize("seconds", [-1, 10**12, "NaN"])
def test_no_client_says_how_long_a_look_was(house: House, client: httpx.Client, seconds: object) -> None:
    """Absurd seconds in the end of a look, said twice, change nothing: the server counts."""
    made = client.post(f"{house.thing}/looks", json=WHY).json()
    for _ in range(2):
        answer = client.post(f"/v1/looks/{made['id']}/close", json={"seconds": seconds})
        assert answer.status_code == 204
    with house.store.begin() as tx:
        tx.looks.end_left(limit=100)
    own = client.get("/v1/looks").json()["looks"][0]

    assert own["id"] == made["id"]
    assert 0 <= own["seconds"] <= PATIENCE_SECONDS
    ended = client.get(made["content_url"])
    assert (ended.status_code, ended.json()["slug"]) == (428, "look-ended")
    assert client.post(f"/v1/looks/{made['id']}/seen").json()["slug"] == "look-ended"
    assert client.post(f"/v1/looks/{uuid4()}/close").json()["slug"] == "look-unknown"


def test_who_looked_is_told_to_the_owner(house: House) -> None:
    """Head and handler list who looked, page by page; the handler's addresses are masked; an officer is refused."""
    bureau = house.bureau
    photo = bureau.capture(house.case)
    path = f"/v1/recordings/{photo}/looks"
    people = [make_account(house.store, bureau.agency, Role.HEAD)[0] for _ in range(3)]
    for one in people:
        with house.client(one) as client:
            client.post(path, json={"reason_code": "other", "reason": "巡视组调阅"})
    with house.client(bureau.tokens[bureau.head.id]) as head:
        first = head.get(path, params={"limit": 2}).json()
        rest = head.get(path, params={"limit": 2, "after": first["next"]}).json()
    with house.client(bureau.tokens[bureau.handler.id]) as handler:
        owner = handler.get(path).json()["looks"]
    with house.client(bureau.tokens[bureau.officers[0].id]) as officer:
        refused = officer.get(path)

    assert (len(first["looks"]), len(rest["looks"]), rest["next"]) == (2, 1, None)
    assert {one["address"] for one in first["looks"]} == {"10.1.2.3"}
    assert {one["address"] for one in owner} == {"10.1.*.*"}
    assert {(one["reason"], tuple(one["roles"])) for one in owner} == {("巡视组调阅", ("head",))}
    assert (refused.status_code, refused.json()["permission"]) == (403, "look:view")


def press(browser: httpx.Client, token: str, path: str, **typed: str) -> httpx.Response:
    return browser.post(path, data={"csrf": form_token(token), **typed})


def test_a_page_shows_content_once_a_reason_was_given(house: House, token: str) -> None:
    """One form, the usual reason chosen; then the picture, on every reload and in every tab; ended, it is gone."""
    with house.browser(token) as browser:
        before = browser.get(house.page).text
        opened = press(browser, token, f"{house.page}/looks", reason_code="legal-review", kind="open")
        entries = house.entries()
        pages = [browser.get(house.page).text for _ in range(3)]
        (address,) = {found for page in pages for found in re.findall(r'src="(/v1/[^"]+/media[^"]+)"', page)}
        content = browser.get(address.replace("&amp;", "&"))
        (signs,) = set(re.findall('data-look="([^"]+)"', pages[0]))
        beat = press(browser, token, f"{signs}/seen")
        left = press(browser, token, f"{signs}/leave")
        close = f"{house.page}/looks/{signs.rsplit('/', 1)[1]}/close"
        closed = press(browser, token, close)
        after = browser.get(house.page).text
        gone = press(browser, token, f"{signs}/seen")
        api = browser.post(f"{house.thing}/looks", json=WHY)

    assert "/media" not in before
    assert '<option value="case-handling" selected>' in before
    assert (opened.status_code, opened.headers["Location"]) == (303, house.page)
    assert content.content == PHOTO
    assert (beat.status_code, left.status_code, closed.status_code) == (204, 204, 303)
    assert house.entries() == entries
    assert "/media" not in after
    assert gone.status_code == 428
    assert (api.status_code, api.json()["slug"]) == (403, "cross-site")


def test_a_download_from_the_page_is_its_own_entry(house: House, token: str) -> None:
    """The button leads to the original under a look of that kind, and the page stays without content."""
    with house.browser(token) as browser:
        sent = press(browser, token, f"{house.page}/looks", reason_code="dispute", kind="download")
        saved = browser.get(sent.headers["Location"])
        page = browser.get(house.page).text

    assert saved.content == PHOTO
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert "/media?look" not in page


def test_a_reason_that_is_missing_is_told_at_its_field(house: House, token: str) -> None:
    """`other` without words shows the form again, with the choice that was made; nothing was opened."""
    before = house.count()
    with house.browser(token) as browser:
        again = press(browser, token, f"{house.page}/looks", reason_code="other", kind="open")

    assert again.status_code == 422
    assert '<option value="other" selected>' in again.text
    assert house.count() == before


def test_who_looked_stands_on_the_page_of_the_recording(house: House) -> None:
    """The head sees the latest and a link to all; whoever has no right to it sees no such section and no such page."""
    bureau, store = house.bureau, house.store
    photo = bureau.capture(house.case)
    page = f"/console/recordings/{photo}"
    head, officer = bureau.tokens[bureau.head.id], bureau.tokens[bureau.officers[0].id]
    with house.browser(head) as browser:
        empty, nobody = browser.get(page).text, browser.get(f"{page}/looks").text
        for number in range(60):
            origin = LookFrom(way=LookWay.API, address=f"10.9.8.{number}")
            with store.begin() as tx:
                tx.looks.open(bureau.officers[0], photo, LookIn(reason_code=LookReason.DISPUTE), origin)
        some, listed = browser.get(page).text, browser.get(f"{page}/looks")
        (following,) = re.findall(r'href="([^"]+)" rel="next"', listed.text)
        rest = browser.get(following.replace("&amp;", "&"))
    with house.browser(officer) as browser:
        other, refused = browser.get(page).text, browser.get(f"{page}/looks")
        own = browser.get("/console/account/looks").text

    assert "还没有人看过内容" in empty
    assert "还没有人看过" in nobody
    assert some.count("10.9.8.") == 5
    assert f'href="{page}/looks"' in some
    assert (listed.text.count("10.9.8."), rest.text.count("10.9.8.")) == (50, 10)
    assert f"{page}/looks" not in re.findall('href="([^"]+)"', other)
    assert refused.status_code == 403
    assert "查看谁看过证据" in refused.text
    assert own.count("10.9.8.") == 50


def test_own_looks_are_empty_before_the_first(house: House, token: str) -> None:
    """A page without rows says what will stand there."""
    with house.browser(token) as browser:
        assert "您还没有看过任何内容" in browser.get("/console/account/looks").text


def test_the_media_of_a_record_are_opened_together_and_logged_apart(house: House) -> None:
    """One click opens all pictures of a monitoring record; each is an entry of its own recording."""
    road: Highway = make_highway(house.store)
    record = road.one(media=[jpeg_media(jpeg(320, 240)), jpeg_media(jpeg(330, 240))])
    drain(house.store, JobKind.VERIFY)
    token = make_account(house.store, road.agency, Role.EVIDENCE_REVIEWER)[0]
    page = f"/console/monitoring/{record}"
    with house.browser(token) as browser:
        before, entries = browser.get(page).text, house.entries()
        sent = press(browser, token, f"{page}/looks", reason_code="evidence-check")
        added = house.entries() - entries
        after = browser.get(page).text
        shown = set(re.findall(r'src="(/v1/[^"]+/media[^"]+)"', after))
        statuses = [browser.get(address).status_code for address in shown]

    assert "/media" not in before
    assert "/thumbnail" in before
    assert sent.status_code == 303
    assert (added, statuses) == (2, [200, 200])
    assert f'action="{page}/looks"' not in after
