"""The first start of an empty product, as its permanent record tells it."""

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from quancheng_demo import AGENCIES, PEOPLE, found, send_rows
from schemas.replay import APPLY
from storage.flow.login import actor_of_password
from storage.store import Store
from storage.tables.custody import custody_entries
from tests.factories import folder_url, make_settings
from tests.media import jpeg
from tests.replayed import folded


def test_the_demo_is_lawful(database_url: str, tmp_path: Path) -> None:
    """Its people come in by the doors of all: a link for the administrator, who opens the agencies and takes a roster, and
    a link for each of the others; the fold has nothing against any leaf."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    passwords = found(store)
    name = next(login for login in passwords if login.startswith("source-"))
    source = actor_of_password(store, name, passwords[name])
    assert source is not None
    send_rows(store, source, [jpeg(40, 30 + number) for number in range(3)])

    with store.begin() as tx:
        entries = tx.connection.execute(select(custody_entries.c.event, custody_entries.c.actor)).all()
    came = Counter(event for event, _ in entries)
    people = len(PEOPLE) - 1
    assert (came["account:admit"], came["roster:take"], came["account:link"]) == (1, 1, people)
    by_the_service = Counter(event for event, actor in entries if actor == "service/api")
    # The administrator and the scale's source; the agency at the top. Everything else an administrator did.
    assert [by_the_service[event] for event in ("account:open", "role:grant", "agency:open")] == [2, 2, 1]
    assert came["account:open"] == people + 2
    assert came["agency:open"] == len(AGENCIES)
    assert by_the_service["certificate:issue"] == 0 < came["certificate:issue"]
    chains = folded(store, *APPLY)
    store.close()
    assert {of.partition("/")[0] for of in chains} == {
        *("agency", "account", "case", "device", "equipment", "recording", "source"),
    }
    assert [fault for one in chains.values() for fault in one.faults] == []
