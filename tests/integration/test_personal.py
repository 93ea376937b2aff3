"""Names, codes and telephone numbers of parties: in no table and no log in clear, found, masked, and audited."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from schemas.actor import Actor, Role
from schemas.audit import AuditKind
from schemas.case import CaseAmendIn, CaseState, CaseStep
from schemas.errors import IntegrityBroken, NotFound, Refused, Unavailable
from schemas.monitoring import NotificationIn, NotifyChannel, NotifyOutcome, ReviewStage
from storage.act import fresh_id
from storage.monitoring.values import MonitoringFilter
from storage.outbox import JobKind
from storage.personal import party_columns
from storage.store import Store
from storage.tables.case import cases
from storage.words import FEW
from tests.casework import PASS, Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings, seed64
from tests.monitoring import Highway, make_highway
from tests.owner import owner_connection
from tests.personal import spellings, tables_with
from tests.server import serving_apart
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock, drain, make_supervision
from tests.web import TRUST
from workers.custody import integrate

NAME, AMENDED, COMPANY = "欧阳標記甲", "欧阳標記乙", "盐城標記丙运输公司"
CODE, OTHER_CODE, PHONE = "320903199001011232", "91320903MA1DEM001U", "13899990001"
MARKS = (NAME, AMENDED, COMPANY, CODE, OTHER_CODE, PHONE, "標記")
RECORDS = "/v1/monitoring/records"


@dataclass
class Desk:
    """A bureau with a scale, and the API over its store in a process of its own."""

    store: Store
    clock: Clock
    bureau: Bureau
    road: Highway
    url: str

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("said") / "api.log"


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[Desk]:
    clock = Clock()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("personal")))
    with closing(Store(settings, clock=clock)) as store:
        bureau = make_bureau(store, above=make_agency(store, is_supervising=True))
        integrate(store)
        road = make_highway(store, agency=bureau.agency)
        with log.open("wb") as file, serving_apart(store, log=file) as (_, url):
            yield Desk(store, clock, bureau, road, url)


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": f'"{uuid4().hex}"'}


def done(answer: httpx.Response, status: int = 201) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def weighed(desk: Desk) -> UUID:
    """A row of the scale comes in and both find it valid."""
    with desk.client(desk.road.source_token) as source:
        row = desk.road.row(party=COMPANY, party_code=OTHER_CODE)
        lines = json.dumps(row, ensure_ascii=False).encode()
        ident = UUID(done(source.post(RECORDS, content=lines), 200)["rows"][0]["id"])
    for stage in ReviewStage:
        desk.road.opine(ident, stage)
    return ident


def worked(desk: Desk) -> tuple[UUID, UUID]:
    """From a row of the scale to a package, through the API where a party is named; returns record and case."""
    bureau, ident = desk.bureau, weighed(desk)
    with desk.client(bureau.tokens[bureau.handler.id]) as handler:
        told = {
            "channel": "sms",
            "outcome": "sent",
            "proof": f"短信 {PHONE}",
            "attempted_at": "2026-01-05T08:00:00Z",
        }
        for _ in range(2):
            done(
                handler.post(
                    f"{RECORDS}/{ident}/notifications", json=told, headers={"Idempotency-Key": '"told"'}
                )
            )
        wish = {"number": "標号-1", "party": NAME, "party_code": CODE, "matter": "超限运输", "place": "S229"}
        opened = handler.post(f"{RECORDS}/{ident}/case", json=wish, headers=keyed())
        case = done(opened)
        amended = {"party": AMENDED, "reason": "核对身份"}
        path, seen = f"/v1/cases/{case['id']}", {"If-Match": opened.headers["ETag"]}
        done(handler.patch(path, json=amended, headers={**seen, **keyed()}), 200)
        for asked in (AMENDED, "標記乙", CODE):
            found = done(handler.get("/v1/cases", params={"number": asked}), 200)["cases"]
            assert [one["party"] for one in found] == [AMENDED]
    with desk.store.begin() as tx:
        held = tx.cases.get(bureau.handler, case["id"])
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        held = bureau.step(held, step)
    bureau.fact(held, bureau.capture(held))
    held, review = bureau.submit(held)
    bureau.opine(review, PASS)
    integrate(desk.store)
    with desk.store.begin() as tx:
        tx.exports.request(bureau.handler, held.id)
    integrate(desk.store)
    drain(desk.store, JobKind.EXPORT)
    return ident, UUID(case["id"])


def test_no_table_and_no_log_holds_a_party_in_clear(desk: Desk, log: Path) -> None:
    """Every table, dumped after the three desks: rows, openings, kept answers, jobs; and what the server wrote."""
    record_id, case_id = worked(desk)

    with desk.store.begin() as tx:
        assert tables_with(tx.connection, MARKS) == set()
        known = tx.connection.execute(text("SELECT count(answer) FROM idempotency_keys")).scalar_one()
        shown = tx.monitoring.get(desk.bureau.handler, record_id)
        told = tx.cases.history(tx.cases.get(desk.bureau.handler, case_id))
        state = tx.connection.execute(text("SELECT state FROM exports")).scalars().all()
    assert known == 2
    assert (shown.party, shown.party_code) == (COMPANY, OTHER_CODE)
    assert [one.before for one in told if one.before] == [{"party": NAME}]
    assert state == ["ready"]
    said = log.read_bytes().lower()
    ways = [way for mark in MARKS for way in (*spellings(mark), quote(mark).lower().encode())]
    assert [way for way in ways if way in said] == []


def test_the_dump_would_tell(desk: Desk) -> None:
    """What is looked for is found where it does stand, in each of its spellings."""
    with owner_connection(desk.store) as connection:
        connection.execute(
            text("CREATE TABLE spelled (plain text, bytes bytea, document jsonb, escaped bytea)")
        )
        for column, value in (
            ("plain", NAME),
            ("bytes", NAME.encode()),
            ("document", json.dumps({"a": NAME})),
            ("escaped", json.dumps({"a": NAME}).encode()),
        ):
            connection.execute(text(f"INSERT INTO spelled ({column}) VALUES (:value)"), {"value": value})
            assert (NAME, "spelled") in tables_with(connection, [NAME]), column
            connection.execute(text("DELETE FROM spelled"))
        connection.rollback()


def test_who_does_not_work_on_it_reads_it_masked(desk: Desk) -> None:
    """List, page, history and search of an officer and of a supervisor; handler, head and reviewer read it whole."""
    bureau = desk.bureau
    case = bureau.open(party=NAME, party_code=CODE)
    with desk.store.begin() as tx:
        seen = tx.cases.get(bureau.handler, case.id).version
        wish = {"party": AMENDED, "reason": "核对身份"}
        tx.cases.amend(bureau.handler, case.id, CaseAmendIn.model_validate(wish), seen)
    case = bureau.step(bureau.step(case, CaseStep.FILE), CaseStep.INVESTIGATE)
    bureau.fact(case, bureau.capture(case))
    bureau.submit(case)

    for whole in (bureau.handler, bureau.head, bureau.reviewer):
        assert read(desk.store, whole, case.id) == (AMENDED, CODE, False, {"party": NAME}, True)
    masked = read(desk.store, bureau.officers[0], case.id)
    assert masked == (
        "欧＊",
        "3209…1232",
        True,
        {"party": "欧＊"},
        False,
    )


def read(store: Store, actor: Actor, case_id: object) -> tuple[object, ...]:
    """Name, code, whether masked, what stood before, and whether a search by name and one by code find it."""
    with store.begin() as tx:
        case = tx.cases.get(actor, case_id)
        listed = next(one for one in tx.cases.page(actor, limit=200).rows if one.id == case_id)
        before = next(one.before for one in tx.cases.history(case) if one.before)
        hits = {
            any(one.id == case_id for one in tx.cases.page(actor, number=asked, limit=200).rows)
            for asked in (AMENDED, "標記乙", CODE)
        }
        assert tx.cases.page(actor, number=case.number).rows[0].id == case_id
    assert (listed.party, listed.party_code, listed.is_masked) == (
        case.party,
        case.party_code,
        case.is_masked,
    )
    (is_found,) = hits
    return case.party, case.party_code, case.is_masked, before, is_found


def test_an_inspector_of_a_drawn_case_reads_it_whole_and_its_supervisor_masked(desk: Desk) -> None:
    """What an audit drew: to be scored by one, to be counted by the other."""
    above = make_supervision(desk.store, desk.clock, recordings=0)
    bureau = make_bureau(
        desk.store, above=above.supervisor.agency_id, officers=("10320009001", "10320009002")
    )
    with desk.store.begin() as tx:
        above.supervisor, above.colleague = (
            tx.accounts.account_actor(one.id) for one in (above.supervisor, above.colleague)
        )
    above.agency = bureau.agency
    case = bureau.at(CaseState.CLOSED)
    integrate(desk.store)
    audit = above.drawn(kind=AuditKind.CLOSED_CASES, size=1)
    with desk.store.begin() as tx:
        seen = tx.audits.get(above.supervisor, audit.id).version
        tx.audit_scores.assign(above.supervisor, audit.id, above.inspectors[0].id, seen)
    with desk.store.begin() as tx:
        inspected = tx.cases.get(above.inspectors[0], case.id)
        drawn = tx.cases.get(above.supervisor, case.id)
    assert (inspected.party, inspected.is_masked) == ("某店", False)
    assert (drawn.party, drawn.is_masked) == ("某＊", True)


def test_a_record_is_masked_for_who_judges_the_picture_alone(desk: Desk) -> None:
    """An evidence reviewer and a custodian see plate and picture, no party, no telephone number, and no raw row."""
    ident = desk.road.one(party=COMPANY, party_code=OTHER_CODE)
    with desk.store.begin() as tx:
        wish = NotificationIn(
            channel=NotifyChannel.SMS,
            outcome=NotifyOutcome.SENT,
            proof=f"短信 {PHONE}",
            attempted_at=tx.now - timedelta(minutes=1),
        )
        tx.notifications.add(desk.bureau.handler, ident, wish)
    for actor in (desk.road.first, desk.road.custodian):
        with desk.store.begin() as tx:
            record = tx.monitoring.get(actor, ident)
            (told,) = tx.notifications.of(record)
            found = [
                tx.monitoring.page(actor, MonitoringFilter(text=one)).rows for one in ("標記丙", OTHER_CODE)
            ]
            assert (record.party, record.party_code, record.is_masked) == ("盐城＊公司", "9132…001U", True)
            assert (told.proof, found) == ("＊", [(), ()])
        with pytest.raises(Refused) as refused, desk.store.begin() as tx:
            tx.monitoring.raw(actor, ident)
        assert refused.value.facts["permission"] == "monitoring:party"
    with desk.store.begin() as tx:
        record = tx.monitoring.get(desk.bureau.handler, ident)
        (told,) = tx.notifications.of(record)
        rows = [
            tx.monitoring.page(desk.bureau.handler, MonitoringFilter(text=one), limit=200).rows
            for one in ("標記丙", OTHER_CODE, OTHER_CODE.lower())
        ]
        assert (record.party, told.proof, record.is_masked) == (COMPANY, f"短信 {PHONE}", False)
        assert all(ident in {one.id for one in found} for found in rows)


def test_a_case_is_suggested_by_the_code_of_its_party(desk: Desk) -> None:
    """Compared by keyed digests of different keys, made of the code that the record holds."""
    case = desk.bureau.open(party=COMPANY, party_code="91320903MA1DEM002Y")
    ident = desk.road.one(plate=None, party_code="91320903MA1DEM002Y", lat_e7=None, lon_e7=None, crs=None)
    with desk.store.begin() as tx:
        record = tx.monitoring.get(desk.bureau.handler, ident)
        found = tx.monitoring_links.suggestions(desk.bureau.handler, record)
    assert [(one.case_id, one.party, one.bases) for one in found] == [(case.id, COMPANY, ("party_code",))]


def test_a_common_word_shows_no_false_hit(desk: Desk) -> None:
    """More names than are opened at once have every pair of the word and not the word: pages hold what does, and all."""
    agency = make_agency(desk.store)
    _, head = make_account(desk.store, agency, Role.HEAD)
    names = ["某某店"] * (FEW + 50) + ["某某某店"] * 3 + ["某某店"] * 60
    with desk.store.begin() as tx:
        rows = [(fresh_id(), name) for name in names]
        tx.connection.execute(
            cases.insert(),
            [
                {
                    "id": ident,
                    "agency_id": agency,
                    "number": f"同-{position}",
                    **party_columns(tx.connection, cases, ident, {"party": name}),
                    "matter": "占道",
                    "place": "路口",
                    "state": "lead",
                    "version": 1,
                    "opened_by": head.id,
                    "opened_at": tx.now,
                }
                for position, (ident, name) in enumerate(rows)
            ],
        )
        after, found = None, []
        while True:
            page = tx.cases.page(head, number="某某某", after=after, limit=20)
            found += [one.party for one in page.rows]
            if page.next is None:
                break
            after = page.next
    assert found == ["某某某店"] * 3


def test_without_its_key_a_server_does_the_rest(desk: Desk) -> None:
    """Nothing personal is read or written; a case is refused, a device's page is not."""
    settings = desk.store.settings.model_copy(update={"personal_key": None})
    with closing(Store(settings, clock=desk.clock)) as store:
        for ask in (
            lambda tx: tx.cases.page(desk.bureau.head),
            lambda tx: tx.monitoring.page(desk.bureau.head, MonitoringFilter()),
        ):
            with pytest.raises(Unavailable) as refused, store.begin() as tx:
                ask(tx)
            assert refused.value.slug == "personal-key-missing"
        with store.begin() as tx:
            assert tx.devices.get(desk.road.custodian, desk.bureau.device.id).id == desk.bureau.device.id
            assert tx.recordings.get(desk.bureau.head, desk.bureau.capture()).id


