"""The real application on a loopback port, over a store of the test's own."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from storage.store import Store
from tests.stand import COMMANDS, ROOT


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(store: Store, settings: ApiSettings | None = None) -> Iterator[str]:
    """Serve from a thread; yields the base address."""
    port = free_port()
    app = create_app(settings or ApiSettings(), store)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it had started"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def running(
    name: str, environment: dict[str, str], log: Path, **places: object
) -> Iterator[subprocess.Popen[bytes]]:
    """One of the product's processes by the words of the compose file; ended with its whole group."""
    words = [word.format(**places) for word in COMMANDS[name]]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, env=environment, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, how)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    continue
