"""The two roles of a test's database: the application's, as which everything of ours runs, and the owner's.

The stand's `DATABASE_URL` names the owner, who may make databases. A test that does what only an intruder with the
owner's password could – switch off triggers, change what is append-only – connects as the owner by `owning`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from storage.setup.application import ROLE
from storage.store import Store
from storage.transaction import Transaction

_OWNERS: list[str] = []
_UNGUARDED = text("SET LOCAL session_replication_role = replica")


def remember(server: str) -> None:
    """Keep the address of the owner: fixtures of databases call it once a process."""
    _OWNERS[:] = [server]


def application_of(owner: str) -> str:
    """Return the application's address of the same database; its password follows from the owner's, which is drawn."""
    url = make_url(owner)
    password = hashlib.sha256(f"application {url.password}".encode()).hexdigest()
    return url.set(username=ROLE, password=password).render_as_string(hide_password=False)


def owner_of(address: str) -> str:
    """Return the owner's address of the same database."""
    if not _OWNERS:
        return address  # a test of its own server names the owner everywhere
    owner, url = make_url(_OWNERS[0]), make_url(address)
    return url.set(username=owner.username, password=owner.password).render_as_string(hide_password=False)


@contextmanager
def owner_store(store: Store) -> Iterator[Store]:
    """The same store, connected as the owner."""
    address = SecretStr(owner_of(store.settings.database_url.get_secret_value()))
    settings = store.settings.model_copy(update={"database_url": address})
    with closing(Store(settings, clock=store.clock)) as made:
        yield made


@contextmanager
def owning(store: Store) -> Iterator[Transaction]:
    """A transaction of the owner's, triggers and all."""
    with owner_store(store) as made, made.begin() as tx:
        yield tx


@contextmanager
def unguarded(store: Store) -> Iterator[Transaction]:
    """A transaction of the owner's in which no trigger fires: what whoever holds the database can do."""
    with owning(store) as tx:
        tx.connection.execute(_UNGUARDED)
        yield tx


@contextmanager
def owned_connection(engine: Engine) -> Iterator[Connection]:
    """A connection of the owner's beside an engine, in one transaction, which commits."""
    owner = create_engine(
        owner_of(engine.url.render_as_string(hide_password=False)),
        execution_options=engine.get_execution_options(),
    )
    try:
        with owner.begin() as connection:
            yield connection
    finally:
        owner.dispose()


@contextmanager
def unguarded_connection(engine: Engine) -> Iterator[Connection]:
    """The same without triggers."""
    with owned_connection(engine) as connection:
        connection.execute(_UNGUARDED)
        yield connection


@contextmanager
def owner_connection(store: Store) -> Iterator[Connection]:
    """A connection of the owner's to the store's database, with no transaction begun by us."""
    with owner_store(store) as made, made.engine.connect() as connection:
        yield connection
