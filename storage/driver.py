"""Statements that every act sends, past what is made of an answer to be read by the names of its columns.

SQLAlchemy looks each statement up again, and it and the driver describe the columns of each answer anew: that costs more
than the statement. Here rows come as the driver gives them; transaction, connection and errors are those of every other
statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg import Error
from sqlalchemy import Connection, Dialect, Insert, Select, UpdateBase

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
        # Not `description`, which the driver makes of every column.
        return cursor.fetchall() if cursor.pgresult is not None and cursor.pgresult.nfields else []
    except Error as err:
        # What makes SQLAlchemy's errors of the driver's, and lets go of lost connections, has no public name.
        connection._handle_dbapi_exception(err, statement, parameters, cursor, None)  # noqa: SLF001
    finally:
        cursor.close()


class _Spelled(NamedTuple):
    """A statement as the driver takes it: its text, what of its parameters is fixed or turned, and what is answered."""

    text: str
    fixed: Mapping[str, object]
    turned: Mapping[str, Callable[[Any], object]]
    answered: Sequence[str]


class Ready:
    """A statement of SQLAlchemy that goes with every file: spelled once, then sent as it is."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        """Nothing is spelled yet.

        Args:
            statement: With a bindparam for each parameter; an INSERT without values takes the columns that it is given.
        """
        self._statement = statement
        self._spelled: dict[tuple[str, ...], _Spelled] = {}

    def rows(self, connection: Connection, given: Mapping[str, object]) -> Sequence[dict[str, Any]]:
        """Send it in the connection's transaction; return its rows by the names of their columns.

        Raises:
            sqlalchemy.exc.DBAPIError: as `sent`.
        """
        names = tuple(given)
        spelled = self._spelled.get(names) or self._spelled.setdefault(
            names, _spell(self._statement, connection.dialect, names)
        )
        wanted = {**spelled.fixed, **given}
        for name, turn in spelled.turned.items():
            wanted[name] = turn(wanted[name])
        return [
            dict(zip(spelled.answered, row, strict=True)) for row in sent(connection, spelled.text, wanted)
        ]

    def row(self, connection: Connection, given: Mapping[str, object]) -> dict[str, Any] | None:
        """Send it as `rows` does; return the only row, None where there is none."""
        rows = self.rows(connection, given)
        return rows[0] if rows else None


def _spell(statement: Select[Any] | UpdateBase, dialect: Dialect, names: Sequence[str]) -> _Spelled:
    spelled = statement.compile(dialect=dialect, column_keys=names if isinstance(statement, Insert) else None)
    columns = statement.exported_columns
    is_turned = any(one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns)
    if is_turned or spelled.post_compile_params:
        raise RuntimeError(
            "the statement is spelled anew each time, or its answer is turned behind the driver"
        )
    binds = {name: bind for bind, name in spelled.bind_names.items()}
    turned = {
        name: turn
        for name, bind in binds.items()
        if (turn := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    fixed = {name: bind.value for name, bind in binds.items() if name not in names}
    return _Spelled(spelled.string, fixed, turned, [str(name) for name in columns.keys()])  # noqa: SIM118 - no mapping
