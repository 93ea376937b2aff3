"""GPX: counted whole, drawn thinned, refused when it declares entities."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from schemas.agreement import distance_m
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.media import MAX_LINE_POINTS, Track
from tests.media import LAT_E7, LON_E7, billion_laughs, gpx
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.track.fixes import instant
from workers.media.track.gpx import time_of


def look(tmp_path: Path, payload: bytes) -> Probe:
    path = tmp_path / "drive.gpx"
    path.write_bytes(payload)
    return probe(path, filename=path.name, limits=Limits())


def named(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


def track(found: Probe) -> Track:
    assert found.facts.track is not None
    return found.facts.track


def points(*rows: tuple[float, float, str]) -> bytes:
    body = "".join(f'<trkpt lat="{lat}" lon="{lon}"><time>{at}</time></trkpt>' for lat, lon, at in rows)
    return f"<gpx><trk><trkseg>{body}</trkseg></trk></gpx>".encode()


def test_a_drive_is_measured(tmp_path: Path) -> None:
    """Points, bounds, times and length are read; 60 steps of a hundred-thousandth degree are 66 metres."""
    found = track(look(tmp_path, gpx(60, start=datetime(2026, 9, 1, 1, 0, tzinfo=UTC))))

    assert (found.points, found.segments, found.length_m) == (60, 1, 66)
    assert found.start_at == datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
    assert found.end_at == datetime(2026, 9, 1, 1, 0, 59, tzinfo=UTC)
    assert found.bounds_e7 is not None
    assert (found.bounds_e7.south, found.bounds_e7.west) == (LAT_E7, LON_E7)
    assert found.line_e7[0] == (LAT_E7, LON_E7)
    assert len(found.line_e7) == 60


@pytest.mark.parametrize("count", [MAX_LINE_POINTS, MAX_LINE_POINTS + 1, 5 * MAX_LINE_POINTS])
def test_a_long_track_is_counted_whole_and_drawn_thinned(tmp_path: Path, count: int) -> None:
    """All points count; at most 2,000 evenly spaced ones are kept, the first among them."""
    found = look(tmp_path, gpx(count))
    line = track(found).line_e7
    steps = {after[0] - before[0] for before, after in pairwise(line)}

    assert track(found).points == count
    assert len(line) <= MAX_LINE_POINTS
    assert len(steps) == 1
    assert line[0] == (LAT_E7, LON_E7)
    assert any(check.code == "track-thinned" for check in found.checks) is (count > MAX_LINE_POINTS)


def test_a_billion_laughs_is_refused_unread(tmp_path: Path) -> None:
    """Entities are not expanded: the check fails loudly and says that nothing was read."""
    found = look(tmp_path, billion_laughs())
    check = named(found, "container")

    assert (check.outcome, check.code, check.severity) == (Outcome.NOT_CHECKED, "xml-entities", Severity.FAIL)
    assert found.facts.track is None


def test_a_cut_track_keeps_what_was_read(tmp_path: Path) -> None:
    """A track that ends in the middle is damaged, and the points before stay."""
    found = look(tmp_path, gpx(60)[:3000])

    assert named(found, "container").code == "xml-damaged"
    assert 0 < track(found).points < 60


def test_an_encoding_nobody_knows_is_damage(tmp_path: Path) -> None:
    """A declaration of an encoding that does not exist is a finding, not an error of ours."""
    payload = gpx(3).replace(b"UTF-8", b"ETF-8")

    assert named(look(tmp_path, payload), "container").code == "xml-damaged"


@pytest.mark.parametrize("name", ["GB2312", "gbk", "GB18030", "Big5", "UTF-16"])
def test_what_chinese_programs_declare_is_read(tmp_path: Path, name: str) -> None:
    """A track in an encoding of several bytes is read to its end, whatever its names are."""
    payload = named_track(name, "中心 路".encode(name))
    if name == "UTF-16":
        payload = named_track(name, "中心 路".encode()).decode().encode(name)

    found = look(tmp_path, payload)

    assert (named(found, "container").code, track(found).points) == ("", 20_000)


@pytest.mark.parametrize(
    ("name", "bytes_"), [("GBK", b"\xff\xff"), ("shift_jis", b"\xff\xff"), ("no-such", b"a"), ("hex", b"a")]
)
def test_text_in_another_encoding_than_declared_is_damage(tmp_path: Path, name: str, bytes_: bytes) -> None:
    """Bytes that are no text of the declared encoding, and encodings nobody reads, are findings, never a crash."""
    assert named(look(tmp_path, named_track(name, bytes_)), "container").code == "xml-damaged"


def named_track(encoding: str, title: bytes) -> bytes:
    """Return a track longer than one read, whose every point has a name: characters are cut between two reads."""
    point = b'<trkpt lat="33.34" lon="120.15"><name>' + title + b"</name></trkpt>"
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
        + b"<gpx><trk><trkseg>" + 20_000 * point + b"</trkseg></trk></gpx>"
    )  # fmt: skip


def test_a_jump_is_remarked_on(tmp_path: Path) -> None:
    """A kilometre in ten seconds is a jump; the same kilometre in a minute is a drive."""
    far = points((33.34, 120.15, "2026-09-01T01:00:00Z"), (33.35, 120.15, "2026-09-01T01:00:10Z"))
    calm = points((33.34, 120.15, "2026-09-01T01:00:00Z"), (33.35, 120.15, "2026-09-01T01:01:00Z"))

    assert named(look(tmp_path, far), "track_steps").code == "track-jump"
    assert named(look(tmp_path, calm), "track_steps").code == ""


def test_time_that_runs_backwards_is_remarked_on(tmp_path: Path) -> None:
    """A later point with an earlier time is counted, and start and end are still the extremes."""
    found = look(
        tmp_path, points((33.34, 120.15, "2026-09-01T01:01:00Z"), (33.34, 120.15, "2026-09-01T01:00:00Z"))
    )

    assert named(found, "track_times").code == "track-time-backwards"
    assert track(found).start_at == datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("lat", ["91", "nan", "1e400", "north"])
def test_an_impossible_point_is_a_finding(tmp_path: Path, lat: str) -> None:
    """Coordinates off the globe are counted apart and never drawn."""
    payload = f'<gpx><trk><trkseg><trkpt lat="{lat}" lon="0"/><trkpt lat="1" lon="1"/></trkseg></trk></gpx>'
    found = look(tmp_path, payload.encode())

    assert named(found, "track_points").code == "track-point-invalid"
    assert track(found).points == 1


def test_an_empty_track_is_not_a_pass(tmp_path: Path) -> None:
    """A track without a point was not checked for anything."""
    check = named(look(tmp_path, b"<gpx><trk/></gpx>"), "track_points")

    assert (check.outcome, check.code) == (Outcome.NOT_CHECKED, "track-empty")


@pytest.mark.parametrize(
    "payload",
    [b"<?xml version='1.0'?><note><gpx/></note>", b"<gpx>" + b"<a>" * 100 + b"</a>" * 100 + b"</gpx>"],
)
def test_other_xml_is_not_read_as_a_track(tmp_path: Path, payload: bytes) -> None:
    """XML with another root, or nested beyond any track, is of unknown type."""
    assert named(look(tmp_path, payload), "container").code == "type-unknown"


def test_times_with_an_offset_become_utc(tmp_path: Path) -> None:
    """A point's own offset is honoured; an unreadable time is no time."""
    found = look(tmp_path, points((33.34, 120.15, "2026-09-01T09:00:00+08:00"), (33.34, 120.15, "soon")))

    assert track(found).start_at == track(found).end_at == datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-9-1T1:02:03Z", datetime(2026, 9, 1, 1, 2, 3, tzinfo=UTC)),
        ("2026-09-01 01:02:03.25", datetime(2026, 9, 1, 1, 2, 3, 250_000, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-09-01T09:02:03.1234567+08:00", datetime(2026, 9, 1, 1, 2, 3, 123_456, tzinfo=UTC)),
        ("2026-02-30T01:02:03Z", None),
        ("2026-09-01T01:02:61Z", None),
    ],
)
def test_times_as_loggers_write_them(text: str, at: datetime | None) -> None:
    """Leading zeros may be missing and a minute may have 61 seconds; what is in no calendar is no time."""
    assert instant(time_of(text)) == at


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    """The distance is the great circle of the mean earth."""
    assert round(distance_m((0, 0), (10_000_000, 0))) == 111_195


def test_a_real_drive(media: Path) -> None:
    """A recorded drive of nine minutes is read whole and without a remark."""
    path = media / "around-visnjan-with-car.gpx"
    found = probe(path, filename=path.name, limits=Limits())

    assert (track(found).points, track(found).length_m) == (104, 2733)
    assert [check.code for check in found.checks if check.code] == []
