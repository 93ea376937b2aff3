"""Everything that was met in time in a film or a sound, as a reviewer's line of time shows it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from schemas.media import MAX_STRETCHES, Stretch, StretchKind
from workers.media.streams.pictures import PictureReader
from workers.media.streams.sound import SoundReader, long_silence
from workers.media.streams.timing import Timing
from workers.media.streams.walk import Walk
from workers.media.structure.walked import Structure

_OF_A_KIND = MAX_STRETCHES // len(StretchKind)
_Met = tuple[StretchKind, float, float]


def stretches_of(walk: Walk, timings: Sequence[Timing], structure: Structure) -> tuple[Stretch, ...]:
    """Return what was met by kind and then by time, the first of each kind, once the checks were made.

    Sound is counted from its own first sample on, pictures by the clock of the file.
    """
    met = sorted({*_of_clocks(timings, structure), *_of_streams(walk)})
    by_kind = (islice((one for one in met if one[0] is kind), _OF_A_KIND) for kind in StretchKind)
    return tuple(
        Stretch(kind=kind, from_ms=round(start * 1000), to_ms=round(end * 1000))
        for found in by_kind
        for kind, start, end in found
    )


def _of_clocks(timings: Sequence[Timing], structure: Structure) -> Iterator[_Met]:
    for one in () if structure.empty else timings:
        for hole in one.holes():
            yield StretchKind.HOLE, hole.from_s, hole.to_s


def _of_streams(walk: Walk) -> Iterator[_Met]:
    for one in walk.readers.values():
        if isinstance(one, PictureReader):
            yield from _of_pictures(one)
        elif isinstance(one, SoundReader):
            yield from _of_sound(one)


def _of_pictures(one: PictureReader) -> Iterator[_Met]:
    yield from _moments(StretchKind.DAMAGED, {*one.torn_at_s, *one.bad_pictures_at_s})
    for kind, run in one.content.runs():
        yield kind, run.from_s, run.to_s


def _of_sound(one: SoundReader) -> Iterator[_Met]:
    yield from _moments(StretchKind.BROKEN, one.bad_at_s)
    levels = one.levels
    if levels is None or not levels.samples:
        return
    silence = long_silence(levels)
    if silence is not None:
        yield StretchKind.SILENT, silence.start_s, silence.end_s
    for span in () if levels.is_gated else levels.dropped:
        yield StretchKind.DROPPED, span.start_s, span.end_s


def _moments(kind: StretchKind, places: Iterable[float]) -> Iterator[_Met]:
    return ((kind, at, at) for at in places)
