"""The application's database role: what the database itself refuses to whoever has only that."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from schemas.errors import Unavailable
from schemas.health import Health, HealthPart
from storage.setup.application import ROLE, provide, standing
from storage.setup.home import Home
from storage.setup.migrate import bring_up
from storage.store import Store
from storage.tables.base import metadata
from storage.tables.right import RIGHTS, TOLD
from tests.factories import folder_url, make_settings
from tests.owner import owner_connection, owner_of, owning
from workers.doctor import examine

APPEND_ONLY = sorted(name for name, right in RIGHTS.items() if right.is_append_only)
GUARDED = text(
    """
    SELECT held.relname FROM pg_trigger AS guard JOIN pg_class AS held ON held.oid = guard.tgrelid
    WHERE guard.tgname = 'append_only' AND guard.tgtype & 24 = 24 ORDER BY 1
    """
)
"""Tables whose guard refuses change (16) and deletion (8) to everybody."""

GRANTED = text(
    """
    SELECT relname, has_table_privilege(oid, 'INSERT'), has_table_privilege(oid, 'UPDATE'),
        has_table_privilege(oid, 'DELETE'), has_table_privilege(oid, 'TRUNCATE'), has_table_privilege(oid, 'TRIGGER'),
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = held.oid AND attnum > 0 AND NOT attisdropped
            AND has_column_privilege(held.oid, attnum, 'UPDATE'))
    FROM pg_class AS held WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY relname COLLATE "C"
    """
)


KEPT = text(
    """
    SELECT held.relname FROM pg_trigger AS guard JOIN pg_class AS held ON held.oid = guard.tgrelid
    WHERE guard.tgname IN ('keep_word', 'keep_told') AND guard.tgtype & 24 = 24 ORDER BY 1
    """
)
"""Tables whose guard lets what was told be closed, and nothing else."""


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("role"))))) as made:
        yield made


def refused(connection: Connection, statement: str) -> bool:
    """Whether the database says that this role may not."""
    step = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except ProgrammingError as err:
        return isinstance(err.orig, InsufficientPrivilege)
    finally:
        step.rollback()
    return False


def test_what_is_append_only_is_refused_by_the_database(store: Store) -> None:
    """No row is changed or removed, no table emptied, no trigger switched off, by whoever is the application."""
    tables = [metadata.tables[name] for name in APPEND_ONLY]
    with store.begin() as tx:
        let_through = [
            statement
            for table in tables
            for column in [next(iter(table.columns)).name]
            for statement in (
                f'UPDATE {table.name} SET "{column}" = "{column}"',
                f"DELETE FROM {table.name}",
            )
            if not refused(tx.connection, statement)
        ]
        let_through += [
            statement
            for name in metadata.tables
            for statement in (f"TRUNCATE {name}", f"ALTER TABLE {name} DISABLE TRIGGER ALL")
            if not refused(tx.connection, statement)
        ]
    assert let_through == []


def test_what_was_told_is_guarded(store: Store) -> None:
    """Every table whose rows the application closes, and may remove where two acts met, has the guard that says when."""
    told = sorted(name for name, right in RIGHTS.items() if right == TOLD)
    with store.begin() as tx:
        assert list(tx.connection.scalars(KEPT)) == told


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "UPDATE custody_entries SET leaf = leaf",
        "UPDATE custody_entries SET digest = digest",
        "UPDATE custody_entries SET ticket = NULL",
        "DELETE FROM custody_entries",
        "UPDATE checkpoints SET note = note",
        "DELETE FROM checkpoints",
        "DELETE FROM log_tiles",
        "UPDATE trail_rows SET address = ''",
        "DELETE FROM trail_rows",
        "UPDATE openings SET opening = opening",
        "DROP TABLE chain_places",
        "CREATE TABLE mine (a int)",
        "UPDATE alembic_version SET version_num = ''",
        "SET ROLE quancheng",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_a_way_round_is_refused(store: Store, statement: str) -> None:
    """Columns of the log beside those that the signer fills, other roles, and the guards themselves."""
    with store.begin() as tx:
        assert refused(tx.connection, statement)


def test_the_role_has_what_stands_in_the_table_and_nothing_else(store: Store) -> None:
    """Every table is decided about, and the database grants exactly that; what guards refuse is nowhere granted."""
    with store.begin() as tx:
        rows = {row[0]: row[1:] for row in tx.connection.execute(GRANTED)}
        guarded = set(tx.connection.scalars(GUARDED))
        found = standing(tx.connection)
    assert set(rows) - {"alembic_version"} == set(RIGHTS) == set(metadata.tables)
    assert rows["alembic_version"][:5] == (False,) * 5
    for name, right in RIGHTS.items():
        every = {column.name for column in metadata.tables[name].columns}
        may_add, may_change, may_remove, may_empty, may_trigger, columns = rows[name]
        assert (may_add, may_empty, may_trigger) == (True, False, False), name
        assert (may_change, may_remove) == (right.columns is None, right.is_removable), name
        assert set(columns) == (every if right.columns is None else right.columns), name
    assert guarded
    assert guarded <= set(APPEND_ONLY)
    assert found is not None
    assert found.is_apart


def test_the_owner_grants_once_more_and_a_password_moves(store: Store) -> None:
    """A second migration changes nothing; the owner stands as such."""
    address = store.settings.database_url.get_secret_value()
    settings = store.settings.model_copy(update={"migration_database_url": SecretStr(owner_of(address))})
    with store.begin() as tx:
        before = tx.connection.execute(GRANTED).all()
    bring_up(settings)
    with store.begin() as tx:
        assert tx.connection.execute(GRANTED).all() == before
    with owning(store) as tx:
        found = standing(tx.connection)
    assert found is not None
    assert not found.is_apart
    with owner_connection(store) as connection:
        secret = connection.scalar(
            text("SELECT rolpassword FROM pg_authid WHERE rolname = :name"), {"name": ROLE}
        )
    assert str(secret).startswith("SCRAM-SHA-256$")


def test_a_schema_that_is_behind_asks_for_its_owner(empty_database_url: str, database_url: str) -> None:
    """Without the owner's address nothing is migrated, and the sentence says what is missing; with it all is granted."""
    empty = make_url(empty_database_url)
    ours = make_url(database_url).set(database=empty.database).render_as_string(hide_password=False)
    settings = make_settings(ours, "file:///nowhere")
    with pytest.raises(Unavailable) as caught:
        bring_up(settings)
    assert caught.value.slug == "migration-url-missing"
    bring_up(settings.model_copy(update={"migration_database_url": SecretStr(empty_database_url)}))
    with psycopg.connect(ours.replace("+psycopg", "", 1)) as connection:
        assert connection.execute("SELECT count(*) FROM custody_entries").fetchone() == (0,)


def test_a_role_that_cannot_be_made_is_named(store: Store) -> None:
    """Who may make no role says which one is missing."""
    address = store.settings.database_url.get_secret_value()
    missing = make_url(address).set(username="nobody_here").render_as_string(hide_password=False)
    with closing(Store(store.settings)) as plain, pytest.raises(Unavailable) as caught:
        provide(plain.engine, missing)
    assert caught.value.slug == "application-role-missing"


def test_the_doctor_says_who_connects(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The application's own role is well; the owner's works, and wants a person's eye."""
    address = store.settings.database_url.get_secret_value()
    said = {}
    for name, url in (("application", address), ("owner", owner_of(address))):
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("OBJECTS_URL", folder_url(tmp_path))
        (said[name],) = [one for one in examine(Home(tmp_path)) if one.part is HealthPart.ROLE]
    assert (said["application"].code, said["application"].is_warned) == (Health.ROLE_APART, False)
    assert (said["owner"].code, said["owner"].is_good, said["owner"].is_warned) == (
        Health.ROLE_OWNER,
        True,
        True,
    )
