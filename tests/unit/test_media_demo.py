"""The bundled demo recordings: small, sound, and placed where the demo says."""

from pathlib import Path

import pytest

from quancheng_demo import SCALE_PICTURES
from schemas.integrity import Outcome
from tests.demo_scenes import SCENES, SEEN, WEIGHED
from tests.make_demo_media import DEMO, MAX_PHOTO_BYTES, MAX_VIDEO_BYTES, drive
from workers.media.probe import probe
from workers.media.result import Limits

FILES = sorted(path for path in DEMO.rglob("*") if path.is_file())


def test_the_demo_is_complete() -> None:
    """What the visit, the scale and the camera recorded is bundled, and nothing else; each lorry has its picture."""
    names = [str(path.relative_to(DEMO)) for path in FILES]
    photos = [scene.name for scene in (*SCENES, *WEIGHED, SEEN)]

    assert sorted(names) == sorted([*photos, "inspection.mp4", "patrol.gpx"])
    assert tuple(scene.name for scene in WEIGHED) == SCALE_PICTURES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEMO)))
def test_a_demo_recording_is_sound_and_small(path: Path) -> None:
    """Every bundled file passes our own checks without a remark and stays small enough for a repository."""
    found = probe(path, filename=path.name, limits=Limits())

    assert {check.outcome for check in found.checks} == {Outcome.VERIFIED}
    assert [check.code for check in found.checks if check.code] == []
    assert path.stat().st_size <= (MAX_VIDEO_BYTES if path.suffix == ".mp4" else MAX_PHOTO_BYTES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_demo_photo_carries_time_and_place(scene) -> None:
    """Time, offset and place of each photo are those of its scene."""
    found = probe(DEMO / scene.name, filename=scene.name, limits=Limits()).facts

    assert found.exif is not None
    assert found.exif.captured_at == scene.taken_at
    assert found.gps is not None
    assert (found.gps.lat_e7, found.gps.lon_e7) == (scene.lat_e7, scene.lon_e7)


def test_the_video_is_h264_with_its_index_in_front() -> None:
    """Browsers play and seek the bundled video: H.264 baseline, moov before mdat."""
    body = (DEMO / "inspection.mp4").read_bytes()

    assert body.index(b"moov") < body.index(b"mdat")
    assert body[body.index(b"avcC") + 5] == 66


def test_the_track_is_what_the_script_writes() -> None:
    """The bundled track and the script that makes it agree."""
    assert (DEMO / "patrol.gpx").read_text(encoding="utf-8") == drive()
