"""Celery workers and the scheduler as the compose file starts them, on PostgreSQL, MinIO and Redis."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from schemas.actor import Actor, Role
from schemas.recording import Recording, RecordingState
from storage.custody.signer import Signer
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
from tests.media import jpeg
from tests.server import running
from tests.stand import ROOT, until


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
    }
    return {
        **os.environ,
        **{name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None},
        "BROKER_URL": broker_url.rpartition("/")[0]
        + "/1",  # a database of its own: hints of others stay theirs
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
    return make_account(store, agency, Role.LEGAL_REVIEWER, Role.CUSTODIAN)[1]


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
    with store.begin() as tx:
        Signer(tx.connection).sequence()
    assert faults(store, "recording") == []
