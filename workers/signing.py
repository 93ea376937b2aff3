"""The server's side of its signer: a process of its own, which alone reads the log's key and ends with the server.

It is started first of all, since its libraries load beside everything else, and learns where it works once the database
is there. What the environment says of its keys goes to it, and leaves the server's; so does nothing of the server's to it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, cast

from schemas.refusals import REFUSALS
from schemas.refusals_command import SIGNER_ENDED
from storage.settings import StorageSettings
from storage.setup.home import SIGNER_ALONE
from workers.loop import OnEnd

_ROOT: Final = Path(__file__).resolve().parents[1]
_END_SECONDS: Final = 30.0
"""What the signer is at is done within some; a crash of it is none either."""

_LOOK_SECONDS: Final = 0.05
_NOT_ITS: Final = ("REGISTRY_KEY", "EXPORT_KEY", "FACTOR_KEY", "MIGRATION_DATABASE_URL")

NAME: Final = "signer"
"""What it is called where it ended by itself."""


class SignerProcess:
    """Start with `start`, end with `stop`; between them `work` says where, once.

    Args:
        on_end: Told, from a thread of its own, that the signer ended by itself: the server must not go on without it.
    """

    def __init__(self, on_end: OnEnd) -> None:
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._said: dict[str, Any] | None = None
        self._has_said = threading.Event()
        self._is_over = False
        self._listener = threading.Thread(target=self._listen, name=NAME)

    def start(self, home: Path) -> None:
        """Start the process; it waits to be told where it works. Its command names the data folder, for whoever looks."""
        environ = _split(os.environ)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, and our own folder
            [sys.executable, "-m", "workers.signer", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
        self._listener.start()

    def work(self, settings: StorageSettings, wait: Callable[[], object]) -> None:
        """Say where it works, and wait until it does.

        Args:
            settings: The server's; no key of them is passed on.
            wait: Asked again and again; raises where nobody waits any more.

        Raises:
            EvidenceError: it refuses, as `check_writer` does, or ended before it said anything (`signer-ended`).
        """
        told = {
            "database_url": settings.database_url.get_secret_value(),
            "objects_url": settings.objects_url.get_secret_value(),
            "log_origin": settings.log_origin,
        }
        with suppress(OSError):  # it has ended: what it said, or did not, is read below
            self._stdin.write(json.dumps(told).encode() + b"\n")
            self._stdin.flush()
        while not self._has_said.wait(_LOOK_SECONDS):
            wait()
        said = self._said
        if said is None:
            raise SIGNER_ENDED("签署进程未能启动 the signer did not start: see the log")
        if "problem" in said:
            raise REFUSALS[said["problem"]](said["detail"])

    def stop(self) -> None:
        """Let it end what it is at; returns when it has ended, also a second time."""
        self._is_over = True
        if self._process is None:
            return
        with suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._stdout.close()

    @property
    def pid(self) -> int:
        """Which process it is."""
        return self._started().pid

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._started().stdin)  # a pipe

    @property
    def _stdout(self) -> IO[bytes]:
        return cast("IO[bytes]", self._started().stdout)  # as above

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process

    def _listen(self) -> None:
        """Hear the one line that it says, then its end."""
        with suppress(ValueError):
            self._said = json.loads(self._stdout.readline() or b"null")
        is_signing = self._said is not None and "problem" not in self._said
        self._has_said.set()
        self._stdout.read()
        if is_signing and not self._is_over:
            self._on_end(NAME)


def _split(environ: MutableMapping[str, str]) -> Mapping[str, str]:
    """Return what the signer gets of the environment, and take from it what is the signer's alone."""
    left = [f"{name}{ending}" for name in _NOT_ITS for ending in ("", "_FILE")]
    given = {name: value for name, value in environ.items() if name not in left}
    for name in SIGNER_ALONE:
        for ending in ("", "_FILE"):
            environ.pop(f"{name.upper()}{ending}", None)
    return given
