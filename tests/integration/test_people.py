"""People: the first administrator, links that count once, roles with dates, the last administrator, the log of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from schemas.account import (
    ADMISSION_LIFETIME,
    LINK_LIFETIME,
    AccountAmendIn,
    AccountIn,
    AccountNeed,
    AccountState,
    AdmissionIn,
    RoleIn,
)
from schemas.actor import Actor, Role
from schemas.agency import AgencyAmendIn, AgencyIn
from schemas.case import CaseIn
from schemas.duty import Duty
from schemas.errors import EvidenceError
from schemas.event import Event
from schemas.ids import AccountId
from schemas.intake import rows_root
from schemas.leaves_agency import AgencyKind
from schemas.login import LANE_TRIES
from schemas.record_id import salted_row_hash
from schemas.role import RoleAmendIn
from schemas.roster import RosterFault, RosterLine, parse_roster
from schemas.setting import Setting, SettingIn
from storage.actor.account_reading import AccountFilter
from storage.flow.admit import PasswordChange, admit, change_password, set_password
from storage.flow.login_queue import LoginQueue
from storage.store import Store
from storage.transaction import Transaction
from tests.evidence import Said
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings, password_hash
from tests.owner import owner_of
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from workers.custody import integrate
from workers.fsck import run

WORDS = "每天早上先看一遍待办"
HERE = "203.0.113.7"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    with closing(
        Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("people"))), clock=clock)
    ) as made:
        yield made


@pytest.fixture
def empty(database_url: str, template: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store on which nobody has an account."""
    url = make_url(database_url)
    name = f"people_{uuid4().hex[:12]}"
    owner = make_url(owner_of(database_url))
    server = owner.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        address = url.set(database=name).render_as_string(hide_password=False)
        with closing(Store(make_settings(address, folder_url(tmp_path)), clock=clock)) as made:
            yield made
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def queue() -> LoginQueue:
    return LoginQueue(length=1000, patience_seconds=PATIENCE_SECONDS)


def said(act: Callable[[], Any]) -> str:
    """The slug of a refusal, or nothing."""
    try:
        act()
    except EvidenceError as err:
        return err.slug
    return ""


def tried(store: Store, act: Callable[[Transaction], Any]) -> str:
    def whole() -> None:
        with store.begin() as tx:
            act(tx)

    return said(whole)


def offered(store: Store) -> str:
    with store.begin() as tx:
        return tx.links.offer().code


def come_in(store: Store, code: str, login: str = "root", password: str = WORDS) -> str:
    wish = AdmissionIn(code=code, login=login, name="张管理", agency_name="示范区司法局")
    return said(lambda: admit(store, queue(), wish, password, HERE))


def administrator(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.ADMIN)[1]


def somebody(store: Store, admin: Actor, *roles: Role) -> Actor:
    """A person of the administrator's agency who has come in by a link."""
    wish = AccountIn(login=f"u{uuid4().hex[:10]}", name="李明", agency_id=admin.agency_id)
    with store.begin() as tx:
        made = tx.people.open(admin, wish)
        for role in roles:
            tx.people.grant(admin, made.account.id, RoleIn(role=role))
    with store.begin() as tx:
        tx.links.set_password(made.link.code, password_hash())
        return tx.accounts.account_actor(made.account.id)


def faults(store: Store) -> tuple[list[Any], list[Any]]:
    integrate(store)
    told = Said()
    run(store, told)
    return told.faults, told.unchecked


def test_an_empty_server_hands_out_one_link(empty: Store) -> None:
    """Of any number of first starts one is told a link; once there is somebody, none is."""
    with ThreadPoolExecutor(4) as starts:

        def start(_: int) -> bool:
            with empty.begin() as tx:
                return tx.links.offer_first() is not None

        assert sorted(starts.map(start, range(4))) == [False, False, False, True]


