"""RFC 9457 problem details: the only place that turns an error into an HTTP answer."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import (
    AlreadySealed,
    AnyRefusal,
    Busy,
    ChecksumMismatch,
    Conflict,
    DigestMismatch,
    EvidenceError,
    Gone,
    HeadTooLarge,
    IntegrityBroken,
    Invalid,
    LeaseLost,
    Level,
    Malformed,
    ManifestInvalid,
    MediaTypeInvalid,
    MethodInvalid,
    Misconfigured,
    Misdirected,
    NotAuthenticated,
    NotFound,
    OffsetMismatch,
    PreconditionRequired,
    ProtocolInvalid,
    RangeInvalid,
    Refused,
    ShareSpent,
    SignatureInvalid,
    StorageFull,
    StoredAltered,
    TooLarge,
    TooSlow,
    TransitionRefused,
    Unavailable,
    VersionConflict,
)
from schemas.refusals import ANSWERED
from schemas.refusals_request import (
    BODY_TOO_LARGE,
    INTERNAL,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    REQUEST_INVALID,
    REQUEST_UNREADABLE,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "15"
ASK_AGAIN = frozenset(
    {
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.INSUFFICIENT_STORAGE,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Statuses that waiting mends: their answers say how long."""
CHECKSUM_MISMATCH = 460
"""Of tus 1.0, section Checksum; RFC 9110 knows no such number."""
RESERVED = frozenset({"type", "title", "status", "detail", "slug", "zh", "en", "reference", "headers"})
"""Members of every document; a fact may not stand in for one."""

STATUS: Mapping[type[EvidenceError], int] = MappingProxyType(
    {
        EvidenceError: HTTPStatus.INTERNAL_SERVER_ERROR,
        NotFound: HTTPStatus.NOT_FOUND,
        Gone: HTTPStatus.GONE,
        Refused: HTTPStatus.FORBIDDEN,
        NotAuthenticated: HTTPStatus.UNAUTHORIZED,
        Conflict: HTTPStatus.CONFLICT,
        OffsetMismatch: HTTPStatus.CONFLICT,
        TransitionRefused: HTTPStatus.CONFLICT,
        AlreadySealed: HTTPStatus.CONFLICT,
        VersionConflict: HTTPStatus.PRECONDITION_FAILED,
        LeaseLost: HTTPStatus.CONFLICT,
        Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        ManifestInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        DigestMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
        ChecksumMismatch: CHECKSUM_MISMATCH,
        SignatureInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Malformed: HTTPStatus.BAD_REQUEST,
        Misdirected: HTTPStatus.MISDIRECTED_REQUEST,
        MethodInvalid: HTTPStatus.METHOD_NOT_ALLOWED,
        MediaTypeInvalid: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        RangeInvalid: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        ProtocolInvalid: HTTPStatus.PRECONDITION_FAILED,
        PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
        HeadTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        TooSlow: HTTPStatus.REQUEST_TIMEOUT,
        Busy: HTTPStatus.SERVICE_UNAVAILABLE,
        ShareSpent: HTTPStatus.TOO_MANY_REQUESTS,
        Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
        Misconfigured: HTTPStatus.INTERNAL_SERVER_ERROR,
        IntegrityBroken: HTTPStatus.INTERNAL_SERVER_ERROR,
        StoredAltered: HTTPStatus.BAD_GATEWAY,
    }
)
"""Class → status, each class by itself: the only place that knows. Another status needs another class."""

_OF_FRAMEWORK: Mapping[int, AnyRefusal] = MappingProxyType(
    {400: REQUEST_UNREADABLE, 404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: BODY_TOO_LARGE}
)


def status_of(refusal: AnyRefusal) -> int:
    """Return the HTTP status of a refusal, which is that of its class."""
    return int(STATUS[refusal.kind])


def refusal_of_status(status: int) -> AnyRefusal:
    """Return what the framework meant when it answered by a bare status."""
    return _OF_FRAMEWORK.get(status, REQUEST_INVALID)


