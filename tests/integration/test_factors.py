"""Second factors: set up, asked for, used once, lost, demanded; every act in the log and in the trail."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, text, update

from schemas.actor import Actor, Role
from schemas.errors import EvidenceError
from schemas.factor import HALFWAY_LIFETIME, Demand
from schemas.leaves_account import AccountKind
from schemas.login import LANE_TRIES, LoginOutcome
from storage.flow.admit import set_password
from storage.flow.factor import OwnFactorIn, give_up_factor, set_up_factor
from storage.flow.login import CodeIn, Entered, Halfway, LoginIn, begin_log_in, finish_log_in, log_in
from storage.flow.login_queue import LoginQueue
from storage.store import Store
from storage.tables.factor import halfways, recovery_codes, second_factors
from storage.tables.login import login_tries
from tests.authenticator import STEP, code_of, secret_of
from tests.evidence import Said
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings, password_hash
from tests.integration.test_people import faults, said
from tests.owner import owning
from tests.stand import PATIENCE_SECONDS, until
from tests.supervision import Clock
from workers.custody import integrate
from workers.fsck import run

HERE = "203.0.113.7"
WORDS = "每天早上先看一遍待办"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("factors")
    settings = make_settings(
        database_url, folder_url(folder), second_factor_roles="supervisor", session_idle_seconds=10**6
    )
    with closing(Store(settings, clock=clock)) as made:
        yield made


def queue() -> LoginQueue:
    return LoginQueue(length=1000, patience_seconds=PATIENCE_SECONDS)


class Phone(NamedTuple):
    """Somebody with an authenticator, and the recovery codes on paper."""

    store: Store
    clock: Clock
    actor: Actor
    secret: bytes
    codes: tuple[str, ...]

    def code(self) -> str:
        """A code that was not used: time goes on by a step for each."""
        self.clock.ahead += STEP
        return code_of(self.secret, self.clock())

    def halfway(self) -> Halfway:
        door = begin(self.store, self.actor.login)
        assert isinstance(door, Halfway)
        return door


def begin(store: Store, login: str, password: str = PASSWORD, address: str = HERE) -> Entered | Halfway:
    return begin_log_in(store, queue(), LoginIn(login=login, password=password, address=address))


def finish(store: Store, token: str, code: str, offer: str = "") -> Entered:
    return finish_log_in(store, queue(), CodeIn(token=token, code=code, offer=offer, address=HERE))


def token_of(store: Store, actor: Actor) -> str:
    with store.begin() as tx:
        return tx.accounts.open_session(actor.account_id).token


def wish(token: str = "", **given: str) -> OwnFactorIn:
    return OwnFactorIn(**{"password": PASSWORD, "address": HERE, "token": token, **given})


def equip(store: Store, clock: Clock, actor: Actor, *, code: str = "", token: str = "") -> Phone:
    """Set up a second factor on the own account page, in place of one that stands."""
    with store.begin() as tx:
        offer = tx.factors.offer(actor.account_id, actor.login, "Quancheng")
    secret = secret_of(offer.secret)
    asked = wish(token, offer=offer.sealed, new_code=code_of(secret, clock()), code=code)
    return Phone(store, clock, actor, secret, set_up_factor(store, queue(), actor, asked))


@pytest.fixture
def officer(store: Store) -> Actor:
    return make_account(store, make_agency(store), Role.OFFICER)[1]


@pytest.fixture
def phone(store: Store, clock: Clock, officer: Actor) -> Phone:
    return equip(store, clock, officer)


def details(store: Store) -> list[tuple[str, str, str]]:
    """Every fault that `fsck` names, with the column."""
    integrate(store)
    told = Said()
    run(store, told)
    return [
        (facts["code"], facts["subject"], facts["detail"])
        for event, _, facts in told.lines
        if event == "difference"
    ]


def told(store: Store, actor: Actor) -> list[tuple[str, str, str]]:
    """What somebody sees of the own access history, the newest first."""
    with store.begin() as tx:
        return [(one.event.value, one.result.value, one.code) for one in tx.trail.own(actor)]


def wrong_tries(store: Store, actor: Actor) -> int:
    with store.begin() as tx:
        mine = (login_tries.c.account_id == actor.id, login_tries.c.outcome == LoginOutcome.WRONG)
        return tx.connection.scalar(select(func.count()).where(*mine)) or 0


def test_without_a_second_factor_the_password_logs_in(store: Store, officer: Actor) -> None:
    """Nobody is asked for what they do not have, and the trail says by which way they came."""
    assert isinstance(begin(store, officer.login), Entered)
    assert told(store, officer)[0] == ("login", "done", "password")


def test_a_log_in_asks_for_the_code_and_opens_no_session_before(store: Store, phone: Phone) -> None:
    """Behind the right password stands the code: the session comes with it, and with nothing else."""
    halfway = phone.halfway()
    assert halfway.demand is Demand.CODE
    with store.begin() as tx:
        assert tx.sessions.own(phone.actor, "") == ()
    entered = finish(store, halfway.token, phone.code())

    with store.begin() as tx:
        assert tx.accounts.actor_of(entered.session.token).id == phone.actor.id
    assert told(store, phone.actor)[0] == ("login", "done", "code")
    assert said(lambda: finish(store, halfway.token, phone.code())) == "login-halfway-over"
    assert wrong_tries(store, phone.actor) == 0


def test_a_code_is_good_once(store: Store, phone: Phone) -> None:
    """The same code, and one of a step before it, are refused by name in the next log-in."""
    early = code_of(phone.secret, phone.clock() + STEP)
    finish(store, phone.halfway().token, code := phone.code())
    assert code == early
    halfway = phone.halfway()
    before = code_of(phone.secret, phone.clock() - STEP)

    assert said(lambda: finish(store, halfway.token, code)) == "login-code-used"
    assert said(lambda: finish(store, halfway.token, before)) == "login-code-used"
    assert told(store, phone.actor)[0] == ("login", "failed", "login-code-used")
    finish(store, halfway.token, phone.code())


def test_of_many_with_the_same_code_at_once_one_comes_in(store: Store, phone: Phone) -> None:
    """However many send one code at the same time, each in a log-in of its own, it counts once."""
    halfways_ = [phone.halfway() for _ in range(4)]
    code = phone.code()
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda one: said(lambda: finish(store, one.token, code)), halfways_))

    assert sorted(answers) == ["", *["login-code-used"] * 3]


def test_of_two_that_set_one_up_at_once_the_second_needs_the_code_of_the_first(
    store: Store, clock: Clock, officer: Actor
) -> None:
    """Nobody replaces a factor without its code because none stood yet when they asked."""
    with ThreadPoolExecutor(2) as people:
        with store.begin() as tx:
            tx.factors.hold(officer.account_id)
            answers = [people.submit(lambda: said(lambda: equip(store, clock, officer))) for _ in range(2)]
            until(lambda: _waiting(store) == len(answers), "both wait")
        assert sorted(one.result() for one in answers) == ["", "factor-code-wrong"]


def _waiting(store: Store) -> int:
    """How many wait for a lock in this database."""
    with store.begin() as tx:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return tx.connection.exec_driver_sql(waits).scalar_one()


def test_one_log_in_is_finished_once(store: Store, phone: Phone) -> None:
    """A code by time and a recovery code for the same log-in at once: one of them opens a session."""
    halfway = phone.halfway()
    codes = [phone.code(), phone.codes[0]]
    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(lambda one: said(lambda: finish(store, halfway.token, one)), codes))

    assert sorted(answers) == ["", "login-halfway-over"]


def test_a_recovery_code_counts_once(store: Store, phone: Phone) -> None:
    """Each of the ten stands in for the phone one time, as it is typed, and is in the log."""
    finish(store, phone.halfway().token, phone.codes[3].lower().replace("-", " "))
    assert told(store, phone.actor)[0] == ("login", "done", "recovery")
    with store.begin() as tx:
        found = tx.factors.of(phone.actor.account_id)
        (leaf,) = (
            one.act for one in tx.custody.chain(phone.actor.reference) if one.leaf.event == "factor:recover"
        )
    assert found is not None
    assert found.codes_left == 9
    assert leaf.facts()["code"] == 4
    assert said(lambda: finish(store, phone.halfway().token, phone.codes[3])) == "login-code-used"


def test_codes_are_counted_as_passwords_are(store: Store, phone: Phone) -> None:
    """Whoever knows the password guesses no more often than anybody else: each password and each code is a try."""
    halfway = phone.halfway()
    answers = [said(lambda: finish(store, halfway.token, "000000")) for _ in range(LANE_TRIES)]
    assert answers == [*["login-code-wrong"] * (LANE_TRIES - 1), "login-locked"]
    assert said(lambda: begin(store, phone.actor.login)) == "login-locked"
    assert said(lambda: finish(store, halfway.token, phone.code())) == "login-locked"

    with store.begin() as tx:
        assert tx.login_tries.locked_of([phone.actor.account_id]) == {phone.actor.account_id}


def test_a_right_password_alone_gives_no_tries_back(store: Store, phone: Phone) -> None:
    """Typing the right password between guesses of the code does not begin the count anew."""
    answers = []
    for _ in range(LANE_TRIES):
        try:
            answers.append(said(lambda: finish(store, phone.halfway().token, "000000")))
        except EvidenceError as err:
            answers.append(err.slug)
    assert answers == [*["login-code-wrong"] * 5, *["login-locked"] * 5]


def test_a_log_in_waits_for_minutes(store: Store, phone: Phone) -> None:
    """What nobody finished is over, and the trail says that somebody knew the password."""
    halfway = phone.halfway()
    phone.clock.ahead += HALFWAY_LIFETIME
    assert said(lambda: finish(store, halfway.token, phone.code())) == "login-halfway-over"
    with store.begin() as tx:
        tx.accounts.forget_ended()
        mine = halfways.c.account_id == phone.actor.id
        assert tx.connection.scalar(select(func.count()).where(mine)) == 0
    assert told(store, phone.actor)[0] == ("login", "failed", "login-halfway-over")


def test_a_log_in_that_waits_ends_with_its_password(store: Store, phone: Phone) -> None:
    """A password that was changed meanwhile, and a closed account, finish nothing."""
    admin = make_account(store, phone.actor.agency_id, Role.ADMIN)[1]
    make_account(store, phone.actor.agency_id, Role.ADMIN)
    halfway, after = phone.halfway(), phone.halfway()
    with store.begin() as tx:
        link = tx.people.hand_out_link(admin, phone.actor.account_id)
    door = set_password(store, queue(), link.code, WORDS, HERE)
    assert said(lambda: finish(store, halfway.token, phone.code())) == "login-halfway-over"

    assert isinstance(door, Halfway), "a reset link is no way around the second factor"
    with store.begin() as tx:
        tx.people.close(admin, phone.actor.account_id, "离职")
    assert said(lambda: finish(store, after.token, phone.code())) == "login-halfway-over"
    assert said(lambda: finish(store, door.token, phone.code())) == "login-halfway-over"


def test_all_at_once_for_a_program(store: Store, phone: Phone) -> None:
    """A program sends the code with the password; without it it is told by name, and no try comes back."""

    def enter(code: str = "") -> Entered:
        asked = LoginIn(login=phone.actor.login, password=PASSWORD, code=code, address=HERE)
        return log_in(store, queue(), asked)

    assert said(enter) == "login-code-needed"
    assert said(lambda: enter("123456")) == "login-code-wrong"
    enter(code := phone.code())
    assert said(lambda: enter(code)) == "login-code-used"


def test_a_demanded_factor_is_set_up_at_the_log_in(store: Store, clock: Clock) -> None:
    """Whoever holds a role that the installation names sets one up behind the password, and keeps it."""
    supervisor = make_account(store, make_agency(store), Role.SUPERVISOR)[1]
    old = token_of(store, supervisor)
    door = begin(store, supervisor.login)
    assert isinstance(door, Halfway)
    assert door.demand is Demand.ENROL
    with store.begin() as tx:
        offer = tx.factors.offer(supervisor.account_id, supervisor.login, "Quancheng")
    clock.ahead += HALFWAY_LIFETIME + STEP
    code = code_of(secret_of(offer.secret), clock())
    assert said(lambda: finish(store, door.token, "000000", offer.sealed)) == "login-code-wrong"
    assert said(lambda: finish(store, door.token, code, "x")) == "factor-offer-over"
    entered = finish(store, door.token, code, offer.sealed)

    assert len(entered.codes) == 10, "a quarter of an hour is there to get an authenticator"
    assert told(store, supervisor)[:3] == [
        ("login", "done", "enrolment"),
        ("session_end", "done", "factor"),
        ("factor", "done", "enrolled"),
    ]
    with store.begin() as tx:
        assert tx.accounts.actor_of(entered.session.token).id == supervisor.id
    assert said(lambda: _actor_of(store, old)) == "not-authenticated"
    phone = Phone(store, clock, supervisor, secret_of(offer.secret), entered.codes)
    assert said(lambda: finish(store, phone.halfway().token, code)) == "login-code-used"
    refused = wish(code=phone.code())
    assert said(lambda: give_up_factor(store, queue(), supervisor, refused)) == "factor-demanded"
    one_go = LoginIn(login=supervisor.login, password=PASSWORD, address=HERE)
    assert said(lambda: log_in(store, queue(), one_go)) == "login-code-needed"


def _actor_of(store: Store, token: str) -> Actor:
    with store.begin() as tx:
        return tx.accounts.actor_of(token)


def test_a_program_is_told_that_a_factor_has_to_be_set_up(store: Store) -> None:
    """The API opens no session for whoever has not set up what is demanded."""
    supervisor = make_account(store, make_agency(store), Role.SUPERVISOR)[1]
    asked = LoginIn(login=supervisor.login, password=PASSWORD, address=HERE)
    assert said(lambda: log_in(store, queue(), asked)) == "login-factor-needed"


def test_a_factor_is_replaced_by_password_and_code(store: Store, phone: Phone) -> None:
    """The old authenticator and its recovery codes count no more; a wrong password or code changes nothing."""
    with store.begin() as tx:
        offer = tx.factors.offer(phone.actor.account_id, phone.actor.login, "Quancheng")
    new = secret_of(offer.secret)

    def replace(**given: str) -> str:
        phone.clock.ahead += STEP
        asked = {"offer": offer.sealed, "new_code": code_of(new, phone.clock()), "code": "000000", **given}
        return said(lambda: set_up_factor(store, queue(), phone.actor, wish(**asked)))

    assert replace(password="wrong") == "own-password-wrong"
    assert replace() == "factor-code-wrong"
    assert replace(code=phone.codes[0], new_code="000000") == "factor-code-wrong"
    assert replace(code=phone.codes[0]) == ""
    assert told(store, phone.actor)[0] == ("factor", "done", "replaced")

    halfway = phone.halfway()
    assert said(lambda: finish(store, halfway.token, phone.code())) == "login-code-wrong"
    assert said(lambda: finish(store, halfway.token, phone.codes[1])) == "login-code-wrong"
    finish(store, halfway.token, code_of(new, phone.clock()))
    assert replace(code=phone.codes[2]) == "factor-code-used", "the very form, sent again"


def test_a_factor_is_given_up_by_password_and_code(store: Store, phone: Phone) -> None:
    """Then the password alone logs in; the other sessions have ended, this one goes on."""
    here, there = (token_of(store, phone.actor) for _ in range(2))
    assert (
        said(lambda: give_up_factor(store, queue(), phone.actor, wish(here, code="000000")))
        == "factor-code-wrong"
    )
    give_up_factor(store, queue(), phone.actor, wish(here, code=phone.code()))

    assert said(lambda: _actor_of(store, here)) == ""
    assert said(lambda: _actor_of(store, there)) == "not-authenticated"
    assert isinstance(begin(store, phone.actor.login), Entered)
    assert said(lambda: give_up_factor(store, queue(), phone.actor, wish(code="000000"))) == "factor-absent"


def test_an_administrator_takes_away_a_factor_that_was_lost(store: Store, phone: Phone) -> None:
    """With a reason, of others within reach alone; the sessions end, and the person reads who did it."""
    admin = make_account(store, phone.actor.agency_id, Role.ADMIN)[1]
    stranger = make_account(store, make_agency(store), Role.ADMIN)[1]
    token, account_id = token_of(store, phone.actor), phone.actor.account_id

    def take(actor: Actor, whose: Actor = phone.actor) -> str:
        def act() -> None:
            with store.begin() as tx:
                tx.people.take_factor(actor, whose.account_id, "手机遗失，已当面核实")

        return said(act)

    assert take(stranger) == "account-not-found"
    assert take(phone.actor, admin) == "permission-missing"
    assert take(admin, admin) == "factor-own"
    assert take(admin) == ""
    assert take(admin) == "factor-absent"
    assert said(lambda: _actor_of(store, token)) == "not-authenticated"
    assert ("factor", "done", "removed") in told(store, phone.actor)
    with store.begin() as tx:
        leaf = tx.custody.chain(phone.actor.reference)[-1].leaf
        assert tx.factors.of(account_id) is None
    assert (leaf.event, leaf.actor) == ("factor:end", admin.reference)


def test_two_set_one_up_at_once(store: Store, clock: Clock, officer: Actor) -> None:
    """Of two tabs one stands: the other is told that a code of what stands is needed, or takes its place by it."""

    def one(_: int) -> str:
        return said(lambda: equip(store, clock, officer))

    with ThreadPoolExecutor(2) as tabs:
        answers = sorted(tabs.map(one, range(2)))

    assert answers == ["", "factor-code-wrong"]
    with store.begin() as tx:
        mine = (second_factors.c.account_id == officer.id, second_factors.c.ended_at.is_(None))
        assert tx.connection.scalar(select(func.count()).where(*mine)) == 1


def test_no_secret_stands_in_the_clear(store: Store, phone: Phone) -> None:
    """Neither the secret nor a recovery code is in a row, a leaf or an opening."""
    plain = {
        phone.secret,
        phone.secret.hex().encode(),
        *(one.replace("-", "").encode() for one in phone.codes),
    }
    with store.begin() as tx:
        held = tx.connection.scalars(
            text(
                "SELECT convert_to(second_factors::text, 'UTF8') FROM second_factors"
                " UNION ALL SELECT convert_to(recovery_codes::text, 'UTF8') FROM recovery_codes"
                " UNION ALL SELECT convert_to(halfways::text, 'UTF8') FROM halfways"
                " UNION ALL SELECT leaf FROM custody_entries UNION ALL SELECT opening FROM openings"
                " UNION ALL SELECT sealed FROM second_factors"
            )
        ).all()
    assert len(held) > 10
    assert [row for row in held if row is not None and any(one in bytes(row) for one in plain)] == []


def test_a_secret_that_was_exchanged_opens_nothing(store: Store, clock: Clock, phone: Phone) -> None:
    """Whoever writes to the database and not to the log puts no secret of their own in place, and is named."""
    mine = equip(store, clock, make_account(store, phone.actor.agency_id, Role.OFFICER)[1])
    with store.begin() as tx:
        kept = {
            row.account_id: row.sealed
            for row in tx.connection.execute(select(second_factors.c.account_id, second_factors.c.sealed))
        }
        tx.connection.execute(
            update(second_factors)
            .where(second_factors.c.account_id == phone.actor.id)
            .values(sealed=kept[mine.actor.id])
        )
    assert said(lambda: finish(store, phone.halfway().token, mine.code())) == "factor-unreadable"
    found = details(store)
    assert found == [("column-differs", phone.actor.reference, "second_factors.sealed")]
    with store.begin() as tx:
        tx.connection.execute(
            update(second_factors)
            .where(second_factors.c.account_id == phone.actor.id)
            .values(sealed=kept[phone.actor.id])
        )


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE recovery_codes SET used_at = NULL WHERE used_at IS NOT NULL AND factor_id IN {}",
            "recovery_codes.used_at",
        ),
        (
            "UPDATE recovery_codes SET code_hash = '\\x00' WHERE number = 2 AND factor_id IN {}",
            "recovery_codes.code_hash",
        ),
        (
            "UPDATE second_factors SET ended_at = enrolled_at WHERE id IN {}",
            "second_factors.ended_at",
        ),
    ],
)
def test_what_is_changed_behind_the_log_is_named(
    store: Store, phone: Phone, statement: str, told: str
) -> None:
    """A code that counts again, one of somebody else's, a factor that is quietly ended: each has its column."""
    finish(store, phone.halfway().token, phone.codes[0])
    standing = "(SELECT id FROM second_factors WHERE account_id = :id AND ended_at IS NULL)"
    with store.begin() as tx:
        factor = tx.connection.execute(
            select(second_factors).where(second_factors.c.account_id == phone.actor.id)
        )
        kept = dict(factor.mappings().one())
        codes = tx.connection.execute(select(recovery_codes).where(recovery_codes.c.factor_id == kept["id"]))
        listed = [dict(one) for one in codes.mappings()]
        damage = text(statement.format(standing))
        assert tx.connection.execute(damage, {"id": phone.actor.id}).rowcount == 1

    found = details(store)
    with owning(store) as tx:
        tx.connection.execute(delete(recovery_codes).where(recovery_codes.c.factor_id == kept["id"]))
        tx.connection.execute(delete(second_factors).where(second_factors.c.id == kept["id"]))
        tx.connection.execute(second_factors.insert().values(**kept))
        tx.connection.execute(recovery_codes.insert(), listed)
    assert found == [("column-differs", phone.actor.reference, told)]


