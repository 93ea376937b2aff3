"""Photos that are sound: every format and coder at hand, and what phones, cameras and programs do around them."""

import io
import struct
from collections.abc import Callable, Iterator
from functools import cache, partial

from PIL import Image, ImageCms, PngImagePlugin

from tests.corpus.kinds import Whole
from tests.corpus.scenes import SCENES, image
from tests.media import SHARED, exif
from tests.media_stills import chunk, dng, plain_jpeg, segment, several, video, with_xmp
from workers.media.sandbox.samples import SAMPLES

Coder = tuple[str, Callable[[Image.Image], bytes]]


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as Pillow writes it."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _coder(kind: str, mode: str = "", **options: object) -> Callable[[Image.Image], bytes]:
    return lambda picture: saved(picture.convert(mode) if mode else picture, kind, **options)


CODERS: dict[str, Coder] = {
    "jpeg": ("a.jpg", _coder("JPEG", quality=90)),
    "jpeg rough": ("a.jpg", _coder("JPEG", quality=40)),
    "jpeg fine": ("a.jpeg", _coder("JPEG", quality=97, subsampling=0)),
    "jpeg 4:2:2": ("a.jpg", _coder("JPEG", quality=85, subsampling=1)),
    "jpeg progressive": ("a.jpg", _coder("JPEG", quality=88, progressive=True)),
    "jpeg optimised": ("a.jpg", _coder("JPEG", quality=88, optimize=True)),
    "jpeg restarts": ("a.jpg", _coder("JPEG", quality=88, restart_marker_blocks=4)),
    "jpeg restart rows": ("a.jpg", _coder("JPEG", quality=88, restart_marker_rows=1, subsampling=0)),
    "jpeg grey": ("a.jpg", _coder("JPEG", "L", quality=88)),
    "jpeg cmyk": ("a.jpg", _coder("JPEG", "CMYK", quality=88)),
    "png": ("a.png", _coder("PNG")),
    "png fast": ("a.png", _coder("PNG", compress_level=1)),
    "png stored": ("a.png", _coder("PNG", compress_level=0)),
    "png alpha": ("a.png", _coder("PNG", "RGBA")),
    "png palette": ("a.png", _coder("PNG", "P")),
    "png grey": ("a.png", _coder("PNG", "L")),
    "png grey alpha": ("a.png", _coder("PNG", "LA")),
    "png one bit": ("a.png", _coder("PNG", "1")),
    "gif": ("a.gif", _coder("GIF")),
    "gif grey": ("a.gif", _coder("GIF", "L")),
    "webp": ("a.webp", _coder("WEBP", quality=85)),
    "webp rough": ("a.webp", _coder("WEBP", quality=20, method=0)),
    "webp lossless": ("a.webp", _coder("WEBP", lossless=True)),
    "webp alpha": ("a.webp", _coder("WEBP", "RGBA", quality=80)),
    "tiff": ("a.tif", _coder("TIFF")),
    "tiff lzw": ("a.tif", _coder("TIFF", compression="tiff_lzw")),
    "tiff deflate": ("a.tiff", _coder("TIFF", compression="tiff_adobe_deflate")),
    "tiff packbits": ("a.tif", _coder("TIFF", compression="packbits")),
    "tiff jpeg": ("a.tif", _coder("TIFF", compression="jpeg", quality=90)),
    "tiff grey": ("a.tif", _coder("TIFF", "L")),
    "tiff fax": ("a.tif", _coder("TIFF", "1", compression="group4")),
    "tiff fax by rows": ("a.tif", _coder("TIFF", "1", compression="group3")),
    "tiff fax by two rows": ("a.tif", _coder("TIFF", "1", compression="group3", tiffinfo={292: 1})),
    "tiff fax of runs": ("a.tif", _coder("TIFF", "1", compression="tiff_ccitt")),
    "tiff big": ("a.tif", _coder("TIFF", big_tiff=True)),
    "avif": ("a.avif", _coder("AVIF", quality=80, speed=9)),
    "avif rough": ("a.avif", _coder("AVIF", quality=30, speed=9)),
    "avif 4:4:4": ("a.avif", _coder("AVIF", quality=80, speed=9, subsampling="4:4:4")),
}
FLAT_IS_EMPTY = ("document",)


