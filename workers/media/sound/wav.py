"""WAV by its chunks (RIFF; EBU Tech 3306 for RF64 and BW64), and whether its sizes were ever written."""

import struct
from typing import NamedTuple

import numpy as np

from workers.media.sound.sound_frames import View
from workers.media.sound.tags import sound_ends
from workers.media.source import Source
from workers.media.work import Work

_OPEN_WITHIN = 64 * 1024
_OPEN = (0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
_IN_DS64 = 0xFFFF_FFFF
_CHUNK = 8
_IMA_ADPCM, _MOST_CHANNELS, _MOST_STEP = 0x11, 8, 88
_FEW = 0.1
_PORTION_BYTES = 1 << 20


class Chunks(NamedTuple):
    """What the walk met.

    `is_open`: a size was left as writers of a stream leave it – nothing, or the most that it can hold – and the sound
    goes on to the end. `missing_bytes` is what the last chunk lacks, `behind` the bytes after the last one that fits.
    The samples stand from `sound_start` to `sound_end`, as far as they are there, coded as `coding` says.
    """

    is_open: bool
    has_sound: bool
    missing_bytes: int
    behind: int
    sound_start: int = 0
    sound_end: int = 0
    coding: "Coding | None" = None


class Coding(NamedTuple):
    """What the header says of the samples (chunk `fmt `): the number of their coder, and how they lie in blocks."""

    coder: int
    channels: int
    rate: int
    block_bytes: int


class Blocks(NamedTuple):
    """Blocks whose head cannot be: how many, and in which second the first of them begins."""

    broken: int
    at_seconds: int


def walk(source: Source, work: Work) -> Chunks:
    """Step from chunk to chunk; a chunk of odd length is followed by one byte, which some writers leave out."""
    view, size, at = View(source), source.size_bytes, 12
    long_size: int | None = None
    # RF64 and BW64 leave the sizes of RIFF at their largest by design and keep the true ones in a chunk of their own
    is_open = view.at(0, 4) == b"RIFF" and _is_open(int.from_bytes(view.at(4, 4), "little"), size - _CHUNK)
    has_sound, sound, coding = False, (0, 0), None
    ends = sound_ends(view, at, size)
    while at + _CHUNK <= size:
        work.pieces()
        head = view.at(at, 36)
        kind, length = head[:4], int.from_bytes(head[4:8], "little")
        if at in ends:
            return Chunks(is_open, has_sound, 0, 0, *sound, coding)
        if not _is_name(kind):
            return Chunks(is_open, has_sound, 0, size - at, *sound, coding)
        if kind == b"ds64":
            long_size = int.from_bytes(head[16:24], "little")
        elif kind == b"fmt ":
            coder, channels, rate, _, block = struct.unpack("<HHIIH", head[8:22].ljust(14, b"\x00"))
            coding = Coding(coder, channels, rate, block)
        elif kind == b"data":
            left = size - at - _CHUNK
            length = long_size if length == _IN_DS64 and long_size else length
            has_sound, is_left_open = True, _is_open(length, left)
            is_open, length = is_open or is_left_open, left if is_left_open else length
            sound = at + _CHUNK, min(size, at + _CHUNK + length)
        if at + _CHUNK + length > size:
            return Chunks(is_open, has_sound, at + _CHUNK + length - size, 0, *sound, coding)
        at += _CHUNK + length
        at += length % 2 and at < size and not _is_name(view.at(at, 4))
    return Chunks(is_open, has_sound, 0, max(0, size - at), *sound, coding)


def broken_blocks(view: View, met: Chunks) -> Blocks | None:
    """Look at the head of every block of IMA ADPCM: any other bits are sound, these are not.

    It names a step among 89, and a byte that is zero; of a writer that fills that byte with something it is not asked.
    """
    coding = met.coding
    if coding is None or coding.coder != _IMA_ADPCM or not 1 <= coding.channels <= _MOST_CHANNELS:
        return None
    head = 4 * coding.channels
    if coding.block_bytes <= head:
        return None
    count = (met.sound_end - met.sound_start) // coding.block_bytes
    if count == 0:
        return None
    steps, fills = np.zeros(count, bool), np.zeros(count, bool)
    portion = max(1, _PORTION_BYTES // coding.block_bytes)
    for first in range(0, count, portion):
        here = slice(first, min(first + portion, count))
        raw = view.at(met.sound_start + first * coding.block_bytes, (here.stop - first) * coding.block_bytes)
        heads = np.frombuffer(raw, np.uint8).reshape(-1, coding.block_bytes)[:, :head]
        heads = heads.reshape(-1, coding.channels, 4)
        steps[here] = (heads[:, :, 2] > _MOST_STEP).any(axis=1)
        fills[here] = heads[:, :, 3].any(axis=1)
    broken = steps | fills if fills.mean() < _FEW else steps
    if not broken.any():
        return None
    samples = 1 + 2 * (coding.block_bytes - head) // coding.channels
    return Blocks(int(broken.sum()), int(broken.argmax()) * samples // max(1, coding.rate))


def _is_open(claimed: int, left: int) -> bool:
    """A size that nobody wrote: nothing where there is something, or just below the most that 31 or 32 bits hold."""
    if claimed == 0:
        return left > 0
    return claimed > left and any(most - _OPEN_WITHIN <= claimed <= most for most in _OPEN)


def _is_name(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F for byte in kind)  # noqa: PLR2004
