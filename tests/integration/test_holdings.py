"""Devices as things with a life: what they are, how they were found, who had them, and what a capture makes of that."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.base import HexDigest, rfc3339, whole_milliseconds
from schemas.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from schemas.holding import (
    POINTS,
    CheckedIn,
    CheckIn,
    CheckOccasion,
    CheckPoint,
    DescribeIn,
    DeviceKind,
    HoldingAmendIn,
    HoldingFact,
    IssueIn,
    ReturnIn,
)
from schemas.ids import AccountId, DeviceId, RecordingId
from schemas.shift import ShiftCloseIn, ShiftIn
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.holding import device_descriptions, device_holdings
from tests.casework import Bureau, make_bureau
from tests.factories import (
    LOST,
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
from tests.supervision import Clock, drain
from tests.tus import bearer
from tests.web import TRUST

_NUMBERS = count()
HOUR = timedelta(hours=1)
GOOD = CheckIn(items=tuple(CheckedIn(item=one, ok=True) for one in POINTS[CheckOccasion.ISSUE]))
BAD = CheckIn(items=(CheckedIn(item=CheckPoint.LENS, ok=False, remark="镜头有划痕"),))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("holdings"))), clock=clock)
    yield made
    made.close()


class Desk:
    """A bureau, its custodian, and a device that enrolled some days ago."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.bureau: Bureau = make_bureau(store, officers=(f"领-{next(_NUMBERS)}", f"领-{next(_NUMBERS)}"))
        self.device: TestDevice = self.bureau.device
        self.clock = clock
        clock.ahead += timedelta(days=3)
        self.token, self.custodian = make_account(store, self.bureau.agency, Role.CUSTODIAN)

    @property
    def people(self) -> tuple[AccountId, ...]:
        return tuple(one.account_id for one in self.bureau.officers)

    @property
    def now(self) -> datetime:
        with self.store.begin() as tx:
            return whole_milliseconds(tx.now)

    def issue(self, person: AccountId | None = None, **wish: Any) -> HoldingFact:
        wanted = IssueIn(person_id=person or self.people[0], **({"check": GOOD} | wish))
        with self.store.begin() as tx:
            return tx.holdings.issue(self.custodian, self.device.id, wanted)

    def take_back(self, **wish: Any) -> HoldingFact:
        with self.store.begin() as tx:
            return tx.holdings.take_back(self.custodian, self.device.id, ReturnIn(**({"check": GOOD} | wish)))

    def amend(self, issue: str, **wish: Any) -> None:
        with self.store.begin() as tx:
            told = HoldingAmendIn(reason="登记有误", **wish)
            tx.holdings.amend(self.custodian, self.device.id, HexDigest(issue), told)

    def describe(self, serial: str, device: DeviceId | None = None, reason: str | None = None) -> None:
        plate = DescribeIn(
            kind=DeviceKind.BODY_CAMERA, maker="某厂", model="DSJ-1", serial=serial, reason=reason
        )
        with self.store.begin() as tx:
            tx.descriptions.describe(self.custodian, device or self.device.id, plate)

    def facts(self) -> tuple[HoldingFact, ...]:
        with self.store.begin() as tx:
            return tx.holdings.facts(self.custodian, self.device.id)

    def faults(self) -> list[Any]:
        return faults(self.store, self.device.id)

    def captured(self, at: datetime, *officers: Actor, **stated: Any) -> RecordingId:
        """A capture at a time that names officers, received now and verified by the worker."""
        numbers = [min(one.certificates) for one in officers]
        ident = self.device.capture("a.bin", b"bytes", captured_at=rfc3339(at), officers=numbers, **stated)
        drain(self.store, JobKind.VERIFY)
        return RecordingId(ident)

    def code_of(self, ident: RecordingId) -> str | None:
        with self.store.begin() as tx:
            found = [one.check for one in tx.recordings.checks(ident)]
        return next((one.code for one in found if one.name == "device_holder"), None)


@pytest.fixture
def desk(store: Store, clock: Clock) -> Desk:
    return Desk(store, clock)


