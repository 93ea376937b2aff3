"""Parts and processes that die in the middle of the work, disks that are full, lines that break: on real parts.

Everything here is of this module alone, because it is killed: PostgreSQL, MinIO, Redis, the API, workers, a scheduler.
Every test ends with what it sent received whole and concluded; the last one derives all of it again from the bytes.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.ids import UploadId
from schemas.recording import RecordingState
from schemas.upload import MIB, Upload
from storage.outbox import JobKind
from storage.recording.concat import JOIN_GRACE
from storage.recording.upload import NewUpload
from storage.setup.home import TICKET_KEYS
from storage.setup.migrate import bring_up
from storage.store import Store
from storage.tables.actor import sessions
from storage.tables.custody import custody_entries
from storage.tables.outbox import jobs
from storage.tables.recording import recordings, uploads
from tests.cuts import MOST, Sender, begun, client_of, cut_again_and_again, recording_of, stored_sha256
from tests.factories import (
    OFFICERS,
    TestDevice,
    assertion,
    enrol_device,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import scan_bomb
from tests.owner import application_of
from tests.proxy import Cut, How, Proxy
from tests.room import Room, small_room
from tests.stand import (
    PATIENCE_SECONDS,
    ROOT,
    MissingPartError,
    Stand,
    accepts,
    answers,
    free_port,
    is_ci,
    temporary_stand,
    until,
)
from tests.tus import BODY, VERSION
from tests.wire import begun as on_the_wire

CUTS = 50
QUICK = {
    "WORKERS_LEASE_SECONDS": "4",
    "WORKERS_SWEEP_SECONDS": "1",
    "WORKERS_PAUSE_SECONDS": "0.5",
    "WORKERS_SCRATCH_FREE_BYTES": "0",
}
"""A killed worker's work goes on after seconds, and a disk is full when it is."""


@dataclass
class Apart:
    """The product on parts of its own, and the lines by which API and worker reach the store."""

    stand: Stand
    store: Store
    device: TestDevice
    api_port: int
    minio_port: int
    api_to_store: Proxy
    worker_to_store: Proxy
    slow_to_store: Proxy
    scheduler_to_store: Proxy
    disk: Room | None
    scratch: Room | None
    clients: ExitStack

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def sending(self, size_bytes: int, name: str = "现场.bin", *, payload: bytes = b"") -> Sender:
        """An upload that is opened; nothing is sent."""
        return begun(self.client(), self.device, payload or os.urandom(size_bytes), name)

    def client(self) -> httpx.Client:
        """A client with the device's token of now."""
        return self.clients.enter_context(client_of(self.address, self.device))

    @contextmanager
    def half_sent(self, sender: Sender) -> Iterator[Callable[[int], None]]:
        """One PATCH of everything, half of which is acknowledged; yields what sends more of it on the same line."""
        half = len(sender.payload) // 2
        path, whole = sender.url, sender.payload
        with on_the_wire(self.address, self.device, path, len(whole), whole[:half]) as wire:
            until(lambda: sender.ask() == half, lambda: f"{half} to be there, {sender.acknowledged} are")
            yield lambda more: wire.sendall(whole[half : half + more])

    def api_again(self) -> None:
        self.stand.again("api")
        until(lambda: answers(f"{self.address}/v1/health"), "the API answers")

    def minio_again(self) -> None:
        self.stand.again("minio")
        until(lambda: answers(f"http://127.0.0.1:{self.minio_port}/minio/health/ready"), "MinIO answers")

    def received(self, sender: Sender) -> UUID:
        """Send what is left; the receipt is true and the store holds what was sent."""
        sender.finish()
        ident = recording_of(self.store, sender)
        assert stored_sha256(self.store, ident) == sha256_hex(sender.payload)
        return ident

    def concluded(self, ident: UUID) -> int:
        """Wait until it is verified; returns how many attempts that took."""
        until(
            lambda: self._state(ident) is not RecordingState.RECEIVED, lambda: f"{ident}: {self._jobs(ident)}"
        )
        assert self._state(ident) is RecordingState.SEALED
        return sum(self._jobs(ident).values())

    def _state(self, ident: UUID) -> RecordingState:
        with self.store.begin() as tx:
            return tx.recordings.known(ident).state

    def _jobs(self, ident: UUID) -> dict[str, int]:
        with self.store.begin() as tx:
            rows = tx.connection.execute(
                select(jobs.c.kind, jobs.c.attempts).where(jobs.c.subject_id == ident)
            )
            return {str(row.kind): int(row.attempts) for row in rows}


