"""What `Store.begin` makes of a database that has no place left, and of a text that it cannot keep."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, make_url, select, text, update
from sqlalchemy.exc import OperationalError

from schemas.errors import Invalid, Unavailable
from storage.driver import sent
from storage.store import Store
from storage.tables.actor import accounts
from storage.transaction import Transaction
from tests.command import environment
from tests.factories import folder_url, make_settings
from tests.owner import owner_of, owning
from tests.stand import PATIENCE_SECONDS, ROOT

OVERFLOW = 10
TOO_LONG = "INSERT INTO names SELECT string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 999)"
"""More than an index takes, also compressed."""


def test_a_pool_that_is_taken_is_unavailable(database_url: str, tmp_path: Path) -> None:
    """Whoever waits for a connection in vain is told that the database does not answer, and no loop ends by it."""
    store = Store(make_settings(database_url, folder_url(tmp_path), pool_size=1, pool_wait_seconds=0.1))
    with ExitStack() as held:
        for _ in range(1 + OVERFLOW):
            held.enter_context(store.begin())
        with pytest.raises(Unavailable), store.begin():
            pass
    with store.begin() as tx:
        assert tx.connection.scalar(select(1)) == 1
    store.close()


@pytest.mark.parametrize("is_known", [False, True])
def test_connections_that_broke_are_met_by_nobody(database_url: str, tmp_path: Path, is_known: bool) -> None:
    """What was kept while the database went is found when a transaction begins, and goes all together, also where the
    driver has noticed before.
    """
    store, other = (Store(make_settings(database_url, folder_url(tmp_path))) for _ in range(2))
    with store.begin() as one, store.begin() as two:
        broken = [tx.connection.scalar(select(func.pg_backend_pid())) for tx in (one, two)]
        kept = [tx.connection.connection.driver_connection for tx in (one, two)]
    with other.begin() as tx:
        for pid in broken:
            assert tx.connection.scalar(select(func.pg_terminate_backend(pid, 60_000)))
    for connection in kept if is_known else ():
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT 1")

    with store.begin() as tx:
        assert tx.connection.scalar(select(1)) == 1
        assert store.engine.pool.checkedin() == 1  # no more than the other one, which is opened anew
        with store.begin() as two:
            assert two.connection.scalar(select(1)) == 1
    store.close()
    other.close()


def test_a_database_that_leaves_whoever_comes_is_unavailable(database_url: str, tmp_path: Path) -> None:
    """While it starts or ends it may take a connection and drop it at once, a new one too: that is no fault of ours."""
    store, other = (Store(make_settings(database_url, folder_url(tmp_path))) for _ in range(2))

    def left(connection: "psycopg.Connection[Any]", _: object) -> None:
        with other.begin() as killer:
            killer.connection.scalar(select(func.pg_terminate_backend(connection.info.backend_pid, 60_000)))

    with store.begin():
        pass
    store.engine.dispose()
    event.listen(store.engine, "connect", left)
    for _ in range(2):
        with pytest.raises(Unavailable), store.begin():
            pass
    event.remove(store.engine, "connect", left)
    with store.begin() as tx:
        assert tx.connection.scalar(select(1)) == 1
    store.close()
    other.close()


def test_a_connection_that_breaks_in_mid_transaction_is_unavailable(
    database_url: str, tmp_path: Path
) -> None:
    """What has begun is not done again behind anybody's back: it is told, and nothing of it is there."""
    store, other = (Store(make_settings(database_url, folder_url(tmp_path))) for _ in range(2))
    with pytest.raises(Unavailable), store.begin() as tx:
        broken_by(other, tx)
    store.close()
    other.close()


def broken_by(other: Store, tx: Transaction) -> None:
    pid = tx.connection.scalar(select(func.pg_backend_pid()))
    with other.begin() as killer:
        assert killer.connection.scalar(select(func.pg_terminate_backend(pid, 60_000)))
    tx.connection.scalar(select(1))


