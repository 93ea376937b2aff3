"""Films that are damaged."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from tests.corpus.coded import film
from tests.corpus.harm import HARMS, over
from tests.corpus.kinds import Broken
from tests.corpus.video_whole import FIRST, FRAGMENTED, by
from tests.media_containers import avi, fragments

SEEN = frozenset(
    {
        "mp4-no-moov", "mp4-truncated", "media-truncated", "media-damaged", "media-empty", "mp4-trailing-bytes",
        "video-packets-damaged", "video-frames-missing", "video-frames-damaged", "keyframes-none",
        "index-astray", "index-overlaps", "index-disagrees", "index-outside", "boxes-torn", "elements-damaged",
        "avi-not-closed", "avi-cut", "fragments-swapped", "fragments-doubled", "fragments-missing",
        "stream-cut-off", "stream-packets-missing", "stream-packets-faulty", "stream-sync-lost",
        "sound-damaged", "sound-short", "sound-dropped", "pictures-stop", "data-missing",
        "timing-hole", "timing-runs-back", "timing-length-short", "content-frozen", "content-black",
    }
)  # fmt: skip
BASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "mp4": ("a.mp4", partial(by, "mp4", every=3)),
    "mp4 with sound": ("a.mp4", partial(by, "mp4", heard="aac", every=3)),
    "mp4, index first": ("a.mp4", partial(by, "mp4", every=3, options=FIRST)),
    "mp4 in fragments": ("a.mp4", partial(by, "mp4", every=3, options=FRAGMENTED)),
    "hevc in mp4": ("a.mp4", partial(by, "mp4", "libx265", every=3)),
    "mp4, large frames": ("a.mp4", partial(by, "mp4", coder=(("crf", "14"),))),
    "hevc, large frames": ("a.mp4", partial(by, "mp4", "libx265", coder=(("crf", "14"),))),
    "avi, large frames": ("a.avi", partial(by, "avi", "mpeg4", coder=(("b", "4000000"),))),
    "mov of jpegs": ("a.mov", partial(by, "mov", "mjpeg")),
    "mkv": ("a.mkv", partial(by, "mkv", heard="libopus", every=3)),
    "webm": ("a.webm", partial(by, "webm", "libvpx", every=3)),
    "avi of jpegs": ("a.avi", partial(by, "avi", "mjpeg", "pcm_s16le")),
    "avi": ("a.avi", partial(by, "avi", "mpeg4", every=3)),
    "ts": ("a.ts", partial(by, "ts", heard="aac", every=3)),
    "mts": ("a.mts", partial(by, "ts", every=3, options=(("mpegts_m2ts_mode", "1"),))),
    "ps": ("a.mpg", lambda: by("ps", "mpeg2video", "mp2", every=3).rstrip(b"\0")),
}


def _hurt(base: str, harm: str, chance: Random) -> bytes:
    return HARMS[harm](BASES[base][1](), chance)


def _fragments(what: str, chance: Random) -> bytes:
    head, parts = fragments(by("mp4", seconds=5, options=FRAGMENTED))
    at = chance.randrange(1, len(parts) - 2)
    order = {
        "gone": [*parts[:at], *parts[at + 1 :]],
        "twice": [*parts[: at + 1], *parts[at:]],
        "swapped": [*parts[:at], parts[at + 1], parts[at], *parts[at + 2 :]],
    }[what]
    return head + b"".join(order)


def _entry(table: bytes, offset: int, value: bytes, chance: Random) -> bytes:
    whole = by("mp4", heard="aac")
    return over(whole, whole.index(table) + offset, value)


def _packets(what: str, chance: Random) -> bytes:
    whole = by("ts", every=3)
    count = len(whole) // 188
    at = 188 * chance.randrange(count // 3, count * 2 // 3)
    if what == "gone":
        return whole[:at] + whole[at + 188 * chance.randint(1, 5) :]
    if what == "swapped":
        return (
            whole[:at]
            + whole[at + 188 * 20 : at + 188 * 40]
            + whole[at : at + 188 * 20]
            + whole[at + 188 * 40 :]
        )
    if what == "marked":
        return over(whole, at + 1, bytes([whole[at + 1] | 0x80]))
    if what == "step lost":
        return whole[: at + 60] + whole[at + 60 + chance.randint(20, 150) :]
    return whole[: -chance.randint(20, 160)]


def _times(places: Callable[[int], int], chance: Random, form: str = "mp4") -> bytes:
    jump = chance.randrange(20, 40)
    return by(form, times=tuple(places(number) if number >= jump else number for number in range(60)))


def _noise_in_sound(chance: Random) -> bytes:
    """All packets of the sound overwritten in their places: the pictures stay whole."""
    whole = by("mp4", heard="aac", seconds=3)
    at = whole.rindex(b"soun")
    sizes = whole.index(b"stsz", at) + 4
    chunks = whole.index(b"stco", at) + 4
    count = int.from_bytes(whole[chunks + 4 : chunks + 8])
    places = struct.unpack(f">{count}I", whole[chunks + 8 : chunks + 8 + 4 * count])
    first = int.from_bytes(whole[sizes + 12 : sizes + 16])
    for place in places:
        whole = over(whole, place, chance.randbytes(max(40, first)))
    return whole


def _no_tracks(chance: Random) -> bytes:
    header = bytes(12) + struct.pack(">II", 1000, chance.randrange(5_000)) + b"\x00\x01\x00\x00" + bytes(76)
    movie = struct.pack(">I4s", 8 + len(header), b"mvhd") + header
    return (
        struct.pack(">I4s4s4x4s", 20, b"ftyp", b"isom", b"isom")
        + struct.pack(">I4s", 8 + len(movie), b"moov")
        + movie
    )


def _unclosed(cut_bytes: int, chance: Random) -> bytes:
    return avi(
        chance.randrange(8, 16), is_closed=False, cut_bytes=cut_bytes and chance.randint(800, cut_bytes)
    )


def _no_index(chance: Random) -> bytes:
    whole = by("mp4", seconds=1 + chance.randrange(3))
    return whole[: whole.rindex(b"moov") - 4]


def _black(chance: Random) -> bytes:
    return film("mp4", shown="nothing", seconds=2 + chance.randrange(3))


def _appended(chance: Random) -> bytes:
    return by("mp4") + chance.randbytes(chance.randint(3_000, 90_000))


def _fake_index(chance: Random) -> bytes:
    whole = avi()
    return over(whole, whole.rindex(b"idx1") + 8 + 16 * chance.randrange(2, 9) + 8, b"\x01\x02")


SPECIAL: dict[str, tuple[str, Callable[[Random], bytes]]] = {
    **{f"fragment {what}": ("a.mp4", partial(_fragments, what)) for what in ("gone", "twice", "swapped")},
    **{
        f"packets {what}": ("a.ts", partial(_packets, what))
        for what in ("gone", "swapped", "marked", "step lost", "last one cut")
    },
    "mp4: a chunk behind the end": ("a.mp4", partial(_entry, b"stco", 12, b"\x7f\x00\x00\x00")),
    "mp4: a chunk in the head": ("a.mp4", partial(_entry, b"stco", 12, b"\x00\x00\x00\x04")),
    "mp4: more samples than chunks hold": ("a.mp4", partial(_entry, b"stsc", 16, b"\x00\x00\x00\x63")),
    "mp4: a sample too large": ("a.mp4", partial(_entry, b"stsz", 20, b"\x00\x7f\xff\xff")),
    "mp4: noise for sound": ("a.mp4", _noise_in_sound),
    "mp4: no tracks": ("a.mp4", _no_tracks),
    "mp4: no index": ("a.mp4", _no_index),
    "mp4: noise behind": ("a.mp4", _appended),
    "mp4: black": ("a.mp4", _black),
    "mp4: pictures stop, sound goes on": (
        "a.mp4",
        lambda chance: by("mp4", heard="aac", seconds=2, sound_s=7 + chance.randrange(3)),
    ),
    "mp4: clock runs ahead of a hole": ("a.mp4", partial(_times, lambda number: number + 12 * 7)),
    "mp4: picture stands still": (
        "a.mp4",
        lambda chance: by("mp4", seconds=16, still=(20, 20 + chance.randrange(140, 165))),
    ),
    "ps: two recordings joined": (
        "a.mpg",
        lambda chance: by("ps", "mpeg2video", seconds=3 + chance.randrange(3)) * 2,
    ),
    "avi: not closed": ("a.avi", partial(_unclosed, 0)),
    "avi: cut while open": ("a.avi", partial(_unclosed, 3_000)),
    "avi: index of other chunks": ("a.avi", _fake_index),
}
NAMES: dict[str, tuple[str, Callable[[Random], bytes]]] = {
    "mkv that is called mp4": ("a.mp4", lambda chance: by("mkv")),
    "mp4 that is called avi": ("a.avi", lambda chance: by("mp4")),
    "avi that is called mkv": ("a.mkv", lambda chance: by("avi", "mjpeg")),
    "ts that is called mp4": ("a.mp4", lambda chance: by("ts")),
}


AS_TEXT = frozenset({"ts", "mts"})
"""Nothing of their step is left: that the bytes are not what the name says is all that anybody can say."""


def brokens() -> Iterator[Broken]:
    """Every class of damage to films."""
    for base, (name, _) in BASES.items():
        for harm in HARMS:
            unknown = {"type-name-conflict"} if base in AS_TEXT and harm == "sent as text" else set()
            yield Broken("video", f"{base}: {harm}", name, partial(_hurt, base, harm), SEEN | unknown)
    for damage, (name, make) in SPECIAL.items():
        yield Broken("video", damage, name, make, SEEN)
    for damage, (name, make) in NAMES.items():
        yield Broken("video", damage, name, make, frozenset({"type-name-conflict"}), times=1)
