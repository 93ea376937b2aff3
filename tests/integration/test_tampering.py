"""Somebody with all rights and no key changes one thing: `fsck` names it, and nothing that was not changed."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import zip_longest

import pytest
from sqlalchemy import Column, Connection, Table

from schemas.fsck import FaultCode
from schemas.note import vkey_of_seed
from storage.fsck.columns import CONVENIENCE, LOG, NOT_EVIDENCE
from storage.fsck.nouns import NOUNS
from storage.settings import seed
from storage.store import Store
from storage.tables.base import PERSONAL, metadata
from tests.everything import make_everything
from tests.factories import folder_url, make_settings
from tests.owner import owner_connection
from tests.supervision import Clock
from tests.tampering import (
    Examiner,
    all_rights,
    altered,
    damage,
    is_refused,
    named_together,
    strangers,
    tables_together,
    unnamed_together,
)

EVIDENCE = [table for table in metadata.sorted_tables if table.name not in NOT_EVIDENCE]
FOLLOWS = {"standards": {"audits"}, "equipment": {"monitoring_records"}}
"""What names a row of another table by more than its key."""

ENTWINED = {"standards", "trail_rows", "audit_sample", "audit_population"}
"""What is held against one digest of it all: a change in it is named otherwise, or in several places."""

KEYS = {
    mirror.name: {*mirror.key, getattr(mirror.owner, "name", "")}
    for noun in NOUNS.values()
    for mirror in noun.mirrors
}
"""Whose a row is, and what tells the rows of one thing apart: a change in it is a row too few and a row too many."""

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
    with owner_connection(store) as connection, all_rights(connection):
        yield connection


@pytest.fixture(scope="module")
def examiner(store: Store, rights: Connection) -> Examiner:
    vkey = vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))
    return Examiner(rights, vkey)


@pytest.fixture(scope="module")
def together(rights: Connection, examiner: Examiner) -> frozenset[str]:
    """Which columns are named, each by its own name and nothing beside, when one of each table is changed at once."""
    rounds = zip_longest(*([one for one in table.columns if is_plain(one)] for table in EVIDENCE))
    some = ([column for column in one if column is not None] for one in rounds)
    return frozenset().union(*(named_together(rights, examiner, columns) for columns in some))


@pytest.fixture(scope="module")
def unnamed(rights: Connection, examiner: Examiner) -> frozenset[str]:
    """Which conveniences nobody names when one of each table is changed at once."""
    rounds = zip_longest(*([one for one in table.columns if is_convenience(one)] for table in EVIDENCE))
    some = ([column for column in one if column is not None] for one in rounds)
    return frozenset().union(*(unnamed_together(rights, examiner, columns) for columns in some))


@pytest.fixture(scope="module")
def apart(
    rights: Connection, examiner: Examiner, together: frozenset[str], unnamed: frozenset[str]
) -> frozenset[str]:
    """Which of the others are named by their table, and no other is, when one of each of several tables is changed."""
    left = {
        table: [
            one for one in table.columns if is_told_by_its_table(one) and str(one) not in together | unnamed
        ]
        for table in EVIDENCE
    }
    found: set[str] = set()
    for some in zip_longest(*left.values()):
        chosen = {column.table: column for column in some if column is not None}
        changed = {table: altered(rights, column) for table, column in chosen.items()}
        done = {table: one for table, one in changed.items() if one and not is_refused(rights, one)}
        named = named_apart(rights, examiner, done)
        found |= {str(column) for table, column in chosen.items() if table.name in named}
    return frozenset(found)


@pytest.fixture(scope="module")
def grouped(together: frozenset[str], unnamed: frozenset[str], apart: frozenset[str]) -> frozenset[str]:
    """Which columns were looked at with others and answered as each of them has to; every other is changed by itself."""
    return together | unnamed | apart


@pytest.fixture(scope="module")
def emptied(rights: Connection, examiner: Examiner) -> frozenset[str]:
    """Which tables are named, and no other is, when several are emptied at once."""
    tables = [table for table in EVIDENCE if table.name not in LOG | ENTWINED]
    return named_apart(rights, examiner, {table: empty(table) for table in tables})


def named_apart(rights: Connection, examiner: Examiner, done: Mapping[Table, str]) -> frozenset[str]:
    """Which tables are named, and no other is, when something is done to all that do not refer to each other."""
    groups = ([(table.name, done[table]) for table in group] for group in strangers(done))
    return frozenset().union(*(tables_together(rights, examiner, group) for group in groups))


def empty(table: Table) -> str:
    return f'DELETE FROM "{table.name}"'


def is_told_by_its_table(column: Column[object]) -> bool:
    """Say whether a change is expected to be named, and its table by it; every other is changed by itself."""
    return str(column) not in CONVENIENCE and column.table.name not in LOG | ENTWINED


def is_convenience(column: Column[object]) -> bool:
    """Say whether no leaf fixes a column of a row."""
    return str(column) in CONVENIENCE and column.table.name not in LOG


def is_plain(column: Column[object]) -> bool:
    """Say whether a column, changed, is expected to be named by its own name alone; every other is changed by itself."""
    table = str(column).partition(".")[0]
    is_own = not (column.primary_key or column.info.get(PERSONAL) or column.name in KEYS.get(table, ()))
    return is_own and table not in LOG | ENTWINED and str(column) not in CONVENIENCE


def test_what_was_made_lawfully_has_no_fault(examiner: Examiner) -> None:
    """Every leaf folds, and every row is what the leaves make it."""
    assert examiner.everything() == []


def test_one_of_everything_was_made(rights: Connection) -> None:
    """No evidence table is empty, or the tests below would prove nothing about it."""
    assert [table.name for table in EVIDENCE if altered(rights, next(iter(table.columns))) is None] == []


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_changed_column_is_named(
    rights: Connection,
    examiner: Examiner,
    grouped: frozenset[str],
    column: Column[object],
) -> None:
    """One value of a column becomes another: it is named, unless the column is listed as a convenience."""
    if str(column) in grouped:
        return
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
def test_an_emptied_table_is_named(
    rights: Connection, examiner: Examiner, emptied: frozenset[str], table: Table
) -> None:
    """Every row of a table goes: it is named."""
    if table.name in emptied:
        return
    with damage(rights, empty(table)) as count:
        assert count > 0
        found = examiner.everything() if table.name in LOG else examiner.rows()
    assert found, table.name


def test_every_convenience_is_a_column() -> None:
    """The list of what no leaf fixes names no column that is not there."""
    known = {f"{column.table.name}.{column.name}" for column in COLUMNS}
    assert CONVENIENCE.keys() <= known
    assert NOT_EVIDENCE.keys() | LOG <= metadata.tables.keys()
