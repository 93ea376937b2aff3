"""Tracks that a person must judge: damage of their bytes and of what they say is found, at the point where it is."""

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.checks.table import FINDINGS
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.media import Track
from schemas.tolerance import DECLARED_TOLERANCES
from tests.media import billion_laughs
from tests.media_tracks import BEGIN, FORMATS, Row, drive, geojson_of, gpx_of, kml_of, nmea_of
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.track import gpx_runs
from workers.media.track.fixes import Fixes
from workers.media.track.gpx import GpxReader
from workers.media.track.gpx_grid import grid_of
from workers.media.track.steps import Clock, Steps
from workers.media.track.xml_text import BrokenXmlError
from workers.media.work import SLOW, Lane, Work

ROWS = drive(400)
Change = Callable[[list[Row], int], list[Row]]


def look(tmp_path: Path, name: str, payload: bytes) -> Probe:
    path = tmp_path / name
    path.write_bytes(payload)
    return probe(path, filename=name, limits=Limits())


def by_code(found: Probe) -> dict[str, CheckResult]:
    return {check.code: check for check in found.checks if check.code}


def gravest(found: Probe) -> int:
    return max(check.severity.rank for check in found.checks)


def later(rows: list[Row], by: timedelta) -> list[Row]:
    return [(lat, lon, at + by if at else None) for lat, lon, at in rows]


def stopped(rows: list[Row], at: int) -> list[Row]:
    """Twenty points share the time of the first of them."""
    return [
        (lat, lon, rows[at][2] if at <= number < at + 20 else when)
        for number, (lat, lon, when) in enumerate(rows)
    ]


def moved(rows: list[Row], at: int, lat: float) -> list[Row]:
    return [*rows[:at], (rows[at][0] + lat, rows[at][1], rows[at][2]), *rows[at + 1 :]]


CHANGES: dict[str, tuple[Change, str, Severity]] = {
    "a stretch twice": (lambda rows, at: rows[: at + 9] + rows[at:], "track-doubled", Severity.WARN),
    "a stretch twice, far behind": (
        lambda rows, at: rows + rows[at : at + 30],
        "track-doubled",
        Severity.WARN,
    ),
    "stretches changed places": (
        lambda rows, at: rows[:at] + rows[at + 9 : at + 18] + rows[at : at + 9] + rows[at + 18 :],
        "track-time-order",
        Severity.WARN,
    ),
    "a leap there and back": (lambda rows, at: moved(rows, at, 0.005), "track-teleport", Severity.WARN),
    "a leap and no return": (
        lambda rows, at: rows[:at] + [(lat, lon + 0.3, when) for lat, lon, when in rows[at:]],
        "track-teleport",
        Severity.WARN,
    ),
    "a clock that stands": (stopped, "track-clock-stopped", Severity.WARN),
    "a clock that goes back": (
        lambda rows, at: rows[:at] + later(rows[at:], -timedelta(minutes=5)),
        "track-time-order",
        Severity.WARN,
    ),
    "a point off the globe": (lambda rows, at: moved(rows, at, 80.0), "track-point-invalid", Severity.WARN),
    "a stretch taken out": (lambda rows, at: rows[:at] + rows[at + 80 :], "track-gap", Severity.REMARK),
    "never a fix": (
        lambda rows, _: [(0.0, 0.0, when) for _, _, when in rows],
        "track-nowhere",
        Severity.WARN,
    ),
}


@pytest.mark.parametrize("at", [25, 150, 290])
@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("name", CHANGES)
def test_what_a_track_says_is_judged(tmp_path: Path, name: str, file: str, at: int) -> None:
    """Whatever was done to the points, and in whatever format, the finding names it."""
    change, code, severity = CHANGES[name]
    found = by_code(look(tmp_path, file, FORMATS[file](change(ROWS, at))))

    assert code in found
    assert found[code].severity is severity


