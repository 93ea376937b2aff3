"""Keys that give way to others, and keys that are ended: what was signed before holds, what comes after does not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from api.custody import trust_file
from mobile_contract.client.monitor_follow import Follower
from mobile_contract.client.monitor_kept import Kept
from mobile_contract.client.monitor_log import RemoteLog
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.act import Process
from schemas.checkpoint import Checkpoint, checkpoint_text
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import EvidenceError, Invalid
from schemas.fsck import FaultCode
from schemas.health import Health, HealthPart
from schemas.leaf import parse_leaf
from schemas.leaves_log import LogRefuse
from schemas.note import sign_note
from schemas.ticket import Answer, kid_of, public_of
from schemas.work import LoopPart, signs
from storage.objects.hashing import object_blocks
from storage.outbox import JobKind
from storage.settings import seed_text
from storage.setup.home import KEY_NAMES, Home
from storage.setup.writer import check_writer, require_writer
from storage.store import Store
from storage.tables.custody import custody_entries
from storage.transaction import Transaction
from tests.casework import make_bureau
from tests.factories import faults, folder_url, make_agency, make_settings
from tests.forging_log import roll_back
from tests.owner import owner_store
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, ROOT
from tests.supervision import drain
from tests.web import TRUST
from workers.custody import integrate
from workers.keys import KINDS, Change, end, exchange, show
from workers.rebuild import run as rebuild_log


class House(NamedTuple):
    """A data folder whose keys are its own, and a bureau that works with them."""

    home: Home
    database_url: str
    objects: str

    def store(self) -> Store:
        """As whatever is started next has it."""
        keys = {name: SecretStr(text) for name, text in self.home.keys().items()}
        given = {**keys, "quancheng_home": self.home.path, "log_origin": self.home.log_origin}
        return Store(make_settings(self.database_url, self.objects, **given))

    def exchange(self, name: str) -> str:
        """Exchange a key of the stopped house; returns the id of the new one."""
        kind, told = KINDS[name], Told()
        with closing(self.store()) as store:
            new = self.home.next_key(kind.setting)
            change = Change(kind, None, new)
            assert exchange(store, change, told, lambda: self.home.take_next(kind.setting)) == 0
        return str(told.facts["kid"])


class Told:
    """What a command says last."""

    def __init__(self) -> None:
        self.said: list[dict[str, object]] = []

    def __call__(self, event: str, text: str, **facts: object) -> None:
        self.said.append({"event": event, **facts})

    @property
    def facts(self) -> dict[str, object]:
        return self.said[-1]


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A home that has begun its log."""
    folder = tmp_path_factory.mktemp("house")
    home = Home(folder / "home")
    home.prepare()
    made = House(home, database_url, folder_url(folder))
    with closing(made.store()) as store:
        require_writer(store, Process.API)
    return made


