"""Many people at once: a sheet is looked at row by row, and taken when its sender is sure.

A few are taken at once, their links in the answer. A long sheet is kept, looked at, and taken by a task; its page says how
far that has come, and links are handed out when somebody is there to hand them on.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from anyio.to_thread import run_sync
from fastapi import Form, Query, Request
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response

from api.console.guard import Acting, ActingWithFile, Visiting
from api.console.listing import id_or_none
from api.console.sheet import csv_answer, csv_text
from api.console.typed import Fault, Forms, Mistaken, NoFields, Typed, label
from api.console.view import HEADERS, problem_view
from api.console.visit import Mistake, Visit, go, submit
from api.deps import OpenStore
from api.roster import SHOWN, look_at
from api.route import pages
from schemas.base import rfc3339
from schemas.catalogue import words_of
from schemas.errors import Invalid, Refused
from schemas.ids import AgencyId, RosterId
from schemas.policy import Action, require_scope
from schemas.refusals import REFUSALS
from schemas.refusals_roster import ROSTER_EMPTY
from schemas.roster import FEW_ROWS, Roster, RosterLine
from schemas.words import Language
from storage.actor.handing import AT_ONCE, Handed
from storage.actor.roster import Taken
from storage.actor.sheet import RosterSheet, WrongRow
from storage.flow.sheet import SENT_BYTES, rows_of, sheet_bytes

router = pages()

PATH = "/console/accounts/import"
EVERY = "all"
"""Stands for every agency within reach."""

WRONG_COLUMNS = ("行", "姓名", "登录名", "单位", "需要改正")
LINK_COLUMNS = ("单位", "姓名", "登录名", "一次性链接", "有效至（UTC）")
TEXTS = (*WRONG_COLUMNS, *LINK_COLUMNS)
"""Source texts used outside the templates; each stands in the catalogue."""


class _Sent(NamedTuple):
    payload: bytes
    roster: Roster


class _Looked(NamedTuple):
    lines: tuple[RosterLine, ...] = ()
    taken: tuple[Taken, ...] = ()
    kept: RosterSheet | None = None


class RosterForm(Typed[_Sent]):
    """A sheet: pasted as text, or as the bytes of a file that the page put here."""

    sheet: Annotated[str, StringConstraints(strip_whitespace=False)] = label("名册")
    file: str = label("文件")
    is_sure: str = label("确认")

    def wish(self) -> _Sent:
        if not self.sheet.strip() and not self.file:
            raise Mistaken("sheet", Fault.MISSING)
        try:
            payload = sheet_bytes(self.file) if self.file else self.sheet.encode()
            return _Sent(payload, Roster(rows_of(payload)))
        except Invalid as err:
            fault = Fault.MISSING if err.refusal == ROSTER_EMPTY else Fault.NO_SHEET
            raise Mistaken("file" if self.file else "sheet", fault) from err


class RosterForms(Forms):
    """The form of a roster."""

    roster: RosterForm = RosterForm()


class LinksForm(Typed[AgencyId | None]):
    """For whom links are made: the people of one agency, or of every one."""

    agency: str = label("单位")

    def wish(self) -> AgencyId | None:
        if not self.agency:
            raise Mistaken("agency", Fault.MISSING)
        agency_id = id_or_none(AgencyId, self.agency)
        if agency_id is None and self.agency != EVERY:
            raise Mistaken("agency", Fault.NOT_LISTED)
        return agency_id


class LinksForms(Forms):
    """The form of links."""

    links: LinksForm = LinksForm()


@router.get("/accounts/import")
def roster(visit: Visiting, refused: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Show where a sheet goes, and how it is written; `refused` is why a file was not taken, by its slug."""
    return _page(visit, refused=refused)


def _page(
    visit: Visit,
    mistake: Mistake | None = None,
    *,
    form: RosterForm | None = None,
    looked: _Looked = _Looked(),  # noqa: B008 - an empty tuple
    refused: str = "",
) -> Response:
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    refusal = REFUSALS.get(refused)
    return visit.page(
        "roster.html",
        forms=RosterForms,
        mistake=mistake,
        here="accounts",
        form=form,
        looked=looked.lines,
        may_grant=visit.may(Action.ROLE_GRANT),
        faulty=sum(bool(line.faults) for line in looked.lines),
        taken=[(one, visit.address(f"/console/link/{one.code}")) for one in looked.taken],
        most_bytes=SENT_BYTES,
        recent=visit.tx.roster_sheets.recent(visit.actor),
        refused=None if refusal is None else problem_view(refusal, visit.language),
    )


