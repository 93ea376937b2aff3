"""The system calls of a decoder, as a filter that the kernel keeps (seccomp(2), BPF after bpf(4) of 1993).

Everything that a decode does not need is refused with EPERM, so that a library which asks for too much meets an
error that it can handle. A call of another machine's table ends the process. No library: forty lines of ctypes
spare one, and what is allowed stands here, number by number.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Iterator, Mapping

_CALLS: Mapping[str, tuple[int, int]] = {
    "read": (0, 63),
    "write": (1, 64),
    "writev": (20, 66),
    "close": (3, 57),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""Allowed whatever their arguments: (x86-64, aarch64). None of them names a file, a socket or a process."""

_MAPPING: Mapping[str, tuple[int, int]] = {"mmap": (9, 222), "mprotect": (10, 226)}
"""Allowed, but never for memory that can be executed."""

_CLONE, _CLONE3, _SECCOMP = (56, 220), (435, 435), (317, 277)
MACHINES: Mapping[str, tuple[int, int]] = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}
"""Machine to (column of the tables, its word in `seccomp_data.arch`)."""

_PROT_EXEC = 0x4
_THREAD = 0x0001_0900
_NAMESPACES = 0x7E02_0000
"""Flags of clone(2): VM, SIGHAND and THREAD must all be set, and none that makes a namespace."""

_LD_W_ABS, _AND_K, _JEQ, _JGE, _JSET, _RET = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
_NR_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_X32_BIT = 0x4000_0000
_SET_MODE_FILTER, _FLAG_TSYNC = 1, 1
_PR_SET_NO_NEW_PRIVS = 38

Instruction = tuple[int, int, int, int]


class BelowFloorError(Exception):
    """This machine cannot confine a decoder; the sentence says what is missing."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def column() -> int:
    """Return which column of the tables is this machine's.

    Raises:
        BelowFloorError: there is no table for it.
    """
    machine = platform.machine()
    if machine not in MACHINES or struct.calcsize("P") != 8:  # noqa: PLR2004 - a 32-bit process has other numbers
        raise BelowFloorError(f"no table of system calls for {machine}")
    return MACHINES[machine][0]


def tables(at: int) -> dict[str, int]:
    """Return every number that the filter names, for one column."""
    named = {**_CALLS, **_MAPPING, "clone": _CLONE, "clone3": _CLONE3, "seccomp": _SECCOMP}
    return {name: numbers[at] for name, numbers in named.items()}


def program(at: int) -> list[Instruction]:
    """Return the filter of one machine: (code, jump if true, jump if false, operand)."""
    arch = next(word for number, word in MACHINES.values() if number == at)
    refused = (_RET, 0, 0, _ERRNO | errno.EPERM)
    made: list[Instruction] = [
        (_LD_W_ABS, 0, 0, _ARCH_AT),
        (_JEQ, 1, 0, arch),
        (_RET, 0, 0, _KILL),
        (_LD_W_ABS, 0, 0, _NR_AT),
        (_JGE, 0, 1, _X32_BIT),
        (_RET, 0, 0, _KILL),
    ]
    for numbers in _CALLS.values():
        made += [(_JEQ, 0, 1, numbers[at]), (_RET, 0, 0, _ALLOW)]
    for numbers in _MAPPING.values():
        made += _when(numbers[at], _without_exec(refused))
    made += _when(_CLONE[at], _of_threads(refused))
    # The C library asks the newer call first and takes the older one when it is told that there is none.
    made += [(_JEQ, 0, 1, _CLONE3[at]), (_RET, 0, 0, _ERRNO | errno.ENOSYS)]
    return [*made, refused]


def install(libc: ctypes.CDLL) -> None:
    """Bind every thread of this process, and whatever it starts, to the filter; there is no way back.

    Raises:
        BelowFloorError: another machine, or a kernel or container that refuses.
    """
    at = column()
    forbid_new_privileges(libc)
    packed = b"".join(struct.pack("=HBBI", *one) for one in program(at))
    asked = _Program(len(packed) // 8, packed)
    if libc.syscall(_SECCOMP[at], _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(asked)):
        raise BelowFloorError(f"seccomp: {errno.errorcode.get(ctypes.get_errno(), '?')}")


def forbid_new_privileges(libc: ctypes.CDLL) -> None:
    """Give up what a set-user-ID program would grant; Landlock and seccomp ask for it.

    Raises:
        BelowFloorError: the kernel refuses.
    """
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise BelowFloorError(f"no_new_privs: {errno.errorcode.get(ctypes.get_errno(), '?')}")


def _when(number: int, then: list[Instruction]) -> Iterator[Instruction]:
    """Judge the arguments of one call; `then` ends in a verdict."""
    yield (_JEQ, 0, len(then), number)
    yield from then


def _without_exec(refused: Instruction) -> list[Instruction]:
    return [
        (_LD_W_ABS, 0, 0, _ARGS_AT + 2 * 8),
        (_JSET, 0, 1, _PROT_EXEC),
        refused,
        (_RET, 0, 0, _ALLOW),
    ]


def _of_threads(refused: Instruction) -> list[Instruction]:
    return [
        (_LD_W_ABS, 0, 0, _ARGS_AT),
        (_AND_K, 0, 0, _THREAD | _NAMESPACES),
        (_JEQ, 0, 1, _THREAD),
        (_RET, 0, 0, _ALLOW),
        refused,
    ]
