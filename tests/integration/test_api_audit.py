"""An audit over HTTP, and its draw repeated from the published file."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mobile_contract.client.redraw import redraw
from mobile_contract.client.verify_origin import Trust
from schemas.actor import Role
from schemas.audit import DrawFile
from schemas.base import rfc3339
from schemas.integrity import Outcome
from storage.outbox import JobKind
from storage.store import Store, utc_now
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from tests.media import jpeg
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, ROOT
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

VALUE = "3 5 6 1"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = make_settings(
        database_url, folder_url(tmp_path_factory.mktemp("api-audit")), randomness_lead_seconds=0
    )
    made = Store(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(store: Store) -> Iterator[dict]:
    top = make_agency(store, is_supervising=True)
    agency = make_agency(store, parent=top)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    for number in range(5):
        device.capture(f"{number}.jpg", jpeg(40 + number, 40))
    drain(store, JobKind.VERIFY)
    integrate(store)
    with serving(store) as url, ExitStack() as opened:

        def client(*roles: Role) -> httpx.Client:
            token = make_account(store, top, *roles)[0]
            return opened.enter_context(
                httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)
            )

        yield {
            "url": url,
            "agency": str(agency),
            "supervisor": client(Role.SUPERVISOR),
            "colleague": client(Role.SUPERVISOR),
            "client": client,
        }


def drain(store: Store, kind: JobKind) -> None:
    sandbox, settings = Sandbox(), WorkersSettings(lease_seconds=30)
    try:
        Runner(store, sandbox, settings).drain(kind)
    finally:
        sandbox.close()


def wish(agency: str, *, lead_seconds: int = 1) -> dict:
    now = utc_now()
    return {
        "title": "抽查",
        "kind": "sealed_recordings",
        "target_agency_id": agency,
        "from_at": rfc3339(now - timedelta(days=1)),
        "until_at": rfc3339(now + timedelta(days=1)),
        "size": 2,
        "sources": [
            {"name": "公开掷骰", "kind": "dice", "happens_at": rfc3339(now + timedelta(seconds=lead_seconds))}
        ],
    }


def step(client: httpx.Client, audit: httpx.Response, path: str, body: dict | None = None) -> httpx.Response:
    ident = audit.json()["audit"]["id"]
    return client.post(f"/v1/audits/{ident}/{path}", json=body, headers={"If-Match": audit.headers["ETag"]})


def frozen(supervisor: httpx.Client, agency: str) -> httpx.Response:
    """Define and freeze an audit before its event; on a slow machine the event is put further ahead."""
    for lead_seconds in (1, 5, 30, PATIENCE_SECONDS // 2):
        audit = supervisor.post("/v1/audits", json=wish(agency, lead_seconds=int(lead_seconds)))
        assert audit.json()["eligible"] == 5
        answer = step(supervisor, audit, "freeze")
        if answer.status_code == 200:
            return answer
        assert answer.json()["slug"] == "randomness-too-near"
    raise AssertionError("no event was far enough ahead")


@pytest.fixture(scope="module")
def drawn(store: Store, world: dict) -> dict:
    """The file of a draw that went the whole way over HTTP."""
    supervisor, colleague = world["supervisor"], world["colleague"]
    audit = frozen(supervisor, world["agency"])
    integrate(store)
    ends = utc_now() + timedelta(seconds=PATIENCE_SECONDS)
    values = {"values": [VALUE]}
    entered = step(supervisor, audit, "randomness", values)
    while entered.status_code == 409 and utc_now() < ends:
        assert entered.json()["slug"] == "randomness-too-early"
        entered = step(supervisor, audit, "randomness", values)
    assert entered.json()["audit"]["values"] == []
    integrate(store)
    confirmed = step(colleague, entered, "confirmation", values)
    integrate(store)
    done = step(supervisor, confirmed, "draw")
    assert done.status_code == 200, done.text
    integrate(store)
    drain(store, JobKind.RECHECK)
    return {
        "file": supervisor.get(f"/v1/audits/{done.json()['audit']['id']}/draw").json(),
        "trust": supervisor.get("/v1/trust").json(),
        "audit": done,
    }


def outcomes(file: dict, trust: Trust | None) -> dict[str, Outcome]:
    return {one.claim: one.outcome for one in redraw(DrawFile.model_validate(file), trust)}


def test_the_draw_repeats(drawn: dict) -> None:
    """With the trust file every claim holds; without it only the arithmetic does, and what is fixed is hearsay."""
    assert set(outcomes(drawn["file"], Trust.parse(drawn["trust"])).values()) == {Outcome.VERIFIED}
    without = outcomes(drawn["file"], None)

    assert {claim for claim, outcome in without.items() if outcome is Outcome.VERIFIED} == {"seed", "sample"}
    assert Outcome.MISMATCH not in without.values()


@pytest.mark.parametrize("how", ["order", "value"])
def test_a_file_that_contradicts_itself_needs_no_trust_to_fail(drawn: dict, how: str) -> None:
    """Without a trust file a wrong order or value is a mismatch all the same."""
    assert Outcome.MISMATCH in outcomes(touched(drawn["file"], how), None).values()


def touched(file: dict, how: str) -> dict:
    made = copy.deepcopy(file)
    if how == "member":
        made["population"][0] = "00000000-0000-4000-8000-000000000000"
    elif how == "value":
        made["values"] = ["3 5 6 2"]
    elif how == "seed":
        made["seed"] = "0" * 64
    elif how == "sample":
        made["sample"] = made["sample"][::-1]
    elif how == "order":
        made["entries"][0]["index"], made["entries"][1]["index"] = (
            made["entries"][1]["index"],
            made["entries"][0]["index"],
        )
    elif how == "entry":
        made["entries"] = made["entries"][:-1]
        made["proofs"] = made["proofs"][:-1]
    elif how == "proof":
        made["proofs"][2] = made["proofs"][1]
    return made


@pytest.mark.parametrize(
    ("how", "claim"),
    [
        ("member", "population"),
        ("value", "values"),
        ("seed", "seed"),
        ("sample", "sample"),
        ("order", "order"),
        ("entry", "order"),
        ("proof", "log"),
    ],
)
def test_whatever_is_touched_is_named(drawn: dict, how: str, claim: str) -> None:
    """A changed member, value, seed, sample, order or proof fails the claim that is about it."""
    found = outcomes(touched(drawn["file"], how), Trust.parse(drawn["trust"]))

    assert found[claim] is Outcome.MISMATCH


def test_the_command(drawn: dict, tmp_path: Path) -> None:
    """`quancheng redraw` exits 0 for the draw, 1 for a touched one, 2 for what is no draw file."""
    file, trust = tmp_path / "draw.json", tmp_path / "trust.json"
    trust.write_text(json.dumps(drawn["trust"]))
    for text, code in (
        (json.dumps(drawn["file"]), 0),
        (json.dumps(touched(drawn["file"], "sample")), 1),
        ("[]", 2),
    ):
        file.write_text(text)
        words = [sys.executable, "quancheng.py", "redraw", str(file), "--trust", str(trust), "--json"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout)["holds"] is (code == 0)
    assert drawn["file"]["tiles"]


def test_a_change_names_its_version(world: dict) -> None:
    """Without If-Match nothing happens (428), with an old one neither (412), with nonsense neither (400)."""
    supervisor = world["supervisor"]
    audit = supervisor.post("/v1/audits", json=wish(world["agency"]))
    address = f"/v1/audits/{audit.json()['audit']['id']}/freeze"
    for headers, status, slug in (
        ({}, 428, "if-match-required"),
        ({"If-Match": "*"}, 400, "if-match-invalid"),
        ({"If-Match": '"v9"'}, 412, "version-conflict"),
    ):
        answer = supervisor.post(address, headers=headers)
        assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    assert supervisor.get(address.removesuffix("/freeze")).json()["audit"]["state"] == "defined"


def test_a_missing_permission_is_named(world: dict, drawn: dict) -> None:
    """Inside one's scope a missing permission is a 403 with its name, outside a 404."""
    admin = world["client"](Role.ADMIN)
    answer = admin.post("/v1/audits", json=wish(world["agency"]))

    assert (answer.status_code, answer.json()["permission"]) == (403, "audit:define")
    inspector = world["client"](Role.INSPECTOR)
    ident = drawn["audit"].json()["audit"]["id"]
    assert inspector.get(f"/v1/audits/{ident}").status_code == 404
