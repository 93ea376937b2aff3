"""Everyone's own account: the password, the sessions, and who tried to log in."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from api.console.account_form import OwnForms, PasswordForm
from api.console.guard import Acting, Apart, Visiting, acting_apart
from api.console.typed import Mistaken, NoFields, meaning
from api.console.visit import Mistake, Visit, go, mistake_of, refusal_of, submit, to
from api.deps import OpenStore, token_of
from api.entry import login_queue
from api.origin import origin_of
from api.route import pages
from schemas.errors import EvidenceError
from storage.flow.admit import PasswordChange, change_password

router = pages()

OWN = "/console/account"


@router.get("/account")
def own(visit: Visiting, changed: str = "") -> Response:
    """Show the own account."""
    return _page(visit, is_changed=bool(changed))


def _page(visit: Visit, mistake: Mistake | None = None, *, is_changed: bool = False) -> Response:
    tx, actor = visit.tx, visit.actor
    return visit.page(
        "own.html",
        forms=OwnForms,
        mistake=mistake,
        here="own",
        sessions=tx.sessions.own(actor, token_of(visit.request)),
        is_changed=is_changed,
        factor=tx.factors.of(actor.account_id),
        lately=tx.login_tries.failed_lately(actor),
        idle_minutes=tx.settings.session_idle_seconds // 60,
        grants=[one for one in tx.people.grants(actor.account_id) if not one.is_over(tx.now)],
        now=tx.now,
        trail=tx.trail.own(actor),
        training=tx.trainings.judged(actor.account_id, tx.trainings.own(actor)) if actor.certificates else (),
    )


@router.post("/account/password")
def change(
    request: Request,
    store: OpenStore,
    apart: Annotated[Apart, Depends(acting_apart)],
    form: Annotated[PasswordForm, Form()],
) -> Response:
    """Change the own password; no transaction is open while passwords are looked at and hashed."""
    actor = apart.actor
    try:
        asked = meaning(form)
        form.wanted(actor.login, actor.name, actor.agency_name)
        wish = PasswordChange(
            old=asked.old, new=asked.new, address=origin_of(request), token=token_of(request)
        )
        change_password(store, login_queue(request), actor, wish)
    except Mistaken as err:
        wrong = mistake_of(form, err, apart.language)
    except EvidenceError as err:
        wrong = refusal_of(form, err, apart.language)
    else:
        return go(f"{OWN}?changed=1")
    with store.begin() as tx:
        return _page(Visit(request=request, tx=tx, actor=actor, csrf=apart.csrf), wrong)


@router.post("/account/sessions/end")
def end_others(visit: Acting, form: Annotated[NoFields, Form()]) -> Response:
    """End every session of one's own but this one."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.sessions.end_others(visit.actor, token_of(visit.request)),
        again=lambda mistake: _page(visit, mistake),
        then=to(OWN),
    )


@router.post("/account/sessions/{session_id}/end")
def end_session(visit: Acting, session_id: UUID, form: Annotated[NoFields, Form()]) -> Response:
    """End one session of one's own."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.sessions.end(visit.actor, session_id),
        again=lambda mistake: _page(visit, mistake),
        then=to(OWN),
    )
