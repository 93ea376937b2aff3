"""Whatever is changed in a file, its reader gives an answer of the house; some hundred cases here, many in `make soak`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crowds import program
from tests.fuzz import KINDS, made
from workers.media.source import Source
from workers.media.structure.program import read_program
from workers.media.work import QUICK, Work

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5


def test_mutated_files_of_every_kind_are_answered() -> None:
    """Some cases of each kind, the same in every run: no exception, no signal, no end without an answer, little memory."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", str(ROUNDS * len(KINDS))],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    assert f"{ROUNDS * len(KINDS)} cases of {len(KINDS)} kinds, seed 1: 0 failed" in done.stdout


def test_a_case_is_made_of_its_seed_alone() -> None:
    """What failed once can be made again, and every kind has its turn."""
    kinds = {made(7, number).kind for number in range(len(KINDS))}

    assert kinds == set(KINDS)
    assert made(7, 8) == made(7, 8)
    assert made(7, 3).payload != made(8, 3).payload


@pytest.mark.parametrize("kept", range(4, 14))
def test_a_programme_stream_may_end_in_the_head_of_a_pack(tmp_path: Path, kept: int) -> None:
    """Wherever the head breaks off, the stream is cut off and nothing is asked of what is not there."""
    path = tmp_path / "a.mpg"
    path.write_bytes(program(3) + program(1)[:kept])
    with Source.at(path) as source:
        met = read_program(source, Work(QUICK)).continuity_met

    assert [one.code for one in met or ()] == ["stream-cut-off"]
