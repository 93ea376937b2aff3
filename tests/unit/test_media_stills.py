"""Stills to their last byte: what stands in them, behind them and about them; odd sound ones, and broken ones."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from schemas.examined import REQUIRED, Examined
from schemas.integrity import CheckResult, Outcome, Severity
from tests.media import HEIC, exif, jpeg, pixels, png
from tests.media_stills import (
    archive,
    chunk,
    deep_png,
    dng,
    exif_block,
    longs,
    moving,
    plain_jpeg,
    program,
    rationals,
    saved,
    segment,
    several,
    text,
    video,
    with_exif,
    with_xmp,
)  # fmt: skip
from workers.media.examined import check_examined
from workers.media.probe import probe
from workers.media.result import Limits, Probe
from workers.media.sandbox.samples import SAMPLES
from workers.media.still.jpeg import without_padding
from workers.media.work import SLOW, Work

CASES = HEIC.parents[1] / "cases" / "files"
FLAT = Image.new("RGB", (640, 480), "white")
TAKEN = text(0x9003, b"2026:05:04 08:15:00")


def look(folder: Path, payload: bytes, name: str = "photo.jpg") -> Probe:
    path = folder / "file"
    path.write_bytes(payload)
    return probe(path, filename=name, limits=Limits())


def case(name: str) -> list[Path]:
    """Files of one case from the field; skipped where they are not."""
    folder = CASES / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return sorted(folder.iterdir())


def named(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


def alarms(found: Probe) -> list[str]:
    return [check.code for check in found.checks if check.severity.rank >= Severity.WARN.rank]


def codes(found: Probe) -> set[str]:
    return {check.code for check in found.checks if check.code}


def interlaced() -> bytes:
    """A PNG of two passes more than Pillow writes: one pixel in each corner of an 8 × 8 picture of grey."""
    rows = b"".join(
        (b"\x00" + bytes(columns)) * count
        for columns, count in ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    )
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in parts)


SOUND: dict[str, tuple[str, bytes]] = {
    "a photo": ("a.jpg", jpeg(320, 240)),
    "a progressive photo": ("b.jpg", jpeg(320, 240, progressive=True)),
    "restarts": ("c.jpg", jpeg(320, 240, restart_marker_blocks=3)),
    "a white wall": ("d.jpg", saved("JPEG", FLAT, optimize=True)),
    "a white wall in scans": ("e.jpg", saved("JPEG", FLAT, optimize=True, progressive=True)),
    "black in print colours": ("f.jpg", saved("JPEG", Image.new("CMYK", (320, 240)), optimize=True)),
    "grey": ("g.jpg", saved("JPEG", FLAT.convert("L"), optimize=True)),
    "two pictures": ("h.jpg", several(plain_jpeg(160, 120))),
    "an index that points nowhere": ("i.jpg", several(plain_jpeg(160, 120), shift=77)),
    "a film behind": ("j.jpg", jpeg(320, 240) + video()),
    "zeros behind": ("k.jpg", jpeg(320, 240) + bytes(3_000)),
    "words behind": ("l.jpg", jpeg(320, 240) + b"made by unit 7"),
    "a png": ("a.png", png()),
    "sixteen bits": ("b.png", deep_png()),
    "interlaced": ("c.png", interlaced()),
    "a palette": ("d.png", saved("PNG", FLAT.convert("P"))),
    "one bit": ("e.png", saved("PNG", FLAT.convert("1"))),
    "a moving png": ("f.png", moving("PNG")),
    "a gif": ("a.gif", saved("GIF")),
    "a moving gif": ("b.gif", moving("GIF")),
    "a flat gif": ("c.gif", saved("GIF", FLAT)),
    "a webp": ("a.webp", saved("WEBP")),
    "a webp without loss": ("b.webp", saved("WEBP", lossless=True)),
    "a moving webp": ("c.webp", moving("WEBP")),
    "a flat webp": ("d.webp", saved("WEBP", FLAT)),
    "a white wall of a fast coder": ("f.webp", saved("WEBP", FLAT, quality=100, method=0)),
    "a flat webp without loss": ("e.webp", saved("WEBP", FLAT, lossless=True)),
    "a tiff": ("a.tif", saved("TIFF")),
    "pages": ("b.tif", moving("TIFF")),
    **{
        f"a tiff in {name}": (f"{name}.tif", saved("TIFF", compression=name))
        for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    },
    "a flat tiff": ("c.tif", saved("TIFF", FLAT, compression="tiff_lzw")),
    "an avif": ("a.avif", saved("AVIF")),
    "a flat avif": ("b.avif", saved("AVIF", FLAT)),
    "a heic": ("a.heic", SAMPLES["a.heic"]),
    "a raw photo": ("a.dng", dng(160, 120)),
}


@pytest.mark.parametrize(("name", "payload"), SOUND.values(), ids=SOUND)
def test_a_sound_still_is_examined_whole(tmp_path: Path, name: str, payload: bytes) -> None:
    """However odd: nothing to judge, every part of the list was gone through, and a picture is made."""
    found = look(tmp_path, payload, name)

    assert alarms(found) == []
    assert named(found, "container").outcome is Outcome.VERIFIED
    assert named(found, "examined").outcome is Outcome.VERIFIED
    assert [made.kind for made in found.derivatives] == ["thumbnail"]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.avif", "a.heic", "a.dng"])
def test_without_any_one_row_a_still_is_not_checked(tmp_path: Path, name: str) -> None:
    """Structure, pixels, tiles, metadata and what follows the end: without any of them nothing is verified."""
    found = look(tmp_path, SAMPLES[name], name)
    rows = found.facts.examined or ()
    asked = {(row.part, row.measure) for row in REQUIRED[found.media_type]}

    assert {(row.part, row.measure) for row in rows} >= asked
    for row in rows:
        left = tuple(one for one in rows if one is not row)
        facts = found.facts.model_copy(update={"examined": left})
        made = check_examined(found.media_type, facts, found.checks)
        assert made is not None
        assert (made.outcome, made.code) == (Outcome.NOT_CHECKED, "parts-not-examined"), row


def test_frames_and_pages_are_counted(tmp_path: Path) -> None:
    """Pixels are those of every frame, and of every picture that an index names."""

    def done(payload: bytes, name: str) -> list[tuple[int, int | None]]:
        rows: tuple[Examined, ...] = look(tmp_path, payload, name).facts.examined or ()
        return [(row.done, row.of) for row in rows if (row.part, row.measure) == ("picture", "pixels")]

    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        assert done(moving(kind), f"a.{kind.lower()}") == [(4 * 120 * 90, 4 * 120 * 90)], kind
    assert done(several(plain_jpeg(160, 120)), "a.jpg") == [(320 * 240, 320 * 240), (160 * 120, 160 * 120)]


@pytest.mark.parametrize(
    ("behind", "code", "kind"),
    [
        (archive(), "still-hidden-file", "ZIP"),
        (bytes(500) + archive(), "still-hidden-file", "ZIP"),
        (b"\x00\x01\x02" + archive() + b"  ", "still-hidden-file", "ZIP"),
        (b"%PDF-1.7\n", "still-hidden-file", "PDF"),
        (b"Rar!\x1a\x07\x01\x00", "still-hidden-file", "RAR"),
        (program(), "still-hidden-file", "EXE"),
        (b"\x7fELF\x02\x01\x01", "still-hidden-file", "ELF"),
        (b"\n<?php system($_GET['c']); ?>", "still-hidden-file", "PHP"),
        (b"<html><script>alert(1)</script></html>", "still-hidden-file", "HTML"),
        (random.Random(1).randbytes(400_000), "still-large-trailer", None),
        (random.Random(1).randbytes(400), "still-trailing-bytes", None),
        (bytes(400), "still-padding", None),
        (b"\xff" * 400, "still-padding", None),
        (video(), "still-companion", "MP4"),
        (plain_jpeg(64, 64), "still-companion", "JPEG"),
        (b"\x00\x00\x01\x0amagic MotionPhoto_Data SEFH SEFT", "still-companion", "Samsung"),
        (random.Random(2).randbytes(300) + b"LIVE_1234567", "still-companion", "Huawei"),
    ],
)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.dng"])
def test_what_follows_the_end_is_named(
    tmp_path: Path, name: str, behind: bytes, code: str, kind: str | None
) -> None:
    """What a device writes there is explained; what serves somebody else is for a person to judge; all formats alike."""
    found = named(look(tmp_path, SAMPLES[name] + behind, name), "still_end")

    assert (found.code, found.params.get("kind")) == (code, kind)
    is_alarm = code in {"still-hidden-file", "still-large-trailer"}
    assert found.severity is (Severity.WARN if is_alarm else Severity.REMARK)


@pytest.mark.parametrize(
    "payload",
    [
        segment(0xFE, b"<?php echo 1; ?>"),
        segment(0xE1, b"%PDF-1.4 and so on"),
        with_exif(exif_block([text(0x010E, b"<script>alert(1)</script>")])),
    ],
)
def test_code_inside_a_photo_is_found(tmp_path: Path, payload: bytes) -> None:
    """A comment that is a program, and a document that begins inside a photo."""
    assert named(look(tmp_path, payload), "still_end").code == "still-hidden-file"


def padded(count: int, *, restarts: int = 3, at_end: bool = False) -> bytes:
    """A photo whose scan is filled up with zeros before its third restart, or before its end."""
    whole = plain_jpeg(320, 240, restart_marker_blocks=restarts)
    mark = b"\xff\xd9" if at_end else b"\xff\xd2"
    at = whole.index(mark, whole.index(b"\xff\xda"))
    return whole[:at] + bytes(count) + whole[at:]


@pytest.mark.parametrize("count", [1, 2, 7, 300])
@pytest.mark.parametrize("at_end", [False, True])
def test_zeros_that_fill_a_scan_up_are_a_remark(tmp_path: Path, count: int, at_end: bool) -> None:
    """Before a restart and before the end: the picture is whole. Zeros in the place of its codes are damage."""
    whole = padded(count, at_end=at_end)
    end = whole.index(b"\xff\xd9", whole.index(b"\xff\xda"))

    found = look(tmp_path, whole)
    assert (alarms(found), named(found, "examined").outcome) == ([], Outcome.VERIFIED)
    # The decoder itself passes over a few zeros before the end without a word.
    assert named(found, "container").code == "jpeg-stray-bytes" or at_end
    assert (
        named(look(tmp_path, whole[: end - 900] + bytes(900) + whole[end:]), "container").code
        == "jpeg-damaged"
    )


def test_a_second_picture_is_decoded_as_well(tmp_path: Path) -> None:
    """Damage in it is for a person to judge; a file that ends in its middle is cut; one that is gone is remarked on."""
    second = plain_jpeg(320, 240)
    middle = len(second) // 2
    hurt = second[:middle] + bytes(2_000) + second[middle + 2_000 :]
    whole = several(second)

    assert codes(look(tmp_path, several(hurt))) == {"still-companion-damaged"}
    assert named(look(tmp_path, several(hurt)), "still_end").params["number"] == 2
    assert named(look(tmp_path, whole[:-3_000]), "container").code == "media-truncated"
    assert alarms(look(tmp_path, whole[: -len(second)])) == []


def test_a_film_behind_a_photo_that_is_cut_is_found(tmp_path: Path) -> None:
    """Its boxes end behind the file."""
    assert named(look(tmp_path, jpeg(320, 240) + video()[:-5_000]), "container").code == "media-truncated"


def test_what_the_metadata_promise_and_is_gone_is_remarked_on(tmp_path: Path) -> None:
    """A photo whose motion was dropped by a copy is sound."""
    promised = '<rdf:Description G:MicroVideoOffset="5000"/>'
    found = named(look(tmp_path, with_xmp(promised)), "still_end")

    assert (found.code, found.severity, found.params["kind"]) == (
        "still-companion-gone",
        Severity.REMARK,
        "video/mp4",
    )
    assert named(look(tmp_path, with_xmp(promised) + b"film" * 50), "still_end").code == "still-companion"


def zeroed(payload: bytes, start: float, zeros: int) -> bytes:
    at = int(len(payload) * start)
    return payload[:at] + bytes(zeros) + payload[at + zeros :]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("a.jpg", plain_jpeg(800, 600)),
        ("b.jpg", plain_jpeg(800, 600, progressive=True)),
        ("a.png", png(400, 300)),
        ("a.gif", saved("GIF")),
        ("a.tif", saved("TIFF", compression="tiff_lzw")),
        ("b.tif", saved("TIFF", compression="tiff_adobe_deflate")),
        ("c.tif", saved("TIFF", compression="jpeg", quality=95)),
        ("a.avif", saved("AVIF", quality=95)),
        ("a.dng", dng(640, 480)),
    ],
)
@pytest.mark.parametrize("start", [0.4, 0.55, 0.7])
def test_a_hole_in_a_picture_is_found(tmp_path: Path, name: str, payload: bytes, start: float) -> None:
    """Four kilobytes of zeros, or a tenth of a small file: what a hole in a copy leaves."""
    zeros = min(4_096, len(payload) // 10)

    assert alarms(look(tmp_path, zeroed(payload, start, zeros), name)) != []


@pytest.mark.parametrize(
    ("options", "hole"),
    [
        ({"quality": 95}, bytes(4_096)),
        ({"quality": 95}, random.Random(8).randbytes(4_096)),
        ({"lossless": True}, bytes(4_096)),
    ],
)
def test_a_hole_in_a_webp_is_found(tmp_path: Path, options: dict[str, object], hole: bytes) -> None:
    """Its coders take anything for a picture, which then ends before its data do, or behind them."""
    whole = saved("WEBP", Image.fromarray(pixels(400, 300)), **options)
    middle = len(whole) // 2
    found = look(tmp_path, whole[:middle] + hole + whole[middle + 4_096 :], "a.webp")

    assert alarms(found) == ["image-damaged"]


def test_a_frame_of_a_webp_that_does_not_decode_is_more_than_a_doubt(tmp_path: Path) -> None:
    """A long run of zeros is a remark by itself; that a decoder stops over it is damage."""
    shown = [Image.fromarray(pixels(200, 150, seed=number)) for number in range(3)]
    whole = saved("WEBP", shown[0], save_all=True, append_images=shown[1:], quality=95)
    for start in (0.3, 0.45, 0.6, 0.8):
        assert alarms(look(tmp_path, zeroed(whole, start, 3_000), "a.webp")) == ["image-damaged"], start


@pytest.mark.parametrize("options", [{"quality": 1}, {"quality": 100}, {"method": 0}, {"lossless": True}])
@pytest.mark.parametrize("shade", [(255, 255, 255), (0, 90, 0)])
def test_a_flat_webp_uses_up_its_data(
    tmp_path: Path, options: dict[str, object], shade: tuple[int, int, int]
) -> None:
    """A white wall is a run of zeros to its coders, and no alarm."""
    assert (
        alarms(look(tmp_path, saved("WEBP", Image.new("RGB", (700, 500), shade), **options), "a.webp")) == []
    )


def test_sectors_of_a_bare_tiff_that_were_never_written_are_found(tmp_path: Path) -> None:
    """They begin and end where sectors do; what is black in a picture does not."""
    whole = saved("TIFF", Image.fromarray(pixels(410, 300)))
    black = bytearray(whole)
    black[100_000:104_096] = bytes(4_096)
    hole = whole[: 512 * 200] + bytes(4_096) + whole[512 * 200 + 4_096 :]

    assert alarms(look(tmp_path, hole, "a.tif")) == ["image-damaged"]
    assert alarms(look(tmp_path, whole[: 512 * 300] + bytes(len(whole) - 512 * 300), "a.tif")) == [
        "image-damaged"
    ]
    assert alarms(look(tmp_path, bytes(black), "a.tif")) == []


def test_a_png_that_was_sent_as_text_is_found(tmp_path: Path) -> None:
    """Its first bytes are there to show it."""
    found = look(tmp_path, png().replace(b"\n", b"\r\n"), "a.png")

    assert (found.media_type, named(found, "container").code) == ("image/png", "image-damaged")


def test_an_avif_that_moves_is_sound(tmp_path: Path) -> None:
    """Its frames lean on each other; one that is damaged is found."""
    whole = moving("AVIF")
    middle = len(whole) // 2

    assert alarms(look(tmp_path, whole, "a.avif")) == []
    assert alarms(look(tmp_path, whole[:middle] + bytes(600) + whole[middle + 600 :], "a.avif")) != []


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"])
def test_a_strip_that_does_not_unpack_is_found(tmp_path: Path, compression: str) -> None:
    """Bytes of a strip that stand elsewhere in it: libtiff fills what it cannot read."""
    y, x = np.mgrid[0:300, 0:400]
    steps = Image.fromarray(np.stack([x // 3, y // 2, (x + y) // 5], axis=-1).astype(np.uint8))
    whole = saved("TIFF", steps, compression=compression)
    middle = len(whole) // 2
    moved = (
        whole[:middle]
        + whole[middle + 300 : middle + 600]
        + whole[middle : middle + 300]
        + whole[middle + 600 :]
    )

    assert named(look(tmp_path, moved, "a.tif"), "container").code == "image-damaged"


def test_changed_codes_of_an_avif_are_found(tmp_path: Path) -> None:
    """Twenty flipped bits: the coder's last bits no longer are what they must be."""
    whole = bytearray(saved("AVIF", quality=90))
    chance = random.Random(4)
    for _ in range(20):
        whole[chance.randrange(len(whole) // 2, len(whole))] ^= 1 << chance.randrange(8)

    assert named(look(tmp_path, bytes(whole), "a.avif"), "tiles").code == "image-tiles-damaged"


@pytest.mark.parametrize("keep", [0.4, 0.9, 0.999])
def test_a_cut_raw_photo_is_found(tmp_path: Path, keep: float) -> None:
    """The stamp before the picture is whole, and the picture is not."""
    whole = dng(640, 480)
    found = look(tmp_path, whole[: int(len(whole) * keep)], "a.dng")

    assert named(found, "container").code == "media-truncated"


def test_a_raw_photo_is_the_sensors(tmp_path: Path) -> None:
    """Its size is that of the picture behind the stamp, its thumbnail stands upright, its empty rows are counted."""
    found = look(tmp_path, dng(640, 480, orientation=6), "IMG_1.DNG")
    whole = bytearray(dng(640, 480))
    whole[-640 * 2 * 40 : -640 * 2 * 10] = bytes(640 * 2 * 30)
    hurt = named(look(tmp_path, bytes(whole), "a.dng"), "raw_pixels")

    assert (found.media_type, found.facts.width, found.facts.height) == ("image/x-adobe-dng", 640, 480)
    assert (found.derivatives[0].width, found.derivatives[0].height) == (240, 320)
    assert found.facts.exif is not None
    assert found.facts.exif.make == "Field"
    rows = {"first_row": 440, "last_row": 469}
    assert (hurt.code, hurt.params) == ("raw-rows-empty", {"count": 30, "of": 480, "first": 440, **rows})


def test_the_raw_photo_from_the_field(tmp_path: Path) -> None:
    """The case: no stamp is taken for the photo, and a file that lacks 400 of its 672 KB is found."""
    (path,) = case("photo-dng")
    found = look(tmp_path, path.read_bytes(), path.name)

    assert (found.facts.width, found.facts.height) == (640, 480)
    assert alarms(found) == []
    assert (
        named(look(tmp_path, path.read_bytes()[:272_362], path.name), "container").code == "media-truncated"
    )


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "lzw", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_thumbnails_of_every_format_stand_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    """The stored top-left corner appears where the orientation puts it."""
    image = Image.new("RGB", (96, 64), "black")
    image.paste("white", (0, 0, 24, 24))
    stated = Image.Exif()
    stated[0x0112] = orientation
    options = {"compression": "tiff_lzw"} if kind == "lzw" else {}
    saved_as = "TIFF" if kind == "lzw" else kind
    found = look(tmp_path, saved(saved_as, image, exif=stated, **options), f"a.{saved_as.lower()}")
    shown = Image.open(io.BytesIO(found.derivatives[0].payload)).convert("L")
    corner = {1: (0, 0), 3: (1, 1), 6: (1, 0), 8: (0, 1)}[orientation]
    width, height = shown.size
    spots = {
        (x, y): shown.getpixel((5 + x * (width - 11), 5 + y * (height - 11))) for x in (0, 1) for y in (0, 1)
    }

    assert max(spots, key=lambda spot: spots[spot]) == corner


def test_sixteen_bits_are_not_all_white(tmp_path: Path) -> None:
    """The dark grey of a deep picture is dark in its thumbnail."""
    found = look(tmp_path, deep_png(), "a.png")
    shown = np.asarray(Image.open(io.BytesIO(found.derivatives[0].payload)).convert("L"))

    assert shown[5, 5] > 240
    assert 20 < shown[-5, -5] < 50


PLACE = {
    "undefined": [text(1, b"N"), rationals(2, (0, 0), (0, 0), (0, 0)), text(3, b"E"), rationals(4, (0, 0), (0, 0), (0, 0))],
    "zero": [text(1, b"N"), rationals(2, (0, 1), (0, 1), (0, 1)), text(3, b"E"), rationals(4, (0, 1), (0, 1), (0, 1))],
    "equator": [text(1, b"N"), rationals(2, (0, 1), (0, 1), (0, 1)), text(3, b"E"), rationals(4, (9, 1), (27, 1), (0, 1))],
    "altitude": [
        text(1, b"N"), rationals(2, (46, 1), (3, 1), (0, 1)), text(3, b"E"), rationals(4, (14, 1), (30, 1), (0, 1)),
        rationals(6, (0, 0)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "code", "lon_e7"),
    [
        ("undefined", "exif-place-unset", None),
        ("zero", "exif-place-zero", None),
        ("equator", "", 94_500_000),
        ("altitude", "", 145_000_000),
    ],
)
def test_what_is_not_known_is_no_place(tmp_path: Path, place: str, code: str, lon_e7: int | None) -> None:
    """0/0 and 0 N 0 E claim nothing and are remarked on; on the equator, or without a height, a place is one."""
    found = look(tmp_path, with_exif(exif_block([text(0x010F, b"Unit")], [TAKEN], PLACE[place])))
    check = named(found, "exif_place")

    assert (check.code, check.severity.rank <= Severity.REMARK.rank) == (code, True)
    assert (found.facts.gps.lon_e7 if found.facts.gps else None) == lon_e7
    assert found.facts.gps is None or found.facts.gps.alt_cm is None


@pytest.mark.parametrize("datum", [b"GCJ-02", b"GCJ02", b"bd09", b"BD-09", "火星坐标".encode("gbk")])
def test_a_shifted_datum_is_said_and_not_corrected(tmp_path: Path, datum: bytes) -> None:
    """The place stays as written, with the datum beside it."""
    place = [*PLACE["equator"], text(18, datum)]
    found = look(tmp_path, with_exif(exif_block([text(0x010F, b"Unit")], [TAKEN], place)))
    check = named(found, "exif_place")

    assert (check.code, check.severity) == ("exif-datum-shifted", Severity.REMARK)
    assert found.facts.gps is not None
    assert found.facts.gps.lon_e7 == 94_500_000
    assert look(tmp_path, jpeg(64, 64)).facts.gps is not None
    assert (
        named(
            look(tmp_path, with_exif(exif_block([], [], [*PLACE["equator"], text(18, b"WGS-84")]))),
            "exif_place",
        ).code
        == ""
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_names_of_makers_are_read(tmp_path: Path, encoding: str) -> None:
    """海康威视 is readable in either encoding of a field that the standard calls ASCII."""
    main = [text(0x010F, "海康威视".encode(encoding)), text(0x010E, "现场照片 解放路口".encode(encoding))]
    facts = look(tmp_path, with_exif(exif_block(main, [TAKEN]))).facts.exif

    assert facts is not None
    assert (facts.make, facts.description) == ("海康威视", "现场照片 解放路口")


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\x00" + "现场".encode("utf-16-le"),
        b"UNICODE\x00" + "现场".encode("utf-16"),
        b"ASCII\x00\x00\x00" + "现场".encode("gbk"),
        bytes(8) + "现场".encode(),
    ],
)
def test_comments_are_read_by_their_heads(tmp_path: Path, comment: bytes) -> None:
    """Eight bytes name the encoding; a field of Windows is UTF-16."""
    block = exif_block([text(0x010F, b"Unit")], [(0x9286, 7, len(comment), comment)])
    title = "标题".encode("utf-16-le") + b"\x00\x00"
    wide = exif_block([(0x9C9B, 1, len(title), title)], [TAKEN])
    facts, titled = (look(tmp_path, with_exif(one)).facts.exif for one in (block, wide))

    assert facts is not None
    assert facts.comment == "现场"
    assert titled is not None
    assert titled.description == "标题"


@pytest.mark.parametrize(
    "name",
    [
        "photo-chinese-text",
        "photo-datum-gcj02",
        "photo-gps-undefined",
        "photo-date-empty",
        "photo-null-island",
    ],
)
def test_photos_from_the_field_are_sound(tmp_path: Path, name: str) -> None:
    """Each once broke a product; none is more than a remark here."""
    for path in case(name):
        found = look(tmp_path, path.read_bytes(), path.name)
        assert alarms(found) == [], path.name
        assert named(found, "examined").outcome is Outcome.VERIFIED, path.name
        assert found.derivatives, path.name


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (with_exif(exif_block([text(0x0131, b"Adobe Photoshop 25.0")])), "edited-by-software"),
        (with_exif(exif_block([text(0x0131, "美图秀秀".encode())])), "edited-by-software"),
        (with_exif(exif_block([text(0x0131, b"HUAWEI P60 4.0.0")])), ""),
        (with_xmp('<rdf:Description><xmpMM:History><rdf:Seq><rdf:li stEvt:softwareAgent="GIMP 2.10"/></rdf:Seq>'
                  "</xmpMM:History></rdf:Description>"), "edited-by-software"),
        (segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x10\x1c\x02\x41\x00\x0bACDSee Pro6"),
         "edited-by-software"),
        (segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "xmp-unreadable"),
        (jpeg(320, 240), ""),
    ],
)  # fmt: skip
def test_traces_of_editing_are_remarked_on(tmp_path: Path, payload: bytes, code: str) -> None:
    """An editor that names itself, in Exif, XMP or IPTC; the firmware of a camera is none."""
    found = named(look(tmp_path, payload), "edits")

    assert found.code == code
    assert found.severity is (Severity.REMARK if code else Severity.NONE)


