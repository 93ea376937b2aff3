"""A track beside its manifest: in which datum it was written, and whether it began before it was signed."""

from datetime import timedelta

import pytest

from schemas.agreement import agreement, distance_m
from schemas.datum import Degrees, bd09_of, gcj02_of, gcj02_of_bd09, is_shifted, wgs84_of_gcj02
from schemas.integrity import CheckResult, Severity
from schemas.manifest import CaptureDevice, CaptureManifest, Clock, Datum, Location, ManifestFile
from schemas.media import MediaFacts, Track
from schemas.tolerance import DECLARED_TOLERANCES
from tests.media_tracks import BEGIN, drive

ROWS = drive(300)
HERE: Degrees = ROWS[20][:2]


def e7(place: Degrees) -> tuple[int, int]:
    return round(place[0] * 1e7), round(place[1] * 1e7)


def bd09(place: Degrees) -> Degrees:
    return bd09_of(gcj02_of(place))


def facts(move: object = None, start: timedelta = timedelta()) -> MediaFacts:
    line = [(lat, lon) for lat, lon, _ in ROWS]
    if callable(move):
        line = [move(place) for place in line]
    return MediaFacts(
        track=Track(points=300, start_at=BEGIN + start, line_e7=tuple(e7(place) for place in line))
    )


def manifest(place: Degrees = HERE, crs: Datum = Datum.WGS84, offset_ms: int = 0) -> CaptureManifest:
    lat, lon = e7(place)
    return CaptureManifest(
        device=CaptureDevice(id="d", kid="k" * 43, model="m", fw="f", app_id="a", app_ver="1"),
        seq=1,
        prev="0" * 64,
        boot_id="b",
        mono_ms=1,
        captured_at=BEGIN + timedelta(minutes=5),
        clock=Clock(source="server", offset_ms=offset_ms, uncertainty_ms=10, synced_at=BEGIN),
        loc=Location(lat_e7=lat, lon_e7=lon, acc_cm=500, crs=crs, src="gnss", mock=False, fix_at=BEGIN),
        officers=("A1", "A2"),
        files=(
            ManifestFile(
                name="a.gpx", role="original", media_type="application/gpx+xml", size=1, sha256="0" * 64
            ),
        ),
    )


def by_name(seen: MediaFacts, signed: CaptureManifest) -> dict[str, CheckResult]:
    return {check.name: check for check in agreement(seen, signed, DECLARED_TOLERANCES)}


def test_known_places_are_moved_as_published() -> None:
    """A square in the middle of a capital, as it stands in the three datums; the way back leads home."""
    square = (39.90923, 116.397428)
    gcj02, bd = (39.910633, 116.403672), (39.916973, 116.410044)

    assert gcj02_of(square) == pytest.approx(gcj02, abs=2e-6)
    assert bd09_of(gcj02) == pytest.approx(bd, abs=2e-6)
    assert wgs84_of_gcj02(gcj02_of(square)) == pytest.approx(square, abs=1e-8)
    assert gcj02_of_bd09(bd) == pytest.approx(gcj02, abs=2e-6)
    assert distance_m(e7(square), e7(gcj02_of(square))) == pytest.approx(555, abs=10)


def test_elsewhere_nothing_is_moved() -> None:
    """The datums are those of one country."""
    assert not is_shifted((45.27, 13.71))
    assert gcj02_of((45.27, 13.71)) == (45.27, 13.71)


@pytest.mark.parametrize(
    ("move", "place", "crs"),
    [
        (None, HERE, Datum.WGS84),
        (None, HERE, Datum.CGCS2000),
        (None, gcj02_of(HERE), Datum.GCJ02),
        (None, bd09(HERE), Datum.BD09),
    ],
)
def test_a_fix_on_the_track_agrees(move: object, place: Degrees, crs: Datum) -> None:
    """Whatever datum the manifest names, its fix lies on a track of WGS 84."""
    assert by_name(facts(move), manifest(place, crs))["track_datum"].code == ""


@pytest.mark.parametrize(("move", "code"), [(gcj02_of, "track-datum-gcj02"), (bd09, "track-datum-bd09")])
def test_a_shifted_track_is_recognised(move: object, code: str) -> None:
    """Hundreds of metres beside the fix, and on it once that is converted: the datum is told as a remark."""
    found = by_name(facts(move), manifest())["track_datum"]

    assert (found.code, found.severity) == (code, Severity.REMARK)
    assert found.params["metres"] > 300
    assert found.params["left"] < 10


def test_a_fix_beside_the_track_says_nothing() -> None:
    """Signed elsewhere, in another country, or without a place: no datum is guessed."""
    aside = (HERE[0] + 0.02, HERE[1])

    assert "track_datum" not in by_name(facts(), manifest(aside))
    assert "track_datum" not in by_name(facts(lambda place: (45.0, 13.0)), manifest((45.0, 13.0)))
    assert "track_datum" not in by_name(MediaFacts(), manifest())


def test_a_track_that_begins_after_its_signature_is_told() -> None:
    """Two clocks that differ; the corrected one of the device counts too."""
    late = facts(start=timedelta(minutes=30))

    assert by_name(facts(), manifest())["track_time_agrees"].code == ""
    assert by_name(late, manifest())["track_time_agrees"].params == {"seconds": 1500}
    assert by_name(late, manifest(offset_ms=1_500_000))["track_time_agrees"].code == ""
