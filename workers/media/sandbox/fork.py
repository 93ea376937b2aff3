"""One long-lived child process, killed and replaced when it misbehaves; it forks for each file that it is handed.

The fork is confined and holds two descriptors, the file and a pipe for the answer (`child`). What comes over the pipe is
read by whoever asked; that a decoder crashed, hung or ate its memory is told by one exception. Where the machine cannot
confine a child, nothing is decoded at all.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from workers.media.result import Limits
from workers.media.sandbox.pipe import BrokenPipeFrameError, Read

_ROOT = Path(__file__).resolve().parents[3]
_STDERR_BYTES = 4096
_CHUNK = 64 * 1024
_REPORT_BYTES = 4096
_START_SECONDS = 60.0
"""Importing the decoders takes half a second on a quiet machine; this is added to the first file's time."""

_log = structlog.get_logger(__name__)

Answered = TypeVar("Answered")


class DecoderFailedError(Exception):
    """The child gave no answer; `code` says how it ended, `is_sound` whether only its fork did."""

    def __init__(self, code: str, *, is_sound: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_sound = is_sound


class _Child:
    """A started child: its process, our end of its socket, and what it last wrote to stderr."""

    def __init__(self, module: str, limits: Limits) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # No secret of the parent reaches the child; one BLAS thread, or its stacks fill the address space.
        env = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(_ROOT),
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, nothing from outside
                [sys.executable, "-m", module, limits.model_dump_json()],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=env,
                bufsize=0,
                start_new_session=True,
            )
        self.socket = ours
        self.stderr = bytearray()
        self.served = 0
        self.layers: tuple[str, ...] = ()

    def end(self) -> None:
        """Kill the child and the fork that may be at work; both are in the session it was started in."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.socket.close()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def wait(self, descriptor: int, deadline: float) -> None:
        """Wait until there is something to read; drains stderr meanwhile, or a talkative library would block."""
        errors = self.process.stderr.fileno() if self.process.stderr is not None else -1
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.register(errors, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DecoderFailedError("decoder-timeout")
            ready = dict(poll.poll(left * 1000))
            if errors in ready and not self._drain(errors):
                poll.unregister(errors)
            if descriptor in ready:
                return

    def report(self, deadline: float) -> dict[str, Any]:
        """Read the next message of the child itself; what a fork writes cannot come this way."""
        self.wait(self.socket.fileno(), deadline)
        try:
            text = self.socket.recv(_REPORT_BYTES)
        except OSError:
            text = b""
        if not text:
            raise DecoderFailedError(_ended(self.process.wait()))
        seen: dict[str, Any] = json.loads(text)
        return seen

    def _drain(self, errors: int) -> bool:
        part = os.read(errors, _CHUNK)
        self.stderr += part
        del self.stderr[: -2 * _STDERR_BYTES]
        return bool(part)


class MemoryToldError(Exception):
    """The fork says itself that it needed more memory than it may have."""


class Confined:
    """Runs a module in a confined child under limits. One file at a time; more threads wait for each other.

    `peak_rss_bytes` is the largest resident size any of its children has reported, for benches. `module` is what
    the child runs.
    """

    def __init__(self, limits: Limits | None = None, *, module: str) -> None:
        self.limits = limits or Limits()
        self.peak_rss_bytes = 0
        self.last_stderr = b""
        self._module = module
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Process id of the living child."""
        return self._child.process.pid if self._child else None

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that hold the living child."""
        return self._child.layers if self._child else ()

    def _asked(
        self, path: Path, request: bytes, seconds: float, take: Callable[[Read], Answered]
    ) -> Answered:
        """Hand the child the file at `path` and read what its fork answers within so many seconds.

        Raises:
            DecoderFailedError: it gave no answer; a child that is not sound is gone, and the next file gets a new one.
            OSError: the file cannot be read by the parent either.
        """
        with path.open("rb", buffering=0) as file, self._lock:
            try:
                return self._ask(file.fileno(), request, seconds, take)
            except DecoderFailedError as why:
                if not why.is_sound:
                    self._end()
                _log.warning("decoder_failed", code=why.code, size_bytes=os.fstat(file.fileno()).st_size)
                raise

    def _ask(self, file: int, request: bytes, seconds: float, take: Callable[[Read], Answered]) -> Answered:
        if self._child is None:
            self._child = _Child(self._module, self.limits)
            _begin(self._child)
        child, deadline = self._child, time.monotonic() + seconds
        try:
            return self._answer(child, file, request, deadline, take)
        finally:
            self.last_stderr = bytes(child.stderr[-_STDERR_BYTES:])

    def _answer(
        self, child: _Child, file: int, request: bytes, deadline: float, take: Callable[[Read], Answered]
    ) -> Answered:
        seen, told = os.pipe()
        answer: Answered | None = None
        is_memory = False
        with os.fdopen(seen, "rb", buffering=0):
            try:
                socket.send_fds(child.socket, [request], [file, told])
            except OSError as why:
                raise DecoderFailedError(_ended(child.process.wait())) from why
            finally:
                os.close(told)
            try:
                answer = take(_Reader(child, seen, deadline).read)
            except BrokenPipeFrameError as why:
                raise DecoderFailedError("decoder-crashed") from why
            except MemoryToldError:
                is_memory = True
            except EOFError:
                answer = None
        report = child.report(deadline)
        self._count(child, report)
        if answer is None:
            code = "decoder-memory" if is_memory else _of_status(report["status"])
            raise DecoderFailedError(code, is_sound=True)
        return answer

    def _count(self, child: _Child, report: dict[str, Any]) -> None:
        self.peak_rss_bytes = max(self.peak_rss_bytes, int(report["peak_rss_bytes"]))
        child.served += 1
        if child.served >= self.limits.recycle_after:
            self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Reader:
    """Reads what a fork answers, with a deadline."""

    def __init__(self, child: _Child, descriptor: int, deadline: float) -> None:
        self._child = child
        self._descriptor = descriptor
        self._deadline = deadline

    def read(self, length: int) -> bytes:
        parts = []
        while length:
            self._child.wait(self._descriptor, self._deadline)
            part = os.read(self._descriptor, min(length, _CHUNK))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def _begin(child: _Child) -> None:
    """Wait for a new child to have loaded its decoders.

    Raises:
        DecoderFailedError: the machine cannot confine it, or it did not start.
    """
    said = child.report(time.monotonic() + _START_SECONDS)
    if "below_floor" in said:
        _log.critical("sandbox_unavailable", reason=said["below_floor"])
        raise DecoderFailedError("no-sandbox")
    child.layers = tuple(said["layers"])


def _of_status(status: int) -> str:
    """Tell how a fork ended by its wait status: the kernel's SIGXCPU is the end of its processor time."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "decoder-timeout"
    return _ended(os.waitstatus_to_exitcode(status))


def _ended(code: int) -> str:
    """Tell how a process ended by its exit code: SIGKILL that we did not send is the out-of-memory killer's."""
    return "decoder-memory" if code == -signal.SIGKILL else "decoder-crashed"
