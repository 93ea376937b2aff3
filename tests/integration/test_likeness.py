"""A picture that was used before is shown to whoever judges, as a hint: found exactly, told within each reader's reach."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.case import CaseIn
from schemas.ids import RecordingId
from schemas.likeness import Likeness, Likenesses
from schemas.recording import RecordingState
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.likeness import likeness_searches, likenesses, picture_codes
from storage.tables.outbox import JobState, jobs
from tests.alike import captioned, coded, scene
from tests.casework import Bureau, make_bureau
from tests.everything import lock
from tests.factories import faults, folder_url, make_account, make_agency, make_settings
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

_NUMBERS = count(1)
_RUNNERS: list[Runner] = []


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("likeness"))))
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def runner(store: Store) -> Iterator[Runner]:
    """One decoder child for all of them."""
    with Sandbox() as sandbox:
        made = Runner(store, sandbox, WorkersSettings(lease_seconds=30))
        _RUNNERS.append(made)
        yield made


@pytest.fixture(scope="module")
def top(store: Store) -> UUID:
    return make_agency(store, is_supervising=True)


@pytest.fixture
def bureau(store: Store, top: UUID) -> Bureau:
    return make_bureau(store, above=top, officers=(f"似-{next(_NUMBERS)}", f"似-{next(_NUMBERS)}"))


def sent(bureau: Bureau, payload: bytes, *, ago_s: int = 0, case: str | None = None) -> RecordingId:
    """A photo that was taken so many seconds ago, sealed and compared."""
    at = rfc3339(datetime.now(UTC) - timedelta(seconds=ago_s))
    named = {"context": {"case": case}} if case else {}
    ident = RecordingId(bureau.device.capture("p.jpg", payload, captured_at=at, **named))
    _RUNNERS[-1].drain(JobKind.VERIFY)
    _RUNNERS[-1].drain(JobKind.LIKEN)
    return ident


def told(bureau: Bureau, actor: Actor, ident: RecordingId) -> Likenesses:
    with bureau.store.begin() as tx:
        found = tx.likenesses.of_recording(actor, tx.recordings.get(actor, ident))
    assert found is not None
    return found


def test_a_picture_that_was_used_before_is_shown_from_both_sides(bureau: Bureau) -> None:
    """Captioned, smaller and saved anew, days later: a hint with its word and its case, and no check."""
    number = next(_NUMBERS)
    case = bureau.open()
    old = sent(bureau, coded(scene(number)), ago_s=90_000, case=case.number)
    new = sent(bureau, coded(captioned(scene(number)).resize((640, 480)), quality=60))

    (there,) = told(bureau, bureau.head, new).others
    (back,) = told(bureau, bureau.head, old).others

    assert (there.recording.id, there.likeness, there.cases) == (old, Likeness.SAME, (case.number,))
    assert (back.recording.id, back.bits, back.cases) == (new, there.bits, ())
    with bureau.store.begin() as tx:
        found = tx.recordings.known(new)
        assert {row.check.name for row in tx.recordings.checks(new)} & {"likeness", "reuse"} == set()
    assert found.state is RecordingState.SEALED
    lock(bureau.store)
    assert faults(bureau.store, new) == []


def test_what_is_not_alike_is_said_to_have_been_compared(bureau: Bureau) -> None:
    """Another scene gives no hint, and the page can say among how many it was sought."""
    sent(bureau, coded(scene(next(_NUMBERS))))
    found = told(bureau, bureau.head, sent(bureau, coded(scene(next(_NUMBERS)))))

    assert (found.alike, found.withheld, found.is_elsewhere) == ((), (), False)
    assert found.search is not None
    assert (found.search.codes, found.search.found) == (1, 0)
    assert found.search.among >= 1


def test_a_mirrored_copy_is_told_as_such_and_is_no_series(bureau: Bureau) -> None:
    """Turned round and captioned, by the same device a moment later: a copy, whichever of the two came first."""
    number = next(_NUMBERS)
    turned = captioned(scene(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    old = sent(bureau, coded(scene(number)), ago_s=30)
    new = sent(bureau, coded(turned, quality=60))

    (there,), (back,) = told(bureau, bureau.head, new).others, told(bureau, bureau.head, old).others

    assert (there.recording.id, there.likeness, there.is_mirrored) == (old, Likeness.SAME, True)
    assert (back.recording.id, back.bits, back.is_mirrored) == (new, there.bits, True)


def test_equal_bytes_are_named_elsewhere_and_not_here(bureau: Bureau) -> None:
    """Recordings of the same bytes name each other already."""
    payload = coded(scene(next(_NUMBERS)))
    sent(bureau, payload, ago_s=90_000)
    assert told(bureau, bureau.head, sent(bureau, payload)).alike == ()


def test_a_series_is_told_as_one(bureau: Bureau) -> None:
    """Two of one device within a minute are a series; an hour later they are not."""
    number = next(_NUMBERS)
    first = sent(bureau, coded(scene(number)), ago_s=4_000)
    sent(bureau, coded(scene(number), quality=80), ago_s=3_980)
    sent(bureau, coded(scene(number), quality=75), ago_s=10)

    found = told(bureau, bureau.head, first)

    assert (len(found.series), len(found.others)) == (1, 1)


def test_a_white_sheet_is_alike_to_nothing_and_that_is_said(bureau: Bureau) -> None:
    """It was compared with nothing: no codes, no job left, and no hint."""
    sheet = scene(1).point(lambda _: 255)
    ident = sent(bureau, coded(sheet))
    with owning(bureau.store) as tx:
        tx.connection.execute(delete(jobs).where(jobs.c.subject_id == ident, jobs.c.kind == JobKind.LIKEN))
        found = tx.likenesses.of_recording(bureau.head, tx.recordings.known(ident))
        assert found is not None
    assert found.search is not None
    assert (found.search.codes, found.alike) == (0, ())


def test_another_agencys_recording_is_never_named(bureau: Bureau, store: Store, top: UUID) -> None:
    """Both agencies learn that there is one, and neither whose, which, when or how many."""
    number = next(_NUMBERS)
    theirs = make_bureau(store, above=top, officers=(f"似-{next(_NUMBERS)}", f"似-{next(_NUMBERS)}"))
    old = sent(theirs, coded(scene(number)))
    new = sent(bureau, coded(scene(number), quality=70))

    for house, ident in ((bureau, new), (theirs, old)):
        found = told(house, house.head, ident)
        assert (found.alike, found.withheld, found.is_elsewhere) == ((), (), True)


def test_who_may_ask_for_it_is_told_whose_it_is(bureau: Bureau) -> None:
    """A handler of one case sees that a recording of the agency, which is in another case, resembles, and may ask."""
    number = next(_NUMBERS)
    second = make_account(bureau.store, bureau.agency, Role.HANDLER)[1]
    old = sent(bureau, coded(scene(number)), ago_s=90_000, case=bureau.open().number)
    with bureau.store.begin() as tx:
        entered = {"number": f"另-{number}", "party": "某店", "matter": "占道经营", "place": "建军路"}
        mine = tx.cases.open(second, CaseIn.model_validate(entered))
    new = sent(bureau, coded(scene(number), quality=70), case=mine.number)

    found = told(bureau, second, new)

    assert (found.alike, [one.recording_id for one in found.withheld]) == ((), [old])
    with bureau.store.begin() as tx:
        held = tx.recordings.of_case(mine.id)
        of_case = tx.likenesses.of_case(second, mine.id, held)
        whole = tx.likenesses.of_case(bureau.head, mine.id, held)
    assert (of_case.alike, of_case.withheld) == ((), 1)
    assert [(one.recording_id, one.other.recording.id) for one in whole.alike] == [(new, old)]


def test_who_records_is_told_no_hints(bureau: Bureau) -> None:
    """An officer sees the recording and not what it resembles: a picture is no question to the agency's evidence."""
    ident = sent(bureau, coded(scene(next(_NUMBERS))))
    custodian = make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]
    with bureau.store.begin() as tx:
        found = tx.recordings.get(custodian, ident)
        assert tx.likenesses.of_recording(custodian, found) is None


