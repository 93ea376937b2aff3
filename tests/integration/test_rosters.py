"""Long sheets of people: looked at, taken by a task, whole or not at all; links are made when they are asked for."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update

from schemas.account import AccountAmendIn, AccountIn
from schemas.actor import Actor, Role
from schemas.event import Event
from schemas.ids import AccountId, RosterId
from schemas.intake import rows_root
from schemas.record_id import salted_row_hash
from schemas.roster import FEW_ROWS, Roster, RosterFault, RosterState
from storage.actor.handing import AT_ONCE
from storage.actor.sheet import SHEET_AGE, RosterSheet
from storage.flow.admit import set_password
from storage.flow.login_queue import LoginQueue
from storage.flow.sheet import rows_of
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.actor import account_links, accounts, role_grants
from storage.tables.custody import chains
from storage.tables.outbox import jobs
from storage.tables.roster import rosters
from tests.evidence import Said
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.stand import PATIENCE_SECONDS
from tests.stand.wait import until
from tests.supervision import drain
from workers.custody import integrate
from workers.fsck import run

PEOPLE = 2 * AT_ONCE + 7
HEAD = "姓名,登录名,单位代码,角色,从,到"
WORDS = "每天早上先看一遍待办"
TAKER = (
    "import sys; from pathlib import Path; from storage.outbox import JobKind; from storage.store import Store;"
    " from tests.factories import folder_url, make_settings; from tests.supervision import drain;"
    " drain(Store(make_settings(sys.argv[1], folder_url(Path(sys.argv[2])))), JobKind.ROSTER)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rosters")


@pytest.fixture(scope="module")
def store(database_url: str, folder: Path) -> Iterator[Store]:
    with closing(Store(make_settings(database_url, folder_url(folder)))) as made:
        yield made


@pytest.fixture
def admin(store: Store) -> Actor:
    return make_account(store, make_agency(store), Role.ADMIN)[1]


def code_of(store: Store, admin: Actor) -> str:
    with store.begin() as tx:
        return tx.agencies.get(admin, admin.agency_id).code


def people(store: Store, admin: Actor, count: int = PEOPLE) -> list[str]:
    mark, code = uuid4().hex[:8], code_of(store, admin)
    return [f"人员{n},k{mark}.{n},{code},执法人员,,2099-12-31" for n in range(count)]


def sent(store: Store, admin: Actor, rows: list[str]) -> RosterSheet:
    payload = "\n".join((HEAD, *rows)).encode()
    roster = Roster(rows_of(payload))
    with store.begin() as tx:
        return tx.roster_sheets.send(admin, payload, roster)


def asked(store: Store, admin: Actor, ident: RosterId) -> RosterSheet:
    with store.begin() as tx:
        return tx.roster_sheets.ask(admin, ident)


def seen(store: Store, admin: Actor, ident: RosterId) -> RosterSheet:
    with store.begin() as tx:
        return tx.roster_sheets.get(admin, ident)


def faults(store: Store) -> list[tuple[str, str]]:
    integrate(store)
    said = Said()
    run(store, said, with_bytes=False)
    return said.faults


def counted(store: Store, admin: Actor) -> int:
    with store.begin() as tx:
        query = select(func.count()).select_from(accounts).where(accounts.c.agency_id == admin.agency_id)
        return tx.connection.scalars(query).one()


@contextmanager
def held_agency(store: Store, admin: Actor) -> Iterator[None]:
    """The chain of the agency, held as by an act that takes long: whoever needs it waits."""
    with store.engine.connect() as connection, connection.begin():
        of = f"agency/{admin.agency_id}"
        connection.execute(select(chains.c.n).where(chains.c.of == of).with_for_update())
        yield


def test_a_long_sheet_is_taken_in_one_commit(store: Store, admin: Actor) -> None:
    """Every person with role and leaves, one entry over all rows by their root, and nothing of the sheet is left."""
    rows = people(store, admin)
    sheet = sent(store, admin, rows)
    assert (sheet.state, sheet.people, sheet.wrong) == (RosterState.LOOKED, PEOPLE, ())
    assert asked(store, admin, sheet.id).state == RosterState.TAKING
    drain(store, JobKind.ROSTER)

    done = seen(store, admin, sheet.id)
    with store.begin() as tx:
        of = f"agency/{admin.agency_id}"
        (entry,) = (one for one in tx.custody.chain(of) if one.event == Event.ROSTER_TAKE)
        shown = entry.act.revealed(tx.custody.openings_of([entry.digest])[entry.digest])  # type: ignore[union-attr] # of this event
        idents = dict(
            tx.connection.execute(
                select(accounts.c.login, accounts.c.id).where(accounts.c.agency_id == admin.agency_id)
            ).all()
        )
        granted = tx.connection.scalars(
            select(func.count()).select_from(role_grants).where(role_grants.c.account_id.in_(idents.values()))
        ).one()
        first = tx.custody.chain(f"account/{idents[rows[0].split(',')[1]]}")
        kept = tx.connection.scalars(select(rosters.c.sheet).where(rosters.c.id == sheet.id)).one()
    salts = [bytes.fromhex(salt) for salt in shown.salts.value["salts"]]
    lines = [one.row for one in Roster(row.split(",") for row in (HEAD, *rows)).lines()]
    hashes = [
        salted_row_hash(salt, row.bytes_of(f"account/{idents[row.login]}"))
        for salt, row in zip(salts, lines, strict=True)
    ]

    assert (done.state, done.done, done.failure, kept) == (RosterState.TAKEN, PEOPLE, None, None)
    assert entry.leaf.subject == f"roster/{sheet.id}"
    assert (shown.rows, shown.root) == (PEOPLE, rows_root(hashes).hex())
    assert (len(idents), granted) == (PEOPLE + 1, PEOPLE + 1)  # with the administrator
    assert [one.event for one in first] == [Event.ACCOUNT_OPEN, Event.ROLE_GRANT]
    assert faults(store) == []


def test_every_wrong_row_is_named_and_nobody_comes_in(store: Store, admin: Actor) -> None:
    """Thirty-seven of thousands, each with its own fault; the sheet that holds them is never taken."""
    rows = people(store, admin)
    wrong = {n: n * (PEOPLE // 37) for n in range(37)}
    for kind, place in wrong.items():
        name, login, code, *_ = rows[place].split(",")
        rows[place] = (
            f",{login},{code},,,",
            f"{name},{admin.login},{code},,,",
            f"{name},{login},没有这个,,,",
            f"{name},{login},{code},皇帝,,",
            f"{name},{login},{code},执法人员,,2020-01-01",
        )[kind % 5]
    before = counted(store, admin)
    sheet = sent(store, admin, rows)
    with store.begin() as tx, pytest.raises(Exception, match="some rows are wrong") as refused:
        tx.roster_sheets.ask(admin, sheet.id)

    assert [one.number for one in sheet.wrong] == [place + 2 for place in wrong.values()]
    assert [one.faults[0] for one in sheet.wrong[:5]] == [
        RosterFault.NAME, RosterFault.LOGIN_TWICE, RosterFault.AGENCY, RosterFault.ROLE, RosterFault.PERIOD
    ]  # fmt: skip
    assert refused.value.slug == "roster-faulty"  # type: ignore[attr-defined] # one of ours
    assert (seen(store, admin, sheet.id).state, counted(store, admin)) == (RosterState.LOOKED, before)


def test_a_killed_worker_leaves_nothing_and_another_goes_on(
    store: Store, admin: Actor, database_url: str, folder: Path
) -> None:
    """It is killed when all rows are entered and seen to be; nothing is there; the next worker takes all of them."""
    sheet = sent(store, admin, people(store, admin))
    asked(store, admin, sheet.id)
    before = counted(store, admin)
    with held_agency(store, admin):
        worker = subprocess.Popen([sys.executable, "-c", TAKER, database_url, str(folder)])
        until(lambda: seen(store, admin, sheet.id).done == PEOPLE, "every row is entered, and seen to be")
        worker.kill()
        worker.wait()
    between = seen(store, admin, sheet.id)

    assert (between.state, counted(store, admin)) == (RosterState.TAKING, before)
    # What a lease and a back-off wait for has passed.
    with store.begin() as tx:
        ours = jobs.c.subject_id == sheet.id
        tx.connection.execute(
            update(jobs).where(ours).values(lease_until=text("now() - interval '1 second'"))
        )
        tx.jobs.sweep()
        tx.connection.execute(update(jobs).where(ours).values(not_before=text("now()")))
    drain(store, JobKind.ROSTER)
    assert seen(store, admin, sheet.id).state == RosterState.TAKEN
    assert counted(store, admin) == before + PEOPLE


def test_nobody_waits_while_people_are_entered(store: Store, admin: Actor) -> None:
    """After each portion another act of the same agency, and one in the account of the sender, go through at once."""
    roster = Roster(row.split(",") for row in (HEAD, *people(store, admin)))
    done: list[int] = []

    def act(rows: int) -> None:
        with store.begin() as tx:
            tx.connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            wish = AccountIn(login=f"w{uuid4().hex[:10]}", name="新人", agency_id=admin.agency_id)
            tx.people.open(admin, wish)
            tx.custody.hold(f"account/{admin.id}")
        done.append(rows)

    with store.begin() as tx:
        assert tx.rosters.take_many(admin, roster, uuid4(), act) == ()
    assert done == [AT_ONCE, 2 * AT_ONCE, PEOPLE]


def test_two_sheets_at_once_name_the_same_person(store: Store, admin: Actor) -> None:
    """One of them is taken; the other takes nobody, and says which row."""
    other = make_account(store, admin.agency_id, Role.ADMIN)[1]
    mine, theirs = people(store, admin, 40), people(store, admin, 40)
    theirs[25] = mine[10]
    sheets = [(admin, sent(store, admin, mine)), (other, sent(store, other, theirs))]
    before = counted(store, admin)
    for who, sheet in sheets:
        asked(store, who, sheet.id)

    def ended() -> bool:
        return all(seen(store, who, sheet.id).ended_at for who, sheet in sheets)

    def work() -> None:
        until(lambda: drain(store, JobKind.ROSTER) or ended(), "both come to an end")

    with ThreadPoolExecutor(2) as workers:
        for one in [workers.submit(work) for _ in sheets]:
            one.result()
    found = [seen(store, who, sheet.id) for who, sheet in sheets]
    late = next(one for one in found if one.state == RosterState.LOOKED)

    assert sorted(one.state for one in found) == [RosterState.LOOKED, RosterState.TAKEN]
    assert [(one.login, one.faults) for one in late.wrong] == [
        (mine[10].split(",")[1], (RosterFault.LOGIN_TAKEN,))
    ]
    assert counted(store, admin) == before + 40


def test_the_same_sheet_again(store: Store, admin: Actor) -> None:
    """Before it is taken it is the same; asked for twice it is taken once; after that each row is a name that is taken."""
    rows = people(store, admin, 30)
    first, again = sent(store, admin, rows), sent(store, admin, rows)
    asked(store, admin, first.id)
    asked(store, admin, first.id)
    meanwhile = sent(store, admin, rows)
    drain(store, JobKind.ROSTER)
    taken = counted(store, admin)
    drain(store, JobKind.ROSTER)
    asked(store, admin, first.id)
    late = sent(store, admin, rows)

    assert first.id == again.id == meanwhile.id != late.id
    assert (taken, counted(store, admin)) == (31, 31)
    assert {one.faults for one in late.wrong} == {(RosterFault.LOGIN_TAKEN,)}
    assert len(late.wrong) == 30


def test_a_sheet_that_was_wrong_can_be_sent_again(store: Store, admin: Actor) -> None:
    """A name that was taken between look and act takes everybody back; given back, the same sheet comes in."""
    rows = people(store, admin, 20)
    sheet = sent(store, admin, rows)
    asked(store, admin, sheet.id)
    with store.begin() as tx:
        wish = AccountIn(login=rows[3].split(",")[1], name="先来", agency_id=admin.agency_id)
        early = tx.people.open(admin, wish).account
    drain(store, JobKind.ROSTER)
    found = seen(store, admin, sheet.id)
    with store.begin() as tx:
        tx.people.amend(
            admin, AccountId(early.id), AccountAmendIn(login=f"g{uuid4().hex[:9]}", reason="让出")
        )
    again = sent(store, admin, rows)
    asked(store, admin, again.id)
    drain(store, JobKind.ROSTER)

    assert (found.state, [one.number for one in found.wrong]) == (RosterState.LOOKED, [5])
    assert again.id != sheet.id
    assert seen(store, admin, again.id).state == RosterState.TAKEN


def test_a_sender_who_may_no_more_is_told_why(store: Store, admin: Actor) -> None:
    """A closed account takes nobody in, whatever was asked for before; the sheet ends with the reason."""
    second = make_account(store, admin.agency_id, Role.ADMIN)[1]
    sheet = sent(store, second, people(store, second, 12))
    asked(store, second, sheet.id)
    before = counted(store, admin)
    with store.begin() as tx:
        tx.people.close(admin, AccountId(second.id), "离岗")
    drain(store, JobKind.ROSTER)
    with store.begin() as tx:
        row = tx.connection.execute(
            select(rosters.c.state, rosters.c.failure, rosters.c.sheet).where(rosters.c.id == sheet.id)
        ).one()

    assert tuple(row) == ("failed", "not-authenticated", None)
    assert counted(store, admin) == before


def test_a_sheet_is_its_senders_alone_and_does_not_lie_about(store: Store, admin: Actor) -> None:
    """Another administrator finds nothing; what nobody comes back to for a day is dropped."""
    other = make_account(store, admin.agency_id, Role.ADMIN)[1]
    sheet = sent(store, admin, people(store, admin, 3))
    with store.begin() as tx, pytest.raises(Exception, match="no such roster"):
        tx.roster_sheets.get(other, sheet.id)
    with store.begin() as tx:
        assert tx.roster_sheets.recent(other) == ()
        tx.connection.execute(
            update(rosters).where(rosters.c.id == sheet.id).values(sent_at=tx.now - 2 * SHEET_AGE)
        )
        assert tx.roster_sheets.forget_left() == 1


def test_links_are_made_when_they_are_asked_for(store: Store, admin: Actor) -> None:
    """A thousand at a time, each person once, to whoever asked; only their digests are kept; by one its owner comes in."""
    sheet = sent(store, admin, people(store, admin, AT_ONCE + 3))
    asked(store, admin, sheet.id)
    drain(store, JobKind.ROSTER)

    def portion() -> tuple[tuple[str, UUID], ...]:
        with store.begin() as tx:
            return tuple((one.code, one.account_id) for one in tx.account_links.hand_out(admin))

    stranger = make_account(store, make_agency(store), Role.ADMIN)[1]
    with store.begin() as tx:
        waited = tx.account_links.waiting(admin)
        assert tx.account_links.hand_out(stranger) == ()
    with ThreadPoolExecutor(2) as both:  # at once: one comes late, and finds nobody twice
        found = [*both.submit(portion).result(), *both.submit(portion).result(), *portion()]
    with store.begin() as tx:
        left = tx.account_links.waiting(admin)
        issued = tx.connection.scalars(
            select(func.count()).select_from(account_links).where(account_links.c.issued_by == admin.id)
        ).one()

    assert (waited, left, issued) == (AT_ONCE + 3, 0, AT_ONCE + 3)
    assert len({code for code, _ in found}) == len({ident for _, ident in found}) == AT_ONCE + 3
    queue = LoginQueue(length=10, patience_seconds=PATIENCE_SECONDS)
    set_password(store, queue, found[-1][0], WORDS, "203.0.113.7")
    assert faults(store) == []


def test_few_are_few(store: Store, admin: Actor) -> None:
    """What is taken while its sender waits is a portion of what a statement takes."""
    assert FEW_ROWS <= AT_ONCE
