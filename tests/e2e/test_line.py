"""The whole line on real parts, as its users walk it: device → workers → export → offline verification."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from mobile_contract.client.verify import verify_package
from schemas.actor import Role
from schemas.case import CaseIn
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from tests import media as made_media
from tests.factories import OFFICERS, PASSWORD, make_account, make_agency, make_settings
from tests.server import running
from tests.stand import PATIENCE_SECONDS, ROOT, answers, free_port, until

FLIPS = 60


@pytest.fixture(scope="module")
def store(database_url: str, objects_url: str) -> Iterator[Store]:
    made = Store(make_settings(database_url, objects_url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(store: Store) -> dict[str, str]:
    """A handler with a case, a custodian with an enrolment code, two certified officers."""
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    _, handler = make_account(store, agency, Role.HANDLER, Role.OFFICER)
    _, custodian = make_account(store, agency, Role.CUSTODIAN)
    with store.begin() as tx:
        tx.cases.open(handler, CaseIn(number="例-1", party="某店", matter="占道经营", place="路口"))
        code = tx.enrolments.issue_code(custodian).code
    return {"login": handler.login, "code": code}


@pytest.fixture(scope="module")
def environment(store: Store, broker_url: str) -> dict[str, str]:
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
    return {
        **os.environ,
        **{name.upper(): secret.get_secret_value() for name, secret in given.items()},
        "BROKER_URL": broker_url,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def address(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """API, worker and scheduler, started by the words of the compose file."""
    logs = tmp_path_factory.mktemp("logs")
    port = free_port()
    with ExitStack() as started:
        started.enter_context(running("api", environment, logs / "api.log", host="127.0.0.1", port=port))
        for name in ("worker", "export-worker", "scheduler"):
            started.enter_context(running(name, environment, logs / f"{name}.log"))
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{url}/v1/health"), (logs / "api.log").read_text)
        yield url


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real recordings where they are at hand, made ones otherwise."""
    real = ROOT.parent / "shared" / "media"
    if real.is_dir():
        return sorted(
            path for path in real.iterdir() if path.suffix.lower() in {".jpg", ".heic", ".mp4", ".gpx"}
        )
    folder = tmp_path_factory.mktemp("media")
    (folder / "a.jpg").write_bytes(made_media.jpeg())
    (folder / "b.gpx").write_bytes(made_media.gpx())
    made_media.mp4(folder / "c.mp4")
    return sorted(folder.iterdir())


def command(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "quancheng.py"), *words],
        env=environment,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


@pytest.fixture(scope="module")
def package(
    environment: dict[str, str],
    address: str,
    people: dict[str, str],
    files: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """Every file handed in by the reference device, the case exported, the trust file fetched apart."""
    folder = tmp_path_factory.mktemp("package")
    officers = [word for number in OFFICERS for word in ("--officer", number)]
    told = ["--server", address, "--state", str(folder / "device"), "--enrol", people["code"], "--json"]
    recorded = command(environment, "record", *map(str, files), *told, "--case", "例-1", *officers)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert all(json.loads(line)["state"] == "sealed" for line in recorded.stdout.splitlines())

    secrets = {**environment, "QUANCHENG_LOGIN": people["login"], "QUANCHENG_PASSWORD": PASSWORD}
    exported = command(secrets, "export", "例-1", "-o", str(folder / "case.zip"), "--server", address)
    assert exported.returncode == 0, exported.stdout + exported.stderr
    with urlopen(f"{address}/v1/trust") as answer:
        (folder / "trust.json").write_bytes(answer.read())
    return {"zip": folder / "case.zip", "trust": folder / "trust.json"}


def offline(environment: dict[str, str]) -> dict[str, str]:
    """An environment without server, database or store."""
    named = {
        "DATABASE_URL",
        "OBJECTS_URL",
        "BROKER_URL",
        "LOG_KEY",
        "REGISTRY_KEY",
        "EXPORT_KEY",
        *map(str.upper, TICKET_KEYS),
        "PERSONAL_KEY",
    }
    return {name: value for name, value in environment.items() if name not in named}


def test_the_package_verifies_offline(environment: dict[str, str], package: dict[str, Path]) -> None:
    """With the trust file every required claim of the package holds, without server or database."""
    words = ("verify", str(package["zip"]), "--trust", str(package["trust"]), "--json")
    done = command(offline(environment), *words)
    report = json.loads(done.stdout)

    assert done.returncode == 0, done.stdout
    assert {claim["outcome"] for claim in report["claims"]} == {"verified"}
    assert report["not_proven"]


def test_without_a_trust_file_no_origin_is_claimed(
    environment: dict[str, str], package: dict[str, Path]
) -> None:
    """Without a trust file claims of origin are said to be not checked, and none of them verified."""
    done = command(offline(environment), "verify", str(package["zip"]), "--json")
    report = json.loads(done.stdout)
    unchecked = {claim["claim"] for claim in report["claims"] if claim["outcome"] == "not_checked"}

    assert (done.returncode, report["verdict"]) == (3, "origin-unknown")
    assert any("trust anchor" in str(claim) for claim in report["claims"])
    assert unchecked


def test_any_flipped_bit_is_found(
    environment: dict[str, str], package: dict[str, Path], tmp_path: Path
) -> None:
    """One flipped bit anywhere makes the verification fail and names a file or the container."""
    whole = bytearray(package["zip"].read_bytes())
    rng = random.Random(7)
    touched = tmp_path / "touched.zip"
    for place in [*range(0, 200, 9), *(rng.randrange(len(whole)) for _ in range(FLIPS)), len(whole) - 1]:
        whole[place] ^= 1 << rng.randrange(8)
        touched.write_bytes(whole)
        report = verify_package(touched, None)
        broken = [claim for claim in report.claims if claim.outcome == "mismatch"]
        assert broken, place
        assert all(claim.subject or claim.claim == "container" for claim in broken)
        whole[place] = package["zip"].read_bytes()[place]


def test_fsck_finds_nothing(environment: dict[str, str], package: dict[str, Path]) -> None:
    """After the whole line ran, everything re-derives from bytes."""
    del package
    done = command(environment, "fsck", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["differences"] == 0


def test_doctor_is_content(environment: dict[str, str], package: dict[str, Path]) -> None:
    """With every part up the doctor finds nothing to complain about."""
    del package
    done = command(environment, "doctor")

    assert done.returncode == 0, done.stdout + done.stderr


def test_doctor_names_the_missing_part(environment: dict[str, str]) -> None:
    """A broker that does not answer is named, with what to do, and the exit code says so."""
    done = command({**environment, "BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"}, "doctor")

    assert done.returncode == 3
    assert "broker" in done.stdout
    assert "BROKER_URL" in done.stdout
