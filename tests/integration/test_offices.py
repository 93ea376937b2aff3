"""By which role and qualification people acted: as the register said it then, whatever it says later."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.account import RoleIn
from schemas.actor import Actor, Role
from schemas.base import whole_milliseconds
from schemas.case import Case, CaseState
from schemas.case_change import CaseChange
from schemas.certificate import CertificateStep, CertificateStepIn
from schemas.event import Event
from schemas.ids import RecordingId
from schemas.review import Review
from schemas.role import RoleAmendIn
from storage.actor.certificate import CertificateFilter
from storage.reads.office import Moment, offices_at
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import faults, folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CORRECTED = "任期后来有更正"


class Office(NamedTuple):
    """A bureau whose case was decided, its administrator, and how far its clock is ahead."""

    bureau: Bureau
    admin: Actor
    case: Case
    clock: Clock

    @property
    def now(self) -> datetime:
        return whole_milliseconds(self.bureau.store.clock())

    def amend(self, who: Actor, role: Role, **wish: object) -> None:
        """Say of a role that somebody holds since when, or until when, they do."""
        with self.bureau.store.begin() as tx:
            me = tx.accounts.account_actor(self.admin.account_id)
            given = next(one for one in tx.people.grants(who.account_id) if one.role is role)
            told = {"leaf": given.facts[0].leaf, "reason": "任命文件为准", **wish}
            tx.roles.amend(me, who.account_id, given.id, RoleAmendIn.model_validate(told))
        self.clock.ahead += MINUTE

    def change(self, event: Event) -> CaseChange:
        with self.bureau.store.begin() as tx:
            return next(one for one in tx.cases.history(self.case) if one.event is event)

    def round(self) -> Review:
        return self.bureau.rounds(self.case)[-1]


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("offices")))
    with closing(Store(settings, clock=Clock())) as made:
        yield made


@pytest.fixture(scope="module")
def office(store: Store) -> Office:
    clock = store.clock
    assert isinstance(clock, Clock)
    bureau = make_bureau(store, officers=(uuid4().hex, uuid4().hex))
    admin = make_account(store, bureau.agency, Role.ADMIN)[1]
    clock.ahead += MINUTE
    case = bureau.at(CaseState.DECIDED)
    clock.ahead += MINUTE
    return Office(bureau, admin, case, clock)


def test_each_act_names_the_role_that_carried_it(office: Office) -> None:
    """Handler, head and reviewer of one case, the reviewer with what art. 58 asks; a device acts by none."""
    told = {
        event: office.change(event).offices
        for event in (Event.CASE_OPEN, Event.CASE_SUBMIT, Event.CASE_DECIDE)
    }
    assert {event: [one.role for one in held] for event, held in told.items()} == {
        Event.CASE_OPEN: [Role.HANDLER],
        Event.CASE_SUBMIT: [Role.HANDLER],
        Event.CASE_DECIDE: [Role.HEAD],
    }
    assert office.change(Event.CASE_LINK).offices == ()
    given = office.round()
    assert [one.role for one in (*given.submitted_as, *given.given_as)] == [Role.HANDLER, Role.LEGAL_REVIEWER]
    assert given.qualification is not None
    assert given.qualification.is_said
    assert all(one.is_said and one.valid_until is None for held in told.values() for one in held)


def test_a_correction_is_told_beside_what_was_known(office: Office) -> None:
    """The head's term is corrected to begin later than the decision: the act keeps its role, and the page says both."""
    before = office.change(Event.CASE_DECIDE).offices[0]
    office.amend(office.bureau.head, Role.HEAD, valid_from=office.now + DAY)
    after = office.change(Event.CASE_DECIDE).offices[0]
    assert after == before.model_copy(update={"is_said": False})
    pages = shown(office, office.bureau.handler)
    assert all(CORRECTED in page for page in pages.values()), pages.keys()
    office.amend(office.bureau.head, Role.HEAD, valid_from=before.valid_from)
    assert office.change(Event.CASE_DECIDE).offices[0].is_said
    assert not any(CORRECTED in page for page in shown(office, office.bureau.handler).values())


