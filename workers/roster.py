"""Take a long sheet of people: all of them in one commit, with the state of the sheet and the end of the job.

Nothing of it is there before that commit, so a killed worker leaves nothing: the lease ends, and another begins anew. A row
that is wrong by now – somebody took a log-in name – takes everything back, and all wrong rows are told. Where two sheets
name the same people, the second waits for the first and is then told so.
"""

import time
from collections.abc import Sequence

import structlog

from schemas.errors import Invalid, NotAuthenticated, Refused
from schemas.ids import RosterId
from schemas.refusals import REFUSALS
from schemas.refusals_roster import ROSTER_CRASHED
from schemas.roster import Roster, RosterLine, RosterState
from storage.flow.sheet import rows_of
from storage.outbox import Job
from storage.store import Store
from workers.task import concluding

log = structlog.get_logger()

TELL_SECONDS = 0.5
"""So often, at most, it is written how far a sheet has come."""


class _Wrong(Exception):
    def __init__(self, lines: Sequence[RosterLine]) -> None:
        super().__init__()
        self.lines = lines


def take_roster(store: Store, job: Job) -> None:
    """Take the sheet that `job` names.

    Raises:
        Unavailable: the database did not answer; uses no attempt.
        Conflict: somebody came in between; the next attempt looks again.
        LeaseLost: another worker holds the job; nothing was written.
    """
    ident = RosterId(job.subject_id)
    with store.begin() as tx:
        sheet, payload = tx.roster_sheets.known(ident)
        if sheet.state is not RosterState.TAKING:
            tx.jobs.finish(job)
            return
    told = _Telling(store, ident, sheet.people)
    try:
        roster = Roster(rows_of(payload))
        with concluding(store, job) as tx:
            actor = tx.accounts.account_actor(sheet.sent_by)
            _none_is(tx.rosters.take_many(actor, roster, ident, told.done))
            tx.roster_sheets.taken(ident)
    except _Wrong as found:
        with concluding(store, job) as tx:
            tx.roster_sheets.found(ident, found.lines)
    except (NotAuthenticated, Refused, Invalid) as err:  # the same would be said again
        give_up_roster(store, job, err.slug)
    else:
        log.info("roster_taken", roster_id=str(ident), people=sheet.people)


def _none_is(wrong: Sequence[RosterLine]) -> None:
    if wrong:
        raise _Wrong(wrong)


def give_up_roster(store: Store, job: Job, error: str) -> None:
    """Tell whoever sent the sheet that it is not taken.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and may yet finish it, or has
            told = error if error in REFUSALS else ROSTER_CRASHED.slug
            tx.roster_sheets.failed(RosterId(job.subject_id), told)


class _Telling:
    """Writes how many rows are entered, in short transactions beside the long one."""

    def __init__(self, store: Store, ident: RosterId, people: int) -> None:
        self._store = store
        self._ident = ident
        self._people = people
        self._told_at = 0.0

    def done(self, rows: int) -> None:
        """Say so, unless it was said a moment ago and more is to come."""
        if rows < self._people and time.monotonic() - self._told_at < TELL_SECONDS:
            return
        with self._store.begin() as tx:
            tx.roster_sheets.progress(self._ident, rows)
        self._told_at = time.monotonic()
