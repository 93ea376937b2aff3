"""Bring a database to the newest schema: `python -m storage.setup.migrate`.

Two processes that start together do not run migrations twice: an advisory lock lets one go first.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from schemas.refusals_personal import PERSONAL_UNREADABLE
from storage.personal import seal_of
from storage.pool import open_pool
from storage.reseal import ends
from storage.settings import StorageSettings

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
        with engine.connect() as connection:
            command.upgrade(_config(connection), revision)
            connection.commit()
        guard.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


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
    """Migrate the database named by `DATABASE_URL`."""
    engine = open_pool(StorageSettings())
    upgrade(engine)
    check_key(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
