"""What the image ships carries no GPL code: its build is walked here, on a copy of the wheels at hand."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from image.licences import bundled, faults, licences
from image.stand_ins import replace_all
from tests.media import mp4
from tests.media_containers import film

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(next(path for path in sys.path if path.endswith("site-packages")))
LOCKED = re.findall(
    r"^([a-z0-9.-]+)(?:\[[^\]]*\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE
)
DECODE = """
import sys, av, av.error
for path in sys.argv[1:]:
    with av.open(path) as container:
        print(container.streams.video[0].codec_context.name, sum(1 for _ in container.decode(video=0)))
for name in ("libx264", "libx265"):
    try:
        encoder = av.CodecContext.create(name, "w")
        encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 64, 48, "yuv420p", 25
        encoder.open()
        print(name, "opened")
    except av.error.FFmpegError:
        print(name, "refused")
"""


def test_every_bundled_library_has_its_licence_and_the_two_encoders_are_seen() -> None:
    """Of what is installed here nothing is unknown to the list, and only the wheel's own x264 and x265 are GPL."""
    folders = {one.partition("/")[0] for one in faults(SITE)} - set(licences())
    met = [one for one in faults(SITE) if one.partition("/")[0] not in folders]

    assert folders <= {"go", "pikepdf.libs"}  # the compiler of the test stand, and a writer of test documents
    assert len(met) == 2
    assert all(re.match(r"av\.libs/libx26[45]-.* is an encoder under the GPL", one) for one in met)


def test_what_is_installed_for_the_product_is_licensed_as_it_may_be() -> None:
    """No package of the product's lock states the GPL, save the lesser one."""
    for name in LOCKED:
        try:
            said = distribution(name).metadata
        except ModuleNotFoundError:
            continue  # of another platform
        stated = [said.get("License-Expression") or "", *said.get_all("Classifier", [])]
        text = " ".join(one for one in stated if "Lesser" not in one and "LGPL" not in one)
        assert not re.search(r"GPL|General Public", text), name


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_images_libraries_decode_as_before_and_hold_no_encoder(tmp_path: Path) -> None:
    """After the build's step the list has no fault; films of both kinds are decoded, and nobody opens an encoder."""
    for folder in ("av", "av.libs"):
        shutil.copytree(SITE / folder, tmp_path / "site" / folder)
    films = [mp4(tmp_path / "a.mp4", seconds=1), film(tmp_path / "b.mp4", codec="libx265")]
    before = sum(path.stat().st_size for _, _, path in bundled(tmp_path / "site"))
    replaced = replace_all(tmp_path / "site")
    after = sum(path.stat().st_size for _, _, path in bundled(tmp_path / "site"))
    done = subprocess.run(
        [sys.executable, "-c", DECODE, *map(str, films)],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert faults(tmp_path / "site") == []
    assert before - after > 20_000_000
    assert len(replaced) == 2
    said = done.stdout.split("\n")
    assert re.fullmatch(r"h264 [1-9]\d*", said[0])
    assert re.fullmatch(r"hevc [1-9]\d*", said[1])
    assert said[2:4] == ["libx264 refused", "libx265 refused"]


def test_the_image_takes_its_libraries_from_the_stage_that_was_held_against_the_list() -> None:
    """The last image copies the environment; the steps stand in the stage before it, the list last."""
    text = (ROOT / "Dockerfile").read_text()
    stage, _, last = text.partition("AS libraries")[2].partition("AS app")

    assert stage.index("image.stand_ins") < stage.index("image.licences")
    assert "COPY --from=libraries /opt/venv /opt/venv" in last
    assert "pip install" not in last
