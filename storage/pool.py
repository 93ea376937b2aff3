"""The connections to the database: kept, and asked for a sign of life only when they have not been used for a while.

A question before each transaction would cost as much as the transaction's own beginning and end, thousands of times a
minute, to find what happens once a year. Of a connection that broke a moment ago the transaction itself says so, as
`Unavailable`, and none of the others that are kept is used after it.
"""

from time import monotonic
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from storage.settings import StorageSettings

IDLE_SECONDS = 1.0
_BACK_AT = "back_at"


def open_pool(settings: StorageSettings, *, idle_seconds: float = IDLE_SECONDS) -> Engine:
    """Return an engine whose pool is empty; nothing is sent yet.

    Raises:
        sqlalchemy.exc.ArgumentError: the address cannot be read.
    """
    engine = create_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=10,
        pool_timeout=settings.pool_wait_seconds,
        pool_use_lifo=True,  # few connections are in use, and know their statements
        hide_parameters=True,  # errors are logged: names, parties and password hashes must not be
    )

    def back(_: object, record: Any) -> None:  # noqa: ANN401 - the pool's own
        record.info[_BACK_AT] = monotonic()

    def taken(connection: Any, record: Any, _: object) -> None:  # noqa: ANN401 - the pool's own
        if monotonic() - record.info.get(_BACK_AT, monotonic()) > idle_seconds and not _lives(
            engine, connection
        ):
            raise InvalidatePoolError("the database has gone and come back")  # the pool opens another one

    event.listen(engine, "checkin", back)
    event.listen(engine, "checkout", taken)
    return engine


def _lives(engine: Engine, connection: Any) -> bool:  # noqa: ANN401 - the driver's own
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error:
        return False
