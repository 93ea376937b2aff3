"""The decoder child: real processes, real limits, killed and stopped on purpose."""

import os
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pikepdf
import pytest

from schemas.integrity import CheckResult, Outcome, Severity
from tests import media_documents as made
from tests.media import billion_laughs, jpeg, jpeg_bomb, mp4, png, truncated_jpeg, write_gpx
from tests.stand import wait_until
from workers.media import Limits, Probe, Sandbox
from workers.media.probe import probe
from workers.media.result import MIB

ROOT = Path(__file__).resolve().parents[2]
DECODERS = {"cv2", "PIL", "av", "simplejpeg", "pi_heif", "numpy", "defusedxml"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(320, 240))
    return path


def container(found: Probe) -> CheckResult:
    return next(check for check in found.checks if check.name == "container")


def wide_png(side: int) -> bytes:
    """A sound PNG of one colour: a few hundred kilobytes that decode to side × side × 3 bytes."""
    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * side)
    body = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", body), (b"IEND", b"")]
    framed = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_child_serves_many_files(photo: Path, tmp_path: Path) -> None:
    """Photos, videos and broken files pass through the same process, pictures and all."""
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(truncated_jpeg())
    with Sandbox() as sandbox:
        first = sandbox.probe(photo, filename="photo.jpg")
        pid = sandbox.pid
        damaged = sandbox.probe(cut, filename="cut.jpg")
        video = sandbox.probe(mp4(tmp_path / "a.mp4"), filename="a.mp4")

        assert sandbox.pid == pid
        assert sandbox.peak_rss_bytes > 10 * MIB
    assert container(first).outcome is Outcome.VERIFIED
    assert first.facts.gps is not None
    assert first.derivatives[0].payload.startswith(b"\xff\xd8")
    assert container(damaged).code == "jpeg-damaged"
    assert [one.kind for one in video.derivatives] == ["poster"] * 3
    assert pid is not None
    assert not is_alive(pid)


def test_a_crash_is_not_checked_and_the_next_file_is(photo: Path) -> None:
    """A child that dies of a signal leaves one unchecked file; the next has a new child."""
    with Sandbox() as sandbox:
        sandbox.probe(photo, filename="photo.jpg")
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGSEGV)
        found = sandbox.probe(photo, filename="photo.jpg")
        again = sandbox.probe(photo, filename="photo.jpg")

    assert (container(found).outcome, container(found).code) == (Outcome.NOT_CHECKED, "decoder-crashed")
    assert found.media_type == "image/jpeg"
    assert container(again).outcome is Outcome.VERIFIED


def test_a_child_killed_by_the_kernel_counts_as_memory(photo: Path) -> None:
    """SIGKILL that we did not send is the out-of-memory killer's."""
    with Sandbox() as sandbox:
        sandbox.probe(photo, filename="photo.jpg")
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)

        assert container(sandbox.probe(photo, filename="photo.jpg")).code == "decoder-memory"


def test_a_hanging_child_is_ended(photo: Path) -> None:
    """A child that stops answering is killed after the file's time, and replaced."""
    with Sandbox(Limits(base_seconds=0.5)) as sandbox:
        sandbox.probe(photo, filename="photo.jpg")
        pid = sandbox.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        found = sandbox.probe(photo, filename="photo.jpg")

        assert container(found).code == "decoder-timeout"
        assert not is_alive(pid)


def test_a_decoder_that_wants_too_much_memory_ends(tmp_path: Path, photo: Path) -> None:
    """600 MB of pixels do not fit a child of 900 MiB: not checked, and the sandbox goes on."""
    path = tmp_path / "wide.png"
    path.write_bytes(wide_png(14_000))
    with Sandbox(Limits(address_space_bytes=900 * MIB)) as sandbox:
        found = sandbox.probe(path, filename="wide.png")

        assert (container(found).outcome, container(found).code) == (Outcome.NOT_CHECKED, "decoder-memory")
        assert container(sandbox.probe(photo, filename="photo.jpg")).outcome is Outcome.VERIFIED


def test_the_same_picture_passes_with_room(tmp_path: Path) -> None:
    """What the small child could not hold is sound under the default limits."""
    path = tmp_path / "wide.png"
    path.write_bytes(wide_png(14_000))
    with Sandbox() as sandbox:
        assert container(sandbox.probe(path, filename="wide.png")).outcome is Outcome.VERIFIED


def test_bombs_cost_the_child_nothing(tmp_path: Path) -> None:
    """4,000 megapixels and a billion entities leave the child small and alive."""
    bomb, laughs = tmp_path / "bomb.jpg", tmp_path / "laughs.gpx"
    bomb.write_bytes(jpeg_bomb())
    laughs.write_bytes(billion_laughs())
    with Sandbox() as sandbox:
        found = [sandbox.probe(path, filename=path.name) for path in (bomb, laughs)]

        assert [container(one).code for one in found] == ["image-too-large", "xml-entities"]
        assert sandbox.peak_rss_bytes < 200 * MIB


