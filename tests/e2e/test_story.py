"""The three desks on one case: through the browser, by its own people, on the embedded default and on real parts."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from quancheng_demo import found
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from tests.command import environment as environment_of
from tests.factories import make_settings
from tests.homes import Homes
from tests.personal import spellings, tables_with
from tests.server import running
from tests.stand import PATIENCE_SECONDS, ROOT, answers, free_port, until
from tests.story import PARTY, PARTY_CODE, PHONE, Story


def test_on_the_embedded_default(browser: Browser, tmp_path: Path, homes: Homes) -> None:
    """One command, no server installed: the whole story works as a newcomer would walk it, on the demo's second day."""
    home, port = tmp_path / "home", free_port()
    homes.filled(home)
    environment = {
        **environment_of(home),
        "QUANCHENG_PORT": str(port),
        "RANDOMNESS_LEAD_SECONDS": "0",
    }
    with (tmp_path / "serve.log").open("wb") as log:
        serving = subprocess.Popen(
            [sys.executable, "quancheng.py", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{address}/v1/health"), "the product is up")
            passwords = json.loads((home / "demo.json").read_text(encoding="utf-8"))["passwords"]
            with Story(browser, address, passwords, tmp_path, environment, is_pictured=True) as story:
                story.tell()
                checked = story.command("fsck", "--json")
            assert checked.returncode == 0, checked.stdout + checked.stderr
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(timeout=PATIENCE_SECONDS)


def test_on_real_parts(
    browser: Browser, tmp_path: Path, database_url: str, objects_url: str, broker_url: str
) -> None:
    """The same on PostgreSQL, MinIO, Redis and Celery, started by the words of the compose file."""
    store = Store(make_settings(database_url, objects_url))
    passwords: dict[str, str] = {}
    found(store, passwords.update)
    given = store.settings.model_dump(
        include={
            "database_url",
            "objects_url",
            "log_key",
            "registry_key",
            "export_key",
            "personal_key",
            *TICKET_KEYS,
        }
    )
    store.close()
    environment = {
        **os.environ,
        **{name.upper(): secret.get_secret_value() for name, secret in given.items()},
        "BROKER_URL": broker_url,
        "RANDOMNESS_LEAD_SECONDS": "0",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as started:
        started.enter_context(running("api", environment, tmp_path / "api.log", host="127.0.0.1", port=port))
        for name in ("worker", "export-worker", "scheduler"):
            started.enter_context(running(name, environment, tmp_path / f"{name}.log"))
        until(lambda: answers(f"{address}/v1/health"), "the product is up")
        with Story(browser, address, passwords, tmp_path, environment, is_pictured=False) as story:
            story.tell()
    with store.begin() as tx:
        assert tables_with(tx.connection, [PARTY, PARTY_CODE, PHONE]) == set()
    store.close()
    said = b"".join(
        (tmp_path / f"{name}.log").read_bytes() for name in ("api", "worker", "export-worker", "scheduler")
    ).lower()
    assert [one for one in (PARTY, PARTY_CODE, PHONE) if any(way in said for way in spellings(one))] == []