@cache
def still(coder: str, scene: str = "street", wide: int = 240, high: int = 176) -> bytes:
    """One scene by one coder."""
    return CODERS[coder][1](image(scene, wide, high))


@cache
def moving(kind: str, frames: int = 4) -> bytes:
    """A picture of several frames."""
    shown = [image("street").crop((n * 8, 0, n * 8 + 160, 120)) for n in range(frames)]
    return saved(shown[0], kind, save_all=True, append_images=shown[1:], duration=100)


def _icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _png_words() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "unit 7")
    words.add_itxt("Title", "巡查", "zh", "标题")
    words.add_text("Software", "x" * 2_000, zip=True)
    return saved(image(), "PNG", pnginfo=words, dpi=(300, 300), exif=exif(), icc_profile=_icc())


def _deep() -> bytes:
    return saved(image().convert("I").point(lambda value: value * 200).convert("I;16"), "PNG")


def _filled(whole: bytes) -> bytes:
    """Fill bytes before a marker, as some cameras align their segments (ITU-T T.81, B.1.1.2)."""
    at = whole.index(b"\xff\xdb")
    return whole[:at] + b"\xff\xff\xff" + whole[at:]


QUIRKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jfif thumbnail none, comment": ("a.jpg", lambda: segment(0xFE, b"made by unit 7", still("jpeg"))),
    "comment in Chinese": ("a.jpg", lambda: segment(0xFE, "车牌 苏B·12345".encode("gbk"), still("jpeg"))),
    "icc profile": ("a.jpg", lambda: saved(image(), "JPEG", icc_profile=_icc())),
    "several profiles' worth": ("a.jpg", lambda: saved(image(), "JPEG", icc_profile=_icc() + bytes(90_000))),
    "dpi": ("a.jpg", lambda: saved(image(), "JPEG", dpi=(300, 300))),
    "xmp": ("a.jpg", lambda: with_xmp('<rdf:Description xmpMM:DocumentID="a"/>', still("jpeg"))),
    "fill bytes": ("a.jpg", lambda: _filled(still("jpeg"))),
    "maker's segment": ("a.jpg", lambda: segment(0xEB, b"HDR_RI ver=11" + bytes(400), still("jpeg"))),
    "maker's large segment": ("a.jpg", lambda: segment(0xE5, bytes(range(256)) * 200, still("jpeg"))),
    "three maker's segments": (
        "a.jpg",
        lambda: segment(
            0xE4, b"\x01" * 60_000, segment(0xE4, b"\x02" * 60_000, segment(0xE3, b"x", still("jpeg")))
        ),
    ),
    "picture index": ("a.jpg", lambda: several(plain_jpeg(160, 120), first=still("jpeg"))),
    "gain map and depth": (
        "a.jpg",
        lambda: several(plain_jpeg(80, 60), plain_jpeg(64, 48), first=still("jpeg")),
    ),
    "index astray": ("a.jpg", lambda: several(plain_jpeg(160, 120), first=still("jpeg"), shift=77)),
    "motion photo": ("MVIMG_1.jpg", lambda: still("jpeg") + video()),
    "maker's trailer": ("a.jpg", lambda: still("jpeg") + b"\x00\x00\x01\x0amagic MotionPhoto_Data SEFH SEFT"),
    "live photo mark": ("a.jpg", lambda: still("jpeg") + video() + b"v3_f31" + b" " * 14 + b"LIVE_1234567"),
    "zeros behind": ("a.jpg", lambda: still("jpeg") + bytes(32_768)),
    "ones behind": ("a.jpg", lambda: still("jpeg") + b"\xff" * 4096),
    "line end behind": ("a.jpg", lambda: still("jpeg") + b"\r\n"),
    "words behind": ("a.jpg", lambda: still("jpeg") + b"unit 7, watermark=a1b2c3"),
    "one pixel": ("a.jpg", lambda: saved(Image.new("RGB", (1, 1), (90, 100, 110)), "JPEG")),
    "odd sizes": ("a.jpg", lambda: still("jpeg", "street", 237, 131)),
    "panorama": ("a.jpg", lambda: still("jpeg", "street", 1600, 48)),
    "upper case ending": ("IMG_0001.JPG", lambda: still("jpeg")),
    "png words": ("a.png", _png_words),
    "png deep": ("a.png", _deep),
    "png moving": ("a.png", lambda: moving("PNG")),
    "png private chunk": (
        "a.png",
        lambda: still("png")[:33] + chunk(b"prVt", b"anything") + still("png")[33:],
    ),
    "png zeros behind": ("a.png", lambda: still("png") + bytes(100)),
    "png transparent colour": ("a.png", lambda: saved(image(), "PNG", transparency=(1, 2, 3))),
    "gif moving": ("a.gif", lambda: moving("GIF")),
    "gif comment": ("a.gif", lambda: saved(image(), "GIF", comment=b"unit 7")),
    "gif interlaced": ("a.gif", lambda: saved(image(), "GIF", interlace=1)),
    "webp moving": ("a.webp", lambda: moving("WEBP")),
    "webp with all": (
        "a.webp",
        lambda: saved(
            image(), "WEBP", exif=exif(), icc_profile=_icc(), xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
        ),
    ),
    "tiff pages": ("a.tif", lambda: moving("TIFF")),
    "tiff with exif": ("a.tif", lambda: saved(image(), "TIFF", exif=exif())),
    "tiff profile": ("a.tif", lambda: saved(image(), "TIFF", icc_profile=_icc(), dpi=(600, 600))),
    "avif with exif": ("a.avif", lambda: saved(image(), "AVIF", speed=9, exif=exif(), icc_profile=_icc())),
    "avif alpha": ("a.avif", lambda: saved(image().convert("RGBA"), "AVIF", speed=9)),
    "avif moving": ("a.avif", lambda: moving("AVIF")),
    "heic": ("a.heic", lambda: SAMPLES["a.heic"]),
    "sample dng": ("a.dng", lambda: SAMPLES["a.dng"]),
    "dng": ("IMG_0001.DNG", lambda: dng(640, 480)),
    "dng small": ("a.dng", lambda: dng(160, 120)),
    **{f"dng turned {n}": ("a.dng", partial(dng, 320, 240, orientation=n)) for n in (3, 6, 8)},
}