def test_a_finding_names_its_point(tmp_path: Path) -> None:
    """Points are numbered from 1 in the order of the file; an interval has both ends."""
    leap = by_code(look(tmp_path, "a.gpx", gpx_of(moved(ROWS, 100, 0.01))))["track-teleport"]
    gap = by_code(look(tmp_path, "a.gpx", gpx_of(ROWS[:100] + ROWS[200:])))["track-gap"]
    still = by_code(look(tmp_path, "a.gpx", gpx_of(stopped(ROWS, 50))))["track-clock-stopped"]
    twice = by_code(look(tmp_path, "a.gpx", gpx_of(ROWS[:60] + ROWS[30:])))["track-doubled"]

    assert (leap.params["point"], leap.params["count"]) == (101, 2)
    assert leap.params["lat"] == round(ROWS[100][0] * 1e7 + 100_000)
    assert (gap.params["from"], gap.params["to"], gap.params["seconds"]) == (100, 101, 101)
    assert (still.params["from"], still.params["to"], still.params["count"]) == (51, 70, 20)
    assert (twice.params["original"], twice.params["from"], twice.params["to"]) == (31, 61, 90)


def test_a_doubled_stretch_of_a_long_track_is_seen_in_a_sample(tmp_path: Path) -> None:
    """Of 200,000 points a part is kept, the same one in both copies."""
    rows = drive(200_000)
    found = by_code(look(tmp_path, "a.gpx", gpx_of(rows + rows[90_000:91_000])))["track-doubled"]

    assert found.params["from"] - 200_001 < 100
    assert 90_001 <= found.params["original"] < 90_101


def test_times_of_another_century_are_judged(tmp_path: Path) -> None:
    """2126 is yet to come; a receiver that begins at its first week was never set."""
    far = by_code(look(tmp_path, "a.gpx", gpx_of(later(ROWS, timedelta(days=36_525)))))
    old = by_code(
        look(tmp_path, "a.gpx", gpx_of(later(ROWS, datetime(1980, 1, 6, tzinfo=BEGIN.tzinfo) - BEGIN)))
    )

    assert far["track-time-far"].severity is Severity.WARN
    assert old["track-time-old"].severity is Severity.REMARK


BYTES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": lambda whole, by: whole[: by.randrange(500, len(whole) - 40)],
    "zeros": lambda whole, by: over(whole, bytes(512), by),
    "chance": lambda whole, by: over(whole, by.randbytes(512), by),
    "flipped bits": lambda whole, by: flipped(whole, 20, by),
    "a block twice": lambda whole, by: (
        whole[: (at := by.randrange(500, len(whole) - 6000)) + 4096] + whole[at:]
    ),
    "a block less": lambda whole, by: (
        whole[: (at := by.randrange(500, len(whole) - 6000))] + whole[at + 4096 :]
    ),
}


def over(whole: bytes, other: bytes, by: random.Random) -> bytes:
    at = by.randrange(500, len(whole) - len(other))
    return whole[:at] + other + whole[at + len(other) :]


def flipped(whole: bytes, count: int, by: random.Random) -> bytes:
    made = bytearray(whole)
    for _ in range(count):
        made[by.randrange(300, len(made))] ^= 1 << by.randrange(8)
    return bytes(made)


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("name", BYTES)
def test_damaged_bytes_are_found(tmp_path: Path, name: str, file: str) -> None:
    """Of twenty pieces of damage of each kind all are found; a log cut between two lines is whole as far as it goes."""
    whole, by = FORMATS[file](ROWS), random.Random(3)
    missed = [
        number
        for number in range(20)
        if gravest(look(tmp_path, file, BYTES[name](whole, by))) < Severity.WARN.rank
    ]

    assert len(missed) <= (1 if file == "a.nmea" else 0)


