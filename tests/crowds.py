"""Files of very many very small elements, a maker for each reader: what costs nothing to write must not cost to read."""

import struct
import zlib
from collections.abc import Callable

from tests.media import jpeg, png
from tests.media_stills import segment

Make = Callable[[int], bytes]


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("<I", len(body)) + body


def riff(form: bytes, body: bytes) -> bytes:
    return chunk(b"RIFF", form + body)


_BRAND = box(b"ftyp", b"isom" + bytes(4))
_FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16))
_EBML = b"\x1a\x45\xdf\xa3\x80"
_SEGMENT = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"


def png_chunks(count: int) -> bytes:
    whole, empty = png(8, 8), struct.pack(">I4sI", 0, b"tEXt", zlib.crc32(b"tEXt"))
    at = whole.rindex(b"IEND") - 4
    return whole[:at] + empty * count + whole[at:]


def restarts(count: int) -> bytes:
    """A scan of nothing but restarts, behind stray bytes that make a decoder complain."""
    whole = jpeg(64, 64)
    at, scan = whole.index(b"\xff\xdb"), whole.index(b"\xff\xda") + 14
    return whole[:at] + bytes(2) + whole[at:scan] + b"\x00\xff\xd0" * count + b"\xff\xd9"


def tiff(count: int, *, values: int = 1) -> bytes:
    """A directory of so many entries, each naming the same values."""
    room = struct.pack("<I", 8) * values
    at = 8 + len(room)
    entry = struct.pack("<HHII", 0x014A, 4, values, 8)
    return b"II*\x00" + struct.pack("<I", at) + room + struct.pack("<H", count) + entry * count + bytes(4)


def directories(count: int) -> bytes:
    """A chain of directories of one entry."""
    parts = [
        struct.pack("<HHHIII", 1, 0x0100, 4, 1, 1, 8 + 18 * (number + 1) if number + 1 < count else 0)
        for number in range(count)
    ]
    return b"II*\x00" + struct.pack("<I", 8) + b"".join(parts)


def gif(count: int) -> bytes:
    """A frame whose codes clear the table again and again: of twelve bits, which begin with large tables."""
    codes = bytes.fromhex("000880") * count
    blocks = b"".join(
        bytes([len(part)]) + part for part in (codes[at : at + 255] for at in range(0, len(codes), 255))
    )
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0)
    return head + b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x0b" + blocks + b"\x00\x3b"


def nested(count: int) -> bytes:
    """Frames of a moving picture inside each other."""
    body = b""
    for _ in range(count):
        body = chunk(b"ANMF", bytes(16) + body)
    return riff(b"WEBP", body)


def heic_items(count: int) -> bytes:
    """An index of items without any place."""
    places = box(b"iloc", struct.pack(">BBHHI", 2, 0, 0, 0, count) + bytes(10) * count)
    brand = box(b"ftyp", b"heic" + bytes(4) + b"mif1")
    return brand + box(b"meta", bytes(4) + places)


def matroska(inside: bytes) -> bytes:
    return _EBML + _SEGMENT + inside


def cues(count: int) -> bytes:
    return matroska(b"\x1c\x53\xbb\x6b" + struct.pack(">Q", 1 << 56 | 2 * count) + b"\xbb\x80" * count)


def transport(count: int) -> bytes:
    """Packets whose step is lost after each five."""
    packet = b"\x47\x1f\xff\x10" + bytes(184)
    return packet * 30 + (packet * 5 + b"\x00") * count


def kinds_of_packets(count: int) -> bytes:
    """Packets that are each of another kind."""
    return b"".join(struct.pack(">BHB", 0x47, number % 8000, 0x10) + bytes(184) for number in range(count))


def program(count: int) -> bytes:
    """Packets of no length, which go on to the next pack."""
    pack = b"\x00\x00\x01\xba\x44" + bytes(9)
    return (pack + b"\x00\x00\x01\xe0\x00\x00") * count


def amr(count: int) -> bytes:
    """Frames of one byte, with a byte that is none after each three."""
    return b"#!AMR\n" + b"\x7c\x7c\x7c\xff" * count


def ogg(count: int) -> bytes:
    """Heads of pages whose sums are wrong."""
    return b"OggS\x00" + b"OggS\x00\x00".ljust(27, b"\x00") * count


