"""The device's side of the wire, against a scripted server without sockets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mobile_contract.client.transport import Server, Upload
from mobile_contract.client.wire import Answered, Backoff, ask, document_of, retry_after, server_address
from schemas.errors import Invalid, Unavailable
from schemas.jws import verify_compact
from tests.make_contract import TEST_JWK, TEST_KEY, TEST_KID

URL = "http://server.test"
TUS = {"Tus-Resumable": "1.0.0"}


class Script:
    """A server that keeps one upload in memory and can be told to fail some pieces."""

    def __init__(self, *, lost: dict[int, int] | None = None) -> None:
        self.held = b""
        self.calls: list[str] = []
        self.assertions: list[str] = []
        self._lost = lost or {}
        self._pieces = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.method)
        if request.url.path == "/v1/token":
            self.assertions.append(dict(httpx.QueryParams(request.content.decode()))["assertion"])
            token = f"token-{len(self.assertions)}"
            return httpx.Response(200, json={"access_token": token, "server_time": "2026-03-01T00:00:00Z"})
        if request.method == "HEAD":
            return httpx.Response(200, headers={**TUS, "Upload-Offset": str(len(self.held))})
        if request.method == "PATCH":
            return self._patch(request)
        return httpx.Response(404, json={"slug": "upload-unknown"})

    def _patch(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        self._pieces += 1
        if self._pieces in self._lost:
            self.held += body[: self._lost[self._pieces]]
            raise httpx.ReadError("cut")
        assert int(request.headers["Upload-Offset"]) == len(self.held)
        assert int(request.headers["Content-Length"]) == len(body)
        self.held += body
        return httpx.Response(204, headers={**TUS, "Upload-Offset": str(len(self.held))})


def server(answer: Callable[[httpx.Request], httpx.Response], *, patience_seconds: float = 60.0) -> Server:
    made = Server(URL, httpx.Client(transport=httpx.MockTransport(answer)), patience_seconds=patience_seconds)
    made.identify(TEST_KEY, TEST_KID)
    return made


def upload(tmp_path: Path, size: int) -> Upload:
    path = tmp_path / "film"
    path.write_bytes(bytes(range(256)) * (size // 256))
    return Upload(path, size, {})


def test_pieces_arrive_in_order(tmp_path):
    """Twenty MiB go over in pieces of eight, and every byte is where it was."""
    script = Script()
    one = upload(tmp_path, 20 * 1024 * 1024)
    server(script).send(f"{URL}/v1/uploads/1", one, lambda _: None)
    assert script.held == one.path.read_bytes()
    assert script.calls.count("PATCH") == 3


def test_a_cut_piece_is_resumed_from_the_servers_offset(tmp_path):
    """After a broken connection the offset is asked for, and no byte is sent twice or skipped."""
    script = Script(lost={1: 1000, 2: 0})
    one = upload(tmp_path, 9 * 1024 * 1024)
    server(script).send(f"{URL}/v1/uploads/1", one, lambda _: None)
    assert script.held == one.path.read_bytes()
    assert script.calls[:6] == ["POST", "HEAD", "PATCH", "HEAD", "PATCH", "HEAD"]


def test_a_file_that_became_shorter_is_not_padded(tmp_path):
    """The device stops and says so; it never invents bytes."""
    one = upload(tmp_path, 1024)
    one.path.write_bytes(b"short")
    with pytest.raises(Invalid):
        server(Script()).send(f"{URL}/v1/uploads/1", one, lambda _: None)


def test_an_ended_token_is_renewed_once():
    """A 401 makes the device assert again; a second 401 is the answer."""
    script = Script()

    def picky(request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") == "Bearer token-1":
            return httpx.Response(401)
        return script(request) if request.method == "POST" else httpx.Response(200, json={"ok": True})

    assert server(picky).get("/v1/trust") == {"ok": True}
    assert len(script.assertions) == 2

    def closed(request: httpx.Request) -> httpx.Response:
        return script(request) if request.url.path == "/v1/token" else httpx.Response(401)

    with pytest.raises(Answered):
        server(closed).get("/v1/trust")


def test_the_assertion_is_short_and_signed_by_the_device():
    """RFC 7523: issuer and subject are the key, the audience is the product, five minutes at most."""
    script = Script()
    server(script)
    claims = verify_compact(script.assertions[0], jwk=TEST_JWK, algs=frozenset({"ES256"}), typ="JWT")
    assert claims["iss"] == claims["sub"] == TEST_KID
    assert claims["aud"] == "quancheng"
    assert 0 < claims["exp"] - claims["iat"] <= 300


def test_a_portal_that_answers_everything_is_not_our_server(tmp_path):
    """200 without Tus-Resumable never counts as received bytes."""
    script = Script()

    def portal(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/token":
            return script(request)
        return httpx.Response(200, text="<html>log in</html>", headers={"Upload-Offset": "1024"})

    with pytest.raises(Unavailable):
        server(portal).send(f"{URL}/v1/uploads/1", upload(tmp_path, 1024), lambda _: None)
    with pytest.raises(Unavailable):
        server(portal).get("/v1/trust")


@pytest.mark.parametrize("address", ["http://evil.test/u", "https://server.test/u", "//evil.test/u"])
def test_evidence_is_never_sent_to_another_host(address):
    """A Location that leads away from the server is refused."""
    with pytest.raises(Unavailable):
        server(Script()).absolute(address)
    assert server(Script()).absolute("/v1/uploads/1") == f"{URL}/v1/uploads/1"


def test_a_problem_without_our_members_is_still_readable():
    """A proxy's own error page or foreign JSON names the status."""
    for response in (httpx.Response(502, text="<html>"), httpx.Response(400, json={"zh": "x"})):
        assert Answered(response).said == f"http-{response.status_code}"