def shown(office: Office, who: Actor) -> dict[str, str]:
    """The page of the case, and its sheet, as somebody reads them."""
    token, path = office.bureau.tokens[who.id], f"/console/cases/{office.case.id}"
    with (
        serving(office.bureau.store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=PATIENCE_SECONDS, verify=TRUST) as client,
    ):
        page = client.get(path, timeout=PATIENCE_SECONDS)
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        sent = {"csrf": csrf, "reason_code": "case-handling", "pictures": "without", "reason": ""}
        sheet = client.post(f"{path}/print", data=sent, timeout=PATIENCE_SECONDS)
    assert (page.status_code, sheet.status_code) == (200, 200), sheet.text[:2000]
    assert all("行事时的角色" in one.text for one in (page, sheet))
    return {"page": page.text, "sheet": sheet.text}


def test_what_was_entered_later_is_not_read_into_an_act(office: Office) -> None:
    """A role that is entered today for last week was not known last week, and is known now."""
    who, at = office.bureau.second_reviewer, office.now
    office.clock.ahead += MINUTE
    with office.bureau.store.begin() as tx:
        me = tx.accounts.account_actor(office.admin.account_id)
        tx.people.grant(me, who.account_id, RoleIn(role=Role.HANDLER))
    office.clock.ahead += MINUTE
    office.amend(who, Role.HANDLER, valid_from=at - DAY)
    with office.bureau.store.begin() as tx:
        then, now = (Moment(who.account_id, at, known) for known in (at, office.now))
        held = offices_at(tx.connection, (then, now))
    assert [one.role for one in held[then]] == [Role.LEGAL_REVIEWER]
    assert [one.role for one in held[now]] == [Role.HANDLER, Role.LEGAL_REVIEWER]


def test_a_qualification_that_was_suspended_since_is_told(office: Office) -> None:
    """Suspended as of before the opinion, known only now: the opinion keeps what qualified it, and says so."""
    given = office.round()
    assert given.given_at is not None
    keeper = make_account(office.bureau.store, office.bureau.agency, Role.CUSTODIAN)[1]
    with office.bureau.store.begin() as tx:
        held = next(
            one
            for one in tx.certificates.page(keeper, CertificateFilter()).rows
            if one.account_id == office.bureau.reviewer.account_id
        )
        wish = CertificateStepIn(reason="复核证书", from_at=given.given_at - timedelta(seconds=1))
        tx.certificates.step(keeper, held.id, CertificateStep.SUSPEND, wish, held.version)
    after = office.round().qualification
    assert given.qualification is not None
    assert after == given.qualification.model_copy(update={"is_said": False})


def test_a_recording_says_who_was_on_duty_by_which_role(office: Office) -> None:
    """Whom the capture names, as what they were there; whoever handed it in; by the program and on the page."""
    bureau = office.bureau
    officer, token = bureau.officers[0], bureau.tokens[bureau.handler.id]
    ident = RecordingId(bureau.device.capture("a.bin", b"y", officers=sorted(officer.certificates)))
    with bureau.store.begin() as tx:
        found = tx.recordings.known(ident)
        captors = tx.offices.at_capture(found, tx.presences.of_recording(found))
    assert {who: [one.role for one in held] for who, held in captors.items()} == {
        officer.account_id: [Role.OFFICER]
    }
    with (
        serving(bureau.store) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, verify=TRUST) as client,
    ):
        told = client.get(f"/v1/cases/{office.case.id}", headers=bearer(token)).json()["changes"]
        rounds = client.get(f"/v1/cases/{office.case.id}/reviews", headers=bearer(token)).json()["reviews"]
        custody = client.get(f"/v1/recordings/{ident}", headers=bearer(bureau.tokens[officer.id])).json()
    roles = {one["event"]: [held["role"] for held in one["offices"]] for one in told}
    assert (roles["case:decide"], roles["case:link"]) == (["head"], [])
    assert [one["role"] for one in rounds[-1]["given_as"]] == ["legal_reviewer"]
    assert rounds[-1]["qualification"]["kind"] == "legal"
    assert [one["offices"] for one in custody["custody"]] == [[]]  # a device hands in by no role


def test_the_log_has_nothing_to_name(office: Office) -> None:
    """Everything above was lawful when it was done."""
    integrate(office.bureau.store)
    assert faults(office.bureau.store, office.case.id) == []
