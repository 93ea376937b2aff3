"""What hostile code would try from inside a decoder, one function a way out.

`python -m tests.attempts LIMITS` is the real decoder child with these in place of the decoders: the same start, the
same fork, the same confinement. It takes what to aim at from the file's name and says on stderr what succeeded.
"""

import ctypes
import json
import mmap
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from workers.media.result import Limits, Probe
from workers.media.sandbox.child import main
from workers.media.sandbox.confine import libc
from workers.media.source import Source
from workers.media.work import Lane

_PTRACE_ATTACH, _CLONE_NEWUSER, _NEWNS = 16, 0x1000_0000, 0x2_0000
_CALLS = {
    "x86_64": {"process_vm_readv": 310, "pidfd_open": 434, "io_uring_setup": 425, "bpf": 321, "openat2": 437},
    "aarch64": {
        "process_vm_readv": 270,
        "pidfd_open": 434,
        "io_uring_setup": 425,
        "bpf": 280,
        "openat2": 437,
    },
}[os.uname().machine]


class Aim(NamedTuple):
    """A process, files and servers to reach; all belong to the test."""

    victim: int
    key_file: str
    folder: str
    unix_socket: str
    port: int


def _call(name: str, *args: object) -> None:
    """Ask the kernel; success is a number that is not negative."""
    _done(libc().syscall(_CALLS[name], *args))


def _done(got: int) -> None:
    if got < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _fork(then: Callable[[], object] = lambda: None) -> None:
    child = os.fork()
    if child == 0:
        then()
        os._exit(0)
    os.waitpid(child, 0)


def _connect(family: int, address: object) -> None:
    with socket.socket(family) as made:
        made.connect(address)


def _thread_of_a_new_process() -> None:
    """clone(2) with its own memory, as an old C library would."""
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    got = libc().syscall(number, signal.SIGCHLD, None, None, None, None)
    if got == 0:
        os._exit(0)
    _done(got)


def _read_vm(aim: Aim) -> None:
    room = ctypes.create_string_buffer(8)
    local = struct.pack("PN", ctypes.addressof(room), 8)
    _call("process_vm_readv", aim.victim, local, 1, struct.pack("PN", _mapped(aim.victim), 8), 1, 0)


def _mapped(pid: int) -> int:
    """An address of that process, or any where its map cannot be read."""
    try:
        return int(Path(f"/proc/{pid}/maps").read_text().partition("-")[0], 16)
    except OSError:
        return 0x40_0000


ATTEMPTS: dict[str, Callable[[Aim], object]] = {
    "read a path": lambda _: Path("/etc/passwd").read_bytes(),
    "read a key file": lambda aim: Path(aim.key_file).read_bytes(),
    "read another's environment": lambda aim: Path(f"/proc/{aim.victim}/environ").read_bytes(),
    "open another's memory": lambda aim: Path(f"/proc/{aim.victim}/mem").open("rb").close(),
    "copy another's memory": _read_vm,
    "trace another": lambda aim: _done(libc().ptrace(_PTRACE_ATTACH, aim.victim, 0, 0)),
    "look at other processes": lambda _: list(Path("/proc").iterdir()),
    "hold another process": lambda aim: _call("pidfd_open", aim.victim, 0),
    "open a network socket": lambda aim: _connect(socket.AF_INET, ("127.0.0.1", aim.port)),
    "open a socket by path": lambda aim: _connect(socket.AF_UNIX, aim.unix_socket),
    "write a file": lambda aim: (Path(aim.folder) / "made").write_bytes(b""),
    "delete a file": lambda aim: (Path(aim.folder) / "keep").unlink(),
    "fork": lambda _: _fork(),
    "clone": lambda _: _thread_of_a_new_process(),
    "run a program": lambda _: _fork(lambda: os.execv("/bin/true", ["true"])),
    "enter namespaces": lambda _: _done(libc().unshare(_CLONE_NEWUSER | _NEWNS)),
    "mount": lambda aim: _done(libc().mount(b"none", aim.folder.encode(), b"tmpfs", 0, None)),
    "ask io_uring": lambda _: _call("io_uring_setup", 4, ctypes.create_string_buffer(120)),
    "load a program into the kernel": lambda _: _call("bpf", 0, ctypes.create_string_buffer(128), 128),
    "make code": lambda _: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "raise a limit": lambda _: __import__("resource").setrlimit(9, (2**40, 2**40)),
    "become root": lambda _: os.setresuid(0, 0, 0),
    "signal another": lambda aim: os.kill(aim.victim, signal.SIGKILL),
}
"""By the name that a test shows; the last one ends the victim."""


def succeeded(aim: Aim) -> list[str]:
    """Try everything and return what worked."""
    return [name for name, attempt in ATTEMPTS.items() if _works(attempt, aim)]


def _works(attempt: Callable[[Aim], object], aim: Aim) -> bool:
    try:
        attempt(aim)
    except (OSError, ValueError):  # a limit that cannot be raised is a ValueError
        return False
    return True


def held_descriptors() -> list[int]:
    """Open descriptors, found without a path: to seek in a closed one is another error than in a pipe."""
    return [number for number in range(64) if _is_open(number)]


def _is_open(descriptor: int) -> bool:
    try:
        os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError as why:
        return why.strerror == os.strerror(29)  # ESPIPE
    return True


def look(source: Source, *, filename: str, limits: Limits, lane: Lane) -> Probe:
    """Try everything in place of a decoder; of a file called `spin`, never end."""
    while filename == "spin":
        pass
    del limits, lane
    report = {"succeeded": succeeded(Aim(*json.loads(filename))), "open": held_descriptors()}
    report["file"] = source.read_all().decode()
    print(json.dumps(report), file=sys.stderr, flush=True)
    return Probe(media_type="text/plain", checks=())


if __name__ == "__main__":
    main(look)
