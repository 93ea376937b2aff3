"""A file and its name beside the register: what people type and firmware writes is compared by what it means."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.integrity import Outcome, Severity
from schemas.manifest import CaptureManifest
from schemas.media import Exif, MediaFacts
from schemas.name_profile import profiles
from schemas.register_agreement import Described, Known, register_agreement
from tests.make_contract import valid_manifest

AT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def manifest() -> CaptureManifest:
    said = valid_manifest()
    clock = said.clock.model_copy(update={"offset_ms": 0})
    return said.model_copy(update={"captured_at": AT, "clock": clock})


def codes(
    exif: Exif | None, described: Described | None, name: str = "scene.jpg", **facts: object
) -> list[str]:
    found = register_agreement(MediaFacts(exif=exif, **facts), name, manifest(), Known(described))
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("exif", "described"),
    [
        (Exif(make="HUAWEI", model="VOG-AL00"), Described("华为", "P30 Pro (VOG-AL00)", "SN-1")),
        (Exif(make="HUAWEI", model="HUAWEI VOG-AL00"), Described("HUAWEI", "vog al00", "SN-1")),
        (Exif(make="samsung", model="SM-G9910"), Described("三星", "Galaxy S21 SM-G9910", "")),
        (Exif(make="Hytera", model="VM780"), Described("海能达", "ＶＭ７８０", "A1B2C3D4")),
        (Exif(make="某某", model="DSJ-X9"), Described("某某科技", "DSJ-X9", "1234567")),
        (Exif(make="Canon", serial="0123456789"), Described("佳能", "", "123456789")),
        (Exif(serial="0"), Described("", "", "SN-1")),
    ],
)
def test_the_same_device_in_other_words_is_no_difference(exif: Exif, described: Described) -> None:
    """Chinese and Latin makers, codes beside trade names, wide letters, leading zeros, numbers too short to be one."""
    assert codes(exif, described) == [""]


@pytest.mark.parametrize(
    ("exif", "described", "code", "severity"),
    [
        (Exif(make="HUAWEI", serial="ABCD1234"), Described("华为", "P30", "WXYZ9876"), "device-serial-differs",
         Severity.WARN),
        (Exif(make="Apple", model="iPhone 15"), Described("海康威视", "DS-MCW405", "SN-1"), "device-maker-differs",
         Severity.REMARK),
        (Exif(make="HUAWEI", model="ELE-AL00"), Described("华为", "P30", "SN-1"), "device-model-differs", Severity.INFO),
    ],
)  # fmt: skip
def test_differences_are_graded(exif: Exif, described: Described, code: str, severity: Severity) -> None:
    """A number of a thing is a doubt, a maker a remark, the spelling of a model an explanation."""
    (found,) = register_agreement(MediaFacts(exif=exif), "a.jpg", manifest(), Known(described))
    assert (found.code, found.severity) == (code, severity)
    assert (found.outcome is Outcome.VERIFIED) is (code == "device-model-differs")


@pytest.mark.parametrize(
    ("exif", "described"), [(None, Described("华为", "P30", "X")), (Exif(), Described("华为", "P30", "X")),
                            (Exif(make="Apple"), None)]
)  # fmt: skip
def test_what_is_not_said_is_not_compared(exif: Exif | None, described: Described | None) -> None:
    """Unset on either side is unknown, and gives no result."""
    assert codes(exif, described) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("VID_20261102_090000.mp4", ""),
        ("VID_20261102_090500.mp4", ""),  # the file lasts five minutes: named at its end
        ("VID_20261102_010000.mp4", "name-time-zone"),
        ("VID_20261102_112000.mp4", "name-time-differs"),
        ("4320001_123456_20261102090000_0007.MP4", "name-device-differs"),
        ("SN76543_123456_20261102090000_0007.MP4", ""),
    ],
)
def test_a_name_is_held_against_manifest_and_register(name: str, code: str) -> None:
    """The wall clock of UTC+8 beside the capture, the device beside the serial number."""
    assert codes(None, Described("某某", "X", "SN76543-A"), name, duration_ms=300_000) == [code]


def test_a_name_is_held_against_the_file() -> None:
    """The name agrees with the manifest, the file says another time: renamed, or its clock was another."""
    exif = Exif(datetime_original="2026:11:02 08:30:00")
    assert codes(exif, None, "IMG_20261102_090000.jpg") == ["name-file-differs"]
    same = Exif(datetime_original="2026:11:02 09:00:20")
    assert codes(same, None, "IMG_20261102_090000.jpg") == [""]


def test_nothing_a_name_says_is_more_than_a_remark() -> None:
    """Files are renamed for good reasons: it never makes a recording doubtful."""
    for hours in (1, 30):
        name = f"VID_{AT + timedelta(hours=8 + hours):%Y%m%d_%H%M%S}.mp4"
        (found,) = register_agreement(MediaFacts(), name, manifest(), Known())
        assert found.severity is Severity.REMARK


def test_an_agency_reads_names_its_own_way() -> None:
    """By a profile that it set; without one the name says nothing."""
    name = "dock-4320001-20261102090000.mp4"
    own = Known(Described("某某", "X", "7654321"), profiles(["dock=dock-{device}-{time}"]))
    assert [one.code for one in register_agreement(MediaFacts(), name, manifest(), own)] == [
        "name-device-differs"
    ]
    assert register_agreement(MediaFacts(), name, manifest(), Known()) == []
