"""A copy of a store over a folder for the length of a block: database, objects, and a signer's folder of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from storage.store import Clock, Store, utc_now
from tests.owner import owner_of


@contextmanager
def copied_store(store: Store, *, clock: Clock = utc_now) -> Iterator[Store]:
    """A store over a copy; nobody is connected to the original while it is copied."""
    url = make_url(store.settings.database_url.get_secret_value())
    owner = make_url(owner_of(store.settings.database_url.get_secret_value()))
    server = owner.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name = f"copy_{uuid4().hex[:12]}"
    copied = url.set(database=name).render_as_string(hide_password=False)
    original = Path(store.settings.objects_url.get_secret_value().removeprefix("file://"))
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-copy-") as folder,
        psycopg.connect(server, autocommit=True) as admin,
    ):
        # Each copy goes its own way from here, and keeps a log of its own: two of them would be a fork in one store.
        shutil.copytree(original, f"{folder}/objects")
        changed = store.settings.model_copy(
            update={
                "database_url": SecretStr(copied),
                "objects_url": SecretStr(f"file://{folder}/objects"),
                "quancheng_home": Path(folder),
            }
        )
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
