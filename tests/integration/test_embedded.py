"""The embedded PostgreSQL: closed to everybody else, durable, and never lost or doubled by a kill."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from schemas.errors import Unavailable
from storage.setup.embedded import (
    NOBODY_UID,
    EmbeddedPostgres,
    can_unshare,
    refuse_closed_parents,
    running_url,
)
from storage.setup.postmaster import read_postmaster
from storage.setup.socket_dir import MAX_SOCKET_PATH_BYTES, make_socket_dir
from tests.stand import ROOT, find_binaries, free_port, started_at, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(find_binaries(), tmp_path / "postgres")
    yield postgres
    postgres.stop()


def _ask(url: str, question: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def _keep(url: str, answer: int) -> None:
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        connection.execute("CREATE TABLE kept (answer int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (answer,))


def _pid(folder: Path) -> int:
    postmaster = read_postmaster(folder / "postgres" / "cluster")
    assert postmaster is not None
    return postmaster.pid


def _leave_running(folder: Path) -> None:
    """Start the server in a process that is then killed."""
    program = (
        "import os, signal; from pathlib import Path; from storage.setup.embedded import EmbeddedPostgres;"
        f"EmbeddedPostgres(Path({str(find_binaries())!r}), Path({str(folder / 'postgres')!r})).start();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_cluster_is_set_up_for_evidence(server: EmbeddedPostgres) -> None:
    """Checksums, UTF-8 with byte order, SCRAM and no TCP port."""
    url = server.start()
    settings = ("data_checksums", "server_encoding", "password_encryption", "listen_addresses", "fsync")
    assert [_ask(url, f"SHOW {name}") for name in settings] == ["on", "UTF8", "scram-sha-256", "", "on"]
    assert _ask(url, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """The socket's folder is closed, the password file is ours alone, and a wrong password is refused."""
    url = make_url(server.start())
    folder = Path(str(url.query["host"]))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "postgres/password").stat().st_mode) == 0o600
    wrong = url.set(drivername="postgresql", password="guess").render_as_string(hide_password=False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_stop_and_start_keep_the_committed(server: EmbeddedPostgres) -> None:
    """A restart keeps the rows and leaves no socket folder of the first run."""
    url = server.start()
    first = Path(str(make_url(url).query["host"]))
    _keep(url, 42)
    server.stop()
    assert not first.exists()
    assert _ask(server.start(), "SELECT answer FROM kept") == "42"


def test_a_server_that_outlived_its_parent_is_adopted(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """After SIGKILL of the parent the next start uses the same server, and stop ends it."""
    _leave_running(tmp_path)
    left = _pid(tmp_path)
    assert _ask(server.start(), "SELECT 1") == "1"
    assert _pid(tmp_path) == left
    server.stop()
    assert wait_until(lambda: not started_at(left))


def test_a_left_over_server_on_another_port_is_replaced(tmp_path: Path) -> None:
    """A left-over that does not listen where it is asked to is stopped and started anew."""
    _leave_running(tmp_path)
    left, port = _pid(tmp_path), free_port()
    server = EmbeddedPostgres(find_binaries(), tmp_path / "postgres", loopback_port=port)
    try:
        url = make_url(server.start())
        assert _pid(tmp_path) != left
        over_tcp = url.set(drivername="postgresql", host="127.0.0.1", port=port, query={})
        with psycopg.connect(over_tcp.render_as_string(hide_password=False)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_a_killed_server_recovers_the_committed(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """SIGKILL of the server itself loses no committed row."""
    _keep(server.start(), 7)
    killed = _pid(tmp_path)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: not started_at(killed))
    server.stop()
    assert _ask(server.start(), "SELECT answer FROM kept") == "7"


def test_a_killed_server_comes_back_at_its_address(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """After SIGKILL the server is started again where it was: whoever holds its address goes on."""
    url = server.start()
    _keep(url, 9)
    killed = _pid(tmp_path)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: not server.is_alive())
    server.revive()
    assert server.is_alive()
    assert (server.url, _ask(url, "SELECT answer FROM kept")) == (url, "9")
    assert _pid(tmp_path) != killed


def test_no_server_starts_beside_what_a_dead_one_left(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """A busy process of a server whose first one was killed is ended before the folder is used again."""
    url = server.start()
    _keep(url, 5)
    with psycopg.connect(url.replace("+psycopg", "", 1)) as busy:
        orphan = busy.info.backend_pid
        os.kill(orphan, signal.SIGSTOP)  # it notices nothing, whatever happens to the first process
        os.kill(_pid(tmp_path), signal.SIGKILL)
        assert wait_until(lambda: not server.is_alive())
        server.revive()
        assert not started_at(orphan)
    assert _ask(url, "SELECT answer FROM kept") == "5"


def test_an_interrupted_first_start_begins_again(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """What a crash during initialisation leaves is thrown away, never used."""
    half = tmp_path / "postgres" / "cluster.new" / "base"
    half.mkdir(parents=True)
    assert _ask(server.start(), "SELECT 1") == "1"
    assert not half.exists()


def test_a_stale_pid_file_harms_no_stranger(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """A pid that belongs to another process by now is not signalled and does not stop the start."""
    server.start()
    pid_file = tmp_path / "postgres" / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert _ask(server.start(), "SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()


def test_two_processes_never_share_the_folder(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """A second start or stop says who is in the way; the first goes on."""
    url = server.start()
    second = EmbeddedPostgres(find_binaries(), tmp_path / "postgres")
    for attempt in (second.start, second.stop):
        with pytest.raises(Unavailable, match="another process uses the database"):
            attempt()
    assert _ask(url, "SELECT 1") == "1"


def test_a_start_that_fails_says_why_and_can_be_repeated(tmp_path: Path) -> None:
    """A setting that PostgreSQL refuses is named in the error, and the folder is free again."""
    broken = EmbeddedPostgres(find_binaries(), tmp_path / "postgres", options={"no_such_setting": "1"})
    with pytest.raises(Unavailable, match="no_such_setting"):
        broken.start()
    mended = EmbeddedPostgres(find_binaries(), tmp_path / "postgres")
    try:
        assert _ask(mended.start(), "SELECT 1") == "1"
    finally:
        mended.stop()


def test_a_command_beside_the_server_finds_its_address(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """`running_url` gives the address while the server runs and None otherwise, and starts nothing."""
    assert running_url(tmp_path / "postgres") is None
    url = server.start()
    assert running_url(tmp_path / "postgres") == url
    server.stop()
    assert running_url(tmp_path / "postgres") is None


def test_a_long_temporary_folder_still_gives_a_short_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Unix socket's path ends at 107 bytes, whatever TMPDIR is."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = make_socket_dir()
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.54321")) <= MAX_SOCKET_PATH_BYTES
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        folder.rmdir()


def test_a_closed_parent_folder_is_named(tmp_path: Path) -> None:
    """Where `nobody` must run the server, the folder in its way and the way out are said."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Unavailable, match=r"is closed to \w+: set QUANCHENG_HOME"):
        refuse_closed_parents([closed / "postgres"], pwd.getpwuid(NOBODY_UID))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the server to another account")
def test_without_user_namespaces_nobody_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root where the kernel forbids user namespaces, the server runs as `nobody` over its own files."""
    try:
        refuse_closed_parents([find_binaries()], pwd.getpwuid(NOBODY_UID))
    except Unavailable as why:
        pytest.skip(str(why))
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    programs = base / "programs"
    programs.mkdir()
    for name in ("sh", "true"):  # a PATH without unshare, as on a kernel without it
        (programs / name).symlink_to(shutil.which(name) or "/bin/false")
    monkeypatch.setenv("PATH", str(programs))
    server = EmbeddedPostgres(find_binaries(), base / "postgres")
    try:
        assert not can_unshare()
        assert _ask(server.start(), "SELECT 1") == "1"
        assert Path(f"/proc/{_pid(base)}").stat().st_uid == NOBODY_UID
    finally:
        server.stop()
        shutil.rmtree(base)