def test_a_thumbnail_of_another_shape_is_remarked_on(tmp_path: Path) -> None:
    """A square thumbnail in a wide photo; one that a camera filled up with black bars is none."""

    def carrying(width: int, height: int) -> bytes:
        small = plain_jpeg(width, height)
        head = b"Exif\x00\x00II*\x00" + struct.pack("<IHI", 8, 0, 14)
        entries = [longs(0x0201, 8 + 6 + 2 + 3 * 12 + 4), longs(0x0202, len(small)), longs(0x0103, 6)]
        body = struct.pack("<H", 3) + b"".join(
            struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in sorted(entries)
        )
        return with_exif(head + body + bytes(4) + small, plain_jpeg(640, 240))

    assert named(look(tmp_path, carrying(128, 128)), "edits").code == "thumbnail-misfit"
    assert named(look(tmp_path, carrying(160, 60)), "edits").code == ""
    assert named(look(tmp_path, carrying(160, 120)), "edits").code == ""


def test_a_block_that_cannot_be_read_was_not_examined(tmp_path: Path) -> None:
    """The picture of a photo with broken XMP stands; that its words were read is not said."""
    broken = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<a><b></a>")
    found = look(tmp_path, broken)

    assert named(found, "container").outcome is Outcome.VERIFIED
    assert (named(found, "examined").outcome, alarms(found)) == (Outcome.NOT_CHECKED, [])


