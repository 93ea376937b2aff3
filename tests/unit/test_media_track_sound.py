"""Tracks that are odd and sound: what receivers, loggers and exporters write in the field stays below a warning."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.examined import REQUIRED
from schemas.integrity import Outcome, Severity
from tests.media import SHARED
from tests.media_tracks import BEGIN, FORMATS, Row, drive, geojson_of, gpx_of, kml_of, nmea_of, sentence
from workers.media.examined import check_examined
from workers.media.probe import probe
from workers.media.result import Limits, Probe

CASES = SHARED.parent / "cases" / "files"
KML = "application/vnd.google-earth.kml+xml"


def look(tmp_path: Path, name: str, payload: bytes) -> Probe:
    path = tmp_path / name
    path.write_bytes(payload)
    return probe(path, filename=name, limits=Limits())


def worst(found: Probe) -> Severity:
    return max((check.severity for check in found.checks), key=lambda one: one.rank)


def shifted(rows: list[Row], by: timedelta) -> list[Row]:
    return [(lat, lon, at + by if at else None) for lat, lon, at in rows]


def train(seconds: float, kmh: float = 350) -> list[Row]:
    """Away from a station and up to speed within four minutes."""
    rows, lat, count = [], 30.0, int(900 / seconds)
    for number in range(count):
        lat += min(1.0, number * seconds / 240) * kmh / 3.6 * seconds / 111_195
        rows.append((lat, 120.0, BEGIN + timedelta(seconds=number * seconds)))
    return rows


def in_a_tunnel(*, leap_m: float = 0.0) -> list[Row]:
    """Four minutes without a fix; the first fixes behind it wander."""
    rows = drive(600)
    out = [
        (lat + leap_m / 111_195 if number in {0, 1} else lat, lon, at)
        for number, (lat, lon, at) in enumerate(rows[340:])
    ]
    return rows[:100] + out


def at_the_start(at: datetime | None = None, leap: float = 0.0) -> list[Row]:
    """The first two fixes are cold: far off, or dated by a clock that was not set."""
    rows = drive(200)
    cold = [(lat + leap, lon, at or when) for lat, lon, when in rows[:2]]
    return cold + rows[2:]


def standing(hours: float = 1) -> list[Row]:
    """The same place with the clock running."""
    rows, count = drive(100), int(hours * 3600)
    lat, lon, at = rows[-1]
    assert at is not None
    return rows + [(lat, lon, at + timedelta(seconds=number + 1)) for number in range(count)]


def in_whole_seconds(rate: int) -> list[Row]:
    """A fast logger that writes whole seconds."""
    rows = drive(600, seconds=1 / rate, kmh=110, noise_m=0)
    return [(lat, lon, at.replace(microsecond=0)) for lat, lon, at in rows if at]


def with_noise(metres: float) -> list[Row]:
    """Between high houses the position leaps about."""
    rows = drive(400, kmh=5)
    return [
        (lat + metres / 111_195 * (number % 17 == 0) * math.sin(number), lon, at)
        for number, (lat, lon, at) in enumerate(rows)
    ]


def zeros_within() -> list[Row]:
    rows = drive(300)
    return [
        (0.0, 0.0, at) if number < 5 or 100 < number < 120 else (lat, lon, at)
        for number, (lat, lon, at) in enumerate(rows)
    ]


DRIVES: dict[str, list[Row]] = {
    "a drive": drive(),
    "ten times a second": drive(600, seconds=0.1),
    "every ten seconds": drive(200, seconds=10),
    "every five minutes": drive(50, seconds=300),
    "whole seconds at 10 Hz": in_whole_seconds(10),
    "whole seconds at 25 Hz": in_whole_seconds(25),
    "whole minutes": [(lat, lon, at.replace(second=0)) for lat, lon, at in drive(600, seconds=5) if at],
    "a fast train, every second": train(1),
    "a fast train, every ten seconds": train(10),
    "the magnetic train, every ten seconds": train(10, kmh=430),
    "a ferry": drive(300, seconds=10, kmh=70),
    "a tunnel": in_a_tunnel(),
    "a tunnel with a wandering exit": in_a_tunnel(leap_m=400),
    "a cold first fix": at_the_start(leap=0.8),
    "a clock that is set at the first fix": at_the_start(datetime(1980, 1, 6, tzinfo=UTC)),
    "a clock that was ahead at the start": at_the_start(BEGIN + timedelta(days=3)),
    "standing for an hour": standing(),
    "high houses": with_noise(60),
    "a lift": [(33.34, 120.15, BEGIN + timedelta(seconds=number)) for number in range(120)],
    "over midnight": shifted(drive(600), timedelta(hours=14, minutes=55)),
    "a leap day": shifted(drive(600), datetime(2028, 2, 28, 23, 55, tzinfo=UTC) - BEGIN),
    "1,024 weeks too early": shifted(drive(), -timedelta(weeks=1024)),
    "places without a fix": zeros_within(),
    "every point twice": [row for row in drive() for _ in range(2)],
    "one point": drive(1),
    "south and west": [(-lat, -lon, at) for lat, lon, at in drive()],
}


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("name", DRIVES)
def test_an_odd_drive_is_sound_in_every_format(tmp_path: Path, name: str, file: str) -> None:
    """Whatever a sound receiver writes, in whatever format, is examined whole and never asks a person to judge."""
    found = look(tmp_path, file, FORMATS[file](DRIVES[name]))
    track = found.facts.track

    assert [check.code for check in found.checks if check.severity.rank >= Severity.WARN.rank] == []
    assert [check.name for check in found.checks if check.outcome is not Outcome.VERIFIED] == []
    assert track is not None
    assert track.points == len(DRIVES[name]) or file == "a.nmea"


def commented() -> bytes:
    return gpx_of(drive()).replace(b"<trkseg>", b"<!-- made by a tool <trkpt> --><?app x?><trkseg>")


def split() -> bytes:
    """The later half first, as an export sorts tracks by name, and a mark."""
    rows = drive(200)
    later, earlier = gpx_of(rows[100:], marks=rows[:1]), gpx_of(rows[:100])
    return later.replace(b"</gpx>\n", b"") + earlier[earlier.index(b"<trk>") :]


def routed() -> bytes:
    """A track, and the planned route to it without times."""
    route = "".join(f'<rtept lat="{lat}" lon="{lon}"/>' for lat, lon, _ in drive(50)) * 2
    return gpx_of(drive()).replace(b"<trk>", f"<rte>{route}</rte><trk>".encode())


def placemarks() -> bytes:
    """A placemark with a time for every fix."""
    body = "".join(
        f"<Placemark><TimeStamp><when>{at:%Y-%m-%dT%H:%M:%SZ}</when></TimeStamp><Point><coordinates>{lon},{lat}"
        "</coordinates></Point></Placemark>"
        for lat, lon, at in drive(30)
    )
    return f"<kml><Document>{body}</Document></kml>".encode()


NMEA = nmea_of(drive(60))
VOID = sentence("GNRMC,005959.00,V,,,,,,,010926,,,N") * 20 + sentence("GNGGA,005959.00,,,,,0,00,99.9,,,,,,")


def rewritten(form: str, *, is_summed: bool = True) -> bytes:
    """A log whose lines stand in another form."""
    lines = [line if is_summed else line.partition("*")[0] for line in NMEA.decode().splitlines()]
    return "".join(form.format(line) + "\r\n" for line in lines).encode()


def sequence() -> bytes:
    """Two texts behind record separators."""
    texts = geojson_of(drive(100)), geojson_of(shifted(drive(100), timedelta(hours=1)))
    return b"".join(b"\x1e" + text + b"\n" for text in texts)


def outage() -> bytes:
    """A moment without a place."""
    lost = b"</when>\n<when>2026-09-01T01:03:20Z</when><gx:coord/><gx:coord>"
    return kml_of(drive()).replace(b"</when>\n<gx:coord>", lost, 1)


FILES: dict[str, tuple[str, bytes, int]] = {
    **{
        f"declared as {name}": ("a.gpx", gpx_of(drive(), encoding=name), 200)
        for name in ("GB2312", "GBK", "GB18030", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-8")
    },
    **{
        f"declared as {name}": ("a.gpx", gpx_of(drive(), encoding=name, name="中山路"), 200)
        for name in ("Big5", "shift_jis", "euc-kr")
    },
    "a Windows page": ("a.gpx", gpx_of(drive(), encoding="windows-1252", name="Straße"), 200),
    "a byte order mark": ("a.gpx", b"\xef\xbb\xbf" + gpx_of(drive()), 200),
    "UTF-16 declared, UTF-8 written": ("a.gpx", gpx_of(drive()).replace(b'"UTF-8"', b'"utf-16"'), 200),
    "a line before the declaration": ("a.gpx", b"\r\n" + gpx_of(drive()), 200),
    "lines of another system": ("a.gpx", gpx_of(drive()).replace(b"\n", b"\r\n"), 200),
    "comments and instructions": ("a.gpx", commented(), 200),
    "tracks in another order": ("a.gpx", split(), 200),
    "a route that is gone twice": ("a.gpx", routed(), 300),
    "marks alone": ("a.gpx", gpx_of([], marks=drive(3)), 0),
    "a line in KML": ("a.kml", kml_of(drive(), is_timed=False), 200),
    "placemarks": ("a.kml", placemarks(), 0),
    "a year in KML": ("a.kml", placemarks().replace(b"2026-09-01T01:00:00Z", b"2026"), 0),
    "an outage in KML": ("a.kml", outage(), 200),
    "GeoJSON in lines": ("a.geojson", geojson_of(drive(), indent=2), 200),
    "GeoJSON named JSON": ("a.json", geojson_of(drive(), is_timed=False), 200),
    "a sequence of texts": ("a.geojson", sequence(), 200),
    "a geometry alone": ("a.geojson", b'{"coordinates":[[1,1],[1.001,1]],"type":"LineString"}', 2),
    "a log with rubbish before it": ("a.nmea", b"\x00\xb5b\x01\x80\xff\xfe,33.1*\r\n" + NMEA, 60),
    "a log with a header": ("a.nmea", b"# logger 2.1, unit 4\r\n# \xe8\xae\xb0\xe5\xbd\x95\r\n" + NMEA, 60),
    "a log with LF": ("a.nmea", NMEA.replace(b"\r\n", b"\n"), 60),
    "a log with CR": ("a.nmea", NMEA.replace(b"\r\n", b"\r"), 60),
    "a log without checksums": ("a.nmea", rewritten("{}", is_summed=False), 60),
    "a log without dates": ("a.nmea", nmea_of(drive(60), is_dated=False), 60),
    "a log with times before each line": ("a.txt", rewritten("2026-09-01 01:00:00 {}"), 60),
    "a log with stamps behind each line": ("a.nmea", rewritten("NMEA,{},1788224400000"), 60),
    "a log from the cold": ("a.nmea", VOID.encode() + NMEA, 60),
    "BeiDou alone": ("a.nmea", nmea_of(drive(60), talker="BD"), 60),
    "BeiDou by its new name": ("a.nmea", nmea_of(drive(60), talker="GB"), 60),
    "a log with other sentences": ("a.nmea", NMEA + b"$PUBX,00,1\r\n" + sentence("GPGSV,1,1,01").encode() * 3, 60),
    "subtitles": ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\n" + NMEA, 60),
    "room kept behind a log": ("a.nmea", NMEA + bytes(4000), 60),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_an_odd_file_is_sound(tmp_path: Path, name: str) -> None:
    """Encodings, orders, headers and outages of the field are read whole: every point is counted."""
    file, payload, points = FILES[name]
    found = look(tmp_path, file, payload)

    assert [check.code for check in found.checks if check.severity.rank >= Severity.WARN.rank] == []
    assert [check.name for check in found.checks if check.outcome is not Outcome.VERIFIED] == []
    assert found.facts.track is not None
    assert found.facts.track.points == points


def test_marks_are_counted_apart(tmp_path: Path) -> None:
    """Three marks are three marks and no point, and their times are the file's."""
    track = look(tmp_path, "a.gpx", gpx_of([], marks=drive(3))).facts.track

    assert track is not None
    assert (track.points, track.waypoints, track.segments) == (0, 3, 0)
    assert (track.start_at, track.end_at) == (BEGIN, BEGIN + timedelta(seconds=2))


