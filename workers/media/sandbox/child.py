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
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from workers.media.result import Limits, Probe
from workers.media.sandbox.confine import Layer, bound, confine, trial, unshare
from workers.media.sandbox.pipe import MAX_REQUEST_BYTES, pack, pack_probe
from workers.media.sandbox.samples import SAMPLES
from workers.media.sandbox.seccomp import BelowFloorError
from workers.media.source import Source
from workers.media.work import Lane

Look = Callable[..., Probe]
"""Called as `look(source, filename=…, limits=…, lane=…)` in the confined fork."""

_LOADED_LATE = ("_strptime", "linecache", "tokenize")
"""What the standard library imports in mid-call."""


class _Request(NamedTuple):
    """One file to look into: open, as the device called it, and where the answer goes."""

    file: int
    answer: int
    filename: str
    lane: Lane


def serve(parent: socket.socket, limits: Limits, look: Look) -> None:
    """Fork for every request of the parent until it closes its end."""
    while (request := _request(parent)) is not None:
        alive, held = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(alive)
            parent.close()
            _decode(request, limits, look)
        for descriptor in (held, request.file, request.answer):
            os.close(descriptor)
        _await(parent, alive, child)


def _decode(request: _Request, limits: Limits, look: Look) -> None:
    """Answer one request in the fork, and end it whatever happens."""
    code = 1
    try:
        source = Source(request.file)
        bound(limits, cpu_seconds=limits.cpu_seconds(source.size_bytes, request.lane))
        confine()
        _write(request.answer, _answer(source, request, limits, look))
        code = 0
    except BaseException:  # noqa: BLE001 - this process ends here and must not run the parent's code
        with suppress(OSError):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(code)


def _answer(source: Source, request: _Request, limits: Limits, look: Look) -> bytes:
    try:
        return pack_probe(look(source, filename=request.filename, limits=limits, lane=request.lane))
    except MemoryError:
        return pack({"memory": True})


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


def _request(parent: socket.socket) -> _Request | None:
    """Read one message and its two descriptors: the file, and the pipe for the answer."""
    text, descriptors, _, _ = socket.recv_fds(parent, MAX_REQUEST_BYTES, 2)
    if not text:
        return None
    file, answer = descriptors
    words = json.loads(text)
    return _Request(file, answer, words["filename"], Lane(words["lane"]))


def _write(target: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(target, view) :]


def load() -> Look:
    """Import the decoders and use each once: whatever they load at the first file is loaded from now on."""
    for name in _LOADED_LATE:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(encodings.__path__):  # a track names its encoding itself
        with suppress(LookupError):
            codecs.lookup(module.name)
    decoders = importlib.import_module("workers.media.probe")
    importlib.import_module("cv2").setNumThreads(1)
    look: Look = decoders.look
    for name, payload in SAMPLES.items():
        sample = os.memfd_create(name)
        _write(sample, payload)
        pack_probe(look(Source(sample), filename=name, limits=Limits(), lane=Lane.QUICK))
        os.close(sample)
    gc.freeze()
    return look


def main(look: Look | None = None) -> None:
    """Take over stdin for requests, report the layers that hold, serve; what a library prints goes to stderr.

    `look` replaces the decoders: code of a test that runs where they would.
    """
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
    loaded = load()
    bound(limits)
    parent.send(json.dumps({"layers": held}).encode())
    serve(parent, limits, look or loaded)


if __name__ == "__main__":
    main()
