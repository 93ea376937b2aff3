"""What the commands say when they cannot begin: one sentence in Chinese and English, and the exit code.

Standard library only: the offline verifier loads it on a machine without any server library.
"""

import argparse
import errno
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.refusals_command import FILE_NOT_REGULAR
from schemas.visible import printable

HOLDS, BROKEN, USED_WRONGLY, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

_SENTENCES = {
    errno.ENOENT: "没有这个文件 no such file",
    errno.ENOTDIR: "路径中有一段不是文件夹 a part of the path is not a folder",
    errno.EISDIR: "这是文件夹，不是文件 a folder, not a file",
    errno.EACCES: "没有权限 permission denied",
    errno.EPERM: "没有权限 permission denied",
    errno.ELOOP: "符号链接成环 the symbolic links go in a circle",
    errno.ENAMETOOLONG: "文件名过长 the name is too long",
    errno.EROFS: "文件系统只读 the file system is read-only",
    errno.EEXIST: "已有同名文件 a file of this name is in the way",
    errno.ENXIO: "不是普通文件 not a regular file",
}
"""Errors that another command line mends. All others are a part of this machine that does not answer."""

_PARTS = {
    errno.ENOSPC: "磁盘空间不足 no room is left on the disk",
    errno.EDQUOT: "磁盘配额已用完 the disk quota is used up",
    errno.EIO: "读写失败，存储介质可能已损坏 reading or writing failed: the medium may be damaged",
}


def os_sentence(err: OSError, path: Path | None = None) -> tuple[int, str]:
    """Return the exit code and the sentence for an error of the operating system about `path`."""
    number = err.errno or 0
    code = USED_WRONGLY if number in _SENTENCES else UNREACHABLE
    text = {**_SENTENCES, **_PARTS}.get(number, f"无法读写 cannot be read or written ({os.strerror(number)})")
    named = err.filename if err.filename is not None else path
    return code, text if named is None else f"{text}: {printable(os.fsdecode(named))}"


def regular_file(path: Path) -> os.stat_result:
    """Return the status of a regular file, or of what a link leads to.

    Raises:
        OSError: it is not there or cannot be looked at.
        Invalid: a folder, a pipe or a device, which would never end or block for ever.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        number = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.ENXIO
        raise FILE_NOT_REGULAR(f"{_SENTENCES[number]}: {printable(str(path))}")
    return status


@contextmanager
def quiet_end() -> Iterator[None]:
    """Print what a reader may stop reading (`… | head`): the verdict stands all the same, and no trace is shown."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would be written, and fail, when the interpreter ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def seconds(text: str) -> float:
    """Read a number of seconds for argparse; `nan` would wait for ever and a negative one not at all.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not number >= 0:
        raise argparse.ArgumentTypeError(f"应为秒数 a number of seconds, not {text!r}")
    return number


def refuse(args: argparse.Namespace, code: int, text: str, *, problem: str, **members: object) -> int:
    """Say why a command ended, to a person on stderr or to a program as one JSON object; return `code`."""
    if args.json:
        said = {**members, "error": text, "problem": problem, "exit_code": code}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    # A program's operator reads stderr: the sentence goes there in both cases.
    sys.stderr.write(f"✗ {printable(text)}\n")
    return code
