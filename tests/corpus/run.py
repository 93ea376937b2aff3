"""Make the files, look at each, and hold what was said against what is true."""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from schemas.integrity import Severity
from tests.corpus import (
    document_broken,
    document_whole,
    metadata,
    photo_broken,
    photo_whole,
    sound_broken,
    sound_whole,
    track_broken,
    track_whole,
    video_broken,
    video_whole,
)
from tests.corpus.kinds import Broken, Whole, chance
from workers.media.probe import probe
from workers.media.result import Limits

Said = tuple[tuple[str, str, str], ...]
"""Check, code and severity of everything that was said of a file."""


class Looked(NamedTuple):
    """One file: what is true of it, and what was said. `codes` is empty for a sound one."""

    medium: str
    kind: str
    number: int
    name: str
    codes: tuple[str, ...]
    least: str
    said: Said

    @property
    def alarms(self) -> Said:
        """What weighs at least a warning."""
        return tuple(one for one in self.said if Severity(one[2]).rank >= Severity.WARN.rank)

    @property
    def is_found(self) -> bool:
        """One of the true findings was said, and weighs enough."""
        least = Severity(self.least).rank
        return any(code in self.codes and Severity(heavy).rank >= least for _, code, heavy in self.said)

    @property
    def is_right(self) -> bool:
        """Found where it is damaged, no alarm where it is sound."""
        return self.is_found if self.codes else not self.alarms


Job = tuple[str, str, int]
"""Medium and kind of a file, and which of its kind; `sound` files have the number -1."""


def wholes() -> dict[tuple[str, str], Whole]:
    """Every kind of sound file."""
    made = (photo_whole, video_whole, sound_whole, track_whole, document_whole, metadata)
    return _unique(itertools.chain.from_iterable(one.wholes() for one in made), "kind")


def brokens() -> dict[tuple[str, str], Broken]:
    """Every class of damage."""
    made = (photo_broken, video_broken, sound_broken, track_broken, document_broken, metadata)
    return _unique(itertools.chain.from_iterable(one.brokens() for one in made), "damage")


def _unique(rows: Iterable, word: str) -> dict:
    found: dict = {}
    for one in rows:
        key = (one.medium, getattr(one, word))
        if key in found:
            raise ValueError(f"two kinds of one name: {key}")
        found[key] = one
    return found


def jobs() -> list[Job]:
    """Every file of the whole corpus, neighbours of one base together."""
    sound = [(medium, kind, -1) for medium, kind in wholes()]
    return sound + [(*key, number) for key, one in brokens().items() for number in range(one.times)]


def tenth(seed: int) -> list[Job]:
    """A tenth of the sound kinds and of the damage, each medium its share."""
    groups: dict[tuple[str, bool], list[Job]] = {}
    for job in jobs():
        groups.setdefault((job[0], job[2] < 0), []).append(job)
    drawn = [
        chance(seed, f"tenth {medium} {is_whole}").sample(rows, -(-len(rows) // 10))
        for (medium, is_whole), rows in groups.items()
    ]
    return sorted(itertools.chain.from_iterable(drawn))


def look(chosen: Sequence[Job], seed: int) -> Iterator[Looked]:
    """Make and look at each file in this process, in order."""
    sound, damaged = wholes(), brokens()
    with tempfile.TemporaryDirectory() as folder:
        for medium, kind, number in chosen:
            if number < 0:
                whole = sound[medium, kind]
                said = _said(Path(folder) / whole.name, whole.make())
                yield Looked(medium, kind, number, whole.name, (), Severity.NONE.value, said)
            else:
                one = damaged[medium, kind]
                said = _said(Path(folder) / one.name, one.make(chance(seed, f"{medium} {kind} {number}")))
                yield Looked(medium, kind, number, one.name, tuple(sorted(one.codes)), one.least.value, said)


def _said(path: Path, payload: bytes) -> Said:
    path.write_bytes(payload)
    seen = probe(path, filename=path.name, limits=Limits())
    path.unlink()
    return tuple((one.name, one.code, one.severity.value) for one in seen.checks if one.code)


def look_in_pieces(chosen: Sequence[Job], seed: int, processes: int) -> list[Looked]:
    """The same by several processes; each codes a base once, so pieces are long."""
    size = max(1, len(chosen) // (processes * 12) + 1)
    pieces = [chosen[at : at + size] for at in range(0, len(chosen), size)]
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as pool:
        done = pool.map(_piece, pieces, itertools.repeat(seed))
        return list(itertools.chain.from_iterable(done))


def _piece(chosen: Sequence[Job], seed: int) -> list[Looked]:
    return list(look(chosen, seed))
