"""The stand itself: a folder, the parts that were asked for, and every process that was started in it."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psycopg

from storage.setup.embedded import QUIET, EmbeddedPostgres
from storage.setup.postmaster import read_postmaster
from tests.stand.process import Started, read_json, started_at
from tests.stand.program import MissingPartError, find_binaries, find_redis, is_ci, say
from tests.stand.stores import start_minio, start_versitygw
from tests.stand.wait import PATIENCE_SECONDS, accepts, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
POSTGRES_SETTINGS = {"max_connections": "200", **QUIET}
FLEETING = {"fsync": "off", "full_page_writes": "off"}
"""What a database may do without that nobody will need after a power cut."""
REDIS_FLAGS = ("--save", "")
ADDRESSES = {
    "database": ("DATABASE_URL",),
    "objects": ("OBJECTS_URL", "KEEPER_URL"),
    "broker": ("BROKER_URL",),
}
KEYS = (
    "LOG_KEY",
    "REGISTRY_KEY",
    "EXPORT_KEY",
    "API_TICKET_KEY",
    "WORKER_TICKET_KEY",
    "SIGNER_TICKET_KEY",
    "FACTOR_KEY",
    "PERSONAL_KEY",
)
ATTACH = "QUANCHENG_STAND"
LOG_ORIGIN = "quancheng.test/log"
"""The name of every log of a test, in this process and in all that it starts."""

# The product's processes: the same words here, in docker-compose.yml and in every test that starts one.
COMMANDS: dict[str, tuple[str, ...]] = {
    "migrate": ("python", "-m", "storage.setup.migrate"),
    "admit": ("python", "quancheng.py", "admit", "--first"),
    "provision": ("python", "-m", "storage.objects.provision"),
    "api": (
        "uvicorn", "api.app:application", "--factory", "--host", "{host}", "--port", "{port}",
        "--http", "api.edge:Edge", "--ws", "none", "--loop", "uvloop", "--timeout-graceful-shutdown", "10",
        "--no-server-header", "--no-proxy-headers", "--no-access-log",
    ),
    "proxy": ("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"),
    "worker": (
        "celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "2",
        "--without-gossip", "--without-mingle", "-Q", "quancheng", "-n", "worker@%h",
    ),
    "slow-worker": (
        "celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "1",
        "--without-gossip", "--without-mingle", "-Q", "quancheng-slow", "-n", "slow@%h",
    ),
    "later-worker": (
        "celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "1",
        "--without-gossip", "--without-mingle", "-Q", "quancheng-later", "-n", "later@%h",
    ),
    "export-worker": (
        "celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "1",
        "--without-gossip", "--without-mingle", "-Q", "quancheng-export", "-n", "export@%h",
    ),
    "scheduler": ("python", "-m", "workers.scheduler"),
}  # fmt: skip


class _Asked(NamedTuple):
    """A process and how it was started."""

    process: subprocess.Popen[bytes]
    command: Sequence[str]
    env: Mapping[str, str] | None
    is_alone: bool


class Stand:
    """The parts, each started when it is first asked for.

    Args:
        state: Folder of data, logs and pids; kept after `down` only where it existed before.
        durable: False lets PostgreSQL do without what survives a power cut; measurements want True.
        is_apart: Its parts are its own, whatever the environment names: they may be killed.
    """

    def __init__(self, state: Path, *, durable: bool = False, is_apart: bool = False) -> None:
        self.state = state
        self.minio_dir = state / "minio"
        self._durable = durable
        self._reasons: dict[str, str] = {}
        self._postgres: EmbeddedPostgres | None = None  # holds the lock of its folder
        self._children: list[subprocess.Popen[bytes]] = []
        self._newest: dict[str, _Asked] = {}
        (state / "pids").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.env: dict[str, str] = read_json(state / "env.json")
        if not self.env:
            self.env = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in KEYS}
            self.env["LOG_ORIGIN"] = LOG_ORIGIN
            given = () if is_apart else (name for names in ADDRESSES.values() for name in names)
            self.env |= {name: os.environ[name] for name in given if name in os.environ}
            self._keep_env()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        self.down()

    def up(self, parts: Sequence[str] = tuple(ADDRESSES)) -> dict[str, str]:
        """Start the parts and return the environment that names them; missing ones are said on stderr.

        Raises:
            MissingPartError: under `CI=true`, a part cannot be had.
        """
        for part in parts:
            try:
                self.address(part)
            except MissingPartError as why:
                say(f"MISSING {part}: {why}")
                if is_ci():
                    raise
        return self.env

    def address(self, part: str) -> str:
        """Return the URL of a part (`database`, `objects`, `broker`, `second_objects`); starts it if need be.

        Raises:
            MissingPartError: it cannot be had; the same reason on every call.
        """
        name = ADDRESSES.get(part, (f"{part.upper()}_URL",))[0]
        if name not in self.env:
            if part in self._reasons:
                raise MissingPartError(self._reasons[part])
            try:
                self.env |= getattr(self, f"_start_{part}")()
            except MissingPartError as why:
                self._reasons[part] = str(why)
                raise
            self._keep_env()
        return self.env[name]

    def keeper_url(self) -> str:
        """Return the object store's address with the credential of the keeping jobs.

        Raises:
            MissingPartError: the store is somebody else's and `KEEPER_URL` is not set.
        """
        self.address("objects")
        if "KEEPER_URL" not in self.env:
            raise MissingPartError(
                "OBJECTS_URL is set and KEEPER_URL is not: set the keeper's credential too"
            )
        return self.env["KEEPER_URL"]

    def command(self, name: str, *, port: int = 8080) -> list[str]:
        """Return the words that start one of the product's processes with this interpreter's programs."""
        program, *words = COMMANDS[name]
        here = Path(sys.executable).parent
        found = sys.executable if program == "python" else str(here / program)
        return [found, *(word.format(host="127.0.0.1", port=port) for word in words)]

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        is_alone: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, with the stand's environment; stopped by `down`.

        With `is_alone` it gets PATH, a data folder and `env`, nothing else: what a container would get.
        """
        home = {"QUANCHENG_HOME": str(self.state / "home")}
        around = {"PATH": os.environ["PATH"], **home} if is_alone else {**os.environ, **home, **self.env}
        log = self.log_path(name).open("ab")
        process = subprocess.Popen(
            [*command],
            cwd=ROOT,
            env={**around, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self._children.append(process)
        self._newest[name] = _Asked(process, command, env, is_alone)
        record = {"name": name, "pid": process.pid, "started": started_at(process.pid)}
        (self.state / "pids" / f"{process.pid}.json").write_text(json.dumps(record))
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """End one process and everything it started; returns its exit code."""
        Started(str(process.args), process.pid, started_at(process.pid)).stop()
        (self.state / "pids" / f"{process.pid}.json").unlink(missing_ok=True)
        return process.wait()

    def newest(self, name: str) -> subprocess.Popen[bytes]:
        """Return the process that was last started under this name."""
        return self._newest[name].process

    def kill(self, name: str) -> None:
        """End the newest process of this name by SIGKILL, with all that it started."""
        os.killpg(self.newest(name).pid, signal.SIGKILL)
        self.newest(name).wait(PATIENCE_SECONDS)

    def again(self, name: str) -> subprocess.Popen[bytes]:
        """Start what has ended with the words and the environment that it had."""
        asked = self._newest[name]
        return self.start(name, asked.command, asked.env, is_alone=asked.is_alone)

    def kill_database(self) -> None:
        """Kill PostgreSQL's first process by SIGKILL: a crash, which the others follow."""
        found = read_postmaster(self.state / "postgres" / "cluster")
        if found is None or self._postgres is None:
            raise MissingPartError("this stand has no PostgreSQL of its own")
        os.kill(found.pid, signal.SIGKILL)
        wait_until(lambda: self._postgres is None or not self._postgres.is_alive())

    def database_again(self) -> None:
        """Start PostgreSQL after a crash, at its address."""
        if self._postgres is not None:
            self._postgres.revive()

    def standby_again(self) -> None:
        """Start PostgreSQL after a crash as a standby, which answers and takes nothing."""
        (self.state / "postgres" / "cluster" / "standby.signal").touch()
        self.database_again()

    def promote(self) -> None:
        """Make a standby take what comes again."""
        with psycopg.connect(
            self.env["DATABASE_URL"].replace("+psycopg", "", 1), autocommit=True
        ) as connection:
            connection.execute("SELECT pg_promote()")

    def log_path(self, name: str) -> Path:
        return self.state / f"{name}.log"

    def processes(self) -> list[Started]:
        """Return what was started here, newest first, living or not."""
        records = [read_json(path) for path in (self.state / "pids").glob("*.json")]
        found = [Started(**record) for record in records if record]
        return sorted(found, key=lambda process: process.started, reverse=True)

    def down(self) -> None:
        """Stop everything that this stand, or a killed one over the same folder, has started."""
        for process in self.processes():
            process.stop()
            (self.state / "pids" / f"{process.pid}.json").unlink(missing_ok=True)
        for child in self._children:
            child.wait()
        if (self.state / "postgres").exists():
            (self._postgres or EmbeddedPostgres(find_binaries(), self.state / "postgres")).stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def _keep_env(self) -> None:
        path = self.state / "env.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.env))

    def _start_database(self) -> dict[str, str]:
        say("PostgreSQL: starting")
        options = POSTGRES_SETTINGS if self._durable else POSTGRES_SETTINGS | FLEETING
        self._postgres = EmbeddedPostgres(find_binaries(), self.state / "postgres", options=options)
        return {"DATABASE_URL": self._postgres.start()}

    def _start_objects(self) -> dict[str, str]:
        return start_minio(self)

    def _start_second_objects(self) -> dict[str, str]:
        return start_versitygw(self)

    def _start_broker(self) -> dict[str, str]:
        program = find_redis()
        say("Redis: starting")
        port = free_port()
        password = secrets.token_urlsafe(24)
        settings = self.state / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(f"requirepass {password}\n")  # in a file: words of a command are for all to read
        words = ["--bind", "127.0.0.1", "--port", str(port), *REDIS_FLAGS, "--dir", str(self.state)]
        process = self.start("redis", [str(program), str(settings), *words])
        self.wait_for(process, "redis", lambda: accepts(port))
        return {"BROKER_URL": f"redis://:{password}@127.0.0.1:{port}/0"}

    def wait_for(self, process: subprocess.Popen[bytes], name: str, is_ready: Callable[[], bool]) -> None:
        """Wait until a process that was started is ready; what it said is told when it ends instead."""
        if (
            not wait_until(lambda: process.poll() is not None or is_ready(), PATIENCE_SECONDS)
            or process.poll() is not None
        ):
            tail = self.log_path(name).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{name} did not start:\n{tail}")


def sweep(base: Path) -> None:
    """Stop the stands under a folder whose owner was killed."""
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stands that start together sweep one after the other
        for state in sorted(base.glob("*/")):
            owner = read_json(state / "owner.json")
            if owner and not Started(**owner).is_alive():
                say(f"stopping what a killed stand left in {state.name}")
                Stand(state).down()


@contextmanager
def temporary_stand(*, durable: bool = False, is_apart: bool = False) -> Iterator[Stand]:
    """A stand of our own in a temporary folder; sweeps what killed ones left, ends with the block."""
    base = Path(tempfile.gettempdir()) / f"quancheng-stand-{os.geteuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    sweep(base)
    state = Path(tempfile.mkdtemp(dir=base))
    owner = {"name": "owner", "pid": os.getpid(), "started": started_at(os.getpid())}
    (state / "owner.json").write_text(json.dumps(owner))
    with Stand(state, durable=durable, is_apart=is_apart) as stand:
        yield stand
