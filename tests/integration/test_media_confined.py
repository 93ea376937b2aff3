"""Hostile code in the real decoder child: every way out is closed, for root and for any other user."""

import json
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from schemas.integrity import Outcome
from tests.attempts import ATTEMPTS, Aim
from tests.command import environment
from tests.media import (
    HEIC,
    billion_laughs,
    cut,
    flipped_png,
    gpx,
    jpeg,
    mp4,
    pixels,
    png,
    stray_jpeg,
    truncated_jpeg,
    without_moov,
    zeroed,
    zeroed_jpeg,
)
from tests.media_containers import FRAGMENTED, avi, film
from tests.media_credentials import signed_jpeg
from tests.media_sound import SOUND_CODECS, sound
from tests.media_stills import dng, several, with_xmp
from workers.media import Limits, Probe, Sandbox, Stop
from workers.media.probe import probe

ROOT = Path(__file__).resolve().parents[2]
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "iso-8859-1",
    "koi8-u",
    "cp1251",
    "undefined",
    "gb2312",
    "big5",
    "shift_jis",
    "?",
)
ANYBODY = 12_345
USERS = [None, ANYBODY] if os.geteuid() == 0 else [None]
OPEN_TO_ALL = {
    "read a path",
    "open a network socket",
    "open a socket by path",
    "write a file",
    "fork",
    "clone",
}
"""What works wherever code is not confined, in a container of whatever kind too."""

REPORT = (
    "import sys; from pathlib import Path; from workers.media import Sandbox\n"
    "with Sandbox(module='tests.attempts') as sandbox:\n"
    "    sandbox.probe(Path(sys.argv[1]), filename=sys.argv[2])\n"
    "    sys.stdout.write(sandbox.last_stderr.decode())"
)
FREE = "import sys, json; from tests.attempts import *; print(json.dumps(succeeded(Aim(*json.loads(sys.argv[2])))))"


class Account(NamedTuple):
    """Who runs worker and child: this account, or another one with an interpreter that it can reach."""

    user: int | None
    python: str

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program from the root of the repository."""
        who = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        command = [self.python, "-c", program, *words]
        return subprocess.run(  # type: ignore[call-overload,no-any-return] # keywords by name
            command, cwd=ROOT, capture_output=True, text=True, check=False, **who
        )


@pytest.fixture(params=USERS, ids=lambda user: "another user" if user else "this user")
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """This account, and another one where we may become it and it can read the code.

    An interpreter under a private home is out of its reach: then the machine's own, with the same packages.
    """
    if request.param is None:
        yield Account(None, sys.executable)
        return
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        system = shutil.which(version, path="/usr/local/bin:/usr/bin")
        if system is None:
            pytest.skip(f"no {version} that another user can run")
        subprocess.run([system, "-m", "venv", "--without-pip", name], check=True)
        packages = Path(name) / "lib" / version / "site-packages" / "same.pth"
        packages.write_text("\n".join(str(Path(path).resolve()) for path in site.getsitepackages()))
        made = Account(request.param, f"{name}/bin/python")
        if made.run("import workers.media.sandbox.child, av, cv2").returncode:
            pytest.skip("another user cannot read this folder")
        yield made


@pytest.fixture
def folder(account: Account) -> Iterator[Path]:
    """A folder of the account that runs the worker, with a file to delete and a key."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        made = Path(name)
        (made / "keep").write_bytes(b"")
        (made / "key").write_bytes(b"secret")
        (made / "file").write_bytes(b"evidence")
        (made / "key").chmod(0o600)
        if account.user is not None:
            for path in (made, *made.iterdir()):
                os.chown(path, account.user, account.user)
        yield made


@pytest.fixture
def aim(folder: Path, account: Account) -> Iterator[str]:
    """Something to reach of every kind, each the test's own and open to the account."""
    victim = subprocess.Popen([account.python, "-c", "input()"], stdin=subprocess.PIPE, user=account.user)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"{folder}/socket")
        Path(f"{folder}/socket").chmod(0o666)
        unix.listen()
        made = Aim(victim.pid, f"{folder}/key", str(folder), f"{folder}/socket", tcp.getsockname()[1])
        yield json.dumps(made)
    victim.kill()
    victim.communicate()


def test_every_way_out_is_closed(aim: str, folder: Path, account: Account) -> None:
    """Code in the child, after confinement, reaches no path, socket, program or process; it holds the file."""
    done = account.run(REPORT, f"{folder}/file", aim)
    report = json.loads(done.stdout.splitlines()[-1])

    assert len(ATTEMPTS) > 14
    assert report["succeeded"] == []
    assert report["file"] == "evidence"
    assert len(report["open"]) == 5, "stderr twice, the file, the answer, and the sign of life"
    assert (folder / "keep").exists()
    os.kill(json.loads(aim)[0], 0)


def test_the_same_code_gets_out_where_it_is_not_confined(aim: str, folder: Path, account: Account) -> None:
    """The attempts are real: without the sandbox they succeed, so that the test above can fail."""
    done = account.run(FREE, f"{folder}/file", aim)

    assert set(json.loads(done.stdout)) >= OPEN_TO_ALL | {
        "delete a file",
        "read a key file",
        "signal another",
    }


