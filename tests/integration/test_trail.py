"""The access trail: what is noted, in how many rows, how a day is sealed, what goes, and what an altered row is told by."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from schemas.actor import Actor, Role
from schemas.errors import NotAuthenticated, Refused
from schemas.fsck import FaultCode
from schemas.login import ELSEWHERE
from schemas.note import vkey_of_seed
from schemas.trail import (
    Noted,
    SessionEnd,
    TrailEvent,
    TrailFilter,
    TrailResult,
    day_of,
    day_start,
    months_before,
)
from storage.flow.login import LoginIn, log_in
from storage.flow.login_queue import LoginQueue
from storage.settings import seed
from storage.store import Store
from storage.tables.trail import trail_rows, trail_seals
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.owner import owner_connection
from tests.supervision import Clock
from tests.tampering import Examiner, all_rights, chained_anew, damage
from workers.custody import integrate
from workers.trail import seal_trail

HOME = "10.1.2.3"
DAY = timedelta(days=1)
_LAST_OF_EVERY_MONTH = 28


class Stopping(Clock):
    """A clock that a test may stop."""

    stopped: datetime | None = None

    def __call__(self) -> datetime:
        return self.stopped or super().__call__()


@pytest.fixture
def clock() -> Stopping:
    return at_noon()


SEASONS = timedelta(days=220)
"""So far back these tests live: the database lets a day go after its months by a clock that no test sets."""


def at_noon() -> Stopping:
    """At noon of UTC+8, so that the minutes of a test lie in one day, of a day that every month has."""
    made = Stopping()
    noon = day_start(day_of(made())) + timedelta(hours=12) - SEASONS
    while (
        noon.day >= _LAST_OF_EVERY_MONTH
    ):  # half a year after the 31st is no such day, and months are counted here
        noon += DAY
    made.ahead = noon - made()
    return made


@pytest.fixture
def store(own_database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    settings = make_settings(own_database_url, folder_url(tmp_path), trail_strangers=3)
    with closing(Store(settings, clock=clock)) as made:
        yield made


@pytest.fixture
def agency(store: Store) -> UUID:
    return make_agency(store)


@pytest.fixture
def reader(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.TRAIL_READER)[1]


def entered(store: Store, login: str, password: str = PASSWORD, address: str = HOME) -> str:
    wish = LoginIn(login=login, password=password, address=address)
    return log_in(store, LoginQueue(length=4), wish).session.token


def told(store: Store, reader: Actor, **wanted: object) -> list[tuple[str, str, int]]:
    with store.begin() as tx:
        page = tx.trail.page(reader, TrailFilter(**wanted), limit=200)
    return [(one.event.value, one.result.value, one.times) for one in reversed(page.rows)]


def test_who_came_in_and_who_did_not(store: Store, reader: Actor) -> None:
    """A log-in, a wrong password and a name nobody has are rows with person, address and result; the name is not kept."""
    entered(store, reader.login)
    for login, password in ((reader.login, "wrong"), ("nobody-here", PASSWORD)):
        with pytest.raises(NotAuthenticated):
            entered(store, login, password)

    with store.begin() as tx:
        rows = tx.trail.page(reader, TrailFilter()).rows
        kept = tx.connection.execute(select(trail_rows)).mappings().all()
    assert [(one.event, one.result, one.account_login, one.address) for one in reversed(rows)] == [
        (TrailEvent.LOGIN, TrailResult.DONE, reader.login, HOME),
        (TrailEvent.LOGIN, TrailResult.FAILED, reader.login, HOME),
        (TrailEvent.LOGIN, TrailResult.FAILED, None, HOME),
    ]
    assert rows[0].is_named
    assert not any("nobody-here" in str(value) for row in kept for value in row.values())
    assert told(store, reader, person="nobody-here") == [("login", "failed", 1)]
    assert told(store, reader, person=reader.login[1:]) == [("login", "done", 1), ("login", "failed", 1)]


def test_repeats_within_a_minute_are_one_row(store: Store, reader: Actor, clock: Stopping) -> None:
    """The same by the same person from the same address is counted; another minute or another address is another row."""
    noted = Noted(TrailEvent.ACCESS, TrailResult.REFUSED, account_id=reader.id, code="permission-missing")
    clock.stopped = clock().replace(second=0, microsecond=0)
    for address in (HOME, HOME, "10.9.9.9", HOME):
        with store.begin(address) as tx:
            tx.trail.note(noted)
    clock.stopped += timedelta(minutes=1)
    with store.begin(HOME) as tx:
        tx.trail.note(noted)

    assert sorted(times for _, _, times in told(store, reader)) == [1, 1, 3]


def test_a_flood_of_made_up_names_is_a_count(store: Store, reader: Actor, clock: Stopping) -> None:
    """Of strangers so many rows are kept in a minute; what comes beyond is counted, without names and addresses."""
    clock.stopped = clock()
    for number in range(50):
        with store.begin(f"10.0.0.{number}") as tx:
            tx.trail.login(f"made-up-{number}", TrailResult.FAILED, "login-failed")

    with store.begin() as tx:
        rows = tx.connection.execute(select(trail_rows)).all()
    beyond = [row for row in rows if row.address == ELSEWHERE]
    assert len(rows) - len(beyond) == 3
    assert len(beyond) == 1
    assert sum(row.times for row in rows) == 50
    assert all(row.name_digest is None for row in beyond)


def test_the_end_of_a_session_says_why(store: Store, agency: UUID, reader: Actor, clock: Clock) -> None:
    """Left, ended elsewhere, gone by itself, and one too many: each end is a row from the session's address."""
    _, person = make_account(store, agency, Role.OFFICER)
    with store.begin(HOME) as tx:
        tx.accounts.logout(entered(store, person.login))
    token = entered(store, person.login)
    entered(store, person.login)
    with store.begin(HOME) as tx:
        tx.sessions.end_others(person, token)
    clock.ahead += timedelta(hours=11)
    with store.begin() as tx:
        tx.accounts.forget_ended()
        found = tx.trail.page(reader, TrailFilter(event=TrailEvent.SESSION_END), limit=200).rows

    mine = {(one.code, one.address) for one in found if one.account_id == person.id and one.address}
    assert mine == {
        (SessionEnd.LOGOUT, HOME),
        (SessionEnd.BY_OWNER, HOME),
        (SessionEnd.EXPIRED, HOME),
    }


