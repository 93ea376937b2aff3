"""Draw the demo recordings: `python -m tests.make_demo_media`. Nothing in them is real; the place is in 盐城.

Output goes to mobile_contract/demo/: four photos, one video, one track. They are committed, because a demo
must not need a font or an encoder; run this again only to change them.
"""

import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import av
import av.logging
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.media import exif

DEMO = Path(__file__).resolve().parents[1] / "mobile_contract" / "demo"
SIZE = (1280, 960)
BEIJING = timezone(timedelta(hours=8))
MAX_PHOTO_BYTES, MAX_VIDEO_BYTES = 60_000, 200_000
SECONDS, RATE = 6, 12

INK, PAPER, GREY, STEEL = "#22303c", "#f4f1ea", "#8d99a6", "#5b6b7a"
Draw = ImageDraw.ImageDraw


class Scene(NamedTuple):
    """One photo: its file, its painter, its moment and its place in degrees times 10^7."""

    name: str
    paint: Callable[[Draw], None]
    taken_at: datetime
    lat_e7: int
    lon_e7: int


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font that draws Chinese, or Pillow's own where none is installed."""
    asked = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK SC:lang=zh-cn"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return ImageFont.truetype(asked.stdout, size)
    except OSError:
        return ImageFont.load_default(size)


def sky_and_ground(draw: Draw, *, sky: str, ground: str, horizon: int) -> None:
    """Fill the picture above and below the horizon."""
    draw.rectangle((0, 0, SIZE[0], horizon), fill=sky)
    draw.rectangle((0, horizon, *SIZE), fill=ground)


def caption(draw: Draw, at: tuple[int, int], text: str, *, size: int, fill: str = INK) -> None:
    """Write centred text."""
    draw.text(at, text, font=font(size), fill=fill, anchor="mm")


