"""No page shows a slug, an English unit or a word of the other language, whatever state its things are in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from schemas.actor import Role
from schemas.audit import AuditIn, AuditKind
from schemas.case import CaseState
from schemas.checks.manifest import HAND_IN
from schemas.event import Event
from schemas.monitoring import (
    InvalidReason,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewStage,
)
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import RectificationIn, RectificationStep, RectificationStepIn
from schemas.words import Language
from storage.outbox import JobKind
from storage.store import Store, utc_now
from tests.casework import PASS, REJECT, SUPPLEMENT, Bureau, make_bureau, swapped
from tests.factories import (
    LOST,
    enrol_device,
    events_of,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.leftovers import leftovers
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

EVERYBODY = frozenset(Role) - {Role.PARTY, Role.SOURCE}
VALUE = "03 07 12 21 29 + 05"


class Clock:
    """Server time that a test moves forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def drain(store: Store) -> None:
    sandbox = Sandbox()
    try:
        Runner(store, sandbox, WorkersSettings(lease_seconds=30)).drain(JobKind.RECHECK)
    finally:
        sandbox.close()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("words")
    one = Store(make_settings(database_url, folder_url(folder)), clock=clock)
    yield one
    one.close()


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def left(store: Store, address: str, agency: UUID, *paths: str) -> dict[str, list[str]]:
    """What is left on these pages, in either language, for somebody with every role in the agency."""
    token, actor = make_account(store, agency, *EVERYBODY)
    found = {}
    for language in Language:
        cookies = {COOKIE: token, LANGUAGE: language.value}
        with httpx.Client(
            base_url=address, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            for path in paths:
                answer = client.get(path)
                assert answer.status_code == 200, path
                found[f"{language} {path}"] = leftovers(answer.text, language, {actor.login, actor.name})
    return {path: texts for path, texts in found.items() if texts}


@pytest.mark.parametrize("state", CaseState)
def test_a_case_in_every_state(store: Store, address: str, bureau: Bureau, state: CaseState) -> None:
    """Its page, its list and the steps it may take."""
    case = bureau.at(state)

    assert (
        left(store, address, bureau.agency, f"/console/cases/{case.id}", f"/console/cases?state={state}")
        == {}
    )


def test_a_case_that_was_sent_back_and_one_that_was_refused(
    store: Store, address: str, bureau: Bureau
) -> None:
    """Rounds, grounds, answers, a quarantined and a late recording, a fact without evidence, findings about all."""
    case, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT)
    bureau.answer(bureau.rounds(case)[-1])
    quarantined = bureau.capture(case, swapped())
    bureau.capture(case, HAND_IN.found("late-handin", hours=30))
    bureau.fact(case, text="没有证据的事实")
    rejected, second = bureau.submitted()
    bureau.opine(second, REJECT, bureau.second_reviewer)
    _, waiting = bureau.submitted(is_proven=False)
    _, passed = bureau.submitted()
    bureau.opine(passed, PASS)
    pages = [f"/console/cases/{one.id}" for one in (case, rejected)]
    pages += [f"/console/reviews/{one.id}" for one in (review, second, waiting, passed)]
    pages += ["/console/reviews", "/console/recordings", f"/console/recordings/{quarantined}"]

    assert Event.REVIEW_SUPPLEMENT in events_of(store, f"review/{review.id}")
    assert left(store, address, bureau.agency, *pages) == {}


