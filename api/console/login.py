"""Logging in and out, and the language."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from api.console.guard import Acting, go, own_address, problem_view, same_origin
from api.console.language import COOKIE as LANGUAGE_COOKIE
from api.console.language import language_of
from api.console.view import render
from api.deps import COOKIE, Settings, Tx, token_of
from api.problems import status_of
from schemas.errors import AnyRefusal, NotAuthenticated
from schemas.refusals_actor import LOGIN_FAILED
from schemas.words import Language

YEAR_SECONDS = 365 * 24 * 3600

router = APIRouter()


@router.get("/login")
def form(request: Request, back: str = "/console") -> Response:
    """Show the log-in form."""
    return render(request, "login.html", {"back": own_address(back), "login": "", "problem": None})


@router.post("/login", dependencies=[Depends(same_origin)])
def log_in(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    settings: Settings,
    login: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=256)] = "",
    back: Annotated[str, Form(max_length=2000)] = "/console",
) -> Response:
    """Log in and set the cookie. A wrong password is answered, not raised, so that its count commits."""
    try:
        session = tx.accounts.login(login, password)
    except NotAuthenticated as err:
        return _again(request, login, back, err.refusal)
    if session is None:
        return _again(request, login, back, LOGIN_FAILED)
    answer = go(own_address(back))
    answer.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure or request.url.scheme == "https",
    )
    return answer


def _again(request: Request, login: str, back: str, refusal: AnyRefusal) -> Response:
    shown = problem_view(refusal, language_of(request.cookies))
    view = {"back": own_address(back), "login": login, "problem": shown}
    return render(request, "login.html", view, status=status_of(refusal))


@router.post("/logout")
def log_out(request: Request, tx: Tx, _: Acting) -> Response:
    """End the session."""
    tx.accounts.logout(token_of(request))
    answer = go("/console/login")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.post("/language", dependencies=[Depends(same_origin)])
def choose_language(
    lang: Annotated[Language, Form()],
    back: Annotated[str, Form(max_length=2000)] = "/console",
) -> Response:
    """Keep the language for a year and come back to the page."""
    answer = go(own_address(back))
    answer.set_cookie(LANGUAGE_COOKIE, lang.value, max_age=YEAR_SECONDS, path="/console", samesite="strict")
    return answer
