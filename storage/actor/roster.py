"""People by a sheet: looked at row by row, then taken whole or not at all.

A few are taken while their sender waits, with their links. Many are taken by a task: it enters them in portions, and holds
nothing that anybody waits for until all are there – their ids are known to nobody. Only then it holds the chain of its
agency, looks again whether it still may, writes the entry over all rows and commits: who hands evidence in meanwhile waits
for that last step alone. Its people come in by links that are made when they are asked for (`AccountLinks`).
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.actor import Actor
from schemas.ids import AccountId, AgencyId
from schemas.policy import Action, Subject, require
from schemas.refusals_agency import AGENCY_CLOSED
from schemas.refusals_roster import ROSTER_FAULTY
from schemas.roster import Roster, RosterFault, RosterLine
from schemas.trail import TrailEvent
from storage.act import Deed, fresh_id
from storage.actor.account import done
from storage.actor.entering import Codes, Person, Rows, enter, made_people
from storage.actor.link import CODE_BYTES
from storage.collection import Collection
from storage.tables.actor import accounts, agencies
from storage.trail.note import note

AT_ONCE = 1_000
"""People that a few statements enter: some megabytes of them, whatever the sheet holds."""


class Taken(NamedTuple):
    """A row that was taken: the account, and the code of the link by which its owner comes in, shown once."""

    line: RosterLine
    account_id: AccountId
    code: str


class Rosters(Collection):
    """Sheets of people for the agencies that an actor keeps."""

    def looked_at(self, actor: Actor, lines: tuple[RosterLine, ...]) -> tuple[RosterLine, ...]:
        """Return the rows with what the sheet alone could not tell: log-ins that are taken, agencies out of reach.

        Raises:
            Refused: the actor may not keep accounts, or not grant the roles that the sheet names.
        """
        return self._looked(actor, lines, self._reached(actor))

    def wrong(self, actor: Actor, roster: Roster) -> tuple[RosterLine, ...]:
        """Return the rows of a long sheet that are wrong, all of them.

        Raises:
            Refused: as `looked_at`.
        """
        return self._wrong(actor, roster, self._reached(actor))

    def _wrong(self, actor: Actor, roster: Roster, known: dict[str, AgencyId]) -> tuple[RosterLine, ...]:
        looked = (one for some in _portions(roster) for one in self._looked(actor, some, known))
        return tuple(one for one in looked if one.faults)

    def _looked(
        self, actor: Actor, lines: Sequence[RosterLine], known: dict[str, AgencyId]
    ) -> tuple[RosterLine, ...]:
        asked = [Action.ACCOUNT_KEEP, *([Action.ROLE_GRANT] if any(one.row.roles for one in lines) else [])]
        for action in asked:
            require(actor, action, Subject(agency_id=actor.agency_id), self._now)
        logins = cast([one.row.login for one in lines], ARRAY(Text))  # one parameter, whatever their number
        taken = set(
            self._connection.scalars(
                select(accounts.c.login).where(accounts.c.login.in_(select(func.unnest(logins))))
            )
        )
        return tuple(line._replace(faults=self._faults(line, taken, known)) for line in lines)

    def _reached(self, actor: Actor) -> dict[str, AgencyId]:
        """Return the open agencies that the actor reaches by code, and by name where only one has it."""
        rows = self._connection.execute(
            select(agencies.c.id, agencies.c.code, agencies.c.name).where(
                agencies.c.id.in_(sorted(actor.agency_ids)), agencies.c.closed_at.is_(None)
            )
        ).all()
        times = Counter(row.name for row in rows)
        by_name = {row.name: AgencyId(row.id) for row in rows if times[row.name] == 1}
        return by_name | {row.code: AgencyId(row.id) for row in rows}

    def _faults(
        self, line: RosterLine, taken: set[str], known: dict[str, AgencyId]
    ) -> tuple[RosterFault, ...]:
        found = [*line.faults]
        if line.row.login in taken:
            found.append(RosterFault.LOGIN_TAKEN)
        if line.row.agency and line.row.agency not in known:
            found.append(RosterFault.AGENCY)
        if line.row.valid_until is not None and line.row.valid_until <= self._now:
            found.append(RosterFault.PERIOD)
        return tuple(dict.fromkeys(found))

    def take(self, actor: Actor, lines: tuple[RosterLine, ...]) -> tuple[Taken, ...]:
        """Open the account of every row, with its roles and its link: all in one commit, or none.

        One entry commits to all rows by their root; each account's opening names its row in it.

        Raises:
            Invalid: a row is wrong (slug `roster-faulty`); the fact `rows` names their numbers.
            Refused: the actor may not keep accounts, or not grant the roles that the sheet names.
        """
        looked = self.looked_at(actor, lines)
        wrong = [line.number for line in looked if line.faults]
        if wrong:
            raise ROSTER_FAULTY("some rows are wrong", rows=wrong)
        people = _people(looked, self._reached(actor))
        ident, agency = fresh_id(), f"agency/{actor.agency_id}"
        act = self._last_look(actor, {one.agency_id for one in people})
        rows = Rows()
        rows.add(people)
        act.write(rows.root(), f"roster/{ident}", agency)
        made: list[Taken] = []
        for start in range(0, len(people), AT_ONCE):
            some = people[start : start + AT_ONCE]
            codes = [secrets.token_urlsafe(CODE_BYTES) for _ in some]
            enter(
                self._connection,
                act,
                made_people(act, f"roster/{ident}", some, start, Codes(actor.id, codes)),
            )
            made += [Taken(one.line, one.ident, code) for one, code in zip(some, codes, strict=True)]
        note(self._unit, done(TrailEvent.LINK_MADE, actor, f"roster/{ident}"))
        return tuple(made)

    def take_many(
        self, actor: Actor, roster: Roster, ident: UUID, told: Callable[[int], None]
    ) -> tuple[RosterLine, ...]:
        """Open the account of every row, with its roles: all in one commit, or none; their links are asked for later.

        Nothing is held that others wait for before the last step, which looks again at everything the act relies on.
        Whoever opens an account under a name that stands in the sheet waits for the commit. A crash leaves nothing.

        Args:
            actor: Whose sheet it is.
            roster: Its people.
            ident: The id of the roster.
            told: Told how many rows are done, after each portion.

        Returns:
            The rows that are wrong, all of them; then nothing is entered.

        Raises:
            NotAuthenticated: the account was closed or lost a role since it asked.
            Refused: as `take`.
            Conflict: an agency was closed, or a log-in name taken meanwhile.
        """
        known = self._reached(actor)
        wrong = self._wrong(actor, roster, known)
        if wrong:
            return wrong
        act = Deed(self._unit.custody, actor.reference, self._unit.custody.hold(), actor.agency_id)
        rows, where = Rows(), set[AgencyId]()
        with ThreadPoolExecutor(1, thread_name_prefix="roster") as writer:
            entered, writing = 0, None
            for some in _portions(roster):
                people = _people(some, known)
                rows.add(people)
                where |= {one.agency_id for one in people}
                # Made while the database enters the portion before; the connection is one thread's at a time.
                made = made_people(act, f"roster/{ident}", people, entered)
                if writing is not None:
                    writing.result()
                    told(entered)
                writing = writer.submit(enter, self._connection, act, made)
                entered += len(people)
            root = rows.root()  # before anybody has to wait
            if writing is not None:
                writing.result()
        told(entered)
        self._last_look(actor, where).write(root, f"roster/{ident}", f"agency/{actor.agency_id}")
        return ()

    def _last_look(self, actor: Actor, where: set[AgencyId]) -> Deed:
        """Hold what the act goes on with and relies on; what was read before it is read again."""
        agency = f"agency/{actor.agency_id}"
        act = self._begin(
            actor, actor.agency_id, agency, relies={f"agency/{one}" for one in where} - {agency}
        )
        if not where <= set(self._reached(actor).values()):
            raise AGENCY_CLOSED("an agency was closed meanwhile")
        return act


def _portions(roster: Roster) -> Iterator[tuple[RosterLine, ...]]:
    lines = roster.lines()
    while some := tuple(islice(lines, AT_ONCE)):
        yield some


def _people(lines: Sequence[RosterLine], known: dict[str, AgencyId]) -> list[Person]:
    return [Person(line, AccountId(fresh_id()), known[line.row.agency]) for line in lines]