def log_answer(refusal: AnyRefusal, reference: str, *, detail: str) -> None:
    """Log an answer, once, as loudly as was declared; only a fault of ours is told in detail."""
    told = {"detail": detail} if detail and refusal.level >= Level.ERROR else {}
    log.log(
        refusal.level,
        "problem_answered",
        slug=refusal.slug,
        status=status_of(refusal),
        reference=reference,
        **told,
    )


def problem(
    refusal: AnyRefusal, *, detail: str = "", headers: dict[str, str] | None = None, **members: object
) -> JSONResponse:
    """Return the answer for a refusal; `members` are machine-readable facts beside it.

    What was found altered goes to the operator's log, never to a stranger.
    """
    code, reference = status_of(refusal), uuid4().hex[:12]
    log_answer(refusal, reference, detail=detail)
    is_told = not issubclass(refusal.kind, IntegrityBroken)
    body: dict[str, Any] = {
        "type": f"urn:quancheng:problem:{refusal.slug}",
        "title": refusal.en,
        "status": code,
        "detail": detail if detail and is_told else refusal.en,
        "slug": refusal.slug,
        "zh": {"title": refusal.zh, "next": refusal.next_zh},
        "en": {"title": refusal.en, "next": refusal.next_en},
        "reference": reference,
        **(members if is_told else {}),
    }
    return JSONResponse(body, status_code=code, media_type=MEDIA_TYPE, headers=_headers(code, headers))


def _headers(status: int, given: dict[str, str] | None) -> dict[str, str]:
    headers = dict(given or {})
    if status in ASK_AGAIN:
        headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return headers


def answer(err: EvidenceError, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer for an error of the tree. Facts are sent, upstream text never is."""
    facts = {
        name: value
        for name, value in err.facts.items()
        if name not in RESERVED and isinstance(value, (str, int, bool, list))
    }
    return problem(err.refusal, detail=err.detail, headers=headers, **facts)


Note = Callable[[Request, EvidenceError], EvidenceError]
"""Notes a refusal; returns what is to be answered."""


def install(app: FastAPI, note: Note) -> None:
    """Register the handlers: every answer that is not a success is a problem document, and was noted before."""

    @app.exception_handler(EvidenceError)
    def _evidence(request: Request, err: EvidenceError) -> JSONResponse:
        return answer(note(request, err))

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, err: RequestValidationError) -> JSONResponse:
        places = [".".join(str(step) for step in one["loc"]) + ": " + one["msg"] for one in err.errors()]
        return problem(REQUEST_INVALID, detail="; ".join(places)[:1000], fields=places[:20])

    @app.exception_handler(HTTPException)
    def _http(_: Request, err: HTTPException) -> JSONResponse:
        return problem(refusal_of_status(err.status_code), headers=dict(err.headers or {}))

    @app.exception_handler(Exception)
    def _fault(_: Request, err: Exception) -> JSONResponse:
        log.error("request_crashed", exc_info=err)
        return problem(INTERNAL)

    app.add_middleware(Faults)


class Faults:
    """Answers a fault of ours by the handler of `Exception`, and goes on.

    Starlette's own caller of that handler raises again after it has answered, and the server then resets the
    connection: the client would see a broken line instead of the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; catch what nobody foresaw."""
        has_started = False

        async def sending(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            # The sender has gone: there is nobody to answer, and nothing of ours has failed.
            # The route's pattern, not the address: a one-time link stands in one.
            log.info("client_left", route=getattr(scope.get("route"), "path", None))
        except Exception as err:
            if scope["type"] != "http" or has_started:
                raise
            fault = scope["app"].exception_handlers[Exception]
            await fault(Request(scope), err)(scope, receive, send)


def catalogue() -> list[dict[str, Any]]:
    """Return every problem a client may meet, for the published contract."""
    return [
        {
            "slug": slug,
            "type": f"urn:quancheng:problem:{slug}",
            "status": status_of(refusal),
            "zh": {"title": refusal.zh, "next": refusal.next_zh},
            "en": {"title": refusal.en, "next": refusal.next_en},
        }
        for slug, refusal in sorted(ANSWERED.items())
    ]
