"""The custody log: appends of one act each beside a bare INSERT of the same row, receipts, the fold of many leaves.

    python -m tests.stand run --parts database --durable -- python bench/log.py [--quick]

An append is a whole act: begin, hold, one leaf with its openings and its ticket, the row that the act makes or changes,
commit. The peer begins, inserts the same entry (same columns, same indexes), makes or changes the same row, and commits.
Writers are threads of this process, so both share its time with the server; read the ratios: of acts per second, and of
the processor's time that an act takes here and in the database, which other work on the machine changes less. `one case`
is the worst case: every act goes on with one chain and changes one row, and each waits for the commit before it; so does
its peer, whose writers change that one row before they insert. Receipts are 100 transfers that become recordings at once,
over HTTP and by eight writers over the storage alone: all stating one case, beside each stating a case of its own.
"""

import argparse
import itertools
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import uuid4

import httpx
from sqlalchemy import Connection, Engine, MetaData, create_engine, insert, text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schemas.case import CaseState  # noqa: E402
from schemas.chain import entry_hash, leaf_digest  # noqa: E402
from schemas.directory import Directory  # noqa: E402
from schemas.leaf import Leaf, parse_leaf  # noqa: E402
from schemas.leaves_case import CaseFile, CaseOpen  # noqa: E402
from schemas.replay import Turn, fold  # noqa: E402
from schemas.upload import Upload  # noqa: E402
from storage.custody.custody import CustodyLog  # noqa: E402
from storage.custody.values import shown  # noqa: E402
from storage.objects.values import Stored  # noqa: E402
from storage.recording.upload import NewUpload  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from storage.tables.custody import custody_entries  # noqa: E402
from tests.casework import Bureau, make_bureau  # noqa: E402
from tests.factories import folder_url, make_settings, sealing  # noqa: E402
from tests.leaf_history import History, told  # noqa: E402
from tests.server import running  # noqa: E402
from tests.stand import answers, free_port, until  # noqa: E402
from tests.tus import bearer, opened, patched  # noqa: E402

WRITERS = (1, 8, 16)
TARGET = 0.6
FOLD_TARGET_SECONDS = 25
WARM = 20
RECEIPTS = 100
RECEIVERS = 8
RECEIPTS_TARGET = 0.9
ACTOR, AGENCY = f"account/{uuid4()}", f"agency/{uuid4()}"

Act = Callable[[Connection], None]


def main() -> None:
    """Print every figure with its peer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    is_quick = parser.parse_args().quick
    rounds, acts, leaves = (3, 320, 5_000) if is_quick else (5, 1_000, 200_000)
    url = os.environ["DATABASE_URL"]
    driver = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(driver, pool_size=max(WRITERS), pool_use_lifo=True, execution_options=sealing())
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bench_rows (id uuid PRIMARY KEY, version bigint NOT NULL)"))
        connection.execute(text("CREATE TABLE bench_entries (LIKE custody_entries INCLUDING ALL)"))
    for writers in WRITERS:
        for name, ours, peer in (
            ("new cases", opening, bare_opening),
            ("existing cases", filing, bare_filing),
        ):
            compare(
                engine, f"{name}, {writers} writers", ours, peer, writers=writers, acts=acts, rounds=rounds
            )
    compare(engine, "one case, 8 writers", filing_one, bare_filing_one, writers=8, acts=acts, rounds=rounds)
    receipts(url, rounds=rounds)
    folding(leaves)


def compare(
    engine: Engine,
    name: str,
    ours: Callable[[Engine], Act],
    peer_of: Callable[[Engine], Act],
    *,
    writers: int,
    acts: int,
    rounds: int,
) -> None:
    """Print acts per second of ours and of the bare peer, medians of interleaved rounds, and what an act costs."""
    found: dict[str, list[Rate]] = {"ours": [], "bare": []}
    for make in (ours, peer_of):  # what a connection learns once, its statements, is no cost of an act
        rate(engine, make, writers=writers, acts=WARM * writers)
    for _ in range(rounds):
        for kind, make in (("ours", ours), ("bare", peer_of)):
            found[kind].append(rate(engine, make, writers=writers, acts=acts))
    mine, peer = (median(one.per_second for one in found[kind]) for kind in ("ours", "bare"))
    cost, bare_cost = (
        1e6 * median(one.processor_seconds for one in found[kind]) for kind in ("ours", "bare")
    )
    print(
        f"{name:32} {mine:7.0f}/s  bare {peer:7.0f}/s  ratio {mine / peer:.2f} (target {TARGET})"
        f"  processor {cost:5.0f} us an act, bare {bare_cost:5.0f} us, ratio {bare_cost / cost:.2f}"
    )


class Rate(NamedTuple):
    """Acts per second, and the processor's time of one in this process and in those of the database."""

    per_second: float
    processor_seconds: float


