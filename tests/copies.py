"""A copy of a store's database for the length of a block; objects are shared, their keys never meet."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from storage.store import Clock, Store, utc_now


@contextmanager
def copied_store(store: Store, *, clock: Clock = utc_now) -> Iterator[Store]:
    """A store over a copy; nobody is connected to the original while it is copied."""
    url = make_url(store.settings.database_url.get_secret_value())
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name = f"copy_{uuid4().hex[:12]}"
    copied = url.set(database=name).render_as_string(hide_password=False)
    changed = store.settings.model_copy(update={"database_url": SecretStr(copied)})
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(url.database)
            )
        )
        try:
            with closing(Store(changed, clock=clock)) as made:
                yield made
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