@router.post("/accounts/import")
def take(visit: Acting, form: Annotated[RosterForm, Form()]) -> Response:
    """Look at a sheet, or take it: links are shown in the answer itself, this once. A long one is kept and has a page."""

    def act(sent: _Sent) -> _Looked:
        tx, actor = visit.tx, visit.actor
        if len(sent.roster) > FEW_ROWS:
            return _Looked(kept=tx.roster_sheets.send(actor, sent.payload, sent.roster))
        lines = tuple(sent.roster.lines())
        looked = tx.rosters.looked_at(actor, lines)
        is_taken = form.is_sure == "yes" and not any(line.faults for line in looked)
        if not is_taken:
            visit.only_looked()
        return _Looked(looked, tx.rosters.take(actor, lines) if is_taken else ())

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, mistake),
        then=lambda made: go(_address(made.kept)) if made.kept else _page(visit, form=form, looked=made),
    )


def _address(sheet: RosterSheet) -> str:
    return f"/console/rosters/{sheet.id}"


@router.post("/rosters")
async def send(request: Request, store: OpenStore, actor: ActingWithFile) -> Response:
    """Look at a file that our script sends as it is, and keep it; answers with the address of what comes of it."""
    require_scope(actor, Action.ACCOUNT_KEEP, store.clock())
    payload = await request.body()
    try:
        address = _address(await run_sync(look_at, store, actor, payload))
    except (Invalid, Refused) as err:
        address = f"{PATH}?refused={err.slug}"
    return JSONResponse({"address": address}, headers=HEADERS)


@router.get("/rosters/{roster_id}")
def sheet(visit: Visiting, roster_id: RosterId) -> Response:
    """Show how far a long sheet of one's own has come; asks itself again while it is taken."""
    return _sheet_page(visit, roster_id)


def _sheet_page(visit: Visit, roster_id: RosterId, mistake: Mistake | None = None) -> Response:
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    found = visit.tx.roster_sheets.get(visit.actor, roster_id)
    return visit.page(
        "roster_sheet.html", mistake=mistake, here="accounts", sheet=found, shown=found.wrong[:SHOWN]
    )


@router.post("/rosters/{roster_id}/take")
def ask(visit: Acting, roster_id: RosterId, form: Annotated[NoFields, Form()]) -> Response:
    """Have a sheet taken; asking again changes nothing."""
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    return submit(
        visit,
        form,
        lambda _: visit.tx.roster_sheets.ask(visit.actor, roster_id),
        again=lambda mistake: _sheet_page(visit, roster_id, mistake),
        then=lambda found: go(_address(found)),
    )


@router.get("/rosters/{roster_id}/wrong.csv")
def wrong_rows(visit: Visiting, roster_id: RosterId) -> Response:
    """Answer with every wrong row of a sheet of one's own."""
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    wrong = visit.tx.roster_sheets.get(visit.actor, roster_id).wrong
    cells = (_wrong_cells(one, visit.language) for one in wrong)
    return csv_answer("wrong-rows", csv_text(WRONG_COLUMNS, cells, visit.language))


def _wrong_cells(one: WrongRow, language: Language) -> Iterator[str]:
    yield from (str(one.number), one.name, one.login, one.agency)
    yield "；".join(words_of(fault).spoken(language) for fault in one.faults)


@router.get("/accounts/links")
def links(visit: Visiting) -> Response:
    """Show how many people wait for a link, and for whom links can be made."""
    return _links_page(visit)


def _links_page(visit: Visit, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "account_links.html",
        forms=LinksForms,
        mistake=mistake,
        here="accounts",
        waiting=visit.tx.account_links.waiting(visit.actor),
        agencies=visit.tx.people.agencies(visit.actor),
        most=AT_ONCE,
        every=EVERY,
    )


@router.post("/accounts/links")
def hand_out(visit: Acting, form: Annotated[LinksForm, Form()]) -> Response:
    """Make links for the next of those who have none, and answer with them as a file, this once."""
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    return submit(
        visit,
        form,
        lambda agency_id: visit.tx.account_links.hand_out(visit.actor, agency_id),
        again=lambda mistake: _links_page(visit, mistake),
        then=lambda made: _links_file(visit, made) if made else go("/console/accounts/links"),
    )


def _links_file(visit: Visit, made: tuple[Handed, ...]) -> Response:
    cells = (
        (
            one.agency_name,
            one.name,
            one.login,
            visit.address(f"/console/link/{one.code}"),
            rfc3339(one.expires_at),
        )
        for one in made
    )
    return csv_answer("links", csv_text(LINK_COLUMNS, cells, visit.language))
