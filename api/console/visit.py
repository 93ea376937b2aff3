"""One request of somebody who is logged in: the page it is answered with, and how a form becomes a change."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.language import language_of
from api.console.listing import Listing
from api.console.sought import may_seek
from api.console.typed import SENTENCES, Forms, Mistaken, Typed, meaning
from api.console.view import HEADERS, ProblemView, field_label, navigation, problem_view, render
from api.deps import is_secure
from api.idempotency import claim_of
from api.noting import note_refusal
from api.problems import status_of
from schemas.actor import Actor
from schemas.errors import Conflict, EvidenceError, Invalid, NotAuthenticated, NotFound, Refused
from schemas.ids import AgencyId
from schemas.policy import NONE, Action, Relation, Subject, holds, may
from schemas.refusals_request import REQUEST_INVALID
from schemas.words import Language
from storage.transaction import Transaction

log = structlog.get_logger()

W = TypeVar("W")
M = TypeVar("M")


class Mistake(NamedTuple):
    """Why a form is shown again: what was typed, the sentence, its status, and the field and row if one is at fault.

    `slug` names what storage refused, so that a page can offer what the sentence asks for.
    """

    form: Typed[Any]
    problem: ProblemView
    status: int
    field: str = ""
    about: str = ""
    slug: str = ""

    def is_at(self, form: object, field: str, about: str = "") -> bool:
        """Say whether this field of this form is at fault."""
        return self.form is form and (self.field, self.about) == (field, about)


class Visit(NamedTuple):
    """Who is looking, in the request's own transaction, and the token that the forms carry back."""

    request: Request
    tx: Transaction
    actor: Actor
    csrf: str

    @property
    def language(self) -> Language:
        """The language that was chosen."""
        return language_of(self.request.cookies)

    def address(self, path: str) -> str:
        """Return a path of ours as it is opened from elsewhere: by the name that this browser called us."""
        scheme = "https" if is_secure(self.request) else "http"
        return f"{scheme}://{self.request.headers.get('Host', '')}{path}"

    def may(self, action: Action, agency_id: AgencyId | None = None, related: Relation = NONE) -> bool:
        """Say whether the visitor may do `action` now to what is of an agency, their own where none is named.

        What an act asks is asked here before its button is shown.
        """
        subject = Subject(agency_id=agency_id or self.actor.agency_id, related=related)
        return may(self.actor, action, subject, self.tx.now)

    def holds(self, action: Action) -> bool:
        """Say whether the visitor has a permission at all: whether a list may be entered."""
        return holds(self.actor, action, self.tx.now)

    def only_looked(self) -> None:
        """Say that a form did nothing yet but show what it would do: sent again it shows that again."""
        if (claim := claim_of(self.request)) is not None:
            claim.drop()
            self.request.state.claim = None

    @property
    def bar(self) -> Mapping[str, object]:
        """What stands at the head of every page: who is here, and where they may go. No query is needed for it."""
        return {
            "actor": self.actor,
            "csrf": self.csrf,
            "may_list": self.holds(Action.RECORDING_VIEW),
            "may_seek": may_seek(self.actor, self.tx.now),
            "navigation": navigation(self.actor, self.tx.now),
        }

    def page(
        self,
        name: str,
        *,
        forms: type[Forms] = Forms,
        mistake: Mistake | None = None,
        listing: Listing | None = None,
        **view: object,
    ) -> Response:
        """Return a page with what every page of a logged-in account is given, its forms, its list, and `view`."""
        given: Mapping[str, object] = {
            **self.bar,
            "may_hand_in": self.holds(Action.RECORDING_SUBMIT),
            "look_reasons": lambda: self.tx.looks.reasons(self.actor),
            "mistake": mistake,
            "typed": forms.after(mistake.form if mistake else None, self.request.url.path),
        }
        shown = {**listing._asdict(), "ignored": self._ignored(listing)} if listing else {}
        status = mistake.status if mistake else 200
        return render(self.request, name, {**given, **shown, **view}, status=status)

    def _ignored(self, listing: Listing) -> list[str]:
        """Return the filters of the address that narrow nothing: unknown, or of a value that is none of theirs."""
        taken = {"after", *listing.asked.query}
        return [name for name, text in self.request.query_params.items() if text and name not in taken]


def go(address: str) -> RedirectResponse:
    """Send the browser on after a form (303, so that reloading sends nothing twice)."""
    return RedirectResponse(address, status_code=303, headers=HEADERS)


def to(address: str) -> Callable[[object], Response]:
    """Return what sends the browser on to a page that needs nothing of what was made."""
    return lambda _: go(address)


def submit(
    visit: Visit,
    form: Typed[W],
    act: Callable[[W], M],
    *,
    again: Callable[[Mistake], Response],
    then: Callable[[M], Response],
) -> Response:
    """Parse, act, show.

    Parsing names the field that means nothing; nothing was tried yet. Acting is one step of its own: what it refuses
    is undone, and is shown with what was typed where a person at this form can mend it. Everything else – a fault of
    ours, a part that does not answer, damage – goes its way, and takes the whole transaction back with it.

    Args:
        visit: Whose form it is.
        form: What was typed.
        act: The storage call, given what the form means.
        again: The page that shows the form again.
        then: The answer, given what was made.
    """
    try:
        wish = meaning(form)
    except Mistaken as err:
        return again(mistake_of(form, err, visit.language))
    try:
        with visit.tx.attempt():
            made = act(wish)
    except EvidenceError as err:
        note_refusal(visit.tx, visit.request, visit.actor, err)
        return again(refusal_of(form, err, visit.language))
    return then(made)


def mistake_of(form: Typed[Any], err: Mistaken, language: Language) -> Mistake:
    """Return the sentence for a field that means nothing."""
    title = field_label(language, form, err.field)
    said, then = SENTENCES[err.fault]
    said = said.filled(field=f"{err.about} {title}".strip(), bound=err.bound)
    log.info("mistake_shown", form=type(form).__name__, field=err.field, fault=err.fault.value)
    problem = ProblemView(said.spoken(language), then.spoken(language))
    return Mistake(form, problem, status_of(REQUEST_INVALID), err.field, err.about)


def refusal_of(form: Typed[Any], err: EvidenceError, language: Language) -> Mistake:
    """Return the sentence for a refusal, and the field that it is of.

    Raises:
        EvidenceError: what no person at this form can mend goes on its way.
    """
    if not isinstance(err, (Conflict, Invalid, NotFound, Refused)) or isinstance(err, NotAuthenticated):
        raise err
    log.log(err.refusal.level, "mistake_shown", form=type(form).__name__, slug=err.slug)
    field = type(form).refused.get(err.slug, "")
    return Mistake(form, problem_view(err.refusal, language), status_of(err.refusal), field, slug=err.slug)