def test_only_its_reader_reads_the_trail(store: Store, agency: UUID, reader: Actor) -> None:
    """An administrator is refused; a reader below sees no other agency's people and no strangers; everyone the own rows."""
    _, admin = make_account(store, agency, Role.ADMIN)
    below = make_account(store, make_agency(store, parent=agency), Role.TRAIL_READER)[1]
    _, officer = make_account(store, agency, Role.OFFICER)
    with pytest.raises(NotAuthenticated):
        entered(store, officer.login, "wrong")
    with pytest.raises(NotAuthenticated):
        entered(store, "nobody-here")

    with store.begin() as tx, pytest.raises(Refused):
        tx.trail.page(admin, TrailFilter())
    with store.begin() as tx, pytest.raises(Refused):
        tx.trail.export(admin)
    assert told(store, below) == []
    assert told(store, reader) == [("login", "failed", 1)] * 2
    with store.begin() as tx:
        assert [(one.event, one.result) for one in tx.trail.own(officer)] == [
            (TrailEvent.LOGIN, TrailResult.FAILED)
        ]


def sealed(store: Store) -> list[tuple[date, int, date]]:
    with store.begin() as tx:
        rows = tx.connection.execute(select(trail_seals).order_by(trail_seals.c.day)).all()
    return [(row.day, row.count, row.kept_from) for row in rows]


def test_a_day_is_sealed_once_and_days_without_rows_too(store: Store, reader: Actor, clock: Clock) -> None:
    """After three days away every day has its seal, in order, also those on which nobody came; a second run adds none."""
    today = day_of(clock())
    entered(store, reader.login)
    assert seal_trail(store) == 0
    clock.ahead += 3 * DAY
    assert (seal_trail(store), seal_trail(store)) == (3, 0)

    assert sealed(store) == [
        (today, 1, today),
        (today + DAY, 0, today),
        (today + 2 * DAY, 0, today),
    ]
    integrate(store)
    assert faults(store) == []


