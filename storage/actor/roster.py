"""People by a sheet: looked at row by row, then taken whole or not at all."""

import secrets
from typing import NamedTuple

from sqlalchemy import select

from schemas.account import LINK_LIFETIME
from schemas.actor import Actor
from schemas.ids import AccountId, AgencyId
from schemas.intake import rows_root
from schemas.leaves_actor import RosterTake
from schemas.policy import Action, Subject, require
from schemas.record_id import salted_row_hash
from schemas.refusals_account import ROSTER_FAULTY
from schemas.roster import RosterFault, RosterLine
from storage.act import fresh_id
from storage.actor.account import hand_out_link
from storage.actor.actor import give_role, open_account
from storage.collection import Collection
from storage.custody.values import shown
from storage.tables.actor import accounts, agencies

SALT_BYTES = 16


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
        asked = [Action.ACCOUNT_KEEP, *([Action.ROLE_GRANT] if any(one.row.roles for one in lines) else [])]
        for action in asked:
            require(actor, action, Subject(agency_id=actor.agency_id), self._now)
        taken = set(
            self._connection.scalars(
                select(accounts.c.login).where(accounts.c.login.in_([one.row.login for one in lines]))
            )
        )
        known = self._reached(actor)
        return tuple(line._replace(faults=self._faults(line, taken, known)) for line in lines)

    def _reached(self, actor: Actor) -> dict[str, AgencyId]:
        """Return the agencies that the actor reaches by code, and by name where only one has it."""
        rows = self._connection.execute(
            select(agencies.c.id, agencies.c.code, agencies.c.name).where(
                agencies.c.id.in_(sorted(actor.agency_ids))
            )
        ).all()
        names = [row.name for row in rows]
        by_name = {row.name: AgencyId(row.id) for row in rows if names.count(row.name) == 1}
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
        known = self._reached(actor)
        idents = [AccountId(fresh_id()) for _ in looked]
        roster, agency = fresh_id(), f"agency/{actor.agency_id}"
        reached = {f"agency/{known[line.row.agency]}" for line in looked} - {agency}
        act = self._begin(
            actor,
            actor.agency_id,
            agency,
            *(f"account/{ident}" for ident in idents),
            relies=reached,
        )
        salts = [secrets.token_bytes(SALT_BYTES) for _ in looked]
        rows = [line.row.bytes_of(f"account/{ident}") for line, ident in zip(looked, idents, strict=True)]
        hashes = [salted_row_hash(salt, row) for salt, row in zip(salts, rows, strict=True)]
        taken = RosterTake(
            rows=len(rows),
            root=rows_root(hashes).hex(),
            salts=shown({"salts": [salt.hex() for salt in salts]}),
        )
        act.write(taken, f"roster/{roster}", agency)
        made = []
        for position, (line, ident) in enumerate(zip(looked, idents, strict=True), 1):
            open_account(
                self._connection,
                act,
                ident=ident,
                agency_id=known[line.row.agency],
                login=line.row.login,
                name=line.row.name,
                reason=f"roster/{roster} {position}",
            )
            for role in line.row.roles:
                since = None if line.row.valid_from is None else max(line.row.valid_from, act.at)
                give_role(self._connection, act, ident, role, since=since, until=line.row.valid_until)
            link = hand_out_link(self._unit, act, actor, ident, act.at + LINK_LIFETIME)
            made.append(Taken(line, ident, link.code))
        return tuple(made)
