"""A page of a list, and the place behind it. A page is found by its place, so that any one costs as much as the first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar
from uuid import UUID

from schemas.base import Frozen, parse_rfc3339
from schemas.refusals_request import CURSOR_INVALID

_KEY = "="
"""Begins a cursor of a list that a reader has sorted: no time begins so."""

Row = TypeVar("Row")
Other = TypeVar("Other")


class Cursor(Frozen):
    """The last row that was shown: its id, and before it that by which the list is ordered, if by more.

    `at` is the time of a list that has one; `key` the value of the column by which a reader has sorted it.
    """

    ident: UUID
    at: datetime | None = None
    key: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor that we gave out.

        Raises:
            Invalid: it is not one of ours (slug `cursor-invalid`).
        """
        at, is_timed, ident = text.rpartition("~")
        try:
            if at.startswith(_KEY):
                return cls(ident=UUID(ident), key=at.removeprefix(_KEY))
            return cls(ident=UUID(ident), at=parse_rfc3339(at) if is_timed else None)
        except ValueError as err:
            raise CURSOR_INVALID("the cursor is not one of ours") from err

    def __str__(self) -> str:
        """Return the cursor as it travels; times keep their microseconds, or a row could be shown twice."""
        if self.key is not None:
            return f"{_KEY}{self.key}~{self.ident}"
        at = "" if self.at is None else f"{self.at.isoformat().replace('+00:00', 'Z')}~"
        return f"{at}{self.ident}"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in the order of their list; `next` is the cursor of the following page, None behind the last."""

    rows: tuple[Row, ...]
    next: Cursor | None

    @property
    def next_text(self) -> str | None:
        """The cursor as it travels."""
        return None if self.next is None else str(self.next)

    def each(self, value: Callable[[Row], Other]) -> "Page[Other]":
        """Return the same page with every row turned into a value."""
        return self.having(map(value, self.rows))

    def having(self, values: Iterable[Other]) -> "Page[Other]":
        """Return the same page with these values, one for each row in the same order."""
        return Page(rows=tuple(values), next=self.next)
