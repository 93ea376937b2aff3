"""The filter of system calls: what it allows, read from the program itself, against the kernel's own tables."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.media import TRACK_TYPES
from workers.media.sandbox.samples import SAMPLES
from workers.media.sandbox.seccomp import MACHINES, Instruction, program, tables
from workers.media.sniff import sniff

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}
ALLOW, EPERM, ENOSYS, KILL = 0x7FFF_0000, 0x0005_0001, 0x0005_0026, 0x8000_0000
PATHS = {
    "open",
    "openat",
    "openat2",
    "stat",
    "newfstatat",
    "statx",
    "readlinkat",
    "unlinkat",
    "execve",
    "memfd_create",
}
OTHERS = {
    "socket",
    "connect",
    "sendmsg",
    "recvmsg",
    "kill",
    "tgkill",
    "ptrace",
    "process_vm_readv",
    "prlimit64",
}
MORE = {"io_uring_setup", "bpf", "unshare", "mount", "setresuid", "fork", "vfork", "ioctl", "dup", "prctl"}


def numbers(machine: str) -> dict[str, int]:
    """The kernel's table; skipped where its headers are not installed."""
    path = next((path for path in map(Path, HEADERS[machine]) if path.exists()), None)
    if path is None:
        pytest.skip("no kernel headers")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text(encoding="utf-8"))
    return {name: int(number) for name, number in found}


def verdict(made: list[Instruction], arch: int, number: int, *args: int) -> int:
    """Run the program as the kernel does."""
    words = {0: number, 4: arch} | {16 + 8 * at: arg for at, arg in enumerate(args)}
    at, held = 0, 0
    while True:
        code, yes, no, operand = made[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            held = words.get(operand, 0)
        elif code == 0x54:
            held &= operand
        else:
            truth = {0x15: held == operand, 0x35: held >= operand, 0x45: bool(held & operand)}[code]
            at += yes if truth else no


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    """Every number of our tables is that of the same name in the kernel's headers."""
    known, (at, _) = numbers(machine), MACHINES[machine]

    assert {name: known.get(name) for name in tables(at)} == tables(at)


@pytest.mark.parametrize("machine", MACHINES)
def test_only_the_named_calls_pass(machine: str) -> None:
    """Of all numbers exactly the declared ones pass, and not one that names a path, a socket or a process."""
    at, arch = MACHINES[machine]
    made, mine = program(at), tables(at)
    passed = {number for number in range(600) if verdict(made, arch, number, 0x3D0F00) == ALLOW}

    assert passed == set(mine.values()) - {mine["clone3"], mine["seccomp"]}
    assert verdict(made, arch, mine["clone3"]) == ENOSYS
    assert verdict(made, arch, 1000) == EPERM
    known = numbers(machine)
    assert not {known[name] for name in PATHS | OTHERS | MORE if name in known} & passed


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_are_judged(machine: str) -> None:
    """A clone makes a thread and nothing else; no memory becomes code; another table's call ends the process."""
    at, arch = MACHINES[machine]
    made, mine = program(at), tables(at)

    assert verdict(made, arch, mine["clone"], 17) == EPERM
    assert verdict(made, arch, mine["clone"], 0x3D0F00 | 0x4000_0000) == EPERM
    assert verdict(made, arch, mine["mmap"], 0, 4096, 0x7) == EPERM
    assert verdict(made, arch, mine["mprotect"], 0, 4096, 0x5) == EPERM
    assert verdict(made, arch, mine["mmap"], 0, 4096, 0x3) == ALLOW
    assert verdict(made, arch ^ 1, mine["read"]) == KILL
    assert verdict(made, arch, 0x4000_0000 | mine["read"]) == KILL


def kinds() -> Iterator[str]:
    yield from (sniff(payload[:4096]) for payload in SAMPLES.values())


def test_there_is_a_sample_of_every_kind_that_loads_code_of_its_own() -> None:
    """Each still type, video, and tracks: whatever a library loads for it is loaded before the lock."""
    from workers.media.still.photo import STILL_TYPES  # noqa: PLC0415 - loads decoders

    tracks = TRACK_TYPES - {"application/xml"}
    assert set(kinds()) >= (STILL_TYPES - {"image/heif"}) | {"video/mp4"} | tracks
