"""Whoever a capture names is asked once; two who confirm it read as two, and a denial after the seal is a finding."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from schemas.actor import Actor, Role
from schemas.case import CaseState
from schemas.errors import Conflict, NotFound, Refused
from schemas.event import Event
from schemas.ids import ManifestId, RecordingId
from schemas.integrity import Outcome
from schemas.leaves_certificate_issue import CertificateKind
from schemas.presence import (
    PresenceAnswer,
    PresenceIn,
    PresencesIn,
    PresenceState,
    SettlementIn,
)
from schemas.recording import Recording
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import (
    certify,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)

ARTICLE = "行政处罚法 第五十一条"
YES = PresenceIn(answer=PresenceAnswer.CONFIRMED)
NO = PresenceIn(answer=PresenceAnswer.DENIED, reason="当日休假，设备交给他人")


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = make_settings(
        database_url, folder_url(tmp_path_factory.mktemp("there")), exception_articles=(ARTICLE,)
    )
    made = Store(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def captured(bureau: Bureau, **changed: object) -> Recording:
    """A capture of the bureau's device that names both officers, or whom `changed` says."""
    ident = bureau.device.capture("a.jpg", b"a picture", **changed)
    with bureau.store.begin() as tx:
        return tx.recordings.known(RecordingId(ident))


def manifest_of(recording: Recording) -> ManifestId:
    assert recording.manifest_id is not None
    return recording.manifest_id


def answer(bureau: Bureau, who: Actor, recording: Recording, wish: PresenceIn = YES) -> None:
    with bureau.store.begin() as tx:
        tx.presences.answer(who, manifest_of(recording), wish)


def states(bureau: Bureau, recording: Recording) -> list[PresenceState]:
    with bureau.store.begin() as tx:
        found = tx.presences.of_recording(recording)
    assert found is not None
    return [one.state for one in found.named]


def asked(bureau: Bureau, who: Actor) -> set[ManifestId]:
    with bureau.store.begin() as tx:
        return {one.manifest_id for one in tx.presences.questions(who)}


def finding(bureau: Bureau, recording: Recording) -> tuple[Outcome, str] | None:
    """What a reviewer reads of who was there, the recording linked to a case of its own."""
    case = bureau.at(CaseState.INVESTIGATING)
    with bureau.store.begin() as tx:
        tx.cases.link(bureau.handler, case.id, recording.id, tx.cases.known(case.id).version)
        found = tx.reviews.findings(bureau.head, case.id)
    mine = [one.check for one in found if one.check.name == "presence"]
    return (mine[0].outcome, mine[0].code) if mine else None


def test_named_is_not_confirmed_until_both_say_so(bureau: Bureau) -> None:
    """Two names are a finding by its own name; when both were there, there is nothing to say."""
    recording = captured(bureau)
    first, second = bureau.officers

    assert states(bureau, recording) == [PresenceState.NAMED, PresenceState.NAMED]
    assert finding(bureau, recording) == (Outcome.NOT_CHECKED, "presence-not-confirmed")
    answer(bureau, first, recording)
    assert states(bureau, recording) == [PresenceState.CONFIRMED, PresenceState.NAMED]
    assert finding(bureau, recording) == (Outcome.NOT_CHECKED, "presence-not-confirmed")
    answer(bureau, second, recording)
    assert finding(bureau, recording) is None
    assert faults(bureau.store, manifest_of(recording)) == []


def test_each_is_asked_once(bureau: Bureau) -> None:
    """What was answered is asked no more; what was confirmed may yet be denied, what was denied not confirmed."""
    recording = captured(bureau)
    first, second = bureau.officers
    manifest = manifest_of(recording)

    assert manifest in asked(bureau, first) & asked(bureau, second)
    answer(bureau, first, recording)
    assert manifest not in asked(bureau, first)
    with pytest.raises(Conflict) as again:
        answer(bureau, first, recording)
    assert again.value.slug == "presence-answered"
    answer(bureau, first, recording, NO)
    for wish in (YES, NO):
        with pytest.raises(Conflict):
            answer(bureau, first, recording, wish)
    with bureau.store.begin() as tx:
        written = [one.leaf.event for one in tx.custody.chain(f"manifest/{manifest}")]
    assert written == [Event.MANIFEST_DECLARE, Event.PRESENCE_CONFIRM, Event.PRESENCE_DENY]
    assert faults(bureau.store, manifest) == []


def test_nobody_answers_for_another(bureau: Bureau) -> None:
    """Whoever is not named is not asked, whatever their role; another agency's namesake neither."""
    recording = captured(bureau, officers=["10320001001"])
    stranger = make_account(bureau.store, make_agency(bureau.store), Role.OFFICER, certificate="外-1")[1]
    for who in (bureau.officers[1], bureau.head, bureau.handler, stranger):
        assert manifest_of(recording) not in asked(bureau, who)
        with pytest.raises(NotFound) as refused:
            answer(bureau, who, recording)
        assert refused.value.slug == "presence-unasked"


