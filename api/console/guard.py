"""Who is looking, whether a form came from our own page, and errors as pages instead of problem documents."""

from collections.abc import Callable
from hmac import compare_digest
from typing import Annotated, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import uuid4

import structlog
from fastapi import Depends, FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from api.console.kept import Kept, kept_of
from api.console.language import language_of
from api.console.view import here, is_console, problem_view, render
from api.console.visit import Visit, go
from api.deps import OpenStore, Tx, session_cookie
from api.form_token import FORM_TOKEN, form_token, is_ours, same_origin
from api.idempotency import claim_form
from api.noting import noted
from api.problems import log_answer, refusal_of_status, status_of
from schemas.actor import Actor, ActorKind
from schemas.errors import AnyRefusal, EvidenceError, NotAuthenticated
from schemas.policy import Action
from schemas.refusals_actor import NOT_AUTHENTICATED
from schemas.refusals_request import FORM_STALE, INTERNAL, REQUEST_INVALID
from schemas.words import Language

log = structlog.get_logger()

_NOT_ALLOWED = 405
LOGIN = "/console/login"
_Handler = Callable[[Request, Exception], Response]


def visitor(request: Request, tx: Tx) -> Visit:
    """Return who is looking, by the console's cookie alone.

    Raises:
        NotAuthenticated: nobody is logged in, or the cookie holds a device's token.
    """
    token = request.cookies.get(session_cookie(request))
    if not token:
        raise NOT_AUTHENTICATED("nobody is logged in")
    actor = tx.accounts.actor_of(token)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NOT_AUTHENTICATED("the console is for accounts")
    if actor.is_machine:
        raise NOT_AUTHENTICATED("the console is for people")
    visit = Visit(request=request, tx=tx, actor=actor, csrf=form_token(token))
    request.state.bar = visit.bar
    return visit


Visiting = Annotated[Visit, Depends(visitor, scope="function")]


def acting(
    visit: Visiting,
    csrf: Annotated[str, Form(max_length=128)] = "",
    once: Annotated[str, Form(max_length=64)] = "",
) -> Visit:
    """Return who acts, when the form is ours, of this session, and was not done before.

    Raises:
        Refused: the form is of another site or of a session that has ended.
        Repeated, Conflict: it was done before.
    """
    _check_ours(visit, csrf)
    claim_form(visit.request, visit.tx, visit.actor, once)
    return visit


def _check_ours(visit: Visit, csrf: str) -> None:
    same_origin(visit.request)
    if not compare_digest(csrf.encode(), visit.csrf.encode()):
        raise FORM_STALE("the form is of another session")


Acting = Annotated[Visit, Depends(acting, scope="function")]


def acting_with_file(request: Request, store: OpenStore) -> Actor:
    """Return who sends a file as it is, in a short transaction of its own and before a byte of it is read.

    Raises:
        NotAuthenticated, Refused: as for every form.
    """
    with store.begin() as tx:
        visit = visitor(request, tx)
        _check_ours(visit, request.headers.get(FORM_TOKEN, ""))
        return visit.actor


ActingWithFile = Annotated[Actor, Depends(acting_with_file)]


class Apart(NamedTuple):
    """Who acts in a form whose work has no transaction of the request's: while a password is hashed none may be open."""

    actor: Actor
    csrf: str
    language: Language


def acting_apart(
    request: Request, store: OpenStore, csrf: Annotated[str, Form(max_length=128)] = ""
) -> Apart:
    """Return who acts, as `acting` does, in a short transaction of its own.

    Raises:
        NotAuthenticated, Refused: as for every form.
    """
    with store.begin() as tx:
        visit = visitor(request, tx)
        _check_ours(visit, csrf)
        return Apart(visit.actor, visit.csrf, visit.language)


def page_above(request: Request) -> str:
    """Return the address of the page that a form's address lies below; empty where none does."""
    steps = request.url.path.split("/")
    for length in range(len(steps), 2, -1):
        path = "/".join(steps[:length])
        asked = {**request.scope, "path": path, "method": "GET"}
        if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes):
            return path
    return ""


def own_address(address: str) -> str:
    """Return `address` when it is a page of the console, else the home page: never another site."""
    parts = urlsplit(address)
    is_own = not parts.scheme and not parts.netloc and is_console(parts.path) and "\\" not in address
    return address if is_own else "/console"


def error_page(
    request: Request, refusal: AnyRefusal, *, detail: str = "", permission: object = None
) -> Response:
    """Return the page that says what happened, what to do, and a reference for the operator.

    `detail` goes to the log alone; a `permission` that is missing is named.
    """
    reference = uuid4().hex[:12]
    log_answer(refusal, reference, detail=detail)
    return render(
        request,
        "problem.html",
        {
            **getattr(request.state, "bar", {}),
            "problem": problem_view(refusal, language_of(request.cookies)),
            "back": here(request) if request.method == "GET" else page_above(request) or "/console",
            "is_form": request.method == "POST",
            "status": status_of(refusal),
            "slug": refusal.slug,
            "permission": permission if permission in set(Action) else None,
            "reference": reference,
        },
        status=status_of(refusal),
    )


def answer_in_pages(app: FastAPI, log_in_again: Callable[[Request, Kept], Response]) -> None:
    """Answer with pages under /console; elsewhere the handlers that stand stay in charge.

    `log_in_again` shows the log-in that keeps what was typed into a form whose session had ended.

    Handlers and not a `try` around the route: an error must pass the transaction's end, which rolls back.
    """

    def evidence(request: Request, err: Exception) -> Response:
        if isinstance(err, NotAuthenticated):
            kept = kept_of(request) if is_ours(request) else None
            if kept is not None:
                return log_in_again(request, kept)
            return go(f"{LOGIN}?back={quote(here(request), safe='')}")
        assert isinstance(err, EvidenceError)  # noqa: S101 - registered for this class alone
        err = noted(request, err)
        permission = err.facts.get("permission")
        return error_page(request, err.refusal, detail=err.detail, permission=permission)

    def refused_form(request: Request, _: Exception) -> Response:
        return error_page(request, REQUEST_INVALID)

    def http(request: Request, err: Exception) -> Response:
        assert isinstance(err, HTTPException)  # noqa: S101 - registered for this class alone
        if err.status_code == _NOT_ALLOWED and (page := page_above(request)):
            return go(page)  # the answer to a form was opened again, by its address
        return error_page(request, refusal_of_status(err.status_code))

    def fault(request: Request, err: Exception) -> Response:
        log.error("request_crashed", exc_info=err)
        return error_page(request, INTERNAL)

    pages: dict[type[Exception], _Handler] = {
        EvidenceError: evidence,
        RequestValidationError: refused_form,
        HTTPException: http,
        Exception: fault,
    }
    for kind, page in pages.items():
        app.exception_handlers[kind] = _page_or(page, app.exception_handlers[kind])  # type: ignore[arg-type]


def _page_or(page: _Handler, elsewhere: _Handler) -> _Handler:
    def answer(request: Request, err: Exception) -> Response:
        return page(request, err) if is_console(request.url.path) else elsewhere(request, err)

    return answer