def test_a_missed_rollover_is_told_and_never_set_right(tmp_path: Path) -> None:
    """1,024 weeks too early: the time is shown as written, and the remark names the one that it may be."""
    rows = shifted(drive(), -timedelta(weeks=1024))
    found = look(tmp_path, "a.gpx", gpx_of(rows))
    check = next(one for one in found.checks if one.code == "track-time-rollover")

    assert found.facts.track is not None
    assert found.facts.track.start_at == BEGIN - timedelta(weeks=1024)
    assert (check.severity, check.params["shifted"]) == (Severity.REMARK, "2026-09-01")


def test_every_format_tells_the_same_drive(tmp_path: Path) -> None:
    """The four formats agree about points, times, length and speed."""
    rows = drive(300)
    tracks = [look(tmp_path, name, make(rows)).facts.track for name, make in FORMATS.items()]

    assert {(one.points, one.start_at, one.end_at) for one in tracks if one} == {
        (300, BEGIN, BEGIN + timedelta(seconds=299))
    }
    assert {one.length_m for one in tracks if one} <= set(range(3_200, 3_700))
    assert max(one.length_m for one in tracks if one) - min(one.length_m for one in tracks if one) <= 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_is_asked_for(tmp_path: Path, name: str) -> None:
    """Whichever part a reader would not report, the track is not checked."""
    found = look(tmp_path, name, FORMATS[name](drive()))
    rows = found.facts.examined or ()

    assert len(rows) == len(REQUIRED[found.media_type]) == 2
    for left_out in rows:
        less = found.facts.model_copy(update={"examined": tuple(row for row in rows if row is not left_out)})
        made = check_examined(found.media_type, less, found.checks)
        assert made is not None
        assert made.code == "parts-not-examined"


