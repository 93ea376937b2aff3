"""What the demo recordings show, painted: a snack shop that takes the pavement, and three lorries on a scale.

Each picture is of the record it is handed in for: the place and the shop of the urban agency's case, the plate,
the axles and the weight of each lorry. Nothing in them is real; the place is in 盐城.
"""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import NamedTuple

from PIL import ImageDraw, ImageFont

from quancheng_demo import LAT_E7, LON_E7, TRUCKS, Truck
from quancheng_demo_gear import CAMERA_PICTURE, CAMERA_PLATE

SIZE = (1280, 960)
BEIJING = timezone(timedelta(hours=8))
INK, PAPER, GREY, STEEL = "#22303c", "#f4f1ea", "#8d99a6", "#5b6b7a"
UNIFORM, APRON = "#274c77", "#7a6c5d"
Draw = ImageDraw.ImageDraw


class Scene(NamedTuple):
    """One photo: its file, its painter, its place in degrees times 10^7, and its moment.

    A picture of the scale has no moment of its own: what was weighed is as old as the demo that hands it in.
    """

    name: str
    paint: Callable[[Draw], None]
    lat_e7: int
    lon_e7: int
    taken_at: datetime | None = None


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


def street(draw: Draw) -> None:
    """The corner: house fronts, the pavement, the carriageway behind its kerb."""
    sky_and_ground(draw, sky="#cfe3ee", ground="#b9b4a8", horizon=560)
    for n, tint in enumerate(("#d9c7a8", "#c9b79a", "#dccfb6")):
        draw.rectangle((n * 430, 150 + 40 * (n % 2), n * 430 + 410, 560), fill=tint)
        for w in range(6):
            left, top = n * 430 + 40 + (w % 3) * 120, 240 + (w // 3) * 140
            draw.rectangle((left, top, left + 70, top + 90), fill="#8fb0c4")
    draw.rectangle((0, 880, 1280, 960), fill="#6f767c")
    draw.rectangle((0, 868, 1280, 880), fill="#d7d2c6")


def shop(draw: Draw) -> None:
    """The shop front with its sign."""
    draw.rectangle((250, 210, 1010, 600), fill="#8a5a3b")
    draw.rectangle((250, 210, 1010, 310), fill="#b3202a")
    caption(draw, (630, 260), "某某小吃店", size=72, fill="#ffe9b0")
    draw.rectangle((300, 340, 560, 600), fill="#4a3426")
    draw.rectangle((610, 350, 960, 520), fill="#f0dcae")
    draw.rectangle((770, 350, 780, 520), fill="#8a5a3b")


def stall(draw: Draw) -> None:
    """The shop's stall on the pavement; two officers speak to its owner."""
    street(draw)
    for n in range(12):
        draw.polygon([(390 + n * 50, 380), (440 + n * 50, 380), (430 + n * 52, 460), (376 + n * 52, 460)],
                     fill="#c8102e" if n % 2 else PAPER)  # fmt: skip
    draw.rectangle((410, 460, 424, 800), fill=STEEL)
    draw.rectangle((960, 460, 974, 800), fill=STEEL)
    draw.rectangle((420, 590, 960, 800), fill="#8a5a3b")
    for n in range(6):
        x = 450 + n * 84
        draw.ellipse(
            (x, 550, x + 74, 606), fill=("#e8832a", "#c9402f", "#f2c14e")[n % 3], outline=INK, width=4
        )
        draw.arc((x + 10, 490, x + 40, 550), 90, 270, fill=PAPER, width=5)
    caption(draw, (690, 700), "某某小吃店  现炸小吃", size=48, fill=PAPER)
    person(draw, 1090, 850, coat=UNIFORM)
    person(draw, 1190, 860, coat=UNIFORM)
    person(draw, 300, 840, coat=APRON)


def tables(draw: Draw) -> None:
    """Tables and stools from the shop's door to the kerb."""
    street(draw)
    shop(draw)
    for n in range(4):
        x, y = 170 + n * 270, 700 + 60 * (n % 2)
        draw.rectangle((x, y, x + 190, y + 24), fill="#d8a657")
        for leg in (x + 14, x + 164):
            draw.rectangle((leg, y + 24, leg + 12, y + 100), fill=STEEL)
        for stool in (x - 50, x + 200):
            draw.rectangle((stool, y + 50, stool + 44, y + 64), fill="#b3202a")
            draw.rectangle((stool + 16, y + 64, stool + 26, y + 104), fill=STEEL)
        draw.ellipse((x + 40, y - 22, x + 100, y), fill=PAPER, outline=GREY)
    person(draw, 1130, 840, coat=APRON)


def measured(draw: Draw) -> None:
    """A tape from the shop's wall to the edge of what stands on the pavement."""
    street(draw)
    shop(draw)
    draw.rectangle((180, 640, 1060, 850), outline="#c8102e", width=6)
    for x in range(190, 1060, 60):
        draw.line((x, 650, x + 40, 840), fill="#c98f86", width=4)
    draw.rectangle((620, 600, 640, 860), fill="#f2c14e")
    for n in range(13):
        draw.line((620, 600 + n * 20, 632 if n % 5 else 640, 600 + n * 20), fill=INK, width=3)
    draw.rectangle((680, 700, 1010, 780), fill=PAPER)
    caption(draw, (845, 740), "占道 2.6 米", size=56, fill="#7a1f1f")
    person(draw, 560, 900, coat=UNIFORM, height=260)
    person(draw, 1180, 880, coat=UNIFORM, height=250)


def served(draw: Draw) -> None:
    """The order to put it right, handed to the owner by two officers."""
    street(draw)
    shop(draw)
    draw.rectangle((420, 500, 860, 900), fill="#ffffff", outline=GREY, width=4)
    caption(draw, (640, 560), "责令改正通知书", size=54)
    caption(draw, (640, 625), "某某小吃店", size=36)
    for line in range(6):
        draw.line((460, 680 + line * 30, 820 - (line * 53) % 140, 680 + line * 30), fill="#aab2bb", width=6)
    draw.ellipse((710, 790, 820, 890), outline="#c8102e", width=8)
    person(draw, 240, 900, coat=UNIFORM, height=330)
    person(draw, 360, 910, coat=UNIFORM, height=330)
    person(draw, 1000, 910, coat=APRON, height=320)


def lorry(draw: Draw, one: Truck, *, load: str, tint: str) -> None:
    """A lorry on the scale as its camera sees it, with what was weighed written below."""
    sky_and_ground(draw, sky="#dfe7ea", ground="#6f767c", horizon=520)
    draw.rectangle((0, 470, 1280, 520), fill="#8fa67c")
    draw.rectangle((120, 806, 1180, 830), fill="#3c4248")
    draw.rectangle((150, 330, 880, 690), fill=tint)
    for x in range(180, 880, 60):
        draw.line((x, 350, x, 670), fill=INK, width=3)
    caption(draw, (515, 460), load, size=88, fill=PAPER)
    draw.polygon([(900, 690), (900, 400), (1030, 400), (1110, 540), (1110, 690)], fill="#d9dcd6")
    draw.polygon([(930, 540), (930, 430), (1020, 430), (1080, 540)], fill="#81c3d7")
    draw.rectangle((140, 690, 1130, 730), fill=INK)
    behind = one.axles - 1
    for x in (*(210 + n * 560 // max(behind - 1, 1) for n in range(behind)), 1010):
        draw.ellipse((x - 62, 680, x + 62, 804), fill="#1b1b1e")
        draw.ellipse((x - 26, 716, x + 26, 768), fill=GREY)
    draw.rectangle((330, 560, 700, 660), fill="#f2c14e", outline=INK, width=6)
    caption(draw, (515, 610), one.plate, size=72)
    draw.rectangle((0, 880, 1280, 960), fill="#101418")
    said = f"S229 K12+300 北向   {one.plate}   {one.axles} 轴   {one.weight} kg / {one.limit} kg"
    caption(draw, (640, 920), said, size=40, fill="#ffffff")


def ramp(draw: Draw) -> None:
    """The same road as a street camera sees it: a lorry leaves by the ramp before the scale."""
    sky_and_ground(draw, sky="#d3dde3", ground="#7c8f6b", horizon=420)
    draw.polygon([(500, 420), (640, 420), (1280, 780), (1280, 960), (640, 960)], fill="#6f767c")
    draw.polygon([(520, 430), (560, 430), (420, 880), (40, 880)], fill="#7d848a")
    for n in range(6):
        left, top = 600 + n * 96, 470 + n * 74
        draw.polygon(
            [(left, top), (left + 12, top), (left + 62, top + 40), (left + 40, top + 40)], fill=PAPER
        )
    draw.rectangle((820, 190, 1200, 330), fill="#1d5c8f", outline=PAPER, width=8)
    caption(draw, (1010, 235), "称重检测 直行", size=48, fill=PAPER)
    caption(draw, (1010, 292), "前方 200 米", size=40, fill=PAPER)
    draw.rectangle((1000, 330, 1020, 560), fill=STEEL)
    draw.rectangle((190, 440, 470, 690), fill="#7a6c5d", outline=INK, width=6)
    draw.rectangle((205, 690, 455, 730), fill=INK)
    for x in (220, 410):
        draw.rectangle((x, 720, x + 40, 790), fill="#1b1b1e")
    draw.rectangle((260, 620, 400, 668), fill="#f2c14e", outline=INK, width=4)
    caption(draw, (330, 644), CAMERA_PLATE, size=30)
    draw.rectangle((0, 880, 1280, 960), fill="#101418")
    caption(draw, (640, 920), f"S229 K12+100 匝道口   {CAMERA_PLATE}   驶离主线", size=40, fill="#ffffff")


def _at(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2026, 9, day, hour, minute, second, tzinfo=BEIJING)


SCENES = (
    Scene("stall.jpg", stall, 333_412_600, 1_201_503_300, _at(1, 9, 12, 40)),
    Scene("tables.jpg", tables, 333_412_900, 1_201_503_900, _at(1, 9, 15, 2)),
    Scene("measured.jpg", measured, 333_412_700, 1_201_503_600, _at(1, 9, 21, 18)),
    Scene("served.jpg", served, 333_412_500, 1_201_503_100, _at(1, 9, 48, 51)),
)
"""What the device of the urban agency hands in for its case, in the order of the visit."""

_LOOKS = (("砂石", "#3a7ca5"), ("钢材", "#8a5a3b"), ("河沙", "#59632f"))
WEIGHED = tuple(
    Scene(f"scale/{number + 1}.jpg", partial(lorry, one=one, load=load, tint=tint), LAT_E7, LON_E7)
    for number, (one, (load, tint)) in enumerate(zip(TRUCKS, _LOOKS, strict=True))
)
"""What the camera of the scale took of each lorry of `quancheng_demo.TRUCKS`."""

SEEN = Scene(CAMERA_PICTURE, ramp, LAT_E7 - 14_000, LON_E7 - 9_000)
"""What the street camera took, as old as the demo that hands it in."""
