"""The keys of a server in the processes that use them: each has its own alone, and the log tells the public ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from schemas.act import Process
from schemas.leaves_log import KeyRole
from schemas.log_keys import LogKeys
from schemas.ticket import public_of
from storage.custody.log_keys import log_fault, log_keys
from storage.settings import StorageSettings, seed
from storage.setup.writer import require_writer
from storage.store import Store
from tests.factories import folder_url, make_agency, make_settings, seed64
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, ROOT
from tests.trust import trust_of
from tests.web import TRUST
from workers.custody import Publisher, Sequencer

HELD = {
    Process.API: ("registry_key", "api_ticket_key"),
    Process.EXPORTER: ("export_key", "worker_ticket_key"),
    Process.SIGNER: ("log_key", "api_ticket_key", "worker_ticket_key", "signer_ticket_key"),
    Process.WORKER: ("worker_ticket_key",),
}
KEYS = ("log_key", "registry_key", "export_key", "api_ticket_key", "worker_ticket_key", "signer_ticket_key")


class Apart(NamedTuple):
    """All keys of an installation, and a store of each process with its own alone; they share a data folder."""

    settings: StorageSettings
    stores: dict[Process, Store]

    def keys(self) -> LogKeys:
        with self.stores[Process.WORKER].begin() as tx:
            found = log_keys(tx.connection)
        assert found is not None
        return found


def of(settings: StorageSettings, process: Process, **changed: object) -> StorageSettings:
    """What one process is given."""
    others = dict.fromkeys(name for name in KEYS if name not in HELD[process])
    return settings.model_copy(update={**others, **changed})


def refused(said: str) -> pytest.RaisesExc[SystemExit]:
    """What is expected of a start."""
    return pytest.raises(SystemExit, match=said)


@pytest.fixture(scope="module")
def apart(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """Started in an order in which nothing is known of anybody: server, signer, exporter."""
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("apart")))
    with ExitStack() as opened:
        stores = {process: opened.enter_context(closing(Store(of(settings, process)))) for process in HELD}
        yield Apart(settings, stores)


def test_each_process_tells_its_public_key_and_the_trust_file_has_them_all(apart: Apart) -> None:
    """The signer, who holds neither private key, announces both; the server shows the log's without holding it."""
    api, signer = apart.stores[Process.API], apart.stores[Process.SIGNER]
    require_writer(api, Process.API)
    make_agency(api)
    publisher = Publisher(signer)
    publisher.run()
    sequencer = Sequencer(signer, publisher)
    sequencer.run()
    assert apart.keys().in_force(KeyRole.EXPORT) is None
    require_writer(apart.stores[Process.EXPORTER], Process.EXPORTER)
    sequencer.run()  # nothing waits: what is new is the key
    publisher.run()
    with serving(api) as url:
        trust = httpx.get(f"{url}/v1/trust", verify=TRUST, timeout=PATIENCE_SECONDS).json()
    own = trust_of(apart.settings)
    assert {name: trust[name] for name in own} == own
    assert trust["checkpoint"] is not None


@pytest.mark.parametrize("process", [Process.API, Process.EXPORTER, Process.SIGNER])
def test_who_lacks_its_key_does_not_start(apart: Apart, process: Process) -> None:
    """One sentence names the variable."""
    name = HELD[process][0]
    said = rf"缺少本进程必需的密钥 .*{name.upper()}"
    with closing(Store(of(apart.settings, process, **{name: None}))) as without, refused(said):
        require_writer(without, process)


def test_a_key_that_cannot_be_told_stops_the_start(apart: Apart, tmp_path: Path) -> None:
    """Where the folder of public keys takes nothing, one sentence names it."""
    (tmp_path / "public").touch()
    settings = of(apart.settings, Process.API, quancheng_home=tmp_path)
    with closing(Store(settings)) as without, refused("the folder of public keys takes nothing"):
        require_writer(without, Process.API)


def test_a_worker_that_decodes_needs_none(apart: Apart) -> None:
    """Its host holds the key of its own tickets and nothing else that signs."""
    require_writer(apart.stores[Process.WORKER], Process.WORKER)


def test_a_link_is_handed_out_by_a_process_that_holds_no_key_but_its_own(
    apart: Apart, tmp_path: Path
) -> None:
    """The admission of the compose file draws none beside it: it has the ticket key of the API, and no other."""
    own = apart.settings
    given = {name.upper(): getattr(own, name) for name in ("database_url", "objects_url", "api_ticket_key")}
    env = {name: secret.get_secret_value() for name, secret in given.items()}
    around = {"PATH": os.environ["PATH"], "QUANCHENG_HOME": str(tmp_path)}
    words = [sys.executable, "quancheng.py", "admit", "--json"]
    done = subprocess.run(words, cwd=ROOT, env=around | env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"admission"' in done.stdout
    assert [*tmp_path.iterdir()] == []


def test_another_key_than_the_log_announced_stops_the_start_and_is_announced_by_nobody(apart: Apart) -> None:
    """Neither a wrong setting nor whoever writes to the folder of public keys takes a key's place."""
    before = apart.keys()
    stranger = seed64()
    changed = of(apart.settings, Process.API, registry_key=stranger)
    with closing(Store(changed)) as other, refused("恢复原来的 REGISTRY_KEY"):
        require_writer(other, Process.API)
    left = apart.settings.quancheng_home / "public" / "registry.pub"
    assert left.read_text().strip() == public_of(seed(stranger, "REGISTRY_KEY"))
    signer = apart.stores[Process.SIGNER]
    publisher = Publisher(signer)
    publisher.run()
    Sequencer(signer, publisher).run()
    assert apart.keys().keys == before.keys


def test_a_server_without_the_log_key_knows_its_log_by_the_signers_file(apart: Apart, tmp_path: Path) -> None:
    """A database that was exchanged whole names a key that the signer's own file does not know."""
    api = of(apart.settings, Process.API)
    with apart.stores[Process.API].begin() as tx:
        assert log_fault(tx.connection, api) is None
        (tmp_path / "signer").mkdir()
        (tmp_path / "signer" / f"{'0' * 16}.checkpoint").touch()
        assert log_fault(tx.connection, of(api, Process.API, quancheng_home=tmp_path)) == "log-key-differs"
