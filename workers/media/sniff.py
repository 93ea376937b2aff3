"""The media type of a file by its first bytes, and whether its name says otherwise.

Names are chosen by people and attackers; only bytes choose the decoder.
"""

import io
import re
from collections.abc import Callable
from typing import BinaryIO, Literal

from schemas.checks.structure import MEDIA_TYPE
from schemas.document import DOC, DOCM, DOCX, OFD, OLE, PDF, PPT, PPTM, PPTX, XLS, XLSM, XLSX, ZIP
from schemas.integrity import Check, CheckResult, examines
from workers.media.result import ending
from workers.media.sound.mpeg_audio import adts, mpeg
from workers.media.source import Source
from workers.media.step import step_of
from workers.media.structure.elementary import bare_type
from workers.media.structure.program import is_program

HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"
DNG = "image/x-adobe-dng"
PLAIN = "text/plain"
_LONGEST_FRAME = 1441
_LATE_PDF = 1024

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),  # what follows shows whether it was sent as text (PNG 3, 5.2)
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),  # an archive that holds nothing
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR\r\n", "audio/amr"),  # sent as text: its frames show it
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
_DNG_VERSION = 0xC612
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}
_PRINTED, _HEAD_OF_TEXT = bytes((*b"\t\n\r", *range(0x20, 0x7F))), 512
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIF_BRANDS = frozenset({b"mif1", b"msf1", b"mif2"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_BARE_BOXES = frozenset({b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})

_SENTENCE = re.compile(
    rb"(?:^|[\r\n\0 ,;\x80-\xff])[$](?:G[A-Z]|BD|QZ|IN)"
    rb"(?:RMC|GGA|GLL|GNS|GSA|GSV|VTG|ZDA|GST|TXT),[ -)+-~]{0,90}(?:\*|[\r\n])"
)
_GEOJSON = re.compile(
    r'"type"\s*:\s*"(?:FeatureCollection|Feature|GeometryCollection|(?:Multi)?(?:Point|LineString|Polygon))"'
)
_WIDE = (
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)

_MP4 = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp"})
_MATROSKA = frozenset({"video/x-matroska", "video/webm", "audio/x-matroska", "audio/webm"})
_HEIF = frozenset({"image/heic", "image/heif", "image/avif"})
_STREAMED = frozenset({"video/mp2t", "video/mpeg"})
_OLD = frozenset({OLE, PLAIN, "text/html", "application/xml"})
"""What programs write under the old endings: rich text, and tables of pages as office programs open them."""

_ENDINGS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("ts", "mts", "m2ts", "m2t", "mpg", "mpeg", "ps", "tp", "trp"), _STREAMED),
    **dict.fromkeys(("vob", "m2p", "mpe"), frozenset({"video/mpeg"})),
    **dict.fromkeys(("h264", "264", "avc"), frozenset({"video/h264"})),
    **dict.fromkeys(("h265", "265", "hevc"), frozenset({"video/h265"})),
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), frozenset({"image/jpeg"})),
    **dict.fromkeys(("heic", "heif", "hif", "avif"), _HEIF),
    **dict.fromkeys(("mp4", "m4v", "mov", "qt", "3gp", "3g2", "m4a"), _MP4),
    **dict.fromkeys(("mkv", "webm", "mka"), _MATROSKA),
    **dict.fromkeys(("tif", "tiff", "dng"), frozenset({"image/tiff", DNG})),
    **dict.fromkeys(("json", "geojson"), frozenset({"application/json", "application/geo+json"})),
    **dict.fromkeys(("ogg", "oga", "opus", "ogv"), frozenset({"audio/ogg", "video/ogg"})),
    **dict.fromkeys(("amr", "awb"), frozenset({"audio/amr", "audio/amr-wb"})),
    **dict.fromkeys(("nmea", "nma"), frozenset({"application/nmea"})),
    "png": frozenset({"image/png"}),
    "gif": frozenset({"image/gif"}),
    "webp": frozenset({"image/webp"}),
    "avi": frozenset({"video/x-msvideo"}),
    "gpx": frozenset({"application/gpx+xml", "application/xml"}),
    "kml": frozenset({"application/vnd.google-earth.kml+xml", "application/xml"}),
    "xml": frozenset({"application/gpx+xml", "application/vnd.google-earth.kml+xml", "application/xml"}),
    "wav": frozenset({"audio/wav"}),
    "aac": frozenset({"audio/aac", "audio/mp4"}),
    "flac": frozenset({"audio/flac"}),
    "mp3": frozenset({"audio/mpeg"}),
    **dict.fromkeys(("doc", "wps", "dot"), _OLD | {DOC}),
    **dict.fromkeys(("xls", "et", "xlt"), _OLD | {XLS}),
    **dict.fromkeys(("ppt", "dps", "pps"), _OLD | {PPT}),
    "pdf": frozenset({PDF}),
    "ofd": frozenset({OFD}),
    "zip": frozenset({ZIP}),
    "docx": frozenset({DOCX, OLE}),  # an encrypted one is an envelope of the older kind
    "xlsx": frozenset({XLSX, OLE}),
    "pptx": frozenset({PPTX, OLE}),
    "docm": frozenset({DOCM, OLE}),
    "xlsm": frozenset({XLSM, OLE}),
    "pptm": frozenset({PPTM, OLE}),
    "txt": frozenset({PLAIN, "application/json", "application/geo+json", "application/nmea"}),
}


