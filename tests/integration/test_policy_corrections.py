"""Who sees what by the role matrix of the rules: a case, its media, the records to judge, and nothing beside them."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.audit import AuditKind
from schemas.case import CaseState, CaseStep
from schemas.errors import NotFound, Refused
from schemas.monitoring import ReviewStage
from schemas.recording import RecordingFilter
from storage.audit.values import Audit
from storage.store import Store
from tests.casework import PASS, SUPPLEMENT, Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.media import jpeg
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Bureau as Supervision
from tests.supervision import Clock, make_supervision
from tests.web import TRUST
from workers.custody import integrate


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("matrix"))), clock=clock)
    make_agency(made)
    integrate(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def above(store: Store, clock: Clock) -> Supervision:
    return make_supervision(store, clock, recordings=0)


@pytest.fixture(scope="module")
def bureau(store: Store, above: Supervision) -> Bureau:
    made = make_bureau(store, above=above.supervisor.agency_id)
    with store.begin() as tx:
        above.supervisor, above.colleague = (
            tx.accounts.account_actor(one.id) for one in (above.supervisor, above.colleague)
        )
    above.agency = made.agency
    return made


def sees_case(store: Store, actor: Actor, case_id: object) -> bool:
    with store.begin() as tx:
        listed = case_id in {row.id for row in tx.cases.page(actor, limit=200).rows}
        try:
            tx.cases.get(actor, case_id)
        except NotFound:
            assert not listed
            return False
        assert listed
        return True


def watches(store: Store, actor: Actor, recording_id: object) -> bool:
    with store.begin() as tx:
        try:
            tx.recordings.watchable(actor, recording_id)
        except NotFound:
            return False
        return True


def listed(store: Store, actor: Actor) -> set[object]:
    with store.begin() as tx:
        return {row.id for row in tx.recordings.page(actor, RecordingFilter(), limit=200).rows}


def test_a_legal_reviewer_sees_what_waits_and_what_they_reviewed(store: Store, bureau: Bureau) -> None:
    """The queue and the own opinions, with their media; neither the agency's other cases nor its other recordings."""
    reviewer, colleague = bureau.reviewer, bureau.second_reviewer
    loose, running = bureau.capture(), bureau.at(CaseState.INVESTIGATING)
    held = bureau.capture(running)
    case, review = bureau.submitted()
    with store.begin() as tx:
        evidence = tx.recordings.of_case(case.id)[0].id

    for one in (reviewer, colleague):
        assert sees_case(store, one, case.id)
        assert watches(store, one, evidence)
        assert not sees_case(store, one, running.id)
        assert not {loose, held} & listed(store, one)
        assert not any(watches(store, one, ident) for ident in (loose, held))
    bureau.opine(review, PASS, reviewer)
    assert sees_case(store, reviewer, case.id)
    assert not sees_case(store, colleague, case.id)
    assert not watches(store, colleague, evidence)


def test_an_officer_sees_the_case_of_an_own_recording(store: Store, bureau: Bureau) -> None:
    """A case in which a recording that names them stands, to read and not to run, as long as the tie stands."""
    officer = bureau.officers[0]
    case, other = bureau.at(CaseState.INVESTIGATING), bureau.at(CaseState.INVESTIGATING)
    recording_id = bureau.capture(case)

    assert sees_case(store, officer, case.id)
    assert not sees_case(store, officer, other.id)
    with pytest.raises(Refused), store.begin() as tx:
        tx.cases.step(officer, case.id, CaseStep.CONCLUDE, "", tx.cases.get(officer, case.id).version)
    with store.begin() as tx:
        version = tx.cases.get(bureau.handler, case.id).version
        tx.cases.unlink(bureau.handler, case.id, recording_id, "手误", version)
    assert not sees_case(store, officer, case.id)
    assert watches(store, officer, recording_id)


def test_an_evidence_reviewer_sees_the_records_to_judge_and_their_media(store: Store, bureau: Bureau) -> None:
    """What waits for an opinion and what one judged; not what others concluded, nor the officers' recordings."""
    road = make_highway(store)
    colleague = make_account(store, road.agency, Role.EVIDENCE_REVIEWER)[1]
    picture = {"jpeg": base64.b64encode(jpeg()).decode(), "filename": "a.jpg"}
    ident = road.one(media=[picture])
    with store.begin() as tx:
        (media,) = tx.monitoring.media(ident)
        assert tx.monitoring.get(colleague, ident).id == ident
    assert watches(store, colleague, media)
    assert not watches(store, road.first, bureau.capture())
    bureau.conclude(media, jpeg())
    road.opine(ident, ReviewStage.FIRST)
    road.opine(ident, ReviewStage.SECOND)

    assert watches(store, road.first, media)
    assert not watches(store, colleague, media)
    with pytest.raises(NotFound), store.begin() as tx:
        tx.monitoring.get(colleague, ident)