def _with_exif(kind: str, orientation: int, place: tuple[int, int] | None, offset: str | None) -> bytes:
    return saved(image(), kind, exif=exif(orientation=orientation, place=place, offset=offset))


def wholes() -> Iterator[Whole]:
    """Every sound photo."""
    for coder, (name, _) in CODERS.items():
        for shown in SCENES:
            yield Whole("photo", f"{coder}, {shown}", name, partial(still, coder, shown))
        yield Whole("photo", f"{coder}, narrow", name, partial(still, coder, "street", 97, 53))
    for quirk, (name, make) in QUIRKS.items():
        yield Whole("photo", quirk, name, make)
    for kind, name in {"JPEG": "a.jpg", "PNG": "a.png", "WEBP": "a.webp"}.items():
        for orientation in range(1, 9):
            made = partial(_with_exif, kind, orientation, (313_456_789, 1_204_567_890), "+08:00")
            yield Whole("photo", f"{kind} orientation {orientation}", name, made)
        far = partial(_with_exif, kind, 1, (-338_000_000, -704_000_000), None)
        yield Whole("photo", f"{kind} far south and west", name, far)
    for path in sorted(SHARED.glob("*")) if SHARED.is_dir() else []:
        if path.suffix.lower() in {".jpg", ".heic"} and "E-sig" not in path.name:
            yield Whole("photo", f"recording {path.name}", path.name, path.read_bytes)


def stuffed(whole: bytes, kind: bytes, body: bytes) -> bytes:
    """A chunk behind the last one of a RIFF file; its size is told."""
    longer = whole + kind + struct.pack("<I", len(body)) + body + bytes(len(body) & 1)
    return longer[:4] + struct.pack("<I", len(longer) - 8) + longer[8:]
