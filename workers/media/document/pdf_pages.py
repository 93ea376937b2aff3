"""The pages of a PDF, from the root of their tree to each leaf (ISO 32000-2, 7.7.3), and what they are drawn from."""

from collections.abc import Iterator
from typing import NamedTuple

from workers.media.document.pdf_lexer import Ref, Value
from workers.media.document.pdf_objects import Objects

_MOST_PAGES = 1_000_000
_MOST_DRAWN = 20_000
_BESIDE = frozenset(
    {"Parent", "Annots", "B", "StructParents", "Tabs", "LastModified", "PieceInfo", "Metadata", "AA"}
)
"""Keys of a page that say nothing of how it is drawn, or draw notes above it."""


class Page(NamedTuple):
    """A page: number of its object, 0 where it is none of its own, and what it says."""

    number: int
    said: dict[str, Value]


class Tree(NamedTuple):
    """The pages in their order; `listed` counts those that cannot be read, too."""

    pages: list[Page]
    listed: int
    said: int | None
    has_root: bool


def read_tree(objects: Objects, trailer: dict[str, Value]) -> Tree:
    """Walk the tree of pages; a branch that leads back to itself is a page that is not there."""
    catalog = objects.get(trailer.get("Root"))
    root = catalog.get("Pages") if isinstance(catalog, dict) else None
    top = objects.get(root)
    if not isinstance(top, dict):
        return Tree([], 0, None, has_root=False)
    pages: list[Page] = []
    listed, waits, seen = 0, [root], set[int]()
    while waits and listed < _MOST_PAGES:
        objects.work.pieces()
        one = waits.pop()
        number = one.number if isinstance(one, Ref) else 0
        said = None if number and number in seen else objects.get(one)
        seen.add(number)
        kids = objects.get(said.get("Kids")) if isinstance(said, dict) else None
        if isinstance(kids, list):
            waits.extend(reversed(kids))
            continue
        listed += 1
        if isinstance(said, dict):
            pages.append(Page(number, said))
    count = objects.get(top.get("Count"))
    return Tree(pages, listed, count if isinstance(count, int) else None, has_root=True)


def drawn_from(objects: Objects, page: Page) -> set[int]:
    """Return the numbers of all objects that a page is drawn from, without its notes."""
    numbers = set[int]()
    waits: list[Value] = [one for key, one in page.said.items() if key not in _BESIDE]
    while waits and len(numbers) < _MOST_DRAWN:
        one = waits.pop()
        if isinstance(one, Ref):
            if one.number not in numbers:
                objects.work.pieces()
                numbers.add(one.number)
                waits.append(objects.by_number(one.number))
        elif isinstance(one, list):
            waits.extend(one)
        elif isinstance(one, dict):
            waits.extend(inner for key, inner in one.items() if key not in _BESIDE)
    return numbers


def changed_pages(
    before: tuple[Objects, Tree], after: tuple[Objects, Tree], changed: set[int]
) -> Iterator[int]:
    """Yield the places, from 1 on, of pages that are drawn otherwise than before, that are new, or that are gone.

    `changed` are the numbers of objects that were written in between.
    """
    old = {page.number: page for page in before[1].pages}
    for place, page in enumerate(after[1].pages, 1):
        known = old.pop(page.number, None)
        if known is None or _is_other(before[0], after[0], known, page, changed):
            yield place
    yield from (min(len(after[1].pages), 1) or 1 for _ in old)


def _is_other(before: Objects, after: Objects, old: Page, new: Page, changed: set[int]) -> bool:
    if new.number in changed and _drawing(old) != _drawing(new):
        return True
    return any(
        (number in changed and before.by_number(number) != after.by_number(number))
        or _is_new_stream(after, number, changed)
        for number in drawn_from(after, new)
    )


def _is_new_stream(after: Objects, number: int, changed: set[int]) -> bool:
    """A stream that was written again counts as changed: its dictionary may be the same, its bytes need not."""
    if number not in changed:
        return False
    value = after.by_number(number)
    return isinstance(value, dict) and "Length" in value


def _drawing(page: Page) -> dict[str, Value]:
    return {key: one for key, one in page.said.items() if key not in _BESIDE}
