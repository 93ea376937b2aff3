"""Values are made of the rows that keep them."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4

import pytest
from pydantic import ValidationError

from schemas.base import Frozen
from schemas.ids import CaseId


class Word(StrEnum):
    """A word of ours."""

    OPEN = "open"


class Inner(Frozen):
    """Something kept as JSON inside of a row."""

    word: Word
    at: datetime


class Value(Frozen):
    """What a table keeps."""

    id: CaseId
    word: Word
    names: tuple[str, ...]
    inner: tuple[Inner, ...]
    told: str


def test_a_row_becomes_its_value() -> None:
    """Words, lists and nested JSON of the store become ours; what else the row holds is left where it is."""
    row = {
        "id": uuid4(),
        "word": "open",
        "names": ["a", "b"],
        "inner": [{"word": "open", "at": "2026-11-28T05:12:00Z"}],
        "teller": "chen",
        "secret": "s",
    }
    made = Value.of_row(row, told=row["teller"])
    assert (made.word, made.names, made.told) == (Word.OPEN, ("a", "b"), "chen")
    assert made.inner == (Inner(word=Word.OPEN, at=datetime(2026, 11, 28, 5, 12, tzinfo=UTC)),)


def test_a_row_that_lacks_a_member_is_a_fault() -> None:
    """A query that forgot a column is found at once, never filled with nothing."""
    with pytest.raises(KeyError):
        Value.of_row({"id": uuid4(), "word": "open"})


@pytest.mark.parametrize("changed", [{"word": "shut"}, {"names": None}, {"id": "x"}])
def test_a_row_outside_its_type_is_a_fault(changed: dict[str, object]) -> None:
    """What no value of ours can be is not shown as one."""
    row = {"id": uuid4(), "word": "open", "names": [], "inner": [], "told": ""}
    with pytest.raises(ValidationError):
        Value.of_row({**row, **changed})
