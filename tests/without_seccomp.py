"""`python -m tests.without_seccomp CMD…`: run a command where no filter of system calls can be installed.

What some container hosts do: a filter of their own refuses seccomp(2) and the older prctl(2) for it.
"""

import ctypes
import errno
import os
import struct
import sys

from workers.media.sandbox.confine import libc
from workers.media.sandbox.seccomp import column, forbid_new_privileges, tables

LD, JEQ, RET, ALLOW, REFUSE = 0x20, 0x15, 0x06, 0x7FFF_0000, 0x0005_0000 | errno.EPERM
PR_SET_SECCOMP, FILTER = 22, 2
PRCTL = (157, 167)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main() -> None:
    """Take seccomp away for good, then become the command."""
    at = column()
    made = [
        (LD, 0, 0, 0),
        (JEQ, 4, 0, tables(at)["seccomp"]),
        (JEQ, 0, 2, PRCTL[at]),
        (LD, 0, 0, 16),
        (JEQ, 1, 0, PR_SET_SECCOMP),
        (RET, 0, 0, ALLOW),
        (RET, 0, 0, REFUSE),
    ]
    packed = b"".join(struct.pack("=HBBI", *one) for one in made)
    library = libc()
    forbid_new_privileges(library)
    if library.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(Program(len(made), packed)), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
