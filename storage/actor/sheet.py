"""Long sheets of people: looked at when they come, kept until somebody is sure, then taken by a task.

Only whoever sent a sheet sees what became of it. Of one person one sheet waits at a time; what nobody comes back to for
`SHEET_AGE` is dropped. The rows that are wrong are kept as they were found, all of them.

What a crash leaves, step by step:
  after `send`     a sheet that was looked at; sending it again gives the same
  after `ask`      a job; the sheet is taken once, however often it is asked for
  while taken      nothing: accounts, roles, leaves, state and job commit together; another worker begins anew
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.digest import sha256_hex
from schemas.ids import AccountId, AgencyId, RosterId
from schemas.policy import Action, Subject, require
from schemas.refusals_roster import ROSTER_FAULTY, ROSTER_UNKNOWN
from schemas.roster import Roster, RosterFault, RosterLine, RosterState
from storage.act import fresh_id
from storage.actor.roster import Rosters
from storage.collection import Collection, Unit
from storage.outbox import JobKind
from storage.tables.roster import rosters

SHEET_AGE = timedelta(days=1)
RECENT = 5

_TOLD = [one for one in rosters.c if one.name not in ("sheet", "sha256")]


class WrongRow(Frozen):
    """A row that is wrong, by its number in the sheet."""

    number: int
    name: str
    login: str
    agency: str
    faults: tuple[RosterFault, ...]


class RosterSheet(Frozen):
    """A long sheet: how many people it names, how many rows are entered, which are wrong; `failure` is a slug."""

    id: RosterId
    agency_id: AgencyId
    sent_by: AccountId
    state: RosterState
    people: int
    done: int
    wrong: tuple[WrongRow, ...]
    failure: str | None
    sent_at: datetime
    asked_at: datetime | None
    ended_at: datetime | None


class RosterSheets(Collection):
    """Long sheets and how far they have come."""

    def __init__(self, unit: Unit, rosters_: Rosters) -> None:
        super().__init__(unit)
        self._rosters = rosters_

    def send(self, actor: Actor, payload: bytes, roster: Roster) -> RosterSheet:
        """Look at a sheet and keep it; the same sheet again, while it is not taken, is the same.

        Raises:
            Refused: the actor may not keep accounts, or not grant the roles that the sheet names.
        """
        wrong = self._rosters.wrong(actor, roster)
        mine = func.hashtextextended(f"rosters of {actor.reference}", 0)
        self._connection.execute(select(func.pg_advisory_xact_lock(mine)))
        digest = sha256_hex(payload)
        known = self._connection.execute(
            select(rosters.c.id, rosters.c.state, rosters.c.asked_at).where(
                rosters.c.sent_by == actor.id,
                rosters.c.sha256 == digest,
                rosters.c.state.in_((RosterState.LOOKED, RosterState.TAKING)),
            )
        ).one_or_none()
        if known is not None and known.state == RosterState.TAKING:
            return self.get(actor, RosterId(known.id))
        self._connection.execute(
            delete(rosters).where(rosters.c.sent_by == actor.id, rosters.c.state == RosterState.LOOKED)
        )
        # One that was asked for and found wrong had its job; whoever sends it again begins anew.
        is_same = known is not None and known.asked_at is None
        ident = RosterId(known.id if known is not None and is_same else fresh_id())
        self._connection.execute(
            rosters.insert().values(
                id=ident,
                agency_id=actor.agency_id,
                sent_by=actor.id,
                state=RosterState.LOOKED,
                sheet=payload,
                sha256=digest,
                people=len(roster),
                wrong=_told(wrong),
                sent_at=self._now,
            )
        )
        return self.get(actor, ident)

    def ask(self, actor: Actor, roster_id: RosterId) -> RosterSheet:
        """Have a sheet taken; asking again changes nothing.

        Raises:
            NotFound: no such sheet of the actor's (slug `roster-unknown`).
            Refused: the actor may not keep accounts.
            Invalid: a row of it is wrong (slug `roster-faulty`).
        """
        sheet = self.get(actor, roster_id)
        require(actor, Action.ACCOUNT_KEEP, Subject(agency_id=actor.agency_id), self._now)
        if sheet.wrong:
            raise ROSTER_FAULTY("some rows are wrong", rows=[one.number for one in sheet.wrong[:100]])
        asked = self._connection.execute(
            update(rosters)
            .where(rosters.c.id == roster_id, rosters.c.state == RosterState.LOOKED)
            .values(state=RosterState.TAKING, asked_at=self._now)
        )
        if asked.rowcount:
            self._unit.jobs.enqueue(JobKind.ROSTER, roster_id, sender_id=actor.id)
        return self.get(actor, roster_id)

    def get(self, actor: Actor, roster_id: RosterId) -> RosterSheet:
        """Return a sheet of the actor's own.

        Raises:
            NotFound: no such sheet, or somebody else sent it (slug `roster-unknown`).
        """
        query = select(*_TOLD).where(rosters.c.id == roster_id, rosters.c.sent_by == actor.id)
        return self._one(query, RosterSheet.of_row, ROSTER_UNKNOWN("no such roster"))

    def recent(self, actor: Actor) -> tuple[RosterSheet, ...]:
        """Return the actor's last sheets, the newest first."""
        query = (
            select(*_TOLD).where(rosters.c.sent_by == actor.id).order_by(rosters.c.id.desc()).limit(RECENT)
        )
        return tuple(map(RosterSheet.of_row, self._connection.execute(query).mappings()))

    def known(self, roster_id: RosterId) -> tuple[RosterSheet, bytes]:
        """Return any sheet with its bytes, empty where they were dropped; for the task that takes it.

        Raises:
            NotFound: no such sheet.
        """
        query = select(*_TOLD).where(rosters.c.id == roster_id)
        kept = self._connection.scalar(select(rosters.c.sheet).where(rosters.c.id == roster_id))
        return self._one(query, RosterSheet.of_row, ROSTER_UNKNOWN("no such roster")), bytes(kept or b"")

    def progress(self, roster_id: RosterId, done: int) -> None:
        """Note how many rows are entered, in a transaction of its own: they are there once all are."""
        self._connection.execute(update(rosters).where(rosters.c.id == roster_id).values(done=done))

    def taken(self, roster_id: RosterId) -> None:
        """Note that its people are there; the sheet goes."""
        self._end(roster_id, RosterState.TAKEN, done=rosters.c.people)

    def found(self, roster_id: RosterId, wrong: Sequence[RosterLine]) -> None:
        """Note that rows are wrong by now, and nobody was taken."""
        self._end(roster_id, RosterState.LOOKED, done=0, wrong=_told(wrong))

    def failed(self, roster_id: RosterId, failure: str) -> None:
        """Note that it is not taken, by the slug of the reason."""
        self._end(roster_id, RosterState.FAILED, done=0, failure=failure)

    def _end(self, roster_id: RosterId, state: RosterState, **values: object) -> None:
        self._connection.execute(
            update(rosters)
            .where(rosters.c.id == roster_id, rosters.c.state == RosterState.TAKING)
            .values(state=state, sheet=None, ended_at=self._now, **values)
        )

    def forget_left(self) -> int:
        """Drop sheets to which nobody came back; returns how many."""
        left = delete(rosters).where(
            rosters.c.state == RosterState.LOOKED, rosters.c.sent_at < self._now - SHEET_AGE
        )
        return self._connection.execute(left).rowcount


def _told(wrong: Sequence[RosterLine]) -> list[Mapping[str, Any]]:
    return [
        {
            "number": one.number,
            "name": one.row.name,
            "login": one.row.login,
            "agency": one.row.agency,
            "faults": [fault.value for fault in one.faults],
        }
        for one in wrong
    ]