def room(open_things: ExitStack, folder: Path, megabytes: int) -> Room | None:
    """A small disk, where this machine lets us have one."""
    try:
        return open_things.enter_context(small_room(folder, megabytes=megabytes))
    except MissingPartError:
        return None


def disk_of(found: Room | None) -> Room:
    """The small disk, or a skip that says why: there is no other way to fill a disk honestly without root."""
    if found is None:
        pytest.skip("user namespaces are forbidden here: no small disk can be made")
    return found


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    """Parts, proxies and processes; whatever a test killed, it has started again."""
    with ExitStack() as open_things:
        stand = open_things.enter_context(temporary_stand(is_apart=True))
        disk, scratch = (
            room(open_things, stand.state / name, size) for name, size in (("disk", 768), ("scratch", 64))
        )
        if disk is not None:
            stand.minio_dir = disk.folder / "minio"
        try:
            stand.up()
            parts = {name: stand.address(name) for name in ("database", "objects", "broker")}
        except MissingPartError as why:
            pytest.fail(str(why)) if is_ci() else pytest.skip(str(why))
        yield started(open_things, stand, parts, disk, scratch)


def started(
    open_things: ExitStack, stand: Stand, parts: dict[str, str], disk: Room | None, scratch: Room | None
) -> Apart:
    keys = {
        name: SecretStr(stand.env[name.upper()])
        for name in ("log_key", "registry_key", "export_key", "personal_key", *TICKET_KEYS)
    }
    application, owner = application_of(parts["database"]), SecretStr(parts["database"])
    settings = make_settings(application, parts["objects"], migration_database_url=owner, **keys)
    bring_up(settings)
    store = open_things.enter_context(closing(Store(settings)))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    port, minio = free_port(), port_of(parts["objects"])
    names = ("api", "worker", "slow-worker", "scheduler")
    lines = {name: open_things.enter_context(Proxy(minio)) for name in names}
    made = Apart(stand, store, device, port, minio, *lines.values(), disk, scratch, open_things)
    quick = {**QUICK, "WORKERS_SCRATCH_DIR": str(scratch.folder if scratch else stand.state)}
    for name, line in lines.items():
        through = parts["objects"].replace(f":{minio}/", f":{line.port}/")
        stand.start(
            name,
            stand.command(name, port=port),
            {**quick, "DATABASE_URL": application, "OBJECTS_URL": through},
        )
    until(lambda: answers(f"{made.address}/v1/health"), stand.log_path("api").read_text)
    return made


def port_of(url: str) -> int:
    return int(url.rpartition("@")[2].partition("/")[0].rpartition(":")[2])


def test_fifty_cuts_cost_next_to_nothing(apart: Apart) -> None:
    """An upload that is cut fifty times, by FIN, by RST and unseen, is whole, and 1.05 of its size was sent at most."""
    seed = random.SystemRandom().randrange(2**32)
    payload = random.Random(seed).randbytes(24_000_000)
    sent = cut_again_and_again(
        apart.store, apart.device, apart.api_port, cuts=CUTS, payload=payload, seed=seed
    )

    assert sent <= MOST, f"seed {seed}"


def test_a_store_that_dies_in_mid_upload_costs_nothing_acknowledged(apart: Apart) -> None:
    """While MinIO is away the refusal is named; once it is back the upload goes on from the acknowledged offset."""
    sender = apart.sending(24 * MIB)
    with apart.half_sent(sender) as send_more:
        apart.stand.kill("minio")
        send_more(4 * MIB)
    assert not sender.has_moved(sender.acknowledged)
    assert sender.refusals[-1] == (503, "objects-unavailable")
    apart.minio_again()

    assert apart.concluded(apart.received(sender))


