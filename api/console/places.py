"""Where the findings of one recording open: on its line of time, on the points of its track, on the rows of its picture."""

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from api.console.film import FilmLine, film_line
from api.console.listing import IGNORED, address
from api.console.points import PointsView, points_views
from schemas.agreement import distance_m
from schemas.base import Frozen
from schemas.derivative import MOST_PAGES
from schemas.ids import CaseId, RecordingId
from schemas.integrity import CheckResult
from schemas.mark import Mark, MarkKind, mark_of
from schemas.media import MediaFacts
from schemas.recording import Place, Recording

_MS = 1000
_WHOLE = 100.0
_LEAST = 1.0
_TURNED = frozenset({5, 6, 7, 8})
_FROM_THE_END = frozenset({3, 4, 6, 7})
"""Orientations (Exif) at which rows as stored are columns on the screen, and at which the first of them is the last."""


class Wanted(BaseModel):
    """On which finding the page opens: its code, a second of the recording, or a page; what is none opens on nothing.

    With `case` the recording is one step of the way through a case.
    """

    model_config = ConfigDict(frozen=True)

    finding: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,64}$"), IGNORED] = None
    second: Annotated[int | None, Field(ge=0, le=10_000_000), IGNORED] = None
    page: Annotated[int | None, Field(ge=1, le=MOST_PAGES), IGNORED] = None
    case: Annotated[CaseId | None, IGNORED] = None

    def address(self, recording_id: RecordingId, anchor: str = "") -> str:
        """Return the address of the page of a recording that opens there."""
        path = f"/console/recordings/{recording_id}"
        query = {name: str(value) for name, value in self if value is not None}
        return address(path, query) + (f"#{anchor}" if query and anchor else "")


class Region(Frozen):
    """Part of a picture as it is shown upright, in percent of its width and height."""

    x: float
    y: float
    width: float
    height: float


class Sides(NamedTuple):
    """What is set side by side: the distance between the two places in metres, where both are stated."""

    times: bool
    places: bool
    metres: int | None


class Places(NamedTuple):
    """Where each finding opens, by its code; what is drawn of them, and which one the page was opened on."""

    marks: Mapping[str, Mark]
    film: FilmLine | None
    points: tuple[PointsView, ...]
    regions: Mapping[str, Region]
    sides: Sides
    opened: Mark | None
    second: int | None

    @property
    def fragment(self) -> str:
        """From where a player plays, as a media fragment: so it opens there without a script."""
        if self.opened is not None and self.opened.kind is MarkKind.TIME:
            until = f",{self.opened.end / _MS:g}" if self.opened.end > self.opened.start else ""
            return f"#t={self.opened.start / _MS:g}{until}"
        return f"#t={self.second}" if self.second is not None else ""


def places_of(found: Recording, checks: Iterable[CheckResult], wanted: Wanted) -> Places:
    """Return where findings open; with one of them the page was opened."""
    facts = found.facts
    made = (mark_of(one, facts.duration_ms) for one in checks if one.code)
    marks = {one.code: one for one in made if one is not None}
    kinds = {one.kind for one in marks.values()}
    regions = {code: region for code, one in marks.items() if (region := region_of(one, facts)) is not None}
    return Places(
        marks=marks,
        film=film_line(facts.duration_ms, list(marks.values()), facts.stretches or ()),
        points=points_views(facts.track, marks.values()),
        regions=regions,
        sides=Sides(
            MarkKind.TIMES_BESIDE in kinds,
            MarkKind.PLACES_BESIDE in kinds,
            _metres(found.place, facts),
        ),
        opened=marks.get(wanted.finding or ""),
        second=wanted.second,
    )


def place_href(page: str, check: CheckResult) -> str:
    """Return the address of the page of a recording, opened where a finding lies, if it has a place."""
    joint = "&" if "?" in page else "?"
    mark = mark_of(check, None) if check.code else None
    anchors = {MarkKind.POINTS: f"at-{check.code}", MarkKind.TIME: "player", MarkKind.ROWS: "player"}
    if mark is None:
        return f"{page}{joint}finding={check.code}" if check.code else page
    return f"{page}{joint}finding={check.code}#{anchors.get(mark.kind, f'{mark.kind.value}-beside')}"


def region_of(mark: Mark, facts: MediaFacts) -> Region | None:
    """Return where rows lie in a picture that is turned as its orientation says."""
    if mark.kind is not MarkKind.ROWS or not facts.height or not facts.width:
        return None
    start = min(mark.start / facts.height, 1.0) * _WHOLE
    length = max(min((mark.end + 1) / facts.height, 1.0) * _WHOLE - start, _LEAST)
    orientation = (facts.exif.orientation if facts.exif else None) or 1
    first = max(0.0, _WHOLE - start - length) if orientation in _FROM_THE_END else min(start, _WHOLE - length)
    if orientation in _TURNED:
        return Region(x=round(first, 1), y=0, width=round(length, 1), height=_WHOLE)
    return Region(x=0, y=round(first, 1), width=_WHOLE, height=round(length, 1))


def _metres(place: Place | None, facts: MediaFacts) -> int | None:
    if place is None or facts.gps is None:
        return None
    return round(distance_m((place.lat_e7, place.lon_e7), (facts.gps.lat_e7, facts.gps.lon_e7)))
