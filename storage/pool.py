"""The connections to the database, each with its transaction begun before it is given out.

The beginning is sent in any case, and nothing has been done before it: a connection that the database has left – it was
started anew, a proxy cut it – is found by it at no cost, every other that is kept goes with it, and whoever asked gets a
new one. What breaks later breaks a transaction, which says so as `Unavailable`.

A database that takes nothing any more is another one than it was: after a failover the old one answers as a standby, to
whoever still talks to it. Its connections go too, and the next are opened where `DATABASE_URL` leads by then.
"""

from typing import Any, Final

from psycopg import Connection
from psycopg.errors import Error, OperationalError, ReadOnlySqlTransaction
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.personal import personal_seal
from storage.settings import StorageSettings
from storage.tables.base import PERSONAL_SEAL, TICKETS
from storage.ticket import tickets

_BEGIN: Final = b"BEGIN"
_KEPT = "kept"


def open_pool(settings: StorageSettings) -> Engine:
    """Return an engine whose pool is empty; nothing is sent yet.

    Raises:
        sqlalchemy.exc.ArgumentError: the address cannot be read.
        ValueError: `PERSONAL_KEY`, the one before or a ticket key is malformed; the message never holds it.
    """
    seal = personal_seal(settings)
    # Whoever moves values to another key asks the database for processes that do not know it (`storage.reseal`).
    known = () if seal is None else (one.key_id.hex() for one in seal.known)
    engine = create_engine(
        settings.sqlalchemy_url,
        connect_args={"application_name": " ".join(("quancheng", *known))},
        pool_size=settings.pool_size,
        max_overflow=10,
        pool_timeout=settings.pool_wait_seconds,
        pool_use_lifo=True,  # few connections are in use, and know their statements
        execution_options={PERSONAL_SEAL: seal, TICKETS: tickets(settings)},
        hide_parameters=True,  # errors are logged: names, parties and password hashes must not be
    )
    event.listen(engine, "checkout", _begin)
    event.listen(engine, "handle_error", _look_at)
    return engine


def _begin(connection: "Connection[Any]", record: ConnectionPoolEntry, _: object) -> None:
    if _has_begun(connection):
        record.info[_KEPT] = True
    elif record.info.get(_KEPT):
        raise InvalidatePoolError("the database has gone and come back")  # the pool opens another one
    else:
        raise OperationalError("the database left a connection that was just opened")


def _has_begun(connection: "Connection[Any]") -> bool:
    try:
        # The driver finds a transaction that is open, and does not begin one before the first statement.
        return connection.pgconn.exec_(_BEGIN).status == ExecStatus.COMMAND_OK
    except Error:
        return False


def _look_at(met: ExceptionContext) -> None:
    if isinstance(met.original_exception, ReadOnlySqlTransaction):
        met.is_disconnect = True
