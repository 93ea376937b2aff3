"""The type of a file by its bytes, and names that say otherwise."""

import pytest

from schemas.integrity import Outcome, Severity
from tests.media import billion_laughs, gpx, jpeg, png, wav
from workers.media.sniff import HEAD_BYTES, UNKNOWN, check_name, sniff

FTYP = b"\x00\x00\x00\x18ftyp"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (jpeg(64, 64), "image/jpeg"),
        (png(16, 16), "image/png"),
        (wav(), "audio/wav"),
        (gpx(2), "application/gpx+xml"),
        (billion_laughs(), "application/gpx+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><note/>", "application/xml"),
        (b"<!DOCTYPE html><html>", "text/html"),
        (FTYP + b"heic\x00\x00\x00\x00mif1heic", "image/heic"),
        (FTYP + b"mif1\x00\x00\x00\x00mif1heic", "image/heic"),
        (FTYP + b"avif\x00\x00\x00\x00avifmif1", "image/avif"),
        (FTYP + b"mif1\x00\x00\x00\x00mif1avif", "image/avif"),
        (FTYP + b"qt  \x00\x00\x00\x00qt  qt  ", "video/quicktime"),
        (FTYP + b"3gp4\x00\x00\x00\x00isom3gp4", "video/3gpp"),
        (FTYP + b"M4A \x00\x00\x00\x00M4A mp42", "audio/mp4"),
        (FTYP + b"isom\x00\x00\x00\x00isommp41", "video/mp4"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"GIF89a", "image/gif"),
        (b"\xff\xfb\x90\x64\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80\x00", UNKNOWN),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc", "audio/aac"),
        (b"#!AMR\n\x3c", "audio/amr"),
        (b"#!AMR-WB\n\x04", "audio/amr-wb"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
        (b"BW64\xff\xff\xff\xffWAVEds64", "audio/wav"),
        (bytes(90) + (b"\xff\xfb\x90\x64" + bytes(413)) * 3, "audio/mpeg"),
        (bytes(90) + (b"\xff\xfb\x90\x64" + bytes(413)) * 2, UNKNOWN),
        (b"ID3\x04", "audio/mpeg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<kml><Document/></kml>", "application/vnd.google-earth.kml+xml"),
        ('<?xml version="1.0"?><gpx>'.encode("utf-16-be"), "application/gpx+xml"),
        (b'\x1e{"type": "LineString", "coordinates": []}', "application/geo+json"),
        (b'{"type": "Topology", "features": []}', "application/json"),
        (b"# log\r\n$GNGGA,010203.00,,,,,0,00,99.9,,,,,,*7F\r\n", "application/nmea"),
        (b"\x00\xb5\x80\xff$BDRMC,,V,,,,,,,,,,N*4B\r\n", "application/nmea"),
        (b'{"log": "$GPRMC,1*00"}', "application/json"),
        (b' {"a": 1}', "application/json"),
        ("现场说明".encode(), "text/plain"),
        (("字" * HEAD_BYTES).encode()[:HEAD_BYTES], "text/plain"),
        (bytes(64), UNKNOWN),
        (bytes(range(256)), UNKNOWN),
    ],
)  # fmt: skip
def test_the_bytes_name_the_type(head: bytes, media_type: str) -> None:
    """Every type we look into is known by its first bytes alone."""
    assert sniff(head[:HEAD_BYTES]) == media_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.JPG", "image/jpeg"),
        ("a.mov", "video/mp4"),
        ("a.heic", "image/heif"),
        ("a", "image/png"),
        ("a.dat", UNKNOWN),
    ],
)
def test_a_fitting_or_silent_name_passes(name: str, media_type: str) -> None:
    """A name without a known ending claims nothing, and the usual endings of one family are not a conflict."""
    assert check_name(name, media_type).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.jpg", "text/plain"), ("a.mp4", "image/jpeg"), ("b.gpx", UNKNOWN), ("c.x.jpg", "image/png")],
)
def test_a_name_that_disagrees_is_a_finding(name: str, media_type: str) -> None:
    """A name whose ending promises another type makes the recording doubtful, never quarantined."""
    check = check_name(name, media_type)

    assert (check.code, check.severity) == ("type-name-conflict", Severity.WARN)