def test_of_two_first_administrators_one_wins(empty: Store) -> None:
    """Two with a link each, and two with the same, at once: one is made, the others are told; the record holds."""
    codes = [offered(empty), offered(empty)]
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda n: come_in(empty, codes[n % 2], f"root{n}"), range(4)))

    assert answers.count("") == 1
    assert set(answers) <= {"", "administrator-there", "link-used"}
    with empty.begin() as tx:
        assert tx.people.administrators() == 1
    assert faults(empty) == ([], [])


def test_a_link_counts_once_and_for_half_an_hour(empty: Store, clock: Clock) -> None:
    """A wrong link, one that was used, one that expired: each is told as what it is, and makes nobody."""
    late, code = offered(empty), offered(empty)
    assert come_in(empty, "made-up") == "link-unknown"
    assert come_in(empty, code, password="password1234") == "password-known"
    assert come_in(empty, code) == ""
    assert come_in(empty, code, "again") == "link-used"
    assert come_in(empty, late, "late") == "administrator-there"
    later = offered(empty)
    clock.ahead += ADMISSION_LIFETIME + timedelta(seconds=1)
    assert come_in(empty, later, "later") == "admission-expired"
    assert come_in(empty, offered(empty), "lost") == ""
    with empty.begin() as tx:
        assert tx.people.administrators() == 2


def test_the_first_agency_needs_a_name(empty: Store) -> None:
    """Without an agency its name is asked for; the code that is given is checked by its last character."""
    wish = AdmissionIn(code=offered(empty), login="root", name="张管理")
    assert said(lambda: admit(empty, queue(), wish, WORDS, HERE)) == "agency-name-missing"
    with pytest.raises(ValueError, match="agency_code"):
        AdmissionIn(code="x", login="root", name="x", agency_code="91350100M000100Y44")


