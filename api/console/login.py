"""Logging in and out, and the language."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, own_address, same_origin
from api.console.language import COOKIE as LANGUAGE_COOKIE
from api.console.language import language_of
from api.console.typed import Mistaken, Typed, label, meaning, read
from api.console.view import problem_view, render
from api.console.visit import Mistake, go, mistake_of
from api.deps import COOKIE, Settings, Tx, token_of
from api.problems import status_of
from schemas.errors import AnyRefusal, NotAuthenticated
from schemas.refusals_actor import LOGIN_FAILED
from schemas.words import Language

YEAR_SECONDS = 365 * 24 * 3600
_NAME = TypeAdapter(Annotated[str, Field(min_length=1, max_length=64)])
_PASSWORD = TypeAdapter(Annotated[str, Field(min_length=1, max_length=256)])

router = APIRouter()


class Credentials(NamedTuple):
    """Who wants to log in, and the password."""

    login: str
    password: str


class LoginForm(Typed[Credentials]):
    """The log-in, and where it leads."""

    login: str = label("用户名")
    password: Annotated[str, StringConstraints(strip_whitespace=False)] = label("密码")
    back: str = Field(default="/console", title="")

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
    view = {"back": own_address(form.back), "form": form, "mistake": mistake}
    return render(request, "login.html", view, status=mistake.status if mistake else 200)


@router.post("/login", dependencies=[Depends(same_origin)])
def log_in(request: Request, tx: Tx, settings: Settings, form: Annotated[LoginForm, Form()]) -> Response:
    """Log in and set the cookie. A wrong password is answered, not raised, so that its count commits."""
    try:
        session = tx.accounts.login(*meaning(form))
    except Mistaken as err:
        return _door(request, form, mistake_of(form, err, language_of(request.cookies)))
    except NotAuthenticated as err:
        return _refused(request, form, err.refusal)
    if session is None:
        return _refused(request, form, LOGIN_FAILED)
    answer = go(own_address(form.back))
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


def _refused(request: Request, form: LoginForm, refusal: AnyRefusal) -> Response:
    shown = problem_view(refusal, language_of(request.cookies))
    return _door(request, form, Mistake(form, shown, status_of(refusal)))


@router.post("/logout")
def log_out(visit: Acting) -> Response:
    """End the session."""
    visit.tx.accounts.logout(token_of(visit.request))
    answer = go("/console/login")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.post("/language", dependencies=[Depends(same_origin)])
def choose_language(form: Annotated[LanguageForm, Form()]) -> Response:
    """Keep the language for a year and come back to the page."""
    lang = Language.EN if form.lang == Language.EN else Language.ZH
    answer = go(own_address(form.back))
    answer.set_cookie(LANGUAGE_COOKIE, lang.value, max_age=YEAR_SECONDS, path="/console", samesite="strict")
    return answer
