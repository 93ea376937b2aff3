"""The cursor of a queue that is ordered by due date: a time and the id that breaks ties."""

from datetime import datetime
from uuid import UUID

from schemas.base import parse_rfc3339
from schemas.errors import Invalid

QueueCursor = tuple[datetime, UUID]


def cursor_text(cursor: QueueCursor | None) -> str | None:
    """Return the cursor as it travels; times keep their microseconds, or a row could be shown twice."""
    if cursor is None:
        return None
    at, ident = cursor
    return f"{at.isoformat().replace('+00:00', 'Z')}~{ident}"


def parse_cursor(text: str | None) -> QueueCursor | None:
    """Read a cursor; None stays None.

    Raises:
        Invalid: it is not one of ours (slug `cursor-invalid`).
    """
    if not text:
        return None
    at, _, ident = text.partition("~")
    try:
        return parse_rfc3339(at), UUID(ident)
    except ValueError as err:
        raise Invalid("the cursor is not one of ours", slug="cursor-invalid") from err
