"""Somebody with all rights and no key changes one thing: `fsck` names it, and nothing that was not changed."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Column, Connection, Table

from schemas.fsck import FaultCode
from schemas.note import vkey_of_seed
from storage.fsck.columns import CONVENIENCE, LOG, NOT_EVIDENCE
from storage.settings import seed
from storage.store import Store
from storage.tables.base import metadata
from tests.everything import make_everything
from tests.factories import folder_url, make_settings
from tests.supervision import Clock
from tests.tampering import Examiner, all_rights, altered, damage, is_refused

EVIDENCE = [table for table in metadata.sorted_tables if table.name not in NOT_EVIDENCE]
FOLLOWS = {"standards": {"audits"}, "equipment": {"monitoring_records"}}
"""What names a row of another table by more than its key."""

COLUMNS = [column for table in EVIDENCE for column in table.columns]


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    clock = Clock()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("objects")))
    with closing(Store(settings, clock=clock)) as made:
        make_everything(made, clock)
        yield made


@pytest.fixture(scope="module")
def rights(store: Store) -> Iterator[Connection]:
    with store.engine.connect() as connection, all_rights(connection):
        yield connection


@pytest.fixture(scope="module")
def examiner(store: Store, rights: Connection) -> Examiner:
    vkey = vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))
    return Examiner(rights, vkey)


def test_what_was_made_lawfully_has_no_fault(examiner: Examiner) -> None:
    """Every leaf folds, and every row is what the leaves make it."""
    assert examiner.everything() == []


def test_one_of_everything_was_made(rights: Connection) -> None:
    """No evidence table is empty, or the tests below would prove nothing about it."""
    assert [table.name for table in EVIDENCE if altered(rights, next(iter(table.columns))) is None] == []


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_changed_column_is_named(rights: Connection, examiner: Examiner, column: Column[object]) -> None:
    """One value of a column becomes another: it is named, unless the column is listed as a convenience."""
    statement = altered(rights, column)
    assert statement is not None
    if is_refused(rights, statement):
        pytest.skip("another row has this key")
    with damage(rights, statement) as count:
        assert count == 1
        found = examiner.everything() if column.table.name in LOG else examiner.rows()
    assert bool(found) is (str(column) not in CONVENIENCE), (statement, found)
    table = str(column).partition(".")[0]
    if table not in LOG and all(fault.code is FaultCode.COLUMN_DIFFERS for fault in found):
        assert {fault.detail.partition(".")[0] for fault in found} <= {table} | FOLLOWS.get(table, set()), (
            found
        )


@pytest.mark.parametrize("table", EVIDENCE, ids=lambda table: table.name)
def test_an_emptied_table_is_named(rights: Connection, examiner: Examiner, table: Table) -> None:
    """Every row of a table goes: it is named."""
    with damage(rights, f'DELETE FROM "{table.name}"') as count:
        assert count > 0
        found = examiner.everything() if table.name in LOG else examiner.rows()
    assert found, table.name


def test_every_convenience_is_a_column() -> None:
    """The list of what no leaf fixes names no column that is not there."""
    known = {f"{column.table.name}.{column.name}" for column in COLUMNS}
    assert CONVENIENCE.keys() <= known
    assert NOT_EVIDENCE.keys() | LOG <= metadata.tables.keys()
