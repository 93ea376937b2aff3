"""The measurements are run by people now and then, so what they import is looked at here."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "bench").glob("*.py")))
def test_a_measurement_finds_what_it_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A name that has moved elsewhere is met by the suite, not by whoever wants a figure."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    assert importlib.import_module(f"bench.{name}").__doc__
