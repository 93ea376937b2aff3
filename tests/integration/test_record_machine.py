"""Acts of all nouns in any order on the real storage: what the leaves fold to is what the rows say, at every moment."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from random import Random

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Connection, text

from schemas.note import vkey_of_seed
from storage.fsck.columns import NOT_EVIDENCE
from storage.settings import seed as seed_of
from storage.store import Store
from storage.tables.base import metadata
from tests.acts import DESK, LINE, PEOPLE, ROAD, Act, World, make_world, tried
from tests.acts_audit import AUDIT
from tests.acts_look import LOOKS
from tests.copies import copied_store
from tests.factories import folder_url, make_settings
from tests.supervision import Clock
from tests.tampering import examined
from workers.custody import integrate

EXAMPLES, STEPS, EXAMINED_EVERY = 6, 60, 20
ACTS: tuple[Act, ...] = (*LINE, *LINE, *DESK, *ROAD, *AUDIT, *PEOPLE, *LOOKS)
SEEDS = st.integers(0, 2**32 - 1)

_STATE = " UNION ALL ".join(
    f"SELECT '{table.name} ' || md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM \"{table.name}\" AS t"
    for table in metadata.sorted_tables
    if table.name not in NOT_EVIDENCE
)


def state_of(connection: Connection) -> list[str]:
    """One digest per table of evidence, under its name: the database tells them in whatever order it likes."""
    return sorted(connection.scalars(text(_STATE)))


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    url = folder_url(tmp_path_factory.mktemp("objects"))
    with closing(Store(make_settings(database_url, url), clock=clock)) as store:
        made = make_world(store, clock)
        made.above.drawn(size=1)
        store.close()  # a database that somebody is connected to is not copied
        yield made


class Record(RuleBasedStateMachine):
    """Everybody at one agency, each doing whatever comes to mind, in a copy of the small world."""

    first: World

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.steps = 0

    @initialize()
    def begin(self) -> None:
        clock = Clock(self.first.above.clock.ahead)
        store = self.open.enter_context(copied_store(self.first.store, clock=clock))
        self.world = self.first.at(store, clock)
        self.before = self.state()

    @rule(seed=SEEDS)
    def act(self, seed: int) -> None:
        """One act: what was refused left everything as it was."""
        # Few examples must meet much: a seed that is drawn twice is another act each time.
        chance = Random(f"{seed} {self.steps}")
        act = chance.choice(ACTS)
        note(f"{self.steps}: {act.__name__}")
        refused = tried(self.world, act, chance)
        after = self.state()
        assert refused is None or after == self.before, (
            f"{act.__name__} was refused ({refused!r}) and left something"
        )
        self.before = after
        self.steps += 1
        if self.steps % EXAMINED_EVERY == 0:
            self.examine()

    def state(self) -> list[str]:
        with self.world.store.engine.connect() as connection:
            return state_of(connection)

    def examine(self) -> None:
        settled = self.world.store.settings
        vkey = vkey_of_seed(settled.log_origin, seed_of(settled.log_key, "LOG_KEY"))
        with self.world.store.engine.connect() as connection:
            assert examined(connection, vkey) == []

    def teardown(self) -> None:
        with self.open:
            if self.steps:
                integrate(self.world.store)
                self.examine()


def test_whatever_is_done_in_whatever_order_the_fold_is_the_rows(world: World) -> None:
    """Lawful acts of every noun, and refused ones: no check of `fsck` ever finds a difference."""
    machine = type("Record", (Record,), {"first": world})

    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
