"""A verification certificate is annulled: every record that rested on it alone is judged anew, by both reviewers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.base import HexDigest, rfc3339
from schemas.case import Case, CaseState, CaseStep
from schemas.duty import Duty
from schemas.equipment import Certificate, CertificateIn, EquipmentKind
from schemas.equipment_annul import AnnulIn, Touched
from schemas.errors import EvidenceError
from schemas.fact import ProofIn
from schemas.leaves_equipment import EquipmentAnnul
from schemas.leaves_monitoring import MonitoringReopen
from schemas.monitoring import InvalidReason, LinkBasis, MonitoringState, OpinionWord, ReviewStage
from storage.monitoring.values import MonitoringFilter, MonitoringRecord
from storage.store import Store
from tests.casework import PASS, Bureau
from tests.factories import acts_of, faults, folder_url, make_account, make_settings
from tests.monitoring import make_highway
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = ReviewStage.FIRST, ReviewStage.SECOND


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("annul")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


class Desk:
    """A scale with one certificate, and whoever has to do with its records."""

    def __init__(self, store: Store, **changed: Any) -> None:
        self.store, self.road = store, make_highway(store, **changed)

    @property
    def now(self) -> datetime:
        return self.store.clock()

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        with self.store.begin() as tx:
            return tx.equipment.facts(self.road.equipment_id).said().certificates

    @property
    def version(self) -> int:
        with self.store.begin() as tx:
            return tx.equipment.get(self.road.custodian, self.road.equipment_id).version

    def record(self, ident: UUID, actor: Actor | None = None) -> MonitoringRecord:
        with self.store.begin() as tx:
            return tx.monitoring.get(actor or self.road.handler, ident)

    def state(self, ident: UUID) -> MonitoringState:
        return self.record(ident).state

    def certify(self, since: datetime, until: datetime) -> None:
        with self.store.begin() as tx:
            wish = CertificateIn(number="C-2", issuer="省计量院", valid_from=since, valid_until=until)
            tx.equipment.certify(self.road.custodian, self.road.equipment_id, wish, self.version)

    def touched(self, since: datetime | None = None, actor: Actor | None = None) -> Touched:
        with self.store.begin() as tx:
            entry = HexDigest(self.certificates[0].entry)
            return tx.reopenings.touched(actor or self.road.custodian, self.road.equipment_id, entry, since)

    def annul(self, since: datetime | None = None, **changed: Any) -> str:
        """Annul the first certificate; the slug of what refused it, or nothing."""
        told = changed.pop("told", None) or self.touched(since)
        entry = HexDigest(changed.pop("entry", None) or self.certificates[0].entry)
        seen = changed.pop("seen", self.version)
        actor = changed.pop("actor", self.road.custodian)
        wish = AnnulIn(from_at=since, reason="检定机构撤销", records=told.records, cases=told.cases)
        try:
            with self.store.begin() as tx:
                tx.reopenings.annul(actor, self.road.equipment_id, entry, wish, seen)
        except EvidenceError as err:
            return err.slug
        return ""

    def decided(self, record: UUID) -> tuple[Bureau, Case]:
        """A decided case whose one fact this record proves."""

        def person(role: Role) -> Actor:
            return make_account(self.store, self.road.agency, role)[1]

        made = [person(one) for one in (Role.HANDLER, Role.HEAD, Role.LEGAL_REVIEWER, Role.LEGAL_REVIEWER)]
        office = Bureau(
            self.store, self.road.agency, *made, officers=(made[0], made[1]), device=None, tokens={}
        )
        case = office.at(CaseState.INVESTIGATING)
        fact = office.fact(case)
        with self.store.begin() as tx:
            seen = tx.cases.get(office.handler, case.id).version
            tx.monitoring_links.link(office.handler, case.id, record, LinkBasis.MANUAL, seen)
            proof = ProofIn(monitoring_id=record)
            tx.facts.prove(office.handler, case.id, fact.id, proof, seen=seen)
        case, review = office.submit(case)
        office.opine(review, PASS)
        return office, office.step(case, CaseStep.DECIDE)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_void_from_the_beginning_reopens_all_that_was_found_valid(desk: Desk, clock: Clock) -> None:
    """Each waits again and names the leaf; one found invalid, and one nobody judged, stay what they are."""
    valid, waiting, rejected = [desk.road.valid(), desk.road.valid()], desk.road.one(), desk.road.one()
    desk.road.opine(rejected, FIRST, OpinionWord.INVALID, reason_code=InvalidReason.UNCLEAR)
    before, due = desk.record(valid[0]), desk.record(valid[0]).due_at
    assert desk.touched().model_dump(include={"records", "cases", "decided"}) == {
        "records": 2,
        "cases": 0,
        "decided": 0,
    }
    clock.ahead += 9 * DAY
    assert desk.annul() == ""

    assert desk.certificates == ()
    assert [desk.state(one) for one in valid] == [MonitoringState.RECHECK] * 2
    assert [desk.state(one) for one in (waiting, rejected)] == [
        MonitoringState.RECEIVED,
        MonitoringState.INVALID,
    ]
    after = desk.record(valid[0])
    assert (after.round, after.concluded_at, after.version) == (2, None, before.version + 1)
    assert after.due_at > due
    annulled = acts_of(desk.store, f"equipment/{desk.road.equipment_id}")[-1]
    assert isinstance(annulled, EquipmentAnnul)
    assert annulled.reason.value == "检定机构撤销"
    with desk.store.begin() as tx:
        leaf = tx.custody.entries_for(f"equipment/{desk.road.equipment_id}")[-1].digest
    reopened = acts_of(desk.store, f"monitoring/{valid[0]}")[-1]
    assert isinstance(reopened, MonitoringReopen)
    assert (reopened.annulment, reopened.round, reopened.due_at) == (leaf, 2, after.due_at)
    integrate(desk.store)
    assert faults(desk.store) == []


def test_void_from_a_time_on_leaves_what_was_captured_before(desk: Desk) -> None:
    """The certificate is told anew as ending there, with the reason; only later captures are judged again."""
    entered = desk.certificates[0]
    before = desk.road.valid(captured_at=rfc3339(desk.now - 3 * HOUR))
    after = desk.road.valid(captured_at=rfc3339(desk.now - HOUR))
    since = desk.now.replace(microsecond=0) - 2 * HOUR
    assert desk.annul(since) == ""
    assert [desk.state(one) for one in (before, after)] == [MonitoringState.VALID, MonitoringState.RECHECK]
    (said,) = desk.certificates
    assert (said.valid_until, said.amend_reason, said.entry) == (since, "检定机构撤销", entered.entry)
    assert desk.annul(since - HOUR / 2) == ""
    assert desk.state(before) is MonitoringState.VALID  # captured before that, too
    integrate(desk.store)
    assert faults(desk.store, desk.road.equipment_id) == []


def test_what_another_certificate_covers_is_left_alone(desk: Desk) -> None:
    """Two certificates of one time: a record that the other covers does not rest on the one that is void."""
    covered = desk.road.valid(captured_at=rfc3339(desk.now - HOUR))
    alone = desk.road.valid(captured_at=rfc3339(desk.now - 5 * HOUR))
    entry = desk.certificates[0].entry
    desk.certify(desk.now - 2 * HOUR, desk.now + DAY)
    assert desk.touched().records == 1
    assert desk.annul(entry=entry) == ""
    assert [desk.state(one) for one in (covered, alone)] == [MonitoringState.VALID, MonitoringState.RECHECK]


def test_what_needs_no_certificate_is_left_alone(store: Store) -> None:
    """A camera is on no mandatory list: its records never rested on a certificate."""
    desk = Desk(store, kind=EquipmentKind.CAMERA)
    record = desk.road.valid()
    assert desk.touched().records == 0
    assert desk.annul() == ""
    assert desk.state(record) is MonitoringState.VALID


def test_both_judge_it_anew_and_see_why(desk: Desk) -> None:
    """It is in both queues with the reason, the new opinions are blind, and with another certificate it is valid again."""
    road, record = desk.road, desk.road.valid()
    assert desk.annul() == ""
    with desk.store.begin() as tx:
        for actor, stage in ((road.first, FIRST), (road.second, SECOND)):
            assert record in {one.id for one in tx.monitoring.queue(actor, stage).rows}
            duty = Duty.REVIEW_FIRST if stage is FIRST else Duty.REVIEW_SECOND
            assert duty in {line.duty for line in tx.duties.waiting(actor)}
        found = tx.monitoring.get(road.first, record)
        assert [one.round for one in tx.monitoring.opinions(road.first, found)] == [1, 1]
        (why,) = tx.reopenings.of_record(found)
        assert (why.round, why.reason) == (2, "检定机构撤销")
        assert tx.monitoring.faults(found) == ("certificate-missing",)
    desk.certify(desk.now - 300 * DAY, desk.now + DAY)
    road.opine(record, SECOND)
    seen, other = desk.record(record, road.second), desk.record(record, road.first)
    assert (seen.state, other.state) == (MonitoringState.REVIEWING, MonitoringState.RECHECK)
    assert other.version == seen.version - 1
    fresh, wanted = road.one(), MonitoringFilter(state=MonitoringState.RECHECK)
    with desk.store.begin() as tx:
        listed = {one.id for one in tx.monitoring.page(road.first, wanted).rows}
        assert (record in listed, fresh in listed) == (True, False)
        assert [one.round for one in tx.monitoring.opinions(road.first, other)] == [1, 1]
        assert record not in {one.id for one in tx.monitoring.queue(road.second, SECOND).rows}
    with pytest.raises(EvidenceError) as twice:
        road.opine(record, SECOND)
    assert twice.value.slug == "review-same-person"
    road.opine(record, FIRST)
    with desk.store.begin() as tx:
        found = tx.monitoring.get(road.handler, record)
        assert (found.state, found.round, tx.monitoring.faults(found)) == (MonitoringState.VALID, 2, ())
        assert [one.round for one in tx.monitoring.opinions(road.handler, found)] == [1, 1, 2, 2]
    assert desk.annul() == ""  # and so again
    assert (desk.state(record), desk.record(record).round) == (MonitoringState.RECHECK, 3)
    road.opine(record, FIRST, OpinionWord.INVALID, reason_code=InvalidReason.EQUIPMENT_FAULT)
    assert desk.state(record) is MonitoringState.INVALID
    integrate(desk.store)
    assert faults(desk.store) == []


def test_a_case_that_rests_on_it_is_told(desk: Desk) -> None:
    """It proves nothing and is linked to no other case meanwhile; finding and duty stand until it is valid again."""
    record = desk.road.valid()
    office, case = desk.decided(record)
    told = desk.touched()
    assert (told.records, told.cases, told.decided) == (1, 1, 1)

    def codes() -> set[str]:
        with desk.store.begin() as tx:
            found = tx.reviews.findings(office.reviewer, case.id)
            told = {one.check.code for one in found if one.subject == f"monitoring/{record}"}
            return told - {"gate-recorded-later"}

    def waits() -> bool:
        with desk.store.begin() as tx:
            listed = [one.id for one in tx.cases.page(office.head, is_reopened=True).rows]
            has_duty = Duty.EVIDENCE_REOPENED in {line.duty for line in tx.duties.waiting(office.head)}
        assert listed == ([case.id] if has_duty else [])
        return has_duty

    assert (codes(), waits()) == (set(), False)
    assert desk.annul() == ""
    assert codes() == {"record-to-recheck", "gate-uncertified"}
    assert waits()
    with desk.store.begin() as tx:
        (fact,) = tx.facts.of_case(case.id)
        assert not fact.is_proven
        assert tx.cases.get(office.head, case.id).state is CaseState.DECIDED
    other = office.at(CaseState.INVESTIGATING)
    with desk.store.begin() as tx:
        seen = tx.cases.get(office.handler, other.id).version
    with pytest.raises(EvidenceError) as refused, desk.store.begin() as tx:
        tx.monitoring_links.link(office.handler, other.id, record, LinkBasis.MANUAL, seen)
    assert refused.value.slug == "article-41"
    desk.certify(desk.now - 300 * DAY, desk.now + DAY)
    for stage in ReviewStage:
        desk.road.opine(record, stage)
    assert (codes(), waits()) == (set(), False)
    integrate(desk.store)
    assert faults(desk.store) == []


def test_of_two_custodians_one_is_told(desk: Desk) -> None:
    """Both were shown the same: one annuls it, the other is told so, and a record is re-opened once."""
    record = desk.road.valid()
    told, seen, entry = desk.touched(), desk.version, desk.certificates[0].entry
    other = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[1]
    with ThreadPoolExecutor(2) as both:
        tries = [
            both.submit(desk.annul, told=told, seen=seen, entry=entry, actor=one)
            for one in (desk.road.custodian, other)
        ]
        answers = sorted(one.result() for one in tries)
    assert answers[0] == ""
    assert answers[1] in ("version-conflict", "equipment-certificate-unknown")
    assert desk.record(record).round == 2


def test_other_numbers_than_were_shown_are_refused(desk: Desk) -> None:
    """A record was found valid since: whoever annuls looks again first."""
    desk.road.valid()
    told = desk.touched()
    later = desk.road.valid()
    assert desk.annul(told=told) == "annul-changed"
    assert desk.state(later) is MonitoringState.VALID
    assert desk.annul(desk.now + DAY, told=told) == "fact-in-future"
    assert desk.annul(desk.now - 3000 * DAY, told=told) == "annul-outside-validity"


def test_who_may_not_annul(desk: Desk) -> None:
    """Whoever keeps no equipment, or that of another agency."""
    told, entry, stranger = desk.touched(), desk.certificates[0].entry, make_highway(desk.store).custodian
    assert desk.annul(told=told, actor=desk.road.first) == "permission-missing"
    assert desk.annul(told=told, actor=stranger) == "equipment-unknown"
    assert desk.annul() == ""
    assert desk.annul(told=told, entry=entry) == "equipment-certificate-unknown"


def test_a_row_that_somebody_moves_is_named(desk: Desk) -> None:
    """Rounds, reasons and terms are what the leaves say; a re-opening without a leaf, or another term, is named."""
    record = desk.road.valid()
    assert desk.annul() == ""
    integrate(desk.store)
    for mistaken in (
        "UPDATE monitoring_records SET due_at = due_at + interval '1 day' WHERE id = :id",
        "UPDATE monitoring_opinions SET round = 2 WHERE monitoring_id = :id AND stage = 'first'",
        "DELETE FROM monitoring_reopenings WHERE monitoring_id = :id",
    ):
        with unguarded(desk.store) as tx:
            tx.connection.execute(text(mistaken), {"id": record})
        assert faults(desk.store, record) != []
    with unguarded(desk.store) as tx:
        tx.connection.execute(
            text("UPDATE equipment_annulments SET reason = 'x' WHERE equipment_id = :id"),
            {"id": desk.road.equipment_id},
        )
    assert faults(desk.store, desk.road.equipment_id) != []


def test_the_page_shows_what_it_touches_and_then_asks(desk: Desk) -> None:
    """Two steps: numbers first, then reason and confirmation; nothing is done before, and the record's page says why."""
    record = desk.road.valid()
    token = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[0]
    reviewer = make_account(desk.store, desk.road.agency, Role.EVIDENCE_REVIEWER)[0]
    page = f"/console/equipment/{desk.road.equipment_id}"
    path = f"{page}/certificates/{desk.certificates[0].entry}/annul"
    sent = {"csrf": form_token(token), "version": str(desk.version), "from_at": ""}
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        assert "撤销检定证书" in client.get(page).text
        looked = client.post(path, data=sent)
        assert looked.status_code == 200
        assert "1 条记录须由两人重新审核。" in looked.text
        assert "重新登记这份证书" in looked.text
        assert desk.state(record) is MonitoringState.VALID
        wrong = client.post(path, data={**sent, "from_at": "2001-01-01T00:00"})
        shown = {**sent, "records": "1", "cases": "0", "is_sure": "yes"}
        unsaid = client.post(path, data=shown)
        stale = client.post(path, data={**shown, "reason": "机构撤销", "records": "9"})
        done = client.post(path, data={**shown, "reason": "机构撤销"})
        assert [one.status_code for one in (wrong, unsaid, stale, done)] == [422, 422, 409, 303]
        assert desk.state(record) is MonitoringState.RECHECK
        void = client.get(page).text.partition("已撤销的检定证书</h3>")[2].partition("</table>")[0]
        assert [one in void for one in ("自始无效", "机构撤销")] == [True, True]
        client.cookies.set("qc_lang", "en", path="/console")
        assert "Annul" not in client.get(page).text.split("Verification certificate", 1)[0]
    with (
        serving(desk.store) as url,
        httpx.Client(
            base_url=url, cookies={COOKIE: reviewer}, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        queue = client.get("/console/monitoring/queue?stage=first").text
        told = client.get(f"/console/monitoring/{record}").text
    assert "检定证书已撤销，重新审核" in queue
    assert "等您重新给出意见" in told
    assert "机构撤销" in told


def test_a_program_looks_and_then_annuls(desk: Desk) -> None:
    """The same by the API: what it touches, then the annulment with the numbers that were shown."""
    record = desk.road.valid()
    token = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[0]
    path = f"/v1/equipment/{desk.road.equipment_id}"
    entry, version = desk.certificates[0].entry, desk.version
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        told = client.get(f"{path}/certificates/{entry}/annulment").json()
        body = {"reason": "机构撤销", "records": told["records"], "cases": told["cases"]}
        seen = {"If-Match": f'"v{version}"'}
        made = client.post(f"{path}/certificates/{entry}/annul", json=body, headers=seen)
        after = client.get(f"/v1/monitoring/records/{record}").json()
    assert (told["records"], told["cases"], told["decided"]) == (1, 0, 0)
    assert (made.status_code, made.json()["certificates"]) == (200, [])
    assert made.json()["gate_faults"] == ["certificate-missing"]
    assert (after["record"]["state"], after["record"]["round"]) == ("recheck", 2)
    assert [one["reason"] for one in after["reopenings"]] == ["机构撤销"]
