"""`quancheng record` used wrongly: a sentence in two languages, the promised exit code, and nothing left behind."""

import json
import os
import resource
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from mobile_contract.client import record
from mobile_contract.client.capture import look_at
from mobile_contract.client.device import DeviceFolder, DeviceState
from mobile_contract.client.failure import failure_of
from mobile_contract.client.wire import Answered
from schemas.errors import Conflict, Invalid
from schemas.refusals_command import PLACE_INVALID, SERVER_UNREACHABLE
from tests.make_contract import TEST_KID


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUANCHENG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QUANCHENG_SERVER", raising=False)
    return tmp_path / "home"


def run_record(*args: str) -> int:
    parser = ArgumentParser()
    record.add_arguments(parser)
    return record.run(parser.parse_args(args))


def photo(tmp_path: Path) -> str:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    return str(path)


def state(**update: object) -> DeviceState:
    members = {
        "device_id": "d",
        "kid": TEST_KID,
        "agency_id": "a",
        "seq": 0,
        "prev": "c0" * 32,
        "clock_offset_ms": 5,
        "clock_uncertainty_ms": 1,
        "clock_synced_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return DeviceState.model_validate({**members, **update})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("absent", "没有这个文件 no such file"),
        ("folder", "这是文件夹，不是文件 a folder, not a file"),
        ("pipe", "不是普通文件 not a regular file"),
        ("link", "符号链接成环 the symbolic links go in a circle"),
        ("a.jpg/b.jpg", "路径中有一段不是文件夹 a part of the path is not a folder"),
        ("x" * 300, "文件名过长 the name is too long"),
    ],
)
def test_what_is_no_file_is_named_before_anything_is_done(
    kind: str, words: str, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence is in two languages and names the path; no device is enrolled and no folder made."""
    path = tmp_path / kind
    photo(tmp_path)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(path)

    assert run_record(str(path), "--json") == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "error": f"{words}: {path}",
        "problem": json.loads(said.out)["problem"],
        "exit_code": 2,
    }
    assert words in said.err
    assert not home.exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--server", "foo"), "server-address"),
        (("--server", "localhost:8080"), "server-address"),
        (("--place", "95,0"), "place-invalid"),
        (("--place", "north"), "place-invalid"),
        (("--officer", "two words"), "claim-invalid"),
        (("--case", "x" * 129), "claim-invalid"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    options: tuple[str, str], problem: str, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody waits for a server that has no address, or reads a traceback for a place."""
    assert run_record(photo(tmp_path), *options, "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["problem"], said["exit_code"]) == (problem, 2)
    assert problem == "claim-invalid" or options[1] in said["error"]
    assert not home.exists()


@pytest.mark.parametrize("option", ["--wait", "--patience"])
@pytest.mark.parametrize("text", ["nan", "-1", "soon"])
def test_a_time_that_never_ends_is_refused(option: str, text: str, tmp_path: Path) -> None:
    """`nan` seconds would wait for ever; argparse says so and exits 2."""
    with pytest.raises(SystemExit) as ended:
        run_record(photo(tmp_path), f"{option}={text}")
    assert ended.value.code == 2


def test_a_damaged_state_is_told_with_what_to_do(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, and nobody is told to restore a copy that would repeat a sequence number."""
    (home / "device").mkdir(parents=True)
    (home / "device" / "state.json").write_text('{"seq": 4')

    assert run_record(photo(tmp_path), "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert said["problem"] == "device-memory-damaged"
    assert "state.json" in said["error"]
    assert "do not restore" in said["error"]


@pytest.mark.parametrize("pem", [b"", b"no key", None])
def test_a_damaged_key_is_told_too(pem: bytes | None, tmp_path: Path) -> None:
    """A key file that is gone or unreadable is the device's fault, not a traceback."""
    if pem is not None:
        (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(Conflict, match=r"key\.pem"):
        DeviceFolder(tmp_path).key()


def test_a_state_that_does_not_fit_is_never_kept_in_part(tmp_path: Path) -> None:
    """A short write is an error that leaves the old state, not a new one without its end."""
    folder = DeviceFolder(tmp_path)
    saved = folder.save(state())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="large"):
            folder.save(state(seq=1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert folder.load() == saved


@pytest.mark.parametrize("way", ["rewrite", "replace", "append"])
def test_a_file_that_changes_while_it_is_hashed_is_not_signed(way: str, tmp_path: Path) -> None:
    """Rewritten in place, replaced by one of the same size, or grown: the digest would be of no file."""
    path, other = tmp_path / "film", tmp_path / "other"
    path.write_bytes(bytes(3 * 1024 * 1024))
    other.write_bytes(bytes([1]) * (3 * 1024 * 1024))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))

    def disturb(read_bytes: int) -> None:
        if read_bytes != 1024 * 1024:
            return
        if way == "replace":
            other.replace(path)
            return
        with path.open("r+b") as stream:
            stream.seek(0, 2 if way == "append" else 0)
            stream.write(b"x")
        os.utime(path)

    with pytest.raises(Invalid, match="changed"):
        look_at(path, progress=disturb)


def test_progress_counts_every_byte(tmp_path: Path) -> None:
    """What is shown while a long file is hashed ends at its size."""
    path = tmp_path / "film"
    told: list[int] = []
    path.write_bytes(bytes(2 * 1024 * 1024 + 5))
    look_at(path, progress=told.append)
    assert told == [1024 * 1024, 2 * 1024 * 1024, 2 * 1024 * 1024 + 5]


def test_every_ending_has_its_code() -> None:
    """3 for what does not answer, 1 for what the server refused, 2 for the caller, 130 for Ctrl-C."""
    refused = Answered(httpx.Response(422, json={"slug": "x", "title": "t", "en": {"next": "do that"}}))
    endings = [SERVER_UNREACHABLE("x"), refused, PLACE_INVALID("x"), ValueError("x"), KeyboardInterrupt()]
    assert [failure_of(err).code for err in endings] == [3, 1, 2, 2, 130]
    assert "do that" in failure_of(refused).text
    assert failure_of(OSError(28, "raw words")).code == 3
    assert "raw words" not in failure_of(OSError(28, "raw words")).text