def test_only_the_digest_of_a_link_is_kept(store: Store) -> None:
    """Nowhere in the database stands a link by which somebody could come in."""
    admin = administrator(store, make_agency(store))
    with store.begin() as tx:
        code = tx.people.hand_out_link(admin, somebody(store, admin).account_id).code
    other = offered(store)
    with store.begin() as tx:
        names = (
            tx.connection.exec_driver_sql(
                "SELECT table_name FROM information_schema.tables"
                " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            )
            .scalars()
            .all()
        )
        for name in names:
            rows = tx.connection.exec_driver_sql(f'SELECT t::text FROM "{name}" AS t').scalars().all()
            hexed = [secret.encode().hex() for secret in (code, other)]
            assert not [row for row in rows if any(one in row for one in (code, other, *hexed))], name


def test_the_owner_alone_sets_the_password(store: Store, clock: Clock) -> None:
    """A link lets its owner in once; a newer one takes its place; both end, and the sessions before end with them."""
    admin = administrator(store, make_agency(store))
    wish = AccountIn(login="lm", name="李明", agency_id=admin.agency_id)
    with store.begin() as tx:
        made = tx.people.open(admin, wish)
        assert made.account.state is AccountState.INVITED
        assert tx.accounts.credential_of("lm") is None
        newer = tx.people.hand_out_link(admin, made.account.id)

    def use(code: str, password: str = WORDS) -> str:
        return said(lambda: set_password(store, queue(), code, password, HERE))

    assert use(made.link.code) == "link-unknown"
    assert use(newer.code, "lm short") == "password-short"
    assert use(newer.code, "李明李明是我本人") == "password-personal"
    assert use(newer.code) == ""
    assert use(newer.code) == "link-used"
    with store.begin() as tx:
        old = tx.accounts.open_session(made.account.id).token
        again = tx.people.hand_out_link(admin, made.account.id)
    assert use(again.code, "another red lorry") == ""
    assert tried(store, lambda tx: tx.accounts.actor_of(old)) == "not-authenticated"
    with store.begin() as tx:
        last = tx.people.hand_out_link(admin, made.account.id)
    clock.ahead += LINK_LIFETIME
    assert use(last.code) == "link-expired"
    assert tried(store, lambda tx: tx.people.open(admin, wish)) == "login-taken"


def test_two_with_the_same_link_at_once(store: Store) -> None:
    """One sets the password, the other is told that the link was used."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin)
    with store.begin() as tx:
        code = tx.people.hand_out_link(admin, person.account_id).code
    with ThreadPoolExecutor(2) as people:
        answers = sorted(
            people.map(
                lambda n: said(lambda: set_password(store, queue(), code, WORDS + str(n), HERE)), range(2)
            )
        )

    assert answers == ["", "link-used"]


def test_closing_ends_everything_at_once(store: Store) -> None:
    """Sessions, links, log-ins and acts under way end with the account; what its owner did stands."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin, Role.HANDLER)
    with store.begin() as tx:
        token = tx.accounts.open_session(person.account_id).token
        link = tx.people.hand_out_link(admin, person.account_id)
        before = tx.accounts.actor_of(token)
    with store.begin() as tx:
        tx.people.close(admin, person.account_id, "退休")

    assert tried(store, lambda tx: tx.accounts.actor_of(token)) == "not-authenticated"
    assert tried(store, lambda tx: tx.accounts.open_session(person.account_id)) == "not-authenticated"
    assert said(lambda: set_password(store, queue(), link.code, WORDS, HERE)) == "account-closed"
    wish = CaseIn(number=f"案-{uuid4()}", party="x", matter="x", place="x")
    assert tried(store, lambda tx: tx.cases.open(before, wish)) == "not-authenticated"
    for act in (
        lambda tx: tx.people.close(admin, person.account_id, "再次"),
        lambda tx: tx.people.grant(admin, person.account_id, RoleIn(role=Role.HEAD)),
        lambda tx: tx.people.hand_out_link(admin, person.account_id),
    ):
        assert tried(store, act) == "account-closed"


def test_a_role_that_ended_meanwhile_carries_no_act(store: Store) -> None:
    """Whoever was found out to be a handler and is none any more when the act begins is refused."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin, Role.HANDLER)
    with store.begin() as tx:
        (granted,) = tx.people.grants(person.account_id)
        tx.people.end_role(admin, person.account_id, granted.id, "调离")
    wish = CaseIn(number=f"案-{uuid4()}", party="x", matter="x", place="x")

    assert tried(store, lambda tx: tx.cases.open(person, wish)) == "not-authenticated"


def test_the_last_administrator_stays(empty: Store) -> None:
    """Nobody closes the last administrator or takes the role away – also when two try it with each other at once."""
    assert come_in(empty, offered(empty)) == ""
    assert come_in(empty, offered(empty), "second") == ""
    with empty.begin() as tx:
        one, other = (
            tx.accounts.account_actor(found.account_id)
            for found in map(tx.accounts.credential_of, ("root", "second"))
            if found
        )

    def close(pair: tuple[Actor, Actor]) -> str:
        return tried(empty, lambda tx: tx.people.close(pair[0], pair[1].account_id, "争执"))

    assert tried(empty, lambda tx: tx.people.close(one, one.account_id, "x")) == "role-own"
    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(close, [(one, other), (other, one)]))
    assert answers.count("") == 1
    assert set(answers) <= {"", "administrator-last", "not-authenticated", "account-closed"}
    with empty.begin() as tx:
        assert tx.people.administrators() == 1
    assert faults(empty) == ([], [])


def test_no_correction_takes_away_the_last_administrator(empty: Store) -> None:
    """Told to begin tomorrow, the one of two is none today; the last one's term is not told so."""
    assert come_in(empty, offered(empty)) == ""
    assert come_in(empty, offered(empty), "second") == ""
    with empty.begin() as tx:
        one, other = (
            tx.accounts.account_actor(found.account_id)
            for found in map(tx.accounts.credential_of, ("root", "second"))
            if found
        )
        opened = tx.people.open(one, AccountIn(login="third", name="安全员", agency_id=one.agency_id))
        tx.links.set_password(opened.link.code, password_hash())
    with empty.begin() as tx:
        tx.people.grant(one, opened.account.id, RoleIn(role=Role.SECURITY))

    def put_off(who: Actor) -> str:
        with empty.begin() as tx:
            security = tx.accounts.account_actor(opened.account.id)
            (held,) = (grant for grant in tx.people.grants(who.account_id) if grant.role is Role.ADMIN)
            tomorrow = tx.now + timedelta(days=1)
        wish = RoleAmendIn(leaf=held.facts[0].leaf, valid_from=tomorrow, reason="任命文件为准")
        return tried(empty, lambda tx: tx.roles.amend(security, who.account_id, held.id, wish))

    assert put_off(other) == ""
    assert put_off(one) == "administrator-last"
    with empty.begin() as tx:
        assert tx.people.administrators() == 1


def test_an_administrator_holds_no_other_role(store: Store) -> None:
    """Neither an officer becomes one, nor an administrator an officer; nobody grants to the own account."""
    admin = administrator(store, make_agency(store))
    officer, second = somebody(store, admin, Role.OFFICER), somebody(store, admin, Role.ADMIN)

    def grant(who: Actor, role: Role, **period: Any) -> str:
        return tried(store, lambda tx: tx.people.grant(admin, who.account_id, RoleIn(role=role, **period)))

    assert grant(officer, Role.ADMIN) == "role-apart"
    assert grant(second, Role.HEAD) == "role-apart"
    assert grant(admin, Role.HEAD) == "role-own"
    assert grant(officer, Role.OFFICER) == "role-held"
    assert grant(officer, Role.HANDLER) == ""


def test_roles_are_held_within_their_dates(store: Store, clock: Clock) -> None:
    """A role begins and ends by its dates, may be given anew behind itself, and never twice at one time."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin)
    day = timedelta(days=1)
    now = clock()

    def grant(since: timedelta | None, until: timedelta | None) -> str:
        wish = RoleIn(
            role=Role.HEAD,
            valid_from=None if since is None else now + since,
            valid_until=None if until is None else now + until,
        )
        return tried(store, lambda tx: tx.people.grant(admin, person.account_id, wish))

    def roles() -> set[Role]:
        with store.begin() as tx:
            return set(tx.accounts.account_actor(person.account_id).roles)

    assert grant(2 * day, 4 * day) == ""
    assert grant(3 * day, None) == "role-held"
    assert grant(None, 2 * day) == ""
    assert grant(4 * day, 5 * day) == ""
    assert grant(-2 * day, None) == "role-past"
    assert grant(None, -day) == "role-past"
    assert roles() == {Role.HEAD}
    clock.ahead += 5 * day
    assert roles() == set()
    with store.begin() as tx:
        assert all(one.is_over(tx.now) for one in tx.people.grants(person.account_id))


def test_a_change_of_roles_ends_the_sessions(store: Store) -> None:
    """Nobody works on in a session that knew other rights; an administrator ends all sessions of somebody."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin, Role.OFFICER)

    def token() -> str:
        with store.begin() as tx:
            return tx.accounts.open_session(person.account_id).token

    def ends(act: Callable[[Transaction], Any]) -> bool:
        held = token()
        with store.begin() as tx:
            act(tx)
        return tried(store, lambda tx: tx.accounts.actor_of(held)) == "not-authenticated"

    with store.begin() as tx:
        (granted,) = tx.people.grants(person.account_id)
    assert ends(lambda tx: tx.people.grant(admin, person.account_id, RoleIn(role=Role.HANDLER)))
    assert ends(lambda tx: tx.people.end_role(admin, person.account_id, granted.id, "调离"))
    assert ends(lambda tx: tx.people.sign_out(admin, person.account_id, "手机遗失"))
    assert (
        tried(store, lambda tx: tx.people.end_role(admin, person.account_id, granted.id, "x")) == "role-ended"
    )
    assert (
        tried(store, lambda tx: tx.people.end_role(admin, person.account_id, uuid4(), "x")) == "role-unknown"
    )


def test_a_session_ends_when_nobody_uses_it(store: Store, clock: Clock) -> None:
    """Half an hour without use ends it, use puts that off, and its last hour comes all the same."""
    idle = store.settings.model_copy(update={"session_idle_seconds": 1800})
    person = somebody(store, administrator(store, make_agency(store)))
    with closing(Store(idle, clock=clock)) as strict:

        def opened() -> str:
            with strict.begin() as tx:
                return tx.accounts.open_session(person.account_id, address=HERE).token

        def lives(token: str) -> bool:
            return tried(strict, lambda tx: tx.accounts.actor_of(token)) == ""

        one, other = opened(), opened()
        for _ in range(4):
            clock.ahead += timedelta(minutes=25)
            assert lives(one)
        assert not lives(other)
        clock.ahead += timedelta(minutes=31)
        assert not lives(one)
        one = opened()
        for _ in range(24):
            clock.ahead += timedelta(minutes=24)
            assert lives(one)
        clock.ahead += timedelta(minutes=25)
        assert not lives(one)
        with strict.begin() as tx:
            tx.accounts.forget_ended()
            assert tx.sessions.own(person, one) == ()


def test_the_own_password_is_changed_by_the_old_one(store: Store) -> None:
    """A wrong old one counts as a wrong log-in; the right one ends every other session and keeps this one."""
    person = somebody(store, administrator(store, make_agency(store)))
    with store.begin() as tx:
        here, there = (tx.accounts.open_session(person.account_id).token for _ in range(2))

    def change(old: str, new: str) -> str:
        wish = PasswordChange(old=old, new=new, address=HERE, token=here)
        return said(lambda: change_password(store, queue(), person, wish))

    assert change("wrong", WORDS) == "password-old-wrong"
    assert change(PASSWORD, "password1234") == "password-known"
    assert change(PASSWORD, WORDS) == ""
    assert change(PASSWORD, "another red lorry") == "password-old-wrong"
    assert tried(store, lambda tx: tx.accounts.actor_of(here)) == ""
    assert tried(store, lambda tx: tx.accounts.actor_of(there)) == "not-authenticated"
    for _ in range(LANE_TRIES):
        change("wrong", "another red lorry")
    assert change(WORDS, "another red lorry") == "password-tries-spent"


def test_an_administrator_unlocks(store: Store) -> None:
    """Tries that were let go count no more, and their owner sees them still."""
    admin = administrator(store, make_agency(store))
    person = somebody(store, admin, Role.OFFICER)

    def guess() -> bool:
        with store.begin() as tx:
            return (
                tx.login_tries.count(person.login, person.account_id, address=HERE, browser=None).refusal
                is None
            )

    assert [guess() for _ in range(LANE_TRIES + 1)] == [True] * LANE_TRIES + [False]
    with store.begin() as tx:
        waiting = {line.duty: line.count for line in tx.duties.waiting(admin)}
        assert waiting[Duty.UNLOCK_ACCOUNT] == 1
        page = tx.people.page(admin, AccountFilter(need=AccountNeed.LOCKED))
        assert [one.id for one in page.rows] == [person.account_id]
        tx.people.unlock(admin, person.account_id)
    assert guess()
    with store.begin() as tx:
        assert tx.login_tries.locked_of([person.account_id]) == frozenset()
        (origin,) = tx.login_tries.own(person)
    assert origin.wrong == LANE_TRIES + 1


def test_lists_hold_the_own_agencies_alone(store: Store) -> None:
    """An administrator of one agency neither lists nor reaches the people of another, nor opens an account there."""
    ours, theirs = (administrator(store, make_agency(store)) for _ in range(2))
    person = somebody(store, theirs, Role.OFFICER)
    acts: list[Callable[[Transaction], Any]] = [
        lambda tx: tx.people.get(ours, person.account_id),
        lambda tx: tx.people.close(ours, person.account_id, "x"),
        lambda tx: tx.people.hand_out_link(ours, person.account_id),
        lambda tx: tx.people.grant(ours, person.account_id, RoleIn(role=Role.HEAD)),
        lambda tx: tx.people.unlock(ours, person.account_id),
        lambda tx: tx.people.get(ours, AccountId(uuid4())),
    ]

    assert [tried(store, act) for act in acts] == ["account-not-found"] * len(acts)
    wish = AccountIn(login="spy", name="x", agency_id=theirs.agency_id)
    assert tried(store, lambda tx: tx.people.open(ours, wish)) == "account-agency-unknown"
    with store.begin() as tx:
        assert {one.agency_id for one in tx.people.page(ours, AccountFilter()).rows} == {ours.agency_id}
        assert [one.name for one in tx.people.page(theirs, AccountFilter(text=person.login[:6])).rows] == [
            "李明"
        ]
        assert tx.people.page(ours, AccountFilter(text=person.login)).rows == ()


def test_a_name_is_corrected(store: Store) -> None:
    """Name and log-in name may be corrected, also one's own; the session goes on, and the log has what stood before."""
    admin = administrator(store, make_agency(store))
    person, other = (somebody(store, admin, Role.OFFICER) for _ in range(2))

    def amend(who: AccountId, **changed: str) -> str:
        wish = AccountAmendIn(reason="笔误", **changed)
        return tried(store, lambda tx: tx.people.amend(admin, who, wish))

    login = f"c{uuid4().hex[:8]}"
    assert amend(person.account_id, name="李朋", login=login) == ""
    assert amend(person.account_id, name="李朋", login=login) == ""
    assert amend(person.account_id, login=other.login) == "login-taken"
    assert amend(admin.account_id, name="张管") == ""
    assert tried(store, lambda tx: tx.people.close(admin, other.account_id, "x")) == ""
    assert amend(other.account_id, name="李朋") == "account-closed"
    with store.begin() as tx:
        seen = tx.people.get(admin, person.account_id)
        entries = [one.event for one in tx.custody.chain(f"account/{person.account_id}")]
        assert [one.id for one in tx.people.page(admin, AccountFilter(text="李朋")).rows] == [person.id]
    assert (seen.name, seen.login) == ("李朋", login)
    assert entries.count("account:amend") == 1


def tree_of(store: Store, admin: Actor) -> list[tuple[int, str]]:
    with store.begin() as tx:
        return [
            (one.depth, one.name) for one in tx.agencies.tree(tx.accounts.account_actor(admin.account_id))
        ]


def test_the_tree_is_a_tree(store: Store) -> None:
    """Units stand below the one they were put under, move with all below them, and never below themselves."""
    admin = administrator(store, make_agency(store, is_supervising=True))

    def unit(name: str, above: UUID, **more: Any) -> UUID:
        with store.begin() as tx:
            me = tx.accounts.account_actor(admin.account_id)
            return tx.agencies.open(
                me, AgencyIn(parent_id=above, name=name, code=f"U-{uuid4().hex[:8]}", **more)
            ).id

    def move(what: UUID, **change: Any) -> str:
        def act(tx: Transaction) -> None:
            me = tx.accounts.account_actor(admin.account_id)
            tx.agencies.amend(me, what, AgencyAmendIn(**change), tx.agencies.get(me, what).version)

        return tried(store, act)

    top = admin.agency_id
    office = unit("二局", top)
    team = unit("一中队", office)
    group = unit("三组", team, kind=AgencyKind.ENTRUSTED, principal_id=office)
    shown = tree_of(store, admin)
    assert shown[1:] == [(1, "二局"), (2, "一中队"), (3, "三组")]

    assert [move(office, parent_id=one) for one in (office, team, group)] == ["agency-cycle"] * 3
    assert move(top, parent_id=office) == "agency-top"
    assert move(team, parent_id=uuid4()) == "agency-not-found"
    assert move(team, code="91350100M000100Y44") == "agency-code-wrong"
    assert move(team, parent_id=top, name="甲中队") == ""
    assert tree_of(store, admin)[1:] == [(1, "二局"), (1, "甲中队"), (2, "三组")]
    with store.begin() as tx:
        me = tx.accounts.account_actor(admin.account_id)
        seen = tx.agencies.get(me, team).version
        tx.agencies.amend(me, team, AgencyAmendIn(name="乙中队"), seen)
    assert (
        tried(store, lambda tx: tx.agencies.amend(me, team, AgencyAmendIn(name="丙中队"), seen))
        == "version-conflict"
    )


def test_two_moves_at_once_make_no_ring(store: Store) -> None:
    """Two units that are each put below the other at the same time: one moves, the other is told."""
    admin = administrator(store, make_agency(store, is_supervising=True))
    pair = []
    for name in ("甲", "乙"):
        with store.begin() as tx:
            me = tx.accounts.account_actor(admin.account_id)
            wish = AgencyIn(parent_id=me.agency_id, name=f"{name}局", code=f"U-{uuid4().hex[:8]}")
            pair.append(tx.agencies.open(me, wish))
    with store.begin() as tx:
        me = tx.accounts.account_actor(admin.account_id)

    def move(n: int) -> str:
        wish = AgencyAmendIn(parent_id=pair[1 - n].id)
        return tried(store, lambda tx: tx.agencies.amend(me, pair[n].id, wish, pair[n].version))

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(move, range(2))) == ["", "agency-cycle"]
    assert [depth for depth, _ in tree_of(store, admin)] == [0, 1, 2]


