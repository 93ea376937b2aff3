"""A file and its manifest about time and place: agreed, different, or silent."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.agreement import agreement
from schemas.integrity import Severity
from schemas.manifest import CaptureDevice, CaptureManifest, Clock, Datum, Location, ManifestFile
from schemas.media import Exif, Gps, MediaFacts
from schemas.stated_time import stated_time
from schemas.tolerance import DECLARED_TOLERANCES

AT = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)
HERE = (333_400_000, 1_201_500_000)


def facts(lat_e7: int = HERE[0], at: datetime | None = AT) -> MediaFacts:
    return MediaFacts(gps=Gps(lat_e7=lat_e7, lon_e7=HERE[1]), exif=Exif(captured_at=at))


def manifest(
    *, crs: Datum = Datum.WGS84, acc_cm: int = 500, offset_ms: int = 0, with_loc: bool = True
) -> CaptureManifest:
    loc = Location(lat_e7=HERE[0], lon_e7=HERE[1], acc_cm=acc_cm, crs=crs, src="gnss", mock=False, fix_at=AT)
    return CaptureManifest(
        device=CaptureDevice(id="d", kid="k" * 43, model="m", fw="f", app_id="a", app_ver="1"),
        seq=1,
        prev="0" * 64,
        boot_id="b",
        mono_ms=1,
        captured_at=AT,
        clock=Clock(source="server", offset_ms=offset_ms, uncertainty_ms=10, synced_at=AT),
        loc=loc if with_loc else None,
        officers=("A1", "A2"),
        files=(
            ManifestFile(name="a.jpg", role="original", media_type="image/jpeg", size=1, sha256="0" * 64),
        ),
    )


def found(*args: object) -> dict[str, tuple[str, str]]:
    return {check.name: (check.code, check.severity.value) for check in agreement(*args, DECLARED_TOLERANCES)}


def test_the_same_time_and_place_agree() -> None:
    """Seconds and metres apart is the same capture."""
    seen = found(facts(lat_e7=HERE[0] + 10_000, at=AT + timedelta(seconds=90)), manifest())

    assert seen == {"place_agrees": ("", "none"), "time_agrees": ("", "none")}


def test_another_place_is_a_warning() -> None:
    """A kilometre apart is another place, unless the accuracy allows it."""
    away = facts(lat_e7=HERE[0] + 100_000)

    assert found(away, manifest())["place_agrees"] == ("exif-place-differs", Severity.WARN.value)
    assert found(away, manifest(acc_cm=100_000))["place_agrees"] == ("", "none")


def test_how_far_apart_is_what_the_agency_allows() -> None:
    """A kilometre and five minutes: told under what is declared, and not where more is allowed."""
    away = facts(lat_e7=HERE[0] + 100_000, at=AT + timedelta(minutes=5))
    wide = DECLARED_TOLERANCES.model_copy(update={"place_apart_metres": 2000, "time_apart_seconds": 600})

    assert {one.code for one in agreement(away, manifest(), DECLARED_TOLERANCES)} == {
        "exif-place-differs",
        "exif-time-differs",
    }
    assert {one.code for one in agreement(away, manifest(), wide)} == {""}


def test_another_time_is_a_remark() -> None:
    """Minutes apart is said; the camera may follow the device's clock or the corrected one."""
    late = facts(at=AT + timedelta(minutes=5))

    assert found(late, manifest())["time_agrees"] == ("exif-time-differs", "info")
    assert found(late, manifest(offset_ms=300_000))["time_agrees"] == ("", "none")


@pytest.mark.parametrize("crs", [Datum.GCJ02, Datum.BD09])
def test_another_datum_is_not_compared(crs: Datum) -> None:
    """Shifted coordinates would differ by hundreds of metres for no fault of anybody."""
    assert "place_agrees" not in found(facts(), manifest(crs=crs))


def test_silence_is_not_agreement() -> None:
    """A side that states nothing gives no result."""
    assert found(MediaFacts(), manifest()) == {}
    assert "place_agrees" not in found(facts(), manifest(with_loc=False))
    assert "time_agrees" not in found(facts(at=None), manifest())


def written(raw: str, *, at: datetime | None = None, fix_at: datetime | None = None) -> MediaFacts:
    gps = Gps(lat_e7=HERE[0], lon_e7=HERE[1], fix_at=fix_at) if fix_at else None
    return MediaFacts(gps=gps, exif=Exif(datetime_original=raw, captured_at=at))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2026:09:01 09:30:40", ""),
        ("2026:09:01 01:30:00", "exif-time-zone"),
        ("2026:09:01 10:31:00", "exif-time-zone"),
        ("2026:09:01 09:50:00", None),
        ("2026:09:03 02:11:00", None),
        ("2008:10:22 16:28:39", "exif-time-far"),
    ],
)
def test_a_wall_clock_is_read_as_this_countrys_and_never_late(raw: str, code: str | None) -> None:
    """Without a zone minutes are no finding; whole hours look like a zone, and a year away is a warning."""
    seen = found(written(raw), manifest()).get("time_agrees")

    assert (seen[0] if seen else None) == code


@pytest.mark.parametrize(
    ("apart", "code", "severity"),
    [
        (timedelta(hours=8, seconds=30), "exif-time-zone", Severity.REMARK),
        (timedelta(hours=-8), "exif-time-zone", Severity.REMARK),
        (timedelta(hours=8, minutes=10), "exif-time-differs", Severity.INFO),
        (timedelta(hours=20), "exif-time-differs", Severity.INFO),
        (timedelta(days=89), "exif-time-differs", Severity.INFO),
        (timedelta(days=-400), "exif-time-far", Severity.WARN),
    ],
)
def test_differences_are_graded(apart: timedelta, code: str, severity: Severity) -> None:
    """Eight hours to the minute is a zone; the time of a copy is a note; a year is for a person to judge."""
    assert found(facts(at=AT + apart), manifest())["time_agrees"] == (code, severity.value)


RECEIVED = AT + timedelta(hours=2)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (written("2026:09:01 09:30:00"), ""),
        (written("2026:09:02 17:00:00"), ""),
        (written("2015:01:01 00:00:00"), ""),
        (written("2014:12:31 23:59:59"), "stated-time-early"),
        (written("2026:09:05 09:30:00"), "stated-time-late"),
        (written("2026:09:01 09:30:00", fix_at=AT), ""),
        (written("2026:09:01 09:30:00", fix_at=AT - timedelta(days=9)), "gps-time-differs"),
        (written("2026:09:01 09:30:00", fix_at=AT - timedelta(weeks=1024)), "gps-week-rollover"),
        (written("2007:01:16 09:30:00", fix_at=AT - timedelta(weeks=1024)), "gps-week-rollover"),
    ],
)
def test_a_time_that_cannot_be_is_found(seen: MediaFacts, code: str) -> None:
    """Before there were such devices, behind its receipt, or by a receiver whose weeks began anew."""
    (made,) = stated_time(seen, manifest(), RECEIVED)

    assert made.code == code
    expected = {"": Severity.NONE, "stated-time-early": Severity.WARN, "stated-time-late": Severity.WARN}
    assert made.severity is expected.get(code, Severity.REMARK)


def test_no_time_is_no_result_and_no_manifest_is_needed() -> None:
    """A file that states no time, or half a one, claims nothing; what a machine sent has no manifest."""
    assert stated_time(MediaFacts(), None, RECEIVED) == []
    assert stated_time(written("yesterday"), None, RECEIVED) == []
    assert [one.code for one in stated_time(written("2008:10:22 16:28:39"), None, RECEIVED)] == [
        "stated-time-early"
    ]
