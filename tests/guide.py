"""VERIFY.md as a court follows it: every block run where package and trust file lie side by side."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from schemas.package_guide import GUIDE

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = Path(__file__).parents[1] / "quancheng.py"


def blocks() -> list[str]:
    return BLOCK.findall(GUIDE)


def run_guide(folder: Path, *, stem: str, until: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the guide's blocks, all or the first so many; `stem` is the package's name without its end."""
    command = f'quancheng() {{ {shlex.join([sys.executable, str(COMMAND)])} "$@"; }}'
    text = "\n".join([command, *blocks()[:until]]).replace("PACKAGE='PACKAGE'", f"PACKAGE={stem!r}", 1)
    return subprocess.run(["bash", "-e", "-c", text], cwd=folder, capture_output=True, text=True, check=False)
