"""What waits for a person, by role: one count each, with how much of it is overdue and how old the oldest is.

Every line is answered by an index over what is still open, so that a home page costs the same however much
has been finished. All lines are counted by one statement, and every page of the console shows their sum.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, DateTime, Select, cast, func, literal, null, select, union_all

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.duty import Duty
from schemas.ids import AgencyId
from schemas.policy import Action, scope
from schemas.setting_list import ListSetting
from storage.collection import Collection
from storage.duties.audit import AUDIT
from storage.duties.case import CASE
from storage.duties.line import Certified, Ending, Line, LineOf, Lines, Renewing
from storage.duties.monitoring import MONITORING
from storage.duties.notice import WATCHED, Notice, named
from storage.duties.people import PEOPLE
from storage.duties.recording import RECORDING
from storage.reads.setting import CERTIFICATE_SETTINGS, Said, said
from storage.settings import StorageSettings


class Waiting(Frozen):
    """One line: how many wait, how many of them are overdue, and since when the oldest has waited."""

    duty: Duty
    count: int
    overdue: int
    oldest_at: datetime | None


class Duties(Collection):
    """The home page's counts for one actor."""

    def waiting(self, actor: Actor) -> tuple[Waiting, ...]:
        """Return every line that concerns the actor, in the order of the page; empty ones are left out."""
        counted = [_counted(duty, line) for duty, line in self._lines(actor)]
        if not counted:
            return ()
        found = {row.duty: row for row in self._connection.execute(union_all(*counted)) if row.number}
        return tuple(
            Waiting(duty=duty, count=row.number, overdue=row.overdue, oldest_at=row.oldest_at)
            for duty in Duty
            if (row := found.get(duty)) is not None
        )

    def notices(self, actor: Actor, waiting: Iterable[Waiting]) -> tuple[Notice, ...]:
        """Return the things of those lines that name theirs, at most `MOST_NAMED` of each, the first to be due first."""
        wanted = {one.duty for one in waiting}
        lines = [(duty, line) for duty, line in self._lines(actor) if duty in wanted]
        return tuple(one for duty, line in lines for one in named(self._connection, duty, line))

    def watched(self, actor: Actor) -> tuple[Notice, ...]:
        """Return what is due by others in agencies of which the actor sees everything of the kind."""
        found: list[Notice] = []
        terms = _Terms(self._connection, self._unit.settings, actor.agency_id, self._now)
        for duty, view in WATCHED.items():
            action, line_of = _LINES[duty]
            seen = scope(actor, view, self._now).agency_ids - scope(actor, action, self._now).places
            if seen:
                reaching = actor.model_copy(update={"agency_ids": seen})
                found += named(self._connection, duty, terms.line(line_of, reaching))
        return tuple(found)

    def _lines(self, actor: Actor) -> Iterator[tuple[Duty, Line]]:
        terms = _Terms(self._connection, self._unit.settings, actor.agency_id, self._now)
        for duty in Duty:
            action, line_of = _LINES[duty]
            allowed = scope(actor, action, self._now)
            if not allowed.is_empty:
                reaching = actor.model_copy(update={"agency_ids": allowed.places})
                yield duty, terms.line(line_of, reaching)


@dataclass(frozen=True)
class _Terms:
    """What lines go by that the agency of whoever looks has set, asked for once, and only where one does."""

    connection: Connection
    installed: StorageSettings
    agency_id: AgencyId
    now: datetime

    def line(self, line_of: LineOf, reaching: Actor) -> Line:
        """Return the line for an actor who reaches so far."""
        if isinstance(line_of, Ending):
            return line_of.line(reaching, self.now, self._said.soon(self.now, self.installed))
        if isinstance(line_of, Renewing):
            return line_of.line(reaching, self.now, self._said.certificate_terms(self.now, self.installed))
        if isinstance(line_of, Certified):
            kinds = self._said.list_at(ListSetting.CERTIFICATE_KINDS, self.now, self.installed)
            return line_of.line(reaching, self.now, self._said.soon(self.now, self.installed), kinds.value)
        return line_of(reaching, self.now)

    @cached_property
    def _said(self) -> Said:
        names = (*CERTIFICATE_SETTINGS, ListSetting.CERTIFICATE_KINDS)
        return said(self.connection, self.agency_id, names)


def _counted(duty: Duty, line: Line) -> Select[*tuple[Any, ...]]:
    oldest = cast(null(), DateTime(timezone=True)) if line.since is None else func.min(line.since)
    return (
        select(
            literal(duty.value).label("duty"),
            func.count().label("number"),
            func.count().filter(line.overdue).label("overdue"),
            oldest.label("oldest_at"),
        )
        .select_from(line.source)
        .where(line.where)
    )


_LINES: Lines = MappingProxyType({**RECORDING, **MONITORING, **CASE, **AUDIT, **PEOPLE})

ACTIONS: Mapping[Duty, Action] = MappingProxyType({duty: action for duty, (action, _) in _LINES.items()})
"""What somebody may do who has a duty."""
