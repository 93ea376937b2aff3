"""Tracks that are sound: every format, and what receivers, loggers and exporters of the field write."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from tests.corpus.kinds import Whole
from tests.media import SHARED
from tests.media_tracks import BEGIN, FORMATS, Row, drive, geojson_of, gpx_of, iso, kml_of, nmea_of, sentence


def _later(rows: list[Row], by: timedelta) -> list[Row]:
    return [(lat, lon, at + by if at else None) for lat, lon, at in rows]


def _train() -> list[Row]:
    rows, lat = [], 30.0
    for number in range(600):
        lat += min(1.0, number / 240) * 320 / 3.6 / 111_195
        rows.append((round(lat, 7), 120.0, BEGIN + timedelta(seconds=number)))
    return rows


def _parked() -> list[Row]:
    """A receiver on a desk: it wanders by metres."""
    return [
        (
            round(31.3 + 3e-5 * math.sin(number * 0.7) + 1e-5 * math.sin(number * 7.31), 7),
            round(120.5 + 3e-5 * math.cos(number * 0.9) + 1e-5 * math.cos(number * 5.17), 7),
            BEGIN + timedelta(seconds=number),
        )
        for number in range(300)
    ]


def _tunnel() -> list[Row]:
    rows = drive(600)
    behind = [
        (lat + (0.0004 if number < 2 else 0), lon, at) for number, (lat, lon, at) in enumerate(rows[340:])
    ]
    return rows[:100] + behind


def _break() -> list[Row]:
    rows = drive(300)
    return rows[:150] + _later(rows[150:], timedelta(minutes=40))


def _cold() -> list[Row]:
    rows = drive(200)
    return [(lat + 0.01, lon, at) for lat, lon, at in rows[:2]] + rows[2:]


def _whole_minutes() -> list[Row]:
    rows = drive(240, seconds=12)
    return [(lat, lon, at.replace(second=0) if at else None) for lat, lon, at in rows]


def _far(lat: float, lon: float) -> list[Row]:
    return [(round(-a + lat, 7), round(b + lon, 7), at) for a, b, at in drive(120)]


ROWS: dict[str, Callable[[], list[Row]]] = {
    "a drive": partial(drive, 200),
    "every five seconds": partial(drive, 120, seconds=5),
    "every half minute": partial(drive, 120, seconds=30),
    "ten a second": partial(drive, 400, seconds=0.1),
    "a walk": partial(drive, 300, kmh=4.5, noise_m=0.8),
    "a motorway": partial(drive, 300, kmh=118),
    "a fast train": _train,
    "on a desk": _parked,
    "through a tunnel": _tunnel,
    "a break": _break,
    "a cold start": _cold,
    "stamps of whole minutes": _whole_minutes,
    "over midnight": partial(drive, 200, begin=datetime(2026, 8, 31, 23, 59, 0, tzinfo=BEGIN.tzinfo)),
    "over a new year": partial(drive, 200, begin=datetime(2025, 12, 31, 23, 59, 0, tzinfo=BEGIN.tzinfo)),
    "on a leap day": partial(drive, 90, begin=datetime(2024, 2, 29, 6, 0, 0, tzinfo=BEGIN.tzinfo)),
    "south": partial(_far, -1.0, 0.0),
    "west": partial(_far, 70.0, -240.0),
    "two points": partial(drive, 2),
    "week number turned over": lambda: _later(drive(200), -timedelta(weeks=1024)),
    "three thousand points": partial(drive, 3_000),
}


def _untimed(rows: list[Row]) -> list[Row]:
    return [(lat, lon, None) for lat, lon, _ in rows]


def _gpx(change: Callable[[str], str], encoding: str = "UTF-8") -> bytes:
    return change(gpx_of(drive(120), encoding="UTF-8").decode()).encode(encoding)


def _gpx10() -> bytes:
    body = "".join(
        f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}"><ele>3</ele><time>{iso(at)}</time><course>12</course>'
        "<speed>11.1</speed><fix>3d</fix><sat>9</sat><hdop>0.9</hdop></trkpt>"
        for lat, lon, at in drive(90)
        if at
    )
    return f'<?xml version="1.0"?><gpx version="1.0" creator="x"><trk><trkseg>{body}</trkseg></trk></gpx>'.encode()


def _prefixed(text: str) -> str:
    return text.replace(
        "<gpx ", '<gpx xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1" '
    )


def _waypoints() -> bytes:
    return gpx_of([], marks=drive(4, seconds=60))


def _route() -> bytes:
    body = "".join(
        f'<rtept lat="{lat}" lon="{lon}"><name>{n}</name></rtept>'
        for n, (lat, lon, _) in enumerate(drive(20))
    )
    return f'<?xml version="1.0"?><gpx version="1.1" creator="x"><rte>{body}</rte></gpx>'.encode()


def _geojson(rows: list[Row], shape: str) -> bytes:
    places = [[lon, lat] for lat, lon, _ in rows]
    if shape == "geometry":
        return json.dumps({"type": "LineString", "coordinates": places}).encode()
    if shape == "lines":
        return json.dumps(
            {
                "type": "Feature",
                "properties": None,
                "geometry": {"type": "MultiLineString", "coordinates": [places[:50], places[50:]]},
            }
        ).encode()
    features = [
        {
            "type": "Feature",
            "properties": {"time": iso(at)},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for lat, lon, at in rows
        if at
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _kml_many(rows: list[Row]) -> bytes:
    whole = kml_of(rows).decode()
    start, end = whole.index("<gx:Track>"), whole.index("</gx:Track>") + 11
    return (whole[:start] + "<gx:MultiTrack>" + whole[start:end] + "</gx:MultiTrack>" + whole[end:]).encode()


def _nmea_more(rows: list[Row], talker: str) -> bytes:
    out = []
    for line in nmea_of(rows, talker=talker).decode().splitlines(keepends=True):
        out.append(line)
        if "RMC" in line:
            out.append(sentence(f"{talker}VTG,12.0,T,,M,21.6,N,40.0,K,A"))
            out.append(sentence(f"{talker}GSV,1,1,04,01,40,083,46,02,17,308,41,12,07,344,39,14,22,228,45"))
            out.append(sentence("PUBX,00,1,2,3"))
    return "".join(out).encode()


def _void_start() -> bytes:
    lines = "".join(
        sentence(f"GPRMC,0059{number:02d}.00,V,,,,,,,010926,,,N")
        + sentence(f"GPGGA,0059{number:02d}.00,,,,,0,00,99.9,,M,,M,,")
        for number in range(20, 60)
    )
    return lines.encode() + nmea_of(drive(120), talker="GP")


QUIRKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gpx: 1.0": ("a.gpx", _gpx10),
    "gpx: names of others": ("a.gpx", partial(_gpx, _prefixed)),
    "gpx: byte order mark": ("a.gpx", lambda: b"\xef\xbb\xbf" + gpx_of(drive(120))),
    "gpx: UTF-16": ("a.gpx", partial(_gpx, lambda text: text.replace("UTF-8", "UTF-16"), "utf-16")),
    "gpx: GB2312": ("a.gpx", lambda: gpx_of(drive(120), encoding="GB2312")),
    "gpx: GB18030": ("a.gpx", lambda: gpx_of(drive(120), encoding="GB18030")),
    "gpx: Latin": ("a.gpx", lambda: gpx_of(drive(120), encoding="ISO-8859-1", name="trafic")),
    "gpx: lines of Windows": ("a.gpx", partial(_gpx, lambda text: text.replace("\n", "\r\n"))),
    "gpx: one line": ("a.gpx", partial(_gpx, lambda text: text.replace("\n", ""))),
    "gpx: single quotes": (
        "a.gpx",
        partial(
            _gpx,
            lambda text: (
                text.replace('lat="', "lat='").replace('" lon="', "' lon='").replace('"><ele', "'><ele")
            ),
        ),
    ),
    "gpx: comments": ("a.gpx", partial(_gpx, lambda text: text.replace("<ele>", "<!-- h --><ele>"))),
    "gpx: local zone": ("a.gpx", partial(_gpx, lambda text: text.replace("Z</time>", "+08:00</time>"))),
    "gpx: fractions": ("a.gpx", partial(_gpx, lambda text: text.replace("Z</time>", ".000Z</time>"))),
    "gpx: no times": ("a.gpx", lambda: gpx_of(_untimed(drive(120)))),
    "gpx: marks only": ("a.gpx", _waypoints),
    "gpx: marks and a track": ("a.gpx", lambda: gpx_of(drive(120), marks=drive(4, seconds=60))),
    "gpx: route": ("a.gpx", _route),
    "gpx: segments": (
        "a.gpx",
        partial(_gpx, lambda text: text.replace("</trkpt>\n<trkpt", "</trkpt></trkseg><trkseg><trkpt", 3)),
    ),
    "gpx: empty segment": (
        "a.gpx",
        partial(_gpx, lambda text: text.replace("<trkseg>", "<trkseg/><trkseg>")),
    ),
    "gpx: without declaration": ("a.gpx", partial(_gpx, lambda text: text.split("?>\n", 1)[1])),
    "gpx: called xml": ("a.xml", lambda: gpx_of(drive(120))),
    "gpx: some zero points": (
        "a.gpx",
        lambda: gpx_of(
            [(0.0, 0.0, at) if n < 5 else (lat, lon, at) for n, (lat, lon, at) in enumerate(drive(120))]
        ),
    ),
    "kml: line": ("a.kml", lambda: kml_of(drive(120), is_timed=False)),
    "kml: many tracks": ("a.kml", lambda: _kml_many(drive(120))),
    "kml: byte order mark": ("a.kml", lambda: b"\xef\xbb\xbf" + kml_of(drive(120))),
    "kml: lines of Windows": ("a.kml", lambda: kml_of(drive(120)).replace(b"\n", b"\r\n")),
    "geojson: no times": ("a.geojson", lambda: geojson_of(drive(120), is_timed=False)),
    "geojson: indented": ("a.geojson", lambda: geojson_of(drive(120), indent=2)),
    "geojson: geometry": ("a.geojson", lambda: _geojson(drive(120), "geometry")),
    "geojson: lines": ("a.geojson", lambda: _geojson(drive(120), "lines")),
    "geojson: points": ("a.geojson", lambda: _geojson(drive(120), "points")),
    "geojson: called json": ("a.json", lambda: geojson_of(drive(120))),
    "geojson: byte order mark": ("a.geojson", lambda: b"\xef\xbb\xbf" + geojson_of(drive(120))),
    **{
        f"nmea: talker {talker}": ("a.nmea", partial(_nmea_more, drive(120), talker))
        for talker in ("GP", "GN", "BD", "GB", "GL", "GA")
    },
    "nmea: place only": ("a.nmea", lambda: nmea_of(drive(120), is_dated=False)),
    "nmea: without sums": (
        "a.nmea",
        lambda: b"\r\n".join(line.split(b"*")[0] for line in nmea_of(drive(120)).split(b"\r\n")),
    ),
    "nmea: lines of Unix": ("a.nmea", lambda: nmea_of(drive(120)).replace(b"\r\n", b"\n")),
    "nmea: small sums": ("a.nmea", lambda: _small_sums(nmea_of(drive(120)))),
    "nmea: start without a fix": ("a.nmea", _void_start),
    "nmea: words of the receiver": (
        "a.nmea",
        lambda: nmea_of(drive(120), head=sentence("GPTXT,01,01,02,u-blox AG")),
    ),
    "nmea: called txt": ("a.txt", lambda: nmea_of(drive(120))),
    "nmea: ends at a line": (
        "a.nmea",
        lambda: b"\r\n".join(nmea_of(drive(120)).split(b"\r\n")[:200]) + b"\r\n",
    ),
}


def _small_sums(whole: bytes) -> bytes:
    return b"\r\n".join(line[:-2] + line[-2:].lower() for line in whole.split(b"\r\n"))


def wholes() -> Iterator[Whole]:
    """Every sound track."""
    for shape, rows in ROWS.items():
        for name, make in FORMATS.items():
            yield Whole("track", f"{name[2:]}: {shape}", name, lambda make=make, rows=rows: make(rows()))  # type: ignore[misc]
    for quirk, (name, made) in QUIRKS.items():
        yield Whole("track", quirk, name, made)
    recorded = SHARED / "around-visnjan-with-car.gpx"
    if recorded.exists():
        yield Whole("track", "recording of a drive", recorded.name, recorded.read_bytes)
