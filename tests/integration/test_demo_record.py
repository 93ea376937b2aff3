"""The first start of an empty product, as its permanent record tells it."""

from pathlib import Path

from quancheng_demo import found, send_rows
from schemas.replay import APPLY
from storage.flow.login import actor_of_password
from storage.store import Store
from tests.factories import folder_url, make_settings
from tests.media import jpeg
from tests.replayed import folded


def test_the_demo_is_lawful(database_url: str, tmp_path: Path) -> None:
    """The service opens agencies and people, these act from then on, and the fold has nothing against any leaf."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    passwords = found(store)
    name = next(login for login in passwords if login.startswith("source-"))
    source = actor_of_password(store, name, passwords[name])
    assert source is not None
    send_rows(store, source, [jpeg(40, 30 + number) for number in range(3)])

    chains = folded(store, *APPLY)
    store.close()
    assert {of.partition("/")[0] for of in chains} == {
        *("agency", "account", "case", "equipment", "recording", "source"),
    }
    assert [fault for one in chains.values() for fault in one.faults] == []
