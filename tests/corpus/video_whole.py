"""Films that are sound: every container, coder and companion sound at hand, and what devices do around them."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

from tests.corpus.coded import Options, film
from tests.corpus.kinds import Whole
from tests.media import SHARED
from tests.media_containers import avi, late_clock, with_matrix

FRAGMENTED: Options = (("movflags", "frag_keyframe+empty_moov+default_base_moof"),)
FIRST: Options = (("movflags", "faststart"),)
FORMS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "mp4": (
        "a.mp4",
        "mp4",
        ("libx264", "libx265", "mpeg4", "libsvtav1", "libvpx-vp9"),
        ("", "aac", "libmp3lame"),
    ),
    "mov": (
        "a.MOV",
        "mov",
        ("libx264", "libx265", "mjpeg", "prores"),
        ("", "aac", "pcm_alaw", "pcm_s16le", "alac"),
    ),
    "3gp": ("a.3gp", "3gp", ("h263", "mpeg4", "libx264"), ("", "libopencore_amrnb", "aac")),
    "mkv": (
        "a.mkv",
        "matroska",
        ("libx264", "libx265", "mjpeg", "mpeg4", "libvpx", "ffv1"),
        ("", "aac", "libopus", "flac", "pcm_s16le", "libmp3lame"),
    ),
    "webm": ("a.webm", "webm", ("libvpx", "libvpx-vp9", "libsvtav1"), ("", "libopus", "vorbis")),
    "avi": (
        "a.avi",
        "avi",
        ("mjpeg", "mpeg4", "msmpeg4v3", "libx264"),
        ("", "libmp3lame", "pcm_s16le", "pcm_alaw"),
    ),
    "ts": ("a.ts", "mpegts", ("libx264", "libx265", "mpeg2video"), ("", "aac", "ac3", "mp2")),
    "ps": ("a.mpg", "vob", ("mpeg2video", "mpeg1video"), ("", "mp2", "ac3")),
}
RATES = {"libopencore_amrnb": 8_000, "pcm_alaw": 8_000}
COSTLY = frozenset({"libx265", "libsvtav1", "libvpx-vp9", "prores"})


def by(form: str, codec: str = "libx264", heard: str = "", **more: object) -> bytes:
    """A film in a container."""
    return film(FORMS[form][1], codec, heard, RATES.get(heard, 48_000), **more)  # type: ignore[arg-type]


def box(kind: bytes, body: bytes) -> bytes:
    """One box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def in_movie(whole: bytes, extra: bytes) -> bytes:
    """The film with one more box at the end of its movie box, which is the last of the file."""
    at = whole.rindex(b"moov") - 4
    size = int.from_bytes(whole[at : at + 4])
    return (
        whole[:at]
        + struct.pack(">I", size + len(extra))
        + whole[at + 4 : at + size]
        + extra
        + whole[at + size :]
    )


def _wide_size(whole: bytes) -> bytes:
    """The size of the media data in 64 bits: the room for it was kept before."""
    at = whole.index(b"free")
    size = int.from_bytes(whole[at + 4 : at + 8])
    return whole[: at - 4] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + whole[at + 12 :]


def _open_size(whole: bytes) -> bytes:
    """The media data run to the end of the file: their size is 0."""
    at = whole.index(b"mdat") - 4
    return whole[:at] + bytes(4) + whole[at + 4 :]


def _no_clock(whole: bytes) -> bytes:
    """A camera whose clock was never set: creation times of 0."""
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        at = whole.index(kind) + 8
        whole = whole[:at] + bytes(8) + whole[at + 8 :]
    return whole


def _null_packets(whole: bytes) -> bytes:
    filler = b"\x47\x1f\xff\x10" + b"\xff" * 184
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    return b"".join(one + filler * (number % 9 == 4) for number, one in enumerate(packets))