def test_a_hostile_file_meets_no_other_file(tmp_path: Path) -> None:
    """Each file is decoded in a process of its own, which ends before the next one begins."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(64, 64))
    with Sandbox() as sandbox:
        found = [sandbox.probe(photo, filename="photo.jpg") for _ in range(2)]
        pid = sandbox.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    assert children == []
    assert found[0] == found[1]


def samples(folder: Path) -> Iterator[Path]:
    """Every kind of file, whole and damaged, and tracks whose encoding is loaded when it is met."""
    picture = Image.fromarray(pixels(64, 48))
    for kind in ("GIF", "WEBP", "TIFF", "AVIF"):
        picture.save(folder / f"a.{kind.lower()}", kind)
    picture.save(folder / "lzw.tif", "TIFF", compression="tiff_lzw")
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    track = gpx(20).partition(b"?>")[2]
    made = {
        "a.jpg": jpeg(), "cut.jpg": truncated_jpeg(), "zeroed.jpg": zeroed_jpeg(), "stray.jpg": stray_jpeg(),
        "raw.dng": dng(64, 48), "several.jpg": several(jpeg(64, 64)), "xmp.jpg": with_xmp("<rdf:Description/>"),
        "signed.jpg": signed_jpeg(jpeg(64, 64)),
        "a.png": png(), "flipped.png": flipped_png(), "laughs.gpx": billion_laughs(),
        **{f"{name}.gpx": f'<?xml version="1.0" encoding="{name}"?>'.encode() + track
           for name in ENCODINGS},
    }  # fmt: skip
    for name, payload in made.items():
        (folder / name).write_bytes(payload)
    cut(mp4(folder / "cut.mkv"), keep=0.6)
    zeroed(mp4(folder / "zeroed.mp4"), start=0.5, zeros=3_000)
    without_moov(mp4(folder / "open.mp4"))
    for name, form in (("a.ts", "mpegts"), ("a.ps", "vob"), ("a.avi", "avi"), ("a.h264", "h264")):
        film(folder / name, form=form, seconds=1, sound=form != "h264")
    film(folder / "fragments.mp4", options=FRAGMENTED, seconds=2)
    zeroed(film(folder / "zeroed.ts", form="mpegts", seconds=1), start=0.5, zeros=3_000)
    (folder / "unclosed.avi").write_bytes(avi(is_closed=False, cut_bytes=3_000))
    for ending in SOUND_CODECS:
        sound(folder / f"a{ending}", seconds=1)
    zeroed(sound(folder / "zeroed.mp3"), start=0.5, zeros=3_000)
    shared = HEIC.parents[1] / "cases" / "files"
    yield from sorted([*folder.iterdir(), *(path for path in shared.rglob("*") if path.is_file())])


def test_a_confined_decoder_says_what_a_free_one_says(tmp_path: Path) -> None:
    """Of every kind of file, sound or damaged, checks, facts and pictures are the same inside as outside."""
    with Sandbox() as sandbox:
        for path in samples(tmp_path):
            assert sandbox.probe(path, filename=path.name) == probe(
                path, filename=path.name, limits=Limits()
            ), path.name


def test_a_decoder_that_never_ends_is_stopped_by_the_kernel(tmp_path: Path) -> None:
    """Processor time is limited for each file alone: no verdict but another try, and the child serves on."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    with Sandbox(Limits(cpu_share=0.0), module="tests.attempts") as sandbox:
        found = sandbox.probe(path, filename="spin")
        pid = sandbox.pid
        again = sandbox.probe(path, filename="spin")

        assert [(one.stopped, one.checks[1].code) for one in (found, again)] == [
            (Stop.TIME, "decoder-timeout")
        ] * 2
        assert sandbox.pid == pid


def test_nothing_is_decoded_where_there_is_no_sandbox(tmp_path: Path) -> None:
    """Where the kernel takes no filter, a sound photo is not checked for that reason, and no decoder has seen it."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(64, 64))
    program = (
        "import sys; from pathlib import Path; from workers.media import Sandbox\n"
        "with Sandbox() as sandbox:\n"
        "    sys.stdout.write(sandbox.probe(Path(sys.argv[1]), filename='photo.jpg').model_dump_json())"
    )
    found = Probe.model_validate_json(without_seccomp("-c", program, str(photo)).stdout.splitlines()[-1])

    assert [(one.name, one.outcome, one.code) for one in found.checks] == [
        ("media_type", Outcome.VERIFIED, ""),
        ("container", Outcome.NOT_CHECKED, "no-sandbox"),
    ]
    assert found.derivatives == ()
    assert found.facts.width is None


def test_the_doctor_is_red_where_there_is_no_sandbox(tmp_path: Path) -> None:
    """The doctor names the missing sandbox, says what to do and does not end well; elsewhere it names the layers."""
    words = ["quancheng.py", "doctor", "--json"]
    around = environment(tmp_path / "home")
    well = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, env=around, check=False
    )
    ill = without_seccomp(*words, env=around)

    def of_sandbox(text: str) -> dict[str, Any]:
        return next(one for one in map(json.loads, text.splitlines()) if one["part"] == "sandbox")

    assert well.returncode == 0
    assert (of_sandbox(well.stdout)["code"], ill.returncode) == ("sandbox-holds", 3)
    assert "seccomp" in of_sandbox(well.stdout)["en"]
    assert (of_sandbox(ill.stdout)["is_good"], of_sandbox(ill.stdout)["code"]) == (False, "sandbox-absent")


def without_seccomp(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python where no filter of system calls can be installed."""
    command = [sys.executable, "-m", "tests.without_seccomp", sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env, check=False)


def test_the_layers_are_named() -> None:
    """A child says which layers hold it; the filter of system calls is always among them."""
    with Sandbox() as sandbox:
        assert sandbox.layers == ()
        sandbox.probe(ROOT / "README.md", filename="a.md")
        assert "seccomp" in sandbox.layers
