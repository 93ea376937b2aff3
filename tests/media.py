"""Makers of test media: small, whole, and broken in one named way each. Nothing here is a recording of anybody."""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import av.logging
import numpy as np
from PIL import Image

SHARED = Path(__file__).resolve().parents[2] / "shared" / "media"
HEIC = SHARED / "iphone_13_pro_max.HEIC"

LAT_E7, LON_E7 = 333_400_000, 1_201_500_000


def _captured_at(now: datetime) -> datetime:
    """The last first of March or September that is two days gone: half a year long the same bytes, whatever the seed."""
    day = now - timedelta(days=2)
    year, month = (day.year, 9) if day.month >= 9 else (day.year, 3) if day.month >= 3 else (day.year - 1, 9)
    return datetime(year, month, 1, 1, 30, tzinfo=UTC)


CAPTURED_AT = _captured_at(datetime.now(UTC))
"""What media made here say of their time. Of a fixed year they would be doubtful one day for that alone: too far from
their receipt (`schemas.agreement`)."""
TAKEN, OFFSET = (CAPTURED_AT + timedelta(hours=8)).strftime("%Y:%m:%d %H:%M:%S"), "+08:00"
DRIVEN_AT = CAPTURED_AT - timedelta(minutes=30)
"""When drives made here begin."""


_FAST = {
    "libx264": {"crf": "28", "preset": "veryfast"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "40"},
}
"""Encoder settings that cost little; what a test needs beyond them it says itself."""


def pixels(width: int = 800, height: int = 600, *, seed: int = 1) -> np.ndarray:
    """RGB noise over shapes: its JPEG has enough entropy-coded bytes for every kind of damage."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1)
    return np.clip(base + chance.integers(-40, 40, (height, width, 3)), 0, 255).astype(np.uint8)


def exif(
    *, taken: str | None = TAKEN, offset: str | None = OFFSET, place: tuple[int, int] | None = (LAT_E7, LON_E7),
    orientation: int = 1,
) -> Image.Exif:  # fmt: skip
    """Exif with a time, an offset and a place in degrees times 10^7."""
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112] = "Quancheng", "Test camera", orientation
    if taken is not None:
        made.get_ifd(0x8769)[0x9003] = taken
    if offset is not None:
        made.get_ifd(0x8769)[0x9011] = offset
    if place is not None:
        lat, lon = place
        gps = made.get_ifd(0x8825)
        gps[1], gps[2] = "N" if lat >= 0 else "S", _sexagesimal(abs(lat))
        gps[3], gps[4] = "E" if lon >= 0 else "W", _sexagesimal(abs(lon))
    return made


def jpeg(
    width: int = 800, height: int = 600, *, with_exif: Image.Exif | None = None, **options: object
) -> bytes:
    """A sound JPEG with Exif time and place."""
    out = io.BytesIO()
    carried = exif() if with_exif is None else with_exif
    Image.fromarray(pixels(width, height)).save(out, "JPEG", quality=90, exif=carried, **options)
    return out.getvalue()


def truncated_jpeg() -> bytes:
    """The first 60 % of a JPEG."""
    whole = jpeg()
    return whole[: len(whole) * 6 // 10]


def zeroed_jpeg(zeros: int = 64 * 1024) -> bytes:
    """A JPEG with a run of zeros in the middle of its scan; its end marker is in place."""
    whole = bytearray(jpeg())
    middle = len(whole) // 2
    whole[middle : middle + zeros] = bytes(zeros)
    return bytes(whole)


def stray_jpeg() -> bytes:
    """A whole JPEG with two bytes too many before its first quantisation table."""
    whole = jpeg()
    at = whole.index(b"\xff\xdb")
    return whole[:at] + b"\x00\x00" + whole[at:]


def scan_bomb(scans: int, side: int = 2_000) -> bytes:
    """A progressive JPEG of one colour whose shortest scan is there `scans` times more: a few bytes each."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), (90, 120, 150)).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    starts = [found.start() for found in re.finditer(b"\xff\xda", whole)]
    ends = [*starts[1:], len(whole) - 2]
    shortest = min((whole[a:b] for a, b in zip(starts, ends, strict=True)), key=len)
    tables = whole[:-2]
    return (
        tables
        + shortest[: shortest.find(b"\xff\xc4") if b"\xff\xc4" in shortest else None] * scans
        + b"\xff\xd9"
    )


