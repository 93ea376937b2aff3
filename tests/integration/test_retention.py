"""For how long recordings are kept: the class follows every tie, the store's lock rolls before it, none is shortened.

Over a folder and over MinIO: the lock is read from the store itself.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from schemas.case import Case, CaseState, CaseStep
from schemas.errors import Conflict, Refused, Unavailable
from schemas.fsck import FaultCode
from schemas.ids import RecordingId
from schemas.leaves_retention import RetentionRaise
from schemas.recording import Recording, RecordingState
from schemas.reference import reference
from schemas.refusals_objects import OBJECTS_DENIED
from schemas.retention import LOCK_MONTHS, MarkIn, Renewal, RetentionClass, months_after
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.outbox import JobState, jobs
from storage.tables.retention import retentions
from tests.casework import Bureau, make_bureau, version
from tests.everything import lock
from tests.factories import faults, make_settings
from tests.fakes import Fault, FaultyObjects
from tests.owner import owning
from tests.stand import PATIENCE_SECONDS
from tests.stores import store_urls
from tests.supervision import drain
from workers.retention import renew_locks


@pytest.fixture(scope="module", params=["folder", "minio"])
def urls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return store_urls(request, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def store(own_database_url: str, urls: tuple[str, str]) -> Iterator[Store]:
    made = Store(make_settings(own_database_url, urls[0]))
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def retained(bureau: Bureau) -> None:
    """Do every job that raises a lock."""
    lock(bureau.store)
    drain(bureau.store, JobKind.RETAIN)


def found(bureau: Bureau, ident: UUID) -> Recording:
    with bureau.store.begin() as tx:
        return tx.recordings.known(RecordingId(ident))


def locked(bureau: Bureau, ident: UUID) -> datetime:
    one = found(bureau, ident)
    stands = bureau.store.objects.stat(one.object_key, one.version_id).retain_until
    assert stands is not None
    return stands


def link(bureau: Bureau, case: Case, ident: UUID) -> None:
    with bureau.store.begin() as tx:
        seen = version(tx, bureau.handler, case)
        tx.cases.link(bureau.handler, case.id, RecordingId(ident), seen)


def unlink(bureau: Bureau, case: Case, ident: UUID) -> None:
    with bureau.store.begin() as tx:
        seen = version(tx, bureau.handler, case)
        tx.cases.unlink(bureau.handler, case.id, RecordingId(ident), "关联错误", seen)


def said(bureau: Bureau, ident: UUID) -> list[RetentionRaise]:
    """What the log says of how long it is kept, in the order of its chain."""
    with bureau.store.begin() as tx:
        acts = [one.act for one in tx.custody.chain(reference("recording", ident))]
    return [act for act in acts if isinstance(act, RetentionRaise)]


class _Forgetting(FaultyObjects):
    """A store that says that it set a lock, and did not."""

    def _call(self, name: str, real: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return None if name == "retain" else super()._call(name, real, *args, **named)


def kept(bureau: Bureau, ident: UUID) -> tuple[str | None, datetime | None]:
    one = found(bureau, ident)
    return one.retention, one.kept_until


def night(bureau: Bureau, *, at: datetime | None = None, portion: int = 2) -> Renewal:
    """One whole night, at a time, in portions; with the jobs that it asked for."""
    clock = (lambda: at) if at else bureau.store.clock
    store = Store(bureau.store.settings, clock=clock)
    store.objects = bureau.store.objects
    try:
        while renew_locks(store, portion=portion):
            pass
        with store.begin() as tx:
            last = tx.renewals.last()
    finally:
        store.close()
    drain(bureau.store, JobKind.RETAIN)
    assert last is not None
    return last


def test_a_tie_raises_the_lock_at_once_and_its_end_ends_the_class_alone(bureau: Bureau) -> None:
    """Linked to an open case: no end, and the lock 13 months ahead; unlinked it is routine, and the lock stays."""
    case, ident = bureau.open(), bureau.capture()
    retained(bureau)
    before = found(bureau, ident)
    assert (before.retention, before.kept_until) == (RetentionClass.ROUTINE, before.retain_until)
    assert said(bureau, ident) == []

    link(bureau, case, ident)
    retained(bureau)

    raised = locked(bureau, ident)
    assert kept(bureau, ident) == (RetentionClass.OPEN_CASE, None)
    assert raised >= months_after(bureau.store.clock(), LOCK_MONTHS)
    (leaf,) = said(bureau, ident)
    assert (leaf.class_, leaf.until, leaf.because) == (RetentionClass.OPEN_CASE, None, f"case/{case.id}")
    assert leaf.locked_until is not None
    assert raised >= leaf.locked_until
    unlink(bureau, case, ident)
    retained(bureau)
    after = found(bureau, ident)
    assert (after.retention, after.kept_until) == (RetentionClass.ROUTINE, after.retain_until)
    assert locked(bureau, ident) == raised
    assert [one.class_ for one in said(bureau, ident)] == [RetentionClass.OPEN_CASE, RetentionClass.ROUTINE]
    assert said(bureau, ident)[-1].because is None
    with pytest.raises(Conflict) as refused:
        bureau.store.objects.retain(after.object_key, after.version_id, raised - timedelta(days=1))
    assert refused.value.slug == "retention-shorten"
    assert faults(bureau.store) == []


def test_what_states_its_case_is_kept_for_it_from_its_seal_on(bureau: Bureau) -> None:
    """Tied when it was received: its seal says the routine end, and its class follows at once, with one leaf."""
    case = bureau.open()
    ident = bureau.capture(case)
    retained(bureau)

    one = found(bureau, ident)
    assert one.state is RecordingState.SEALED
    assert (one.retention, one.kept_until) == (RetentionClass.OPEN_CASE, None)
    assert one.retain_until is not None
    assert len(said(bureau, ident)) == 1
    assert faults(bureau.store) == []


def test_a_case_that_is_closed_gives_its_evidence_an_end(bureau: Bureau) -> None:
    """Thirty years from the closing; the longest of two cases wins, and who is linked twice has one leaf a change."""
    case = bureau.at(CaseState.CLOSED)
    with bureau.store.begin() as tx:
        (link_,) = tx.cases.links(case.id)
    ident = link_.recording_id
    retained(bureau)

    assert case.closed_at is not None
    until = months_after(case.closed_at, 360)
    assert kept(bureau, ident) == (RetentionClass.CASE, until)
    assert [one.class_ for one in said(bureau, ident)][-1] is RetentionClass.CASE
    other = bureau.open()
    link(bureau, other, ident)
    retained(bureau)
    assert kept(bureau, ident) == (RetentionClass.OPEN_CASE, None)
    with bureau.store.begin() as tx:
        newest = tx.retentions.of_recording(ident)[0]
        of_case = tx.retentions.of_case(case.id)
    assert (newest.case_number, newest.until) == (other.number, None)
    assert [(one.retention, one.until, one.number) for one in of_case] == [
        (RetentionClass.OPEN_CASE, None, 1)
    ]
    unlink(bureau, other, ident)
    retained(bureau)
    assert kept(bureau, ident) == (RetentionClass.CASE, until)
    assert faults(bureau.store) == []


def test_a_case_that_ends_without_a_decision_gives_its_evidence_an_end_until_it_goes_on(
    bureau: Bureau,
) -> None:
    """Annulled, the agency's period runs from that day; restored, there is no end again; the log tells each change."""
    case = bureau.step(bureau.open(), CaseStep.FILE)
    ident = bureau.capture()
    link(bureau, case, ident)
    retained(bureau)
    case = bureau.step(bureau.get(case), CaseStep.ANNUL, "违法事实不成立")
    retained(bureau)
    assert case.closed_at is not None
    assert kept(bureau, ident) == (RetentionClass.CASE, months_after(case.closed_at, 360))
    bureau.step(case, CaseStep.RESTORE, "撤错")
    retained(bureau)
    assert kept(bureau, ident) == (RetentionClass.OPEN_CASE, None)
    assert faults(bureau.store) == []


