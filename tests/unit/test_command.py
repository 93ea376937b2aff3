import contextlib
import io
import re
from pathlib import Path

import pytest

import quancheng
from quancheng_tell import Teller

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "serve",
    "admit",
    "record",
    "export",
    "verify",
    "monitor",
    "redraw",
    "derive",
    "doctor",
    "examine",
    "fsck",
    "keys",
    "log",
    "reseal",
)


def help_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        quancheng.main([name, "--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_lists_the_commands(readme: str) -> None:
    """Every command stands in the table of both READMEs, and no other."""
    rows = re.findall(r"^\| `quancheng (\w+)` \|", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE)

    assert tuple(rows) == COMMANDS


def test_readme_and_help_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """The README's sentence of each command is the one that --help prints."""
    with pytest.raises(SystemExit):
        quancheng.main(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, sentence in re.findall(r"^\| `quancheng (\w+)` \| (.+?) \|$", readme, re.MULTILINE):
        assert f"{name} {sentence}" in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command explains itself and can answer a program."""
    text = help_of(name, capsys)

    assert "--json" in text
    assert text.startswith(f"usage: quancheng {name}")


@pytest.mark.parametrize("words", [[], ["nonsense"], ["verify"], ["serve", "--port", "x"]])
def test_wrong_use_is_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is used wrongly says so and exits with 2."""
    with pytest.raises(SystemExit) as caught:
        quancheng.main(words)

    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


class _Written(io.StringIO):
    """Keeps what was written in one go."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_line_and_its_end_are_written_in_one_go(*, as_json: bool) -> None:
    """Else a thread that logs to the same file comes between the two, and no program can read the line."""
    with contextlib.redirect_stdout(_Written()) as kept:
        Teller(as_json=as_json)("up", "text")

    assert [one for one in kept.pieces if one] == [kept.getvalue()]
    assert kept.getvalue().endswith("\n")
