"""From a file to the manifest that vouches for it: digest, kind, time and place, each with its source."""

import os
import xml.parsers.expat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mobile_contract.client.device import DeviceState, boot
from mobile_contract.client.exif import taken
from mobile_contract.client.misuse import regular_file
from schemas.base import parse_rfc3339
from schemas.digest import CHUNK_BYTES, Hasher
from schemas.manifest import (
    CaptureDevice,
    CaptureManifest,
    Context,
    Datum,
    Location,
    ManifestFile,
    OfficerException,
)
from schemas.refusals_command import FILE_CHANGED

APP_ID = "quancheng.record"
APP_VERSION = "1"
MODEL = "quancheng reference device"

_SNIFF_BYTES = 4096
_GPX_BYTES = 1024 * 1024
_E7 = 10_000_000
_UNKNOWN_ACCURACY_CM = 10_000
"""A typed or tracked position carries no accuracy; 100 m is said rather than a false precision."""

_MAGIC = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
)
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}


class Fix(NamedTuple):
    """A position in 1e-7 degrees, when it was taken, and by what."""

    lat_e7: int
    lon_e7: int
    at: datetime | None
    source: str


class CaptureWish(NamedTuple):
    """What the person says about a capture."""

    officers: tuple[str, ...]
    case: str | None = None
    place: Fix | None = None
    article: str | None = None


class Seen(NamedTuple):
    """What the device sees of a file: its bytes' digest and the times and places it can tell."""

    file: ManifestFile
    captured_at: datetime
    time_source: str
    fix: Fix | None


def look_at(path: Path, *, place: Fix | None = None, progress: Callable[[int], None] | None = None) -> Seen:
    """Read a file once, in blocks, and say what it is; `progress` is told the bytes read so far.

    The capture time is what the picture's Exif says with its offset from UTC, or a track's first point, else
    the time the file was last written; `time_source` says which.

    Raises:
        OSError: the file cannot be read.
        Invalid: it is no regular file, or it was written, replaced or cut while it was read.
    """
    before = regular_file(path)
    hasher, head = Hasher(), b""
    with path.open("rb") as stream:
        while block := stream.read(CHUNK_BYTES):
            head = head or block
            hasher.update(block)
            if progress is not None:
                progress(hasher.size_bytes)
        after = os.fstat(stream.fileno())
    # A digest over bytes of two moments vouches for a file that never was, whatever its size says.
    if len({_identity(before), _identity(after), _identity(path.stat())}) > 1 or (
        hasher.size_bytes != after.st_size
    ):
        raise FILE_CHANGED(f"读取期间文件被改动，未签名 changed while it was read, nothing is signed: {path}")
    kind = media_type(head[:_SNIFF_BYTES])
    at, source, fix = _told(kind, head)
    return Seen(
        file=_file_entry(path, kind, hasher),
        captured_at=at or datetime.fromtimestamp(before.st_mtime, UTC),
        time_source=source if at else "file-mtime",
        fix=place or fix,
    )


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _told(kind: str, head: bytes) -> tuple[datetime | None, str, Fix | None]:
    """Return what the file itself says: time, where it says so, and place."""
    if kind == "application/gpx+xml":
        fix = first_track_point(head[:_GPX_BYTES])
        return (fix.at if fix else None), "track", fix
    if kind != "image/jpeg":
        return None, "", None
    told = taken(head)
    if told.lat_e7 is None or told.lon_e7 is None:
        return told.at, "exif", None
    return told.at, "exif", _fix(told.lat_e7 / _E7, told.lon_e7 / _E7, at=told.at, source="exif")


def manifest_for(seen: Seen, wish: CaptureWish, state: DeviceState) -> CaptureManifest:
    """Return the next manifest of the device's sequence for one file."""
    boot_id, mono_ms = boot()
    return CaptureManifest(
        device=CaptureDevice(
            id=state.device_id, kid=state.kid, model=MODEL, fw="none", app_id=APP_ID, app_ver=APP_VERSION
        ),
        seq=state.seq + 1,
        prev=state.prev,
        boot_id=boot_id,
        mono_ms=mono_ms,
        captured_at=seen.captured_at,
        clock=state.clock,
        loc=_location(seen),
        officers=wish.officers,
        exception=OfficerException(article=wish.article) if wish.article else None,
        context=Context(case=wish.case) if wish.case else None,
        files=(seen.file,),
        ext={"captured_at_from": seen.time_source},
    )


def media_type(head: bytes) -> str:
    """Tell a file's kind by its first bytes, never by its name."""
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return kind
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return _BRANDS.get(brand, "video/quicktime" if brand == b"qt  " else "video/mp4")
    return "application/gpx+xml" if b"<gpx" in head else "application/octet-stream"


def first_track_point(head: bytes) -> Fix | None:
    """Return the first point of a GPX track with its time; None when there is none to be read.

    `head` may be the beginning of a longer file. A document type or an entity ends the reading.
    """
    reader = _FirstPoint()
    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(head, False)  # noqa: FBT003 - expat takes it by position only
    except (xml.parsers.expat.ExpatError, _Enough):
        return reader.fix
    return reader.fix


def parse_place(text: str, at: datetime) -> Fix:
    """Parse `LAT,LON` in decimal degrees of WGS 84.

    Raises:
        ValueError: not two numbers in range.
    """
    lat, lon = (float(part) for part in text.split(","))
    return _fix(lat, lon, at=at, source="manual")


class _Enough(Exception):
    pass


class _FirstPoint:
    """Expat handlers that keep the first trkpt and stop at its end."""

    def __init__(self) -> None:
        self.fix: Fix | None = None
        self._time: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "trkpt":
            try:
                self.fix = _fix(float(attributes["lat"]), float(attributes["lon"]), at=None, source="track")
            except (KeyError, ValueError) as err:
                raise _Enough from err
        self._time = "" if name == "time" and self.fix else None

    def text(self, characters: str) -> None:
        if self._time is not None:
            self._time += characters

    def end(self, name: str) -> None:
        if name == "time" and self._time and self.fix:
            try:
                self.fix = self.fix._replace(at=parse_rfc3339(self._time.strip()))
            except ValueError as err:
                raise _Enough from err
        if name == "trkpt":
            raise _Enough

    def refuse(self, *_: object) -> None:
        raise _Enough


def _fix(lat: float, lon: float, *, at: datetime | None, source: str) -> Fix:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004 - degrees
        raise ValueError("latitude or longitude is out of range")
    return Fix(round(lat * _E7), round(lon * _E7), at, source)


def _file_entry(path: Path, kind: str, hasher: Hasher) -> ManifestFile:
    return ManifestFile(
        name=path.name,
        role="original",
        media_type=kind,
        size=hasher.size_bytes,
        sha256=hasher.sha256.value,
        sm3=hasher.sm3.value if hasher.sm3 else None,
    )


def _location(seen: Seen) -> Location | None:
    if seen.fix is None:
        return None
    return Location(
        lat_e7=seen.fix.lat_e7,
        lon_e7=seen.fix.lon_e7,
        acc_cm=_UNKNOWN_ACCURACY_CM,
        crs=Datum.WGS84,
        src=seen.fix.source,
        mock=False,
        fix_at=seen.fix.at or seen.captured_at,
    )