def test_what_was_sealed_before_is_compared_from_its_thumbnail(bureau: Bureau) -> None:
    """Without codes of its verification the kept thumbnail gives them, near enough to find the same."""
    number = next(_NUMBERS)
    old = sent(bureau, coded(scene(number, 1600, 1200)), ago_s=90_000)
    with owning(bureau.store) as tx:  # as before there were codes
        for table in (likenesses, likeness_searches, picture_codes):
            tx.connection.execute(delete(table))
        tx.connection.execute(
            update(jobs).where(jobs.c.subject_id == old).values(state=JobState.READY, attempts=0)
        )
        tx.connection.execute(
            update(jobs)
            .where(jobs.c.subject_id == old, jobs.c.kind == JobKind.VERIFY)
            .values(state=JobState.FINISHED)
        )
    _RUNNERS[-1].drain(JobKind.LIKEN)
    with bureau.store.begin() as tx:
        assert (
            tx.connection.scalar(select(picture_codes.c.number).where(picture_codes.c.recording_id == old))
            == 1
        )

    (found,) = told(bureau, bureau.head, sent(bureau, captioned_bytes(number))).others

    assert (found.recording.id, found.likeness) == (old, Likeness.SAME)


def captioned_bytes(number: int) -> bytes:
    return coded(captioned(scene(number, 1600, 1200)), quality=60)


def test_comparing_twice_changes_nothing(bureau: Bureau) -> None:
    """A job that is run again after its commit finds that it was done."""
    number = next(_NUMBERS)
    sent(bureau, coded(scene(number)), ago_s=90_000)
    new = sent(bureau, coded(scene(number), quality=70))
    before = told(bureau, bureau.head, new)
    with bureau.store.begin() as tx:
        tx.connection.execute(
            update(jobs)
            .where(jobs.c.subject_id == new, jobs.c.kind == JobKind.LIKEN)
            .values(state=JobState.READY, attempts=0)
        )
    _RUNNERS[-1].drain(JobKind.LIKEN)
    assert told(bureau, bureau.head, new) == before


def test_pages_show_both_pictures_side_by_side(bureau: Bureau, store: Store) -> None:
    """The recording's page, the case's and the API say the same; a page never names what its reader may not open."""
    number = next(_NUMBERS)
    old = sent(bureau, coded(scene(number)), ago_s=90_000, case=bureau.open().number)
    case = bureau.open()
    new = sent(bureau, coded(scene(number), quality=70), case=case.number)
    token = bureau.tokens[bureau.head.id]
    bearer = {"Authorization": f"Bearer {token}"}
    with (
        serving(store) as address,
        httpx.Client(
            base_url=address, cookies={COOKIE: token}, timeout=PATIENCE_SECONDS, verify=TRUST
        ) as browser,
        httpx.Client(base_url=address, headers=bearer, timeout=PATIENCE_SECONDS, verify=TRUST) as client,
    ):
        page = browser.get(f"/console/recordings/{new}").text
        of_case = browser.get(f"/console/cases/{case.id}").text
        said = client.get(f"/v1/recordings/{new}/likenesses").json()
    assert "几乎是同一画面" in page
    assert f"/v1/recordings/{old}/thumbnail" in page
    assert f"/console/recordings/{old}" in of_case
    assert [one["recording_id"] for one in said["alike"]] == [str(old)]
