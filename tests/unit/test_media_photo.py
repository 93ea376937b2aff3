"""Stills: strict decoding, the gate on dimensions, Exif as integers and raw text."""

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from schemas.integrity import CheckResult, Outcome, Severity, Verdict
from schemas.verdict import verdict
from tests.heif import enlarged
from tests.media import (
    LAT_E7,
    LON_E7,
    exif,
    flipped_png,
    jpeg,
    jpeg_bomb,
    pixels,
    png,
    png_bomb,
    stray_jpeg,
    truncated_jpeg,
    zeroed_jpeg,
)  # fmt: skip
from workers.media.metadata.exif import parse_exif_time
from workers.media.probe import probe
from workers.media.result import Limits, Probe, Stop
from workers.media.still.jpeg import decode_jpeg, scale_for
from workers.media.work import SLOW, Lane, Work


def look(tmp_path: Path, payload: bytes, name: str = "photo.jpg", **limits: int) -> Probe:
    path = tmp_path / "file"
    path.write_bytes(payload)
    return probe(path, filename=name, limits=Limits(**limits))


def named(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


def test_a_sound_photo_says_what_it_is(tmp_path: Path) -> None:
    """Size, maker, place, local time and UTC are read, and nothing is remarked on."""
    found = look(tmp_path, jpeg(640, 480, with_exif=exif(taken="2026:09:01 09:30:00")))

    assert [check.code for check in found.checks if check.code] == []
    assert (found.facts.width, found.facts.height) == (640, 480)
    assert found.facts.gps is not None
    assert (found.facts.gps.lat_e7, found.facts.gps.lon_e7) == (LAT_E7, LON_E7)
    assert found.facts.exif is not None
    assert found.facts.exif.datetime_original == "2026:09:01 09:30:00"
    assert str(found.facts.exif.captured_at) == "2026-09-01 01:30:00+00:00"


@pytest.mark.parametrize("payload", [truncated_jpeg(), zeroed_jpeg()], ids=["truncated", "zeros"])
def test_a_damaged_jpeg_is_found_and_still_shown(tmp_path: Path, payload: bytes) -> None:
    """Damage inside the scan is a mismatch of the container, doubtful and not quarantined, with a thumbnail."""
    found = look(tmp_path, payload)
    check = named(found, "container")

    assert (check.outcome, check.code) == (Outcome.MISMATCH, "jpeg-damaged")
    assert verdict(found.checks) is Verdict.DOUBTFUL
    assert [one.kind for one in found.derivatives] == ["thumbnail"]


def test_a_large_photo_is_decoded_small_and_as_strictly(tmp_path: Path) -> None:
    """At 1/8 every entropy-coded byte is still read: zeros in a large photo are found, the picture is small."""
    whole = jpeg(4032, 400)
    met, seen = decode_jpeg(whole, space="YCbCr", scale=scale_for(4032, 400, longest_px=512), work=Work(SLOW))
    middle = len(whole) // 2
    broken = whole[:middle] + bytes(65_536) + whole[middle + 65_536 :]

    assert met is None
    assert seen is not None
    assert seen.shape == (50, 504, 3)
    assert named(look(tmp_path, broken), "container").code == "jpeg-damaged"


def test_the_zeros_are_what_other_readers_accept() -> None:
    """The damage that we find is of the kind that Pillow loads without a word."""
    Image.open(io.BytesIO(zeroed_jpeg())).load()


def test_a_cut_photo_with_an_end_marker_is_found(tmp_path: Path) -> None:
    """An end marker glued to a cut photo does not make it whole."""
    check = named(look(tmp_path, truncated_jpeg() + b"\xff\xd9"), "container")

    assert check.code == "jpeg-damaged"


def test_a_colour_space_nobody_knows_is_damage(tmp_path: Path) -> None:
    """A header with absurd sampling factors is a finding, not an error of ours."""
    payload = bytearray(jpeg(64, 64))
    at = payload.index(b"\xff\xc0")
    payload[at + 11] = 0x43

    assert named(look(tmp_path, bytes(payload)), "container").code == "jpeg-damaged"


def test_stray_bytes_in_the_header_are_a_remark(tmp_path: Path) -> None:
    """Two bytes too many between header segments are no damage, and the rest is still decoded strictly."""
    assert named(look(tmp_path, stray_jpeg()), "container").code == "jpeg-stray-bytes"

    whole = stray_jpeg()
    assert named(look(tmp_path, whole[: len(whole) // 2]), "container").code == "jpeg-damaged"


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 4}])
def test_every_usual_kind_of_jpeg_passes(tmp_path: Path, options: dict[str, object]) -> None:
    """Progressive, 4:4:4 and restart-marked photos are sound."""
    assert named(look(tmp_path, jpeg(320, 240, **options)), "container").code == ""


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_photos_get_a_thumbnail(tmp_path: Path, mode: str) -> None:
    """Scans in grey or print colours are decoded strictly as well."""
    out = io.BytesIO()
    Image.fromarray(pixels(160, 120)).convert(mode).save(out, "JPEG")
    found = look(tmp_path, out.getvalue())

    assert named(found, "container").outcome is Outcome.VERIFIED
    assert found.derivatives[0].width == 160


@pytest.mark.parametrize(("payload", "name"), [(jpeg_bomb(), "a.jpg"), (png_bomb(), "a.png")])
def test_a_bomb_is_not_decoded(tmp_path: Path, payload: bytes, name: str) -> None:
    """A header that claims 4,000 megapixels stops at the gate: not checked, size reported, no picture made."""
    found = look(tmp_path, payload, name)
    check = named(found, "container")

    assert (check.outcome, check.code, check.params["megapixels"]) == (
        Outcome.NOT_CHECKED,
        "image-too-large",
        3969,
    )
    assert found.facts.width == 63_000
    assert found.derivatives == ()


def test_a_still_over_the_byte_limit_is_not_read(tmp_path: Path) -> None:
    """A still larger than the limit is not loaded into memory."""
    check = named(look(tmp_path, jpeg(320, 240), still_bytes=1000), "container")

    assert (check.outcome, check.code) == (Outcome.NOT_CHECKED, "file-too-large")


def test_a_png_passes_and_one_flipped_bit_does_not(tmp_path: Path) -> None:
    """The CRC of every PNG chunk is checked."""
    assert named(look(tmp_path, png(), "a.png"), "container").outcome is Outcome.VERIFIED
    assert named(look(tmp_path, flipped_png(), "a.png"), "container").code == "image-damaged"


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "TIFF"])
def test_other_stills_pass_whole_and_fail_cut(tmp_path: Path, fmt: str) -> None:
    """GIF, WebP and TIFF are decoded fully; half of one is damaged."""
    out = io.BytesIO()
    Image.fromarray(pixels(200, 150)).save(out, fmt)
    name = f"a.{fmt.lower()}"

    assert named(look(tmp_path, out.getvalue(), name), "container").outcome is Outcome.VERIFIED
    cut = out.getvalue()[: len(out.getvalue()) // 2]
    assert named(look(tmp_path, cut, name), "container").code == "media-truncated"


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))],
)
def test_the_thumbnail_stands_upright(tmp_path: Path, orientation: int, corner: tuple[int, int]) -> None:
    """The stored top-left corner appears where each of the eight Exif orientations puts it."""
    image = Image.new("RGB", (96, 64), "black")
    image.paste("white", (0, 0, 24, 24))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif(orientation=orientation))
    shown = Image.open(io.BytesIO(look(tmp_path, out.getvalue()).derivatives[0].payload)).convert("L")
    width, height = shown.size
    spots = {
        (x, y): shown.getpixel((5 + x * (width - 11), 5 + y * (height - 11))) for x in (0, 1) for y in (0, 1)
    }

    assert max(spots, key=lambda spot: spots[spot]) == corner
    assert shown.size == ((64, 96) if orientation > 4 else (96, 64))