@pytest.mark.parametrize("payload", [billion_laughs(), billion_laughs().replace(b"<gpx>", b"<kml>")])
@pytest.mark.parametrize("name", ["a.gpx", "a.kml"])
def test_a_document_type_is_refused(tmp_path: Path, name: str, payload: bytes) -> None:
    """Entities are not expanded, whatever the root is."""
    found = look(tmp_path, name, payload.replace(b"DOCTYPE gpx", b"DOCTYPE " + name[2:].encode()))

    assert by_code(found)["xml-entities"].outcome is Outcome.NOT_CHECKED
    assert found.facts.track is None


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"LineString","coordinates":[[1,1],[2,2],]}',
        '{"type":"LineString","coordinates":[[1,1][2,2]]}',
        '{"type":"LineString","coordinates":[[1,1],[2,2]]',
        '{"type":"LineString" "coordinates":[[1,1],[2,2]]}',
        '{"type":"LineString","coordinates":[[1,1],[2,02]]}',
        '{"type":"Point","coordinates":[1,1],"a":"\\x"}',
        '{"type":"Point","coordinates":[1,1],"a":tru}',
        '{"type":"Point","coordinates":[1,1]}}',
        '{"type":"Point",' + '"a":[' * 99 + "]" * 99 + ',"coordinates":[1,1]}',
    ],
)
def test_what_is_no_json_is_damage(tmp_path: Path, text: str) -> None:
    """Every sign in its place, as the standard says."""
    assert by_code(look(tmp_path, "a.geojson", text.encode()))["json-damaged"].severity is Severity.FAIL


@pytest.mark.parametrize(
    "text",
    [
        """{"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[1,1],[1.0001,1]],[[2,2]]]},
        "properties":{"coordTimes":[["2026-09-01T01:00:00Z","2026-09-01T01:00:01Z"],["2026-09-01T01:00:02Z"]]}}""",
        """{"properties":{"times":["2026-09-01T01:00:00Z","2026-09-01T01:00:01Z","2026-09-01T01:00:02Z"],"a":[[1,2],[3]]},
        "geometry":{"coordinates":[[[1,1],[1.0001,1]],[[2,2]]],"type":"MultiLineString"},"type":"Feature"}""",
    ],
)
def test_lines_of_geojson_and_their_times(tmp_path: Path, text: str) -> None:
    """Two lines, three points, in any order of members; nothing joins the lines."""
    track = look(tmp_path, "a.geojson", text.encode()).facts.track

    assert track is not None
    assert (track.points, track.segments, track.length_m) == (3, 2, 11)
    assert track.line_e7[1] == (10_000_000, 10_001_000)
    assert (track.start_at, track.end_at) == (BEGIN, BEGIN + timedelta(seconds=2))


def read(payload: bytes, piece: int) -> tuple[Track, dict[str, object], dict[str, object], int]:
    work = Work(SLOW)
    allowed = DECLARED_TOLERANCES
    steps, clock = Steps(allowed), Clock(allowed.track_gap_seconds)
    fixes = Fixes(work, (steps, clock))
    reader = GpxReader(fixes, work)
    for at in range(0, len(payload), piece):
        reader.feed(payload[at : at + piece])
    reader.close()
    fixes.finish()
    return fixes.track(), vars(steps.fast), vars(steps.impossible), fixes.bad_times


@pytest.mark.parametrize("piece", [37, 1000, 262_144])
def test_runs_are_read_as_the_parser_reads_them(piece: int) -> None:
    """However the document is cut, points that are read as columns are those that the parser gives one by one."""
    rows = moved(ROWS, 60, 0.01)
    payload = gpx_of(rows).replace(b"</trkpt>\n", b"</trkpt><!-- <trkpt </trkpt> -->\n", 3)
    payload = payload.replace(b"01:02:", b"01:02:0").replace(b"T01:02:000Z", b"T01:02:00.25Z")
    other = re.sub(rb'(lat|lon)="([^"]*)"', rb"\1='\2'", payload)

    assert gpx_runs.run_of(payload, payload.rindex(b"-->") + 3) is not None
    assert gpx_runs.run_of(other, other.rindex(b"-->") + 3) is None
    assert read(payload, piece) == read(other, 262_144)


ALIKE = drive(200)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_points_of_one_layout_are_read_as_the_parser_reads_them(data: st.DataObject) -> None:
    """Two hundred points alike to the byte, some bytes changed: the same result, or the same error."""
    whole = bytearray(gpx_of(ALIKE).replace(b"<time>", b"<h1>5</h1><time>"))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(200, len(whole) - 1))
        piece = data.draw(
            st.sampled_from([b"0", b"9", b"2", b"-", b"<", b"&", b"\n", b"]", b'"', b"\xc3", b"h2"])
        )
        whole[at : at + len(piece)] = piece
    payload = bytes(whole)

    assert outcome(payload) == outcome(payload.replace(b"<trkpt ", b"<trkpt  "))


