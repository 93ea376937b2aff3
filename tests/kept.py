"""A data folder and a package as one state of the product made them, kept for ever: `python -m tests.kept FILE`.

What is kept is never made anew. Every later state migrates this folder, finds no difference in it, and verifies this
package; the record only grows.
"""

import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, text

from storage.objects.hashing import object_blocks
from storage.outbox import JobKind
from storage.settings import ORIGIN_BEFORE, StorageSettings
from storage.setup.home import TICKET_KEYS
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.everything import make_everything
from tests.factories import folder_url, make_settings, seed64
from tests.supervision import Clock, drain
from workers.custody import integrate

KEYS = ("log_key", "registry_key", "export_key", "personal_key", *TICKET_KEYS)
_NAMES = text(
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name"
)
_REVISION = text("SELECT version_num FROM alembic_version")
_SEQUENCES = text(
    """
    SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 1)) FROM %I',
                  table_name, column_name, column_name, table_name)
    FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'
    """
)


def keep(database_url: str, folder: Path, file: Path) -> None:
    """Make one of everything and its package, and keep all of it in one file."""
    clock = Clock()
    settings = make_settings(database_url, folder_url(folder / "objects"))
    with closing(Store(settings, clock=clock)) as store, tarfile.open(file, "w:xz") as kept:
        upgrade(store.engine)
        make_everything(store, clock)
        integrate(store)
        drain(store, JobKind.EXPORT)
        integrate(store)
        _add(kept, "package.zip", _package(store))
        with store.engine.connect() as connection:
            for name, rows in _tables(connection):
                _add(kept, f"tables/{name}", rows)
            stated = {name: getattr(settings, name).get_secret_value() for name in KEYS}
            revision = connection.scalar(_REVISION)
        _add(
            kept,
            "stated.json",
            json.dumps({**stated, "log_origin": settings.log_origin, "revision": revision}).encode(),
        )
        kept.add(folder / "objects", "objects")


def _package(store: Store) -> bytes:
    with store.begin() as tx:
        query = "SELECT object_key, version_id FROM exports WHERE state = 'ready'"
        row = tx.connection.execute(text(query)).one()
    return b"".join(map(bytes, object_blocks(store.objects, row.object_key, row.version_id)))


def _tables(connection: Connection) -> Iterator[tuple[str, bytes]]:
    for name in connection.scalars(_NAMES).all():
        if name == "alembic_version":
            continue
        driver = connection.connection.cursor()
        with driver.copy(f'COPY "{name}" TO STDOUT') as rows:
            yield name, b"".join(bytes(block) for block in rows)


def _add(kept: tarfile.TarFile, name: str, payload: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(payload)
    kept.addfile(member, io.BytesIO(payload))


@contextmanager
def restored(file: Path, database_url: str, folder: Path) -> Iterator[Store]:
    """The kept data folder in an empty database, brought to the newest schema; the package lies beside it."""
    with tarfile.open(file) as kept:
        kept.extractall(folder, filter="data")
    stated: dict[str, Any] = json.loads((folder / "stated.json").read_bytes())
    settings = StorageSettings(
        database_url=SecretStr(database_url),
        objects_url=SecretStr(folder_url(folder / "objects")),
        quancheng_home=folder / "home",
        log_origin=stated.get("log_origin", ORIGIN_BEFORE),
        # The key is newer than what is kept: the migration seals under it.
        **{name: SecretStr(stated[name]) for name in KEYS if name in stated},
        **{name: seed64() for name in ("personal_key", *TICKET_KEYS) if name not in stated},
    )
    with closing(Store(settings)) as store:
        upgrade(store.engine, stated["revision"])
        with store.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for path in sorted((folder / "tables").iterdir()):
                driver = connection.connection.cursor()
                with driver.copy(f'COPY "{path.name}" FROM STDIN') as rows:
                    rows.write(path.read_bytes())
            for statement in connection.scalars(_SEQUENCES).all():
                connection.execute(text(statement))
        upgrade(store.engine)
        yield store


if __name__ == "__main__":
    keep(os.environ["DATABASE_URL"], Path(sys.argv[2]), Path(sys.argv[1]))
