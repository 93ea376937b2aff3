"""Whether other machines are answered without TLS, as the doctor and a starting server find it out."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schemas.health import Health, HealthPart
from schemas.served import served_by
from storage.setup.authority import Authority
from storage.setup.home import Home
from tests.stand import free_port
from workers.doctor import Finding, examine
from workers.listening import Listening, plain_to_others, read_listening, write_listening

EVERYWHERE = "0.0.0.0"


@contextmanager
def answering(host: str, status: int) -> Iterator[int]:
    """A server that answers every page alike; yields its port."""

    class Alike(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((host, 0), Alike) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def outside() -> str:
    """An address of this machine that others may reach; skipped where it has none."""
    with answering(EVERYWHERE, 200) as port:
        found = plain_to_others(Listening(EVERYWHERE, port, is_tls=False))
    if found is None:
        pytest.skip("this machine has no address beside loopback")
    return found.removeprefix("http://").rpartition(":")[0]


def test_a_page_on_every_address_is_found_by_one_that_others_reach(outside: str) -> None:
    """What is told is an address that another machine can ask."""
    assert not outside.startswith("127.")
    with answering(outside, 200) as port:
        assert plain_to_others(Listening(outside, port, is_tls=False)) == f"http://{outside}:{port}"


@pytest.mark.parametrize("status", [308, 403, 421, 500])
def test_a_port_that_shows_no_page_is_none(outside: str, status: int) -> None:
    """One that leads to TLS, or refuses, gives nothing away."""
    with answering(EVERYWHERE, status) as port:
        assert plain_to_others(Listening(EVERYWHERE, port, is_tls=True)) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_is_nobody_elses(host: str) -> None:
    """Nothing is asked: no other machine can."""
    assert plain_to_others(Listening(host, 1, is_tls=False)) is None


def test_a_server_that_was_killed_is_tried_in_vain(outside: str) -> None:
    """What it wrote down stays, and nobody answers there."""
    assert plain_to_others(Listening(outside, free_port(), is_tls=False)) is None


def found(home: Home, monkeypatch: pytest.MonkeyPatch, url: str = "") -> list[Finding]:
    monkeypatch.setenv("CONSOLE_URL", url)
    for name in ("DATABASE_URL", "OBJECTS_URL"):
        monkeypatch.delenv(name, raising=False)
    return [one for one in examine(home) if one.part is HealthPart.TLS]


def test_the_doctor_says_which_holds(outside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None on this machine alone, a proxy by the address that people are told, our own authority, or open to others."""
    home = Home(tmp_path / "home")
    home.prepare()
    assert [one.code for one in found(home, monkeypatch)] == [Health.TLS_ABSENT]
    assert [one.code for one in found(home, monkeypatch, "https://law.example.cn")] == [Health.TLS_BEFORE]
    (told,) = found(home, monkeypatch, "http://law.example.cn:8080")
    assert (told.code, told.is_warned, told.is_good) == (Health.TLS_OPEN, True, True)
    assert [one.code for one in found(home, monkeypatch, "http://127.0.0.1:8080")] == [Health.TLS_ABSENT]
    with answering(EVERYWHERE, 200) as port:
        write_listening(home, Listening(EVERYWHERE, port, is_tls=False))
        (told,) = found(home, monkeypatch)
        assert told.code is Health.TLS_OPEN
        assert f"http://{outside}:{port}" in told.en
        both = [one.code for one in found(home, monkeypatch, "https://law.example.cn")]
        assert both == [Health.TLS_OPEN, Health.TLS_BEFORE]
    Authority(home.tls_dir, served_by([outside])).prepare()
    with answering(EVERYWHERE, 308) as port:
        write_listening(home, Listening(EVERYWHERE, port, is_tls=True))
        (told,) = found(home, monkeypatch)
        assert (told.code, told.is_warned) == (Health.TLS_OWN, False)
        assert "SHA-256" in told.en


def test_what_was_written_down_and_is_damaged_is_nothing(tmp_path: Path) -> None:
    """A half of a file, or one of another form, stops no doctor."""
    home = Home(tmp_path / "home")
    home.prepare()
    assert read_listening(home) is None
    write_listening(home, Listening("h", 1, is_tls=True))
    assert read_listening(home) == Listening("h", 1, is_tls=True)
    for damage in ("", "[]", "{}", json.dumps({"host": "h", "port": "x", "is_tls": 1})):
        home.listening_path.write_text(damage)
        assert read_listening(home) is None
