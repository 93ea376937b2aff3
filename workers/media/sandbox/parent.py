"""The parent's side of the decoder child: one long-lived process, killed and replaced when it misbehaves.

The child forks for each file; the fork is confined and is handed two descriptors, the file and a pipe for the answer
(`child`). A decoder that crashed, hung or ate its memory says nothing about the recording: the check becomes
`not_checked` with the reason, and the recording goes on to be sealed on what was checked. Where the machine cannot
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
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from workers.media.container import check_container, note
from workers.media.result import Limits, Probe, Stop
from workers.media.sandbox.pipe import BrokenPipeFrameError, pack_request, read_frame, read_probe
from workers.media.sniff import HEAD_BYTES, check_name, sniff
from workers.media.work import Lane

_ROOT = Path(__file__).resolve().parents[2]
_STDERR_BYTES = 4096
_CHUNK = 64 * 1024
_REPORT_BYTES = 4096
_START_SECONDS = 60.0
"""Importing the decoders takes half a second on a quiet machine; this is added to the first file's time."""

_log = structlog.get_logger(__name__)


class _DecoderFailedError(Exception):
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
                raise _DecoderFailedError("decoder-timeout")
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
            raise _DecoderFailedError(_ended(self.process.wait()))
        seen: dict[str, Any] = json.loads(text)
        return seen

    def _drain(self, errors: int) -> bool:
        part = os.read(errors, _CHUNK)
        self.stderr += part
        del self.stderr[: -2 * _STDERR_BYTES]
        return bool(part)


class Sandbox:
    """Runs `probe` in a confined child under limits. One file at a time; more threads wait for each other.

    `peak_rss_bytes` is the largest resident size any of its children has reported, for benches. `module` is what
    the child runs.
    """

    def __init__(self, limits: Limits | None = None, *, module: str = "workers.media.sandbox.child") -> None:
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

    def probe(self, path: Path, *, filename: str, lane: Lane = Lane.SLOW) -> Probe:
        """Look into the file at `path`, which the device called `filename`.

        Never raises for what the file is like: a child that ended badly becomes `not_checked` with
        `decoder-crashed`, `decoder-timeout` or `decoder-memory`, and the next file gets a new one. On a machine that
        cannot confine a child it is `not_checked` with `no-sandbox`, and no decoder has seen the file.
        `lane` says how much work the look may cost.

        Raises:
            OSError: the file cannot be read by the parent either.
        """
        with path.open("rb", buffering=0) as file, self._lock:
            size = os.fstat(file.fileno()).st_size
            try:
                return self._ask(file.fileno(), filename, lane, self.limits.wall_seconds(size, lane))
            except _DecoderFailedError as why:
                if not why.is_sound:
                    self._end()
                _log.warning("decoder_failed", code=why.code, size_bytes=size)
                return _unanswered(file.fileno(), filename, why.code)

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

    def _ask(self, file: int, filename: str, lane: Lane, seconds: float) -> Probe:
        if self._child is None:
            self._child = _Child(self._module, self.limits)
            _begin(self._child)
        child, deadline = self._child, time.monotonic() + seconds
        try:
            return self._answer(child, file, pack_request(filename, lane), deadline)
        finally:
            self.last_stderr = bytes(child.stderr[-_STDERR_BYTES:])

    def _answer(self, child: _Child, file: int, request: bytes, deadline: float) -> Probe:
        seen, told = os.pipe()
        with os.fdopen(seen, "rb", buffering=0):
            try:
                socket.send_fds(child.socket, [request], [file, told])
            except OSError as why:
                raise _DecoderFailedError(_ended(child.process.wait())) from why
            finally:
                os.close(told)
            reader = _Reader(child, seen, deadline)
            try:
                header = read_frame(reader.read)
                answer = None if header.get("memory") else read_probe(header, reader.read)
            except BrokenPipeFrameError as why:
                raise _DecoderFailedError("decoder-crashed") from why
            except EOFError:
                header, answer = {}, None
        report = child.report(deadline)
        self._count(child, report)
        if answer is None:
            code = "decoder-memory" if header.get("memory") else _of_status(report["status"])
            raise _DecoderFailedError(code, is_sound=True)
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
        _DecoderFailedError: the machine cannot confine it, or it did not start.
    """
    said = child.report(time.monotonic() + _START_SECONDS)
    if "below_floor" in said:
        _log.critical("sandbox_unavailable", reason=said["below_floor"])
        raise _DecoderFailedError("no-sandbox")
    child.layers = tuple(said["layers"])


def _of_status(status: int) -> str:
    """Tell how a fork ended by its wait status: the kernel's SIGXCPU is the end of its processor time."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "decoder-timeout"
    return _ended(os.waitstatus_to_exitcode(status))


def _ended(code: int) -> str:
    """Tell how a process ended by its exit code: SIGKILL that we did not send is the out-of-memory killer's."""
    return "decoder-memory" if code == -signal.SIGKILL else "decoder-crashed"


def _unanswered(file: int, filename: str, code: str) -> Probe:
    """What the parent can say alone: the type by the first bytes, and that nothing was decoded."""
    media_type = sniff(os.pread(file, HEAD_BYTES, 0))
    undecoded = check_container([note(code)])
    stopped = Stop.TIME if code == "decoder-timeout" else None
    return Probe(media_type=media_type, checks=(check_name(filename, media_type), undecoded), stopped=stopped)
