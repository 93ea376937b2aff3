"""The console: server-rendered pages, Chinese first; reading works without JavaScript."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console import (
    account,
    agency,
    annotation,
    answer,
    approval,
    audit,
    audit_close,
    audit_draft,
    audit_member,
    audit_print,
    audit_result,
    case,
    case_amend,
    case_link,
    case_list,
    case_print,
    certificate,
    custody,
    derivative,
    device,
    ending,
    equipment,
    examination,
    fact,
    factor,
    hand_in,
    home,
    link,
    login,
    look,
    monitoring,
    notice,
    own,
    presence,
    presence_code,
    printing,
    procedure,
    recording,
    recording_list,
    rectification,
    retention,
    review,
    roster,
    scope,
    seek,
    setting,
    shift,
    sso,
    summary,
    trail,
    training,
    training_sheet,
)
from api.console.guard import answer_in_pages
from api.console.view import ASSETS, asset
from api.route import pages
from schemas.refusals_request import NOT_FOUND

router = pages()
for _pages in (
    login,
    link,
    sso,
    own,
    factor,
    home,
    notice,
    seek,
    presence,
    shift,
    presence_code,
    roster,
    account,
    agency,
    setting,
    look,
    approval,
    hand_in,
    recording_list,
    recording,
    annotation,
    answer,
    retention,
    printing,
    monitoring,
    equipment,
    derivative,
    examination,
    fact,
    case_list,
    case,
    case_link,
    case_amend,
    scope,
    ending,
    procedure,
    summary,
    review,
    case_print,
    audit_draft,  # before the audits, whose ids stand in the place of `new`
    audit,
    audit_close,
    audit_member,
    audit_print,
    audit_result,
    rectification,
    device,
    trail,
    training_sheet,  # before the people, whose ids stand in the same place
    training,
    certificate,
    custody,
):
    router.routes.extend(_pages.router.routes)


@router.get("/static/{name}")
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
    app.router.routes.extend(router.routes)
    answer_in_pages(app, login.again)
