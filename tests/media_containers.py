"""Makers of films in every container, and of what breaks their structure in one named way each."""

import io
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import av.logging
import numpy as np
from PIL import Image

from tests.media import pixels

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
CORNERS = ((255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 255, 0))
"""Red, green, blue, yellow: top left, top right, bottom left, bottom right."""

Frame = Callable[[int], np.ndarray]


def stripes(number: int) -> np.ndarray:
    """Frame of moving stripes with noise."""
    return np.roll(pixels(320, 240), number * 4, axis=1)


def corners(_: int) -> np.ndarray:
    """Frame with one colour in each quarter."""
    made = np.zeros((240, 320, 3), np.uint8)
    for place, colour in enumerate(CORNERS):
        y, x = divmod(place, 2)
        made[y * 120 : y * 120 + 120, x * 160 : x * 160 + 160] = colour
    return made


def film(
    path: Path, *, form: str | None = None, codec: str = "libx264", seconds: int = 4, rate: int = 25,
    options: dict[str, str] | None = None, frame: Frame = stripes, times: Sequence[int] | None = None,
    sound: bool = False,
) -> Path:  # fmt: skip
    """A film, a key frame every second; `times` are the frames' own places in time, in frames.

    With `sound` a tone of the same length goes along, without a hole.
    """
    av.logging.set_level(None)
    with av.open(str(path), "w", format=form, options=options or {}) as out:
        fast = {"crf": "28", "preset": "veryfast", "bf": "0"} if codec == "libx264" else {}
        stream = out.add_stream(codec, rate=rate, options={"g": str(rate), **fast})
        stream.width, stream.height = 320, 240
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        heard = out.add_stream("mp2" if form in {"vob", "avi"} else "aac", rate=48_000) if sound else None
        told = 0
        for number, at in enumerate(times if times is not None else range(seconds * rate)):
            picture = av.VideoFrame.from_ndarray(frame(number), format="rgb24")
            picture.pts = at
            out.mux(stream.encode(picture))
            while heard is not None and told < (at + 1) * 48_000 // rate:
                wave = (np.sin(np.arange(told, told + 1152) * 0.05) * 8000).astype(np.int16)
                tone = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
                tone.sample_rate, tone.pts = 48_000, told
                out.mux(heard.encode(tone))
                told += 1152
        out.mux(stream.encode(None))
        if heard is not None:
            out.mux(heard.encode(None))
    return path


