"""The same PostgreSQL as everywhere, for one machine: `initdb` and `pg_ctl` driven by us.

Life of the embedded server:

1. `start()` takes the lock of the folder, so that two processes never share it.
2. A server that outlived a killed parent is adopted if it answers to our password, else stopped.
3. The first start initialises into a side folder and renames it: a crash leaves only the side folder.
4. `pg_ctl -w` returns when the server accepts connections; crash recovery may take minutes, not an error.
5. `stop()` is a fast shutdown: running transactions roll back, nothing committed is lost.
6. `revive()` starts a server that died again, at the address that it had: whoever held it goes on.

Connections go through a Unix socket in a 0700 folder of our own, with SCRAM-SHA-256 and a random password
(RFC 7677): on a shared machine no other local account gets in. Only the composition root and the test
stand know where the binaries come from.
"""

import fcntl
import os
import pwd
import secrets
import shlex
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from schemas.errors import Unavailable
from schemas.refusals_objects import DATABASE_UNAVAILABLE
from storage.setup.postmaster import Postmaster, end_orphans, is_ours, read_postmaster
from storage.setup.socket_dir import SOCKET_PORT, make_socket_dir, remove_socket_dir, renew_socket_dir

ROLE = "quancheng"
DATABASE = "quancheng"
START_SECONDS = 300
STOP_SECONDS = 120
NOBODY_UID = 65534
QUIET = {"log_error_verbosity": "terse"}
"""The server's log names no values: a refused row is somebody's evidence, with its digest and its signature."""

_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY_UID}", f"--map-group={NOBODY_UID}")


