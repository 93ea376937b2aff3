"""Certificates of people: what a custodian enters, what the register says of which time, and what `fsck` makes of it."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.certificate import (
    Certificate,
    CertificateIssueIn,
    CertificateNeed,
    CertificateStep,
    CertificateStepIn,
    CertificateVerifyIn,
    was_valid,
)
from schemas.errors import (
    Conflict,
    Invalid,
    NotFound,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from schemas.event import Event
from schemas.ids import AgencyId
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from schemas.setting import Setting, SettingIn
from storage.actor.certificate import CertificateFilter
from storage.reads.certificate import was_valid as asked
from storage.store import Store
from storage.tables.actor import certificate_facts
from tests.factories import (
    TestDevice,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.supervision import Clock
from workers.custody import integrate

NOON = timedelta(hours=12)
LASTS = timedelta(days=200)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("papers"))), clock=clock)
    make_agency(made)
    integrate(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    return make_agency(store)


@pytest.fixture(scope="module")
def keeper(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.CUSTODIAN)[1]


@pytest.fixture
def officer(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.OFFICER)[1]


def number() -> str:
    return f"证-{uuid4().hex[:12]}"


def wish(officer: Actor, since: datetime, until: datetime, **changed: object) -> CertificateIssueIn:
    given = {"account_id": officer.account_id, "number": number(), "valid_from": since, "valid_until": until}
    return CertificateIssueIn.model_validate(given | changed)


def issued(store: Store, keeper: Actor, officer: Actor, *, ago: timedelta = LASTS / 2) -> Certificate:
    """A certificate that began a while ago and ends at noon in UTC+8."""
    with store.begin() as tx:
        since = (tx.now - ago).replace(hour=4, minute=0, second=0, microsecond=0)
        return tx.certificates.issue(keeper, wish(officer, since, since + LASTS))


def stepped(
    store: Store,
    keeper: Actor,
    held: Certificate,
    step: CertificateStep,
    at: datetime | None = None,
) -> Certificate:
    with store.begin() as tx:
        why = CertificateStepIn(from_at=at, reason="按规定办理")
        return tx.certificates.step(keeper, held.id, step, why, held.version)


def says(store: Store, held: Certificate, at: datetime, known: datetime) -> bool:
    """What the register says, asked in SQL and of its rows: the two are one answer."""
    with store.begin() as tx:
        found = bool(tx.connection.scalar(select(asked(literal(held.id), at, known))))
        assert was_valid(tx.certificates.facts(held.id), at, known) is found
    return found


def test_a_correction_closes_what_was_known_and_adds_a_row(
    store: Store, clock: Clock, keeper: Actor, officer: Actor
) -> None:
    """Suspended by mistake, then given back from the same time: it always was valid, and that it was doubted is kept."""
    held = issued(store, keeper, officer)
    since = held.valid_from + timedelta(days=10)
    before = store.clock()
    clock.ahead += timedelta(minutes=1)
    held = stepped(store, keeper, held, CertificateStep.SUSPEND, since)
    meanwhile = store.clock()
    clock.ahead += timedelta(minutes=1)
    held = stepped(store, keeper, held, CertificateStep.RESTORE, since)
    now = store.clock()

    assert [says(store, held, since, known) for known in (before, meanwhile, now)] == [True, False, True]
    with store.begin() as tx:
        facts = tx.certificates.facts(held.id)
    assert [(one.state, one.known_until is None) for one in facts] == [
        (CertificateState.VALID, False),
        (CertificateState.VALID, True),
        (CertificateState.SUSPENDED, False),
        (CertificateState.VALID, True),
    ]
    assert {one.reason for one in facts} == {None, "按规定办理"}
    assert events_of(store, f"certificate/{held.id}") == [
        Event.CERTIFICATE_ISSUE,
        Event.CERTIFICATE_SUSPEND,
        Event.CERTIFICATE_RESTORE,
    ]
    assert faults(store, officer.id) == []


def test_a_clock_that_stepped_back_keeps_no_act_from_being_told(
    store: Store, clock: Clock, keeper: Actor, officer: Actor
) -> None:
    """The last act says what holds from its own time on; what was told behind it is told no more, and stands in the log."""
    clock.ahead += timedelta(minutes=30)
    held = issued(store, keeper, officer)
    since = held.valid_from + timedelta(days=10)
    for step in (CertificateStep.SUSPEND, CertificateStep.RESTORE):
        clock.ahead += timedelta(minutes=5)
        held = stepped(store, keeper, held, step, since)
    clock.ahead -= timedelta(minutes=8)

    held = stepped(store, keeper, held, CertificateStep.SUSPEND, since)

    now = store.clock()
    ahead = now + timedelta(minutes=10)
    assert [says(store, held, since, known) for known in (now, ahead)] == [False, False]
    assert says(store, held, since, now - timedelta(minutes=1))
    assert says(store, held, since - timedelta(days=1), ahead)
    clock.ahead += timedelta(minutes=8)
    # That the time ran back is a fault in words; no row differs from what the leaves make.
    assert faults(store, officer.id) == [("leaf-unlawful", f"account/{officer.id}")]


@given(
    steps=st.lists(st.tuples(st.sampled_from(CertificateStep), st.integers(0, 90)), max_size=5),
    asked_at=st.lists(st.tuples(st.integers(-5, 205), st.integers(0, 6)), min_size=3, max_size=10),
)
@settings(max_examples=25, deadline=None)
def test_the_question_has_one_answer(
    store: Store,
    clock: Clock,
    keeper: Actor,
    steps: list[tuple[CertificateStep, int]],
    asked_at: list[tuple[int, int]],
) -> None:
    """Whatever was done in whatever order: SQL, rows and the fold of the leaves say the same of every time."""
    officer = make_account(store, keeper.agency_id, Role.OFFICER)[1]
    held = issued(store, keeper, officer)
    began = store.clock()
    for step, day in steps:
        clock.ahead += timedelta(minutes=1)
        with suppress(TransitionRefused):
            held = stepped(store, keeper, held, step, held.valid_from + timedelta(days=day))
    for day, minute in asked_at:
        says(store, held, held.valid_from + timedelta(days=day), began + timedelta(minutes=minute))

    assert faults(store, officer.id) == []


@pytest.mark.parametrize(("before_noon", "is_valid"), [(1, True), (0, False)])
def test_a_certificate_that_ends_at_noon_is_valid_until_noon(
    store: Store, keeper: Actor, officer: Actor, before_noon: int, *, is_valid: bool
) -> None:
    """Half-open: the millisecond before twelve in UTC+8 is its last."""
    held = issued(store, keeper, officer)
    at = held.valid_until - timedelta(milliseconds=before_noon)

    assert held.valid_until.astimezone(UTC).hour == 4
    assert says(store, held, at, store.clock()) is is_valid


def test_bad_input_is_refused_and_named(store: Store, keeper: Actor, officer: Actor) -> None:
    """A number that somebody holds, an end before the beginning, a stranger's person, a closed account, a machine."""
    held = issued(store, keeper, officer)
    since, until = held.valid_from, held.valid_until
    with pytest.raises(ValidationError):
        wish(officer, until, until)
    colleague = make_account(store, keeper.agency_id, Role.OFFICER)[1]
    with pytest.raises(Conflict) as taken, store.begin() as tx:
        tx.certificates.issue(keeper, wish(colleague, since, until, number=held.number))
    assert taken.value.slug == "certificate-number-taken"
    stranger = make_account(store, make_agency(store), Role.OFFICER)[1]
    with pytest.raises(NotFound) as unknown, store.begin() as tx:
        tx.certificates.issue(keeper, wish(stranger, since, until))
    assert unknown.value.slug == "account-not-found"
    admin = make_account(store, keeper.agency_id, Role.ADMIN)[1]
    with store.begin() as tx:
        tx.people.close(admin, officer.account_id, "退休")
    with pytest.raises(Conflict) as closed, store.begin() as tx:
        tx.certificates.issue(keeper, wish(officer, since, until))
    assert closed.value.slug == "certificate-holder-closed"
    held = stepped(store, keeper, held, CertificateStep.CANCEL)
    assert held.state is CertificateState.CANCELLED
    assert faults(store, officer.id) == []


