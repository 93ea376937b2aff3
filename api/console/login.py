"""Logging in and out, who tried to, and the language."""

from typing import Annotated, NamedTuple

import structlog
from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, Visiting, form_token, own_address, same_origin
from api.console.kept import Kept, kept_from
from api.console.language import COOKIE as LANGUAGE_COOKIE
from api.console.language import language_of
from api.console.typed import Mistaken, Typed, label, meaning, read
from api.console.view import problem_view, render
from api.console.visit import Mistake, go, mistake_of
from api.deps import OpenStore, is_secure, session_cookie, token_of
from api.entry import RETRY_AFTER_SECONDS, enter, remember_at_login
from api.problems import status_of
from api.route import Route
from schemas.errors import AnyRefusal, Busy, NotAuthenticated
from schemas.policy import Action
from schemas.refusals_account import ACCOUNT_MACHINE
from schemas.refusals_actor import NOT_AUTHENTICATED
from schemas.words import Language
from storage.flow.login import Entered

log = structlog.get_logger()

YEAR_SECONDS = 365 * 24 * 3600
_NAME = TypeAdapter(Annotated[str, Field(min_length=1, max_length=64)])
_PASSWORD = TypeAdapter(Annotated[str, Field(min_length=1, max_length=256)])

router = APIRouter(route_class=Route)


class Credentials(NamedTuple):
    """Who wants to log in, and the password."""

    login: str
    password: str


class LoginForm(Typed[Credentials]):
    """The log-in, and where it leads."""

    login: str = label("用户名")
    password: Annotated[str, StringConstraints(strip_whitespace=False)] = label("密码")
    back: str = Field(default="/console", title="")
    kept: Annotated[str, StringConstraints(strip_whitespace=False)] = Field(default="", title="")
    to: str = Field(default="", title="")

    def wish(self) -> Credentials:
        return Credentials(read(self, "login", _NAME), read(self, "password", _PASSWORD))


class LanguageForm(BaseModel):
    """The language, and the page to come back to. Chinese is meant by everything that is not English."""

    lang: str = ""
    back: str = "/console"


@router.get("/login")
def form(request: Request, back: str = "/console") -> Response:
    """Show the log-in form."""
    return _door(request, LoginForm(back=back))


def _door(request: Request, form: LoginForm, mistake: Mistake | None = None) -> Response:
    view = {"back": own_address(form.back), "form": form, "mistake": mistake, "is_kept": bool(form.kept)}
    return render(request, "login.html", view, status=mistake.status if mistake else 200)


def again(request: Request, kept: Kept) -> Response:
    """Show the log-in to somebody whose session ended under a form, with what was typed."""
    log.info("form_kept", path=kept.to)
    page = _door(request, LoginForm(kept=kept.text, to=kept.to))
    page.status_code = status_of(NOT_AUTHENTICATED)
    return page


@router.post("/login", dependencies=[Depends(same_origin)])
def log_in(request: Request, store: OpenStore, form: Annotated[LoginForm, Form()]) -> Response:
    """Log in and set the cookies; no transaction is open while the password is looked at."""
    try:
        wish = meaning(form)
    except Mistaken as err:
        return _door(request, form, mistake_of(form, err, language_of(request.cookies)))
    try:
        entered = enter(request, wish.login, wish.password)
    except Busy as err:
        refused = _refused(request, form, err.refusal)
        refused.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return refused
    except NotAuthenticated as err:
        return _refused(request, form, err.refusal)
    if entered.session.actor.is_machine:
        with store.begin() as tx:
            tx.accounts.logout(entered.session.token)
        return _refused(request, form, ACCOUNT_MACHINE)
    kept = kept_from(form.kept, own_address(form.to)) if form.kept else None
    if kept is not None:
        return _with_cookies(request, entered, _resumed(request, entered, kept))
    return enter_console(request, entered, form.back)


def _resumed(request: Request, entered: Entered, kept: Kept) -> Response:
    """Show what was typed before the session ended, to be sent once more in the new one."""
    session = entered.session
    given = {"actor": session.actor, "csrf": form_token(session.token), "kept": kept}
    return render(request, "resume.html", given)


def enter_console(request: Request, entered: Entered, back: str) -> Response:
    """Send a browser on to a page of the console, with the cookies of a session that was just opened."""
    return _with_cookies(request, entered, go(own_address(back)))


def _with_cookies(request: Request, entered: Entered, answer: Response) -> Response:
    answer.set_cookie(
        session_cookie(request),
        entered.session.token,
        expires=entered.session.expires_at,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
    remember_at_login(request, answer, entered)
    return answer


def _refused(request: Request, form: LoginForm, refusal: AnyRefusal) -> Response:
    log.log(refusal.level, "mistake_shown", form=type(form).__name__, slug=refusal.slug)
    shown = problem_view(refusal, language_of(request.cookies))
    return _door(request, form, Mistake(form, shown, status_of(refusal)))


@router.get("/logins")
def logins(visit: Visiting) -> Response:
    """Show who tried the password of this account, and of those that this account administers."""
    tx, actor = visit.tx, visit.actor
    return visit.page(
        "logins.html",
        here="logins",
        lately=tx.login_tries.failed_lately(actor),
        own=tx.login_tries.own(actor),
        others=tx.login_tries.seen_by(actor) if visit.holds(Action.ACCOUNT_VIEW) else None,
        days=tx.settings.login_tries_days,
    )


@router.post("/logout")
def log_out(visit: Acting) -> Response:
    """End the session."""
    request = visit.request
    visit.tx.accounts.logout(token_of(request))
    answer = go("/console/login")
    answer.delete_cookie(
        session_cookie(request), path="/", httponly=True, samesite="strict", secure=is_secure(request)
    )
    return answer


@router.post("/language", dependencies=[Depends(same_origin)])
def choose_language(request: Request, form: Annotated[LanguageForm, Form()]) -> Response:
    """Keep the language for a year and come back to the page."""
    lang = Language.EN if form.lang == Language.EN else Language.ZH
    answer = go(own_address(form.back))
    answer.set_cookie(
        LANGUAGE_COOKIE,
        lang.value,
        max_age=YEAR_SECONDS,
        path="/console",
        samesite="strict",
        secure=is_secure(request),
    )
    return answer
