"""Dated facts of equipment that were entered wrongly: corrected, nothing lost, nothing that was concluded judged anew."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Role
from schemas.base import HexDigest, rfc3339, whole_milliseconds
from schemas.case import CaseIn
from schemas.equipment import Certificate, CertificateIn, EquipmentFacts, SuspensionIn
from schemas.equipment_amend import Fact, FactAmendIn
from schemas.errors import EvidenceError
from schemas.monitoring import LinkBasis, MonitoringState
from storage.store import Store
from tests.factories import faults, folder_url, make_account, make_settings
from tests.monitoring import Highway, make_highway
from tests.owner import owning, unguarded
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
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("facts")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


class Desk:
    """A scale with all its papers, and whoever keeps it, a minute later each time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.road: Highway = make_highway(store)
        self.clock.ahead += timedelta(minutes=1)

    @property
    def now(self) -> datetime:
        return whole_milliseconds(self.store.clock())

    @property
    def facts(self) -> EquipmentFacts:
        with self.store.begin() as tx:
            return tx.equipment.facts(self.road.equipment_id)

    @property
    def certificate(self) -> Certificate:
        (found,) = self.facts.said().certificates
        return found

    @property
    def version(self) -> int:
        with self.store.begin() as tx:
            return tx.equipment.get(self.road.custodian, self.road.equipment_id).version

    def amend(self, fact: Fact, *, seen: int | None = None, **wish: Any) -> str:
        """Correct a fact; the slug of what refused it, or nothing."""
        told = FactAmendIn(**{"reason": "登记有误", **wish})
        version = self.version if seen is None else seen
        try:
            with self.store.begin() as tx:
                about, entry = self.road.equipment_id, HexDigest(fact.entry)
                tx.equipment.amend(self.road.custodian, about, entry, told, version)
        except EvidenceError as err:
            return err.slug
        self.clock.ahead += timedelta(minutes=1)
        return ""

    def open_case(self) -> tuple[Any, int]:
        with self.store.begin() as tx:
            lead = CaseIn(number=f"更-{uuid4().hex[:6]}", party="某公司", matter="超限运输", place="S229")
            case = tx.cases.open(self.road.handler, lead)
        return case.id, case.version


@pytest.fixture
def desk(store: Store, clock: Clock) -> Desk:
    return Desk(store, clock)


def test_what_was_said_before_can_still_be_asked(desk: Desk) -> None:
    """A last day that was mistyped: the gate of a day, by program, as known before the correction and after it."""
    known, day = desk.now, desk.now - 9 * DAY
    entered = desk.certificate
    assert desk.amend(entered, until_at=day, number="C-1A") == ""
    after, said = desk.now, desk.certificate
    assert (said.number, said.issuer, said.valid_until) == ("C-1A", entered.issuer, day)
    assert (said.entry, said.amend_reason) == (entered.entry, "登记有误")
    (past,) = desk.facts.past().certificates
    assert past == entered.model_copy(update={"known_until": said.known_from})

    token = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[0]
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        path = f"/v1/equipment/{desk.road.equipment_id}"
        gates = [
            client.get(f"{path}/gate", params={"at": rfc3339(day), "known": rfc3339(one)}).json()
            for one in (known, after)
        ]
        whole = client.get(path).json()
        now = client.get(f"{path}/gate").json()
    assert [one["gate_faults"] for one in gates] == [[], ["certificate-missing"]]
    assert [one["certificates"][0]["number"] for one in gates] == ["C-1", "C-1A"]
    assert now["gate_faults"] == whole["gate_faults"] == ["certificate-missing"]
    assert [one["number"] for one in whole["past"]["certificates"]] == ["C-1"]


