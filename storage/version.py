"""Optimistic locking: a change names the version it was based on, and the row's own version decides."""

from uuid import UUID

from sqlalchemy import Connection, Table, select, update

from schemas.errors import VersionConflict
from schemas.refusals_request import VERSION_CONFLICT


def change_to(
    connection: Connection, table: Table, ident: UUID, seen: int, number: int, /, **values: object
) -> int:
    """Change one row that is still at version `seen`; `number` is that of the leaf that says so, in its chain.

    The update waits for a change that is under way and then sees its version, so of two people who saw the same
    thing one is told.

    Raises:
        VersionConflict: somebody else changed it; the fact `version` is what it is at now.
    """
    new: int | None = connection.scalar(
        update(table)
        .where(table.c.id == ident, table.c.version == seen)
        .values(version=number, **values)
        .returning(table.c.version)
    )
    if new is None:
        now = connection.scalar(select(table.c.version).where(table.c.id == ident))
        raise _conflict(now or 0, seen)
    return new


def require_version(now: int, seen: int) -> None:
    """Tell somebody who acts on what is no longer so, before any rule judges their step.

    Raises:
        VersionConflict: somebody else changed it; the fact `version` is what it is at now.
    """
    if now != seen:
        raise _conflict(now, seen)


def _conflict(now: int, seen: int) -> VersionConflict:
    return VERSION_CONFLICT(f"it is at version {now}, not {seen}", version=now)
