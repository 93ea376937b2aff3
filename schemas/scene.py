"""Whether a recording was made where and when the matter of its case was: a hint to whoever links and whoever reviews.

A recording has up to three places – of its device, of its file, of every point of its track – and the nearest one counts:
a track that passes the scene is of the scene. In a shifted datum nothing is measured. What was captured after the matter
is never told: inspections, hearings and services are. Against the area of its agency the farthest place counts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.agreement import distance_m
from schemas.area import Area, Point, metres_outside
from schemas.checks.agreement import AREA
from schemas.checks.scene import SCENE_PLACE, SCENE_TIME
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import Datum
from schemas.media import MediaFacts

FAR = 20
"""So many times the distance of suggested ties is far: ten kilometres by default, another part of the district."""

EARLY = timedelta(hours=24)
"""The time of a matter is often a day without an hour."""

_MEASURED = frozenset({Datum.WGS84.value, Datum.CGCS2000.value})


class Scene(NamedTuple):
    """Where and when the matter of a case was, and the distance of suggested ties [setting]; what is not said is None."""

    place: Point | None
    occurred_at: datetime | None
    near_m: int


class Spots(NamedTuple):
    """Every place of a recording, and how far off the least exact of them may be."""

    points: tuple[Point, ...] = ()
    accuracy_m: int = 0


def spots_of(
    lat_e7: int | None, lon_e7: int | None, accuracy_cm: int | None, crs: str | None, facts: MediaFacts
) -> Spots:
    """Return the places of a recording as its device, its file and its track say them, of shifted datums none."""
    points: list[Point] = []
    accuracy_cm = accuracy_cm or 0
    if lat_e7 is not None and lon_e7 is not None and crs in _MEASURED:
        points.append((lat_e7, lon_e7))
    if (
        facts.gps is not None
        and (facts.gps.datum or "WGS84").upper().replace("-", "").replace(" ", "") in _MEASURED
    ):
        points.append((facts.gps.lat_e7, facts.gps.lon_e7))
        accuracy_cm = max(accuracy_cm, facts.gps.acc_cm or 0)
    if facts.track is not None:
        points.extend(facts.track.line_e7)
    return Spots(tuple(points), accuracy_cm // 100)


def scene_findings(spots: Spots, captured_at: datetime | None, scene: Scene) -> Sequence[CheckResult]:
    """Return what both sides allow to be compared: at most one result each for scene_place and scene_time."""
    made = (check_scene_place(spots, scene), check_scene_time(captured_at, scene))
    return [one for one in made if one is not None]


@examines(SCENE_PLACE)
def check_scene_place(check: Check, spots: Spots, scene: Scene) -> CheckResult | None:
    """Measure how far the nearest place is from the scene, beyond what it may be off."""
    place = scene.place
    if place is None or not spots.points:
        return None
    metres = round(min(distance_m(place, point) for point in spots.points))
    beyond = metres - spots.accuracy_m
    if beyond <= scene.near_m:
        return check.held(metres=metres)
    if beyond > FAR * scene.near_m:
        return check.found("scene-far", kilometres=round(metres / 1000))
    return check.found("scene-apart", metres=metres)


@examines(SCENE_TIME)
def check_scene_time(check: Check, captured_at: datetime | None, scene: Scene) -> CheckResult | None:
    """Say that it was captured before the matter occurred, by more than a day."""
    if captured_at is None or scene.occurred_at is None:
        return None
    early = scene.occurred_at - captured_at
    return check.found("scene-before", hours=early // timedelta(hours=1)) if early > EARLY else check.held()


@examines(AREA)
def check_area(check: Check, facts: MediaFacts, spots: Spots, area: Area) -> CheckResult | None:
    """Measure how far outside the area of the agency the farthest place lies, beyond what it may be off."""
    if not area.corners or not spots.points:
        return None
    metres = round(max(metres_outside(place, area.corners) for place in spots.points))
    if metres <= area.near_m + spots.accuracy_m:
        return check.held()
    code = "place-outside-area" if facts.track is None else "track-outside-area"
    return check.found(code, kilometres=f"{metres / 1000:.1f}")
