"""From a file to the manifest that vouches for it: digest, kind, time and place, each with its source."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mobile_contract.client.device import DeviceState, boot, utc_now
from mobile_contract.client.exif import taken
from mobile_contract.client.gpx import read_track
from mobile_contract.client.misuse import regular_file
from mobile_contract.client.mp4 import read_film
from mobile_contract.client.place import E7, Fix, fix_of
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
from schemas.visible import printable

APP_ID = "quancheng.record"
APP_VERSION = "1"
MODEL = "quancheng reference device"

_SNIFF_BYTES = 4096
_GPX_BYTES = 1024 * 1024
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""No manifest carries an older time, and no camera here is older."""

_NOT_IN_NAMES = frozenset("/\\\x7f") | {chr(code) for code in range(32)}
_UNKNOWN_ACCURACY_CM = 10_000
"""A typed or tracked position carries no accuracy; 100 m is said rather than a false precision."""

_MAGIC = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
)
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}


class CaptureWish(NamedTuple):
    """What the person says about a capture."""

    officers: tuple[str, ...]
    case: str | None = None
    place: Fix | None = None
    article: str | None = None


class Seen(NamedTuple):
    """What the device sees of a file: its bytes' digest and the times and places it can tell.

    `left_out` says, in two languages, what the file states of itself and a manifest cannot carry.
    """

    file: ManifestFile
    captured_at: datetime
    time_source: str
    fix: Fix | None
    left_out: tuple[str, ...] = ()


class _Told(NamedTuple):
    """What a file says of itself."""

    at: datetime | None = None
    source: str = ""
    fix: Fix | None = None
    unread: tuple[str, ...] = ()


def look_at(
    path: Path,
    *,
    place: Fix | None = None,
    progress: Callable[[int], None] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Seen:
    """Read a file once, in blocks, and say what it is; `progress` is told the bytes read so far.

    The capture time is what the file says of itself (Exif with its offset from UTC, a track's first point, a
    film's movie box), else the time it was last written, else now; `time_source` says which. What cannot be
    true or cannot be written is left out and said: a file is never refused for it. `place` is for a file that
    has none of its own. `now` is the device's own clock; what it is off by, the manifest says beside.

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
        kind = media_type(head[:_SNIFF_BYTES])
        told = _told(kind, head, stream)
        after = os.fstat(stream.fileno())
    # A digest over bytes of two moments vouches for a file that never was, whatever its size says.
    if len({_identity(before), _identity(after), _identity(path.stat())}) > 1 or (
        hasher.size_bytes != after.st_size
    ):
        raise FILE_CHANGED(f"读取期间文件被改动，未签名 changed while it was read, nothing is signed: {path}")
    name, renamed = plain_name(path)
    at, source, untimely = _captured(told, before, now())
    fix = told.fix and (told.fix if at == told.at else told.fix._replace(at=None))
    unread = tuple(
        f"文件所述“{printable(text)}”不可用，未采用 left out, cannot be used: {printable(text)}"
        for text in told.unread
    )
    return Seen(
        file=_file_entry(name, kind, hasher),
        captured_at=at,
        time_source=source,
        fix=fix or place,
        left_out=(*renamed, *unread, *untimely),
    )


def plain_name(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the name a manifest can carry, and what was changed for it.

    A name that is no UTF-8 is read as GB 18030, which is what it was written in here; what no name on another
    machine may hold becomes `_`.
    """
    raw = os.fsencode(path.name)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("gb18030", "replace")
    plain = "".join("_" if c in _NOT_IN_NAMES else c for c in name)
    if os.fsencode(plain) == raw:
        return plain, ()
    return plain, (f"清单中的文件名改写为 the name in the manifest is: {printable(plain)}",)


def _captured(told: _Told, status: os.stat_result, now: datetime) -> tuple[datetime, str, tuple[str, ...]]:
    """Return the capture time, its source, and which times of the file were left out."""
    left_out: list[str] = []
    written = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=status.st_mtime_ns // 1000)
    for at, source in ((told.at, told.source), (written, "file-mtime")):
        if at is None:
            continue
        if _FIRST <= at <= now:
            return at, source, tuple(left_out)
        left_out.append(
            f"时间 {at.isoformat()}（{source}）不可能，未采用 left out, this time cannot be: {source}"
        )
    return now, "device-clock", tuple(left_out)


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _told(kind: str, head: bytes, stream: BinaryIO) -> _Told:
    """Return what the file itself says: time, where it says so, and place."""
    if kind == "application/gpx+xml":
        track = read_track(head[:_GPX_BYTES])
        return _Told(track.fix and track.fix.at, "track", track.fix, track.unread)
    if kind in ("video/mp4", "video/quicktime"):
        film = read_film(stream)
        return _Told(film.at, "mp4", film.fix, film.unread)
    if kind != "image/jpeg":
        return _Told()
    picture = taken(head)
    unread = (picture.unread,) if picture.unread else ()
    if picture.lat_e7 is None or picture.lon_e7 is None:
        return _Told(picture.at, "exif", None, unread)
    lat, lon = picture.lat_e7 / E7, picture.lon_e7 / E7
    try:
        return _Told(picture.at, "exif", fix_of(lat, lon, at=picture.at, source="exif"), unread)
    except ValueError:
        return _Told(picture.at, "exif", None, (*unread, f"{lat},{lon}"))


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
        anchor=None if state.log is None else state.log.anchor,
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


def _file_entry(name: str, kind: str, hasher: Hasher) -> ManifestFile:
    return ManifestFile(
        name=name,
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
