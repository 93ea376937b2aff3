"""What equipment is said to be: moved from a date on, or wrong from the beginning; nothing that was said is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.base import rfc3339, whole_milliseconds
from schemas.equipment import EquipmentIn, EquipmentKind
from schemas.equipment_version import EquipmentDescribeIn, Version
from schemas.errors import EvidenceError
from schemas.monitoring_row import RowOutcome
from storage.store import Store
from tests.factories import faults, folder_url, make_account, make_settings
from tests.monitoring import Highway, make_highway
from tests.owner import owning, unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("versions")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


class Desk:
    """A scale and whoever keeps it, a minute later each time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.road: Highway = make_highway(store)
        self.about = self.road.equipment_id
        self.clock.ahead += timedelta(minutes=1)

    @property
    def now(self) -> datetime:
        return whole_milliseconds(self.store.clock())

    @property
    def versions(self) -> tuple[Version, ...]:
        with self.store.begin() as tx:
            return tx.equipment.versions(self.about)

    @property
    def version(self) -> int:
        with self.store.begin() as tx:
            return tx.equipment.get(self.road.custodian, self.about).version

    def describe(self, *, seen: int | None = None, who: Actor | None = None, **wish: Any) -> str:
        """Say it anew; the slug of what refused it, or nothing."""
        if "from_at" not in wish:
            wish["always"] = True
        told = EquipmentDescribeIn.model_validate({"reason": "登记有误", **wish})
        version = self.version if seen is None else seen
        try:
            with self.store.begin() as tx:
                tx.equipment.describe(who or self.road.custodian, self.about, told, version)
        except EvidenceError as err:
            return err.slug
        self.clock.ahead += timedelta(minutes=1)
        return ""

    def register(self, number: str) -> UUID:
        """Register another scale of the same agency."""
        wish = EquipmentIn(
            number=number, name="另一台", kind=EquipmentKind.AXLE_SCALE, site="S230", standard="JJG 907"
        )
        with self.store.begin() as tx:
            return tx.equipment.register(self.road.custodian, wish).id

    def send(self, number: str, at: datetime) -> tuple[RowOutcome, UUID | None]:
        row = self.road.row(equipment=number, captured_at=rfc3339(at))
        (result,) = self.road.send(row).results
        return result.outcome, result.id


@pytest.fixture
def desk(store: Store, clock: Clock) -> Desk:
    return Desk(store, clock)


def test_a_record_is_shown_with_the_registration_of_its_capture(desk: Desk) -> None:
    """Moved an hour ago: a record of before has the old place, one of later the new; known then stands beside."""
    moved = desk.now - HOUR
    before, after = (desk.road.one(captured_at=rfc3339(moved + ago)) for ago in (-HOUR, HOUR / 2))
    place = {"site": "S229 K20", "lat_e7": 334_000_000, "lon_e7": 1_200_000_000, "crs": "WGS84"}
    assert desk.describe(from_at=moved, reason=None, **place) == ""
    token = make_account(desk.store, desk.road.agency, Role.HANDLER)[0]
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as client,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as page,
    ):
        told = [client.get(f"/v1/monitoring/records/{one}").json() for one in (before, after)]
        pages = [page.get(f"/console/monitoring/{one}").text for one in (before, after)]
    assert [one["registration"]["site"] for one in told] == ["S229 K12", "S229 K20"]
    assert [one["registration_then"]["site"] for one in told] == ["S229 K12", "S229 K12"]
    assert ["S229 K20" in one for one in pages] == [False, True]
    assert ["入库时登记册说" in one for one in pages] == [False, True]


def test_rows_name_the_number_of_their_capture(desk: Desk) -> None:
    """Renumbered: late rows of before still come under the old number, later ones under the new, and no other."""
    old, new = desk.road.number, f"SCALE-{uuid4().hex[:8]}"
    early = desk.send(old, desk.now - 2 * HOUR)
    changed = desk.now - HOUR
    assert desk.describe(from_at=changed, number=new, reason=None) == ""
    received, refused = RowOutcome.RECEIVED, RowOutcome.REFUSED
    assert early[0] is received
    tries = [(old, -HOUR), (old, HOUR / 2), (new, -HOUR), (new, HOUR / 2)]
    outcomes = [desk.send(number, changed + ago)[0] for number, ago in tries]
    assert outcomes == [received, refused, refused, received]
    integrate(desk.store)
    assert faults(desk.store) == []


def test_one_row_under_two_numbers_is_one_record(desk: Desk) -> None:
    """A number that was wrong from the beginning: what came under it is known, and is no second record."""
    new = f"SCALE-{uuid4().hex[:8]}"
    row = desk.road.row()
    (first,) = desk.road.send(row).results
    assert desk.describe(number=new) == ""
    (again, fresh) = desk.road.send({**row, "equipment": new}, desk.road.row(equipment=new)).results
    assert (again.id, fresh.outcome) == (first.id, RowOutcome.RECEIVED)
    assert again.outcome is not RowOutcome.RECEIVED
    integrate(desk.store)
    assert faults(desk.store) == []


