"""The two-person desk over monitoring records, and the gate of article 41 before any tie to a case."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from schemas.actor import Role
from schemas.case import CaseIn, CaseState
from schemas.equipment import CertificateIn, SuspensionIn
from schemas.errors import (
    Conflict,
    EvidenceError,
    Invalid,
    NotFound,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from schemas.event import Event
from schemas.leaves_case import CaseOpen, TieBasis
from schemas.leaves_case import MonitoringLinkRuled as LinkLeaf
from schemas.leaves_monitoring import MonitoringNotify, MonitoringOpine
from schemas.monitoring import (
    InvalidReason,
    LinkBasis,
    MonitoringState,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionIn,
    OpinionWord,
    ReviewStage,
)
from storage.monitoring.values import MonitoringFilter
from storage.store import Store
from tests.chains import chain_events, chain_of, folded, opened
from tests.factories import acts_of, events_of, faults, folder_url, make_account, make_settings
from tests.media import jpeg
from tests.monitoring import Highway, admit, jpeg_media, make_highway
from tests.owner import unguarded

VALID, INVALID = OpinionWord.VALID, OpinionWord.INVALID
FIRST, SECOND = ReviewStage.FIRST, ReviewStage.SECOND


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("desk"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def road(store: Store) -> Highway:
    return make_highway(store)


def refused(problem: str, kind: type[EvidenceError] = EvidenceError) -> object:
    return pytest.raises(kind, check=lambda err: err.slug == problem)


def open_case(road: Highway, number: str, **changed: object) -> tuple[object, int]:
    wish = CaseIn(number=number, party="某某运输公司", matter="超限运输", place="S229", **changed)
    with road.store.begin() as tx:
        case = tx.cases.open(road.handler, wish)
    return case.id, case.version


def notify(road: Highway, ident: object) -> None:
    with road.store.begin() as tx:
        wish = NotificationIn(
            channel=NotifyChannel.SMS, outcome=NotifyOutcome.SENT, attempted_at=tx.now, proof="短信 0017"
        )
        tx.notifications.add(road.handler, ident, wish)


def test_valid_needs_both(store: Store, road: Highway) -> None:
    """One opinion leaves a record open, the second makes it valid, and each step is in the log."""
    ident = road.one()
    road.opine(ident, SECOND)
    with store.begin() as tx:
        assert tx.monitoring.get(road.second, ident).state is MonitoringState.REVIEWING
    road.opine(ident, FIRST)
    with store.begin() as tx:
        assert tx.monitoring.get(road.handler, ident).state is MonitoringState.VALID

    first, second = acts_of(store, f"monitoring/{ident}")
    assert isinstance(first, MonitoringOpine)
    assert (first.stage, first.to, first.reason.value) == (SECOND, MonitoringState.REVIEWING, "看过")
    assert isinstance(second, MonitoringOpine)
    assert (second.stage, second.opinion, second.to) == (FIRST, VALID, MonitoringState.VALID)
    with store.begin() as tx:
        assert tx.monitoring.get(road.handler, ident).version == 2


def test_one_invalid_ends_it(store: Store, road: Highway) -> None:
    """One `invalid` with a reason from the list ends the review; the other opinion is no longer taken."""
    ident = road.one()
    with store.begin() as tx:
        seen = tx.monitoring.get(road.second, ident).version
    road.opine(ident, FIRST, INVALID, reason_code=InvalidReason.PLATE_MISREAD)
    with refused("review-concluded", TransitionRefused), store.begin() as tx:
        tx.monitoring.opine(road.second, ident, SECOND, OpinionIn(opinion=VALID), seen)
    with store.begin() as tx:
        assert tx.monitoring.get(road.handler, ident).state is MonitoringState.INVALID


def test_the_reviewers_are_blind(store: Store, road: Highway) -> None:
    """Nothing a reviewer can ask tells whether the other has given an opinion: state, version, opinions, queue."""
    ident, untouched = road.one(), road.one()
    road.opine(ident, FIRST)
    with store.begin() as tx:
        touched, other = (tx.monitoring.get(road.second, one) for one in (ident, untouched))
        queue = {row.id for row in tx.monitoring.queue(road.second, SECOND).rows}
        listed = tx.monitoring.page(road.second, MonitoringFilter(state=MonitoringState.REVIEWING)).rows

        assert (touched.state, touched.version) == (other.state, other.version)
        assert tx.monitoring.opinions(road.second, touched) == ()
        assert {ident, untouched} <= queue
        assert {ident, untouched} <= {row.id for row in listed}
        assert len(tx.monitoring.opinions(road.first, tx.monitoring.get(road.first, ident))) == 1


def test_two_different_people(store: Store, road: Highway) -> None:
    """Somebody who holds both roles gives one opinion on a record, never both."""
    both = make_account(store, road.agency, Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER)[1]
    ident = road.one()
    with store.begin() as tx:
        tx.monitoring.opine(both, ident, FIRST, OpinionIn(opinion=VALID), 0)
    with refused("review-same-person", Refused), store.begin() as tx:
        tx.monitoring.opine(both, ident, SECOND, OpinionIn(opinion=VALID), 1)
    with store.begin() as tx:
        assert ident not in {row.id for row in tx.monitoring.queue(both, SECOND).rows}


def test_a_stage_needs_its_role(store: Store, road: Highway) -> None:
    """The evidence reviewer cannot give the legal opinion, a handler neither."""
    ident = road.one()
    for who in (road.first, road.handler):
        with refused("permission-missing", Refused), store.begin() as tx:
            tx.monitoring.opine(who, ident, SECOND, OpinionIn(opinion=VALID), 0)


def test_invalid_needs_a_reason(store: Store, road: Highway) -> None:
    """`invalid` without a reason from the list, or without a sentence, is refused and leaves nothing."""
    ident = road.one()
    for wish in (
        OpinionIn(opinion=INVALID, reason="x"),
        OpinionIn(opinion=INVALID, reason_code=InvalidReason.UNCLEAR, reason="  "),
    ):
        with refused("reason-missing", Invalid), store.begin() as tx:
            tx.monitoring.opine(road.first, ident, FIRST, wish, 0)
    assert events_of(store, f"monitoring/{ident}") == []


def test_unsealed_media_cannot_be_reviewed(store: Store, road: Highway) -> None:
    """A record whose picture has no verdict yet is not reviewed."""
    ident = road.one(media=[jpeg_media(jpeg(32, 32))])
    with refused("review-unsealed", TransitionRefused):
        road.opine(ident, FIRST)


def test_two_reviewers_of_one_stage_at_once(store: Store, road: Highway) -> None:
    """Of two first reviewers who press at the same moment one is told that the review was given."""
    rival = make_account(store, road.agency, Role.EVIDENCE_REVIEWER)[1]
    ident = road.one()

    def press(who: object) -> str:
        try:
            with store.begin() as tx:
                tx.monitoring.opine(who, ident, FIRST, OpinionIn(opinion=VALID), 0)
        except (TransitionRefused, VersionConflict) as err:
            return err.slug
        return "given"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, (road.first, rival))) == ["given", "review-given"]


def test_the_queue_is_by_due_date_and_paged(store: Store) -> None:
    """Paging through the queue shows every record once, soonest due first."""
    road = make_highway(store)
    idents = {road.one() for _ in range(7)}
    seen, after = [], None
    while True:
        with store.begin() as tx:
            page = tx.monitoring.queue(road.first, FIRST, after=after, limit=3)
        seen += page.rows
        after = page.next
        if after is None:
            break

    assert {row.id for row in seen} == idents
    assert len(seen) == 7
    assert [row.due_at for row in seen] == sorted(row.due_at for row in seen)


def test_an_unreviewed_or_invalid_record_is_no_evidence(store: Store, road: Highway) -> None:
    """Article 41: what nobody reviewed, or somebody found invalid, cannot be tied to a case."""
    case_id, version = open_case(road, "A-1")
    unreviewed, half, invalid = road.one(), road.one(), road.one()
    road.opine(half, FIRST)
    road.opine(invalid, FIRST, INVALID, reason_code=InvalidReason.UNCLEAR)
    for ident, missing in ((unreviewed, "not-reviewed"), (half, "not-reviewed"), (invalid, "found-invalid")):
        with pytest.raises(Conflict) as caught, store.begin() as tx:
            tx.monitoring_links.link(road.handler, case_id, ident, LinkBasis.MANUAL, version)
        assert caught.value.slug == "article-41"
        law = "行政处罚法第四十一条"
        assert caught.value.facts == {"article": law, "missing": [missing], "laws": [law]}


def test_a_closed_gate_names_the_missing_fact(store: Store) -> None:
    """A valid record captured while a fact was missing is refused with that fact, and no other."""
    road = make_highway(store, is_admitted=False)
    ident = road.valid()
    case_id, version = open_case(road, "A-2")
    with pytest.raises(Conflict) as caught, store.begin() as tx:
        tx.monitoring_links.link(road.handler, case_id, ident, LinkBasis.MANUAL, version)
    assert caught.value.facts["missing"] == [
        "certificate-missing", "technical-review-missing", "legal-review-missing", "publication-missing",
    ]  # fmt: skip
    admit(store, road.custodian, road.equipment_id)
    with store.begin() as tx:
        record = tx.monitoring.get(road.handler, ident)
        assert tx.monitoring.is_recorded_later(record)
        tx.monitoring_links.link(road.handler, case_id, ident, LinkBasis.MANUAL, version)
        assert record.gate_faults  # what was known at the intake stays a fact of its own


def test_suspended_equipment(store: Store) -> None:
    """What is captured during a suspension is kept and is no evidence, also after the equipment is back."""
    road = make_highway(store)
    with store.begin() as tx:
        found = tx.equipment.get(road.custodian, road.equipment_id)
        wish = SuspensionIn(from_at=tx.now - timedelta(hours=1), reason="检修")
        version = tx.equipment.suspend(road.custodian, found.id, wish, found.version).version
    ident = road.valid()
    with store.begin() as tx:
        tx.equipment.resume(road.custodian, road.equipment_id, version)
        assert "suspended" in tx.monitoring.get(road.first, ident).gate_faults
    case_id, seen = open_case(road, "A-3")
    with refused("article-41", Conflict), store.begin() as tx:
        tx.monitoring_links.link(road.handler, case_id, ident, LinkBasis.MANUAL, seen)


def test_a_tie_is_dated_and_undone_by_a_counter_entry(store: Store, road: Highway) -> None:
    """Ties are many-to-many, made and ended with a date, and never deleted."""
    ident = road.valid()
    (one, version), (two, other) = open_case(road, "B-1"), open_case(road, "B-2")
    with store.begin() as tx:
        tx.monitoring_links.link(road.handler, one, ident, LinkBasis.PLATE, version)
        tx.monitoring_links.link(road.handler, two, ident, LinkBasis.MANUAL, other)
        tx.monitoring_links.unlink(road.handler, one, ident, "关联错误", version)
    with store.begin() as tx:
        links = tx.monitoring_links.links_of(ident)
        assert [link.unlinked_at is None for link in links] == [False, True]
        assert [row.id for row in tx.monitoring_links.of_case(tx.cases.get(road.handler, two))] == [ident]
        with refused("version-conflict", VersionConflict):
            tx.monitoring_links.unlink(road.handler, two, ident, "x", other + 1)

    ties = [Event.MONITORING_LINK, Event.MONITORING_LINK, Event.MONITORING_UNLINK]
    assert chain_events(store, f"monitoring/{ident}")[-3:] == ties
    assert chain_events(store, f"case/{one}") == [Event.CASE_OPEN, *ties[1:]]
    assert opened(store, f"case/{one}", Event.MONITORING_UNLINK) == [{"reason": "关联错误"}]
    assert folded(store, f"case/{one}").faults == []


def test_a_record_opens_a_case_after_an_attempt_to_notify(store: Store, road: Highway) -> None:
    """A lead is opened from a valid record only once an attempt to tell the party is recorded."""
    ident = road.valid()
    wish = CaseIn(number="C-1", party="某某运输公司", matter="超限运输", place="S229")
    with refused("notification-missing", Conflict), store.begin() as tx:
        tx.monitoring_links.open_case(road.handler, ident, wish)
    notify(road, ident)
    with store.begin() as tx:
        case = tx.monitoring_links.open_case(road.handler, ident, wish)
        assert case.state is CaseState.LEAD
        assert [link.basis for link in tx.monitoring_links.links_of_case(case.id)] == [LinkBasis.OPENED]
    lead, tie = chain_of(store, f"case/{case.id}")
    assert isinstance(lead.act, CaseOpen)
    assert lead.act.monitoring == f"monitoring/{ident}"
    assert tie.act == LinkLeaf(
        case=f"case/{case.id}",
        monitoring=f"monitoring/{ident}",
        basis=TieBasis.OPENED,
        needs_certificate=True,
    )
    assert lead.at == tie.at


def test_suggestions(store: Store) -> None:
    """Cases are suggested by plate, by party code, and by place and time, strongest first; closed ones are not."""
    road = make_highway(store)
    code = "91320903MA1DEM001U"
    ident = road.valid(party_code=code)
    open_case(road, "D-0")
    open_case(road, "D-1", plates=["苏J12345"])
    open_case(road, "D-2", plates=["苏J12345"], party_code=code, lat_e7=333_410_000, lon_e7=1_201_510_000)
    open_case(road, "D-3", lat_e7=333_410_000, lon_e7=1_201_510_000)
    open_case(road, "D-4", lat_e7=333_900_000, lon_e7=1_201_510_000)
    with store.begin() as tx:
        record = tx.monitoring.get(road.handler, ident)
        found = {one.case_number: one.bases for one in tx.monitoring_links.suggestions(road.handler, record)}

    assert found == {
        "D-2": (LinkBasis.PLATE, LinkBasis.PARTY_CODE, LinkBasis.PLACE_TIME),
        "D-3": (LinkBasis.PLACE_TIME,),
        "D-1": (LinkBasis.PLATE,),
    }
    assert next(iter(found)) == "D-2"


def test_fsck_holds_records_against_their_batches_opinions_and_ties(store: Store) -> None:
    """A changed row, state, count of ties or round is found from the bytes and the log alone."""
    road = make_highway(store)
    changed, judged, counted = road.one(), road.valid(), road.valid()
    sound = [str(one) for one in (changed, judged, counted)]

    def found() -> set[tuple[str, str]]:
        with store.begin() as tx:
            intake = tx.connection.scalar(
                text("SELECT intake_id FROM monitoring_records WHERE id = :id"), {"id": changed}
            )
        own = (*sound, str(intake))
        return {(code, about) for code, about in faults(store) if any(name in about for name in own)}

    assert found() == set()
    with unguarded(store) as tx:
        for ident, sql in (
            (changed, "raw = raw || ' '::bytea"),
            (judged, "state = 'invalid'"),
            (counted, "links = 1"),
        ):
            tx.connection.execute(text(f"UPDATE monitoring_records SET {sql} WHERE id = :id"), {"id": ident})

    named = found()
    assert {about for code, about in named if code == "column-differs"} == {
        f"monitoring/{judged}",
        f"monitoring/{counted}",
    }
    assert {code for code, _ in named} == {"intake-rows-differ", "column-differs", "personal-unreadable"}


def test_another_agency_sees_nothing(store: Store, road: Highway) -> None:
    """Records and equipment of another agency do not exist for one; ties across agencies are not made."""
    stranger = make_highway(store)
    ident = road.valid()
    with store.begin() as tx:
        for ask in (
            lambda: tx.monitoring.get(stranger.first, ident),
            lambda: tx.monitoring.raw(stranger.first, ident),
            lambda: tx.equipment.get(stranger.custodian, road.equipment_id),
        ):
            with pytest.raises(NotFound):
                ask()
    case_id, version = open_case(stranger, "E-1")
    with pytest.raises(NotFound), store.begin() as tx:
        tx.monitoring_links.link(stranger.handler, case_id, ident, LinkBasis.MANUAL, version)


def test_two_keepers_of_the_register(store: Store, road: Highway) -> None:
    """Of two custodians who saw the same version the second is told."""
    with store.begin() as tx:
        seen = tx.equipment.get(road.custodian, road.equipment_id).version
        wish = CertificateIn(
            number="x", issuer="y", valid_from=tx.now, valid_until=tx.now + timedelta(days=1)
        )
        tx.equipment.certify(road.custodian, road.equipment_id, wish, seen)
    with refused("version-conflict", VersionConflict), store.begin() as tx:
        tx.equipment.certify(road.custodian, road.equipment_id, wish, seen)


def test_an_attempt_moves_the_version_and_an_opinion_does_not_show(store: Store, road: Highway) -> None:
    """A reviewer who has not spoken is told of a new attempt to notify, and of no opinion."""
    ident = road.one()
    with store.begin() as tx:
        before = tx.monitoring.get(road.second, ident).version
    road.opine(ident, FIRST)
    notify(road, ident)
    with store.begin() as tx:
        blind, own = (tx.monitoring.get(who, ident).version for who in (road.second, road.first))
    with refused("version-conflict", VersionConflict), store.begin() as tx:
        tx.monitoring.opine(road.second, ident, SECOND, OpinionIn(opinion=VALID), before)
    road.opine(ident, SECOND)
    told = acts_of(store, f"monitoring/{ident}")

    assert (before, blind, own) == (0, 1, 2)
    assert [type(one) for one in told] == [MonitoringOpine, MonitoringNotify, MonitoringOpine]
    assert told[1].proof.value == "短信 0017"