def never_set(at: datetime) -> dict[str, object]:
    """What a device says of a clock that nobody ever compared."""
    return {"source": "none", "offset_ms": 0, "uncertainty_ms": 0, "synced_at": rfc3339(at)}


def slug(kind: type[EvidenceError], act: Any, *args: Any, **wish: Any) -> str:
    with pytest.raises(kind) as caught:
        act(*args, **wish)
    return caught.value.slug


def test_a_device_goes_out_and_comes_back(desk: Desk) -> None:
    """Who has it stands in the lists of both; back, it does not; the log says the same both ways."""
    first, second = desk.bureau.officers
    out = desk.issue(due_at=desk.now + HOUR)
    assert (out.person_id, out.until_at, out.is_out) == (first.account_id, None, True)
    with desk.store.begin() as tx:
        (row,) = (one for one in tx.devices.seen_by(desk.custodian) if one.id == desk.device.id)
        (listed,) = tx.holdings.out(desk.custodian)
        (own,) = tx.holdings.own(first)
        assert tx.holdings.own(second) == ()
        later = tx.now + 2 * HOUR
    assert (row.holder_id, row.held_since) == (first.account_id, out.from_at)
    assert (listed, listed.is_unfit, listed.fact.is_overdue(later), row.is_overdue(later)) == (
        own,
        False,
        True,
        True,
    )
    desk.clock.ahead += HOUR
    back = desk.take_back(check=BAD)
    assert back.from_at == out.from_at
    assert back.until_at is not None
    assert slug(Conflict, desk.take_back) == "holding-none"
    with desk.store.begin() as tx:
        assert tx.holdings.out(desk.custodian) == ()
        checks = tx.device_checks.of_device(desk.custodian, desk.device.id)
    assert [(one.occasion, one.passed) for one in checks] == [
        (CheckOccasion.RETURN, False),
        (CheckOccasion.ISSUE, True),
    ]
    assert checks[0].points[0].remark == "镜头有划痕"
    told = [(one.until_at, one.known_until) for one in desk.facts()]
    assert told == [(None, back.known_from), (back.until_at, None)], "what was said before stays known"
    assert desk.faults() == []


def test_nobody_has_a_device_that_another_has(desk: Desk) -> None:
    """Overlapping holders are refused by name, touching ends are none, and the database keeps a second one out."""
    start = desk.now
    desk.issue(from_at=start - 5 * HOUR)
    assert slug(Conflict, desk.issue, desk.people[1]) == "holding-overlaps"
    assert slug(Conflict, desk.issue, desk.people[1], from_at=start - 9 * HOUR) == "holding-overlaps"
    desk.take_back(until_at=start - 3 * HOUR)
    assert slug(Conflict, desk.issue, desk.people[1], from_at=start - 4 * HOUR) == "holding-overlaps"
    second = desk.issue(desk.people[1], from_at=start - 3 * HOUR)
    assert (
        slug(Conflict, desk.amend, second.issue, person_id=desk.people[1], from_at=start - 4 * HOUR)
        == "holding-overlaps"
    )
    row = {
        "device_id": desk.device.id,
        "person_id": desk.people[0],
        "valid_during": Range(start, None),
        "known_during": Range(start, None),
        "issue": b"1",
        "leaf": b"1",
    }
    with pytest.raises(IntegrityError, match="ex_device_holdings_one_holder"), desk.store.begin() as tx:
        tx.connection.execute(insert(device_holdings).values(**row))
    assert desk.faults() == []


def test_of_two_at_once_one_is_handed_the_device(desk: Desk) -> None:
    """Two who hand it out in the same moment: one holder, one refusal by name."""

    def hand_out(person: AccountId) -> str:
        try:
            desk.issue(person)
        except EvidenceError as err:
            return err.slug
        return "out"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(hand_out, desk.people)) == ["holding-overlaps", "out"]
    assert desk.faults() == []


