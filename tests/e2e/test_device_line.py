"""The reference device, and the page for phone developers, against the real server as a program of its own."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas.manifest import parse_manifest
from tests.media import gpx, jpeg, truncated_jpeg
from tests.stand import PATIENCE_SECONDS, free_port, until
from tests.stores import MIB, Wire, wire
from tests.web import TRUST

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "mobile_contract" / "README.md"
HELD_BYTES = 8 * MIB
"""Of a film this much is let through before the device is stopped: it is in the middle, whoever is faster."""


class Product:
    """A server with a home of its own, and the command beside it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.server = f"http://127.0.0.1:{port}"
        self._env = {**os.environ, "QUANCHENG_HOME": str(home), "QUANCHENG_PORT": str(port)}
        for name in ("DATABASE_URL", "OBJECTS_URL", "BROKER_URL", "QUANCHENG_SERVER"):
            self._env.pop(name, None)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "quancheng.py", *arguments],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def record(self, *arguments: str) -> tuple[int, list[dict[str, object]], str]:
        program = self.start("record", "--json", *arguments)
        out, err = program.communicate(timeout=PATIENCE_SECONDS)
        return program.returncode, [json.loads(line) for line in out.splitlines()], err

    def pending(self) -> list[dict[str, object]]:
        path = self.home / "device" / "state.json"
        return json.loads(path.read_bytes())["pending"] if path.exists() else []


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    port = free_port()
    made = Product(tmp_path_factory.mktemp("home"), port)
    log = (made.home / "serve.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "quancheng.py", "serve", "--port", str(port)],
        cwd=ROOT,
        env=made._env,
        stdout=log,
        stderr=log,
    )
    try:
        until(lambda: server.poll() is not None or is_ready(made), "the product is up")
        assert server.poll() is None, (made.home / "serve.log").read_text()
        yield made
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE_SECONDS)
        log.close()


def is_ready(product: Product) -> bool:
    try:
        is_answering = httpx.get(
            f"{product.server}/v1/health", verify=TRUST, timeout=PATIENCE_SECONDS
        ).is_success
    except httpx.TransportError:
        return False
    return is_answering and (product.home / "demo.json").exists()


def test_a_newcomer_needs_no_option(product, tmp_path):
    """The first call enrols by the demo's code, and a photo and a track come back sealed and verified."""
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    (tmp_path / "track.gpx").write_bytes(gpx())
    code, recordings, err = product.record(str(tmp_path / "photo.jpg"), str(tmp_path / "track.gpx"))
    assert code == 0, err
    assert [recording["state"] for recording in recordings] == ["sealed", "sealed"]
    outcomes = {check["name"]: check["outcome"] for check in recordings[0]["checks"]}
    assert {outcomes[name] for name in ("digest", "size", "manifest_signature", "device_key")} == {"verified"}
    assert outcomes["officers"] == "verified"
    assert recordings[0]["receipt"]["recording_id"] == recordings[0]["id"]
    assert product.pending() == []


def held(product: Product, line: Wire, film: Path) -> subprocess.Popen[str]:
    """A device that hangs in the middle of its upload."""
    line.hold(HELD_BYTES)
    program = product.start("record", "--json", str(film), "--server", line.url)
    assert line.is_held.wait(PATIENCE_SECONDS)
    return program


def test_an_interrupted_upload_goes_on_from_the_servers_offset(product, tmp_path):
    """Ctrl-C leaves one signed capture; the same command finishes that one, under the same seq."""
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(4 * HELD_BYTES))
    with wire(product.server) as line:
        first = held(product, line, film)
        first.send_signal(signal.SIGINT)
        said = first.communicate(timeout=PATIENCE_SECONDS)
        assert first.returncode == 130, said
        (left,) = product.pending()
        line.let_go()
        code, (recording,), err = product.record(str(film), "--server", line.url)
    assert code == 0, err
    assert recording["size_bytes"] == film.stat().st_size
    assert recording["receipt"]["upload_id"] == str(left["upload_url"]).rsplit("/", 1)[-1]
    assert parse_manifest(str(left["payload"]).encode()).seq == left["seq"]
    sequence = next(check for check in recording["checks"] if check["name"] == "manifest_sequence")
    assert sequence["outcome"] == "verified"
    assert product.pending() == []


def test_a_kill_after_signing_never_forks_the_sequence(product, tmp_path):
    """SIGKILL between signing and receipt: the next run sends the same manifest, the one after has no gap."""
    film = tmp_path / "killed.bin"
    film.write_bytes(os.urandom(2 * HELD_BYTES))
    with wire(product.server) as line:
        program = held(product, line, film)
        program.kill()
        program.communicate(timeout=PATIENCE_SECONDS)
        line.let_go()
        for _ in range(2):
            code, (recording,), err = product.record(str(film), "--server", line.url)
            assert code == 0, err
            sequence = next(check for check in recording["checks"] if check["name"] == "manifest_sequence")
            assert sequence["outcome"] == "verified"


