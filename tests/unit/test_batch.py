"""A batch of the reference device: one bad file ends nothing but itself, and all that is open is named."""

import base64
import hashlib
import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from mobile_contract.client import record
from mobile_contract.client.batch import record_all
from mobile_contract.client.device import DeviceFolder, DeviceState
from mobile_contract.client.hand_in import Run
from mobile_contract.client.transport import Server
from tests.make_contract import TEST_KID

URL = "http://server.test"
TUS = {"Tus-Resumable": "1.0.0"}


class Line:
    """A server of one device, in memory. `refused`, `stuck` and `lost` name files by what the device calls them."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.stuck: set[str] = set()
        self.lost: set[str] = set()
        self.before: Callable[[str], None] = lambda _: None
        self.held: dict[str, bytes] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        _, _, noun, *rest = request.url.path.split("/")
        if noun == "token":
            return httpx.Response(200, json={"access_token": "t", "server_time": "2026-03-01T00:00:00Z"})
        if noun == "manifests":
            return self._manifest(json.loads(request.content)["files"][0])
        if noun == "log":
            return httpx.Response(404, json={"slug": "log-unsigned", "title": "nothing is signed"})
        if noun == "recordings":
            return httpx.Response(200, json=self._recording(rest[0]))
        return self._upload(request, *rest)

    def _manifest(self, listed: dict[str, Any]) -> httpx.Response:
        self.before(listed["name"])
        if listed["name"] in self.refused:
            return httpx.Response(403, json={"slug": "permission-missing", "title": "no"})
        return httpx.Response(201, json={"files": [{"name": listed["name"]}]})

    def _upload(self, request: httpx.Request, ident: str = "", last: str = "") -> httpx.Response:
        if not ident:
            metadata = dict(pair.split(" ") for pair in request.headers["Upload-Metadata"].split(","))
            name = base64.b64decode(metadata["filename"]).decode()
            if name in self.lost:
                raise httpx.ConnectError("gone")
            made = name.encode().hex()
            self.held[made] = b""
            return httpx.Response(201, headers={**TUS, "Location": f"/v1/uploads/{made}"})
        if last == "complete":
            told = {"receipt_url": f"/v1/uploads/{ident}/receipt", "status_url": f"/v1/recordings/{ident}"}
            return httpx.Response(200, json=told)
        if last == "receipt":
            leaf = base64.b64encode(ident.encode()).decode()
            receipt = {"recording_id": ident, "received_at": "now", "size_bytes": 1, "leaf": leaf}
            return httpx.Response(200, json=receipt)
        if request.method == "PATCH":
            self.held[ident] += request.read()
        offset = str(len(self.held[ident]))
        return httpx.Response(
            204 if request.method == "PATCH" else 200, headers={**TUS, "Upload-Offset": offset}
        )

    def _recording(self, ident: str) -> dict[str, Any]:
        name = bytes.fromhex(ident).decode()
        state = "received" if name in self.stuck else "sealed"
        members = {"verdict": "verified", "may_delete_local": True, "filename": name, "checks": []}
        return {"id": ident, "state": state, **members}


class Device:
    """The reference device over a line, with what it said."""

    def __init__(self, folder: Path, line: Line) -> None:
        self.memory = DeviceFolder(folder)
        self.memory.path.mkdir()
        key = self.memory.new_key()
        self.server = Server(URL, httpx.Client(transport=httpx.MockTransport(line)), patience_seconds=0)
        self.server.identify(key, TEST_KID)
        self.said = StringIO()
        self.memory.save(
            DeviceState(
                device_id="d",
                kid=TEST_KID,
                agency_id="a",
                seq=0,
                prev=hashlib.sha256().hexdigest(),  # type: ignore[arg-type] # any digest
                clock_offset_ms=0,
                clock_uncertainty_ms=1,
                clock_synced_at=datetime(2026, 3, 1, tzinfo=UTC),
            )
        )

    def record(self, *files: Path) -> int:
        console = Console(file=self.said, width=400)
        return record_all(
            arguments(*map(str, files)), Run(self.memory, self.server, console, is_json=True, wait_seconds=0)
        )

    def open_files(self) -> list[Path]:
        state = self.memory.load()
        assert state is not None
        return [each.file for each in state.pending]


def arguments(*words: str) -> Namespace:
    parser = ArgumentParser()
    record.add_arguments(parser)
    return parser.parse_args([*words, "--json"])


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def device(tmp_path: Path, line: Line) -> Device:
    return Device(tmp_path / "device", line)


def files(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    return [tmp_path / name for name in names]


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_a_batch_goes_past_what_it_cannot_read(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder and a file that is not there are named at the end; every other file arrives."""
    good = files(tmp_path, "a.jpg", "b\\c.jpg", "d.jpg")
    (tmp_path / "folder").mkdir()
    code = device.record(good[0], tmp_path / "folder", good[1], tmp_path / "absent", good[2])
    lines = told(capsys)
    assert code == 2
    assert [each["filename"] for each in lines if "state" in each] == ["a.jpg", "b_c.jpg", "d.jpg"]
    assert [each["file"] for each in lines if "error" in each] == [
        str(tmp_path / "folder"),
        str(tmp_path / "absent"),
    ]
    assert "2 个文件未完成" in device.said.getvalue()
    assert "no such file" in device.said.getvalue()
    assert len(line.held) == 3


