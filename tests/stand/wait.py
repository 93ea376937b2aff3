"""Waiting for others: free ports, whether somebody answers, and patience that a busy machine does not use up."""

import socket
import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE_SECONDS = 300.0
"""The end of every wait: what is only slow, on however busy a machine, has come true long before."""

FIRST_SECONDS, SLOWEST_SECONDS = 0.02, 0.3
"""Between two looks. A look is often a request: who asks all the time takes the processor from what is waited for."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(PATIENCE_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def wait_until(
    is_true: Callable[[], object],
    seconds: float = PATIENCE_SECONDS,
    *,
    slowest_seconds: float = SLOWEST_SECONDS,
) -> bool:
    """Poll until it is true; False when the time is over. Each look is a fifth later than the one before."""
    ends, pace = time.monotonic() + seconds, FIRST_SECONDS
    while not is_true():
        if time.monotonic() > ends:
            return False
        time.sleep(pace)
        pace = min(pace * 1.2, slowest_seconds)
    return True


def until(
    is_true: Callable[[], object],
    what: Callable[[], str] | str,
    *,
    slowest_seconds: float = SLOWEST_SECONDS,
) -> None:
    """Wait for what other processes bring about; `what` says what was waited for when it never came."""
    if not wait_until(is_true, slowest_seconds=slowest_seconds):
        raise AssertionError(f"it did not come true in time: {what if isinstance(what, str) else what()}")