def test_a_denial_after_the_seal_is_a_finding_and_a_duty_of_the_head(bureau: Bureau) -> None:
    """Nothing that was sealed changes; the head says what came of it, once, and the finding stays."""
    recording = captured(bureau)
    bureau.conclude(recording.id, b"a picture")
    first, second = bureau.officers
    answer(bureau, first, recording)
    answer(bureau, second, recording, NO)

    def waiting() -> int:
        with bureau.store.begin() as tx:
            return sum(one.count for one in tx.duties.waiting(bureau.head) if one.duty == "settle-denial")

    before = waiting()
    assert finding(bureau, recording) == (Outcome.MISMATCH, "presence-denied")
    with bureau.store.begin() as tx:
        after = tx.recordings.known(recording.id)
        assert (after.state, after.sha256) == ("sealed", after.sha256)
        denial = next(one for one in tx.presences.denials(bureau.head) if one.recording_id == recording.id)
    assert denial.reason == NO.reason
    with pytest.raises(Refused), bureau.store.begin() as tx:
        tx.presences.settle(bureau.handler, denial.id, SettlementIn(text="x"))
    other_head = make_account(bureau.store, make_agency(bureau.store), Role.HEAD)[1]
    with pytest.raises(NotFound), bureau.store.begin() as tx:
        tx.presences.settle(other_head, denial.id, SettlementIn(text="x"))
    with bureau.store.begin() as tx:
        tx.presences.settle(bureau.head, denial.id, SettlementIn(text="设备借给他人，已重新采集"))
    with pytest.raises(NotFound), bureau.store.begin() as tx:
        tx.presences.settle(bureau.head, denial.id, SettlementIn(text="又一次"))
    assert waiting() == before - 1
    assert finding(bureau, recording) == (Outcome.MISMATCH, "presence-denied")
    assert events_of(bureau.store, f"presence/{denial.id}") == [Event.PRESENCE_DENY, Event.PRESENCE_SETTLE]
    assert faults(bureau.store, manifest_of(recording)) == []


def test_a_day_is_confirmed_whole_or_not_at_all(bureau: Bureau) -> None:
    """One that does not name the person undoes the others."""
    mine = [captured(bureau), captured(bureau)]
    first, second = bureau.officers
    alone = captured(bureau, officers=["10320001002"])
    wanted = tuple(manifest_of(one) for one in mine)
    with pytest.raises(NotFound), bureau.store.begin() as tx:
        tx.presences.confirm(first, PresencesIn(manifest_ids=(*wanted, manifest_of(alone))))
    assert set(wanted) <= asked(bureau, first)
    with bureau.store.begin() as tx:
        assert tx.presences.confirm(first, PresencesIn(manifest_ids=wanted)) == len(mine)
    assert not set(wanted) & asked(bureau, first)
    assert set(wanted) <= asked(bureau, second)


@pytest.mark.parametrize(
    ("article", "code"),
    [("行政处罚法第五十一条", None), ("行政处罚法第三条", "presence-article-unlisted")],
)
def test_only_a_listed_article_stands_in_for_the_second(
    bureau: Bureau, article: str, code: str | None
) -> None:
    """An article that the list does not hold is told; blanks make no other article."""
    recording = captured(bureau, officers=["10320001001"], exception={"article": article})
    found = finding(bureau, recording)

    assert (found and found[1]) == code


def test_who_does_not_count_makes_no_pair(bureau: Bureau) -> None:
    """An auxiliary who was there, and a number that nobody holds, are no second officer."""
    _, helper = make_account(bureau.store, bureau.agency, Role.AUXILIARY)
    with bureau.store.begin() as tx:
        now = tx.now
        certify(
            tx,
            helper.account_id,
            "辅-1",
            valid_from=now.replace(year=2000),
            valid_until=now.replace(year=2100),
            kind=CertificateKind.AUXILIARY,
        )
        helper = tx.accounts.account_actor(helper.account_id)
    recording = captured(bureau, officers=["10320001001", "辅-1", "无人-1"])
    answer(bureau, bureau.officers[0], recording)
    answer(bureau, helper, recording)

    assert states(bureau, recording) == [
        PresenceState.CONFIRMED,
        PresenceState.CONFIRMED,
        PresenceState.UNKNOWN,
    ]
    assert finding(bureau, recording) == (Outcome.NOT_CHECKED, "presence-not-confirmed")


def test_an_auxiliary_who_holds_an_officers_certificate_makes_no_pair(bureau: Bureau) -> None:
    """The role at the time of the capture decides, as for the check of the two officers; the page says who is none."""
    _, helper = make_account(bureau.store, bureau.agency, Role.AUXILIARY, certificate="执-9")
    recording = captured(bureau, officers=["10320001001", "执-9"])
    answer(bureau, bureau.officers[0], recording)
    answer(bureau, helper, recording)

    with bureau.store.begin() as tx:
        found = tx.presences.of_recording(recording)
    assert found is not None
    assert [one.is_officer for one in found.named] == [True, False]
    assert finding(bureau, recording) == (Outcome.NOT_CHECKED, "presence-not-confirmed")


def test_a_device_of_another_agency_asks_too(store: Store, bureau: Bureau) -> None:
    """Whoever is named without being there can say so, wherever the device belongs; its pictures are not shown."""
    other = make_agency(store)
    device = enrol_device(store, make_account(store, other, Role.CUSTODIAN)[1])
    ident: UUID = device.capture("b.jpg", b"b", officers=["10320001001"])
    first = bureau.officers[0]
    with store.begin() as tx:
        question = next(one for one in tx.presences.questions(first) if one.recording_id == ident)
        assert not question.is_within
        assert tx.recordings.visible(first, [question.recording_id]) == frozenset()
        tx.presences.answer(first, question.manifest_id, NO)
    assert faults(store, question.manifest_id) == []
