"""Makers of tracks: one drive in every format, and what loggers of the field write around it."""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor

from tests.media import LAT_E7, LON_E7

Row = tuple[float, float, datetime | None]
"""Latitude, longitude, time."""
BEGIN = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def drive(
    points: int = 200, *, seconds: float = 1, kmh: float = 40, begin: datetime = BEGIN, noise_m: float = 1.5
) -> list[Row]:
    """A drive through bends with the noise of a receiver; no place is ever met twice."""
    rows: list[Row] = []
    lat, lon = LAT_E7 / 1e7, LON_E7 / 1e7
    for number in range(points):
        heading = 0.6 + math.sin(number * seconds / 40)
        metres = kmh / 3.6 * seconds
        lat += metres * math.cos(heading) / 111_195
        lon += metres * math.sin(heading) / (111_195 * math.cos(math.radians(lat)))
        off = noise_m / 111_195
        rows.append(
            (
                round(lat + off * math.sin(number * 12.9898), 7),
                round(lon + off * math.cos(number * 78.233), 7),
                begin + timedelta(seconds=number * seconds),
            )
        )
    return rows


def iso(at: datetime) -> str:
    """A time as loggers write it."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at.microsecond // 1000:03d}Z" if at.microsecond else f"{text}Z"


def gpx_of(
    rows: Iterable[Row], *, marks: Iterable[Row] = (), encoding: str = "UTF-8", name: str = "巡查"
) -> bytes:
    """A track in GPX 1.1, with heights and the speed extension of sports loggers."""
    body = "".join(
        f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><ele>3.2</ele>'
        + (f"<time>{iso(at)}</time>" if at else "")
        + "<extensions><gpxtpx:speed>11.1</gpxtpx:speed></extensions></trkpt>\n"
        for lat, lon, at in rows
    )
    wpts = "".join(
        f'<wpt lat="{lat:.7f}" lon="{lon:.7f}">' + (f"<time>{iso(at)}</time>" if at else "") + "</wpt>\n"
        for lat, lon, at in marks
    )
    line = f"<trk><name>{name}</name><trkseg>\n{body}</trkseg></trk>" if body else ""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<gpx version="1.1" creator="test">{wpts}{line}</gpx>\n'
    ).encode(encoding)


def kml_of(rows: Sequence[Row], *, is_timed: bool = True) -> bytes:
    """A track in KML: a `gx:Track` with times, a `LineString` without."""
    if is_timed:
        whens = "".join(f"<when>{iso(at)}</when>\n" for _, _, at in rows if at)
        coords = "".join(f"<gx:coord>{lon:.7f} {lat:.7f} 3.2</gx:coord>\n" for lat, lon, _ in rows)
        shape = f"<gx:Track>\n{whens}{coords}</gx:Track>"
    else:
        text = "\n".join(f"{lon:.7f},{lat:.7f},3.2" for lat, lon, _ in rows)
        shape = f"<LineString><coordinates>\n{text}\n</coordinates></LineString>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http' + '://www.opengis.net/kml/2.2">'
        f"<Document><Placemark><name>巡查</name>{shape}</Placemark></Document></kml>\n"
    ).encode()


def geojson_of(rows: Sequence[Row], *, is_timed: bool = True, indent: int | None = None) -> bytes:
    """A track in GeoJSON, with times among the properties."""
    times = {"coordTimes": [iso(at) for _, _, at in rows if at]} if is_timed else {}
    feature = {
        "type": "Feature",
        "properties": {"name": "巡查", **times},
        "geometry": {"type": "LineString", "coordinates": [[lon, lat, 3.2] for lat, lon, _ in rows]},
    }
    made = {"type": "FeatureCollection", "features": [feature]}
    return json.dumps(made, ensure_ascii=False, indent=indent).encode()


def sentence(body: str) -> str:
    """A sentence with its checksum."""
    return f"${body}*{reduce(xor, body.encode()):02X}\r\n"


def nmea_of(rows: Iterable[Row], *, talker: str = "GN", is_dated: bool = True, head: str = "") -> bytes:
    """A log of a receiver: each moment in three sentences."""
    made = [head]
    for lat, lon, at in rows:
        assert at is not None
        place = f"{_minutes(abs(lat), 2)},{'N' if lat >= 0 else 'S'},{_minutes(abs(lon), 3)},{'E' if lon >= 0 else 'W'}"
        clock = at.strftime("%H%M%S.") + f"{at.microsecond // 10_000:02d}"
        made.append(sentence(f"{talker}GGA,{clock},{place},1,09,0.9,3.2,M,7.1,M,,"))
        made.append(sentence(f"{talker}GSA,A,3,01,02,03,04,05,,,,,,,,1.5,0.9,1.2"))
        if is_dated:
            made.append(sentence(f"{talker}RMC,{clock},A,{place},21.6,12.0,{at.strftime('%d%m%y')},,,A"))
    return "".join(made).encode()


def _minutes(degrees: float, wide: int) -> str:
    whole = int(degrees)
    return f"{whole:0{wide}d}{(degrees - whole) * 60:08.5f}"


FORMATS = {
    "a.gpx": gpx_of,
    "a.kml": kml_of,
    "a.geojson": geojson_of,
    "a.nmea": nmea_of,
}
"""By a name: a maker that takes rows with times."""
