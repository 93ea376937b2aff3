"""The doors of those who hold a one-time link: an administrator's, and the owner's of an account."""

from collections.abc import Callable
from typing import Annotated, Any

import structlog
from fastapi import Depends, Form, Request
from starlette.responses import Response

from api.console.account_form import AdmissionForm, LinkForm
from api.console.language import language_of
from api.console.login import CodeForm, enter_console, second_door
from api.console.typed import Fault, Mistaken, Typed, meaning
from api.console.view import problem_view, render
from api.console.visit import Mistake, mistake_of
from api.deps import OpenStore
from api.entry import RETRY_AFTER_SECONDS, login_queue
from api.form_token import same_origin
from api.origin import origin_of
from api.problems import status_of
from api.route import pages
from schemas.errors import Busy, Conflict, Invalid
from schemas.refusals_account import LOGIN_TAKEN
from schemas.refusals_agency import AGENCY_CODE_TAKEN
from storage.actor.link import Admission, Owner
from storage.flow.admit import admit, set_password
from storage.flow.login import Entered, Halfway
from storage.store import Store

log = structlog.get_logger()

router = pages()

_MENDED = (LOGIN_TAKEN, AGENCY_CODE_TAKEN)
"""What whoever holds a link that counts can mend by typing something else."""


@router.get("/admit/{code}")
def admission(request: Request, store: OpenStore, code: str) -> Response:
    """Show the door of an administrator, or why the link no longer counts."""
    with store.begin() as tx:
        offer = tx.links.admission(code)
    return _admission(request, code, offer, AdmissionForm())


def _admission(
    request: Request, code: str, offer: Admission, form: AdmissionForm, mistake: Mistake | None = None
) -> Response:
    view = {"code": code, "offer": offer, "form": form, "mistake": mistake}
    return render(request, "admit.html", view, status=mistake.status if mistake else 200)


@router.post("/admit/{code}", dependencies=[Depends(same_origin)])
def enter_as_administrator(
    request: Request, store: OpenStore, code: str, form: Annotated[AdmissionForm, Form()]
) -> Response:
    """Make the administrator and log in; no transaction is open while the password is hashed."""
    with store.begin() as tx:
        offer = tx.links.admission(code)

    def act() -> Entered | Halfway:
        wanted = meaning(form)
        if offer.needs_agency and not wanted.wish.agency_name:
            raise Mistaken("agency_name", Fault.MISSING)
        wish = wanted.wish.model_copy(update={"code": code})
        return admit(store, login_queue(request), wish, wanted.password, origin_of(request))

    return _through(request, store, form, act, lambda wrong: _admission(request, code, offer, form, wrong))


@router.get("/link/{code}")
def own_link(request: Request, store: OpenStore, code: str) -> Response:
    """Show the door at which the owner of an account sets its password, or why the link no longer counts."""
    return _link(request, code, _owner(store, code), LinkForm())


def _owner(store: Store, code: str) -> Owner:
    with store.begin() as tx:
        return tx.links.owner(code)


def _link(
    request: Request, code: str, owner: Owner, form: LinkForm, mistake: Mistake | None = None
) -> Response:
    view = {"code": code, "owner": owner, "form": form, "mistake": mistake}
    return render(request, "link.html", view, status=mistake.status if mistake else 200)


@router.post("/link/{code}", dependencies=[Depends(same_origin)])
def set_own_password(
    request: Request, store: OpenStore, code: str, form: Annotated[LinkForm, Form()]
) -> Response:
    """Set the password and log in; no transaction is open while it is hashed."""
    owner = _owner(store, code)

    def act() -> Entered | Halfway:
        password = meaning(form)
        form.wanted(owner.login, owner.name, owner.agency_name)
        return set_password(store, login_queue(request), code, password, origin_of(request))

    return _through(request, store, form, act, lambda wrong: _link(request, code, owner, form, wrong))


def _through(
    request: Request,
    store: Store,
    form: Typed[Any],
    act: Callable[[], Entered | Halfway],
    again: Callable[[Mistake], Response],
) -> Response:
    """Come in, or show the door again with what can be mended at it; a link that no longer counts is told by a page."""
    language = language_of(request.cookies)
    try:
        door = act()
    except Mistaken as err:
        return again(mistake_of(form, err, language))
    except Busy as err:
        shown = again(Mistake(form, problem_view(err.refusal, language), status_of(err.refusal)))
        shown.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return shown
    except (Conflict, Invalid) as err:
        if err.refusal not in _MENDED:
            raise
        log.log(err.refusal.level, "mistake_shown", form=type(form).__name__, slug=err.slug)
        return again(Mistake(form, problem_view(err.refusal, language), status_of(err.refusal)))
    if isinstance(door, Halfway):
        return second_door(request, store, CodeForm(halfway=door.token))
    return enter_console(request, door, "/console")
