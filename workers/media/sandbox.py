"""The parent's side of the decoder child: one long-lived process, killed and replaced when it misbehaves.

A decoder that crashed, hung or ate its memory says nothing about the recording: the check becomes
`not_checked` with the reason, and the recording goes on to be sealed on what was checked.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from workers.media.container import check_container, note
from workers.media.pipe import BrokenPipeFrameError, pack, read_frame, read_probe
from workers.media.result import Limits, Probe
from workers.media.sniff import HEAD_BYTES, check_name, sniff

_ROOT = Path(__file__).resolve().parents[2]
_STDERR_BYTES = 4096
_CHUNK = 64 * 1024
_START_SECONDS = 30.0
"""Importing the decoders takes half a second on a quiet machine; this is added to the first file's time."""

_log = structlog.get_logger(__name__)


class _DecoderFailedError(Exception):
    """The child gave no answer; `code` says how it ended."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sandbox:
    """Runs `probe` in a child under limits. One file at a time; more threads wait for each other.

    `peak_rss_bytes` is the largest resident size any of its children has reported, for benches.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.peak_rss_bytes = 0
        self.last_stderr = b""
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def probe(self, path: Path, *, filename: str) -> Probe:
        """Look into the file at `path`, which the device called `filename`.

        Never raises for what the file is like: a child that ended badly becomes `not_checked` with
        `decoder-crashed`, `decoder-timeout` or `decoder-memory`, and the next file gets a new child.

        Raises:
            OSError: the file cannot be read by the parent either.
        """
        seconds = self.limits.wall_seconds(path.stat().st_size)
        with self._lock:
            try:
                return self._ask(path, filename, seconds)
            except _DecoderFailedError as why:
                self._end()
                _log.warning("decoder_failed", code=why.code, size_bytes=path.stat().st_size)
                return _unanswered(path, filename, why.code)

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Process id of the living child."""
        return self._child.pid if self._child else None

    def _ask(self, path: Path, filename: str, seconds: float) -> Probe:
        if self._child is None:
            self._child = self._start()
            seconds += _START_SECONDS
        reader = _Reader(self._child, time.monotonic() + seconds)
        request = pack({"path": os.fspath(path.resolve()), "filename": filename})
        try:
            reader.write(request)
            header = read_frame(reader.read)
            if header.get("memory"):
                raise _DecoderFailedError("decoder-memory")
            answer = read_probe(header, reader.read)
        except BrokenPipeFrameError as why:
            raise _DecoderFailedError("decoder-crashed") from why
        finally:
            self.last_stderr = bytes(reader.stderr[-_STDERR_BYTES:])
        self._count(header)
        return answer

    def _count(self, header: dict[str, Any]) -> None:
        self.peak_rss_bytes = max(self.peak_rss_bytes, int(header.get("peak_rss_bytes", 0)))
        self._served += 1
        if self._served >= self.limits.recycle_after:
            self._end()

    def _start(self) -> subprocess.Popen[bytes]:
        self._served = 0
        command = [sys.executable, "-m", "workers.media.child", self.limits.model_dump_json()]
        # No secret of the parent reaches the child; one BLAS thread, or its stacks fill the address space.
        env = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(_ROOT),
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, nothing from outside
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            bufsize=0,
            start_new_session=True,
        )
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        return child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()


class _Reader:
    """Reads and writes with a deadline; drains stderr meanwhile, or a talkative library would block."""

    def __init__(self, child: subprocess.Popen[bytes], deadline: float) -> None:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise _DecoderFailedError("decoder-crashed")
        self._child = child
        self._in, self._out, self._err = (p.fileno() for p in (child.stdin, child.stdout, child.stderr))
        self._deadline = deadline
        self.stderr = bytearray()

    def write(self, frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            self._wait(self._in, select.POLLOUT)
            try:
                view = view[os.write(self._in, view) :]
            except BrokenPipeError as why:
                raise _DecoderFailedError(self._ended()) from why

    def read(self, length: int) -> bytes:
        parts = []
        while length:
            self._wait(self._out, select.POLLIN)
            part = os.read(self._out, min(length, _CHUNK))
            if not part:
                raise _DecoderFailedError(self._ended())
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._err, select.POLLIN)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise _DecoderFailedError("decoder-timeout")
            ready = dict(poll.poll(left * 1000))
            if self._err in ready and not self._drain():
                poll.unregister(self._err)
            if descriptor in ready:
                return

    def _drain(self) -> bool:
        part = os.read(self._err, _CHUNK)
        self.stderr += part
        del self.stderr[: -2 * _STDERR_BYTES]
        return bool(part)

    def _ended(self) -> str:
        """Tell how the child ended: SIGKILL that we did not send is the kernel's out-of-memory killer."""
        try:
            code = self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "decoder-crashed"
        return "decoder-memory" if code == -signal.SIGKILL else "decoder-crashed"


def _unanswered(path: Path, filename: str, code: str) -> Probe:
    """What the parent can say alone: the type by the first bytes, and that nothing was decoded."""
    with path.open("rb") as source:
        media_type = sniff(source.read(HEAD_BYTES))
    undecoded = check_container([note(code)])
    return Probe(media_type=media_type, checks=(check_name(filename, media_type), undecoded))
