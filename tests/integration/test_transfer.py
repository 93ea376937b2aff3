"""People move from one agency to another: what they hold there ends, and what they captured before stays theirs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from schemas.account import RoleIn
from schemas.actor import Actor, Role
from schemas.agency import AgencyIn
from schemas.case import CaseIn
from schemas.errors import EvidenceError, NotAuthenticated, NotFound
from schemas.holding import CheckedIn, CheckIn, CheckPoint, IssueIn, ReturnIn
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind, AccountTransfer
from schemas.leaves_role import RoleEndApart, RoleGrantNamed
from schemas.membership import Membership, TransferIn
from storage.store import Store
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
from tests.supervision import Clock
from workers.custody import integrate

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("transfer")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


@pytest.fixture(scope="module")
def bureau(store: Store) -> AgencyId:
    return AgencyId(make_agency(store, is_supervising=True))


@pytest.fixture(scope="module")
def admin(store: Store, bureau: AgencyId) -> Actor:
    """The one who administers, and a second one, so that the first is never the last."""
    make_account(store, bureau, Role.ADMIN)
    return make_account(store, bureau, Role.ADMIN)[1]


@pytest.fixture
def units(store: Store, bureau: AgencyId, admin: Actor) -> tuple[AgencyId, AgencyId]:
    """Two units below the bureau."""
    with store.begin() as tx:
        me = tx.accounts.account_actor(admin.account_id)
        wishes = [
            AgencyIn(parent_id=bureau, name=f"{name}中队", code=f"U-{uuid4().hex[:8]}") for name in "甲乙"
        ]
        first, second = (tx.agencies.open(me, wish).id for wish in wishes)
    return AgencyId(first), AgencyId(second)


def transfer(
    store: Store, admin: Actor, who: AccountId, to: AgencyId, *, since: datetime | None = None
) -> str:
    """Move somebody; the slug of what refused it, or nothing."""
    wish = TransferIn(agency_id=to, from_at=since, reason="轮岗")
    try:
        with store.begin() as tx:
            tx.memberships.transfer(tx.accounts.account_actor(admin.account_id), who, wish)
    except EvidenceError as err:
        return err.slug
    return ""


def said(store: Store, who: AccountId) -> tuple[Membership, ...]:
    with store.begin() as tx:
        return tx.memberships.of(who)


def spans(
    rows: tuple[Membership, ...], *, is_known: bool
) -> list[tuple[UUID, datetime | None, datetime | None]]:
    return [
        (one.agency_id, one.valid_from, one.valid_until)
        for one in reversed(rows)
        if (one.known_until is None) is is_known
    ]


def test_whoever_moves_leaves_roles_and_sessions_behind(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """Roles that are held, and one still to come, end in the same commit, each by its leaf; nobody is logged in still."""
    here, there = units
    _, officer = make_account(store, here, Role.OFFICER)
    with store.begin() as tx:
        later = RoleIn(role=Role.HANDLER, valid_from=tx.now + timedelta(days=9))
        tx.people.grant(tx.accounts.account_actor(admin.account_id), officer.account_id, later)
        token = tx.accounts.open_session(officer.account_id).token

    assert transfer(store, admin, officer.account_id, there) == ""

    with store.begin() as tx:
        seen = tx.people.get(tx.accounts.account_actor(admin.account_id), officer.account_id)
        acts = [one.leaf.act for one in tx.custody.chain(f"account/{officer.account_id}")]
        with pytest.raises(NotAuthenticated):
            tx.accounts.actor_of(token)
    assert (seen.agency_id, seen.roles, seen.sessions) == (there, (), 0)
    assert [type(one) for one in acts[-3:]] == [RoleEndApart, RoleEndApart, AccountTransfer]


def test_a_case_of_the_former_agency_is_out_of_reach(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """A handler who moved sees none of the old cases, though the log names them there for ever."""
    here, there = units
    _, handler = make_account(store, here, Role.HANDLER)
    with store.begin() as tx:
        wish = CaseIn(number=f"调-{uuid4().hex[:6]}", party="某店", matter="占道经营", place="建军路")
        case = tx.cases.open(handler, wish)
    assert transfer(store, admin, handler.account_id, there) == ""
    with store.begin() as tx:
        me = tx.accounts.account_actor(admin.account_id)
        tx.people.grant(me, handler.account_id, RoleIn(role=Role.HANDLER))
    with store.begin() as tx, pytest.raises(NotFound):
        tx.cases.get(tx.accounts.account_actor(handler.account_id), case.id)


def test_a_capture_is_held_against_the_agency_of_its_time(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """In two agencies on one day: until the hour of the move a colleague here, from that very moment one there."""
    here, there = units
    people = [make_account(store, here, Role.OFFICER)[1] for _ in range(2)]
    numbers = [f"调动-{uuid4().hex[:8]}" for _ in people]
    moved_at = store.clock().replace(microsecond=0) - 3 * HOUR
    with store.begin() as tx:
        for one, number in zip(people, numbers, strict=True):
            begins = moved_at - timedelta(days=9)
            certify(tx, one.account_id, number, valid_from=begins, valid_until=begins + timedelta(days=90))
    old, new = (enrol_device(store, make_account(store, unit, Role.CUSTODIAN)[1]) for unit in units)
    assert found(store, old, *numbers, at=moved_at - HOUR).code == ""
    for one in people:
        assert transfer(store, admin, one.account_id, there, since=moved_at) == ""

    second = timedelta(seconds=1)
    assert [found(store, old, *numbers, at=moved_at + ahead).code for ahead in (-HOUR, -second)] == ["", ""]
    assert [found(store, new, *numbers, at=moved_at + ahead).code for ahead in (second - second, HOUR)] == [
        "",
        "",
    ]
    assert found(store, old, *numbers, at=moved_at).params == {"others": 2}
    assert found(store, new, *numbers, at=moved_at - second).code == "officers-other-agency"


def test_a_correction_closes_what_was_said_and_keeps_it(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId], clock: Clock
) -> None:
    """Entered with the wrong hour, entered anew: both can be read, with when they were said; one holds at any time."""
    here, there = units
    who = make_account(store, here, Role.OFFICER)[1].account_id
    assert said(store, who) == ()
    now = store.clock().replace(microsecond=0)
    wrong, right = now - 2 * HOUR, now - 5 * HOUR
    assert transfer(store, admin, who, there, since=wrong) == ""
    first = said(store, who)
    assert spans(first, is_known=True) == [(here, None, wrong), (there, wrong, None)]
    assert spans(first, is_known=False) == [(here, None, None)]

    clock.ahead += timedelta(minutes=1)
    assert transfer(store, admin, who, there, since=right) == ""
    again = said(store, who)
    assert spans(again, is_known=True) == [(here, None, right), (there, right, None)]
    assert set(spans(again, is_known=False)) == {(here, None, None), *spans(first, is_known=True)}
    assert transfer(store, admin, who, there) == "transfer-same"

    clock.ahead += timedelta(minutes=1)
    assert transfer(store, admin, who, here, since=right) == ""
    assert spans(said(store, who), is_known=True) == [(here, None, right), (here, right, None)]


def test_who_is_not_moved(store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]) -> None:
    """Oneself, the last administrator, machines, whoever has left, into the future, into what is closed or elsewhere."""
    here, there = units
    who = make_account(store, here, Role.OFFICER)[1].account_id
    machine = make_account(store, here, Role.SOURCE)[1].account_id
    left = make_account(store, here, Role.OFFICER)[1].account_id
    with store.begin() as tx:
        me = tx.accounts.account_actor(admin.account_id)
        tx.people.close(me, left, "退休")
        tx.connection.execute(
            text("UPDATE accounts SET kind = :kind WHERE id = :id"),
            {"kind": AccountKind.MACHINE, "id": machine},
        )
        gone = tx.agencies.open(
            me, AgencyIn(parent_id=admin.agency_id, name="撤中队", code=f"U-{uuid4().hex[:8]}")
        )
        me = tx.accounts.account_actor(admin.account_id)
        tx.agencies.close(me, gone.id, gone.version)
    later = store.clock() + HOUR

    assert transfer(store, admin, admin.account_id, here) == "role-own"
    assert transfer(store, admin, machine, there) == "account-machine"
    assert transfer(store, admin, left, there) == "account-closed"
    assert transfer(store, admin, who, there, since=later) == "transfer-future"
    assert transfer(store, admin, who, gone.id) == "agency-closed"
    assert transfer(store, admin, who, AgencyId(make_agency(store))) == "account-agency-unknown"
    assert transfer(store, admin, who, here) == "transfer-same"
    with store.begin() as tx:
        seen = tx.people.get(tx.accounts.account_actor(admin.account_id), who)
        assert (seen.agency_id, seen.roles) == (here, (Role.OFFICER,))


def test_of_two_moves_at_once_one_is_told(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """Two administrators move one person to two agencies: one move stands, and the roles end once."""
    who = make_account(store, units[0], Role.OFFICER)[1].account_id
    with ThreadPoolExecutor(2) as movers:
        told = sorted(movers.map(lambda to: transfer(store, admin, who, to), (units[1], admin.agency_id)))
    assert told in (["", "role-ended"], ["", "version-conflict"], ["", ""])
    assert len([one for one in said(store, who) if one.known_until is None and one.valid_until is None]) == 1


def test_a_role_given_meanwhile_does_not_come_along(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """A role is given while somebody without one is moved: it is of the new agency, or the move is refused."""
    here, there = units
    for _ in range(6):
        who = make_account(store, here, Role.OFFICER)[1].account_id
        with store.begin() as tx:
            me = tx.accounts.account_actor(admin.account_id)
            for held in tx.people.grants(who):
                tx.people.end_role(me, who, held.id, "调离")

        def give(one: AccountId = who) -> str:
            try:
                with store.begin() as tx:
                    me = tx.accounts.account_actor(admin.account_id)
                    tx.people.grant(me, one, RoleIn(role=Role.HANDLER))
            except EvidenceError as err:
                return err.slug
            return ""

        with ThreadPoolExecutor(2) as both:
            given = both.submit(give)
            moved = both.submit(transfer, store, admin, who, there)
            told = given.result(), moved.result()
        with store.begin() as tx:
            acts = [type(one.leaf.act) for one in tx.custody.chain(f"account/{who}")]
        if AccountTransfer in acts:
            before = acts[: acts.index(AccountTransfer)]
            assert before.count(RoleGrantNamed) == before.count(RoleEndApart), told
        else:
            assert told == ("", "version-conflict")


def test_devices_go_back_first(store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]) -> None:
    """Whoever still has a device of the agency is not moved; once it is back, they are."""
    here, there = units
    keeper = make_account(store, here, Role.CUSTODIAN)[1]
    device = enrol_device(store, keeper).id
    who = make_account(store, here, Role.OFFICER)[1].account_id
    check = CheckIn(items=tuple(CheckedIn(item=one, ok=True) for one in CheckPoint))
    with store.begin() as tx:
        tx.holdings.issue(keeper, device, IssueIn(person_id=who, check=check))
    assert transfer(store, admin, who, there) == "transfer-holding"
    with store.begin() as tx:
        tx.holdings.take_back(keeper, device, ReturnIn(check=check))
    assert transfer(store, admin, who, there) == ""


def test_the_database_itself_keeps_one_agency_at_a_time(
    store: Store, admin: Actor, units: tuple[AgencyId, AgencyId]
) -> None:
    """Two agencies for one moment, said at one time: refused whoever writes it."""
    here, there = units
    who = make_account(store, here, Role.OFFICER)[1].account_id
    assert transfer(store, admin, who, there) == ""
    doubled = text(
        "INSERT INTO memberships (account_id, agency_id, valid_during, known_during, leaf)"
        " SELECT account_id, :here, valid_during, known_during, leaf FROM memberships WHERE account_id = :who"
    )
    with pytest.raises(IntegrityError, match="ex_memberships_one_agency"), store.begin() as tx:
        tx.connection.execute(doubled, {"here": here, "who": who})


def test_the_log_tells_the_same(store: Store) -> None:
    """After all of it the rows are what the leaves say."""
    integrate(store)
    with store.begin() as tx:
        tx.connection.execute(text("UPDATE accounts SET kind = 'person' WHERE kind = 'machine'"))
    assert faults(store) == []
