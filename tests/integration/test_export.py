"""A case with real rows, objects and log entries becomes a package that an outsider can check."""

import json
import socket
import threading
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlalchemy import select, update

from api.app import create_app
from api.custody import trust_file
from api.listen import configured
from api.settings import ApiSettings
from mobile_contract.client import export
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.actor import Actor, Role
from schemas.case import CaseIn
from schemas.digest import sha256_hex
from schemas.errors import IntegrityBroken, NotFound, Refused
from schemas.event import Event
from schemas.ids import RecordingId
from schemas.integrity import Outcome
from schemas.leaf import parse_leaf
from schemas.leaves_review import ExportBuild
from schemas.package import LEAVES
from schemas.package_lines import parse_leaves
from schemas.upload import MIB
from storage.export.export import Export, Exports
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from tests.factories import (
    OFFICERS,
    PASSWORD,
    TestDevice,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.injectors_objects import flip
from tests.media import jpeg
from tests.owner import owning
from tests.stand import PATIENCE_SECONDS
from tests.trust import trust_of
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def objects_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def store(database_url: str, objects_dir: Path) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(objects_dir)))
    yield made
    made.close()


@pytest.fixture(scope="module")
def runner(store: Store) -> Iterator[Runner]:
    settings = WorkersSettings()
    with Sandbox() as sandbox:
        yield Runner(store, sandbox, settings)


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    ident = make_agency(store)
    for number in OFFICERS:
        make_account(store, ident, Role.OFFICER, certificate=number)
    integrate(store)  # opens the log
    return ident


@pytest.fixture(scope="module")
def handler(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.HANDLER)[1]


@pytest.fixture(scope="module")
def custodian(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.CUSTODIAN)[1]


@pytest.fixture
def device(store: Store, custodian: Actor) -> TestDevice:
    return enrol_device(store, custodian)


@pytest.fixture
def trust(store: Store) -> Trust:
    return Trust.parse(trust_of(store.settings))


def published(store: Store) -> Trust:
    """The trust file as anybody gets it now."""
    with store.begin() as tx:
        return Trust.parse(trust_file(tx).model_dump(mode="json"))


def open_case(store: Store, handler: Actor, number: str) -> UUID:
    with store.begin() as tx:
        return tx.cases.open(handler, CaseIn(number=number, party="某店", matter="占道", place="路口")).id


def order(store: Store, actor: Actor, case_id: UUID) -> Export:
    with store.begin() as tx:
        return tx.exports.request(actor, case_id)


def known(store: Store, ident: UUID) -> Export:
    with store.begin() as tx:
        return tx.exports.known(ident)


def at_once(store: Store) -> None:
    """Let jobs that wait for a moment be claimed now."""
    with store.begin() as tx:
        tx.connection.execute(update(jobs).where(jobs.c.state == "ready").values(not_before=tx.now))


def build(store: Store, runner: Runner, actor: Actor, case_id: UUID) -> Export:
    runner.drain(JobKind.VERIFY)
    integrate(store)
    ordered = order(store, actor, case_id)
    integrate(store)
    runner.drain(JobKind.EXPORT)
    return known(store, ordered.id)


def saved(store: Store, built: Export, path: Path) -> Path:
    assert built.object_key is not None
    assert built.version_id is not None
    assert built.size_bytes is not None
    buffer = bytearray(built.size_bytes)
    view, at = memoryview(buffer), 0
    with store.objects.open(built.object_key, built.version_id) as source:
        while count := source.readinto(view[at:]):
            at += count
    path.write_bytes(buffer)
    return path


