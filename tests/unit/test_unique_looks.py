"""What may be there once: each constraint has a look before its insert."""

from collections.abc import Iterator

from sqlalchemy import Table, UniqueConstraint

import storage.tables  # noqa: F401 - the metadata is whole with it
from storage.tables.base import metadata
from tests.unique import LOOKS


def constraints(table: Table) -> Iterator[str]:
    """What may be there once, but for keys that are made for their row."""
    lists = [[column.name for column in table.primary_key]]
    lists += [
        [column.name for column in one.columns]
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    lists += [
        [getattr(one, "name", None) or str(one) for one in index.expressions]
        for index in table.indexes
        if index.unique
    ]
    yield from (f"{table.name}.{'+'.join(names)}" for names in lists if names != ["id"])


def test_every_unique_constraint_has_a_look() -> None:
    """Whoever adds a constraint says here how its insert looks first; what is gone is taken out."""
    assert {name for table in metadata.sorted_tables for name in constraints(table)} == LOOKS.keys()