def test_times_lie_within_its_dates_and_not_in_the_future(
    store: Store, keeper: Actor, officer: Actor
) -> None:
    """Nothing is entered before it has happened, and nothing outside the dates; one that ran out is cancelled yet."""
    held = issued(store, keeper, officer)
    for at in (held.valid_from - NOON, store.clock() + NOON):
        with pytest.raises(Invalid) as refused:
            stepped(store, keeper, held, CertificateStep.SUSPEND, at)
        assert refused.value.slug == "certificate-time"
    gone = issued(store, keeper, officer, ago=LASTS * 2)
    with pytest.raises(Invalid) as over:
        stepped(store, keeper, gone, CertificateStep.WITHDRAW)
    assert over.value.slug == "certificate-time"
    assert stepped(store, keeper, gone, CertificateStep.CANCEL).state is CertificateState.CANCELLED


def test_only_lawful_steps_and_only_on_what_was_seen(store: Store, keeper: Actor, officer: Actor) -> None:
    """A valid certificate is not restored, a cancelled one nothing; whoever saw an older version is told."""
    held = issued(store, keeper, officer)
    with pytest.raises(TransitionRefused):
        stepped(store, keeper, held, CertificateStep.RESTORE)
    after = stepped(store, keeper, held, CertificateStep.SUSPEND)
    with pytest.raises(VersionConflict):
        stepped(store, keeper, held, CertificateStep.CANCEL)
    over = stepped(store, keeper, after, CertificateStep.CANCEL)
    for step in CertificateStep:
        with pytest.raises(TransitionRefused):
            stepped(store, keeper, over, step)
    with pytest.raises(TransitionRefused), store.begin() as tx:
        tx.certificates.verify(keeper, over.id, CertificateVerifyIn(), over.version)