def test_what_changes_nothing_leaves_nothing(bureau: Bureau) -> None:
    """A second open case beside the first changes no class where the first is still named: no row and no leaf."""
    case, ident = bureau.open(), bureau.capture()
    link(bureau, case, ident)
    retained(bureau)
    with bureau.store.begin() as tx:
        seen = version(tx, bureau.handler, case)
        tx.cases.link(bureau.handler, case.id, RecordingId(ident), seen)
        rows = tx.connection.scalars(select(retentions.c.id)).all()
        asked = tx.connection.scalars(select(jobs.c.id).where(jobs.c.kind == JobKind.RETAIN)).all()
    assert (len(rows), len(asked)) == (1, 1)
    link(bureau, bureau.open(), ident)
    link(bureau, bureau.open(), ident)
    retained(bureau)
    with bureau.store.begin() as tx:
        rows = tx.connection.scalars(select(retentions.c.raised_at)).all()
    assert None not in rows
    assert len(rows) == len(said(bureau, ident)) <= 3
    assert faults(bureau.store) == []


def test_between_the_store_and_the_leaf_a_crash_is_repeated_to_the_same_end(bureau: Bureau) -> None:
    """The lock was raised and nobody was told: the job waits, comes again, and says it once."""
    case, ident = bureau.open(), bureau.capture()
    retained(bureau)
    link(bureau, case, ident)
    faulty = FaultyObjects(bureau.store.objects)
    faulty.fail("retain", Fault.KEPT)
    bureau.store.objects = faulty
    try:
        drain(bureau.store, JobKind.RETAIN)
    finally:
        bureau.store.objects = faulty.real
    assert locked(bureau, ident) >= months_after(bureau.store.clock(), LOCK_MONTHS)
    assert (kept(bureau, ident)[0], said(bureau, ident)) == (RetentionClass.ROUTINE, [])
    with bureau.store.begin() as tx:
        tx.connection.execute(update(jobs).values(not_before=tx.now).where(jobs.c.state == JobState.READY))

    drain(bureau.store, JobKind.RETAIN)

    assert kept(bureau, ident)[0] == RetentionClass.OPEN_CASE
    assert len(said(bureau, ident)) == 1
    assert faults(bureau.store) == []