def boxes(whole: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and bytes of each top-level box."""
    found, at = [], 0
    while at + 8 <= len(whole):
        size = int.from_bytes(whole[at : at + 4])
        found.append((whole[at + 4 : at + 8], whole[at : at + size]))
        at += size
    return found


def fragments(whole: bytes) -> tuple[bytes, list[bytes]]:
    """What stands before the first fragment, and each fragment with its media data; the closing index is left away."""
    rows = boxes(whole)
    first = next(place for place, (kind, _) in enumerate(rows) if kind == b"moof")
    pairs = [
        rows[place][1] + rows[place + 1][1]
        for place in range(first, len(rows))
        if rows[place][0] == b"moof" and place + 1 < len(rows)
    ]
    return b"".join(box for _, box in rows[:first]), pairs


def with_matrix(whole: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """Put a, b, c, d, each -1, 0 or 1, into the display matrix of the first track."""
    at = whole.index(b"tkhd") + 4 + 40
    a, b, c, d = (one << 16 for one in matrix)
    rows = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return whole[:at] + rows + whole[at + len(rows) :]


def late_clock(whole: bytes, seconds: int) -> bytes:
    """Raise the clock of every fragment (version 1 of `tfdt`), and drop the closing index."""
    head, parts = fragments(whole)
    scale = int.from_bytes(whole[whole.index(b"mdhd") + 16 :][:4])
    return head + b"".join(_raised(part, seconds * scale) for part in parts)


def _raised(part: bytes, by: int) -> bytes:
    at = part.index(b"tfdt") + 8
    return part[:at] + (int.from_bytes(part[at : at + 8]) + by).to_bytes(8) + part[at + 8 :]


def avi(frames: int = 12, *, empty: Sequence[int] = (), is_closed: bool = True, cut_bytes: int = 0) -> bytes:
    """Motion JPEG as body cameras write it; in the places `empty` no picture came in time."""
    parts = [b"" if place in empty else _jpeg(place) for place in range(frames)]
    movi = b"".join(struct.pack("<4sI", b"00dc", len(one)) + one + bytes(len(one) & 1) for one in parts)
    count = frames if is_closed else 0
    head = struct.pack("<14I", 100_000, 10**6, 0, 0x10, count, 0, 1, 40_000, 320, 240, 0, 0, 0, 0)
    stream = struct.pack(
        "<4s4sIHHIIIIIIIIhhhh",
        b"vids",
        b"MJPG",
        0,
        0,
        0,
        0,
        1,
        10,
        0,
        count,
        40_000,
        0xFFFFFFFF,
        0,
        0,
        0,
        320,
        240,
    )
    form = struct.pack("<IiiHH4sIiiII", 40, 320, 240, 1, 24, b"MJPG", 230_400, 0, 0, 0, 0)
    strl = _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", form))
    body = b"AVI " + _list(b"hdrl", _chunk(b"avih", head) + strl) + _list(b"movi", movi)
    if not is_closed:
        body = body.replace(struct.pack("<I", len(movi) + 4) + b"movi", bytes(4) + b"movi", 1)
        return (b"RIFF" + bytes(4) + body)[: -cut_bytes or None]
    return b"RIFF" + struct.pack("<I", len(body + _index(parts))) + body + _index(parts)


def _index(parts: Sequence[bytes]) -> bytes:
    at, rows = 4, b""
    for one in parts:
        rows += struct.pack("<4sIII", b"00dc", 0x10, at, len(one))
        at += 8 + len(one) + (len(one) & 1)
    return _chunk(b"idx1", rows)


def _jpeg(number: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(stripes(number)).save(out, "JPEG", quality=70)
    return out.getvalue()


def _list(kind: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", kind + body)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) & 1)


def surveillance(video: bytes, *, rate: int = 25) -> bytes:
    """A programme stream as platforms of GB/T 28181 write it: H.264 in NAL units, G.711 beside it, a map before keys.

    `video` is H.264 in Annex B.
    """
    out, tick = b"", 0
    for unit in _pictures(video):
        out += _pack(tick) + (_system() + _map() if unit[4] & 0x1F == 7 else b"")
        for at in range(0, len(unit), 60_000):
            out += _packet(0xE0, unit[at : at + 60_000], tick if at == 0 else None)
        out += _packet(0xC0, b"\xd5" * (8000 // rate), tick)
        tick += 90_000 // rate
    return out


def _pictures(video: bytes) -> list[bytes]:
    """Split Annex B into pictures: the first slice of one begins at macroblock 0 (ITU-T H.264, 7.4.3)."""
    units = [b"\x00\x00\x00\x01" + one.rstrip(b"\x00") for one in video.split(b"\x00\x00\x01")[1:]]
    pictures: list[bytes] = []
    waiting = b""
    for unit in units:
        is_slice = unit[4] & 0x1F in {1, 5}
        if is_slice and not unit[5] & 0x80:
            pictures[-1] += unit
            continue
        waiting += unit
        if is_slice:
            pictures.append(waiting)
            waiting = b""
    return pictures


def _stamp(mark: int, tick: int) -> bytes:
    """33 bits of a clock with their marker bits (ISO/IEC 13818-1, 2.4.3.7)."""
    raw = (
        mark << 36
        | (tick >> 30 & 7) << 33
        | 1 << 32
        | (tick >> 15 & 0x7FFF) << 17
        | 1 << 16
        | (tick & 0x7FFF) << 1
        | 1
    )
    return raw.to_bytes(5)


def _pack(tick: int) -> bytes:
    clock = 1 << 46 | (tick >> 30 & 7) << 43 | 1 << 42 | (tick >> 15 & 0x7FFF) << 27 | 1 << 26
    return (
        b"\x00\x00\x01\xba" + (clock | (tick & 0x7FFF) << 11 | 1 << 10 | 1).to_bytes(6) + b"\x01\x89\xc3\xf8"
    )


def _system() -> bytes:
    return b"\x00\x00\x01\xbb" + struct.pack(">H", 12) + bytes.fromhex("8001890421ffe0e080c0c020")


def _map() -> bytes:
    streams = b"\x1b\xe0\x00\x00" + b"\x90\xc0\x00\x00"
    return (
        b"\x00\x00\x01\xbc"
        + struct.pack(">HBBHH", 10 + len(streams), 0xE0, 0xFF, 0, len(streams))
        + streams
        + bytes(4)
    )


def _packet(kind: int, body: bytes, tick: int | None) -> bytes:
    head = b"\x80\x80\x05" + _stamp(2, tick) if tick is not None else b"\x80\x00\x00"
    return b"\x00\x00\x01" + bytes([kind]) + struct.pack(">H", len(head) + len(body)) + head + body