def test_what_valid_records_rest_on_alone_is_not_corrected_away(desk: Desk) -> None:
    """Refused until another certificate covers them; what leaves them covered is said; what was concluded stays."""
    before, later = desk.road.valid(), desk.road.valid()
    case, version = desk.open_case()
    with desk.store.begin() as tx:
        tx.monitoring_links.link(desk.road.handler, case, before, LinkBasis.MANUAL, version)
    entered, until = desk.certificate, desk.now - DAY
    assert desk.amend(entered, until_at=until) == "equipment-fact-rested-on"
    assert desk.amend(entered, from_at=desk.now - HOUR / 60, until_at=entered.valid_until) == (
        "equipment-fact-rested-on"
    )
    assert desk.amend(entered, never=True) == "equipment-fact-rested-on"
    assert desk.certificate == entered
    assert desk.amend(entered, number="C-1A", from_at=entered.valid_from + HOUR) == ""

    with desk.store.begin() as tx:
        wish = CertificateIn(number="C-2", issuer="省计量院", valid_from=until, valid_until=desk.now + DAY)
        tx.equipment.certify(desk.road.custodian, desk.road.equipment_id, wish, desk.version)
    (first,) = (one for one in desk.facts.said().certificates if one.entry == entered.entry)
    assert desk.amend(first, never=True) == ""
    assert desk.certificate.number == "C-2"
    with desk.store.begin() as tx:
        records = [tx.monitoring.get(desk.road.handler, one) for one in (before, later)]
        assert [(one.state, one.gate_faults) for one in records] == [(MonitoringState.VALID, ())] * 2
        assert [tx.monitoring.faults(one) for one in records] == [()] * 2
    integrate(desk.store)
    assert faults(desk.store) == []


def test_a_suspension_that_never_was(desk: Desk) -> None:
    """Entered for the wrong scale: ended, then said never to have been; what was captured meanwhile may be evidence."""
    with desk.store.begin() as tx:
        wish = SuspensionIn(from_at=desk.now - HOUR, reason="检修")
        found = tx.equipment.suspend(desk.road.custodian, desk.road.equipment_id, wish, desk.version)
    desk.clock.ahead += timedelta(minutes=1)
    (open_,) = desk.facts.said().suspensions
    assert desk.amend(open_, never=True) == "equipment-fact-suspended"
    record = desk.road.valid()
    with desk.store.begin() as tx:
        assert "suspended" in tx.monitoring.get(desk.road.first, record).gate_faults
        tx.equipment.resume(desk.road.custodian, desk.road.equipment_id, found.version)
    desk.clock.ahead += timedelta(minutes=1)
    (ended,) = desk.facts.said().suspensions
    assert (ended.entry, ended.leaf != open_.leaf) == (open_.entry, True)
    assert desk.amend(ended, never=True) == ""
    assert desk.facts.said().suspensions == ()
    assert len(desk.facts.past().suspensions) == 2
    assert desk.amend(ended, never=True) == "equipment-fact-unknown"
    case, seen = desk.open_case()
    with desk.store.begin() as tx:
        tx.monitoring_links.link(desk.road.handler, case, record, LinkBasis.MANUAL, seen)


def test_a_certificate_annulled_in_error_is_entered_anew(desk: Desk) -> None:
    """Said never to have been, it opens no gate; entered again, both words stand with when they were said."""
    known = desk.certificate
    assert desk.amend(known, never=True) == ""
    assert desk.facts.said().certificates == ()
    with desk.store.begin() as tx:
        found = tx.equipment.get(desk.road.custodian, desk.road.equipment_id)
        assert found.certified_until is None


def test_of_two_corrections_at_once_one_is_told(desk: Desk) -> None:
    """Two custodians correct what both have seen: the second is told that the register changed."""
    known, seen = desk.certificate, desk.version
    with ThreadPoolExecutor(2) as both:
        tries = [both.submit(desk.amend, known, seen=seen, number=f"C-{one}") for one in "ab"]
        assert sorted(one.result() for one in tries) == ["", "version-conflict"]
    assert len(desk.facts.certificates) == 2


def test_who_may_not_correct(desk: Desk) -> None:
    """Whoever keeps no equipment, or that of another agency; and another piece's fact is none of this one's."""
    other = make_highway(desk.store)
    fact = HexDigest(desk.certificate.entry)
    wish = FactAmendIn(number="C-9", reason="x")

    def tried(who: Any, about: Any) -> str:
        try:
            with desk.store.begin() as tx:
                tx.equipment.amend(who, about, fact, wish, desk.version)
        except EvidenceError as err:
            return err.slug
        return ""

    assert tried(desk.road.first, desk.road.equipment_id) == "permission-missing"
    assert tried(other.custodian, desk.road.equipment_id) == "equipment-unknown"
    with desk.store.begin() as tx:
        theirs = tx.equipment.facts(other.equipment_id).said().certificates[0]
    assert desk.amend(theirs, number="C-9") == "equipment-fact-unknown"


