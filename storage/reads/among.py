"""Things that are asked for by their ids, however many: one array, so that the statement stays one and short.

A list of two hundred ids as `IN` is a statement of its own for every length; taking it apart cost more than running it.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY


def among(column: ColumnElement[Any], idents: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some ids."""
    return column == any_(literal(list(idents), ARRAY(column.type)))
