"""The custody log over a real PostgreSQL: nothing lost, nothing reordered, nothing signed that was cut."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from schemas.checkpoint import open_checkpoint, parse_proof, verify_proof
from schemas.directory import Directory
from schemas.errors import IntegrityBroken, NotFound
from schemas.fsck import Fault
from schemas.leaves_agency import AgencyAmend, AgencyClose, AgencyKind, AgencyOpen
from schemas.log_signers import LogSigners
from schemas.merkle import consistency_proof, verify_consistency
from schemas.note import vkey_of_seed
from schemas.replay import Turn, fold
from schemas.ticket import Tickets
from storage.custody.custody import AT_ONCE, CustodyLog, Entry
from storage.custody.signer import Signer
from storage.custody.values import Appended, bytes_array, shown, words_array
from storage.fsck.custody import LogCheck
from storage.fsck.reading import snapshot
from storage.tables.custody import checkpoints, custody_entries, log_tiles
from tests import reference
from tests.factories import TICKET_SEEDS, sealing
from tests.owner import owned_connection, unguarded_connection
from tests.stand import ROOT, until
from tests.traces import leave_trace

ORIGIN = "quancheng.local/log"
SEED = bytes(range(32))
VKEY = vkey_of_seed(ORIGIN, SEED)
KEYS = Tickets(TICKET_SEEDS).keys()
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
TABLES = ("custody_entries", "log_tiles", "checkpoints")
WIPE = f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE"
UPLOAD = UUID("0192f000-0000-7000-8000-000000000001")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty log."""
    made = create_engine(database_url, pool_size=12, execution_options=sealing())
    _tamper(made, WIPE)
    yield made
    made.dispose()


def _tamper(engine: Engine, statement: str) -> None:
    """What a superuser with the triggers switched off can do."""
    with unguarded_connection(engine) as connection:
        assert connection.exec_driver_sql(statement).rowcount != 0


def test_arrays_are_read_as_they_were_meant(engine: Engine) -> None:
    """Every byte there is, in values of any length, and every kind of word."""
    blobs = [bytes(range(256)), b"", b"\\x", b'{"member":"party"}', "某某公司".encode()]
    words = ["case/0193a6d2-7c41-7d20-9a51-3f0a61c2b7e4", "text.1", "t", "7"]
    with engine.connect() as connection:
        asked = {"blobs": bytes_array(blobs), "words": words_array(words)}
        query = text("SELECT CAST(:blobs AS bytea[]) AS blobs, CAST(:words AS text[]) AS words")
        found = connection.execute(query, asked).one()
    assert [bytes(one) for one in found.blobs] == blobs
    assert found.words == words


def _append(engine: Engine, count: int) -> list[Appended]:
    with engine.begin() as connection:
        log = CustodyLog(connection)
        return [leave_trace(log, offset_bytes=n) for n in range(count)]


