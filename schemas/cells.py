"""Cells of a sheet that somebody sends: where its columns stand, what a cell says, and how a day is written."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

Column = TypeVar("Column", bound=StrEnum)

_SERIAL = re.compile(r"[1-9][0-9]{4}")
_SERIAL_BEGINS = date(1899, 12, 30)
"""A spreadsheet keeps a day as the number of days since then (ECMA-376 part 1, 18.17.4.1)."""


def places(head: Sequence[str], names: Mapping[str, Column]) -> Mapping[Column, int]:
    """Return where each column stands that the first row names; of two with one name the last."""
    found = ((names.get(cell.strip().lower()), place) for place, cell in enumerate(head))
    return {column: place for column, place in found if column is not None}


def cell(cells: Sequence[str], place: int | None) -> str:
    """Return the text of a cell; of one that is not there, nothing."""
    return cells[place].strip() if place is not None and place < len(cells) else ""


def day(text: str) -> date | None:
    """Return the day that a cell says, as 2026-12-31, 2026/12/31, 2026.12.31 or a spreadsheet's number; None: none."""
    try:
        if _SERIAL.fullmatch(text):
            return _SERIAL_BEGINS + timedelta(days=int(text))
        return date.fromisoformat(text.replace("/", "-").replace(".", "-"))
    except ValueError:
        return None
