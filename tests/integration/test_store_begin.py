"""What `Store.begin` makes of a database that has no place left, and of a text that it cannot keep."""

from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from schemas.errors import Invalid, Unavailable
from storage.pool import open_pool
from storage.store import Store
from storage.tables.actor import accounts
from tests.factories import folder_url, make_settings

OVERFLOW = 10


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


def test_a_connection_that_broke_while_nobody_used_it_is_not_used_again(
    database_url: str, tmp_path: Path
) -> None:
    """What was kept for a while is asked first; whoever comes next does not meet what happened to it."""
    settings = make_settings(database_url, folder_url(tmp_path))
    kept, other = open_pool(settings, idle_seconds=-1.0), Store(settings)
    with kept.begin() as connection:
        broken = connection.scalar(select(func.pg_backend_pid()))
    with other.begin() as tx:
        assert tx.connection.scalar(select(func.pg_terminate_backend(broken, 60_000)))

    with kept.begin() as connection:
        assert connection.scalar(select(func.pg_backend_pid())) != broken
    kept.dispose()
    other.close()


def test_of_connections_that_broke_in_use_one_request_hears(database_url: str, tmp_path: Path) -> None:
    """The first that meets it is told that the database did not answer; nobody after it is."""
    store, other = (Store(make_settings(database_url, folder_url(tmp_path))) for _ in range(2))
    with store.begin() as one, store.begin() as two:
        broken = [tx.connection.scalar(select(func.pg_backend_pid())) for tx in (one, two)]
    with other.begin() as tx:
        for pid in broken:
            assert tx.connection.scalar(select(func.pg_terminate_backend(pid, 60_000)))

    with suppress(Unavailable), store.begin() as tx:
        tx.connection.scalar(select(1))
    with store.begin() as one, store.begin() as two:
        assert [tx.connection.scalar(select(1)) for tx in (one, two)] == [1, 1]
    store.close()
    other.close()


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_text_that_cannot_be_kept_is_invalid(database_url: str, tmp_path: Path, text: str) -> None:
    """A NUL, or half a character, is the sender's mistake wherever it comes from."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    with pytest.raises(Invalid) as caught, store.begin() as tx:
        tx.connection.execute(select(accounts).where(accounts.c.login == text))
    assert caught.value.slug == "value-unstorable"
    store.close()
