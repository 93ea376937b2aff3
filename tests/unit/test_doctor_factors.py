"""The doctor on second factors: they may be left out, but not where somebody must have one."""

import base64
from pathlib import Path

import pytest

from schemas.health import Health, HealthPart
from storage.setup.home import Home
from workers.doctor import Finding, examine

KEY = base64.b64encode(bytes(32)).decode()


def found(home: Path) -> Finding:
    return next(one for one in examine(Home(home)) if one.part is HealthPart.FACTOR_KEY)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"FACTOR_KEY": KEY}, (Health.KEY_PRESENT, True, False)),
        ({}, (Health.FACTORS_OFF, True, True)),
        ({"SECOND_FACTOR_ROLES": "admin,security"}, (Health.FACTORS_DEMANDED, False, False)),
        ({"FACTOR_KEY": "c2hvcnQ="}, (Health.KEY_UNUSABLE, False, False)),
    ],
)
def test_the_key_of_second_factors(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: dict[str, str],
    told: tuple[Health, bool, bool],
) -> None:
    """Without a key nobody sets one up, which is told; with roles that need one it is a fault."""
    for name in ("FACTOR_KEY", "SECOND_FACTOR_ROLES"):
        monkeypatch.delenv(name, raising=False)
    address = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "OBJECTS_URL": f"file://{tmp_path}/objects",
    }
    for name, text in {**address, **given}.items():
        monkeypatch.setenv(name, text)
    one = found(tmp_path)
    assert (one.code, one.is_good, one.is_warned) == told
