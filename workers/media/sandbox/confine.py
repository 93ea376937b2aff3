"""What a decoder child may still do, in layers; each holds on its own, and `doctor` names those that do.

The floor is the filter of system calls (`seccomp`): no path, no socket, no other process. It needs no privilege
and no namespace. Below the floor nothing is decoded. Above it, where the kernel has it and we may: Landlock, a
network of one's own, another user. Order: namespaces before any library starts a thread; imports and a real
decode; a fork; then limits, user, Landlock, seccomp in the child that will see the file.
"""

import ctypes
import errno
import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from workers.media.result import Limits
from workers.media.sandbox import seccomp
from workers.media.sandbox.seccomp import BelowFloorError

_OPEN_FILES = 64
_NOBODY = 65534
_NEWUSER, _NEWNET, _NEWIPC, _NEWUTS = 0x1000_0000, 0x4000_0000, 0x0800_0000, 0x0400_0000
_PR_SET_PDEATHSIG = 1
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""Landlock's calls have the same numbers on every machine."""

_RULESET_VERSION = 1
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
_FS_BITS_LATEST = 16
_NET_ABI, _SCOPE_ABI = 4, 6
_CPU_GRACE_SECONDS = 2


class Layer(StrEnum):
    """One wall around a decoder; the first is the floor."""

    SECCOMP = "seccomp"
    LANDLOCK = "landlock"
    NAMESPACES = "namespaces"
    USER = "user"


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def unshare() -> list[Layer]:
    """Leave the machine's network, IPC and host name, in a user namespace where that is needed for it.

    Call it first: a process with a second thread is refused.
    """
    own = _NEWNET | _NEWIPC | _NEWUTS
    call = libc().unshare
    return [Layer.NAMESPACES] if call(own) == 0 or call(own | _NEWUSER) == 0 else []


def bound(limits: Limits, *, cpu_seconds: int | None = None) -> None:
    """Bound this process: address space, no core dump, no byte written to any file, few descriptors, CPU."""
    wanted = {
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        at_most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (at_most, at_most))
    if cpu_seconds is not None:
        # SIGXCPU at the limit tells the parent why; SIGKILL comes to whoever lives on.
        with suppress(ValueError):  # a lower limit is already in force
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + _CPU_GRACE_SECONDS))


def confine() -> list[Layer]:
    """Give up everything that decoding does not need, for good; returns the layers that hold.

    Raises:
        BelowFloorError: the filter of system calls cannot be had; the caller must not touch a file.
    """
    c_library, held = libc(), []
    if _become_nobody():
        held.append(Layer.USER)
    c_library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    seccomp.forbid_new_privileges(c_library)
    if _landlock(c_library):
        held.append(Layer.LANDLOCK)
    seccomp.install(c_library)
    return [Layer.SECCOMP, *held]


def trial() -> list[Layer]:
    """Confine a child of our own and let it try to leave; returns the layers that held it.

    Raises:
        BelowFloorError: it could not be confined, or it got out.
    """
    seen, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(said, _tried().encode())
        os._exit(0)
    os.close(said)
    with os.fdopen(seen, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    fault, _, layers = text.partition("\n")
    if fault or not layers:
        raise BelowFloorError(fault or "the trial child died")
    return [Layer(name) for name in layers.split()]


def _tried() -> str:
    """Return the fault in one line, and the layers in the next."""
    try:
        held = confine()
    except BelowFloorError as why:
        return f"{why}\n"
    for name, attempt in _WAYS_OUT.items():
        if not _is_refused(attempt):
            return f"{name} is still possible\n"
    return "\n" + " ".join(held)


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError as why:
        return why.errno == errno.ENOSYS
    return False


_WAYS_OUT: dict[str, Callable[[], object]] = {
    "opening a path": lambda: os.open("/", os.O_RDONLY),
    "a socket": socket.socket,
    "a process": os.fork,
    "a signal": lambda: os.kill(os.getpid(), 0),
}


def _become_nobody() -> bool:
    """Drop to an account that owns nothing, where we may; groups first, or the right to drop them is gone."""
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:  # not root, or an account that this user namespace does not know
        return False
    return True


def _landlock(c_library: ctypes.CDLL) -> bool:
    """Handle every right that the kernel knows and grant none; binds the calling thread alone."""
    abi = c_library.syscall(_CREATE_RULESET, None, 0, _RULESET_VERSION)
    if abi < 1:
        return False
    rules = _Ruleset(fs=(1 << _FS_BITS.get(abi, _FS_BITS_LATEST)) - 1)
    size = 8
    if abi >= _NET_ABI:
        rules.net, size = 0b11, 16
    if abi >= _SCOPE_ABI:
        rules.scoped, size = 0b11, 24
    made = c_library.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if made < 0:
        return False
    bound_to = c_library.syscall(_RESTRICT_SELF, made, 0) == 0
    os.close(made)
    return bool(bound_to)
