"""Other cases of the agency that may be about the same act, for whoever files a lead (art. 29)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, or_, select, true, union

from schemas.actor import Actor
from schemas.case import Case, CaseState
from schemas.ids import CaseId
from schemas.overlap import LOOK_BACK, MOST_SHOWN, OverlapCase, Overlapping, Traits, is_told, shared
from schemas.policy import Action
from schemas.setting import Setting
from storage.case.alike import around
from storage.case.case import Cases
from storage.case.values import party_of
from storage.collection import Collection, Unit
from storage.personal import asked_digests, asked_tokens
from storage.reads.policy import within
from storage.reads.setting import setting_at
from storage.tables.case import cases

MOST_READ = 500
"""So many candidates are opened for one lead: names are compared in clear, one by one."""


class Overlaps(Collection):
    """What an agency has of the same party, vehicle, matter and place."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def of_case(self, actor: Actor, case_id: CaseId) -> Overlapping:
        """Return the cases of the same agency, opened within two years, that may be about the act of this one.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not work on this case.
        """
        self._require_working(actor, case_id)
        mine = self._cases.known(case_id)
        metres = setting_at(
            self._connection, self._unit.settings, mine.agency_id, Setting.LINK_RADIUS_METRES, self._now
        )
        rows = self._rows(actor, mine, metres)
        found = [one for row in rows[:MOST_READ] for one in self._told(mine, row, metres)]
        found.sort(key=lambda one: -len(one.overlaps))
        return Overlapping(count=len(found), is_more=len(rows) > MOST_READ, cases=tuple(found[:MOST_SHOWN]))

    def _require_working(self, actor: Actor, case_id: CaseId) -> None:
        granted = self._cases.granted(actor, self._cases.get(actor, case_id).id)
        if not granted & {Action.CASE_RUN, Action.CASE_DECIDE}:
            self._cases.writable(actor, case_id, Action.CASE_RUN)

    def _told(self, mine: Case, row: RowMapping, metres: int) -> Iterator[OverlapCase]:
        # Opened whole to be compared, whoever asks: of it nothing is told but that it is one.
        party = party_of(self._connection, row)
        overlaps, apart = shared(_traits(mine.model_dump()), _traits({**row, **party}), metres=metres)
        if is_told(overlaps):
            yield OverlapCase(
                id=row["id"] if row["is_seen"] else None,
                number=row["number"] if row["is_seen"] else None,
                state=CaseState(row["state"]),
                opened_at=row["opened_at"],
                overlaps=overlaps,
                metres=apart,
            )

    def _rows(self, actor: Actor, mine: Case, metres: int) -> list[RowMapping]:
        others = and_(
            cases.c.agency_id == mine.agency_id,
            cases.c.id != mine.id,
            cases.c.opened_at >= self._now - LOOK_BACK,
        )
        some = union(*(select(cases.c.id).where(others, one) for one in self._traces(mine, metres)))
        query: Select[tuple[object, ...]] = (
            select(
                cases,
                true().label("is_whole"),
                within(actor, Action.CASE_VIEW, self._now, cases).label("is_seen"),
            )
            .where(cases.c.id.in_(some))
            .order_by(cases.c.id.desc())
            .limit(MOST_READ + 1)
        )
        return list(self._connection.execute(query).mappings())

    def _traces(self, mine: Case, metres: int) -> Iterator[ColumnElement[bool]]:
        """Yield by what others are found, each with an index of its own but the last."""
        names = asked_tokens(self._connection, cases.c.party, mine.party)
        yield or_(*map(cases.c.party_tokens.contains, names))
        if mine.party_code is not None:
            digests = asked_digests(self._connection, cases.c.party_code, mine.party_code)
            yield cases.c.party_code_digest.in_(digests)
        if mine.plates:
            yield cases.c.plates.overlap(list(mine.plates))
        place = cases.c.place == mine.place
        if mine.lat_e7 is not None and mine.lon_e7 is not None:
            place = or_(place, around(mine.lat_e7, mine.lon_e7, metres))
        yield and_(cases.c.matter == mine.matter, place)


def _traits(said: Mapping[str, Any]) -> Traits:
    lat, lon = said["lat_e7"], said["lon_e7"]
    return Traits(
        party=said["party"],
        party_code=said["party_code"],
        plates=tuple(said["plates"]),
        matter=said["matter"],
        place=said["place"],
        point=None if lat is None or lon is None else (lat, lon),
    )
