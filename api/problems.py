"""RFC 9457 problem details: the only place that turns an error into an HTTP answer."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem_text import ProblemText
from api.problem_texts import PROBLEMS
from schemas.errors import (
    Conflict,
    EvidenceError,
    IntegrityBroken,
    Invalid,
    NotAuthenticated,
    NotFound,
    Refused,
    StorageFull,
    Unavailable,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "15"
RESERVED = frozenset({"type", "title", "status", "detail", "slug", "zh", "en", "reference", "headers"})
"""Members of every document; a fact may not stand in for one."""

_CLASSES: tuple[tuple[type[EvidenceError], str], ...] = (
    (NotFound, "not-found"),
    (NotAuthenticated, "not-authenticated"),
    (Refused, "refused"),
    (Conflict, "conflict"),
    (Invalid, "invalid"),
    (StorageFull, "storage-full"),
    (Unavailable, "unavailable"),
    (IntegrityBroken, "integrity-broken"),
)
_STATUS_SLUGS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}


def text_of(err: EvidenceError) -> tuple[str, ProblemText]:
    """Return slug and text of an error; a slug without a text falls back to that of its class."""
    if err.problem in PROBLEMS:
        return err.problem, PROBLEMS[err.problem]
    slug = next((slug for kind, slug in _CLASSES if isinstance(err, kind)), "evidence-error")
    return slug, PROBLEMS[slug]


def problem(
    slug: str,
    *,
    detail: str = "",
    status: int | None = None,
    headers: dict[str, str] | None = None,
    **members: object,
) -> JSONResponse:
    """Return the answer for one slug; `members` are machine-readable facts beside it."""
    text = PROBLEMS[slug]
    code = status or text.status
    reference = uuid4().hex[:12]
    body: dict[str, Any] = {
        "type": f"urn:quancheng:problem:{slug}",
        "title": text.en,
        "status": code,
        "detail": detail or text.en,
        "slug": slug,
        "zh": {"title": text.zh, "next": text.next_zh},
        "en": {"title": text.en, "next": text.next_en},
        "reference": reference,
        **members,
    }
    log.info("problem_answered", slug=slug, status=code, reference=reference)
    return JSONResponse(body, status_code=code, media_type=MEDIA_TYPE, headers=_headers(code, headers))


def _headers(status: int, given: dict[str, str] | None) -> dict[str, str]:
    headers = dict(given or {})
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE):
        headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return headers


def answer(err: EvidenceError, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer for an error of the tree. Facts are sent, upstream text never is."""
    slug, _ = text_of(err)
    facts = {
        name: value
        for name, value in err.facts.items()
        if name not in RESERVED and isinstance(value, (str, int, bool, list))
    }
    if isinstance(err, IntegrityBroken):
        log.critical("integrity_broken", problem=err.problem, detail=err.detail)
        return problem(slug, headers=headers)
    return problem(slug, detail=err.detail, headers=headers, **facts)  # type: ignore[arg-type] # facts have names of their own


def install(app: FastAPI) -> None:
    """Register the handlers: every answer that is not a success is a problem document."""

    @app.exception_handler(EvidenceError)
    def _evidence(_: Request, err: EvidenceError) -> JSONResponse:
        return answer(err)

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, err: RequestValidationError) -> JSONResponse:
        places = [".".join(str(step) for step in one["loc"]) + ": " + one["msg"] for one in err.errors()]
        return problem("request-invalid", detail="; ".join(places)[:1000], fields=places[:20])

    @app.exception_handler(HTTPException)
    def _http(_: Request, err: HTTPException) -> JSONResponse:
        slug = _STATUS_SLUGS.get(err.status_code, "request-invalid")
        return problem(slug, status=err.status_code, headers=dict(err.headers or {}))

    @app.exception_handler(Exception)
    def _fault(_: Request, err: Exception) -> JSONResponse:
        log.error("request_crashed", exc_info=err)
        return problem("internal")

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
            log.info("client_left", path=scope["path"])
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
            "status": text.status,
            "zh": {"title": text.zh, "next": text.next_zh},
            "en": {"title": text.en, "next": text.next_en},
        }
        for slug, text in sorted(PROBLEMS.items())
    ]
