"""What agencies set counts from its date, is inherited down the tree, and judges nothing again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import httpx
import pytest
from PIL import Image

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.case import CaseState
from schemas.duty import Duty
from schemas.equipment import CertificateIn, EquipmentIn, EquipmentKind
from schemas.errors import EvidenceError, Invalid, NotFound, Refused
from schemas.event import Event
from schemas.ids import RecordingId
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.look import LookFrom, LookIn, LookReason, LookWay
from schemas.monitoring_row import RowOutcome
from schemas.recording import Recording, retain_until
from schemas.setting import Setting, SettingIn, Standing, StandingList
from schemas.setting_list import ListSetting
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import faults, folder_url, make_account, make_agency, make_settings
from tests.media import LAT_E7, LON_E7, gpx, jpeg
from tests.media_tracks import drive, gpx_of
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.web import TRUST

_NUMBERS = count()
SOURCE = "执法全过程音像记录管理办法第八条"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("settings"))))
    yield made
    made.close()


class Tree:
    """An administrator above, and a bureau below."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.above = make_agency(store)
        self.bureau: Bureau = make_bureau(
            store, above=self.above, officers=(f"设-{next(_NUMBERS)}", f"设-{next(_NUMBERS)}")
        )
        self.token, self.admin = make_account(store, self.above, Role.ADMIN)

    def change(
        self,
        name: Setting,
        value: int | None,
        *,
        agency: UUID | None = None,
        ago: timedelta = timedelta(),
        actor: Actor | None = None,
    ) -> Standing:
        with self.store.begin() as tx:
            wish = SettingIn(name=name, value=value, from_at=tx.now - ago, source=SOURCE)
            return tx.agency_settings.change(actor or self.admin, agency or self.bureau.agency, wish)

    def value(self, name: Setting, at: datetime) -> int:
        with self.store.begin() as tx:
            return tx.agency_settings.value(name, self.bureau.agency, at)

    def now(self) -> datetime:
        with self.store.begin() as tx:
            return tx.now


@pytest.fixture
def tree(store: Store) -> Tree:
    return Tree(store)


def captured(tree: Tree, *, ago: timedelta = timedelta(minutes=1), **changed: object) -> Recording:
    """A capture of some time ago, received now and verified by the worker."""
    at = tree.now() - ago
    ident = tree.bureau.device.capture("a.bin", b"bytes", captured_at=rfc3339(at), **changed)
    drain(tree.store, JobKind.VERIFY)
    with tree.store.begin() as tx:
        return tx.recordings.known(RecordingId(ident))


def code_of(tree: Tree, recording: Recording, check: str) -> str:
    with tree.store.begin() as tx:
        return next(one.check.code for one in tx.recordings.checks(recording.id) if one.check.name == check)


def test_hours_of_hand_in_count_as_of_the_capture(tree: Tree) -> None:
    """A capture of thirty hours ago is late under the default, and is not under 48 h that held then; neither changes."""
    late = captured(tree, ago=timedelta(hours=30))
    assert code_of(tree, late, "hand_in") == "late-handin"
    tree.change(Setting.HAND_IN_HOURS, 48, ago=timedelta(hours=20))
    still = captured(tree, ago=timedelta(hours=30))
    assert code_of(tree, still, "hand_in") == "late-handin"
    tree.change(Setting.HAND_IN_HOURS, 48, ago=timedelta(hours=40))
    fine = captured(tree, ago=timedelta(hours=30))
    assert code_of(tree, fine, "hand_in") == ""
    assert code_of(tree, late, "hand_in") == "late-handin", "what was concluded stays"


def test_months_of_retention_count_as_of_the_receipt(tree: Tree) -> None:
    """What is received after the change is kept longer; what was locked before keeps its day."""
    before = captured(tree)
    tree.change(Setting.RETENTION_MONTHS, 36)
    after = captured(tree)
    with tree.store.begin() as tx:
        before = tx.recordings.known(before.id)
    assert before.retain_until == retain_until(before.received_at, months=6)
    assert after.retain_until == retain_until(after.received_at, months=36)


