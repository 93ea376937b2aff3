"""`quancheng serve` as a newcomer meets it: every step is said, nothing is left running, a second start keeps the data."""

import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from storage.setup.embedded import can_unshare
from storage.setup.postmaster import read_postmaster
from tests.command import Serving, environment, left_over, serving
from tests.forked import Forked, forked
from tests.homes import Homes
from tests.interrupts import interrupted
from tests.stand import KEYS, PATIENCE_SECONDS, ROOT, answers, free_port, until
from tests.web import TRUST


@pytest.fixture(scope="module")
def loaded() -> Iterator[Forked]:
    """The command in a process that has loaded it."""
    with forked() as one:
        yield one


def doctor(home: Path) -> dict[str, bool]:
    """Which parts the doctor finds well, without a warning."""
    return {one["part"]: one["is_good"] and not one["is_warned"] for one in doctor_said(home)}


def doctor_said(home: Path) -> list[dict[str, Any]]:
    """What the doctor finds, beside a server; without one it starts nothing."""
    words = [sys.executable, "quancheng.py", "doctor", "--json"]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(one["zh"] and one["en"] for one in found)
    return found


def test_a_first_start_and_a_second(home: Path) -> None:
    """The first start says each step and the log-ins; the second keeps data and passwords and repeats none of them."""
    port = free_port()
    home.mkdir(mode=0o755)
    with serving(home, port) as first:
        first.wait_for("demo_sent")
        said = [one["event"] for one in first.events]
        logins = {one["login"]: one["password"] for one in first.events if one["event"] == "login"}
        wish = {"login": "qian", "password": logins["qian"]}
        session = httpx.post(
            f"{first.address}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()
        bearer = {"Authorization": f"Bearer {session['token']}"}
        shown = httpx.get(
            f"{first.address}/v1/recordings", headers=bearer, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()["recordings"]
        healthy = doctor(home)
        assert first.end(signal.SIGINT) == 0
    wanted = ("database", "schema", "role", "objects", "log_key")
    assert [healthy[part] for part in wanted] == [True] * len(wanted)
    assert doctor(home).keys() == {"sm3", "sandbox", "tls", "home", "database"}
    steps = ["home", "postgres", "objects", "migrating", "demo", "workers", "up", "enrolment_code"]
    assert [one for one in said if one in steps] == steps
    assert first.events[-1]["event"] == "stopped"
    assert left_over(home) == []

    (home / "postgres" / "application").unlink()  # a data folder of before has no role for the application
    with serving(home, port) as second:
        second.wait_for("enrolment_code")
        assert not any(password in second.said() for password in logins.values())
        session = httpx.post(
            f"{second.address}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()
        bearer = {"Authorization": f"Bearer {session['token']}"}
        kept = httpx.get(
            f"{second.address}/v1/recordings", headers=bearer, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()["recordings"]
        assert "demo" not in [one["event"] for one in second.events]
    assert json.loads((home / "demo.json").read_text(encoding="utf-8"))["passwords"].items() >= logins.items()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700 or not can_unshare()
    assert "home_tightened" in said
    assert {one["id"] for one in shown} <= {one["id"] for one in kept}
    assert len(shown) >= 6


def test_a_database_of_ones_own_gets_no_demo(home: Path, empty_database_url: str) -> None:
    """Where DATABASE_URL is set, no account with a written password is made, and none is printed."""
    with serving(home, free_port(), DATABASE_URL=empty_database_url) as one:
        one.wait_for("up")
        assert one.end(signal.SIGINT) == 0
    said = {event["event"] for event in one.events}
    assert not said & {"demo", "login", "logins", "enrolment_code", "demo_sending"}
    with psycopg.connect(empty_database_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (0,)
    assert not (home / "demo.json").exists()


def test_however_often_it_is_interrupted(home: Path) -> None:
    """Any number of signals at any moment ends it with 0 and nothing running; `make soak` tries many more."""
    for seed in range(6):
        interrupted(home, seed)


def test_whenever_it_is_stopped_nothing_runs_on(home: Path) -> None:
    """SIGTERM in any step, and an impatient Ctrl-C after it, leave no process; the next start goes on, once each."""
    port = free_port()
    for when in ("postgres", "migrating", "demo", "up", "demo_sending"):
        with serving(home, port) as interrupted:
            interrupted.wait_for(when)
            assert interrupted.end(signal.SIGTERM, signal.SIGINT, signal.SIGINT) == 0, when
        assert left_over(home) == [], when

    with serving(home, port) as again:
        again.wait_for("demo_sent")
        until(lambda: _status(again) == "ok", again.said)
        passwords = json.loads((home / "demo.json").read_text(encoding="utf-8"))["passwords"]
        wish = {"login": "qian", "password": passwords["qian"]}
        token = httpx.post(
            f"{again.address}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        shown = httpx.get(
            f"{again.address}/v1/recordings", headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS
        ).json()["recordings"]
    names = sorted(one["filename"] for one in shown)
    assert names == sorted(set(names))
    assert len(names) >= 6


def test_a_kill_loses_nothing(home: Path, homes: Homes) -> None:
    """After SIGKILL the next start adopts the database that was left, and `fsck` finds no difference."""
    homes.founded(home)
    port = free_port()
    with serving(home, port) as killed:
        killed.wait_for("demo_sending")
        killed.end(signal.SIGKILL)
    with serving(home, port) as again:
        again.wait_for("demo_sent")
    words = [sys.executable, "quancheng.py", "fsck", "--json"]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert left_over(home) == []


def test_a_killed_database_is_started_again(home: Path, homes: Homes) -> None:
    """After SIGKILL of its database the same server answers again; one that cannot come back ends it with 3."""
    homes.filled(home)
    database = home / "postgres" / "cluster"
    with serving(home, free_port()) as one:
        one.wait_for("up")
        _kill_database(database)
        one.wait_for("postgres_back")
        until(lambda: answers(f"{one.address}/v1/health") or one.has_ended, one.said)
        assert not one.has_ended, one.said()

        (database / "postgresql.conf").write_text("no_such_setting = 1\n")
        _kill_database(database)
        until(lambda: one.has_ended, one.said)
        code, said = one.process.wait(), one.events[-1]
    assert (code, said["event"]) == (3, "part_ended"), one.said()
    assert left_over(home) == []


def test_the_key_of_the_log_is_the_signers_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's memory has it nowhere; without its signer it ends with 3, and nothing runs on.

    A folder of its own, begun before, with the keys that it drew: the stand names keys for all, and the start that draws
    one has it in hand.
    """
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    with serving(home, free_port(), "--no-demo") as one:
        one.wait_for("up")
        assert one.end(signal.SIGINT) == 0, one.said()
    key = (home / "keys" / "log_key.b64").read_bytes().strip()
    other = (home / "keys" / "registry_key.b64").read_bytes().strip()
    with serving(home, free_port(), "--no-demo") as one:
        one.wait_for("up")
        signer = _signer_of(home)
        held = {pid: (_holds(pid, key), _holds(pid, other)) for pid in (one.process.pid, signer)}
        assert held == {one.process.pid: (False, True), signer: (True, False)}
        (together,) = (said["en"] for said in doctor_said(home) if said["part"] == "keys_apart")
        assert together.startswith("one process holds REGISTRY_KEY, EXPORT_KEY:")

        os.kill(signer, signal.SIGTERM)  # as a supervisor tells everybody at once: the server says when
        os.kill(signer, signal.SIGKILL)
        until(lambda: one.has_ended, one.said)
        code, said = one.process.wait(), one.events[-1]
    assert (code, said["event"]) == (3, "part_ended"), one.said()
    assert left_over(home) == []


def _signer_of(home: Path) -> int:
    """Which process signs for this folder."""
    found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _signs(path, home)]
    (pid,) = found
    return pid


def _signs(cmdline: Path, home: Path) -> bool:
    try:
        return cmdline.read_bytes().endswith(b"\0workers.signer\0" + os.fsencode(home) + b"\0")
    except OSError:
        return False  # it ended while we looked


def _holds(pid: int, secret: bytes) -> bool:
    """Whether the memory of a process has these bytes, or what they stand for, anywhere."""
    folder, sought = Path(f"/proc/{pid}"), (secret, base64.b64decode(secret))
    ranges = [line.split()[:2] for line in (folder / "maps").read_text().splitlines() if "[v" not in line]
    with (folder / "mem").open("rb", buffering=0) as memory:
        for span, rights in ranges:
            start, end = (int(one, 16) for one in span.split("-"))
            if rights.startswith("r") and any(one in _read(memory, start, end) for one in sought):
                return True
    return False


def _read(memory: RawIOBase, start: int, end: int) -> bytes:
    try:
        memory.seek(start)
        return memory.read(end - start) or b""
    except OSError:
        return b""  # a mapping of no memory


def _status(one: Serving) -> object:
    return httpx.get(f"{one.address}/v1/health", verify=TRUST, timeout=PATIENCE_SECONDS).json()["status"]


def _kill_database(database: Path) -> None:
    postmaster = read_postmaster(database)
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGKILL)


def test_a_port_in_use_is_said_plainly(home: Path) -> None:
    """Nothing is started when nobody could listen: one sentence, exit code 3, no data folder."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = [sys.executable, "quancheng.py", "serve", "--port", port]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    assert done.returncode == 3
    assert f"端口 {port} 已被占用 port in use" in done.stdout + done.stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "more", "code", "said"),
    [
        (["serve", "--host", "nowhere.invalid"], {}, 2, "no such address"),
        (["serve"], {"DATABASE_URL": "nonsense"}, 2, "DATABASE_URL"),
        (["fsck"], {"DATABASE_URL": "nonsense"}, 2, "DATABASE_URL"),
        (["serve"], {"DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/x"}, 3, "does not answer"),
        (["fsck"], {"DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/x"}, 3, ""),
        (["fsck"], {}, 3, "there is no data"),
        (["serve"], {"QUANCHENG_HOME": "/dev/null/x"}, 3, "data folder cannot be used"),
        (["serve"], {"MONITORING_REVIEW_DAYS": "hidden"}, 2, "MONITORING_REVIEW_DAYS"),
        (["serve"], {"CALENDAR_FILE": "README.md"}, 2, "CALENDAR_FILE (Value error, the first line"),
        (["fsck"], {"DATABASE_URL": "postgresql:///x", "CALENDAR_FILE": "/nowhere"}, 2, "/nowhere"),
        (["doctor"], {"QUANCHENG_HOME": "/dev/null/x"}, 3, "cannot be used"),
        (["doctor"], {"DATABASE_URL": "nonsense", "OBJECTS_URL": "nonsense"}, 3, "cannot be read"),
        (["doctor"], {}, 0, "not there yet"),
    ],
    ids=lambda value: "" if isinstance(value, dict | int) else str(value),
)
def test_wrong_use_is_one_sentence(
    home: Path, loaded: Forked, *, words: list[str], more: dict[str, str], code: int, said: str
) -> None:
    """What a person can mend is a sentence and an exit code: no trace, and never a secret."""
    port = ["--port", str(free_port())] if words[0] == "serve" else []
    ended, printed = loaded.ended([*words, *port], environment(home, **more))

    assert ended == code, printed
    assert said in printed
    assert "Traceback" not in printed
    assert "hidden" not in printed


def test_reset_deletes_only_when_nothing_runs(home: Path, homes: Homes) -> None:
    """`make reset` ends a database that was left, and takes the data folder away."""
    homes.filled(home)
    with serving(home, free_port()) as one:
        one.wait_for("up")
        one.end(signal.SIGKILL)
    words = ["make", "reset", f"QUANCHENG_HOME={home}", f"PY={sys.executable}"]
    done = subprocess.run(
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert not home.exists()
    assert left_over(home) == []


@pytest.mark.parametrize(
    ("notice", "is_warned", "said"),
    [
        (None, True, "no holidays are loaded"),
        ("2019-10-01,no,某通知\n", True, "holds 2019 only"),
        (f"{datetime.now(UTC).year}-10-01,no,某通知\n", False, f"holds {datetime.now(UTC).year}"),
    ],
)
def test_the_doctor_says_whether_holidays_are_known(
    home: Path, tmp_path: Path, loaded: Forked, *, notice: str | None, is_warned: bool, said: str
) -> None:
    """Deadlines that ignore holidays are no secret; a missing notice warns and breaks no health check."""
    more = {"DATABASE_URL": "postgresql://x:y@127.0.0.1:1/x", "OBJECTS_URL": f"file://{tmp_path}"}
    if notice is not None:
        (tmp_path / "days.csv").write_text(f"date,is_workday,source\n{notice}")
        more["CALENDAR_FILE"] = str(tmp_path / "days.csv")
    _, printed = loaded.ended(["doctor", "--json"], environment(home, **more))
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    (found,) = [part for line in lines if (part := json.loads(line))["part"] == "calendar"]
    assert found["is_good"]
    assert found["is_warned"] == is_warned
    assert said in found["en"]