def png(width: int = 320, height: int = 240) -> bytes:
    """A sound PNG."""
    out = io.BytesIO()
    Image.fromarray(pixels(width, height)).save(out, "PNG")
    return out.getvalue()


def flipped_png() -> bytes:
    """A PNG with one bit of its pixels flipped: the chunk's CRC no longer fits."""
    whole = bytearray(png())
    whole[len(whole) // 2] ^= 1
    return bytes(whole)


def jpeg_bomb(side: int = 63_000) -> bytes:
    """A small JPEG whose frame header claims side × side pixels."""
    whole = bytearray(jpeg(64, 64))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(whole)


def png_bomb(side: int = 63_000) -> bytes:
    """A few hundred bytes of PNG that claim side × side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def mp4(
    path: Path, *, codec: str = "libx264", seconds: int = 4, size: tuple[int, int] = (320, 240),
    options: dict[str, str] | None = None, container_options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """A video of moving stripes at 10 frames per second, a key frame every second."""
    settings = {"g": "10", **_FAST.get(codec, {})}
    av.logging.set_level(None)
    with av.open(str(path), "w", options=container_options or {}) as out:
        out.metadata["creation_time"] = CAPTURED_AT.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        stream = out.add_stream(codec, rate=10, options={**settings, **(options or {})})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(seconds * 10):
            frame = av.VideoFrame.from_ndarray(np.roll(pixels(*size), number * 4, axis=1), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def without_moov(path: Path) -> Path:
    """Cut a video before its index, as a camera does whose battery ends (the index is written last)."""
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"moov") - 4])
    return path


def cut(path: Path, *, keep: float) -> Path:
    """Keep the first part of a file."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    return path


def zeroed(path: Path, *, start: float, zeros: int) -> Path:
    """Overwrite `zeros` bytes from a fraction of the file on."""
    whole = bytearray(path.read_bytes())
    at = int(len(whole) * start)
    whole[at : at + zeros] = bytes(min(zeros, len(whole) - at))
    path.write_bytes(whole)
    return path


def wav(seconds: int = 1) -> bytes:
    """A tone of 400 Hz, 8 kHz, 16 bit, one channel."""
    samples = (8_000 * np.sin(np.arange(8_000 * seconds) * np.pi / 10)).astype("<i2").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(samples), b"WAVE")
        + fmt
        + struct.pack("<4sI", b"data", len(samples))
        + samples
    )


def gpx_lines(points: int, *, step_e7: int = 100, start: datetime | None = None) -> Iterator[str]:
    """A drive of `points` points, one a second, streamed line by line: 10^6 points never stand in memory."""
    begin = start or DRIVEN_AT
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="test" '
    yield 'xmlns="http' + '://www.topografix.com/GPX/1/1"><trk><trkseg>\n'
    for number in range(points):
        lat, lon = (LAT_E7 + number * step_e7) / 1e7, LON_E7 / 1e7
        at = (begin + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><time>{at}</time></trkpt>\n'
    yield "</trkseg></trk></gpx>\n"


def gpx(points: int = 60, *, start: datetime | None = None, **options: int) -> bytes:
    """A short drive."""
    return "".join(gpx_lines(points, start=start, **options)).encode()


def write_gpx(path: Path, points: int) -> Path:
    """Write a long drive without holding it."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(gpx_lines(points))
    return path


def billion_laughs() -> bytes:
    """The XML that grows to gigabytes when its entities are expanded."""
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f'<?xml version="1.0"?><!DOCTYPE gpx [{"".join(entities)}]><gpx>&a9;</gpx>'.encode()


def _sexagesimal(degrees_e7: int) -> tuple[float, float, float]:
    whole, rest = divmod(degrees_e7, 10_000_000)
    minutes, rest = divmod(rest * 60, 10_000_000)
    return float(whole), float(minutes), round(rest * 60 / 10_000_000, 6)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