class EmbeddedPostgres:
    """One PostgreSQL server over one data folder.

    Args:
        bin_dir: Folder with `initdb`, `pg_ctl` and `postgres`.
        data_dir: Folder that is ours alone; holds the cluster, the password and the server's log.
        loopback_port: Also listen on this port of 127.0.0.1; without it only the Unix socket exists.
        options: Server settings by name, each passed as `-c name=value`.
    """

    def __init__(
        self,
        bin_dir: Path,
        data_dir: Path,
        *,
        loopback_port: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._bin_dir = bin_dir.resolve()
        self._data_dir = data_dir.resolve()
        self._cluster_dir = self._data_dir / "cluster"
        self._password_path = self._data_dir / "password"
        self._log_path = self._data_dir / "server.log"
        self._loopback_port = loopback_port
        self._options = dict(options or {})
        self._lock: IO[str] | None = None
        self._running: Postmaster | None = None

    def start(self) -> str:
        """Start or adopt the server and return its address (`postgresql+psycopg://…`).

        Raises:
            Unavailable: another process holds the folder, the account cannot run PostgreSQL here, or the
                server did not start; the detail says what to do.
        """
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._resume_or_launch()
            self._running = self._create_database()
        except BaseException:
            self._drop_lock()
            raise
        return self.url

    def stop(self) -> None:
        """Shut the server down; also one that an earlier, killed process left. Nothing running is no error.

        Raises:
            Unavailable: another process uses the folder, or the server did not stop within two minutes.
        """
        if not self._data_dir.exists():
            return
        if self._lock is None:
            self._take_lock()
        try:
            self._stop_left_over()
        finally:
            self._drop_lock()

    def is_alive(self) -> bool:
        """Say whether the server that was started or adopted here still runs."""
        return self._running is not None and is_ours(self._running.pid, self._cluster_dir)

    def revive(self) -> None:
        """Start the server again after it died; its address stays. Crash recovery keeps what was committed.

        Raises:
            Unavailable: it did not start; the detail says why. It may be tried again.
        """
        if self._running is None:
            raise DATABASE_UNAVAILABLE(f"no PostgreSQL was started in {self._data_dir}")
        self._end_left_over()
        renew_socket_dir(self._running.socket_dir)
        self._launch(self._running.socket_dir)
        self._running = read_postmaster(self._cluster_dir) or self._running

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self._log_path

    @property
    def url(self) -> str:
        """The address of the running server.

        Raises:
            Unavailable: no server runs over this folder.
        """
        found = running_url(self._data_dir)
        if found is None:
            raise DATABASE_UNAVAILABLE(f"no PostgreSQL runs in {self._data_dir}")
        return found

    def _take_lock(self) -> None:
        # flock ends with its process, also a killed one: a stale lock cannot exist.
        lock = (self._data_dir / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            lock.close()
            raise DATABASE_UNAVAILABLE(
                f"another process uses the database in {self._data_dir}; stop it or set QUANCHENG_HOME"
            ) from err
        self._lock = lock

    def _drop_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _resume_or_launch(self) -> None:
        if self._is_adoptable():
            return
        self._stop_left_over()
        if not self._cluster_dir.exists():
            self._initialise()
        self._launch(make_socket_dir())

    def _stop_left_over(self) -> None:
        postmaster = self._end_left_over()
        if postmaster is not None:
            remove_socket_dir(postmaster.socket_dir)

    def _end_left_over(self) -> Postmaster | None:
        postmaster = read_postmaster(self._cluster_dir)
        if postmaster is None:
            return None
        if is_ours(postmaster.pid, self._cluster_dir):
            how = ("-m", "fast", "-w", "-t", str(STOP_SECONDS))
            self._run("pg_ctl", "stop", "-D", str(self._cluster_dir), *how)
        else:
            # After a power cut the number may name a stranger; PostgreSQL would refuse to start beside it.
            end_orphans(self._cluster_dir)
            (self._cluster_dir / "postmaster.pid").unlink(missing_ok=True)
        return postmaster

    def _is_adoptable(self) -> bool:
        postmaster = read_postmaster(self._cluster_dir)
        if postmaster is None or not is_ours(postmaster.pid, self._cluster_dir):
            return False
        if postmaster.port != (self._loopback_port or SOCKET_PORT):
            return False
        try:
            with psycopg.connect(_conninfo(postmaster, self._password(), "postgres"), connect_timeout=60):
                return True
        except psycopg.OperationalError:
            # Still recovering, or of another password: it is stopped and started by our own rules.
            return False

    def _initialise(self) -> None:
        fresh = self._data_dir / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._write_password()
        self._give_to_server_account()
        self._run(
            "initdb", "-D", str(fresh), f"--username={ROLE}", "--auth=scram-sha-256",
            f"--pwfile={self._password_path}", "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        fresh.rename(self._cluster_dir)

    def _write_password(self) -> None:
        self._password_path.unlink(missing_ok=True)
        descriptor = os.open(self._password_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))

    def _password(self) -> str:
        return self._password_path.read_text(encoding="ascii")

    def _launch(self, socket_dir: Path) -> None:
        account = self._account()
        if account is not None:
            os.chown(socket_dir, account.pw_uid, account.pw_gid)
        host = "127.0.0.1" if self._loopback_port else ""
        settings = {"port": str(self._loopback_port or SOCKET_PORT), "unix_socket_permissions": "0700"}
        settings |= QUIET | self._options
        words = ["-h", host, "-k", str(socket_dir)]
        words += [word for name, text in settings.items() for word in ("-c", f"{name}={text}")]
        try:
            self._run(
                "pg_ctl", "start", "-D", str(self._cluster_dir), "-w", "-t", str(START_SECONDS),
                "-l", str(self._log_path), "-o", shlex.join(words),
            )  # fmt: skip
        except Unavailable:
            remove_socket_dir(socket_dir)
            raise

    def _create_database(self) -> Postmaster:
        postmaster = read_postmaster(self._cluster_dir)
        if postmaster is None:
            raise DATABASE_UNAVAILABLE(f"PostgreSQL stopped right after its start: {self._log_tail()}")
        address = _conninfo(postmaster, self._password(), "postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if row is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        return postmaster

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin_dir / program), *arguments]
        account = self._account()
        prefix = _NAMESPACE if os.geteuid() == 0 and account is None else ()
        finished = subprocess.run(  # noqa: S603 - our own words, no shell
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for an initdb in its middle
        )
        if finished.returncode != 0:
            said = finished.stderr.strip() or finished.stdout.strip()
            raise DATABASE_UNAVAILABLE(f"{program} failed: {said} {self._log_tail()}")

    def _account(self) -> pwd.struct_passwd | None:
        """The other account that must run the server; None when the present one may (in a namespace as root).

        PostgreSQL refuses uid 0. A user namespace changes no owner and no mode of any file; only where the
        kernel forbids it do the files go to `nobody`.
        """
        if os.geteuid() != 0 or can_unshare():
            return None
        nobody = pwd.getpwuid(NOBODY_UID)
        refuse_closed_parents((self._data_dir, self._bin_dir), nobody)
        return nobody

    def _give_to_server_account(self) -> None:
        account = self._account()
        if account is not None:
            for path in (self._data_dir, self._password_path):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _log_tail(self, lines: int = 5) -> str:
        if not self._log_path.exists():
            return ""
        return "\n".join(self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def running_url(data_dir: Path) -> str | None:
    """Return the address of the server that runs over an embedded data folder, or None.

    For commands beside a running server (`doctor`, `fsck`), which must not start or stop it.
    """
    cluster_dir = data_dir.resolve() / "cluster"
    postmaster = read_postmaster(cluster_dir)
    if postmaster is None or not is_ours(postmaster.pid, cluster_dir):
        return None
    password = (data_dir / "password").read_text(encoding="ascii")
    place = f"host={quote(str(postmaster.socket_dir), safe='')}&port={postmaster.port}"
    return f"postgresql+psycopg://{ROLE}:{quote(password, safe='')}@/{DATABASE}?{place}"


def can_unshare() -> bool:
    """Tell whether this kernel lets us open a user namespace."""
    if shutil.which(_NAMESPACE[0]) is None:
        return False
    words = [*_NAMESPACE, "true"]
    tried = subprocess.run(words, capture_output=True, check=False, start_new_session=True)  # noqa: S603 - our own words
    return tried.returncode == 0


def refuse_closed_parents(paths: Sequence[Path], account: pwd.struct_passwd) -> None:
    """Check that the account can walk to every path; its own folders count as open.

    Raises:
        Unavailable: a folder is in the way; the detail names it and what to set.
    """
    for path in paths:
        for folder in path.parents:
            seen = folder.stat()
            is_open = seen.st_uid == account.pw_uid or seen.st_mode & stat.S_IXOTH
            if not is_open:
                raise DATABASE_UNAVAILABLE(
                    "PostgreSQL does not run as root, user namespaces are forbidden here, and "
                    f"{folder} is closed to {account.pw_name}: set QUANCHENG_HOME to an open place, "
                    "set DATABASE_URL, or start as another user"
                )


def _conninfo(postmaster: Postmaster, password: str, database: str) -> str:
    return psycopg.conninfo.make_conninfo(
        host=str(postmaster.socket_dir), port=postmaster.port, user=ROLE, password=password, dbname=database
    )
