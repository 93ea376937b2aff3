"""Duties: one device, one or two people; hand-in is judged by their end, once, and late asks the holder why."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import httpx
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.case import CaseState
from schemas.continuity import SeamKind
from schemas.duty import Duty
from schemas.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from schemas.finding import FindingAnswerIn
from schemas.ids import RecordingId, ShiftId
from schemas.media import MediaFacts
from schemas.presence import PresencesIn
from schemas.setting import Setting, SettingIn
from schemas.shift import Shift, ShiftAmendIn, ShiftCloseIn, ShiftIn
from schemas.verdict import remarks
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.shift import shifts
from tests.casework import Bureau, conclusion, make_bureau
from tests.factories import (
    TestDevice,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.web import TRUST

_NUMBERS = count()
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("shifts"))))
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(f"勤-{next(_NUMBERS)}", f"勤-{next(_NUMBERS)}"))


def now_of(bureau: Bureau) -> datetime:
    with bureau.store.begin() as tx:
        return tx.now


def opened(bureau: Bureau, *, ago: timedelta = HOUR, ended_ago: timedelta | None = None) -> Shift:
    """A duty of the first officer with the bureau's device."""
    with bureau.store.begin() as tx:
        until = None if ended_ago is None else tx.now - ended_ago
        wish = ShiftIn(device_id=bureau.device.id, from_at=tx.now - ago, until_at=until)
        return tx.shifts.open(bureau.officers[0], wish)


def closed(bureau: Bureau, shift: Shift, *, ago: timedelta | None = None) -> Shift:
    with bureau.store.begin() as tx:
        until = None if ago is None else tx.now - ago
        return tx.shifts.close(bureau.officers[0], shift.id, ShiftCloseIn(until_at=until))


def captured(bureau: Bureau, *, ago: timedelta) -> RecordingId:
    """A capture of some time ago that names the two officers, received now and verified by the worker."""
    numbers = [min(one.certificates) for one in bureau.officers]
    at = rfc3339(now_of(bureau) - ago)
    ident = bureau.device.capture("a.bin", b"bytes", captured_at=at, officers=numbers)
    drain(bureau.store, JobKind.VERIFY)
    return RecordingId(ident)


def code_of(bureau: Bureau, ident: RecordingId) -> str:
    with bureau.store.begin() as tx:
        return next(row.check.code for row in tx.recordings.checks(ident) if row.check.name == "hand_in")


def told_alike(bureau: Bureau, *idents: RecordingId) -> list[int]:
    """How many remarks lists say of each; the page of each says the same, from its rows."""
    with bureau.store.begin() as tx:
        said = [tx.recordings.known(ident).remarks for ident in idents]
        rows = [remarks(row.check for row in tx.recordings.checks(ident)) for ident in idents]
    assert said == rows
    return said


def waiting(bureau: Bureau, who: Actor) -> set[RecordingId]:
    with bureau.store.begin() as tx:
        told = {one.id for one in tx.finding_answers.waiting(who)}
        counted = {line.duty: line.count for line in tx.duties.waiting(who)}
    assert counted.get(Duty.EXPLAIN_LATE, 0) == len(told)
    return told


def test_hand_in_follows_the_end_of_the_duty(bureau: Bureau) -> None:
    """Late outside of any duty; not due while one goes on; judged by its end when it ends, and never again."""
    alone = captured(bureau, ago=200 * HOUR)
    assert code_of(bureau, alone) == "late-handin"
    shift = opened(bureau, ago=100 * HOUR)
    early, later = captured(bureau, ago=99 * HOUR), captured(bureau, ago=2 * HOUR)
    assert [code_of(bureau, one) for one in (early, later)] == ["", ""]

    over = closed(bureau, shift, ago=30 * HOUR)
    assert over.until_at is not None
    assert over.due_at == over.until_at + 24 * HOUR
    assert code_of(bureau, early) == "late-after-duty", "the duty ended earlier than anybody had said"
    assert code_of(bureau, later) == "", "captured after that duty"
    assert code_of(bureau, alone) == "late-handin"
    assert (over.recordings, over.late) == (1, 1)
    of_alone, of_early, of_later = told_alike(bureau, alone, early, later)
    assert (of_alone, of_early) == (of_later + 1, of_later + 1), "late is a remark, whenever it was judged"

    admin = make_account(bureau.store, bureau.agency, Role.ADMIN)[1]
    with bureau.store.begin() as tx:
        wish = SettingIn(name=Setting.HAND_IN_HOURS, value=720, from_at=tx.now - 900 * HOUR, source="办法")
        tx.agency_settings.change(admin, bureau.agency, wish)
    assert code_of(bureau, early) == "late-after-duty", "what was judged is not judged again"
    assert faults(bureau.store, shift.id) == []


