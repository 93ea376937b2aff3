"""Sealed personal data as the auditor and the migration find it: opened with the key, never taken for looked at without."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select, text

from schemas.errors import IntegrityBroken, Unavailable
from schemas.fsck import FaultCode, Part
from storage.setup.application import provide
from storage.setup.migrate import check_key, downgrade, upgrade
from storage.store import Store
from storage.tables.case import cases
from storage.tables.scope import case_scopes
from tests.evidence import Copy, World, copy_of, make_world
from tests.factories import seed64
from tests.owner import owner_connection, owner_of, owner_store
from tests.personal import tables_with
from workers.fsck import NOT_CHECKED


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(database_url, tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Copy]:
    with copy_of(world, tmp_path) as made:
        yield made


def test_fsck_without_the_key_is_never_green(copy: Copy) -> None:
    """What is sealed is counted as not checked, part by part, and no contradiction is made up."""
    with closing(Store(copy.store.settings.model_copy(update={"personal_key": None}))) as store:
        said = Copy(copy.world, store).fsck()

    assert said.faults == []
    assert {one["part"] for one in said.unchecked} == {Part.PERSONAL, Part.INTAKES, Part.DOCUMENTS}
    assert {one["subject"] for one in said.unchecked if one["part"] == Part.PERSONAL} >= {"cases", "openings"}
    assert said.code == NOT_CHECKED


def test_fsck_under_another_key_names_everything(copy: Copy) -> None:
    """Every sealed row and opening, and no pass."""
    with closing(Store(copy.store.settings.model_copy(update={"personal_key": seed64()}))) as store:
        said = Copy(copy.world, store).fsck()

    assert (FaultCode.PERSONAL_UNREADABLE, f"case/{copy.world.case}") in said.faults
    assert said.code == 1


OTHER = "(SELECT id FROM cases WHERE id <> :id ORDER BY id LIMIT 1)"
TWIN = (
    "INSERT INTO cases SELECT (json_populate_record(one, json_build_object('id', uuidv7(), 'number', 'x'))).*"
    " FROM cases AS one WHERE id = :id"
)
DAMAGES: dict[str, tuple[str, set[tuple[FaultCode, str]]]] = {
    "tokens of another name": (
        "UPDATE cases SET party_tokens = '{1,2}' WHERE id = :id",
        {(FaultCode.COLUMN_DIFFERS, "cases.party_tokens")},
    ),
    "the digest of another code": (
        "UPDATE cases SET party_code_digest = 'x' WHERE id = :id",
        {(FaultCode.COLUMN_DIFFERS, "cases.party_code_digest")},
    ),
    "a name in clear": (
        "UPDATE cases SET party = convert_to('某店', 'UTF8') WHERE id = :id",
        {(FaultCode.PERSONAL_UNREADABLE, "cases.party")},
    ),
    "the name of another record": (
        "UPDATE cases SET party = (SELECT party FROM monitoring_records WHERE party IS NOT NULL LIMIT 1) WHERE id = :id",
        {(FaultCode.PERSONAL_UNREADABLE, "cases.party")},
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_whoever_writes_to_the_database_alone_is_named(copy: Copy, what: str) -> None:
    """A name, a token or a digest that is not the row's own is a fault of that column, and nothing else is."""
    statement, expected = DAMAGES[what]
    copy.damage(statement, id=copy.world.case)
    said = copy.fsck()

    told = {(facts["code"], facts["detail"]) for event, _, facts in said.lines if event == "difference"}
    assert (told, said.unchecked, said.code) == (expected, [], 1)


@pytest.mark.parametrize("change", ["in clear", "of another leaf"])
def test_an_opening_of_a_name_is_sealed_for_its_leaf(copy: Copy, change: str) -> None:
    """In clear it is a fault though its commitment holds; that of another leaf does not open."""
    about = f"case/{copy.world.case}"
    with copy.store.begin() as tx:
        leaf = tx.custody.chain(about)[0]
        clear = tx.custody.openings_of([leaf.digest])[leaf.digest]["party"]
    made: Callable[[], bytes] = {
        "in clear": lambda: clear,
        "of another leaf": lambda: bytes(
            copy.scalar(
                "SELECT opening FROM openings WHERE member = 'row.1' AND digest <> :digest LIMIT 1",
                digest=bytes.fromhex(leaf.digest),
            )
        ),
    }[change]
    copy.damage(
        "UPDATE openings SET opening = :made WHERE digest = :digest AND member = 'party'",
        made=made(),
        digest=bytes.fromhex(leaf.digest),
    )
    said = copy.fsck()

    assert said.faults == [(FaultCode.PERSONAL_UNREADABLE, f"entry/{leaf.entry_id}")]
    assert said.code == 1


def test_the_migration_seals_what_stands_and_leads_back(world: World, tmp_path: Path) -> None:
    """Back to clear text and forward again: the same names, no fault, nothing in clear; not without the key."""
    with copy_of(world, tmp_path) as copy:
        with copy.store.begin() as tx:
            before = parties(tx.connection, tx)
            answers = tx.connection.execute(select(case_scopes)).mappings().all()
        with owner_store(copy.store) as owned:
            downgrade(owned.engine, "20261129_0038")
        with owner_connection(copy.store) as connection:
            clear = connection.execute(text("SELECT party FROM cases ORDER BY id")).scalars().all()
        assert clear == [name for name, _ in before]
        address = copy.store.settings.database_url.get_secret_value()
        keyless = create_engine(owner_of(address))
        with pytest.raises(Unavailable, match="PERSONAL_KEY"):
            upgrade(keyless)
        keyless.dispose()
        with owner_store(copy.store) as owned:
            upgrade(owned.engine)
            provide(owned.engine, address)
        with (
            copy.store.begin() as tx
        ):  # what later tables held is forgotten on the way back, and is not what is asked here
            tx.connection.execute(insert(case_scopes), [dict(one) for one in answers])
        with copy.store.begin() as tx:
            assert parties(tx.connection, tx) == before
            assert tables_with(tx.connection, ["某某运输公司", "91320903MA1ABCDE0X"]) == set()
        said = copy.fsck()
        assert (said.faults, said.unchecked, said.code) == ([], [], 0)


def test_no_server_goes_on_under_another_key(copy: Copy) -> None:
    """What came in under two keys could not be read by one: nothing starts, and nothing was written."""
    check_key(copy.store.engine)
    for key, error in ((seed64(), IntegrityBroken), (None, Unavailable)):
        settings = copy.store.settings.model_copy(update={"personal_key": key})
        with closing(Store(settings)) as store, pytest.raises(error):
            check_key(store.engine)


def parties(connection: Any, tx: Any) -> list[tuple[str, str | None]]:
    idents = connection.scalars(select(cases.c.id).order_by(cases.c.id)).all()
    return [(one.party, one.party_code) for one in map(tx.cases.known, idents)]
