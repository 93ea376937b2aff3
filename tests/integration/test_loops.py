"""Every loop outlasts what it meets, or whoever started it is told: nothing dies beside a live server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from schemas.actor import Role
from schemas.recording import RecordingState
from storage.flow.receive import Receiving
from storage.outbox import JobKind
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.transaction import Transaction
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.owner import owning, unguarded
from tests.stand import PATIENCE_SECONDS, until
from workers.custody import integrate
from workers.embedded import EmbeddedWorkers
from workers.settings import WorkersSettings

SETTINGS = WorkersSettings(lease_seconds=2, sweep_seconds=0.5, pause_seconds=0.5)
OVERFLOW = 10


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = folder_url(tmp_path_factory.mktemp("loops"))
    made = Store(make_settings(database_url, folder, pool_size=4, pool_wait_seconds=0.1))
    yield made
    made.close()


@pytest.fixture(scope="module")
def device(store: Store) -> TestDevice:
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


@contextmanager
def working(store: Store) -> Iterator[list[str]]:
    """The embedded workers over a store; gives the names of the threads that ended by themselves."""
    ended: list[str] = []
    workers = EmbeddedWorkers(store, SETTINGS, on_end=ended.append)
    workers.start()
    try:
        yield ended
    finally:
        workers.stop()


@contextmanager
def all_connections_taken(store: Store) -> Iterator[None]:
    """Somebody else holds every connection that the store may open."""
    with ExitStack() as taken:
        for _ in range(store.settings.pool_size + OVERFLOW):
            taken.enter_context(store.engine.connect())
        yield


@contextmanager
def table_away(store: Store) -> Iterator[None]:
    """A fault that nobody foresaw: the jobs are not where they were."""
    with owning(store) as tx:
        tx.connection.execute(text("ALTER TABLE jobs RENAME TO jobs_away"))
    try:
        yield
    finally:
        with owning(store) as tx:
            tx.connection.execute(text("ALTER TABLE jobs_away RENAME TO jobs"))


def state_of(store: Store, ident: UUID) -> RecordingState:
    with store.begin() as tx:
        return tx.recordings.known(ident).state


def loops_that_met(lines: list[dict[str, Any]]) -> set[str]:
    return {line["loop"] for line in lines if "loop" in line}


@pytest.mark.parametrize("fault", [all_connections_taken, table_away])
def test_what_a_loop_meets_ends_no_loop(store: Store, device: TestDevice, fault: Any) -> None:
    """Workers and scheduler meet a taken pool or a fault of ours; when it has gone they work on."""
    ident = device.capture(f"{fault.__name__}.bin", b"evidence")
    with ExitStack() as standing:
        standing.enter_context(fault(store))
        with capture_logs() as lines, working(store) as ended:
            until(lambda: {"drain-verify", "leases", "sweep"} <= loops_that_met(lines), lambda: str(lines))
            standing.close()
            until(lambda: state_of(store, ident) is not RecordingState.RECEIVED, lambda: str(lines))
            assert ended == []


def test_a_store_that_never_answers_holds_up_the_log_alone(store: Store, device: TestDevice) -> None:
    """A signer that comes up beside an evidence store that accepts and is silent signs nothing before it was asked, and
    holds up no other loop; with the store that answers, all of it is signed.
    """
    with store.begin() as tx:
        left = tx.uploads.open(device.actor, NewUpload(length_bytes=4, filename="left.bin"))
    Receiving.begin(store, device.actor, left.id, offset=0, content_length=4).keep([b"left"])
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        silent.settimeout(PATIENCE_SECONDS)
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        asked = SecretStr(f"s3+http://key:secret@{place}/evidence?staging=staging")
        deaf = Store(
            store.settings.model_copy(update={"objects_url": asked})
        )  # the same log, by the same key
        with closing(deaf), working(deaf) as ended, ExitStack() as asking:
            asking.callback(silent.close)
            for _ in range(2):  # the sweep and its heart have asked, and wait
                asking.enter_context(silent.accept()[0])
            device.send("later.bin", b"later")
            until(lambda: beats(store) > 1, "the loops to go on beside it")
            assert not all_signed(store)
            assert ended == []
    integrate(store)
    assert all_signed(store)


def beats(store: Store) -> int:
    """How many places have come round since they started."""
    with store.begin() as tx:
        return sum(one.worked_at > one.started_at for one in tx.heartbeats.work().heartbeats)


def all_signed(store: Store) -> bool:
    with store.begin() as tx:
        return tx.custody.waiting_since() is None


def test_a_log_that_was_cut_keeps_no_lost_job_waiting(store: Store, device: TestDevice) -> None:
    """While the log is not signed any more, a person is called, and what a killed worker held is worked on."""
    integrate(store)
    with unguarded(store) as tx:
        tx.connection.execute(
            text(
                "DELETE FROM chain_places WHERE entry = (SELECT id FROM custody_entries WHERE leaf_index = 0)"
            )
        )
        tx.connection.execute(text("UPDATE log_tiles SET hashes = sha256(hashes) WHERE level = 0 AND n = 0"))
    ident = device.capture("after.bin", b"after the cut")
    with store.begin() as tx:
        while tx.jobs.claim(JobKind.VERIFY, limit=1, lease_seconds=0)[0].subject_id != ident:
            continue  # what other tests left
    with capture_logs() as lines, working(store) as ended:
        until(lambda: state_of(store, ident) is not RecordingState.RECEIVED, lambda: str(lines))
        until(lambda: {"sequencer", "publisher"} & loops_that_met(lines), lambda: str(lines))
        assert ended == []
    assert any(line["event"] == "integrity_broken" for line in lines)


class Ends(Store):
    """A database whose next question ends the thread of one name, by what no loop catches."""

    ends = ""

    def begin(self, address: str = "") -> AbstractContextManager[Transaction]:
        if threading.current_thread().name == self.ends:
            raise SystemExit
        return super().begin(address)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("name", ["worker-0", "sweeper"])
def test_a_thread_that_ends_by_itself_is_told(store: Store, name: str) -> None:
    """Whatever ends a thread, whoever started it hears its name; told to stop, nobody is."""
    with closing(Ends(store.settings)) as fatal, working(fatal) as ended:
        fatal.ends = name
        until(lambda: ended == [name], f"{name} to be missed")
    assert ended == [name]
