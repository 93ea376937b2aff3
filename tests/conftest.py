"""Fixtures over the test stand. Tests under `tests/unit` get none of it: their sockets are blocked."""

import fcntl
import gc
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.homes import Homes
from tests.owner import application_of, remember
from tests.stand import (
    ATTACH,
    LOG_ORIGIN,
    ROOT,
    MissingPartError,
    Stand,
    find_chromium,
    is_ci,
    temporary_stand,
)
from tests.stand.foreign import go_program
from tests.stand.program import find_caddy, find_certutil

if TYPE_CHECKING:
    from playwright.sync_api import Browser

UNIT = ROOT / "tests" / "unit"
MEDIA = ROOT.parent / "shared" / "media"
SEED = "QUANCHENG_TEST_SEED"
LONGEST = {
    "test_policy_buttons.py",
    "test_policy_matrix.py",
    "test_serve.py",
    "test_story.py",
    "test_tampering.py",
    "test_workers_real.py",
}
REDIS_DATABASES = 16
"""So many Redis has by default; the first keeps the count of those that were given away."""

# One profile for every property test: no example is judged by the clock, none comes from what this machine met
# before. What fails is printed with how to meet it again; the seed of the whole run stands at its end.
settings.register_profile(
    "everywhere",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    print_blob=True,
)
settings.load_profile("everywhere")
os.environ.setdefault("LOG_ORIGIN", LOG_ORIGIN)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of the property tests, unless one was given; the processes of xdist inherit it.

    Whoever runs the tests in the background of a shell hands on that Ctrl-C is ignored, and so to every program that
    a test starts and interrupts: such a program would go on until its patience ends.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = os.environ.setdefault(SEED, str(secrets.randbelow(2**32)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first: each is one process's work, and none should be left for the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_collection_finish() -> None:
    """Let the collector pass over what stands until the end: modules, and thousands of tests that wait."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to repeat the property tests of this run."""
    terminalreporter.write_line(f"property tests: --hypothesis-seed={config.getoption('hypothesis_seed')}")


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that reaches for the network or the database fails at once."""
    if not request.path.is_relative_to(UNIT):
        return

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("unit tests open no socket; a test that needs one belongs to tests/integration")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(scope="session")
def stand() -> Iterator[Stand]:
    """The stand around `make test`, or one of our own whose parts start when they are first asked for."""
    attached = os.environ.get(ATTACH)
    if attached:
        yield Stand(Path(attached))
        return
    with temporary_stand() as own:
        yield own


@pytest.fixture(scope="session")
def homes(stand: Stand) -> Homes:
    """Data folders with the demo in them, for whoever begins after a first start."""
    return Homes(stand.state / "homes")


@pytest.fixture(scope="session")
def template(stand: Stand) -> str:
    """Name of a migrated, empty database; made once per stand, whatever number of test processes."""
    server = _address(stand, "database")
    remember(server)
    name = f"template_{_schema_digest()}"
    # One lock per server: the first test process migrates, the others find the template.
    lock = Path(tempfile.gettempdir(), f"quancheng-{hashlib.sha256(server.encode()).hexdigest()[:16]}.lock")
    with lock.open("w") as file, _admin(server) as admin:
        fcntl.flock(file, fcntl.LOCK_EX)
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            _migrated(stand, admin, server, name)
    lock.unlink(missing_ok=True)
    return name


@pytest.fixture(scope="module")
def database_url(stand: Stand, template: str) -> Iterator[str]:
    """Address of a fresh, migrated database for this test module, of the application's role; dropped afterwards."""
    with _fresh(_address(stand, "database"), template) as url:
        yield url


@pytest.fixture
def own_database_url(stand: Stand, template: str) -> Iterator[str]:
    """Address of a fresh, migrated database for one test alone."""
    with _fresh(_address(stand, "database"), template) as url:
        yield url


@contextmanager
def _fresh(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _admin(server) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        yield application_of(_with_database(server, name))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def empty_database_url(stand: Stand) -> Iterator[str]:
    """Address of a database without a single table, of its owner, for the tests of the migrations."""
    server = _address(stand, "database")
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with _admin(server) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield _with_database(server, name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def objects_url(stand: Stand) -> str:
    """Address of MinIO with the services' credential: may lock, may neither delete nor bypass."""
    return _address(stand, "objects")


@pytest.fixture(scope="session")
def keeper_url(stand: Stand) -> str:
    """Address of the same store with the keeping jobs' credential: legal hold, delete, bypass."""
    try:
        return stand.keeper_url()
    except MissingPartError as why:
        _give_up(why)


@pytest.fixture(scope="session")
def second_objects_url(stand: Stand) -> str:
    """Address of a second, independent S3 store (versitygw)."""
    return _address(stand, "second_objects")


@pytest.fixture(scope="module")
def broker_url(stand: Stand) -> str:
    """Address of Redis, and a database of this test module alone: hints and pongs of others stay theirs."""
    server = _address(stand, "broker")
    with redis.Redis.from_url(server) as client:
        number = 1 + client.incr("tests:databases") % (REDIS_DATABASES - 1)
    return f"{server.rpartition('/')[0]}/{number}"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The installed Chromium, with a font that draws Chinese."""
    try:
        return find_chromium()
    except MissingPartError as why:
        _give_up(why)


@pytest.fixture(scope="session")
def caddy() -> Path:
    """The proxy of the compose file."""
    try:
        return find_caddy()
    except MissingPartError as why:
        _give_up(why)


@pytest.fixture(scope="session")
def certutil() -> Path:
    """The program that tells Chromium whom to trust."""
    try:
        return find_certutil()
    except MissingPartError as why:
        _give_up(why)


@pytest.fixture(scope="session")
def follower() -> Path:
    """The Go program that follows a public log with the libraries of others."""
    try:
        return go_program(ROOT / "tests" / "clients" / "follow")
    except MissingPartError as why:
        _give_up(why)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator["Browser"]:
    """Chromium, running; every person of a test gets a `window` of their own."""
    from tests.browser import browsing  # noqa: PLC0415 - only tests of pages load Playwright

    with browsing(chromium) as running:
        yield running


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real photos, videos and tracks; tests that want it are skipped where it is absent."""
    if not MEDIA.is_dir():
        pytest.skip("no ../shared/media beside this clone")
    return MEDIA


def _address(stand: Stand, part: str) -> str:
    try:
        return stand.address(part)
    except MissingPartError as why:
        _give_up(why)


def _give_up(why: MissingPartError) -> NoReturn:
    if is_ci():
        pytest.fail(f"CI=true and a part is missing: {why}")
    pytest.skip(str(why))


def _migrated(stand: Stand, admin: psycopg.Connection, server: str, name: str) -> None:
    # Built under another name: a crash here leaves no half-migrated template for the next run.
    building = f"{name}_{uuid.uuid4().hex[:8]}"
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    owner = _with_database(server, building)
    addresses = {"DATABASE_URL": application_of(owner), "MIGRATION_DATABASE_URL": owner}
    env = {**os.environ, **stand.env, **addresses}
    env.setdefault("OBJECTS_URL", "file:///nowhere")
    done = subprocess.run(
        stand.command("migrate"), cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"the migration failed:\n{done.stdout}{done.stderr}"
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name))
    )


def _schema_digest() -> str:
    migrations = sorted((ROOT / "storage").glob("migrations/**/*.py"))
    grants = ROOT / "storage" / "setup" / "application.py"
    sources = [*migrations, *sorted((ROOT / "storage" / "tables").glob("*.py")), grants]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def _admin(server: str) -> psycopg.Connection:
    return psycopg.connect(server.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True)


def _with_database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
