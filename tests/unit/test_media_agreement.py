"""A file and its manifest about time and place: agreed, different, or silent."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.agreement import agreement
from schemas.integrity import Severity
from schemas.manifest import CaptureDevice, CaptureManifest, Clock, Datum, Location, ManifestFile
from schemas.media import Exif, Gps, MediaFacts

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
    return {check.name: (check.code, check.severity.value) for check in agreement(*args)}


def test_the_same_time_and_place_agree() -> None:
    """Seconds and metres apart is the same capture."""
    seen = found(facts(lat_e7=HERE[0] + 10_000, at=AT + timedelta(seconds=90)), manifest())

    assert seen == {"place_agrees": ("", "none"), "time_agrees": ("", "none")}


def test_another_place_is_a_warning() -> None:
    """A kilometre apart is another place, unless the accuracy allows it."""
    away = facts(lat_e7=HERE[0] + 100_000)

    assert found(away, manifest())["place_agrees"] == ("exif-place-differs", Severity.WARN.value)
    assert found(away, manifest(acc_cm=100_000))["place_agrees"] == ("", "none")


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