def test_a_thumbnail_is_512_on_its_longer_side_and_carries_no_exif(tmp_path: Path) -> None:
    """Derivatives are small and carry no place."""
    made = look(tmp_path, jpeg(720, 540)).derivatives[0]
    shown = Image.open(io.BytesIO(made.payload))

    assert shown.size == (made.width, made.height) == (512, 384)
    assert not shown.getexif()


@pytest.mark.parametrize(
    "taken",
    ["2026:13:45 27:61:00", "2026:02:30 10:00:00", "1969:01:01 00:00:00", "yesterday"],
)
def test_an_impossible_date_is_a_finding_and_kept(tmp_path: Path, taken: str) -> None:
    """A date that cannot exist is remarked on, and its text is kept as written."""
    found = look(tmp_path, jpeg(64, 64, with_exif=exif(taken=taken)))
    check = named(found, "exif_time")

    assert (check.code, check.severity, check.params["raw"]) == ("exif-date-impossible", Severity.WARN, taken)
    assert found.facts.exif is not None
    assert (found.facts.exif.datetime_original, found.facts.exif.captured_at) == (taken, None)


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "1997:05:     :  :  ", "2021:07:00 00:00:00", "2021:07:03   :  :  "]
)
def test_half_a_date_is_no_time(tmp_path: Path, taken: str) -> None:
    """A clock that was never set writes zeros or half a date: a remark with what it wrote, and no time is claimed."""
    found = look(tmp_path, jpeg(64, 64, with_exif=exif(taken=taken)))
    check = named(found, "exif_time")

    assert (check.code, check.severity) == ("exif-date-unset", Severity.REMARK)
    assert check.params["raw"] == taken.strip()
    assert found.facts.exif is not None
    assert (found.facts.exif.datetime_original, found.facts.exif.captured_at) == (None, None)


def test_an_unset_date_is_no_claim(tmp_path: Path) -> None:
    """Blanks between colons mean unknown (Exif 2.32), not a wrong date."""
    found = look(tmp_path, jpeg(64, 64, with_exif=exif(taken="    :  :     :  :  ")))

    assert not any(check.name == "exif_time" for check in found.checks)


