"""Sound files that are damaged."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from tests.corpus.coded import sound
from tests.corpus.harm import HARMS, over
from tests.corpus.kinds import Broken
from tests.corpus.sound_whole import CODERS, base

HEARD = frozenset(
    {
        "sound-damaged", "sound-short", "sound-sum-differs", "sound-dropped", "sound-silent",
        "frames-broken", "frames-missing", "sound-unwritten", "pages-broken", "pages-missing",
        "media-truncated", "media-damaged", "mp4-no-moov", "mp4-truncated",
        "index-disagrees", "index-outside", "index-astray", "boxes-torn", "elements-damaged",
    }
)  # fmt: skip
BASES = (
    "aac in m4a", "alac in m4a", "aac adts", "mp3", "flac", "opus", "vorbis", "amr", "amr in 3gp",
    "opus in mka", "flac in mka", "opus in webm",
)  # fmt: skip
BARE = ("wav 16", "wav a-law", "wav 8", "wav 24")
ANY_BITS_ARE_SPEECH = ("amr", "eighth bit lost")
"""Headers of its frames have none, and behind them everything is speech (README: what nobody can see)."""
BARE_HARMS = ("cut", "last buffer missing", "sectors of zeros", "block gone", "zeros to the end")
"""Of bare samples any value is a sound: only what touches the structure, or breaks off, can be seen."""


def _hurt(coder: str, harm: str, chance: Random) -> bytes:
    return HARMS[harm](base(coder, seconds=12), chance)


def _lost(whole: bytes, chance: Random) -> bytes:
    """A quarter of a second of a recorder's buffer was never filled."""
    start = whole.index(b"data") + 8
    at = start + int((len(whole) - start) * chance.uniform(0.3, 0.7)) // 4 * 4
    return over(whole, at, bytes((len(whole) - start) // 16 // 4 * 4))


def _other_sum(chance: Random) -> bytes:
    whole = base("flac", seconds=4)
    return over(whole, 26, chance.randbytes(16))


def _renumbered(coder: str, chance: Random) -> bytes:
    """A page of an Ogg file is gone, to the byte."""
    whole = sound("ogg", CODERS[coder][2], 48_000, seconds=8, options=(("page_duration", "200000"),))
    starts = [at for at in range(len(whole)) if whole.startswith(b"OggS", at)]
    number = chance.randrange(4, len(starts) - 3)
    return whole[: starts[number]] + whole[starts[number + 1] :]


def _silence(form: str, codec: str, chance: Random) -> bytes:
    rate = 8_000 if "amr" in codec else 48_000
    return sound(form, codec, rate, seconds=2 + chance.random(), kind="nothing")


SPECIAL: dict[str, tuple[str, Callable[[Random], bytes], frozenset[str]]] = {
    "wav 16: a buffer never filled": ("a.wav", lambda chance: _lost(base("wav 16"), chance), HEARD),
    "wav 24: a buffer never filled": ("a.wav", lambda chance: _lost(base("wav 24"), chance), HEARD),
    "flac: sum of another recording": ("a.flac", _other_sum, HEARD),
    "opus: a page gone": ("a.opus", partial(_renumbered, "opus"), HEARD),
    "vorbis: a page gone": ("a.ogg", partial(_renumbered, "vorbis"), HEARD),
    "nothing at all": ("a.mp3", lambda chance: b"", frozenset({"zero-bytes"})),
    "mp3 that is called wav": ("a.wav", lambda chance: base("mp3"), frozenset({"type-name-conflict"})),
    "flac that is called mp3": ("a.mp3", lambda chance: base("flac"), frozenset({"type-name-conflict"})),
    "amr that is called m4a": ("a.m4a", lambda chance: base("amr"), frozenset({"type-name-conflict"})),
    "silent wav": ("a.wav", partial(_silence, "wav", "pcm_s16le"), frozenset({"sound-silent"})),
    "silent mp3": ("a.mp3", partial(_silence, "mp3", "libmp3lame"), frozenset({"sound-silent"})),
    "silent m4a": ("a.m4a", partial(_silence, "ipod", "aac"), frozenset({"sound-silent"})),
    "silent flac": ("a.flac", partial(_silence, "flac", "flac"), frozenset({"sound-silent"})),
    "silent opus": ("a.opus", partial(_silence, "ogg", "libopus"), frozenset({"sound-silent"})),
}


def brokens() -> Iterator[Broken]:
    """Every class of damage to sound files."""
    for coder in BASES:
        for harm in HARMS:
            if (coder, harm) != ANY_BITS_ARE_SPEECH:
                yield Broken(
                    "sound", f"{coder}: {harm}", CODERS[coder][0], partial(_hurt, coder, harm), HEARD
                )
    for coder in BARE:
        for harm in BARE_HARMS:
            yield Broken("sound", f"{coder}: {harm}", CODERS[coder][0], partial(_hurt, coder, harm), HEARD)
    for damage, (name, make, codes) in SPECIAL.items():
        yield Broken("sound", damage, name, make, codes)
