"""Acts on real PostgreSQL: chains go on without a hole, one time per act, no ring of waits, nothing half written."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError as SQLAlchemyIntegrityError

from schemas.act import Act
from schemas.case import CaseState
from schemas.chain import genesis, step
from schemas.errors import Busy, IntegrityBroken
from schemas.leaf import parse_leaf
from schemas.leaves_case import CaseFile, CaseLink, CaseOpen
from storage.custody.custody import CustodyLog
from storage.custody.values import Appended, shown
from storage.tables.custody import chain_places, chains, custody_entries, openings
from tests.factories import sealing
from tests.owner import unguarded_connection

ACTOR = f"account/{uuid4()}"
AGENCY = f"agency/{uuid4()}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = create_engine(database_url, pool_size=16, execution_options=sealing())
    yield made
    with unguarded_connection(made) as connection:
        connection.execute(text("TRUNCATE custody_entries, chain_places, chains, openings CASCADE"))
    made.dispose()


def _opened() -> Act:
    words = {"number": "第1号", "party": "某某公司", "matter": "占道经营", "place": "建军路"}
    return CaseOpen(agency=AGENCY, to=CaseState.LEAD, **{name: shown(word) for name, word in words.items()})


def _open_case(engine: Engine, case: str) -> Appended:
    with engine.begin() as connection:
        log = CustodyLog(connection)
        log.hold(case, relies=(ACTOR, AGENCY))
        return log.append(_opened(), case, actor=ACTOR)


def _file(log: CustodyLog, case: str) -> Appended:
    return log.append(CaseFile(to=CaseState.FILED), case, actor=ACTOR)


def _act(
    engine: Engine, case: str, act: Act, *, held: str | None = None, ident: UUID | None = None
) -> Appended:
    with engine.begin() as connection:
        log = CustodyLog(connection)
        log.hold(held or case, relies=(ACTOR,))
        return log.append(act, case, actor=ACTOR, ident=ident)


def _undone(connection: Connection, log: CustodyLog, case: str) -> None:
    with log.undoing(), connection.begin_nested():
        log.hold(case)
        _file(log, case)
        raise KeyError(case)


def _link(log: CustodyLog, case: str, recording: str) -> Appended:
    return log.append(CaseLink(case=case, recording=recording), case, actor=ACTOR)


def _head_of(engine: Engine, of: str) -> tuple[int, str]:
    """Fold a chain from its leaves alone."""
    head, last = genesis(of), 0
    with engine.connect() as connection:
        rows = connection.execute(
            select(chain_places.c.n, custody_entries.c.leaf, custody_entries.c.digest)
            .join(custody_entries, custody_entries.c.id == chain_places.c.entry)
            .where(chain_places.c.of == of)
            .order_by(chain_places.c.n)
        ).all()
    for n, leaf, digest in rows:
        place = parse_leaf(leaf).place(of)
        assert place is not None
        assert (n, place.n, place.prev) == (last + 1, n, head)
        head, last = step(head, digest.hex(), parse_leaf(leaf).event), n
    return last, head


def test_a_leaf_about_two_things_stands_in_both_chains(engine: Engine) -> None:
    """Numbers have no hole, each head is made of the leaves before it, and openings stand beside their leaf."""
    case, recording = f"case/{uuid4()}", f"recording/{uuid4()}"
    made = _open_case(engine, case)
    with engine.begin() as connection:
        log = CustodyLog(connection)
        at = log.hold(case, recording, relies=(ACTOR,))
        tied = _link(log, case, recording)
        assert log.next_number(case) == 3
        filed = _file(log, case)

    assert made.places == {case: 1}
    assert tied.places == {case: 2, recording: 1}
    assert filed.places == {case: 3}
    assert parse_leaf(tied.leaf).at == parse_leaf(filed.leaf).at == at
    assert at.microsecond % 1000 == 0
    with engine.connect() as connection:
        rows = {row.of: (row.n, row.head.hex()) for row in connection.execute(select(chains))}
        kept = set(connection.scalars(select(openings.c.member)))
    assert rows[case] == _head_of(engine, case)
    assert rows[recording] == _head_of(engine, recording)
    assert kept == {"number", "party", "matter", "place"}


def test_an_act_begins_with_hold(engine: Engine) -> None:
    """A leaf of a chain that is not held is a fault of ours, never a leaf."""
    case = f"case/{uuid4()}"
    with pytest.raises(RuntimeError, match="begins with hold"), engine.begin() as connection:
        CustodyLog(connection).append(_opened(), case, actor=ACTOR)
    with pytest.raises(RuntimeError, match="not held"):
        _act(engine, case, _opened(), held=f"case/{uuid4()}")


@pytest.mark.parametrize("change", ["n = n + 1", "n = n - 1", "head = sha256('x')", "n = 0"])
def test_a_poisoned_row_costs_one_act_and_enters_no_leaf(engine: Engine, change: str) -> None:
    """Whoever writes to `chains` stops the acts of that chain; the log and every other chain go on."""
    case, other = f"case/{uuid4()}", f"case/{uuid4()}"
    _open_case(engine, case)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE chains SET {change} WHERE of = :of"), {"of": case})

    with pytest.raises(IntegrityBroken):
        _act(engine, case, CaseFile(to=CaseState.FILED))

    _open_case(engine, other)
    assert _head_of(engine, case)[0] == 1
    assert _head_of(engine, other)[0] == 1


def test_a_step_that_is_undone_leaves_the_chain_where_it_was(engine: Engine) -> None:
    """After a savepoint is rolled back the next act takes the place that the undone one had."""
    case = f"case/{uuid4()}"
    _open_case(engine, case)
    with engine.begin() as connection:
        log = CustodyLog(connection)
        with pytest.raises(KeyError):
            _undone(connection, log, case)
        log.hold(case)
        assert _file(log, case).places == {case: 2}
    assert _head_of(engine, case)[0] == 2


def test_a_second_act_never_waits(engine: Engine) -> None:
    """What a further act of one transaction lacks is taken at once or refused: nobody waits in a ring."""
    first, second = sorted(f"case/{uuid4()}" for _ in range(2))
    for case in (first, second):
        _open_case(engine, case)
    with engine.begin() as one, engine.connect() as two:
        CustodyLog(two).hold(first)
        log = CustodyLog(one)
        log.hold(second)
        with pytest.raises(Busy), one.begin_nested():
            log.hold(first)
        two.rollback()


def test_the_time_of_an_act_never_runs_back_within_a_chain(engine: Engine) -> None:
    """A clock a little behind the chain's last act gives that act's time; one far behind gives its own."""
    case = f"case/{uuid4()}"
    late = datetime(2026, 11, 28, 8, 0, 30, 999_999, tzinfo=UTC)
    for clock, given in (
        (late, late.replace(microsecond=999_000)),
        (late - timedelta(seconds=30), late.replace(microsecond=999_000)),
        (late - timedelta(days=1), (late - timedelta(days=1)).replace(microsecond=999_000)),
    ):
        with engine.begin() as connection:
            log = CustodyLog(connection, lambda clock=clock: clock)
            assert log.hold(case) == given
            log.append(_opened() if clock == late else CaseFile(to=CaseState.FILED), case, actor=ACTOR)


def test_many_writers_on_few_chains_end_without_a_deadlock(engine: Engine) -> None:
    """Eight writers that tie and file at random over four cases and four recordings all come through, gapless."""
    cases = [f"case/{uuid4()}" for _ in range(4)]
    recordings = [f"recording/{uuid4()}" for _ in range(4)]
    for case in cases:
        _open_case(engine, case)
    faults: list[Exception] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(40):
                case, recording = chance.choice(cases), chance.choice(recordings)
                with engine.begin() as connection:
                    log = CustodyLog(connection)
                    if chance.random() < 0.5:
                        log.hold(case, recording, relies=(chance.choice(cases), ACTOR))
                        _link(log, case, recording)
                    else:
                        log.hold(case, relies=(chance.choice(recordings), chance.choice(cases)))
                        _file(log, case)
        except Exception as err:  # noqa: BLE001 - the thread's failure is raised by the test
            faults.append(err)

    writers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()

    assert faults == []
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(custody_entries))
        rows = connection.execute(select(chains)).all()
    assert count == len(cases) + 8 * 40
    for row in rows:
        assert (row.n, row.head.hex()) == _head_of(engine, row.of)


def test_a_retry_finds_its_leaf(engine: Engine) -> None:
    """A leaf's id that is given twice is refused by the database: the whole second act rolls back."""
    case, ident = f"case/{uuid4()}", UUID(int=7)
    _act(engine, case, _opened(), ident=ident)
    with pytest.raises(SQLAlchemyIntegrityError, match="entry_id"):
        _act(engine, case, CaseFile(to=CaseState.FILED), ident=ident)
    assert _head_of(engine, case)[0] == 1
