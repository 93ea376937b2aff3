"""`quancheng export` used wrongly, and the file it leaves: nothing is asked of a server for a place that is none."""

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from mobile_contract.client import export
from mobile_contract.client.exporter import Exporter, Login
from mobile_contract.client.wire import Answered
from schemas.errors import Unavailable

EXPORT = str(UUID(int=7))
PACKAGE = b"package" * 1000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANCHENG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QUANCHENG_SERVER", raising=False)


def run_export(*args: str) -> int:
    parser = ArgumentParser()
    export.add_arguments(parser)
    return export.run(parser.parse_args(["case-1", "--login", "wang", *args]))


def server(request: httpx.Request, *, sent: bytes = PACKAGE) -> httpx.Response:
    """One case with one package that is ready at once."""
    status = {
        "export_id": EXPORT,
        "status_url": f"/v1/exports/{EXPORT}",
        "package_url": "/package",
        "content_url": "/package",
        "case_id": "c",
        "state": "ready",
        "size_bytes": len(PACKAGE),
        "sha256": hashlib.sha256(PACKAGE).hexdigest(),
    }
    answers = {
        "/v1/sessions": {"token": "t"},
        "/v1/cases": {"cases": [{"number": "case-1", "id": "c"}]},
    }
    if request.url.path == "/package":
        return httpx.Response(200, content=sent)
    return httpx.Response(200, json=answers.get(request.url.path, status))


def fetched(output: Path) -> None:
    client = httpx.Client(base_url="http://server.test", transport=httpx.MockTransport(server))
    Exporter(client, lambda *_: None, poll_seconds=0).export("case-1", output, Login("wang", "x"))


@pytest.mark.parametrize(
    ("output", "words"),
    [(".", "a folder"), ("absent/case.zip", "not there"), ("file/case.zip", "not there")],
)
def test_an_output_that_cannot_be_written_is_refused_at_once(
    output: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 before log-in, password and server are looked at; one JSON object; no empty bar."""
    (tmp_path / "file").touch()

    assert run_export("-o", str(tmp_path / output), "--server", "http://127.0.0.1:9", "--json") == 2
    said = capsys.readouterr()
    assert words in json.loads(said.out)["error"]
    assert json.loads(said.out)["exit_code"] == 2
    assert "bytes" not in said.err


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    """The sentence holds the address that was tried, and no stage is shown as begun."""

    def absent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    stages: list[str] = []
    client = httpx.Client(base_url="http://server.test", transport=httpx.MockTransport(absent))
    exporter = Exporter(client, lambda stage, *_: stages.append(stage), poll_seconds=0)

    with pytest.raises(Unavailable, match=r"http://server\.test: refused"):
        exporter.export("case-1", tmp_path / "p.zip", Login("wang", "x"))
    assert stages == []
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_a_scheme_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--server foo` is told apart from a server that is down."""
    secret = tmp_path / "password"
    secret.write_text("x")
    wish = ("-o", str(tmp_path / "p.zip"), "--server", "foo", "--password-file", str(secret), "--json")

    assert run_export(*wish) == 2
    assert json.loads(capsys.readouterr().out)["problem"] == "server-address"


def test_a_password_file_that_is_no_text_is_wrong_use(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 end in a sentence, not in a traceback."""
    secret = tmp_path / "password"
    secret.write_bytes(b"\xff\xfe")

    assert run_export("-o", str(tmp_path / "p.zip"), "--password-file", str(secret)) == 2


def test_only_the_whole_package_gets_the_name(tmp_path: Path) -> None:
    """The package replaces an older one in one step, and nothing is left beside it."""
    output = tmp_path / "case[1].zip"
    output.write_bytes(b"older")
    (tmp_path / f"case[1].zip.{EXPORT}.part").write_bytes(PACKAGE)

    fetched(output)

    assert output.read_bytes() == PACKAGE
    assert list(tmp_path.iterdir()) == [output]


def test_a_strangers_file_beside_the_output_is_not_touched(tmp_path: Path) -> None:
    """Only names with the id of an export are ours to go on with or to remove."""
    stranger = tmp_path / "case.zip.notes.part"
    stranger.write_text("mine")

    fetched(tmp_path / "case.zip")

    assert stranger.read_text() == "mine"


def test_an_answer_longer_than_the_package_is_cut(tmp_path: Path) -> None:
    """What a server sends beyond the stated size never reaches the disk."""
    output = tmp_path / "case.zip"
    endless = httpx.MockTransport(lambda request: server(request, sent=PACKAGE + b"x" * 100))
    client = httpx.Client(base_url="http://server.test", transport=endless)

    Exporter(client, lambda *_: None, poll_seconds=0).export("case-1", output, Login("wang", "x"))

    assert output.read_bytes() == PACKAGE


def test_the_code_of_a_second_factor_goes_with_the_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants a code is given it; without one its refusal is told, and nobody is asked for ever."""
    tried: list[object] = []

    def asking(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/sessions":
            return server(request)
        tried.append(json.loads(request.content).get("code"))
        if tried[-1] == "123456":
            return server(request)
        return httpx.Response(401, json={"slug": "login-code-needed", "title": "a code is needed"})

    client = httpx.Client(base_url="http://server.test", transport=httpx.MockTransport(asking))
    exporter = Exporter(client, lambda *_: None, poll_seconds=0)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    monkeypatch.delenv("QUANCHENG_CODE", raising=False)
    with pytest.raises(Answered, match="code"):
        exporter.export("case-1", tmp_path / "one.zip", Login("wang", "x"))
    monkeypatch.setenv("QUANCHENG_CODE", "123456")
    exporter.export("case-1", tmp_path / "two.zip", Login("wang", "x"))

    assert tried == [None, None, "123456"]
    assert (tmp_path / "two.zip").read_bytes() == PACKAGE
