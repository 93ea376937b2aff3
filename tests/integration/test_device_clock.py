"""A device whose clock is wrong by hours takes the server's time from the refusal, and hands in."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from mobile_contract.client import record
from mobile_contract.client.device import DeviceFolder, utc_now
from mobile_contract.client.transport import Server
from mobile_contract.client.wire import Answered
from schemas.actor import Role
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.recording import recordings
from tests.factories import integrate, make_account, make_agency, make_settings
from tests.media import png
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.stores import folder_url
from tests.web import TRUST
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

OFFICERS = ("10320001001", "10320001002")
MARGIN = timedelta(seconds=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("clock"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    ident = make_agency(store)
    for number in OFFICERS:
        make_account(store, ident, Role.OFFICER, certificate=number)
    integrate(store)
    return ident


def code_of(store: Store, agency: UUID) -> str:
    custodian = make_account(store, agency, Role.CUSTODIAN)[1]
    with store.begin() as tx:
        return tx.enrolments.issue_code(custodian).code


@pytest.mark.parametrize("hours", [3, -5])
def test_a_device_that_is_hours_wrong_hands_in(
    store: Store, url: str, agency: UUID, *, tmp_path: Path, hours: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own time, the corrected one and the server's stay three facts; the manifest says what it is off by."""
    wrong = timedelta(hours=hours)

    def now() -> datetime:
        return utc_now() + wrong

    began = utc_now()
    photo = tmp_path / "现场.png"
    photo.write_bytes(png(48 + hours, 48))
    taken = now().timestamp()
    os.utime(photo, (taken, taken))  # written by the same clock
    words = [
        str(photo),
        "--server",
        url,
        "--enrol",
        code_of(store, agency),
        "--state",
        str(tmp_path / "device"),
    ]
    words += [part for number in OFFICERS for part in ("--officer", number)]
    parser = ArgumentParser()
    record.add_arguments(parser)

    record.run(parser.parse_args([*words, "--wait", "0", "--json"]), now=now)

    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    state = DeviceFolder(tmp_path / "device").load()
    assert state is not None
    assert state.pending == ()  # the server answers for it
    assert abs(timedelta(milliseconds=state.clock_offset_ms) + wrong) < MARGIN
    with Sandbox() as sandbox:
        Runner(store, sandbox, WorkersSettings()).drain(JobKind.VERIFY)
    with store.begin() as tx:
        row = tx.connection.execute(
            select(recordings).where(recordings.c.id == UUID(said["recording_id"]))
        ).one()
    assert abs(row.captured_at - began - wrong) < MARGIN
    assert abs(row.corrected_at - began) < MARGIN
    assert abs(row.received_at - began) < MARGIN
    assert row.state == "sealed"


def test_a_second_refusal_is_the_end(store: Store, url: str, agency: UUID, tmp_path: Path) -> None:
    """A clock that jumps meanwhile is asked once, not for ever; the refusal is told."""
    jumps = iter(range(0, 10_000, 24))

    def now() -> datetime:
        return utc_now() + timedelta(hours=next(jumps) + 24)

    folder = DeviceFolder(tmp_path / "device")
    folder.path.mkdir()
    key = folder.new_key()
    with httpx.Client(verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        server = Server(url, client, now=now)
        answer = server.enrol(code_of(store, agency), key, model="test", name="跳")
        with pytest.raises(Answered) as refused:
            server.identify(key, answer["kid"])
    assert refused.value.said == "assertion-expired"
