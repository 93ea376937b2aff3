"""What `Store.begin` makes of a database that has no place left, and of a text that it cannot keep."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from schemas.errors import Invalid, Unavailable
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


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_text_that_cannot_be_kept_is_invalid(database_url: str, tmp_path: Path, text: str) -> None:
    """A NUL, or half a character, is the sender's mistake wherever it comes from."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    with pytest.raises(Invalid) as caught, store.begin() as tx:
        tx.connection.execute(select(accounts).where(accounts.c.login == text))
    assert caught.value.slug == "value-unstorable"
    store.close()