def test_under_another_key_nothing_opens_and_nothing_is_shown(desk: Desk) -> None:
    """A wrong key is a fault with a name, never an empty name."""
    settings = desk.store.settings.model_copy(update={"personal_key": seed64()})
    desk.bureau.open(party=NAME)
    with closing(Store(settings, clock=desk.clock)) as store:
        with pytest.raises(IntegrityBroken) as refused, store.begin() as tx:
            tx.cases.page(desk.bureau.head)
        assert refused.value.slug == "personal-unreadable"


def test_a_malformed_key_is_named_and_not_repeated(database_url: str, tmp_path: Path) -> None:
    """No server starts on it."""
    with pytest.raises(ValueError, match="PERSONAL_KEY") as refused:
        Store(make_settings(database_url, folder_url(tmp_path), personal_key=SecretStr("c2hvcnQ=")))
    assert "c2hvcnQ" not in str(refused.value)


def test_another_agency_finds_no_party(desk: Desk) -> None:
    """A search reaches no further than the list that it narrows."""
    case = desk.bureau.open(party=NAME, party_code=CODE)
    _, stranger = make_account(desk.store, make_agency(desk.store), Role.HEAD)
    with desk.store.begin() as tx:
        assert [tx.cases.page(stranger, number=one).rows for one in (NAME, CODE, "標記")] == [(), (), ()]
    with pytest.raises(NotFound), desk.store.begin() as tx:
        tx.cases.get(stranger, case.id)
