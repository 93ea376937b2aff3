"""The proxy of docker-compose.yml, started natively by its own configuration, before a server of a test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from schemas.served import served_by
from storage.setup.authority import Authority
from tests.stand import COMMANDS, PATIENCE_SECONDS, ROOT, accepts, free_port, until

CONFIG = "/etc/caddy/Caddyfile"
NAME = "localhost"


@dataclass
class Proxied:
    """Where the proxy is asked, with and without TLS, and whom to trust for it."""

    address: str
    plain: str
    authority: Path


def caddyfile() -> str:
    """The configuration as the proxy of compose is given it."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    written: str = compose["configs"]["caddyfile"]["content"]
    return written.replace("$$", "$")


@contextmanager
def proxied(caddy: Path, server: str, folder: Path) -> Iterator[Proxied]:
    """Run the proxy before `server`; only places differ from compose: ports, files, and where the API is."""
    folder.mkdir()
    authority = Authority(folder / "tls", served_by([NAME]))
    authority.prepare()
    ports = {"80": free_port(), "443": free_port(), "8081": free_port()}
    text = caddyfile().replace("api:8080", urlsplit(server).netloc).replace(":8081", f":{ports['8081']}")
    for name in ("80", "443"):
        text = text.replace(f"_port {name}\n", f"_port {ports[name]}\n")
    for name in ("tls_certificate", "tls_key"):
        text = text.replace(f"/run/secrets/{name}", str(authority.leaf_path))
    (folder / "Caddyfile").write_text(text)
    program, *words = COMMANDS["proxy"]
    assert program == "caddy"
    env = {
        "TLS_NAME": NAME,
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(caddy), *(str(folder / "Caddyfile") if word == CONFIG else word for word in words)],
            env=env,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: accepts(ports["443"]) or process.poll() is not None, (folder / "log").read_text)
        assert process.poll() is None, (folder / "log").read_text()
        yield Proxied(
            f"https://{NAME}:{ports['443']}", f"http://{NAME}:{ports['80']}", authority.certificate_path
        )
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
