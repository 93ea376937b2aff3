"""People who are entered with all that they are given: accounts, roles, links and their leaves, a few statements for many.

Leaves are made first, without asking the database, and entered then: the next people can be made meanwhile.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from schemas.actor import Reach, Role
from schemas.ids import AccountId, AgencyId
from schemas.intake import rows_root
from schemas.leaves_account import AccountKind, AccountOpen, RosterTake
from schemas.leaves_role import RoleGrantNamed
from schemas.record_id import salted_row_hash
from schemas.refusals_account import LOGIN_TAKEN
from schemas.roster import RosterLine
from storage.act import Deed, fresh_id
from storage.actor.handing import NewLink, enter_links, new_link
from storage.custody.copying import NewLeaves
from storage.custody.custody import Entry
from storage.custody.values import Appended, shown

SALT_BYTES = 16


_OPEN = text(
    "INSERT INTO accounts (id, agency_id, login, name, kind, created_at)"
    " SELECT one.id, one.agency_id, one.login, one.name, :kind, :at"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:agencies AS uuid[]), CAST(:logins AS text[]), CAST(:names AS text[]))"
    " AS one (id, agency_id, login, name) ON CONFLICT (login) DO NOTHING"
)
_GRANT = text(
    "INSERT INTO role_grants (grant_id, account_id, role, reach, valid_during, known_during, grant_leaf, leaf)"
    " SELECT one.id, one.account_id, one.role, :reach, tstzrange(one.since, one.until), tstzrange(:at, NULL),"
    " one.leaf, one.leaf"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:accounts AS uuid[]), CAST(:roles AS text[]),"
    " CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]), CAST(:leaves AS bytea[]))"
    " AS one (id, account_id, role, since, until, leaf)"
)


class Codes(NamedTuple):
    """Who hands links out, and the code of each person's."""

    by: UUID
    codes: Sequence[str]


class Person(NamedTuple):
    """A row of the sheet, the id that its account gets, and the agency that it names."""

    line: RosterLine
    ident: AccountId
    agency_id: AgencyId

    @property
    def about(self) -> str:
        """How leaves name the account."""
        return f"account/{self.ident}"


class Given(NamedTuple):
    """A role that a person is given from a time on."""

    person: Person
    role: Role
    ident: UUID
    since: datetime


class Entered(NamedTuple):
    """Some people with all that they are given, made and not entered yet."""

    people: Sequence[Person]
    given: Sequence[Given]
    links: Sequence[NewLink]
    handed: Codes | None
    leaves: NewLeaves


class Rows:
    """What the root over all rows is made of: a salt for each, and its hash under it."""

    def __init__(self) -> None:
        self._salts: list[bytes] = []
        self._hashes: list[bytes] = []

    def add(self, people: Sequence[Person]) -> None:
        """Take some rows, in the order of the sheet."""
        for one in people:
            salt = secrets.token_bytes(SALT_BYTES)
            self._salts.append(salt)
            self._hashes.append(salted_row_hash(salt, one.line.row.bytes_of(one.about)))

    def root(self) -> RosterTake:
        """Return the entry over all rows: their number, the root over each under its own salt, and what opens it."""
        return RosterTake(
            rows=len(self._hashes),
            root=rows_root(self._hashes).hex(),
            salts=shown({"salts": [salt.hex() for salt in self._salts]}),
        )


def made_people(
    act: Deed, roster: str, people: Sequence[Person], start: int, handed: Codes | None = None
) -> Entered:
    """Make what some people are given: the leaves of their openings, then of their roles, then of their links."""
    given = [
        Given(one, role, fresh_id(), _since(one, act.at)) for one in people for role in one.line.row.roles
    ]
    codes = zip(people, handed.codes, strict=True) if handed else ()
    links = [new_link(one.ident, code, act.at) for one, code in codes]
    entries = [
        *(_opened(one, f"{roster} {start + k}") for k, one in enumerate(people, 1)),
        *map(_granted, given),
        *(one.entry for one in links),
    ]
    return Entered(people, given, links, handed, act.make_new(entries))


def _since(one: Person, at: datetime) -> datetime:
    return at if one.line.row.valid_from is None else max(one.line.row.valid_from, at)


def _granted(one: Given) -> Entry:
    until = one.person.line.row.valid_until
    granted = RoleGrantNamed(role=one.role, reach=Reach.AGENCY, from_=one.since, until=until)
    return Entry(granted, f"role/{one.ident}", (one.person.about,))


def _opened(one: Person, reason: str) -> Entry:
    row = one.line.row
    opened = AccountOpen(
        agency=f"agency/{one.agency_id}",
        kind=AccountKind.PERSON,
        login=shown(row.login),
        name=shown(row.name),
        reason=shown(reason),
    )
    return Entry(opened, one.about)


def enter(connection: Connection, act: Deed, made: Entered) -> None:
    """Enter some people with all that they are given: a few statements, whatever their number.

    Raises:
        Conflict: a log-in name was taken meanwhile (slug `login-taken`).
    """
    act.enter_new(made.leaves)
    _open(connection, act, made.people)
    leaves = made.leaves.leaves[len(made.people) :]
    _give_roles(connection, act, made.given, [one.appended for one in leaves[: len(made.given)]])
    if made.handed:
        enter_links(connection, act.at, made.handed.by, made.links)


def _open(connection: Connection, act: Deed, people: Sequence[Person]) -> None:
    entered = connection.execute(
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


def _give_roles(
    connection: Connection, act: Deed, given: Sequence[Given], leaves: Sequence[Appended]
) -> None:
    if not given:
        return
    connection.execute(
        _GRANT,
        {
            "idents": [one.ident for one in given],
            "accounts": [one.person.ident for one in given],
            "roles": [one.role.value for one in given],
            "reach": Reach.AGENCY,
            "since": [one.since for one in given],
            "until": [one.person.line.row.valid_until for one in given],
            "at": act.at,
            "leaves": [bytes.fromhex(leaf.digest) for leaf in leaves],
        },
    )
