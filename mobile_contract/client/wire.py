"""How answers are read: what counts as ours, what may be tried again, and how long to wait."""

import random
import time
from collections.abc import Callable
from typing import Any, Never
from urllib.parse import urlsplit

import httpx

from schemas.errors import EvidenceError
from schemas.refusals import REFUSALS
from schemas.refusals_command import ANSWER_FOREIGN, ANSWER_UNKNOWN, SERVER_ADDRESS, SERVER_UNREACHABLE
from schemas.refusals_upload import OFFSET_MISMATCH, UPLOAD_INCOMPLETE

TUS = {"Tus-Resumable": "1.0.0"}
TRY_AGAIN = frozenset({408, 409, 423, 425, 429, 500, 502, 503, 504})

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_MOST_DOUBLINGS = 16
"""Far past the longest delay; a float has no room for an exponent that grows for weeks."""

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Answers have a few kilobytes; a portal or a stranger must not fill the device's memory."""

_LAST_PORT = 65535
_FRAMING = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_MISSING, _GONE = 404, 410

Sleep = Callable[[float], None]


class Document(dict[str, Any]):
    """A JSON object of the server, at any depth; a member that is not there is an answer of somebody else."""

    def __missing__(self, name: str) -> Never:
        """Refuse instead of a `KeyError`.

        Raises:
            Unavailable: always.
        """
        raise ANSWER_FOREIGN(f"服务器的回答缺少 {name} the answer lacks {name}: not our server")


class Answered(EvidenceError):
    """The server refused with a problem document (RFC 9457).

    `said` is the slug it gave, also one that this version does not know; `http-…` when it gave none.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.document = _problem(response)
        zh = self.document.get("zh")
        text = (
            zh.get("title") if isinstance(zh, dict) else None,
            self.document.get("title"),
            response.reason_phrase,
        )
        self.said = str(self.document.get("slug") or f"http-{self.status}")
        refusal = REFUSALS.get(self.said, ANSWER_UNKNOWN)
        super().__init__(refusal, " · ".join(dict.fromkeys(str(part) for part in text if part)))


class Backoff:
    """Exponential delay with full jitter until the patience ends (upload design 9, retry)."""

    def __init__(self, patience_seconds: float, *, sleep: Sleep = time.sleep) -> None:
        self._patience = patience_seconds
        self._sleep = sleep
        self._tries = 0
        self._since = time.monotonic()

    def progressed(self) -> None:
        """Start over: the other side is there."""
        self._tries = 0
        self._since = time.monotonic()

    def wait(self, reason: str, *, at_least: float = 0.0) -> None:
        """Sleep before the next try.

        Raises:
            Unavailable: the patience has ended; `reason` says what was wrong last.
        """
        longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** min(self._tries, _MOST_DOUBLINGS))
        delay = max(at_least, random.uniform(0.1, longest))  # noqa: S311 - spreads clients, keeps no secret
        if time.monotonic() + delay - self._since > self._patience:
            raise SERVER_UNREACHABLE(reason)
        self._tries += 1
        self._sleep(delay)


def accepted(response: httpx.Response) -> httpx.Response:
    """Return a 2xx answer.

    Raises:
        Answered: any other status.
    """
    if not response.is_success:
        raise Answered(response)
    return response


def server_address(text: str) -> str:
    """Return the address of a server as it was given.

    Raises:
        Invalid: it is no http or https address with a host.
    """
    try:
        urlsplit(text)  # knows an unclosed bracket, which httpx takes for a name
        url = httpx.URL(text)
        is_address = url.scheme in {"http", "https"} and bool(url.host) and not url.query
        is_address = is_address and (url.port is None or 0 < url.port <= _LAST_PORT)
    except (httpx.InvalidURL, ValueError):
        is_address = False
    if not is_address:
        raise SERVER_ADDRESS(
            f"服务器地址应形如 http://主机:端口 a server's address is like http://host:port, not: {text}"
        )
    return text


def ask(client: httpx.Client, method: str, url: str, **sent: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
    """Send one request and return the whole answer, however it was framed.

    Raises:
        Unavailable: the answer is too long or cannot be decoded: something else answers at this address.
        httpx.TransportError: the other side cannot be reached, or the connection broke.
    """
    try:
        with client.stream(method, url, **sent) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MAX_ANSWER_BYTES:
                    raise ANSWER_FOREIGN("服务器的回答过长 the answer is too long: not our server")
    except httpx.DecodingError as err:
        raise ANSWER_FOREIGN("服务器的回答无法解码 the answer cannot be decoded: not our server") from err
    headers = [pair for pair in response.headers.raw if pair[0].lower() not in _FRAMING]
    return httpx.Response(
        response.status_code, headers=headers, content=bytes(body), request=response.request
    )


def document_of(response: httpx.Response) -> Document:
    """Return the JSON object of a 2xx answer.

    Raises:
        Answered: another status.
        Unavailable: 2xx without a JSON object: something else answers at this address.
    """
    try:
        document = accepted(response).json(object_hook=Document)
    except (ValueError, RecursionError) as err:
        raise ANSWER_FOREIGN("服务器的回答不是 JSON the answer is not JSON: not our server") from err
    if not isinstance(document, Document):
        raise ANSWER_FOREIGN("服务器的回答不是 JSON 对象 the answer is not a JSON object: not our server")
    return document


def offset_of(response: httpx.Response, *, size_bytes: int) -> int:
    """Return the offset that a tus answer states, in bytes of the `size_bytes` of the upload.

    Raises:
        Unavailable: none, or one outside the file: to believe it would skip bytes or send none.
    """
    text = tus_answer(response).headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(size_bytes))):
        raise ANSWER_FOREIGN(
            f"服务器给出的偏移量无效 the answer states no offset of this file: {text[:40]!r}"
        )
    if int(text) > size_bytes:
        raise ANSWER_FOREIGN(f"服务器给出的偏移量无效 the answer states no offset of this file: {text!r}")
    return int(text)


def tus_answer(response: httpx.Response) -> httpx.Response:
    """Return an answer that speaks tus 1.0.0 (tus Core, Tus-Resumable).

    Raises:
        Unavailable: it does not.
    """
    if response.headers.get("Tus-Resumable") != TUS["Tus-Resumable"]:
        raise ANSWER_FOREIGN(
            "the answer carries no Tus-Resumable: a portal stands between, log in there first"
        )
    return response


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except (ValueError, RecursionError):  # HEAD has no body, a proxy answers in HTML
        return {}
    return document if isinstance(document, dict) else {}


def is_final(response: httpx.Response) -> bool:
    """409 means "another offset" on the upload path; with a slug of its own it will not change by waiting."""
    passing = {OFFSET_MISMATCH.slug, UPLOAD_INCOMPLETE.slug, None}
    return response.status_code == httpx.codes.CONFLICT and _problem(response).get("slug") not in passing


def retry_after(response: httpx.Response) -> float:
    """Return the seconds the server asks to wait, capped; 0 when it names none or a date (RFC 9110 10.2.3)."""
    text = response.headers.get("Retry-After", "0")
    is_number = text.isascii() and text.isdigit()  # "²" is a digit to Python and no number to anybody
    return min(float(text), _LONGEST_DELAY_SECONDS) if is_number else 0.0


def is_gone(err: Answered) -> bool:
    """Say whether the upload no longer exists and may be created anew."""
    return err.status in (_MISSING, _GONE)