def test_a_duty_that_is_entered_afterwards_is_judged_by_its_end(bureau: Bureau) -> None:
    """A recording that was late by its capture is in time by the end of the duty that it belongs to."""
    ident = captured(bureau, ago=40 * HOUR)
    assert code_of(bureau, ident) == "late-handin"
    (before,) = told_alike(bureau, ident)
    shift = opened(bureau, ago=45 * HOUR, ended_ago=10 * HOUR)
    assert not shift.is_open
    assert told_alike(bureau, ident) == [before - 1], "the end of the duty takes the remark away again"
    assert code_of(bureau, ident) == ""
    assert waiting(bureau, bureau.officers[0]) == set()


def test_late_asks_the_holder_and_the_answer_stands_beside(bureau: Bureau) -> None:
    """Both whom the capture names are asked, one explanation is enough; the report stays as it was sealed."""
    first, second = bureau.officers
    ident = captured(bureau, ago=40 * HOUR)
    assert waiting(bureau, first) == waiting(bureau, second) == {ident}
    with bureau.store.begin() as tx:
        before = tx.recordings.known(ident)
        tx.finding_answers.answer(first, ident, FindingAnswerIn(code="late-handin", text=" 山区没有网络 "))
    assert waiting(bureau, first) == waiting(bureau, second) == set()
    with bureau.store.begin() as tx:
        assert tx.recordings.known(ident) == before
        (said,) = tx.finding_answers.of_recording(ident)
        assert (said.code, said.text, said.answered_by) == ("late-handin", "山区没有网络", first.account_id)
        assert "late-handin" in tx.finding_answers.askable(second, ident)
        assert "late-handin" not in tx.finding_answers.askable(first, ident)
    assert code_of(bureau, ident) == "late-handin", "the finding stays"
    assert faults(bureau.store, ident) == []


def test_a_home_looks_at_what_is_open(bureau: Bureau) -> None:
    """However many captures somebody has answered for and explained, or handed in in time, none of them is looked at.

    Nor does the head's home look at what the store gives as it was sealed.
    """
    who = bureau.officers[0]
    captured(bureau, ago=40 * HOUR)
    before = looked_at(bureau, who)
    assert before > 0
    assert looked_at(bureau, bureau.head) == 0
    for ago in (40 * HOUR, HOUR, HOUR):
        ident = captured(bureau, ago=ago)
        with bureau.store.begin() as tx:
            manifest = tx.recordings.known(ident).manifest_id
            assert manifest is not None
            tx.presences.confirm(who, PresencesIn(manifest_ids=[manifest]))
            if ago > 24 * HOUR:
                tx.finding_answers.answer(who, ident, FindingAnswerIn(code="late-handin", text="山区"))
    assert looked_at(bureau, who) == before
    assert looked_at(bureau, bureau.head) == 0


def looked_at(bureau: Bureau, who: Actor) -> int:
    """How many rows of recordings the database fetches to tell somebody what waits for them, by its indices."""
    fetched = text(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'recordings'"
    )
    with bureau.store.begin() as tx:
        tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        before: int = tx.connection.execute(fetched).scalar_one()
        tx.duties.waiting(who)
        after: int = tx.connection.execute(fetched).scalar_one()
    return after - before


