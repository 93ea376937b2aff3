from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

import api
from api.console.form import (
    day_start,
    degrees,
    distance,
    local_time,
    metres,
    milliseconds,
    moment,
    seconds,
    size,
    span,
    span_parts,
)
from api.console.sheet import plain
from schemas.integrity import Verdict
from schemas.media import MediaFacts
from schemas.recording import Place, Recording, RecordingState
from schemas.words import Language

NOON = datetime(2026, 11, 25, 16, 30, 5, 123_000, tzinfo=UTC)
IDENT = UUID(int=7)


def recording(filename: str) -> Recording:
    return Recording(
        id=IDENT,
        agency_id=IDENT,
        agency_name="机关",
        upload_id=IDENT,
        manifest_id=None,
        manifest_sha256=None,
        file_index=None,
        device_id=None,
        device_name=None,
        account_id=None,
        state=RecordingState.SEALED,
        verdict=Verdict.NOT_CHECKED,
        filename=filename,
        media_type="image/jpeg",
        size_bytes=10,
        declared_sha256=None,
        sha256="ab" * 32,
        sm3=None,
        object_key="k",
        version_id="v",
        officers=("10320001001", "10320001002"),
        stated_case=None,
        captured_at=NOON,
        corrected_at=None,
        received_at=NOON,
        verified_at=None,
        retain_until=None,
        retention=None,
        kept_until=None,
        locked_until=None,
        clock_offset_ms=None,
        place=Place(lat_e7=-333_472_810, lon_e7=1_201_614_110, accuracy_cm=None, crs="WGS84"),
        facts=MediaFacts(),
        run=1,
        has_thumbnail=False,
        copy_of=None,
        captured_by=None,
        captured_by_name=None,
        remarks=0,
    )


def test_a_time_is_shown_in_china_and_kept_in_utc() -> None:
    """The screen shows UTC+8, the element and its title the raw UTC value."""
    shown = moment(NOON)

    assert ">2026-11-26 00:30:05<" in shown
    assert shown.count("2026-11-25T16:30:05.123Z") == 2
    assert moment(None) == ""


def test_a_day_typed_on_a_screen_starts_at_midnight_in_china() -> None:
    """The filter's day is a day of UTC+8; what is no day narrows nothing."""
    assert day_start("2026-11-26") == datetime(2026, 11, 25, 16, tzinfo=UTC)
    assert day_start("2026-11-26", days=1) == datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert [day_start(text) for text in ("", "x", "2026-02-30", "9999-12-31")][:3] == [None, None, None]
    assert day_start("9999-12-31", days=1) is None


def test_a_time_typed_on_a_form_is_of_china() -> None:
    """A local time becomes UTC; what no clock of China shows, or what comes before all time, is none."""
    assert local_time("2026-11-26T00:30") == datetime(2026, 11, 25, 16, 30, tzinfo=UTC)
    for text in ("", "x", "2026-02-30T00:00", "2026-11-26T00:30+05:00", "0001-01-01T00:00"):
        assert local_time(text) is None


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (4_194_304, "4.0 MiB"), (3 * 2**40, "3.0 TiB")],
)
def test_sizes_have_few_digits_and_a_binary_unit(size_bytes: int, text: str) -> None:
    """A size is read at a glance; the exact number of bytes stands elsewhere."""
    assert size(Language.EN, size_bytes) == text
    assert size(Language.ZH, size_bytes) == text.replace(" B", " 字节")


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(milliseconds=400), "0.4 秒", "0.4 s"),
        (timedelta(seconds=42), "42 秒", "42 s"),
        (timedelta(minutes=3, seconds=12), "3 分 12 秒", "3 min 12 s"),
        (timedelta(hours=5, minutes=7, seconds=50), "5 小时 7 分", "5 h 7 min"),
        (timedelta(days=2, hours=4), "2 天 4 小时", "2 d 4 h"),
    ],
)
def test_a_length_of_time_shows_its_two_largest_units(length: timedelta, zh: str, en: str) -> None:
    """A gap is written in the units that matter for it, in the language of the page."""
    assert (span(Language.ZH, length), span(Language.EN, length)) == (zh, en)
    assert " ".join(span_parts(Language.EN, length)) == en


@pytest.mark.parametrize(
    ("length", "zh", "en"), [(50, "50 米", "50 m"), (2000, "2 千米", "2 km"), (0.5, "0.5 米", "0.5 m")]
)
def test_a_distance_is_written_as_people_write_it(length: float, zh: str, en: str) -> None:
    """Below a kilometre metres, from there on kilometres, in the language of the page."""
    assert (distance(Language.ZH, length), distance(Language.EN, length)) == (zh, en)
    assert metres(Language.ZH, 1250) == "12.5 米"


def test_positions_and_offsets_keep_their_sign() -> None:
    """Southern latitudes and slow clocks are not shown as their opposites."""
    place = Place(lat_e7=-333_472_810, lon_e7=-1_201_614_110, accuracy_cm=None, crs="WGS84")

    assert degrees(place) == "33.347281°S 120.161411°W"
    assert seconds(-1870) == "-1.87"
    assert seconds(1870) == "+1.87"
    assert milliseconds(65_500) == "1:05.5"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "@sum", "-2+3", "\t=1"])
def test_a_cell_never_becomes_a_formula(name: str) -> None:
    """A file name from a stranger stays text when a spreadsheet opens the list."""
    assert plain(name) == f"'{name}"


def test_every_form_of_a_page_is_sent_once() -> None:
    """Whatever form carries the token of its session carries the key that makes two sendings one; leaving is no act."""
    for path in sorted((Path(api.__file__).parent / "console" / "templates").glob("*.html")):
        page = path.read_text("utf-8").replace(
            'action="/console/logout"><input type="hidden" name="csrf"', ""
        )
        assert page.count('name="csrf"') == page.count('name="once" value="{{ once() }}"'), path.name