def rate(engine: Engine, make: Callable[[Engine], Act], *, writers: int, acts: int) -> Rate:
    """Return what so many writers at once come to."""
    each = max(1, acts // writers)
    made = [make(engine) for _ in range(writers)]
    with ExitStack() as held:  # each writer's connection is there before the time begins
        connections = [held.enter_context(engine.connect()) for _ in made]
        backends = connections[0].scalars(_BACKENDS).all()

    def work(act: Act) -> None:
        for _ in range(each):
            with engine.begin() as connection:
                act(connection)

    threads = [threading.Thread(target=work, args=(act,)) for act in made]
    spent, began = _processor_seconds(backends), time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    took, done = time.perf_counter() - began, writers * each
    return Rate(done / took, (_processor_seconds(backends) - spent) / done)


def _processor_seconds(backends: Sequence[int]) -> float:
    """Return what this process and those of the database have spent; `schedstat` counts in nanoseconds."""
    theirs = (Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii") for pid in backends)
    return time.process_time() + sum(int(one.split()[0]) for one in theirs) / 1e9


def _words() -> dict[str, object]:
    said = {"number": "第1号", "party": "某某公司", "matter": "占道经营", "place": "建军路"}
    return {name: shown(word) for name, word in said.items()}


def _row(connection: Connection) -> str:
    ident = str(uuid4())
    connection.execute(text("INSERT INTO bench_rows VALUES (:id, 1)"), {"id": ident})
    return ident


def opening(engine: Engine) -> Act:
    """Every act opens a case of its own."""
    del engine

    def act(connection: Connection) -> None:
        case = f"case/{uuid4()}"
        log = CustodyLog(connection)
        log.hold(case, relies=(ACTOR, AGENCY))
        _row(connection)
        log.append(CaseOpen(agency=AGENCY, to=CaseState.LEAD, **_words()), case, actor=ACTOR)

    return act


def filing(engine: Engine) -> Act:
    """Every writer goes on with one of its own twenty cases."""
    with engine.begin() as connection:
        cases = [_opened(connection) for _ in range(20)]
    chance = random.Random(1)

    def act(connection: Connection) -> None:
        _file(connection, *chance.choice(cases))

    return act


_BACKENDS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)
_ENTRIES = custody_entries.to_metadata(MetaData(), name="bench_entries")
_ONE: list[tuple[str, str]] = []
_ONE_BARE: list[str] = []


def filing_one(engine: Engine) -> Act:
    """All writers go on with one case."""
    if not _ONE:
        with engine.begin() as connection:
            _ONE.append(_opened(connection))

    def act(connection: Connection) -> None:
        _file(connection, *_ONE[0])

    return act


def _opened(connection: Connection) -> tuple[str, str]:
    case = f"case/{uuid4()}"
    log = CustodyLog(connection)
    log.hold(case)
    log.append(CaseOpen(agency=AGENCY, to=CaseState.LEAD, **_words()), case, actor=ACTOR)
    return case, _row(connection)


def _file(connection: Connection, case: str, row: str) -> None:
    log = CustodyLog(connection)
    log.hold(case, relies=(ACTOR, AGENCY))
    connection.execute(text("UPDATE bench_rows SET version = version + 1 WHERE id = :id"), {"id": row})
    log.append(CaseFile(to=CaseState.FILED, reason=shown("线索属实")), case, actor=ACTOR)


def bare_opening(engine: Engine) -> Act:
    """One INSERT of an entry of the same size, and the row that is made anyway."""
    del engine

    def act(connection: Connection) -> None:
        _insert(connection, _row(connection))

    return act


def bare_filing(engine: Engine) -> Act:
    """One INSERT of an entry of the same size, and one of the writer's own twenty rows that is changed anyway."""
    with engine.begin() as connection:
        rows = [_row(connection) for _ in range(20)]
    chance = random.Random(1)
    return lambda connection: _change_and_insert(connection, chance.choice(rows))


def bare_filing_one(engine: Engine) -> Act:
    """The same of all writers, and one row."""
    if not _ONE_BARE:
        with engine.begin() as connection:
            _ONE_BARE.append(_row(connection))
    return lambda connection: _change_and_insert(connection, _ONE_BARE[0])


def _change_and_insert(connection: Connection, row: str) -> None:
    connection.execute(text("UPDATE bench_rows SET version = version + 1 WHERE id = :id"), {"id": row})
    _insert(connection, row)


def _insert(connection: Connection, row: str) -> None:
    leaf = random.randbytes(720)
    digest = leaf_digest(leaf)
    connection.execute(
        insert(_ENTRIES).values(
            entry_id=uuid4(),
            event="case:file",
            ev=1,
            actor=ACTOR,
            subject=f"case/{row}",
            at=text("clock_timestamp()"),
            leaf=leaf,
            digest=bytes.fromhex(digest),
            leaf_hash=bytes.fromhex(entry_hash(digest)),
        )
    )


def receipts(url: str, *, rounds: int) -> None:
    """Print receipts per second that all state one case, and that each state another: over HTTP, and without it.

    The first is what devices meet: 100 transfers whose last byte comes at once. The second has nothing in it but
    the transaction that makes a recording of a transfer, so it shows what waiting for one chain costs at the worst.
    """
    with tempfile.TemporaryDirectory(prefix="quancheng-bench-") as folder:
        objects = folder_url(Path(folder))
        store = Store(make_settings(url, objects, pool_size=RECEIVERS))
        bureau = make_bureau(store)
        numbers = [bureau.open().number for _ in range(RECEIPTS)]
        with api(url, objects, Path(folder) / "api.log") as base, _client(base, bureau) as client:
            compared(f"{RECEIPTS} receipts at once over HTTP", partial(sent, client), numbers, rounds=rounds)
        bare = partial(received, bureau)
        compared(f"receipts, {RECEIVERS} writers, no HTTP", bare, numbers, rounds=rounds, target=None)
        store.close()


def compared(
    name: str,
    rate_of: Callable[[Sequence[str]], float],
    numbers: Sequence[str],
    *,
    rounds: int,
    target: float | None = RECEIPTS_TARGET,
) -> None:
    """Print the medians of interleaved rounds: all in the first case, and each in another."""
    rates: dict[str, list[float]] = {"one": [], "own": []}
    for _ in range(rounds):
        rates["one"].append(rate_of([numbers[0]] * len(numbers)))
        rates["own"].append(rate_of(numbers))
    one, own = median(rates["one"]), median(rates["own"])
    aim = f" (target {target})" if target else ""
    print(f"{name:32} one case {one:5.0f}/s  own cases {own:5.0f}/s  ratio {one / own:.2f}{aim}")


@contextmanager
def api(url: str, objects: str, log: Path) -> Iterator[str]:
    """Start the API over this database and this store; yields its address."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": url, "OBJECTS_URL": objects, "PYTHONPATH": str(ROOT)}
    environment |= {"API_ACTIVE_UPLOADS": str(RECEIPTS)}  # a limit would answer "busy", and the sender wait
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    base = f"http://127.0.0.1:{port}"
    with running("api", environment, log, host="127.0.0.1", port=port):
        until(lambda: answers(f"{base}/v1/health"), "the API is up")
        yield base


def _client(base: str, bureau: Bureau) -> httpx.Client:
    token = bureau.tokens[bureau.officers[0].account_id]
    return httpx.Client(
        base_url=base,
        timeout=600,
        limits=httpx.Limits(max_connections=RECEIPTS, max_keepalive_connections=0),
        headers=bearer(token),
    )


def sent(client: httpx.Client, numbers: Sequence[str]) -> float:
    """Return the receipts per second of open transfers whose one byte is sent at once."""
    places = [opened(client, 1, filename="a.bin", case=number) for number in numbers]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(numbers)) as pool:
        for answer in pool.map(lambda place: patched(client, place, b"x"), places):
            answer.raise_for_status()
    return len(numbers) / (time.perf_counter() - began)


def received(bureau: Bureau, numbers: Sequence[str]) -> float:
    """Return the receipts per second of transfers whose bytes are all here and that state these cases."""
    officer = bureau.officers[0]
    waiting = []
    for number in numbers:
        with bureau.store.begin() as tx:
            wish = NewUpload(length_bytes=1, filename="a.bin", case_number=number)
            waiting.append(tx.uploads.open(officer, wish))

    def complete(upload: Upload) -> None:
        with bureau.store.begin() as tx:
            tx.uploads.complete(upload, Stored(version_id="v", size_bytes=1), key=f"recordings/{upload.id}/1")

    began = time.perf_counter()
    with ThreadPoolExecutor(RECEIVERS) as pool:
        list(pool.map(complete, waiting))
    return len(numbers) / (time.perf_counter() - began)


def folding(count: int) -> None:
    """Print how long a million leaves take on one core, by its own time: from bytes to leaves, from leaves to lives.

    Reading is digest, form and typed act; folding is the directory, chains, rules and the lives of all things.
    """
    reading, turning, leaves = 0.0, 0.0, 0
    for number in itertools.count():
        history = told(number).history
        began = time.process_time()
        read = [(leaf_digest(payload), parse_leaf(payload)) for payload in history.payloads]
        halfway = time.process_time()
        _fold_all(history, read)
        turning += time.process_time() - halfway
        reading += halfway - began
        leaves += len(history.payloads)
        if leaves >= count:
            break
    million = 1_000_000 / leaves
    print(
        f"fold of 1,000,000 leaves {turning * million:5.1f} s (target {FOLD_TARGET_SECONDS} s),"
        f" reading them before it {reading * million:5.1f} s, from {leaves:,}"
    )


def _fold_all(history: History, read: list[tuple[str, Leaf]]) -> None:
    seen = Directory(is_complete=True)
    for index, (digest, leaf) in enumerate(read):
        seen.learn(index, digest, leaf)
    for of, turns in history.turns.items():
        fold(of, [_again(read, turn) for turn in turns], seen)


def _again(read: list[tuple[str, Leaf]], turn: Turn) -> Turn:
    index = turn.index or 0
    digest, leaf = read[index]
    return Turn(turn.n, digest, turn.event, leaf, index)


if __name__ == "__main__":
    main()