def test_a_file_that_vanishes_or_changes_on_its_way_is_named_and_stays_open(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signed and then gone, or cut: the others arrive, the signed captures stay in the device's memory."""
    paths = files(tmp_path, "gone.jpg", "cut.jpg", "good.jpg")

    def disturb(name: str) -> None:
        if name == "gone.jpg":
            paths[0].unlink(missing_ok=True)
        if name == "cut.jpg":
            paths[1].write_bytes(b"")

    line.before = disturb
    assert device.record(*paths) == 2
    lines = told(capsys)
    assert [each["filename"] for each in lines if "state" in each] == ["good.jpg"]
    assert [each["problem"] for each in lines if "error" in each] == ["file-unreadable", "file-changed"]
    assert device.open_files() == paths[:2]


def test_what_the_server_refuses_is_named_and_the_rest_arrives(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal is of one file; also at the next start it holds up nothing."""
    paths = files(tmp_path, "a.jpg", "bad.jpg", "c.jpg")
    line.refused = {"bad.jpg"}
    assert device.record(*paths) == 1
    lines = told(capsys)
    assert [each["filename"] for each in lines if "state" in each] == ["a.jpg", "c.jpg"]
    assert [each["problem"] for each in lines if "error" in each] == ["permission-missing"]

    assert device.record(*files(tmp_path, "later.jpg")) == 0
    assert [each["filename"] for each in told(capsys)] == ["later.jpg"]
    assert f"  {paths[1]}\n" in device.said.getvalue().split("record them again")[-1]


def test_a_wait_that_ends_names_what_is_open(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All bytes are in before anybody waits; verdicts that came are shown, the others named with their ids."""
    paths = files(tmp_path, "a.jpg", "slow.jpg", "c.jpg", "slower.jpg")
    line.stuck = {"slow.jpg", "slower.jpg"}
    assert device.record(*paths) == 3
    lines = told(capsys)
    assert [each.get("filename") or each["problem"] for each in lines] == [
        "a.jpg",
        "not-verified-yet",
        "c.jpg",
        "not-verified-yet",
    ]
    assert lines[1]["recording_id"] == b"slow.jpg".hex()
    assert device.open_files() == []


def test_a_server_that_goes_away_ends_the_batch_and_everything_open_is_named(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file on its way, the ones not tried and the ones without a verdict: none is passed over."""
    paths = files(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    line.lost = {"b.jpg"}
    assert device.record(*paths) == 3
    problems = {Path(each["file"]).name: each["problem"] for each in told(capsys)}
    assert problems == {
        "b.jpg": "server-unreachable",
        "c.jpg": "not-tried",
        "a.jpg": "not-verified-yet",
    }
    line.lost = set()
    assert device.record(*paths) == 0
    assert device.open_files() == []


def test_a_name_in_another_encoding_is_handed_in(
    device: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file name in GBK goes through memory, wire and report."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + "现场.jpg".encode("gbk")))
    path.write_bytes(b"x")
    assert device.record(path) == 0
    (recording,) = told(capsys)
    assert recording["filename"] == "现场.jpg"
    assert recording["left_out"]


def test_a_memory_that_cannot_be_written_signs_nothing_more(
    device: Device, line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the state cannot be kept, the batch ends: another signature would repeat a number."""
    paths = files(tmp_path, "a.jpg", "b.jpg")
    (device.memory.path / "state.json.new").mkdir()
    assert device.record(*paths) != 0
    assert [each["problem"] for each in told(capsys)] == ["file-unreadable", "not-tried"]
    assert line.held == {}
