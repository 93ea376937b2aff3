"""Makers of stills: whole ones that look odd, and files inside and behind them. Nothing here is a photo of anybody."""

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

from tests.media import jpeg, pixels

RATIONAL, LONG, SHORT, BYTE, TEXT = 5, 4, 3, 1, 2
Entry = tuple[int, int, int, bytes]
"""Tag, type, count and the value as bytes."""


def shorts(tag: int, *values: int) -> Entry:
    return tag, SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def longs(tag: int, *values: int) -> Entry:
    return tag, LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def text(tag: int, value: bytes) -> Entry:
    return tag, TEXT, len(value) + 1, value + b"\x00"


def rationals(tag: int, *values: tuple[int, int]) -> Entry:
    return tag, RATIONAL, len(values), b"".join(struct.pack("<II", *value) for value in values)


def directory(entries: list[Entry], at: int, following: int = 0) -> bytes:
    """One directory that stands at `at`, its long values behind it."""
    head, room = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        if len(value) > 4:
            place = struct.pack("<I", behind + len(room))
            room += value + b"\x00" * (len(value) % 2)
        else:
            place = value.ljust(4, b"\x00")
        head += struct.pack("<HHI", tag, kind, count) + place
    return struct.pack("<H", len(entries)) + head + struct.pack("<I", following) + room


def exif_block(main: list[Entry], taken: list[Entry] = [], place: list[Entry] = []) -> bytes:  # noqa: B006 - never changed
    """A block of Exif written by hand, so that it may say what no library writes."""
    at_main, at_taken, at_place = 8, 2_000, 4_000
    pointers = [longs(0x8769, at_taken), longs(0x8825, at_place)]
    body = directory([*main, *pointers], at_main).ljust(at_taken - at_main, b"\x00")
    body += directory(taken, at_taken).ljust(at_place - at_taken, b"\x00") + directory(place, at_place)
    return b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + body


def with_exif(block: bytes, payload: bytes | None = None) -> bytes:
    """A photo that carries this block and no other."""
    whole = payload or plain_jpeg()
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + whole[2:]


def plain_jpeg(width: int = 320, height: int = 240, **options: object) -> bytes:
    """A sound JPEG without a word about itself."""
    out = io.BytesIO()
    Image.fromarray(pixels(width, height)).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def segment(marker: int, body: bytes, payload: bytes | None = None) -> bytes:
    """The photo with one more segment behind its start."""
    whole = payload or jpeg(320, 240)
    return whole[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + whole[2:]


def xmp(inside: str) -> bytes:
    """A packet with one description."""
    names = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://ns.adobe.com/xap/1.0/" '
        'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
        'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:G="http://ns.google.com/photos/1.0/camera/"'
    )
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}>{inside}</rdf:RDF></x:xmpmeta>'.encode()


def with_xmp(inside: str, payload: bytes | None = None) -> bytes:
    """A photo with a packet of XMP."""
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp(inside), payload)


def several(*others: bytes, first: bytes | None = None, shift: int = 0) -> bytes:
    """A photo with further ones behind it and an index (MPF) that names them; `shift` moves what it names."""
    main = first or jpeg(320, 240)
    count = len(others) + 1
    room = 4 + 8 + 2 + 3 * 12 + 4 + 16 * count
    base = 2 + 4 + 4
    end = len(main) + 4 + room
    entries = struct.pack("<IIIHH", 0x0003_0000, end, 0, 0, 0)
    at = end
    for other in others:
        entries += struct.pack("<IIIHH", 0, len(other), at - base + shift, 0, 0)
        at += len(other)
    index = b"MPF\x00II*\x00" + struct.pack("<IH", 8, 3)
    index += struct.pack("<HHI", 0xB000, 7, 4) + b"0100"
    index += struct.pack("<HHII", 0xB001, 4, 1, count)
    index += struct.pack("<HHII", 0xB002, 7, 16 * count, 50) + struct.pack("<I", 0) + entries
    return segment(0xE2, index, main) + b"".join(others)


def video(boxes: int = 3) -> bytes:
    """The boxes of a short film, as a phone writes them behind a photo."""
    body = bytes(range(256)) * 40
    return (
        struct.pack(">I4s4s4x4s", 20, b"ftyp", b"isom", b"mp42")
        + struct.pack(">I4s", 8 + len(body), b"mdat")
        + body
        + struct.pack(">I4s", 8, b"moov") * boxes
    )


def archive() -> bytes:
    """A ZIP with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("note.txt", "hidden " * 50)
    return out.getvalue()


def program() -> bytes:
    """The head of a Windows program."""
    return b"MZ".ljust(60, b"\x00") + struct.pack("<I", 64) + b"PE\x00\x00" + bytes(200)


def dng(width: int = 640, height: int = 480, *, orientation: int = 1, seed: int = 3) -> bytes:
    """A raw photo: a stamp of 160 × 120 first, the sensor's noise in a directory below it."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    sensor = (256 + (x * 2 + y) % 3_000 + chance.integers(0, 64, (height, width))).astype("<u2").tobytes()
    stamp = np.full((120, 160, 3), 90, np.uint8).tobytes()
    at_raw, at_stamp = 2_000, 4_000
    at_sensor = at_stamp + len(stamp)
    first = [
        longs(0x00FE, 1), longs(0x0100, 160), longs(0x0101, 120), shorts(0x0102, 8, 8, 8), shorts(0x0103, 1),
        shorts(0x0106, 2), text(0x010F, b"Field"), text(0x0110, b"Raw 1"), longs(0x0111, at_stamp),
        shorts(0x0112, orientation), shorts(0x0115, 3), longs(0x0116, 120), longs(0x0117, len(stamp)),
        longs(0x014A, at_raw), (0xC612, BYTE, 4, b"\x01\x04\x00\x00"), text(0xC614, b"Field Raw 1"),
        rationals(0xC628, (1, 1), (1, 1), (1, 1)), (0xC621, 10, 9, _matrix()),
    ]  # fmt: skip
    below = [
        longs(0x00FE, 0), longs(0x0100, width), longs(0x0101, height), shorts(0x0102, 16), shorts(0x0103, 1),
        shorts(0x0106, 32803), longs(0x0111, at_sensor), shorts(0x0115, 1), longs(0x0116, height),
        longs(0x0117, len(sensor)), shorts(0x828D, 2, 2), (0x828E, BYTE, 4, b"\x00\x01\x01\x02"),
        shorts(0xC61A, 256), longs(0xC61D, 4095),
    ]  # fmt: skip
    whole = (b"II*\x00\x08\x00\x00\x00" + directory(first, 8)).ljust(at_raw, b"\x00")
    return (whole + directory(below, at_raw)).ljust(at_stamp, b"\x00") + stamp + sensor


def saved(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    """A picture as Pillow writes it."""
    out = io.BytesIO()
    (image or Image.fromarray(pixels(200, 150))).save(out, kind, **options)
    return out.getvalue()


def moving(kind: str, frames: int = 4, **options: object) -> bytes:
    """A picture of several frames."""
    shown = [Image.fromarray(pixels(120, 90, seed=number)) for number in range(frames)]
    return saved(kind, shown[0], save_all=True, append_images=shown[1:], **options)


def deep_png(width: int = 96, height: int = 64) -> bytes:
    """Sixteen bits a pixel: white in the first corner, dark grey elsewhere."""
    values = np.full((height, width), 0x2000, np.uint16)
    values[: height // 3, : width // 3] = 0xFFFF
    return saved("PNG", Image.fromarray(values))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _matrix() -> bytes:
    return b"".join(struct.pack("<ii", value, 1) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