def sheet(*rows: tuple[str, ...]) -> tuple[RosterLine, ...]:
    return parse_roster([["姓名", "登录名", "单位代码", "角色"], *map(list, rows)])


def test_a_roster_is_taken_whole_or_not_at_all(store: Store) -> None:
    """Of a hundred people with three bad rows the three are named and nobody is made; corrected, all come in."""
    admin = administrator(store, make_agency(store))
    with store.begin() as tx:
        name = tx.agencies.get(admin, admin.agency_id).code
    mark = uuid4().hex[:6]
    good = [(f"人员{n}", f"r{mark}.{n}", name, "执法人员") for n in range(97)]
    bad = [("", f"r{mark}.a", name, ""), ("甲", f"r{mark}.b", "没有这个", ""), ("乙", admin.login, name, "")]

    def faulty() -> dict[int, list[RosterFault]]:
        with store.begin() as tx:
            looked = tx.rosters.looked_at(admin, sheet(*good, *bad))
        return {line.number: [*line.faults] for line in looked if line.faults}

    assert faulty() == {99: [RosterFault.NAME], 100: [RosterFault.AGENCY], 101: [RosterFault.LOGIN_TAKEN]}
    with store.begin() as tx:
        before = tx.people.counts(admin)
    assert tried(store, lambda tx: tx.rosters.take(admin, sheet(*good, *bad))) == "roster-faulty"
    with store.begin() as tx:
        assert tx.people.counts(admin) == before
        taken = tx.rosters.take(admin, sheet(*good))
    with store.begin() as tx:
        found = tx.people.page(admin, AccountFilter(text=f"r{mark}."), limit=200).rows
        leaves = [
            one for one in tx.custody.chain(f"agency/{admin.agency_id}") if one.event == Event.ROSTER_TAKE
        ]
    assert len(found) == len(taken) == 97
    assert {one.roles for one in found} == {(Role.OFFICER,)}
    assert [one.leaf.act.rows for one in leaves] == [97]  # type: ignore[union-attr] # of this event
    assert said(lambda: set_password(store, queue(), taken[5].code, WORDS, HERE)) == ""