def test_a_zone_is_never_guessed() -> None:
    """Without an offset the time stays local; with one it becomes UTC; an impossible offset is no offset."""
    assert parse_exif_time("2026:09:01 09:30:00", None) == (True, None)
    assert parse_exif_time("2026:09:01 09:30:00", "+19:00") == (True, None)
    assert str(parse_exif_time("2026:09:01 09:30:00", "-03:30")[1]) == "2026-09-01 13:00:00+00:00"


def test_south_and_west_are_negative(tmp_path: Path) -> None:
    """References turn into signs."""
    gps = look(tmp_path, jpeg(64, 64, with_exif=exif(place=(-333_400_000, -1_201_500_000)))).facts.gps

    assert gps is not None
    assert (gps.lat_e7, gps.lon_e7) == (-333_400_000, -1_201_500_000)


def test_a_place_off_the_globe_is_a_finding(tmp_path: Path) -> None:
    """Latitude 95 degrees is no place."""
    found = look(tmp_path, jpeg(64, 64, with_exif=exif(place=(950_000_000, 0))))

    assert named(found, "exif_place").code == "exif-place-impossible"
    assert found.facts.gps is None


def test_text_in_exif_is_bounded_and_clean(tmp_path: Path) -> None:
    """Control characters and kilobytes in a maker's name do not reach a database."""
    made = exif()
    made[0x010F] = "A\x01B" + "x" * 5000
    facts = look(tmp_path, jpeg(64, 64, with_exif=made)).facts.exif

    assert facts is not None
    assert facts.make is not None
    assert facts.make.startswith("A Bx")
    assert len(facts.make) == 200


def test_broken_exif_is_said_and_the_picture_still_checked(tmp_path: Path) -> None:
    """A mangled directory is not checked; the container still is."""
    payload = bytearray(jpeg(64, 64))
    at = payload.index(b"Exif\x00\x00") + 6
    payload[at + 4 : at + 40] = b"\xff" * 36
    found = look(tmp_path, bytes(payload))

    assert named(found, "exif").code in {"exif-unreadable", "exif-absent"}
    assert named(found, "container").outcome is Outcome.VERIFIED


def test_a_text_named_jpg_is_not_checked_and_said_to_be_text(tmp_path: Path) -> None:
    """A text file with a photo's name carries the conflict, and its content did not pass."""
    found = look(tmp_path, "现场笔录".encode() * 50)

    assert Counter(check.code for check in found.checks) == {"type-name-conflict": 1, "type-unknown": 1}
    assert named(found, "container").outcome is Outcome.NOT_CHECKED


def test_an_empty_file_fails(tmp_path: Path) -> None:
    """Zero bytes are a finding of their own."""
    assert [check.code for check in look(tmp_path, b"").checks] == ["zero-bytes"]


def test_a_real_heic_is_decoded_upright(media: Path) -> None:
    """A phone's HEIC is decoded, its facts read, and its thumbnail stands as the phone was held."""
    path = media / "iphone_13_pro_max.HEIC"
    found = probe(path, filename=path.name, limits=Limits())

    assert [check.code for check in found.checks if check.code] == []
    assert (found.derivatives[0].width, found.derivatives[0].height) == (384, 512)
    assert found.facts.exif is not None
    assert found.facts.exif.offset_original == "+01:00"


def test_a_heic_of_48_megapixels_is_a_heavy_file_and_is_read_whole(media: Path, tmp_path: Path) -> None:
    """Its tiles take seconds to decode, so that no ordinary photo waits behind them; nothing of it is left out."""
    path = tmp_path / "large.heic"
    path.write_bytes(enlarged((media / "iphone_13_pro_max.HEIC").read_bytes(), 16, 12, (8064, 6048)))

    assert probe(path, filename=path.name, limits=Limits(), lane=Lane.QUICK).stopped is Stop.WORK
    found = probe(path, filename=path.name, limits=Limits(), lane=Lane.SLOW)
    assert [check.code for check in found.checks if check.code] == []
    assert (found.facts.width, found.facts.height) == (6048, 8064)
    assert (found.derivatives[0].width, found.derivatives[0].height) == (384, 512)


def test_a_cut_heic_is_found(media: Path, tmp_path: Path) -> None:
    """Half a HEIC is cut short, whatever the decoder paints."""
    whole = (media / "iphone_13_pro_max.HEIC").read_bytes()

    assert named(look(tmp_path, whole[: len(whole) // 2], "a.heic"), "container").code == "media-truncated"


@pytest.mark.parametrize(("start", "zeros"), [(0.5, 65_536), (0.3, 4096), (0.62, 4096)])
def test_zeros_inside_a_heic_are_found(media: Path, tmp_path: Path, start: float, zeros: int) -> None:
    """Damage inside one tile is found, which the library that shows the photo keeps to itself."""
    whole = bytearray((media / "iphone_13_pro_max.HEIC").read_bytes())
    at = int(len(whole) * start)
    whole[at : at + zeros] = bytes(zeros)
    found = look(tmp_path, bytes(whole), "a.heic")

    assert named(found, "tiles").code == "image-tiles-damaged"
    assert named(found, "container").outcome is Outcome.VERIFIED