def test_what_runs_out_is_counted_and_listed(store: Store, clock: Clock) -> None:
    """The home page counts what ends soon, as the agency sets it, or was not verified for a year; the list does too."""
    agency = make_agency(store)
    keeper = make_account(store, agency, Role.CUSTODIAN)[1]
    officer = make_account(store, agency, Role.OFFICER)[1]
    with store.begin() as tx:
        year = timedelta(days=366)
        old = tx.certificates.issue(keeper, wish(officer, tx.now - year, tx.now + year))
        soon = tx.certificates.issue(keeper, wish(officer, tx.now - NOON, tx.now + timedelta(days=20)))
        tx.certificates.issue(keeper, wish(officer, tx.now - NOON, tx.now + year))

    def listed(need: CertificateNeed) -> set[UUID]:
        with store.begin() as tx:
            rows = tx.certificates.page(keeper, CertificateFilter(only=need)).rows
            assert all(
                need in one.needs(tx.now, tx.agency_settings.certificate_terms(keeper.agency_id))
                for one in rows
            )
            return {one.id for one in rows}

    def waiting() -> int:
        with store.begin() as tx:
            return sum(one.count for one in tx.duties.waiting(keeper) if one.duty == "renew-officer")

    assert listed(CertificateNeed.UNVERIFIED) == {old.id}
    assert listed(CertificateNeed.ENDING) == {soon.id}
    assert waiting() == 2
    admin = make_account(store, agency, Role.ADMIN)[1]
    with store.begin() as tx:
        rarer = SettingIn(
            name=Setting.CERTIFICATE_VERIFY_DAYS,
            value=730,
            from_at=tx.now - timedelta(seconds=1),
            source="办法",
        )
        tx.agency_settings.change(admin, agency, rarer)
    assert listed(CertificateNeed.UNVERIFIED) == set()
    assert waiting() == 1
    with store.begin() as tx:
        yearly = SettingIn(name=Setting.CERTIFICATE_VERIFY_DAYS, value=365, from_at=tx.now, source="办法")
        tx.agency_settings.change(admin, agency, yearly)
    with store.begin() as tx:
        tx.certificates.verify(keeper, old.id, CertificateVerifyIn(), old.version)
    assert listed(CertificateNeed.UNVERIFIED) == set()
    assert waiting() == 1
    admin = make_account(store, agency, Role.ADMIN)[1]
    with store.begin() as tx:
        later = SettingIn(name=Setting.WARNING_DAYS, value=10, from_at=tx.now, source="办法")
        tx.agency_settings.change(admin, AgencyId(agency), later)
    assert listed(CertificateNeed.ENDING) == set()
    assert waiting() == 0