def indexed(*indexes: bytes, within: bytes = b"") -> bytes:
    """An AVI of one empty picture with these indexes, one of them within its header."""
    header = chunk(b"LIST", b"hdrl" + chunk(b"LIST", b"strl" + chunk(b"strh", b"vids" + bytes(52)) + within))
    return riff(b"AVI ", header + chunk(b"LIST", b"movi" + chunk(b"00dc", bytes(8))) + b"".join(indexes))


def super_index(count: int) -> bytes:
    """An index of indexes that all name the same stretch, of the whole file."""
    entries = struct.pack("<QII", 4, 0xFFFF, 0) * count
    return indexed(within=chunk(b"indx", struct.pack("<HBBI4s12x", 4, 0, 0, count, b"00dc") + entries))


def nal(count: int) -> bytes:
    return b"\x00\x00\x00\x01\x67\x42\x00\x1e\x00\x00\x01\x68\xce\x00" + b"\x00\x00\x01\x0c" * count


CROWDS: dict[str, tuple[str, Make]] = {
    "boxes": ("a.mp4", lambda count: _BRAND + box(b"moov") + box(b"free") * count),
    "boxes within": ("b.mp4", lambda count: _BRAND + box(b"moov", box(b"free") * count)),
    "tracks": ("c.mp4", lambda count: _BRAND + box(b"moov", box(b"trak", box(b"mdia")) * (count // 2))),
    "fragments": ("d.mp4", lambda count: _BRAND + box(b"moov") + box(b"moof") * count + box(b"free")),
    "chunks of sound": ("a.wav", lambda count: riff(b"WAVE", _FORMAT + chunk(b"junk") * count + chunk(b"data", bytes(64)))),
    "chunks of AVI": ("a.avi", lambda count: riff(b"AVI ", chunk(b"JUNK") * count)),
    "media of AVI": ("b.avi", lambda count: riff(b"AVI ", chunk(b"LIST", b"movi" + chunk(b"00dc") * count))),
    "index of AVI": ("c.avi", lambda count: indexed(chunk(b"idx1", (b"00dc" + struct.pack("<III", 0, 4, 8)) * count))),
    "index of indexes": ("d.avi", super_index),
    "elements": ("a.mkv", lambda count: matroska(b"\xec\x80" * count)),
    "clusters": ("b.mkv", lambda count: matroska(b"\x1f\x43\xb6\x75\x80" * count)),
    "cues": ("c.mkv", cues),
    "lost steps": ("a.ts", transport),
    "kinds of packets": ("b.ts", kinds_of_packets),
    "packets of no length": ("a.mpg", program),
    "units": ("a.h264", nal),
    "chunks of PNG": ("a.png", png_chunks),
    "segments": ("a.jpg", lambda count: jpeg(64, 64)[:2] + b"\xff\xfe\x00\x02" * count + jpeg(64, 64)[2:]),
    "restarts": ("b.jpg", restarts),
    "blocks of Exif": ("c.jpg", lambda count: segment(0xE1, b"Exif\x00\x00" + tiff(min(count, 1000)))),
    "entries": ("a.tif", tiff),
    "long entries": ("b.tif", lambda count: tiff(count, values=1000)),
    "directories": ("c.tif", directories),
    "clearing codes": ("a.gif", gif),
    "frames in frames": ("a.webp", nested),
    "items": ("a.heic", heic_items),
    "gaps between frames": ("a.amr", amr),
    "broken pages": ("a.ogg", ogg),
    "frames of MP3": ("a.mp3", lambda count: (b"\xff\xfb\x10\xc4" + bytes(100)) * count),
    "frames of AAC": ("a.aac", lambda count: b"\xff\xf1\x50\x40\x01\x1f\xfc\x00" * count),
    "blocks of FLAC": ("a.flac", lambda count: b"fLaC\x00\x00\x00\x22" + bytes(34) + b"\x01\x00\x00\x00" * count),
    "points": ("a.gpx", lambda count: b"<gpx>" + b"<wpt/>" * count + b"</gpx>"),
    "places": ("a.kml", lambda count: b"<kml><Point><coordinates>" + b"1,1 " * count + b"</coordinates></Point></kml>"),
    "tokens": ("a.geojson", lambda count: b'{"type":"LineString","coordinates":[' + b"[]," * count + b"[]]}"),
    "sentences": ("a.nmea", lambda count: b"$GPGGA,*00\n" * count),
}  # fmt: skip
"""What there are many of: a file's name, and what makes it of so many."""
