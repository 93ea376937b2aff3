"""Training hours: entered and withdrawn by the custodian, never changed; whose year is short is a list, no lock."""

import csv
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.certificate import was_valid
from schemas.errors import EvidenceError
from schemas.event import Event
from schemas.ids import AgencyId
from schemas.leaves_certificate_issue import CertificateKind
from schemas.leaves_training import TrainingKind
from schemas.membership import TransferIn
from schemas.setting import Setting, SettingIn
from schemas.trail import day_start
from schemas.training import Training, TrainingIn, TrainingWithdrawIn, TrainingYear, Wanted, years_of
from storage.actor.training import TrainingFilter
from storage.store import Store
from tests.factories import (
    certify,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST

LAW, WORK = TrainingKind.PUBLIC_LAW, TrainingKind.PROFESSIONAL
WANTED = Wanted(public_law=20, professional=40)
WRONG = TrainingWithdrawIn(reason="登记重复")


@dataclass
class World:
    """An agency with a custodian, served, and the custodian of another one."""

    store: Store
    url: str
    agency: UUID
    keeper: Actor
    keeper_token: str
    other: Actor
    year: int

    def officer(self, kind: CertificateKind = CertificateKind.ENFORCEMENT, **since: int) -> tuple[str, Actor]:
        role = Role.OFFICER if kind is CertificateKind.ENFORCEMENT else Role.AUXILIARY
        token, actor = make_account(self.store, self.agency, role)
        with self.store.begin() as tx:
            begun = tx.now - timedelta(days=400)
            until = tx.now + timedelta(days=since.get("lasts", 400))
            number = uuid4().hex[:12]
            certify(tx, actor.account_id, number, valid_from=begun, valid_until=until, kind=kind)
            return token, tx.accounts.account_actor(actor.account_id)

    def enter(self, who: Actor, kind: TrainingKind, hours: int, held_on: date | None = None) -> Training:
        day = held_on or date(self.year, 1, 2)
        wish = TrainingIn(kind=kind, hours=hours, held_on=day, topic="行政处罚法专题")
        with self.store.begin() as tx:
            return tx.trainings.enter(self.keeper, who.account_id, wish)

    def withdraw(self, one: Training, actor: Actor | None = None) -> Training:
        with self.store.begin() as tx:
            return tx.trainings.withdraw(actor or self.keeper, one.account_id, one.id, WRONG)

    def years(self, who: Actor) -> tuple[TrainingYear, ...]:
        with self.store.begin() as tx:
            return years_of(tx.trainings.of_person(self.keeper, who.account_id), tx.now)

    def unit(self, agency: UUID) -> "World":
        """Return the same of another agency."""
        token, keeper = make_account(self.store, agency, Role.CUSTODIAN)
        return replace(self, agency=agency, keeper=keeper, keeper_token=token)

    def change(self, admin: Actor, agency: UUID, name: Setting, value: int, begins: datetime) -> None:
        wish = SettingIn(name=name, value=value, from_at=begins, source="培训办法")
        with self.store.begin() as tx:
            tx.agency_settings.change(admin, AgencyId(agency), wish)

    def asked(self, who: Actor) -> list[Wanted]:
        """What this year and the last ask of somebody; their own years and the list say the same."""
        self.enter(who, LAW, 1, date(self.year - 1, 6, 1))
        with self.store.begin() as tx:
            entries = tx.trainings.of_person(self.keeper, who.account_id)
            judged = [one.wanted for one in tx.trainings.judged(who.account_id, entries)]
            pages = [
                tx.trainings.page(self.keeper, TrainingFilter(year)).rows
                for year in (self.year, self.year - 1)
            ]
        assert [one.judged.wanted for rows in pages for one in rows if one.id == who.account_id] == judged
        return judged

    def listed(self, **wanted: object) -> dict[UUID, TrainingYear]:
        with self.store.begin() as tx:
            asked = TrainingFilter(**{"year": self.year, **wanted})
            return {one.id: one.judged.hours for one in tx.trainings.page(self.keeper, asked, limit=200).rows}

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("training"))))
    agency = make_agency(store)
    token, keeper = make_account(store, agency, Role.CUSTODIAN)
    other = make_account(store, make_agency(store), Role.CUSTODIAN)[1]
    with store.begin() as tx:
        year = tx.now.year
    with serving(store) as url:
        yield World(store, url, agency, keeper, token, other, year)
    store.close()


def refused(act: Callable[..., object], *given: object, **named: object) -> str:
    with pytest.raises(EvidenceError) as told:
        act(*given, **named)
    return told.value.slug


