"""What a command says and how it ends: text for a person or JSON lines for a program, and its exit code."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.account import Link

OK, BROKEN, MISUSED, UNREACHABLE = 0, 1, 2, 3


class Teller:
    """Tells a person what happens, or a program in JSON lines; never both. `progress` is for a person only."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()

    def __call__(self, event: str, text: str, **facts: object) -> None:
        if not self._as_json:
            self._write(f"[{time.monotonic() - self._began:5.1f} s] {text}")
        elif event != "progress":
            self._write(json.dumps({"event": event, **facts}, ensure_ascii=False))

    def _write(self, line: str) -> None:
        """Write a line with its end in one go: threads that log to the same file would come between the two."""
        print(f"{line}\n", end="", flush=True)


def guarded(say: Teller, run: Callable[[], int]) -> int:
    """Turn what a person can mend into one sentence and an exit code; never a trace, never a secret."""
    from schemas.errors import EvidenceError, IntegrityBroken, Invalid

    try:
        return run()
    except Invalid as err:
        say("used_wrongly", f"✗ {err.detail}", problem=err.slug)
        return MISUSED
    except IntegrityBroken as err:
        say("integrity_broken", f"✗ {err.refusal.zh} {err.refusal.en}: {err.detail}", problem=err.slug)
        return BROKEN
    except EvidenceError as err:
        say("part_missing", f"✗ {err.detail}", problem=err.slug)
        return UNREACHABLE


def say_link(say: Teller, address: str, link: Link) -> None:
    """Say where an administrator comes in: to whoever runs the server, and to nobody's log."""
    from schemas.base import rfc3339

    url = f"{address}/console/admit/{link.code}"
    said = "开通系统管理员的一次性链接，30 分钟内有效 for the administrator, once, within 30 minutes"
    say("admission", f"{said}:\n  {url}", url=url, expires_at=rfc3339(link.expires_at))
