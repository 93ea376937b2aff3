"""The doctor on the key of personal data: without it no case can be read, and a malformed one hides nothing else."""

import base64
from pathlib import Path

import pytest

from schemas.health import Health, HealthPart
from storage.setup.home import Home
from workers.doctor import examine

KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PERSONAL_KEY": KEY}, (Health.KEY_PRESENT, True)),
        ({}, (Health.KEY_UNUSABLE, False)),
        ({"PERSONAL_KEY": "c2hvcnQ="}, (Health.KEY_UNUSABLE, False)),
        ({"PERSONAL_KEY": KEY, "PERSONAL_KEY_BEFORE": "c2hvcnQ="}, (Health.KEY_UNUSABLE, False)),
    ],
)
def test_the_key_of_personal_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], told: tuple[Health, bool]
) -> None:
    """It is demanded, named where it is missing, and never repeated; the database is looked at all the same."""
    monkeypatch.delenv("PERSONAL_KEY", raising=False)
    address = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "OBJECTS_URL": f"file://{tmp_path}/objects",
    }
    for name, text in {**address, **given}.items():
        monkeypatch.setenv(name, text)
    found = {one.part: one for one in examine(Home(tmp_path))}

    one = found[HealthPart.PERSONAL_KEY]
    assert "PERSONAL_KEY_BEFORE" not in given or "PERSONAL_KEY_BEFORE" in str(one)
    assert (one.code, one.is_good) == told
    assert one.is_good or "PERSONAL_KEY" in str(one)
    assert "c2hvcnQ" not in str(one)
    assert found[HealthPart.DATABASE].code is Health.DATABASE_SILENT