def test_the_clock_is_judged_by_what_its_agency_asks(tree: Tree) -> None:
    """An error of 30 s is told under the default, explained below 20 s, and good where 60 s are."""
    synced = rfc3339(tree.now() - timedelta(minutes=5))
    offset = {"source": "ntp", "offset_ms": 30_000, "uncertainty_ms": 10, "synced_at": synced}

    def code() -> str:
        return code_of(tree, captured(tree, clock=offset), "clock")

    assert code() == "clock-offset-warn"
    tree.change(Setting.CLOCK_LARGE_SECONDS, 20, ago=timedelta(hours=1))
    assert code() == "clock-offset-large"
    tree.change(Setting.CLOCK_LARGE_SECONDS, None, ago=timedelta(hours=1))
    tree.change(Setting.CLOCK_GOOD_SECONDS, 60, ago=timedelta(hours=1))
    assert code() == ""


def test_how_fast_and_how_far_is_what_its_agency_allows(tree: Tree) -> None:
    """A drive at 90 km/h: told where the agency tells 60, from its day on; what was concluded before stays."""
    track = gpx_of(drive(40, seconds=10, kmh=90, begin=tree.now() - timedelta(minutes=9)))

    def driven() -> RecordingId:
        ident = RecordingId(tree.bureau.device.capture("a.gpx", track))
        drain(tree.store, JobKind.VERIFY)
        return ident

    def code(ident: RecordingId, check: str = "track_steps") -> str:
        with tree.store.begin() as tx:
            return next(one.check.code for one in tx.recordings.checks(ident) if one.check.name == check)

    before = driven()
    tree.change(Setting.TRACK_FAST_KMH, 60)
    tree.change(Setting.JUMP_METRES, 10)
    tree.change(Setting.JUMP_SPEED_KMH, 30)
    place = {"lat_e7": 333_450_000, "lon_e7": 1_201_500_000, "acc_cm": 500, "crs": "WGS84", "src": "gnss"}
    moved = captured(tree, loc={**place, "mock": False, "fix_at": rfc3339(tree.now())})
    after = driven()
    assert (code(before), code(after)) == ("", "track-jump")
    assert (code(before, "place"), code_of(tree, moved, "place")) == ("", "location-jump")


def test_a_row_from_the_future_is_refused_by_what_its_agency_allows(store: Store) -> None:
    """A clock half a minute fast: taken under what is declared, refused where ten seconds are allowed."""
    road = make_highway(store)
    admin = make_account(store, road.agency, Role.ADMIN)[1]

    def sent() -> RowOutcome:
        row = road.row(captured_at=rfc3339(store.clock() + timedelta(seconds=30)))
        return road.send(row).results[0].outcome

    assert sent() is RowOutcome.RECEIVED
    with store.begin() as tx:
        wish = SettingIn(name=Setting.ROW_AHEAD_SECONDS, value=10, from_at=tx.now, source=SOURCE)
        tx.agency_settings.change(admin, road.agency, wish)
    assert sent() is RowOutcome.REFUSED


def test_an_agency_takes_what_stands_above_it(tree: Tree) -> None:
    """The number of the agency above holds below, until the one below says its own, and again when it takes it back."""
    assert tree.value(Setting.LEGAL_REVIEW_DAYS, tree.now()) == 5
    tree.change(Setting.LEGAL_REVIEW_DAYS, 8, agency=tree.above)
    assert tree.value(Setting.LEGAL_REVIEW_DAYS, tree.now()) == 8
    own = tree.change(Setting.LEGAL_REVIEW_DAYS, 3)
    assert own.value == 3
    assert own.entry is not None
    assert own.entry.source == SOURCE
    back = tree.change(Setting.LEGAL_REVIEW_DAYS, None)
    assert back.value == 8
    assert back.entry is not None
    assert back.entry.agency_id == tree.above
    assert tree.value(Setting.LEGAL_REVIEW_DAYS, tree.now() - timedelta(hours=1)) == 5
    assert faults(tree.store, f"agency/{tree.bureau.agency}") == []
    with tree.store.begin() as tx:
        chain = tx.custody.chain(f"agency/{tree.bureau.agency}")
    assert [one.event for one in chain].count(Event.SETTING_CHANGE) == 2


def test_a_round_keeps_the_date_it_was_given(tree: Tree) -> None:
    """A review that was asked for keeps its day when the agency sets another number; the next one takes it."""
    _, before = tree.bureau.submitted()
    tree.change(Setting.LEGAL_REVIEW_DAYS, 20)
    _, after = tree.bureau.submitted()
    with tree.store.begin() as tx:
        kept = tx.reviews.of_case(before.case_id)[-1]
    assert kept.due_at == before.due_at
    assert after.due_at - before.due_at > timedelta(days=14)