def test_the_root_of_a_roster_is_that_of_its_rows(store: Store) -> None:
    """Rows, salts and the ids of the accounts give the root that the one entry commits to."""
    admin = administrator(store, make_agency(store))
    with store.begin() as tx:
        code = tx.agencies.get(admin, admin.agency_id).code
        taken = tx.rosters.take(
            admin,
            sheet(("甲", f"x{uuid4().hex[:8]}", code, "承办人"), ("乙", f"y{uuid4().hex[:8]}", code, "")),
        )
    with store.begin() as tx:
        entry = tx.custody.chain(f"agency/{admin.agency_id}")[-1]
        shown = entry.leaf.act.revealed(tx.custody.openings_of([entry.digest])[entry.digest])  # type: ignore[union-attr] # of this event
    salts = [bytes.fromhex(salt) for salt in shown.salts.value["salts"]]
    rows = [one.line.row.bytes_of(f"account/{one.account_id}") for one in taken]

    assert (
        rows_root([salted_row_hash(salt, row) for salt, row in zip(salts, rows, strict=True)]).hex()
        == shown.root
    )


def test_a_roster_raises_nobodys_rights(store: Store) -> None:
    """Whoever may not keep accounts takes no roster; nobody is put into another agency, and no roles that must be apart."""
    agency = make_agency(store)
    admin, head = administrator(store, agency), make_account(store, agency, Role.HEAD)[1]
    other = administrator(store, make_agency(store))
    with store.begin() as tx:
        foreign = tx.agencies.get(other, other.agency_id)
        own = tx.agencies.get(admin, agency).code
    lines = sheet(
        ("甲", f"z{uuid4().hex[:8]}", foreign.code, ""),
        ("乙", f"z{uuid4().hex[:8]}", own, "系统管理员、负责人"),
    )

    assert (
        tried(store, lambda tx: tx.rosters.take(head, sheet(("甲", "spy-1", own, ""))))
        == "permission-missing"
    )
    assert tried(store, lambda tx: tx.rosters.take(admin, lines)) == "roster-faulty"


