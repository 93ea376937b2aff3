"""`quancheng serve --tls`: a phone's browser installs the authority and gets camera and keys; a device hands in over it."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import certifi
import httpx
import pytest
from cryptography import x509
from playwright.sync_api import Browser, Error, Page

from tests.axe import barriers
from tests.browser import browsing, overflows, trust, widths, window
from tests.command import Serving, environment, serving
from tests.homes import Homes
from tests.media import jpeg
from tests.stand import PATIENCE_SECONDS, ROOT, free_port
from tests.web import TRUST

NAME = "quancheng.test"


@dataclass
class Secured:
    """One server over TLS, its plain port, and whom to trust for it."""

    home: Path
    port: int
    tls_port: int
    serving: Serving

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    @property
    def authority(self) -> Path:
        return self.home / "tls" / "ca.crt"


@pytest.fixture(scope="module")
def secured(homes: Homes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    home = tmp_path_factory.mktemp("tls") / "home"
    homes.founded(home)
    port, tls_port = free_port(), free_port()
    words = ("--tls", "--tls-port", str(tls_port))
    with serving(home, port, *words, API_HOSTS=NAME) as one:
        one.wait_for("up")
        yield Secured(home, port, tls_port, one)


def test_the_device_hands_in_over_tls(secured: Secured, tmp_path: Path) -> None:
    """The demo's device sends all it has; a newcomer's needs no option; one that trusts others alone sends nothing."""
    assert secured.serving.wait_for("demo_sent"), secured.serving.said()
    photo = tmp_path / "a.jpg"
    photo.write_bytes(jpeg())
    done = recorded(secured, photo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["verdict"] in ("verified", "doubtful")
    other = tmp_path / "other.crt"
    other.write_bytes(Path(__file__).parent.joinpath("conftest.py").read_bytes())
    assert recorded(secured, photo, "--authority", str(other)).returncode == 2
    refused = recorded(secured, photo, QUANCHENG_AUTHORITY=str(_foreign()), words=("--patience", "1"))
    assert refused.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stdout + refused.stderr


def recorded(
    secured: Secured, photo: Path, *more: str, words: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "quancheng.py", "record", str(photo), "--json", *words, *more],
        cwd=ROOT,
        env=environment(secured.home, **env),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _foreign() -> Path:
    """Certificates of everybody's authorities, none of which is ours."""
    return Path(certifi.where())


def test_the_plain_port_gives_nothing_away(secured: Secured) -> None:
    """Pages lead to TLS, the API is refused there, and what it hands out is the certificate that clients trust."""
    with httpx.Client(base_url=secured.plain, verify=TRUST, timeout=PATIENCE_SECONDS) as plain:
        sent_on = plain.get("/console/login?back=/console")
        assert (sent_on.status_code, sent_on.headers["Location"]) == (
            308,
            f"{secured.address}/console/login?back=/console",
        )
        wish = {"login": "zhou", "password": "x"}
        assert plain.post("/v1/sessions", json=wish).json()["slug"] == "tls-required"
        installed = plain.get("/ca/quancheng-ca.crt").content
    own = x509.load_pem_x509_certificate(secured.authority.read_bytes())
    assert x509.load_der_x509_certificate(installed) == own
    said = secured.serving.wait_for("authority")
    assert said["sha256"] in httpx.get(f"{secured.plain}/ca", verify=TRUST, timeout=PATIENCE_SECONDS).text
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(secured.address, verify=TRUST, timeout=PATIENCE_SECONDS)
    with httpx.Client(base_url=secured.address, verify=secured.trust, timeout=PATIENCE_SECONDS) as client:
        health = client.get("/v1/health")
        assert health.status_code == 200
        assert health.headers["Strict-Transport-Security"] == "max-age=31536000"
        sizes = {"content": bytes(2 * 1024 * 1024), "headers": {"Content-Type": "application/json"}}
        assert client.post("/v1/token", **sizes).json()["slug"] == "body-too-large"


@pytest.fixture
def installed(secured: Secured, chromium: Path, certutil: Path, tmp_path: Path) -> Iterator[Browser]:
    """Chromium of somebody who has installed the authority that the plain port handed out."""
    given = tmp_path / "given.crt"
    given.write_bytes(
        httpx.get(f"{secured.plain}/ca/quancheng-ca.crt", verify=TRUST, timeout=PATIENCE_SECONDS).content
    )
    trust(certutil, given, tmp_path / "phone")
    with browsing(chromium, *_NAMED, home=tmp_path / "phone") as browser:
        yield browser


@pytest.fixture
def bare(chromium: Path, tmp_path: Path) -> Iterator[Browser]:
    """Chromium of somebody who has not."""
    with browsing(chromium, *_NAMED, home=tmp_path / "bare") as browser:
        yield browser


_NAMED = (f"--host-resolver-rules=MAP {NAME} 127.0.0.1",)


def senses(page: Page) -> tuple[bool, bool, bool]:
    """Whether a page may be given a camera, keys, and is in a secure context at all."""
    return tuple(  # type: ignore[return-value] # three of them
        page.evaluate("[!!navigator.mediaDevices, !!(window.crypto && crypto.subtle), isSecureContext]")
    )


def test_a_browser_gets_camera_and_keys_by_installing_one_file(secured: Secured, installed: Browser) -> None:
    """By name: nothing of it over plain HTTP, all of it over TLS without a warning; the log-in is kept to TLS."""
    secured.serving.wait_for("demo_sent")
    passwords = json.loads((secured.home / "demo.json").read_text())["passwords"]
    with closing(window(installed)) as context:
        page = context.new_page()
        page.goto(f"http://{NAME}:{secured.port}/ca")
        assert senses(page) == (False, False, False)
        assert barriers(page) == []
        assert not [size for size in widths(page) if overflows(page)]
        page.goto(f"http://{NAME}:{secured.port}/console/cases")
        assert page.url.startswith(f"https://{NAME}:{secured.tls_port}/console/login")
        assert senses(page) == (True, True, True)
        page.fill("[name=login]", "zhou")
        page.fill("[name=password]", passwords["zhou"])
        page.click("main button.primary")
        page.wait_for_url(f"https://{NAME}:{secured.tls_port}/console/cases")
        cookies = {one["name"]: one for one in context.cookies()}
        session = cookies["__Host-qc_session"]
        assert (session["secure"], session["httpOnly"], session["path"]) == (True, True, "/")
        assert all(one["secure"] for one in cookies.values())
        page.click("form[action='/console/logout'] button")
        page.wait_for_url("**/console/login*")
        assert "__Host-qc_session" not in {one["name"] for one in context.cookies()}


def test_a_browser_without_it_is_warned(secured: Secured, bare: Browser) -> None:
    """Nobody is taught to click a warning away: without the authority the page is not shown."""
    with closing(window(bare)) as context, pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        context.new_page().goto(f"https://{NAME}:{secured.tls_port}/console")
