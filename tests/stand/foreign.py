"""Programs of others that the product is held against: stock upload clients, and the peers of measurements."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.stand.program import (
    MissingPartError,
    cache_dir,
    find_go,
    find_program,
    go_built,
    go_cache,
    say,
)

TUSD = ("github.com/tus/tusd/v2/cmd/tusd", "v2.10.0")
JAVA_CLIENT = "io.tus.java.client:tus-java-client:0.5.1"
JAVA_CLIENT_SHA256 = "196ce59aac4cca7395aca493e1740ba121ef9696232911086ac205a30948e7bb"


def find_tusd(*, may_build: bool) -> Path:
    """Return tusd, the reference server of tus, built from source once and cached by version.

    Raises:
        MissingPartError: it is not built and may not be; no Go is here, or it does not build.
    """
    if not may_build and not go_cache("tusd", TUSD[1]).exists():
        raise MissingPartError("it is not built yet")
    return go_built("tusd", *TUSD, seconds="2 minutes")


def find_node() -> Path:
    """Return Node.js from PATH, else from apt where we are root.

    Raises:
        MissingPartError: it is not there and cannot be installed.
    """
    find_program(("npm",), ("nodejs", "npm"))
    return find_program(("node", "nodejs"), ("nodejs", "npm"))


def npm_room(sources: Path) -> Path:
    """Return a folder outside the repository with the files of `sources` and the packages of its lock file.

    Raises:
        MissingPartError: there is no Node.js, or the packages cannot be had.
    """
    find_node()
    lock = (sources / "package-lock.json").read_bytes()
    room = cache_dir() / f"npm-{sources.name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    room.mkdir(parents=True, exist_ok=True)
    with (room.parent / f"{room.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two clones install once
        for one in sources.iterdir():
            if one.is_file():
                shutil.copy(one, room)
        if not (room / "installed").exists():
            say(f"installing the packages of {sources.name}/package-lock.json")
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], room)
            (room / "installed").touch()  # a crash before this installs again
    return room


def go_program(sources: Path) -> Path:
    """Return the program of a Go module of ours over modules of others, held to its go.sum; cached by its sources.

    Raises:
        MissingPartError: there is no Go of at least 1.24, or it does not build.
    """
    files = sorted(one for one in sources.iterdir() if one.is_file())
    found = hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()
    built = go_cache(sources.name, found[:16])
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / f"{sources.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two clones build once
        if not built.exists():
            say(f"building {sources.name} and what go.sum of it names: seconds, once per machine")
            with tempfile.TemporaryDirectory(dir=built.parent) as folder:
                made = Path(folder) / sources.name
                env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
                words = ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", str(made), "."]
                _run([str(find_go()), *words], sources, env)
                made.rename(built)  # a crash before this leaves only the temporary folder
    return built


def java_client() -> Path:
    """Return the folder of the jar of tus-java-client, fetched by Maven and held against its digest.

    Raises:
        MissingPartError: there is no JDK or no Maven, or the jar cannot be had or is another one.
    """
    for name in ("javac", "mvn"):
        if shutil.which(name) is None:
            raise MissingPartError(f"no {name} on PATH: install a JDK of at least 11 and Maven")
    _, name, version = JAVA_CLIENT.split(":")
    jar = cache_dir() / f"{name}-{version}.jar"
    jar.parent.mkdir(parents=True, exist_ok=True)
    if not jar.exists():
        say(f"fetching {name} {version}")
        with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
            words = [
                "-q",
                "-B",
                "dependency:copy",
                f"-Dartifact={JAVA_CLIENT}",
                f"-DoutputDirectory={folder}",
            ]
            _run(["mvn", *words], Path(folder))
            (Path(folder) / jar.name).rename(jar)
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != JAVA_CLIENT_SHA256:
        raise MissingPartError(f"{jar} is not the jar that was expected: {found}")
    return jar


def _run(words: list[str], folder: Path, env: Mapping[str, str] = os.environ) -> None:
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingPartError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()[-500:]}")
