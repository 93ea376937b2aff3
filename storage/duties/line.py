"""How a line of the home page is counted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from schemas.actor import Actor
from schemas.duty import Duty
from schemas.policy import Action
from schemas.setting_list import Items


class Line(NamedTuple):
    """How a duty is counted: what counts, which of it is overdue, and what says how old it is."""

    source: FromClause
    where: ColumnElement[bool]
    overdue: ColumnElement[bool]
    since: ColumnElement[datetime] | None = None


class Ending(NamedTuple):
    """How a duty is counted that comes of an end: warned of until a time, by the setting of whoever looks."""

    line: Callable[[Actor, datetime, datetime], Line]


class Certified(NamedTuple):
    """As `Ending`, of equipment whose kind needs a certificate, by the list of whoever looks."""

    line: Callable[[Actor, datetime, datetime, Items], Line]


Lines = Mapping[Duty, tuple[Action, Callable[[Actor, datetime], Line] | Ending | Certified]]
"""Whom a duty concerns, and how it is counted."""


def inside(column: ColumnElement[object], actor: Actor) -> ColumnElement[bool]:
    """Say whether a row is of an agency in which the actor has the duty."""
    return column.in_(sorted(actor.agency_ids))
