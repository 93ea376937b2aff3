"""What a walk over the bytes of a container gives, whatever the container: faults, extent, and its own clock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.checks.containers import CONTINUITY, FRAGMENTS, INDEX
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note
from workers.media.source import Gaps


class Length(NamedTuple):
    """How long a stream is by a header and by what follows it, in seconds."""

    promised: float
    found: float


class Structure(NamedTuple):
    """What the walk over a file met.

    `notes` keep the container from being whole. `index_met`, `fragments_met` and `continuity_met` are findings of these
    checks, None where the container has none of that. `end` is where its structure ends, before the end of the file or
    there; `size_bytes` is 0 where no end is known. `seconds` is the length by the container's own clock, where the walk
    read it; `empty` counts the places of each stream where nothing came in time; `has_pauses` says that the format
    marks places where its clock jumps. What is not readable is handed to no demuxer. `twice` are packets that were sent a
    second time, as they may be.
    """

    notes: tuple[Note, ...] = ()
    index_met: tuple[Note, ...] | None = None
    fragments_met: tuple[Note, ...] | None = None
    continuity_met: tuple[Note, ...] | None = None
    lengths: tuple[Length, ...] = ()
    examined: tuple[Examined, ...] = ()
    end: int = 0
    size_bytes: int = 0
    seconds: float | None = None
    empty: Mapping[int, int] = MappingProxyType({})
    has_pauses: bool = False
    is_readable: bool = True
    twice: Gaps | None = None


def fault(code: str, **params: Any) -> Note:  # noqa: ANN401 - parameters of a sentence are scalars of any kind
    """Write down one finding of a check of the structure other than the container check."""
    return Note(code, params)


def gravest(check: Check, met: tuple[Note, ...]) -> CheckResult:
    """Say the gravest of what was met, the first of equals; nothing met means that the check held."""
    made = [check.found(one.code, **one.params) for one in met]
    return max(made, key=lambda one: one.severity.rank, default=check.held())


def row(part: PartKind, measure: Measure, check: Check, done: int, of: int | None) -> Examined:
    """One part, gone through by a check of the structure."""
    return Examined(part=part, measure=measure, done=done, of=of, check=check.name)


def big(body: bytes, at: int, length: int = 4) -> int:
    """Return an unsigned big-endian number; what lies behind the end counts as nothing."""
    return int.from_bytes(body[at : at + length])


def little(body: bytes, at: int, length: int = 4) -> int:
    """Return an unsigned little-endian number."""
    return int.from_bytes(body[at : at + length], "little")


@examines(INDEX)
def check_index(check: Check, structure: Structure) -> CheckResult | None:
    """Say whether the index agrees with itself and with the file."""
    return None if structure.index_met is None else gravest(check, structure.index_met)


@examines(FRAGMENTS)
def check_fragments(check: Check, structure: Structure) -> CheckResult | None:
    """Say whether the fragments of a container follow each other."""
    return None if structure.fragments_met is None else gravest(check, structure.fragments_met)


@examines(CONTINUITY)
def check_continuity(check: Check, structure: Structure) -> CheckResult | None:
    """Say whether the packets of a stream follow each other."""
    return None if structure.continuity_met is None else gravest(check, structure.continuity_met)


OF_A_STRUCTURE = (check_index, check_fragments, check_continuity)
