"""What `quancheng serve` left in the data folder for its demo organisation, so that a newcomer needs no options."""

import json
import os
from pathlib import Path
from typing import NamedTuple


class Demo(NamedTuple):
    """Address, one-time code and certificate numbers; nothing where there is no demo."""

    server: str | None = None
    enrolment_code: str | None = None
    officers: tuple[str, ...] = ()


def demo_of(home: Path) -> Demo:
    """Return what is left in the data folder `home`."""
    try:
        left = json.loads((home / "demo.json").read_bytes())
        return Demo(left.get("server"), left.get("enrolment_code"), tuple(left.get("officers", ())))
    except (OSError, ValueError, AttributeError, TypeError):
        return Demo()  # a help for newcomers: without it the options say the same


def chosen_server(wish: str | None, demo: Demo) -> str:
    """Return the server's address: the option, the environment, the demo's, or this machine."""
    port = os.environ.get("QUANCHENG_PORT", "8080")
    return wish or os.environ.get("QUANCHENG_SERVER") or demo.server or f"http://127.0.0.1:{port}"