def test_a_million_points_stay_small(tmp_path: Path) -> None:
    """A GPX with 10^6 points is counted whole in a child that stays below 200 MiB."""
    path = write_gpx(tmp_path / "long.gpx", 1_000_000)
    with Sandbox() as sandbox:
        found = sandbox.probe(path, filename="long.gpx")

        assert found.facts.track is not None
        assert found.facts.track.points == 1_000_000
        assert sandbox.peak_rss_bytes < 200 * MIB


def test_documents_are_read_in_the_child_as_outside(tmp_path: Path) -> None:
    """Ciphers, digests, encodings and PDFium work where no path can be opened, and say the same as without walls."""
    part = "<?xml version='1.0' encoding='GB2312'?><a>笔录</a>".encode("gb2312")
    by_rc4 = pikepdf.Encryption(owner="a", user="", R=3, aes=False, metadata=False)
    documents = {
        "report.pdf": made.report(),
        "fax.pdf": made.scan("1", pages=1),
        "restricted.pdf": made.resaved(made.pdf(), encryption=by_rc4),
        "sealed.ofd": made.ofd(is_signed=True),
        "letter.docx": made.repacked(made.letter(), {"customXml/item9.xml": part}),
    }
    with Sandbox() as sandbox:
        for name, payload in documents.items():
            path = tmp_path / name
            path.write_bytes(payload)
            inside, outside = sandbox.probe(path, filename=name), probe(path, filename=name, limits=Limits())
            assert inside.checks == outside.checks
            assert [one.payload for one in inside.derivatives] == [one.payload for one in outside.derivatives]
            assert all(one.severity.rank < Severity.WARN.rank for one in inside.checks)


def test_a_child_is_replaced_after_its_share(photo: Path) -> None:
    """Leaks of libraries end with the child."""
    with Sandbox(Limits(recycle_after=2)) as sandbox:
        pids = []
        for _ in range(3):
            assert container(sandbox.probe(photo, filename="photo.jpg")).outcome is Outcome.VERIFIED
            pids.append(sandbox.pid)

    assert pids[1] is None
    assert pids[2] != pids[0]


def test_the_child_knows_no_secret_and_writes_no_file(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the parent's environment nor the right to write reaches a decoder."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    with Sandbox() as sandbox:
        sandbox.probe(photo, filename="photo.jpg")
        environment = Path(f"/proc/{sandbox.pid}/environ").read_bytes()
        limits = Path(f"/proc/{sandbox.pid}/limits").read_text()

    assert b"secret" not in environment
    assert next(line.split()[3] for line in limits.splitlines() if line.startswith("Max file size")) == "0"


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    """A parent that is killed leaves no decoder behind."""
    program = (
        "import pathlib, sys, time; from workers.media import Sandbox; from tests.media import png;"
        "path = pathlib.Path(sys.argv[1]); path.write_bytes(png(8, 8)); sandbox = Sandbox();"
        "sandbox.probe(path, filename='a.png'); print(sandbox.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.png")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    assert wait_until(lambda: not is_alive(pid)), "the decoder outlived its parent"


def test_a_file_that_is_gone_is_our_own_trouble(tmp_path: Path) -> None:
    """A missing scratch file is an error of the worker, not a finding about evidence."""
    with Sandbox() as sandbox, pytest.raises(FileNotFoundError):
        sandbox.probe(tmp_path / "gone.jpg", filename="gone.jpg")


def test_importing_the_sandbox_loads_no_decoder() -> None:
    """A worker process stays small: the decoders live in the child alone."""
    program = "import sys, workers.media; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert not DECODERS & set(done.stdout.split())


def test_every_real_recording_passes(media: Path) -> None:
    """Real photos, videos and tracks from real devices carry no finding above a remark, each name once.

    One was signed, and its signature broken on purpose: that is told.
    """
    paths = sorted(path for path in media.iterdir() if path.suffix != ".md")
    with Sandbox() as sandbox:
        for path in paths:
            found = sandbox.probe(path, filename=path.name)
            names = [check.name for check in found.checks]

            assert container(found).outcome is Outcome.VERIFIED, path.name
            grave = {one.code for one in found.checks if one.severity.rank > Severity.REMARK.rank}
            assert grave == ({"c2pa-altered"} if "-E-sig-" in path.name else set()), path.name
            assert len(names) == len(set(names)), path.name


def test_a_tiny_picture_is_not_enlarged(tmp_path: Path) -> None:
    """A tiny PNG passes through the pipe with its picture unscaled."""
    path = tmp_path / "a.png"
    path.write_bytes(png(24, 16))
    with Sandbox() as sandbox:
        made = sandbox.probe(path, filename="a.png").derivatives[0]

    assert (made.width, made.height) == (24, 16)