def test_a_lock_that_stands_longer_than_is_known_is_taken_as_it_stands(bureau: Bureau) -> None:
    """Somebody set it further: it is refused to be shortened, and the leaf says how far it stands."""
    case, ident = bureau.open(), bureau.capture()
    retained(bureau)
    one = found(bureau, ident)
    far = (bureau.store.clock() + timedelta(days=900)).replace(microsecond=0)
    bureau.store.objects.retain(one.object_key, one.version_id, far)

    link(bureau, case, ident)
    drain(bureau.store, JobKind.RETAIN)

    assert locked(bureau, ident) == far
    assert [leaf.locked_until for leaf in said(bureau, ident)] == [far]
    assert faults(bureau.store) == []


def test_whoever_ties_and_unties_at_once_finds_the_class_of_what_stands(bureau: Bureau) -> None:
    """Three links and unlinks against two who raise locks: the last tie counts, each chain folds, nothing waits."""
    cases, ident = [bureau.open() for _ in range(3)], bureau.capture()
    retained(bureau)
    over = threading.Event()

    def raising() -> None:
        while not over.is_set():
            drain(bureau.store, JobKind.RETAIN)

    def tying(case: Case) -> None:
        for _ in range(4):
            link(bureau, case, ident)
            unlink(bureau, case, ident)

    with ThreadPoolExecutor(5) as pool:
        workers = [pool.submit(raising) for _ in range(2)]
        for one in [pool.submit(tying, case) for case in cases]:
            one.result(PATIENCE_SECONDS)
        link(bureau, cases[1], ident)
        over.set()
        for one in workers:
            one.result(PATIENCE_SECONDS)
    drain(bureau.store, JobKind.RETAIN)

    with bureau.store.begin() as tx:
        waiting = tx.connection.scalars(select(retentions.c.id).where(retentions.c.raised_at.is_(None))).all()
    assert list(waiting) == []
    assert kept(bureau, ident) == (RetentionClass.OPEN_CASE, None)
    assert said(bureau, ident)[-1].because == f"case/{cases[1].id}"
    assert faults(bureau.store) == []


def test_a_night_renews_what_comes_near_and_goes_on_past_what_fails(bureau: Bureau) -> None:
    """Five in portions of two, one of which the store refuses: four are renewed, and the fifth the night after."""
    case = bureau.open()
    idents = [bureau.capture(case) for _ in range(5)]
    alone = bureau.capture()
    retained(bureau)
    stood = {ident: locked(bureau, ident) for ident in (*idents, alone)}
    soon = bureau.store.clock() + timedelta(days=1)
    assert night(bureau, at=soon).renewed == 0
    assert {ident: locked(bureau, ident) for ident in stood} == stood

    later = bureau.store.clock() + timedelta(days=40)
    faulty = FaultyObjects(bureau.store.objects)
    faulty.fail("retain", Fault.LOST, skip=2, error=OBJECTS_DENIED("refused"))
    bureau.store.objects = faulty
    first = night(bureau, at=later)
    second = night(bureau, at=later)
    third = night(bureau, at=later + timedelta(days=1))

    assert (first.renewed, first.failed, first.problem) == (4, 1, "objects-denied")
    assert second == first
    assert (third.renewed, third.failed, third.problem) == (1, 0, None)
    assert all(locked(bureau, ident) >= months_after(later, LOCK_MONTHS) for ident in idents)
    assert locked(bureau, alone) == stood[alone]
    assert all(len(said(bureau, ident)) == 1 for ident in idents)
    assert faults(bureau.store) == []


def test_a_store_that_is_down_holds_the_night_where_it_is(bureau: Bureau) -> None:
    """What was renewed is noted; whoever comes back goes on behind it, and nobody begins anew."""
    case = bureau.open()
    idents = sorted(bureau.capture(case) for _ in range(3))
    retained(bureau)
    later = bureau.store.clock() + timedelta(days=40)
    faulty = FaultyObjects(bureau.store.objects)
    faulty.fail("retain", Fault.LOST, skip=1, times=9)
    faulty.fail("newest", Fault.LOST, times=9)
    bureau.store.objects = faulty

    with pytest.raises(Unavailable):
        night(bureau, at=later, portion=10)
    with bureau.store.begin() as tx:
        held = tx.renewals.last()
    assert held is not None
    assert (held.after, held.renewed, held.ended_at) == (RecordingId(idents[0]), 1, None)
    bureau.store.objects = faulty.real
    done = night(bureau, at=later, portion=10)

    assert (done.night, done.renewed, done.failed) == (held.night, 3, 0)
    assert done.ended_at is not None