@pytest.mark.parametrize(
    ("who", "code", "kind", "slug"),
    [
        (0, "late-handin", Conflict, "finding-answered"),
        (0, "late-after-duty", Conflict, "finding-absent"),
        (2, "late-handin", NotFound, "recording-unknown"),
        (3, "late-handin", Refused, "permission-missing"),
    ],
)
def test_who_explains_what(bureau: Bureau, who: int, code: str, kind: type[EvidenceError], slug: str) -> None:
    """Once each, of what was found, by whoever captured or sent it."""
    stranger = make_account(bureau.store, bureau.agency, Role.OFFICER, certificate=f"勤-{next(_NUMBERS)}")[1]
    people = (*bureau.officers, stranger, bureau.head)
    ident = captured(bureau, ago=40 * HOUR)
    with bureau.store.begin() as tx:
        tx.finding_answers.answer(people[0], ident, FindingAnswerIn(code="late-handin", text="无网络"))
    with bureau.store.begin() as tx, pytest.raises(kind) as caught:
        tx.finding_answers.answer(people[who], ident, FindingAnswerIn(code=code, text="无网络"))
    assert caught.value.slug == slug


def test_a_device_is_on_one_duty_at_a_time(bureau: Bureau) -> None:
    """What overlaps is refused by name, touching ends do not overlap, and the database itself keeps a second one out."""
    first = opened(bureau, ago=5 * HOUR, ended_ago=3 * HOUR)
    assert first.until_at is not None
    for ago, ended_ago in ((6 * HOUR, 4 * HOUR), (4 * HOUR, 2 * HOUR), (6 * HOUR, HOUR), (4 * HOUR, None)):
        with pytest.raises(Conflict) as caught:
            opened(bureau, ago=ago, ended_ago=ended_ago)
        assert (caught.value.slug, caught.value.facts["duty_id"]) == ("duty-overlaps", str(first.id))
    with bureau.store.begin() as tx:
        wish = ShiftIn(device_id=bureau.device.id, from_at=first.until_at)
        second = tx.shifts.open(bureau.officers[1], wish)
    earlier = ShiftAmendIn(from_at=first.until_at - HOUR, reason="记错")
    with bureau.store.begin() as tx, pytest.raises(Conflict) as caught:
        tx.shifts.amend(bureau.officers[1], second.id, earlier)
    assert caught.value.slug == "duty-overlaps"
    row = {
        "agency_id": bureau.agency,
        "device_id": bureau.device.id,
        "person_id": bureau.officers[0].id,
        "from_at": first.from_at,
        "opened_at": first.opened_at,
    }
    with pytest.raises(IntegrityError, match="ex_shifts_overlap"), bureau.store.begin() as tx:
        tx.connection.execute(insert(shifts).values(**row))


def test_of_two_at_once_one_has_the_device(bureau: Bureau) -> None:
    """Two officers who take one device in the same moment: one duty, one refusal by name."""

    def take(who: Actor) -> str:
        try:
            with bureau.store.begin() as tx:
                tx.shifts.open(who, ShiftIn(device_id=bureau.device.id))
        except EvidenceError as err:
            return err.slug
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, bureau.officers)) == ["duty-overlaps", "taken"]


def _refused(bureau: Bureau, kind: type[EvidenceError], actor: Actor, wish: ShiftIn) -> str:
    with bureau.store.begin() as tx, pytest.raises(kind) as caught:
        tx.shifts.open(actor, wish)
    return caught.value.slug


def test_who_and_when_a_duty_can_be(bureau: Bureau) -> None:
    """A device in use of the own agency, people of it with certificates, no time in the future, no end before the start."""
    first, second = bureau.officers
    foreign = enrol_device(
        bureau.store, make_account(bureau.store, make_agency(bureau.store), Role.CUSTODIAN)[1]
    )
    mine, now = ShiftIn(device_id=bureau.device.id), now_of(bureau)
    extra = make_account(bureau.store, bureau.agency, Role.OFFICER, certificate=f"勤-{next(_NUMBERS)}")[1]
    three = (min(second.certificates), min(extra.certificates))
    cases = [
        (NotFound, "device-unknown", mine.model_copy(update={"device_id": foreign.id})),
        (NotFound, "device-unknown", mine.model_copy(update={"device_id": None})),
        (Invalid, "duty-people", mine.model_copy(update={"officers": ("没有的号",)})),
        (Invalid, "duty-people", mine.model_copy(update={"officers": three})),
        (Invalid, "duty-times", mine.model_copy(update={"from_at": now + HOUR})),
        (Invalid, "duty-times", mine.model_copy(update={"from_at": now - HOUR, "until_at": now - 2 * HOUR})),
    ]
    for kind, slug, wish in cases:
        assert _refused(bureau, kind, first, wish) == slug
    assert _refused(bureau, Refused, bureau.head, mine) == "permission-missing"


