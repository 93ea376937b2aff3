"""The custodian's page of one device: its name, why its key was revoked, and its life as the log has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.errors import Refused
from schemas.event import Event
from schemas.leaves_device import DeviceRename, DeviceRevoke
from storage.store import Store
from tests.factories import (
    LOST,
    TestDevice,
    enrol_device,
    enrolled_by,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate


@dataclass
class World:
    """One agency with a custodian, served; and a custodian of another one."""

    store: Store
    url: str
    agency: UUID
    custodian: Actor
    token: str
    other_token: str

    def device(self) -> TestDevice:
        return enrol_device(self.store, self.custodian)

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)

    def browser(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: self.token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def send(self, path: str, **fields: str) -> httpx.Response:
        with self.browser() as browser:
            return browser.post(path, data={"csrf": form_token(self.token), **fields})


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("device"))))
    agency = make_agency(store)
    token, custodian = make_account(store, agency, Role.CUSTODIAN)
    other_token, _ = make_account(store, make_agency(store), Role.CUSTODIAN)
    with serving(store) as url:
        yield World(store, url, agency, custodian, token, other_token)
    store.close()


def acts(world: World, device: TestDevice) -> list[object]:
    with world.store.begin() as tx:
        entries = tx.custody.chain(f"device/{device.id}")
        opened = tx.custody.openings_of(one.digest for one in entries)
    return [one.leaf.act.revealed(opened.get(one.digest, {})) for one in entries]  # type: ignore[union-attr] # all are known


def test_a_device_is_called_otherwise(world: World) -> None:
    """A new name is a leaf of the device, the same name again is none; an empty one is told at its field."""
    device = world.device()
    path = f"/console/devices/{device.id}"
    assert world.send(f"{path}/name", name="一号执法记录仪").status_code == 303
    assert world.send(f"{path}/name", name="一号执法记录仪").status_code == 303
    assert world.send(f"{path}/name", name="").status_code == 422

    renamed = [one for one in acts(world, device) if isinstance(one, DeviceRename)]
    assert [one.name.value for one in renamed] == ["一号执法记录仪"]  # type: ignore[union-attr] # it is shown
    with world.browser() as browser:
        assert "一号执法记录仪" in browser.get("/console/devices").text


def test_a_revocation_says_why_and_where_it_counts_from(world: World) -> None:
    """Without a reason of the list and words to it nothing is revoked; then the page shows both, and the place."""
    device = world.device()
    path = f"/console/devices/{device.id}"
    for fields in ({}, {"reason_code": "lost"}, {"reason_code": "bored", "reason": "x"}, {"reason": "x"}):
        assert world.send(f"{path}/revoke", **fields).status_code == 422
    with world.client(world.token) as client:
        assert client.post(f"/v1/devices/{device.id}/revoke").status_code == 422
    assert not [one for one in acts(world, device) if isinstance(one, DeviceRevoke)]

    assert world.send(f"{path}/revoke", reason_code="stolen", reason="车窗被砸").status_code == 303
    integrate(world.store)
    (revoked,) = [one for one in acts(world, device) if isinstance(one, DeviceRevoke)]
    with world.store.begin() as tx:
        entry = tx.custody.chain(f"device/{device.id}")[-1]
    with world.browser() as browser:
        page = browser.get(path).text
    assert (revoked.reason_code, revoked.reason.value) == ("stolen", "车窗被砸")  # type: ignore[union-attr] # it is shown
    assert "被盗：车窗被砸" in page
    assert f"#{entry.leaf_index}" in page
    assert faults(world.store) == []


def test_what_was_revoked_keeps_its_name(world: World) -> None:
    """A revoked device is renamed by nobody, and its page offers neither name nor revocation."""
    device = world.device()
    with world.client(world.token) as client:
        client.post(f"/v1/devices/{device.id}/revoke", json=LOST.model_dump()).raise_for_status()
        late = client.post(f"/v1/devices/{device.id}/name", json={"name": "二号"})
    with world.browser() as browser:
        page = browser.get(f"/console/devices/{device.id}").text

    assert (late.status_code, late.json()["slug"]) == (409, "device-ended")
    assert f"/console/devices/{device.id}/" not in page


def test_a_device_of_another_agency_is_not_there(world: World) -> None:
    """Page, name and revocation of a foreign device, or of none, answer 404."""
    for ident in (world.device().id, uuid4()):
        with world.client(world.other_token) as client:
            name = client.post(f"/v1/devices/{ident}/name", json={"name": "我的"})
            gone = client.post(f"/v1/devices/{ident}/revoke", json=LOST.model_dump())
        cookies = {COOKIE: world.other_token}
        with httpx.Client(
            base_url=world.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as browser:
            page = browser.get(f"/console/devices/{ident}")
        assert [one.status_code for one in (name, gone, page)] == [404, 404, 404]


def test_a_code_that_was_taken_back_enrols_nothing(world: World) -> None:
    """Open codes are listed without themselves; one that was taken back counts no more, and the log says so."""
    with world.client(world.token) as client:
        code = client.post("/v1/enrolment-codes").raise_for_status().json()["code"]
        (listed,) = client.get("/v1/enrolment-codes").raise_for_status().json()["codes"]
        assert code not in str(listed)
        with world.browser() as browser:
            assert "没有用过的注册码" in browser.get("/console/devices").text
        assert world.send(f"/console/devices/codes/{listed['id']}/void").status_code == 303
        again = client.delete(f"/v1/enrolment-codes/{listed['id']}")
        left = client.get("/v1/enrolment-codes").json()["codes"]
    with world.client(world.other_token) as stranger:
        foreign = stranger.delete(f"/v1/enrolment-codes/{listed['id']}")

    assert (again.status_code, again.json()["slug"], left) == (409, "enrolment-code-ended", [])
    assert (foreign.status_code, foreign.json()["slug"]) == (404, "enrolment-code-unknown")
    with pytest.raises(Refused, check=lambda err: err.slug == "enrolment-code-invalid"):
        enrolled_by(world.store, code)
    assert events_of(world.store, f"device/{listed['device_id']}") == [Event.DEVICE_CODE, Event.DEVICE_VOID]
    assert faults(world.store) == []


def test_of_a_code_used_and_taken_back_at_once_one_holds(world: World) -> None:
    """Whichever comes first counts: the other is told, and the log folds."""
    for _ in range(4):
        with world.store.begin() as tx:
            code = tx.enrolments.issue_code(world.custodian).code
            open_ = tx.enrolments.codes(world.custodian)[-1]

        def take_back(ident: UUID = open_.id) -> None:
            with world.store.begin() as tx:
                tx.enrolments.void_code(world.custodian, ident)

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(take_back), pool.submit(enrolled_by, world.store, code)]
        assert sum(one.exception() is None for one in both) == 1
    assert faults(world.store) == []
