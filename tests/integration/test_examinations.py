"""A sealed recording is examined again: by today's checks, beside what was sealed, and nothing decided changes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import func, select

from schemas.actor import Actor, Role
from schemas.case import CaseState
from schemas.checks.structure import CONTAINER
from schemas.digest import sha256_hex
from schemas.duty import Duty
from schemas.errors import NotFound, Refused, TransitionRefused
from schemas.examination import AS_OF_RECEIPT, Examination, ExaminationState, changes
from schemas.ids import RecordingId
from schemas.integrity import CheckResult, Outcome, Severity, Verdict
from schemas.leaves_recording import RecordingExamine, ScrubFind
from schemas.media import MediaFacts
from schemas.recording import RecordingState
from schemas.scrub import StoreFault
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from storage.transaction import Transaction
from tests.casework import Bureau, conclusion, make_bureau, swapped
from tests.everything import lock
from tests.factories import acts_of, faults, folder_url, make_account, make_agency, make_settings
from tests.media import jpeg, truncated_jpeg
from tests.supervision import drain
from workers.examination import ask_for_outdated, count_outdated

_NUMBERS = count()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("examinations"))))
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(f"检-{next(_NUMBERS)}", f"检-{next(_NUMBERS)}"))


@pytest.fixture
def custodian(bureau: Bureau) -> Actor:
    return make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]


def sealed(bureau: Bureau, payload: bytes, *found: CheckResult) -> RecordingId:
    """A recording whose sealing found nothing but this, however its bytes are."""
    ident = bureau.device.capture("photo.jpg", payload)
    bureau.conclude(ident, payload, *found)
    return RecordingId(ident)


def ask(bureau: Bureau, actor: Actor, ident: UUID) -> Examination:
    with bureau.store.begin() as tx:
        return tx.examinations.ask(actor, RecordingId(ident))


def examined(bureau: Bureau, actor: Actor, ident: RecordingId) -> Examination:
    ask(bureau, actor, ident)
    drain(bureau.store, JobKind.EXAMINE)
    with bureau.store.begin() as tx:
        return tx.examinations.of_recording(ident)[0]


def test_what_was_overlooked_is_found_and_stands_beside(bureau: Bureau, custodian: Actor) -> None:
    """A photo that was sealed as whole is cut: the newer verdict is shown, both results are kept, the log says both."""
    ident = sealed(bureau, truncated_jpeg())

    done = examined(bureau, custodian, ident)

    assert (done.state, done.run, done.asked_by) == (ExaminationState.DONE, 2, custodian.id)
    assert (done.was, done.verdict, done.is_worse) == (Verdict.VERIFIED, Verdict.DOUBTFUL, True)
    with bureau.store.begin() as tx:
        found = tx.recordings.known(ident)
        said = changes(*tx.examinations.beside(done))
        shown = {row.check.name: row.check for row in tx.recordings.checks(ident)}
        kept = tx.examinations.results(ident, 1)
    assert (found.state, found.verdict, found.media_type) == (
        RecordingState.SEALED,
        Verdict.DOUBTFUL,
        "image/jpeg",
    )
    assert found.facts.width == 800
    assert shown["container"].code == "jpeg-damaged"
    assert next(one for one in kept if one.name == "container").outcome is Outcome.VERIFIED
    (cut,) = (one for one in said if one.name == "container")
    assert (cut.before and cut.before.code, cut.after and cut.after.code) == ("", "jpeg-damaged")
    (leaf,) = (
        act for act in acts_of(bureau.store, f"recording/{ident}") if isinstance(act, RecordingExamine)
    )
    assert (leaf.run, leaf.verdict, leaf.was) == (2, Verdict.DOUBTFUL, Verdict.VERIFIED)
    lock(bureau.store)
    assert faults(bureau.store, ident) == []


def test_a_second_time_goes_on_from_the_first(bureau: Bureau, custodian: Actor) -> None:
    """Each result has its number; the same bytes and the same checks say the same, and that is no change."""
    ident = sealed(bureau, jpeg())
    first, second = (examined(bureau, custodian, ident) for _ in range(2))

    assert (first.run, second.run) == (2, 3)
    with bureau.store.begin() as tx:
        assert changes(*tx.examinations.beside(second)) == ()
        assert [one.kind for one in tx.recordings.derivatives(ident)] == ["thumbnail"]
    assert second.was is first.verdict
    lock(bureau.store)
    assert faults(bureau.store, ident) == []


def test_what_was_judged_of_people_and_clocks_is_not_judged_anew(bureau: Bureau, custodian: Actor) -> None:
    """Results as of the receipt come along as they were kept, whatever is so today."""
    late = CheckResult(
        name="hand_in", version=1, outcome=Outcome.MISMATCH, severity=Severity.INFO, code="late-handin",
        params={"hours": 30, "limit": 24},
    )  # fmt: skip
    ident = sealed(bureau, jpeg(), late)

    done = examined(bureau, custodian, ident)

    with bureau.store.begin() as tx:
        before, after = tx.examinations.beside(done)
    assert late in after
    assert {one.name for one in after} & AS_OF_RECEIPT == {one.name for one in before} & AS_OF_RECEIPT


def test_while_one_waits_asking_again_is_that_one(bureau: Bureau, custodian: Actor) -> None:
    """Eight at once make one examination and one job."""
    ident = sealed(bureau, jpeg())
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: ask(bureau, custodian, ident), range(8)))

    assert len({one.id for one in asked}) == 1
    with bureau.store.begin() as tx:
        queued = select(func.count()).where(jobs.c.kind == JobKind.EXAMINE, jobs.c.subject_id == asked[0].id)
        assert tx.connection.scalar(queued) == 1


def test_who_may_not_and_what_is_not_sealed(bureau: Bureau, custodian: Actor) -> None:
    """A custodian of another agency finds nothing, an officer has no such right; what is not sealed is refused."""
    ident = sealed(bureau, jpeg())
    elsewhere = make_account(bureau.store, make_agency(bureau.store), Role.CUSTODIAN)[1]
    waiting = bureau.device.capture("b.jpg", jpeg())
    broken = sealed(bureau, jpeg(), swapped())

    with pytest.raises(NotFound):
        ask(bureau, elsewhere, ident)
    with pytest.raises(Refused):
        ask(bureau, bureau.officers[0], ident)
    for one in (waiting, broken):
        with pytest.raises(TransitionRefused) as refused:
            ask(bureau, custodian, one)
        assert refused.value.slug == "examination-unsealed"


def test_other_bytes_are_no_result(bureau: Bureau, custodian: Actor) -> None:
    """The stored bytes differ from what was sealed: nothing is concluded, the seal stands; the log says it, and the duties.

    Restored and examined again it is told no more; what was found stays in the log.
    """
    ident = sealed(bureau, jpeg())
    with bureau.store.begin() as tx:
        found = tx.recordings.known(ident)
        assert Duty.STORE_FAULT not in duties(tx, custodian) | duties(tx, bureau.head)
    assert isinstance(bureau.store.objects, FolderObjects)
    path = bureau.store.objects.path(found.object_key, found.version_id)
    path.chmod(0o600)
    path.write_bytes(bytes(found.size_bytes))

    failed = examined(bureau, custodian, ident)

    assert (failed.state, failed.run, failed.failure) == (ExaminationState.FAILED, None, StoreFault.BROKEN)
    with bureau.store.begin() as tx:
        assert tx.recordings.known(ident).verdict is found.verdict
        said = tx.examinations.store_find(found)
        assert Duty.STORE_FAULT in duties(tx, custodian) & duties(tx, bureau.head)
        assert not tx.recordings.may_delete_local(found)
    assert said is not None
    assert (said.code, said.sha256) == (StoreFault.BROKEN, sha256_hex(bytes(found.size_bytes)))
    with bureau.store.begin() as tx:
        acts = [one.act for one in tx.custody.chain(f"recording/{ident}")]
    leaves = [act for act in acts if isinstance(act, ScrubFind)]
    assert [(leaf.code, leaf.sha256) for leaf in leaves] == [(said.code, said.sha256)]

    path.write_bytes(jpeg())
    assert examined(bureau, custodian, ident).state is ExaminationState.DONE
    with bureau.store.begin() as tx:
        assert tx.examinations.store_find(found) is None
        assert Duty.STORE_FAULT not in duties(tx, custodian)
    lock(bureau.store)
    assert faults(bureau.store, ident) == []


def test_the_operator_asks_for_all_that_older_checks_were_made_of(bureau: Bureau) -> None:
    """By versions and list of the checks, in portions, once; what today's checks were made of is left alone."""
    older = CONTAINER.held().model_copy(update={"version": CONTAINER.version - 1})
    old, new = sealed(bureau, jpeg(), older), sealed(bureau, jpeg())
    shorter = bureau.device.capture("photo.jpg", jpeg())
    with bureau.store.begin() as tx:
        made = conclusion(jpeg(), at_retain=tx.now)
        tx.recordings.conclude(RecordingId(shorter), made.model_copy(update={"facts": MediaFacts()}))

    assert count_outdated(bureau.store) >= 1
    assert ask_for_outdated(bureau.store) >= 1
    assert ask_for_outdated(bureau.store) == 0
    with bureau.store.begin() as tx:
        for ident in (old, RecordingId(shorter)):
            assert [one.state for one in tx.examinations.of_recording(ident)] == [ExaminationState.WAITING]
        assert tx.examinations.of_recording(new) == ()
    drain(bureau.store, JobKind.EXAMINE)
    assert count_outdated(bureau.store) == 0


