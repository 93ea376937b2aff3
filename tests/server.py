"""The real application on a loopback port, over a store of the test's own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.listen import configured
from api.settings import ApiSettings
from api.sso_settings import SsoSettings
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from tests.stand import COMMANDS, PATIENCE_SECONDS, ROOT, answers, free_port, until


@contextmanager
def serving(
    store: Store,
    settings: ApiSettings | None = None,
    *,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    sso: SsoSettings | None = None,
    port: int = 0,
) -> Iterator[str]:
    """Serve from a thread; yields the base address. `around` may listen in on what reaches the application."""
    port = port or free_port()
    app = around(create_app(settings or ApiSettings(), store, sso))
    server = uvicorn.Server(configured(app, host="127.0.0.1", port=port, log_level="error"))
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
def serving_apart(
    store: Store, *, log: IO[bytes] | None = None, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The application over the same store in a process of its own; yields it and its address. It talks to `log`."""
    names = (
        "database_url",
        "objects_url",
        "log_key",
        "registry_key",
        "export_key",
        *TICKET_KEYS,
        "factor_key",
        "personal_key",
    )
    secrets = {name.upper(): getattr(store.settings, name).get_secret_value() for name in names}
    port = free_port()
    words = [word.format(host="127.0.0.1", port=port) for word in COMMANDS["api"]]
    server = subprocess.Popen(
        [sys.executable, "-m", *words, "--log-level", "error"],
        cwd=ROOT,
        env={**os.environ, **secrets, **environment},
        stdout=log,
        stderr=log,
    )
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/v1/health"), "the server answers")
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


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
                    process.wait(timeout=PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
