"""Separation of duties at the acts themselves: the part is taken in truth, and page and act say the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from schemas.account import RoleIn
from schemas.actor import Actor, Role
from schemas.audit import AuditKind
from schemas.case import Case, CaseIn, CaseState, CaseStep
from schemas.certificate import CertificateIssueIn, CertificateStep, CertificateStepIn
from schemas.errors import Conflict, EvidenceError, Refused
from schemas.fsck import FaultCode
from schemas.ids import CaseId, MemberId, RecordingId
from schemas.leaves_certificate_issue import CertificateKind
from schemas.leaves_recusal import RecusalGround
from schemas.monitoring import LinkBasis, OpinionIn, OpinionWord, ReviewStage
from schemas.recusal import RecusalIn
from schemas.review import Review
from schemas.separation import Part
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.audit.values import Audit
from storage.reads.participation import parts_in_sample, parts_of
from storage.store import Store
from tests.casework import PASS, SUPPLEMENT, Bureau, make_bureau
from tests.factories import OFFICERS, certify, faults, folder_url, make_account, make_settings
from tests.monitoring import make_highway
from tests.stand.wait import until
from tests.supervision import Bureau as Supervision
from tests.supervision import Clock, make_supervision
from workers.custody import integrate

FULL = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("separation")))
    made = Store(settings, clock=clock)
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def reviewer(bureau: Bureau, *more: Role) -> Actor:
    return make_account(bureau.store, bureau.agency, Role.LEGAL_REVIEWER, *more)[1]


def investigated(bureau: Bureau, head: Actor) -> Case:
    """A case with evidence, filed by this head."""
    case = bureau.open()
    with bureau.store.begin() as tx:
        tx.cases.step(head, case.id, CaseStep.FILE, "", case.version)
    case = bureau.step(case, CaseStep.INVESTIGATE)
    bureau.fact(case, bureau.capture(case))
    return case


def test_who_filed_the_case_does_not_review_it(bureau: Bureau) -> None:
    """A head who is a legal reviewer too led the case, and says no word on its law."""
    both, other = reviewer(bureau, Role.HEAD), reviewer(bureau)
    case, review = bureau.submit(investigated(bureau, both))
    with bureau.store.begin() as tx:
        assert tx.reviews.parts(both, case.id) == (Part.LED,)
        assert tx.reviews.parts(other, case.id) == ()
    with pytest.raises(Refused) as refused:
        bureau.opine(review, PASS, both)
    assert (refused.value.slug, refused.value.facts["parts"]) == ("reviewer-took-part", ["led"])
    assert bureau.opine(review, PASS, other).opinion is not None


def test_who_judged_the_evidence_does_not_review_the_case(store: Store) -> None:
    """The first opinion on a record keeps from the review of its case, the second, on the law, does not."""
    road = make_highway(store)
    office = make_bureau(store, officers=(uuid4().hex, uuid4().hex))
    people = {role: make_account(store, road.agency, role)[1] for role in (Role.HANDLER, Role.HEAD)}
    first = make_account(store, road.agency, Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER)[1]
    office.agency, office.handler, office.head, office.reviewer = (
        road.agency,
        people[Role.HANDLER],
        people[Role.HEAD],
        road.second,
    )
    case = office.at(CaseState.INVESTIGATING)
    record = road.one()
    with store.begin() as tx:
        seen = tx.monitoring.get(first, record).version
        valid = OpinionIn(opinion=OpinionWord.VALID, reason="看过")
        tx.monitoring.opine(first, record, ReviewStage.FIRST, valid, seen)
    road.opine(record, ReviewStage.SECOND)
    with store.begin() as tx:
        seen = tx.cases.get(office.handler, case.id).version
        tx.monitoring_links.link(office.handler, case.id, record, LinkBasis.MANUAL, seen)
    office.fact(case)
    _, review = office.submit(case)
    with pytest.raises(Refused) as refused:
        office.opine(review, SUPPLEMENT, first)
    assert (refused.value.slug, refused.value.facts["parts"]) == ("reviewer-took-part", ["judged"])
    assert office.opine(review, SUPPLEMENT).opinion is not None


def test_who_reviewed_the_case_does_not_handle_it(bureau: Bureau) -> None:
    """A reviewer sent the case back; they cannot become one of its handlers."""
    both = reviewer(bureau, Role.HANDLER)
    case, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT, both)
    with pytest.raises(Refused) as refused, bureau.store.begin() as tx:
        tx.cases.assign(bureau.head, case.id, both.login, bureau.get(case).version)
    assert refused.value.slug == "handler-reviewed"


def closed_and_drawn(store: Store, clock: Clock, above: Supervision) -> tuple[Audit, Bureau, UUID]:
    """A closed case of an agency below, drawn by an audit and rechecked."""
    below = make_bureau(store, above=above.supervisor.agency_id, officers=(uuid4().hex, uuid4().hex))
    above.agency = below.agency
    with store.begin() as tx:
        above.supervisor, above.colleague = (
            tx.accounts.account_actor(one.id) for one in (above.supervisor, above.colleague)
        )
    case = below.at(CaseState.CLOSED)
    integrate(store)
    return above.rechecked(kind=AuditKind.CLOSED_CASES, size=1), below, case.id


def test_page_and_act_say_the_same_of_an_inspector(store: Store, clock: Clock) -> None:
    """Whoever captured evidence of a drawn case is neither offered nor assigned; who turns out to have, scores no more."""
    above = make_supervision(store, clock, recordings=0)
    audit, _, case_id = closed_and_drawn(store, clock, above)
    captor = make_account(store, above.supervisor.agency_id, Role.INSPECTOR, certificate=OFFICERS[0])[1]
    with store.begin() as tx:
        offered = {one.id for one in tx.audit_scores.offered(above.supervisor, audit)}
    assert offered == {one.id for one in above.inspectors}
    with pytest.raises(Refused) as refused, store.begin() as tx:
        tx.audit_scores.assign(above.supervisor, audit.id, captor.id, audit.version)
    assert (refused.value.slug, refused.value.facts["parts"]) == ("inspector-took-part", ["captured"])

    first, second = above.inspectors
    for one in above.inspectors:
        with store.begin() as tx:
            seen = tx.audits.get(above.supervisor, audit.id).version
            tx.audit_scores.assign(above.supervisor, audit.id, one.id, seen)
    with store.begin() as tx:
        year = timedelta(days=365)
        certify(tx, first.account_id, OFFICERS[1], valid_from=tx.now - year, valid_until=tx.now + year)
    with store.begin() as tx:
        told, free = (tx.audit_scores.member(one, audit.id, case_id) for one in (first, second))
    assert (told.kept_by, told.may_score) == ((Part.CAPTURED,), False)
    assert (free.kept_by, free.may_score) == ((), True)
    with pytest.raises(Refused) as refused, store.begin() as tx:
        tx.audit_scores.score(first, audit.id, case_id, FULL)
    assert refused.value.slug == "inspector-took-part"
    with store.begin() as tx:
        assert len(tx.audit_scores.score(second, audit.id, case_id, FULL).scores) == 1


def test_a_tie_that_is_made_while_somebody_scores_is_met(store: Store, clock: Clock) -> None:
    """Tied to a case from which its inspector is barred, in the same moment: the score waits, and is none."""
    above = make_supervision(store, clock, recordings=3)
    audit, inspector = above.assigned(), above.inspectors[0]
    handler = make_account(store, above.agency, Role.HANDLER)[1]
    with store.begin() as tx:
        member = tx.audit_scores.drawn(above.supervisor, audit.id)[0].member_id
        wish = CaseIn(number=f"案-{uuid4().hex[:8]}", party="某店", matter="占道经营", place="建军路")
        case = tx.cases.open(handler, wish)
        barred = RecusalIn(login=inspector.login, ground=RecusalGround.HEAD, reason="近亲属")
        tx.recusals.bar(above.head, case.id, barred)

    def score() -> str:
        try:
            with store.begin() as tx:
                tx.audit_scores.score(inspector, audit.id, member, FULL)
        except EvidenceError as err:
            return err.slug
        return ""

    with ThreadPoolExecutor(1) as other:
        with store.begin() as tx:
            seen = tx.cases.get(handler, case.id).version
            tx.cases.link(handler, case.id, RecordingId(member), seen)
            scoring = other.submit(score)
            until(lambda: scoring.done() or _waiting(store) > 0, "the score waits, or is given")
        assert scoring.result() in ("recused", "chain-busy")
    assert score() == "recused"


def _waiting(store: Store) -> int:
    """How many wait for a lock in this database."""
    with store.begin() as tx:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return tx.connection.exec_driver_sql(waits).scalar_one()


def test_no_opinion_is_given_on_a_record_that_is_tied(store: Store) -> None:
    """An opinion on a record and one on its case never meet: untied it is no evidence, tied it takes no opinion."""
    road = make_highway(store)
    handler = make_account(store, road.agency, Role.HANDLER)[1]
    first = make_account(store, road.agency, Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER)[1]
    with store.begin() as tx:
        wish = CaseIn(number=f"案-{uuid4().hex[:8]}", party="某店", matter="占道经营", place="建军路")
        case = tx.cases.open(handler, wish)
    record, valid = road.one(), OpinionIn(opinion=OpinionWord.VALID, reason="看过")

    def tie() -> None:
        with store.begin() as tx:
            seen = tx.cases.get(handler, case.id).version
            tx.monitoring_links.link(handler, case.id, record, LinkBasis.MANUAL, seen)

    def opine(stage: ReviewStage) -> None:
        with store.begin() as tx:
            seen = tx.monitoring.get(first, record).version
            tx.monitoring.opine(first, record, stage, valid, seen)

    with pytest.raises(Conflict) as untied:
        tie()
    assert untied.value.slug == "article-41"
    opine(ReviewStage.FIRST)
    road.opine(record, ReviewStage.SECOND)
    tie()
    for stage in ReviewStage:
        with pytest.raises(EvidenceError) as concluded:
            opine(stage)
        assert concluded.value.slug in ("review-concluded", "review-same-person")
    with store.begin() as tx:
        assert Part.JUDGED in parts_of(tx.connection, case.id, first.account_id)


def test_every_part_is_read_from_what_was_done(store: Store, clock: Clock) -> None:
    """Of each person of a closed case the parts are exactly what they did, in the case and in the audit that drew it."""
    above = make_supervision(store, clock, recordings=0)
    audit, below, case_id = closed_and_drawn(store, clock, above)
    expected = {
        below.handler: (Part.HANDLES, Part.SUBMITTED, Part.CONCLUDED),
        below.head: (Part.LED,),
        below.reviewer: (Part.REVIEWED,),
        below.second_reviewer: (),
    }
    with store.begin() as tx:
        for who, parts in expected.items():
            assert parts_of(tx.connection, CaseId(case_id), who.account_id) == parts
            assert parts_in_sample(tx.connection, audit.id, who.account_id) == parts
            assert parts_in_sample(tx.connection, audit.id, who.account_id, MemberId(case_id)) == parts
            assert parts_in_sample(tx.connection, audit.id, who.account_id, MemberId(uuid4())) == ()


def test_a_tie_that_has_ended_is_no_part(bureau: Bureau) -> None:
    """Who is named by what is tied to a case captured it; once that is untied they took no part."""
    officer = bureau.officers[0]
    case = bureau.open()
    named = {"officers": sorted(officer.certificates), "context": {"case": case.number}}
    recording = bureau.device.capture("a.bin", b"x", **named)
    with bureau.store.begin() as tx:
        case = tx.cases.get(bureau.head, case.id)
        assert parts_of(tx.connection, case.id, officer.account_id) == (Part.CAPTURED,)
        tx.cases.unlink(bureau.handler, case.id, RecordingId(recording), "误关联", case.version)
    with bureau.store.begin() as tx:
        assert parts_of(tx.connection, case.id, officer.account_id) == ()


@pytest.mark.parametrize("kind", [CertificateKind.LEGAL, CertificateKind.LEGAL_BEFORE])
def test_whoever_reviews_is_qualified_by_the_register(bureau: Bureau, kind: CertificateKind) -> None:
    """Art. 58: without an entry no opinion and no button; with one that holds now, both; suspended, neither again."""
    token, newcomer = make_account(bureau.store, bureau.agency, Role.OFFICER)
    admin = make_account(bureau.store, bureau.agency, Role.ADMIN)[1]
    with bureau.store.begin() as tx:
        tx.people.grant(admin, newcomer.account_id, RoleIn(role=Role.LEGAL_REVIEWER))
    with bureau.store.begin() as tx:
        session = tx.accounts.open_session(newcomer.account_id)
    newcomer = session.actor
    keeper = make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]
    first, second = (bureau.submitted()[1] for _ in range(2))
    refuses(bureau, first, newcomer)
    with bureau.store.begin() as tx:
        wish = CertificateIssueIn(
            account_id=newcomer.account_id,
            number=f"资格-{uuid4().hex[:20]}",
            kind=kind,
            valid_from=tx.now - timedelta(days=9),
            valid_until=tx.now + timedelta(days=900),
        )
        held = tx.certificates.issue(keeper, wish)
        assert held.needs(tx.now, tx.agency_settings.certificate_terms(keeper.agency_id)) == ()
    with bureau.store.begin() as tx:
        assert tx.reviews.is_qualified(newcomer)
    assert bureau.opine(first, PASS, newcomer).opinion is not None
    with bureau.store.begin() as tx:
        wait = CertificateStepIn(reason="复核证书")
        tx.certificates.step(keeper, held.id, CertificateStep.SUSPEND, wait, held.version)
    refuses(bureau, second, newcomer)
    assert session.token != token


def refuses(bureau: Bureau, review: Review, who: Actor) -> None:
    with bureau.store.begin() as tx:
        assert not tx.reviews.is_qualified(who)
    with pytest.raises(Refused) as refused:
        bureau.opine(review, PASS, who)
    assert refused.value.slug == "reviewer-unqualified"


def test_the_fold_finds_nothing_to_name(store: Store) -> None:
    """Everything above was lawful to its last leaf: what was refused left none."""
    assert [
        one for one in faults(store) if one[0] is not FaultCode.RETENTION_MISSING
    ] == []  # sealed without a worker
