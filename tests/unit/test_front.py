"""What holds for every answer: its plain headers, and that only our own names are answered to."""

import asyncio
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from pydantic import ValidationError

from api.app import create_app
from api.front import PLAIN_HEADERS, Hosts, host_of
from api.settings import ApiSettings

LIMIT = 1000


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Leave the log as it was: to build the application sets its form for the process."""
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)
    structlog.reset_defaults()


def asked(
    path: str,
    *,
    host: str = "localhost",
    method: str = "GET",
    size_bytes: int = 0,
    scheme: str = "http",
    forwarded: tuple[str, ...] = (),
    **settings: object,
) -> httpx.Response:
    app = create_app(
        ApiSettings(json_limit_bytes=LIMIT, **settings),  # type: ignore[arg-type] # named by each test
        None,  # type: ignore[arg-type] # nothing here comes to a store, but for the fault that is asked for
    )

    async def ask() -> httpx.Response:
        inside = httpx.ASGITransport(app, raise_app_exceptions=False)
        said = [("X-Forwarded-Proto", one) for one in forwarded]
        async with httpx.AsyncClient(transport=inside, base_url=f"{scheme}://localhost") as client:
            return await client.request(
                method, path, headers=[("Host", host), *said], content=bytes(size_bytes)
            )

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/", "localhost", 303),
        ("POST", "/v1/token", "localhost", 413),
        ("GET", "/console/static/console.css", "localhost", 200),
        ("GET", "/openapi.json", "evil.test", 421),
        ("GET", "/console/static/console.css", "evil.test", 421),
        ("OPTIONS", "/v1/uploads", "localhost", 500),
        ("PUT", "/v1/uploads", "localhost", 405),
        ("GET", "/v1/uploads/nowhere/at/all", "localhost", 404),
    ],
)
def test_every_answer_carries_the_plain_headers(method: str, path: str, host: str, status: int) -> None:
    """Success, the framework's own refusals, ours, and a fault: none may be sniffed or use a sensor."""
    answer = asked(path, method=method, host=host, size_bytes=LIMIT + 1 if status == 413 else 0)
    assert answer.status_code == status
    assert {name: answer.headers[name.decode()].encode() for name, _ in PLAIN_HEADERS} == dict(PLAIN_HEADERS)
    assert "server" not in answer.headers


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.9.9.9:1", "[::1]:8080"])
def test_loopback_is_always_ours(host: str) -> None:
    """The embedded default is reached by loopback names and addresses."""
    assert asked("/", host=host).status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.test", "10.0.0.1", "localhost.evil.test", "", "localhost:x", "a@localhost"]
)
def test_another_host_is_refused_with_a_problem(host: str) -> None:
    """A name that was made to lead here gets 421 and nothing else, on pages as on routes."""
    for path in ("/v1/uploads", "/console/login", "/console/static/console.css"):
        answer = asked(path, host=host)
        assert (answer.status_code, answer.json()["slug"]) == (421, "host-unknown")


def test_configured_names_answer_and_no_others() -> None:
    """Names, addresses, networks and every name below one, as API_HOSTS lists them."""
    hosts = "law.example.cn, 10.2.0.0/16 *.inside.example [2001:db8::7]"
    for host in (
        "law.example.cn:443",
        "10.2.3.4",
        "a.inside.example",
        "a.b.inside.example.",
        "[2001:db8::7]:80",
    ):
        assert asked("/", host=host, hosts=hosts).status_code == 303, host
    for host in ("www.law.example.cn", "10.3.0.1", "inside.example", "xinside.example", "[2001:db8::8]"):
        assert asked("/", host=host, hosts=hosts).status_code == 421, host


def test_a_probe_by_address_reaches_health_alone() -> None:
    """A scheduler knows no name; whoever wants none of that says so."""
    health = "/v1/health"
    assert asked(health, host="10.9.8.7:8080").status_code == 500  # it has no store to ask
    assert asked(health, host="10.9.8.7:8080", health_by_address=False).status_code == 421
    assert asked(health, host="evil.test").status_code == 421
    assert asked("/v1/trust", host="10.9.8.7:8080").status_code == 421


def test_a_server_answers_to_what_it_listens_on() -> None:
    """`--host 192.168.1.5` needs no second setting."""
    settings = ApiSettings(hosts="law.example.cn").answering_to("192.168.1.5")
    assert {"192.168.1.5", "law.example.cn", "localhost"} <= set(settings.host_names)
    assert "fe80::1" in Hosts(ApiSettings().answering_to("fe80::1%eth0").host_names)


def test_a_host_that_is_none_is_refused_at_the_start() -> None:
    """A wrong setting is said, not kept as a name that never matches."""
    with pytest.raises(ValidationError, match="neither a name nor an address"):
        ApiSettings(hosts="https://law.example.cn/")


def test_a_host_header_is_read_without_port_and_brackets() -> None:
    """What is no host is the empty name, which nobody has."""
    assert [host_of(text) for text in ("A.b:80", "[::1]", "a:b:c", "[::1", "a b")] == [
        "a.b",
        "::1",
        "",
        "",
        "a b",
    ]


HSTS = "strict-transport-security"
PROXIES = "127.0.0.0/8, 10.9.0.0/16"


@pytest.mark.parametrize("path", ["/", "/console/static/console.css", "/v1/uploads/nowhere/at/all"])
def test_over_tls_a_browser_is_told_to_stay_there(path: str) -> None:
    """Every answer over TLS says it, none without (RFC 6797, 7.2); an operator may leave it out."""
    assert asked(path, scheme="https").headers[HSTS] == "max-age=31536000"
    assert HSTS not in asked(path).headers
    assert HSTS not in asked(path, scheme="https", hsts_seconds=0).headers


@pytest.mark.parametrize(
    ("proxies", "forwarded", "is_tls"),
    [
        (PROXIES, ("https",), True),
        (PROXIES, ("http",), False),
        (PROXIES, (), False),
        (PROXIES, ("http", "https"), False),
        (PROXIES, ("https, http",), False),
        ("", ("https",), False),
        ("10.9.0.0/16", ("https",), False),
    ],
)
def test_only_a_proxy_of_ours_says_that_tls_is_spoken(
    proxies: str, forwarded: tuple[str, ...], is_tls: bool
) -> None:
    """Who asks is 127.0.0.1: its word counts where it is named, and one word alone."""
    assert (HSTS in asked("/", proxies=proxies, forwarded=forwarded).headers) == is_tls
