"""A supervision audit from its definition to the last rectification, and everything that must not work."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from schemas.actor import Role
from schemas.audit import AuditState, RecheckOutcome
from schemas.draw import draw, population_root, seed_of
from schemas.errors import (
    Conflict,
    EvidenceError,
    IntegrityBroken,
    Invalid,
    NotFound,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from schemas.ids import RecordingId
from schemas.integrity import Outcome
from schemas.leaves_agency import StandardPublish
from schemas.leaves_audit import AuditConfirm, AuditDefine, AuditDraw, AuditEnter, AuditFreeze
from schemas.leaves_rectification import (
    RectificationAnswer,
    RectificationClose,
    RectificationRaisePlaced,
    RectificationReturn,
    RectificationVerify,
)
from schemas.leaves_scoring import AuditAssign, AuditCloseTold, AuditRecheck, AuditScore
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import (
    RectificationIn,
    RectificationState,
    RectificationStep,
    RectificationStepIn,
)
from schemas.setting import Setting, SettingIn
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.audit.values import Audit
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.audit import audits, standards
from tests.factories import (
    acts_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.owner import owning, unguarded
from tests.supervision import VALUE, Bureau, Clock, drain, make_supervision
from tests.viewing import film
from workers.audit import give_up_recheck
from workers.custody import integrate
from workers.media.result import Limits
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

FULL = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    clock = Clock()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("audit"))), clock=clock)
    yield make_supervision(store, clock)
    store.close()


def refused(problem: str, kind: type[EvidenceError] = EvidenceError) -> object:
    return pytest.raises(kind, check=lambda err: err.slug == problem)


def test_the_straight_path(bureau: Bureau) -> None:
    """From the definition to the sample, anybody with the population, root and value gets the same draw."""
    made = bureau.drawn()
    with bureau.store.begin() as tx:
        population = tx.audits.population(bureau.supervisor, made.id)
        sample = tx.audits.sample(made.id)
    root = population_root(population)
    seed = seed_of(root, [b"3 7 12 21 29 5"])

    assert made.state is AuditState.DRAWN
    assert made.population_root == root
    assert made.seed == seed
    assert tuple(sample) == draw(reversed(population), 3, seed)
    assert set(population) == {str(one) for one in bureau.recordings}
    defined, frozen, entered, confirmed, drawn = acts_of(bureau.store, f"audit/{made.id}")
    assert isinstance(defined, AuditDefine)
    assert (defined.target, defined.title.value) == (f"agency/{bureau.agency}", "三季度抽查")
    assert isinstance(frozen, AuditFreeze)
    assert (frozen.root, frozen.count, frozen.size) == (root.hex(), len(population), 3)
    assert isinstance(entered, AuditEnter)
    assert isinstance(confirmed, AuditConfirm)
    assert entered.values_sha256 == confirmed.values_sha256
    assert isinstance(drawn, AuditDraw)
    assert (drawn.seed, drawn.size) == (seed.hex(), 3)
    assert made.version == 5


def test_a_drawn_film_is_examined_frame_by_frame(bureau: Bureau, tmp_path: Path) -> None:
    """Up to the length that the agency sets: the film that was drawn is asked for, and no photo."""
    own = make_supervision(bureau.store, bureau.clock, recordings=1)
    ident = RecordingId(own.device.capture("a.avi", film(tmp_path / "a.avi", seconds=1).read_bytes()))
    with Sandbox(Limits(frames_all_pixels=0)) as sandbox:
        Runner(bureau.store, sandbox, WorkersSettings(lease_seconds=30)).drain(JobKind.VERIFY)
    integrate(bureau.store)

    own.drawn(size=2)

    with bureau.store.begin() as tx:
        (asked,) = tx.examinations.of_recording(ident)
        assert tx.examinations.of_recording(RecordingId(own.recordings[0])) == ()
    assert (asked.every_frame, asked.asked_by) == (True, None)


def test_a_standard_is_published_once(bureau: Bureau) -> None:
    """The first audit that scores against a standard enters it, in the chain of its agency; no later one does."""
    for _ in range(2):
        bureau.defined()
    with bureau.store.begin() as tx:
        idents = tx.connection.scalars(select(standards.c.id)).all()
    (published,) = acts_of(bureau.store, f"standard/{idents[0]}")

    assert len(idents) == 1
    assert isinstance(published, StandardPublish)
    assert (published.sha256, published.name.value) == (DEMO_STANDARD.sha256, DEMO_STANDARD.zh)


def test_the_size_is_chosen_for_detection(bureau: Bureau) -> None:
    """Without a size the smallest one that finds one of 5 % bad files with 95 % is taken, all of a small lot."""
    assert bureau.frozen(size=None).size == 8


def test_a_value_before_the_freeze_is_refused(bureau: Bureau) -> None:
    """Nobody enters a value while the population can still change."""
    made = bureau.defined()
    with refused("audit-not-frozen", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_values.enter(bureau.supervisor, made.id, [VALUE], made.version)


def test_a_value_before_its_event_is_refused(bureau: Bureau) -> None:
    """Nobody enters a value of an event that has not taken place."""
    made = bureau.frozen()
    with refused("randomness-too-early"), bureau.store.begin() as tx:
        tx.audit_values.enter(bureau.supervisor, made.id, [VALUE], made.version)


def test_a_value_waits_for_the_log(bureau: Bureau) -> None:
    """Until the freeze stands under a signed checkpoint no value is taken."""
    made = bureau.defined()
    with bureau.store.begin() as tx:
        made = tx.audits.freeze(bureau.supervisor, made.id, made.version)
    bureau.clock.ahead += timedelta(hours=1)
    with refused("audit-not-logged", Conflict), bureau.store.begin() as tx:
        tx.audit_values.enter(bureau.supervisor, made.id, [VALUE], made.version)
    integrate(bureau.store)
    with bureau.store.begin() as tx:
        assert (
            tx.audit_values.enter(bureau.supervisor, made.id, [VALUE], made.version).state
            is AuditState.ENTERED
        )


def test_an_event_too_near_is_refused(bureau: Bureau) -> None:
    """Randomness that might be known at the freeze is refused."""
    near = [SourceIn(name="x", kind=SourceKind.DICE, happens_at=bureau.clock() + timedelta(minutes=9))]
    made = bureau.defined(sources=near)
    with refused("randomness-too-near", Invalid), bureau.store.begin() as tx:
        tx.audits.freeze(bureau.supervisor, made.id, made.version)


def test_empty_and_small_populations(bureau: Bureau) -> None:
    """Nothing eligible, or a size above the population, freezes nothing."""
    past = {"from_at": bureau.clock() - timedelta(days=90), "until_at": bureau.clock() - timedelta(days=60)}
    for changed, problem in ((past, "population-empty"), ({"size": 9}, "size-over-population")):
        made = bureau.defined(**changed)
        with refused(problem, Invalid), bureau.store.begin() as tx:
            tx.audits.freeze(bureau.supervisor, made.id, made.version)
        with bureau.store.begin() as tx:
            assert tx.audits.get(bureau.supervisor, made.id).state is AuditState.DEFINED
            assert tx.audits.population(bureau.supervisor, made.id) == []


def test_a_second_person_confirms(bureau: Bureau) -> None:
    """The person who entered a value cannot confirm it, and a different value is not believed."""
    made = bureau.entered()
    with refused("confirm-same-person", Refused), bureau.store.begin() as tx:
        tx.audit_values.confirm(bureau.supervisor, made.id, [VALUE], made.version)
    with bureau.store.begin() as tx:
        seen = tx.audit_values.confirm(bureau.colleague, made.id, ["03 07 12 21 29 + 06"], made.version)
    assert (seen.state, seen.values) == (AuditState.FROZEN, ())


def test_an_inspector_may_be_the_second_person(bureau: Bureau) -> None:
    """An inspector sees what waits for a confirmation, gives it, and still sees what they confirmed."""
    made = bureau.entered()
    with bureau.store.begin() as tx:
        made = tx.audit_values.confirm(bureau.inspectors[0], made.id, [VALUE], made.version)
        assert tx.audits.get(bureau.inspectors[0], made.id).state is AuditState.CONFIRMED
        with pytest.raises(NotFound):
            tx.audits.get(bureau.inspectors[1], made.id)


def test_no_draw_before_the_confirmation(bureau: Bureau) -> None:
    """A draw needs both values in the log."""
    made = bureau.entered()
    with refused("audit-step-refused", TransitionRefused), bureau.store.begin() as tx:
        tx.audits.draw(bureau.supervisor, made.id, made.version)


def test_a_changed_population_is_caught_by_its_root(bureau: Bureau) -> None:
    """Whoever exchanges a member behind the database's guard rails is caught at the draw."""
    made = bureau.confirmed()
    with unguarded(bureau.store) as tx:
        tx.connection.execute(
            text(
                "UPDATE audit_population SET member_id = gen_random_uuid() WHERE audit_id = :id AND position = 0"
            ),
            {"id": made.id},
        )
    with refused("population-changed", IntegrityBroken), bureau.store.begin() as tx:
        tx.audits.draw(bureau.supervisor, made.id, made.version)


