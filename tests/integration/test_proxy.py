"""The proxy of docker-compose.yml before a real server: what is handed in passes as it comes, and who asks is told."""

import base64
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.checksum import LIMIT_BYTES
from api.deps import COOKIE
from api.settings import ApiSettings
from schemas.actor import Role
from schemas.upload import MIB
from storage.store import Store
from tests.factories import (
    PASSWORD,
    TestDevice,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.proxied import NAME, Proxied, proxied
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, until
from tests.tus import BODY, VERSION, bearer, offset_of, opened, patched, stored_sha256
from tests.web import TRUST

LARGEST = 128 * MIB


@dataclass
class Front:
    """One server behind the proxy, and one device."""

    store: Store
    proxy: Proxied
    device: TestDevice

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.proxy.authority))

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.proxy.address,
            headers=headers,
            verify=self.trust,
            timeout=PATIENCE_SECONDS,
        )


@pytest.fixture(scope="module")
def front(database_url: str, caddy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("proxy")
    store = Store(make_settings(database_url, folder_url(folder), max_upload_bytes=LARGEST))
    _, custodian = make_account(store, make_agency(store), Role.CUSTODIAN)
    settings = ApiSettings(proxies="127.0.0.1")  # type: ignore[arg-type] # as the environment gives it
    with (
        closing(store),
        serving(store, settings) as server,
        proxied(caddy, server, folder / "caddy") as proxy,
    ):
        yield Front(store, proxy, enrol_device(store, custodian))


@pytest.fixture
def device(front: Front) -> Iterator[httpx.Client]:
    with front.client(**bearer(front.device.token)) as made:
        yield made


def ended(client: httpx.Client, front: Front, url: str, payload: bytes) -> None:
    """Complete an upload, and hold what is stored against what was sent."""
    assert client.post(f"{url}/complete").is_success
    assert stored_sha256(front.store, url) == hashlib.sha256(payload).hexdigest()


def test_a_body_is_passed_on_while_it_is_sent(front: Front, device: httpx.Client) -> None:
    """Nothing is held back by the proxy: what was sent counts while the request goes on, however long it takes."""
    payload = bytes(range(256)) * (6 * MIB // 256)
    url = opened(device, len(payload), filename="a.mp4")
    is_seen = threading.Event()

    def body() -> Iterator[bytes]:
        yield payload[: 5 * MIB]
        assert is_seen.wait(PATIENCE_SECONDS)
        yield payload[5 * MIB :]

    with front.client(**bearer(front.device.token)) as other:
        answers: list[httpx.Response] = []
        sending = threading.Thread(target=lambda: answers.append(patched(device, url, body())))
        sending.start()
        try:
            until(lambda: offset_of(other, url) == 5 * MIB, "what was sent has come")
        finally:
            is_seen.set()
            sending.join()
    assert answers[0].status_code == 204
    ended(device, front, url, payload)


def test_a_whole_piece_under_a_checksum_passes(front: Front, device: httpx.Client) -> None:
    """The largest body that is looked at whole, and one byte that differs in it is told by the server's own answer."""
    payload = bytes(LIMIT_BYTES)
    url = opened(device, len(payload), filename="a.mp4")
    wrong = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    right = base64.b64encode(hashlib.sha256(payload).digest()).decode()
    assert patched(device, url, payload, **{"Upload-Checksum": f"sha256 {wrong}"}).status_code == 460
    assert offset_of(device, url) == 0
    assert patched(device, url, payload, **{"Upload-Checksum": f"sha256 {right}"}).status_code == 204
    ended(device, front, url, payload)


def test_a_line_that_breaks_before_the_proxy_is_gone_on_with(front: Front, device: httpx.Client) -> None:
    """What came through counts; the rest is sent again from there, and every byte is the right one."""
    payload = hashlib.shake_256(b"line").digest(4 * MIB)
    url = opened(device, len(payload), filename="a.mp4")
    port = urlsplit(front.proxy.address).port
    stated = {
        **VERSION,
        **BODY,
        **bearer(front.device.token),
        "Upload-Offset": "0",
        "Content-Length": str(len(payload)),
        "Host": f"{NAME}:{port}",
    }
    head = f"PATCH {urlsplit(url).path} HTTP/1.1\r\n" + "".join(
        f"{name}: {text}\r\n" for name, text in stated.items()
    )
    with (
        socket.create_connection((NAME, port or 0)) as line,
        front.trust.wrap_socket(line, server_hostname=NAME) as secured,
    ):
        secured.sendall(f"{head}\r\n".encode() + payload[: 3 * MIB])
        until(lambda: offset_of(device, url) > 0, "some of it has come")
    came = offset_of(device, url)
    assert 0 < came <= 3 * MIB
    assert patched(device, url, payload[came:], came).status_code == 204
    ended(device, front, url, payload)


def test_a_refusal_reaches_who_is_still_sending(device: httpx.Client) -> None:
    """The server answers before it has read the body; the sender hears the server and not the proxy."""
    url = opened(device, 32 * MIB, filename="a.mp4")
    answer = patched(device, url, bytes(8 * MIB), 1)
    assert (answer.status_code, answer.json()["slug"]) == (409, "offset-mismatch")


def test_the_proxy_says_who_asks_and_how_and_nobody_else_does(front: Front) -> None:
    """Made-up headers of a client are not passed on: the session is kept to TLS, the address is the client's own."""
    made_up = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.77", "Forwarded": "proto=http"}
    _, officer = make_account(front.store, make_agency(front.store), Role.OFFICER)
    with front.client(**made_up) as client:
        client.post("/console/login", data={"login": officer.login, "password": "wrong"})
        entered = client.post(
            "/console/login", data={"login": officer.login, "password": PASSWORD, "back": "/console"}
        )
        assert any(one.startswith(f"__Host-{COOKIE}=") for one in entered.headers.get_list("set-cookie"))
        assert entered.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "server" not in entered.headers
        tries = client.get("/console/logins").text
    assert "127.0.0.1" in tries
    assert "203.0.113.77" not in tries


def test_without_tls_the_proxy_shows_pages_the_way_and_takes_nothing(front: Front) -> None:
    """Neither a form nor the API, whatever it is asked by; a page is sent on to the name it was asked by."""
    with httpx.Client(base_url=front.proxy.plain, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        page = client.get("/console/cases?q=1")
        assert (page.status_code, page.headers["Location"]) == (308, f"https://{NAME}/console/cases?q=1")
        for method, path in (("POST", "/console/login"), ("GET", "/v1/health"), ("PATCH", "/v1/uploads/x")):
            answer = client.request(method, path)
            assert (answer.status_code, answer.json()["slug"]) == (403, "tls-required"), path