def test_the_night_finds_what_was_tied_before_there_were_classes(bureau: Bureau) -> None:
    """As a migration leaves it: tied, and no class and no job; and what a job that was given up left."""
    case = bureau.open()
    idents = [bureau.capture(case) for _ in range(3)]
    lock(bureau.store)
    with owning(bureau.store) as tx:
        tx.connection.execute(text("DELETE FROM jobs WHERE kind = 'retain'"))
        tx.connection.execute(retentions.delete().where(retentions.c.recording_id == idents[0]))

    first = night(bureau)

    assert first.asked == 3
    assert {kept(bureau, ident) for ident in idents} == {(RetentionClass.OPEN_CASE, None)}
    assert night(bureau, at=bureau.store.clock() + timedelta(days=1)).asked == 0
    assert faults(bureau.store) == []


def test_fsck_names_a_lock_that_is_shorter_than_its_class_asks(bureau: Bureau) -> None:
    """The row says it was set, the leaf says how far: the store is asked, and it stands at the routine end."""
    case, ident = bureau.open(), bureau.capture()
    lock(bureau.store)
    link(bureau, case, ident)
    forgetting = _Forgetting(bureau.store.objects)
    bureau.store.objects = forgetting
    drain(bureau.store, JobKind.RETAIN)
    bureau.store.objects = forgetting.real

    assert faults(bureau.store) == [(FaultCode.RETENTION_SHORT, f"recording/{ident}")]
    assert kept(bureau, ident)[0] == RetentionClass.OPEN_CASE


def test_what_the_head_marks_is_kept_for_ever_until_it_is_taken_back(bureau: Bureau) -> None:
    """Tied to nothing or to a case: no end, the lock raised at once; taken back, its ties count, and the lock stays."""
    case, ident = bureau.open(), RecordingId(bureau.capture())
    lock(bureau.store)
    with bureau.store.begin() as tx:
        tx.retention_marks.mark(bureau.head, ident, MarkIn(stands=True, reason="重大案件"))
    retained(bureau)
    raised = locked(bureau, ident)
    assert raised >= months_after(bureau.store.clock(), LOCK_MONTHS)
    link(bureau, case, ident)
    retained(bureau)
    assert kept(bureau, ident) == (RetentionClass.PERMANENT, None)
    for actor, stands, slug in (
        (bureau.head, True, "retention-marked"),
        (bureau.handler, False, "permission-missing"),
    ):
        with pytest.raises((Conflict, Refused)) as refused, bureau.store.begin() as tx:
            tx.retention_marks.mark(actor, ident, MarkIn(stands=stands, reason="再次"))
        assert refused.value.slug == slug

    with bureau.store.begin() as tx:
        tx.retention_marks.mark(bureau.head, ident, MarkIn(stands=False, reason="已查明"))
    retained(bureau)

    assert kept(bureau, ident) == (RetentionClass.OPEN_CASE, None)
    assert locked(bureau, ident) == raised
    unlink(bureau, case, ident)
    retained(bureau)
    assert kept(bureau, ident)[0] == RetentionClass.ROUTINE
    with bureau.store.begin() as tx:
        told = tx.retention_marks.of_recording(ident)
    assert [(one.stands, one.reason) for one in told] == [(False, "已查明"), (True, "重大案件")]
    assert [one.class_ for one in said(bureau, ident)] == [
        RetentionClass.PERMANENT,
        RetentionClass.OPEN_CASE,
        RetentionClass.ROUTINE,
    ]
    assert faults(bureau.store) == []


def test_the_night_finds_a_mark_that_nobody_followed(bureau: Bureau) -> None:
    """Its job was given up: the class is asked for anew, and so is the end of a mark."""
    ident = RecordingId(bureau.capture())
    lock(bureau.store)
    for number, (stands, retention) in enumerate(
        ((True, RetentionClass.PERMANENT), (False, RetentionClass.ROUTINE))
    ):
        with bureau.store.begin() as tx:
            tx.retention_marks.mark(bureau.head, ident, MarkIn(stands=stands, reason="核对"))
        with owning(bureau.store) as tx:
            tx.connection.execute(text("DELETE FROM jobs WHERE kind = 'retain'"))
        ran = night(bureau, at=bureau.store.clock() + timedelta(days=number))
        assert (ran.asked, kept(bureau, ident)[0]) == (1, retention)
    assert faults(bureau.store) == []
