"""Draw the demo recordings: `python -m tests.make_demo_media`. What they show stands in `tests/demo_scenes.py`.

Output goes to mobile_contract/demo/: four photos, a video and a track of one visit, below `scale/` a picture of each
lorry, below `camera/` what a street camera saw. They are committed, because a demo must not need a font or an encoder;
run this again only to change them. The same fonts and libraries write the same bytes.
"""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import av.logging
import numpy as np
from PIL import Image, ImageDraw

from tests.demo_scenes import BEIJING, SCENES, SEEN, SIZE, WEIGHED, Scene, font
from tests.media import exif

DEMO = Path(__file__).resolve().parents[1] / "mobile_contract" / "demo"
MAX_PHOTO_BYTES, MAX_VIDEO_BYTES = 60_000, 200_000
SECONDS, RATE = 6, 12
FILMED_AT = datetime(2026, 9, 1, 9, 11, 5, tzinfo=BEIJING)


def photo(scene: Scene) -> bytes:
    """Paint a scene with a little sensor noise and the Exif a phone would write."""
    image = Image.new("RGB", SIZE)
    scene.paint(ImageDraw.Draw(image))
    chance = np.random.default_rng(len(scene.name))
    noisy = np.asarray(image).astype(np.int16) + chance.normal(0, 1.6, (*SIZE[::-1], 1)).astype(np.int16)
    taken = scene.taken_at and scene.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    offset = "+08:00" if taken else None
    facts = exif(taken=taken, offset=offset, place=(scene.lat_e7, scene.lon_e7))
    facts[0x010F], facts[0x0110] = "Quancheng", "Demo camera"
    for quality in range(88, 40, -4):
        out = io.BytesIO()
        shown = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        shown.save(out, "JPEG", quality=quality, exif=facts, optimize=True)
        if out.tell() <= MAX_PHOTO_BYTES:
            return out.getvalue()
    raise SystemExit(f"{scene.name} does not fit {MAX_PHOTO_BYTES} bytes")


def frames(scene: Scene, begins: datetime) -> list[Image.Image]:
    """Pan slowly across a scene while a clock runs in the corner, as body cameras show it."""
    wide = Image.new("RGB", SIZE)
    scene.paint(ImageDraw.Draw(wide))
    made = []
    for number in range(SECONDS * RATE):
        shift = number * 320 // (SECONDS * RATE)
        frame = wide.crop((shift, 120, shift + 960, 840)).resize((640, 480), Image.Resampling.LANCZOS)
        stamp = (begins + timedelta(seconds=number // RATE)).strftime("%Y-%m-%d %H:%M:%S")
        draw = ImageDraw.Draw(frame)
        draw.rectangle((0, 448, 640, 480), fill="#101418")
        draw.text((10, 464), f"{stamp}  现场检查（演示）", font=font(18), fill="#ffffff", anchor="lm")
        made.append(frame)
    return made


def video(path: Path, scene: Scene, begins: datetime) -> None:
    """Write H.264 constrained baseline, index in front: what every browser plays and can seek."""
    av.logging.set_level(None)
    options = {"profile": "baseline", "preset": "veryslow", "crf": "27", "g": str(RATE * 2)}
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        out.metadata["creation_time"] = begins.isoformat()
        out.metadata["location"] = f"+{scene.lat_e7 / 1e7:.4f}+{scene.lon_e7 / 1e7:08.4f}/"
        stream = out.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for frame in frames(scene, begins):
            out.mux(stream.encode(av.VideoFrame.from_image(frame)))
        out.mux(stream.encode(None))


def drive() -> str:
    """Sixty points along a few streets, fifteen seconds apart."""
    corners = [
        (33.3301, 120.1217),
        (33.3338, 120.1290),
        (33.3395, 120.1312),
        (33.3412, 120.1503),
        (33.3460, 120.1622),
    ]
    begin = datetime(2026, 9, 1, 0, 50, tzinfo=UTC)
    points = []
    for number in range(60):
        leg, share = divmod(number / 59 * (len(corners) - 1), 1)
        start, end = corners[int(leg)], corners[min(int(leg) + 1, len(corners) - 1)]
        lat, lon = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        at = (begin + timedelta(seconds=15 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        points.append(f'      <trkpt lat="{lat:.6f}" lon="{lon:.6f}"><ele>3.0</ele><time>{at}</time></trkpt>')
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Quancheng demo">'
    body = "\n".join(points)
    return f"{head}\n  <trk>\n    <name>巡查路线（演示）</name>\n    <trkseg>\n{body}\n    </trkseg>\n  </trk>\n</gpx>\n"


def main() -> None:
    """Write every file and say its size."""
    for scene in (*SCENES, *WEIGHED, SEEN):
        (DEMO / scene.name).parent.mkdir(parents=True, exist_ok=True)
        (DEMO / scene.name).write_bytes(photo(scene))
    video(DEMO / "inspection.mp4", SCENES[0], FILMED_AT)
    (DEMO / "patrol.gpx").write_text(drive(), encoding="utf-8")
    for path in sorted(path for path in DEMO.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size:>8}  {path.relative_to(DEMO)}")


if __name__ == "__main__":
    main()
