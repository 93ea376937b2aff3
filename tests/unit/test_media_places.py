"""Checks say where: the points around a leap, the rows that a cut photo lost, every stretch that was black or frozen."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from schemas.examination import edition_of
from schemas.integrity import CheckResult
from schemas.media import StretchKind
from tests.media import pixels, truncated_jpeg, zeroed_jpeg
from tests.media_tracks import drive, gpx_of
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.still.content import Content
from workers.media.track.around import MOST, Around
from workers.media.track.fixes import Batch


def look(folder: Path, payload: bytes, name: str) -> Probe:
    path = folder / name
    path.write_bytes(payload)
    return probe(path, filename=name, limits=Limits())


def named(found: Probe, name: str) -> CheckResult:
    return next(one for one in found.checks if one.name == name)


def test_the_points_around_a_leap_are_kept(tmp_path: Path) -> None:
    """Three on either side of the step with their times, by the numbers of the file; of a sound track none."""
    rows = drive(60)
    leaping = [*rows[:40], *((lat + 0.5, lon, at) for lat, lon, at in rows[40:])]

    found = look(tmp_path, gpx_of(leaping), "a.gpx").facts.track
    sound = look(tmp_path, gpx_of(rows), "b.gpx").facts.track

    assert found is not None
    assert found.around is not None
    assert [one.number for one in found.around] == list(range(37, 45))
    assert [one.at for one in found.around] == [at for _, _, at in leaping[36:44]]
    assert [one.lat_e7 for one in found.around] == [round(lat * 1e7) for lat, _, _ in leaping[36:44]]
    assert sound is not None
    assert sound.around is None


def test_of_an_endless_track_only_the_beginning_is_held() -> None:
    """Memory stays flat: what comes behind the limit is passed over."""
    around = Around()
    size = MOST // 4
    for number in range(6):
        ones = np.arange(number * size + 1, (number + 1) * size + 1)
        around.see(Batch(ones, ones, ones, ones * 0, ones), np.zeros(size - 1))

    assert around._held == MOST


def test_a_cut_photo_says_from_which_row_on(tmp_path: Path) -> None:
    """Within two units of the rows that are still there, cut or written over by zeros; below is nothing."""
    cut, zeros = (
        named(look(tmp_path, payload, "a.jpg"), "container") for payload in (truncated_jpeg(), zeroed_jpeg())
    )

    for found in (cut, zeros):
        assert found.code == "jpeg-damaged"
        assert found.params["last_row"] == 599
        assert 200 < found.params["first_row"] < 420


def test_what_is_lost_everywhere_names_no_row(tmp_path: Path) -> None:
    """Of a progressive photo that is cut every row is there and none is whole."""
    made = io.BytesIO()
    Image.fromarray(pixels(640, 480)).save(made, "JPEG", progressive=True, quality=90)

    found = named(look(tmp_path, made.getvalue()[: len(made.getvalue()) // 2], "a.jpg"), "container")

    assert found.code == "jpeg-damaged"
    assert "first_row" not in found.params


@pytest.mark.parametrize("ends_black", [False, True])
def test_every_long_stretch_is_told_not_only_the_longest(*, ends_black: bool) -> None:
    """Two covered stretches, one of them to the end, and a frozen one between; short ones are none."""
    seen = Content()
    noise = np.random.default_rng(7)
    black, still = np.zeros((90, 160), np.uint8), pixels(160, 90)[:, :, 0]
    script = [
        (15, "black"),
        (3, "scene"),
        (14, "still"),
        (3, "scene"),
        (5, "black"),
        (3, "scene"),
        (20, "black"),
    ]
    at = 0
    for length, kind in [*script, *([] if ends_black else [(2, "scene")])]:
        for _ in range(length):
            scene = noise.integers(0, 255, (90, 160), np.uint8)
            seen.take({"black": black, "still": still, "scene": scene}[kind], float(at))
            at += 1

    runs = seen.runs()

    assert [(kind, run.from_s, run.to_s) for kind, run in sorted(runs, key=lambda one: one[1].from_s)] == [
        (StretchKind.BLACK, 0, 14),
        (StretchKind.FROZEN, 18, 31),
        (StretchKind.BLACK, 43, 62),
    ]


def test_a_list_of_checks_has_a_name_for_each_medium() -> None:
    """Types of one medium share it; a track's is not a photo's."""
    assert edition_of("image/jpeg") == edition_of("image/png")
    assert edition_of("image/jpeg") != edition_of("application/gpx+xml")
