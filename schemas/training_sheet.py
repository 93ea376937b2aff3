"""Training by a sheet: a row says who attended what, and what is wrong with it; a repeated row is told apart.

The first row names the columns, in Chinese or English; their order is free, others are not looked at. A person is named by
log-in name, by the number of a certificate, or by both. A row that says what stands already – same person, day, kind, hours
and subject – is left out, so that a sheet may be sent again and grow.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pydantic import ValidationError

from schemas.cells import cell, day, places
from schemas.ids import AccountId
from schemas.leaves_training import TrainingKind
from schemas.refusals_training import TRAINING_SHEET_EMPTY, TRAINING_SHEET_HEADER, TRAINING_SHEET_LONG
from schemas.training import TrainingIn
from schemas.words_training import TRAINING_KINDS

_NUMBER = re.compile(r"[0-9]{1,4}")

MOST_ROWS = 2_000
"""Of one sheet: some months of an agency. The chains of its people are held together, and one commit enters all."""


class TrainingColumn(StrEnum):
    """The columns that are read."""

    LOGIN = "login"
    CERTIFICATE = "certificate"
    HELD_ON = "date"
    KIND = "kind"
    HOURS = "hours"
    TOPIC = "subject"


_HEADERS: Mapping[str, TrainingColumn] = MappingProxyType(
    {one.value: one for one in TrainingColumn}
    | {
        "登录名": TrainingColumn.LOGIN,
        "用户名": TrainingColumn.LOGIN,
        "执法证号": TrainingColumn.CERTIFICATE,
        "证号": TrainingColumn.CERTIFICATE,
        "培训日期": TrainingColumn.HELD_ON,
        "日期": TrainingColumn.HELD_ON,
        "培训类别": TrainingColumn.KIND,
        "类别": TrainingColumn.KIND,
        "学时": TrainingColumn.HOURS,
        "培训内容": TrainingColumn.TOPIC,
        "内容": TrainingColumn.TOPIC,
    }
)
_NAMING = (TrainingColumn.LOGIN, TrainingColumn.CERTIFICATE)
_ASKED = (TrainingColumn.HELD_ON, TrainingColumn.KIND, TrainingColumn.HOURS, TrainingColumn.TOPIC)

_KINDS: Mapping[str, TrainingKind] = MappingProxyType(
    {text.lower(): one for one, said in TRAINING_KINDS.items() for text in (one.value, said.zh, said.en)}
    | {
        "公共法律": TrainingKind.PUBLIC_LAW,
        "业务": TrainingKind.PROFESSIONAL,
        "profession": TrainingKind.PROFESSIONAL,
    }
)


class TrainingFault(StrEnum):
    """What can be wrong with a row."""

    PERSON = "training-row-person"
    PERSONS_DIFFER = "training-row-persons-differ"
    CLOSED = "training-row-closed"
    DAY = "training-row-day"
    FUTURE = "training-row-future"
    KIND = "training-row-kind"
    HOURS = "training-row-hours"
    TOPIC = "training-row-topic"
    TWICE = "training-row-twice"


_FIELDS: Mapping[str, TrainingFault] = MappingProxyType(
    {
        "held_on": TrainingFault.DAY,
        "kind": TrainingFault.KIND,
        "hours": TrainingFault.HOURS,
        "topic": TrainingFault.TOPIC,
    }
)


class TrainingTexts(NamedTuple):
    """What stands in the columns of a row, in the order of `TrainingColumn`."""

    login: str
    certificate: str
    held_on: str
    kind: str
    hours: str
    topic: str


class TrainingLine(NamedTuple):
    """A row by its number in the sheet, from 2: its texts, what they say, and what is wrong with them by themselves."""

    number: int
    texts: TrainingTexts
    wish: TrainingIn | None
    faults: tuple[TrainingFault, ...]


class Attendee(NamedTuple):
    """A person of the agency whom a row may name."""

    id: AccountId
    name: str
    is_active: bool


class Entered(NamedTuple):
    """What makes two entries the same."""

    account_id: AccountId
    kind: TrainingKind
    hours: int
    held_on: date
    topic: str


class LookedLine(NamedTuple):
    """A row held against the register: whom it names, what it enters, every fault, and whether it stands already."""

    line: TrainingLine
    person: Attendee | None
    entry: Entered | None
    faults: tuple[TrainingFault, ...]
    is_entered: bool


class Register(NamedTuple):
    """What the sheet alone cannot tell: people by log-in name and by certificate, what stands of them, and today."""

    by_login: Mapping[str, Attendee]
    by_certificate: Mapping[str, Attendee]
    entered: Collection[Entered]
    today: date


def parse_training(rows: Iterable[Sequence[str]]) -> tuple[TrainingLine, ...]:
    """Return the rows of a sheet, those that are wholly empty left out.

    Raises:
        Invalid: no row, too many, or a column that is needed is not named (slugs `training-sheet-…`).
    """
    given = iter(rows)
    columns = _columns(next(given, None))
    lines: list[TrainingLine] = []
    for number, cells in enumerate(given, 2):
        if not any(map(str.strip, cells)):
            continue
        if len(lines) == MOST_ROWS:
            raise TRAINING_SHEET_LONG("the sheet has too many rows", most=MOST_ROWS)
        lines.append(_line(number, TrainingTexts(*(cell(cells, place) for place in columns))))
    if not lines:
        raise TRAINING_SHEET_EMPTY("the sheet has no entry")
    return tuple(lines)


def _columns(head: Sequence[str] | None) -> tuple[int | None, ...]:
    if head is None:
        raise TRAINING_SHEET_EMPTY("the sheet has no row")
    named = places(head, _HEADERS)
    missing = [one.value for one in _ASKED if one not in named]
    if missing or not named.keys() & set(_NAMING):
        raise TRAINING_SHEET_HEADER(
            "a column is not named", columns=missing or [one.value for one in _NAMING]
        )
    return tuple(named.get(one) for one in TrainingColumn)


def _line(number: int, texts: TrainingTexts) -> TrainingLine:
    given = {
        "held_on": day(texts.held_on),
        "kind": _KINDS.get(texts.kind.lower()),
        "hours": int(texts.hours) if _NUMBER.fullmatch(texts.hours) else None,
        "topic": texts.topic,
    }
    try:
        return TrainingLine(number, texts, TrainingIn.model_validate(given), ())
    except ValidationError as err:
        wrong = {str(one["loc"][0]) for one in err.errors(include_input=False, include_url=False)}
        return TrainingLine(number, texts, None, tuple(_FIELDS[one] for one in _FIELDS if one in wrong))


def new_of(lines: Iterable[LookedLine]) -> tuple[Entered, ...]:
    """Return what the rows enter that neither are wrong nor stand already."""
    return tuple(one.entry for one in lines if one.entry and not one.faults and not one.is_entered)


def look_at(lines: Iterable[TrainingLine], register: Register) -> tuple[LookedLine, ...]:
    """Return each row held against the register; of rows that say the same each is named, unless it stands already."""
    found = [(line, _person(line.texts, register)) for line in lines]
    times = Counter(key for line, (person, _) in found if (key := _key(line, person)))
    return tuple(_looked(line, person, named, register, times) for line, (person, named) in found)


def _person(texts: TrainingTexts, register: Register) -> tuple[Attendee | None, TrainingFault | None]:
    """Return whom a row names, or why that is nobody. A stranger is as unknown as nobody."""
    named = [
        known.get(text)
        for text, known in ((texts.login, register.by_login), (texts.certificate, register.by_certificate))
        if text
    ]
    people = [one for one in named if one is not None]
    if not people or len(people) < len(named):
        return None, TrainingFault.PERSON
    if len({one.id for one in people}) > 1:
        return None, TrainingFault.PERSONS_DIFFER
    return people[0], None if people[0].is_active else TrainingFault.CLOSED


def _key(line: TrainingLine, person: Attendee | None) -> Entered | None:
    if person is None or line.wish is None:
        return None
    wish = line.wish
    return Entered(person.id, wish.kind, wish.hours, wish.held_on, wish.topic)


def _looked(
    line: TrainingLine,
    person: Attendee | None,
    named: TrainingFault | None,
    register: Register,
    times: Mapping[Entered, int],
) -> LookedLine:
    key = _key(line, person)
    is_entered = key is not None and key in register.entered
    faults = [*([named] if named else ()), *line.faults]
    if line.wish is not None and line.wish.held_on > register.today:
        faults.append(TrainingFault.FUTURE)
    if key is not None and not is_entered and times[key] > 1:
        faults.append(TrainingFault.TWICE)
    return LookedLine(line, person, key, tuple(faults), is_entered)