def _kept(bureau: Bureau, actor: Actor, ident: ShiftId) -> str:
    with bureau.store.begin() as tx:
        try:
            tx.shifts.close(actor, ident, ShiftCloseIn())
        except EvidenceError as err:
            return err.slug
    return "over"


def test_whose_duty_it_is(bureau: Bureau) -> None:
    """A partner, the device and a custodian end it; others do not find it; over, it does not change any more."""
    custodian = make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]
    other = make_account(bureau.store, bureau.agency, Role.OFFICER)[1]
    first, second = bureau.officers
    for ends in (second, bureau.device.actor, custodian):
        with bureau.store.begin() as tx:
            wish = ShiftIn(device_id=bureau.device.id, officers=(min(second.certificates),))
            shift = tx.shifts.open(first, wish)
        assert set(shift.people) == {first.account_id, second.account_id}
        assert _kept(bureau, other, shift.id) == "duty-unknown"
        assert _kept(bureau, bureau.head, shift.id) == "duty-unknown"
        assert _kept(bureau, ends, shift.id) == "over"
        assert _kept(bureau, first, shift.id) == "duty-over"
        assert faults(bureau.store, shift.id) == []
    with bureau.store.begin() as tx:
        assert len(tx.shifts.page(bureau.head).rows) == 3
        assert tx.shifts.page(other).rows == ()


