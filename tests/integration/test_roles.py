"""Roles whose times were entered wrongly: corrected, nothing lost, asked as of a time and as known at another."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Delete, Update, delete, func, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from api.deps import COOKIE
from api.form_token import form_token
from schemas.account import RoleIn
from schemas.actor import Actor, Reach, Role
from schemas.base import rfc3339, whole_milliseconds
from schemas.case import CaseIn
from schemas.errors import EvidenceError, NotAuthenticated
from schemas.ids import AccountId
from schemas.role import Grant, RoleAmendIn
from storage.store import Store
from storage.tables.actor import role_grants
from storage.transaction import Transaction
from tests.factories import (
    certify,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.integration.test_named_officers import found
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("roles")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


class Desk:
    """An administrator who gives roles, and corrects them a minute later."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.agency = make_agency(store)
        self.token, self.admin = make_account(store, self.agency, Role.ADMIN)

    @property
    def now(self) -> datetime:
        return whole_milliseconds(self.store.clock())

    def somebody(self, *roles: Role) -> tuple[Actor, Grant]:
        """A person with roles, and the first of these."""
        who = make_account(self.store, self.agency, *roles)[1]
        self.clock.ahead += timedelta(minutes=1)
        return who, self.grants(who.account_id)[-1]

    def grants(self, who: AccountId) -> tuple[Grant, ...]:
        with self.store.begin() as tx:
            return tx.people.grants(who)

    def grant(self, who: Actor, ident: UUID) -> Grant:
        return next(one for one in self.grants(who.account_id) if one.id == ident)

    def tried(self, act: Callable[[Transaction, Actor], Any]) -> str:
        """The slug of what refused an act of the administrator, or nothing."""
        try:
            with self.store.begin() as tx:
                act(tx, tx.accounts.account_actor(self.admin.account_id))
        except EvidenceError as err:
            return err.slug
        return ""

    def amend(self, who: Actor, grant: Grant, **wish: Any) -> str:
        """Correct a role as it was seen."""
        told = RoleAmendIn(**{"leaf": grant.facts[0].leaf, "reason": "任命文件为准", **wish})
        return self.tried(lambda tx, me: tx.roles.amend(me, who.account_id, grant.id, told))

    def end(self, who: Actor, grant: Grant) -> str:
        return self.tried(lambda tx, me: tx.people.end_role(me, who.account_id, grant.id, "调离"))


@pytest.fixture(scope="module")
def desk(store: Store, clock: Clock) -> Desk:
    return Desk(store, clock)


def test_what_was_said_before_can_still_be_asked(desk: Desk) -> None:
    """Entered from today, corrected to a month ago: by the program, as known before the correction and after it."""
    who, given = desk.somebody(Role.HEAD)
    before, day = desk.now, desk.now - 20 * DAY
    desk.clock.ahead += timedelta(minutes=1)
    assert desk.amend(who, given, valid_from=desk.now - 30 * DAY) == ""
    desk.clock.ahead += timedelta(minutes=1)

    after, told = desk.now, desk.grant(who, given.id)
    assert [one.reason for one in told.facts] == ["任命文件为准", None]
    assert told.facts[0].known_from == told.facts[1].known_until
    assert (told.facts[1].leaf, told.leaf) == (given.leaf, given.leaf)
    with serving(desk.store) as url, desk_client(url, desk.token) as client:
        path = f"/v1/accounts/{who.id}/roles"
        asked = {
            (at, known): client.get(path, params={"at": rfc3339(at), "known": rfc3339(known)}).json()["roles"]
            for at in (day, before)
            for known in (before, after)
        }
        now = client.get(path).json()["roles"]
        whole = client.get(f"/v1/accounts/{who.id}").json()["grants"]
    assert [asked[day, before], len(asked[day, after])] == [[], 1]
    assert [len(asked[before, known]) for known in (before, after)] == [1, 1]
    assert asked[before, before][0]["fact"]["leaf"] == given.leaf
    assert (now[0]["role"], now[0]["fact"]["reason"]) == ("head", "任命文件为准")
    assert [len(one["facts"]) for one in whole] == [2]


