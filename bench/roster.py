"""People by a sheet: read, looked at row by row and taken in one commit, beside a bare COPY of the same rows.

    python -m tests.stand run --parts database --durable -- python bench/roster.py [--quick] [--people N]

Each person comes in with one role: two leaves in a chain of their own; links are made afterwards, in portions, and are
measured by themselves. The peer copies what was written – accounts, roles, log entries, places, openings, chains – into
tables of the same columns and indexes, in one transaction: no leaf is made, nothing is looked at. While people are taken,
somebody of the same agency acts every tenth of a second, and how long those acts took is told. Peak memory is that of the
process, sheet and all.
"""

import argparse
import io
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from psycopg import Connection as Driver
from sqlalchemy import Connection, text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schemas.account import AccountIn  # noqa: E402
from schemas.actor import Actor, Role  # noqa: E402
from schemas.roster import MOST_ROWS, Roster  # noqa: E402
from storage.flow.sheet import rows_of  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.factories import folder_url, make_account, make_agency, make_settings  # noqa: E402
from workers.custody import integrate  # noqa: E402

TABLES = ("accounts", "role_grants", "custody_entries", "chain_places", "openings", "chains")
WRONG = 37


def main() -> None:
    """Print both figures, and what a dry run with wrong rows says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--people", type=int, default=MOST_ROWS)
    asked = parser.parse_args()
    people = 2_000 if asked.quick else asked.people
    with tempfile.TemporaryDirectory() as folder:
        store = Store(make_settings(os.environ["DATABASE_URL"], folder_url(Path(folder))))
        upgrade(store.engine)
        agency = make_agency(store)
        integrate(store)  # opens the log
        admin = make_account(store, agency, Role.ADMIN)[1]
        code = _code_of(store, admin)
        sheet = _sheet(people, code)
        _name_the_wrong(store, admin, sheet)
        before = _counts(store)
        with _acting(store, admin) as waits:
            took = _take(store, admin, sheet)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        copied = _copy(store, before)
        linked, links = _hand_out(store, admin)
    print(f"{people:,} people taken: {took:.1f} s, {people / took:,.0f}/s; peak memory {peak:,.0f} MiB")
    print(f"a bare COPY of the same rows: {copied:.1f} s; ratio {copied / took:.2f}")
    waits.sort()
    print(
        f"meanwhile {len(waits)} acts of the same agency: median {1000 * waits[len(waits) // 2]:.0f} ms,",
        end=" ",
    )
    print(f"p95 {1000 * waits[len(waits) * 95 // 100]:.0f} ms, longest {1000 * waits[-1]:.0f} ms")
    print(f"{links:,} links in portions: {linked:.1f} s")


def _code_of(store: Store, admin: Actor) -> str:
    with store.begin() as tx:
        return tx.agencies.get(admin, admin.agency_id).code


def _sheet(people: int, code: str) -> bytes:
    mark = uuid4().hex[:8]
    rows = (f"人员{n},b{mark}.{n},{code},执法人员" for n in range(people))
    return "\n".join(("姓名,登录名,单位代码,角色", *rows)).encode()


def _take(store: Store, admin: Actor, sheet: bytes) -> float:
    began = time.monotonic()
    roster = Roster(rows_of(sheet))
    with store.begin() as tx:
        wrong = tx.rosters.take_many(admin, roster, uuid4(), lambda _: None)
    assert not wrong
    return time.monotonic() - began


@contextmanager
def _acting(store: Store, admin: Actor) -> Iterator[list[float]]:
    """Open an account in the same agency every tenth of a second; yields how long each act took."""
    waits: list[float] = []
    ended = threading.Event()

    def act() -> None:
        while not ended.wait(0.1):
            wish = AccountIn(login=f"w{uuid4().hex[:12]}", name="新人", agency_id=admin.agency_id)
            began = time.monotonic()
            with store.begin() as tx:
                tx.people.open(admin, wish)
            waits.append(time.monotonic() - began)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def _hand_out(store: Store, admin: Actor) -> tuple[float, int]:
    began, count = time.monotonic(), 0
    while True:
        with store.begin() as tx:
            made = len(tx.account_links.hand_out(admin))
        if not made:
            return time.monotonic() - began, count
        count += made


def _name_the_wrong(store: Store, admin: Actor, sheet: bytes) -> None:
    rows = sheet.decode().split("\n")
    people = len(rows) - 1
    wrong = {1 + k * (people // WRONG) for k in range(WRONG)}
    sheet = "\n".join("无登录名,,x," if n in wrong else row for n, row in enumerate(rows)).encode()
    began = time.monotonic()
    roster = Roster(rows_of(sheet))
    with store.begin() as tx:
        looked = tx.rosters.wrong(admin, roster)
    assert {line.number - 1 for line in looked} == wrong
    print(f"{people:,} rows looked at, {len(looked)} wrong ones named: {time.monotonic() - began:.1f} s")


def _counts(store: Store) -> dict[str, int]:
    with store.begin() as tx:
        return {
            one: tx.connection.execute(text(f"SELECT count(*) FROM {one}")).scalar_one() for one in TABLES
        }


def _copy(store: Store, before: dict[str, int]) -> float:
    """Copy what was added into tables of the same columns and indexes, in one transaction."""
    with store.engine.begin() as connection:
        for name in TABLES:
            connection.execute(text(f"CREATE TABLE bench_{name} (LIKE {name} INCLUDING ALL)"))
    with store.engine.begin() as connection:
        rows = {name: _read(connection, name) for name in TABLES}
    began = time.monotonic()
    with store.engine.begin() as connection:
        driver = _driver(connection)
        for name in TABLES:
            with (
                driver.cursor() as cursor,
                cursor.copy(f"COPY bench_{name} FROM STDIN (FORMAT binary)") as copy,
            ):
                copy.write(rows[name])
    took = time.monotonic() - began
    with store.engine.begin() as connection:
        for name in TABLES:
            there = connection.execute(text(f"SELECT count(*) FROM bench_{name}")).scalar_one()
            assert there >= before[name]
    return took


def _driver(connection: Connection) -> Driver:
    found = connection.connection.driver_connection
    assert isinstance(found, Driver)
    return found


def _read(connection: Connection, name: str) -> bytes:
    kept = io.BytesIO()
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY {name} TO STDOUT (FORMAT binary)") as copy,
    ):
        for block in copy:
            kept.write(block)
    return kept.getvalue()


if __name__ == "__main__":
    main()
