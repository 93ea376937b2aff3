"""Logging in over HTTP: where the request comes from, and the two cookies that a browser is given.

One holds the session. The other proves, to the log-in alone, that this browser logged in to this account before.
"""

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from api.deps import is_secure
from api.origin import origin_of
from schemas.login import BROWSER_LIFETIME, name_hash
from storage.flow.login import Entered, Halfway, LoginIn, begin_log_in, log_in
from storage.flow.login_queue import LoginQueue
from storage.store import Store

KNOWN_COOKIE = "qc_known"
RETRY_AFTER_SECONDS = 2
_NAME_DIGITS = 8


def enter(request: Request, login: str, password: str, code: str) -> Entered:
    """Log somebody in, in one go; see `storage.flow.login.log_in`."""
    store: Store = request.app.state.store
    return log_in(store, login_queue(request), _wish(request, login, password, code))


def begin(request: Request, login: str, password: str) -> Entered | Halfway:
    """Log somebody in, or begin to; see `storage.flow.login.begin_log_in`."""
    store: Store = request.app.state.store
    return begin_log_in(store, login_queue(request), _wish(request, login, password))


def _wish(request: Request, login: str, password: str, code: str = "") -> LoginIn:
    kept = request.cookies.get(_known_cookie(request, login), "")
    return LoginIn(login=login, password=password, code=code, address=origin_of(request), kept=kept)


def login_queue(request: Request) -> LoginQueue:
    """Return where passwords wait for a place to be looked at."""
    queue: LoginQueue = request.app.state.login_queue
    return queue


def known_cookie(login: str) -> str:
    """Return the name of the cookie by which a browser is known to an account; it tells nobody the account's name.

    A browser that several people use has one for each of them.
    """
    return f"{KNOWN_COOKIE}_{name_hash(login).hex()[:_NAME_DIGITS]}"


def _known_cookie(request: Request, login: str) -> str:
    # Not `__Host-`, which wants the path `/`: this one is sent to the log-in alone.
    return f"__Secure-{known_cookie(login)}" if is_secure(request) else known_cookie(login)


def remember_at_login(request: Request, answer: Response, entered: Entered) -> None:
    """Let a browser that came in by a link prove it later: to the log-in of the console, or of the API."""
    path = "/console/login" if request.url.path.startswith("/console/") else "/v1/sessions"
    remember(request, answer, entered.session.actor.login, entered, path=path)


def remember(request: Request, answer: Response, login: str, entered: Entered, *, path: str = "") -> None:
    """Let the browser prove later that it logged in: sent to the log-in of this address, or of `path`, alone."""
    if not entered.kept:
        return
    answer.set_cookie(
        _known_cookie(request, login),
        entered.kept,
        max_age=int(BROWSER_LIFETIME / timedelta(seconds=1)),
        path=path or request.url.path,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
