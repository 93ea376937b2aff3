"""Where findings of many recordings open, and what stands beside one, over the real database and on real pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Role
from schemas.base import rfc3339
from schemas.case import CaseStep
from schemas.checks.content import CONTENT
from schemas.checks.steps import TRACK_STEPS
from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from storage.recording.neighbours import Neighbours
from storage.store import Store
from tests.casework import Bureau, conclusion, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS

BEGAN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
FROZEN = CONTENT.found("content-frozen", from_seconds=3, to_seconds=20, count=9)
LEAP = TRACK_STEPS.found("track-teleport", count=1, kmh=9000, point=41)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("places"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def filmed(bureau: Bureau, name: str, second: int, *, seconds: int, found: CheckResult | None = None) -> UUID:
    """A film of the device that began so many seconds after the first."""
    payload = uuid4().bytes
    at = rfc3339(BEGAN + timedelta(seconds=second))
    ident = bureau.device.capture(name, payload, captured_at=at)
    with bureau.store.begin() as tx:
        made = conclusion(payload, *([found] if found else []), at_retain=tx.now)
        facts = MediaFacts(duration_ms=1000 * seconds)
        tx.recordings.conclude(ident, made.model_copy(update={"facts": facts}))
    return ident


def beside(bureau: Bureau, ident: UUID, *cases: UUID) -> Neighbours:
    with bureau.store.begin() as tx:
        return tx.recordings.neighbours(bureau.head, tx.recordings.get(bureau.head, ident), cases)


def test_before_and_after_are_the_devices_own_by_time(bureau: Bureau) -> None:
    """Whatever order they arrived in: the nearest on either side, with the time between, negative where they overlap."""
    last = filmed(bureau, "3.mp4", 100, seconds=10)
    first = filmed(bureau, "1.mp4", 0, seconds=30)
    middle = filmed(bureau, "2.mp4", 25, seconds=60)
    other = make_bureau(bureau.store, officers=("检-甲", "检-乙"))
    filmed(other, "x.mp4", 26, seconds=1)

    found = beside(bureau, middle)

    assert found.before is not None
    assert found.after is not None
    assert (found.before.recording.id, found.before.apart) == (first, timedelta(seconds=-5))
    assert (found.after.recording.id, found.after.apart) == (last, timedelta(seconds=15))
    assert beside(bureau, first).before is None
    assert beside(bureau, last).after is None


def test_a_case_shows_what_it_holds_from_about_then_and_nothing_unseen(bureau: Bureau) -> None:
    """Recordings of another device of the case stand beside, the nearest first; who may not see them is not told."""
    case = bureau.step(bureau.step(bureau.open(), CaseStep.FILE), CaseStep.INVESTIGATE)
    idents = [bureau.capture(case) for _ in range(3)]

    stranger = make_account(bureau.store, make_agency(bureau.store), Role.HEAD)[1]

    found = beside(bureau, idents[1], case.id)
    with bureau.store.begin() as tx:
        unseen = tx.recordings.neighbours(stranger, tx.recordings.known(idents[1]), [case.id])

    told = {one.recording.id for one in (found.before, found.after, *found.of_cases) if one is not None}
    assert told >= {idents[0], idents[2]}
    assert idents[1] not in told
    assert unseen == Neighbours()


def test_findings_of_a_case_lead_to_where_they_lie(bureau: Bureau) -> None:
    """On the page of a case each leads to the second or the point on the page of its recording; that page opens there."""
    case = bureau.step(bureau.step(bureau.open(), CaseStep.FILE), CaseStep.INVESTIGATE)
    film, track = bureau.capture(case, FROZEN), bureau.capture(case, LEAP)
    token, _ = make_account(bureau.store, bureau.agency, Role.HEAD)
    with (
        serving(bureau.store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=PATIENCE_SECONDS) as browser,
    ):
        of_case = browser.get(f"/console/cases/{case.id}").text
        page = browser.get(f"/console/recordings/{film}?finding=content-frozen").text
        strange = browser.get(f"/console/recordings/{film}?finding=%3Cb%3E&second=x")
    with bureau.store.begin() as tx:
        found = tx.recordings.findings([film, track])

    assert f"/console/recordings/{film}?case={case.id}&amp;finding=content-frozen#player" in of_case
    assert (
        f"/console/recordings/{track}?case={case.id}&amp;finding=track-teleport#at-track-teleport" in of_case
    )
    assert f'action="/console/recordings/{film}/looks?finding=content-frozen"' in page
    assert strange.status_code == 200
    assert "?finding=" not in strange.text.split('id="look"')[1].split(">")[0]
    assert [one.code for one in found[film]] == ["content-frozen"]
    assert [one.code for one in found[track]] == ["track-teleport"]
