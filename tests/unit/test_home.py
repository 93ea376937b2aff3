"""The data folder of the embedded default: private, also when somebody made it otherwise."""

import re
import stat
from pathlib import Path

import pytest

from storage.settings import ORIGIN_BEFORE
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


def test_every_home_draws_a_name_for_its_log_and_one_of_before_keeps_the_old_one(tmp_path: Path) -> None:
    """The name is drawn with the log's key; where the key is there and no name, the log has the name that all had."""
    drawn = [Home(tmp_path / name) for name in "ab"]
    for home in drawn:
        home.prepare()
    first = drawn[0].log_origin
    assert first != drawn[1].log_origin
    assert re.fullmatch(r"quancheng\.local/[0-9a-f]{10}", first)
    drawn[0].prepare()
    assert drawn[0].log_origin == first
    (drawn[0].path / "keys" / "log_origin.txt").unlink()
    assert drawn[0].log_origin == ORIGIN_BEFORE
    drawn[0].prepare()
    assert drawn[0].log_origin == ORIGIN_BEFORE
    nothing = Home(tmp_path / "nothing")
    assert (nothing.log_origin, nothing.keys()) == ("", {})