def test_what_waits_for_an_administrator(store: Store, clock: Clock) -> None:
    """Accounts that nobody entered, without a role, or whose role ends soon are told and listed."""
    admin = administrator(store, make_agency(store))
    wish = AccountIn(login=f"u{uuid4().hex[:8]}", name="新人", agency_id=admin.agency_id)
    with store.begin() as tx:
        new = tx.people.open(admin, wish).account
        ending = RoleIn(role=Role.OFFICER, valid_until=clock() + timedelta(days=10))
        tx.people.grant(admin, new.id, ending)
    bare = somebody(store, admin)

    def waiting() -> dict[Duty, tuple[int, int]]:
        with store.begin() as tx:
            return {line.duty: (line.count, line.overdue) for line in tx.duties.waiting(admin)}

    assert waiting() == {Duty.FOLLOW_LINK: (1, 0), Duty.GIVE_ROLE: (1, 0), Duty.RENEW_ROLE: (1, 0)}
    with store.begin() as tx:
        listed = {
            need: {one.id for one in tx.people.page(admin, AccountFilter(need=need)).rows}
            for need in AccountNeed
        }
    assert listed == {
        AccountNeed.LOCKED: set(),
        AccountNeed.ROLELESS: {bare.id},
        AccountNeed.ENDING: {new.id},
    }
    with store.begin() as tx:
        shorter = SettingIn(name=Setting.WARNING_DAYS, value=9, from_at=tx.now, source="办法")
        tx.agency_settings.change(admin, admin.agency_id, shorter)
    assert Duty.RENEW_ROLE not in waiting()
    with store.begin() as tx:
        assert tx.people.page(admin, AccountFilter(need=AccountNeed.ENDING)).rows == ()
    clock.ahead += LINK_LIFETIME
    assert waiting()[Duty.FOLLOW_LINK] == (1, 1)


def test_the_record_of_all_of_it_holds(store: Store) -> None:
    """After everything above every leaf folds, and every row is what the leaves make it."""
    assert faults(store) == ([], [])
