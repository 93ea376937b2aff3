"""Stored bytes over HTTP: ranges and conditions of RFC 9110, safe names, safe types, honest errors."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest

from schemas.actor import Role
from schemas.digest import sha256_hex
from storage.outbox import JobKind
from storage.store import Store
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.looks import looked, taken
from tests.media import jpeg
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

NAME = '现场 "照片"; 第1张.jpg'
PAGE = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>"
SVG = b'<svg xmlns="http' + b'://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@dataclass
class Shelf:
    """A server with a sealed photo, a page that calls itself a photo, and things like that."""

    store: Store
    folder: Path
    url: str
    token: str
    device: TestDevice
    sandbox: Sandbox
    photo: UUID
    payload: bytes

    def verified(self, name: str, payload: bytes) -> UUID:
        ident = self.device.capture(name, payload)
        settings = WorkersSettings()
        Runner(self.store, self.sandbox, settings).drain(JobKind.VERIFY)
        return ident


@pytest.fixture(scope="module")
def shelf(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("media")
    store = Store(make_settings(database_url, folder_url(folder)))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    token, _ = make_account(store, agency, Role.HEAD)
    payload = jpeg(1600, 1200)
    with Sandbox() as sandbox, serving(store) as url:
        made = Shelf(store, folder, url, token, device, sandbox, UUID(int=0), payload)
        made.photo = made.verified(NAME, payload)
        yield made
    store.close()


@pytest.fixture
def client(shelf: Shelf) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=shelf.url, headers=bearer(shelf.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as made:
        yield made


@pytest.fixture
def address(shelf: Shelf, client: httpx.Client) -> str:
    return looked(client, f"/v1/recordings/{shelf.photo}")


def test_the_whole_is_the_original(shelf: Shelf, client: httpx.Client, address: str) -> None:
    """GET gives the original byte for byte, with its digest as strong tag, its type and its length."""
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.content == shelf.payload
    assert answer.headers["ETag"] == f'"{sha256_hex(shelf.payload)}"'
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(shelf.payload))
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=262143-262145", slice(262143, 262146)),
        ("bytes=500-", slice(500, None)),
        ("bytes=-700", slice(-700, None)),
        ("bytes=0-999999999999", slice(None)),
        ("bytes=-999999999999", slice(None)),
        ("Bytes=1-2", slice(1, 3)),
    ],
)
def test_a_range_is_that_part(
    shelf: Shelf, client: httpx.Client, address: str, wanted: str, part: slice
) -> None:
    """206 carries exactly the bytes asked for and says which they are (RFC 9110 section 14)."""
    size = len(shelf.payload)
    start, end, _ = part.indices(size)
    answer = client.get(address, headers={"Range": wanted})

    assert answer.status_code == 206
    assert answer.content == shelf.payload[part]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    assert answer.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("wanted", ["bytes=999999999-", "bytes=-0", "bytes=999999999-1000000000"])
def test_a_range_beyond_the_end_is_refused(
    shelf: Shelf, client: httpx.Client, address: str, wanted: str
) -> None:
    """416 says how long the file is."""
    answer = client.get(address, headers={"Range": wanted})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(shelf.payload)}"
    assert answer.json()["slug"] == "range-invalid"


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=a-b",
        "bytes=-",
        "lines=1-2",
        "bytes=0-1,5-6",
        "bytes=1",
        "bytes=" + "9" * 5000 + "-",
        "bytes=٣-٤",
    ],
)
def test_a_range_that_is_none_is_ignored(
    shelf: Shelf, client: httpx.Client, address: str, wanted: str
) -> None:
    """What is not one valid range gives the whole (RFC 9110 section 14.2)."""
    answer = client.get(address, headers={b"Range": wanted.encode()})

    assert (answer.status_code, answer.content) == (200, shelf.payload)


def test_a_backward_range_gives_no_bytes_of_another(shelf: Shelf, client: httpx.Client, address: str) -> None:
    """A range whose end lies before its start is refused or ignored, never answered with a part."""
    assert client.get(address, headers={"Range": "bytes=20-10"}).status_code in (200, 416)


def test_a_condition_guards_the_range(shelf: Shelf, client: httpx.Client, address: str) -> None:
    """If-Range with our tag gives the part; with any other, with a weak one or a date, the whole."""
    tag = f'"{sha256_hex(shelf.payload)}"'
    part = client.get(address, headers={"Range": "bytes=0-9", "If-Range": tag})
    others = [
        client.get(address, headers={"Range": "bytes=0-9", "If-Range": other})
        for other in ('"other"', f"W/{tag}", "Wed, 21 Oct 2026 07:28:00 GMT")
    ]

    assert (part.status_code, part.content) == (206, shelf.payload[:10])
    assert [answer.status_code for answer in others] == [200, 200, 200]
    assert all(answer.content == shelf.payload for answer in others)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_client_has_is_not_sent_again(
    shelf: Shelf, client: httpx.Client, address: str, form: str
) -> None:
    """If-None-Match with our tag answers 304 without a body and with the tag; another tag does not."""
    tag = f'"{sha256_hex(shelf.payload)}"'
    same = client.get(address, headers={"If-None-Match": form.format(tag)})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == tag
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_is_get_without_the_body(shelf: Shelf, client: httpx.Client, address: str) -> None:
    """HEAD has the headers of GET, and knows no ranges."""
    got, head = client.get(address), client.head(address)
    ranged = client.head(address, headers={"Range": "bytes=0-9"})

    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == got.headers[name]
    assert ranged.status_code == 200
    assert ranged.headers["Content-Length"] == str(len(shelf.payload))


def test_a_chinese_name_comes_through(shelf: Shelf, client: httpx.Client, address: str) -> None:
    """The name of the file survives as RFC 8187 says, and cannot break out of its header."""
    inline = client.get(address).headers["Content-Disposition"]
    download = taken(client, f"/v1/recordings/{shelf.photo}").headers["Content-Disposition"]
    kind, _, name = inline.partition("; ")

    assert (kind, unquote(name.removeprefix("filename*=UTF-8''"))) == ("inline", NAME)
    assert name.isascii()
    assert not set('";') & set(name.removeprefix("filename*=UTF-8''"))
    assert download.startswith("attachment; ")


@pytest.mark.parametrize(
    ("name", "payload"), [("photo.jpg", PAGE), ("photo.html", PAGE), ("drawing.svg", SVG), ("x.mp4", SVG)]
)
def test_a_page_is_never_shown_as_a_page(
    shelf: Shelf, client: httpx.Client, name: str, payload: bytes
) -> None:
    """Active content under whatever name is offered as a download, unsniffed and in a sandbox."""
    address = looked(client, f"/v1/recordings/{shelf.verified(name, payload)}", kind="download")
    for answer in (client.get(address), client.head(address)):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Type"].split(";")[0] not in ("text/html", "image/svg+xml")

    assert client.get(address).content == payload


def test_before_its_verification_nothing_is_shown(shelf: Shelf, client: httpx.Client) -> None:
    """A recording nobody has looked at yet has no type but a number of bytes, and is a download."""
    ident = shelf.device.capture("fresh.jpg", PAGE)
    answer = taken(client, f"/v1/recordings/{ident}")

    assert answer.content == PAGE
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_nothing_has_no_ranges(shelf: Shelf, client: httpx.Client) -> None:
    """An empty file is answered whole; every range of it is beyond its end."""
    ident = shelf.verified("empty.jpg", b"")
    address = looked(client, f"/v1/recordings/{ident}", kind="download")

    assert (client.get(address).status_code, client.get(address).content) == (200, b"")
    for wanted in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        assert client.get(address, headers={"Range": wanted}).status_code == 416


def test_the_thumbnail_is_a_small_jpeg(shelf: Shelf, client: httpx.Client) -> None:
    """A photo has a thumbnail that is a JPEG, smaller than itself, cached by its tag."""
    address = f"/v1/recordings/{shelf.photo}/thumbnail"
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")
    assert len(answer.content) < len(shelf.payload)
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_without_a_thumbnail_there_is_none(shelf: Shelf, client: httpx.Client) -> None:
    """A recording without a picture answers 404."""
    ident = shelf.verified("note.bin", b"nothing to see")

    assert client.get(f"/v1/recordings/{ident}/thumbnail").status_code == 404


def test_a_lost_object_is_an_error_and_not_a_broken_body(shelf: Shelf, client: httpx.Client) -> None:
    """When the store has lost the bytes the answer is a problem, not a 200 whose body breaks off."""
    ident = shelf.verified("lost.jpg", jpeg(320, 240))
    with shelf.store.begin() as tx:
        key = tx.recordings.known(ident).object_key
    for path in [path for path in shelf.folder.rglob("*") if key in str(path) and path.is_dir()]:
        shutil.rmtree(path, ignore_errors=True)
    answer = taken(client, f"/v1/recordings/{ident}")

    assert answer.status_code >= 400
    assert answer.headers["Content-Type"] == "application/problem+json"