def test_hours_are_entered_and_a_wrong_entry_is_withdrawn(world: World) -> None:
    """Two leaves in the person's chain; the row stays, says why, and its hours count no more."""
    _, officer = world.officer()
    right, wrong = world.enter(officer, LAW, 20), world.enter(officer, WORK, 40)
    assert world.years(officer)[0] == TrainingYear(world.year, 20, 40)
    after = world.withdraw(wrong)

    assert (after.hours, after.reason) == (40, WRONG.reason)
    assert after.withdrawn_at is not None
    assert world.years(officer)[0] == TrainingYear(world.year, 20, 0)
    assert events_of(world.store, f"training/{wrong.id}") == [Event.TRAINING_ENTER, Event.TRAINING_WITHDRAW]
    assert events_of(world.store, f"training/{right.id}") == [Event.TRAINING_ENTER]
    with world.store.begin() as tx:
        assert [one.id for one in tx.trainings.own(officer)] == [right.id]
        assert {one.id for one in tx.trainings.of_person(world.keeper, officer.account_id)} == {
            right.id,
            wrong.id,
        }
    assert refused(world.withdraw, wrong) == "training-withdrawn"
    assert faults(world.store, officer.account_id) == []


def test_of_two_who_withdraw_one_does(world: World) -> None:
    """The second waits for the chain and finds it done."""
    _, officer = world.officer()
    one = world.enter(officer, LAW, 8)

    def press(_: int) -> str:
        try:
            return str(world.withdraw(one).hours)
        except EvidenceError as err:
            return err.slug

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == ["8", "training-withdrawn"]
    assert faults(world.store, officer.account_id) == []


def test_what_may_not_be_entered_is_refused(world: World) -> None:
    """The future, strangers, other agencies, closed accounts, and whoever keeps no certificates."""
    _, officer = world.officer()
    kept = world.enter(officer, LAW, 8)
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011 - two days ahead in any zone
    assert refused(world.enter, officer, LAW, 8, tomorrow) == "training-day"
    wish = TrainingIn(kind=LAW, hours=8, held_on=date(world.year, 1, 2), topic="x")

    def enter(actor: Actor, account_id: UUID) -> None:
        with world.store.begin() as tx:
            tx.trainings.enter(actor, account_id, wish)

    head = make_account(world.store, world.agency, Role.HEAD)[1]
    assert refused(enter, world.keeper, uuid4()) == "account-not-found"
    assert refused(enter, world.other, officer.account_id) == "account-not-found"
    assert refused(enter, officer, officer.account_id) == "permission-missing"
    assert refused(enter, head, officer.account_id) == "permission-missing"
    assert refused(world.withdraw, kept, world.other) == "account-not-found"
    _, second = world.officer()
    moved = kept.model_copy(update={"account_id": second.account_id})
    assert refused(world.withdraw, moved) == "training-unknown"
    admin = make_account(world.store, world.agency, Role.ADMIN)[1]
    with world.store.begin() as tx:
        tx.people.close(admin, officer.account_id, "调离")
    assert refused(enter, world.keeper, officer.account_id) == "training-closed"
    assert refused(world.withdraw, kept) == "training-closed"
    assert faults(world.store, officer.account_id) == []


def test_whose_year_is_short(world: World) -> None:
    """By year, each kind by itself; auxiliaries and people whose certificate has run out are not asked for hours."""
    _, whole = world.officer()
    _, short = world.officer()
    _, helper = world.officer(CertificateKind.AUXILIARY)
    _, gone = world.officer(lasts=-1)
    for one, law, work in ((whole, 20, 40), (short, 60, 39)):
        world.enter(one, LAW, law)
        world.enter(one, WORK, work)
    found, lacking = world.listed(), world.listed(is_short=True)

    assert found[whole.account_id] == TrainingYear(world.year, 20, 40)
    assert short.account_id in lacking
    assert whole.account_id not in lacking
    assert not {helper.account_id, gone.account_id} & found.keys()
    assert whole.account_id in world.listed(year=world.year - 1, is_short=True)
    assert world.listed(text="没有这个名字") == {}


