"""Which layers of the sandbox this machine has, each tried on a process of its own (`python -m …sandbox.floor`)."""

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from workers.media.sandbox.confine import trial, unshare
from workers.media.sandbox.seccomp import BelowFloorError

_ROOT = Path(__file__).resolve().parents[3]

DECODERS = (
    "PIL",
    "av",
    "c2pa",
    "cryptography",
    "cv2",
    "defusedxml",
    "numpy",
    "pi_heif",
    "pydantic",
    "pypdfium2",
    "rawpy",
    "simplejpeg",
    "structlog",
)
"""The packages that the child imports: without one of them it does not start."""


class Floor(NamedTuple):
    """The layers that hold, or what is missing for the lowest; one of the two is empty."""

    layers: tuple[str, ...] = ()
    missing: str = ""


def uninstalled(packages: Iterable[str] = DECODERS) -> tuple[str, ...]:
    """Return those that are not there, as in an environment that was made for an older lock."""
    return tuple(one for one in packages if find_spec(one) is None)


def measure() -> Floor:
    """Try the sandbox in a process of its own: a lock cannot be taken off again."""
    done = subprocess.run(
        [sys.executable, "-m", "workers.media.sandbox.floor"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        layers, missing = json.loads(done.stdout)
    except ValueError:
        return Floor(missing="the trial did not start")
    return Floor(tuple(layers), missing)


def main() -> None:
    """Write a floor as JSON."""
    apart = unshare()
    try:
        seen = Floor((*trial(), *apart))
    except BelowFloorError as why:
        seen = Floor(missing=str(why))
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
