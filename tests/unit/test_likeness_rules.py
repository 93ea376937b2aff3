"""Codes of pictures, and the search among them: nothing near is missed, and what says nothing has no code."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import cv2
import numpy as np
import pytest
from PIL import Image

from schemas.likeness import (
    ALIKE_BITS,
    CODE_BYTES,
    SAME_BITS,
    SERIES_SECONDS,
    Likeness,
    Taken,
    distance,
    is_series,
    likeness,
)
from tests.alike import captioned, scene
from workers.likeness import Codes
from workers.media.still.likeness import code_of, mirrored


def code(picture: Image.Image) -> str | None:
    return code_of(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR))


def apart(one: Image.Image, other: Image.Image) -> int:
    first, second = code(one), code(other)
    assert first is not None
    assert second is not None
    return distance(bytes.fromhex(first), bytes.fromhex(second))


def test_a_code_fits_its_columns() -> None:
    """It is as long as the table asks; the 14 places that no comparison has are zero, at the ends of its columns."""
    columns = np.frombuffer(bytes.fromhex(code(scene(1)) or ""), np.uint8).reshape(4, -1)
    assert columns.size == CODE_BYTES
    assert [int.from_bytes(one.tobytes()) & 7 for one in columns] == [0, 0, 0, 0]


@pytest.mark.parametrize("number", range(6))
def test_copies_are_near_and_other_scenes_far(number: int) -> None:
    """Smaller, darker or captioned it is the same picture; another scene is not alike."""
    one = scene(number)
    assert apart(one, one.resize((200, 150))) <= SAME_BITS
    assert apart(one, one.point(lambda level: level * 7 // 10)) <= SAME_BITS
    assert apart(one, captioned(one)) <= ALIKE_BITS
    assert apart(one, scene(number + 100)) > ALIKE_BITS


@pytest.mark.parametrize("number", range(6))
def test_a_code_is_turned_round_as_its_picture_would_be(number: int) -> None:
    """Twice is the code itself; another scene is no nearer in a mirror."""
    one = bytes.fromhex(code(scene(number)) or "")
    turned = bytes.fromhex(code(scene(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT)) or "")
    assert mirrored(mirrored(one)) == one
    assert distance(mirrored(one), turned) <= SAME_BITS < ALIKE_BITS < distance(one, turned)
    assert distance(mirrored(one), bytes.fromhex(code(scene(number + 100)) or "")) > ALIKE_BITS


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_no_code(level: int) -> None:
    """A covered lens, a wall or a white sheet would look like every other one."""
    noise = np.random.default_rng(level).integers(-2, 3, (480, 640, 3))
    assert code_of(np.clip(level + noise, 0, 255).astype(np.uint8)) is None


def test_a_sky_and_an_icon_have_no_code() -> None:
    """A gradient is that of every evening, and an icon is no photo."""
    sky = np.linspace(150, 180, 480).astype(np.uint8)[:, None, None].repeat(640, 1).repeat(3, 2)
    assert code_of(np.ascontiguousarray(sky)) is None
    assert code(scene(1).resize((63, 63))) is None


def test_the_search_finds_what_looking_at_every_code_finds() -> None:
    """Among 20,000 codes, with neighbours at every distance, however their bits lie in the columns."""
    chance = np.random.default_rng(7)
    wanted = chance.integers(0, 256, CODE_BYTES, np.uint8)
    rows = chance.integers(0, 256, (20_000, CODE_BYTES), np.uint8)
    for bits in range(ALIKE_BITS + 10):
        rows[bits * 7] = flipped(wanted, chance.choice(8 * CODE_BYTES, bits, replace=False))
    even = [column * 64 + place for column in range(4) for place in range(ALIKE_BITS // 4)]
    rows[-1] = flipped(wanted, np.array(even))  # as many in each column as there can be
    known = Codes()
    for start in range(0, len(rows), 777):
        known.add([row.tobytes() for row in rows[start : start + 777]])

    numbers, found = known.near(wanted.tobytes())

    every = np.array([distance(row.tobytes(), wanted.tobytes()) for row in rows])
    assert known.count == len(rows)
    assert dict(zip(numbers.tolist(), found.tolist(), strict=True)) == {
        int(place) + 1: int(every[place]) for place in np.flatnonzero(every <= ALIKE_BITS)
    }
    assert len(numbers) == ALIKE_BITS + 2


def flipped(code: np.ndarray, places: np.ndarray) -> np.ndarray:
    bits = np.unpackbits(code)
    bits[places] ^= 1
    return np.packbits(bits)


def test_nothing_is_near_where_nothing_is() -> None:
    """The first picture of all is compared with none."""
    numbers, bits = Codes().near(bytes(CODE_BYTES))
    assert (len(numbers), len(bits)) == (0, 0)


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (0, Likeness.SAME),
        (SAME_BITS, Likeness.SAME),
        (SAME_BITS + 1, Likeness.ALIKE),
        (ALIKE_BITS, Likeness.ALIKE),
        (ALIKE_BITS + 1, None),
    ],
)
def test_a_distance_is_said_in_words(bits: int, said: Likeness | None) -> None:
    """Two words, and beyond them nothing is said."""
    assert likeness(bits) is said


def test_a_series_is_of_one_device_within_a_minute() -> None:
    """Another device, a later time or one that nobody states is no series."""
    device, at = uuid4(), datetime(2026, 11, 30, tzinfo=UTC)
    one = Taken(device, at)
    assert is_series(one, Taken(device, at + timedelta(seconds=SERIES_SECONDS)))
    assert not is_series(one, Taken(device, at + timedelta(seconds=SERIES_SECONDS + 1)))
    assert not is_series(one, Taken(uuid4(), at))
    assert not is_series(one, Taken(device, None))
    assert not is_series(Taken(None, at), Taken(None, at))
