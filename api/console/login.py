"""Logging in and out, who tried to, and the language."""

from typing import Annotated, NamedTuple

import structlog
from fastapi import Depends, Form, Request
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from starlette.responses import Response

from api.console.factor_form import CODE, picture_of
from api.console.guard import Acting, Visiting, own_address
from api.console.kept import Kept, kept_from
from api.console.language import COOKIE as LANGUAGE_COOKIE
from api.console.language import language_of
from api.console.typed import Mistaken, Typed, label, meaning, read
from api.console.view import problem_view, render
from api.console.visit import Mistake, go, mistake_of
from api.deps import OpenStore, is_secure, session_cookie, token_of
from api.entry import RETRY_AFTER_SECONDS, begin, login_queue, remember_at_login
from api.factor import ISSUER
from api.form_token import form_token, same_origin
from api.origin import origin_of
from api.problems import status_of
from api.route import pages
from schemas.errors import AnyRefusal, Busy, Conflict, NotAuthenticated
from schemas.factor import Demand, waits_for
from schemas.policy import Action
from schemas.refusals_account import ACCOUNT_MACHINE
from schemas.refusals_actor import LOGIN_GUARDED, LOGIN_LOCKED, NOT_AUTHENTICATED
from schemas.refusals_factor import FACTOR_OFFER_OVER, LOGIN_HALFWAY_OVER
from schemas.words import Language
from storage.actor.session import Session
from storage.flow.login import CodeIn, Entered, Halfway, finish_log_in, login_waiting
from storage.store import Store

log = structlog.get_logger()

YEAR_SECONDS = 365 * 24 * 3600
_BEGIN_AGAIN = (LOGIN_HALFWAY_OVER, LOGIN_LOCKED, LOGIN_GUARDED)
"""What no other code mends: the log-in begins again, or later."""
_NAME = TypeAdapter(Annotated[str, Field(min_length=1, max_length=64)])
_PASSWORD = TypeAdapter(Annotated[str, Field(min_length=1, max_length=256)])

router = pages()


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


class CodeForm(Typed[str]):
    """The second factor of a log-in that waits for it. `offer` is a secret that is shown to be set up."""

    factor_code: str = label("验证码")
    halfway: str = Field(default="", title="")
    offer: str = Field(default="", title="")
    back: str = Field(default="/console", title="")
    kept: Annotated[str, StringConstraints(strip_whitespace=False)] = Field(default="", title="")
    to: str = Field(default="", title="")

    def wish(self) -> str:
        return read(self, "factor_code", CODE)


class LanguageForm(BaseModel):
    """The language, and the page to come back to. Chinese is meant by everything that is not English."""

    lang: str = ""
    back: str = "/console"


@router.get("/login")
def form(request: Request, back: str = "/console") -> Response:
    """Show the log-in form."""
    return _door(request, LoginForm(back=back))


def _door(request: Request, form: LoginForm, mistake: Mistake | None = None) -> Response:
    provider = request.app.state.provider
    view = {
        "back": own_address(form.back),
        "form": form,
        "mistake": mistake,
        "is_kept": bool(form.kept),
        "sso": None if provider is None else provider.settings.name,
    }
    return render(request, "login.html", view, status=mistake.status if mistake else 200)


def again(request: Request, kept: Kept) -> Response:
    """Show the log-in to somebody whose session ended under a form, with what was typed."""
    log.info("form_kept", path=kept.to)
    page = _door(request, LoginForm(kept=kept.text, to=kept.to))
    page.status_code = status_of(NOT_AUTHENTICATED)
    return page


@router.post("/login", dependencies=[Depends(same_origin)])
def log_in(request: Request, store: OpenStore, form: Annotated[LoginForm, Form()]) -> Response:
    """Log in and set the cookies, or ask for the second factor; no transaction is open while the password is looked at."""
    try:
        wish = meaning(form)
    except Mistaken as err:
        return _door(request, form, mistake_of(form, err, language_of(request.cookies)))
    try:
        door = begin(request, wish.login, wish.password)
    except Busy as err:
        refused = refused_at_the_door(request, form, err.refusal)
        refused.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return refused
    except NotAuthenticated as err:
        return refused_at_the_door(request, form, err.refusal)
    if isinstance(door, Halfway):
        return second_door(request, store, CodeForm(halfway=door.token, **_onward(form)))
    if door.session.actor.is_machine:
        with store.begin() as tx:
            tx.accounts.logout(door.session.token)
        return refused_at_the_door(request, form, ACCOUNT_MACHINE)
    return _inside(request, door, form)