@pytest.mark.skipif(not CASES.exists(), reason="no field cases here")
@pytest.mark.parametrize("file", ["bom.gpx", "gb2312.gpx", "utf16.gpx"])
def test_the_field_case_of_encodings(file: str) -> None:
    """Three encodings of one patrol."""
    path = CASES / "track-encodings" / file
    found = probe(path, filename=file, limits=Limits())

    assert worst(found).rank <= Severity.REMARK.rank
    assert found.facts.track is not None
    assert found.facts.track.points == 5
    assert found.facts.track.start_at == datetime(2025, 4, 2, 21, 14, 5, tzinfo=UTC)
    assert found.facts.track.end_at == datetime(2025, 4, 2, 21, 14, 45, tzinfo=UTC)


@pytest.mark.skipif(not CASES.exists(), reason="no field cases here")
def test_the_field_case_of_a_rollover() -> None:
    """The patrol of another decade: told, and shown as written."""
    path = CASES / "track-gpx-rollover" / "patrol.gpx"
    found = probe(path, filename=path.name, limits=Limits())

    assert worst(found) is Severity.REMARK
    assert "track-time-rollover" in {check.code for check in found.checks}
    assert found.facts.track is not None
    assert found.facts.track.start_at == datetime(2006, 9, 18, 8, 15, tzinfo=UTC)


@pytest.mark.skipif(not CASES.exists(), reason="no field cases here")
def test_the_field_case_of_marks() -> None:
    """Marks and no track."""
    path = CASES / "track-waypoints" / "marks.gpx"
    found = probe(path, filename=path.name, limits=Limits())

    assert worst(found).rank <= Severity.REMARK.rank
    assert found.facts.track is not None
    assert (found.facts.track.waypoints, found.facts.track.points) == (3, 0)
    assert found.facts.track.start_at == datetime(2025, 4, 2, 21, 14, 5, tzinfo=UTC)
