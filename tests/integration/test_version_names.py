"""Stores call their versions what they like: S3 does so in base64, `+`, `/` and `=` included."""

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.actor import Role
from schemas.case import CaseIn
from schemas.leaves_recording import RecordingReceive
from schemas.refusals_objects import OBJECT_NOT_FOUND
from storage.objects.hashing import object_blocks
from storage.objects.port import Objects, Stored
from storage.outbox import JobKind
from storage.store import Store
from tests.evidence import Said
from tests.factories import OFFICERS, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.media import jpeg
from tests.trust import trust_of
from workers.custody import integrate
from workers.fsck import run
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

MARK = "+/="


class NamedLikeS3:
    """A store whose versions have the names that S3 may give; what is none of them is a version that is not there."""

    def __init__(self, real: Objects) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return cast("Callable[..., Any]", getattr(self._real, name))

    def put(self, key: str, *args: Any, **named: Any) -> Stored:
        return _named(self._real.put(key, *args, **named))

    def put_stream(self, key: str, *args: Any, **named: Any) -> Stored:
        return _named(self._real.put_stream(key, *args, **named))

    def finish_parts(self, key: str, *args: Any, **named: Any) -> Stored:
        return _named(self._real.finish_parts(key, *args, **named))

    def newest(self, key: str) -> str | None:
        found = self._real.newest(key)
        return None if found is None else _name(found)

    def stat(self, key: str, version_id: str) -> Any:
        return self._real.stat(key, _real(version_id)).model_copy(update={"version_id": version_id})

    def open(self, key: str, version_id: str, **window: Any) -> Any:
        return self._real.open(key, _real(version_id), **window)

    def retain(self, key: str, version_id: str, *args: Any) -> None:
        self._real.retain(key, _real(version_id), *args)


def _named(stored: Stored) -> Stored:
    return stored.model_copy(update={"version_id": _name(stored.version_id)})


def _name(version_id: str) -> str:
    return MARK + base64.b64encode(version_id.encode() + b"?").decode()


def _real(name: str) -> str:
    if not name.startswith(MARK):
        raise OBJECT_NOT_FOUND("no such version")
    return base64.b64decode(name.removeprefix(MARK)).decode().removesuffix("?")


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as made:
        made.objects = cast("Objects", NamedLikeS3(made.objects))
        yield made


def test_a_version_of_any_name_is_received_sealed_checked_and_packed(store: Store, tmp_path: Path) -> None:
    """From the receipt to the court: leaf, verdict, thumbnail, package, `fsck` – all find the version by its name."""
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    integrate(store)
    handler = make_account(store, agency, Role.HANDLER)[1]
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    with store.begin() as tx:
        case = tx.cases.open(handler, CaseIn(number="版本-1", party="某店", matter="占道", place="路口"))
    ident = device.capture("现场.jpg", jpeg(), context={"case": case.number})
    with Sandbox() as sandbox:
        runner = Runner(store, sandbox, WorkersSettings())
        runner.drain(JobKind.VERIFY)
        integrate(store)
        with store.begin() as tx:
            ordered = tx.exports.request(handler, case.id)
        integrate(store)
        runner.drain(JobKind.EXPORT)
    integrate(store)

    with store.begin() as tx:
        recording, built = tx.recordings.known(ident), tx.exports.known(ordered.id)
        receive = tx.custody.chain(f"recording/{ident}")[0].act
    assert isinstance(receive, RecordingReceive)
    assert receive.version_id == recording.version_id
    assert {recording.state, built.state} == {"sealed", "ready"}
    assert recording.version_id.startswith(MARK)
    assert (built.version_id or "").startswith(MARK)
    package = tmp_path / "p.zip"
    package.write_bytes(
        b"".join(map(bytes, object_blocks(store.objects, built.object_key or "", built.version_id or "")))
    )
    assert verify_package(package, Trust.parse(trust_of(store.settings))).holds
    said = Said()
    assert (run(store, said), said.faults) == (0, [])