@pytest.fixture(scope="module")
def packaged(house: House, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Open a case with a recording by the keys of the moment, and return its package."""
    folder = tmp_path_factory.mktemp("packages")
    made: list[Path] = []

    def package() -> Path:
        with closing(house.store()) as store:
            bureau = make_bureau(store, officers=(f"{len(made)}-1", f"{len(made)}-2"))
            case = bureau.open()
            bureau.capture(case)
            integrate(store)
            with store.begin() as tx:
                ident = tx.exports.request(bureau.handler, case.id).id
            integrate(store)
            drain(store, JobKind.EXPORT)
            integrate(store)
            with store.begin() as tx:
                export = tx.exports.known(ident)
                assert export.object_key is not None
                assert export.version_id is not None
            blocks = object_blocks(store.objects, export.object_key, export.version_id)
            made.append(folder / f"{len(made)}.zip")
            made[-1].write_bytes(b"".join(map(bytes, blocks)))
            return made[-1]

    return package


def trust(house: House) -> Trust:
    """The trust file of this moment."""
    with closing(house.store()) as store, store.begin() as tx:
        return Trust.parse(trust_file(tx).model_dump(mode="json"))


def started(house: House) -> None:
    """Every process begins with the keys of the home."""
    with closing(house.store()) as store:
        for process in (Process.SIGNER, Process.API, Process.WORKER, Process.EXPORTER):
            require_writer(store, process)
        integrate(store)


def kid(house: House, name: str) -> str:
    return kid_of(public_of(seed_text(house.home.keys()[KINDS[name].setting], name)))


def test_every_key_gives_way_to_another_and_what_was_signed_before_holds(
    house: House, packaged: Callable[[], Path]
) -> None:
    """Packages of before hold under the trust file of then and of now, those of after under now's; fsck finds nothing."""
    before, then = packaged(), trust(house)
    old = {name: kid(house, name) for name in KINDS}
    stale = house.store()
    new = {name: house.exchange(name) for name in KINDS}
    assert new == {name: kid(house, name) for name in KINDS}
    started(house)
    after, now = packaged(), trust(house)
    for package, by in ((before, then), (before, now), (after, now)):
        report = verify_package(package, by)
        assert report.holds, report.failed()
    assert not verify_package(after, then).holds
    with closing(house.store()) as store, closing(stale):
        assert [
            one for one in faults(store) if one[0] != FaultCode.RETENTION_MISSING
        ] == []  # no worker was asked
        told = Told()
        show(store, told)
        shown = {one["kid"]: (one["role"], one["is_alive"]) for one in told.said if one["event"] == "key"}
        assert {ident: shown[ident] for ident in old.values()} == {old[name]: (name, False) for name in KINDS}
        assert {ident: shown[ident] for ident in new.values()} == {new[name]: (name, True) for name in KINDS}
        for process in (Process.API, Process.WORKER, Process.SIGNER):
            with pytest.raises(SystemExit):
                require_writer(stale, process)


def foreign(one: Callable[[], object]) -> str:
    """The slug by which something is refused."""
    with pytest.raises(EvidenceError) as caught:
        one()
    return caught.value.slug


def test_the_logs_own_key_gives_way_and_every_follower_knows(
    house: House, packaged: Callable[[], Path], tmp_path: Path
) -> None:
    """Old trust proves new packages and new trust old ones; the old key signs no checkpoint more; a monitor goes on."""
    before, then, old = packaged(), trust(house), house.home.keys()["log_key"]
    stale = house.store()
    with (
        closing(house.store()) as store,
        serving(store) as url,
        httpx.Client(verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        kept = Kept(tmp_path / "seen")
        kept.folder.mkdir()
        kept.open(then.log_vkey)
        follower = Follower(RemoteLog(url, client, patience_seconds=PATIENCE_SECONDS), kept, then.log_vkey)
        assert follower.look().key is None

        kind = KINDS["log"]
        change = Change(kind, None, house.home.next_key(kind.setting))
        with closing(house.store()) as stopped:
            exchange(stopped, change, Told(), lambda: None)  # killed before the new key took its place
        with closing(house.store()) as stopped, pytest.raises(SystemExit, match="LOG_KEY"):
            require_writer(stopped, Process.SIGNER)
        new = house.exchange("log")
        started(house)

        now = trust(house)
        assert new == kid(house, "log")
        assert [one for _, one in now.log_keys][-2:] == [then.log_vkey, now.log_vkey]
        looked = follower.look()
        assert (looked.key, kept.key()) == (now.log_vkey, now.log_vkey)
        again = Kept(tmp_path / "seen")
        again.open(then.log_vkey)  # whoever names the old key goes on with the folder
        assert again.head == kept.head
    after = packaged()
    for package, by in ((before, then), (before, now), (after, now), (after, then)):
        report = verify_package(package, by)
        assert report.holds, report.failed()
    with closing(stale):
        assert foreign(lambda: integrate(stale)) == "log-key-differs"
    size = now.log_keys[-1][0]
    text = checkpoint_text(Checkpoint(origin=now.origin, size=size, root=bytes(32)))
    note = sign_note(text, now.origin, seed_text(old, "old"))
    assert foreign(lambda: now.signers.checkpoint(note)) == "signature-invalid"
    with closing(house.store()) as store:
        assert [one for one in faults(store) if one[0] != FaultCode.RETENTION_MISSING] == []
        told = Told()
        rebuild_log(store, told)
        assert told.facts["event"] == "log_whole"


def test_a_key_is_not_exchanged_under_what_runs_and_goes_on_after_a_crash(house: House) -> None:
    """A living loop is named; a command that was killed between the log and the folder is run again."""
    kind = KINDS["export"]
    change = Change(kind, None, house.home.next_key(kind.setting))
    with closing(house.store()) as store:
        with store.begin() as tx:
            tx.heartbeats.begin("worker 甲机 0", LoopPart.WORKER, every_seconds=60)
        with pytest.raises(Invalid, match="甲机") as busy:
            exchange(store, change, Told(), lambda: None)
        with store.begin() as tx:
            tx.heartbeats.end("worker 甲机 0")
        assert busy.value.slug == "keys-busy"
        exchange(store, change, Told(), lambda: None)  # killed before the new key took its place
    with closing(house.store()) as store, pytest.raises(SystemExit, match="EXPORT_KEY"):
        require_writer(store, Process.EXPORTER)
    house.exchange("export")
    started(house)


def test_the_command_exchanges_a_key_of_a_data_folder_and_shows_what_there_is(house: House) -> None:
    """`quancheng keys rotate` draws the new key and puts it in place; `show` tells both."""
    around = {"QUANCHENG_HOME": str(house.home.path), "LOG_ORIGIN": house.home.log_origin}
    places = {"DATABASE_URL": house.database_url, "OBJECTS_URL": house.objects}
    keys = {f"{name.upper()}" for name in KEY_NAMES}
    kept = {name: text for name, text in os.environ.items() if name not in keys}

    def told(*words: str) -> tuple[int, str]:
        called = [sys.executable, "quancheng.py", "keys", *words]
        env = {**kept, **around, **places}
        done = subprocess.run(called, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout

    before = kid(house, "registry")
    code, said = told("rotate", "registry", "--json")
    assert (code, json.loads(said.splitlines()[-1])["kid"]) == (0, kid(house, "registry")), said
    code, said = told("show")
    assert code == 0
    assert [line for line in said.splitlines() if before in line and "✗ registry" in line]
    assert [line for line in said.splitlines() if kid(house, "registry") in line and "✓ registry" in line]


REFUSED = custody_entries.c.refused_by.is_not(None)


def leaf_of(tx: Transaction) -> Callable[[bytes], LogRefuse]:
    """Read the leaf by which the log refuses an entry."""

    def read(digest: bytes) -> LogRefuse:
        leaf = tx.connection.scalar(select(custody_entries.c.leaf).where(custody_entries.c.digest == digest))
        act = parse_leaf(bytes(leaf)).act
        assert isinstance(act, LogRefuse)
        return act

    return read


def test_a_key_that_is_ended_signs_nothing_more_and_what_may_have_been_a_thiefs_is_named(
    house: House, packaged: Callable[[], Path]
) -> None:
    """Dead from that leaf on, never earlier: the next draft is refused, those since the named entry print so and hold."""
    gone = kid(house, "ticket:api")
    with closing(house.store()) as store:
        with store.begin() as tx:
            since = tx.custody.size() - 1
        end(store, gone, "备份遗失", since, Told())
        make_agency(store)
        integrate(store)
        with store.begin() as tx:
            refused = tx.connection.scalars(select(custody_entries.c.refused_by).where(REFUSED)).all()
            codes = {one.code for one in map(leaf_of(tx), refused)}
        assert codes == {Answer.DEAD}
        with pytest.raises(SystemExit):
            require_writer(store, Process.API)
    (house.home.path / "keys" / "api_ticket_key.b64").unlink()
    house.home.prepare()
    with closing(house.store()) as store:
        check_writer(store, Process.API, announces=True)
        integrate(store)
    report = verify_package(packaged(), trust(house))
    assert report.holds, report.failed()
    assert {one.detail for one in report.claims if one.code is ClaimFault.KEY_SUSPECT} <= {gone}


def test_what_a_doubtful_registry_signed_for_is_named(house: House, packaged: Callable[[], Path]) -> None:
    """A device of days when others may have had the registry's key holds, and its key is said to be doubtful."""
    gone = kid(house, "registry")
    with closing(house.store()) as store:
        end(store, gone, "被盗", 0, Told())
    report = verify_package(packaged(), trust(house))
    assert report.holds, report.failed()
    doubtful = [one for one in report.claims if one.code is ClaimFault.KEY_SUSPECT]
    assert {(one.claim, one.detail) for one in doubtful} == {(PackageClaim.DEVICE_KEY, gone)}
    assert all(one.subject.startswith("device/") for one in doubtful)


def test_a_stolen_key_of_packages_signs_none_that_holds(house: House, packaged: Callable[[], Path]) -> None:
    """A package of before says that its key may have been in other hands; one that covers the end fails."""
    early = packaged()
    with closing(house.store()) as store:
        end(store, kid(house, "export"), "被盗", 0, Told())
    late, now = packaged(), trust(house)  # whoever has the key asks nobody whether it may start
    held, failed = verify_package(early, now), verify_package(late, now)
    assert held.holds, held.failed()
    assert ClaimFault.KEY_SUSPECT in {
        one.code for one in held.claims if one.claim is PackageClaim.PACKAGE_SIGNATURE
    }
    assert {one.code for one in failed.failed()} == {ClaimFault.KEY_ENDED}
    (house.home.path / "keys" / "export_key.b64").unlink()
    house.home.prepare()
    started(house)
    report = verify_package(packaged(), trust(house))
    assert report.holds, report.failed()


def test_a_backup_from_before_the_exchange_is_rebuilt(house: House) -> None:
    """The restored database knows the old key alone; the pieces say which one it gave way to."""
    with closing(house.store()) as store:
        make_agency(store)
        integrate(store)
        with store.begin() as tx:
            before = tx.custody.size()
    house.exchange("log")
    with closing(house.store()) as store:
        make_agency(store)
        integrate(store)
        with store.begin() as tx:
            size, note = tx.custody.size(), tx.custody.latest_checkpoint()
        roll_back(store, before)
        with pytest.raises(SystemExit, match="quancheng log rebuild") as ended:
            require_writer(store, Process.SIGNER)
        assert f"the database has {before} entries, {size} were published" in str(ended.value)
        with store.begin() as tx:
            log = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
        assert (log.is_good, log.code) == (False, Health.LOG_RESTORED)
        told = Told()
        with owner_store(store) as owner:
            rebuild_log(owner, told)
        assert ("log_rebuilt", size) in {(one["event"], one.get("size")) for one in told.said}
        integrate(store)
        with store.begin() as tx:
            assert tx.custody.latest_checkpoint() == note
