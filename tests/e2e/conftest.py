"""What tests of the whole product share."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stand import ROOT


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder that is not there yet; what still runs in it at the end is stopped."""
    folder = tmp_path / "home"
    yield folder
    if (folder / "postgres").exists():
        words = [sys.executable, "-m", "tests.stand", "stop", str(folder / "postgres")]
        subprocess.run(words, cwd=ROOT, check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
