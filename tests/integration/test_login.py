"""Trying passwords: counted before they are looked at, by address and account; the owner is never kept out."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from schemas.actor import Actor, Role
from schemas.errors import NotAuthenticated, Refused
from schemas.login import ACCOUNT_TIME, ACCOUNT_TRIES, ELSEWHERE, LANE_TIME, LANE_TRIES, LoginOutcome
from storage.flow.login import Entered, LoginIn, log_in
from storage.flow.login_queue import LoginQueue
from storage.password import hash_of
from storage.store import Store
from storage.tables.actor import accounts
from storage.tables.login import login_tries
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock

HERE, THERE = "203.0.113.7", "198.51.100.1"
MADE_UP_KEPT = 5


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("login")
    settings = make_settings(database_url, folder_url(folder), made_up_tries=MADE_UP_KEPT)
    store = Store(settings, clock=clock)
    yield store
    store.close()


@pytest.fixture
def officer(store: Store) -> Actor:
    return make_account(store, make_agency(store), Role.OFFICER)[1]


def queue() -> LoginQueue:
    """One process that takes log-ins, and lets everybody wait."""
    return LoginQueue(length=1000, patience_seconds=PATIENCE_SECONDS)


def enter(store: Store, login: str, password: str = PASSWORD, address: str = HERE, kept: str = "") -> Entered:
    return log_in(store, queue(), LoginIn(login=login, password=password, address=address, kept=kept))


def said(store: Store, login: str, password: str = "wrong", address: str = HERE, kept: str = "") -> str:
    """The slug of a refusal, or nothing."""
    try:
        enter(store, login, password, address, kept)
    except NotAuthenticated as err:
        return err.slug
    return ""


def guess(store: Store, login: str, address: str, times: int = 1) -> list[bool]:
    """Count tries as the log-in does, without a look at any password; says of each whether it could be made."""
    made = []
    for _ in range(times):
        with store.begin() as tx:
            known = tx.accounts.credential_of(login)
            counted = tx.login_tries.count(login, known and known.account_id, address=address, browser=None)
        made.append(counted.refusal is None)
    return made


def exhaust(store: Store, login: str) -> None:
    """A hundred wrong tries, from ten addresses."""
    for number in range(ACCOUNT_TRIES // LANE_TRIES):
        assert all(guess(store, login, f"192.0.2.{number}", LANE_TRIES))


def rows(store: Store, login: str | None = None) -> list[tuple[str, str, int]]:
    """Address, outcome and how often, of one account or of made-up names."""
    with store.begin() as tx:
        known = tx.accounts.credential_of(login) if login else None
        whose = known.account_id if known else None
        tries = login_tries.c
        query = select(tries.address, tries.outcome, tries.times).where(
            tries.account_id == whose if whose else tries.account_id.is_(None)
        )
        return sorted((row.address, row.outcome, row.times) for row in tx.connection.execute(query))


def test_of_eighty_guesses_at_once_ten_are_looked_at(store: Store, officer: Actor) -> None:
    """However many guess at the same time, through two processes, a try is counted before its password is looked at."""
    processes = [LoginQueue(length=1000, places=7, patience_seconds=PATIENCE_SECONDS) for _ in range(2)]
    start = threading.Barrier(80)

    def one(number: int) -> str:
        wish = LoginIn(login=officer.login, password=f"guess {number}", address=HERE)
        start.wait(PATIENCE_SECONDS)
        with pytest.raises(NotAuthenticated) as caught:
            log_in(store, processes[number % 2], wish)
        return caught.value.slug

    with ThreadPoolExecutor(80) as people:
        answers = Counter(people.map(one, range(80)))

    assert answers == {"login-failed": LANE_TRIES, "login-locked": 80 - LANE_TRIES}
    assert rows(store, officer.login) == [
        (HERE, LoginOutcome.REFUSED, 80 - LANE_TRIES),
        *[(HERE, LoginOutcome.WRONG, 1)] * LANE_TRIES,
    ]


def test_guesses_from_one_address_do_not_keep_the_owner_out(store: Store, officer: Actor) -> None:
    """After many wrong tries from one address the owner logs in from another; the one address stays shut."""
    made = guess(store, officer.login, HERE, 200)

    assert made.count(True) == LANE_TRIES
    assert enter(store, officer.login, address=THERE).session.actor.id == officer.id
    assert said(store, officer.login, PASSWORD, HERE) == "login-locked"


def test_a_browser_that_logged_in_before_is_never_kept_out(store: Store, officer: Actor) -> None:
    """Beyond a hundred wrong tries from everywhere the account answers to known browsers alone, also next to a guesser."""
    kept = enter(store, officer.login).kept
    exhaust(store, officer.login)

    assert said(store, officer.login, PASSWORD, "192.0.2.200") == "login-guarded"
    assert said(store, officer.login, PASSWORD, "192.0.2.1") == "login-locked"
    assert enter(store, officer.login, address="192.0.2.1", kept=kept).session.actor.id == officer.id
    assert (ELSEWHERE, LoginOutcome.REFUSED, 1) in rows(store, officer.login)


def test_a_known_browser_has_ten_tries_of_its_own(store: Store, officer: Actor) -> None:
    """Whoever holds a browser that logged in before guesses no more often than anybody, and keeps no other out."""
    kept = enter(store, officer.login).kept
    answers = [said(store, officer.login, kept=kept) for _ in range(LANE_TRIES + 1)]

    assert answers == ["login-failed"] * LANE_TRIES + ["login-locked"]
    assert said(store, officer.login, PASSWORD, HERE, kept) == "login-locked"
    assert said(store, officer.login, PASSWORD, HERE) == ""


def test_what_a_browser_proves_is_of_one_account_and_one_password(store: Store, officer: Actor) -> None:
    """The proof of a log-in opens no other account, and nothing once the password was changed."""
    _, other = make_account(store, officer.agency_id, Role.OFFICER)
    kept = enter(store, officer.login).kept
    exhaust(store, officer.login)
    exhaust(store, other.login)
    assert said(store, other.login, PASSWORD, THERE, kept) == "login-guarded"

    with store.begin() as tx:
        tx.connection.execute(
            update(accounts).where(accounts.c.id == officer.id).values(password_hash=hash_of("another"))
        )
    assert said(store, officer.login, "another", THERE, kept) == "login-guarded"


def test_names_that_nobody_has_are_answered_alike(store: Store, officer: Actor) -> None:
    """A made-up name is counted, refused and guarded at the same tries as a real one."""

    def answers(login: str) -> list[object]:
        first = [said(store, login) for _ in range(2)]
        more = guess(store, login, HERE, LANE_TRIES)
        locked = said(store, login)
        for number in range(ACCOUNT_TRIES // LANE_TRIES):
            guess(store, login, f"192.0.2.{number}", LANE_TRIES)
        return [*first, *more, locked, said(store, login, address=THERE)]

    real = answers(officer.login)

    assert answers(f"nobody-{uuid4().hex}") == real
    assert real[-2:] == ["login-locked", "login-guarded"]


def test_tries_come_back_with_time(store: Store, officer: Actor, clock: Clock) -> None:
    """An address may try again after fifteen minutes, the account is open to everybody after an hour."""
    guess(store, officer.login, HERE, LANE_TRIES)
    assert guess(store, officer.login, HERE) == [False]
    clock.ahead += LANE_TIME + timedelta(seconds=1)
    assert guess(store, officer.login, HERE) == [True]

    clock.ahead += ACCOUNT_TIME + timedelta(seconds=1)
    exhaust(store, officer.login)
    assert guess(store, officer.login, THERE) == [False]
    clock.ahead += ACCOUNT_TIME + timedelta(seconds=1)
    assert guess(store, officer.login, THERE) == [True]


def test_a_log_in_gives_the_address_its_tries_back(store: Store, officer: Actor, clock: Clock) -> None:
    """Mistakes before a right password do not count against the next one there; the account's hour remembers them."""
    guess(store, officer.login, HERE, LANE_TRIES - 1)
    clock.ahead += timedelta(seconds=1)
    for _ in range(3):
        enter(store, officer.login)
        clock.ahead += timedelta(seconds=1)

    assert guess(store, officer.login, HERE, LANE_TRIES + 1) == [True] * LANE_TRIES + [False]
    assert [row for row in rows(store, officer.login) if row[1] == LoginOutcome.RIGHT] == [
        (HERE, LoginOutcome.RIGHT, 1)
    ]


