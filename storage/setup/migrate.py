"""Bring a database to the newest schema: `python -m storage.setup.migrate`.

It runs under the role that owns the tables (`MIGRATION_DATABASE_URL`), and then grants the application's role, that of
`DATABASE_URL`, what it may (`storage.setup.application`); where only `DATABASE_URL` is set, that one does both.

Two processes that start together do not run migrations twice: an advisory lock lets one go first.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from schemas.refusals_command import MIGRATION_URL_MISSING
from schemas.refusals_personal import PERSONAL_UNREADABLE
from storage.personal import seal_of
from storage.pool import open_pool
from storage.reseal import ends
from storage.settings import StorageSettings
from storage.setup.application import provide

_FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 0x5143_4D49
"""Advisory lock number of migrations; any constant that nothing else of ours uses."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to `revision`."""
    with engine.connect() as guard:
        guard.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        try:
            with engine.connect() as connection:
                command.upgrade(_config(connection), revision)
                connection.commit()
        finally:  # the connection goes back to its pool: a lock that stayed on it would stop the next try for ever
            guard.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def bring_up(settings: StorageSettings) -> None:
    """Migrate to the newest schema as the owner of the tables, and grant the application what it may.

    Raises:
        Unavailable: there is something to do, and `DATABASE_URL` names a role that may not (slug
            `migration-url-missing`); or the application's role is missing and cannot be made.
    """
    address = settings.database_url.get_secret_value()
    engine = open_pool(owning(settings))
    try:
        upgrade(engine)
        provide(engine, address)
    except ProgrammingError as err:
        if not isinstance(err.orig, InsufficientPrivilege):
            raise
        raise MIGRATION_URL_MISSING(
            "数据库结构须由属主角色升级 the schema is behind, and DATABASE_URL names a role that may not change it: "
            "run the migration with MIGRATION_DATABASE_URL"
        ) from None
    finally:
        engine.dispose()


def owning(settings: StorageSettings) -> StorageSettings:
    """Return settings by which the owner of the tables connects; the same where no other role is named."""
    owner = settings.migration_database_url
    return settings if owner is None else settings.model_copy(update={"database_url": owner})


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to `revision`; only tests and a person with a backup do this."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def pending(engine: Engine) -> bool:
    """Say whether the database is behind the code."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        return current != ScriptDirectory.from_config(_config(connection)).get_current_head()


def check_key(engine: Engine) -> None:
    """Refuse to go on under another PERSONAL_KEY than the one that what stands was sealed under: two would be mixed.

    The one that values are moved away from counts too, where it is given as PERSONAL_KEY_BEFORE.

    Raises:
        IntegrityBroken: something stands under another key (slug `personal-unreadable`).
        Unavailable: there is none (slug `personal-key-missing`).
    """
    with engine.connect() as connection:
        heads = ends(connection)
        if heads and heads - {one.head for one in seal_of(connection).known}:
            raise PERSONAL_UNREADABLE(
                "PERSONAL_KEY is not the key that parties were sealed under: "
                "bring that one back, or give it as PERSONAL_KEY_BEFORE and run `quancheng reseal`"
            )


def is_read_only(connection: Connection) -> bool:
    """Say whether the database takes nothing: a standby, or one that was made read-only."""
    return bool(connection.scalar(text("SHOW transaction_read_only")) == "on")


def main() -> None:
    """Migrate the database of the environment."""
    settings = StorageSettings()
    bring_up(settings)
    engine = open_pool(owning(settings))
    check_key(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