def test_a_clock_that_went_back_opens_no_sealed_day(store: Store, reader: Actor, clock: Clock) -> None:
    """What is noted at a time of a sealed day belongs to the first day that is not; the time stays as it was."""
    entered(store, reader.login)
    clock.ahead += DAY
    seal_trail(store)
    clock.ahead -= DAY
    entered(store, reader.login)

    with store.begin() as tx:
        last = tx.connection.execute(select(trail_rows).where(trail_rows.c.n.is_(None))).one()
    assert last.day == day_of(clock()) + DAY
    assert day_of(last.at) == day_of(clock())


def test_sealed_days_go_after_their_months(store: Store, reader: Actor, clock: Clock) -> None:
    """Rows go six months after, day by day, and never unsealed; the seal stays and nothing differs."""
    first = day_of(clock())
    entered(store, reader.login)
    clock.ahead += DAY
    entered(store, reader.login)
    clock.ahead += months_before(first, -6) - first + DAY
    assert seal_trail(store) > 180

    with store.begin() as tx:
        left = tx.connection.scalars(select(trail_rows.c.day)).all()
    assert left == [first + DAY]
    assert sealed(store)[0] == (first, 1, first)
    assert sealed(store)[-1][2] == first + DAY
    integrate(store)
    assert faults(store) == []


def test_nobody_changes_what_was_sealed(store: Store, reader: Actor, clock: Clock) -> None:
    """The database itself refuses to change or drop a row of a sealed day, a seal, and to change an open row."""
    entered(store, reader.login)
    with pytest.raises(DBAPIError), store.begin() as tx:
        tx.connection.execute(text("UPDATE trail_rows SET address = '10.9.9.9'"))
    with pytest.raises(DBAPIError), store.begin() as tx:
        tx.connection.execute(text("DELETE FROM trail_rows"))
    clock.ahead += DAY
    seal_trail(store)
    for statement in (
        "UPDATE trail_rows SET times = times + 1",
        "DELETE FROM trail_rows",
        "TRUNCATE trail_rows",
        "UPDATE trail_seals SET count = 9",
        "DELETE FROM trail_seals",
    ):
        with pytest.raises(DBAPIError), store.begin() as tx:
            tx.connection.execute(text(statement))


_SEAL = text(
    "INSERT INTO trail_seals (day, count, root, kept_from, sealed_at)"
    " SELECT CAST(:day AS date), 0, sha256('x'), :kept_from, now()"
)


YOUNG = (0 * DAY, DAY, "six months")
TIME_TO_COME = (SEASONS, 10_000 * DAY, "six months")
UNKNOWN = (0 * DAY, 186 * DAY, "does not hold")


@pytest.mark.parametrize("seal", [YOUNG, TIME_TO_COME, UNKNOWN])
def test_no_seal_of_ones_own_lets_rows_go(
    store: Store, reader: Actor, clock: Clock, seal: tuple[timedelta, timedelta, str]
) -> None:
    """The application's role adds a seal and calls the function: young rows stay, whatever day it names.

    Old ones stay as well, where the log does not hold that seal.
    """
    ahead, sealed_on, said = seal
    clock.ahead += ahead
    entered(store, reader.login)
    day = day_of(clock())
    clock.ahead += DAY
    seal_trail(store)
    with store.begin() as tx:
        tx.connection.execute(_SEAL, {"day": day + sealed_on, "kept_from": day + DAY})
    with pytest.raises(DBAPIError, match=said), store.begin() as tx:
        tx.connection.execute(text("SELECT drop_trail()"))
    with store.begin() as tx:
        assert set(tx.connection.scalars(select(trail_rows.c.day))) == {day}


def faults(store: Store) -> list[tuple[FaultCode, str]]:
    vkey = vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))
    with store.engine.connect() as connection:
        return [(one.code, one.subject) for one in Examiner(connection, vkey).everything()]


