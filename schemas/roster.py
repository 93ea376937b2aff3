"""A roster: people in the rows of a sheet, each with a log-in name, an agency and dated roles; each says what is wrong.

The first row names the columns, in Chinese or English; their order is free, others are not looked at. Days are those of
UTC+8, and the last one is held too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from schemas.account import Login, Name
from schemas.actor import GRANTABLE, Role, stands_apart
from schemas.base import Frozen, rfc3339
from schemas.canonical import canonical_bytes
from schemas.refusals_account import ROSTER_EMPTY, ROSTER_HEADER, ROSTER_LONG
from schemas.words_role import ROLES

MOST_ROWS = 10_000
"""Of one sheet: each row is three leaves, and one commit holds all of them, well within the longest transaction."""

_SERIAL = re.compile(r"[1-9][0-9]{4}")
_SERIAL_BEGINS = date(1899, 12, 30)
"""A spreadsheet keeps a day as the number of days since then (ECMA-376 part 1, 18.17.4.1)."""

_ZONE = timezone(timedelta(hours=8))
_LOGIN, _NAME = TypeAdapter[str](Login), TypeAdapter[str](Name)
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


class RosterLine(NamedTuple):
    """A row of the sheet by its number there, from 2: what it says, and every fault of it."""

    number: int
    row: RosterRow
    faults: tuple[RosterFault, ...]


def parse_roster(table: Sequence[Sequence[str]]) -> tuple[RosterLine, ...]:
    """Return the rows of a sheet, those that are wholly empty left out; a wrong one never ends the others.

    Raises:
        Invalid: no row, too many, or a column that is needed is not named (slugs `roster-…`).
    """
    if not table:
        raise ROSTER_EMPTY("the sheet has no row")
    columns = [_HEADERS.get(cell.strip().lower()) for cell in table[0]]
    missing = [one for one in _ASKED if one not in columns]
    if missing:
        raise ROSTER_HEADER("a column is not named", columns=[one.value for one in missing])
    rows = [(number, cells) for number, cells in enumerate(table[1:], 2) if any(map(str.strip, cells))]
    if not rows:
        raise ROSTER_EMPTY("the sheet has no person")
    if len(rows) > MOST_ROWS:
        raise ROSTER_LONG("the sheet has too many rows", rows=len(rows), most=MOST_ROWS)
    named = [
        {one: cell.strip() for one, cell in zip(columns, cells, strict=False) if one} for _, cells in rows
    ]
    logins = Counter(texts.get(RosterColumn.LOGIN, "") for texts in named)
    twice = {login for login, times in logins.items() if times > 1}
    return tuple(_line(number, texts, twice) for (number, _), texts in zip(rows, named, strict=True))


def _line(number: int, texts: Mapping[RosterColumn, str], twice: set[str]) -> RosterLine:
    def text(column: RosterColumn) -> str:
        return texts.get(column, "")

    roles, since, until = _roles(text(RosterColumn.ROLES)), _day(text(RosterColumn.FROM)), _until(texts)
    row = RosterRow(
        name=text(RosterColumn.NAME),
        login=text(RosterColumn.LOGIN),
        agency=text(RosterColumn.AGENCY),
        roles=tuple(role for role in roles if role is not None),
        valid_from=since,
        valid_until=until,
    )
    return RosterLine(number, row, tuple(_faults(texts, row, roles, twice)))


def _faults(
    texts: Mapping[RosterColumn, str], row: RosterRow, roles: Sequence[Role | None], twice: set[str]
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
    elif stands_apart(row.roles):
        yield RosterFault.ROLE_APART
    days = ((RosterColumn.FROM, row.valid_from), (RosterColumn.UNTIL, row.valid_until))
    if any(texts.get(column) and day is None for column, day in days):
        yield RosterFault.DAY
    elif row.valid_from and row.valid_until and row.valid_until <= row.valid_from:
        yield RosterFault.PERIOD


def _fits(kind: TypeAdapter[str], text: str) -> bool:
    try:
        kind.validate_python(text)
    except ValidationError:
        return False
    return True


def _roles(text: str) -> list[Role | None]:
    return [_role(one.strip()) for one in text.translate(_APART).split("\n") if one.strip()]


def _role(text: str) -> Role | None:
    found = (
        role for role in GRANTABLE if text.lower() in {role.value, ROLES[role].zh, ROLES[role].en.lower()}
    )
    return next(found, None)


def _day(text: str, *, days: int = 0) -> datetime | None:
    try:
        if _SERIAL.fullmatch(text):
            day = _SERIAL_BEGINS + timedelta(days=int(text) + days)
        else:
            day = date.fromisoformat(text.replace("/", "-").replace(".", "-")) + timedelta(days=days)
        return datetime.combine(day, time(), tzinfo=_ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _until(texts: Mapping[RosterColumn, str]) -> datetime | None:
    text = texts.get(RosterColumn.UNTIL, "")
    return _day(text, days=1) if text else None
