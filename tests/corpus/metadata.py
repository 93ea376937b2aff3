"""What photos say about themselves: odd and sound, and impossible."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from random import Random

from tests.corpus.kinds import Broken, Whole
from tests.corpus.photo_whole import CODERS, saved, still
from tests.corpus.scenes import image
from tests.media import exif
from tests.media_stills import (
    archive,
    exif_block,
    program,
    rationals,
    segment,
    shorts,
    text,
    with_exif,
    with_xmp,
)

MAKERS = (
    ("Apple", "iPhone 15"), ("HUAWEI", "ALN-AL00"), ("Xiaomi", "23127PN0CC"), ("samsung", "SM-S9280"), ("DJI", "FC3582"),
    ("HIKVISION", "DS-MCW405"), ("Canon", "Canon EOS R6"), ("海康威视", "执法记录仪"), ("", ""),
)  # fmt: skip
Place = tuple[tuple[int, int], ...]
LAT: Place = ((31, 1), (20, 1), (4411, 100))
LON: Place = ((120, 1), (27, 1), (2410, 100))


def _place(
    lat: Place = LAT, lon: Place = LON, ns: bytes = b"N", ew: bytes = b"E"
) -> list[tuple[int, int, int, bytes]]:
    return [text(1, ns), rationals(2, *lat), text(3, ew), rationals(4, *lon)]


def _photo(
    *, taken: bytes | None = b"2026:09:01 09:30:00", place: list[tuple[int, int, int, bytes]] | None = None,
    main: list[tuple[int, int, int, bytes]] | None = None, more: list[tuple[int, int, int, bytes]] | None = None,
) -> bytes:  # fmt: skip
    stated = ([text(0x9003, taken)] if taken is not None else []) + (more or [])
    return with_exif(exif_block(main or [], stated, _place() if place is None else place), still("jpeg"))


def _of_maker(make: str, model: str, encoding: str) -> bytes:
    main = [text(0x010F, make.encode(encoding)), text(0x0110, model.encode(encoding)), shorts(0x0112, 1)]
    return _photo(main=main)


SOUND: dict[str, Callable[[], bytes]] = {
    "no exif": lambda: still("jpeg"),
    "date of zeros": partial(_photo, taken=b"0000:00:00 00:00:00"),
    "date of blanks": partial(_photo, taken=b"    :  :     :  :  "),
    "day unknown": partial(_photo, taken=b"2026:09:00 00:00:00"),
    "date with dashes": partial(_photo, taken=b"2026-09-01 09:30:00"),
    "date like an instant": partial(_photo, taken=b"2026:09:01T09:30:00"),
    "no date": partial(_photo, taken=None),
    "place of 0/0": partial(_photo, place=_place(((0, 0),) * 3, ((0, 0),) * 3)),
    "place of zeros": partial(_photo, place=_place(((0, 1),) * 3, ((0, 1),) * 3)),
    "on the equator": partial(_photo, place=_place(((0, 1),) * 3)),
    "on the meridian": partial(_photo, place=_place(lon=((0, 1),) * 3)),
    "at the pole": partial(_photo, place=_place(((90, 1), (0, 1), (0, 1)))),
    "at the date line": partial(_photo, place=_place(lon=((180, 1), (0, 1), (0, 1)))),
    "minutes with a fraction": partial(_photo, place=_place(((31, 1), (203_456, 10_000), (0, 1)))),
    "degrees with a fraction": partial(_photo, place=_place(((313_456_789, 10_000_000), (0, 1), (0, 1)))),
    "south and west": partial(_photo, place=_place(ns=b"S", ew=b"W")),
    "datum of maps": partial(_photo, place=[*_place(), text(18, b"GCJ-02")]),
    "datum WGS-84": partial(_photo, place=[*_place(), text(18, b"WGS-84")]),
    "height undefined": partial(_photo, place=[*_place(), rationals(6, (0, 0))]),
    "below the sea": partial(_photo, place=[*_place(), (5, 1, 1, b"\x01"), rationals(6, (43, 10))]),
    "time of satellites": partial(
        _photo, place=[*_place(), rationals(7, (1, 1), (30, 1), (0, 1)), text(29, b"2026:09:01")]
    ),
    "place without time": partial(_photo, taken=None, place=_place()),
    "no place": partial(_photo, place=[]),
    "zone stated": partial(_photo, more=[text(0x9011, b"+08:00"), text(0x9291, b"123")]),
    "zone of blanks": partial(_photo, more=[text(0x9011, b"   :  ")]),
    "maker's note": partial(_photo, more=[(0x927C, 7, 600, b"MAKER\0" + bytes(range(198)) * 3)]),
    "comment": partial(_photo, more=[(0x9286, 7, 20, b"ASCII\0\0\0patrol unit7")]),
    "comment in UTF-16": partial(
        _photo, more=[(0x9286, 7, 16, b"UNICODE\0" + "巡查七组".encode("utf-16-le"))]
    ),
    "title for Windows": partial(_photo, main=[(0x9C9B, 1, 10, "巡查七组\0".encode("utf-16-le"))]),
    "software of a phone": partial(_photo, main=[text(0x0131, b"ALN-AL00 4.0.0.126(C00E120R6P5)")]),
    "an editor": partial(_photo, main=[text(0x0131, b"Adobe Photoshop 25.0 (Windows)")]),
    "xmp of an editor": lambda: with_xmp('<rdf:Description xmpMM:DocumentID="xmp.did:1"/>', still("jpeg")),
    "xmp broken": lambda: segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><a></b>", still("jpeg")),
    "orientation of nonsense": partial(_photo, main=[shorts(0x0112, 77)]),
}


def _of_coder(coder: str, turned: int) -> bytes:
    kind = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF", "avif": "AVIF"}[CODERS[coder][0][2:]]
    more = {"speed": 9} if kind == "AVIF" else {}
    return saved(image(), kind, exif=exif(orientation=turned), **more)


def wholes() -> Iterator[Whole]:
    """Photos whose own words are odd and no reason for an alarm."""
    for kind, make in SOUND.items():
        yield Whole("metadata", kind, "a.jpg", make)
    for make_, model in MAKERS:
        for encoding in ("utf-8", "gbk"):
            made = partial(_of_maker, make_, model, encoding)
            yield Whole("metadata", f"{model or 'nameless'} in {encoding}", "a.jpg", made)
    for coder in ("jpeg", "png", "webp", "tiff", "avif"):
        for turned in (1, 3, 6, 8):
            made_ = partial(_of_coder, coder, turned)
            yield Whole("metadata", f"exif in {coder}, turned {turned}", CODERS[coder][0], made_)


@cache
def _signed() -> bytes:
    from tests.media_credentials import signed_jpeg  # noqa: PLC0415 - makes keys when it is loaded

    return signed_jpeg(still("jpeg"))


def _altered(chance: Random) -> bytes:
    """A credential is there, and the picture was saved anew under it."""
    whole = bytearray(_signed())
    at = len(whole) - chance.randrange(400, 4_000)
    whole[at] ^= 1 << chance.randrange(7)
    return bytes(whole)


def _impossible(chance: Random) -> bytes:
    dates = (
        b"2026:13:01 09:30:00",
        b"2026:02:30 09:30:00",
        b"2026:09:01 25:00:00",
        b"1926:09:01 09:30:00",
        b"yesterday",
    )
    return _photo(taken=chance.choice(dates))


def _off_globe(chance: Random) -> bytes:
    if chance.random() < 0.5:
        return _photo(place=_place(((chance.randint(91, 400), 1), (0, 1), (0, 1))))
    return _photo(place=_place(lon=((chance.randint(181, 900), 1), (0, 1), (0, 1))))


def _behind(base: str, body: Callable[[Random], bytes], chance: Random) -> bytes:
    return still(base) + body(chance)


HIDDEN: dict[str, Callable[[Random], bytes]] = {
    "zip": lambda chance: archive(),
    "zip after zeros": lambda chance: bytes(chance.randint(10, 900)) + archive(),
    "rar": lambda chance: b"Rar!\x1a\x07\x01\x00" + chance.randbytes(900),
    "7z": lambda chance: b"7z\xbc\xaf\x27\x1c\x00\x04" + chance.randbytes(900),
    "pdf": lambda chance: b"%PDF-1.7\n" + chance.randbytes(900),
    "windows program": lambda chance: program(),
    "linux program": lambda chance: b"\x7fELF\x02\x01\x01" + bytes(60) + chance.randbytes(300),
    "php": lambda chance: b"\n<?php system($_GET['c']); ?>",
    "script": lambda chance: b"<html><script>alert(1)</script></html>",
}
HIDES = ("jpeg", "png", "gif", "webp", "tiff")


def brokens() -> Iterator[Broken]:
    """Photos whose own words cannot be, and what is hidden behind a photo."""
    yield Broken(
        "metadata",
        "a date of no calendar",
        "a.jpg",
        _impossible,
        frozenset({"exif-date-impossible"}),
        times=8,
    )
    yield Broken(
        "metadata",
        "a place off the globe",
        "a.jpg",
        _off_globe,
        frozenset({"exif-place-impossible"}),
        times=8,
    )
    yield Broken(
        "metadata", "credentials of another picture", "a.jpg", _altered, frozenset({"c2pa-altered"}), times=2
    )
    for base in HIDES:
        for what, body in HIDDEN.items():
            made = partial(_behind, base, body)
            yield Broken(
                "metadata", f"{what} behind {base}", CODERS[base][0], made, frozenset({"still-hidden-file"})
            )
        large = partial(_behind, base, lambda chance: chance.randbytes(chance.randint(300_000, 500_000)))
        yield Broken(
            "metadata", f"noise behind {base}", CODERS[base][0], large, frozenset({"still-large-trailer"})
        )
    for what, body_ in {"php": b"<?php echo 1; ?>", "script": b"<script>alert(1)</script>"}.items():
        made = partial(_in_comment, body_)
        yield Broken("metadata", f"{what} in a comment", "a.jpg", made, frozenset({"still-hidden-file"}))


def _in_comment(body: bytes, chance: Random) -> bytes:
    return segment(0xFE, body, still("jpeg"))