_RECHAINED = """
WITH one AS (SELECT id FROM trail_rows WHERE n = 2) UPDATE trail_rows SET address = '10.9.9.9', digest = sha256('x')
WHERE id = (SELECT id FROM one)
"""
_LIKE = "event, result, code, asked, about, address, at, last_at"
FORGERIES = {
    "changed": ("UPDATE trail_rows SET result = 'failed' WHERE n = 2", {FaultCode.TRAIL_ROW_CHANGED: 1}),
    "one digest changed": (_RECHAINED, {FaultCode.TRAIL_ROW_CHANGED: 2}),
    "dropped": ("DELETE FROM trail_rows WHERE n = 2", {FaultCode.TRAIL_ROW_MISSING: 1}),
    "dropped at the end": (
        "DELETE FROM trail_rows WHERE n = (SELECT max(n) FROM trail_rows)",
        {FaultCode.TRAIL_ROW_MISSING: 1},
    ),
    "all dropped": ("DELETE FROM trail_rows", {FaultCode.TRAIL_ROW_MISSING: 1}),
    "inserted": (
        f"INSERT INTO trail_rows (day, {_LIKE}) SELECT day, {_LIKE} FROM trail_rows WHERE n = 1",
        {FaultCode.TRAIL_ROW_INSERTED: 1},
    ),
    "inserted at the end": (
        f"INSERT INTO trail_rows (day, n, digest, {_LIKE}) SELECT day, 99, digest, {_LIKE} FROM trail_rows WHERE n = 1",
        {FaultCode.TRAIL_ROW_INSERTED: 1},
    ),
    "moved to another day": (
        "UPDATE trail_rows SET day = day + 30 WHERE n = 2",
        {FaultCode.TRAIL_ROW_MISSING: 1, FaultCode.TRAIL_ROW_INSERTED: 1},
    ),
    "a time no driver reads": (
        "UPDATE trail_rows SET at = 'infinity' WHERE n = 2",
        {FaultCode.TRAIL_ROW_CHANGED: 1},
    ),
    "the seal changed": ("UPDATE trail_seals SET count = 7", {FaultCode.COLUMN_DIFFERS: 1}),
    "the seal dropped": ("DELETE FROM trail_seals", {FaultCode.LEAF_WITHOUT_ROW: 1}),
    "a seal that the log does not hold": (
        (
            "INSERT INTO trail_seals (day, count, root, kept_from, sealed_at)"
            " SELECT day + 1, 0, root, day + 1, sealed_at FROM trail_seals"
        ),
        {FaultCode.ROW_WITHOUT_LEAF: 1},
    ),
}


@pytest.fixture(scope="module")
def all_powerful(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    """Somebody with all rights over a sealed day of four rows."""
    clock = at_noon()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("objects")))
    with closing(Store(settings, clock=clock)) as made:
        reader = make_account(made, make_agency(made), Role.TRAIL_READER)[1]
        for address in (HOME, "10.1.2.4", "10.1.2.5", "10.1.2.6"):
            entered(made, reader.login, address=address)
        clock.ahead += DAY
        seal_trail(made)
        integrate(made)
        vkey = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
        with owner_connection(made) as connection, all_rights(connection):
            examiner = Examiner(connection, vkey)
            assert examiner.everything() == []
            yield examiner


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_of_a_sealed_day_is_named(all_powerful: Examiner, name: str) -> None:
    """Whoever has all rights and changes, drops, inserts or moves one row is told by that row, and by nothing else."""
    statement, wanted = FORGERIES[name]
    with damage(all_powerful.connection, statement):
        found = [one.code for one in all_powerful.rows()]

    assert {code: found.count(code) for code in found} == wanted


def test_a_day_written_anew_is_named_by_its_seal(all_powerful: Examiner) -> None:
    """Whoever changes a row and makes the whole chain of its day again, rightly, does not come to the root in the log."""
    connection = all_powerful.connection
    day = connection.scalar(select(trail_seals.c.day))
    with damage(connection, "UPDATE trail_rows SET address = '10.9.9.9'"):
        assert chained_anew(connection, day) != connection.scalar(select(trail_seals.c.root))
        found = all_powerful.rows()

    assert [(one.code, one.subject) for one in found] == [(FaultCode.TRAIL_ROOT_DIFFERS, f"trail/{day}")]
