"""One capture that comes twice: each upload is kept, receipted and named, and the capture counts once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.audit import AuditKind
from schemas.case import CaseIn
from schemas.digest import sha256_hex
from schemas.recording import counted_once
from storage.outbox import JobKind
from storage.reads.population import eligible
from storage.store import Store, utc_now
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer, declared, sent
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@dataclass
class Yard:
    """An agency whose cameras send by themselves and are docked at a person's computer."""

    store: Store
    sandbox: Sandbox
    url: str
    agency: UUID
    custodian: Actor
    handler: Actor
    docking: httpx.Client
    reviewer: httpx.Client

    def camera(self, device: TestDevice) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def open_case(self) -> tuple[UUID, str]:
        number = f"案-{uuid4().hex[:8]}"
        with self.store.begin() as tx:
            made = tx.cases.open(self.handler, CaseIn(number=number, party="x", matter="x", place="x"))
        return made.id, number

    def verify(self) -> None:
        Runner(self.store, self.sandbox, WorkersSettings()).drain(JobKind.VERIFY)

    def seen(self, ident: UUID) -> dict:
        return self.reviewer.get(f"/v1/recordings/{ident}").json()


@pytest.fixture(scope="module")
def yard(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("copies"))))
    agency = make_agency(store)
    token, _ = make_account(store, agency, Role.OFFICER, certificate=OFFICERS[0])
    make_account(store, agency, Role.OFFICER, certificate=OFFICERS[1])
    custodian = make_account(store, agency, Role.CUSTODIAN)[1]
    handler = make_account(store, agency, Role.HANDLER)[1]
    reader, _ = make_account(store, agency, Role.HEAD)
    with (
        Sandbox() as sandbox,
        serving(store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as docking,
        httpx.Client(
            base_url=url, headers=bearer(reader), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as reviewer,
    ):
        yield Yard(store, sandbox, url, agency, custodian, handler, docking, reviewer)
    store.close()


def handed_in(client: httpx.Client, device: TestDevice, manifest: bytes, payload: bytes) -> UUID:
    assert declared(client, device, manifest).status_code in (200, 201)
    return sent(client, payload, filename="a.jpg", manifest=sha256_hex(manifest), sha256=sha256_hex(payload))


def test_a_capture_that_comes_twice_counts_once(yard: Yard) -> None:
    """Camera and docking computer hand in one file: both are sealed and name each other, and the case has one."""
    device = enrol_device(yard.store, yard.custodian)
    case_id, number = yard.open_case()
    payload = jpeg(64, 48)
    manifest = device.manifest({"a.jpg": payload}, context={"case": number})
    with yard.camera(device) as camera:
        first = handed_in(camera, device, manifest, payload)
        again = handed_in(yard.docking, device, manifest, payload)
        own = camera.get(f"/v1/recordings/{first}").json()
    yard.verify()
    one, other = yard.seen(first), yard.seen(again)
    since = utc_now() - timedelta(hours=1)
    drawn = eligible(
        AuditKind.SEALED_RECORDINGS, [yard.agency], from_at=since, until_at=since + timedelta(days=1)
    ).subquery()
    with yard.store.begin() as tx:
        counted = tx.cases.get(yard.handler, case_id).recordings
        linked = [row.id for row in tx.recordings.of_case(case_id)]
        may_be_drawn = set(tx.connection.scalars(select(drawn.c.id)))
        gaps = tx.recordings.gaps_of_case(case_id)

    assert [one["state"], other["state"]] == ["sealed", "sealed"]
    assert [one["is_copy"], other["is_copy"]] == [False, True]
    assert (one["copy_of"], other["copy_of"]) == (None, str(first))
    assert (one["same_bytes"], other["same_bytes"]) == ([str(again)], [str(first)])
    assert (own["copy_of"], own["same_bytes"]) == (None, [])
    assert (counted, linked, gaps) == (1, [first, again], ())
    assert {first, again} & may_be_drawn == {first}
    integrate(yard.store)
    assert faults(yard.store) == []


def test_who_handed_it_in_is_told(yard: Yard) -> None:
    """Bytes that somebody else than the capturing device sent say so, to programs and on the page."""
    device = enrol_device(yard.store, yard.custodian)
    payload = jpeg(48, 64)
    manifest = device.manifest({"a.jpg": payload})
    ident = handed_in(yard.docking, device, manifest, payload)
    with yard.camera(device) as camera:
        own = handed_in(camera, device, manifest, payload)
    yard.verify()
    docked, direct = yard.seen(ident), yard.seen(own)
    token = yard.reviewer.headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(
        base_url=yard.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as browser:
        pages = [browser.get(f"/console/recordings/{one}").text for one in (ident, own)]
        listed = browser.get("/console/recordings").text

    assert (docked["device_id"], docked["captured_by"]) == (None, str(device.id))
    assert (direct["device_id"], direct["captured_by"]) == (str(device.id), str(device.id))
    assert docked["captured_by_name"] == direct["device_name"]
    assert ["不是拍摄设备提交" in page for page in pages] == [True, False]
    assert ["这是副本" in page for page in pages] == [False, True]
    assert f"/console/recordings/{own}" in pages[0]
    assert "副本，只计一次" in listed
    assert "不是拍摄设备提交" in listed


def test_the_first_right_one_meets_the_file(yard: Yard) -> None:
    """Wrong bytes that came first are no copy and have none; the right ones behind them meet the file."""
    device = enrol_device(yard.store, yard.custodian)
    payload = jpeg(32, 48)
    manifest = device.manifest({"a.jpg": payload})
    names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(payload)}
    assert declared(yard.docking, device, manifest).status_code == 201
    wrong = sent(yard.docking, payload[:-1] + b"x", **names)
    with yard.camera(device) as camera:
        right = sent(camera, payload, **names)
    later = sent(yard.docking, payload, **names)
    before = yard.seen(later)["copy_of"]
    yard.verify()
    found = [yard.seen(ident) for ident in (wrong, right, later)]

    assert before == str(wrong)
    assert [one["state"] for one in found] == ["quarantined", "sealed", "sealed"]
    assert [one["copy_of"] for one in found] == [None, None, str(right)]
    assert [one["same_bytes"] for one in found] == [[], [str(later)], [str(right)]]


def test_a_capture_handed_in_by_a_person_leaves_no_hole(yard: Yard) -> None:
    """Numbers 1 and 3 come from the camera, 2 over the docking computer: the sequence of the case is whole."""
    device = enrol_device(yard.store, yard.custodian)
    case_id, number = yard.open_case()
    with yard.camera(device) as camera:
        for at, client in enumerate((camera, yard.docking, camera)):
            payload = jpeg(32 + at, 32)
            manifest = device.manifest({"a.jpg": payload}, context={"case": number})
            handed_in(client, device, manifest, payload)
    with yard.store.begin() as tx:
        assert len(tx.recordings.of_case(case_id)) == 3
        assert tx.recordings.gaps_of_case(case_id) == ()


def test_a_case_that_holds_the_copy_alone_counts_it(yard: Yard) -> None:
    """Where only the copy states the case, the capture is there once and not missing."""
    device = enrol_device(yard.store, yard.custodian)
    case_id, number = yard.open_case()
    payload = jpeg(56, 40)
    manifest = device.manifest({"a.jpg": payload})
    with yard.camera(device) as camera:
        handed_in(camera, device, manifest, payload)
    names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(payload)}
    copies = [sent(yard.docking, payload, case=number, **names) for _ in range(2)]
    with yard.store.begin() as tx:
        linked = tx.recordings.of_case(case_id)
        counted = tx.cases.get(yard.handler, case_id).recordings

    assert [row.id for row in linked] == copies
    assert [row.is_copy for row in linked] == [True, True]
    assert (counted, len(counted_once(linked))) == (1, 1)


@pytest.mark.parametrize("is_late", [False, True], ids=["tied when received", "tied when concluded"])
def test_one_that_is_quarantined_counts_alone(yard: Yard, is_late: bool) -> None:
    """Its bytes are others than the manifest's: it stands beside the file in the case, however it was tied to it."""
    device = enrol_device(yard.store, yard.custodian)
    case_id, number = yard.open_case()
    payload = jpeg(40, 72)
    manifest = device.manifest({"a.jpg": payload})
    stated = {} if is_late else {"case": number}
    names = {"filename": "a.jpg", "manifest": sha256_hex(manifest), "sha256": sha256_hex(payload), **stated}
    assert declared(yard.docking, device, manifest).status_code == 201
    made = [sent(yard.docking, body, **names) for body in (payload[:-1] + b"x", payload, payload)]
    if not is_late:
        with yard.store.begin() as tx:
            assert tx.cases.get(yard.handler, case_id).recordings == 1
    yard.verify()
    if is_late:
        with yard.store.begin() as tx:
            seen = tx.cases.get(yard.handler, case_id)
            for ident in made:
                tx.cases.link(yard.handler, case_id, ident, seen.version)
    with yard.store.begin() as tx:
        counted = tx.cases.get(yard.handler, case_id).recordings
        linked = tx.recordings.of_case(case_id)

    assert (counted, len(counted_once(linked))) == (2, 2)


def test_another_agency_hears_of_nothing(yard: Yard) -> None:
    """Its manifest is refused like one of an unknown key, and the same bytes there name nothing here."""
    stranger = make_agency(yard.store)
    custodian = make_account(yard.store, stranger, Role.CUSTODIAN)[1]
    foreign, unknown = enrol_device(yard.store, custodian), enrol_device(yard.store, yard.custodian)
    payload = jpeg(40, 40)
    here = sent(yard.docking, payload, filename="a.jpg")
    with yard.camera(foreign) as camera:
        there = sent(camera, payload, filename="a.jpg")
    said = unknown.manifest({"a.jpg": payload})
    strange = said.replace(unknown.kid.encode(), b"A" * 43)
    answers = [
        declared(yard.docking, foreign, foreign.manifest({"a.jpg": payload})),
        declared(yard.docking, unknown, strange),
    ]
    yard.verify()
    told = [
        {name: value for name, value in answer.json().items() if name not in ("reference", "manifest_id")}
        for answer in answers
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert told[0] == told[1]
    assert told[0]["slug"] == "device-key-unknown"
    assert yard.seen(here)["same_bytes"] == []
    with yard.store.begin() as tx:
        assert tx.recordings.known(there).sha256 == tx.recordings.known(here).sha256