@pytest.fixture
def read_only(database_url: str) -> Iterator[Callable[[bool], None]]:
    """Makes the database one that takes nothing, as a standby is, for the sessions that begin from then on."""
    name = make_url(database_url).database
    with psycopg.connect(owner_of(database_url).replace("+psycopg", ""), autocommit=True) as connection:

        def switch(is_on: bool) -> None:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {is_on}")

        yield switch
        connection.execute("SET default_transaction_read_only = off")
        switch(False)


def test_a_database_that_takes_nothing_is_unavailable(
    database_url: str, tmp_path: Path, read_only: Callable[[bool], None]
) -> None:
    """After a failover the old database answers and takes nothing: that is no fault of ours, and its connections go."""
    read_only(True)
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as store:
        for change in (_changed, _change_sent):
            with pytest.raises(Unavailable) as caught, store.begin() as tx:
                change(tx)
            assert caught.value.slug == "database-read-only"
        read_only(False)
        with store.begin() as tx:
            _changed(tx)


def _changed(tx: Transaction) -> None:
    tx.connection.execute(update(accounts).values(login=accounts.c.login))


def _change_sent(tx: Transaction) -> None:
    sent(tx.connection, "UPDATE accounts SET login = login", {})


@pytest.mark.parametrize("words", [["serve", "--no-demo"], ["admit"], ["doctor", "--part", "database"]])
def test_a_command_says_that_the_database_takes_nothing(
    database_url: str, tmp_path: Path, read_only: Callable[[bool], None], words: list[str]
) -> None:
    """On a standby no command waits, ends with a trace, or says that the database is silent or well."""
    read_only(True)
    done = subprocess.run(
        [sys.executable, "quancheng.py", *words, "--json"],
        cwd=ROOT,
        env=environment(
            tmp_path / "home", DATABASE_URL=database_url, OBJECTS_URL=folder_url(tmp_path / "objects")
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "database-read-only" in done.stdout


def test_what_no_later_try_mends_is_not_put_off(database_url: str, tmp_path: Path) -> None:
    """A limit of PostgreSQL is exceeded by the same statement tomorrow: that is a fault of ours, and never "later"."""
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as store:
        with owning(store) as tx:
            tx.connection.execute(text("CREATE TABLE names (name text PRIMARY KEY)"))
            tx.connection.execute(text("GRANT INSERT ON names TO PUBLIC"))
        with pytest.raises(OperationalError), store.begin() as tx:
            tx.connection.execute(text(TOO_LONG))


@pytest.mark.parametrize("login", ["\0", "\ud800"])
def test_a_text_that_cannot_be_kept_is_invalid(database_url: str, tmp_path: Path, login: str) -> None:
    """A NUL, or half a character, is the sender's mistake wherever it comes from."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    with pytest.raises(Invalid) as caught, store.begin() as tx:
        tx.connection.execute(select(accounts).where(accounts.c.login == login))
    assert caught.value.slug == "value-unstorable"
    store.close()


def test_what_is_sent_past_sqlalchemy_is_a_statement_like_any(database_url: str, tmp_path: Path) -> None:
    """It is in the transaction that it begins, is counted, fails with the same errors, and keeps no lost connection."""
    store, told = Store(make_settings(database_url, folder_url(tmp_path))), []
    lost: list[object] = []
    event.listen(store.engine, "before_cursor_execute", lambda *said: told.append(said[2]))
    event.listen(store.engine, "invalidate", lambda *gone: lost.append(gone))
    with store.engine.connect() as connection:
        assert sent(connection, "SELECT %(one)s::int", {"one": 1}) == [(1,)]
        assert connection.in_transaction()
    assert told == ["SELECT %(one)s::int"]

    with pytest.raises(Invalid), store.begin() as tx:
        sent(tx.connection, "SELECT %(word)s::int", {"word": "one"})
    with pytest.raises(Unavailable) as met, store.begin() as tx:
        sent(tx.connection, "SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert (met.value.slug, len(lost)) == ("database-unavailable", 1)
    store.close()