@contextmanager
def desk_client(url: str, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        yield client


def test_rights_and_sessions_follow_the_correction(desk: Desk) -> None:
    """Whose role is told to begin next week may do nothing by it until then, and logs in anew."""
    who, given = desk.somebody(Role.HANDLER)
    with desk.store.begin() as tx:
        token = tx.accounts.open_session(who.account_id).token
    opened = CaseIn(number=f"任期-{uuid4().hex[:6]}", party="某店", matter="占道经营", place="建军路")
    with desk.store.begin() as tx:
        case = tx.cases.open(who, opened)
    assert desk.amend(who, given, valid_from=desk.now + 7 * DAY, valid_until=desk.now + 9 * DAY) == ""

    with desk.store.begin() as tx:
        with pytest.raises(NotAuthenticated):
            tx.accounts.actor_of(token)
        assert tx.accounts.account_actor(who.account_id).roles == frozenset()
    assert desk.tried(lambda tx, _: tx.cases.open(who, opened)) == "not-authenticated"
    integrate(desk.store)
    assert faults(desk.store, case.id) == []


def test_a_capture_is_held_against_the_role_of_its_time(desk: Desk) -> None:
    """Auxiliary since this morning, entered at noon: what was declared before keeps its answer, what follows knows it."""
    people = [desk.somebody(Role.OFFICER)[0] for _ in range(2)]
    numbers = [f"任期-{uuid4().hex[:8]}" for _ in people]
    at = desk.now - 3 * HOUR
    with desk.store.begin() as tx:
        for one, number in zip(people, numbers, strict=True):
            certify(tx, one.account_id, number, valid_from=at - 9 * DAY, valid_until=at + 90 * DAY)
    device = enrol_device(desk.store, make_account(desk.store, desk.agency, Role.CUSTODIAN)[1])
    given = RoleIn(role=Role.AUXILIARY)
    assert desk.tried(lambda tx, me: tx.people.grant(me, people[0].account_id, given)) == ""
    desk.clock.ahead += timedelta(minutes=1)
    assert found(desk.store, device, *numbers, at=at).code == ""

    role = next(one for one in desk.grants(people[0].account_id) if one.role is Role.AUXILIARY)
    assert desk.amend(people[0], role, valid_from=at - HOUR) == ""
    desk.clock.ahead += timedelta(minutes=1)
    assert found(desk.store, device, *numbers, at=at).code == "officers-fewer-than-two"
    assert found(desk.store, device, *numbers, at=at - 2 * HOUR).code == ""


def test_what_is_no_correction(desk: Desk) -> None:
    """One's own, what is not there, what somebody corrected since, what is said already, and what cannot be."""
    who, given = desk.somebody(Role.OFFICER)
    own = desk.grants(desk.admin.account_id)[0]
    assert desk.amend(desk.admin, own, valid_from=desk.now - DAY) == "role-own"
    nobodys = given.model_copy(update={"id": uuid4()})
    assert desk.amend(who, nobodys, for_good=True) == "role-unknown"
    assert desk.amend(who, given, leaf="0" * 64, for_good=True) == "version-conflict"
    assert desk.amend(who, given, for_good=True) == "role-same"
    assert desk.amend(who, given, valid_until=given.valid_from) == "role-dates"
    assert len(desk.grant(who, given.id).facts) == 1


def test_other_roles_stand_in_the_way(desk: Desk) -> None:
    """The same role twice at one time, or one beside an administrator's, also in the past."""
    who, first = desk.somebody(Role.OFFICER)
    first_day = desk.now - 9 * DAY
    assert desk.amend(who, first, valid_from=first_day) == ""
    assert desk.end(who, first) == ""
    for role in (Role.OFFICER, Role.ADMIN):
        desk.clock.ahead += timedelta(minutes=1)
        told = RoleIn(role=role)
        assert desk.tried(lambda tx, me, told=told: tx.people.grant(me, who.account_id, told)) == ""
        again = desk.grants(who.account_id)[0]
        assert again.role is role
        slug = "role-held" if role is Role.OFFICER else "role-apart"
        assert desk.amend(who, again, valid_from=first_day) == slug
        assert desk.end(who, again) == ""


def test_a_role_that_is_over_does_not_come_back(desk: Desk) -> None:
    """Ended: its past can be corrected, as far as now; one that never began has none."""
    who, given = desk.somebody(Role.OFFICER)
    assert desk.amend(who, given, valid_from=desk.now - 9 * DAY) == ""
    assert desk.end(who, given) == ""
    desk.clock.ahead += timedelta(minutes=1)
    over = desk.grant(who, given.id)
    for wish in ({"for_good": True}, {"valid_until": desk.now + HOUR}):
        assert desk.amend(who, over, **wish) == "role-over"
    assert desk.amend(who, over, valid_until=desk.now - DAY) == ""
    assert desk.grant(who, given.id).is_over(desk.now)
    with desk.store.begin() as tx:
        assert tx.accounts.account_actor(who.account_id).roles == frozenset()

    later = RoleIn(role=Role.HEAD, valid_from=desk.now + 9 * DAY)
    assert desk.tried(lambda tx, me: tx.people.grant(me, who.account_id, later)) == ""
    desk.clock.ahead += timedelta(minutes=1)
    void = desk.grants(who.account_id)[0]
    assert desk.end(who, void) == ""
    seen = desk.grant(who, void.id)
    assert (seen.said, len(seen.facts)) == (None, 1)
    assert desk.amend(who, seen, for_good=True) == "role-ended"


def test_a_closed_accounts_past_is_corrected_too(desk: Desk) -> None:
    """Somebody who has left held a role a day less than was said."""
    who, given = desk.somebody(Role.OFFICER)
    assert desk.amend(who, given, valid_from=desk.now - 9 * DAY) == ""
    assert desk.tried(lambda tx, me: tx.people.close(me, who.account_id, "退休")) == ""
    told = desk.grant(who, given.id)
    assert desk.amend(who, told, valid_until=desk.now - DAY) == ""


def test_of_two_corrections_at_once_one_is_told(desk: Desk) -> None:
    """Two administrators correct what both have seen: the second is told that something else is said by now."""
    for _ in range(4):
        who, given = desk.somebody(Role.OFFICER)
        since = desk.now
        with ThreadPoolExecutor(2) as both:
            tries = [both.submit(desk.amend, who, given, valid_from=since - days * DAY) for days in (3, 5)]
            told = sorted(one.result() for one in tries)
        assert told == ["", "version-conflict"]
        assert len(desk.grant(who, given.id).facts) == 2


def test_a_correction_and_an_end_at_once(desk: Desk) -> None:
    """Whichever comes first: the role is over, and one thing is told of every time."""
    for _ in range(4):
        who, given = desk.somebody(Role.OFFICER)
        since = desk.now - DAY
        with ThreadPoolExecutor(2) as both:
            amended = both.submit(desk.amend, who, given, valid_from=since)
            ended = both.submit(desk.end, who, given)
            assert ended.result() == ""
            assert amended.result() in ("", "version-conflict")
        assert desk.grant(who, given.id).is_over(desk.now)


def test_the_database_itself_keeps_one_word_of_one_time(desk: Desk) -> None:
    """One role of one person twice for one moment, said at one time: refused whoever writes it."""
    _, given = desk.somebody(Role.OFFICER)
    doubled = text(
        "INSERT INTO role_grants (grant_id, account_id, role, reach, valid_during, known_during, grant_leaf, leaf)"
        " SELECT gen_random_uuid(), account_id, role, reach, valid_during, known_during, grant_leaf, 'x'"
        " FROM role_grants WHERE grant_id = :grant"
    )
    with pytest.raises(IntegrityError, match="ex_role_grants_one_grant"), desk.store.begin() as tx:
        tx.connection.execute(doubled, {"grant": given.id})


def test_the_database_itself_keeps_what_was_told(desk: Desk) -> None:
    """Told longer than a minute ago it is closed, once: the application takes away, changes and opens nothing."""
    who, _ = desk.somebody(Role.OFFICER)
    told = Range(desk.now - 9 * DAY, None)
    with desk.store.begin() as tx:
        row = dict.fromkeys(("valid_during", "known_during"), told) | dict.fromkeys(
            ("grant_leaf", "leaf"), b"x"
        )
        made = role_grants.insert().values(
            grant_id=uuid4(), account_id=who.id, role=Role.HEAD, reach=Reach.AGENCY, **row
        )
        ident = tx.connection.scalar(made.returning(role_grants.c.id))
    mine, known = role_grants.c.id == ident, role_grants.c.known_during

    def change(statement: Delete | Update) -> None:
        with desk.store.begin() as tx:
            tx.connection.execute(statement.where(mine))

    def known_until(at: datetime | None, later: timedelta = timedelta(0)) -> Update:
        return update(role_grants).values(known_during=func.tstzrange(func.lower(known) + later, at))

    for refused in (delete(role_grants), known_until(None, DAY)):
        with pytest.raises(IntegrityError, match="never changes"):
            change(refused)
    change(known_until(desk.now - DAY))
    for refused in (delete(role_grants), known_until(None), known_until(desk.now)):
        with pytest.raises(IntegrityError, match="never changes"):
            change(refused)
    with unguarded(desk.store) as tx:
        tx.connection.execute(delete(role_grants).where(mine))


def test_the_page_shows_both_ranges_and_corrects(desk: Desk) -> None:
    """Who may give roles corrects on the page; what was said before stands below, also without a reason or an end."""
    who, given = desk.somebody(Role.OFFICER)
    page, act = f"/console/accounts/{who.id}", f"/console/accounts/{who.id}/roles/{given.id}/amend"
    sent = {"csrf": form_token(desk.token), "leaf": given.leaf, "until_at": "", "for_good": ""}
    with (
        serving(desk.store) as url,
        httpx.Client(
            base_url=url, cookies={COOKIE: desk.token}, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        before = client.get(page)
        own = client.get(f"/console/accounts/{desk.admin.id}")
        wrong = client.post(act, data={**sent, "from_at": "", "reason": "任命文件"})
        right = client.post(act, data={**sent, "from_at": "2026-03-01T08:00", "reason": "任命文件〔3〕号"})
        stale = client.post(act, data={**sent, "from_at": "2026-04-01T08:00", "reason": "再改"})
        after = client.get(page)
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get(page)
    assert act in before.text
    assert "何时知道何事" not in before.text
    assert "/amend" not in own.text
    assert (wrong.status_code, right.status_code, stale.status_code) == (422, 303, 412)
    assert "任命文件〔3〕号" in after.text
    assert "何时知道何事" in after.text
    assert "Correct the term" in english.text


def test_the_log_tells_the_same_and_names_what_was_changed(desk: Desk) -> None:
    """After all of it the rows are what the leaves say; a term that somebody moves by hand is named."""
    integrate(desk.store)
    assert faults(desk.store) == []
    who, given = desk.somebody(Role.OFFICER)
    assert desk.amend(who, given, valid_from=desk.now - 9 * DAY) == ""
    integrate(desk.store)
    moves = {
        "valid_during": "valid_during = tstzrange(lower(valid_during) - interval '1 day', NULL)",
        "known_during": "known_during = tstzrange(lower(known_during) + interval '1 second', NULL)",
        "reason": "reason = 'x'",
    }
    for column, move in moves.items():
        leaf = {"leaf": desk.grant(who, given.id).facts[0].leaf}
        with unguarded(desk.store) as tx:
            kept = tx.connection.execute(
                text(f"SELECT {column} FROM role_grants WHERE leaf = decode(:leaf, 'hex')"),
                leaf,
            ).scalar_one()
            changed = text(f"UPDATE role_grants SET {move} WHERE leaf = decode(:leaf, 'hex')")
            tx.connection.execute(changed, leaf)
        assert faults(desk.store, who.id) != [], column
        with unguarded(desk.store) as tx:
            tx.connection.execute(
                text(f"UPDATE role_grants SET {column} = :kept WHERE leaf = decode(:leaf, 'hex')"),
                {"kept": kept, **leaf},
            )
    assert faults(desk.store) == []
