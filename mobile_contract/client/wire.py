"""How answers are read: what counts as ours, what may be tried again, and how long to wait."""

import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from schemas.errors import EvidenceError, Unavailable

TUS = {"Tus-Resumable": "1.0.0"}
TRY_AGAIN = frozenset({409, 423, 425, 429, 500, 502, 503, 504})

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_MISSING, _GONE = 404, 410

Sleep = Callable[[float], None]


class Answered(EvidenceError):
    """The server refused with a problem document (RFC 9457); `problem` is its slug."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.document = _problem(response)
        zh = self.document.get("zh")
        text = (
            zh.get("title") if isinstance(zh, dict) else None,
            self.document.get("title"),
            response.reason_phrase,
        )
        super().__init__(
            " · ".join(dict.fromkeys(str(part) for part in text if part)),
            slug=str(self.document.get("slug") or f"http-{self.status}"),
        )


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
        longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**self._tries)
        delay = max(at_least, random.uniform(0.1, longest))  # noqa: S311 - spreads clients, keeps no secret
        if time.monotonic() + delay - self._since > self._patience:
            raise Unavailable(reason)
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


def document_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of a 2xx answer.

    Raises:
        Answered: another status.
        Unavailable: 2xx without a JSON object: something else answers at this address.
    """
    try:
        document = accepted(response).json()
    except ValueError as err:
        raise Unavailable("the answer is not JSON: not our server") from err
    if not isinstance(document, dict):
        raise Unavailable("the answer is not a JSON object: not our server")
    return document


def tus_answer(response: httpx.Response) -> httpx.Response:
    """Return an answer that speaks tus 1.0.0 (tus Core, Tus-Resumable).

    Raises:
        Unavailable: it does not.
    """
    if response.headers.get("Tus-Resumable") != TUS["Tus-Resumable"]:
        raise Unavailable("the answer carries no Tus-Resumable: a portal stands between, log in there first")
    return response


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:  # HEAD has no body, a proxy answers in HTML
        return {}
    return document if isinstance(document, dict) else {}


def is_final(response: httpx.Response) -> bool:
    """409 means "another offset" on the upload path; with a slug of its own it will not change by waiting."""
    passing = {"offset-mismatch", "upload-incomplete", None}
    return response.status_code == httpx.codes.CONFLICT and _problem(response).get("slug") not in passing


def retry_after(response: httpx.Response) -> float:
    """Return the seconds the server asks to wait, capped; 0 when it names none or a date (RFC 9110 10.2.3)."""
    text = response.headers.get("Retry-After", "0")
    return min(float(text), _LONGEST_DELAY_SECONDS) if text.isdigit() else 0.0


def is_gone(err: Answered) -> bool:
    """Say whether the upload no longer exists and may be created anew."""
    return err.status in (_MISSING, _GONE)
