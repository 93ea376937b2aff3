"""Many people at once: a sheet is looked at row by row, and taken when its sender is sure; links for whoever has none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic import Field

from api.deps import CurrentActor, OpenStore, StreamActor, Tx
from api.route import Route
from schemas.actor import Actor
from schemas.base import WireIn, WireOut
from schemas.ids import AccountId, AgencyId, RosterId
from schemas.policy import Action, require_scope
from schemas.refusals_roster import ROSTER_MANY
from schemas.roster import FEW_ROWS, Roster, RosterFault, RosterLine, RosterState
from storage.actor.roster import Taken
from storage.actor.sheet import RosterSheet, WrongRow
from storage.flow.sheet import rows_of, sheet_bytes
from storage.store import Store

router = APIRouter(prefix="/v1", tags=["account"], route_class=Route)

SHEETS = ("/v1/rosters/sheets", "/console/rosters")
"""Addresses that take a file as it is, beyond the limit of other bodies; nothing is read before somebody is let in."""

SHOWN = 100
"""Wrong rows that an answer names; the whole list is a file."""


class RosterIn(WireIn):
    """A sheet of up to 500 people: XLSX, or CSV in UTF-8 or GB18030, as base64.

    `is_sure`: take it; else it is only looked at.
    """

    sheet: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    is_sure: bool = False


class RosterRowOut(WireOut):
    """A row by its number in the sheet: what is wrong with it, or once it was taken its account and the link, once."""

    number: int
    login: str
    name: str
    faults: list[RosterFault]
    account_id: AccountId | None = None
    code: str | None = None


class RosterOut(WireOut):
    """Every row of the sheet; nobody is taken where one row is wrong."""

    taken: int
    faulty: int
    rows: list[RosterRowOut]


class WrongRowOut(WireOut):
    """A row of a long sheet that is wrong."""

    number: int
    name: str
    login: str
    agency: str
    faults: list[RosterFault]


class RosterSheetOut(WireOut):
    """A long sheet of whoever asks.

    `looked`: its `faulty` rows are told, the first hundred in `wrong`; with none it may be taken. `taking`: `done` of
    `people` rows are entered, and nobody is there before all are. `taken`, `failed`: by the slug in `failure`.
    """

    id: RosterId
    state: RosterState
    people: int
    done: int
    faulty: int
    wrong: list[WrongRowOut]
    failure: str | None
    sent_at: datetime
    asked_at: datetime | None
    ended_at: datetime | None


class RosterFaultsOut(WireOut):
    """Every wrong row of a long sheet, in its order."""

    rows: list[WrongRowOut]


class LinksIn(WireIn):
    """For whom links are wanted: the people of one agency, of every one within reach where none is named."""

    agency_id: AgencyId | None = None


class HandedOut(WireOut):
    """A link, shown this once."""

    account_id: AccountId
    login: str
    name: str
    agency_name: str
    code: str
    expires_at: datetime


class LinksOut(WireOut):
    """Links that were made, and how many people still have none."""

    links: list[HandedOut]
    waiting: int


@router.post("/rosters", operation_id="takeRoster")
def take_roster(tx: Tx, actor: CurrentActor, wish: RosterIn) -> RosterOut:
    """Look at a sheet of people, row by row; with `is_sure` open all their accounts in one commit, or none."""
    require_scope(actor, Action.ACCOUNT_KEEP, tx.now)
    roster = Roster(rows_of(sheet_bytes(wish.sheet)))
    if len(roster) > FEW_ROWS:
        raise ROSTER_MANY("the sheet is long", rows=len(roster), most=FEW_ROWS)
    lines = tuple(roster.lines())
    looked = tx.rosters.looked_at(actor, lines)
    taken = tx.rosters.take(actor, lines) if wish.is_sure and not any(one.faults for one in looked) else ()
    codes = {one.line.number: one for one in taken}
    return RosterOut(
        taken=len(taken),
        faulty=sum(bool(one.faults) for one in looked),
        rows=[_roster_row(one, codes.get(one.number)) for one in looked],
    )


def _roster_row(line: RosterLine, taken: Taken | None) -> RosterRowOut:
    return RosterRowOut(
        number=line.number,
        login=line.row.login,
        name=line.row.name,
        faults=[*line.faults],
        account_id=taken and taken.account_id,
        code=taken and taken.code,
    )


@router.post(
    "/rosters/sheets",
    operation_id="sendRosterSheet",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def send_sheet(request: Request, store: OpenStore, actor: StreamActor) -> RosterSheetOut:
    """Look at a sheet of up to 100,000 people, XLSX or CSV of up to 16 MiB, and keep it until it is taken.

    The same sheet again, while it is not taken, is the same; of one person one waits at a time, for a day.
    """
    require_scope(actor, Action.ACCOUNT_KEEP, store.clock())
    return _out(await run_sync(look_at, store, actor, await request.body()))


def look_at(store: Store, actor: Actor, payload: bytes) -> RosterSheet:
    """Look at a sheet and keep it; no transaction is open while it is read."""
    roster = Roster(rows_of(payload))
    with store.begin() as tx:
        return tx.roster_sheets.send(actor, payload, roster)


@router.get("/rosters/sheets/{roster_id}", operation_id="getRosterSheet")
def sheet(tx: Tx, actor: CurrentActor, roster_id: RosterId) -> RosterSheetOut:
    """Return how far a sheet of one's own has come."""
    require_scope(actor, Action.ACCOUNT_KEEP, tx.now)
    return _out(tx.roster_sheets.get(actor, roster_id))


@router.post("/rosters/sheets/{roster_id}/take", operation_id="takeRosterSheet", status_code=202)
def take_sheet(tx: Tx, actor: CurrentActor, roster_id: RosterId) -> RosterSheetOut:
    """Have a sheet taken, all of it in one commit or nothing; asking again changes nothing. Links are made later."""
    require_scope(actor, Action.ACCOUNT_KEEP, tx.now)
    return _out(tx.roster_sheets.ask(actor, roster_id))


@router.get("/rosters/sheets/{roster_id}/wrong", operation_id="getRosterFaults")
def wrong_rows(tx: Tx, actor: CurrentActor, roster_id: RosterId) -> RosterFaultsOut:
    """Return every wrong row of a sheet of one's own."""
    require_scope(actor, Action.ACCOUNT_KEEP, tx.now)
    return RosterFaultsOut(rows=_rows(tx.roster_sheets.get(actor, roster_id).wrong))


def _rows(wrong: Sequence[WrongRow]) -> list[WrongRowOut]:
    return [WrongRowOut.of(one, faults=[*one.faults]) for one in wrong]


def _out(one: RosterSheet) -> RosterSheetOut:
    return RosterSheetOut.of(one, faulty=len(one.wrong), wrong=_rows(one.wrong[:SHOWN]))


@router.post("/accounts/links", operation_id="makeAccountLinks", status_code=201)
def make_links(tx: Tx, actor: CurrentActor, wish: LinksIn) -> LinksOut:
    """Hand out links to the next 1,000 people who have no password and no link that counts; shown once."""
    links = tx.account_links.hand_out(actor, wish.agency_id)
    waiting = tx.account_links.waiting(actor, wish.agency_id)
    return LinksOut(links=[HandedOut(**one._asdict()) for one in links], waiting=waiting)
