"""Copies for viewing: asked with the verdict, made after it, shown beside the original, and never in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import av
import httpx
import pytest
from sqlalchemy import func, select

from schemas.actor import Actor, Role
from schemas.derivative import Derivation, DerivationFailure, DerivationState, DerivativeKind
from schemas.digest import sha256_hex
from schemas.errors import Conflict, NotFound, Refused
from schemas.examination import ExaminationState
from schemas.examined import Measure
from schemas.ids import RecordingId
from schemas.integrity import Verdict
from schemas.leaves_recording import DerivativeMake
from schemas.recording import RecordingState
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.derivative import derivations
from storage.tables.outbox import jobs
from tests.everything import lock
from tests.factories import (
    OFFICERS,
    TestDevice,
    acts_of,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.looks import looked
from tests.media import jpeg
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.viewing import film
from workers.derivative import ask_for_copies
from workers.media.making.maker import Maker
from workers.media.result import Limits
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

KINDS = [DerivativeKind.SHEET, DerivativeKind.WAVE, DerivativeKind.PROXY]


@dataclass
class House:
    """A store with a sealed film that no browser plays, of which every copy was made, and who looks at it."""

    store: Store
    device: TestDevice
    custodian: Actor
    token: str
    runner: Runner
    payload: bytes
    film: RecordingId

    def verified(self, name: str, payload: bytes) -> RecordingId:
        ident = RecordingId(self.device.capture(name, payload))
        self.runner.drain(JobKind.VERIFY)
        return ident

    def copies(self, ident: RecordingId) -> tuple[Derivation, ...]:
        with self.store.begin() as tx:
            return tx.derivations.of_recording(ident)


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("copies")
    store = Store(make_settings(database_url, folder_url(folder)))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    custodian = make_account(store, agency, Role.CUSTODIAN)[1]
    device = enrol_device(store, custodian)
    token, _ = make_account(store, agency, Role.HEAD)
    payload = film(folder / "a.avi").read_bytes()
    with Sandbox(Limits(frames_all_pixels=0)) as sandbox, Maker() as maker:
        runner = Runner(store, sandbox, WorkersSettings(), maker=maker)
        made = House(store, device, custodian, token, runner, payload, RecordingId(UUID(int=0)))
        made.film = made.verified("a.avi", payload)
        yield made
    store.close()


def test_the_verdict_waits_for_no_copy_and_each_copy_names_its_parent(house: House) -> None:
    """Sealed while every copy waits; then each is in the store, in its row and in the log, and fsck finds nothing."""
    with house.store.begin() as tx:
        found = tx.recordings.known(house.film)
    waiting = house.copies(house.film)
    assert found.state is RecordingState.SEALED
    assert [one.kind for one in waiting] == KINDS
    assert {one.state for one in waiting} == {DerivationState.WAITING}

    house.runner.drain(JobKind.DERIVE)

    copies = house.copies(house.film)
    assert [(one.kind, one.state, one.failure) for one in copies] == [
        (kind, DerivationState.MADE, None) for kind in KINDS
    ]
    assert isinstance(house.store.objects, FolderObjects)
    for one in copies:
        stored = house.store.objects.path(one.object_key or "", one.version_id or "").read_bytes()
        assert (sha256_hex(stored), len(stored)) == (one.sha256, one.size_bytes)
        assert one.parent_sha256 == sha256_hex(house.payload) == found.sha256
        assert one.params is not None
        assert one.params["version"] == 1
        assert "pyav" in one.params["tool"]
    leaves = [
        act
        for one in copies
        for act in acts_of(house.store, f"derivative/{one.id}")
        if isinstance(act, DerivativeMake)
    ]
    assert [(leaf.kind, leaf.sha256) for leaf in leaves] == [(one.kind, one.sha256) for one in copies]
    lock(house.store)
    assert faults(house.store, house.film) == []


def test_a_photo_has_none_and_asks_no_lane(house: House) -> None:
    """Nothing is entered for it, and nobody can ask for it."""
    photo = house.verified("a.jpg", jpeg())

    with house.store.begin() as tx:
        assert tx.connection.scalar(select(func.count()).where(derivations.c.recording_id == photo)) == 0
        with pytest.raises(Conflict) as said:
            tx.derivations.ask(house.custodian, photo, DerivativeKind.SHEET)
    assert said.value.slug == "derivative-not-made"


def test_what_cannot_be_made_says_why_and_is_made_anew(house: House) -> None:
    """Stored bytes that are not the sealed ones give no copy; the one made before is shown on, and asking works again."""
    with house.store.begin() as tx:
        found = tx.recordings.known(house.film)
        before = tx.derivations.made(house.film, DerivativeKind.WAVE)
        asked = tx.derivations.ask(house.custodian, house.film, DerivativeKind.WAVE)
        assert tx.derivations.ask(house.custodian, house.film, DerivativeKind.WAVE).id == asked.id
    assert isinstance(house.store.objects, FolderObjects)
    path = house.store.objects.path(found.object_key, found.version_id)
    path.chmod(0o600)
    path.write_bytes(bytes(found.size_bytes))
    house.runner.drain(JobKind.DERIVE)

    *_, made, failed, _ = house.copies(house.film)
    assert (made.id, failed.id) == (before.id, asked.id)
    assert (failed.state, failed.failure) == (DerivationState.FAILED, DerivationFailure.BYTES)
    with house.store.begin() as tx:
        find = tx.examinations.store_find(found)
    assert find is not None
    assert find.sha256 == sha256_hex(bytes(found.size_bytes))

    path.write_bytes(house.payload)
    assert ask_for_copies(house.store) == 0  # a good one is there
    with house.store.begin() as tx:
        again = tx.derivations.ask(house.custodian, house.film, DerivativeKind.WAVE)
    house.runner.drain(JobKind.DERIVE)
    with house.store.begin() as tx:
        assert tx.derivations.made(house.film, DerivativeKind.WAVE).id == again.id
        assert tx.recordings.known(house.film).state is found.state


def test_the_operator_asks_for_what_is_missing(house: House, tmp_path: Path) -> None:
    """A film whose copies failed, or were never asked for, gets them; once."""
    other = house.verified("b.avi", film(tmp_path / "b.avi", seconds=1).read_bytes())
    with house.store.begin() as tx:
        sheet, wave, _ = tx.derivations.of_recording(other)
        tx.derivations.fail(sheet.id, DerivationFailure.CRASH)
    with owning(house.store) as tx:
        tx.connection.execute(jobs.delete().where(jobs.c.subject_id == wave.id))
        tx.connection.execute(derivations.delete().where(derivations.c.id == wave.id))

    assert ask_for_copies(house.store) == 2
    assert ask_for_copies(house.store) == 0


def test_who_may_not_ask(house: House) -> None:
    """An officer makes none anew, and a custodian of elsewhere finds nothing."""
    elsewhere = make_account(house.store, make_agency(house.store), Role.CUSTODIAN)[1]
    officer = make_account(house.store, make_agency(house.store), Role.OFFICER)[1]
    for actor, kind in ((elsewhere, NotFound), (officer, Refused)):
        with house.store.begin() as tx, pytest.raises(kind):
            tx.derivations.ask(actor, house.film, DerivativeKind.SHEET)


def test_content_is_given_under_a_look_and_the_page_says_it_is_a_copy(house: House) -> None:
    """Without a look neither film nor pictures; under one they play, and the page says what they are."""
    house.runner.drain(JobKind.DERIVE)
    base = f"/v1/recordings/{house.film}"
    with (
        serving(house.store) as url,
        httpx.Client(base_url=url, headers=bearer(house.token), timeout=PATIENCE_SECONDS) as client,
    ):
        listed = client.get(f"{base}/derivatives").json()["derivatives"]
        refused = [client.get(f"{base}/derivatives/{kind}") for kind in ("proxy", "sheet")]
        wave = client.get(f"{base}/derivatives/wave")
        none = client.get(f"{base}/derivatives/thumbnail")
        look = looked(client, base).rpartition("look=")[2]
        whole = client.get(f"{base}/derivatives/proxy", params={"look": look})
        part = client.get(f"{base}/derivatives/proxy", params={"look": look}, headers={"Range": "bytes=0-3"})

    assert {one["kind"] for one in listed} == set(KINDS)
    assert {one["parent_sha256"] for one in listed if one["sha256"]} == {sha256_hex(house.payload)}
    assert [answer.json()["slug"] for answer in refused] == ["look-needed"] * 2
    assert (wave.status_code, wave.headers["Content-Type"]) == (200, "image/png")
    assert none.json()["slug"] == "derivative-unknown"
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "video/webm")
    assert (part.status_code, part.content) == (206, whole.content[:4])


def test_a_doubt_about_frames_has_every_frame_examined(house: House, tmp_path: Path) -> None:
    """A film with a broken key frame: asked for with the verdict, done behind it, 40 of 40 frames beside the seal."""
    payload = broken_key(film(tmp_path / "c.avi", seconds=4).read_bytes(), tmp_path)
    ident = house.verified("c.avi", payload)
    with house.store.begin() as tx:
        found = tx.recordings.known(ident)
        (asked,) = tx.examinations.of_recording(ident)
    assert (found.state, found.verdict) == (RecordingState.SEALED, Verdict.DOUBTFUL)
    assert (asked.every_frame, asked.asked_by, asked.state) == (True, None, ExaminationState.WAITING)

    house.runner.drain(JobKind.EXAMINE_FRAMES)

    with house.store.begin() as tx:
        facts = tx.recordings.known(ident).facts
        (done,) = tx.examinations.of_recording(ident)
        checks = {row.check.name: row.check for row in tx.recordings.checks(ident)}
        again = tx.examinations.ask(house.custodian, ident)
    rows = [(one.done, one.of) for one in facts.examined or () if one.measure is Measure.FRAMES]
    assert (done.state, done.run, rows) == (ExaminationState.DONE, 2, [(40, 40)])
    assert checks["frames"].code == "frames-damaged"
    assert again.every_frame
    lock(house.store)
    assert faults(house.store, ident) == []


def broken_key(payload: bytes, folder: Path) -> bytes:
    """Overwrite most of the third key frame."""
    path = folder / "whole.avi"
    path.write_bytes(payload)
    with av.open(str(path)) as container:
        key = [one for one in container.demux(video=0) if one.size and one.is_keyframe][2]
        start, size = key.pos, key.size
    made = bytearray(payload)
    at = start + 8 if made[start : start + 4] == b"00dc" else start
    made[at + size // 4 : at + size] = b"\xff" * (size - size // 4)
    return bytes(made)