def test_an_agency_sets_how_many_hours_a_year_asks_for(world: World) -> None:
    """From a day on, inherited by units; of a year that is over its end counts."""
    above = make_agency(world.store)
    lenient, strict = (world.unit(make_agency(world.store, parent=above)) for _ in range(2))
    admin = make_account(world.store, above, Role.ADMIN)[1]
    begins = day_start(date(world.year, 1, 1))
    world.change(admin, above, Setting.TRAINING_PUBLIC_LAW_HOURS, 30, begins)
    world.change(admin, lenient.agency, Setting.TRAINING_PUBLIC_LAW_HOURS, 10, begins)
    people = []
    for own in (lenient, strict):
        people.append(own.officer()[1])
        own.enter(people[-1], LAW, 12)
        own.enter(people[-1], WORK, 40)
    there, here = people

    assert lenient.asked(there) == [Wanted(10, 40), WANTED]
    assert strict.asked(here) == [Wanted(30, 40), WANTED]
    assert lenient.listed(is_short=True) == {}
    assert strict.listed(is_short=True).keys() == {here.account_id}
    with strict.browser(strict.keeper_token) as desk:
        page = desk.get(f"/console/training/{here.account_id}").text
        assert "12 / 30" in page
        assert "缺公共法律知识 18 学时" in page
        rows = list(csv.reader(io.StringIO(desk.get("/console/training.csv").text.lstrip("\ufeff"))))
        assert [row[5] for row in rows[1:]] == ["18"]
        assert "至少 70 学时" in desk.get("/console/training").text
    with httpx.Client(
        base_url=world.url, headers=bearer(lenient.keeper_token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as program:
        year = program.get(f"/v1/training/{there.account_id}").json()["years"][0]
        assert (year["wanted_public_law"], year["lacks_public_law"]) == (10, 0)


def test_whoever_moved_is_asked_for_the_hours_of_where_they_were(world: World) -> None:
    """What the agency asks for where somebody went is none of the years before they came."""
    above = make_agency(world.store)
    left, came = (world.unit(make_agency(world.store, parent=above)) for _ in range(2))
    admin = make_account(world.store, above, Role.ADMIN)[1]
    world.change(
        admin, came.agency, Setting.TRAINING_PROFESSIONAL_HOURS, 60, day_start(date(world.year - 2, 1, 1))
    )
    _, officer = left.officer()
    moves = TransferIn(agency_id=AgencyId(came.agency), reason="调动")
    with world.store.begin() as tx:
        tx.memberships.transfer(admin, officer.account_id, moves)

    assert came.asked(officer) == [Wanted(20, 60), WANTED]


def test_a_year_that_is_short_bars_nobody(world: World) -> None:
    """A warning, no lock: the certificate of an officer without a single hour is as valid as before."""
    _, officer = world.officer()
    with world.store.begin() as tx:
        (held,) = tx.certificates.own(officer)
        assert was_valid(tx.certificates.facts(held.id), tx.now, tx.now)
        assert tx.accounts.account_actor(officer.account_id).grants == officer.grants
    assert world.years(officer)[0].is_short(WANTED)


def test_a_program_reads_and_enters(world: World) -> None:
    """The API as the contract says; what is missing stands beside the hours."""
    token, officer = world.officer()
    path = f"/v1/training/{officer.account_id}"
    sent = {"kind": "public_law", "hours": 12, "held_on": f"{world.year}-01-02", "topic": "行政强制法"}
    with httpx.Client(
        base_url=world.url, headers=bearer(world.keeper_token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as keeper:
        made = keeper.post(path, json=sent)
        assert made.status_code == 201
        bad = keeper.post(path, json={**sent, "hours": 0})
        assert bad.status_code == 422
        (year,) = keeper.get(path).json()["years"]
        assert (year["public_law"], year["lacks_public_law"], year["lacks_professional"]) == (12, 8, 40)
        rows = keeper.get("/v1/training", params={"short": True}).json()["people"]
        assert str(officer.account_id) in [one["id"] for one in rows]
        gone = keeper.post(f"{path}/{made.json()['id']}/withdraw", json={"reason": "登记有误"})
        assert gone.json()["reason"] == "登记有误"
    with httpx.Client(
        base_url=world.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as own:
        assert own.get("/v1/training/own").json()["years"][0]["public_law"] == 0
        assert own.get(path).status_code == 403


def test_the_pages(world: World) -> None:
    """The custodian enters and withdraws on the person's page; the list, its CSV and the own page say what is missing."""
    token, officer = world.officer()
    path = f"/console/training/{officer.account_id}"
    sent = {"csrf": form_token(world.keeper_token)}
    with world.browser(world.keeper_token) as keeper:
        typed = {
            **sent,
            "kind": "professional",
            "hours": "16",
            "held_on": f"{world.year}-01-02",
            "topic": "证据规则",
        }
        assert keeper.post(path, data=typed).status_code == 303
        for wrong in (
            {"hours": "1.5"},
            {"hours": ""},
            {"held_on": "2026-13-01"},
            {"topic": ""},
            {"kind": "x"},
        ):
            assert keeper.post(path, data={**typed, **wrong}).status_code == 422
        page = keeper.get(path).text
        assert "缺公共法律知识 20 学时" in page
        assert "缺业务知识和技能 24 学时" in page
        listed = keeper.get("/console/training?only=short").text
        assert str(officer.account_id) in listed
        assert "学时不足" in listed
        assert keeper.get("/console/training?year=nonsense").status_code == 200
        rows = list(
            csv.reader(io.StringIO(keeper.get("/console/training.csv?only=short").text.lstrip("\ufeff")))
        )
        assert ["0", "16", "20", "24"] in [row[3:] for row in rows]
        with world.store.begin() as tx:
            (entry,) = tx.trainings.own(officer)
        assert keeper.post(f"{path}/{entry.id}/withdraw", data={**sent, "reason": ""}).status_code == 422
        assert (
            keeper.post(f"{path}/{entry.id}/withdraw", data={**sent, "reason": "登记重复"}).status_code == 303
        )
        assert "登记重复" in keeper.get(path).text
    world.enter(officer, LAW, 7)
    with world.browser(token) as own:
        mine = own.get("/console/account").text
        assert "7 / 20" in mine
        assert own.get(path).status_code == 403
