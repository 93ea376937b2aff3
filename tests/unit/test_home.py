"""The data folder of the embedded default: private, also when somebody made it otherwise."""

import stat
from pathlib import Path

import pytest

from storage.setup.embedded import can_unshare
from storage.setup.home import Home


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o701])
def test_an_open_data_folder_is_closed_and_said(mode: int, tmp_path: Path) -> None:
    """Whoever made the folder with an ordinary umask left keys and database to be read by every account."""
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(mode)
    was_open = Home(folder).prepare()
    left = stat.S_IMODE(folder.stat().st_mode)
    assert left == 0o700 or (left == 0o711 and not can_unshare())
    assert was_open in (mode, None)
    assert Home(folder).prepare() is None


def test_a_folder_of_our_own_is_private_from_the_start(tmp_path: Path) -> None:
    """What is made is closed, and nothing is said."""
    home = Home(tmp_path / "home")
    assert home.prepare() is None
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home.path / "keys").iterdir()} == {0o600}