def test_a_store_behind_a_bad_line_gets_every_byte_once(apart: Apart) -> None:
    """Requests to MinIO that break anywhere, answers that are lost with them: what is received is what was sent."""
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    cuts = [Cut(chance.randrange(1, 10 * MIB), chance.choice([How.FIN, How.RST])) for _ in range(20)]
    apart.api_to_store.away()  # the connections that stand are none of those that are cut
    apart.api_to_store.cut(cuts)
    apart.api_to_store.back()
    idents = [apart.received(apart.sending(size)) for size in (24 * MIB, MIB, 6 * MIB)]
    apart.api_to_store.cut([])

    assert [apart.concluded(ident) for ident in idents] == [1, 1, 1], f"seed {seed}"


def test_a_store_that_dies_in_mid_verification_costs_no_attempt(apart: Apart) -> None:
    """A verification that MinIO has left in the middle is done again, and none of its attempts is used up."""
    ident = held_verification(apart)
    apart.stand.kill("minio")
    apart.worker_to_store.let_go()
    apart.minio_again()

    assert apart.concluded(ident) == 1


def held_verification(apart: Apart, size_bytes: int = 6 * MIB) -> UUID:
    """A recording of which the worker has read a part and waits for more."""
    sender = apart.sending(size_bytes)
    apart.worker_to_store.hold_answers(size_bytes // 2)
    ident = apart.received(sender)
    until(apart.worker_to_store.is_holding.is_set, "the worker to read")
    return ident


def test_a_database_that_dies_costs_nothing_acknowledged(apart: Apart) -> None:
    """PostgreSQL by SIGKILL in mid-upload: 503 until it is back, and then everything goes on by itself."""
    sender = apart.sending(12 * MIB)
    with apart.half_sent(sender) as send_more:
        apart.stand.kill_database()
        send_more(MIB)
        sender.told(sender.send(sender.acknowledged))
        assert sender.refusals[-1] == (503, "database-unavailable")
        apart.stand.database_again()

    assert apart.concluded(apart.received(sender))


def test_a_broker_that_dies_loses_hints_and_no_job(apart: Apart) -> None:
    """Redis by SIGKILL, and empty when it is back: what was received meanwhile is concluded."""
    apart.stand.kill("redis")
    idents = [apart.received(apart.sending(MIB)) for _ in range(2)]
    apart.stand.again("redis")
    until(lambda: accepts(port_of(apart.stand.env["BROKER_URL"])), "Redis answers")

    assert [apart.concluded(ident) for ident in idents] == [1, 1]


def test_a_worker_that_is_killed_is_replaced(apart: Apart) -> None:
    """A worker by SIGKILL in mid-verification: when its lease has ended the next one concludes."""
    ident = held_verification(apart)
    apart.stand.kill("worker")
    apart.worker_to_store.let_go()
    apart.stand.again("worker")

    assert apart.concluded(ident) == 2


def test_a_worker_that_is_told_to_stop_concludes_first(apart: Apart) -> None:
    """A worker by SIGTERM in mid-verification ends its file and then itself, in good order."""
    ident = held_verification(apart)
    apart.stand.newest("worker").send_signal(signal.SIGTERM)
    apart.worker_to_store.let_go()
    assert apart.stand.newest("worker").wait(PATIENCE_SECONDS) == 0
    assert apart.concluded(ident) == 1
    apart.stand.again("worker")


HEAVY = scan_bomb(110)
"""More than the quick lane's pixels, and seconds of work in the slow one."""


def held_heavy(apart: Apart) -> UUID:
    """A recording that goes on in the slow lane, of which its worker has read a part and waits for more."""
    apart.slow_to_store.hold_answers(len(HEAVY) // 2)
    ident = apart.received(apart.sending(len(HEAVY), "现场.jpg", payload=HEAVY))
    until(apart.slow_to_store.is_holding.is_set, "the slow worker to read")
    return ident


def test_a_slow_worker_that_is_killed_is_replaced(apart: Apart) -> None:
    """The slow worker by SIGKILL in the middle of a heavy file: when its lease has ended the next one concludes."""
    ident = held_heavy(apart)
    apart.stand.kill("slow-worker")
    apart.slow_to_store.let_go()
    apart.stand.again("slow-worker")

    assert apart.concluded(ident) == 1 + 2  # the quick lane's one, and two of the slow one


def test_a_slow_worker_that_is_told_to_stop_concludes_first(apart: Apart) -> None:
    """The slow worker by SIGTERM in the middle of a heavy file ends it and then itself, in good order."""
    ident = held_heavy(apart)
    apart.stand.newest("slow-worker").send_signal(signal.SIGTERM)
    apart.slow_to_store.let_go()
    assert apart.stand.newest("slow-worker").wait(PATIENCE_SECONDS) == 0
    assert apart.concluded(ident) == 1 + 1
    apart.stand.again("slow-worker")


def left_final(apart: Apart) -> Upload:
    """A final upload that nobody has joined for longer than a join takes: the scheduler's work."""
    client, bodies = apart.client(), [os.urandom(4 * MIB), os.urandom(3 * MIB)]
    idents = []
    for body in bodies:
        stated = {**VERSION, **BODY, "Upload-Concat": "partial", "Upload-Length": str(len(body))}
        made = client.post("/v1/uploads", content=body, headers=stated)
        assert made.headers["Upload-Offset"] == str(len(body)), made.text
        idents.append(UploadId(UUID(made.headers["Location"].rpartition("/")[2])))
    value = f"final;{' '.join(map(str, idents))}"
    wish = NewUpload(length_bytes=0, filename="现场.bin", concat=value, partial_ids=tuple(idents))
    with apart.store.begin() as tx:
        upload = tx.finals.open(tx.accounts.actor_of(apart.device.token), wish)
        aged = update(uploads).where(uploads.c.id == upload.id)
        tx.connection.execute(aged.values(opened_at=uploads.c.opened_at - 2 * JOIN_GRACE))
    return upload


def held_scheduler(apart: Apart) -> Upload:
    """A final upload that the scheduler joins, held in the middle."""
    apart.scheduler_to_store.hold_answers(5 * MIB)
    upload = left_final(apart)
    until(apart.scheduler_to_store.is_holding.is_set, "the scheduler to read")
    return upload


def joined(apart: Apart, upload: Upload) -> UUID:
    """Wait until it is a recording whose leaf has its place in the log; returns its id."""
    until(lambda: became(apart, upload) is not None, "the file to be joined")
    ident = became(apart, upload)
    assert ident is not None
    until(lambda: waiting_leaves(apart) == 0, "every leaf to have its place")
    return ident


def became(apart: Apart, upload: Upload) -> UUID | None:
    with apart.store.begin() as tx:
        return tx.uploads.known(upload.id).recording_id


def waiting_leaves(apart: Apart) -> int:
    with apart.store.begin() as tx:
        waits = (
            select(func.count()).select_from(custody_entries).where(custody_entries.c.leaf_index.is_(None))
        )
        return int(tx.connection.scalar(waits) or 0)


def test_a_scheduler_that_is_killed_is_replaced(apart: Apart) -> None:
    """The scheduler by SIGKILL in the middle of a join: what came meanwhile waits, and the next one does all of it."""
    upload = held_scheduler(apart)
    apart.stand.kill("scheduler")
    apart.scheduler_to_store.let_go()
    ident = apart.received(apart.sending(MIB))
    assert waiting_leaves(apart) > 0
    apart.stand.again("scheduler")

    assert apart.concluded(ident) == 1
    assert apart.concluded(joined(apart, upload)) == 1


def test_a_scheduler_that_is_told_to_stop_ends_in_good_order(apart: Apart) -> None:
    """The scheduler by SIGTERM in the middle of a join ends it and then itself; the next one goes on."""
    upload = held_scheduler(apart)
    apart.stand.newest("scheduler").send_signal(signal.SIGTERM)
    apart.scheduler_to_store.let_go()
    assert apart.stand.newest("scheduler").wait(PATIENCE_SECONDS) == 0
    assert became(apart, upload) is not None
    apart.stand.again("scheduler")

    assert apart.concluded(joined(apart, upload)) == 1


def test_a_failover_costs_nothing_acknowledged(apart: Apart) -> None:
    """A database that comes back as a standby takes nothing: 503 by name until it is promoted, and then all goes on."""
    sender = apart.sending(12 * MIB)
    with apart.half_sent(sender) as send_more:
        apart.stand.kill_database()
        apart.stand.standby_again()
        send_more(MIB)
        refused = sender.send(sender.acknowledged)
        sender.told(refused)
        assert sender.refusals[-1] == (503, "database-read-only")
        assert refused.headers["Retry-After"]
        apart.stand.promote()

    assert apart.concluded(apart.received(sender))


def test_an_api_that_is_killed_keeps_what_it_acknowledged(apart: Apart) -> None:
    """The API by SIGKILL in mid-upload: what HEAD told is there, and the upload goes on."""
    sender = apart.sending(12 * MIB)
    with apart.half_sent(sender) as send_more:
        send_more(MIB)
        apart.stand.kill("api")
    apart.api_again()

    assert apart.concluded(apart.received(sender))


def test_an_api_that_is_told_to_stop_keeps_what_arrived(apart: Apart) -> None:
    """The API by SIGTERM in mid-upload stores what has arrived, acknowledged or not, before it ends."""
    sender = apart.sending(12 * MIB)
    with apart.half_sent(sender) as send_more:
        send_more(MIB)
        apart.stand.newest("api").send_signal(signal.SIGTERM)
        apart.stand.newest("api").wait(PATIENCE_SECONDS)
    apart.api_again()

    assert sender.ask() == 7 * MIB
    assert apart.concluded(apart.received(sender))


def test_a_token_that_ends_in_mid_upload_costs_nothing(apart: Apart) -> None:
    """The request that runs brings its bytes home, the next one gets 401, and a new token goes on from there."""
    sender = apart.sending(12 * MIB)
    with apart.half_sent(sender) as send_more:
        with apart.store.begin() as tx:
            ended = sessions.c.device_id == apart.device.id
            tx.connection.execute(update(sessions).where(ended).values(expires_at=func.now()))
        send_more(MIB)
    sender.told(sender.send(sender.acknowledged))
    assert sender.refusals[-1] == (401, "not-authenticated")
    with apart.store.begin() as tx:
        asked = assertion(apart.device.key, apart.device.kid, int(tx.now.timestamp()))
        apart.device.token = tx.devices.token(asked).token
    sender.client = apart.client()

    until(lambda: sender.ask() == 7 * MIB, lambda: f"all that was sent, not {sender.acknowledged}")
    assert apart.concluded(apart.received(sender))


def test_a_full_store_refuses_by_name_and_goes_on(apart: Apart) -> None:
    """With no room left in MinIO an upload is refused with 507, keeps its offset, and ends well when there is room."""
    disk = disk_of(apart.disk)
    sender = apart.sending(24 * MIB)
    with apart.half_sent(sender) as send_more:
        disk.fill()
        send_more(MIB)
    until(
        lambda: sender.has_moved(len(sender.payload)) or (507, "storage-full") in sender.refusals,
        "the refusal",
    )
    assert sender.acknowledged < len(sender.payload)
    disk.empty()

    assert apart.concluded(apart.received(sender))


@pytest.mark.parametrize("size_bytes", [6_000, 6 * MIB])
def test_a_full_scratch_disk_costs_no_attempt(apart: Apart, size_bytes: int) -> None:
    """A worker whose scratch disk fills up in mid-verification gives its job back, and concludes when there is room."""
    scratch = disk_of(apart.scratch)
    ident = held_verification(apart, size_bytes)
    scratch.fill()
    apart.worker_to_store.let_go()
    until(
        lambda: last_error(apart.store, ident) == "scratch-full", lambda: f"{last_error(apart.store, ident)}"
    )
    scratch.empty()

    assert apart.concluded(ident) == 1


def last_error(store: Store, ident: UUID) -> str | None:
    with store.begin() as tx:
        return tx.connection.scalar(
            select(jobs.c.last_error).where(jobs.c.subject_id == ident, jobs.c.kind == JobKind.VERIFY)
        )


def test_everything_is_there_and_concluded(apart: Apart) -> None:
    """After all of it no upload is open, no recording waits, no job has failed, and everything derives from its bytes."""
    with apart.store.begin() as tx:
        for table, state in ((uploads, "open"), (recordings, "received"), (jobs, "failed")):
            assert tx.connection.execute(select(table.c.id).where(table.c.state == state)).all() == []
    words = [sys.executable, "quancheng.py", "fsck", "--json"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **apart.stand.env}, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["differences"] == 0
