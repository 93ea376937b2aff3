"""Another `LOG_KEY` or `LOG_ORIGIN` than the log of the database has: nothing starts, and what runs turns red."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from pydantic import SecretStr

from schemas.act import Process
from schemas.checkpoint import open_checkpoint
from schemas.errors import IntegrityBroken
from schemas.health import Health, HealthPart
from schemas.note import parse_vkey, vkey_of_seed
from schemas.work import signs
from storage.settings import StorageSettings, seed
from storage.setup.writer import require_writer
from storage.store import Store
from tests.factories import folder_store, seed64
from tests.server import ROOT, serving
from tests.stand import COMMANDS, PATIENCE_SECONDS
from tests.trust import trust_of
from tests.web import TRUST
from workers.custody import integrate

ORIGIN = "other.example/log"
MISUSED = {
    "api": COMMANDS["api"],
    "worker": COMMANDS["worker"],
    "scheduler": COMMANDS["scheduler"],
    "admit": ("python", "quancheng.py", "admit"),
}


class Wrong(NamedTuple):
    """What is set up wrongly, and how it is told."""

    slug: str
    changed: dict[str, object]


WRONG = (
    Wrong("log-key-differs", {"log_key": seed64()}),
    Wrong("log-origin-differs", {"log_origin": ORIGIN}),
)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with a log that has begun."""
    with folder_store(database_url, tmp_path_factory.mktemp("keys")) as made:
        yield made


@contextmanager
def changed(store: Store, wrong: Wrong) -> Iterator[Store]:
    """The same database under other settings."""
    with closing(Store(store.settings.model_copy(update=wrong.changed))) as other:
        yield other


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.slug)
def test_what_runs_over_another_log_turns_red_and_shows_no_key_beside_its_checkpoint(
    store: Store, wrong: Wrong
) -> None:
    """Nothing is signed, health and doctor say it; the trust file has the key that signed what stands in it."""
    own = trust_of(store.settings)
    with changed(store, wrong) as other:
        with pytest.raises(IntegrityBroken):
            integrate(other)
        with other.begin() as tx:
            log = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
        assert (log.is_good, log.code) == (False, Health.LOG_OTHER)
        with (
            serving(other) as url,
            httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
        ):
            health, trust = client.get("/v1/health").json(), client.get("/v1/trust").json()
    assert (health["status"], health["log"]) == ("degraded", "behind")
    assert {name: trust[name] for name in own} == own
    assert open_checkpoint(trust["checkpoint"], trust["log_vkey"]).origin == trust["origin"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.slug)
def test_a_start_over_another_log_ends_in_a_sentence_that_names_both(store: Store, wrong: Wrong) -> None:
    """It says which the log has, which was given, and what to do; the right one starts."""
    require_writer(store, Process.SIGNER)
    with changed(store, wrong) as other, pytest.raises(SystemExit) as ended:
        require_writer(other, Process.SIGNER)
    said = str(ended.value)
    for settings in (store.settings, other.settings):
        assert name_of(settings) in said if "key" in wrong.slug else settings.log_origin in said
    assert re.search(r"恢复原来的 LOG_KEY|LOG_ORIGIN 设为", said)
    assert "\n" not in said


def name_of(settings: StorageSettings) -> str:
    key = parse_vkey(vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY")))
    return f"{key.name}+{key.key_id.hex()}"


def test_no_process_and_no_command_starts_with_another_log_key(store: Store, tmp_path: Path) -> None:
    """Server, worker, scheduler and admission end at once with exit code 1, in one line, without a trace."""
    settings = store.settings.model_copy(update={"log_key": seed64(), "quancheng_home": tmp_path})
    given = {
        name.upper(): secret.get_secret_value()
        for name in type(settings).model_fields
        if isinstance(secret := getattr(settings, name), SecretStr)
    }
    begun = {
        name: subprocess.Popen(
            [sys.executable, *(words[1:] if words[0] == "python" else ("-m", *words))],
            cwd=ROOT,
            env={**os.environ, **given, "QUANCHENG_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, words in ((name, _placed(words)) for name, words in MISUSED.items())
    }
    said = {name: process.communicate(timeout=PATIENCE_SECONDS)[0] for name, process in begun.items()}
    assert {name: process.returncode for name, process in begun.items()} == dict.fromkeys(MISUSED, 1), said
    for name, text in said.items():
        assert text.count("LOG_KEY") == 4, (name, text)  # twice in each language
        assert "Traceback" not in text, (name, text)


def _placed(words: tuple[str, ...]) -> list[str]:
    return [word.format(host="127.0.0.1", port=1) for word in words]
