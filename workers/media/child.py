"""The decoder child: `python -m workers.media.child LIMITS`, one request after another until its input ends.

It holds no secret, no connection and no right to write a file. A Python error ends it with a traceback on
stderr; the parent says `decoder-crashed` and starts another. A crash here leaves nothing: the recording is
still where it was.
"""

import os
import re
import resource
import sys
from pathlib import Path

import cv2

from workers.media.pipe import pack, pack_probe, read_frame
from workers.media.probe import probe
from workers.media.result import Limits

_OPEN_FILES = 64


def confine(limits: Limits) -> None:
    """Bound this process: address space, no core dump, no byte written to any file, few descriptors."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.address_space_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def serve(limits: Limits, requests: int, answers: int) -> None:
    """Answer requests from descriptor `requests` on descriptor `answers` until the parent closes its end."""
    while True:
        try:
            request = read_frame(lambda length: _exactly(requests, length))
        except EOFError:
            return
        try:
            found = probe(Path(request["path"]), filename=request["filename"], limits=limits)
        except MemoryError:
            # What is left of the heap is not to be trusted with the next file.
            _write(answers, pack({"memory": True}))
            return
        _write(answers, pack_probe(found, peak_rss_bytes=peak_rss_bytes()))


def peak_rss_bytes() -> int:
    """Largest resident size of this process so far.

    Not getrusage: its figure is inherited through fork, so a large parent would be reported as our own.
    """
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(peak[1]) * 1024 if peak else 0


def _exactly(source: int, length: int) -> bytes:
    chunks = []
    while length:
        chunk = os.read(source, length)
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        length -= len(chunk)
    return b"".join(chunks)


def _write(target: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(target, view) :]


def main() -> None:
    """Take over stdin and stdout for frames; whatever a library prints goes to stderr."""
    limits = Limits.model_validate_json(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    confine(limits)
    serve(limits, 0, answers)


if __name__ == "__main__":
    main()
