"""Places in the telemetry of action cameras: read packet by packet, whole or not, with the fix they had."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media import LAT_E7, LON_E7
from workers.media.probe import probe
from workers.media.result import Limits
from workers.media.track.gpmf import GpmfReader
from workers.media.work import SLOW, Budget, OverBudgetError, Work

AT = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def klv(key: bytes, kind: str, size: int, payload: bytes) -> bytes:
    """One key with its values, padded."""
    head = struct.pack(">4sBBH", key, ord(kind) if kind else 0, size, len(payload) // size)
    return head + payload + bytes(-len(payload) % 4)


def nest(key: bytes, *within: bytes) -> bytes:
    return klv(key, "", 1, b"".join(within))


def packet(*, fix: int = 3, rows: int = 18, at: datetime = AT, scale: int = 10_000_000) -> bytes:
    """A second of places as cameras before 2022 write them, beside a stream of something else."""
    places = b"".join(struct.pack(">5i", LAT_E7 + 10 * row, LON_E7, 3200, 1100, 110) for row in range(rows))
    time = at.strftime("%y%m%d%H%M%S.000").encode()
    gps = nest(
        b"STRM",
        klv(b"GPSF", "L", 4, struct.pack(">I", fix)),
        klv(b"GPSU", "U", 16, time),
        klv(b"SCAL", "l", 4, struct.pack(">5i", scale, scale, 1000, 1000, 100)),
        klv(b"GPS5", "l", 20, places),
    )
    other = nest(b"STRM", klv(b"STNM", "c", 1, b"Accelerometer"), klv(b"ACCL", "s", 6, bytes(30)))
    return nest(b"DEVC", klv(b"DVNM", "c", 1, b"Camera"), other, gps)


def newer(fix: int = 3) -> bytes:
    """A second of places as cameras since 2022 write them: each with its time and its fix."""
    days, seconds = (AT - datetime(2000, 1, 1, tzinfo=UTC)).days, 3600
    row = struct.pack(">7i2H", LAT_E7, LON_E7, 3200, 0, 0, days, seconds * 1000, 110, fix)
    scale = struct.pack(">9i", 10_000_000, 10_000_000, 1000, 1000, 100, 1, 1000, 100, 1)
    return nest(b"DEVC", nest(b"STRM", klv(b"SCAL", "l", 4, scale), klv(b"GPS9", "?", 32, row * 10)))


def read(*packets: bytes) -> GpmfReader:
    reader = GpmfReader(Work(SLOW))
    for one in packets:
        reader.packet(one)
    return reader


def test_seconds_of_places_become_a_track() -> None:
    """Three packets: all places are points, and the first of each packet has its time."""
    reader = read(*(packet(at=AT + timedelta(seconds=number)) for number in range(3)))
    track = reader.track()

    assert track is not None
    assert (track.points, track.start_at, track.end_at) == (54, AT, AT + timedelta(seconds=2))
    assert track.line_e7[:2] == ((LAT_E7, LON_E7), (LAT_E7 + 10, LON_E7))
    assert (reader.packets, reader.broken, reader.voids) == (3, 0, 0)


def test_newer_cameras_say_the_time_of_each_place() -> None:
    """Days since 2000 and seconds of the day."""
    track = read(newer()).track()

    assert track is not None
    assert (track.points, track.start_at) == (10, datetime(2026, 9, 1, 1, 0, tzinfo=UTC))


def test_without_a_fix_there_is_no_point() -> None:
    """Places that a camera made up before it had a fix are counted and are none."""
    reader = read(packet(fix=0), newer(fix=0))

    assert reader.track() is None
    assert (reader.voids, reader.broken) == (11, 0)


@pytest.mark.parametrize(
    "payload",
    [
        packet()[:-30],
        packet(scale=0),
        packet()[:100] + b"\xff" * 8 + packet()[108:],
        nest(b"DEVC", *[b""]) + b"\x01\x02",
        b"DEVC\x00\x01\x00\x04GPS5",
    ],
)
def test_a_packet_that_is_not_whole_is_counted(payload: bytes) -> None:
    """A length that leads out of the packet, or a scale of nothing: the packet is broken and the next one is read."""
    reader = read(payload, packet())
    track = reader.track()

    assert (reader.packets, reader.broken) == (2, 1)
    assert track is not None
    assert track.points >= 18


def test_keys_in_keys_end_somewhere() -> None:
    """A packet that is nothing but nests costs nothing."""
    deep = b""
    for _ in range(200):
        deep = nest(b"DEVC", deep)

    assert read(deep).broken == 1


def test_keys_are_counted() -> None:
    """What a packet asks for is work like any other."""
    reader = GpmfReader(Work(Budget(pixels=1, packets=1, pieces=5, samples=1)))
    with pytest.raises(OverBudgetError):
        reader.packet(packet())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.binary(min_size=1, max_size=8)), max_size=6), st.booleans())
def test_no_packet_breaks_the_reader(changes: list[tuple[int, bytes]], is_new: bool) -> None:
    """Whatever is in a packet, it is read or counted as broken."""
    payload = bytearray(newer() if is_new else packet())
    for at, other in changes:
        payload[at : at + len(other)] = other
    reader = read(bytes(payload))

    reader.track()
    assert reader.packets == 1


def test_a_real_camera(media: Path) -> None:
    """Eleven packets of a camera that stood in a garden of California."""
    reader = GpmfReader(Work(SLOW))
    with av.open(str(media / "max-heromode.mp4")) as container:
        for found in container.demux([one for one in container.streams if one.type == "data"]):
            if (payload := bytes(found)).startswith(b"DEVC"):
                reader.packet(payload)
    track = reader.track()

    assert (reader.packets, reader.broken, reader.voids) == (11, 0, 0)
    assert track is not None
    assert (track.points, track.length_m) == (191, 14)
    assert track.start_at == datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)
    assert track.bounds_e7 is not None
    assert track.bounds_e7.south == 331_266_674


def test_the_way_of_an_action_camera_is_read_beside_its_pictures(media: Path) -> None:
    """A film with telemetry has a track, by the same look, and nothing is wrong with its data."""
    found = probe(media / "max-heromode.mp4", filename="max-heromode.mp4", limits=Limits())

    assert found.facts.track is not None
    assert found.facts.track.points == 191
    assert [one.code for one in found.checks if one.name == "data_streams"] == [""]