@router.post("/login/code", dependencies=[Depends(same_origin)])
def finish(request: Request, store: OpenStore, form: Annotated[CodeForm, Form()]) -> Response:
    """Finish a log-in by the code of a second factor, or by setting one up."""
    language = language_of(request.cookies)
    try:
        code = meaning(form)
        wish = CodeIn(token=form.halfway, code=code, offer=form.offer, address=origin_of(request))
        entered = finish_log_in(store, login_queue(request), wish)
    except Mistaken as err:
        return second_door(request, store, form, mistake_of(form, err, language))
    except (Busy, Conflict, NotAuthenticated) as err:
        if err.refusal in _BEGIN_AGAIN:
            return refused_at_the_door(request, LoginForm(**_onward(form)), err.refusal)
        log.log(err.refusal.level, "mistake_shown", form=type(form).__name__, slug=err.slug)
        wrong = Mistake(form, problem_view(err.refusal, language), status_of(err.refusal))
        return second_door(request, store, form, wrong, is_offered_anew=err.refusal is FACTOR_OFFER_OVER)
    return _inside(request, entered, form)


def second_door(
    request: Request,
    store: Store,
    form: CodeForm,
    mistake: Mistake | None = None,
    *,
    is_offered_anew: bool = False,
) -> Response:
    """Show what a log-in wants beside the password: a code, or a second factor that is set up first."""
    try:
        half, demand = login_waiting(store, form.halfway)
        offer = None
        if demand is Demand.ENROL:
            with store.begin() as tx:
                who = (half.account_id, half.login, ISSUER)
                is_shown = form.offer and not is_offered_anew
                offer = tx.factors.offered_again(*who, form.offer) if is_shown else tx.factors.offer(*who)
    except (Conflict, NotAuthenticated) as err:
        if mistake is None or not mistake.field:
            return refused_at_the_door(request, LoginForm(**_onward(form)), err.refusal)
        offer = None  # what means nothing is told first; that the wait is over, when it means something
    view = {
        "back": own_address(form.back),
        "form": form,
        "mistake": mistake,
        "is_kept": bool(form.kept),
        "offer": offer,
        "picture": offer and picture_of(offer.uri),
        "minutes": int(waits_for(Demand.CODE if offer is None else Demand.ENROL).total_seconds()) // 60,
    }
    name = "login_code.html" if offer is None else "login_factor.html"
    return render(request, name, view, status=mistake.status if mistake else 200)


def _onward(form: LoginForm | CodeForm) -> dict[str, str]:
    """Return where a log-in leads, and what was typed before it."""
    return {"back": form.back, "kept": form.kept, "to": form.to}


def _inside(request: Request, entered: Entered, form: LoginForm | CodeForm) -> Response:
    """Go on behind a log-in: to what was typed before it, to the recovery codes, or to the page that was asked for."""
    kept = kept_from(form.kept, own_address(form.to)) if form.kept else None
    session = entered.session
    given = {"actor": session.actor, "csrf": form_token(session.token), "kept": kept}
    if entered.codes:
        view = {**given, "codes": entered.codes, "onward": own_address(form.back)}
        return _with_cookies(request, entered, render(request, "recovery.html", view))
    if kept is not None:
        return _with_cookies(request, entered, render(request, "resume.html", given))
    return enter_console(request, entered, form.back)


def enter_console(request: Request, entered: Entered, back: str) -> Response:
    """Send a browser on to a page of the console, with the cookies of a session that was just opened."""
    return _with_cookies(request, entered, go(own_address(back)))


def _with_cookies(request: Request, entered: Entered, answer: Response) -> Response:
    remember_at_login(request, answer, entered)
    return enter_by(request, entered.session, answer)


def enter_by(request: Request, session: Session, answer: Response) -> Response:
    """Give a browser the session that was just opened."""
    answer.set_cookie(
        session_cookie(request),
        session.token,
        expires=session.expires_at,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
    return answer


def refused_at_the_door(request: Request, form: LoginForm, refusal: AnyRefusal) -> Response:
    """Show the log-in with the reason why nobody came in by it, or by another way."""
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
