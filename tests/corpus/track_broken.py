"""Tracks that are damaged, in their bytes or in what they say."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from random import Random

from tests.corpus.harm import HARMS
from tests.corpus.kinds import Broken
from tests.media import billion_laughs
from tests.media_tracks import FORMATS, Row, drive, nmea_of

BYTES = frozenset(
    {
        "xml-damaged", "json-damaged", "nmea-checksum-wrong", "nmea-strange-lines", "nmea-cut", "track-doubled",
        "track-time-order", "track-teleport", "track-time-unreadable", "track-point-invalid", "type-unknown",
        "media-truncated",
    }
)  # fmt: skip
SUFFIXES = {"gpx": "a.gpx", "kml": "a.kml", "geojson": "a.geojson", "nmea": "a.nmea"}
NO_HARM = frozenset({"sent as text", "eighth bit lost"})
"""A track is text of seven bits, and stays what it was."""
TWO_DIGITS = ("nmea", "times yet to come")
"""A sentence has no century to be wrong in."""
Rows = list[Row]


def _later(rows: Rows, by: timedelta) -> Rows:
    return [(lat, lon, at + by if at else None) for lat, lon, at in rows]


def _moved(rows: Rows, at: int, lat: float, lon: float = 0.0) -> Rows:
    return [*rows[:at], (rows[at][0] + lat, rows[at][1] + lon, rows[at][2]), *rows[at + 1 :]]


def _stopped(rows: Rows, at: int, count: int) -> Rows:
    return [(a, b, rows[at][2] if at <= n < at + count else when) for n, (a, b, when) in enumerate(rows)]


SAID: dict[str, tuple[Callable[[Rows, Random], Rows], str]] = {
    "a stretch twice": (
        lambda rows, chance: rows[: (at := chance.randrange(60, 300)) + chance.randint(8, 40)] + rows[at:],
        "track-doubled",
    ),
    "a stretch again at the end": (
        lambda rows, chance: rows + rows[(at := chance.randrange(30, 200)) : at + chance.randint(20, 60)],
        "track-doubled",
    ),
    "stretches changed places": (
        lambda rows, chance: rows[: (at := chance.randrange(60, 250))]
        + rows[at + 12 : at + 24] + rows[at : at + 12] + rows[at + 24 :],
        "track-time-order",
    ),
    "the whole drive backwards": (lambda rows, chance: rows[::-1], "track-time-order"),
    "a leap and back": (
        lambda rows, chance: _moved(rows, chance.randrange(30, 350), chance.uniform(0.004, 0.5)),
        "track-teleport",
    ),
    "a leap to another country": (
        lambda rows, chance: rows[: (at := chance.randrange(30, 350))]
        + [(lat + 4, lon + 9, when) for lat, lon, when in rows[at:]],
        "track-teleport",
    ),
    "a clock that stands": (
        lambda rows, chance: _stopped(rows, chance.randrange(20, 300), chance.randint(20, 60)),
        "track-clock-stopped",
    ),
    "a clock that goes back": (
        lambda rows, chance: rows[: (at := chance.randrange(30, 350))]
        + _later(rows[at:], -timedelta(seconds=chance.randint(20, 4_000))),
        "track-time-order",
    ),
    "a point off the globe": (
        lambda rows, chance: _moved(rows, chance.randrange(3, 390), chance.choice([70.0, 90.0, -140.0])),
        "track-point-invalid",
    ),
    "never a fix": (lambda rows, chance: [(0.0, 0.0, when) for _, _, when in rows], "track-nowhere"),
    "times yet to come": (
        lambda rows, chance: _later(rows, timedelta(days=365.25 * chance.randint(80, 400))),
        "track-time-far",
    ),
}  # fmt: skip


def _of_rows(form: str, change: Callable[[Rows, Random], Rows], chance: Random) -> bytes:
    return FORMATS[SUFFIXES[form]](change(drive(400), chance))


def _of_bytes(form: str, harm: str, chance: Random) -> bytes:
    made = HARMS[harm](FORMATS[SUFFIXES[form]](drive(400)), chance)
    # A log that ends with a line, or with its sum, is whole as far as it goes: it has to be cut inside one.
    return (
        made[:-9] if form == "nmea" and harm.startswith(("cut", "last")) and made[-5:].count(b"*") else made
    )


def _flips(form: str, chance: Random) -> bytes:
    made = bytearray(FORMATS[SUFFIXES[form]](drive(400)))
    for _ in range(20):
        made[chance.randrange(300, len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _text(form: str, old: bytes, new: bytes, chance: Random) -> bytes:
    whole = FORMATS[SUFFIXES[form]](drive(200))
    at = whole.index(old, int(len(whole) * chance.uniform(0.2, 0.8)))
    return whole[:at] + new + whole[at + len(old) :]


def _sum(chance: Random) -> bytes:
    lines = nmea_of(drive(200)).split(b"\r\n")
    at = chance.randrange(5, len(lines) - 5)
    lines[at] = lines[at].replace(b",", b",1", 1)
    return b"\r\n".join(lines)


SPECIAL: dict[str, tuple[str, Callable[[Random], bytes], frozenset[str]]] = {
    "gpx: entities": ("a.gpx", lambda chance: billion_laughs(), frozenset({"xml-entities"})),
    "gpx: a tag not closed": ("a.gpx", partial(_text, "gpx", b"</trkpt>", b""), BYTES),
    "gpx: two tags crossed": ("a.gpx", partial(_text, "gpx", b"</ele>", b"</time>"), BYTES),
    "gpx: a bare ampersand": ("a.gpx", partial(_text, "gpx", b"<ele>", b"&<ele>"), BYTES),
    "gpx: a latitude of letters": ("a.gpx", partial(_text, "gpx", b'lat="3', b'lat="x3'), BYTES),
    "gpx: a time of no calendar": (
        "a.gpx", partial(_text, "gpx", b"<time>2026-09-01", b"<time>2026-13-41"), BYTES,
    ),
    "kml: a tag not closed": ("a.kml", partial(_text, "kml", b"</gx:coord>", b""), BYTES),
    "geojson: a bracket gone": ("a.geojson", partial(_text, "geojson", b"],", b","), BYTES),
    "geojson: a comma gone": ("a.geojson", partial(_text, "geojson", b"],", b"]"), BYTES),
    "geojson: not a number": ("a.geojson", partial(_text, "geojson", b"3.2]", b"NaN]"), BYTES),
    "nmea: a sum that is wrong": ("a.nmea", _sum, frozenset({"nmea-checksum-wrong"})),
    "nothing at all": ("a.gpx", lambda chance: b"", frozenset({"zero-bytes"})),
    "gpx that is called kml": ("a.kml", lambda chance: FORMATS["a.gpx"](drive(9)), frozenset({"type-name-conflict"})),
    "nmea that is called gpx": ("a.gpx", lambda chance: FORMATS["a.nmea"](drive(9)), frozenset({"type-name-conflict"})),
}  # fmt: skip


def brokens() -> Iterator[Broken]:
    """Every class of damage to tracks."""
    for form, name in SUFFIXES.items():
        for harm in HARMS:
            if harm not in NO_HARM:
                yield Broken("track", f"{form}: {harm}", name, partial(_of_bytes, form, harm), BYTES)
        yield Broken("track", f"{form}: twenty bits flipped", name, partial(_flips, form), BYTES)
        for said, (change, code) in SAID.items():
            if (form, said) == TWO_DIGITS:
                continue
            yield Broken("track", f"{form}: {said}", name, partial(_of_rows, form, change), frozenset({code}))
    for damage, (name, make, codes) in SPECIAL.items():
        yield Broken("track", damage, name, make, codes)