def test_many_leaves_of_one_act_go_in_one_statement(engine: Engine) -> None:
    """They stand in the order in which they were given, each chain goes on, and what opens them is kept."""
    agencies, actor = [f"agency/{uuid4()}" for _ in range(2)], f"account/{uuid4()}"
    opened = [
        Entry(AgencyOpen(kind=AgencyKind.AGENCY, supervising=False, name=shown("队"), code=shown("D-1")), one)
        for one in agencies
    ]
    count = AT_ONCE - 1  # the last of all goes in a second statement
    renamed = [Entry(AgencyAmend(name=shown(f"队 {n}")), agencies[n % 2]) for n in range(count)]
    with engine.begin() as connection:
        log = CustodyLog(connection)
        log.hold(*agencies)
        made = log.append_all([*opened, *renamed], actor=actor)
        last = log.append(AgencyClose(), agencies[0], actor=actor)
    with engine.begin() as connection:
        log = CustodyLog(connection)
        chains = {of: log.chain(of) for of in agencies}
        kept = connection.scalars(select(custody_entries.c.digest).order_by(custody_entries.c.id)).all()
        openings = log.openings_of(one.digest for one in made)

    assert [bytes(one).hex() for one in kept] == [*(one.digest for one in made), last.digest]
    for of in agencies:
        turns = [Turn(n, one.digest, one.event, one.leaf) for n, one in enumerate(chains[of], 1)]
        assert fold(of, turns, Directory()).faults == []
    assert [len(chains[of]) for of in agencies] == [AT_ONCE // 2 + 2, AT_ONCE // 2]
    assert [sorted(openings[one.digest]) for one in made] == [["code", "name"]] * 2 + [["name"]] * count


def _integrate(engine: Engine, *, limit: int = 1000) -> int:
    with engine.begin() as connection:
        signer = Signer(connection)
        count = signer.sequence(KEYS, limit=limit).indexed
        signer.sign(SEED, ORIGIN, at=NOW)
        _publish(connection)
        return count


def _publish(connection: Connection) -> None:
    """Tell every checkpoint, as the publisher does once it is kept elsewhere."""
    connection.execute(text("UPDATE checkpoints SET published_at = now() WHERE published_at IS NULL"))


def _indices(engine: Engine) -> list[int | None]:
    with engine.connect() as connection:
        return list(connection.scalars(select(custody_entries.c.leaf_index).order_by(custody_entries.c.id)))


def _heads(engine: Engine) -> list:
    with engine.connect() as connection:
        return list(connection.execute(select(checkpoints).order_by(checkpoints.c.size)))


def _check(engine: Engine) -> list[str]:
    with snapshot(engine) as connection:
        return [
            fault.code
            for fault in LogCheck(connection, LogSigners.one(VKEY)).run()
            if isinstance(fault, Fault)
        ]


def test_an_entry_is_proven_after_one_run(engine: Engine) -> None:
    """No proof exists before a run; after it each entry's proof file verifies with the log's key alone."""
    made = _append(engine, 5)
    with engine.connect() as connection:
        assert CustodyLog(connection).proof(made[0].entry_id) is None
        assert CustodyLog(connection).latest_checkpoint() is None
    assert _integrate(engine) == 5
    with engine.connect() as connection:
        log = CustodyLog(connection)
        for index, appended in enumerate(made):
            proof = log.proof(appended.entry_id)
            assert proof is not None
            assert parse_proof(proof).index == index
            assert verify_proof(proof, leaf=appended.leaf_hash, vkey=VKEY).size == 5
        assert open_checkpoint(log.latest_checkpoint(), VKEY).root == reference.mth(
            [appended.leaf_hash for appended in made]
        )


def test_an_index_without_a_signed_root_is_no_proof(engine: Engine) -> None:
    """An entry that is sequenced but in no checkpoint yet has no proof."""
    _append(engine, 1)
    _integrate(engine)
    appended = _append(engine, 1)[0]
    with engine.begin() as connection:
        signer = Signer(connection)
        assert signer.sequence(KEYS).indexed == 1
        assert CustodyLog(connection).proof(appended.entry_id) is None
        signer.sign(SEED, ORIGIN, at=NOW)
        assert CustodyLog(connection).proof(appended.entry_id) is None
        _publish(connection)
    with engine.connect() as connection:
        assert CustodyLog(connection).proof(appended.entry_id) is not None


def test_an_unknown_entry_is_not_found(engine: Engine) -> None:
    """An id that no entry has is not found, rather than not yet proven."""
    with engine.connect() as connection, pytest.raises(NotFound):
        CustodyLog(connection).proof(uuid4())


def test_a_change_that_rolls_back_leaves_no_entry(engine: Engine) -> None:
    """An entry exists exactly when the transaction of its change committed."""
    with engine.connect() as connection:
        leave_trace(CustodyLog(connection))
        connection.rollback()
    _append(engine, 1)
    assert _integrate(engine) == 1
    assert _indices(engine) == [0]


def test_a_late_commit_of_an_early_id_is_not_skipped(engine: Engine) -> None:
    """An entry inserted first and committed last gets the next index, not none."""
    with engine.connect() as early:
        slow = leave_trace(CustodyLog(early))
        fast = _append(engine, 1)[0]
        assert _integrate(engine) == 1
        early.commit()
    assert _integrate(engine) == 1
    assert _indices(engine) == [1, 0]
    with engine.connect() as connection:
        log = CustodyLog(connection)
        verify_proof(log.proof(slow.entry_id), leaf=slow.leaf_hash, vkey=VKEY)
        verify_proof(log.proof(fast.entry_id), leaf=fast.leaf_hash, vkey=VKEY)


def test_concurrent_appenders_and_sequencers_lose_nothing(engine: Engine) -> None:
    """With six appenders and three sequencers at once, indices are gapless and every root is consistent."""
    is_done = threading.Event()
    failures: list[Exception] = []

    def run(task) -> threading.Thread:
        def guarded() -> None:
            try:
                task()
            except Exception as err:  # noqa: BLE001 - the thread's failure is raised by the test
                failures.append(err)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def sequence() -> None:
        while not is_done.is_set():
            _integrate(engine, limit=7)

    appenders = [run(lambda: [_append(engine, 3) for _ in range(10)]) for _ in range(6)]
    sequencers = [run(sequence) for _ in range(3)]
    for thread in appenders:
        thread.join()
    is_done.set()
    for thread in sequencers:
        thread.join()
    _integrate(engine)
    assert not failures
    assert sorted(_indices(engine)) == list(range(180))
    assert _check(engine) == []
    _require_consistent(engine)


def _require_consistent(engine: Engine) -> None:
    with engine.connect() as connection:
        tiles = {(row.level, row.n): row.hashes for row in connection.execute(select(log_tiles))}
    heads = _heads(engine)
    for earlier, later in pairwise(heads):
        proof = consistency_proof(earlier.size, later.size, lambda level, n: tiles[level, n])
        verify_consistency(proof, size1=earlier.size, size2=later.size, root1=earlier.root, root2=later.root)


def test_one_sequencer_acts_and_the_other_does_nothing(engine: Engine) -> None:
    """While one run is open, another neither indexes nor signs; afterwards nothing is left to do."""
    _append(engine, 4)
    with engine.connect() as first, engine.connect() as second:
        run = Signer(first)
        assert run.sequence(KEYS).indexed == 4
        assert Signer(second).sequence(KEYS).indexed == 0
        assert Signer(second).sign(SEED, ORIGIN, at=NOW) is None
        second.rollback()
        assert run.sign(SEED, ORIGIN, at=NOW).size == 4
        first.commit()
        assert Signer(second).sequence(KEYS).indexed == 0
        assert Signer(second).sign(SEED, ORIGIN, at=NOW) is None


KILLED = """
import sys
from datetime import UTC, datetime
from sqlalchemy import create_engine
from schemas.ticket import Tickets
from storage.custody.signer import Signer
from tests.factories import TICKET_SEEDS
with create_engine(sys.argv[1]).connect() as connection:
    log = Signer(connection)
    assert log.sequence(Tickets(TICKET_SEEDS).keys()).indexed == 3
    if sys.argv[2] == "signed":
        assert log.sign(bytes(range(32)), "quancheng.local/log", at=datetime.now(UTC)).size == 5
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("stage", ["sequenced", "signed"])
def test_a_run_killed_before_its_commit_is_done_again(engine: Engine, database_url: str, stage: str) -> None:
    """After kill -9 between sequencing and commit nothing of the run is left; the next run does it all."""
    _append(engine, 2)
    _integrate(engine)
    made = _append(engine, 3)
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, database_url, stage],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with run:
        assert run.stdout.readline() == b"ready\n"
        run.send_signal(signal.SIGKILL)
    assert _indices(engine) == [0, 1, None, None, None]
    assert [head.size for head in _heads(engine)] == [2]
    _until_lock_is_free(engine)
    assert _integrate(engine) == 3
    assert _check(engine) == []
    with engine.connect() as connection:
        verify_proof(CustodyLog(connection).proof(made[2].entry_id), leaf=made[2].leaf_hash, vkey=VKEY)


def _until_lock_is_free(engine: Engine) -> None:
    # The server notices the dead client on its own; until then the lock is rightly held.
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")

    def is_free() -> bool:
        with engine.connect() as connection:
            return connection.scalar(held) == 0

    until(is_free, "the lock of the killed run is released")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_entries SET actor = 'someone'",
        "UPDATE custody_entries SET leaf_index = leaf_index + 10",
        "UPDATE custody_entries SET leaf_index = NULL",
        "DELETE FROM custody_entries",
        "TRUNCATE custody_entries CASCADE",
        "UPDATE checkpoints SET size = size + 1",
        "DELETE FROM checkpoints",
        "TRUNCATE checkpoints",
    ],
)
def test_the_database_refuses_to_rewrite_the_log(engine: Engine, statement: str) -> None:
    """Entries gain an index once and are otherwise append-only, as are checkpoints: to the owner of the tables too."""
    _append(engine, 2)
    _integrate(engine)
    with pytest.raises(IntegrityError), owned_connection(engine) as connection:
        connection.execute(text(statement))
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(statement))
    assert _check(engine) == []


SIGNING_REFUSED = {
    "tail entries deleted": ("DELETE FROM custody_entries WHERE leaf_index >= 290", "log-rolled-back"),
    "last tile deleted": ("DELETE FROM log_tiles WHERE level = 0 AND n = 1", "tile-broken"),
    "upper tile deleted": ("DELETE FROM log_tiles WHERE level = 1", "tile-broken"),
    "last tile cut": (
        "UPDATE log_tiles SET hashes = substr(hashes, 1, 64) WHERE level = 0 AND n = 1",
        "tile-broken",
    ),
    "tile edited": (
        "UPDATE log_tiles SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE n = 1",
        "log-rewritten",
    ),
    "root edited": ("UPDATE checkpoints SET root = sha256(root)", "checkpoint-broken"),
    "note replaced": ("UPDATE checkpoints SET note = replace(note, '300', '299')", "log-key-differs"),
}


@pytest.mark.parametrize("tampering", SIGNING_REFUSED)
@pytest.mark.parametrize("more", [0, 3])
def test_a_cut_or_rewritten_log_is_not_signed(engine: Engine, tampering: str, more: int) -> None:
    """After the log lost its tail or changed under its last checkpoint, a run signs and indexes nothing."""
    statement, slug = SIGNING_REFUSED[tampering]
    _append(engine, 300)
    _integrate(engine)
    _tamper(engine, statement)
    _append(engine, more)
    before = _indices(engine)
    with pytest.raises(IntegrityBroken) as caught:
        _integrate(engine)
    # With entries waiting, extending the tiles already meets the broken end before signing does.
    assert caught.value.slug in {slug, "tile-broken"} if more else caught.value.slug == slug
    assert _indices(engine) == before
    assert len(_heads(engine)) == 1


def test_another_key_does_not_continue_the_log(engine: Engine) -> None:
    """A run with another key or origin signs nothing under this log's name."""
    _append(engine, 1)
    _integrate(engine)
    _append(engine, 1)
    for seed, origin in ((bytes(32), ORIGIN), (SEED, "other.example/log")):
        with engine.begin() as connection, pytest.raises(IntegrityBroken) as caught:
            Signer(connection).sign(seed, origin, at=NOW)
        assert caught.value.slug == "log-key-differs"


def test_no_proof_is_handed_out_that_does_not_verify(engine: Engine) -> None:
    """A tile altered under a signed root makes its proofs an alarm, not a wrong file."""
    made = _append(engine, 300)
    _integrate(engine)
    _tamper(engine, "UPDATE log_tiles SET hashes = sha256(hashes) || substr(hashes, 33) WHERE n = 0")
    with engine.connect() as connection, pytest.raises(IntegrityBroken):
        CustodyLog(connection).proof(made[1].entry_id)


def test_entries_of_a_subject_come_oldest_first(engine: Engine) -> None:
    """Every entry about a subject is given back whole, in the order of its insertion; no other is."""
    with engine.begin() as connection:
        log = CustodyLog(connection)
        mine = []
        for step in range(3):
            mine.append(leave_trace(log, UPLOAD, offset_bytes=step))
            leave_trace(log)
    _integrate(engine, limit=2)
    with engine.connect() as connection:
        found = CustodyLog(connection).entries_for(f"upload/{UPLOAD}")
        assert [each.digest for each in found] == [one.digest for one in mine]
        assert [each.leaf_index for each in found] == [0, None, None]
    _tamper(engine, "UPDATE custody_entries SET leaf = '{}' WHERE id = 1")
    with engine.connect() as connection, pytest.raises(IntegrityBroken):
        CustodyLog(connection).entries_for(f"upload/{UPLOAD}")


@pytest.fixture(scope="module")
def saved_log(database_url: str) -> Iterator[None]:
    """Copies of the tables of a log over full and partial tiles, with two entries still waiting."""
    engine = create_engine(database_url, execution_options=sealing())
    _tamper(engine, WIPE)
    for count in (1, 255, 1, 300, 20):
        _append(engine, count)
        _integrate(engine)
    _append(engine, 2)
    for table in TABLES:
        _tamper(engine, f"CREATE TABLE saved_{table} AS TABLE {table}")
    yield
    engine.dispose()


@pytest.fixture
def whole(saved_log: None, engine: Engine) -> Engine:
    """The saved log in place: 577 entries under five checkpoints, two more without an index."""
    for table in TABLES:
        _tamper(engine, f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM saved_{table}")
    return engine


def test_the_check_of_a_whole_log_finds_nothing(whole: Engine) -> None:
    """A log grown over full and partial tiles, with entries still waiting, has no fault."""
    assert _check(whole) == []
    assert [head.size for head in _heads(whole)] == [1, 256, 257, 557, 577]


def test_the_check_of_an_empty_log_finds_nothing(engine: Engine) -> None:
    """No entries, no tiles and no checkpoints contradict nothing."""
    assert _check(engine) == []


CHECK_FINDS = {
    "leaf edited": (
        "UPDATE custody_entries SET leaf = set_byte(leaf, 10, 120) WHERE leaf_index = 7",
        {"leaf-hash-differs"},
    ),
    "waiting leaf edited": (
        "UPDATE custody_entries SET leaf = set_byte(leaf, 10, 120) WHERE id = 579",
        {"leaf-hash-differs"},
    ),
    "leaf and hash edited": (
        """
        UPDATE custody_entries SET leaf = new.leaf, digest = sha256(new.leaf),
            leaf_hash = sha256('\\x00'::bytea || sha256(new.leaf))
        FROM (SELECT leaf_index AS at, convert_to(
                  replace(encode(leaf, 'escape'), '"offset_bytes":6,', '"offset_bytes":9,'), 'UTF8') AS leaf
              FROM custody_entries) AS new
        WHERE leaf_index = 7 AND new.at = 7
        """,
        {"tile-differs", "checkpoint-root-differs", "opening-missing"},
    ),
    "hash cut": (
        "UPDATE custody_entries SET leaf_hash = substr(leaf_hash, 2) WHERE leaf_index = 300",
        {"leaf-hash-differs"},
    ),
    "actor edited": (
        "UPDATE custody_entries SET actor = 'someone' WHERE leaf_index = 7",
        {"entry-differs-from-leaf"},
    ),
    "time edited": (
        "UPDATE custody_entries SET at = at - interval '1 day' WHERE leaf_index = 7",
        {"entry-differs-from-leaf"},
    ),
    "entry deleted": ("DELETE FROM custody_entries WHERE leaf_index = 7", {"index-gap"}),
    "index moved": (
        "UPDATE custody_entries SET leaf_index = 1000 WHERE leaf_index = 7",
        {"index-gap"},
    ),
    "entries swapped": (
        """
        UPDATE custody_entries SET leaf_index = NULL WHERE leaf_index = 7;
        UPDATE custody_entries SET leaf_index = 7 WHERE leaf_index = 8;
        UPDATE custody_entries SET leaf_index = 8 WHERE id = 8
        """,
        {"tile-differs", "checkpoint-root-differs"},
    ),
    "tail deleted": (
        "DELETE FROM custody_entries WHERE leaf_index >= 557",
        {"checkpoint-beyond-log", "tile-differs"},
    ),
    "whole log deleted": (
        "DELETE FROM custody_entries",
        {"checkpoint-beyond-log", "tile-unexpected"},
    ),
    "full tile edited": (
        "UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE n = 1",
        {"tile-differs"},
    ),
    "partial tile edited": (
        "UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE n = 2",
        {"tile-differs"},
    ),
    "tile deleted": ("DELETE FROM log_tiles WHERE level = 0 AND n = 0", {"tile-missing"}),
    "tile added": (
        "INSERT INTO log_tiles VALUES (0, 3, 'x'), (2, 0, 'x'), (-1, 0, 'x')",
        {"tile-unexpected"},
    ),
    "checkpoint root edited": (
        "UPDATE checkpoints SET root = sha256(root) WHERE size = 257",
        {"checkpoint-row-differs"},
    ),
    "checkpoint moved": (
        "UPDATE checkpoints SET size = 300 WHERE size = 257",
        {"checkpoint-row-differs"},
    ),
    "signature edited": (
        "UPDATE checkpoints SET note = left(note, -10) || 'AAAAAAAA=' || E'\\n' WHERE size = 257",
        {"checkpoint-note-invalid"},
    ),
}


@pytest.mark.parametrize("tampering", CHECK_FINDS)
def test_the_check_names_what_was_altered(whole: Engine, tampering: str) -> None:
    """Each kind of alteration gives its own codes and no others."""
    statement, codes = CHECK_FINDS[tampering]
    _tamper(whole, statement)
    found = _check(whole)
    assert set(found) == codes
    assert found.count("checkpoint-root-differs") <= 1


def test_the_check_sees_one_moment(whole: Engine) -> None:
    """Entries that are integrated while a check runs do not look like faults."""
    _tamper(whole, "UPDATE custody_entries SET actor = 'someone' WHERE id = 579")
    with snapshot(whole) as connection:
        found = LogCheck(connection, LogSigners.one(VKEY)).run()
        assert next(found).count == 577
        assert _integrate(whole) == 2
        assert [one.code for one in found if isinstance(one, Fault)] == ["entry-differs-from-leaf"]
