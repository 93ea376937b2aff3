"""A code on the spot: an officer shows it, the partner opens its page on their own phone and confirms with one press."""

from typing import Annotated

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from api.console import presence
from api.console.guard import Acting, Visiting, acting, visitor
from api.console.presence import ScanForm
from api.console.typed import NoFields
from api.console.visit import go, submit, to
from api.deps import OpenStore
from api.origin import origin_of
from api.presence import scan_page
from api.qr import picture_of
from api.route import pages
from schemas.presence_code import PartnerCode
from storage.recording.presence_code import Try

router = pages()
_OWN = "/console/presence"
_SCALE = 7
"""Pixels of a module: it is scanned from one phone's screen by another."""


def trying(request: Request, store: OpenStore, code: Annotated[str, Query(max_length=64)] = "") -> Try | None:
    """Return a try that is counted and committed before the page's own transaction begins; None without a code."""
    if not code.strip():
        return None
    with store.begin(origin_of(request)) as tx:
        return tx.partner_codes.count(visitor(request, tx).actor)


def trying_by_form(
    request: Request, store: OpenStore, csrf: Annotated[str, Form(max_length=128)] = ""
) -> Try:
    """Return the same of a form, when that is ours and of this session."""
    with store.begin(origin_of(request)) as tx:
        return tx.partner_codes.count(acting(visitor(request, tx), csrf).actor)


@router.post("/presence/code")
def show(visit: Acting, form: Annotated[NoFields, Form()]) -> Response:
    """Show a new code in the answer itself: it is kept nowhere."""

    def shown(made: PartnerCode) -> Response:
        picture = picture_of(visit.address(scan_page(made.code)), scale=_SCALE)
        return visit.page("presence_code.html", here="home", made=made, picture=picture)

    return submit(
        visit,
        form,
        lambda _: visit.tx.partner_codes.show(visit.actor),
        again=lambda mistake: presence.shown(visit, mistake),
        then=shown,
    )


@router.post("/presence/code/void")
def void(visit: Acting, form: Annotated[NoFields, Form()]) -> Response:
    """Take the code back."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.partner_codes.void(visit.actor),
        again=lambda mistake: presence.shown(visit, mistake),
        then=to(_OWN),
    )


@router.get("/presence/scan")
def scan(
    tried: Annotated[Try | None, Depends(trying)],
    visit: Visiting,
    code: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show which captures a code would confirm."""
    if tried is None:
        return go(_OWN)
    tx = visit.tx
    found = tx.partner_codes.scan(tried, code)
    idents = [one.recording_id for one in found.questions]
    return visit.page(
        "presence_scan.html",
        here="home",
        scan=found,
        code=code,
        names=tx.accounts.names(visit.actor, [found.partner]),
        days=presence.by_day(found.questions),
        watched=tx.recordings.watched(visit.actor, idents),
        opened=presence.opened(visit, found.questions),
    )


@router.post("/presence/scan")
def confirm(
    tried: Annotated[Try, Depends(trying_by_form)], visit: Acting, form: Annotated[ScanForm, Form()]
) -> Response:
    """Say by the code that one was at all captures that stood on the page."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.partner_codes.confirm(tried, wish),
        again=lambda mistake: presence.shown(visit, mistake),
        then=to(_OWN),
    )
