"""docker-compose.yml without Docker: the same commands with the same variables, started natively.

Each service gets PATH and exactly the environment of the compose file; its secrets are files, as there.
"""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.owner import owner_of
from tests.stand import LOG_ORIGIN, PATIENCE_SECONDS, ROOT, Stand, answers, free_port, wait_until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]


@pytest.fixture(scope="module")
def secret_files(
    tmp_path_factory: pytest.TempPathFactory,
    stand: Stand,
    database_url: str,
    objects_url: str,
    broker_url: str,
) -> Mapping[str, str]:
    """The stand's addresses and keys, each in a file, by the path that the compose file gives it."""
    folder = tmp_path_factory.mktemp("secrets")
    texts = stand.env | {"DATABASE_URL": database_url, "OBJECTS_URL": objects_url, "BROKER_URL": broker_url}
    for name, text in texts.items():
        (folder / name.lower()).write_text(f"{text}\n")
    absent = [
        name for name, one in COMPOSE["secrets"].items() if one.get("file", "").endswith(":-/dev/null}")
    ]
    return {
        **{f"/run/secrets/{name}": "/dev/null" for name in absent},
        **{f"/run/secrets/{path.name}": str(path) for path in folder.iterdir()},
    }


@pytest.fixture
def service(stand: Stand, secret_files: Mapping[str, str], database_url: str) -> Callable[..., Any]:
    """Start a service of the compose file and stop it at the end of the block."""

    @contextmanager
    def started(name: str, *, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        process = stand.start(
            f"service-{name}",
            stand.command(name, port=port),
            _env(name, secret_files) | _owner(name, database_url),
            is_alone=True,
        )
        try:
            yield process
        finally:
            stand.stop(process)

    return started


def _owner(name: str, database_url: str) -> dict[str, str]:
    """The address of the owner of the tables, for the service that reads the file in which it stands."""
    has = SERVICES[name].get("env_file") == ".env.owner"
    return {"MIGRATION_DATABASE_URL": owner_of(database_url)} if has else {}


def _env(name: str, secret_files: Mapping[str, str]) -> dict[str, str]:
    written = SERVICES[name]["environment"]
    defaults = {key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", text) for key, text in written.items()}
    defaults |= {key: LOG_ORIGIN for key in written if key == "LOG_ORIGIN"}
    return {key: secret_files.get(text, text) for key, text in defaults.items()}


def test_migrating_again_changes_nothing(service: Callable[..., Any]) -> None:
    """The one-shot migration runs at every `up`; over a migrated database it ends well and at once."""
    with service("migrate") as process:
        assert process.wait(PATIENCE_SECONDS) == 0


def test_the_api_becomes_healthy_and_ends_on_sigterm(service: Callable[..., Any], stand: Stand) -> None:
    """The API answers its health check with nothing but the compose file's variables."""
    port = free_port()
    with service("api", port=port) as process:
        wait_until(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/v1/health"))
        assert process.poll() is None, _log(stand, "api")
        assert answers(f"http://127.0.0.1:{port}/v1/health"), _log(stand, "api")
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) in {0, -15}, _log(stand, "api")


def test_the_worker_answers_a_ping(
    service: Callable[..., Any], stand: Stand, secret_files: Mapping[str, str]
) -> None:
    """The worker's health check, as the compose file asks it, is answered."""
    check = SERVICES["worker"]["healthcheck"]["test"][1].replace("$$", "$")
    env = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOSTNAME": socket.gethostname(),
        **_env("worker", secret_files),
    }

    def pongs() -> bool:
        asked = subprocess.run(["sh", "-c", check], cwd=ROOT, env=env, check=False, capture_output=True)
        return asked.returncode == 0

    with service("worker") as process:
        assert wait_until(lambda: process.poll() is not None or pongs()), _log(stand, "worker")
        assert process.poll() is None, _log(stand, "worker")


def test_the_scheduler_works_and_is_healthy_by_the_doctor(
    service: Callable[..., Any], stand: Stand, secret_files: Mapping[str, str]
) -> None:
    """Its health check finds its heartbeat and a store that hides its room; the scheduler ends on SIGTERM."""
    with service("scheduler") as process:
        env = {"PATH": "/usr/bin:/bin", **_env("scheduler", secret_files)}
        check = SERVICES["scheduler"]["healthcheck"]["test"][1:]

        def examined() -> subprocess.CompletedProcess[str]:
            words = [sys.executable, *check[1:]]
            return subprocess.run(words, cwd=ROOT, env=env, check=False, capture_output=True, text=True)

        assert wait_until(lambda: process.poll() is not None or examined().returncode == 0), _log(
            stand, "scheduler"
        )
        whole = subprocess.run(
            [sys.executable, "quancheng.py", "doctor"],
            cwd=ROOT,
            env=env,
            check=False,
            capture_output=True,
            text=True,
        )
        assert "does not tell its free room" in whole.stdout
        assert process.poll() is None, _log(stand, "scheduler")
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0, _log(stand, "scheduler")


def _log(stand: Stand, name: str) -> str:
    return stand.log_path(f"service-{name}").read_text(errors="replace")[-3000:]