def test_monitoring_records_in_every_state(store: Store, address: str) -> None:
    """Received, half reviewed, valid and linked, invalid with each reason; equipment with and without its gate."""
    highway = make_highway(store)
    closed = make_highway(store, is_admitted=False)
    received, half, valid = highway.one(), highway.one(), highway.valid()
    highway.opine(half, ReviewStage.FIRST)
    invalid = [highway.one() for _ in InvalidReason]
    for ident, reason in zip(invalid, InvalidReason, strict=True):
        highway.opine(ident, ReviewStage.FIRST, OpinionWord.INVALID, reason_code=reason)
    attempts = [(channel, NotifyOutcome.SENT) for channel in NotifyChannel]
    attempts += [(NotifyChannel.POST, outcome) for outcome in NotifyOutcome]
    for channel, outcome in attempts:
        wish = NotificationIn(channel=channel, outcome=outcome, attempted_at=utc_now(), proof="邮单")
        with store.begin() as tx:
            tx.notifications.add(highway.handler, valid, wish)
    pages = [f"/console/monitoring/{one}" for one in (received, half, valid, *invalid)]
    pages += ["/console/monitoring", "/console/equipment", f"/console/equipment/{highway.equipment_id}"]
    pages += [f"/console/monitoring/queue?stage={stage}" for stage in ReviewStage]

    assert left(store, address, highway.agency, *pages) == {}
    mine = (
        "/console/equipment",
        f"/console/equipment/{closed.equipment_id}",
        f"/console/monitoring/{closed.one()}",
    )
    assert left(store, address, closed.agency, *mine) == {}


def test_an_audit_in_every_state(store: Store, address: str, bureau: Bureau, clock: Clock) -> None:
    """From its definition to a rectification that was returned and closed."""
    top = make_agency(store, is_supervising=True)
    with store.begin() as tx:
        tx.connection.exec_driver_sql(f"UPDATE agencies SET parent_id = '{top}' WHERE id = '{bureau.agency}'")
    for _ in range(3):
        bureau.capture()
    supervisor, colleague = (make_account(store, top, Role.SUPERVISOR)[1] for _ in range(2))
    source = SourceIn(name="双色球", kind=SourceKind.LOTTERY, happens_at=clock() + timedelta(minutes=30))
    wish = AuditIn(
        title="三季度评查",
        kind=AuditKind.SEALED_RECORDINGS,
        target_agency_id=bureau.agency,
        from_at=clock() - timedelta(days=1),
        until_at=clock() + timedelta(days=1),
        size=2,
        sources=[source],
    )
    with store.begin() as tx:
        audit = tx.audit_drafts.define(supervisor, wish)
    page = f"/console/audits/{audit.id}"

    def clean(*more: str) -> bool:
        integrate(store)
        return (
            left(store, address, top, page, "/console/audits", "/console/audits/new", "/console", *more) == {}
        )

    assert clean()
    with store.begin() as tx:
        audit = tx.audits.freeze(supervisor, audit.id, audit.version)
    assert clean()
    clock.ahead += timedelta(hours=1)
    with store.begin() as tx:
        audit = tx.audit_values.enter(supervisor, audit.id, [VALUE], audit.version)
    assert clean()
    with store.begin() as tx:
        audit = tx.audit_values.confirm(colleague, audit.id, [VALUE], audit.version)
    assert clean()
    with store.begin() as tx:
        audit = tx.audits.draw(supervisor, audit.id, audit.version)
        member = tx.audit_scores.drawn(supervisor, audit.id)[0].member_id
    assert clean()
    drain(store)
    with store.begin() as tx:
        wish = RectificationIn(member_id=member, item_code="B1", text="未亮明身份")
        ident = tx.rectifications.raise_(supervisor, audit.id, wish).id
    mended, pages = (
        f"/console/rectifications/{ident}",
        (f"{page}/members/{member}", "/console/rectifications"),
    )
    assert clean(mended, *pages)
    taken = (RectificationStep.ANSWER, RectificationStep.RETURN, RectificationStep.ANSWER)
    for step in (*taken, RectificationStep.VERIFY, RectificationStep.CLOSE):
        who = bureau.head if step is RectificationStep.ANSWER else supervisor
        with store.begin() as tx:
            seen = tx.rectifications.get(who, ident).version
            tx.rectifications.step(who, ident, step, RectificationStepIn(text="已整改"), seen)
        assert clean(mended, *pages, "/console/rectifications?closed=yes")


def test_devices_and_the_log(store: Store, address: str, bureau: Bureau) -> None:
    """A device in use and one that was revoked; the log before and after it signed."""
    keeper = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    gone = enrol_device(store, keeper)
    with store.begin() as tx:
        tx.devices.revoke(keeper, gone.id, LOST)
    integrate(store)

    assert left(store, address, bureau.agency, "/console/devices", "/console/custody", "/console") == {}
