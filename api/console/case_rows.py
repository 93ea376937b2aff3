"""The recordings of a case in parts: what is asked for in the address, and the part that is shown."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from api.console.listing import IGNORED, PAGE_ROWS, address
from schemas.integrity import Shown
from schemas.recording import Recording, RecordingState
from schemas.verdict import shown

MOST_PARTS = 10_000


class PartAsked(BaseModel):
    """Which part of the recordings of a case a page shows: `part` is counted from one, `only` is how they read."""

    model_config = ConfigDict(frozen=True)

    part: Annotated[int, Field(ge=1, le=MOST_PARTS), IGNORED] = 1
    only: Annotated[Shown | None, IGNORED] = None


class Way(NamedTuple):
    """A link to another part: `number` is that of the part, or of the recordings behind the link."""

    href: str
    number: int
    is_here: bool
    word: Shown | None = None


class Part(NamedTuple):
    """Recordings that are shown together; `first` is the place of the first among `total`, counted from one."""

    rows: Sequence[Recording]
    first: int
    total: int
    words: tuple[Way, ...]
    ways: tuple[Way, ...]


def part_of(recordings: Sequence[Recording], asked: PartAsked | None, path: str) -> Part:
    """Return the part that is asked for, or the last where there is none of that number.

    Args:
        recordings: Of the case, in order.
        asked: None shows the first.
        path: Address of the page, for the links.
    """
    wanted = asked or PartAsked()
    only = wanted.only
    found = [one for one in recordings if only is None or _word(one) is only]
    last = max(1, -(-len(found) // PAGE_ROWS))
    number = min(wanted.part or 1, last)
    start = (number - 1) * PAGE_ROWS
    return Part(
        rows=found[start : start + PAGE_ROWS],
        first=start + 1,
        total=len(found),
        words=_words(recordings, only, path) if len(recordings) > PAGE_ROWS else (),
        ways=tuple(Way(_href(path, only, n), n, n == number) for n in range(1, last + 1)) if last > 1 else (),
    )


def _words(recordings: Sequence[Recording], only: Shown | None, path: str) -> tuple[Way, ...]:
    counts = Counter(_word(one) for one in recordings)
    every = Way(_href(path, None, 1), len(recordings), only is None)
    return (every, *(Way(_href(path, one, 1), counts[one], one is only, one) for one in Shown if counts[one]))


def _word(row: Recording) -> Shown | None:
    """Return how a recording reads; None before its verdict."""
    return None if row.state is RecordingState.RECEIVED else shown(row.verdict, row.remarks)


def _href(path: str, only: Shown | None, number: int) -> str:
    query = ({"only": only.value} if only else {}) | ({"part": str(number)} if number > 1 else {})
    return address(path, query) + "#recordings"
