"""PostgreSQL's log on a disk of its own that runs full: the server crashes, and the product outlasts that."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest

from schemas.actor import Role
from schemas.digest import sha256_hex
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.cuts import begun, client_of, recording_of, stored_sha256
from tests.factories import enrol_device, faults, folder_url, make_account, make_agency, make_settings
from tests.room import Room, small_room
from tests.server import serving
from tests.stand import ROOT, MissingPartError, find_binaries, until
from tests.tus import patched

SERVER = """
import shutil
import sys
from pathlib import Path
from storage.setup.embedded import EmbeddedPostgres
binaries, folder, wal = map(Path, sys.argv[1:])
options = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
server = EmbeddedPostgres(binaries, folder, options=options)
server.start()
server.stop()
(folder / "cluster" / "pg_wal").rename(folder / "first_wal")
shutil.copytree(folder / "first_wal", wal)
(folder / "cluster" / "pg_wal").symlink_to(wal)
print(server.start(), flush=True)
for _ in sys.stdin:
    if not server.is_alive():
        server.revive()
    print("there", flush=True)
server.stop()
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Room]:
    try:
        with small_room(tmp_path / "disk", megabytes=96) as made:
            yield made
    except MissingPartError as why:
        pytest.skip(str(why))


class Server:
    """PostgreSQL with its log on the small disk, and whoever starts it again."""

    def __init__(self, keeper: "subprocess.Popen[str]", log: Path) -> None:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        self._ask, self._hear = keeper.stdin, keeper.stdout
        self.log = log
        self.url = keeper.stdout.readline().strip()

    def see_to_it(self) -> None:
        """Start it, if it has not come back by itself."""
        self._ask.write("\n")
        self._ask.flush()
        assert self._hear.readline() == "there\n"

    def write(self) -> None:
        """Go on to the next file of the log, as much writing does."""
        with psycopg.connect(self.url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute("CREATE TEMPORARY TABLE filler (text text)")
            connection.execute("SELECT pg_switch_wal()")


@pytest.fixture
def server(disk: Room, tmp_path: Path) -> Iterator[Server]:
    words = [
        sys.executable,
        "-c",
        SERVER,
        str(find_binaries()),
        str(tmp_path / "postgres"),
        str(disk.inside / "wal"),
    ]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        disk.entered(*words), cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as keeper:
        made = Server(keeper, tmp_path / "postgres" / "server.log")
        assert made.url, "it did not start"
        yield made
        assert keeper.stdin is not None
        keeper.stdin.close()  # it stops the server, and ends


def test_a_full_log_crashes_the_database_and_loses_nothing(
    disk: Room, server: Server, tmp_path: Path
) -> None:
    """While the database cannot write its log every refusal is 503 by name; when it is back the upload goes on."""
    with closing(Store(make_settings(server.url, folder_url(tmp_path)))) as store:
        upgrade(store.engine)
        device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
        with serving(store) as address, client_of(address, device) as client:
            sender = begun(client, device, os.urandom(300_000))
            assert patched(client, sender.url, sender.payload[:100_000]).status_code == httpx.codes.NO_CONTENT
            disk.fill()
            until(lambda: crashed(server.write), "the log to be full")
            sender.told(sender.send(100_000))
            assert sender.refusals[-1] == (503, "database-unavailable")
            disk.empty()
            server.see_to_it()
            until(lambda: not crashed(server.write), "the database to be back")
            assert sender.ask() == 100_000
            sender.finish()
            ident = recording_of(store, sender)
        assert "PANIC" in server.log.read_text()
        assert stored_sha256(store, ident) == sha256_hex(sender.payload)
        assert faults(store) == []


def crashed(write: Callable[[], None]) -> bool:
    try:
        write()
    except psycopg.OperationalError:
        return True
    return False
