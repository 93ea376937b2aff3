"""What waits for a person, by role: one count each, with how much of it is overdue and how old the oldest is.

Every line is answered by an index over what is still open, so that a home page costs the same however much
has been finished.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, select

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.certificate import CertificateTerms
from schemas.duty import Duty
from schemas.policy import Action, scope
from schemas.setting_list import Items, ListSetting
from storage.collection import Collection
from storage.duties.audit import AUDIT
from storage.duties.case import CASE
from storage.duties.line import Certified, Ending, Line, LineOf, Lines, Renewing
from storage.duties.monitoring import MONITORING
from storage.duties.notice import WATCHED, Notice, named
from storage.duties.people import PEOPLE
from storage.duties.recording import RECORDING
from storage.reads.setting import certificate_terms, list_at, soon


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
        lines = (self._counted(duty, line) for duty, line in self._lines(actor))
        return tuple(line for line in lines if line.count)

    def notices(self, actor: Actor, waiting: Iterable[Waiting]) -> tuple[Notice, ...]:
        """Return the things of those lines that name theirs, at most `MOST_NAMED` of each, the first to be due first."""
        wanted = {one.duty for one in waiting}
        lines = [(duty, line) for duty, line in self._lines(actor) if duty in wanted]
        return tuple(one for duty, line in lines for one in named(self._connection, duty, line))

    def watched(self, actor: Actor) -> tuple[Notice, ...]:
        """Return what is due by others in agencies of which the actor sees everything of the kind."""
        found: list[Notice] = []
        for duty, view in WATCHED.items():
            action, line_of = _LINES[duty]
            seen = scope(actor, view, self._now).agency_ids - scope(actor, action, self._now).places
            if seen:
                reaching = actor.model_copy(update={"agency_ids": seen})
                found += named(self._connection, duty, self._line(line_of, actor, reaching))
        return tuple(found)

    def _lines(self, actor: Actor) -> Iterator[tuple[Duty, Line]]:
        for duty in Duty:
            action, line_of = _LINES[duty]
            allowed = scope(actor, action, self._now)
            if not allowed.is_empty:
                reaching = actor.model_copy(update={"agency_ids": allowed.places})
                yield duty, self._line(line_of, actor, reaching)

    def _line(self, line_of: LineOf, actor: Actor, reaching: Actor) -> Line:
        if isinstance(line_of, Ending):
            return line_of.line(reaching, self._now, self._soon(actor))
        if isinstance(line_of, Renewing):
            return line_of.line(reaching, self._now, self._terms(actor))
        if isinstance(line_of, Certified):
            return line_of.line(reaching, self._now, self._soon(actor), self._certified(actor))
        return line_of(reaching, self._now)

    def _soon(self, actor: Actor) -> datetime:
        return soon(self._connection, self._unit.settings, actor.agency_id, self._now)

    def _terms(self, actor: Actor) -> CertificateTerms:
        return certificate_terms(self._connection, self._unit.settings, actor.agency_id, self._now)

    def _certified(self, actor: Actor) -> Items:
        name, installed = ListSetting.CERTIFICATE_KINDS, self._unit.settings
        return list_at(self._connection, installed, actor.agency_id, name, self._now)

    def _counted(self, duty: Duty, line: Line) -> Waiting:
        oldest = func.min(line.since) if line.since is not None else func.now()
        row = self._connection.execute(
            select(
                func.count().label("number"),
                func.count().filter(line.overdue).label("overdue"),
                oldest.label("oldest_at"),
            )
            .select_from(line.source)
            .where(line.where)
        ).one()
        since = row.oldest_at if line.since is not None and row.number else None
        return Waiting(duty=duty, count=row.number, overdue=row.overdue, oldest_at=since)


_LINES: Lines = MappingProxyType({**RECORDING, **MONITORING, **CASE, **AUDIT, **PEOPLE})

ACTIONS: Mapping[Duty, Action] = MappingProxyType({duty: action for duty, (action, _) in _LINES.items()})
"""What somebody may do who has a duty."""
