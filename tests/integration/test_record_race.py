"""Acts of many people on few things at the same moment, and what an altered row of `chains` costs."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from schemas.case import CaseAmendIn, CaseState
from schemas.errors import IntegrityBroken, VersionConflict
from schemas.upload import UploadState
from storage.recording.upload import NewUpload
from storage.store import Store
from tests.acts import World, make_world
from tests.factories import append, folder_url, make_settings
from tests.owner import unguarded_connection
from tests.race import THREADS, left, raced
from tests.supervision import Clock

ACTS = 300


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = folder_url(tmp_path_factory.mktemp("race"))
    with closing(Store(make_settings(database_url, url, pool_size=2 * THREADS))) as store:
        yield make_world(store, Clock())


def test_acts_that_meet_leave_a_record_that_folds_to_the_rows(world: World) -> None:
    """Eight at once: nobody waits in a ring, every refusal is a declared one, and nothing is half written."""
    told = raced(world, ACTS, seed := secrets.randbelow(2**32))

    assert told.total() == ACTS
    assert left(world.store) == [], f"seed {seed}"


POISONS = ("n = n + 1", "n = n - 1", "head = sha256('x')", "n = 0")


@contextmanager
def poisoned(engine: Engine, of: str, change: str) -> Iterator[None]:
    """A row of `chains` altered by somebody with all rights, and put back at the end."""
    where = {"of": of}
    with unguarded_connection(engine) as connection:
        n, head = connection.execute(text("SELECT n, head FROM chains WHERE of = :of"), where).one()
        connection.execute(text(f"UPDATE chains SET {change} WHERE of = :of"), where)
    try:
        yield
    finally:
        with unguarded_connection(engine) as connection:
            put_back = text("UPDATE chains SET n = :n, head = :head WHERE of = :of")
            connection.execute(put_back, where | {"n": n, "head": head})


def _amended(world: World, case_id: UUID) -> None:
    """Correct a case as it stands, again where somebody else was faster."""
    wish = CaseAmendIn(place="解放路", reason="地点")
    while True:
        try:
            with world.store.begin() as tx:
                seen = tx.cases.known(case_id).version
                tx.cases.amend(world.bureau.handler, case_id, wish, seen)
        except VersionConflict:
            continue
        return


@pytest.mark.parametrize("change", POISONS)
def test_an_altered_row_of_chains_costs_the_acts_of_its_chain(world: World, change: str) -> None:
    """An act of that chain is refused and leaves nothing, a receipt that names it waits; all others go on."""
    bureau, store, officer = world.bureau, world.store, world.bureau.officers[0]
    case, other = bureau.at(CaseState.INVESTIGATING), bureau.at(CaseState.INVESTIGATING)
    with store.begin() as tx:
        waiting, coming = (
            tx.uploads.open(officer, NewUpload(length_bytes=1, filename="a.bin", case_number=one.number))
            for one in (case, other)
        )

    with poisoned(store.engine, f"case/{case.id}", change):
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [pool.submit(_amended, world, one.id) for one in (case, other) * THREADS]
            errors = [one.exception() for one in asked]
        with pytest.raises(IntegrityBroken):
            append(store, officer, waiting.id, b"a")
        assert append(store, officer, coming.id, b"a").state is UploadState.RECEIVED

    assert {type(err) for err in errors[::2]} == {IntegrityBroken}
    assert errors[1::2] == [None] * THREADS
    with store.begin() as tx:
        assert tx.cases.known(case.id) == case
        assert tx.cases.known(other.id).version == other.version + THREADS
        assert tx.uploads.known(waiting.id).state is UploadState.OPEN
    assert left(store) == []
