"""Open cases that something observed may belong to: by plate, by party code, by place and time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, false, func, or_, select

from schemas.actor import Actor
from schemas.case import EVIDENCE_STATES
from schemas.ids import AgencyId, CaseId
from schemas.policy import Action
from storage.personal import asked_digests
from storage.reads.policy import within
from storage.tables.case import cases


class Near(NamedTuple):
    """What was observed and a case may belong together within so many metres and so long: settings of the agency."""

    metres: int
    time: timedelta


class Traits(NamedTuple):
    """What an observation says of itself; `place` is latitude and longitude in 10⁻⁷ degrees."""

    plate: str | None
    party_code: str | None
    place: tuple[int, int] | None
    at: datetime


def alike(
    connection: Connection,
    actor: Actor,
    now: datetime,
    agency_id: AgencyId,
    traits: Traits,
    *,
    but: Select[tuple[CaseId]],
    near: Near,
    limit: int,
) -> Sequence[RowMapping]:
    """Return rows of open cases in which the actor may link now and that share a trait, newest first.

    `is_same_party` says whose party has the same code, `is_whole` where the actor reads who it is.
    """
    code = traits.party_code
    digests = [] if code is None else asked_digests(connection, cases.c.party_code, code)
    is_same_party = cases.c.party_code_digest.in_(digests)
    shared = [
        cases.c.plates.contains([traits.plate]) if traits.plate else None,
        is_same_party if digests else None,
        None if traits.place is None else _box(*traits.place, traits.at, near),
    ]
    some = [one for one in shared if one is not None]
    if not some:
        return ()
    return (
        connection.execute(
            select(
                cases,
                func.coalesce(is_same_party, false()).label("is_same_party"),
                within(actor, Action.CASE_PARTY, now, cases).label("is_whole"),
            )
            .where(
                cases.c.agency_id == agency_id,
                cases.c.state.in_(sorted(EVIDENCE_STATES)),
                or_(*some),
                cases.c.id.not_in(but),
                within(actor, Action.CASE_LINK, now, cases),
            )
            .order_by(cases.c.id.desc())
            .limit(limit)
        )
        .mappings()
        .all()
    )


def around(lat_e7: int, lon_e7: int, metres: int) -> ColumnElement[bool]:
    """Return a box around a place, larger than asked for: the exact distance is taken of the few that are left."""
    span_e7 = 10_000_000 * metres // 111_000 * 2
    return and_(
        cases.c.lat_e7.between(lat_e7 - span_e7, lat_e7 + span_e7),
        cases.c.lon_e7.between(lon_e7 - 2 * span_e7, lon_e7 + 2 * span_e7),
    )


def _box(lat_e7: int, lon_e7: int, at: datetime, near: Near) -> ColumnElement[bool]:
    """Return a box around the place and time; the exact distance is taken of the few that are left."""
    return and_(
        around(lat_e7, lon_e7, near.metres),
        func.coalesce(cases.c.occurred_at, cases.c.opened_at).between(at - near.time, at + near.time),
    )
