"""`quancheng monitor` as an outsider runs it: beside a log that is honest, forked, set back, silent or somebody else's."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, text, update

from schemas.chain import entry_hash
from schemas.fork import Fork, open_fork
from schemas.note import vkey_of_seed
from storage.store import Store
from storage.tables.custody import checkpoints, custody_entries
from tests.factories import folder_url, make_settings
from tests.forging import as_superuser
from tests.forging_log import signed_anew
from tests.forked import Forked, forked
from tests.log_operator import ORIGIN, History, Operator, entries, serving_log, trust_file
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, ROOT, until
from tests.traces import leave_traces
from tests.web import TRUST
from workers.custody import integrate

Event = dict[str, Any]
AT_ONCE = "0.1"


@pytest.fixture(scope="module")
def loaded() -> Iterator[Forked]:
    with forked() as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def looked(loaded: Forked, url: str, state: Path, *words: str) -> tuple[int, list[Event], str]:
    """One look by the command: its exit code, its events, and what it printed."""
    said = ["monitor", url, "--state", str(state), "--once", "--patience", "0", "--json", *words]
    code, printed = loaded.ended(said, os.environ)
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    return code, [json.loads(line) for line in lines], printed


@contextmanager
def watching(url: str, state: Path, log: Path, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    """The command as a process of its own that goes on looking; yields it and what reads its events."""
    called = [sys.executable, "quancheng.py", "monitor", url, "--state", str(state), "--json"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*called, "--interval", AT_ONCE, *words], cwd=ROOT, stdout=output, stderr=subprocess.DEVNULL
        )

    def events() -> list[Event]:
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    try:
        yield process, events
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def count(events: list[Event], event: str) -> int:
    return sum(one["event"] == event for one in events)


def test_a_monitor_catches_a_forked_operator(tmp_path: Path, state: Path) -> None:
    """The first look at another history under the same key ends it, with a proof that needs neither log nor monitor."""
    operator = Operator(History(entries(300)))
    with (
        serving_log(operator) as url,
        watching(url, state, tmp_path / "log", "--vkey", operator.vkey) as (process, events),
    ):
        until(lambda: count(events(), "seen") >= 2 or process.poll() is not None, "it follows")
        operator.shown = History(entries(305))
        until(lambda: any(one.get("size") == 305 for one in events()), "it goes on")
        looks = operator.looks
        operator.shown = History([*entries(200), b"x" * 32, *entries(200, "more ")])
        assert process.wait(PATIENCE_SECONDS) == 10
    assert operator.looks <= looks + 2  # one may have been on its way
    last = events()[-1]
    assert (last["event"], last["problem"], last["exit_code"]) == ("misbehaved", "log-forked", 10)
    first, second = open_fork(Fork.model_validate_json(Path(last["proof"]).read_bytes()))
    assert (first.size, second.size, first.origin) == (305, 401, ORIGIN)


def test_silence_is_told_and_outlived(tmp_path: Path, state: Path) -> None:
    """A log that does not answer is called silent at each look, and followed on when it answers again."""
    operator = Operator(History(entries(3)))
    with (
        serving_log(operator) as url,
        watching(url, state, tmp_path / "log", "--vkey", operator.vkey, "--patience", "0") as (
            process,
            events,
        ),
    ):
        until(lambda: count(events(), "seen") >= 1, "it follows")
        operator.twist = lambda path, found: (503, b"")
        until(lambda: count(events(), "silent") >= 2, "it says that nobody answers")
        operator.shown, operator.twist = History(entries(4)), None
        until(lambda: events()[-1].get("size") == 4, "it goes on")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 130


def test_each_kind_of_misbehaviour_ends_by_its_own_code(loaded: Forked, state: Path) -> None:
    """Exit code and slug say what the log did; what was accepted before stays, and an honest log is followed on."""
    operator = Operator(History(entries(300)))

    def withheld(path: str, found: tuple[int, bytes]) -> tuple[int, bytes]:
        return (404, b"{}") if path.startswith("tile/") else found

    with serving_log(operator) as url:
        key = ("--vkey", operator.vkey)
        assert looked(loaded, url, state, *key)[0] == 0
        for shown, twist, code, slug in [
            (History(entries(300, "other ")), None, 10, "log-forked"),
            (History(entries(299)), None, 11, "log-shrank"),
            (None, None, 11, "log-shrank"),
            (History(entries(301), seed=bytes(32)), None, 12, "log-foreign"),
            (History(entries(301), origin="another.test"), None, 12, "log-foreign"),
            (History(entries(301)), withheld, 13, "log-unproven"),
        ]:
            operator.shown, operator.twist = shown, twist
            found, events, printed = looked(loaded, url, state, *key)
            assert (found, events[-1]["problem"]) == (code, slug)
            proof = events[-1]["proof"]
            assert (proof is None) is (shown is None)
            assert proof is None or Path(proof).is_file()
            assert "Traceback" not in printed
        operator.shown, operator.twist = History(entries(301)), None
        code, events, _ = looked(loaded, f"{url}/v1/log/", state)  # the folder knows its key
    assert (code, events[-1]["event"], events[-1]["new"]) == (0, "seen", 1)
    assert count(events, "fork_kept") == 1
    assert looked(loaded, url, state)[:1] == (3,)  # the operator is gone


def test_a_key_comes_another_way_or_is_believed_on_purpose(loaded: Forked, tmp_path: Path) -> None:
    """Without a key nothing is followed; the server's own word for it is taken only where that was asked for, and said."""
    operator = Operator(History(entries(3)))
    trust = tmp_path / "trust.json"
    trust.write_text(trust_file(operator.vkey))
    with serving_log(operator) as url:
        code, events, printed = looked(loaded, url, tmp_path / "a")
        assert (code, events[-1]["problem"]) == (2, "monitor-key-missing")
        assert "--trust-on-first-use" in printed
        assert operator.looks == 0
        assert looked(loaded, url, tmp_path / "b", "--trust", str(trust))[0] == 0
        code, events, _ = looked(loaded, url, tmp_path / "c", "--trust-on-first-use")
        assert (code, events[0]["event"]) == (0, "trusted_on_first_use")
        _, printed = loaded.ended(
            ["monitor", url, "--once", "--trust-on-first-use", "--state", str(tmp_path / "d")], os.environ
        )
        assert "not who it is" in printed
        assert "✓ 3 条" in printed
        other = vkey_of_seed(ORIGIN, bytes(32))
        code, events, _ = looked(loaded, url, tmp_path / "c", "--vkey", other)
        assert (code, events[-1]["problem"]) == (2, "monitor-of-another")
        assert looked(loaded, url, tmp_path / "e", "--vkey", "x+y+z")[1][-1]["problem"] == "vkey-invalid"
        assert (
            looked(loaded, "nowhere", tmp_path / "e", "--vkey", other)[1][-1]["problem"] == "server-address"
        )