def test_patience_ends():
    """Delays grow until the patience is used up, then the reason is told."""
    slept: list[float] = []
    backoff = Backoff(0.0, sleep=slept.append)
    with pytest.raises(Unavailable, match="why"):
        backoff.wait("why")
    patient = Backoff(1000.0, sleep=slept.append)
    for _ in range(12):
        patient.wait("why")
    assert len(slept) == 12
    assert max(slept) <= 30


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("99999", 30.0), ("soon", 0.0), ("-1", 0.0)])
def test_retry_after_is_honoured_within_reason(text, seconds):
    """The server's wish counts up to the longest delay; a date or nonsense counts as none."""
    assert retry_after(httpx.Response(503, headers={"Retry-After": text})) == seconds


@pytest.mark.parametrize("text", ["²", "٣", "1e9", "inf", ""])
def test_only_plain_digits_ask_to_wait(text):
    """Digits of other scripts and names of numbers count as none, and never end the program."""
    response = httpx.Response(503, headers=[(b"Retry-After", text.encode())])
    assert retry_after(response) == 0.0


def test_patience_of_weeks_does_not_overflow():
    """The exponent is capped: after thousands of tries the delay is still the longest one."""
    slept: list[float] = []
    backoff = Backoff(1e9, sleep=slept.append)
    for _ in range(2000):
        backoff.wait("why")
    assert max(slept) <= 30


def test_a_nested_answer_is_not_our_server():
    """JSON nested beyond the parser's depth is refused, as a document and as a problem."""
    deep = "[" * 200_000
    with pytest.raises(Unavailable):
        document_of(httpx.Response(200, text=deep))
    assert Answered(httpx.Response(400, text=deep)).said == "http-400"


def test_an_endless_answer_is_cut_off():
    """A device stops reading what is longer than any answer of ours, however it goes on."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield bytes(1024 * 1024)

    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless())))
    with pytest.raises(Unavailable, match="too long"):
        ask(client, "GET", URL)
    assert sent < 10


def test_an_answer_that_cannot_be_decoded_is_not_our_server():
    """A false Content-Encoding is an absent server, not a fault of the program."""
    broken = httpx.MockTransport(
        lambda _: httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
        )
    )
    with pytest.raises(Unavailable, match="decoded"):
        ask(httpx.Client(transport=broken), "GET", URL)


def test_a_member_that_is_not_there_is_told():
    """An answer that lacks a member, at any depth, is somebody else's."""
    document = document_of(httpx.Response(200, json={"files": [{}]}))
    with pytest.raises(Unavailable, match="upload"):
        document["files"][0]["upload"]


@pytest.mark.parametrize("offset", [None, "", "-1", "x", "1025", "9" * 5000, "²"])
def test_an_offset_outside_the_file_is_not_believed(offset, tmp_path):
    """To believe it would skip bytes or end in a traceback; the server counts as absent."""
    script = Script()

    def strange(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/token":
            return script(request)
        stated = [] if offset is None else [(b"Upload-Offset", offset.encode())]
        return httpx.Response(200, headers=[(b"Tus-Resumable", b"1.0.0"), *stated])

    with pytest.raises(Unavailable):
        server(strange).send(f"{URL}/v1/uploads/1", upload(tmp_path, 1024), lambda _: None)


@pytest.mark.parametrize(
    "text", ["foo", "localhost:8080", "ftp://h", "http://", "http://h:99999", "http://[", ""]
)
def test_what_is_no_address_is_refused_before_a_request(text):
    """Without a scheme, a host or a possible port there is nothing to wait for."""
    with pytest.raises(Invalid, match="http://"):
        server_address(text)
    assert server_address("https://h.test:1") == "https://h.test:1"