def test_the_population_is_append_only(bureau: Bureau) -> None:
    """The database itself refuses to change a frozen population."""
    bureau.frozen()
    with pytest.raises(DBAPIError, match="append-only"), owning(bureau.store) as tx:
        tx.connection.execute(text("UPDATE audit_population SET position = position + 100000"))


def test_two_people_at_the_same_audit(bureau: Bureau) -> None:
    """Of two who saw the same version the second is told that it changed."""
    made = bureau.defined()
    with bureau.store.begin() as tx:
        tx.audits.freeze(bureau.supervisor, made.id, made.version)
    with pytest.raises(VersionConflict), bureau.store.begin() as tx:
        tx.audits.freeze(bureau.colleague, made.id, made.version)


def test_drawn_recordings_are_rehashed_before_anybody_opens_them(bureau: Bureau) -> None:
    """While a recheck waits the member is closed; afterwards its outcome stands beside the item."""
    made = bureau.drawn()
    with bureau.store.begin() as tx:
        first = tx.audit_scores.drawn(bureau.supervisor, made.id)[0]
    with refused("recheck-waiting", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_scores.member(bureau.supervisor, made.id, first.member_id)
    drain(bureau.store, JobKind.RECHECK)
    with bureau.store.begin() as tx:
        member = tx.audit_scores.member(bureau.supervisor, made.id, first.member_id)

    assert [one.outcome for one in member.rechecks] == [RecheckOutcome.VERIFIED]
    assert {one.item: one.check.outcome for one in member.pre_checks}["A1"] is Outcome.VERIFIED


def test_a_tampered_object_is_found(bureau: Bureau, tmp_path: Path) -> None:
    """A drawn recording whose stored bytes were changed has a mismatch, and so has its pre-check."""
    made = bureau.drawn()
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        recording = tx.recordings.known(member_id)
    assert isinstance(bureau.store.objects, FolderObjects)
    path = bureau.store.objects.path(recording.object_key, recording.version_id)
    shutil.copy(path, tmp_path / "kept")
    path.chmod(0o600)
    whole = bytearray(path.read_bytes())
    whole[-5] ^= 1
    path.write_bytes(whole)
    drain(bureau.store, JobKind.RECHECK)
    shutil.copy(tmp_path / "kept", path)
    with bureau.store.begin() as tx:
        member = tx.audit_scores.member(bureau.supervisor, made.id, member_id)

    assert member.rechecks[0].outcome is RecheckOutcome.MISMATCH
    assert {one.item: one.check.code for one in member.pre_checks}["A1"] == "recheck-failed"


def rechecked_one(bureau: Bureau, audit: Audit) -> tuple[RecheckOutcome, str]:
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(bureau.supervisor, audit.id)[0].member_id
        found = tx.audit_scores.member(bureau.supervisor, audit.id, member).rechecks[0]
    return found.outcome, found.code


def test_an_object_that_is_gone_is_found(bureau: Bureau, tmp_path: Path) -> None:
    """A drawn recording whose object is missing is a mismatch, not a check that could not run."""
    made = bureau.drawn()
    with bureau.store.begin() as tx:
        recording = tx.recordings.known(tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id)
    assert isinstance(bureau.store.objects, FolderObjects)
    path = bureau.store.objects.path(recording.object_key, recording.version_id)
    path.rename(tmp_path / "away")
    drain(bureau.store, JobKind.RECHECK)
    (tmp_path / "away").rename(path)

    assert rechecked_one(bureau, made) == (RecheckOutcome.MISMATCH, "object-missing")


def test_a_row_that_differs_from_its_seal_is_found(bureau: Bureau) -> None:
    """A row whose digest was changed behind the guard rails no longer agrees with the seal's log entry."""
    made = bureau.drawn()
    with bureau.store.begin() as tx:
        ident = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        kept = tx.recordings.known(ident).sha256
    set_digest(bureau.store, ident, "0" * 64)
    drain(bureau.store, JobKind.RECHECK)
    set_digest(bureau.store, ident, kept)

    assert rechecked_one(bureau, made) == (RecheckOutcome.MISMATCH, "row-differs")


def set_digest(store: Store, ident: UUID, sha256: str | None) -> None:
    with unguarded(store) as tx:
        tx.connection.execute(
            text("UPDATE recordings SET sha256 = :sha256 WHERE id = :id"), {"sha256": sha256, "id": ident}
        )


def test_a_recheck_that_gave_up_never_counts_as_passed(bureau: Bureau) -> None:
    """After the last attempt the member opens, but fixity is not checked, with the reason beside it."""
    made = bureau.drawn()
    while True:
        with bureau.store.begin() as tx:
            jobs = tx.jobs.claim(JobKind.RECHECK, limit=8, lease_seconds=30)
        if not jobs:
            break
        for job in jobs:
            give_up_recheck(bureau.store, job, "unavailable")
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        member = tx.audit_scores.member(bureau.supervisor, made.id, member_id)

    assert rechecked_one(bureau, made) == (RecheckOutcome.NOT_CHECKED, "recheck-gave-up")
    assert {one.item: one.check.outcome for one in member.pre_checks}["A1"] is Outcome.NOT_CHECKED


def test_a_seal_that_no_checkpoint_holds_yet_accuses_nobody(bureau: Bureau) -> None:
    """The recheck waits for the log instead of calling a fresh seal unproven."""
    made = bureau.drawn()
    fresh = bureau.device.capture("fresh.jpg", jpeg(90, 70))
    drain(bureau.store, JobKind.VERIFY)
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        tx.connection.execute(
            text(
                "UPDATE audit_rechecks SET recording_id = :fresh WHERE audit_id = :audit AND member_id = :id"
            ),
            {"fresh": fresh, "audit": made.id, "id": member},
        )
    drain(bureau.store, JobKind.RECHECK)
    with refused("recheck-waiting", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_scores.member(bureau.supervisor, made.id, member)
    integrate(bureau.store)
    with bureau.store.begin() as tx:
        tx.connection.execute(text("UPDATE jobs SET not_before = now() WHERE state = 'ready'"))
    drain(bureau.store, JobKind.RECHECK)

    assert rechecked_one(bureau, made) == (RecheckOutcome.VERIFIED, "")


def test_two_inspectors_blind_to_each_other(bureau: Bureau) -> None:
    """The first does not see the second's scores before giving their own, and nobody scores twice."""
    made = bureau.assigned()
    one, two = bureau.inspectors
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(one, made.id)[0].member_id
        tx.audit_scores.score(one, made.id, member_id, FULL)
    with bureau.store.begin() as tx:
        assert tx.audit_scores.member(two, made.id, member_id).scores == ()
    low = [
        score.model_copy(update={"points": 0, "remark": "缺"}) if score.code == "A1" else score
        for score in FULL
    ]
    with bureau.store.begin() as tx:
        member = tx.audit_scores.score(two, made.id, member_id, low)
    with refused("scored-already", Conflict), bureau.store.begin() as tx:
        tx.audit_scores.score(two, made.id, member_id, FULL)

    assert sorted(score.total for score in member.scores) == [80, 100]
    assert member.gap == 20


def test_an_agency_sets_how_many_inspectors_score(bureau: Bureau) -> None:
    """Of the supervising agency at the freeze: more than two where it says so; no later entry changes an audit."""
    top = bureau.supervisor.agency_id
    admin = make_account(bureau.store, top, Role.ADMIN)[1]
    third = make_account(bureau.store, top, Role.INSPECTOR)[1]
    fourth = make_account(bureau.store, top, Role.INSPECTOR)[1]
    before = bureau.drawn()

    def change(name: Setting, value: int | None, begins: timedelta) -> None:
        with bureau.store.begin() as tx:
            wish = SettingIn(name=name, value=value, from_at=tx.now - begins, source="评查办法")
            tx.agency_settings.change(admin, top, wish)

    with refused("setting-out-of-range", Invalid):
        change(Setting.INSPECTORS, 1, timedelta())
    change(Setting.INSPECTORS, 3, timedelta(days=400))
    change(Setting.SCORE_GAP_POINTS, 25, timedelta())
    made = bureau.rechecked()
    change(Setting.INSPECTORS, 5, timedelta(days=300))
    change(Setting.SCORE_GAP_POINTS, 5, timedelta(days=300))
    with bureau.store.begin() as tx:
        assert tx.audits.terms(before)[:2] == (2, 10)
        assert tx.audits.terms(made)[:2] == (3, 25)
    everyone = (*bureau.inspectors, third)
    for one in everyone:
        with bureau.store.begin() as tx:
            seen = tx.audits.get(bureau.supervisor, made.id).version
            tx.audit_scores.assign(bureau.supervisor, made.id, one.id, seen)
    with refused("inspectors-complete", TransitionRefused), bureau.store.begin() as tx:
        seen = tx.audits.get(bureau.supervisor, made.id).version
        tx.audit_scores.assign(bureau.supervisor, made.id, fourth.id, seen)
    low = [FULL[0].model_copy(update={"points": 0, "remark": "缺"}), *FULL[1:]]
    told = []
    for one, scores in zip(everyone, (FULL, FULL, low), strict=True):
        with bureau.store.begin() as tx:
            member_id = tx.audit_scores.drawn(one, made.id)[0].member_id
            told.append(tx.audit_scores.score(one, made.id, member_id, scores))
    assert [len(one.scores) for one in told] == [1, 1, 3]
    assert [one.gap for one in told] == [None, None, 20]
    assert told[-1].gap_most == 25
    bureau.close(made)
    ended = acts_of(bureau.store, f"audit/{made.id}")[-1]
    assert isinstance(ended, AuditCloseTold)
    assert ended.missing == 3 * 3 - 3
    for name in (Setting.INSPECTORS, Setting.SCORE_GAP_POINTS):
        change(name, None, timedelta())  # the others of this module begin where they did


def test_assignments_scores_and_rechecks_leave_the_version(bureau: Bureau) -> None:
    """Each stands in the audit's chain with what it says; none makes a page of the audit stale, its end does."""
    made = bureau.assigned()
    one = bureau.inspectors[0]
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(one, made.id)[0].member_id
        low = [FULL[0].model_copy(update={"points": 0, "remark": " 缺 "}), *FULL[1:]]
        tx.audit_scores.score(one, made.id, member_id, low)
        seen = tx.audits.get(bureau.supervisor, made.id).version
    closed = bureau.close(made)
    with refused("audit-step-refused", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_scores.assign(bureau.supervisor, made.id, one.id, closed.version)
    told = acts_of(bureau.store, f"audit/{made.id}")[5:]
    *rechecks, first, second, scored, ended = told

    assert seen == made.version == 5
    assert all(isinstance(recheck, AuditRecheck) for recheck in rechecks)
    assert {recheck.member for recheck in rechecks} == {recheck.recording for recheck in rechecks}
    assert [first, second] == [AuditAssign(inspector=one.reference) for one in bureau.inspectors]
    assert isinstance(scored, AuditScore)
    assert (scored.member, scored.total) == (f"recording/{member_id}", 80)
    assert [score.remark and score.remark.value for score in scored.scores][:2] == ["缺", None]
    assert isinstance(ended, AuditCloseTold)
    assert ended.missing == 2 * 3 - 1
    assert closed.version == 5 + len(told)


@pytest.mark.parametrize(
    ("scores", "problem"),
    [
        (FULL[:-1], "scores-incomplete"),
        ([*FULL, FULL[0]], "scores-incomplete"),
        ([FULL[0].model_copy(update={"points": 21}), *FULL[1:]], "score-out-of-range"),
        ([FULL[0].model_copy(update={"points": 1}), *FULL[1:]], "score-without-remark"),
    ],
)
def test_scores_are_whole_and_explained(bureau: Bureau, scores: list[ItemScore], problem: str) -> None:
    """A missing, doubled, excessive or unexplained score gives nothing at all."""
    made = bureau.assigned()
    one = bureau.inspectors[0]
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(one, made.id)[0].member_id
    with refused(problem, Invalid), bureau.store.begin() as tx:
        tx.audit_scores.score(one, made.id, member_id, scores)
    with bureau.store.begin() as tx:
        assert tx.audit_scores.member(one, made.id, member_id).scores == ()


def test_who_may_inspect(bureau: Bureau) -> None:
    """Nobody of the audited agency, nobody who captured what was drawn, and no third person inspects."""
    made = bureau.assigned()
    insider = make_account(bureau.store, bureau.agency, Role.INSPECTOR)[1]
    third = make_account(bureau.store, bureau.supervisor.agency_id, Role.INSPECTOR)[1]
    for who, problem in ((third, "inspectors-complete"), (insider, "inspectors-complete")):
        with refused(problem), bureau.store.begin() as tx:
            seen = tx.audits.get(bureau.supervisor, made.id).version
            tx.audit_scores.assign(bureau.supervisor, made.id, who.id, seen)
    other = bureau.rechecked()
    captor = make_account(
        bureau.store, bureau.supervisor.agency_id, Role.INSPECTOR, certificate="10320001001"
    )[1]
    for who, problem in ((insider, "inspector-unknown"), (captor, "inspector-took-part")):
        with refused(problem), bureau.store.begin() as tx:
            seen = tx.audits.get(bureau.supervisor, other.id).version
            tx.audit_scores.assign(bureau.supervisor, other.id, who.id, seen)


def test_an_inspector_sees_the_assigned_only(bureau: Bureau) -> None:
    """An inspector may watch what was drawn and assigned, and no other recording or audit."""
    made = bureau.assigned()
    other = bureau.rechecked()
    inspector = make_account(bureau.store, bureau.supervisor.agency_id, Role.INSPECTOR)[1]
    with bureau.store.begin() as tx:
        drawn = tx.audit_scores.drawn(bureau.inspectors[0], made.id)[0].member_id
        assert tx.recordings.watchable(bureau.inspectors[0], drawn).id == drawn
        with pytest.raises(NotFound):
            tx.recordings.watchable(inspector, drawn)
        with pytest.raises(NotFound):
            tx.audits.get(inspector, other.id)


def raised(bureau: Bureau) -> tuple[Audit, UUID]:
    made = bureau.assigned()
    with bureau.store.begin() as tx:
        member_id = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
        wish = RectificationIn(member_id=member_id, item_code="B1", text="未亮明身份")
        return made, tx.rectifications.raise_(bureau.inspectors[0], made.id, wish).id


def test_a_fault_is_mended(bureau: Bureau) -> None:
    """A fault is answered with proof, returned, answered again, verified by the supervisor and closed."""
    _, ident = raised(bureau)
    path = [
        (bureau.head, RectificationStep.ANSWER, RectificationState.ANSWERED),
        (bureau.supervisor, RectificationStep.RETURN, RectificationState.RETURNED),
        (bureau.head, RectificationStep.ANSWER, RectificationState.ANSWERED),
        (bureau.supervisor, RectificationStep.VERIFY, RectificationState.VERIFIED),
        (bureau.supervisor, RectificationStep.CLOSE, RectificationState.CLOSED),
    ]
    for who, step, state in path:
        with bureau.store.begin() as tx:
            seen = tx.rectifications.get(who, ident).version
            proof = bureau.recordings[0] if step is RectificationStep.ANSWER else None
            wish = RectificationStepIn(text="已整改", proof_recording_id=proof)
            assert tx.rectifications.step(who, ident, step, wish, seen).state is state

    first, *taken = acts_of(bureau.store, f"rectification/{ident}")
    assert isinstance(first, RectificationRaisePlaced)
    assert (first.item, first.text.value) == ("B1", "未亮明身份")
    assert [type(one) for one in taken] == [
        RectificationAnswer, RectificationReturn, RectificationAnswer, RectificationVerify, RectificationClose,
    ]  # fmt: skip
    assert [one.to for one in taken] == [state for _, _, state in path]
    assert taken[0].proof == f"recording/{bureau.recordings[0]}"


def test_steps_out_of_turn_are_refused(bureau: Bureau) -> None:
    """Nobody verifies what was not answered, and the supervisor does not answer for the agency."""
    _, ident = raised(bureau)
    both = make_account(bureau.store, bureau.agency, Role.HEAD, Role.SUPERVISOR)[1]
    wish = RectificationStepIn(text="x")
    with bureau.store.begin() as tx:
        seen = tx.rectifications.get(bureau.supervisor, ident).version
    with refused("rectification-step-refused"), bureau.store.begin() as tx:
        tx.rectifications.step(bureau.supervisor, ident, RectificationStep.VERIFY, wish, seen)
    with pytest.raises(Refused), bureau.store.begin() as tx:
        tx.rectifications.step(bureau.supervisor, ident, RectificationStep.ANSWER, wish, seen)
    with bureau.store.begin() as tx:
        seen = tx.rectifications.step(both, ident, RectificationStep.ANSWER, wish, seen).version
    with refused("rectification-own-answer", Refused), bureau.store.begin() as tx:
        tx.rectifications.step(both, ident, RectificationStep.VERIFY, wish, seen)


def codes(store: Store, about: UUID) -> list[str]:
    return [code for code, _ in faults(store, about)]


def behind_the_rails(store: Store, table: str, sql: str, **values: object) -> None:
    """Change what the database itself guards, as somebody with all rights could."""
    with unguarded(store) as tx:
        tx.connection.execute(text(sql), values)


def test_fsck_draws_again(bureau: Bureau) -> None:
    """An exchanged member, sample or plan is found from the bytes and the log alone."""
    exchanged, redrawn, replanned, revalued, emptied = (bureau.drawn() for _ in range(5))
    assert not any(codes(bureau.store, one.id) for one in (exchanged, redrawn, replanned, revalued, emptied))
    behind_the_rails(
        bureau.store,
        "audit_population",
        "UPDATE audit_population SET member_id = gen_random_uuid() WHERE audit_id = :id AND position = 0",
        id=exchanged.id,
    )
    behind_the_rails(
        bureau.store,
        "audit_sample",
        "UPDATE audit_sample SET rank = 100 - rank WHERE audit_id = :id",
        id=redrawn.id,
    )
    behind_the_rails(
        bureau.store,
        "audits",
        "UPDATE audits SET plan = plan || ' '::bytea, plan_sha256 = encode(sha256(plan || ' '::bytea), 'hex')"
        " WHERE id = :id",
        id=replanned.id,
    )

    for one, values in ((revalued, '["6 6 6 6 6"]'), (emptied, "[]")):
        behind_the_rails(
            bureau.store,
            "audits",
            'UPDATE audits SET "values" = CAST(:values AS jsonb) WHERE id = :id',
            id=one.id,
            values=values,
        )

    assert codes(bureau.store, revalued.id) == ["column-differs"]
    assert codes(bureau.store, emptied.id) == ["column-differs"]
    assert codes(bureau.store, exchanged.id) == ["population-changed"]
    assert codes(bureau.store, redrawn.id) == ["sample-differs"]
    assert set(codes(bureau.store, replanned.id)) == {"column-differs"}


def test_the_audited_agency_sees_its_audit_and_no_other(bureau: Bureau) -> None:
    """The head of the audited agency sees the audit; one of another agency does not."""
    made = bureau.drawn()
    stranger = make_account(bureau.store, make_agency(bureau.store), Role.HEAD)[1]
    with bureau.store.begin() as tx:
        assert tx.audits.get(bureau.head, made.id).id == made.id
        with pytest.raises(NotFound):
            tx.audits.get(stranger, made.id)
        with pytest.raises(Refused):
            tx.audits.draw(bureau.head, made.id, made.version)


def test_one_person_cannot_be_both_in_the_database(bureau: Bureau) -> None:
    """Even a change behind the code cannot make one person enter and confirm."""
    made = bureau.confirmed()
    with pytest.raises(IntegrityError, match="two_persons"), bureau.store.begin() as tx:
        tx.connection.execute(
            update(audits).where(audits.c.id == made.id).values(confirmed_by=bureau.supervisor.id)
        )


def test_an_altered_plan_or_value_is_a_fault_of_ours(bureau: Bureau) -> None:
    """Who confirms a value is not told that theirs is wrong, when what was frozen or entered was altered here."""
    unread, swapped, emptied = (bureau.entered() for _ in range(3))
    behind_the_rails(bureau.store, "audits", "UPDATE audits SET plan = '{}' WHERE id = :id", id=unread.id)
    behind_the_rails(
        bureau.store,
        "audits",
        "UPDATE audits SET plan = (SELECT plan FROM audits WHERE id = :other) WHERE id = :id",
        id=swapped.id,
        other=emptied.id,
    )
    behind_the_rails(
        bureau.store, "audits", "UPDATE audits SET \"values\" = '[]' WHERE id = :id", id=emptied.id
    )

    for one in (unread, swapped, emptied):
        with refused("plan-broken", IntegrityBroken), bureau.store.begin() as tx:
            tx.audit_values.confirm(bureau.colleague, one.id, [VALUE], one.version)
