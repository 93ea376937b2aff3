"""People by a sheet: looked at row by row, then taken whole or not at all."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.account import LINK_LIFETIME
from schemas.actor import Actor, Reach
from schemas.ids import AccountId, AgencyId
from schemas.intake import rows_root
from schemas.leaves_actor import AccountKind, AccountLink, AccountOpen, RoleGrantNamed, RosterTake
from schemas.policy import Action, Subject, require
from schemas.record_id import salted_row_hash
from schemas.refusals_account import AGENCY_CLOSED, LOGIN_TAKEN, ROSTER_FAULTY
from schemas.roster import RosterFault, RosterLine
from schemas.trail import TrailEvent
from storage.act import Deed, fresh_id
from storage.actor.account import done
from storage.actor.link import CODE_BYTES
from storage.actor.session import token_hash
from storage.collection import Collection
from storage.custody.custody import Entry
from storage.custody.values import shown
from storage.tables.actor import accounts, agencies
from storage.trail.note import note

AT_ONCE = 1_000
"""People that a few statements enter: some megabytes of them, whatever the sheet holds."""
SALT_BYTES = 16


_OPEN = text(
    "INSERT INTO accounts (id, agency_id, login, name, kind, created_at)"
    " SELECT one.id, one.agency_id, one.login, one.name, :kind, :at"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:agencies AS uuid[]), CAST(:logins AS text[]), CAST(:names AS text[]))"
    " AS one (id, agency_id, login, name) ON CONFLICT (login) DO NOTHING"
)
_GRANT = text(
    "INSERT INTO role_grants (id, account_id, role, reach, valid_from, valid_until, granted_at, leaf)"
    " SELECT one.id, one.account_id, one.role, :reach, one.since, one.until, :at, one.leaf"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:accounts AS uuid[]), CAST(:roles AS text[]),"
    " CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]), CAST(:leaves AS bytea[]))"
    " AS one (id, account_id, role, since, until, leaf)"
)
_LINK = text(
    "INSERT INTO account_links (id, account_id, code_hash, issued_by, issued_at, expires_at)"
    " SELECT one.id, one.account_id, one.code_hash, :by, :at, :ends"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:accounts AS uuid[]), CAST(:hashes AS bytea[]))"
    " AS one (id, account_id, code_hash)"
)


class Taken(NamedTuple):
    """A row that was taken: the account, and the code of the link by which its owner comes in, shown once."""

    line: RosterLine
    account_id: AccountId
    code: str


class _Person(NamedTuple):
    line: RosterLine
    ident: AccountId
    agency_id: AgencyId

    @property
    def about(self) -> str:
        return f"account/{self.ident}"


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
        logins = cast([one.row.login for one in lines], ARRAY(Text))  # one parameter, whatever their number
        taken = set(
            self._connection.scalars(
                select(accounts.c.login).where(accounts.c.login.in_(select(func.unnest(logins))))
            )
        )
        known = self._reached(actor)
        return tuple(line._replace(faults=self._faults(line, taken, known)) for line in lines)

    def _reached(self, actor: Actor) -> dict[str, AgencyId]:
        """Return the open agencies that the actor reaches by code, and by name where only one has it."""
        rows = self._connection.execute(
            select(agencies.c.id, agencies.c.code, agencies.c.name).where(
                agencies.c.id.in_(sorted(actor.agency_ids)), agencies.c.closed_at.is_(None)
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
        people = [_Person(line, AccountId(fresh_id()), known[line.row.agency]) for line in looked]
        roster, agency = fresh_id(), f"agency/{actor.agency_id}"
        reached = {f"agency/{one.agency_id}" for one in people} - {agency}
        act = self._begin(actor, actor.agency_id, agency, *(one.about for one in people), relies=reached)
        if not {one.agency_id for one in people} <= set(self._reached(actor).values()):
            raise AGENCY_CLOSED("an agency was closed meanwhile")
        act.write(_root_of(people), f"roster/{roster}", agency)
        made: list[Taken] = []
        for start in range(0, len(people), AT_ONCE):
            made += self._enter(act, actor, f"roster/{roster}", people[start : start + AT_ONCE], start)
        note(self._unit, done(TrailEvent.LINK_MADE, actor, f"roster/{roster}"))
        return tuple(made)

    def _enter(
        self, act: Deed, actor: Actor, roster: str, people: Sequence[_Person], start: int
    ) -> Iterator[Taken]:
        """Enter some people with all that they are given: a few statements, whatever their number."""
        self._open(act, people)
        act.write_all(_opened(one, f"{roster} {start + k}") for k, one in enumerate(people, 1))
        self._give_roles(act, people)
        codes = [secrets.token_urlsafe(CODE_BYTES) for _ in people]
        self._hand_out(act, actor, people, codes)
        for one, code in zip(people, codes, strict=True):
            yield Taken(one.line, one.ident, code)

    def _open(self, act: Deed, people: Sequence[_Person]) -> None:
        entered = self._connection.execute(
            _OPEN,
            {
                "idents": [one.ident for one in people],
                "agencies": [one.agency_id for one in people],
                "logins": [one.line.row.login for one in people],
                "names": [one.line.row.name for one in people],
                "kind": AccountKind.PERSON,
                "at": act.at,
            },
        )
        if entered.rowcount < len(people):
            raise LOGIN_TAKEN("a log-in name was taken meanwhile")

    def _give_roles(self, act: Deed, people: Sequence[_Person]) -> None:
        given = [
            (one, role, fresh_id(), _since(one, act.at)) for one in people for role in one.line.row.roles
        ]
        if not given:
            return
        leaves = act.write_all(
            Entry(
                RoleGrantNamed(role=role, reach=Reach.AGENCY, from_=since, until=one.line.row.valid_until),
                f"role/{grant}",
                (one.about,),
            )
            for one, role, grant, since in given
        )
        self._connection.execute(
            _GRANT,
            {
                "idents": [grant for _, _, grant, _ in given],
                "accounts": [one.ident for one, _, _, _ in given],
                "roles": [role.value for _, role, _, _ in given],
                "reach": Reach.AGENCY,
                "since": [since for _, _, _, since in given],
                "until": [one.line.row.valid_until for one, _, _, _ in given],
                "at": act.at,
                "leaves": [bytes.fromhex(leaf.digest) for leaf in leaves],
            },
        )

    def _hand_out(self, act: Deed, actor: Actor, people: Sequence[_Person], codes: Sequence[str]) -> None:
        ends, links = act.at + LINK_LIFETIME, [fresh_id() for _ in people]
        hashes = [token_hash(code) for code in codes]
        self._connection.execute(
            _LINK,
            {
                "idents": links,
                "accounts": [one.ident for one in people],
                "hashes": hashes,
                "by": actor.id,
                "at": act.at,
                "ends": ends,
            },
        )
        act.write_all(
            Entry(AccountLink(link=str(link), expires_at=ends, code_hash=shown(digest.hex())), one.about)
            for one, link, digest in zip(people, links, hashes, strict=True)
        )


def _since(one: _Person, at: datetime) -> datetime:
    return at if one.line.row.valid_from is None else max(one.line.row.valid_from, at)


def _opened(one: _Person, reason: str) -> Entry:
    row = one.line.row
    opened = AccountOpen(
        agency=f"agency/{one.agency_id}",
        kind=AccountKind.PERSON,
        login=shown(row.login),
        name=shown(row.name),
        reason=shown(reason),
    )
    return Entry(opened, one.about)


def _root_of(people: Sequence[_Person]) -> RosterTake:
    """Return the entry over all rows: their number, the root over each under its own salt, and what opens it."""
    salts = [secrets.token_bytes(SALT_BYTES) for _ in people]
    hashes = [
        salted_row_hash(salt, one.line.row.bytes_of(one.about))
        for salt, one in zip(salts, people, strict=True)
    ]
    return RosterTake(
        rows=len(people),
        root=rows_root(hashes).hex(),
        salts=shown({"salts": [salt.hex() for salt in salts]}),
    )
