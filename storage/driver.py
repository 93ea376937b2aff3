"""Statements that every act sends, past what is made of an answer to be read by the names of its columns.

SQLAlchemy describes the columns of a text's answer anew each time, and that costs more than the statement. Here rows come
as the driver gives them; transaction, connection and errors are those of every other statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Error
from sqlalchemy import Connection

Rows = Sequence[tuple[Any, ...]]


def sent(connection: Connection, statement: str, parameters: Mapping[str, object]) -> Rows:
    """Send a statement in the connection's transaction, beginning one where there is none; return its rows, if it has any.

    Args:
        connection: Of PostgreSQL by psycopg.
        statement: In the driver's spelling, `%(name)s`.
        parameters: By their names.

    Raises:
        sqlalchemy.exc.DBAPIError: as `Connection.exec_driver_sql`, and with the same care for a connection that is lost.
    """
    if not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    # Whoever counts statements is told of these too.
    connection.dispatch.before_cursor_execute(connection, cursor, statement, parameters, None, False)  # noqa: FBT003 - SQLAlchemy's own order
    try:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
    except Error as err:
        # What makes SQLAlchemy's errors of the driver's, and lets go of lost connections, has no public name.
        connection._handle_dbapi_exception(err, statement, parameters, cursor, None)  # noqa: SLF001
    finally:
        cursor.close()