def outcome(payload: bytes) -> object:
    try:
        return read(payload, 262_144)
    except BrokenXmlError as why:
        return why.line


def test_a_layout_of_many_points_is_one_grid() -> None:
    """What a logger writes is read at once, and ends where the layout does or a digit says what cannot be."""
    payload = gpx_of(ALIKE)
    start = payload.index(b"\n<trkpt")
    later = payload.index(b"<trkpt", start + 8000)
    length = payload.index(b"\n<trkpt", start + 1) - start
    grid = grid_of(payload, start, length, 64)
    shorter = grid_of(payload[:later] + payload[later:].replace(b"-09-", b"-13-", 1), start, length, 8)

    assert grid is not None
    assert shorter is not None
    assert (len(grid.lat), grid.end) == (200, start + 200 * length)
    assert len(shorter.lat) == (later - start) // length
    assert grid_of(payload, start, length, 201) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_break_a_reader(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is changed in a track, it is read or found damaged; nothing else comes out, and every word is ours."""
    name = data.draw(st.sampled_from(sorted(FORMATS)))
    whole = bytearray(FORMATS[name](drive(12)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        length = data.draw(st.integers(0, 40))
        whole[at : at + length] = data.draw(st.binary(max_size=40) | st.sampled_from(PIECES))
    found = look(tmp_path, name, bytes(whole) or b"\n")

    assert {check.code for check in found.checks if check.code} <= set(FINDINGS)


PIECES = (
    b"[[",
    b"]",
    b"1e999,",
    b'"',
    b"<trkpt ",
    b"</trkpt>",
    b"<!--",
    b"]]>",
    b"&#0;",
    b"&a;",
    b"$GPRMC,",
    b"*00",
    b"\\u",
    b"NaN",
)


@pytest.mark.parametrize("make", [gpx_of, kml_of, geojson_of, nmea_of])
def test_a_long_track_is_for_the_slow_lane(tmp_path: Path, make: Callable[[list[Row]], bytes]) -> None:
    """A track that asks for more than the quick lane gives is left to the other one, in every format."""
    path = tmp_path / "a.txt"
    path.write_bytes(make(ROWS))
    little = Limits(quick=Limits().quick.model_copy(update={"pieces": 300}))

    assert probe(path, filename="a.txt", limits=little, lane=Lane.QUICK).stopped is not None
    assert probe(path, filename="a.txt", limits=little, lane=Lane.SLOW).stopped is None


def test_points_in_the_opposite_order_are_out_of_order(tmp_path: Path) -> None:
    """Each step goes back by a second only, and all of them do; a clock that wavers does it now and then."""
    found = by_code(look(tmp_path, "a.gpx", gpx_of(ROWS[::-1])))
    swapped = [ROWS[number ^ 1] if number % 50 < 2 else row for number, row in enumerate(ROWS)]

    assert found["track-time-order"].params["count"] > 300
    assert "track-time-order" not in by_code(look(tmp_path, "a.gpx", gpx_of(swapped)))


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
def test_lines_of_one_length_are_no_packets(tmp_path: Path, ends: bytes) -> None:
    """Sentences repeat every 188 bytes: a letter in step is no stream of packets."""
    found = look(tmp_path, "a.nmea", nmea_of(ROWS).replace(b"\r\n", ends))
    short = look(tmp_path, "a.nmea", nmea_of(ROWS[:2]))

    assert found.media_type == short.media_type == "application/nmea"
    assert max(gravest(found), gravest(short)) < Severity.WARN.rank


def test_a_line_of_commas_is_gone_through_once(tmp_path: Path) -> None:
    """What a log ends in is looked for at the end of a line: four mebibytes without one take no longer a look."""
    path = tmp_path / "a.nmea"
    path.write_bytes(b"$GPGLL,0100.00,N,00100.00,E,000000,A*2A\r\n" + b"1," * (2 << 20))

    assert probe(path, filename=path.name, limits=Limits()).media_type == "application/nmea"