def _slug(tree: Tree, kind: type[EvidenceError], value: int = 9, *, actor: Actor | None = None) -> str:
    with pytest.raises(kind) as caught:
        tree.change(Setting.LINK_DAYS, value, actor=actor)
    return caught.value.slug


def test_who_may_change_what(tree: Tree) -> None:
    """The administrator within the own tree; the head sees and does not change; a stranger finds nothing."""
    _, stranger = make_account(tree.store, make_agency(tree.store), Role.ADMIN)
    assert _slug(tree, Refused, actor=tree.bureau.head) == "permission-missing"
    assert _slug(tree, Refused, actor=tree.bureau.handler) == "permission-missing"
    assert _slug(tree, NotFound, actor=stranger) == "agency-not-found"
    assert _slug(tree, Invalid, value=91) == "setting-out-of-range"
    with tree.store.begin() as tx:
        assert tx.agency_settings.history(tree.bureau.head, tree.bureau.agency) == ()
        with pytest.raises(NotFound):
            tx.agency_settings.standing(tree.bureau.head, tree.above)


def test_the_api_tells_what_holds_when(tree: Tree) -> None:
    """A change by the API is in force from its time; before it, the default is."""
    path = f"/v1/agencies/{tree.bureau.agency}/settings"
    begins = tree.now() - timedelta(days=2)
    wish = {"name": "link-days", "value": 30, "from_at": begins.isoformat(), "source": SOURCE}
    with (
        serving(tree.store) as base,
        httpx.Client(base_url=base, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        client.headers["Authorization"] = f"Bearer {tree.token}"
        made = client.post(path, json=wish)
        bad = client.post(path, json={**wish, "value": 0})
        now = client.get(path).json()
        before = client.get(path, params={"at": (begins - timedelta(seconds=1)).isoformat()}).json()

    def days(told: dict[str, list[dict[str, object]]]) -> object:
        return next(one["value"] for one in told["settings"] if one["name"] == "link-days")

    assert (made.status_code, made.json()["value"]) == (201, 30)
    assert (bad.status_code, bad.json()["least"]) == (422, 1)
    assert (days(now), days(before)) == (30, 7)
    assert [one["source"] for one in now["history"]] == [SOURCE]


def set_list(
    tree: Tree, name: ListSetting, items: tuple[str, ...] | None, *, ago: timedelta = timedelta(), **to: UUID
) -> StandingList:
    with tree.store.begin() as tx:
        wish = SettingIn(name=name, items=items, from_at=tx.now - ago, source=SOURCE)
        made = tx.agency_settings.change(tree.admin, to.get("agency", tree.bureau.agency), wish)
    assert isinstance(made, StandingList)
    return made


def test_a_list_is_inherited_and_taken_back(tree: Tree) -> None:
    """The nearest agency that says a list counts, none at all is a list too, and the log says the same both ways."""
    name = ListSetting.OFFICER_EXCEPTIONS
    start = tree.now()
    article, other = "行政处罚法第五十一条", "道路交通安全法第八十七条"
    set_list(tree, name, (article,), agency=tree.above, ago=timedelta(days=3))
    set_list(tree, name, (other,), ago=timedelta(days=2))
    set_list(tree, name, (), ago=timedelta(days=1))
    assert set_list(tree, name, None).items == (article,)
    with tree.store.begin() as tx:
        days = [
            tx.agency_settings.listed(name, tree.bureau.agency, start - timedelta(days=n, hours=-1))
            for n in (4, 3, 2, 1)
        ]
        history = tx.agency_settings.history(tree.admin, tree.bureau.agency)
    assert days == [(), (article,), (other,), ()]
    assert [one.items for one in history] == [None, (), (other,), (article,)]
    assert faults(tree.store, tree.bureau.agency) == faults(tree.store, tree.above) == []


@pytest.mark.parametrize(
    ("name", "items"),
    [
        (ListSetting.EQUIPMENT_KINDS, ("camera", "toaster")),
        (ListSetting.EQUIPMENT_KINDS, ()),
        (ListSetting.LOOK_REASONS, ("办理案件",)),
        (ListSetting.FINDING_WEIGHTS, ("track-jump=warn", "digest-mismatch=info")),
    ],
)
def test_what_cannot_stand_in_a_list_is_refused(
    tree: Tree, name: ListSetting, items: tuple[str, ...]
) -> None:
    """An item that nobody knows, and a list that would leave nothing to choose."""
    with pytest.raises(Invalid) as caught:
        set_list(tree, name, items)
    assert caught.value.slug == "setting-item"


def test_a_finding_weighs_what_the_agency_says_at_the_receipt(tree: Tree) -> None:
    """Who came before is judged as declared and stays so; who comes after reads what the agency has set."""
    set_list(tree, ListSetting.FINDING_WEIGHTS, None)
    device, bare = tree.bureau.device, jpeg(with_exif=Image.Exif())
    first = device.capture("前.jpg", bare)
    drain(tree.store, JobKind.VERIFY)
    set_list(tree, ListSetting.FINDING_WEIGHTS, ("exif-absent=warn",))
    second = device.capture("后.jpg", bare)
    drain(tree.store, JobKind.VERIFY)
    set_list(tree, ListSetting.FINDING_WEIGHTS, None)

    with tree.store.begin() as tx:
        found = {
            ident: next(
                row.check
                for row in tx.recordings.checks(RecordingId(ident))
                if row.check.code == "exif-absent"
            )
            for ident in (first, second)
        }
    assert found[second].severity is Severity.WARN
    assert found[first].severity.rank < Severity.WARN.rank


def test_a_track_that_leaves_the_area_is_told_as_of_the_capture(tree: Tree) -> None:
    """Who draws its border reads from then on what lies outside; what was recorded before, or inside, is not told."""
    name, device, north = ListSetting.AREA, tree.bureau.device, gpx(600, step_e7=200)
    lon = LON_E7 / 1e7

    def ring(south: float, top: float) -> tuple[str, ...]:
        sides = ((lon - 0.5, south), (lon + 0.5, south), (lon + 0.5, top), (lon - 0.5, top))
        return tuple(f"{east:.4f},{up:.4f}" for east, up in sides)

    def said(filename: str) -> list[CheckResult]:
        ident = device.capture(filename, north)
        drain(tree.store, JobKind.VERIFY)
        with tree.store.begin() as tx:
            rows = tx.recordings.checks(RecordingId(ident))
        return [row.check for row in rows if row.check.name == "place_in_area"]

    assert said("前.gpx") == []
    set_list(tree, name, ring(LAT_E7 / 1e7 - 1, LAT_E7 / 1e7 + 1), ago=timedelta(hours=1))
    assert [one.outcome for one in said("内.gpx")] == [Outcome.VERIFIED]
    set_list(tree, name, ring(LAT_E7 / 1e7 - 1, LAT_E7 / 1e7 + 0.001), ago=timedelta(minutes=30))
    (told,) = said("外.gpx")
    assert (told.code, told.severity) == ("track-outside-area", Severity.REMARK)
    with pytest.raises(Invalid) as caught:
        set_list(tree, name, ("120.1,33.2", "120.2,33.2"))
    assert caught.value.slug == "setting-area"


def test_an_agency_registers_the_kinds_of_its_list(tree: Tree) -> None:
    """What is not listed is refused from then on; what was registered stays."""
    custodian = make_account(tree.store, tree.bureau.agency, Role.CUSTODIAN)[1]

    def register(kind: EquipmentKind) -> None:
        with tree.store.begin() as tx:
            number = f"L-{next(_NUMBERS)}"
            wish = EquipmentIn(number=number, name="设备", kind=kind, site="S229", standard="GB/T 21296")
            tx.equipment.register(custodian, wish)

    register(EquipmentKind.NOISE_METER)
    set_list(tree, ListSetting.EQUIPMENT_KINDS, ("axle_scale", "camera"))
    register(EquipmentKind.CAMERA)
    with pytest.raises(Invalid) as caught:
        register(EquipmentKind.NOISE_METER)
    assert caught.value.slug == "equipment-kind-unlisted"
    with tree.store.begin() as tx:
        assert tx.equipment.kinds(custodian) == (EquipmentKind.AXLE_SCALE, EquipmentKind.CAMERA)


def test_a_look_asks_for_a_reason_of_the_list(tree: Tree) -> None:
    """The list of the agency of whoever looks, in its order; another reason is refused, and nothing is shown."""
    found, head = captured(tree), tree.bureau.head
    origin = LookFrom(way=LookWay.API, address="192.0.2.1")
    set_list(tree, ListSetting.LOOK_REASONS, ("dispute", "other"))
    with tree.store.begin() as tx:
        assert tx.looks.reasons(head) == (LookReason.DISPUTE, LookReason.OTHER)
        tx.looks.open(head, found.id, LookIn(reason_code=LookReason.DISPUTE), origin)
    with tree.store.begin() as tx, pytest.raises(Invalid) as caught:
        tx.looks.open(head, found.id, LookIn(reason_code=LookReason.CASE_HANDLING), origin)
    assert caught.value.slug == "look-reason-unlisted"


def test_an_exception_counts_as_of_the_capture(tree: Tree) -> None:
    """One officer under an article that the agency lists from a day on: it counts for what was captured since."""
    article = "行政处罚法第五十一条"
    case = tree.bureau.at(CaseState.INVESTIGATING)
    number = min(tree.bureau.officers[0].certificates)
    stated = {"officers": [number], "exception": {"article": article}}
    early = captured(tree, ago=timedelta(hours=50), **stated)
    late = captured(tree, ago=timedelta(hours=2), **stated)
    for one in (early, late):
        with tree.store.begin() as tx:
            tx.cases.link(tree.bureau.handler, case.id, one.id, tx.cases.known(case.id).version)

    def unlisted() -> set[str]:
        with tree.store.begin() as tx:
            found = tx.reviews.findings(tree.bureau.head, case.id)
        return {one.subject for one in found if one.check.code == "presence-article-unlisted"}

    assert unlisted() == {f"recording/{early.id}", f"recording/{late.id}"}
    set_list(tree, ListSetting.OFFICER_EXCEPTIONS, (article,), ago=timedelta(hours=24))
    assert unlisted() == {f"recording/{early.id}"}


def test_an_agency_sets_how_early_an_end_is_warned_of(tree: Tree) -> None:
    """What ends in twenty days is told by the default of thirty, and not by ten; whoever looks asks their own agency."""
    keeper = make_account(tree.store, tree.bureau.agency, Role.CUSTODIAN)[1]
    number = f"WARN-{next(_NUMBERS)}"
    with tree.store.begin() as tx:
        wish = EquipmentIn(
            number=number, name="设备", kind=EquipmentKind.AXLE_SCALE, site="S229", standard="GB/T 21296"
        )
        made = tx.equipment.register(keeper, wish)
        paper = CertificateIn(
            number="C-1", issuer="省计量院", valid_from=tx.now, valid_until=tx.now + timedelta(days=20)
        )
        tx.equipment.certify(keeper, made.id, paper, made.version)

    def told() -> int:
        with tree.store.begin() as tx:
            lines = tx.duties.waiting(keeper)
        return sum(one.count for one in lines if one.duty is Duty.RENEW_CERTIFICATE)

    assert told() == 1
    tree.change(Setting.WARNING_DAYS, 10)
    assert told() == 0
    tree.change(Setting.WARNING_DAYS, 10, agency=tree.above)
    tree.change(Setting.WARNING_DAYS, 21)
    assert told() == 1


def test_lists_by_the_api_and_the_page(tree: Tree) -> None:
    """A number is said as value and a list as items, never the other; the page takes the words that it shows."""
    at = f"/v1/agencies/{tree.bureau.agency}/settings"
    wish = {"name": "equipment-kinds", "from_at": rfc3339(tree.now()), "source": SOURCE}
    with (
        serving(tree.store) as base,
        httpx.Client(base_url=base, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        client.headers["Authorization"] = f"Bearer {tree.token}"
        set_ = client.post(at, json={**wish, "items": ["camera"]})
        wrong = [client.post(at, json={**wish, "value": 3}), client.post(at, json=wish)]
        told = client.get(at).json()
        del client.headers["Authorization"]
        client.cookies.set(COOKIE, tree.token)
        page = client.get(f"/console/agencies/{tree.bureau.agency}/settings").text
        form = {
            "csrf": form_token(tree.token),
            "name": "equipment-kinds",
            "items": "动态汽车衡\nNoise meter\ncamera",
            "inherits": "",
            "from_day": "2026-01-05",
            "source": SOURCE,
        }
        sent = client.post(f"/console/agencies/{tree.bureau.agency}/lists", data=form)
        shown = client.get(at.replace("/v1", "/console")).text
    assert (set_.status_code, set_.json()["items"]) == (201, ["camera"])
    assert [one.status_code for one in wrong] == [422, 422]
    listed = {one["name"]: one["items"] for one in told["lists"]}
    assert listed["equipment-kinds"] == ["camera"]
    assert listed["officer-exceptions"] == []
    assert "视频监控" in page
    assert sent.status_code == 303
    assert "动态汽车衡、噪声监测、视频监控" in shown