def test_a_device_that_is_unfit_goes_out_for_a_reason(desk: Desk) -> None:
    """Unfit, or not looked at: refused without a reason, recorded with one; back without a look likewise."""
    assert slug(Invalid, desk.issue, check=BAD) == "holding-reason"
    assert slug(Invalid, desk.issue, check=None) == "holding-reason"
    desk.issue(check=BAD, reason="执法急用，已另带备机")
    with desk.store.begin() as tx:
        (listed,) = tx.holdings.out(desk.custodian)
    assert listed.is_unfit
    assert slug(Invalid, desk.take_back, check=None) == "holding-reason"
    desk.take_back(check=None, reason="事后补登")
    desk.issue(check=None, reason="事后补登")
    assert desk.faults() == []


def test_who_and_when(desk: Desk) -> None:
    """People of the agency with open accounts, nothing in the future, before the enrolment or before its beginning."""
    stranger = make_account(desk.store, make_agency(desk.store), Role.OFFICER)[1].account_id
    assert slug(Invalid, desk.issue, stranger) == "holding-person"
    assert slug(Invalid, desk.issue, from_at=desk.now + HOUR) == "holding-times"
    assert slug(Invalid, desk.issue, from_at=desk.now - timedelta(days=300)) == "holding-times"
    assert slug(Invalid, desk.issue, due_at=desk.now - HOUR) == "holding-times"
    out = desk.issue()
    assert slug(Invalid, desk.take_back, until_at=out.from_at) == "holding-times"
    assert slug(Invalid, desk.take_back, until_at=desk.now + HOUR) == "holding-times"
    assert slug(NotFound, desk.amend, "0" * 64, never=True) == "holding-unknown"
    officer = desk.bureau.officers[0]
    for who, kind, named in (
        (officer, Refused, "permission-missing"),
        (desk.bureau.head, Refused, "permission-missing"),
    ):
        with desk.store.begin() as tx, pytest.raises(kind) as caught:
            tx.holdings.take_back(who, desk.device.id, ReturnIn(reason="x"))
        assert caught.value.slug == named
    other = make_account(desk.store, make_agency(desk.store), Role.CUSTODIAN)[1]
    with desk.store.begin() as tx, pytest.raises(NotFound) as caught:
        tx.holdings.facts(other, desk.device.id)
    assert caught.value.slug == "device-unknown"


def test_a_correction_is_said_anew(desk: Desk) -> None:
    """It closes what was known and adds a row; asked as known before, the old answer stands; one never happened at all."""
    start = desk.now
    out = desk.issue(from_at=start - 2 * HOUR)
    desk.clock.ahead += HOUR
    desk.amend(out.issue, person_id=desk.people[1], from_at=start - 3 * HOUR)
    standing = [one for one in desk.facts() if one.known_until is None]
    assert [(one.person_id, one.from_at) for one in standing] == [(desk.people[1], start - 3 * HOUR)]
    assert standing[0].issue == out.issue
    old = [one for one in desk.facts() if one.known_until is not None]
    assert [(one.person_id, one.known_until) for one in old] == [(desk.people[0], standing[0].known_from)]
    desk.clock.ahead += HOUR
    desk.amend(out.issue, never=True)
    assert [one for one in desk.facts() if one.known_until is None] == []
    assert len(desk.facts()) == 2
    desk.issue()
    assert desk.faults() == []


