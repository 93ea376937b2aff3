"""Celery workers and the scheduler as the compose file starts them, on PostgreSQL, MinIO and Redis."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from quancheng_tell import UNREACHABLE
from schemas.actor import Actor, Role
from schemas.health import Health, HealthPart
from schemas.recording import Recording, RecordingState
from schemas.work import LoopPart, signs
from storage.outbox import JobKind
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    faults,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg, scan_bomb
from tests.server import running, serving
from tests.stand import PATIENCE_SECONDS, ROOT, until
from tests.web import TRUST
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, objects_url: str) -> Iterator[Store]:
    made = Store(make_settings(database_url, objects_url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def environment(store: Store, broker_url: str) -> dict[str, str]:
    settings = store.settings
    secrets = {
        "DATABASE_URL": settings.database_url,
        "OBJECTS_URL": settings.objects_url,
        "LOG_KEY": settings.log_key,
        "REGISTRY_KEY": settings.registry_key,
        "EXPORT_KEY": settings.export_key,
        **{name.upper(): getattr(settings, name) for name in TICKET_KEYS},
        "PERSONAL_KEY": settings.personal_key,
    }
    return {
        **os.environ,
        **{name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None},
        "BROKER_URL": broker_url,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "WORKERS_LEASE_SECONDS": "4",
        "WORKERS_SWEEP_SECONDS": "1",
    }


@pytest.fixture(scope="module")
def reviewer(store: Store) -> Actor:
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    return make_account(store, agency, Role.HEAD, Role.CUSTODIAN)[1]


@pytest.fixture
def device(store: Store, reviewer: Actor) -> TestDevice:
    return enrol_device(store, reviewer)


def known(store: Store, ident: UUID) -> Recording:
    with store.begin() as tx:
        return tx.recordings.known(ident)


def concluded(store: Store, idents: list[UUID]) -> bool:
    return all(known(store, ident).state is not RecordingState.RECEIVED for ident in idents)


def test_the_line_runs_through_broker_and_workers(
    store: Store, environment: dict[str, str], device: TestDevice, tmp_path: Path
) -> None:
    """What is received is hinted, drained, sealed under lock, and integrated into a signed checkpoint."""
    with (
        running("scheduler", environment, tmp_path / "s.log"),
        running("worker", environment, tmp_path / "w.log"),
    ):
        idents = [device.capture(f"{number}.jpg", jpeg()) for number in range(6)]
        until(lambda: concluded(store, idents), "six recordings to be concluded")
        for ident in idents:
            found = known(store, ident)
            assert found.state is RecordingState.SEALED
            assert store.objects.stat(found.object_key, found.version_id).retain_until is not None

        def deletable() -> bool:
            with store.begin() as tx:
                return all(tx.recordings.may_delete_local(known(store, ident)) for ident in idents)

        until(deletable, "the seals to be in a signed checkpoint")


def test_a_heavy_file_reaches_the_slow_worker(
    store: Store, environment: dict[str, str], device: TestDevice, tmp_path: Path
) -> None:
    """The worker leaves what is too much for it, and the hint for the rest goes to the slow worker's own queue."""
    with (
        running("scheduler", environment, tmp_path / "s.log"),
        running("worker", environment, tmp_path / "w.log"),
    ):
        ident = device.capture("heavy.jpg", scan_bomb(6_000))
        until(lambda: waiting(store).get(JobKind.VERIFY_SLOW) == 1, "the worker to leave it")
        with running("slow-worker", environment, tmp_path / "l.log"):
            until(lambda: concluded(store, [ident]), "the slow worker to conclude it")

    assert known(store, ident).state is RecordingState.SEALED


def waiting(store: Store) -> dict[str, int]:
    with store.begin() as tx:
        return tx.jobs.waiting()


