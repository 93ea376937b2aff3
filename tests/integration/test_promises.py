"""A device asks what became of the entries that the server signed for: kept, late, refused, or broken."""

import base64
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from mobile_contract.client import record
from mobile_contract.client.device import DeviceFolder, DeviceState, utc_now
from mobile_contract.client.promise import WITHIN, Promise
from schemas.actor import Role
from schemas.manifest import parse_manifest
from schemas.note import vkey_of_seed
from schemas.own_chain import OwnChain, proven_keys
from schemas.ticket import verify_ticket
from storage.settings import seed
from storage.store import Store
from storage.tables.custody import custody_entries
from storage.tables.recording import manifests
from tests.factories import integrate, make_account, make_agency, make_settings
from tests.media import png
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.stores import folder_url
from tests.web import TRUST

LATER = WITHIN + timedelta(hours=1)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("promises"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    ident = make_agency(store)
    integrate(store)
    return ident


class Device:
    """The reference device with a memory of its own; each call is a contact."""

    def __init__(self, store: Store, url: str, agency: UUID, folder: Path, said: Any) -> None:
        custodian = make_account(store, agency, Role.CUSTODIAN)[1]
        with store.begin() as tx:
            code = tx.enrolments.issue_code(custodian).code
        self.folder = folder
        self._words = ["--server", url, "--enrol", code, "--state", str(folder / "device"), "--json"]
        self._said = said
        self._photos = 0

    @property
    def state(self) -> DeviceState:
        state = DeviceFolder(self.folder / "device").load()
        assert state is not None
        return state

    def contact(self, *, ahead: timedelta = timedelta()) -> tuple[list[dict[str, Any]], str]:
        """Hand in a new photo; returns what was told to a program, and to a person."""
        self._photos += 1
        photo = self.folder / f"{self._photos}.png"
        photo.write_bytes(png(32 + self._photos, 32))
        parser = ArgumentParser()
        record.add_arguments(parser)
        args = parser.parse_args([str(photo), *self._words, "--wait", "0"])

        def now() -> datetime:
            return utc_now() + ahead

        record.run(args, now=now)
        out, err = self._said.readouterr()
        return [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def device(
    store: Store, url: str, agency: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Device:
    return Device(store, url, agency, tmp_path, capsys)


def problems(told: list[dict[str, Any]]) -> list[str]:
    """What was said beside the recording that has no verdict yet."""
    return [one["problem"] for one in told if one["problem"] != "not-verified-yet"]


def entry_of(promise: Promise) -> dict[str, bytes]:
    return {"digest": bytes.fromhex(promise.digest)}


def test_what_was_promised_is_found_and_the_next_manifest_quotes_the_log(
    store: Store, device: Device
) -> None:
    """Enrolment, declaration and receipt are promised; once the log has them nothing is held, and its head is quoted."""
    told, _ = device.contact()
    held = device.state.promises
    with store.begin() as tx:
        kept = custody_entries.c
        events = set(
            tx.connection.scalars(
                select(kept.event).where(kept.digest.in_([bytes.fromhex(one.digest) for one in held]))
            )
        )
    assert events == {"device:enrol", "manifest:declare", "recording:receive"}
    assert problems(told) == []

    integrate(store)
    told, _ = device.contact()

    assert problems(told) == []
    state = device.state
    assert not {one.digest for one in held} & {one.digest for one in state.promises}
    assert len(state.promises) == 2
    assert state.log is not None
    assert state.log.head is not None
    with store.begin() as tx:
        payload = tx.connection.scalar(
            select(manifests.c.payload).where(
                manifests.c.device_id == UUID(state.device_id), manifests.c.seq == 2
            )
        )
    anchor = parse_manifest(bytes(payload or b"")).anchor
    assert anchor == state.log.anchor
    assert anchor is not None
    assert anchor.size >= len(held)


def test_a_deleted_entry_is_a_broken_promise_that_anybody_can_check(store: Store, device: Device) -> None:
    """Somebody deletes an act before its index: the device shouts, keeps the server's own signature, and goes on."""
    device.contact()
    lost = device.state.promises[-1]
    with unguarded(store) as tx:
        for statement in (
            "DELETE FROM chain_places USING custody_entries c WHERE entry = c.id AND c.digest = :digest",
            "DELETE FROM openings WHERE digest = :digest",
            "DELETE FROM custody_entries WHERE digest = :digest",
        ):
            tx.connection.execute(text(statement), entry_of(lost))
    integrate(store)

    told, said = device.contact()

    assert problems(told) == ["promise-broken"]
    shouted = next(one for one in told if one["problem"] == "promise-broken")
    assert shouted["digest"] == lost.digest
    assert "承诺未兑现" in said
    kept = json.loads(Path(shouted["kept"]).read_bytes())
    vkey = vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))
    keys, _ = proven_keys(OwnChain.model_validate_json(json.dumps(kept["log"])), vkey)
    public = next(one.public for one in keys.keys if one.kid == kept["kid"])
    verify_ticket(kept["ticket"], lost.digest, public)
    assert kept["answer"] == "entry-unknown"
    assert all(one.digest != lost.digest for one in device.state.promises)

    told, said = device.contact()
    assert problems(told) == []
    assert shouted["kept"] in said.replace("\n", "")


def test_a_refused_entry_is_a_broken_promise(store: Store, device: Device) -> None:
    """The ticket in the database was exchanged, so the signer refuses the entry; the device still has the true one."""
    device.contact()
    spoilt = device.state.promises[-1]
    with unguarded(store) as tx:
        statement = (
            "UPDATE custody_entries SET ticket = decode(repeat('00', 64), 'hex') WHERE digest = :digest"
        )
        tx.connection.execute(text(statement), entry_of(spoilt))
    integrate(store)

    told, _ = device.contact()

    assert problems(told) == ["promise-broken"]
    kept = json.loads((device.folder / "device" / "broken" / f"{spoilt.digest}.json").read_bytes())
    assert kept["answer"] == "entry-refused"


def test_a_promise_is_late_after_a_day_and_stays_until_it_is_kept(store: Store, device: Device) -> None:
    """Nothing is indexed: within a day that is said of nothing, then of each; it is asked for again all the same."""
    integrate(store)
    device.contact()
    told, _ = device.contact()
    assert problems(told) == []
    waiting = len(device.state.promises)
    aged = device.state.model_copy(
        update={
            "promises": tuple(one.model_copy(update={"at": one.at - LATER}) for one in device.state.promises)
        }
    )
    DeviceFolder(device.folder / "device").save(aged)

    told, _ = device.contact()

    assert problems(told) == ["promise-late"] * waiting
    integrate(store)
    told, _ = device.contact()
    assert problems(told) == []
    assert len(device.state.promises) == 2


def test_a_signature_that_is_not_the_logs_is_no_promise(store: Store, device: Device) -> None:
    """Who answers in the server's place can copy a digest, never sign it."""
    device.contact()
    integrate(store)
    state = device.state
    forged = state.promises[-1].model_copy(update={"ticket": base64.b64encode(bytes(64)).decode()})
    DeviceFolder(device.folder / "device").save(state.model_copy(update={"promises": (forged,)}))
    told, _ = device.contact()
    assert problems(told) == ["promise-invalid"]


def test_a_log_that_shrank_is_shouted_at(store: Store, device: Device) -> None:
    """The last checkpoint that the device saw is taken away: it knows."""
    device.contact()
    integrate(store)
    device.contact()
    with unguarded(store) as tx:
        kept = tx.connection.execute(text("SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1")).one()
        tx.connection.execute(text("DELETE FROM checkpoints WHERE size = :size"), {"size": kept.size})
    try:
        told, _ = device.contact()
    finally:
        with unguarded(store) as tx:
            names = ", ".join(kept._fields)
            values = ", ".join(f":{name}" for name in kept._fields)
            tx.connection.execute(
                text(f"INSERT INTO checkpoints ({names}) VALUES ({values})"), kept._asdict()
            )
    assert problems(told) == ["log-shrank"]


def test_an_entry_is_found_by_its_digest_alone(store: Store, url: str) -> None:
    """No token, and nothing but place and path; what waits, what was refused and what never was are told apart."""
    integrate(store)
    kept = custody_entries.c
    with store.begin() as tx:
        indexed = tx.connection.execute(
            select(kept.digest, kept.leaf_index).where(kept.leaf_index == 3)
        ).one()
        refused = tx.connection.scalar(select(kept.digest).where(kept.refused_by.is_not(None)).limit(1))
    make_agency(store)
    with store.begin() as tx:
        waiting = tx.connection.scalar(
            select(kept.digest).where(kept.leaf_index.is_(None), kept.refused_by.is_(None)).limit(1)
        )
    with httpx.Client(base_url=f"{url}/v1/log/proof", verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        found = client.get(f"/{bytes(indexed.digest).hex()}")
        assert found.status_code == 200
        assert "index 3\n" in found.text
        for digest, status, slug in (
            (bytes(waiting or b"").hex(), 404, "proof-pending"),
            (bytes(refused or b"").hex(), 410, "entry-refused"),
            ("ab" * 32, 404, "entry-unknown"),
            ("AB" * 32, 404, "entry-unknown"),
            ("no-digest", 404, "entry-unknown"),
        ):
            answer = client.get(f"/{digest}")
            assert (answer.status_code, answer.json()["slug"]) == (status, slug)