def _twice(whole: bytes) -> bytes:
    """One packet with payload is sent twice, as the standard allows."""
    at = 188 * (len(whole) // 188 // 2)
    return whole[: at + 188] + whole[at:]


def _often_twice(whole: bytes, every: int, step: int = 188) -> bytes:
    """Packets with payload are sent twice, each time once: where reception is poor senders do that."""
    lead = step - 188
    packets = [whole[at : at + step] for at in range(0, len(whole) - step + 1, step)]
    return b"".join(
        one * (1 + (not number % every and bool(one[lead + 3] & 0x10))) for number, one in enumerate(packets)
    )


def _ended(whole: bytes) -> bytes:
    """Power failed between two pictures: the next packet would have begun one."""
    starts = [
        at for at in range(188 * 40, len(whole), 188) if whole[at + 1] & 0x5F == 0x41 and not whole[at + 2]
    ]
    return whole[: starts[len(starts) * 2 // 3]]


LEANING: dict[str, tuple[str, Options]] = {
    "open groups": ("libx264", (("x264-params", "open-gop=1:bframes=3"),)),
    "pyramid": ("libx264", (("x264-params", "b-pyramid=normal:bframes=5:ref=5"),)),
    "weighted, eight references": ("libx264", (("x264-params", "weightp=2:ref=8"),)),
    "fields": ("libx264", (("x264-params", "tff=1:bframes=2"),)),
    "refresh": ("libx264", (("intra-refresh", "1"), ("bf", "0"))),
    "no deblocking, no cabac": ("libx264", (("x264-params", "no-deblock=1:cabac=0"),)),
    "hevc open groups": ("libx265", (("x265-params", "log-level=none:pools=1:open-gop=1:bframes=4"),)),
    "hevc closed groups": ("libx265", (("x265-params", "log-level=none:pools=1:open-gop=0:bframes=0"),)),
    "mpeg-2 frames out of order": ("mpeg2video", (("bf", "2"),)),
}
"""How frames lean on each other, in ways that a decoder has to know."""


def _begun(codec: str, coder: Options) -> bytes:
    """Cut out of a running stream, where no picture begins that stands by itself."""
    whole = by("ts", codec, seconds=5, coder=coder)
    return whole[188 * (len(whole) // 188 // 3) :]


QUIRKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "mp4: index first": ("a.mp4", partial(by, "mp4", heard="aac", options=FIRST)),
    "mp4: fragments": ("a.mp4", partial(by, "mp4", seconds=4, options=FRAGMENTED)),
    "mp4: fragments with sound": ("a.mp4", partial(by, "mp4", heard="aac", seconds=4, options=FRAGMENTED)),
    "mp4: segments": ("a.mp4", partial(by, "mp4", seconds=4, options=(("movflags", "dash+cmaf"),))),
    "mp4: live segments": (
        "a.mp4",
        partial(by, "mp4", seconds=4, options=(("movflags", "frag_keyframe+empty_moov+separate_moof"),)),
    ),
    "mp4: clock since eleven hours": (
        "a.mp4",
        lambda: late_clock(by("mp4", seconds=4, options=FRAGMENTED), 39_600),
    ),
    "mp4: 64-bit size": ("a.mp4", lambda: _wide_size(by("mp4"))),
    "mp4: open size": ("a.mp4", lambda: _open_size(by("mp4", options=FIRST))),
    "mp4: clock never set": ("a.mp4", lambda: _no_clock(by("mp4"))),
    "mp4: room behind": ("a.mp4", lambda: by("mp4") + box(b"free", bytes(4_000))),
    "mp4: skipped behind": ("a.mp4", lambda: by("mp4", heard="aac") + box(b"skip", bytes(99))),
    "mp4: zeros behind": ("a.mp4", lambda: by("mp4") + bytes(65_536)),
    "mp4: maker's box behind": ("a.mp4", lambda: by("mp4") + box(b"uuid", b"camera-maker-0001" + bytes(300))),
    "mp4: unknown box in the movie": ("a.mp4", lambda: in_movie(by("mp4"), box(b"cmra", b"unit 7"))),
    "mp4: place in the movie": (
        "a.mp4",
        lambda: in_movie(by("mp4"), box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7+31.3456+120.4567/"))),
    ),
    "mp4: user data with a zero end": ("a.mp4", lambda: in_movie(by("mp4"), box(b"udta", bytes(4)))),
    "mp4: frames out of order": ("a.mp4", partial(by, "mp4", coder=(("bf", "2"),))),
    "mp4: no frames out of order": ("a.mp4", partial(by, "mp4", coder=(("bf", "0"),))),
    "mp4: baseline": ("a.mp4", partial(by, "mp4", coder=(("profile", "baseline"),))),
    "mp4: key frames only": ("a.mp4", partial(by, "mp4", every=1)),
    "mp4: one key frame": ("a.mp4", partial(by, "mp4", every=250, seconds=4)),
    "mp4: slices": ("a.mp4", partial(by, "mp4", coder=(("slices", "4"),))),
    "mp4: interlaced": ("a.mp4", partial(by, "mp4", coder=(("flags", "+ildct+ilme"),))),
    "mp4: refresh instead of key frames": (
        "a.mp4",
        partial(by, "mp4", seconds=3, coder=(("intra-refresh", "1"),)),
    ),
    "mp4: microphone off": ("a.mp4", partial(by, "mp4", heard="aac", silent=True)),
    "mp4: sound a little longer": ("a.mp4", partial(by, "mp4", heard="aac", sound_s=2.3)),
    "mp4: sound a little shorter": ("a.mp4", partial(by, "mp4", heard="aac", sound_s=1.8)),
    "mp4: a frame now and then missing": (
        "a.mp4",
        partial(by, "mp4", times=tuple(n for n in range(48) if n % 11 != 7)),
    ),
    "mp4: few frames a second": ("a.mp4", partial(by, "mp4", fps=2, seconds=8, every=4)),
    "mp4: thirty frames": ("a.mp4", partial(by, "mp4", fps=30, seconds=1.5)),
    "mp4: at night": ("a.mp4", partial(by, "mp4", shown="night")),
    "mp4: a wall": ("a.mp4", partial(by, "mp4", shown="wall")),
    "mp4: a document": ("a.mp4", partial(by, "mp4", shown="document")),
    "mp4: half a second": ("a.mp4", partial(by, "mp4", seconds=0.5)),
    "mp4: one frame": ("a.mp4", partial(by, "mp4", times=(0,))),
    "mp4: words": (
        "a.mp4",
        partial(
            by,
            "mp4",
            metadata=(("title", "巡查"), ("comment", "unit 7"), ("creation_time", "2026-09-01T01:30:00Z")),
        ),
    ),
    "mp4: called m4v": ("a.m4v", partial(by, "mp4")),
    "mov: called mp4": ("a.mp4", partial(by, "mov")),
    "mkv: live": ("a.mkv", partial(by, "mkv", options=(("live", "1"),))),
    "mkv: index first": ("a.mkv", partial(by, "mkv", options=(("reserve_index_space", "4000"),))),
    "mkv: small clusters": ("a.mkv", partial(by, "mkv", options=(("cluster_time_limit", "300"),))),
    "webm: live": ("a.webm", partial(by, "webm", "libvpx", options=(("live", "1"),))),
    "avi: null frames": ("a.avi", lambda: avi(12, empty=(4, 7))),
    "avi: plain": ("a.avi", lambda: avi(12)),
    "avi: first frame null": ("a.avi", lambda: avi(12, empty=(1, 2, 3))),
    "ts: 192 bytes": ("00001.MTS", partial(by, "ts", heard="ac3", options=(("mpegts_m2ts_mode", "1"),))),
    "ts: null packets": ("a.ts", lambda: _null_packets(by("ts", heard="aac"))),
    "ts: a packet twice": ("a.ts", lambda: _twice(by("ts"))),
    "ts: every packet twice": ("a.ts", lambda: _often_twice(by("ts", heard="aac"), 1)),
    "ts: many packets twice": ("a.ts", lambda: _often_twice(by("ts", "libx265", heard="aac"), 3)),
    "ts: packets of 192 bytes twice": (
        "00002.MTS",
        lambda: _often_twice(by("ts", options=(("mpegts_m2ts_mode", "1"),)), 2, 192),
    ),
    "ts: begun in a packet": ("a.ts", lambda: by("ts")[100:]),
    "ts: ends before a picture": ("a.ts", lambda: _ended(by("ts", heard="aac"))),
    "ts: zeros behind": ("a.ts", lambda: by("ts") + bytes(5000)),
    "ts: upper case": ("20260504_081500.TS", partial(by, "ts", heard="aac")),
    **{
        f"ts: {what}, begun in the middle": ("a.ts", partial(_begun, codec, coder))
        for what, (codec, coder) in LEANING.items()
    },
    **{
        f"mp4: {what}": ("a.mp4", partial(by, "mp4", codec, "aac", seconds=4, coder=coder))
        for what, (codec, coder) in LEANING.items()
    },
    **{
        f"mkv: {what}": ("a.mkv", partial(by, "mkv", codec, seconds=4, coder=coder))
        for what, (codec, coder) in LEANING.items()
    },
    "avi: frames out of order": ("a.avi", partial(by, "avi", "mpeg4", "libmp3lame", coder=(("bf", "2"),))),
    "h264 bare": ("a.h264", partial(film, "h264")),
    "h264 bare, called 264": ("a.264", partial(film, "h264", coder=(("bf", "0"),))),
    "h265 bare": ("a.h265", partial(film, "hevc", "libx265")),
    **{
        f"mp4: matrix {matrix}": ("a.mp4", lambda matrix=matrix: with_matrix(by("mp4"), matrix))  # type: ignore[misc]
        for matrix in (
            (-1, 0, 0, 1),
            (-1, 0, 0, -1),
            (1, 0, 0, -1),
            (0, 1, 1, 0),
            (0, 1, -1, 0),
            (0, -1, 1, 0),
        )
    },
}


def wholes() -> Iterator[Whole]:
    """Every sound film."""
    for form, (name, _, codecs, sounds) in FORMS.items():
        for codec in codecs:
            for heard in sounds if codec not in COSTLY else sounds[:2]:
                made = partial(by, form, codec, heard)
                yield Whole("video", f"{form}: {codec} {heard or 'without sound'}", name, made)
            if codec not in COSTLY:
                yield Whole("video", f"{form}: {codec}, night", name, partial(by, form, codec, shown="night"))
    for quirk, (name, make) in QUIRKS.items():
        yield Whole("video", quirk, name, make)
    hero = SHARED / "max-heromode.mp4"
    if hero.exists():
        yield Whole("video", "recording of an action camera", hero.name, hero.read_bytes)
