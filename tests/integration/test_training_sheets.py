"""Training by a sheet: looked at row by row, then all of it in one commit or nothing; a repeat enters nothing again."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.errors import EvidenceError
from schemas.event import Event
from schemas.leaves_training import TrainingKind
from schemas.training import Training, TrainingIn, TrainingWithdrawIn
from schemas.training_sheet import MOST_ROWS, TrainingFault, TrainingLine, parse_training
from storage.actor.training_sheet import TakenSheet
from storage.flow.sheet import rows_of
from storage.store import Store
from storage.tables.training import trainings
from tests.factories import certify, events_of, faults, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST

HEAD = "登录名,执法证号,培训日期,培训类别,学时,培训内容"


@dataclass
class World:
    """An agency with a custodian, served."""

    store: Store
    url: str
    agency: UUID
    keeper: Actor
    token: str

    def officer(self, certificate: str = "") -> Actor:
        actor = make_account(self.store, self.agency, Role.OFFICER)[1]
        if certificate:
            with self.store.begin() as tx:
                begun = tx.now - timedelta(days=400)
                until = tx.now + timedelta(days=400)
                certify(tx, actor.account_id, certificate, valid_from=begun, valid_until=until)
        return actor

    def looked(self, *rows: str) -> dict[int, list[TrainingFault]]:
        with self.store.begin() as tx:
            looked = tx.training_sheets.looked_at(self.keeper, lines(*rows))
        return {one.line.number: list(one.faults) for one in looked}

    def take(self, *rows: str, actor: Actor | None = None) -> TakenSheet:
        with self.store.begin() as tx:
            return tx.training_sheets.take(actor or self.keeper, lines(*rows))

    def entries(self, who: Actor) -> list[Training]:
        with self.store.begin() as tx:
            return list(tx.trainings.of_person(self.keeper, who.account_id))


def lines(*rows: str) -> tuple[TrainingLine, ...]:
    return parse_training(rows_of("\n".join((HEAD, *rows)).encode()))


def row(who: Actor, topic: str = "行政处罚法", *, hours: int = 8) -> str:
    return f"{who.login},,2026-01-05,公共法律知识,{hours},{topic}"


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("sheets"))))
    agency = make_agency(store)
    token, keeper = make_account(store, agency, Role.CUSTODIAN)
    with serving(store) as url:
        yield World(store, url, agency, keeper, token)
    store.close()


def test_a_sheet_enters_what_was_typed_before(world: World) -> None:
    """One entry a row in the chain of its person, as the form makes it; the log agrees with the rows."""
    one, two = world.officer(), world.officer("训-1")
    typed = TrainingIn(kind=TrainingKind.PUBLIC_LAW, hours=8, held_on=date(2026, 1, 5), topic="行政处罚法")
    taken = world.take(row(one), row(one, "证据规则"), ",训-1,2026/01/06,业务,16,证据规则")

    assert taken.entered == 3
    first = next(entry for entry in world.entries(one) if entry.topic == typed.topic)
    assert TrainingIn.model_validate(first.model_dump(include=set(TrainingIn.model_fields))) == typed
    (other,) = world.entries(two)
    assert (other.hours, other.kind, other.topic) == (16, TrainingKind.PROFESSIONAL, "证据规则")
    for entry in (*world.entries(one), other):
        assert events_of(world.store, f"training/{entry.id}") == [Event.TRAINING_ENTER]
    for who in (one, two):
        assert faults(world.store, who.account_id) == []
    with world.store.begin() as tx:
        wrong = tx.trainings.withdraw(
            world.keeper, one.account_id, first.id, TrainingWithdrawIn(reason="登记重复")
        )
    assert wrong.withdrawn_at is not None
    assert faults(world.store, one.account_id) == []


def test_a_repeat_enters_nothing_again_and_a_withdrawn_entry_may_come_again(world: World) -> None:
    """What stands is left out, by whichever way it came; a sheet may grow and be sent again."""
    who = world.officer()
    assert world.take(row(who)).entered == 1
    again = world.take(row(who))
    assert (again.entered, [one.is_entered for one in again.lines]) == (0, [True])
    grown = world.take(row(who), row(who, "信访条例"))
    assert (grown.entered, [one.is_entered for one in grown.lines]) == (1, [True, False])
    kept = world.entries(who)
    assert len(kept) == 2
    with world.store.begin() as tx:
        tx.trainings.withdraw(world.keeper, who.account_id, kept[0].id, TrainingWithdrawIn(reason="记错"))
    assert world.take(row(who), row(who, "信访条例")).entered == 1
    assert faults(world.store, who.account_id) == []


def test_of_two_who_hand_in_the_same_sheet_one_enters_it(world: World) -> None:
    """The second waits for the chains and finds every row entered; sheets in another order do not wait in a ring."""
    people = [world.officer() for _ in range(6)]
    rows = [row(one, "同一培训") for one in people]

    def press(turn: int) -> int:
        return world.take(*(reversed(rows) if turn else rows)).entered

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == [0, 6]
    for one in people:
        assert len(world.entries(one)) == 1
        assert faults(world.store, one.account_id) == []


def test_one_wrong_row_leaves_nothing(world: World) -> None:
    """Strangers and people of other agencies are told alike; closed accounts, the future and doubled rows by their own."""
    who, gone = world.officer(), world.officer()
    elsewhere = make_account(world.store, make_agency(world.store), Role.OFFICER, certificate="外-1")[1]
    admin = make_account(world.store, world.agency, Role.ADMIN)[1]
    with world.store.begin() as tx:
        tx.people.close(admin, gone.account_id, "调离")
    rows = (
        row(who),
        row(elsewhere),
        ",外-1,2026-01-05,业务,8,x",
        "nobody-at-all,,2026-01-05,业务,8,x",
        row(gone),
        f"{who.login},,2099-01-01,业务,8,x",
        row(who, "两次"),
        row(who, "两次"),
    )
    assert world.looked(*rows) == {
        2: [],
        3: [TrainingFault.PERSON],
        4: [TrainingFault.PERSON],
        5: [TrainingFault.PERSON],
        6: [TrainingFault.CLOSED],
        7: [TrainingFault.FUTURE],
        8: [TrainingFault.TWICE],
        9: [TrainingFault.TWICE],
    }
    with pytest.raises(EvidenceError) as told:
        world.take(*rows)
    assert (told.value.slug, told.value.facts["rows"]) == ("training-sheet-faulty", [3, 4, 5, 6, 7, 8, 9])
    assert world.entries(who) == []


def test_whoever_keeps_no_certificates_enters_no_sheet(world: World) -> None:
    """Nor looks at one: whom a row names is told to custodians alone, and a custodian of elsewhere knows nobody here."""
    who = world.officer()
    other = make_account(world.store, make_agency(world.store), Role.CUSTODIAN)[1]
    for actor, slug in (
        (make_account(world.store, world.agency, Role.HEAD)[1], "permission-missing"),
        (who, "permission-missing"),
        (other, "training-sheet-faulty"),
    ):
        with pytest.raises(EvidenceError) as told:
            world.take(row(who), actor=actor)
        assert told.value.slug == slug
    assert world.entries(who) == []


def test_as_many_rows_as_a_sheet_may_hold_are_one_commit(world: World) -> None:
    """Two thousand rows of forty people; a refusal behind them takes all back."""
    people = [world.officer() for _ in range(40)]
    rows = [row(people[k % 40], f"第 {k} 课", hours=1 + k % 8) for k in range(MOST_ROWS)]

    def give_up() -> None:
        with world.store.begin() as tx:
            assert tx.training_sheets.take(world.keeper, lines(*rows)).entered == MOST_ROWS
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()
    assert world.entries(people[0]) == []
    assert world.take(*rows).entered == MOST_ROWS
    with world.store.begin() as tx:
        ids = [one.account_id for one in people]
        kept = tx.connection.scalar(select(func.count()).where(trainings.c.account_id.in_(ids)))
    assert kept == MOST_ROWS
    assert world.take(*rows).entered == 0
    for one in (people[0], people[-1]):
        assert faults(world.store, one.account_id) == []


def test_a_program_sends_a_sheet(world: World) -> None:
    """As base64, in GB18030 too; every row says what is wrong with it in both languages, and a repeat what stood."""
    who = world.officer()
    path = "/v1/training/sheets"

    def sheet(*rows: str, encoding: str = "gb18030") -> str:
        return base64.b64encode("\n".join((HEAD, *rows)).encode(encoding)).decode()

    with httpx.Client(
        base_url=world.url, headers=bearer(world.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as program:
        wrong = program.post(
            path, json={"sheet": sheet(row(who), "x,,2026-13-01,业务,8,y"), "is_sure": True}
        ).json()
        assert (wrong["entered"], wrong["faulty"]) == (0, 1)
        told = {one["code"]: (one["zh"], one["en"]) for one in wrong["rows"][1]["faults"]}
        assert wrong["rows"][1]["number"] == 3
        assert set(told) == {"training-row-person", "training-row-day"}
        assert told["training-row-day"][0].startswith("培训日期写法不对")
        assert told["training-row-day"][1].startswith("No day of training")
        dry = program.post(path, json={"sheet": sheet(row(who))}).json()
        assert (dry["entered"], dry["doubled"], dry["faulty"]) == (0, 0, 0)
        assert dry["rows"][0]["name"] == "测试"
        made = program.post(path, json={"sheet": sheet(row(who)), "is_sure": True}).json()
        assert (made["entered"], made["doubled"]) == (1, 0)
        again = program.post(
            path, json={"sheet": sheet(row(who), encoding="utf-8-sig"), "is_sure": True}
        ).json()
        assert (again["entered"], again["doubled"]) == (0, 1)
        for bad, slug in (
            ("！", "roster-unreadable"),
            (base64.b64encode(b"PK\x03\x04 no book").decode(), "roster-unreadable"),
            (base64.b64encode("姓名\n某".encode()).decode(), "training-sheet-header"),
            (sheet(), "training-sheet-empty"),
            (sheet(*["x,,2026-01-05,业务,8,y"] * (MOST_ROWS + 1)), "training-sheet-long"),
        ):
            answer = program.post(path, json={"sheet": bad})
            assert (answer.status_code, answer.json()["slug"]) == (422, slug)
    assert len(world.entries(who)) == 1


def test_the_page_of_a_sheet(world: World) -> None:
    """Looked at, told what is wrong, entered, and told what stood already; nothing is entered before somebody is sure."""
    who = world.officer()
    path, csrf = "/console/training/sheet", form_token(world.token)
    with httpx.Client(
        base_url=world.url, cookies={COOKIE: world.token}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as desk:

        def send(*rows: str, is_sure: str = "", head: str = HEAD) -> httpx.Response:
            text = "\n".join((head, *rows))
            return desk.post(path, data={"csrf": csrf, "sheet": text, "file": "", "is_sure": is_sure})

        assert "检查" in desk.get(path).text
        assert path in desk.get("/console/training").text
        wrong = send(row(who), "nobody-at-all,,2026-01-05,业务,8,x", is_sure="yes").text
        assert "1 行需要改正，一行也没有登记" in wrong
        assert "本单位没有这个登录名或执法证号" in wrong
        assert "登记 1 条培训" not in wrong
        looked = send(row(who)).text
        assert "1 行可以登记" in looked
        assert "登记 1 条培训" in looked
        assert world.entries(who) == []
        assert "已登记 1 条培训" in send(row(who), is_sure="yes").text
        assert "没有要登记的" in send(row(who)).text
        assert "以前已登记" in send(row(who), row(who, "又一课")).text
        unreadable = send("某", head="姓名")
        assert unreadable.status_code == 422
        assert "首行须有登录名或执法证号" in unreadable.text
        assert desk.post(path, data={"csrf": csrf}).status_code == 422
    assert len(world.entries(who)) == 1
