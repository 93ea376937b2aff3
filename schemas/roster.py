"""A roster: people in the rows of a sheet, each with a log-in name, an agency and dated roles; each says what is wrong.

The first row names the columns, in Chinese or English; their order is free, others are not looked at. Days are those of
UTC+8, and the last one is held too.

A sheet may hold a whole district: of its rows only the texts that are read are kept, and what they say is made row by row,
as often as it is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from schemas.account import Login, Name
from schemas.actor import GRANTABLE, Role, stands_apart
from schemas.base import Frozen, rfc3339
from schemas.canonical import canonical_bytes
from schemas.cells import cell, day, places
from schemas.refusals_roster import ROSTER_EMPTY, ROSTER_HEADER, ROSTER_LONG
from schemas.words_role import ROLES

MOST_ROWS = 100_000
"""Of one sheet: a district with all its towns. Its rows, accounts and leaves are one commit."""

FEW_ROWS = 500
"""So many are taken while their sender waits, with their links in the answer; more are a task of their own."""

_ZONE = timezone(timedelta(hours=8))
_LOGIN, _NAME = TypeAdapter[str](Login), TypeAdapter[str](Name)
_KNOWN = 4_096
"""Roles and days recur in a sheet: of so many texts it is remembered what they say."""

_APART = str.maketrans(dict.fromkeys("、，,;；/|", "\n"))


class RosterColumn(StrEnum):
    """The columns that are read."""

    NAME = "name"
    LOGIN = "login"
    AGENCY = "agency"
    ROLES = "roles"
    FROM = "from"
    UNTIL = "until"


_HEADERS: Mapping[str, RosterColumn] = MappingProxyType(
    {one.value: one for one in RosterColumn}
    | {
        "姓名": RosterColumn.NAME,
        "登录名": RosterColumn.LOGIN,
        "用户名": RosterColumn.LOGIN,
        "单位代码": RosterColumn.AGENCY,
        "单位": RosterColumn.AGENCY,
        "角色": RosterColumn.ROLES,
        "从": RosterColumn.FROM,
        "开始日期": RosterColumn.FROM,
        "到": RosterColumn.UNTIL,
        "结束日期": RosterColumn.UNTIL,
    }
)
_ASKED = (RosterColumn.NAME, RosterColumn.LOGIN, RosterColumn.AGENCY)


class RosterFault(StrEnum):
    """What can be wrong with a row."""

    NAME = "roster-name"
    LOGIN = "roster-login"
    LOGIN_TWICE = "roster-login-twice"
    LOGIN_TAKEN = "roster-login-taken"
    AGENCY = "roster-agency"
    ROLE = "roster-role"
    ROLE_APART = "roster-role-apart"
    DAY = "roster-day"
    PERIOD = "roster-period"


class RosterState(StrEnum):
    """How far a long sheet has come: looked at → being taken → taken | failed; a row that is wrong by then: looked at."""

    LOOKED = "looked"
    TAKING = "taking"
    TAKEN = "taken"
    FAILED = "failed"


class RosterRow(Frozen):
    """A person who gets an account."""

    name: str
    login: str
    agency: str
    roles: tuple[Role, ...]
    valid_from: datetime | None
    valid_until: datetime | None

    def bytes_of(self, account: str) -> bytes:
        """Return the bytes by which the row of this account enters the root of its roster."""
        told = {
            "account": account,
            "agency": self.agency,
            "login": self.login,
            "name": self.name,
            "roles": [role.value for role in self.roles],
            **({"from": rfc3339(self.valid_from)} if self.valid_from else {}),
            **({"until": rfc3339(self.valid_until)} if self.valid_until else {}),
        }
        return canonical_bytes(told)


class _Texts(NamedTuple):
    """What stands in the columns of a row, in the order of `RosterColumn`."""

    name: str
    login: str
    agency: str
    roles: str
    since: str
    until: str


class RosterLine(NamedTuple):
    """A row of the sheet by its number there, from 2: what it says, and every fault of it."""

    number: int
    row: RosterRow
    faults: tuple[RosterFault, ...]


class Roster:
    """The people of a sheet, those rows that are wholly empty left out; a wrong one never ends the others."""

    def __init__(self, rows: Iterable[Sequence[str]]) -> None:
        """Read the rows once, keeping the texts that are looked at.

        Raises:
            Invalid: no row, too many, or a column that is needed is not named (slugs `roster-…`).
        """
        given = iter(rows)
        columns = _places(next(given, None))
        self._rows: list[tuple[int, _Texts]] = []
        seen: set[str] = set()
        twice: set[str] = set()
        known: dict[str, str] = {}  # agencies, roles and days recur, and are kept once
        for number, cells in enumerate(given, 2):
            if not any(map(str.strip, cells)):
                continue
            if len(self._rows) == MOST_ROWS:
                raise ROSTER_LONG("the sheet has too many rows", rows=MOST_ROWS + 1, most=MOST_ROWS)
            name, login, *others = (cell(cells, place) for place in columns)
            texts = _Texts(name, login, *(known.setdefault(one, one) for one in others))
            (twice if texts.login in seen else seen).add(texts.login)
            self._rows.append((number, texts))
        if not self._rows:
            raise ROSTER_EMPTY("the sheet has no person")
        self._twice = frozenset(twice)

    def __len__(self) -> int:
        """Return how many people it names."""
        return len(self._rows)

    def lines(self) -> Iterator[RosterLine]:
        """Yield what each row says, and what of it is wrong by the sheet alone."""
        return (_line(number, texts, self._twice) for number, texts in self._rows)


def parse_roster(table: Iterable[Sequence[str]]) -> tuple[RosterLine, ...]:
    """Return the rows of a sheet at once: `Roster`.

    Raises:
        Invalid: as `Roster`.
    """
    return tuple(Roster(table).lines())


def _places(head: Sequence[str] | None) -> tuple[int | None, ...]:
    """Return where each column stands, in the order of `_Texts`; of two with one name the last."""
    if head is None:
        raise ROSTER_EMPTY("the sheet has no row")
    named = places(head, _HEADERS)
    missing = [one for one in _ASKED if one not in named]
    if missing:
        raise ROSTER_HEADER("a column is not named", columns=[one.value for one in missing])
    return tuple(named.get(one) for one in RosterColumn)


def _line(number: int, texts: _Texts, twice: frozenset[str]) -> RosterLine:
    roles, since, until = _roles(texts.roles), _day(texts.since), _day(texts.until, days=1)
    row = RosterRow(
        name=texts.name,
        login=texts.login,
        agency=texts.agency,
        roles=tuple(role for role in roles if role is not None),
        valid_from=since,
        valid_until=until,
    )
    return RosterLine(number, row, tuple(_faults(texts, row, roles, twice)))


def _faults(
    texts: _Texts, row: RosterRow, roles: Sequence[Role | None], twice: frozenset[str]
) -> Iterator[RosterFault]:
    if not _fits(_NAME, row.name):
        yield RosterFault.NAME
    if not _fits(_LOGIN, row.login):
        yield RosterFault.LOGIN
    elif row.login in twice:
        yield RosterFault.LOGIN_TWICE
    if not row.agency:
        yield RosterFault.AGENCY
    if None in roles or len(set(roles)) < len(roles):
        yield RosterFault.ROLE
    elif row.roles and stands_apart(row.roles):
        yield RosterFault.ROLE_APART
    days = ((texts.since, row.valid_from), (texts.until, row.valid_until))
    if any(text and at is None for text, at in days):
        yield RosterFault.DAY
    elif row.valid_from and row.valid_until and row.valid_until <= row.valid_from:
        yield RosterFault.PERIOD


def _fits(kind: TypeAdapter[str], text: str) -> bool:
    try:
        kind.validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=_KNOWN)
def _roles(text: str) -> Sequence[Role | None]:
    return [_role(one.strip()) for one in text.translate(_APART).split("\n") if one.strip()]


def _role(text: str) -> Role | None:
    found = (
        role for role in GRANTABLE if text.lower() in {role.value, ROLES[role].zh, ROLES[role].en.lower()}
    )
    return next(found, None)


@lru_cache(maxsize=_KNOWN)
def _day(text: str, *, days: int = 0) -> datetime | None:
    said = day(text)
    if said is None:
        return None
    try:
        return datetime.combine(said + timedelta(days=days), time(), tzinfo=_ZONE).astimezone(UTC)
    except OverflowError:
        return None