def test_a_trust_file_of_before_is_seen_before_the_first_look(loaded: Forked, tmp_path: Path) -> None:
    """Who comes late and brings a trust file of earlier knows of a rewritten past all the same, and can prove it."""
    operator = Operator(None)
    trust = tmp_path / "trust.json"
    trust.write_text(trust_file(operator.vkey, History(entries(300)).note()))
    with serving_log(operator) as url:
        for number, (shown, code, slug) in enumerate(
            [
                (History(entries(300)), 0, None),
                (History(entries(400)), 0, None),
                (History(entries(299)), 11, "log-shrank"),
                (History(entries(300, "other ")), 10, "log-forked"),
                (History(entries(400, "other ")), 10, "log-forked"),
            ]
        ):
            state, operator.shown = tmp_path / f"state{number}", shown
            found, events, _ = looked(loaded, url, state, "--trust", str(trust))
            assert (found, events[-1].get("problem")) == (code, slug)
            assert (state / "checkpoint").exists() is (code == 0)
            if slug == "log-forked":
                fork = Fork.model_validate_json(Path(events[-1]["proof"]).read_bytes())
                assert [one.size for one in open_fork(fork)] == [300, shown.size]


@pytest.fixture
def real(own_database_url: str, tmp_path: Path) -> Iterator[tuple[Store, str, Path]]:
    """The real server over a log of some hundred entries, signed twice; its trust file, fetched before anything happens."""
    settings = make_settings(own_database_url, folder_url(tmp_path))
    with closing(Store(settings)) as store, serving(store) as url:
        for size in (100, 200):
            with store.begin() as tx:
                leave_traces(tx.custody, size)
            integrate(store)
        trust = tmp_path / "trust.json"
        trust.write_bytes(httpx.get(f"{url}/v1/trust", verify=TRUST, timeout=PATIENCE_SECONDS).content)
        yield store, url, trust


def test_a_leaf_rewritten_by_whoever_has_database_and_key_is_proven(
    real: tuple[Store, str, Path], loaded: Forked, state: Path
) -> None:
    """Leaf 200 changed, tiles made anew, checkpoints exchanged for one of the true key: a follower can prove it."""
    store, url, trust = real
    code, events, _ = looked(loaded, url, state, "--trust", str(trust))
    assert (code, events[-1]["new"]) == (0, events[-1]["size"])
    with as_superuser(store) as tx:
        digest = bytes(32)
        tx.connection.execute(
            update(custody_entries)
            .where(custody_entries.c.leaf_index == 200)
            .values(digest=digest, leaf_hash=bytes.fromhex(entry_hash(digest.hex())))
        )
    size = signed_anew(store)
    code, events, _ = looked(loaded, url, state, "--trust", str(trust))
    assert (code, events[-1]["problem"]) == (10, "log-forked")
    first, second = open_fork(Fork.model_validate_json(Path(events[-1]["proof"]).read_bytes()))
    assert first.size == second.size == size
    assert (
        looked(loaded, url, state.with_name("late"), "--trust", str(trust))[0] == 10
    )  # it holds a checkpoint
    key = json.loads(trust.read_bytes())["log_vkey"]
    assert (
        looked(loaded, url, state.with_name("blind"), "--vkey", key)[0] == 0
    )  # who has only the key cannot know


def test_a_log_that_was_set_back_is_named(real: tuple[Store, str, Path], loaded: Forked, state: Path) -> None:
    """The newest checkpoint taken away, as an older copy of the database has it: the log shrank."""
    store, url, trust = real
    assert looked(loaded, url, state, "--trust", str(trust))[0] == 0
    with unguarded(store) as tx:
        newest = tx.connection.scalar(text("SELECT max(size) FROM checkpoints"))
        tx.connection.execute(delete(checkpoints).where(checkpoints.c.size == newest))
    code, events, _ = looked(loaded, url, state, "--trust", str(trust))
    assert (code, events[-1]["problem"]) == (11, "log-shrank")
