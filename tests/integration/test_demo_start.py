"""A server with a demo starts, whatever became of the demo's people."""

from pathlib import Path

import pytest
from sqlalchemy import update

from quancheng_demo import found
from quancheng_demo_run import Demo
from schemas.actor import Role
from schemas.errors import NotAuthenticated
from schemas.login import ACCOUNT_TRIES, LANE_TRIES
from storage.flow.login import LoginIn, log_in
from storage.flow.login_queue import LoginQueue
from storage.setup.home import Home
from storage.store import Store
from storage.tables.actor import role_grants
from tests.factories import folder_url, make_settings
from tests.owner import unguarded
from tests.stand import PATIENCE_SECONDS


def exhaust(store: Store, login: str) -> None:
    """So many wrong tries, from ten addresses, that only a known browser is let in."""
    for number in range(ACCOUNT_TRIES):
        with store.begin() as tx:
            known = tx.accounts.credential_of(login)
            assert known is not None
            address = f"192.0.2.{number // LANE_TRIES}"
            tx.login_tries.count(login, known.account_id, address=address, browser=None)


def test_the_demo_starts_whoever_was_locked(database_url: str, tmp_path: Path) -> None:
    """Guesses at its people's passwords, or their work taken from them, do not keep a server with a demo from starting."""
    store = Store(make_settings(database_url, folder_url(tmp_path / "store")))
    home, told = Home(tmp_path / "home"), []
    home.prepare()
    passwords = found(store, lambda drawn: home.write_demo({"passwords": drawn, "is_sent": True}))

    def start() -> None:
        told.clear()
        demo = Demo(home, store, lambda event, *_, **__: told.append(event), media=tmp_path, command=())
        demo.make("http://127.0.0.1:1")
        demo.introduce()

    exhaust(store, "sun")
    queue = LoginQueue(length=1000, patience_seconds=PATIENCE_SECONDS)
    with pytest.raises(NotAuthenticated) as caught:
        log_in(store, queue, LoginIn(login="sun", password=passwords["sun"], address="203.0.113.7"))
    assert caught.value.slug == "login-guarded"
    start()
    assert "enrolment_code" in told

    with store.begin() as tx:
        custodian = tx.accounts.credential_of("sun")
        assert custodian is not None
    mine = role_grants.c.account_id == custodian.account_id
    with unguarded(store) as tx:
        tx.connection.execute(update(role_grants).where(mine).values(role=Role.OFFICER))
    start()
    assert told == ["demo_left"]
    store.close()