def test_the_database_itself_keeps_one_word_of_one_time(desk: Desk) -> None:
    """One fact told in two ways of one moment at one time: refused whoever writes it."""
    doubled = text(
        "INSERT INTO equipment_certificates"
        " (equipment_id, number, issuer, valid_during, known_during, recorded_by, entry, leaf)"
        " SELECT equipment_id, number, issuer, valid_during, known_during, recorded_by, entry, 'x'"
        " FROM equipment_certificates WHERE equipment_id = :about"
    )
    with pytest.raises(IntegrityError, match="ex_equipment_certificates_one_word"), desk.store.begin() as tx:
        tx.connection.execute(doubled, {"about": desk.road.equipment_id})


def test_the_database_itself_keeps_what_was_said(desk: Desk) -> None:
    """A word is closed once; a mistaken statement changes, opens or deletes none."""
    assert desk.amend(desk.certificate, number="C-1A") == ""
    desk.clock.ahead += timedelta(minutes=1)
    said, (past,) = desk.certificate, desk.facts.past().certificates
    for leaf, mistaken in (
        (said, "UPDATE equipment_certificates SET number = 'x'"),
        (past, "UPDATE equipment_certificates SET known_during = tstzrange(lower(known_during), NULL)"),
        (past, "DELETE FROM equipment_certificates"),
    ):
        where = text(f"{mistaken} WHERE leaf = decode(:leaf, 'hex')")
        with pytest.raises(IntegrityError, match="never changes"), owning(desk.store) as tx:
            tx.connection.execute(where, {"leaf": leaf.leaf})


def test_the_page_shows_both_ranges_and_corrects(desk: Desk) -> None:
    """A custodian corrects on the page; what was said before stands below, also without an end."""
    token = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[0]
    said = desk.facts.said()
    page = f"/console/equipment/{desk.road.equipment_id}"
    blank = dict.fromkeys(("from_at", "until_at", "number", "issuer", "document", "url", "never"), "")
    sent = {**blank, "csrf": form_token(token), "reason": "文号抄错"}
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        before = client.get(page)
        nothing = client.post(
            f"{page}/facts/{said.reviews[0].entry}/amend", data={**sent, "version": str(desk.version)}
        )
        wrong = {**sent, "number": "x", "version": str(desk.version)}
        other = client.post(f"{page}/facts/{said.reviews[0].entry}/amend", data=wrong)
        right = {**sent, "document": "审〔9〕号", "version": str(desk.version)}
        made = client.post(f"{page}/facts/{said.reviews[0].entry}/amend", data=right)
        stale = client.post(f"{page}/facts/{said.reviews[1].entry}/amend", data=right)
        never = {**sent, "never": "never", "version": str(desk.version)}
        gone = client.post(f"{page}/facts/{said.publications[0].entry}/amend", data=never)
        after = client.get(page)
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get(page)
    assert "何时知道何事" not in before.text
    answers = (nothing, other, made, stale, gone)
    assert [one.status_code for one in answers] == [422, 422, 303, 412, 303]
    assert "审〔9〕号" in after.text
    assert "文号抄错" in after.text
    assert "没有公示。" in after.text
    assert "the register said so" in english.text


def test_the_log_tells_the_same_and_names_what_was_changed(desk: Desk) -> None:
    """The rows are what the leaves say; a date that somebody moves by hand is named."""
    assert desk.amend(desk.certificate, number="C-1A") == ""
    integrate(desk.store)
    about = desk.road.equipment_id
    assert faults(desk.store, about) == []
    leaf = {"leaf": desk.certificate.leaf}
    move = text(
        "UPDATE equipment_certificates SET valid_during = tstzrange(lower(valid_during), now())"
        " WHERE leaf = decode(:leaf, 'hex')"
    )
    with pytest.raises(IntegrityError, match="never changes"), owning(desk.store) as tx:
        tx.connection.execute(move, leaf)
    with unguarded(desk.store) as tx:
        tx.connection.execute(move, leaf)
    assert faults(desk.store, about) != []