def test_a_thing_is_one_device_at_a_time(desk: Desk) -> None:
    """A maker's number stands once among devices in use; revoked, the same thing enrols anew; corrections need a reason."""
    serial = f"SN-{next(_NUMBERS)}"
    desk.describe(serial)
    desk.describe(serial)
    spare = enrol_device(desk.store, desk.custodian)
    assert slug(Conflict, desk.describe, serial.lower(), spare.id) == "device-serial-taken"
    assert slug(Invalid, desk.describe, "SN-另") == "device-reason"
    desk.clock.ahead += HOUR
    desk.describe(f"{serial}-B", reason="铭牌抄错")
    desk.describe(serial, spare.id)
    assert slug(Conflict, desk.describe, f"{serial}-B", spare.id, reason="x") == "device-serial-taken"
    desk.issue()
    desk.clock.ahead += HOUR
    with desk.store.begin() as tx:
        tx.devices.revoke(desk.custodian, desk.device.id, LOST)
    assert slug(Conflict, desk.describe, "SN-X", reason="x") == "device-ended"
    desk.describe(f"{serial}-B", spare.id, reason="同一台设备重新登记")
    with desk.store.begin() as tx:
        (listed,) = tx.holdings.out(desk.custodian)
        told = device_descriptions.c
        rows = tx.connection.scalars(
            select(told.serial).where(func.upper_inf(told.valid_during), func.upper_inf(told.known_during))
        )
        assert list(rows).count(f"{serial}-B") == 1
    assert listed.is_revoked
    assert slug(Conflict, desk.issue) == "device-ended"
    desk.take_back(check=None, reason="遗失，不再归还")
    assert desk.faults() == []
    assert faults(desk.store, spare.id) == []


def test_of_two_who_describe_one_thing_one_is_refused(desk: Desk) -> None:
    """Two devices have two chains: the second waits for the first and is told, and nothing breaks."""
    spare, serial = enrol_device(desk.store, desk.custodian), f"SN-{next(_NUMBERS)}"

    def describe(device: DeviceId) -> str:
        try:
            desk.describe(serial, device)
        except EvidenceError as err:
            return err.slug
        return "described"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(describe, (desk.device.id, spare.id))) == ["described", "device-serial-taken"]


def test_a_capture_is_held_against_who_had_the_device(desk: Desk) -> None:
    """Named or on its duty: well; another had it: a finding; nobody known or named: nothing; no clock: not checked."""
    first, second = desk.bureau.officers
    start = desk.now
    assert desk.code_of(desk.captured(start - 9 * HOUR, first, second)) is None, (
        "nobody is known to have had it"
    )
    out = desk.issue(first.account_id, from_at=start - 6 * HOUR)
    assert desk.code_of(desk.captured(start - 5 * HOUR, first, second)) == ""
    alone = desk.captured(start - 4 * HOUR, second)
    assert desk.code_of(alone) == "holder-not-named"
    assert desk.code_of(desk.captured(start - 3 * HOUR)) is None, "nobody is named: that is another finding"
    unset = {"clock": never_set(start)}
    assert desk.code_of(desk.captured(start - 2 * HOUR, second, **unset)) == "holder-clock-unchecked"
    with desk.store.begin() as tx:
        shift = tx.shifts.open(second, ShiftIn(device_id=desk.device.id, from_at=start - HOUR))
    assert desk.code_of(desk.captured(start - HOUR / 2, second)) == "", "on a duty with it"
    with desk.store.begin() as tx:
        tx.shifts.close(second, shift.id, ShiftCloseIn())
        cited = tx.holdings.cited(tx.recordings.known(alone))
    assert cited is not None
    assert (cited.then, cited.has_changed) == (cited.now, False)
    desk.clock.ahead += HOUR
    desk.amend(out.issue, person_id=second.account_id, from_at=start - 6 * HOUR)
    with desk.store.begin() as tx:
        cited = tx.holdings.cited(tx.recordings.known(alone))
    assert cited is not None
    assert [one.person_id for one in cited.facts] == [first.account_id, second.account_id]
    assert desk.code_of(alone) == "holder-not-named", "what was sealed is not judged again"
    assert desk.faults() == []


def test_a_name_is_held_against_the_register(desk: Desk) -> None:
    """The device in the name beside the serial number that is registered: unknown is no doubt, another one is told."""
    at = desk.now - HOUR
    name = f"4320001_123456_{at + 8 * HOUR:%Y%m%d%H%M%S}_0007.bin"

    def code(**register: str) -> str | None:
        if register:
            desk.describe(**register)
            desk.clock.ahead += HOUR
        ident = desk.device.capture(name, name.encode(), captured_at=rfc3339(at))
        drain(desk.store, JobKind.VERIFY)
        with desk.store.begin() as tx:
            made = {row.check.name: row.check for row in tx.recordings.checks(RecordingId(ident))}
        assert "device_agrees" not in made, "the file says nothing of its device"
        return made["name_agrees"].code

    assert code() == "", "the register says nothing of the device"
    assert code(serial=f"WXYZ-{next(_NUMBERS)}") == "name-device-differs"