def test_without_a_key_no_factor_is_set_up_and_none_is_passed_by(
    store: Store, phone: Phone, clock: Clock
) -> None:
    """A server that lost its key asks for the code all the same, says that it is ours to mend, and opens nothing."""
    bare = store.settings.model_copy(update={"factor_key": None})
    with closing(Store(bare, clock=clock)) as keyless:
        halfway = phone.halfway()
        assert said(lambda: finish(keyless, halfway.token, phone.code())) == "factor-key-missing"
        assert said(lambda: equip(keyless, clock, phone.actor)) == "factor-key-missing"
    finish(store, halfway.token, phone.code())


def test_a_machine_has_no_second_factor(store: Store) -> None:
    """Machine accounts and their passwords go on as before, whatever is demanded of people."""
    everybody = store.settings.model_copy(update={"second_factor_roles": tuple(Role)})
    agency = make_agency(store)
    login = f"m{uuid4().hex[:8]}"
    with store.begin() as tx:
        tx.accounts.add(
            agency_id=agency,
            login=login,
            name="卡口",
            password_hash=password_hash(),
            roles=frozenset({Role.SOURCE}),
            kind=AccountKind.MACHINE,
        )
    with closing(Store(everybody, clock=store.clock)) as strict:
        assert isinstance(begin(strict, login), Entered)


def test_the_record_holds(store: Store, phone: Phone) -> None:
    """After all of it every row follows from the log."""
    finish(store, phone.halfway().token, phone.code())
    assert faults(store) == ([], [])
