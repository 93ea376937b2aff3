"""One case's way from the request to a package on this machine: ordered, waited for, downloaded, its digest checked."""

import getpass
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import httpx

from mobile_contract.client.wire import Answered, ask, document_of
from schemas.errors import EvidenceError, Unavailable
from schemas.export import ExportState
from schemas.look import LookReason
from schemas.refusals_case import CASE_UNKNOWN
from schemas.refusals_command import ANSWER_FOREIGN, EXPORT_FAILED, SERVER_UNREACHABLE
from schemas.refusals_factor import LOGIN_CODE_NEEDED
from schemas.refusals_manifest import DIGEST_MISMATCH

POLL_SECONDS = 0.5
PATIENCE_TRIES = 8
_READ_BYTES = 1024 * 1024
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_PARTIAL = 206
USUAL: Mapping[str, str] = MappingProxyType({"reason_code": LookReason.CASE_HANDLING.value})
_EXPORT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Login(NamedTuple):
    """Who asks."""

    login: str
    password: str


class Tell(Protocol):
    """Shows how far an export has come: a stage's name, and bytes of total."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


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
