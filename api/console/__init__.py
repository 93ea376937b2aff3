"""The console: server-rendered pages, Chinese first; reading works without JavaScript."""

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from api.console import (
    account,
    agency,
    answer,
    approval,
    audit,
    audit_member,
    audit_print,
    case,
    case_print,
    certificate,
    custody,
    derivative,
    device,
    equipment,
    examination,
    fact,
    factor,
    home,
    link,
    login,
    look,
    monitoring,
    own,
    presence,
    presence_code,
    printing,
    procedure,
    recording,
    rectification,
    retention,
    review,
    roster,
    scope,
    setting,
    shift,
    sso,
    trail,
    training,
    training_sheet,
)
from api.console.guard import answer_in_pages
from api.console.view import ASSETS, asset
from api.route import Route
from schemas.refusals_request import NOT_FOUND

router = APIRouter(include_in_schema=False, route_class=Route)
for _pages in (
    login,
    link,
    sso,
    own,
    factor,
    home,
    presence,
    shift,
    presence_code,
    roster,
    account,
    agency,
    setting,
    look,
    approval,
    recording,
    answer,
    retention,
    printing,
    monitoring,
    equipment,
    derivative,
    examination,
    fact,
    case,
    scope,
    procedure,
    review,
    case_print,
    audit,
    audit_member,
    audit_print,
    rectification,
    device,
    trail,
    training_sheet,  # before the people, whose ids stand in the same place
    training,
    certificate,
    custody,
):
    router.include_router(_pages.router, prefix="/console")


@router.get("/console/static/{name}")
def static(request: Request, name: str) -> Response:
    """Answer with a file of the console; addresses carry a digest, so they may be kept for a year."""
    if name not in ASSETS:
        raise NOT_FOUND("no such file")
    payload, media_type = ASSETS[name]
    is_current = asset(name).endswith(f"?{request.url.query}")
    headers = {"Cache-Control": "public, max-age=31536000, immutable" if is_current else "no-cache"}
    return Response(payload, media_type=media_type, headers=headers)


def mount(app: FastAPI) -> None:
    """Add the console's pages; call it after the problem handlers are installed, which it narrows."""
    app.include_router(router)
    answer_in_pages(app, login.again)