def person(draw: Draw, x: int, y: int, *, coat: str, height: int = 230) -> None:
    """Draw a standing figure without a face; (x, y) is between its feet."""
    head = height // 8
    draw.rectangle((x - head, y - height // 2, x - 4, y), fill="#2d3a46")
    draw.rectangle((x + 4, y - height // 2, x + head, y), fill="#2d3a46")
    draw.rounded_rectangle((x - 42, y - height + 2 * head, x + 42, y - height // 2 + 12), 14, fill=coat)
    draw.ellipse((x - head, y - height, x + head, y - height + 2 * head), fill="#e0b694")


def stall(draw: Draw) -> None:
    """A fruit stall that stands on the pavement."""
    sky_and_ground(draw, sky="#cfe3ee", ground="#b9b4a8", horizon=560)
    for n, tint in enumerate(("#d9c7a8", "#c9b79a", "#dccfb6")):
        draw.rectangle((n * 430, 150 + 40 * (n % 2), n * 430 + 410, 560), fill=tint)
        for w in range(6):
            left, top = n * 430 + 40 + (w % 3) * 120, 240 + (w // 3) * 140
            draw.rectangle((left, top, left + 70, top + 90), fill="#8fb0c4")
    draw.polygon(((0, 960), (0, 640), (1280, 600), (1280, 960)), fill="#a39e93")
    draw.rectangle((420, 560, 960, 760), fill="#8a5a3b")
    for n in range(12):
        draw.polygon([(390 + n * 50, 380), (440 + n * 50, 380), (430 + n * 52, 460), (376 + n * 52, 460)],
                     fill="#c8102e" if n % 2 else PAPER)  # fmt: skip
    draw.rectangle((410, 460, 424, 780), fill=STEEL)
    draw.rectangle((960, 460, 974, 780), fill=STEEL)
    for n in range(24):
        x, y = 440 + (n % 12) * 43, 530 + (n // 12) * 40
        draw.ellipse((x, y, x + 40, y + 40), fill=("#e8832a", "#7fb241", "#d7263d", "#f2c14e")[n % 4])
    caption(draw, (690, 680), "新鲜水果", size=64, fill=PAPER)
    person(draw, 1090, 830, coat="#274c77")
    person(draw, 1190, 850, coat="#274c77")
    person(draw, 300, 820, coat="#7a6c5d")


def truck(draw: Draw) -> None:
    """A truck stopped at a check point."""
    sky_and_ground(draw, sky="#dfe7ea", ground="#6f767c", horizon=520)
    draw.rectangle((0, 470, 1280, 520), fill="#8fa67c")
    for x in range(0, 1280, 160):
        draw.rectangle((x, 860, x + 90, 874), fill=PAPER)
    draw.rectangle((230, 330, 860, 690), fill="#3a7ca5")
    for x in range(260, 860, 60):
        draw.rectangle((x, 350, x + 6, 670), fill="#2f6690")
    draw.polygon([(880, 690), (880, 400), (1010, 400), (1090, 540), (1090, 690)], fill="#d9dcd6")
    draw.polygon([(910, 540), (910, 430), (1000, 430), (1060, 540)], fill="#81c3d7")
    draw.rectangle((220, 690, 1110, 730), fill=INK)
    for x in (330, 470, 980):
        draw.ellipse((x - 70, 660, x + 70, 800), fill="#1b1b1e")
        draw.ellipse((x - 30, 700, x + 30, 760), fill=GREY)
    draw.rectangle((1010, 650, 1090, 684), fill="#f2c14e")
    caption(draw, (1050, 667), "苏J·00000", size=15)
    caption(draw, (545, 500), "散装货物", size=72, fill=PAPER)
    for x in (120, 1190):
        draw.polygon([(x - 40, 840), (x + 40, 840), (x + 8, 700), (x - 8, 700)], fill="#e4572e")
        draw.rectangle((x - 26, 780, x + 26, 796), fill=PAPER)
    person(draw, 1180, 690, coat="#c5d86d", height=210)


def workshop(draw: Draw) -> None:
    """A small workshop with oil drums and an outlet."""
    sky_and_ground(draw, sky="#e6e1d6", ground="#9b9388", horizon=640)
    draw.rectangle((120, 200, 1160, 640), fill="#c7bfae")
    draw.polygon([(90, 210), (640, 60), (1190, 210)], fill="#7d6b5d")
    for x in (180, 420):
        draw.rectangle((x, 290, x + 180, 430), fill="#9fb7c1")
        draw.line((x + 90, 290, x + 90, 430), fill=STEEL, width=6)
    draw.rectangle((700, 300, 1060, 640), fill="#4a4e52")
    for y in range(310, 640, 34):
        draw.line((700, y, 1060, y), fill="#5f6468", width=4)
    for n, tint in enumerate(("#26547c", "#26547c", "#b23a48", "#26547c")):
        x = 180 + n * 120
        draw.rectangle((x, 600, x + 96, 760), fill=tint)
        draw.ellipse((x, 585, x + 96, 617), fill="#c9c5bd", outline=INK, width=3)
        draw.line((x, 680, x + 96, 680), fill=INK, width=4)
    draw.rectangle((1080, 600, 1240, 640), fill=STEEL)
    draw.polygon([(1180, 640), (1236, 640), (1270, 900), (1090, 900)], fill="#59632f")
    draw.ellipse((960, 860, 1280, 940), fill="#4d552a")
    draw.rectangle((360, 130, 920, 190), fill=PAPER)
    caption(draw, (640, 160), "机械加工车间", size=42)
    caption(draw, (540, 850), "废机油  待检", size=54, fill="#7a1f1f")


def board(draw: Draw) -> None:
    """A notice board outside a village office."""
    sky_and_ground(draw, sky="#d5e5f0", ground="#a8b18f", horizon=700)
    draw.rectangle((60, 120, 300, 700), fill="#b86f52")
    for y in range(130, 700, 30):
        draw.line((60, y, 300, y), fill="#a4614a", width=3)
    draw.rectangle((330, 180, 1190, 690), fill="#7f1d1d")
    draw.rectangle((360, 280, 1160, 660), fill="#ecebe4")
    for x in (370, 1120):
        draw.rectangle((x, 690, x + 36, 860), fill=STEEL)
    caption(draw, (760, 232), "行政处罚决定公示栏", size=60, fill="#ffe9b0")
    for n in range(3):
        left = 395 + n * 255
        draw.rectangle((left, 310, left + 220, 630), fill="#ffffff", outline=GREY, width=2)
        caption(draw, (left + 110, 345), ("公告", "决定书", "送达回证")[n], size=30)
        for line in range(9):
            width = 180 - (line * 37) % 70
            draw.line(
                (left + 18, 385 + line * 25, left + 18 + width, 385 + line * 25), fill="#aab2bb", width=5
            )
        draw.ellipse((left + 130, 550, left + 200, 620), outline="#c8102e", width=6)
    person(draw, 260, 880, coat="#274c77", height=260)


SCENES = (
    Scene("stall.jpg", stall, datetime(2025, 9, 1, 9, 12, 40, tzinfo=BEIJING), 333_412_600, 1_201_503_300),
    Scene("truck.jpg", truck, datetime(2025, 9, 1, 14, 3, 5, tzinfo=BEIJING), 333_587_200, 1_201_741_900),
    Scene(
        "workshop.jpg", workshop, datetime(2025, 9, 2, 10, 27, 18, tzinfo=BEIJING), 333_299_400, 1_201_216_700
    ),
    Scene("board.jpg", board, datetime(2025, 9, 3, 16, 45, 51, tzinfo=BEIJING), 333_460_100, 1_201_622_500),
)


def photo(scene: Scene) -> bytes:
    """Paint a scene with a little sensor noise and the Exif a phone would write."""
    image = Image.new("RGB", SIZE)
    scene.paint(ImageDraw.Draw(image))
    chance = np.random.default_rng(len(scene.name))
    noisy = np.asarray(image).astype(np.int16) + chance.normal(0, 1.6, (*SIZE[::-1], 1)).astype(np.int16)
    taken = scene.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    facts = exif(taken=taken, offset="+08:00", place=(scene.lat_e7, scene.lon_e7))
    facts[0x010F], facts[0x0110] = "Quancheng", "Demo camera"
    for quality in range(88, 40, -4):
        out = io.BytesIO()
        shown = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        shown.save(out, "JPEG", quality=quality, exif=facts, optimize=True)
        if out.tell() <= MAX_PHOTO_BYTES:
            return out.getvalue()
    raise SystemExit(f"{scene.name} does not fit {MAX_PHOTO_BYTES} bytes")


def frames(scene: Scene) -> list[Image.Image]:
    """Pan slowly across a scene while a clock runs in the corner, as body cameras show it."""
    wide = Image.new("RGB", SIZE)
    scene.paint(ImageDraw.Draw(wide))
    made = []
    for number in range(SECONDS * RATE):
        shift = number * 320 // (SECONDS * RATE)
        frame = wide.crop((shift, 120, shift + 960, 840)).resize((640, 480), Image.Resampling.LANCZOS)
        stamp = (scene.taken_at + timedelta(seconds=number // RATE)).strftime("%Y-%m-%d %H:%M:%S")
        draw = ImageDraw.Draw(frame)
        draw.rectangle((0, 448, 640, 480), fill="#101418")
        draw.text((10, 464), f"{stamp}  现场检查（演示）", font=font(18), fill="#ffffff", anchor="lm")
        made.append(frame)
    return made


def video(path: Path, scene: Scene) -> None:
    """Write H.264 constrained baseline, index in front: what every browser plays and can seek."""
    av.logging.set_level(None)
    options = {"profile": "baseline", "preset": "veryslow", "crf": "27", "g": str(RATE * 2)}
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        out.metadata["creation_time"] = scene.taken_at.isoformat()
        out.metadata["location"] = f"+{scene.lat_e7 / 1e7:.4f}+{scene.lon_e7 / 1e7:08.4f}/"
        stream = out.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for frame in frames(scene):
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
    begin = datetime(2025, 9, 1, 0, 50, tzinfo=UTC)
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
    """Write all six files and say their sizes."""
    DEMO.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        (DEMO / scene.name).write_bytes(photo(scene))
    video(DEMO / "inspection.mp4", SCENES[0])
    (DEMO / "patrol.gpx").write_text(drive(), encoding="utf-8")
    for path in sorted(DEMO.iterdir()):
        print(f"{path.stat().st_size:>8}  {path.name}")


if __name__ == "__main__":
    main()