def test_a_decided_case_stays_decided_and_is_told(bureau: Bureau, custodian: Actor) -> None:
    """A recording of it turns worse: the decision stays; head and reviewer find it on the home page and in the list."""
    case = bureau.at(CaseState.DECIDED)
    with bureau.store.begin() as tx:
        tied = tx.recordings.of_case(case.id)[0]
        before = tx.cases.get(bureau.head, case.id)
        assert duties(tx, bureau.head).isdisjoint(TOLD)

    done = examined(bureau, custodian, tied.id)

    assert done.is_worse
    with bureau.store.begin() as tx:
        assert tx.cases.get(bureau.head, case.id).state is before.state is CaseState.DECIDED
        assert Duty.EVIDENCE_WORSE in duties(tx, bureau.head)
        assert Duty.REVIEWED_WORSE in duties(tx, bureau.reviewer)
        assert TOLD.isdisjoint(duties(tx, bureau.second_reviewer))
        assert [one.id for one in tx.cases.page(bureau.head, is_worse=True).rows] == [case.id]
        assert tx.examinations.worse_among([tied.id]) == {tied.id}


TOLD = {Duty.EVIDENCE_WORSE, Duty.REVIEWED_WORSE}


def duties(tx: Transaction, actor: Actor) -> set[Duty]:
    return {line.duty for line in tx.duties.waiting(actor)}
