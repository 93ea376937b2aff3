"""The own second factor: set up with a picture and a code, replaced, given up. Its recovery codes are shown once."""

from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.responses import Response

from api.console.factor_form import FactorForms, GiveUpForm, SetUp, SetUpForm, picture_of
from api.console.guard import Apart, Visiting, acting_apart
from api.console.typed import Mistaken, Typed, meaning
from api.console.visit import Mistake, Visit, go, mistake_of, refusal_of
from api.deps import OpenStore, token_of
from api.entry import login_queue
from api.factor import ISSUER
from api.origin import origin_of
from api.route import pages
from schemas.errors import Conflict, EvidenceError
from storage.flow.factor import OwnFactorIn, give_up_factor, set_up_factor
from storage.store import Store

router = pages()

FACTOR = "/console/account/factor"


@router.get("/account/factor")
def own_factor(visit: Visiting) -> Response:
    """Show the own second factor, and a secret that may be set up."""
    return _page(visit)


def _page(visit: Visit, mistake: Mistake | None = None, shown: str = "") -> Response:
    """Show the page; `shown` is the offer that stands on the screen already, so that nobody scans twice."""
    tx, actor = visit.tx, visit.actor
    who = (actor.account_id, actor.login, ISSUER)
    offer = None
    if shown:
        offer = tx.factors.offered_again(*who, shown)
    elif tx.factors.is_offered:
        offer = tx.factors.offer(*who)
    return visit.page(
        "factor.html",
        forms=FactorForms,
        mistake=mistake,
        here="own",
        factor=tx.factors.of(actor.account_id),
        is_demanded=tx.factors.is_demanded(actor.account_id),
        offer=offer,
        picture=offer and picture_of(offer.uri),
    )


@router.post("/account/factor")
def set_up(
    request: Request,
    store: OpenStore,
    apart: Annotated[Apart, Depends(acting_apart)],
    form: Annotated[SetUpForm, Form()],
) -> Response:
    """Set up a second factor and show its recovery codes, this once.

    No transaction is open while the password is looked at.
    """
    try:
        wish = _wish(request, meaning(form), form.offer)
        codes = set_up_factor(store, login_queue(request), apart.actor, wish)
    except (Mistaken, EvidenceError) as err:
        return _again(request, store, apart, form, err)
    with store.begin() as tx:
        visit = Visit(request=request, tx=tx, actor=apart.actor, csrf=apart.csrf)
        return visit.page("recovery.html", here="own", codes=codes, kept=None, onward="/console/account")


@router.post("/account/factor/end")
def give_up(
    request: Request,
    store: OpenStore,
    apart: Annotated[Apart, Depends(acting_apart)],
    form: Annotated[GiveUpForm, Form()],
) -> Response:
    """Give up the own second factor."""
    try:
        give_up_factor(store, login_queue(request), apart.actor, _wish(request, meaning(form)))
    except (Mistaken, EvidenceError) as err:
        return _again(request, store, apart, form, err)
    return go("/console/account")


def _wish(request: Request, typed: SetUp, offer: str = "") -> OwnFactorIn:
    return OwnFactorIn(
        password=typed.password,
        code=typed.now,
        offer=offer,
        new_code=typed.new,
        address=origin_of(request),
        token=token_of(request),
    )


def _again(
    request: Request, store: Store, apart: Apart, form: Typed[SetUp], err: Mistaken | EvidenceError
) -> Response:
    language = apart.language
    wrong = mistake_of(form, err, language) if isinstance(err, Mistaken) else refusal_of(form, err, language)
    shown = form.offer if isinstance(form, SetUpForm) else ""
    with store.begin() as tx:
        visit = Visit(request=request, tx=tx, actor=apart.actor, csrf=apart.csrf)
        try:
            return _page(visit, wrong, shown)
        except Conflict:  # shown too long ago
            return _page(visit, wrong)