def test_the_api_and_the_pages(desk: Desk) -> None:
    """A custodian hands out and takes back by both; the holder sees it at home; the page of a capture names who had it."""
    token, holder = make_account(desk.store, desk.bureau.agency, Role.OFFICER)
    person, at = str(holder.account_id), f"/v1/devices/{desk.device.id}"
    points = [{"item": "battery", "ok": True}, {"item": "lens", "ok": False, "remark": "划痕"}]
    checked = {"check": {"items": points}}
    with (
        serving(desk.store) as base,
        httpx.Client(base_url=base, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        keeper = bearer(desk.token)
        plate = {"kind": "drone", "maker": "某厂", "model": "X", "serial": f"D-{next(_NUMBERS)}"}
        described = client.post(f"{at}/description", json=plate, headers=keeper)
        unfit = client.post(f"{at}/issue", json={"person_id": person, **checked}, headers=keeper)
        wish = {"person_id": person, "reason": "急用", **checked}
        out = client.post(f"{at}/issue", json=wish, headers=keeper)
        listed = client.get("/v1/devices/out", headers=keeper).json()["devices"]
        rows = client.get("/v1/devices", headers=keeper).json()["devices"]
        own = client.get("/v1/devices/own", headers=bearer(token)).json()["devices"]
        home = client.get("/console", headers={"Cookie": f"{COOKIE}={token}"}).text
        page = client.get(
            f"/console/devices/{desk.device.id}", headers={"Cookie": f"{COOKIE}={desk.token}"}
        ).text
        register = client.get("/console/devices", headers={"Cookie": f"{COOKIE}={desk.token}"}).text
        back = client.post(f"{at}/return", json=checked, headers=keeper)
        told = client.get(f"{at}/holdings", headers=keeper).json()
        gone = client.post(
            f"{at}/holdings/{out.json()['issue']}/amend",
            json={"never": True, "reason": "登记有误"},
            headers=keeper,
        )
    assert [one.status_code for one in (described, unfit, out, back, gone)] == [204, 422, 201, 200, 204]
    assert unfit.json()["type"].endswith("holding-reason")
    row = next(one for one in rows if one["id"] == str(desk.device.id))
    assert (row["kind"], row["holder_id"]) == ("drone", person)
    assert [(one["device_id"], one["is_unfit"]) for one in listed] == [(str(desk.device.id), True)]
    assert own == listed
    assert "我领用的设备" in home
    assert "发放前检查不合格或未检查" in home
    assert "登记归还" in page
    assert "镜头清洁：划痕" in page
    assert "在外设备（1 台）" in register
    assert [len(told[name]) for name in ("holdings", "checks")] == [2, 2]
    assert desk.faults() == []


def test_the_page_of_a_capture_names_who_had_the_device(desk: Desk) -> None:
    """With the row of the register behind it; where the clock was never compared it says so."""
    first, second = desk.bureau.officers
    start = desk.now
    desk.issue(first.account_id, from_at=start - 6 * HOUR)
    found = desk.captured(start - HOUR, first, second)
    unset = {"clock": never_set(start)}
    unsure = desk.captured(start - HOUR, first, second, **unset)
    with (
        serving(desk.store) as base,
        httpx.Client(base_url=base, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        pages = [
            client.get(f"/console/recordings/{one}", headers={"Cookie": f"{COOKIE}={desk.token}"}).text
            for one in (found, unsure)
        ]
    assert all("拍摄时设备由谁领用" in page for page in pages)
    assert f"{first.name}" in pages[0].partition("拍摄时设备由谁领用")[2]
    assert "没有条件核对" in pages[1]
