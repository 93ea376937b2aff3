"""A database without room: PostgreSQL on a small disk of its own, filled and given room again."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest

from schemas.actor import Role
from schemas.digest import sha256_hex
from storage.setup.migrate import upgrade
from storage.setup.postmaster import read_postmaster
from storage.store import Store
from tests.cuts import Sender, begun, client_of, recording_of, stored_sha256
from tests.factories import enrol_device, faults, folder_url, make_account, make_agency, make_settings
from tests.room import Room, small_room
from tests.server import serving
from tests.stand import ROOT, MissingPartError, find_binaries, until
from tests.tus import VERSION, metadata, patched

START = """
import sys
from pathlib import Path
from storage.setup.embedded import EmbeddedPostgres
options = {"fsync": "off", "full_page_writes": "off", "min_wal_size": "32MB", "max_wal_size": "64MB"}
print(EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2]), options=options).start())
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Room]:
    try:
        with small_room(tmp_path / "disk", megabytes=192) as made:
            yield made
    except MissingPartError as why:
        pytest.skip(str(why))


@pytest.fixture
def database(disk: Room) -> Iterator[str]:
    """The address of a server whose whole folder is on the small disk."""
    words = [sys.executable, "-c", START, str(find_binaries()), str(disk.inside / "postgres")]
    done = subprocess.run(
        disk.entered(*words),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    yield done.stdout.strip()
    cluster = disk.folder / "postgres" / "cluster"
    found = read_postmaster(cluster)
    if found is not None:
        os.kill(found.pid, signal.SIGINT)
        until(lambda: not Path(f"/proc/{found.pid}").exists(), "it ended")


def test_a_full_database_refuses_by_name_and_loses_nothing(disk: Room, database: str, tmp_path: Path) -> None:
    """With no room left for a row every refusal is 503 by name; with room again the upload goes on from its offset."""
    with closing(Store(make_settings(database, folder_url(tmp_path)))) as store:
        upgrade(store.engine)
        device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
        with serving(store) as address, client_of(address, device) as client:
            sender = begun(client, device, os.urandom(300_000))
            assert patched(client, sender.url, sender.payload[:100_000]).status_code == httpx.codes.NO_CONTENT
            begin_log_file(database)
            disk.fill()
            until(lambda: refused(client, sender), "the database to have no room")
            assert sender.refusals[-1] == (503, "database-unavailable")
            assert sender.ask() == 100_000
            disk.empty()
            sender.finish()
            ident = recording_of(store, sender)
        assert stored_sha256(store, ident) == sha256_hex(sender.payload)
        assert faults(store) == []


def begin_log_file(database: str) -> None:
    """Let the server have a fresh file for its log: without room for one it would not refuse, but crash."""
    with psycopg.connect(database.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CREATE TABLE filler (text text)")


def refused(client: httpx.Client, sender: Sender) -> bool:
    """Open an upload with much to say; whether it was refused."""
    stated = {**VERSION, "Upload-Length": "9", "Upload-Metadata": metadata(filename=secrets.token_hex(2_500))}
    answer = client.post("/v1/uploads", headers=stated)
    if answer.status_code == httpx.codes.CREATED:
        return False
    sender.told(answer)
    return True
