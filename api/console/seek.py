"""One search over everything that somebody may find: cases, recordings, monitoring records, people, equipment."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from starlette.responses import Response

from api.console.guard import Visiting
from api.console.listing import Asked, Sought, address
from api.console.recording import names_for
from api.console.sought import SOUGHT
from api.console.visit import Visit
from api.route import pages
from schemas.policy import Action
from schemas.recording import RecordingFilter
from storage.actor.account_reading import AccountFilter
from storage.actor.certificate import CertificateFilter
from storage.monitoring.values import MonitoringFilter

FIRST = 6
"""Of each kind so many are shown; the rest stand in its own list."""

router = pages()


class Seek(Asked):
    """What is looked for."""

    q: Sought = ""


class Found(NamedTuple):
    """The first of one kind; `more_url` leads to its list with the same words, where there are more."""

    kind: str
    rows: Sequence[Any]
    more_url: str


class _Kind(NamedTuple):
    """A kind of things of `SOUGHT`: how it is looked for, and the list that shows all of it."""

    name: str
    find: Callable[[Visit, str], Sequence[Any]]
    list_url: Callable[[str], str]

    @property
    def action(self) -> Action:
        """Who may find it."""
        return SOUGHT[self.name]


def _most(rows: Callable[[Visit, str, int], Any]) -> Callable[[Visit, str], Sequence[Any]]:
    return lambda visit, text: rows(visit, text, FIRST + 1).rows


def _list(path: str, field: str) -> Callable[[str], str]:
    return lambda text: address(path, {field: text})


KINDS = (
    _Kind(
        "cases",
        _most(lambda visit, text, limit: visit.tx.cases.page(visit.actor, number=text, limit=limit)),
        _list("/console/cases", "number"),
    ),
    _Kind(
        "recordings",
        _most(
            lambda visit, text, limit: visit.tx.recordings.page(
                visit.actor, RecordingFilter(text=text), limit=limit
            )
        ),
        _list("/console/recordings", "q"),
    ),
    _Kind(
        "captured",
        _most(
            lambda visit, text, limit: visit.tx.recordings.page(
                visit.actor, RecordingFilter(officer=text), limit=limit
            )
        ),
        _list("/console/recordings", "officer"),
    ),
    _Kind(
        "monitoring",
        _most(
            lambda visit, text, limit: visit.tx.monitoring.page(
                visit.actor, MonitoringFilter(text=text), limit=limit
            )
        ),
        _list("/console/monitoring", "q"),
    ),
    _Kind(
        "accounts",
        _most(
            lambda visit, text, limit: visit.tx.people.page(
                visit.actor, AccountFilter(text=text), limit=limit
            )
        ),
        _list("/console/accounts", "q"),
    ),
    _Kind(
        "certificates",
        _most(
            lambda visit, text, limit: visit.tx.certificates.page(
                visit.actor, CertificateFilter(text=text), limit=limit
            )
        ),
        _list("/console/certificates", "q"),
    ),
    _Kind(
        "equipment",
        _most(lambda visit, text, limit: visit.tx.equipment.page(visit.actor, text=text, limit=limit)),
        _list("/console/equipment", "q"),
    ),
)
"""What is looked through, in the order of the page."""


def _found(visit: Visit, text: str) -> Iterator[Found]:
    for kind in KINDS:
        if not visit.holds(kind.action):
            continue
        rows = kind.find(visit, text)
        if rows:
            yield Found(kind.name, rows[:FIRST], kind.list_url(text) if len(rows) > FIRST else "")


@router.get("/seek")
def seek(visit: Visiting, asked: Annotated[Seek, Query()]) -> Response:
    """Show what holds the words, of every kind that the visitor may see."""
    found = list(_found(visit, asked.q)) if asked.q else []
    recordings = [row for one in found if one.kind in ("recordings", "captured") for row in one.rows]
    return visit.page(
        "seek.html",
        here="",
        sought=asked.q,
        found=found,
        searched=[kind.name for kind in KINDS if visit.holds(kind.action)],
        names=names_for(visit, recordings),
        watched=visit.tx.recordings.watched(visit.actor, [row.id for row in recordings]),
        now=visit.tx.now,
    )