def test_tries_are_forgotten(store: Store, officer: Actor, clock: Clock) -> None:
    """Of names that nobody has a few are kept for an hour; what an owner sees is kept for thirty days, then gone."""
    guess(store, officer.login, HERE, 3)
    for number in range(3 * MADE_UP_KEPT):
        guess(store, f"made up {number}", HERE)
    with store.begin() as tx:
        tx.login_tries.forget()
    assert len(rows(store)) == MADE_UP_KEPT
    assert len(rows(store, officer.login)) == 3

    clock.ahead += ACCOUNT_TIME + timedelta(seconds=1)
    with store.begin() as tx:
        tx.login_tries.forget()
    assert rows(store) == []
    assert len(rows(store, officer.login)) == 3

    clock.ahead += timedelta(days=store.settings.login_tries_days)
    with store.begin() as tx:
        tx.login_tries.forget()
        assert tx.connection.scalar(select(func.count()).select_from(login_tries)) == 0


def test_the_owner_and_who_administers_see_the_tries(store: Store, clock: Clock) -> None:
    """How many, from where, since when: shown for one's own account, and for those of the agency to its administrator."""
    agency = make_agency(store)
    _, officer = make_account(store, agency, Role.OFFICER)
    _, colleague = make_account(store, agency, Role.HEAD)
    _, admin = make_account(store, agency, Role.ADMIN)
    _, stranger = make_account(store, make_agency(store), Role.ADMIN)
    enter(store, officer.login, address=THERE)
    clock.ahead += timedelta(seconds=1)
    guess(store, officer.login, HERE, LANE_TRIES + 2)

    with store.begin() as tx:
        own = tx.login_tries.own(officer)
        assert [(one.address, one.wrong, one.refused) for one in own] == [(HERE, 10, 2), (THERE, 0, 0)]
        assert own[1].logged_in_at == own[1].last_at < own[0].first_at
        assert tx.login_tries.failed_lately(officer) == 12
        assert tx.login_tries.seen_by(admin) == own
        assert tx.login_tries.own(colleague) == tx.login_tries.seen_by(stranger) == ()
        with pytest.raises(Refused):
            tx.login_tries.seen_by(colleague)
