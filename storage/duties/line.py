"""How a line of the home page is counted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from schemas.actor import Actor
from schemas.certificate import CertificateTerms
from schemas.duty import Duty
from schemas.policy import Action
from schemas.setting_list import Items


class Item(NamedTuple):
    """What is told of each thing that counts: its page, what people call it, whose it is, and until when it is due.

    `case_id` is that of its case, for whoever may see the case and not the page.
    """

    ident: ColumnElement[Any]
    name: ColumnElement[Any]
    agency_id: ColumnElement[Any]
    due: ColumnElement[Any] | None = None
    case_id: ColumnElement[Any] | None = None


class Line(NamedTuple):
    """How a duty is counted: what counts, which of it is overdue, and what says how old it is.

    Without `item` its things are told as a number alone.
    """

    source: FromClause
    where: ColumnElement[bool]
    overdue: ColumnElement[bool]
    since: ColumnElement[datetime] | None = None
    item: Item | None = None


class Ending(NamedTuple):
    """How a duty is counted that comes of an end: warned of until a time, by the setting of whoever looks."""

    line: Callable[[Actor, datetime, datetime], Line]


class Renewing(NamedTuple):
    """As `Ending`, of certificates of people: renewed and verified in time, by the settings of whoever looks."""

    line: Callable[[Actor, datetime, CertificateTerms], Line]


class Certified(NamedTuple):
    """As `Ending`, of equipment whose kind needs a certificate, by the list of whoever looks."""

    line: Callable[[Actor, datetime, datetime, Items], Line]


LineOf = Callable[[Actor, datetime], Line] | Ending | Renewing | Certified
Lines = Mapping[Duty, tuple[Action, LineOf]]
"""Whom a duty concerns, and how it is counted."""


def inside(column: ColumnElement[object], actor: Actor) -> ColumnElement[bool]:
    """Say whether a row is of an agency in which the actor has the duty."""
    return column.in_(sorted(actor.agency_ids))