def test_a_device_keeps_its_own_duties_by_its_token(bureau: Bureau) -> None:
    """Its token opens and ends a duty of those whom it names, and of no other device."""
    numbers = [min(one.certificates) for one in bureau.officers]
    spare: TestDevice = enrol_device(
        bureau.store, make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]
    )
    with (
        serving(bureau.store) as base,
        httpx.Client(base_url=base, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        client.headers["Authorization"] = f"Bearer {bureau.device.token}"
        nobody = client.post("/v1/duties", json={})
        others = client.post("/v1/duties", json={"officers": numbers, "device_id": str(spare.id)})
        made = client.post("/v1/duties", json={"officers": numbers})
        twice = client.post("/v1/duties", json={"officers": numbers})
        listed = client.get("/v1/duties").json()["duties"]
        over = client.post(f"/v1/duties/{made.json()['id']}/close", json={})
    assert [one.status_code for one in (nobody, others, made, twice, over)] == [422, 404, 201, 409, 200]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert over.json()["due_at"] > over.json()["until_at"]


def test_a_duty_that_nobody_ends_waits_for_its_people(bureau: Bureau) -> None:
    """After a day it stands on the home page of both; ended, it does not."""
    first = bureau.officers[0]

    def lines() -> set[Duty]:
        with bureau.store.begin() as tx:
            return {line.duty for line in tx.duties.waiting(first)}

    shift = opened(bureau, ago=20 * HOUR)
    assert Duty.END_DUTY not in lines()
    with bureau.store.begin() as tx:
        tx.shifts.amend(first, shift.id, ShiftAmendIn(from_at=tx.now - 25 * HOUR, reason="漏记"))
    assert Duty.END_DUTY in lines()
    closed(bureau, shift)
    assert Duty.END_DUTY not in lines()


def test_a_reviewer_is_told_what_the_end_of_the_duty_says(bureau: Bureau) -> None:
    """What held while the duty went on is a finding of the case once the duty ended too early for it."""
    shift = opened(bureau, ago=60 * HOUR)
    ident, case = captured(bureau, ago=59 * HOUR), bureau.at(CaseState.INVESTIGATING)
    with bureau.store.begin() as tx:
        tx.cases.link(bureau.handler, case.id, ident, tx.cases.known(case.id).version)

    def told() -> set[str]:
        with bureau.store.begin() as tx:
            found = tx.reviews.findings(bureau.head, case.id)
        return {one.check.code for one in found if one.check.name == "hand_in"}

    assert told() == set()
    closed(bureau, shift, ago=40 * HOUR)
    assert told() == {"late-after-duty"}


FULL = timedelta(minutes=5)


def segment(bureau: Bureau, number: int, begins: datetime, length: timedelta = FULL) -> RecordingId:
    """A film of a camera that numbers its files, sealed as a worker would."""
    payload = f"{number} {begins}".encode()
    ident = bureau.device.capture(f"20261102090000_{number:04}.mp4", payload, captured_at=rfc3339(begins))
    with bureau.store.begin() as tx:
        whole = conclusion(payload, at_retain=tx.now).model_copy(
            update={
                "facts": MediaFacts(duration_ms=length // timedelta(milliseconds=1)),
                "media_type": "video/mp4",
            }
        )
        tx.recordings.conclude(ident, whole)
    return RecordingId(ident)


def test_a_missing_segment_is_told_as_of_now_and_closes_by_itself(bureau: Bureau) -> None:
    """In the duty, beside each recording, in the API and on three pages; what comes last closes it."""
    shift = opened(bureau, ago=3 * HOUR)
    begins = now_of(bureau) - 2 * HOUR
    ids = {number: segment(bureau, number, begins + (number - 1) * FULL) for number in (5, 1, 2, 4)}

    with bureau.store.begin() as tx:
        told = tx.courses.of_duty(tx.shifts.get(bureau.officers[0], shift.id))
        beside = tx.courses.of_recording(tx.recordings.known(ids[4]))
    assert [one.number for one in told.segments] == [1, 2, 4, 5]
    assert [one.kind for one in told.seams] == [SeamKind.CUT, SeamKind.NUMBER_MISSING]
    assert [(one.before, one.after) for one in told.seams] == [(ids[2], ids[4])] * 2
    assert beside.at(ids[4]) == told.seams
    assert beside.at(ids[1]) == ()
    assert [one and one.recording_id for one in beside.around(ids[4])] == [ids[2], ids[5]]

    head, officer = (bureau.tokens[one.id] for one in (bureau.head, bureau.officers[0]))
    with serving(bureau.store) as url:
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {head}"}, timeout=PATIENCE_SECONDS
        ) as api:
            course = api.get(f"/v1/duties/{shift.id}/course").json()
            other = api.get(f"/v1/recordings/{ids[2]}/course").json()
        assert [one["kind"] for one in course["seams"]] == ["cut", "number-missing"]
        assert {one["severity"] for one in course["seams"]} == {"warn"}
        assert other["segments"] == course["segments"]
        with httpx.Client(base_url=url, cookies={COOKIE: head}, timeout=PATIENCE_SECONDS) as web:
            pages = [
                web.get(path).raise_for_status().text
                for path in (
                    "/console/duties",
                    f"/console/duties/{shift.id}",
                    f"/console/recordings/{ids[4]}",
                )
            ]
        assert all(f"/console/duties/{shift.id}" in page for page in pages[:1])
        assert all("录满一段后没有接续" in page for page in pages[1:])
        assert "2 处需要查明" in pages[1]
        # The officer's own recordings alone have names for the officer; these name nobody, and were sent by the device.
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {officer}"}, timeout=PATIENCE_SECONDS
        ) as api:
            seen = api.get(f"/v1/duties/{shift.id}/course").json()
        assert {one["filename"] for one in seen["segments"]} == {None}
        assert len(seen["segments"]) == 4

    segment(bureau, 3, begins + 2 * FULL)
    with bureau.store.begin() as tx:
        assert tx.courses.of_duty(tx.shifts.get(bureau.officers[0], shift.id)).seams == ()


def test_the_agency_says_what_still_follows(bureau: Bureau) -> None:
    """Ten seconds apart are a gap by default, and none where the agency gives as many; outside of a duty the day counts."""
    noon = (now_of(bureau) - 48 * HOUR).replace(hour=4, minute=0, second=0, microsecond=0)
    first = segment(bureau, 1, noon)
    segment(bureau, 2, noon + FULL + timedelta(seconds=10))

    def kinds() -> list[SeamKind]:
        with bureau.store.begin() as tx:
            return [one.kind for one in tx.courses.of_recording(tx.recordings.known(first)).seams]

    assert kinds() == [SeamKind.GAP]
    admin = make_account(bureau.store, bureau.agency, Role.ADMIN)[1]
    with bureau.store.begin() as tx:
        wish = SettingIn(name=Setting.SEGMENT_GAP_SECONDS, value=10, from_at=noon - HOUR * 100, source="办法")
        tx.agency_settings.change(admin, bureau.agency, wish)
    assert kinds() == []