FUZZED = [jpeg(48, 32, with_exif=exif()), several(plain_jpeg(16, 16)), dng(32, 24), *SAMPLES.values()]


@hypothesis_settings(max_examples=150)
@given(st.sampled_from(FUZZED), st.integers(0, 2**32), st.integers(1, 12))
def test_no_mutation_raises(payload: bytes, seed: int, changes: int) -> None:
    """Whatever a file says, a look at it ends in an answer."""
    mutated, chance = bytearray(payload), random.Random(seed)
    for _ in range(changes):
        at = chance.randrange(len(mutated))
        mutated[at : at + chance.choice((1, 1, 4))] = chance.choice(
            (b"\xff", b"\x00", chance.randbytes(4), b"")
        )
        mutated = mutated or bytearray(b"\x00")
    with Scratch(bytes(mutated)) as path:
        assert probe(path, filename="a.jpg", limits=Limits()).checks


class Scratch:
    """A file in memory, by a path that a look can open."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    def __enter__(self) -> Path:
        import os  # noqa: PLC0415 - here alone

        self.descriptor = os.memfd_create("scratch")
        os.write(self.descriptor, self.payload)
        return Path(f"/proc/self/fd/{self.descriptor}")

    def __exit__(self, *args: object) -> None:
        import os  # noqa: PLC0415 - here alone

        os.close(self.descriptor)


def test_the_pictures_of_these_tests_are_large_enough() -> None:
    """A hole of four kilobytes has to fit into them."""
    assert pixels(4, 4).shape == (4, 4, 3)
    assert len(plain_jpeg(800, 600)) > 100_000


def test_what_fills_a_scan_is_taken_away_in_one_pass() -> None:
    """Zeros before a restart or the end go, those behind FF are code; sixteen mebibytes of them take no longer a look.

    A pattern that tries every place of a run anew took a quarter of a minute for 64 KiB, and would not end here.
    """
    scan, work = b"\xff\xd8\xff\xda\x00\x02ab", Work(SLOW)

    assert without_padding(scan + b"\x01\x00\x00\xff\xd0\x02\xff\x00\x00\xff\xd9", work) == (
        scan + b"\x01\xff\xd0\x02\xff\x00\xff\xd9"
    )
    assert without_padding(scan + b"\x01\x00\x00\x00\xff\xd9", work, 2) == scan + b"\x01\x00\xff\xd9"
    assert without_padding(scan + b"\x01\x00\xff\xd9", work, 2) == scan + b"\x01\x00\xff\xd9"
    assert without_padding(scan + b"\x01" + bytes(16 << 20) + b"\xff\xd9", work) == scan + b"\x01\xff\xd9"
    assert without_padding(b"\xff\xd8\x00\x00\xff\xd9", work) == b"\xff\xd8\x00\x00\xff\xd9"