def test_bytes_changed_after_signing_are_quarantined(product, tmp_path):
    """A file altered between signature and transfer arrives, is kept, and exits 1 as a mismatch."""
    film = tmp_path / "altered.bin"
    film.write_bytes(os.urandom(2 * HELD_BYTES))
    with wire(product.server) as line:
        program = held(product, line, film)
        program.kill()
        program.communicate(timeout=PATIENCE_SECONDS)
    (left,) = product.pending()
    state = product.home / "device" / "state.json"
    members = json.loads(state.read_bytes())
    other = os.urandom(2 * HELD_BYTES)
    film.write_bytes(other)
    # The device believes these bytes are the signed ones, as after damage on its own card.
    members["pending"][0]["sha256"] = hashlib.sha256(other).hexdigest()
    members["pending"][0]["upload_url"] = None
    state.write_text(json.dumps(members))
    code, (recording,), _ = product.record(str(film))
    assert code == 1
    assert recording["state"] == "quarantined"
    assert left["seq"]


def test_a_damaged_photo_is_sealed_with_its_finding(product, tmp_path):
    """Damage at capture is a finding, not a broken claim: exit 0, and the verdict says doubtful."""
    path = tmp_path / "cut.jpg"
    path.write_bytes(truncated_jpeg())
    code, (recording,), err = product.record(str(path))
    assert code == 0, err
    assert (recording["state"], recording["verdict"]) == ("sealed", "doubtful")


def test_a_batch_with_every_dislike_is_received(product, tmp_path):
    """A track of 1969, one in GBK, a backslash in a name, a name in GBK, a place typed for older files: all in."""
    track = '<gpx><trkpt lat="33.3" lon="120.1"><time>{}</time></trkpt></gpx>'
    (tmp_path / "old.gpx").write_text(track.format("1969-12-31T23:59:59Z"))
    declared = '<?xml version="1.0" encoding="GBK"?><!-- 大丰 -->' + track.format("2020-05-01T10:00:00Z")
    (tmp_path / "gbk.gpx").write_bytes(declared.encode("gbk"))
    (tmp_path / "a\\b.bin").write_bytes(b"backslash")
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + "现场.bin".encode("gbk")))
    named.write_bytes(b"name")
    os.utime(named, (1_700_000_000, 1_700_000_000))
    names = sorted(str(path) for path in tmp_path.iterdir())
    code, told, err = product.record(*names, str(tmp_path / "absent"), "--place", "33.3,120.1")
    (bad,) = [each for each in told if "error" in each]
    received = {each["filename"]: each for each in told if "error" not in each}
    assert (code, bad["file"]) == (2, str(tmp_path / "absent")), err
    assert set(received) == {"old.gpx", "gbk.gpx", "a_b.bin", "现场.bin"}
    places = [c for c in received["现场.bin"]["checks"] if c["name"] == "place"]
    assert [check["outcome"] for check in places] == ["verified"]
    assert received["old.gpx"]["left_out"]


def test_an_empty_file_is_received(product, tmp_path):
    """Zero bytes are complete at creation and end in a verdict, never in an error."""
    path = tmp_path / "empty.mp4"
    path.touch()
    code, (recording,), err = product.record(str(path))
    assert recording["size_bytes"] == 0, err
    assert code == (1 if recording["state"] == "quarantined" else 0)


def test_exit_codes_tell_wrong_use_from_an_absent_server(product, tmp_path):
    """A missing file and a bad place are 2, nobody listening is 3, a wrong code is 1."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    assert product.record(str(tmp_path / "missing.jpg"))[0] == 2
    assert product.record(str(path), "--place", "95,0")[0] == 2
    nobody = f"http://127.0.0.1:{free_port()}"
    assert product.record(str(path), "--server", nobody, "--patience", "1")[0] == 3
    fresh = ("--state", str(tmp_path / "fresh"), "--enrol", "AAAA-BBBB-CCCC")
    code, _, err = product.record(str(path), *fresh)
    assert code == 1
    assert "enrolment-code" in err


def new_code(product: Product) -> str:
    """A one-time code, issued by the demo's custodian."""
    demo = json.loads((product.home / "demo.json").read_bytes())
    login = {"login": "sun", "password": demo["passwords"]["sun"]}
    token = (
        httpx.post(f"{product.server}/v1/sessions", json=login, verify=TRUST, timeout=PATIENCE_SECONDS)
        .raise_for_status()
        .json()["token"]
    )
    bearer = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(
        f"{product.server}/v1/enrolment-codes",
        json={},
        headers=bearer,
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )
    return str(answer.raise_for_status().json()["code"])


def test_every_block_of_the_page_works(product, tmp_path):
    """A device made of curl and openssl enrols, signs, uploads and receives a verified verdict."""
    for tool in ("curl", "openssl", "bash", "awk"):
        assert shutil.which(tool), f"{tool} is missing"
    demo = json.loads((product.home / "demo.json").read_bytes())
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
    settings = {
        "SERVER": product.server,
        "CODE": new_code(product),
        "FILE": "photo.jpg",
        "OFFICERS": ",".join(f'"{number}"' for number in demo["officers"]),
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    verdict = json.loads((tmp_path / "verdict").read_bytes())
    assert verdict["state"] == "sealed", verdict
    outcomes = {check["name"]: check["outcome"] for check in verdict["checks"]}
    names = ("digest", "size", "manifest_signature", "device_key", "manifest_sequence", "officers")
    assert {outcomes[name] for name in names} == {"verified"}
