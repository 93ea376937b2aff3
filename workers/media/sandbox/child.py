"""The decoder child: `python -m workers.media.sandbox.child LIMITS`, started by `Sandbox` with a socket as its input.

It imports the decoders, reads one built-in sample of every kind, and from then on forks once for each request. The
fork is confined before it sees the file: it holds the file's descriptor, one to answer on, and stderr – no path, no
connection, no secret, and nothing of the file before or after it. A Python error ends it with a traceback on stderr;
the parent says `decoder-crashed`. A crash here leaves nothing: the recording is still where it was.
"""

import codecs
import encodings
import gc
import importlib
import json
import os
import pkgutil
import select
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

from schemas.tolerance import Tolerances
from workers.media.result import Limits, Probe
from workers.media.sandbox.confine import Layer, bound, confine, trial, unshare
from workers.media.sandbox.pipe import MAX_REQUEST_BYTES, pack, pack_probe
from workers.media.sandbox.samples import SAMPLES
from workers.media.sandbox.seccomp import BelowFloorError
from workers.media.source import Source
from workers.media.work import Lane

Look = Callable[..., Probe]
"""Called as `look(source, filename=…, limits=…, lane=…)` in the confined fork."""

Write = Callable[[bytes], None]

_LOADED_LATE = ("_strptime", "linecache", "tokenize")
"""What the standard library imports in mid-call."""

_LATER_NICE = 10


class Request(NamedTuple):
    """One file to look into: open, where the answer goes, in which lane, and all that the parent said in its message."""

    file: int
    answer: int
    lane: Lane
    said: dict[str, Any]


Answer = Callable[[Source, Request, Limits, Write], None]
"""Writes the answer to one request, in the confined fork."""


def serve(parent: socket.socket, limits: Limits, answer: Answer) -> None:
    """Fork for every request of the parent until it closes its end."""
    while (request := _request(parent)) is not None:
        alive, held = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(alive)
            parent.close()
            _decode(request, limits, answer)
        for descriptor in (held, request.file, request.answer):
            os.close(descriptor)
        _await(parent, alive, child)


def _decode(request: Request, limits: Limits, answer: Answer) -> None:
    """Answer one request in the fork, and end it whatever happens."""
    code = 1
    try:
        source = Source(request.file)
        if request.lane is Lane.LATER:
            os.nice(_LATER_NICE)  # nobody's verdict waits for it
        bound(limits, cpu_seconds=limits.cpu_seconds(source.size_bytes, request.lane))
        confine()
        answer(source, request, limits, partial(_write, request.answer))
        code = 0
    except BaseException:  # noqa: BLE001 - this process ends here and must not run the parent's code
        with suppress(OSError):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(code)


def looking(look: Look) -> Answer:
    """Return the answer that one look at a file gives."""

    def answer(source: Source, request: Request, limits: Limits, write: Write) -> None:
        filename, allowed = request.said["filename"], Tolerances(**request.said["allowed"])
        told = limits.model_copy(update={"allowed": allowed})
        try:
            write(pack_probe(look(source, filename=filename, limits=told, lane=request.lane)))
        except MemoryError:
            write(pack({"memory": True}))

    return answer


def _await(parent: socket.socket, alive: int, child: int) -> None:
    """Report how the fork ended; one whose parent is gone is ended."""
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    poll.register(parent, select.POLLIN)
    ready = dict(poll.poll())
    if parent.fileno() in ready:
        os.kill(child, 9)
    os.close(alive)
    _, status, used = os.wait4(child, 0)
    report = {"status": status, "peak_rss_bytes": used.ru_maxrss * 1024}
    with suppress(OSError):
        parent.send(json.dumps(report).encode())


def _request(parent: socket.socket) -> Request | None:
    """Read one message and its two descriptors: the file, and the pipe for the answer."""
    text, descriptors, _, _ = socket.recv_fds(parent, MAX_REQUEST_BYTES, 2)
    if not text:
        return None
    file, answer = descriptors
    words = json.loads(text)
    return Request(file, answer, Lane(words["lane"]), words)


def _write(target: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(target, view) :]


def load() -> Look:
    """Import the decoders and use each once: whatever they load at the first file is loaded from now on."""
    load_late()
    decoders = importlib.import_module("workers.media.probe")
    look: Look = decoders.look
    for name, payload in SAMPLES.items():
        with sample(name, payload) as source:
            pack_probe(look(source, filename=name, limits=Limits(), lane=Lane.QUICK))
    gc.freeze()
    return look


@contextmanager
def sample(name: str, payload: bytes) -> Iterator[Source]:
    """Open a built-in file as one that came from outside."""
    made = os.memfd_create(name)
    try:
        _write(made, payload)
        yield Source(made)
    finally:
        os.close(made)


def load_late() -> None:
    """Load what libraries load in mid-call, and hold OpenCV to one thread."""
    for name in _LOADED_LATE:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(encodings.__path__):  # a track names its encoding itself
        with suppress(LookupError):
            codecs.lookup(module.name)
    importlib.import_module("cv2").setNumThreads(1)


def main(look: Look | None = None) -> None:
    """Take over stdin for requests, report the layers that hold, serve; what a library prints goes to stderr.

    `look` replaces the decoders: code of a test that runs where they would.
    """
    run(lambda: looking(load() if look is None else _replaced(look)))


def _replaced(look: Look) -> Look:
    load()
    return look


def run(load_all: Callable[[], Answer]) -> None:
    """Take over stdin for requests, report the layers that hold, load, serve."""
    limits = Limits.model_validate_json(sys.argv[1])
    parent = socket.socket(fileno=os.dup(0))
    os.close(0)
    os.dup2(2, 1)
    apart = unshare()
    try:
        held: list[Layer] = [*trial(), *apart]
    except BelowFloorError as why:
        parent.send(json.dumps({"below_floor": str(why)}).encode())
        return
    answer = load_all()
    bound(limits)
    parent.send(json.dumps({"layers": held}).encode())
    serve(parent, limits, answer)


if __name__ == "__main__":
    main()