@pytest.mark.parametrize("role", [Role.OFFICER, Role.HANDLER, Role.ADMIN, Role.HEAD])
def test_only_a_custodian_keeps_them(store: Store, keeper: Actor, officer: Actor, role: Role) -> None:
    """A head sees them; nobody else of the agency does, and nobody of another one."""
    held = issued(store, keeper, officer)
    other = make_account(store, keeper.agency_id, role)[1]
    with pytest.raises(Refused), store.begin() as tx:
        tx.certificates.issue(other, wish(officer, held.valid_from, held.valid_until))
    with pytest.raises(Refused):
        stepped(store, other, held, CertificateStep.SUSPEND)
    stranger = make_account(store, make_agency(store), Role.CUSTODIAN)[1]
    with pytest.raises(NotFound):
        stepped(store, stranger, held, CertificateStep.SUSPEND)


def found(store: Store, device: TestDevice, numbers: list[str], at: datetime) -> str:
    manifest = device.manifest({"a.jpg": b"a"}, officers=numbers, captured_at=rfc3339(at))
    with store.begin() as tx:
        declared = tx.manifests.declare(device.actor, manifest, device.sign(manifest))
    return next(one.code for one in declared.findings if one.name == "officers")


def test_a_capture_is_judged_by_what_is_known_when_it_is_declared(
    store: Store, clock: Clock, keeper: Actor, officer: Actor
) -> None:
    """Suspended meanwhile, it counts no more from then on; given back from the same time, it does again."""
    device = enrol_device(store, keeper)
    colleague = make_account(store, keeper.agency_id, Role.OFFICER)[1]
    held, second = issued(store, keeper, officer), issued(store, keeper, colleague)
    pair, day = [held.number, second.number], held.valid_from + timedelta(days=10)
    since = day - timedelta(days=1)

    assert found(store, device, pair, day) == ""
    held = stepped(store, keeper, held, CertificateStep.SUSPEND, since)
    assert found(store, device, pair, day) == "officers-invalid-certificate"
    assert found(store, device, pair, since - NOON) == ""
    stepped(store, keeper, held, CertificateStep.RESTORE, since)
    assert found(store, device, pair, day) == ""


def test_the_database_takes_no_second_word(store: Store, keeper: Actor, officer: Actor) -> None:
    """Whatever goes wrong above it, no two rows speak of one time as known at one."""
    held = issued(store, keeper, officer)
    again = certificate_facts.insert().values(
        certificate_id=held.id,
        state=CertificateState.SUSPENDED,
        valid_during=Range(held.valid_from + NOON, held.valid_until + NOON),
        known_during=Range(store.clock(), None),
        leaf=b"x",
    )
    with pytest.raises(IntegrityError, match="ex_certificate_facts_one_word"), store.begin() as tx:
        tx.connection.execute(again)


def test_kinds_are_told_apart(store: Store, keeper: Actor, officer: Actor) -> None:
    """What a certificate lets its holder do is entered with it."""
    with store.begin() as tx:
        since = tx.now - LASTS
        made = tx.certificates.issue(
            keeper, wish(officer, since, since + LASTS * 2, kind=CertificateKind.AUXILIARY)
        )
    assert made.kind is CertificateKind.AUXILIARY
    assert faults(store, officer.id) == []