def test_killed_workers_change_nothing(
    store: Store, environment: dict[str, str], device: TestDevice, tmp_path: Path
) -> None:
    """Workers that are killed again and again lose no recording and conclude none twice."""
    idents = [device.capture(f"{number}.jpg", jpeg()) for number in range(30)]
    with running("scheduler", environment, tmp_path / "s.log"):
        for turn in range(3):
            with running("worker", environment, tmp_path / f"w{turn}.log") as worker:
                time.sleep(4 + turn)
                os.killpg(worker.pid, signal.SIGKILL)
        with running("worker", environment, tmp_path / "w.log"):
            until(lambda: concluded(store, idents), "every recording to be concluded")

    for ident in idents:
        assert known(store, ident).state is RecordingState.SEALED
        assert known(store, ident).run == 1
    integrate(store)
    assert faults(store, "recording") == []


def health_of(address: str) -> dict[str, str]:
    """What a stranger is told."""
    said: dict[str, str] = httpx.get(f"{address}/v1/health", verify=TRUST, timeout=PATIENCE_SECONDS).json()
    return said


def said_of(store: Store, part: HealthPart) -> Health:
    """What the operator is told of a part."""
    with store.begin() as tx:
        return {sign.part: sign.code for sign in signs(tx.heartbeats.work())}[part]


def is_heard(store: Store) -> bool:
    """Whether a worker that has not ended gives its heartbeat."""
    with store.begin() as tx:
        seen = tx.heartbeats.work()
    return any(
        one.part is LoopPart.WORKER and not one.has_ended and one.due_at >= seen.at for one in seen.heartbeats
    )


def test_whichever_part_is_killed_health_turns_red(
    store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    """A killed worker or scheduler is missed by its heartbeat; one that takes its place makes health green again."""
    quick = {**environment, "WORKERS_BEAT_SECONDS": "1"}
    with serving(store) as address, running("scheduler", quick, tmp_path / "s.log") as scheduler:
        with running("worker", quick, tmp_path / "w.log") as worker:
            until(lambda: health_of(address)["status"] == "ok", lambda: str(health_of(address)))
            # A worker of a test before, which ended in good order, may still be the one that counts.
            until(lambda: is_heard(store), (tmp_path / "w.log").read_text)
            os.killpg(worker.pid, signal.SIGKILL)
            until(lambda: health_of(address)["workers"] == "degraded", lambda: str(health_of(address)))
            assert said_of(store, HealthPart.WORKERS) is Health.LOOP_LOST
            words = [sys.executable, "quancheng.py", "doctor", "--part", "workers"]
            assert subprocess.run(words, cwd=ROOT, env=quick, check=False).returncode == UNREACHABLE
        with running("worker", quick, tmp_path / "w2.log") as worker:
            until(lambda: health_of(address)["status"] == "ok", lambda: str(health_of(address)))
            worker.terminate()
            assert worker.wait(PATIENCE_SECONDS) == 0
            until(
                lambda: said_of(store, HealthPart.WORKERS) is Health.LOOP_ABSENT,
                lambda: f"told to stop: {said_of(store, HealthPart.WORKERS)}",
            )
        os.killpg(scheduler.pid, signal.SIGKILL)
        until(lambda: health_of(address)["scheduler"] == "degraded", lambda: str(health_of(address)))
        assert health_of(address)["status"] == "degraded"


@pytest.mark.parametrize("away", ["broker", "broker that accepts and never answers", "store"])
def test_a_broker_or_store_that_is_away_turns_health_red(
    store: Store, environment: dict[str, str], tmp_path: Path, away: str
) -> None:
    """The scheduler asks both at every beat; who wants to know asks neither."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if "accepts" in away:
            silent.listen(100)
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        address = (
            {"OBJECTS_URL": f"s3+http://key:secret@{place}/evidence?staging=staging"}
            if away == "store"
            else {"BROKER_URL": f"redis://{place}/1"}
        )
        with running(
            "scheduler", {**environment, "WORKERS_BEAT_SECONDS": "1", **address}, tmp_path / "s.log"
        ):
            until(
                lambda: said_of(store, HealthPart.SCHEDULER) is Health.LOOP_HINDERED,
                lambda: f"{said_of(store, HealthPart.SCHEDULER)} {(tmp_path / 's.log').read_text()[-2000:]}",
            )
