"""The plain port beside TLS: it shows the way, hands out the certificate, and takes nothing."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from api.front import PLAIN_HEADERS
from api.plain import CERTIFICATE, CERTIFICATE_TYPE, Installable, plain_port
from api.settings import ApiSettings

GIVEN = Installable(b"der", "AB:CD:EF", datetime(2031, 1, 1, tzinfo=UTC))


def asked(
    path: str,
    *,
    method: str = "GET",
    host: str = "law.example.cn:8080",
    tls_port: int = 8443,
    body: bytes = b"",
) -> httpx.Response:
    app = plain_port(ApiSettings(hosts="law.example.cn 2001:db8::7"), GIVEN, tls_port=tls_port)

    async def ask() -> httpx.Response:
        inside = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=inside, base_url="http://law.example.cn") as client:
            secret = {"Host": host, "Authorization": "Bearer secret", "Cookie": "qc_session=secret"}
            return await client.request(method, f"http://law.example.cn{path}", headers=secret, content=body)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "tls_port", "host", "there"),
    [
        ("/", 8443, "law.example.cn:8080", "https://law.example.cn:8443/"),
        (
            "/console/cases?q=%E5%85%A8&a=/ca",
            8443,
            "law.example.cn",
            "https://law.example.cn:8443/console/cases?q=%E5%85%A8&a=/ca",
        ),
        ("/console/%2e%2e/x", 443, "law.example.cn", "https://law.example.cn/console/%2e%2e/x"),
        ("//evil.example/x", 8443, "law.example.cn", "https://law.example.cn:8443//evil.example/x"),
        ("/console", 8443, "[2001:db8::7]:8080", "https://[2001:db8::7]:8443/console"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_is_sent_on_to_tls(method: str, path: str, tls_port: int, host: str, there: str) -> None:
    """308, to the same host and address as it was spelt, without a cookie of its own."""
    answer = asked(path, method=method, tls_port=tls_port, host=host)
    assert (answer.status_code, answer.headers["Location"]) == (308, there)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/recordings"),
        ("GET", "/v1/health"),
        ("GET", "/openapi.json"),
        ("POST", "/v1/sessions"),
        ("PATCH", "/v1/uploads/x"),
        ("POST", "/console/login"),
        ("POST", "/ca"),
        ("OPTIONS", "/v1/uploads"),
        ("GARBAGE", "/"),
    ],
)
def test_what_carries_something_is_refused(method: str, path: str) -> None:
    """A token, a password or evidence that came without TLS is never repeated over it as if nothing had happened."""
    answer = asked(path, method=method, body=b"x" * 9)
    assert (answer.status_code, answer.json()["slug"]) == (403, "tls-required")
    assert "Location" not in answer.headers


def test_the_certificate_is_what_a_phone_offers_to_install() -> None:
    """Its bytes, under the type that phones know."""
    answer = asked(CERTIFICATE)
    assert (answer.content, answer.headers["Content-Type"]) == (GIVEN.der, CERTIFICATE_TYPE)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "words"), [("", "核对指纹"), ("?lang=en", "Compare the fingerprint"), ("?lang=x", "核对指纹")]
)
def test_the_page_tells_what_to_compare(query: str, words: str) -> None:
    """Fingerprint, file, where to go on, and a code of this very page; nothing of it is a script."""
    answer = asked(f"/ca{query}")
    assert answer.status_code == 200
    for wanted in (words, GIVEN.sha256, CERTIFICATE, "https://law.example.cn:8443/console", "<svg"):
        assert wanted in answer.text
    assert "<script" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert asked("/ca/console.css").headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/", "/ca", CERTIFICATE, "/v1/health"])
def test_another_host_is_shown_nothing(path: str) -> None:
    """Who made a name of theirs lead here is told neither a way nor a certificate."""
    answer = asked(path, host="evil.example")
    assert (answer.status_code, answer.json()["slug"]) == (421, "host-unknown")


def test_every_answer_carries_the_plain_headers_and_no_hsts() -> None:
    """HSTS counts over TLS alone (RFC 6797, 7.2)."""
    for path in ("/", "/ca", CERTIFICATE, "/v1/health", "/nowhere"):
        answer = asked(path)
        assert {name: answer.headers[name.decode()].encode() for name, _ in PLAIN_HEADERS} == dict(
            PLAIN_HEADERS
        )
        assert "strict-transport-security" not in answer.headers
