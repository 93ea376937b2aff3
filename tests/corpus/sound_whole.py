"""Sound files that are sound: every coder in every container that recorders use, and what stands around it."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

from tests.corpus.coded import sound
from tests.corpus.kinds import Whole

Coder = tuple[str, str, str, tuple[int, ...]]
CODERS: dict[str, Coder] = {
    "aac in m4a": ("a.m4a", "ipod", "aac", (16_000, 44_100, 48_000)),
    "alac in m4a": ("a.m4a", "ipod", "alac", (44_100, 48_000)),
    "aac in mp4": ("a.mp4", "mp4", "aac", (48_000,)),
    "opus in mp4": ("a.mp4", "mp4", "libopus", (48_000,)),
    "aac in 3gp": ("a.3gp", "3gp", "aac", (16_000,)),
    "aac adts": ("a.aac", "adts", "aac", (8_000, 16_000, 44_100, 48_000)),
    "mp3": ("a.mp3", "mp3", "libmp3lame", (8_000, 16_000, 22_050, 32_000, 44_100, 48_000)),
    "flac": ("a.flac", "flac", "flac", (8_000, 16_000, 44_100, 48_000)),
    "opus": ("a.opus", "ogg", "libopus", (16_000, 48_000)),
    "vorbis": ("a.ogg", "ogg", "vorbis", (44_100, 48_000)),
    "flac in ogg": ("a.oga", "ogg", "flac", (48_000,)),
    "amr": ("a.amr", "amr", "libopencore_amrnb", (8_000,)),
    "amr in 3gp": ("a.3gp", "3gp", "libopencore_amrnb", (8_000,)),
    "wav 16": ("a.wav", "wav", "pcm_s16le", (8_000, 16_000, 44_100, 48_000)),
    "wav 8": ("a.wav", "wav", "pcm_u8", (8_000, 16_000)),
    "wav 24": ("a.wav", "wav", "pcm_s24le", (48_000,)),
    "wav 32": ("a.wav", "wav", "pcm_s32le", (48_000,)),
    "wav float": ("a.wav", "wav", "pcm_f32le", (48_000,)),
    "wav a-law": ("a.wav", "wav", "pcm_alaw", (8_000,)),
    "wav mu-law": ("a.wav", "wav", "pcm_mulaw", (8_000,)),
    "wav ms adpcm": ("a.wav", "wav", "adpcm_ms", (8_000, 16_000)),
    "wav ima adpcm": ("a.wav", "wav", "adpcm_ima_wav", (8_000, 16_000)),
    "wav mp3": ("a.wav", "wav", "libmp3lame", (44_100,)),
    "opus in mka": ("a.mka", "matroska", "libopus", (48_000,)),
    "flac in mka": ("a.mka", "matroska", "flac", (48_000,)),
    "aac in mka": ("a.mka", "matroska", "aac", (44_100,)),
    "pcm in mka": ("a.mka", "matroska", "pcm_s16le", (16_000,)),
    "opus in webm": ("a.webm", "webm", "libopus", (48_000,)),
}
KINDS = ("speech", "engine", "quiet")
ID3 = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048)
ID3_23 = b"ID3\x03\0\0\0\0\0\x23TIT2\0\0\0\x0f\0\0\x03patrol unit 07" + bytes(10)
ID3V1 = b"TAG" + b"x" * 125
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 200, 1, 0x8000_0000) + bytes(8) + b"y" * 168
APE += b"APETAGEX" + struct.pack("<IIII", 2000, 200, 1, 0x8000_0000) + bytes(8)


def base(coder: str, rate: int = 0, channels: int = 1, kind: str = "speech", seconds: float = 3) -> bytes:
    """One voice by one coder."""
    _, form, codec, rates = CODERS[coder]
    return sound(form, codec, rate or rates[-1], channels=channels, seconds=seconds, kind=kind)


def _sizes(whole: bytes, size: bytes) -> bytes:
    at = whole.index(b"data") + 4
    return whole[:4] + size + whole[8:at] + size + whole[at + 4 :]


def _chunks_before(whole: bytes) -> bytes:
    """A broadcast chunk and room before the sound, as docking stations write them."""
    at = whole.index(b"data")
    extra = (
        b"bext"
        + struct.pack("<I", 602)
        + b"unit 7".ljust(602, b"\0")
        + b"JUNK"
        + struct.pack("<I", 28)
        + bytes(28)
    )
    longer = whole[:at] + extra + whole[at:]
    return longer[:4] + struct.pack("<I", len(longer) - 8) + longer[8:]


QUIRKS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "mp3: ID3v1 behind": ("mp3", lambda whole: whole + ID3V1),
    "mp3: APE behind": ("mp3", lambda whole: whole + APE),
    "mp3: APE and ID3v1 behind": ("mp3", lambda whole: whole + APE + ID3V1),
    "mp3: two tags in front": ("mp3", lambda whole: ID3 + whole),
    "mp3: ID3v2.3 in front": ("mp3", lambda whole: ID3_23 + whole[45:]),
    "mp3: no tag": ("mp3", lambda whole: whole[45:]),
    "mp3: padding before": ("mp3", lambda whole: ID3 + bytes(700) + whole[45:]),
    "mp3: a piece": ("mp3", lambda whole: whole[5000:]),
    "mp3: joined": ("mp3", lambda whole: whole + whole),
    "mp3: joined with tags": ("mp3", lambda whole: (whole + ID3V1) * 2),
    "mp3: zeros behind": ("mp3", lambda whole: whole + bytes(5000)),
    "aac adts: behind a tag": ("aac adts", lambda whole: ID3 + whole),
    "aac adts: before a tag": ("aac adts", lambda whole: whole + ID3V1),
    "aac adts: joined": ("aac adts", lambda whole: whole + whole),
    "flac: behind a tag": ("flac", lambda whole: ID3 + whole),
    "flac: before a tag": ("flac", lambda whole: whole + ID3V1),
    "flac: of a stream": ("flac", lambda whole: whole[:22] + bytes(20) + whole[42:]),
    "opus: no last page": ("opus", lambda whole: whole[: whole.rindex(b"OggS")]),
    "opus: chained": ("opus", lambda whole: whole + whole),
    "wav 16: of a stream": ("wav 16", lambda whole: _sizes(whole, b"\xff" * 4)),
    "wav 16: of a small stream": ("wav 16", lambda whole: _sizes(whole, b"\xff\xff\xff\x7f")),
    "wav 16: never closed": ("wav 16", lambda whole: _sizes(whole, bytes(4))),
    "wav a-law: of a stream": ("wav a-law", lambda whole: _sizes(whole, b"\xff" * 4)),
    "wav 16: before a tag": ("wav 16", lambda whole: whole + ID3V1),
    "wav 16: zeros behind": ("wav 16", lambda whole: whole + bytes(4096)),
    "wav 16: odd chunks": ("wav 16", lambda whole: whole + b"LIST\x05\0\0\0INFOx\0id3 \x02\0\0\0xx"),
    "wav 16: chunks before": ("wav 16", _chunks_before),
    "wav mu-law: chunks before": ("wav mu-law", _chunks_before),
    "amr: joined frames": ("amr", lambda whole: whole + whole[6:]),
    "aac in m4a: room behind": (
        "aac in m4a",
        lambda whole: whole + struct.pack(">I4s", 1024, b"free") + bytes(1016),
    ),
    "amr in 3gp: a maker's box": (
        "amr in 3gp",
        lambda whole: whole + struct.pack(">I4s", 12, b"zzzz") + b"abcd",
    ),
}
FORMS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "wav: large sizes apart": (
        "a.wav",
        partial(sound, "wav", "pcm_s16le", 48_000, options=(("rf64", "always"),)),
    ),
    "mp3: no header of its own": (
        "a.mp3",
        partial(sound, "mp3", "libmp3lame", 44_100, options=(("write_xing", "0"),)),
    ),
    "mp3: tag of version 3": (
        "a.mp3",
        partial(sound, "mp3", "libmp3lame", 44_100, options=(("id3v2_version", "3"),)),
    ),
    "m4a: index first": ("a.m4a", partial(sound, "ipod", "aac", options=(("movflags", "faststart"),))),
    "m4a: fragments": (
        "a.m4a",
        partial(
            sound,
            "ipod",
            "aac",
            options=(("movflags", "frag_keyframe+empty_moov"), ("frag_duration", "500000")),
        ),
    ),
    "mka: live": ("a.mka", partial(sound, "matroska", "libopus", options=(("live", "1"),))),
    "opus: small pages": ("a.opus", partial(sound, "ogg", "libopus", options=(("page_duration", "20000"),))),
    "adts: with sums": ("a.aac", partial(sound, "adts", "aac", options=(("write_id3v2", "1"),))),
    "half a second": ("a.wav", partial(sound, "wav", "pcm_s16le", 16_000, seconds=0.5)),
    "half a second of mp3": ("a.mp3", partial(sound, "mp3", "libmp3lame", 44_100, seconds=0.5)),
    "half a second of amr": ("a.amr", partial(sound, "amr", "libopencore_amrnb", 8_000, seconds=0.5)),
    "twenty seconds": ("a.m4a", partial(sound, "ipod", "aac", 44_100, seconds=20)),
}


def wholes() -> Iterator[Whole]:
    """Every sound file that is sound."""
    for coder, (name, _, codec, rates) in CODERS.items():
        for rate in rates:
            for kind in KINDS:
                made = partial(base, coder, rate, 1, kind)
                yield Whole("sound", f"{coder}, {rate} Hz, {kind}", name, made)
            if "amr" not in codec and codec != "vorbis":
                yield Whole("sound", f"{coder}, {rate} Hz, two channels", name, partial(base, coder, rate, 2))
    for quirk, (coder, change) in QUIRKS.items():
        yield Whole("sound", quirk, CODERS[coder][0], partial(_odd, coder, change))
    for quirk, (name, make) in FORMS.items():
        yield Whole("sound", quirk, name, make)


def _odd(coder: str, change: Callable[[bytes], bytes]) -> bytes:
    return change(base(coder))
