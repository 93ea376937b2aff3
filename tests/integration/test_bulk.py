"""What is made by the thousand for measurements is what acts make: the same rows, the same record, as hard to alter."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from schemas.fsck import FaultCode
from schemas.note import vkey_of_seed
from storage.settings import seed
from storage.store import Store
from storage.tables.base import metadata
from storage.tables.case import case_links
from storage.tables.recording import recordings
from tests.bulk import PER_CASE, fill
from tests.casework import Bureau, make_bureau
from tests.evidence import Said
from tests.factories import folder_url, make_settings
from tests.owner import owner_connection
from tests.tampering import Examiner, all_rights, damage
from workers.custody import integrate
from workers.fsck import run

MANY = 2 * PER_CASE + 5


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    url = folder_url(tmp_path_factory.mktemp("bulk"))
    with closing(Store(make_settings(database_url, url))) as store:
        yield make_bureau(store)


Filled = dict[str, set[tuple[str, ...]]]


def filled(store: Store) -> Filled:
    """Table → which of its columns are filled, in any of its rows."""
    found: Filled = defaultdict(set)
    with store.begin() as tx:
        for table in metadata.sorted_tables:
            for row in tx.connection.execute(select(table)).mappings():
                found[table.name].add(tuple(name for name, value in row.items() if value is not None))
    return dict(found)


def counted(store: Store) -> dict[str, int]:
    with store.begin() as tx:
        return {
            table.name: tx.connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) or 0
            for table in metadata.sorted_tables
        }


def faults(store: Store) -> list[tuple[str, str]]:
    integrate(store)
    said = Said()
    said.code = run(store, said)
    assert (said.code == 0) == (said.faults == [])
    return said.faults


def test_copies_are_what_acts_make(bureau: Bureau) -> None:
    """One recording by acts, then many copies: the same tables, the same columns filled, in proportion, and no fault."""
    store = bureau.store
    empty = counted(store)
    fill(bureau, 1)
    by_acts, once = filled(store), counted(store)

    fill(bureau, MANY)

    assert filled(store) == by_acts
    now = counted(store)
    cases = 1 + -(-(MANY - 1) // PER_CASE)
    for name, count in now.items():
        of_one = once[name] - empty[name]
        per_case = of_one if name in ("cases", "case_handlers") else None
        if per_case is not None:
            assert count == once[name] + per_case * cases, name
        elif name in ("chains", "custody_entries", "chain_places", "openings"):
            assert count > once[name] + MANY, name
        else:
            assert count == once[name] + of_one * MANY, name
    assert faults(store) == []


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("recordings", "filename", "'b.bin'"),
        ("recordings", "received_at", "received_at + interval '1 ms'"),
        ("case_links", "linked_by", "'account/0'"),
        ("checks", "outcome", "'not_checked'"),
        ("openings", "opening", "'{}'"),
        ("custody_entries", "leaf", "leaf || 'x'"),
    ],
)
def test_a_copy_that_is_changed_is_named(bureau: Bureau, table: str, column: str, value: str) -> None:
    """One value of one row of the last copy; the fault says of which thing."""
    store = bureau.store
    fill(bureau, 3)
    integrate(store)
    settings = store.settings
    vkey = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
    last = f"(SELECT max(ctid) FROM {table})"
    with owner_connection(store) as connection, all_rights(connection):
        assert Examiner(connection, vkey).everything() == []
        with damage(connection, f"UPDATE {table} SET {column} = {value} WHERE ctid = {last}") as changed:
            found = Examiner(connection, vkey).everything()
    assert changed == 1
    assert found
    if table in ("recordings", "case_links", "checks"):
        assert {one.code for one in found} == {FaultCode.COLUMN_DIFFERS}
        assert {one.detail for one in found} == {f"{table}.{column}"}


def test_acts_go_on_with_copies(bureau: Bureau) -> None:
    """A tie of a copy is ended by an act: it believes the last leaf of both chains, and so does `fsck`."""
    fill(bureau, 2)
    with bureau.store.begin() as tx:
        newest = select(case_links.c.case_id, case_links.c.recording_id).join(
            recordings, recordings.c.id == case_links.c.recording_id
        )
        case_id, recording_id = tx.connection.execute(newest.order_by(recordings.c.id.desc()).limit(1)).one()
        seen = tx.cases.get(bureau.handler, case_id).version
        tx.cases.unlink(bureau.handler, case_id, recording_id, "与本案无关", seen)

    assert faults(bureau.store) == []


def test_the_folder_is_needed(bureau: Bureau, tmp_path: Path) -> None:
    """Their bytes are there, locked: over an empty folder each is missed."""
    fill(bureau, 2)
    integrate(bureau.store)
    with closing(
        Store(make_settings(bureau.store.settings.database_url.get_secret_value(), folder_url(tmp_path)))
    ) as elsewhere:
        said = Said()
        run(elsewhere, said)
    with bureau.store.begin() as tx:
        every = {f"recording/{one}" for one in tx.connection.scalars(select(recordings.c.id))}
    assert {about for code, about in said.faults if code == FaultCode.OBJECT_MISSING} == every
