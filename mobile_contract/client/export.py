"""`quancheng export`: order the package of a case, wait for it, download it resumably, check its digest."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from mobile_contract.client.exporter import Exporter, Login, Tell
from mobile_contract.client.failure import Failure, failure_of
from mobile_contract.client.local import demo_of, trusted
from mobile_contract.client.misuse import BROKEN, HOLDS, USED_WRONGLY, refuse
from mobile_contract.client.report import Progress
from mobile_contract.client.wire import Answered, server_address
from schemas.errors import EvidenceError
from schemas.export import ExportState
from schemas.look import LookReason
from schemas.refusals_command import (
    EXPORT_FAILED,
    LOGIN_MISSING,
    OUTPUT_UNUSABLE,
    PASSWORD_FILE_INVALID,
)
from schemas.refusals_manifest import DIGEST_MISMATCH
from schemas.visible import printable
from schemas.words_line import EXPORT_STATES

DEFAULT_SERVER = "http://127.0.0.1:8080"
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_NOT_ALLOWED = frozenset({401, 403})
"""Another log-in mends it: the command was used wrongly."""
_REASONS = ", ".join(one.value for one in LookReason)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `quancheng export`."""
    parser.add_argument("case", metavar="CASE", help="case number")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where to write it")
    parser.add_argument(
        "--server",
        default=os.environ.get("QUANCHENG_SERVER"),
        metavar="URL",
        help=f"address of the server (default: QUANCHENG_SERVER, the demo's, or {DEFAULT_SERVER})",
    )
    parser.add_argument(
        "--authority",
        type=Path,
        metavar="FILE",
        help="certificate of the authority behind the server's (default: QUANCHENG_AUTHORITY, the demo's, the well-known)",
    )
    parser.add_argument("--login", help="log-in name (default: QUANCHENG_LOGIN, or the demo's)")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="password (default: QUANCHENG_PASSWORD, or asked; so is the code of a second factor, or QUANCHENG_CODE)",
    )
    parser.add_argument(
        "--why",
        choices=[one.value for one in LookReason],
        default=LookReason.CASE_HANDLING.value,
        metavar="REASON",
        help=f"why it is taken away; the log says it first (default: %(default)s; {_REASONS})",
    )
    parser.add_argument(
        "--why-text", default="", metavar="TEXT", help="the same in words; needed for “other”"
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of text")


def run(args: argparse.Namespace) -> int:
    """Export one case and return the exit code."""
    demo = _demo()
    server = args.server or demo.get("server") or DEFAULT_SERVER
    try:
        require_writable(args.output)
        login = _login(args, demo)
        trust = trusted(args.authority, server, demo_of(_home()))
        with (
            httpx.Client(base_url=server_address(server), timeout=_TIMEOUT, verify=trust) as client,
            _teller(as_json=args.json) as tell,
        ):
            why = {"reason_code": args.why, "reason": args.why_text}
            found = Exporter(client, tell).export(args.case, args.output, login, why)
    except (KeyboardInterrupt, EvidenceError, OSError, ValueError) as err:
        code, text, problem = _failure_of(err)
        return refuse(args, code, text, problem=problem, event="failed")
    text = f"{args.output}  {found['size_bytes']} bytes  sha256 {found['sha256']}"
    said = json.dumps({"event": "exported", "text": text, **found}, ensure_ascii=False)
    print(said if args.json else f"✓ {printable(text)}")  # noqa: T201
    return HOLDS


def _failure_of(err: BaseException) -> Failure:
    """A package that the server could not build, or whose bytes are others, is a claim that does not hold."""
    found = failure_of(err)
    if isinstance(err, Answered) and err.status in _NOT_ALLOWED:
        return found._replace(code=USED_WRONGLY)
    is_broken = isinstance(err, EvidenceError) and err.refusal in (DIGEST_MISMATCH, EXPORT_FAILED)
    return found._replace(code=BROKEN) if is_broken else found


def require_writable(output: Path) -> None:
    """Look whether the package can be written at all, before a server is asked to build it.

    Raises:
        Invalid: `output` is no place for a file.
    """
    folder = output.parent
    if output.is_dir() or output.name == "":
        why = "输出应为文件名，这是文件夹 name a file, this is a folder"
    elif not folder.is_dir():
        why = f"输出文件夹不存在 the folder is not there ({folder})"
    elif not os.access(folder, os.W_OK | os.X_OK):
        why = f"不能写入该文件夹 the folder cannot be written to ({folder})"
    elif output.exists() and not output.is_file():
        why = "不是普通文件 not a regular file"
    else:
        return
    raise OUTPUT_UNUSABLE(f"{why}: {output}")


def _home() -> Path:
    return Path(os.environ.get("QUANCHENG_HOME", ".quancheng"))


def _demo() -> dict[str, Any]:
    """Return what `quancheng serve` wrote for its demo organisation, if there is one here."""
    path = _home() / "demo.json"
    try:
        written = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return written if isinstance(written, dict) else {}


def _login(args: argparse.Namespace, demo: dict[str, Any]) -> Login:
    """Choose log-in and password: arguments, then environment, then the demo's, then ask.

    Raises:
        OSError: the password file cannot be read.
        Refused: nothing says who asks.
    """
    login = args.login or os.environ.get("QUANCHENG_LOGIN") or demo.get("export_login")
    if not login:
        raise LOGIN_MISSING("请给出 --login（或 QUANCHENG_LOGIN） say who you are: --login")
    if args.password_file is not None:
        try:
            return Login(login, args.password_file.read_text(encoding="utf-8").strip())
        except UnicodeDecodeError as err:
            raise PASSWORD_FILE_INVALID(
                f"密码文件不是 UTF-8 文本 not a text file: {args.password_file}"
            ) from err
    passwords = demo.get("passwords") or {}
    password = os.environ.get("QUANCHENG_PASSWORD") or passwords.get(login)
    if not password and login == demo.get("export_login"):
        password = demo.get("export_password")
    if not password and sys.stdin.isatty():
        password = getpass.getpass(f"{login}: ")
    if not password:
        raise LOGIN_MISSING("请给出 --password-file（或 QUANCHENG_PASSWORD） a password is needed")
    return Login(login, str(password))


@contextmanager
def _teller(*, as_json: bool) -> Iterator[Tell]:
    if as_json:
        yield lambda stage, done, total: print(  # noqa: T201
            json.dumps({"event": stage, "done_bytes": done, "total_bytes": total}), flush=True
        )
        return
    screen = _Screen()
    try:
        yield screen
    finally:
        screen.close()


class _Screen:
    """Shows a stage only once it has begun: an export that fails at once leaves no empty bar behind."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status = self._console.status("")
        self._bar: Progress | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "building":
            percent = f" {100 * done // total} %" if total else ""
            self._status.update(f"{EXPORT_STATES[ExportState.BUILDING]} …{percent}")
            self._status.start()
            return
        self._status.stop()
        if self._bar is None:
            self._bar = Progress(self._console, "下载 downloading", total, is_shown=True)
            self._bar.__enter__()
        self._bar.reached(done)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._status.stop()
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
