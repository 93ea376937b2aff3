"""The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the same request again is answered again.

A key belongs to its sender and names one request: method, address and body. The answer that is kept commits with the
act. The same key with another request is 409, as is said of it in the contract; a refusal is not kept, nor a secret.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.refusals_request import FORM_SENT, HEADER_INVALID
from storage.idempotency import IdempotencyKey
from storage.transaction import Transaction

HEADER = "Idempotency-Key"
_KEY = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]{1,255})"?')
_KEPT_HEADERS = ("content-type", "etag", "location")

SECRET = frozenset(
    {
        *(
            "issueEnrolmentCode",
            "makeAccountLink",
            "makeAccountLinks",
            "makeSource",
            "openAccount",
            "takeRoster",
        ),
        *("offerSecondFactor", "setUpSecondFactor", "showPartnerCode"),
    }
)
"""Operations that answer with a secret, told once and kept by nobody: they take no key, and a repeat makes another."""

PARAMETER: Mapping[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Names this request, 1 to 255 printable characters, best a UUID. The same request under the same"
    " key is done once and answered again; another request under it is 409 `idempotency-key-reused`.",
    "schema": {"type": "string", "maxLength": 257},
}
"""What the contract says of the header."""


class KeptAnswer(Frozen):
    """An answer as it is kept. `body` is base64: it may be text in any form, or nothing."""

    status: int
    headers: Mapping[str, str]
    body: str

    def response(self) -> Response:
        """Return the answer."""
        return Response(base64.b64decode(self.body), status_code=self.status, headers=dict(self.headers))


class Repeated(Exception):
    """The request was answered before, by this answer."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


def key_of(request: Request, asked: bytes) -> IdempotencyKey | None:
    """Return the key of a request for what it asks; None without one.

    Args:
        request: The request.
        asked: Its body, or whatever stands for it.

    Raises:
        Malformed: the header is no key, or stands twice.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    found = _KEY.fullmatch(given[0].strip())
    if len(given) > 1 or found is None:
        raise HEADER_INVALID(f"{HEADER} is 1 to 255 printable characters, once")
    address = f"{request.method} {request.url.path}?{request.url.query}\n"
    fingerprint = hashlib.sha256(address.encode("utf-8", "backslashreplace") + asked).digest()
    return IdempotencyKey(key=found[1], fingerprint=fingerprint)


class _Claim:
    """A key that the request's transaction took; its answer enters with the transaction's commit."""

    def __init__(self, tx: Transaction, actor: Actor, key: IdempotencyKey) -> None:
        self._tx, self._actor, self._key = tx, actor, key

    def drop(self) -> None:
        """Give the key back: nothing was done under it."""
        self._tx.idempotency.drop(self._actor, self._key)

    def keep(self, response: Response) -> None:
        """Keep what is about to be answered; a refusal, and what is streamed, is not kept."""
        body = getattr(response, "body", None)
        if response.status_code >= 400 or not isinstance(body, bytes):  # noqa: PLR2004 - RFC 9110
            self.drop()
            return
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        kept = KeptAnswer(status=response.status_code, headers=headers, body=base64.b64encode(body).decode())
        self._tx.idempotency.keep(self._actor, self._key, kept.model_dump_json().encode())


def claim(request: Request, tx: Transaction, actor: Actor) -> None:
    """Take the key of a request that changes something in `tx`; `kept` keeps its answer.

    Raises:
        Repeated: it was answered before.
        Conflict: the key was used for another request (slug `idempotency-key-reused`).
    """
    key = key_of(request, getattr(request.state, "payload", b""))
    if key is None or not getattr(request.state, "is_kept", False):
        return
    before = tx.idempotency.claim(actor, key)
    if before is not None:
        raise Repeated(KeptAnswer.model_validate_json(before))
    request.state.claim = _Claim(tx, actor, key)


class _FormClaim(_Claim):
    """A form that was sent: where its answer leads is kept, and never what it shows, which may be a secret."""

    def keep(self, response: Response) -> None:
        """Keep where the answer leads; of one that leads nowhere, that it was given."""
        super().keep(response if response.status_code in _REDIRECTS else _shown_once(response))


_REDIRECTS = frozenset({302, 303})
_SHOWN_ONCE = 204


def _shown_once(response: Response) -> Response:
    is_refused = response.status_code >= 400  # noqa: PLR2004 - RFC 9110
    return response if is_refused else Response(status_code=_SHOWN_ONCE)


def claim_form(request: Request, tx: Transaction, actor: Actor, once: str) -> None:
    """Take a form that is sent: one page's form with the same texts acts once, however often it arrives.

    Whoever goes back and types something else sends another form: the key is the page's with the digest of the texts.

    Args:
        request: The request.
        tx: Its transaction.
        actor: Who sends it.
        once: What the page drew for this form; without it every sending acts.

    Raises:
        Repeated: it was done, and leads on as it did.
        Conflict: it was done, and what it showed is not shown again (slug `form-sent`).
    """
    if not (once.isascii() and once.isalnum()):
        return
    address = f"{request.url.path}?{request.url.query}\n".encode("utf-8", "backslashreplace")
    asked = hashlib.sha256(address + getattr(request.state, "payload", b"")).digest()
    key = IdempotencyKey(key=f"form-{once}-{asked.hex()}", fingerprint=asked)
    before = tx.idempotency.claim(actor, key)
    if before is None:
        request.state.claim = _FormClaim(tx, actor, key)
        return
    answer = KeptAnswer.model_validate_json(before)
    if answer.status == _SHOWN_ONCE:
        raise FORM_SENT("the form was sent before")
    raise Repeated(answer)


def claim_of(request: Request) -> _Claim | None:
    """Return the key that a request has taken, if it has."""
    found: _Claim | None = getattr(request.state, "claim", None)
    return found
