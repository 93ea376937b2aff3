"""What waits for a person, by role: one count each, with how much of it is overdue and how old the oldest is.

Every line is answered by an index over what is still open, so that a home page costs the same however much
has been finished.
"""

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, select

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.duty import Duty
from schemas.policy import scope
from schemas.setting_list import Items, ListSetting
from storage.collection import Collection
from storage.duties.audit import AUDIT
from storage.duties.case import CASE
from storage.duties.line import Certified, Ending, Line, Lines
from storage.duties.monitoring import MONITORING
from storage.duties.people import PEOPLE
from storage.duties.recording import RECORDING
from storage.reads.setting import list_at, soon


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
        return tuple(line for line in self._lines(actor) if line.count)

    def _lines(self, actor: Actor) -> Iterator[Waiting]:
        for duty in Duty:
            action, line_of = _LINES[duty]
            allowed = scope(actor, action, self._now)
            if not allowed.is_empty:
                reaching = actor.model_copy(update={"agency_ids": allowed.places})
                if isinstance(line_of, Ending):
                    line = line_of.line(reaching, self._now, self._soon(actor))
                elif isinstance(line_of, Certified):
                    line = line_of.line(reaching, self._now, self._soon(actor), self._certified(actor))
                else:
                    line = line_of(reaching, self._now)
                yield self._counted(duty, line)

    def _soon(self, actor: Actor) -> datetime:
        return soon(self._connection, self._unit.settings, actor.agency_id, self._now)

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