def sniff(head: bytes) -> str:
    """Return the media type of a file whose first bytes (up to `HEAD_BYTES`) are `head`."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return _tiff(io.BytesIO(head)) or media_type if media_type == "image/tiff" else media_type
    readers: tuple[Callable[[bytes], str | None], ...] = (
        _riff,
        _boxes,
        _ebml,
        _program,
        bare_type,
        _transport,
        _nmea,
        _framed,
        _late_pdf,
        _text,
        _cut_out,
    )
    return next((found for read in readers if (found := read(head))), UNKNOWN)


def sniff_source(source: Source) -> str:
    """Return the media type of an open file; a DNG says what it is in its first directory, wherever that stands."""
    found = sniff(source.head(HEAD_BYTES))
    if found != "image/tiff":
        return found
    with source.open() as reader:
        return _tiff(reader) or found


@examines(MEDIA_TYPE)
def check_name(check: Check, filename: str, media_type: str) -> CheckResult:
    """Compare the ending of the name with the type of the bytes; an unknown ending claims nothing."""
    said = ending(filename)
    allowed = _ENDINGS.get(said)
    if allowed is None or media_type in allowed:
        return check.held(media_type=media_type)
    return check.found("type-name-conflict", ending=said, media_type=media_type)


def _tiff(reader: BinaryIO) -> str | None:
    """DNG 1.7, "DNGVersion": the first directory states it; in a BigTIFF nobody writes one."""
    start = reader.read(8)
    if start[:4] not in {b"II*\x00", b"MM\x00*"}:
        return None
    order: Literal["little", "big"] = "little" if start.startswith(b"II") else "big"
    reader.seek(int.from_bytes(start[4:8], order))
    entries = reader.read(12 * int.from_bytes(reader.read(2), order))
    tags = (int.from_bytes(entries[at : at + 2], order) for at in range(0, len(entries), 12))
    return DNG if _DNG_VERSION in tags else "image/tiff"


def _riff(head: bytes) -> str | None:
    return _RIFF.get(head[8:12]) if head[:4] in {b"RIFF", b"RF64", b"BW64"} else None


def _boxes(head: bytes) -> str | None:
    """ISO/IEC 14496-12 4.3: the brand of the file-type box; older cameras start with another box."""
    if head[4:8] in _BARE_BOXES:
        return "video/mp4"
    if head[4:8] != b"ftyp":
        return None
    size = int.from_bytes(head[:4])
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))}
    return _brand(head[8:12], brands)


def _brand(major: bytes, brands: set[bytes]) -> str:
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and brands & _AVIF_BRANDS):
        return "image/avif"
    if major in _HEIC_BRANDS or (major in _HEIF_BRANDS and brands & _HEIC_BRANDS):
        return "image/heic"
    if major in _HEIF_BRANDS:
        return "image/heif"
    if major == b"qt  ":
        return "video/quicktime"
    if major.startswith((b"3gp", b"3g2")):
        return "video/3gpp"
    return "audio/mp4" if major.startswith((b"M4A", b"M4B")) else "video/mp4"


def _ebml(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _framed(head: bytes) -> str | None:
    """Twelve sync bits and layer 00 are AAC in ADTS (ISO/IEC 14496-3, 1.A); eleven and layer II or III MPEG audio."""
    if adts(head) is not None:
        return "audio/aac"
    is_frame = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 in {2, 4}  # noqa: PLR2004
    return "audio/mpeg" if is_frame and head[2] >> 4 != 0xF else None  # noqa: PLR2004


def _cut_out(head: bytes) -> str | None:
    """A piece of a longer MP3 begins in the middle of a frame: three that follow each other are no chance."""
    for at in range(min(len(head), _LONGEST_FRAME)):
        if head[at] == 0xFF and _follow(head, at):  # noqa: PLR2004
            return "audio/mpeg"
    return None


def _follow(head: bytes, at: int) -> bool:
    kind = None
    for _ in range(3):
        frame = mpeg(head[at : at + 4])
        if frame is None or kind not in {None, frame.kind}:
            return False
        at, kind = at + frame.size_bytes, frame.kind
    return True


def _late_pdf(head: bytes) -> str | None:
    """Readers look for the mark of a PDF in the first 1,024 bytes, and so do those who hide something before it."""
    return PDF if b"%PDF-" in head[:_LATE_PDF] else None


def _nmea(head: bytes) -> str | None:
    """A sentence of a receiver on a line of its own, also behind what a serial line said at its start."""
    return "application/nmea" if _SENTENCE.search(head) else None


def _program(head: bytes) -> str | None:
    return "video/mpeg" if is_program(head) else None


def _transport(head: bytes) -> str | None:
    """The sync byte is a G: in a log whose lines are of one length it stands at equal distances, too."""
    return "video/mp2t" if head[:_HEAD_OF_TEXT].translate(None, _PRINTED) and step_of(head) else None


def _text(head: bytes) -> str | None:
    wide = next((name for start, name in _WIDE if head.startswith(start)), None)
    if wide is not None:
        head = head.decode(wide, errors="ignore").encode()
    if head.startswith(b"<?xml "):
        # The declaration is ASCII in all encodings but those of UTF-16, and names the one of what follows.
        return _markup(head.decode("ascii", errors="ignore"))
    # A cut in the middle of a character at the end of the head is not a sign of binary content.
    text = head.decode("utf-8-sig", errors="ignore").lstrip()
    if b"\x00" in head or not text or len(text.encode()) < len(head.strip()) - 6:
        return None
    if text.startswith("<"):
        return _markup(text)
    if not text.startswith(("{", "[", "\x1e")):
        return PLAIN
    return "application/geo+json" if _GEOJSON.search(text) else "application/json"


def _markup(text: str) -> str:
    if "<gpx" in text:
        return "application/gpx+xml"
    if "<kml" in text:
        return "application/vnd.google-earth.kml+xml"
    if text[:64].lower().startswith(("<!doctype html", "<html")):
        return "text/html"
    return "application/xml"
