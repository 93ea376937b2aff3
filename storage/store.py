"""`Store.begin()` gives a `Transaction`: one commit over all collections below."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from psycopg.errors import UniqueViolation
from sqlalchemy import Engine
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from schemas.errors import EvidenceError
from schemas.refusals_objects import DATABASE_READ_ONLY, DATABASE_UNAVAILABLE
from schemas.refusals_request import ALREADY_THERE, VALUE_UNSTORABLE
from storage.custody.promised import committed
from storage.objects.port import Objects, open_objects
from storage.pool import open_pool
from storage.settings import StorageSettings
from storage.transaction import Transaction

Clock = Callable[[], datetime]

_READ_ONLY = "25006"
_PASSES = frozenset({_READ_ONLY, "25P03", "25P04"})
"""SQLSTATEs that another driver class hides: a standby, or a database that was made read-only, and the two time limits
of a transaction. Every other one that passes is an OperationalError."""
_NEVER_PASSES = "54"
"""The class of what exceeds a limit of PostgreSQL: the same will not succeed later, so it stays a fault of ours."""


def utc_now() -> datetime:
    """The server's clock. Passed in everywhere, so that a test can hold it."""
    return datetime.now(UTC)


class Store:
    """The database and the object store, opened once per process."""

    def __init__(self, settings: StorageSettings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        try:
            self.engine: Engine = open_pool(settings)
        except ArgumentError:
            raise ValueError("DATABASE_URL cannot be read") from None  # the cause repeats the secret
        self.objects: Objects = open_objects(settings.objects_url.get_secret_value())

    @contextmanager
    def begin(self, address: str = "") -> Iterator[Transaction]:
        """Open a transaction; leaving the block commits, an exception rolls everything back.

        `address`: where it is asked for from; empty where the product asks itself.

        Raises:
            Unavailable: the database did not answer, or takes nothing for now (a standby after a failover; slug
                `database-read-only`), or every connection is taken and none came back in time.
            Conflict: somebody made at the same time what may be there once (slug `already-there`); nothing was written.
            Invalid: a text holds a NUL or half a character, or a number is out of a column's range; nothing was
                written.
        """
        try:
            with self.engine.begin() as connection:
                held = None if self.clock is utc_now else self.clock
                unit = Transaction(connection, self.settings, self.clock(), held, address)
                yield unit
            committed(unit.promised)
        except IntegrityError as err:
            # Another broken constraint is a fault of ours, and stays one.
            if not isinstance(err.orig, UniqueViolation):
                raise
            raise ALREADY_THERE("the same thing was made at the same time") from err
        except PoolTimeoutError as err:
            raise DATABASE_UNAVAILABLE("every connection to the database is taken") from err
        except (OperationalError, InterfaceError, InternalError) as err:
            if not _passes(err):
                raise
            raise _answer_of(err) from err
        except (DataError, UnicodeEncodeError) as err:
            raise VALUE_UNSTORABLE(
                "a text holds a NUL or half a character, or a number is out of range"
            ) from err

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


def _answer_of(err: DBAPIError) -> EvidenceError:
    if _state(err) == _READ_ONLY:
        return DATABASE_READ_ONLY("the database is a standby, or was made read-only")
    return DATABASE_UNAVAILABLE("the database did not answer")


def _state(err: DBAPIError) -> str:
    return getattr(err.orig, "sqlstate", None) or ""


def _passes(err: DBAPIError) -> bool:
    state = _state(err)
    return state in _PASSES if isinstance(err, InternalError) else not state.startswith(_NEVER_PASSES)