def test_a_number_of_one_time_means_one_thing(desk: Desk) -> None:
    """Taken is what another has, or had at that time; what it gave up may be another's from then on."""
    old, gave_up = desk.road.number, desk.now - HOUR
    with pytest.raises(EvidenceError, match="equipment of this number"):
        desk.register(old)
    other = Desk(desk.store, desk.clock)
    other.road = desk.road
    other.about = desk.register(f"SCALE-{uuid4().hex[:8]}")
    assert other.describe(from_at=desk.now - DAY, number=old, reason=None) == "equipment-number-taken"
    assert desk.describe(from_at=gave_up, number=f"{old}-OLD", reason=None) == ""
    assert other.describe(from_at=gave_up - HOUR, number=old, reason=None) == "equipment-number-taken"
    assert other.describe(from_at=gave_up, number=old, reason=None) == ""
    with pytest.raises(EvidenceError, match="equipment of this number"):
        desk.register(old)
    assert desk.send(old, gave_up - HOUR)[0] is RowOutcome.RECEIVED
    taken = text(
        "UPDATE equipment_descriptions SET number = :number WHERE equipment_id = :of AND upper_inf(known_during)"
    )
    with pytest.raises(IntegrityError, match="one_thing"), unguarded(desk.store) as tx:
        tx.connection.execute(taken, {"number": old, "of": desk.about})


def test_of_two_who_take_one_number_one_is_told(desk: Desk) -> None:
    """Two scales are given one number at once: the second waits, and hears that it is taken."""
    free = f"SCALE-{uuid4().hex[:8]}"
    others = []
    for _ in range(2):
        other = Desk(desk.store, desk.clock)
        other.road, other.about = desk.road, desk.register(f"SCALE-{uuid4().hex[:8]}")
        others.append(other)
    since = desk.now - HOUR
    with ThreadPoolExecutor(2) as both:
        tries = [both.submit(one.describe, from_at=since, number=free) for one in others]
        assert sorted(one.result() for one in tries) == ["", "equipment-number-taken"]


def test_of_two_who_describe_at_once_one_is_told(desk: Desk) -> None:
    """Both have seen the same page: the second is told that the register changed."""
    seen = desk.version
    with ThreadPoolExecutor(2) as both:
        tries = [both.submit(desk.describe, seen=seen, name=f"衡{one}") for one in "ab"]
        assert sorted(one.result() for one in tries) == ["", "version-conflict"]


def test_who_may_not_describe(desk: Desk) -> None:
    """Whoever keeps no equipment, or that of another agency."""
    other = make_highway(desk.store)
    assert desk.describe(who=desk.road.first, name="x") == "permission-missing"
    assert desk.describe(who=other.custodian, name="x") == "equipment-unknown"
    assert desk.describe(from_at=desk.now + DAY, name="x") == "fact-in-future"


def test_the_page_says_it_anew_and_shows_what_was_said(desk: Desk) -> None:
    """A custodian moves it and mends its name; the history stands below, and the published place is remarked."""
    token = make_account(desk.store, desk.road.agency, Role.CUSTODIAN)[0]
    page = f"/console/equipment/{desk.about}"
    names = ("from_at", "number", "name", "site", "standard", "point", "lat", "lon")
    sent = {**dict.fromkeys(names, ""), "crs": "WGS84", "csrf": form_token(token), "reason": "移至新址"}
    moved = "2026-11-20T08:00"
    with (
        serving(desk.store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):

        def post(**form: str) -> httpx.Response:
            data = {**sent, "version": str(desk.version), **form}
            return client.post(f"{page}/description", data=data)

        before = client.get(page).text
        wrong = [
            post(site="K20", kind=""),
            post(site="K20", kind="changed"),
            post(site="K20", kind="wrong", lat="33.4"),
            post(kind="wrong"),
            post(kind="wrong", site="K20", reason=""),
        ]
        right = [
            post(kind="changed", from_at=moved, site="S229 K20", lat="33.4", lon="120.0"),
            post(kind="wrong", name="动态汽车衡", reason="名称录错"),
        ]
        stale = post(kind="wrong", name="x", version="1")
        after = client.get(page).text
        client.cookies.set("qc_lang", "en", path="/console")
        english = client.get(page).text
    assert "登记的变更" not in before
    assert [one.status_code for one in wrong] == [422, 422, 422, 409, 422]
    assert [one.status_code for one in right] == [303, 303]
    assert stale.status_code == 412
    for told in ("登记的变更", "S229 K20", "S229 K12", "名称录错", "请核对新地点是否已公示"):
        assert told in after
    assert "How the entry changed" in english
    assert "was moved after its location was published" in english
    (first, second) = sorted(
        (one for one in desk.versions if one.is_said()), key=lambda one: one.valid_from is not None
    )
    assert (first.site, second.site, first.name, second.name) == (
        *("S229 K12", "S229 K20"),
        *("动态汽车衡", "动态汽车衡"),
    )


def test_the_log_tells_the_same_and_names_what_was_changed(desk: Desk) -> None:
    """Rows are what the leaves say; a place that somebody moves by hand is named, in both tables."""
    assert desk.describe(from_at=desk.now - DAY, site="K20") == ""
    assert desk.describe(site="K11", without_point=False) == ""
    integrate(desk.store)
    assert faults(desk.store, desk.about) == []
    move = text(
        "UPDATE equipment_descriptions SET site = 'x' WHERE equipment_id = :of AND upper_inf(known_during)"
    )
    with pytest.raises(IntegrityError, match="never changes"), owning(desk.store) as tx:
        tx.connection.execute(move, {"of": desk.about})
    rename = text("UPDATE equipment SET site = 'x' WHERE id = :of")
    for change in (move, rename):
        with unguarded(desk.store) as tx:
            tx.connection.execute(change, {"of": desk.about})
        assert faults(desk.store, desk.about) != []
