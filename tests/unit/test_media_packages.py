"""What the decoders import is named, so that the doctor can say what an older environment lacks."""

import ast
import sys

from tests.stand import ROOT
from workers.media.sandbox.floor import DECODERS, uninstalled


def imported() -> set[str]:
    """Every package that a module of the decoders imports, ours and Python's own left out."""
    found: set[str] = set()
    for path in (ROOT / "workers" / "media").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"schemas", "storage", "workers"}


def test_every_package_of_the_decoders_is_named() -> None:
    assert set(DECODERS) == imported()


def test_what_is_not_installed_is_told() -> None:
    assert uninstalled() == ()
    assert uninstalled(["numpy", "no_such_package"]) == ("no_such_package",)
