"""`quancheng export`: order the package of a case, wait for it, download it resumably, check its digest."""

import argparse
import getpass
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import httpx
from rich.console import Console

from mobile_contract.client.failure import Failure, failure_of
from mobile_contract.client.local import demo_of, trusted
from mobile_contract.client.misuse import BROKEN, HOLDS, USED_WRONGLY, refuse
from mobile_contract.client.report import Progress
from mobile_contract.client.wire import Answered, ask, document_of, server_address
from schemas.errors import EvidenceError, Unavailable
from schemas.export import ExportState
from schemas.look import LookReason
from schemas.refusals_case import CASE_UNKNOWN
from schemas.refusals_command import (
    ANSWER_FOREIGN,
    EXPORT_FAILED,
    LOGIN_MISSING,
    OUTPUT_UNUSABLE,
    PASSWORD_FILE_INVALID,
    SERVER_UNREACHABLE,
)
from schemas.refusals_factor import LOGIN_CODE_NEEDED
from schemas.refusals_manifest import DIGEST_MISMATCH
from schemas.visible import printable
from schemas.words_line import EXPORT_STATES

DEFAULT_SERVER = "http://127.0.0.1:8080"
POLL_SECONDS = 0.5
PATIENCE_TRIES = 8
_READ_BYTES = 1024 * 1024
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_NOT_ALLOWED = frozenset({401, 403})
"""Another log-in mends it: the command was used wrongly."""
_PARTIAL = 206
USUAL: Mapping[str, str] = MappingProxyType({"reason_code": LookReason.CASE_HANDLING.value})
_REASONS = ", ".join(one.value for one in LookReason)
_EXPORT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Login(NamedTuple):
    """Who asks."""

    login: str
    password: str


