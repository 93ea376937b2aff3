"""Many people at once: a sheet is looked at row by row, and taken when its sender is sure."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import StringConstraints
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.typed import Fault, Forms, Mistaken, Typed, label
from api.console.visit import Mistake, Visit, submit
from api.route import Route
from schemas.errors import Invalid
from schemas.policy import Action, require_scope
from schemas.refusals_account import ROSTER_EMPTY
from schemas.roster import RosterLine, parse_roster
from storage.actor.roster import Taken
from storage.flow.sheet import sheet_bytes, table_of

router = APIRouter(route_class=Route)


class RosterForm(Typed[tuple[RosterLine, ...]]):
    """A sheet: pasted as text, or as the bytes of a file that the page put here."""

    sheet: Annotated[str, StringConstraints(strip_whitespace=False)] = label("名册")
    file: str = label("文件")
    is_sure: str = label("确认")

    def wish(self) -> tuple[RosterLine, ...]:
        if not self.sheet.strip() and not self.file:
            raise Mistaken("sheet", Fault.MISSING)
        try:
            return parse_roster(table_of(sheet_bytes(self.file) if self.file else self.sheet.encode()))
        except Invalid as err:
            fault = Fault.MISSING if err.refusal == ROSTER_EMPTY else Fault.NO_SHEET
            raise Mistaken("file" if self.file else "sheet", fault) from err


class RosterForms(Forms):
    """The form of a roster."""

    roster: RosterForm = RosterForm()


@router.get("/accounts/import")
def roster(visit: Visiting) -> Response:
    """Show where a sheet goes, and how it is written."""
    return _page(visit)


def _page(
    visit: Visit,
    mistake: Mistake | None = None,
    *,
    form: RosterForm | None = None,
    looked: tuple[RosterLine, ...] = (),
    taken: tuple[Taken, ...] = (),
) -> Response:
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    return visit.page(
        "roster.html",
        forms=RosterForms,
        mistake=mistake,
        here="accounts",
        form=form,
        looked=looked,
        may_grant=visit.may(Action.ROLE_GRANT),
        faulty=sum(bool(line.faults) for line in looked),
        taken=[(one, visit.address(f"/console/link/{one.code}")) for one in taken],
    )


@router.post("/accounts/import")
def take(visit: Acting, form: Annotated[RosterForm, Form()]) -> Response:
    """Look at a sheet, or take it: links are shown in the answer itself, this once."""

    def act(lines: tuple[RosterLine, ...]) -> tuple[tuple[RosterLine, ...], tuple[Taken, ...]]:
        looked = visit.tx.rosters.looked_at(visit.actor, lines)
        is_taken = form.is_sure == "yes" and not any(line.faults for line in looked)
        return looked, visit.tx.rosters.take(visit.actor, lines) if is_taken else ()

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, mistake),
        then=lambda made: _page(visit, form=form, looked=made[0], taken=made[1]),
    )
