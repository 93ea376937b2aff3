"""The reference device's reader of Exif, held against Pillow's."""

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_contract.client.exif import Taken, taken

DEMO = Path(__file__).resolve().parents[2] / "mobile_contract" / "demo"
REAL = Path(__file__).resolve().parents[3] / "shared" / "media"
NOTHING = Taken(None, None, None)


def test_time_and_place_of_the_demo_photos() -> None:
    """Time with its offset becomes UTC, degrees become integers."""
    told = taken((DEMO / "stall.jpg").read_bytes())

    assert told.at is not None
    assert told.at.tzinfo == UTC
    assert told.lat_e7 is not None
    assert told.lon_e7 is not None
    assert 333_000_000 < told.lat_e7 < 334_000_000
    assert 1_201_000_000 < told.lon_e7 < 1_202_000_000


@pytest.mark.skipif(not REAL.is_dir(), reason="no ../shared/media beside this clone")
def test_real_photos() -> None:
    """A camera without an offset gives a place and no time; a phone with one gives both."""
    camera = taken((REAL / "DSCN0010.jpg").read_bytes())
    phone = taken((REAL / "HMD_Nokia_8.3_5G.jpg").read_bytes())

    assert camera.at is None
    assert camera.lat_e7 == pytest.approx(434_674_483, abs=2_000)
    assert phone.at is not None
    assert phone.lat_e7 is not None


@given(st.binary(max_size=300))
def test_hostile_bytes_say_nothing(tail: bytes) -> None:
    """Whatever stands in the segment, the reader ends and never raises."""
    segment = b"Exif\0\0" + tail
    taken(b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment)


@given(st.integers(0, 4000), st.integers(1, 255))
def test_one_broken_byte_never_raises(place: int, change: int) -> None:
    """A photo with one byte changed anywhere in its head is read or not, without an error."""
    whole = bytearray((DEMO / "tables.jpg").read_bytes()[:8192])
    whole[place] ^= change
    taken(bytes(whole))


def test_no_exif_is_nothing() -> None:
    """A file without Exif, an empty one and a text file tell nothing."""
    assert taken(b"") == taken(b"\xff\xd8\xff\xda") == taken(b"hello") == NOTHING
