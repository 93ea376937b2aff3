"""What a decoder is not shown, and what it would take for a picture."""

import io
from pathlib import Path
from random import Random

import pytest

from workers.media.source import Gaps, Source
from workers.media.streams.foreign import is_foreign

NOISE = Random(3).randbytes(4096)


def test_a_reader_sees_a_file_without_its_gaps(tmp_path: Path) -> None:
    """Gaps at the beginning, side by side and at the end are not there, wherever one reads from and however much."""
    path, whole = tmp_path / "a", Random(4).randbytes(2000)
    path.write_bytes(whole)
    places = (0, 188, 600, 1600, 2000 - 188)
    kept = bytearray(whole)
    for place in reversed(places):
        del kept[place : place + 188]
    chance = Random(5)
    with Source.at(path) as source:
        reader = source.without(Gaps(places, 188))
        assert reader.read() == kept
        assert reader.seek(0, io.SEEK_END) == len(kept)
        assert reader.read(10) == b""
        for _ in range(200):
            at, length = chance.randrange(len(kept) + 50), chance.randrange(400)
            reader.seek(at)
            assert reader.read(length) == kept[at : at + length]


@pytest.mark.parametrize("of", [b"\x00", b"\xff", b"2026-09-01 09:30 unit 7 battery 41%\r\n"])
@pytest.mark.parametrize("at", [0, 1000, 3584])
def test_a_sector_of_something_else_is_seen_in_a_coded_picture(of: bytes, at: int) -> None:
    """Zeros, ones and text stand out among what looks like noise; zeros and ones at the end may be filler."""
    sector = (of * 512)[:512]
    hurt = NOISE[:at] + sector + NOISE[at + 512 :]

    assert is_foreign(hurt) == (len(of) > 1 or at < 3584)
    assert not is_foreign(NOISE)
    assert not is_foreign(NOISE[:at] + sector[:300] + NOISE[at + 300 :])
    assert not is_foreign(b"\x00" * 300)