def test_a_case_becomes_a_package_that_holds(
    store: Store, runner: Runner, handler: Actor, device: TestDevice, *, tmp_path: Path
) -> None:
    """Signed, unsigned, quarantined and refused recordings travel together, each with its own claims."""
    case_id = open_case(store, handler, "全案-1")
    context = {"context": {"case": "全案-1"}}
    good = device.capture("现场 01.jpg", jpeg(), **context)
    large = device.capture("执法.bin", bytes(range(256)) * (17 * MIB // 256), **context)
    stock = device.send("b.jpg", jpeg(64, 48), case_number="全案-1")
    swapped = device.manifest({"c.jpg": jpeg(80, 60)}, **context)
    with store.begin() as tx:
        tx.manifests.declare(device.actor, swapped, device.sign(swapped))
    quarantined = device.send("c.jpg", jpeg(64, 64), manifest=swapped)
    broken = device.manifest({"d.jpg": jpeg(96, 96)}, **context)
    with store.begin() as tx:
        tx.manifests.declare(device.actor, broken, device.sign(swapped))
    refused = device.send("d.jpg", jpeg(96, 96), manifest=broken, case_number="全案-1")

    integrate(store)
    before = published(store)
    built = build(store, runner, handler, case_id)
    integrate(store)
    path = saved(store, built, tmp_path / "p.zip")
    for trust in (
        before,
        published(store),
    ):  # fetched before the package was asked for, and after it was built
        assert trust.checkpoint is not None
        report = verify_package(path, trust)
        assert ("log_history", "verified") in {(c.claim, c.outcome) for c in report.claims}

    assert built.state == "ready", built.failure
    assert report.holds, report.failed()
    logged = {c.subject for c in report.claims if c.claim == "recording_logged"}
    assert logged == {f"recording/{one}" for one in (good, large, stock, quarantined, refused)}
    told = {(c.claim, c.subject, c.code) for c in report.claims if c.outcome is not Outcome.VERIFIED}
    names = ("manifest_agrees", "manifest_signature", "device_key")
    assert told == {
        ("manifest_agrees", f"recording/{quarantined}", "file-not-in-manifest"),
        *((name, f"recording/{one}", "manifest-absent") for name in names for one in (refused, stock)),
    }


def test_minio_keeps_the_same_package(own_database_url: str, objects_url: str, tmp_path: Path) -> None:
    """On an S3 store a package of several parts is streamed in and comes back as it was built."""
    on_minio = Store(make_settings(own_database_url, objects_url))
    agency, settings = make_agency(on_minio), WorkersSettings()
    for number in OFFICERS:
        make_account(on_minio, agency, Role.OFFICER, certificate=number)
    handler = make_account(on_minio, agency, Role.HANDLER)[1]
    custodian = make_account(on_minio, agency, Role.CUSTODIAN)[1]
    integrate(on_minio)
    case_id = open_case(on_minio, handler, "对象存储-1")
    payload = bytes(range(256)) * (17 * MIB // 256)
    enrol_device(on_minio, custodian).capture("执法.bin", payload, context={"case": "对象存储-1"})
    with Sandbox() as sandbox:
        runner = Runner(on_minio, sandbox, settings)
        built = build(on_minio, runner, handler, case_id)
    path = saved(on_minio, built, tmp_path / "p.zip")
    trust = Trust.parse(trust_of(on_minio.settings))
    on_minio.close()

    assert sha256_hex(path.read_bytes()) == built.sha256
    assert verify_package(path, trust).holds


def test_what_is_stored_is_what_was_logged(
    store: Store, runner: Runner, handler: Actor, device: TestDevice, tmp_path: Path
) -> None:
    """Digest and size of the package are in its row and in the log, beside the leaf of the one who asked for it."""
    case_id = open_case(store, handler, "入账-1")
    device.capture("a.jpg", jpeg(), context={"case": "入账-1"})

    built = build(store, runner, handler, case_id)
    content = saved(store, built, tmp_path / "p.zip").read_bytes()

    assert built.sha256 == sha256_hex(content)
    assert built.tagmanifest_sha256 in content.decode("latin-1")
    with store.begin() as tx:
        asked, done = tx.custody.entries_for(f"export/{built.id}")
    assert asked.leaf.actor == handler.reference
    assert done.leaf.actor == "service/exporter"
    assert isinstance(done.act, ExportBuild)
    assert (done.act.sha256, done.act.request) == (built.sha256, asked.digest)


def test_a_stored_package_is_read_again(store: Store, runner: Runner, handler: Actor) -> None:
    """`fsck` holds the package in the store against the leaf that says what was built: altered, or gone."""
    case_id = open_case(store, handler, "入账-2")
    built = build(store, runner, handler, case_id)
    assert faults(store, built.id) == []
    assert isinstance(store.objects, FolderObjects)
    path = store.objects.path(str(built.object_key), str(built.version_id))

    for change, code in ((flip, "object-bytes-differ"), (Path.unlink, "object-missing")):
        change(path)
        assert faults(store, built.id) == [(code, f"export/{built.id}")]


def test_an_empty_case_is_a_package_too(
    store: Store, runner: Runner, handler: Actor, trust: Trust, tmp_path: Path
) -> None:
    """A case without recordings says that it has none, provably."""
    built = build(store, runner, handler, open_case(store, handler, "空案-1"))

    assert verify_package(saved(store, built, tmp_path / "p.zip"), trust).holds


def test_an_unlinked_recording_stays_out(
    store: Store, runner: Runner, handler: Actor, device: TestDevice, *, trust: Trust, tmp_path: Path
) -> None:
    """A recording whose tie was undone is not packed, and the leaves in the package say why."""
    case_id = open_case(store, handler, "解除-1")
    ident = device.capture("a.jpg", jpeg(), context={"case": "解除-1"})
    with store.begin() as tx:
        tx.cases.unlink(handler, case_id, ident, "手误", 1)

    path = saved(store, build(store, runner, handler, case_id), tmp_path / "p.zip")

    assert verify_package(path, trust).holds
    with zipfile.ZipFile(path) as archive:
        shown, _ = parse_leaves(archive.read(LEAVES))
        names = archive.namelist()
    leaves = [parse_leaf(one.leaf) for one in shown]
    of_case = [leaf.event for leaf in leaves if leaf.place(f"case/{case_id}")]
    assert of_case == ["case:open", "case:link", "case:unlink", "export:request"]
    assert not any(str(ident) in name for name in names)


def test_a_package_waits_for_verdict_and_log_without_using_attempts(
    store: Store, runner: Runner, handler: Actor, device: TestDevice
) -> None:
    """An export ordered too early is built as soon as everything is verified and signed."""
    case_id = open_case(store, handler, "等待-1")
    device.capture("a.jpg", jpeg(), context={"case": "等待-1"})
    ordered = order(store, handler, case_id)
    steps = (lambda: None, lambda: runner.drain(JobKind.VERIFY), lambda: integrate(store))
    states = []
    for step in steps:
        step()
        at_once(store)
        runner.drain(JobKind.EXPORT)
        states.append(known(store, ordered.id).state)

    assert states == ["building", "building", "ready"]
    with store.begin() as tx:
        job = tx.connection.execute(select(jobs).where(jobs.c.subject_id == ordered.id)).one()
    assert (job.state, job.attempts) == ("finished", 1)


def damage(store: Store, case_id: UUID, statement: str) -> None:
    """Change what is kept of the leaf by which a case was opened, past every rule of ours."""
    with owning(store) as tx:
        opened = tx.custody.chain(f"case/{case_id}")[0]
        tx.connection.exec_driver_sql(statement, {"digest": bytes.fromhex(opened.digest), "case": case_id})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE openings SET opening = '{}' WHERE digest = %(digest)s AND member = 'place'",
        "UPDATE exports SET chains = replace(encode(chains, 'escape'), ' 1 ', ' 2 ')::bytea WHERE case_id = %(case)s",
        "UPDATE exports SET hidden = 'x' WHERE case_id = %(case)s",
    ],
)
def test_a_record_that_contradicts_itself_is_not_packed(
    store: Store, runner: Runner, handler: Actor, statement: str
) -> None:
    """Opening, chains, hidden things: where leaves and request do not agree no package is made, and the chain says why."""
    case_id = open_case(store, handler, f"矛盾-{hash(statement) % 10_000}")
    ordered = order(store, handler, case_id)
    integrate(store)
    damage(store, case_id, statement)
    runner.drain(JobKind.EXPORT)
    failed = known(store, ordered.id)

    assert (failed.state, failed.failure) == ("failed", "package-unfit")
    assert events_of(store, f"export/{ordered.id}") == [Event.EXPORT_REQUEST, Event.EXPORT_FAIL]


def test_a_case_whose_words_do_not_open_cannot_be_asked_for(store: Store, handler: Actor) -> None:
    """What opens a commitment is looked at before anybody is promised a package."""
    case_id = open_case(store, handler, "矛盾-请求")
    damage(
        store, case_id, "UPDATE openings SET opening = '{}' WHERE digest = %(digest)s AND member = 'place'"
    )

    with pytest.raises(IntegrityBroken) as refused:
        order(store, handler, case_id)
    assert refused.value.slug == "package-unfit"


def test_a_changed_original_fails_the_export(
    store: Store, runner: Runner, handler: Actor, device: TestDevice, objects_dir: Path
) -> None:
    """When a stored original is no longer what was sealed, no package is made and the reason is kept."""
    case_id = open_case(store, handler, "损坏-1")
    payload = jpeg(72, 54)
    device.capture("a.jpg", payload, context={"case": "损坏-1"})
    runner.drain(JobKind.VERIFY)
    (stored,) = [p for p in objects_dir.rglob("*") if p.is_file() and p.read_bytes() == payload]
    stored.chmod(0o600)
    stored.write_bytes(payload[:-3] + bytes([payload[-3] ^ 1]) + payload[-2:])

    built = build(store, runner, handler, case_id)

    assert (built.state, built.failure) == ("failed", "object-broken")
    assert events_of(store, f"export/{built.id}") == [Event.EXPORT_REQUEST, Event.EXPORT_FAIL]


HARMS = {"lost": "object-missing", "unreadable": "objects-damaged"}


@pytest.mark.parametrize("harm", HARMS)
def test_an_object_that_is_not_given_fails_the_export_at_once(
    store: Store, runner: Runner, handler: Actor, device: TestDevice, harm: str
) -> None:
    """The requester is told in one run; the recording is read by itself, and its record says what was met."""
    number = f"读不出-{harm}"
    case_id = open_case(store, handler, number)
    device.capture("b.jpg", jpeg(80, len(harm) * 8))  # by it the store is known to be ours
    ident = device.capture("a.jpg", jpeg(70, len(harm) * 8), context={"case": number})
    runner.drain(JobKind.VERIFY)
    with store.begin() as tx:
        found = tx.recordings.known(RecordingId(ident))
    assert isinstance(store.objects, FolderObjects)
    path = store.objects.path(found.object_key, found.version_id)
    path.unlink()
    if harm == "unreadable":
        path.symlink_to(path)  # what the system refuses to open, as a disk does whose sector is gone

    built = build(store, runner, handler, case_id)
    runner.drain(JobKind.SCRUB)

    assert (built.state, built.failure) == ("failed", HARMS[harm])
    assert events_of(store, f"export/{built.id}") == [Event.EXPORT_REQUEST, Event.EXPORT_FAIL]
    with store.begin() as tx:
        said = tx.examinations.store_find(tx.recordings.known(RecordingId(ident)))
    assert said is not None
    assert (said.code, said.sha256) == (HARMS[harm], None)


class Died(BaseException):
    """The worker is gone, with everything it had not committed."""


def test_a_run_after_a_crash_builds_the_package_once(
    store: Store,
    runner: Runner,
    handler: Actor,
    device: TestDevice,
    *,
    trust: Trust,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that died between store and commit is repeated, even when the log has grown meanwhile."""
    case_id = open_case(store, handler, "重来-1")
    device.capture("a.jpg", jpeg(), context={"case": "重来-1"})

    def die(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(Exports, "ready", die)
        with pytest.raises(Died):
            build(store, runner, handler, case_id)
    open_case(store, handler, "重来-2")
    integrate(store)
    with store.begin() as tx:
        (first,) = tx.exports.of_case(handler, case_id)
        job = jobs.c.subject_id == first.id
        tx.connection.execute(update(jobs).where(job).values(state="ready", lease_token=None))
    at_once(store)
    runner.drain(JobKind.EXPORT)
    again = known(store, first.id)

    assert again.state == "ready", again.failure
    assert events_of(store, f"export/{first.id}") == [Event.EXPORT_REQUEST, Event.EXPORT_BUILD]
    assert verify_package(saved(store, again, tmp_path / "p.zip"), trust).holds


def test_only_who_may_export_the_case_gets_it(
    store: Store, runner: Runner, handler: Actor, custodian: Actor
) -> None:
    """A custodian is refused, another handler and another agency find nothing."""
    case_id = open_case(store, handler, "权限-1")
    built = build(store, runner, handler, case_id)
    _, other = make_account(store, handler.agency_id, Role.HANDLER)
    _, stranger = make_account(store, make_agency(store), Role.LEGAL_REVIEWER)
    with store.begin() as tx:
        with pytest.raises(Refused):
            tx.exports.get(custodian, built.id)
        for actor in (other, stranger):
            with pytest.raises(NotFound):
                tx.exports.get(actor, built.id)
            with pytest.raises(NotFound):
                tx.exports.request(actor, case_id)


@pytest.fixture(scope="module")
def server(store: Store) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = uvicorn.Server(configured(create_app(ApiSettings(), store), host="127.0.0.1", port=port))
    running = threading.Thread(target=made.run)
    running.start()
    while not made.started:
        running.join(0.02)
    yield f"http://127.0.0.1:{port}"
    made.should_exit = True
    running.join()


@pytest.fixture
def working(store: Store, runner: Runner) -> Iterator[None]:
    """Workers in a thread of their own, as the embedded server runs them."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            runner.drain(JobKind.VERIFY)
            integrate(store)
            at_once(store)
            runner.drain(JobKind.EXPORT)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def run_export(*args: str) -> int:
    parser = ArgumentParser()
    export.add_arguments(parser)
    return export.run(parser.parse_args(args))


def login_of(handler: Actor, folder: Path) -> list[str]:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    return ["--login", handler.login, "--password-file", str(secret)]


@pytest.mark.usefixtures("working")
def test_the_command_downloads_a_package_that_holds(
    store: Store, server: str, handler: Actor, device: TestDevice, tmp_path: Path, *, capsys: Any
) -> None:
    """`quancheng export` orders, waits, downloads and checks; the trust file comes from the server."""
    open_case(store, handler, "命令-1")
    device.capture("a.jpg", jpeg(), context={"case": "命令-1"})
    output = tmp_path / "case.zip"

    code = run_export("命令-1", "-o", str(output), "--server", server, "--json", *login_of(handler, tmp_path))

    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    trust = Trust.parse(httpx.get(f"{server}/v1/trust", verify=TRUST, timeout=PATIENCE_SECONDS).json())
    assert (code, said["event"]) == (0, "exported")
    assert said["sha256"] == sha256_hex(output.read_bytes())
    assert verify_package(output, trust).holds
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.usefixtures("working")
def test_the_command_goes_on_with_an_unfinished_download(
    store: Store, server: str, runner: Runner, handler: Actor, device: TestDevice, *, tmp_path: Path
) -> None:
    """A download that was cut is continued from its last byte, of the same export."""
    case_id = open_case(store, handler, "续传-1")
    device.capture("a.jpg", jpeg(), context={"case": "续传-1"})
    built = build(store, runner, handler, case_id)
    while built.state == "building":
        built = known(store, built.id)
    whole = saved(store, built, tmp_path / "whole").read_bytes()
    output = tmp_path / "case.zip"
    partial = tmp_path / f"case.zip.{built.id}.part"
    partial.write_bytes(whole[:1000])

    code = run_export("续传-1", "-o", str(output), "--server", server, *login_of(handler, tmp_path))

    assert code == 0
    assert output.read_bytes() == whole
    with store.begin() as tx:
        assert [one.id for one in tx.exports.of_case(handler, case_id)] == [built.id]


@pytest.mark.usefixtures("working")
def test_the_command_keeps_no_wrong_bytes(
    store: Store, server: str, runner: Runner, handler: Actor, *, tmp_path: Path
) -> None:
    """When the bytes beside the output are not those of the package, nothing is left under its name."""
    case_id = open_case(store, handler, "错字节-1")
    built = build(store, runner, handler, case_id)
    while built.state == "building":
        built = known(store, built.id)
    partial = tmp_path / f"case.zip.{built.id}.part"
    partial.write_bytes(b"x" * 1000)
    output = tmp_path / "case.zip"

    assert run_export("错字节-1", "-o", str(output), "--server", server, *login_of(handler, tmp_path)) == 1
    assert not output.exists()
    assert not partial.exists()


def test_the_command_says_what_is_wrong(server: str, handler: Actor, tmp_path: Path) -> None:
    """2 for a wrong password or an unknown case, 3 for a server that does not answer."""
    output, right = str(tmp_path / "x.zip"), login_of(handler, tmp_path)
    wrong = tmp_path / "wrong"
    wrong.write_text("not this")

    assert run_export("没有-1", "-o", output, "--server", server, *right) == 2
    assert (
        run_export(
            "x", "-o", output, "--server", server, "--login", handler.login, "--password-file", str(wrong)
        )
        == 2
    )
    assert run_export("x", "-o", output, "--server", "http://127.0.0.1:9", *right) == 3