class Tell(Protocol):
    """Shows how far an export has come: a stage's name, and bytes of total."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


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


class Exporter:
    """One case's way from the request to a file whose digest is the one the server logged."""

    def __init__(self, client: httpx.Client, tell: Tell, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._client = client
        self._tell = tell
        self._poll_seconds = poll_seconds

    def export(
        self, number: str, output: Path, login: Login, why: Mapping[str, str] = USUAL
    ) -> dict[str, Any]:
        """Build and download the package of the case; returns `export_id`, `size_bytes`, `sha256`.

        `why` is said to the server before it gives a byte: it enters the log.

        Raises:
            NotFound: no case of this number within the account's scope.
            Answered: the server refused, the log-in too.
            Conflict: the server could not build the package.
            DigestMismatch: what arrived is not what was built; the file is not left under its name.
            Unavailable: the server does not answer.
        """
        answer = self._log_in(login)
        self._client.headers["Authorization"] = f"Bearer {answer['token']}"
        ordered = self._order(self._case_id(number), output)
        partial = _partial(output, str(ordered["export_id"]))
        partial.touch()
        built = self._wait(str(ordered["status_url"]))
        self._download(f"/v1/exports/{built['export_id']}/looks", why, partial, built)
        _rename_durably(partial, output)
        return {name: built[name] for name in ("export_id", "size_bytes", "sha256")}

    def _log_in(self, login: Login) -> dict[str, Any]:
        """Log in; the code of a second factor is asked for where the server wants one."""
        given = {"login": login.login, "password": login.password}
        try:
            return self._json("POST", "/v1/sessions", json=given)
        except Answered as err:
            code = _code(login.login) if err.refusal is LOGIN_CODE_NEEDED else ""
            if not code:
                raise
        return self._json("POST", "/v1/sessions", json={**given, "code": code})

    def _order(self, case_id: str, output: Path) -> dict[str, Any]:
        """Go on with the export whose unfinished file lies beside the output, or order a new one."""
        for unfinished, export_id in _unfinished(output):
            try:
                found = self._json("GET", f"/v1/exports/{export_id}")
            except Answered:
                found = {}
            if found.get("case_id") == case_id and found.get("state") != ExportState.FAILED:
                return found
            unfinished.unlink()
        return self._json("POST", f"/v1/cases/{case_id}/exports")

    def _case_id(self, number: str) -> str:
        after: dict[str, str] = {}
        while True:
            answer = self._json("GET", "/v1/cases", params={"number": number, **after})
            for case in answer["cases"]:
                if case["number"] == number:
                    return str(case["id"])
            if not answer.get("next"):
                raise CASE_UNKNOWN(f"没有可见的案件 no case of this number is open to you: {number}")
            after = {"after": answer["next"]}

    def _wait(self, status_url: str) -> dict[str, Any]:
        while True:
            status = self._json("GET", status_url)
            if status["state"] == ExportState.READY:
                return status
            if status["state"] == ExportState.FAILED:
                raise EXPORT_FAILED(f"服务器没有生成 the server could not build it: {status.get('failure')}")
            self._tell("building", status["progress_done"], status["progress_total"])
            time.sleep(self._poll_seconds)

    def _download(self, looks: str, why: Mapping[str, str], partial: Path, built: dict[str, Any]) -> None:
        """Append what is missing; a wrong digest leaves nothing, so that the next run starts over."""
        for attempt in range(PATIENCE_TRIES):
            try:
                self._continue(looks, why, partial, size_bytes=built["size_bytes"])
                break
            except Unavailable:
                if attempt == PATIENCE_TRIES - 1:
                    raise
                time.sleep(min(2**attempt, 10) * self._poll_seconds)
        if _sha256(partial) != built["sha256"]:
            partial.unlink()
            raise DIGEST_MISMATCH(
                "收到的字节与服务器记录的完整性校验值（哈希值）不符 what arrived is not what was built"
            )

    def _continue(self, looks: str, why: Mapping[str, str], partial: Path, *, size_bytes: int) -> None:
        have = partial.stat().st_size
        if have >= size_bytes:
            return
        # Said each time: the look that stands goes on, and one that ended while the line was away begins anew.
        url = str(self._json("POST", looks, json=dict(why))["content_url"])
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with self._client.stream("GET", _same_server(url), headers=headers) as response:
                if not response.is_success:
                    response.read()
                    raise _answered(response)
                mode = "ab" if response.status_code == _PARTIAL else "wb"
                with partial.open(mode) as file:
                    for chunk in response.iter_bytes(_READ_BYTES):
                        # Never more than was stated: an endless answer must not fill the disk.
                        file.write(chunk[: size_bytes - file.tell()])
                        self._tell("downloading", file.tell(), size_bytes)
                        if file.tell() >= size_bytes:
                            break
        except (httpx.TransportError, httpx.DecodingError) as err:
            raise SERVER_UNREACHABLE(str(err) or type(err).__name__) from err
        if partial.stat().st_size < size_bytes:
            raise SERVER_UNREACHABLE("连接提前结束 the connection ended early")

    def _json(self, method: str, url: str, **sent: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own options
        try:
            response = ask(self._client, method, _same_server(url), **sent)
        except httpx.TransportError as err:
            server = str(self._client.base_url).rstrip("/")
            raise SERVER_UNREACHABLE(f"{server}: {err or type(err).__name__}") from err
        if not response.is_success:
            raise _answered(response)
        return document_of(response)


def _answered(response: httpx.Response) -> EvidenceError:
    answered = Answered(response)
    if response.status_code in _TRY_AGAIN:
        return SERVER_UNREACHABLE(answered.detail)
    return answered


def _partial(output: Path, export_id: str) -> Path:
    return output.with_name(f"{output.name}.{export_id}.part")


def _unfinished(output: Path) -> Iterator[tuple[Path, str]]:
    """Find the files an interrupted run left beside the output; a name that is none of ours is not touched."""
    for path in output.parent.iterdir():
        export_id = path.name.removeprefix(f"{output.name}.").removesuffix(".part")
        if path.name == _partial(output, export_id).name and _EXPORT_ID.fullmatch(export_id):
            yield path, export_id


def _rename_durably(partial: Path, output: Path) -> None:
    with partial.open("rb") as file:
        os.fsync(file.fileno())  # the name must not outlive a power cut that takes the bytes
    partial.replace(output)


def _same_server(url: str) -> str:
    if httpx.URL(url).is_absolute_url:
        raise ANSWER_FOREIGN("服务器的回答指向别处 the answer leads away from the server")
    return url


def _code(login: str) -> str:
    """Return the code of a second factor: from the environment, or as it is typed; nothing where nobody can be asked."""
    given = os.environ.get("QUANCHENG_CODE", "")
    return given or (getpass.getpass(f"{login} 验证码 code: ") if sys.stdin.isatty() else "")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