def test_a_supervisor_sees_what_was_drawn_and_counts_the_rest(store: Store, clock: Clock) -> None:
    """Of an agency below, its numbers; the recordings themselves only once an audit drew them, then with their media."""
    above = make_supervision(store, clock, recordings=5)
    supervisor = above.supervisor
    with store.begin() as tx:
        assert tx.recordings.counts(supervisor)["sealed"] == len(above.recordings)
    assert listed(store, supervisor) == set()
    assert not any(watches(store, supervisor, one) for one in above.recordings)
    audit = above.drawn()
    with store.begin() as tx:
        drawn = {one.member_id for one in tx.audit_scores.drawn(supervisor, audit.id)}

    assert listed(store, supervisor) == drawn
    assert {one for one in above.recordings if watches(store, supervisor, one)} == drawn
    assert all(not watches(store, one, ident) for one in above.inspectors for ident in above.recordings)


def closed_and_drawn(store: Store, above: Supervision, below: Bureau) -> Audit:
    """Two closed cases of an agency, of which an audit drew one and gave it to two inspectors."""
    for _ in range(2):
        case, review = below.submitted()
        below.opine(review, SUPPLEMENT)
        below.answer(below.rounds(case)[-1])
        _, review = below.submit(case)
        below.opine(review, PASS)
        for step in (CaseStep.DECIDE, CaseStep.CLOSE):
            below.step(case, step)
    integrate(store)
    audit = above.rechecked(kind=AuditKind.CLOSED_CASES, size=1)
    for one in above.inspectors:
        with store.begin() as tx:
            seen = tx.audits.get(above.supervisor, audit.id).version
            tx.audit_scores.assign(above.supervisor, audit.id, one.id, seen)
    return audit


def test_an_inspector_sees_the_whole_case_that_was_drawn(
    store: Store, above: Supervision, bureau: Bureau
) -> None:
    """Its page, facts, rounds and media, on which the items of the standard rest; a case not drawn stays shut."""
    audit = closed_and_drawn(store, above, bureau)
    inspector = above.inspectors[0]
    with store.begin() as tx:
        (drawn,) = (one.member_id for one in tx.audit_scores.drawn(inspector, audit.id))
        closed = {row.id for row in tx.cases.page(bureau.head, state=CaseState.CLOSED).rows}
        (other,) = closed - {drawn}
        evidence, left = (tx.recordings.of_case(one)[0].id for one in (drawn, other))
        token = tx.accounts.open_session(inspector.account_id).token

    assert sees_case(store, inspector, drawn)
    assert watches(store, inspector, evidence)
    assert not sees_case(store, inspector, other)
    assert not watches(store, inspector, left)
    with (
        serving(store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        page = client.get(f"/console/audits/{audit.id}/members/{drawn}")
        assert page.status_code == 200
        assert "当事人占道经营" in page.text  # B4: every fact to be proven has evidence
        assert "已补充" in page.text  # B5: every ground of the legal review is answered
        assert f'href="/console/cases/{drawn}"' in page.text  # B3: what the text says
        assert client.get(f"/console/cases/{drawn}").status_code == 200
        assert client.get(f"/console/cases/{other}").status_code == 404


def test_a_custodian_sees_facts_and_an_administrator_none(store: Store, bureau: Bureau) -> None:
    """A custodian reads verdicts and no media, no case; who administers is refused both, and so is a party."""
    custodian = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    ident = bureau.capture()

    assert ident in listed(store, custodian)
    with pytest.raises(Refused), store.begin() as tx:
        tx.recordings.watchable(custodian, ident)
    for role in (Role.ADMIN, Role.PARTY):
        person = make_account(store, bureau.agency, role)[1]
        for asked in (lambda tx, one: tx.recordings.get(one, ident), lambda tx, one: tx.cases.page(one)):
            with pytest.raises(Refused), store.begin() as tx:
                asked(tx, person)


def test_the_head_of_a_supervising_bureau_reaches_no_other_agency(store: Store, clock: Clock) -> None:
    """To supervise is the supervisors' right alone: their head sees the own agency."""
    above = make_supervision(store, clock, recordings=1)
    head = make_account(store, above.supervisor.agency_id, Role.HEAD)[1]

    assert listed(store, head) == set()
    assert not watches(store, head, above.recordings[0])
